"""Rules: the variance of a random weight by the size of its layer.

A sum of n inputs times independent weights of variance v has n v times the variance of
one input. To leave it as it is v must be 1/n, and the rules differ in what n is.
LeCun: the inputs, 1/fan_in. Xavier (Glorot): the mean of inputs and units, since
gradients come back through the units, 2/(fan_in + fan_out). He: half the inputs, since
a ReLU cuts off half of what it gets, 2/fan_in.
"""

import keras
import numpy as np

from recipes.basics.initialization._rules import (
    CLASSES,
    ERRORS,
    HIDDEN,
    IMAGES,
    errors_off,
    sampled,
    variance,
)
from recipes.lab import Finding, claim, main, stats


@claim(
    "xavier-variance-formula",
    "Xavier's weights have variance 2/(fan_in + fan_out).",
    says="is",
    notes="002",
    scope="Keras's kernels from 784 to 128 units, one sample each",
)
def xavier_formula(lab):
    """The formula and two other readings against what Keras draws."""
    shape = IMAGES, HIDDEN
    formula = variance("Xavier", *shape)
    readings = {
        "2/(fan_in + fan_out)": formula,
        "2 fan_in + fan_out": 2.0 * IMAGES + HIDDEN,  # the fraction bar is lost
        "1/fan_in": variance("LeCun", *shape),
    }
    kernels = {
        name: sampled(name, shape, 1) for name in ("GlorotNormal", "GlorotUniform")
    }
    off = {
        name: {reading: errors_off(k, value) for reading, value in readings.items()}
        for name, k in kernels.items()
    }
    right, *others = readings
    return Finding(
        {
            name: row[right] < ERRORS and min(row[o] for o in others) > ERRORS
            for name, row in off.items()
        },
        "For 784 to 128 the formula says {formula:.7f}; Keras draws {measured:.7f}. "
        "Without the fraction bar it would be {without_bar:g}; from the layer's inputs "
        "alone, 1/fan_in, {inputs_alone:.7f}.",
        formula=formula,
        measured={name: float((k**2).mean()) for name, k in kernels.items()},
        without_bar=readings["2 fan_in + fan_out"],
        inputs_alone=readings["1/fan_in"],
        standard_errors_off=off,
        weights_in_a_sample=IMAGES * HIDDEN,
        largest_uniform_weight=abs(kernels["GlorotUniform"]).max(),
        largest_by_formula=(6 / sum(shape)) ** 0.5,
        default_of_Dense=type(keras.layers.Dense(1).kernel_initializer).__name__,
    )


# A gain multiplies the standard deviation 1/√fan_in. He's rule is the gain √2, which is
# for a ReLU; a linear output wants 1. How far from 1 a mean square is counts in powers
# of 2, so that twice and half are equally far.


def farther(mean_squares: np.ndarray, factor: float) -> stats.Decision:
    """Asks whether mean squares times a factor are farther from 1 than as they are."""
    other, as_it_is = abs(np.log2(factor * mean_squares)), abs(np.log2(mean_squares))
    return stats.greater(other, as_it_is, by=stats.ANY)


@claim(
    "he-torch-gain",
    "He's rule needs the gain √2 before a ReLU, and 1 before a linear output.",
    says="is",
    notes="002",
    scope="a 784-128-10 network of Keras's kernels, 32 Gaussian inputs, 12 draws",
)
def gains(lab):
    """Draws 784-128-10 with a gain for ReLU, then one for the linear output."""
    draws = lab.settings.draws
    hidden = sampled("HeNormal", (IMAGES, HIDDEN), draws)
    output = sampled("LecunNormal", (HIDDEN, CLASSES), draws)
    x = np.random.default_rng(0).normal(size=(32, IMAGES))
    active = np.maximum(x @ hidden, 0)
    squares = {
        "hidden": (active**2).mean((1, 2)),
        "output": ((active @ output) ** 2).mean((1, 2)),
    }
    layers = {
        "hidden": (hidden, variance("He", IMAGES, HIDDEN)),
        "output": (output, variance("LeCun", HIDDEN, CLASSES)),
    }
    off = {name: errors_off(*layer) for name, layer in layers.items()}
    # The hidden layer with the output's gain has half, the output twice the square.
    with_other = {
        "hidden": farther(squares["hidden"], 0.5),
        "output": farther(squares["output"], 2.0),
    }
    xavier = variance("Xavier", HIDDEN, CLASSES)
    return Finding(
        {
            "hidden: HeNormal has variance 2/784": stats.below(off["hidden"], ERRORS),
            "output: LecunNormal has variance 1/128": stats.below(
                off["output"], ERRORS
            ),
            "hidden: mean square nearer to 1 with √2 than with 1": with_other["hidden"],
            "output: mean square nearer to 1 with 1 than with √2": with_other["output"],
        },
        "Inputs of mean square 1 leave the ReLU layer with {hidden:.2f} and the linear "
        "one with {output:.2f}. Keras names the two gains HeNormal and LecunNormal; "
        "its default, Xavier's, makes the logits' mean square {xavier:.2f} times their "
        "inputs'.",
        hidden=squares["hidden"].mean(),
        output=squares["output"].mean(),
        xavier=xavier * HIDDEN,
        std_by_formula={name: v**0.5 for name, (_, v) in layers.items()},
        std_of_samples={n: (k**2).mean() ** 0.5 for n, (k, _) in layers.items()},
        standard_errors_off=off,
        mean_square_of_logits_with_Xavier=squares["output"].mean()
        * xavier
        / variance("LeCun", HIDDEN, CLASSES),
        farther_from_1_with_the_other_gain=with_other,
    )


if __name__ == "__main__":
    main(__file__)
