"""UncertaintyWeighting: weights of several losses, learned from their noise."""

import contextlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from keras import ops

from callbacks import arguments
from callbacks.in_step.attributes import replaced
from callbacks.loss_weights.base import LossCallback, each_loss
from callbacks.loss_weights.outputs import places_of


def adam_step(
    value: Any, gradient: Any, moments: tuple[Any, Any], step: Any, rate: float
) -> tuple[Any, tuple[Any, Any]]:
    """One step of Adam (Kingma and Ba, 2015) with its usual settings."""
    first = 0.9 * moments[0] + 0.1 * gradient
    second = 0.999 * moments[1] + 0.001 * ops.square(gradient)
    time = ops.cast(step, "float32") + 1.0
    corrected = first / (1.0 - ops.power(0.9, time))
    spread = ops.sqrt(second / (1.0 - ops.power(0.999, time)))
    return value - rate * corrected / (spread + 1e-7), (first, second)


class UncertaintyWeighting(LossCallback):
    """Learns a weight for each output's loss, together with the model.

    With s = log sigma^2 an output's loss L enters as exp(-s) L / 2 + s / 2 if it is a
    squared error, and as exp(-s) L + s / 2 if it is a cross-entropy. The gradient in s
    is known in closed form, so s takes a step of Adam with each batch, outside the
    optimizer: no weight is added to the model. A loss that stays at L ends at
    exp(-s) = 1 / L (squared error), so every output comes to pull with the same
    force, whatever its units. The term s / 2, which moves no weight of the model, is
    left out of the logged loss. Validation losses keep the compiled weights.

    Args:
        learning_rate: Adam's learning rate for s, above 0.
        classification: Names of the outputs whose loss is a cross-entropy.
        outputs: Names of all outputs in their order, for a model whose outputs have
            none, such as a subclassed model that returns a list.
        progress_bar: Whether the logged keys show in Keras's progress bar.

    Logged keys:
        loss_weight/OUTPUT: The weight after the epoch.
        sigma/OUTPUT: The noise that it stands for.

    Cost:
        The losses (not the model) are computed twice. On TensorFlow and two CPU cores
        1.05 times the CPU time for a small MLP with batches of 64.

    Example:
        >>> weighting = UncertaintyWeighting(classification=["label"])
        >>> model.fit(x, y, callbacks=[weighting])  # doctest: +SKIP

    References:
        Kendall et al., Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
        Geometry and Semantics (2018).
    """

    sets_weights = True
    remembered = ("_used", "_stepped")

    def __init__(
        self,
        learning_rate: float = 0.01,
        *,
        classification: Iterable[str] = (),
        outputs: Iterable[str] | None = None,
        progress_bar: bool = True,
    ):
        super().__init__(outputs, progress_bar)
        self.learning_rate = arguments.number(
            "learning_rate", learning_rate, 0.0, open_low=True
        )
        self.classification = arguments.labels(
            "classification", classification, "outputs"
        )
        self._reset()

    def _reset(self) -> None:
        self._names: list[str] = []
        self._factors: Any = np.zeros(0, "float32")
        self._log_variance: Any = None
        self._moments: Any = None
        self._stepped = False

    def __getstate__(self) -> dict:
        variables = {"_log_variance": None, "_moments": None}
        return {**super().__getstate__(), **variables}

    def on_train_begin(self, logs=None):
        """Starts every weight at sigma = 1."""
        super().on_train_begin(logs)
        self.check_names("classification", self.classification)
        self._reset()

    def meet(self, names, entries):
        """Makes a variable with a number for each output."""
        self._names = [each[0] for each in names]
        double = [n for n in self._names if self._names.count(n) > 1]
        if double:
            raise ValueError(
                f"UncertaintyWeighting needs one loss and one name for each output; "
                f"{double[0]!r} stands for {len(double)}. Give outputs=[...] with a "
                "name for each output, in their order."
            )
        wanted = self.classification
        entropies = places_of("classification", wanted, names, entries).values()
        places = {place for found in entropies for place in found}
        halves = [1.0 if i in places else 0.5 for i in range(len(entries))]
        if len(halves) != len(self._factors) or self._log_variance is None:
            shape = (len(halves),)
            self._log_variance = self._session.add_variable(shape)
            self._moments = [self._session.add_variable(shape) for _ in range(2)]
        self._factors = np.array(halves, "float32")
        return set(range(len(entries)))

    def change(self, place, entry):
        """Inside the step: this output's loss with its weight of now."""
        factor = float(self._factors[place])
        weight = factor * ops.exp(-self._log_variance.read()[place])
        return entry._replace(loss_weights=ops.stop_gradient(weight))

    @contextlib.contextmanager
    def step_scope(self, model):
        """Weighs the losses, and moves the weights when metrics are computed."""
        original = model.compute_metrics

        def compute_metrics(x, y, y_pred, sample_weight=None):
            used = self._used
            self._move(each_loss(model, y, y_pred, sample_weight))
            self._used = used
            return original(x, y, y_pred, sample_weight)

        metrics = replaced(model, "compute_metrics", compute_metrics)
        with super().step_scope(model), metrics:
            yield

    def _move(self, losses: Any) -> None:
        self._stepped = True
        losses = self._session.replicas.sum(losses)
        value = self._log_variance.read()
        factors = ops.convert_to_tensor(self._factors)
        gradient = 0.5 - factors * ops.exp(-value) * losses
        moments = tuple(moment.read() for moment in self._moments)
        step = self._session.steps.read()
        value, moments = adam_step(value, gradient, moments, step, self.learning_rate)
        for variable, moment in zip(self._moments, moments, strict=True):
            variable.write(moment)
        self._log_variance.write(value)

    def check_effect(self, model):
        """Raises where the train step computes no losses or no metrics."""
        super().check_effect(model)
        if not self._stepped:
            raise ValueError(
                "UncertaintyWeighting needs a train_step that calls compute_metrics."
            )

    def write_logs(self, epoch, logs):
        """The weights after the epoch."""
        values = self._log_variance.get()
        for name, factor, value in zip(self._names, self._factors, values, strict=True):
            logs[f"loss_weight/{name}"] = float(factor * np.exp(-value))
            logs[f"sigma/{name}"] = float(np.exp(value / 2))
