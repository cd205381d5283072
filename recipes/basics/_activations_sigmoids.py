"""The sigmoid and tanh: their derivations, slopes, and how they compare."""

import numpy as np
from keras import ops
from scipy.optimize import brentq

from recipes.basics._activations_table import (
    autodiff,
    difference,
    gap,
    sigmoid,
    tanh,
)

X = np.linspace(-6, 6, 1201)
EXACT = 1e-12  # float64, values of order one
NUMERIC = 1e-8  # central differences in float64


def sigmoid_slope(x):
    """Returns σ(x) (1 - σ(x))."""
    return sigmoid(x) * (1 - sigmoid(x))


def tanh_slope(x):
    """Returns 1 - tanh²(x)."""
    return 1 - tanh(x) ** 2


def normal_mean(function) -> float:
    """Returns a function's mean over inputs from N(0, 1).

    Gauss-Legendre on either side of 0, where some functions have their kink.
    """
    x, weight = np.polynomial.legendre.leggauss(200)
    half = 6 * (x + 1)  # [0, 12]; what lies beyond weighs less than 1e-32
    density = np.exp(-(half**2) / 2) / np.sqrt(2 * np.pi)
    return float((6 * weight * density * (function(half) + function(-half))).sum())


def judge(lab) -> None:
    """States the verdicts; nothing here depends on chance."""
    derivations(lab)
    ranges(lab)
    scaling(lab)
    slopes(lab)
    centers(lab)


def derivations(lab) -> None:
    """Follows both derivations line by line against central differences."""
    e, truth = np.exp(-X), difference(sigmoid, X)
    lines = {
        "d/dx (1 + e^-x)^-1, by the chain rule": -((1 + e) ** -2) * -e,
        "last line as printed, e^-x / (1 + e^-x)": e / (1 + e),
        "with the square, e^-x / (1 + e^-x)²": e / (1 + e) ** 2,
        "σ(x) (1 - σ(x))": sigmoid_slope(X),
    }
    errors = {name: gap(line, truth) for name, line in lines.items()}
    printed = lines["last line as printed, e^-x / (1 + e^-x)"]
    at_zero = X == 0
    lab.verdict(
        "sigmoid-derivative-derivation",
        errors["last line as printed, e^-x / (1 + e^-x)"] < NUMERIC,
        evidence={
            "largest_error_of_each_line": errors,
            "printed_line_at_0": printed[at_zero][0],
            "slope_at_0": truth[at_zero][0],
            "printed_line_minus_1_minus_sigmoid": gap(printed, 1 - sigmoid(X)),
        },
        note=f"At 0 the printed line gives {printed[at_zero][0]:.2f}, the slope is "
        f"{truth[at_zero][0]:.2f}. The denominator lost its square: with it the line "
        f"is right to {errors['with the square, e^-x / (1 + e^-x)²']:.0e}; without, it "
        "equals 1 - σ(x).",
    )
    plus, minus = np.exp(X) + np.exp(-X), np.exp(X) - np.exp(-X)
    truth = difference(tanh, X)
    lines = {
        "quotient rule, (c² - s²) / c²": (plus * plus - minus * minus) / plus**2,
        "1 - (s / c)²": 1 - (minus / plus) ** 2,
        "1 - tanh²(x)": tanh_slope(X),
    }
    errors = {name: gap(line, truth) for name, line in lines.items()}
    lab.verdict(
        "tanh-derivative-derivation",
        {name: error < NUMERIC for name, error in errors.items()},
        evidence={"largest_error_of_each_line": errors},
        note="With s = e^x - e^-x and c = e^x + e^-x every line agrees with central "
        f"differences to {max(errors.values()):.0e}.",
    )


def ranges(lab) -> None:
    """Checks ranges, and that the slope is a bell with its peak at 0."""
    wide = np.linspace(-15, 15, 3001)
    for claim, function, slope, low, peak, twin in (
        ("sigmoid-range-and-max-slope", sigmoid, sigmoid_slope, 0, 0.25, ops.sigmoid),
        ("tanh-range-and-max-slope", tanh, tanh_slope, -1, 1.0, ops.tanh),
    ):
        y, s = function(wide), slope(wide)
        right = s[wide >= 0]
        whole = np.arange(1, 101, dtype="float32")
        rounded = ops.convert_to_numpy(twin(ops.convert_to_tensor(whole))) == 1
        first = whole[rounded].min(initial=np.inf)
        lab.verdict(
            claim,
            {
                f"values lie between {low} and 1": bool(
                    (y > low).all() and (y < 1).all()
                ),
                f"the greatest slope is {peak}, at 0": bool(
                    abs(s.max() - peak) < EXACT and wide[s.argmax()] == 0
                ),
                "the slope falls on both sides, towards 0": bool(
                    (np.diff(right) < 0).all()
                    and gap(s, s[::-1]) < EXACT
                    and right[-1] < 1e-5
                ),
            },
            evidence={
                "least_and_greatest_value_on_-15_to_15": [y.min(), y.max()],
                "slope_at_0": s.max(),
                "slope_at_15": right[-1],
                "slope_at_0_in_Keras": float(autodiff(twin, np.zeros(1))[0]),
                "first_whole_input_whose_float32_value_is_exactly_1": first,
            },
            note=f"The greatest slope is {s.max():.6g}, at 0. No x reaches the ends of "
            f"the range, but float32 rounds the value to exactly 1 at x = {first:g}.",
        )


def scaling(lab) -> None:
    """Asks how close a σ(bx) comes to tanh, and what a shift adds."""
    x = np.linspace(-6, 6, 241)
    factors = np.linspace(-4, 4, 161)
    curves = sigmoid(factors[:, None] * x)  # b, x
    scaled = factors[:, None, None] * curves  # a, b, x
    best = float(np.abs(scaled - tanh(x)).max(-1).min())
    shifted = gap(2 * sigmoid(2 * X) - 1, tanh(X))
    lab.verdict(
        "tanh-is-scaled-sigmoid",
        {
            "by scaling alone, a σ(bx)": best < EXACT,
            "by scaling and a shift, 2σ(2x) - 1": shifted < EXACT,
        },
        evidence={
            "least_largest_error_of_a_sigmoid_bx": best,
            "largest_error_with_the_shift": shifted,
        },
        note=f"tanh x = 2σ(2x) - 1 to {shifted:.0e}: it takes a shift too. The best "
        f"a σ(bx) with a, b between -4 and 4 is off by {best:.2f} somewhere on "
        "[-6, 6].",
    )


def crossing() -> float:
    """Returns the x above 0 where both slopes are equal."""
    return brentq(lambda x: tanh_slope(x) - sigmoid_slope(x), 0.5, 4, xtol=1e-14)


def slopes(lab) -> None:
    """Finds where the two slopes cross, and where each has fallen to 1 %."""
    cross = crossing()
    closed = 2 * np.arccosh((1 + np.sqrt(3)) / 2)
    far = np.linspace(cross + 0.01, 15, 1500)
    near = np.linspace(0, cross - 0.01, 500)
    steeper = {
        "far": bool((tanh_slope(far) > sigmoid_slope(far)).all()),
        "near": bool((tanh_slope(near) > sigmoid_slope(near)).all()),
    }
    levels = np.linspace(0.01, 0.99, 99)  # the same output y: 1 - y² and y (1 - y)
    lab.verdict(
        "tanh-vs-sigmoid-slope",
        steeper["far"],
        evidence={
            "slopes_cross_at_abs_x": cross,
            "closed_form_2_arccosh_of_half_1_plus_sqrt_3": closed,
            "both_slopes_there": sigmoid_slope(cross),
            "tanh_steeper_beyond": steeper["far"],
            "tanh_steeper_within": steeper["near"],
            "slopes_at_3": {"tanh": tanh_slope(3.0), "sigmoid": sigmoid_slope(3.0)},
            "tanh_steeper_at_equal_outputs": bool(
                (1 - levels**2 > levels * (1 - levels)).all()
            ),
        },
        note=f"The slopes cross at |x| = {cross:.5f}: tanh is steeper within and "
        f"flatter beyond, at x = 3 {tanh_slope(3.0):.4f} against "
        f"{sigmoid_slope(3.0):.4f}. Only compared at equal outputs is tanh steeper "
        "throughout.",
    )
    ends = {
        name: brentq(lambda x, f=f: f(x) / f(0.0) - 0.01, 0, 15, xtol=1e-14)
        for name, f in (("tanh", tanh_slope), ("sigmoid", sigmoid_slope))
    }
    lab.verdict(
        "tanh-saturates-faster",
        ends["tanh"] > ends["sigmoid"],
        evidence={"abs_x_where_the_slope_is_1_percent_of_its_peak": ends},
        note="The slope has fallen to 1 % of its peak at |x| = "
        f"{ends['tanh']:.3f} for tanh and at {ends['sigmoid']:.3f} for the sigmoid: "
        "tanh, which is a sigmoid of 2x, saturates in half the distance.",
    )


def centers(lab) -> None:
    """Takes the means of both over standard normal inputs."""
    means = {"tanh": normal_mean(tanh), "sigmoid": normal_mean(sigmoid)}
    lab.verdict(
        "tanh-zero-centred",
        {
            "tanh is centered": abs(means["tanh"]) < EXACT,
            "the sigmoid is not": abs(means["sigmoid"]) > 0.1,
        },
        evidence={"mean_output_for_inputs_from_N_0_1": means},
        note=f"For inputs from N(0, 1) tanh has mean {means['tanh']:.1g} and the "
        f"sigmoid {means['sigmoid']:.3f}. One of the notes lists this as a drawback of "
        "tanh; `zero-centred-helps` in `activation_training` tests that.",
    )
