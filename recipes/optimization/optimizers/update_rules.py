"""Update rules: Keras's optimizers step as the notes write, with four exceptions.

Each rule takes a gradient and returns a step. Keras's optimizer and the formula in
NumPy get the same twenty gradients; if the paths agree to float32, the formula is what
is trained with. The exceptions are defaults and the place of epsilon: where an
accumulator starts, whether a rate multiplies a method that has none.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, main, stats
from recipes.optimization._update_rules import (
    adadelta,
    adagrad,
    adam,
    momentum,
    rmsprop,
    sgd,
)

TOLERANCE = 1e-4  # float32; 1 - beta_2**t alone costs Adam five digits in step one
GRADIENTS = 20  # steps that are compared


def replay(optimizer, gradients) -> np.ndarray:
    """Feeds gradients to a Keras optimizer; returns the points that it visits."""
    variable = keras.Variable(np.zeros(gradients.shape[1:], "float32"))
    optimizer.build([variable])
    points = []
    for gradient in gradients.astype("float32"):
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        points.append(keras.ops.convert_to_numpy(variable.value).copy())
    return np.array(points, float)


def follow(rule, gradients) -> np.ndarray:
    """Feeds the same gradients to a rule in NumPy."""
    return np.cumsum([rule(gradient) for gradient in gradients], axis=0)


def difference(optimizer, rule, gradients) -> float:
    """Returns the greatest distance between the two paths, relative to the longest."""
    ours, theirs = follow(rule, gradients), replay(optimizer, gradients)
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
    """With the sum started at 0, as in the notes, and with Keras's default."""
    opt, gradients = keras.optimizers, gradients_of_size()
    from_zero = opt.Adagrad(0.1, initial_accumulator_value=0.0)
    apart = {
        "G starts at 0, as in the notes": difference(
            from_zero, adagrad(0.1), gradients
        ),
        "Keras's default, G starts at 0.1": difference(
            opt.Adagrad(0.1), adagrad(0.1), gradients
        ),
    }
    return Finding(
        {case: stats.below(gap, TOLERANCE) for case, gap in apart.items()},
        "Keras starts the accumulator at 0.1 unless initial_accumulator_value=0 is "
        "given, which shortens the first steps. Relative differences: {apart:.0e}.",
        apart=apart,
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
    apart = {
        "learning_rate=1": difference(opt.Adadelta(1.0), adadelta(), gradients),
        "Keras's default learning_rate=0.001": difference(
            opt.Adadelta(), adadelta(), gradients
        ),
    }
    return Finding(
        {case: stats.below(gap, TOLERANCE) for case, gap in apart.items()},
        "The method has no rate, but Keras multiplies its step by learning_rate, 0.001 "
        "by default: 1.0 gives the notes' step. Relative differences: {apart:.0e}.",
        apart=apart,
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
    """With gradients far above epsilon, and as small as epsilon."""
    apart = {
        case: difference(keras.optimizers.Adam(0.1), adam(0.1), gradients_of_size(size))
        for case, size in {
            "gradients of order 100": 100.0,
            "gradients of order 1e-7, as small as epsilon": 1e-7,
        }.items()
    }
    return Finding(
        {case: stats.below(gap, TOLERANCE) for case, gap in apart.items()},
        "Keras adds epsilon before the bias correction, the notes after it; it shows "
        "only where gradients are as small as epsilon. Relative differences: "
        "{apart:.0e}.",
        apart=apart,
        tolerance=TOLERANCE,
    )


# Both means of Adam start at zero. Uncorrected, the first step divides 0.1 g by
# √(0.001 g²): it is 3.2 rates long, and corrected exactly one.


@claim(
    "opt-adam-bias-correction",
    "Adam's bias correction matters early.",
    notes="003",
    scope="a constant gradient of 1, 5000 steps; nothing is trained",
)
def correction_matters_early(lab):
    """Step lengths under a constant gradient, with and without the correction."""
    ones = np.ones((5000, 1))
    keras_step = -float(replay(keras.optimizers.Adam(1.0), ones[:1])[0, 0])
    steps = {
        name: -np.diff(follow(adam(1.0, corrected=corrected), ones)[:, 0], prepend=0)
        for name, corrected in (("corrected", True), ("uncorrected", False))
    }
    first = {name: float(values[0]) for name, values in steps.items()}
    last = {name: float(values[-1]) for name, values in steps.items()}
    early = abs(first["corrected"] - 1) < 1e-6 and abs(keras_step - 1) < 1e-5
    matters = abs(first["uncorrected"] - 0.1 / np.sqrt(0.001)) < 1e-3
    fades = abs(last["corrected"] - last["uncorrected"]) < 0.01
    return Finding(
        bool(early and matters and fades),
        "With a constant gradient the first step is {first[corrected]:.3f} rates long "
        "with the correction, {first[uncorrected]:.3f} without; by step 5000 it is "
        "{last[corrected]:.3f} and {last[uncorrected]:.3f}.",
        first=first,
        first_in_keras=keras_step,
        last=last,
    )


# AdaGrad's sum only grows: under a constant gradient of 1 it is t after t steps, and
# the step is rate/√t.


@claim(
    "opt-adagrad-decay",
    "AdaGrad's rate shrinks all the time and may end learning early.",
    notes="002 003",
    scope="a constant gradient of 1, 4690 steps; nothing is trained",
)
def adagrad_shrinks(lab):
    """Step lengths against the closed form, in NumPy and in Keras."""
    times = (1, 100, 4690)
    ones = np.ones((times[-1], 1))
    optimizer = keras.optimizers.Adagrad(0.01, initial_accumulator_value=0.0)
    theirs = -np.diff(replay(optimizer, ones[: times[1]])[:, 0], prepend=0.0)
    steps = -np.diff(follow(adagrad(0.01), ones)[:, 0], prepend=0.0)
    lengths = {f"step {time}": float(steps[time - 1]) for time in times}
    expected = [0.01 / np.sqrt(time) for time in times]
    return Finding(
        bool(
            np.allclose(list(lengths.values()), expected, rtol=1e-6)
            and np.allclose(theirs, steps[: len(theirs)], rtol=1e-3)
        ),
        "A constant gradient of 1 is followed by steps of rate/√t: {lengths:.3g} "
        "(4,690 steps are five epochs of MNIST).",
        lengths=lengths,
        lengths_in_keras={
            f"step {time}": float(theirs[time - 1]) for time in times[:2]
        },
    )


if __name__ == "__main__":
    main(__file__)
