"""Networks that are compiled once a process, found again by what they depend on."""

import copy
import inspect
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.files import plain
from recipes.lab.training.restart import Restart

# Networks a process: a small one takes some 3 MB. One that gave way and is needed
# again is compiled again.
KEPT = 32
_kept: OrderedDict[tuple["Compiled", str], Restart] = OrderedDict()


class Compiled:
    """Builds and compiles networks of one kind, each once.

    Args:
        build: `build(input_shape, **network)` returns a built model.
        loss: As `compile` takes it, like all others.
        optimizer: A name, a configuration, or what makes an optimizer.
        metrics: Names, or what makes a metric.
        arguments: Further arguments of `compile`.
    """

    def __init__(
        self,
        build: Callable[..., keras.Model],
        loss: Any,
        optimizer: str | Mapping | Callable[[], keras.optimizers.Optimizer],
        metrics: Sequence[str | Callable[[], keras.metrics.Metric]],
        arguments: Mapping[str, Any],
    ):
        if isinstance(optimizer, keras.optimizers.Optimizer):
            raise LabError(
                "Study takes the name of an optimizer, its configuration or a function "
                f"that makes it, not an object of {type(optimizer).__name__}."
            )
        self.build, self.loss, self.optimizer = build, loss, optimizer
        self.metrics, self.arguments = metrics, arguments
        self.floatx = keras.config.floatx()  # that loss objects were made under

    def __call__(
        self, shape: Any, network: dict[str, Any], optimizer: str | Mapping | None
    ) -> Restart:
        """Returns the network that is kept for these arguments, or a new one.

        Args:
            shape: Of one sample, in the structure of the inputs.
            network: The arguments of `build` behind it.
            optimizer: None for the one that all have.
        """
        config, backend = keras.config, keras.backend.backend()
        numbers = [config.dtype_policy().name, config.floatx(), config.epsilon()]
        settings = [backend, config.image_data_format(), *numbers]
        content = [shape, network, optimizer, settings]
        content = as_plain("network and optimizer", content)
        key = self, json.dumps(content, sort_keys=True)
        if key not in _kept:
            _kept[key] = Restart(self._new(shape, network, optimizer))
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return _kept[key]

    def _new(self, shape, network: dict, optimizer) -> keras.Model:
        name = getattr(self.build, "__name__", "build")
        try:
            inspect.signature(self.build).bind(shape, **network)
        except TypeError as error:
            raise LabError(f"network={network} does not fit {name}: {error}.") from None
        model = self.build(shape, **network)
        if not isinstance(model, keras.Model) or not model.built or model.compiled:
            raise LabError(
                f"{name} must return a keras.Model that is built (one that begins with "
                "keras.Input) and not compiled."
            )
        one = getattr(model, "output_shape", None) == (None, 1)
        if one and "accuracy" in self.metrics and getattr(self.loss, "from_logits", 0):
            raise LabError(
                "the metric 'accuracy' takes one output for a probability; for logits "
                "give partial(keras.metrics.BinaryAccuracy, threshold=0.0)."
            )
        model.compile(
            _optimizer(self.optimizer if optimizer is None else optimizer),
            keras.tree.map_structure(self._of_floatx, self.loss),
            metrics=[made() if callable(made) else made for made in self.metrics],
            **self.arguments,
        )
        return model

    def _of_floatx(self, loss):
        """Makes a loss object anew where floatx is no longer that of its making."""
        now = keras.config.floatx()
        if isinstance(loss, keras.losses.Loss) and loss.dtype == self.floatx != now:
            return type(loss).from_config(loss.get_config())
        return loss


def forget(model: keras.Model) -> None:
    """Drops a network that broke off in a training: it may be in any state."""
    for key in [key for key, restart in _kept.items() if restart.model is model]:
        del _kept[key]


def as_plain(what: str, value: Any) -> Any:
    """Returns the value as plain data.

    Raises:
        LabError: It can't be.
    """
    try:
        return plain(value)
    except TypeError as error:
        raise LabError(f"{what} must be plain data: {error}.") from None


def _optimizer(identifier) -> keras.optimizers.Optimizer:
    if callable(identifier):
        return identifier()
    try:
        return keras.optimizers.get(copy.deepcopy(identifier))  # Keras changes it
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise LabError(f"optimizer={identifier!r} makes none: {reason}.") from None
