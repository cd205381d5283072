"""Steps: the formulas count epochs, and Keras's schedules count updates.

Step decay cuts the rate to a tenth every 10 epochs; exponential decay multiplies it by
a factor each epoch. A Keras schedule is a function of the optimizer's *updates*, of
which an epoch has many. So the same formula needs other numbers there: decay over 32
updates an epoch, not over 1. The notes themselves lower the rate "with each update" by
a formula in epochs, and the two readings are a factor of 26 apart after one epoch.
"""

import keras
import numpy as np
from keras.optimizers import schedules

from recipes.lab import Finding, claim, figures, fit, main, stats
from recipes.optimization.schedules._curves import (
    CLOSE,
    difference,
    rates_in_keras,
    step_decay,
)

PER_EPOCH = 32  # updates an epoch, where both are counted


def exponential(time, rate: float, factor: float):
    """The rate times a factor for each unit of time."""
    return rate * factor ** np.asarray(time, float)


def rates_in_training(epochs: int, callback) -> np.ndarray:
    """The rates of a training by epoch, from 0.1, as its history has them."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.zeros((2, 1), "float32")
    history = fit(model, x, x, epochs=epochs, callbacks=[callback])
    return np.array(history.history["learning_rate"])


@claim(
    "sched-step",
    "Step decay: the rate falls to a tenth every 10 epochs.",
    says="is",
    notes="002",
    scope="the rates of 40 epochs from 0.1; nothing is trained",
)
def falls_in_steps(lab):
    """Step decay as a callback, and as two schedules that count updates."""
    epochs = np.arange(40)
    expected = step_decay(epochs)
    callback = keras.callbacks.LearningRateScheduler(
        lambda epoch: float(step_decay(epoch))
    )
    tenths = [0.1, 0.01, 0.001, 0.0001]
    pieces = schedules.PiecewiseConstantDecay([9, 19, 29], tenths)
    late = schedules.PiecewiseConstantDecay([10, 20, 30], tenths)
    staircase = schedules.ExponentialDecay(0.1, 10, 0.1, staircase=True)
    rates = {
        "LearningRateScheduler": rates_in_training(40, callback),
        "ExponentialDecay, staircase": rates_in_keras(staircase, epochs),
        "PiecewiseConstantDecay": rates_in_keras(pieces, epochs),
    }
    gaps = {name: difference(seen, expected, 0.1) for name, seen in rates.items()}
    return Finding(
        {name: stats.below(gap, CLOSE) for name, gap in gaps.items()},
        "The largest difference from the formula over 40 epochs is {largest:.0e} of "
        "the first rate. Keras's schedules count updates, not epochs, and "
        "PiecewiseConstantDecay with boundaries at 10, 20, 30 lowers the rate at "
        "{first}.",
        figure=draw_steps,
        largest=max(gaps.values()),
        first=int(epochs[rates_in_keras(late, epochs) < 0.05][0]),
        rate_at_0_9_10_20_30=expected[[0, 9, 10, 20, 30]],
        difference_over_the_first_rate=gaps,
    )


@claim(
    "sched-exponential",
    # Which "update", of the rate or of the weights, and whether an epoch is counted in
    # whole numbers, the notes leave open: a reader who writes the code decides it.
    "Exponential decay: the rate is lr0·factor^epoch, lowered with each update.",
    says="is",
    notes="002",
    scope="the rates of 10 epochs of 32 updates, factor 0.9; nothing is trained",
)
def falls_exponentially(lab):
    """By epoch or by update: the factor means another thing."""
    rate, factor, epochs = 0.1, 0.9, np.arange(11)
    expected = exponential(epochs, rate, factor)
    starts = epochs * PER_EPOCH
    decay = schedules.ExponentialDecay
    seen = {
        "each epoch (staircase)": decay(rate, PER_EPOCH, factor, staircase=True),
        "each update, the factor spread over an epoch": decay(rate, PER_EPOCH, factor),
        "each update, the factor as it is": decay(rate, 1, factor),
    }
    seen = {name: rates_in_keras(one, starts) for name, one in seen.items()}
    gaps = {name: difference(found, expected, rate) for name, found in seen.items()}
    return Finding(
        {f"lowered {name}": stats.below(gap, CLOSE) for name, gap in gaps.items()},
        "Lowered once an epoch it is; lowered with each update the factor must be "
        "spread over the epoch. From 0.1 with factor 0.9 the formula gives "
        "{by_formula:.3g} after one epoch; lowering by 0.9 with each of its "
        "{updates} updates leaves {by_update:.3g}. Both agree where an update lowers "
        "by factor^(1/{updates}): Keras's ExponentialDecay with decay_steps = "
        "{updates}.",
        figure=draw_steps,
        by_formula=expected[1],
        updates=PER_EPOCH,
        by_update=seen["each update, the factor as it is"][1],
        difference_at_the_epochs_starts_over_the_first_rate=gaps,
    )


def draw_steps(lab):
    """Both curves; dots are what Keras's optimizers use."""
    figure, (left, right) = figures.new(1, 2, width=10.0, height=3.8)
    blue, red = figures.COLORS[:2]
    epochs = np.arange(40)
    left.step(epochs, step_decay(epochs), where="post", color=blue, label="formula")
    staircase = schedules.ExponentialDecay(0.1, 10, 0.1, staircase=True)
    seen = rates_in_keras(staircase, epochs)
    left.plot(epochs, seen, "o", ms=3, color=red, label="Keras")
    left.set_yscale("log")
    figures.legend(left)
    title = "Step decay: a tenth every 10 epochs"
    figures.describe(left, title, "epoch", "learning rate")
    updates = np.arange(3 * PER_EPOCH + 1)
    times = updates / PER_EPOCH
    right.plot(times, exponential(times, 0.1, 0.9), color=blue, label="formula")
    for steps, marker, name in (
        (PER_EPOCH, "o", "Keras, decay_steps = 32"),
        (1, "s", "Keras, decay_steps = 1"),
    ):
        seen = rates_in_keras(schedules.ExponentialDecay(0.1, steps, 0.9), updates[::4])
        right.plot(times[::4], seen, marker, ms=3, color=red, label=name)
    right.set_yscale("log")
    figures.legend(right)
    title = "0.9 an epoch is not 0.9 an update"
    figures.describe(right, title, "epochs of 32 updates", "learning rate")
    lab.figure("steps", figure, "Step and exponential decay by formula and in Keras.")


if __name__ == "__main__":
    main(__file__)
