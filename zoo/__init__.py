"""Model builders that return ordinary Keras models, on any Keras backend."""

import inspect
from typing import Any

import keras

from zoo import _checks
from zoo.char_lm import char_lm as char_lm
from zoo.char_lm import sample as sample
from zoo.dcgan import dcgan as dcgan
from zoo.dcgan import dcgan_discriminator as dcgan_discriminator
from zoo.dcgan import dcgan_generator as dcgan_generator
from zoo.gan import GAN as GAN
from zoo.lenet import lenet as lenet
from zoo.lenet import lenet5 as lenet5
from zoo.mlp import mlp as mlp
from zoo.mlp import mlp_binary as mlp_binary
from zoo.mlp import mlp_mnist as mlp_mnist
from zoo.mlp import mlp_mnist_shallow as mlp_mnist_shallow
from zoo.mlp import mlp_regression as mlp_regression
from zoo.recurrent import gru as gru
from zoo.recurrent import lstm as lstm
from zoo.recurrent import recurrent as recurrent
from zoo.recurrent import simple_rnn as simple_rnn
from zoo.resnet import resnet as resnet
from zoo.resnet import resnet18 as resnet18
from zoo.resnet import resnet20 as resnet20
from zoo.resnet import resnet32 as resnet32
from zoo.resnet import resnet44 as resnet44
from zoo.resnet import resnet50 as resnet50
from zoo.resnet import resnet56 as resnet56
from zoo.resnet import resnet110 as resnet110

# Every builder, and the one that gets a variant's further settings.
_FAMILIES = {
    mlp: (mlp, mlp_mnist, mlp_mnist_shallow, mlp_regression, mlp_binary),
    lenet: (lenet, lenet5),
    resnet: (
        resnet,
        resnet18,
        resnet20,
        resnet32,
        resnet44,
        resnet50,
        resnet56,
        resnet110,
    ),
    recurrent: (recurrent, lstm, gru, simple_rnn, char_lm),
    dcgan: (dcgan,),
    dcgan_generator: (dcgan_generator,),
    dcgan_discriminator: (dcgan_discriminator,),
}
_REST = ("overrides", "settings")
_BUILDERS = {
    builder.__name__: (builder, family)
    for family, builders in _FAMILIES.items()
    for builder in builders
}


def list_models() -> list[str]:
    """The names that `create` knows, in alphabetical order.

    Example:
        >>> "lenet5" in list_models()
        True
    """
    return sorted(_BUILDERS)


def create(name: str, /, **settings: Any) -> keras.Model:
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
    return _BUILDERS[name][0](**settings)


def _check_settings(name: str, settings: dict[str, Any]) -> None:
    """Misspelled and missing settings get the same kind of answer as bad values."""
    builder, family = _BUILDERS[name]
    parameters = inspect.signature(builder).parameters
    known = [key for key in parameters if key not in _REST]
    known += [key for key in inspect.signature(family).parameters if key not in known]
    for setting in settings:
        if setting not in known:
            hint = _checks.nearest(setting, known)
            allowed = ", ".join(known)
            raise ValueError(
                f"{setting} is no setting of {name!r}; allowed are {allowed}{hint}."
            )
    for key, parameter in parameters.items():
        needed = parameter.kind is not inspect.Parameter.VAR_KEYWORD
        if needed and parameter.default is parameter.empty and key not in settings:
            raise ValueError(f"{key} is missing: {name!r} has no default for it.")
