"""Trainings watched by `GradientNorms`, many of them in one `fit`.

A callback that works inside the compiled step has the step traced once more for
each `fit`, which takes longer than a small training does. Here one `fit` goes from
start to start: the seeds of a network share it. A member of a sweep is such a fit, and
its case holds the seeds.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from callbacks import GradientNorms
from recipes.lab import Restart, fit

FLOWS = (0.1, 10.0)  # first layer's gradient over the last's: within, it flows


@dataclass(frozen=True)
class Start:
    """Where a training starts and how fast it goes.

    Attributes:
        weights: As `model.get_weights` returns them.
        rates: One learning rate for each epoch. Rate 0 only measures: the weights stay,
            and the norms are those of the start.
    """

    weights: list[np.ndarray]
    rates: tuple[float, ...]


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Keeps the callbacks' lines out of the log.

    A gradient that is no number is in the report; its line would come between the
    lines of a run where some trainings diverge on purpose.
    """
    log, silent = logging.getLogger("callbacks"), logging.NullHandler()
    log.addHandler(silent)
    try:
        yield
    finally:
        log.removeHandler(silent)


class Starts(keras.callbacks.Callback):
    """Puts the model to the next start where the one before has had its epochs.

    Args:
        model: A compiled model.
        starts: One after the other.
    """

    def __init__(self, model: keras.Model, starts: Sequence[Start]):
        super().__init__()
        self.restart = Restart(model)
        self.plan = [
            (start if number == 0 else None, rate)
            for start in starts
            for number, rate in enumerate(start.rates)
        ]

    def on_epoch_begin(self, epoch, logs=None):
        """Starts anew where it is time, and sets the epoch's learning rate."""
        start, rate = self.plan[epoch]
        if start is not None:
            self.restart(start.weights)
        self.model.optimizer.learning_rate = rate


class Test(keras.callbacks.Callback):
    """Tests a classifier after each start's last epoch.

    Args:
        starts: As `watch` gets them.
        x: Inputs.
        y: Classes, (samples,) or (samples, 1).
    """

    def __init__(self, starts: Sequence[Start], x: np.ndarray, y: np.ndarray):
        super().__init__()
        self.x, self.y = x, np.ravel(y)
        self.last = set(np.cumsum([len(start.rates) for start in starts]) - 1)
        self.accuracies: list[float] = []

    def on_epoch_end(self, epoch, logs=None):
        """Keeps the share that is classified right."""
        if epoch not in self.last:
            return
        logits = self.model.predict_on_batch(self.x)
        one = logits.shape[1] == 1
        named = logits[:, 0] > 0 if one else logits.argmax(1)
        # Logits that are no numbers name nothing, and argmax would say class 0.
        right = (named == self.y) & np.isfinite(logits).all(1)
        self.accuracies.append(float(right.mean()))


def watch(
    model: keras.Model,
    starts: Sequence[Start],
    x: np.ndarray,
    y: np.ndarray,
    *,
    batch_size: int,
    norms: GradientNorms | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **arguments: Any,
) -> list[dict]:
    """Trains from each start and returns what the gradients did.

    Args:
        model: A compiled model.
        starts: Each is trained for as many epochs as it has rates.
        x: Inputs.
        y: Targets.
        batch_size: Samples a step.
        norms: What watches; None for a `GradientNorms` as it is by default.
        callbacks: More of them. The logs of `norms` have the last word.
        **arguments: For `fit`, `seed` for instance.

    Returns:
        For each start the `history` (metric to one number an epoch), and by epoch
        and layer the norms of the kernels' gradients (`kernel`) and those of the
        biases (`signal`): what flows back into a layer, before it meets the
        layer's inputs.
    """
    norms = norms or GradientNorms(per_layer=True)
    plan = Starts(model, starts)
    arguments |= {"batch_size": batch_size, "epochs": len(plan.plan)}
    callbacks = [plan, *callbacks, norms]
    with silenced():
        history = fit(
            model, x, y, callbacks=callbacks, on_divergence="return", **arguments
        ).history
    rows = by_epoch(norms.table)
    kernels, signals = columns(norms.table.variables)
    ends = np.cumsum([len(start.rates) for start in starts])
    spans = [
        slice(end - len(start.rates), end)
        for start, end in zip(starts, ends, strict=True)
    ]
    return [
        {
            "history": {key: values[span] for key, values in history.items()},
            "kernel": rows[span, kernels].tolist(),
            "signal": rows[span, signals].tolist(),
        }
        for span in spans
    ]


def by_epoch(table: Any) -> np.ndarray:
    """Returns the mean norm of each variable's gradient, (epochs, variables)."""
    epochs = range(table.epochs[-1] + 1)
    return np.stack([table.norms[table.epochs == epoch].mean(0) for epoch in epochs])


def columns(paths: Sequence[str]) -> tuple[list[int], list[int]]:
    """Finds each layer's kernel and the offset that is added to its output.

    Args:
        paths: The variables' paths.

    Returns:
        The columns of the kernels, and those of the offsets: the bias, or after
        batch normalization its beta, because there the bias has no gradient.
    """
    kernels, offsets = [], []
    for index, path in enumerate(paths):
        layer, _, name = path.rpartition("/")
        if name != "kernel":
            continue
        kernels.append(index)
        beta = f"{layer}_normalization/beta"
        offsets.append(paths.index(beta if beta in paths else f"{layer}/bias"))
    return kernels, offsets


def draw_weights(
    model: keras.Model, seed: int, rule: str | float, gain: float = 1.0, bias: float = 0
) -> list[np.ndarray]:
    """Draws Gaussian kernels; those of one seed differ in nothing but their scale.

    Args:
        model: A stack of Dense layers, with or without batch normalization.
        seed: Decides the draw.
        rule: "glorot" (variance 2/(fan_in + fan_out)), "he" (2/fan_in), "lecun"
            (1/fan_in), or a standard deviation.
        gain: Factor on the standard deviation.
        bias: Bias of the hidden layers.

    Returns:
        One array for each weight. The output's kernel is always Glorot's.
    """
    rng = np.random.default_rng([seed, 13])
    weights = []
    for weight in model.weights:
        shape, hidden = tuple(weight.shape), not weight.path.startswith("logits")
        if weight.path.endswith("/kernel"):
            scale = deviation("glorot", *shape)
            if hidden:
                scale = gain * deviation(rule, *shape)
            weights.append(scale * rng.normal(size=shape))
        elif weight.path.endswith("bias"):
            weights.append(np.full(shape, bias if hidden else 0.0))
        else:  # batch normalization: scales and variances 1, offsets and means 0
            ones = weight.path.endswith(("gamma", "variance"))
            weights.append(np.full(shape, float(ones)))
    return weights


def deviation(rule: str | float, fan_in: int, fan_out: int) -> float:
    """The standard deviation that a rule gives a kernel."""
    if not isinstance(rule, str):
        return rule
    variance = {
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
    }
    return variance[rule] ** 0.5


def standardized(data) -> tuple[np.ndarray, np.ndarray]:
    """Returns training and test inputs with mean 0 and variance 1 over all pixels."""
    mean, spread = data.x_train.mean(), data.x_train.std()
    return (data.x_train - mean) / spread, (data.x_test - mean) / spread


def unanimous(flags: Sequence[bool]) -> bool | None:
    """True where all are, False where none is, None where the seeds disagree."""
    flags = [bool(flag) for flag in flags]
    return flags[0] if len(set(flags)) == 1 else None


def middle(ratios) -> float:
    """The geometric mean: ratios differ by powers of ten."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.exp(np.log(ratios).mean()))
