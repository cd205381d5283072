"""Step sizes: what a rule makes of the size of a gradient.

SGD's step is the rate times the gradient: twice the gradient, twice the step. The
adaptive rules divide the gradient by a memory of how large it has been, so under a
constant gradient a step is about one rate long, whatever the gradient. What differs is
the memory: AdaGrad's only grows, RMSprop's and Adam's forget. Gradients are given here
and nothing is trained: all can be counted.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization._surfaces import replay
from recipes.optimization._update_rules import (
    RULES,
    adadelta,
    adagrad,
    adam,
    changes,
    descend,
    rmsprop,
)

RATE, LAST = 0.01, 4690  # as many updates as five epochs of MNIST in batches of 64
ONES = np.ones(LAST)  # a constant gradient


# Both means of Adam start at zero. Uncorrected, the first step divides 0.1 g by
# √(0.001 g²): it is 3.2 rates long, and corrected exactly one.


@claim(
    "opt-adam-bias-correction",
    "Adam's bias correction helps in the first steps.",
    says="often",
    hedge="helps",
    notes="003",
    scope="a constant gradient of 1, 4,690 steps; nothing is trained",
)
def correction_matters_early(lab):
    """Step lengths under a constant gradient, with and without the correction."""
    steps = {
        name: -changes(adam(1.0, corrected=corrected), ONES)
        for name, corrected in (("corrected", True), ("uncorrected", False))
    }
    in_keras = -float(replay(keras.optimizers.Adam(1.0), ONES[:1])[0])
    first = {name: float(values[0]) for name, values in steps.items()}
    last = {name: float(values[-1]) for name, values in steps.items()}
    return Finding(
        {
            "the first step differs by more than a tenth": stats.above(
                first["uncorrected"] / first["corrected"], 1.1
            ),
            "by the last one it does not": stats.close(
                last["uncorrected"] / last["corrected"], 1, within=0.1
            ),
        },
        "With a constant gradient the first step is {first[corrected]:.3f} rates long "
        "with the correction (in Keras {in_keras:.3f}), {first[uncorrected]:.3f} "
        "without; by step {steps} it is {last[corrected]:.3f} and "
        "{last[uncorrected]:.3f}.",
        first=first,
        in_keras=in_keras,
        last=last,
        steps=LAST,
    )


# AdaGrad's sum only grows: under a constant gradient of 1 it is t after t steps, and
# the step is rate/√t. What was large once is never forgotten.
BURST = np.concatenate([np.full(100, 100.0), np.ones(LAST - 100)])


@claim(
    "opt-adagrad-decay",
    "AdaGrad's rate shrinks all the time and may end learning early.",
    says="can",
    hedge="may",
    notes="002 003",
    scope="given gradients, 4,690 steps; nothing is trained",
)
def adagrad_shrinks(lab):
    """Step lengths against the closed form, and after a burst of large gradients."""
    times = np.array([1, 100, LAST])
    steps, after = -changes(adagrad(RATE), ONES), -changes(adagrad(RATE), BURST)
    made = keras.optimizers.Adagrad(RATE, initial_accumulator_value=0.0)
    in_keras = -replay(made, ONES[:100])
    lengths = steps[times - 1]
    return Finding(
        {
            "under a constant gradient a step is rate/√t long": bool(
                np.allclose(lengths, RATE / np.sqrt(times), rtol=1e-6)
                and np.allclose(in_keras, steps[:100], rtol=1e-3)
            ),
            "after 100 large gradients steps stay below a hundredth of the rate":
                stats.below(float(after[100:].max()), RATE / 100),
        },
        "A constant gradient of 1 is followed by steps of {lengths:.3g} at updates 1, "
        "100 and {last}. After 100 gradients of 100 a gradient of 1 moves the weight "
        "by {burst:.3g}, {last} updates after the start still by {late:.3g}.",
        figure=draw_steps,
        lengths=lengths,
        last=LAST,
        burst=float(after[100]),
        late=float(after[-1]),
    )  # fmt: skip


@claim(
    "opt-rate-does-not-vanish",
    "RMSprop and Adadelta keep the learning rate from vanishing, as AdaGrad's does.",
    says="is",
    notes="002 003",
    scope="a constant gradient of 1, 4,690 steps; nothing is trained",
)
def steps_stay_long(lab):
    """The last step under a constant gradient against the hundredth."""
    rules = {
        "AdaGrad": adagrad(RATE),
        "RMSprop": rmsprop(RATE),
        "Adadelta": adadelta(),
    }
    lengths = {
        name: -changes(rule, ONES)[[0, 99, LAST - 1]] for name, rule in rules.items()
    }
    share = {name: float(seen[2] / seen[1]) for name, seen in lengths.items()}
    return Finding(
        {
            "AdaGrad: shrinks by more than half after update 100": stats.below(
                share["AdaGrad"], 0.5
            ),
            "RMSprop: does not": stats.above(share["RMSprop"], 0.5),
            "Adadelta: does not": stats.above(share["Adadelta"], 0.5),
        },
        "Steps under a constant gradient of 1 at updates 1, 100 and {last}: "
        "{lengths:.3g}. RMSprop's stays at the rate, Adadelta's grows.",
        figure=draw_steps,
        last=LAST,
        lengths=lengths,
    )


# On x²/2 the slope is the distance. Far away a rule that divides by the size of its
# slopes takes no longer steps than near by. A step counts as short below half a rate.
FAR, NEAR, ARRIVED = 100.0, 1.0, 2000


ADAPTIVE = ("AdaGrad", "RMSprop", "Adam")

# "Speeding up when far" and "slowing down as they converge" are two statements; "can"
# stands before both.


@claim(
    "opt-adaptive-speeds-up-far",
    "Adaptive optimizers can speed up far from the minimum.",
    says="can",
    hedge="can",
    notes="002",
    scope="x²/2, the first step from 100 and from 1, rate 0.01; nothing is trained",
)
def longer_steps_far_away(lab):
    """First steps from two distances."""
    first = {
        name: [abs(RULES[name](RATE)(start)) for start in (FAR, NEAR)]
        for name in ("SGD", *ADAPTIVE)
    }
    return Finding(
        {name: first[name][0] > 2 * first[name][1] for name in ADAPTIVE},
        "First steps on x²/2 from 100 and from 1 at rate 0.01: {first:.4f}. Only SGD's "
        "follow the distance.",
        first=first,
    )


@claim(
    "opt-adaptive-slows-down",
    "Adaptive optimizers can slow down as they converge.",
    says="can",
    hedge="can",
    notes="002",
    scope="x²/2, 2,000 steps from 1, rate 0.01; nothing is trained",
)
def shorter_steps_at_the_minimum(lab):
    """The step after 2,000 from 1."""
    last = {}
    for name in ("SGD", *ADAPTIVE):
        path = descend(RULES[name](RATE), lambda x, _: x, NEAR, ARRIVED)
        last[name] = float(abs(path[-1] - path[-2]))
    return Finding(
        {name: stats.below(last[name], RATE / 2) for name in ADAPTIVE},
        "Adam's mean of gradients that change signs goes to 0, and AdaGrad slows down "
        "wherever it is. RMSprop does not: it goes to and fro across the minimum by a "
        "whole rate. After {arrived} steps from 1 a step is {last:.2g} long.",
        arrived=ARRIVED,
        last=last,
    )


def draw_steps(lab):
    """Steps under a constant gradient, and after a burst of large ones."""
    figure, panels = figures.new(1, 2, width=10.0, height=4.0)
    times = np.unique(np.geomspace(1, LAST, 300).astype(int))
    for panel, gradients, title in (
        (panels[0], ONES, "A constant gradient: AdaGrad's steps shrink"),
        (panels[1], BURST, "After 100 gradients of 100 AdaGrad stops"),
    ):
        panel.set(xscale="log", yscale="log")
        for index, (name, rule) in enumerate(
            {
                "AdaGrad": adagrad(RATE),
                "RMSprop": rmsprop(RATE),
                "Adadelta": adadelta(),
                "Adam": adam(RATE),
            }.items()
        ):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            panel.plot(times, -changes(rule, gradients)[times - 1], label=name, **style)
        figures.describe(panel, title, "update", "length of the step")
    figures.legend(panels[0])
    lab.figure("steps", figure, "Steps of four rules on given gradients, rate 0.01.")


if __name__ == "__main__":
    main(__file__)
