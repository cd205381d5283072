"""Update rules: Keras's optimizers step as the notes write, and three defaults don't.

Each rule takes a gradient and returns a step. Keras's optimizer and the formula in
NumPy get the same twenty gradients; if the paths agree to float32, the formula is what
is trained with. Where a default of Keras makes another rule of it, the note says which:
where an accumulator starts, a rate that multiplies a method that has none, the place of
epsilon.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, main, stats
from recipes.optimization._surfaces import replay
from recipes.optimization._update_rules import (
    adadelta,
    adagrad,
    adam,
    changes,
    momentum,
    rmsprop,
    sgd,
)

TOLERANCE = 1e-4  # float32; 1 - beta_2**t alone costs Adam five digits in step one
GRADIENTS = 20  # steps that are compared


def difference(optimizer, rule, gradients) -> float:
    """Returns the greatest distance between the two paths, relative to the longest."""
    ours, theirs = (
        np.cumsum(steps, axis=0)
        for steps in (changes(rule, gradients), replay(optimizer, gradients))
    )
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())


def gradients_of_size(size: float = 1.0) -> np.ndarray:
    """Random gradients, the same for every optimizer, (GRADIENTS, 5)."""
    return size * np.random.default_rng(0).normal(size=(GRADIENTS, 5))


@claim(
    "opt-sgd-update",
    "SGD: θ ← θ − η∇J.",
    says="is",
    notes="003",
    scope="20 given gradients of 5 numbers; nothing is trained",
)
def sgd_step(lab):
    """Keras's SGD against the formula."""
    apart = difference(keras.optimizers.SGD(0.1), sgd(0.1), gradients_of_size())
    return Finding(
        stats.below(apart, TOLERANCE),
        "Keras's path differs from the formula's by {apart:.0e} of its length.",
        apart=apart,
        tolerance=TOLERANCE,
    )


@claim(
    "opt-momentum-update",
    "Momentum: v ← γv − η∇J, then θ ← θ + v.",
    says="is",
    notes="003",
    scope="20 given gradients of 5 numbers; nothing is trained",
)
def momentum_step(lab):
    """Keras's SGD with momentum against the formula."""
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    apart = difference(optimizer, momentum(0.1), gradients_of_size())
    return Finding(
        stats.below(apart, TOLERANCE),
        "Keras's path differs from the formula's by {apart:.0e} of its length.",
        apart=apart,
        tolerance=TOLERANCE,
    )


@claim(
    "opt-adagrad-update",
    "AdaGrad divides by the root of the summed squares: θ ← θ − ηg/√(G + ε).",
    says="is",
    notes="003",
    scope="20 given gradients of 5 numbers; nothing is trained",
)
def adagrad_step(lab):
    """With the sum started at 0, as in the notes; beside it Keras's default."""
    opt, gradients = keras.optimizers, gradients_of_size()
    from_zero = opt.Adagrad(0.1, initial_accumulator_value=0.0)
    apart = difference(from_zero, adagrad(0.1), gradients)
    return Finding(
        stats.below(apart, TOLERANCE),
        "With initial_accumulator_value=0 Keras's path differs from the formula's by "
        "{apart:.0e} of its length. Keras's default starts the sum at 0.1, which "
        "shortens the first steps: a difference of {by_default:.0%}.",
        apart=apart,
        by_default=difference(opt.Adagrad(0.1), adagrad(0.1), gradients),
        tolerance=TOLERANCE,
    )


@claim(
    "opt-adadelta-update",
    "Adadelta's step is −RMS[Δθ]/RMS[g]·g; it has no learning rate.",
    says="is",
    notes="003",
    scope="20 given gradients of 5 numbers; nothing is trained",
)
def adadelta_step(lab):
    """The method has no rate, Keras's class does."""
    opt, gradients = keras.optimizers, gradients_of_size()
    apart = difference(opt.Adadelta(1.0), adadelta(), gradients)
    return Finding(
        stats.below(apart, TOLERANCE),
        "With learning_rate=1 Keras's path differs from the formula's by {apart:.0e} "
        "of its length. The method has no rate, but Keras multiplies its step by one, "
        "0.001 by default: a difference of {by_default:.0%}.",
        apart=apart,
        by_default=difference(opt.Adadelta(), adadelta(), gradients),
        tolerance=TOLERANCE,
    )


@claim(
    "opt-rmsprop-update",
    "RMSprop divides by a decaying root mean square: E ← 0.9E + 0.1g², "
    "θ ← θ − ηg/√(E + ε).",
    says="is",
    notes="003",
    scope="20 given gradients of 5 numbers; nothing is trained",
)
def rmsprop_step(lab):
    """Keras's RMSprop against the formula."""
    optimizer = keras.optimizers.RMSprop(0.1)
    apart = difference(optimizer, rmsprop(0.1), gradients_of_size())
    return Finding(
        stats.below(apart, TOLERANCE),
        "As in the notes, Keras has rho 0.9 and epsilon inside the root; the paths "
        "differ by {apart:.0e} of their length.",
        apart=apart,
        tolerance=TOLERANCE,
    )


@claim(
    "opt-adam-update",
    "Adam: decaying means of g and g², both corrected for their start at zero, "
    "θ ← θ − ηm̂/(√v̂ + ε).",
    says="is",
    notes="001 002 003",
    scope="20 given gradients of 5 numbers; nothing is trained",
)
def adam_step(lab):
    """With gradients far above epsilon; beside it some as small as epsilon."""
    apart = {
        size: difference(keras.optimizers.Adam(0.1), adam(0.1), gradients_of_size(size))
        for size in (100.0, 1e-7)
    }
    return Finding(
        stats.below(apart[100.0], TOLERANCE),
        "Keras's path differs from the formula's by {apart:.0e} of its length. Keras "
        "adds epsilon before the bias correction, the notes after it: with gradients "
        "of 1e-7, as small as epsilon, that makes a difference of {tiny:.0%}.",
        apart=apart[100.0],
        tiny=apart[1e-7],
        tolerance=TOLERANCE,
    )


if __name__ == "__main__":
    main(__file__)
