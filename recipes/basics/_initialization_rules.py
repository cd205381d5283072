"""The rules that scale random weights, and Keras's own initializers sampled."""

import keras
import numpy as np

from recipes.lab import stats

# Standard deviation by fan_in (a layer's inputs) and fan_out (its units).
RULES = {
    "Xavier": lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out)),
    "He": lambda fan_in, fan_out: np.sqrt(2 / fan_in),
    "LeCun": lambda fan_in, fan_out: np.sqrt(1 / fan_in),
    "N(0, 1)": lambda fan_in, fan_out: 1.0,
    "N(0, 0.01²)": lambda fan_in, fan_out: 0.01,
    "zeros": lambda fan_in, fan_out: 0.0,
}
IMAGES, HIDDEN, CLASSES = 784, 128, 10  # the network 784-128-10 of the notes
ERRORS = 5  # standard errors that a sample's variance may be off


def variance(rule: str, fan_in: int, fan_out: int) -> float:
    """The variance that a rule gives the weights of a layer."""
    return float(RULES[rule](fan_in, fan_out) ** 2)


def draw(rule: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draws a Gaussian kernel (inputs, units)."""
    return RULES[rule](*shape) * rng.normal(size=shape)


def sampled(initializer: str, shape: tuple[int, int], draws: int) -> np.ndarray:
    """Draws kernels as Keras does, (draws, inputs, units)."""
    make = getattr(keras.initializers, initializer)
    kernels = [keras.ops.convert_to_numpy(make(seed=s)(shape)) for s in range(draws)]
    return np.stack(kernels).astype(float)


def errors_off(kernels: np.ndarray, expected: float) -> float:
    """How many standard errors a sample's variance is from the expected one."""
    squares = kernels.ravel() ** 2  # the mean of the weights is 0
    return float(abs(squares.mean() - expected) / squares.std() * squares.size**0.5)


def judge_xavier_formula(lab) -> None:
    """Holds the formula and two other readings against what Keras draws."""
    shape = IMAGES, HIDDEN
    readings = {
        "2/(fan_in + fan_out)": variance("Xavier", *shape),
        "2 fan_in + fan_out": 2.0 * IMAGES + HIDDEN,
        "1/fan_in": variance("LeCun", *shape),
    }
    kernels = {
        name: sampled(name, shape, 1) for name in ("GlorotNormal", "GlorotUniform")
    }
    off = {
        name: {reading: errors_off(k, value) for reading, value in readings.items()}
        for name, k in kernels.items()
    }
    measured = {name: float((k**2).mean()) for name, k in kernels.items()}
    formula, *others = readings
    lab.verdict(
        "xavier-variance-formula",
        {
            name: row[formula] < ERRORS and min(row[o] for o in others) > ERRORS
            for name, row in off.items()
        },
        evidence={
            "variance_784_to_128_by_reading": readings,
            "variance_of_a_sample": measured,
            "standard_errors_off": off,
            "weights_in_a_sample": IMAGES * HIDDEN,
            "largest_uniform_weight": abs(kernels["GlorotUniform"]).max(),
            "sqrt(6/(fan_in + fan_out))": (6 / sum(shape)) ** 0.5,
            "default_of_Dense": type(keras.layers.Dense(1).kernel_initializer).__name__,
        },
        note=f"For 784 to 128 the formula says {readings[formula]:.7f}; Keras draws "
        + ", ".join(f"{value:.7f} ({name})" for name, value in measured.items())
        + f". Without the fraction bar it would be {readings['2 fan_in + fan_out']:g}; "
        f"from the layer's inputs alone, 1/fan_in, {readings['1/fan_in']:.7f}.",
    )


def nearer(mean_squares: np.ndarray, factor: float) -> stats.Comparison:
    """Compares how far from 1 mean squares are times a factor, and as they are."""
    far = abs(np.log2(mean_squares))
    return stats.paired(abs(np.log2(factor * mean_squares)), far)


def judge_gain(lab) -> None:
    """Draws 784-128-10 with a gain for ReLU, then one for the linear output."""
    draws = max(lab.settings.draws, 2)
    hidden = sampled("HeNormal", (IMAGES, HIDDEN), draws)
    output = sampled("LecunNormal", (HIDDEN, CLASSES), draws)
    x = np.random.default_rng(0).normal(size=(32, IMAGES))
    active = np.maximum(x @ hidden, 0)
    squares = {
        "hidden": (active**2).mean((1, 2)),
        "output": ((active @ output) ** 2).mean((1, 2)),
    }
    # The hidden layer with the output's gain has half, the output twice the square.
    better = {
        "hidden": nearer(squares["hidden"], 0.5),
        "output": nearer(squares["output"], 2.0),
    }
    layers = {
        "hidden": (hidden, variance("He", IMAGES, HIDDEN)),
        "output": (output, variance("LeCun", HIDDEN, CLASSES)),
    }
    off = {name: errors_off(*layer) for name, layer in layers.items()}
    lab.verdict(
        "he-torch-gain",
        {
            "hidden: HeNormal has variance 2/784": off["hidden"] < ERRORS,
            "output: LecunNormal has variance 1/128": off["output"] < ERRORS,
            "hidden: mean square nearer to 1 with √2 than with 1": better[
                "hidden"
            ].positive,
            "output: mean square nearer to 1 with 1 than with √2": better[
                "output"
            ].positive,
        },
        evidence={
            "std_by_formula": {name: v**0.5 for name, (_, v) in layers.items()},
            "std_of_samples": {
                name: (k**2).mean() ** 0.5 for name, (k, _) in layers.items()
            },
            "standard_errors_off": off,
            "mean_square_of_outputs": {n: s.mean() for n, s in squares.items()},
            "mean_square_of_logits_with_Xavier": squares["output"].mean()
            * variance("Xavier", HIDDEN, CLASSES)
            / variance("LeCun", HIDDEN, CLASSES),
            "how_much_farther_from_1_with_the_other_gain_in_powers_of_2": better,
        },
        note=f"Inputs of mean square 1 leave the ReLU layer with "
        f"{squares['hidden'].mean():.2f} and the linear one with "
        f"{squares['output'].mean():.2f}. Keras names the two gains HeNormal and "
        "LecunNormal; its default, Xavier's, makes the logits' mean square "
        f"{variance('Xavier', HIDDEN, CLASSES) * HIDDEN:.2f} times their inputs'.",
    )
