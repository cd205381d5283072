"""Descent: subtract the gradient; what the sign of an update does.

The gradient points uphill, so a step goes the other way: x ← x − α f'(x). The notes
print one rule with a plus. Another one hides the sign in δ: with δ = (t − y) y(1 − y),
which is *minus* dE/dz, the step must be added, w ← w + η δ a; they subtract it.
"""

from fractions import Fraction

import numpy as np

from recipes.basics.backprop._xor import xor_costs
from recipes.lab import Finding, claim, figures, main, stats

HUNDREDTH = Fraction(1, 100)


def descend(slope, x: Fraction, rate: Fraction, steps: int) -> list[Fraction]:
    """Returns the points of gradient descent in exact fractions."""
    points = [x]
    for _ in range(steps):
        points.append(points[-1] - rate * slope(points[-1]))
    return points


def slope_of_square(x):
    """The derivative of x²."""
    return 2 * x


@claim(
    "gd-one-step-x2",
    "On y = x² one step from 2 with rate 0.01 leads to 1.96.",
    says="is",
    notes="001",
    scope="the notes' example, exact fractions",
)
def one_step(lab):
    """The slope at 2 is 4, a hundredth of it is the step."""
    one = descend(slope_of_square, Fraction(2), HUNDREDTH, 1)[-1]
    return Finding(
        slope_of_square(2) == 4 and one == Fraction("1.96"),
        "The slope at 2 is {slope}, and 2 - 0.01 · {slope} = {after}.",
        slope=slope_of_square(2),
        after=float(one),
    )


# The notes print two points of a descent and leave out function, start and rate. On
# f = (x − m)² a step multiplies x − m by 1 − 2α: two points fix the factor for each m.


def reconstructions() -> list[tuple[int, Fraction, Fraction]]:
    """Returns every (minimum m, start, rate) in whole m, start in -10..10."""
    first, second, fits = Fraction("2.2"), Fraction("1.72"), []
    for minimum in range(-10, 11):
        factor = (second - minimum) / (first - minimum)
        start = minimum + (first - minimum) / factor
        rate = (1 - factor) / 2
        if start.denominator == 1 and abs(start) <= 10 and rate > 0:
            fits.append((minimum, start, rate))
    return fits


@claim(
    "gd-two-steps",
    "Two steps of gradient descent lead to 2.2 and then to 1.72.",
    says="is",
    notes="001",
    scope="f = (x - m)² for whole m and starts from -10 to 10, exact fractions",
)
def two_steps(lab):
    """Every parabola, start and rate that give both numbers."""
    fits = reconstructions()
    points = [
        [float(x) for x in descend(lambda x, m=m: 2 * (x - m), start, rate, 5)]
        for m, start, rate in fits
    ]
    return Finding(
        any(path[1:3] == [2.2, 1.72] for path in points),
        "The notes leave out function, start and rate. With minimum and start whole, "
        "and a unit square term, only these give both numbers: {fits}.",
        fits=[f"f = (x - {m})² from {start}, rate {rate}" for m, start, rate in fits],
        minimum_start_and_rate=[list(map(str, fit)) for fit in fits],
        points=points,
    )


@claim(
    "gd-sign",
    "Gradient descent moves by x ← x + α∇f.",
    says="is",
    notes="003",
    scope="x² from 2, 100 steps at rate 0.01, exact fractions",
)
def sign_of_the_step(lab):
    """A hundred steps with either sign."""
    down = float(descend(slope_of_square, Fraction(2), HUNDREDTH, 100)[-1])
    up = float(descend(slope_of_square, Fraction(2), -HUNDREDTH, 100)[-1])
    return Finding(
        stats.below(up, 2),
        "Subtract: on x² from 2 with rate 0.01, 100 steps that add α∇f climb to "
        "{up:.3f}; steps that subtract it come down to {down:.5f}.",
        figure=draw_signs,
        up=up,
        down=down,
    )


@claim(
    "delta-rule-sign",
    "With δ = (t - y) y (1 - y), w ← w - η δ a trains a network.",
    says="is",
    notes="003",
    scope="XOR, 2-4-1 sigmoid networks, 200 starts, 4000 passes at rate 1",
)
def sign_of_the_delta_rule(lab):
    """With this δ the printed minus is a step up the gradient, a plus a step down."""
    printed, corrected = xor_costs(lab, 4, sign=-1), xor_costs(lab, 4)
    # Costs are positive and skewed: their ratio is compared.
    fall = stats.greater(printed[0], printed[-1], by=stats.TENTH, scale="log")
    return Finding(
        {"the printed minus lowers the cost": fall},
        "With this δ the step must be added: on XOR the printed minus drives the mean "
        "cost of {starts} networks from {first:.3f} to {last:.4f}, the plus to "
        "{last_corrected:.4f}.",
        figure=draw_signs,
        starts=printed.shape[1],
        first=printed[0].mean(),
        last=printed[-1].mean(),
        last_corrected=corrected[-1].mean(),
        change=(printed[-1] - printed[0]).mean(),
        times_the_cost_falls=fall,
    )


def draw_signs(lab):
    """Both signs of both printed rules."""
    printed, corrected = xor_costs(lab, 4, sign=-1), xor_costs(lab, 4)
    figure, axes = figures.new(1, 2, width=10.0, height=3.8)
    steps = np.arange(101)
    both = {"x + α∇f": 2 * 1.02**steps, "x - α∇f": 2 * 0.98**steps}
    figures.curves(axes[0], steps, both)
    title = "Adding the gradient climbs away from 0"
    figures.describe(axes[0], title, "steps of α = 0.01 on x² from 2", "x")
    passes = np.arange(1, len(printed) + 1)
    axes[1].set_xscale("log")
    figures.curves(axes[1], passes, {"w - ηδa": printed.T, "w + ηδa": corrected.T})
    (first, last), plus = printed[[0, -1]].mean(1), corrected[-1].mean()
    title = "XOR with the printed minus, and with a plus"
    if last > first > 10 * plus:
        title = "The printed minus unlearns XOR, a plus learns it"
    figures.describe(axes[1], title, "pass (cost before it)", "cost, ½ Σ (t - y)²")
    lab.figure(
        "signs",
        figure,
        "Both signs of two printed rules. Right: means over all starting points; the "
        "bands reach from the least to the greatest.",
    )


if __name__ == "__main__":
    main(__file__)
