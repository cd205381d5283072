"""Waves: curves over a planned length, and what they do when it is over.

A cosine over 50 steps falls from 1 to 0. The formula knows no end: taken further, it
climbs back to 1 at step 100, as PyTorch's schedule does. Keras's `CosineDecay` stays at
0. And the notes have a decay by "epoch number / total epochs" whose formula is cut off:
a line and a cosine both fit.
"""

import numpy as np
from keras.optimizers import schedules

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._curves import (
    CLOSE,
    cosine,
    difference,
    rates_in_keras,
)


def linear(time, total):
    """A straight line from 1 to 0."""
    return 1 - np.asarray(time, float) / total


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
    # In the notes 50 is the number of epochs: what comes after it is no part of the
    # sentence, and worth knowing.
    inside = "up to step 50"
    return Finding(
        {f"CosineDecay, {inside}": stats.below(gaps[inside], CLOSE)},
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
    """Both curves; dots are what Keras's optimizers use."""
    figure, axes = figures.new(1, 2, width=9.0, height=3.6)
    time, x = np.arange(101), "epoch (50 were planned)"
    line = schedules.PolynomialDecay(1.0, 50, end_learning_rate=0.0)
    for panel, title, curve, schedule in (
        (axes[0], "After a cosine Keras stays at 0", cosine(time, 50),
         schedules.CosineDecay(1.0, 50)),
        (axes[1], "So it does after a line", linear(time, 50), line),
    ):  # fmt: skip
        panel.plot(time, curve, color=figures.COLORS[0], label="formula")
        shown = time[::4]
        dots = rates_in_keras(schedule, shown)
        panel.plot(shown, dots, "o", ms=3, color=figures.COLORS[1], label="Keras")
        figures.describe(panel, title, x, "share of the first rate")
    axes[1].set(ylim=(-0.6, 1.05))
    figures.legend(axes[1])
    lab.figure("waves", figure, "Cosine and line by formula and in Keras.")


if __name__ == "__main__":
    main(__file__)
