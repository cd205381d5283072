"""Sigmoids: tanh is a steeper sigmoid near 0 and a flatter one beyond 1.66.

Both are S-shaped, and tanh x = 2σ(2x) - 1: twice as high, twice as fast. The doubled
speed cuts both ways. Near 0 tanh is four times as steep; but it also arrives at its
ceiling in half the distance, and there a slope of 0 stops what is learned. The notes
say that tanh is the steeper one where the output is far from 0, and that it saturates
later. At equal outputs the first is true; at equal inputs it is the other way around.
One note derives both slopes; a square is lost.
"""

import numpy as np
from scipy.optimize import brentq

from recipes.basics.activations._functions import (
    sigmoid,
    sigmoid_slope,
    tanh,
    tanh_slope,
)
from recipes.basics.activations._numeric import central_difference, gap
from recipes.lab import Finding, claim, figures, main, stats

POINTS = np.linspace(-6, 6, 1201)  # 0 among them
NUMERIC = 1e-8  # central differences in float64: h² and rounding over h
FLAT = 0.01  # saturated: the slope has fallen to 1 % of its peak


# The two derivations, line by line. Every line claims to be the slope, so every line is
# compared with the slope.


@claim(
    "sigmoid-derivative-derivation",
    "The derivation of the sigmoid's slope ends in e^-x / (1 + e^-x).",
    says="is",
    notes="001",
    scope="1201 points from -6 to 6; nothing is trained",
)
def sigmoid_derivation(lab):
    """The chain rule on (1 + e^-x)^-1, the printed end, and the end with its square."""
    e, slope = np.exp(-POINTS), central_difference(sigmoid, POINTS)
    printed = e / (1 + e)
    errors = {
        "chain rule": gap(-((1 + e) ** -2) * -e, slope),
        "as printed": gap(printed, slope),
        "with the square": gap(e / (1 + e) ** 2, slope),
        "σ(x) (1 - σ(x))": gap(sigmoid_slope(POINTS), slope),
    }
    (zero,) = np.flatnonzero(POINTS == 0)
    return Finding(
        stats.below(errors["as printed"], NUMERIC),
        "At 0 the printed line gives {printed_at_0:.2f}, the slope is "
        "{slope_at_0:.2f}. The denominator lost its square: e^-x / (1 + e^-x)² is "
        "right to {largest_error[with the square]:.0e}; without it the line equals "
        "1 - σ(x).",
        printed_at_0=printed[zero],
        slope_at_0=slope[zero],
        largest_error=errors,
        printed_minus_1_minus_sigmoid=gap(printed, 1 - sigmoid(POINTS)),
    )


@claim(
    "tanh-derivative-derivation",
    "The quotient rule leads to 1 - tanh².",
    says="is",
    notes="001",
    scope="1201 points from -6 to 6; nothing is trained",
)
def tanh_derivation(lab):
    """The three lines of the notes, with s = e^x - e^-x and c = e^x + e^-x."""
    c = np.exp(POINTS) + np.exp(-POINTS)
    s = np.exp(POINTS) - np.exp(-POINTS)
    slope = central_difference(tanh, POINTS)
    errors = {
        "quotient rule, (c² - s²) / c²": gap((c * c - s * s) / c**2, slope),
        "1 - (s / c)²": gap(1 - (s / c) ** 2, slope),
        "1 - tanh²(x)": gap(tanh_slope(POINTS), slope),
    }
    return Finding(
        {name: stats.below(error, NUMERIC) for name, error in errors.items()},
        "With s = e^x - e^-x and c = e^x + e^-x every line agrees with central "
        "differences to {largest:.0e}.",
        largest=max(errors.values()),
        largest_error=errors,
    )


# "Equivalent, up to scaling": a σ(bx) has no factors a and b that make it tanh, since
# a sigmoid's values all have one sign. It takes a shift as well.


@claim(
    "tanh-is-scaled-sigmoid",
    "Tanh is the sigmoid up to scaling.",
    says="is",
    notes="003",
    scope="241 points from -6 to 6, factors from -4 to 4; nothing is trained",
)
def scaled(lab):
    """Tries 161 factors each for a and b, then 2σ(2x) - 1."""
    x = np.linspace(-6, 6, 241)
    factors = np.linspace(-4, 4, 161)
    curves = sigmoid(factors[:, None] * x)  # b, x
    tried = factors[:, None, None] * curves  # a, b, x
    best = float(np.abs(tried - tanh(x)).max(-1).min())
    shifted = gap(2 * sigmoid(2 * POINTS) - 1, tanh(POINTS))
    return Finding(
        {"by scaling, a σ(bx)": stats.below(best, stats.EXACT)},
        "tanh x = 2σ(2x) - 1 to {with_shift:.0e}: it takes a shift too. The best "
        "a σ(bx) with a, b between -4 and 4 is off by {scaling_alone:.2f} somewhere on "
        "[-6, 6].",
        with_shift=shifted,
        scaling_alone=best,
    )


def crossing() -> float:
    """The x above 0 where both slopes are equal."""
    return brentq(lambda x: tanh_slope(x) - sigmoid_slope(x), 0.5, 4, xtol=1e-14)


@claim(
    "tanh-vs-sigmoid-slope",
    "Tanh is steeper than the sigmoid where the output is far from zero.",
    says="is",
    notes="002",
    scope="outputs from 0.5 to 0.999, and inputs up to 15; nothing is trained",
)
def steeper(lab):
    """Compares slopes at equal outputs, and at equal inputs beyond their crossing."""
    cross = crossing()
    beyond = np.linspace(cross + 0.01, 15, 1500)
    within = np.linspace(0, cross - 0.01, 500)
    steeper_beyond = bool((tanh_slope(beyond) > sigmoid_slope(beyond)).all())
    # "The output" may be the same for both, or what the same input gives. At an output
    # y the slopes are 1 - y² = (1 + y) (1 - y) and y (1 - y).
    y = np.linspace(0.5, 0.999, 500)
    at_outputs = {
        "tanh": tanh_slope(np.arctanh(y)),
        "sigmoid": sigmoid_slope(np.log(y / (1 - y))),
    }
    return Finding(
        {
            "at equal outputs": bool(
                (at_outputs["tanh"] > at_outputs["sigmoid"]).all()
            ),
            "at equal inputs": steeper_beyond,
        },
        "At equal outputs it is; at equal inputs only near zero. At the output "
        "{output:.3f} tanh has the slope {slopes_at_output[tanh]:.4f} and the "
        "sigmoid {slopes_at_output[sigmoid]:.4f}. At equal inputs the slopes cross "
        "at |x| = {crossing:.5f}, and far from zero tanh is flatter: at x = 3 "
        "{slopes_at_3[tanh]:.4f} against {slopes_at_3[sigmoid]:.4f}.",
        figure=draw_slopes,
        output=y[450],
        slopes_at_output={name: slope[450] for name, slope in at_outputs.items()},
        crossing=cross,
        crossing_in_closed_form=2 * np.arccosh((1 + np.sqrt(3)) / 2),
        slopes_at_the_crossing=sigmoid_slope(cross),
        slopes_at_3={"tanh": tanh_slope(3.0), "sigmoid": sigmoid_slope(3.0)},
        steeper_within=bool((tanh_slope(within) > sigmoid_slope(within)).all()),
    )


@claim(
    "tanh-saturation-speed",
    "Tanh does not saturate as quickly as the sigmoid, because its outputs lie between "
    "-1 and 1.",
    says="is",
    notes="002",
    scope="where the slope has fallen to 1 % of its peak; nothing is trained",
)
def saturates(lab):
    """Finds where each slope has fallen to 1 % of its peak."""
    flat_from = {
        name: brentq(lambda x, f=f: f(x) / f(0.0) - FLAT, 0, 15, xtol=1e-14)
        for name, f in (("tanh", tanh_slope), ("sigmoid", sigmoid_slope))
    }
    return Finding(
        stats.above(flat_from["tanh"], flat_from["sigmoid"]),
        "The slope has fallen to 1 % of its peak at |x| = {flat_from[tanh]:.3f} for "
        "tanh and at {flat_from[sigmoid]:.3f} for the sigmoid: tanh, which is a "
        "sigmoid of 2x, saturates in half the distance. Its wider range does not "
        "help: at the same share of their ranges both have the same share of their "
        "peak slopes.",
        figure=draw_slopes,
        flat_from=flat_from,
    )


def draw_slopes(lab):
    """The slopes of tanh and sigmoid to the right of 0."""
    figure, axes = figures.new()
    x, cross = np.linspace(0, 7, 351), crossing()
    axes.set_yscale("log")
    figures.curves(axes, x, {"sigmoid": sigmoid_slope(x), "tanh": tanh_slope(x)})
    axes.plot(cross, sigmoid_slope(cross), "ko", markersize=6)
    title = f"Tanh is steeper than the sigmoid up to x = {cross:.2f}, flatter beyond"
    figures.describe(axes, title, "x", "slope")
    lab.figure("slopes", figure, "Slopes of sigmoid and tanh; they cross at the dot.")


if __name__ == "__main__":
    main(__file__)
