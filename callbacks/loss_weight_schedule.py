"""LossWeightSchedule: the weights of several losses, moving during training."""

from collections.abc import Callable, Mapping

from callbacks import _checks
from callbacks._losses import LossCallback, known_outputs, name_of, output_names


class LossWeightSchedule(LossCallback):
    """Sets the loss weights of outputs anew in each epoch; nothing is traced again.

    Keras's `loss_weights` are numbers that are fixed when the step is traced; a
    variable in their place is ignored on JAX. The weights here take the place of
    those compiled in, for training only: `val_loss` keeps the compiled weights and so
    stays comparable from epoch to epoch.

    Args:
        weights: For each output by name, a number or a function of the epoch (counted
            from 0) that gives one, at least 0. Outputs left out keep their weight.

    Logged keys:
        loss_weight/OUTPUT: The weight in this epoch.

    Cost:
        One multiplication for each output, and one more tracing for each `fit`.

    Example:
        >>> schedule = LossWeightSchedule({"aux": lambda epoch: 0.3 * 0.5**epoch})
        >>> model.fit(x, y, epochs=3, callbacks=[schedule])  # doctest: +SKIP

    References:
        Szegedy et al., Going Deeper with Convolutions (2015), for auxiliary losses.
    """

    def __init__(self, weights: Mapping[str, float | Callable[[int], float]]):
        super().__init__()
        if not isinstance(weights, Mapping) or not weights:
            raise _checks.fail("weights", weights, "a non-empty dict by output name")
        self.weights = dict(weights)
        self._slots = {}
        self._outputs: list[str] = []
        self._in_epoch(0)

    def _in_epoch(self, epoch: int) -> dict[str, float]:
        return {
            name: _checks.number(
                f"weights[{name!r}] in epoch {epoch}",
                weight(epoch) if callable(weight) else weight,
                0.0,
            )
            for name, weight in self.weights.items()
        }

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "_slots": {}}

    def on_train_begin(self, logs=None):
        """Makes a slot for each weight."""
        super().on_train_begin(logs)
        self._outputs = output_names(self._trained_model)
        known_outputs("weights", self.weights, self._outputs)
        self._slots = {name: self._recording.slot() for name in self.weights}

    def on_epoch_begin(self, epoch, logs=None):
        """Moves the weights."""
        for name, weight in self._in_epoch(epoch).items():
            self._slots[name].set(weight)

    def change(self, entry):
        """Inside the step: this output's loss with the weight of the epoch."""
        slot = self._slots.get(name_of(entry, self._outputs))
        return entry if slot is None else entry._replace(loss_weights=slot.read())

    def write_logs(self, epoch, logs):
        """The weights that were used, as the step held them."""
        for name, slot in self._slots.items():
            logs[f"loss_weight/{name}"] = float(slot.get())
