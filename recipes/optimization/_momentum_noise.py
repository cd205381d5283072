"""Momentum and noise: in the direction that is followed, and where weights end."""

import numpy as np

from recipes.lab import figures
from recipes.optimization._momentum_averages import average

RATE, CHAINS, STEPS = 0.1, 200, 1000


def judge(lab) -> None:
    """Compares formulas with simulated noise in both forms."""
    beta = lab.settings.beta
    formulas = {
        "(1 − β) form": (1 - beta) / (1 + beta),
        "velocity form": 1 / (1 - beta**2),
    }
    measured, ends = simulate(lab.seeds, beta)
    floors = {
        "plain": floor(RATE, 0.0),
        "(1 − β) form": floor(RATE * (1 - beta), beta),
        "velocity form": floor(RATE, beta),
    }
    off = max(
        abs(np.mean(values) / formula[name] - 1)
        for values_of, formula in ((measured, formulas), (ends, floors))
        for name, values in values_of.items()
    )
    agree = bool(off < 0.1)  # else the simulation is wrong, and nothing is decided
    share = floors["(1 − β) form"] / floors["plain"]
    lab.verdict(
        "momentum-noise",
        {
            **{
                f"direction, {n}": v < 1 if agree else None for n, v in formulas.items()
            },
            # A noise floor counts as smoothed where it is halved at least.
            **{
                f"weights, {n}": floors[n] < floors["plain"] / 2 if agree else None
                for n in formulas
            },
        },
        evidence={
            "variance_of_the_direction_by_formula": formulas,
            "variance_of_the_direction_simulated": measured,
            "variance_of_the_weights_by_formula": floors,
            "variance_of_the_weights_simulated": ends,
            "greatest_relative_difference": off,
        },
        note="Noise of variance 1 leaves the direction with "
        + ", ".join(f"{v:.4f} ({name})" for name, v in formulas.items())
        + ", the same relative to their means: each statement of the notes is true of "
        f"one form. Weights at rate {RATE} around a minimum of curvature 1 keep a "
        "variance of "
        + ", ".join(f"{v:.4f} ({name})" for name, v in floors.items())
        + f": a smoother direction leaves them {share:.0%} of plain descent's noise.",
    )
    _draw(lab, beta, formulas)


def simulate(seeds, beta: float) -> tuple[dict, dict]:
    """Variances of the direction and of the weights by form, for each seed."""
    directions = {"(1 − β) form": [], "velocity form": []}
    weights = {name: [] for name in ("plain", *directions)}
    for seed in seeds:
        noise = np.random.default_rng([seed, 9]).normal(size=(STEPS, CHAINS))
        direction = average(noise, beta)[STEPS // 2 :]
        directions["(1 − β) form"].append(float(direction.var()))
        directions["velocity form"].append(float((direction / (1 - beta)).var()))
        for name, wander in wandering(noise, beta).items():
            weights[name].append(float(wander[STEPS // 2 :].var()))
    return directions, weights


def floor(rate: float, beta: float) -> float:
    """Variance of a weight around a minimum of curvature 1 under noise of variance 1.

    The stationary covariance of θ ← θ + v, v ← βv − η(θ + noise), solved by hand.
    """
    return rate * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - rate))


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


def _draw(lab, beta, variances) -> None:
    """Draws what the average makes of a noisy signal, and v in both forms."""
    rng, steps = np.random.default_rng(1), np.arange(1, 121)
    signal = 1 + 0.5 * np.sin(steps / 25)
    seen = signal + rng.normal(0, 0.4, len(steps))
    gradients = 1 + rng.normal(size=len(steps))
    figure, (top, bottom) = figures.new(2, 1, width=8.0, height=6.4)
    top.plot(steps, seen, ".", color="#AAAAAA", markersize=5)
    curves = {
        "signal": signal,
        f"β {beta:g}": average(seen, beta),
        f"β {beta:g}, corrected": average(seen, beta, corrected=True),
        "β 0.98, corrected": average(seen, 0.98, corrected=True),
    }
    figures.curves(top, steps, curves)
    title = "Averages of the dots: low at first unless corrected, and late"
    figures.describe(top, title, "step", "value")
    bottom.plot(steps, gradients, ".", color="#AAAAAA", markersize=5)
    v = average(gradients, beta)
    scales = {"(1 − β) form": 1.0, "velocity form": 1 / (1 - beta)}
    runs = {
        f"{form}\nmean {scale:.3g},\nvariance {variances[form]:.3g}": v * scale
        for form, scale in scales.items()
    }
    figures.curves(bottom, steps, runs)
    title = "The v of both forms, from gradients (dots) of mean and variance 1"
    figures.describe(bottom, title, "step", "gradient or v")
    told = "A noisy signal with its weighted averages; noisy gradients with the v of "
    lab.figure("averages", figure, told + "both forms of momentum.")
