"""Changing a compiled model's losses while its train step is traced, and only then."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from callbacks import _checks
from callbacks._leaves import replaced
from callbacks._taps import TapCallback


@contextlib.contextmanager
def changed_losses(model: Any, change: Callable[[Any], Any]) -> Iterator[None]:
    """Replaces every entry (name, loss, weight) of the compiled losses by another.

    On TensorFlow the entries come into being in mid-step, at the first batch.

    Args:
        model: A model compiled with a loss.
        change: Takes an entry, returns the one to use.
    """
    losses = model._compile_loss
    build, plain = losses.build, None

    def swap():
        nonlocal plain
        plain = losses._flat_losses
        vars(losses)["_flat_losses"] = [change(entry) for entry in plain]

    def build_and_swap(y_true, y_pred):
        build(y_true, y_pred)
        swap()

    with replaced(losses, "build", build_and_swap):
        try:
            if losses.built:
                swap()
            yield
        finally:
            if plain is not None:
                vars(losses)["_flat_losses"] = plain


def each_loss(
    model: Any, names: list[str], y: Any, y_pred: Any, sample_weight: Any
) -> Any:
    """The loss of each named output, without its weight, as one vector.

    The trackers behind `NAME_loss` in the logs are set aside: they have been told.
    """
    values: dict[str, Any] = {}

    def record(entry: Any) -> Any:
        def loss(*arguments):
            name = name_of(entry, names)
            values[name] = ops.cast(entry.loss(*arguments), "float32")
            return values[name]

        return entry._replace(loss=loss, loss_weights=None)

    losses = model._compile_loss
    with changed_losses(model, record):
        nothing = [None] * len(losses._flat_losses)
        with replaced(losses, "_metrics", nothing):
            losses(y, y_pred, sample_weight)
    return ops.stop_gradient(ops.stack([values[name] for name in names]))


def check_loss(model: Any) -> None:
    """Refuses a model without a loss."""
    if model._compile_loss is None:
        raise ValueError(
            f"{model.name!r} is compiled without a loss, so there is none to weigh."
        )


def output_names(model: Any, given: Any = None) -> list[str]:
    """Names of the outputs that have a loss."""
    check_loss(model)
    names: list[str] = list(given or getattr(model, "output_names", ()))
    if not names and isinstance(model, keras.Sequential):
        names = [model.layers[-1].name]
    if isinstance(model.loss, dict):
        names = [name for name in names if model.loss.get(name) is not None]
    if not names:
        raise ValueError(
            f"{model.name!r} has no output_names; say which outputs are meant."
        )
    return names


def name_of(entry: Any, names: list[str]) -> str:
    """The output of an entry; a lone one may go by the name of its loss."""
    return names[0] if len(names) == 1 else entry.name


def known_outputs(argument: str, names: Any, known: list[str]) -> None:
    """Refuses names of outputs that the model doesn't have."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise _checks.fail(argument, unknown, f"names of outputs among {known}")


class LossCallback(TapCallback):
    """Base of the callbacks that weigh losses; validation losses stay as compiled."""

    def change(self, entry: Any) -> Any:
        """Inside the step: the entry to use for this output."""
        raise NotImplementedError

    def step_scope(self, model: Any) -> Any:
        """Puts the changed losses in place."""
        return changed_losses(model, self.change)
