"""What the callbacks have in common that weigh losses."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from keras import ops

from callbacks import arguments
from callbacks.in_step.attributes import replaced
from callbacks.in_step.callback import InStepCallback
from callbacks.loss_weights import outputs as compiled


@contextlib.contextmanager
def changed_losses(
    model: Any,
    change: Callable[[list], list],
    on_use: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Replaces the compiled losses while a step is traced, and only then.

    On TensorFlow they come into being in mid-step, at the first batch.

    Args:
        model: A model compiled with a loss.
        change: Takes the entries (path, loss, weight, name), returns those to use.
        on_use: Is called when the step computes the losses.
    """
    losses = model._compile_loss
    build, call, plain = losses.build, losses.call, None

    def swap():
        nonlocal plain
        plain = losses._flat_losses
        vars(losses)["_flat_losses"] = change(plain)

    def build_and_swap(y_true, y_pred):
        build(y_true, y_pred)
        swap()

    def noted(*arguments, **named):
        on_use()
        return call(*arguments, **named)

    with replaced(losses, "build", build_and_swap), replaced(losses, "call", noted):
        try:
            if losses.built:
                swap()
            yield
        finally:
            if plain is not None:
                vars(losses)["_flat_losses"] = plain


def each_loss(model: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
    """The value of each compiled loss, without its weight, as one vector.

    The trackers behind `NAME_loss` in the logs are set aside: they have this batch.
    """
    values: dict[int, Any] = {}

    def recording(place: int, entry: Any) -> Any:
        def loss(*arguments):
            values[place] = ops.cast(entry.loss(*arguments), "float32")
            return values[place]

        return entry._replace(loss=loss, loss_weights=None)

    def record(entries: list) -> list:
        return [recording(place, entry) for place, entry in enumerate(entries)]

    losses = model._compile_loss
    with changed_losses(model, record):
        nothing = [None] * len(losses._flat_losses)
        with replaced(losses, "_metrics", nothing):
            losses(y, y_pred, sample_weight)
    return ops.stop_gradient(ops.stack([values[i] for i in range(len(values))]))


class LossCallback(InStepCallback):
    """Base of the callbacks that weigh losses; validation losses stay as compiled.

    Args:
        outputs: Names of all outputs in their order, for a model whose outputs have
            none.
        progress_bar: Whether the logged keys show in Keras's progress bar.
    """

    # Whether it puts its own weight in the place of the compiled one.
    sets_weights = False
    remembered = ("_used",)

    def __init__(self, outputs: Iterable[str] | None = None, progress_bar: bool = True):
        super().__init__(progress_bar)
        self.outputs = outputs
        if outputs is not None:
            self.outputs = arguments.labels("outputs", outputs, "outputs")
        self.weighed: set[int] = set()
        self._used = False

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "weighed": set()}

    def meet(self, names: list[list[str]], entries: list) -> set[int]:
        """Finds out which compiled losses are meant; returns their places.

        Args:
            names: The names that each goes by.
            entries: The compiled losses.
        """
        raise NotImplementedError

    def change(self, place: int, entry: Any) -> Any:
        """Inside the step: the entry to use for a compiled loss."""
        raise NotImplementedError

    def check_names(self, argument: str, wanted: Iterable[str]) -> None:
        """Before training: refuses a name that no output can have."""
        known = compiled.names_before_training(self._trained_model)
        if known is None or self.outputs is not None:
            return
        unknown = [name for name in wanted if name not in known]
        if unknown:
            names = sorted(known - {"loss"})
            raise arguments.fail(argument, unknown, f"names of outputs among {names}")

    def on_train_begin(self, logs=None):
        """Refuses a model without a loss."""
        super().on_train_begin(logs)
        self._used = False
        compiled.check_loss(self._trained_model)

    def prepare(self, model: Any) -> None:
        """Where losses are built already: says which are meant."""
        if model._compile_loss.built:
            self._meet(model, model._compile_loss._flat_losses)

    def _meet(self, model: Any, entries: list) -> None:
        names = compiled.names_of_each(model, entries, self.outputs)
        self.weighed = self.meet(names, entries)
        for other in self._session.callbacks:
            rival = other is not self and getattr(other, "sets_weights", False)
            both = other.weighed & self.weighed if rival and self.sets_weights else ()
            for place in both:
                raise ValueError(
                    f"{type(other).__name__} and {type(self).__name__} both set the "
                    f"weight of the output {names[place][0]!r}; leave one out."
                )

    def step_scope(self, model: Any) -> Any:
        """Puts the changed losses in place."""

        def change(entries: list) -> list:
            self._meet(model, entries)
            return [
                self.change(place, entry) if place in self.weighed else entry
                for place, entry in enumerate(entries)
            ]

        return changed_losses(model, change, self._note_use)

    def _note_use(self) -> None:
        self._used = True

    def check_effect(self, model: Any) -> None:
        """Raises where the train step doesn't compute the compiled losses."""
        if not self._used:
            raise ValueError(
                f"{type(self).__name__} weighed nothing: the train step of "
                f"{model.name!r} does not compute the losses given to compile()."
            )
