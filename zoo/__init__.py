"""Model builders that return ordinary Keras models, on any Keras backend."""

import inspect as _inspect
from fnmatch import fnmatchcase as _fits
from typing import TYPE_CHECKING
from typing import Any as _Any

from zoo import _backend as _backend  # loads Keras quietly, so it stands first

# isort: split
import keras as _keras

from zoo import _checks
from zoo._modules import callable_module as _callable_module
from zoo.char_lm import char_lm as char_lm
from zoo.char_lm import sample as sample
from zoo.dcgan import dcgan as dcgan
from zoo.dcgan import dcgan_discriminator as dcgan_discriminator
from zoo.dcgan import dcgan_generator as dcgan_generator
from zoo.detection import Boxes as Boxes
from zoo.detection import box_overlap as box_overlap
from zoo.detection import decode_boxes as decode_boxes
from zoo.detection import encode_boxes as encode_boxes
from zoo.detection import grid_detector as grid_detector
from zoo.foreign import load_torchvision as load_torchvision
from zoo.fusion import early_fusion as early_fusion
from zoo.fusion import late_fusion as late_fusion
from zoo.gan import GAN as GAN
from zoo.lenet import lenet as lenet
from zoo.lenet import lenet5 as lenet5
from zoo.mlp import mlp as mlp
from zoo.mlp import mlp_binary as mlp_binary
from zoo.mlp import mlp_mnist as mlp_mnist
from zoo.mlp import mlp_mnist_shallow as mlp_mnist_shallow
from zoo.mlp import mlp_regression as mlp_regression
from zoo.ordinal import GradeError as GradeError
from zoo.ordinal import grades as grades
from zoo.pretrained import card as card
from zoo.pretrained import list_weights as list_weights
from zoo.rates import CyclicalRate as CyclicalRate
from zoo.recurrent import gru as gru
from zoo.recurrent import lstm as lstm
from zoo.recurrent import recurrent as recurrent
from zoo.recurrent import simple_rnn as simple_rnn
from zoo.resnet import resnet as resnet
from zoo.resnet import resnet18 as resnet18
from zoo.resnet import resnet20 as resnet20
from zoo.resnet import resnet32 as resnet32
from zoo.resnet import resnet34 as resnet34
from zoo.resnet import resnet44 as resnet44
from zoo.resnet import resnet50 as resnet50
from zoo.resnet import resnet56 as resnet56
from zoo.resnet import resnet110 as resnet110
from zoo.statistics import reestimate_statistics as reestimate_statistics
from zoo.text import Vocabulary as Vocabulary
from zoo.text import encode_words as encode_words
from zoo.tuning import endpoints as endpoints
from zoo.tuning import freeze as freeze
from zoo.tuning import metrics_for as metrics_for
from zoo.tuning import unfreeze_gradually as unfreeze_gradually
from zoo.tuning import with_head as with_head
from zoo.tuning import with_heads as with_heads
from zoo.uncertainty import monte_carlo_predictions as monte_carlo_predictions
from zoo.unet import unet as unet

if TYPE_CHECKING:
    __version__: str

# In this order a reader meets them.
_BUILDERS = {
    builder.__name__: builder
    for builder in (
        *(mlp, mlp_mnist, mlp_mnist_shallow, mlp_regression, mlp_binary),
        *(lenet, lenet5),
        *(resnet, resnet18, resnet20, resnet32, resnet34, resnet44, resnet50),
        *(resnet56, resnet110),
        *(recurrent, lstm, gru, simple_rnn, char_lm),
        *(dcgan, dcgan_generator, dcgan_discriminator),
        *(unet, grid_detector),
    )
}
_MODULES = ("embedding", "gan", "layers", "losses", "normalization", "penalties")
__all__ = [
    "GAN",
    "Boxes",
    "CyclicalRate",
    "GradeError",
    "Vocabulary",
    "box_overlap",
    "card",
    "char_lm",
    "create",
    "dcgan",
    "dcgan_discriminator",
    "dcgan_generator",
    "decode_boxes",
    "early_fusion",
    "encode_boxes",
    "encode_words",
    "endpoints",
    "freeze",
    "grades",
    "grid_detector",
    "gru",
    "late_fusion",
    "lenet",
    "lenet5",
    "list_models",
    "list_weights",
    "load_torchvision",
    "lstm",
    "metrics_for",
    "mlp",
    "mlp_binary",
    "mlp_mnist",
    "mlp_mnist_shallow",
    "mlp_regression",
    "monte_carlo_predictions",
    "recurrent",
    "reestimate_statistics",
    "resnet",
    "resnet18",
    "resnet20",
    "resnet32",
    "resnet34",
    "resnet44",
    "resnet50",
    "resnet56",
    "resnet110",
    "sample",
    "simple_rnn",
    "unet",
    "unfreeze_gradually",
    "with_head",
    "with_heads",
]

# These builders have the name of their module: the module takes the call.
for _name in ("char_lm", "dcgan", "lenet", "mlp", "recurrent", "resnet", "unet"):
    globals()[_name] = _callable_module(f"{__name__}.{_name}")
del _name


def __getattr__(name: str) -> _Any:
    """The version, read from the installed package when somebody asks for it."""
    if name != "__version__":
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    from importlib import metadata

    try:
        return metadata.version("keras-proving-ground")
    except metadata.PackageNotFoundError:  # a copied folder
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", *_MODULES])


def list_models(pattern: str = "*") -> list[str]:
    """The names that `create` knows, in alphabetical order.

    Args:
        pattern: Which ones, with `*`, `?` and `[...]` as in a shell.

    Raises:
        ValueError: The pattern is no string.

    Example:
        >>> list_models("lenet*")
        ['lenet', 'lenet5']
    """
    if not isinstance(pattern, str):
        raise _checks.fail("pattern", pattern, "a string such as 'resnet*'")
    return sorted(name for name in _BUILDERS if _fits(name, pattern))


def create(name: str, /, **settings: _Any) -> _keras.Model:
    """Builds a model by its name.

    Args:
        name: One of `list_models()`.
        **settings: The builder's arguments, also those without a default.

    Returns:
        What the builder returns.

    Raises:
        ValueError: The name or the name of a setting is unknown, a setting is
            missing, or a value is out of its range.

    Example:
        >>> create("mlp", input_shape=(10,), num_classes=3).count_params()
        9859
    """
    if not isinstance(name, str) or name not in _BUILDERS:
        hint = _checks.nearest(name, _BUILDERS)
        options = ", ".join(list_models())
        raise _checks.fail("name", name, f"one of {options}{hint}")
    _check_settings(name, settings)
    return _BUILDERS[name](**settings)


def _check_settings(name: str, settings: dict[str, _Any]) -> None:
    """Misspelled and missing settings get the same kind of answer as bad values."""
    parameters = _inspect.signature(_BUILDERS[name]).parameters
    for setting in settings:
        if setting not in parameters:
            hint = _checks.nearest(setting, parameters)
            allowed = ", ".join(parameters)
            raise ValueError(
                f"{setting} is no setting of {name!r}; allowed are {allowed}{hint}."
            )
    for key, parameter in parameters.items():
        trained = settings.get("weights") is not None  # they bring what is missing
        needed = parameter.default is parameter.empty and not trained
        if needed and key not in settings:
            raise ValueError(f"{key} is missing: {name!r} has no default for it.")
