"""Derivatives: what back-propagation multiplies, each against a finite difference.

Back-propagation is the chain rule: dE/dw = dE/da · da/dz · dz/dw, all three factors,
and a sum of such products where several paths lead from w to E. The notes' tables of
derivatives lose a sign or a factor in places. Finite differences,
(f(x + h) − f(x − h))/2h, know no formula and so show which is right.
"""

import numpy as np

from recipes.basics._sigmoid_network import sigmoid
from recipes.basics.backprop._checks import slope
from recipes.lab import Finding, claim, main, stats

SAME = 1e-8  # a central difference of width 1e-5 is right to ten digits or so
SAME_MANY = 1e-7  # the largest of many such differences, where slopes reach 100


@claim(
    "bp-one-weight",
    "For one weight, dE/dw is dE/da · dz/dw with dE/da = -(y - a).",
    says="is",
    notes="001",
    scope="one sigmoid unit, x = 1.5, w = 0.4, b = 0.1, y = 1, E = (y - a)²",
)
def one_weight(lab):
    """The printed product of two factors, and the chain's of three."""
    x, w, b, y = 1.5, 0.4, 0.1, 1.0
    a = sigmoid(w * x + b)
    whole = 2 * (a - y) * a * (1 - a) * x
    printed = -(y - a) * x
    numeric = slope(lambda w: (y - sigmoid(w * x + b)) ** 2, w)
    return Finding(
        stats.close(printed, numeric, within=SAME),
        "The chain needs all three factors, dE/da · da/dz · dz/dw with da/dz = a(1 - "
        "a) and dE/da = -2(y - a): {whole:.6f}, as finite differences confirm; the "
        "printed product gives {printed:.6f}.",
        whole=whole,
        printed=printed,
        numeric=numeric,
        for_half_the_square=whole / 2,
    )


@claim(
    "chain-rule-scalar-and-sum",
    "The chain rule multiplies along one path and sums over all paths.",
    says="is",
    notes="001 002 003",
    scope="exp(sin x) and sin(x) x² + exp(x)², 31 points on [-1.5, 1.5]",
)
def chain_rule(lab):
    """One variable in between, and three."""
    x = np.linspace(-1.5, 1.5, 31)
    scalar = np.exp(np.sin(x)) * np.cos(x)
    one = max(
        abs(slope(lambda x: np.exp(np.sin(x)), point) - derivative)
        for point, derivative in zip(x, scalar, strict=True)
    )
    inner = np.array([np.sin(x), x**2, np.exp(x)])  # z1, z2, z3
    inner_slopes = np.array([np.cos(x), 2 * x, np.exp(x)])
    outer_slopes = np.array([inner[1], inner[0], 2 * inner[2]])  # of C = z1 z2 + z3²
    total = (outer_slopes * inner_slopes).sum(0)
    several = max(
        abs(slope(lambda x: np.sin(x) * x**2 + np.exp(x) ** 2, point) - derivative)
        for point, derivative in zip(x, total, strict=True)
    )
    return Finding(
        {
            "one variable": stats.below(one, SAME_MANY),
            "a sum over three": stats.below(several, SAME_MANY),
        },
        "Products along a path, and their sum over three paths, differ from finite "
        "differences by {one:.0e} and {several:.0e} at most, at {points} points.",
        one=one,
        several=several,
        points=len(x),
    )


@claim(
    "sigmoid-slope-beta",
    "The slope of 1/(1 + e^-βh) is a(1 - a).",
    says="is",
    notes="003",
    scope="β = 2, h = 0.3",
)
def slope_with_beta(lab):
    """With β the inner function βh has a slope of its own."""
    beta, h = 2.0, 0.3
    a = sigmoid(beta * h)
    numeric, printed = slope(lambda h: sigmoid(beta * h), h), a * (1 - a)
    return Finding(
        stats.close(printed, numeric, within=SAME),
        "The derivative is β a(1 - a): with β = 2 at h = 0.3 it is {numeric:.5f}, "
        "twice the {printed:.5f} of the printed a(1 - a).",
        numeric=numeric,
        printed=printed,
        beta_times_a_times_1_minus_a=beta * printed,
    )


@claim(
    "sigmoid-written-with-plus-z",
    "The sigmoid is 1/(1 + e^z), with slope a(1 - a).",
    says="is",
    notes="003",
    scope="z = 1",
)
def written_with_plus(lab):
    """The printed function falls where the sigmoid rises."""

    def plus(z):
        return 1 / (1 + np.exp(z))

    a = plus(1.0)
    numeric, printed = slope(plus, 1.0), a * (1 - a)
    return Finding(
        stats.close(printed, numeric, within=SAME),
        "The sigmoid is 1/(1 + e^-z), {right:.4f} at z = 1; the printed 1/(1 + e^z) is "
        "{a:.4f} there and falls: its slope {numeric:.4f} is -a(1 - a).",
        right=sigmoid(1.0),
        a=a,
        numeric=numeric,
        printed=printed,
    )


@claim(
    "squared-error-derivative",
    "The derivative of ½‖y - a‖² by a is y - a.",
    says="is",
    notes="003",
    scope="a = 0.7, y = 1",
)
def squared_error(lab):
    """A sign: the error grows with a where a is above y."""
    a, y = 0.7, 1.0
    numeric = slope(lambda a: (y - a) ** 2 / 2, a)
    return Finding(
        stats.close(y - a, numeric, within=SAME),
        "The derivative is a - y: at a = 0.7, y = 1 it is {numeric:.4f}, not the "
        "printed {printed:+.4f}.",
        numeric=numeric,
        printed=y - a,
    )


@claim(
    "sigmoid-ce-delta",
    "With a sigmoid and cross-entropy the output's δ is a - y.",
    says="is",
    notes="003",
    scope="161 logits from -8 to 8, y = 0 and 1",
)
def cross_entropy(lab):
    """The product dC/da · da/dz, and finite differences of the cross-entropy."""
    z = np.linspace(-8, 8, 161)
    a, gaps, numeric = sigmoid(z), [], []
    for y in (0.0, 1.0):
        delta = (a - y) / (a * (1 - a)) * (a * (1 - a))  # dC/da · da/dz
        gaps.append(np.abs(delta - (a - y)).max())

        def entropy(z, y=y):
            return -y * np.log(sigmoid(z)) - (1 - y) * np.log(1 - sigmoid(z))

        numeric.append(max(abs(slope(entropy, p) - (sigmoid(p) - y)) for p in z))
    return Finding(
        {
            "as a product": stats.below(max(gaps), stats.EXACT),
            "by finite differences": stats.below(max(numeric), SAME_MANY),
        },
        "The slope a(1 - a) cancels: the product is a - y to {gap:.0e}, and so is the "
        "slope by finite differences, to {numeric:.0e}. A wrong output learns however "
        "flat its sigmoid is.",
        gap=max(gaps),
        numeric=max(numeric),
        logits=[z.min(), z.max()],
    )


if __name__ == "__main__":
    main(__file__)
