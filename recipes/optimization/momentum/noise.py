"""Noise: one form smooths the direction, one amplifies it, and weights don't care.

The notes say that momentum smooths the noise of gradients, and elsewhere that it
amplifies it. Both are right, of different forms: an average of noise has less variance
than one draw, (1 − β)/(1 + β) of it; a sum has more, 1/(1 − β²). What training feels is
neither: it is the noise that the *weights* keep around a minimum, and there only the
length of a step matters.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.momentum._forms import average

RATE, CHAINS, STEPS = 0.1, 200, 1000
AGREE = 0.1  # simulation and formula agree within a tenth, or nothing is decided
HALF = 0.5  # the weights' noise counts as smoothed where it is halved at least


# How much noise a weight keeps. With v' = βv − η(θ + noise) and θ' = θ + v' the three
# means q = E[θ²], c = E[θv] and p = E[v²] no longer change once training has settled:
#   E[θ'²] = q  gives  p = −2(βc − ηq),
#   E[θ'v'] = c  gives  c = (βc − ηq) + p, so that c = ηq/(1 + β) and p = 2ηq/(1 + β),
#   E[v'²] = p  gives  p = β²p − 2βηc + η²q + η², and with both put in, q.


def weight_variance(rate: float, beta: float) -> float:
    """Variance q of a weight around a minimum of curvature 1, noise of variance 1."""
    return rate * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - rate))


def simulate(seeds, beta: float) -> tuple[dict, dict]:
    """Variances of the direction and of the weights by form, for each seed."""
    directions = {"(1 − β) form": [], "velocity form": []}
    weights = {name: [] for name in ("plain", *directions)}
    for seed in seeds:
        noise = np.random.default_rng([seed, 9]).normal(size=(STEPS, CHAINS))
        direction = average(noise, beta)[STEPS // 2 :]
        directions["(1 − β) form"].append(float(direction.var()))
        directions["velocity form"].append(float((direction / (1 - beta)).var()))
        for name, path in wandering(noise, beta).items():
            weights[name].append(float(path[STEPS // 2 :].var()))
    return directions, weights


def wandering(noise, beta) -> dict[str, np.ndarray]:
    """Weights that wander around 0 under the same noise, in every form."""
    paths = {}
    for name, rate, kept in (
        ("plain", RATE, 0.0),
        ("(1 − β) form", RATE * (1 - beta), beta),
        ("velocity form", RATE, beta),
    ):
        weight, v, path = np.zeros(noise.shape[1:]), 0.0, []
        for kick in noise:
            v = kept * v - rate * (weight + kick)
            weight = weight + v
            path.append(weight)
        paths[name] = np.array(path)
    return paths


@claim(
    "momentum-noise",
    "Momentum helps to smooth the noise of the gradients (elsewhere the notes say that "
    "it can amplify it).",
    says="often",
    hedge="helps",
    notes="001 002",
    scope="noise of variance 1 around a minimum of curvature 1, rate 0.1; nothing is "
    "trained",
)
def smooths_noise(lab):
    """Compares formulas with simulated noise in both forms."""
    beta = lab.settings.beta
    directions = {
        "(1 − β) form": (1 - beta) / (1 + beta),
        "velocity form": 1 / (1 - beta**2),
    }
    weights = {
        "plain": weight_variance(RATE, 0.0),
        "(1 − β) form": weight_variance(RATE * (1 - beta), beta),
        "velocity form": weight_variance(RATE, beta),
    }
    simulated_directions, simulated_weights = simulate(lab.seeds, beta)
    error = max(
        abs(np.mean(values) / formula[name] - 1)
        for simulated, formula in (
            (simulated_directions, directions),
            (simulated_weights, weights),
        )
        for name, values in simulated.items()
    )
    agree = bool(error < AGREE)
    conditions = {
        f"direction, {form}": stats.below(variance, 1)
        for form, variance in directions.items()
    } | {
        f"weights, {form}": stats.below(weights[form], HALF * weights["plain"])
        for form in directions
    }
    return Finding(
        {name: holds if agree else None for name, holds in conditions.items()},
        "Noise of variance 1 leaves the direction with {directions:.4f}, the same "
        "relative to their means: each statement of the notes is true of one form. "
        "Weights at rate {rate} around a minimum of curvature 1 keep a variance of "
        "{weights:.4f}: a smoother direction leaves them {share:.0%} of plain "
        "descent's noise.",
        figure=draw_directions,
        rate=RATE,
        share=weights["(1 − β) form"] / weights["plain"],
        directions=directions,
        weights=weights,
        simulated_directions=simulated_directions,
        simulated_weights=simulated_weights,
        greatest_relative_difference=error,
    )


def draw_directions(lab):
    """The v of both forms, from the same noisy gradients."""
    beta, steps = lab.settings.beta, np.arange(1, 121)
    gradients = 1 + np.random.default_rng(2).normal(size=len(steps))
    figure, axes = figures.new(width=8.0, height=3.6)
    axes.plot(steps, gradients, ".", color="#AAAAAA", markersize=5)
    v = average(gradients, beta)
    curves = {}
    for form, scale in {"(1 − β) form": 1.0, "velocity form": 1 / (1 - beta)}.items():
        variance = scale**2 * (1 - beta) / (1 + beta)
        label = f"{form}\nmean {scale:.3g},\nvariance {variance:.3g}"
        curves[label] = v * scale
    figures.curves(axes, steps, curves)
    title = "The sum has more variance than the gradients (dots), the average less"
    figures.describe(axes, title, "step", "gradient or v")
    lab.figure(
        "directions", figure, "Noisy gradients with the v of both forms of momentum."
    )


if __name__ == "__main__":
    main(__file__)
