"""What passes through negative units: chains of them, swish and softplus."""

import numpy as np
from keras import activations
from scipy.optimize import brentq
from scipy.special import lambertw

from recipes.basics._activations_table import (
    apply,
    autodiff,
    difference,
    gap,
    softplus,
    swish,
    swish_slope,
    table,
)

CHAIN = 10  # units in a row
NAMES = (
    "leaky ReLU, α = 0.01",
    "PReLU, α = 0.25",
    "ELU, α = 1",
    "swish, β = 1",
    "ReLU",
)
START = -1.0  # what reaches the first of them
VANISHED = 1e-3


def judge(lab) -> None:
    """States the verdicts; nothing here depends on chance."""
    chains(lab)
    swish_and_softplus(lab)


def through(function, slope, start: float = START, units: int = CHAIN) -> float:
    """Returns what is left of a gradient after units in a row with weight 1."""
    z, product = np.float64(start), 1.0
    for _ in range(units):
        product *= float(slope(z))
        z = function(z)
    return product


def chains(lab) -> None:
    """Sends a gradient back through ten units whose inputs are all negative."""
    rows = table()
    left = {n: abs(through(rows[n].function, rows[n].slope)) for n in NAMES}
    more = {f"leaky ReLU, α = {a}": a**CHAIN for a in (0.2, 0.3)}
    first, cures = left[NAMES[0]], NAMES[1:-1]
    lab.verdict(
        "leaky-not-complete-fix",
        {
            "leaky ReLU's gradient vanishes": first < VANISHED,
            **{
                f"{name.split(',')[0]} keeps more": left[name] > first for name in cures
            },
        },
        evidence={
            f"gradient_left_after_{CHAIN}_units_from_x_{START:g}": {**left, **more},
            "counts_as_vanished_below": VANISHED,
        },
        note=f"Ten units in a row, weights 1, first input {START:g}: leaky ReLU leaves "
        f"{first:.0e} of a gradient (0.01 to the tenth), where ReLU leaves "
        f"{left['ReLU']:g}. "
        + "; ".join(f"{name} leaves {left[name]:.1e}" for name in cures)
        + ". More is not always enough.",
    )


def swish_and_softplus(lab) -> None:
    """Finds swish's minimum, and where softplus stops moving."""
    low = {beta: swish_minimum(beta) for beta in (0.5, 1.0, 2.0)}
    closed = float(lambertw(np.exp(-1)).real)
    x = np.linspace(-8, 8, 1601)
    steps = np.diff(swish(x, 1.0))
    bends = difference(lambda v: swish_slope(v, 1.0), x)
    at, value = low[1.0]
    lab.verdict(
        "swish-nonmonotonic",
        {
            "not monotonic": bool((steps < 0).any() and (steps > 0).any()),
            "smooth": gap(bends[1:], bends[:-1]) < 0.01,  # no jump in f'' either
        },
        evidence={
            "minimum_x_and_value": {f"β = {b}": pair for b, pair in low.items()},
            "closed_form_for_β_1": [-1 - closed, -closed],  # with Lambert's W(1/e)
            "largest_step_of_the_second_derivative": np.abs(np.diff(bends)).max(),
        },
        note=f"With β = 1 it falls to {value:.5f} at x = {at:.5f} and rises from there "
        f"on; with β = 2 to {low[2.0][1]:.5f} at {low[2.0][0]:.5f}.",
    )
    slope = float(autodiff(activations.softplus, [-10.0])[0])
    deep = np.arange(-200.0, 0, dtype="float32")
    zero = deep[apply(activations.softplus, deep) == 0]
    lab.verdict(
        "softplus-positive-vanishes",
        {
            "positive": bool((softplus(np.linspace(-30, 30, 601)) > 0).all()),
            "its slope vanishes to the left": slope < 1e-4,
        },
        evidence={
            "slope_at_-10": slope,
            "slope_at_+10": float(autodiff(activations.softplus, [10.0])[0]),
            "whole_x_up_to_which_float32_gives_exactly_0": zero.max(initial=-np.inf),
        },
        note=f"At x = -10 the slope, which is σ(x), is {slope:.1e}. Only rounding "
        "makes the value itself 0, in float32 up to x = "
        f"{zero.max(initial=-np.inf):.0f}.",
    )


def swish_minimum(beta: float) -> tuple[float, float]:
    """Returns where swish is least, and its value there: the root of its slope."""
    at = brentq(lambda x: swish_slope(x, beta), -3 / beta, 0, xtol=1e-14)
    return at, float(swish(at, beta))
