"""Powers: below 1 a penalty leaves large weights alone, above 1 it leaves zeros none.

The penalty strength * sum |w|^p is L2 for p = 2, L1 for p = 1 and the bridge penalty
for others. Its pull on a weight is strength * p * |w|^(p - 1). For p = 2 that grows
with the weight: large weights are pulled most, and small ones hardly at all. For p = 1
it is the same everywhere. For p < 1 it *falls* with the weight: what is small is drawn
to 0, and what is large is hardly touched. So each power has its own answer to "does it
keep weights from growing large?".
"""

import numpy as np
from sklearn.model_selection import KFold

from recipes.generalization.penalties._linear import FEATURES, FOLDS, problem
from recipes.generalization.penalties._networks import (
    WIDTH,
    WRONG,
    best_strength,
    runs_of,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo.penalties import Lp

POWERS = (0.5, 1.0, 2.0)
ROWS = 60
STRENGTHS = tuple(float(f"{s:.3g}") for s in 10.0 ** np.arange(-2, 3.1, 0.5))
ROUNDS = 200  # of coordinate descent; it ends when no weight moves


def pulled(value, strength: float, power: float):
    """The w that minimizes (w - value)² / 2 + strength * |w|^power.

    Args:
        value: A number, or an array of them.
        strength: Of the penalty.
        power: One of `POWERS`: each has a formula; that of 0.5 is due to Xu, Chang, Xu
            and Zhang (2012), and is 0 below a value where the minimum leaps.
    """
    size = np.abs(value)
    if power == 2:
        return value / (1 + 2 * strength)
    if power == 1:
        return np.sign(value) * np.maximum(size - strength, 0)
    leap = 1.5 * strength ** (2 / 3)
    angle = np.arccos(strength / 4 * (3 / np.maximum(size, leap or 1.0)) ** 1.5)
    w = 2 / 3 * size * (1 + np.cos(2 * np.pi / 3 - 2 / 3 * angle))
    return np.where(size > leap, np.sign(value) * w, 0.0)


def bridge(x, y, strength: float, power: float) -> np.ndarray:
    """The weights of least sum (y - xw)² / 2 + strength * sum |w|^power.

    Coordinate descent from the unpenalized fit. Below power 1 there are many minima;
    this is the one that it finds.
    """
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    squares, residual = (x**2).sum(0), y - x @ weights
    for _ in range(ROUNDS):
        before = weights.copy()
        for j in range(x.shape[1]):
            alone = weights[j] + x[:, j] @ residual / squares[j]
            new = float(pulled(alone, strength / squares[j], power))
            residual += x[:, j] * (weights[j] - new)
            weights[j] = new
        if np.abs(weights - before).max() < 1e-7:
            break
    return weights


def bridge_by_folds(x, y, power: float) -> np.ndarray:
    """The fit of the strength that cross-validation in these rows chooses."""
    errors = np.zeros(len(STRENGTHS))
    for train, held in KFold(FOLDS).split(x):
        for index, strength in enumerate(STRENGTHS):
            weights = bridge(x[train], y[train], strength, power)
            errors[index] += ((y[held] - x[held] @ weights) ** 2).sum()
    return bridge(x, y, STRENGTHS[int(errors.argmin())], power)


@experiment
def fits(lab) -> dict:
    """Weights by power and without a penalty ("none"), (seeds, features); the truth."""
    drawn = [problem(seed, ROWS) for seed in lab.seeds]
    found = {p: np.array([bridge_by_folds(d.x, d.y, p) for d in drawn]) for p in POWERS}
    found["none"] = np.array([bridge(d.x, d.y, 0.0, 1.0) for d in drawn])
    found["truth"] = np.array([d.truth for d in drawn])
    return found


# "Big" is the largest weight: a penalty that shrinks the sum and leaves the largest as
# it was has not kept it from growing. A tenth is what matters. Each penalty has the
# strength that is best on held-out rows, because any penalty shrinks anything if it is
# strong enough.


@claim(
    "reg-lp",
    "L1, Lp and L2 penalties keep a model's coefficients from growing big.",
    says="is",
    notes="000",
    scope="linear regression of 20 features on 60 rows, and a network of 128 units on "
    "300 digits with half of the labels wrong; powers 0.5, 1 and 2 at their best "
    "strengths",
)
def large_weights_shrink(lab):
    """The largest weight with each penalty and without."""
    found, shorter, zeros, bias, networks = fits(lab), {}, {}, {}, {}
    largest = {p: np.abs(weights).max(1) for p, weights in found.items()}
    useful = found["truth"] != 0
    for power in POWERS:
        name = f"L{power:g}"
        shorter[f"linear, {name}: the largest weight is a tenth smaller"] = (
            stats.greater(largest["none"], largest[power], by=stats.TENTH, scale="log")
        )
        zeros[name] = (found[power] == 0).sum(1).mean()
        bias[name] = (
            np.abs(found[power][useful]).mean() / np.abs(found["truth"][useful]).mean()
        )
        strength = best_strength(lab, power, WIDTH, WRONG)
        plain = stats.column(runs_of(lab, 0.0, power, WIDTH, WRONG), "largest")
        with_it = stats.column(runs_of(lab, strength, power, WIDTH, WRONG), "largest")
        networks[name] = [float(plain.mean()), float(with_it.mean())]
        shorter[f"a network, {name}: the largest weight is a tenth smaller"] = (
            stats.greater(plain, with_it, by=stats.TENTH, scale="log")
        )
    return Finding(
        shorter,
        "Largest weight of the linear model: {largest:.2f}. Of {features} weights "
        "these are exactly 0: {zeros:.1f}; and the useful ones have this share of "
        "their true size: {bias:.2f}. Largest weight of the network, without a "
        "penalty and with it: {networks:.2f}.",
        figure=draw_powers,
        largest={
            "none" if p == "none" else f"L{p:g}": size.mean()
            for p, size in largest.items()
            if p != "truth"
        },
        features=FEATURES,
        zeros=zeros,
        bias=bias,
        networks=networks,
    )


def draw_powers(lab):
    """The penalties, and what each makes of a weight that alone would be so large."""
    figure, (left, right) = figures.new(1, 2, width=9.6, height=3.9)
    at = np.linspace(-2, 2, 201)
    alone = np.linspace(0, 3, 301)
    for index, power in enumerate(POWERS):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        cost = [float(np.asarray(Lp(1.0, power)(np.array([w], "float32")))) for w in at]
        left.plot(at, cost, label=f"p = {power:g}", **style)
        right.plot(alone, pulled(alone, 0.5, power), label=f"p = {power:g}", **style)
    right.plot(alone, alone, color="#888888", lw=1, label="no penalty")
    figures.legend(left, loc="upper center")
    title = "A small power charges large weights little"
    figures.describe(left, title, "weight w", "penalty |w|^p")
    title = "p = 0.5 and 1 make zeros; p = 0.5 lets go"
    x, y = "weight without the penalty", "weight with it (strength 0.5)"
    figures.describe(right, title, x, y)
    figures.label_ends(right)
    lab.figure(
        "powers",
        figure,
        "Penalties of powers 0.5, 1 and 2, and the minimum of a single weight under "
        "each.",
    )


if __name__ == "__main__":
    main(__file__)
