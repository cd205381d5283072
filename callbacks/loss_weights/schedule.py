"""LossWeightSchedule: the weights of several losses, moving during training."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from callbacks import arguments
from callbacks.loss_weights.base import LossCallback
from callbacks.loss_weights.outputs import places_of


class LossWeightSchedule(LossCallback):
    """Sets the loss weights of outputs anew in each epoch; nothing is traced again.

    Keras's `loss_weights` are numbers that are fixed when the step is traced; a
    variable in their place is ignored on JAX. The weights here take the place of
    those compiled in, for training only: `val_loss` keeps the compiled weights and so
    stays comparable from epoch to epoch.

    Args:
        weights: For each output by name, a number or a function of the epoch (counted
            from 0) that gives one, at least 0. Outputs left out keep their weight. An
            output goes by its name in Keras's logs, its key in a dict of outputs, or
            the name of its layer; a lone one also by "loss".
        outputs: Names of all outputs in their order, for a model whose outputs have
            none, such as a subclassed model that returns a list.
        progress_bar: Whether the logged keys show in Keras's progress bar.

    Logged keys:
        loss_weight/OUTPUT: The weight in this epoch, by the name given.

    Cost:
        One multiplication for each output, and one more tracing for each `fit`.

    Example:
        >>> schedule = LossWeightSchedule({"aux": lambda epoch: 0.3 * 0.5**epoch})
        >>> model.fit(x, y, epochs=3, callbacks=[schedule])  # doctest: +SKIP

    References:
        Szegedy et al., Going Deeper with Convolutions (2015), for auxiliary losses.
    """

    sets_weights = True

    def __init__(
        self,
        weights: Mapping[str, float | Callable[[int], float]],
        *,
        outputs: Iterable[str] | None = None,
        progress_bar: bool = True,
    ):
        super().__init__(outputs, progress_bar)
        if not isinstance(weights, Mapping) or not weights:
            raise arguments.fail("weights", weights, "a non-empty dict by output name")
        self.weights = dict(weights)
        self._variables: dict[str, Any] = {}
        self._name_at: dict[int, str] = {}
        self._in_epoch(0)

    def _in_epoch(self, epoch: int) -> dict[str, float]:
        return {
            name: arguments.number(
                f"weights[{name!r}] in epoch {epoch}",
                weight(epoch) if callable(weight) else weight,
                0.0,
            )
            for name, weight in self.weights.items()
        }

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "_variables": {}}

    def on_train_begin(self, logs=None):
        """Makes a variable for each weight."""
        super().on_train_begin(logs)
        self.check_names("weights", self.weights)
        self._variables = {name: self._session.add_variable() for name in self.weights}

    def on_epoch_begin(self, epoch, logs=None):
        """Moves the weights."""
        for name, weight in self._in_epoch(epoch).items():
            self._variables[name].set(weight)

    def meet(self, names, entries):
        """Finds the outputs by their names."""
        self._name_at = {}
        for name, places in places_of("weights", self.weights, names, entries).items():
            for place in places:
                if place in self._name_at:
                    raise ValueError(
                        f"weights names one output twice: {self._name_at[place]!r} and "
                        f"{name!r}."
                    )
                self._name_at[place] = name
        return set(self._name_at)

    def change(self, place, entry):
        """Inside the step: this output's loss with the weight of the epoch."""
        weight = self._variables[self._name_at[place]].read()
        return entry._replace(loss_weights=weight)

    def write_logs(self, epoch, logs):
        """The weights that were used, as the step held them."""
        for name, variable in self._variables.items():
            logs[f"loss_weight/{name}"] = float(variable.get())
