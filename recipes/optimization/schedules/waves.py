"""Waves: curves over a planned length, and what they do when it is over.

A cosine over 50 steps falls from 1 to 0. The formula knows no end: taken further, it
climbs back to 1 at step 100, as PyTorch's schedule does. Keras's `CosineDecay` stays at
0. A cycle climbs on purpose, again and again. And the notes have a decay by "epoch
number / total epochs" whose formula is cut off: a line and a cosine both fit.
"""

import keras
import numpy as np
from keras.optimizers import schedules

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._curves import (
    CLOSE,
    cosine,
    difference,
    rates_in_keras,
    triangular,
)


def linear(time, total):
    """A straight line from 1 to 0."""
    return 1 - np.asarray(time, float) / total


@keras.saving.register_keras_serializable("recipes")
class Triangular(keras.optimizers.schedules.LearningRateSchedule):
    """The triangular cycle as a schedule that any Keras optimizer takes.

    Args:
        low: The rate at steps 0, 2 half, 4 half, ...
        high: The rate at steps half, 3 half, ...
        half: Steps from low to high, at least 1.
    """

    def __init__(self, low: float = 1e-5, high: float = 1e-2, half: int = 2000):
        super().__init__()
        self.low, self.high, self.half = low, high, half

    def __call__(self, step):
        """Returns the rate of an update, counted from 0."""
        step = keras.ops.cast(step, "float32")
        phase = keras.ops.mod(step, 2.0 * self.half) / self.half
        return self.low + (self.high - self.low) * (1 - keras.ops.abs(phase - 1))

    def get_config(self) -> dict:
        """Returns the arguments, so that a model with it can be saved."""
        return {"low": self.low, "high": self.high, "half": self.half}


@claim(
    "sched-cyclical",
    "A triangular cycle goes from 1e-5 to 1e-2 in 2000 steps and back.",
    says="is",
    notes="002",
    scope="the rates of 8,000 updates; nothing is trained",
)
def goes_up_and_down(lab):
    """Keras has no cycle, but takes any schedule."""
    times = np.arange(0, 8001, 250)
    expected = triangular(times)
    corners = np.array([1e-5, 0.005005, 0.01, 0.005005, 1e-5])
    seen = rates_in_keras(Triangular(), times)
    gaps = {
        "formula at 0, 1000, ... 4000": difference(expected[:17:4], corners, 0.01),
        "as a Keras schedule": difference(seen, expected, 0.01),
    }
    return Finding(
        {name: stats.below(gap, CLOSE) for name, gap in gaps.items()},
        "Keras has no cyclical schedule; eight lines make one that its optimizers "
        "take, {largest:.0e} of the highest rate from the formula.",
        figure=draw_waves,
        largest=max(gaps.values()),
        rate_at_0_1000_2000_3000_4000=expected[:17:4],
        difference_over_the_highest_rate=gaps,
    )


@claim(
    "sched-cosine",
    "Cosine annealing: the rate is lr0·½(1 + cos(πt/50)).",
    says="is",
    notes="002",
    scope="the rates of 100 steps of a cosine over 50; nothing is trained",
)
def falls_as_a_cosine(lab):
    """The same up to the end, and something else after it."""
    fall, after = np.arange(51), np.arange(51, 101)
    decay = schedules.CosineDecay(1.0, 50)
    restarts = schedules.CosineDecayRestarts(1.0, 50, t_mul=1.0, m_mul=1.0)
    gaps = {
        name: difference(rates_in_keras(decay, times), cosine(times, 50), 1)
        for name, times in (("up to step 50", fall), ("from 50 to 100", after))
    }
    ends = [50, 75, 100]
    return Finding(
        {f"CosineDecay, {name}": stats.below(gap, CLOSE) for name, gap in gaps.items()},
        "Shares of the first rate at steps 50, 75 and 100 of 50: formula "
        "{formula:.2f}; CosineDecay {decay:.2f}; CosineDecayRestarts {restarts:.2f}. A "
        "training that goes on after the end needs to know which one it has.",
        figure=draw_waves,
        formula=cosine(ends, 50),
        decay=rates_in_keras(decay, ends),
        restarts=rates_in_keras(restarts, ends),
        share_at_0_10_25_40_50=cosine([0, 10, 25, 40, 50], 50),
        difference_from_CosineDecay=gaps,
    )


@claim(
    "sched-epoch-ratio",
    "The rate can be decayed by the epoch's number over the number of epochs.",
    says="is",
    notes="001",
    scope="two readings over 30 epochs; nothing is trained",
)
def falls_by_the_ratio(lab):
    """The two decays that a formula cut off before "number / total epochs)" can be."""
    total = 30
    epochs, half = np.arange(total + 1), np.arange(0, 2 * total + 1, 2)
    line = schedules.PolynomialDecay(1.0, total, end_learning_rate=0.0, power=1.0)
    readings = {
        "1 − t/T": (linear, line),
        "½(1 + cos(πt/T))": (cosine, schedules.CosineDecay(1.0, total)),
    }
    conditions, off_keras, off_longer, ends = {}, {}, {}, {}
    for name, (formula, schedule) in readings.items():
        curve = formula(epochs, total)
        off_keras[name] = difference(rates_in_keras(schedule, epochs), curve, 1)
        # By the ratio alone: a training twice as long has the same rates.
        off_longer[name] = difference(formula(half, 2 * total), curve, 1)
        ends[name] = [float(curve[0]), float(curve[-1])]
        conditions[name] = bool(
            off_keras[name] < CLOSE
            and off_longer[name] < stats.EXACT
            and abs(curve[0] - 1) + abs(curve[-1]) < stats.EXACT
            and (np.diff(curve) < 0).all()
        )
    ratio = np.linspace(0, 1, 1001)
    gap = np.abs(cosine(ratio, 1) - linear(ratio, 1))
    return Finding(
        conditions,
        "The notes' formula is cut off; both readings fall from the first rate to 0 by "
        "t/T alone, and Keras has them as PolynomialDecay and CosineDecay. They are "
        "{widest:.3f} of the first rate apart at most. Which one was meant can't be "
        "known.",
        figure=draw_waves,
        widest=gap.max(),
        widest_at=ratio[gap.argmax()],
        difference_from_Keras=off_keras,
        change_where_all_is_twice_as_long=off_longer,
        share_at_start_and_end=ends,
    )


def draw_waves(lab):
    """The three curves; dots are what Keras's optimizers use."""
    figure, axes = figures.new(1, 3, width=11.0, height=3.6)
    cycle, time = np.arange(0, 8001, 50), np.arange(101)
    line = schedules.PolynomialDecay(1.0, 50, end_learning_rate=0.0)
    for panel, title, times, curve, schedule, x in (
        (axes[0], "A cycle climbs again", cycle, triangular(cycle), Triangular(),
         "update"),
        (axes[1], "After a cosine Keras stays at 0", time, cosine(time, 50),
         schedules.CosineDecay(1.0, 50), "epoch (50 were planned)"),
        (axes[2], "So it does after a line", time, linear(time, 50), line,
         "epoch (50 were planned)"),
    ):  # fmt: skip
        panel.plot(times, curve, color=figures.COLORS[0], label="formula")
        shown = times[:: max(1, len(times) // 25)]
        dots = rates_in_keras(schedule, shown)
        panel.plot(shown, dots, "o", ms=3, color=figures.COLORS[1], label="Keras")
        y = "learning rate" if x == "update" else "share of the first rate"
        figures.describe(panel, title, x, y)
    axes[2].set(ylim=(-0.6, 1.05))
    figures.legend(axes[2])
    lab.figure("waves", figure, "Cycle, cosine and line by formula and in Keras.")


if __name__ == "__main__":
    main(__file__)
