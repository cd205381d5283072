"""Sensitivity: targets that are off pull a squared error; inputs that are off pull all.

A residual pulls on the fit with the slope of the loss: by squared error with its size,
by absolute and Huber's loss with 1 at most. That is a constant's pull. On a line, an
input multiplies it: a wrong input of 20 pulls twenty times as hard by any loss, and has
no bound.
"""

import numpy as np
from scipy import optimize
from sklearn.linear_model import QuantileRegressor

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.losses.regression._curve import draw_fits, networks
from recipes.losses.regression._formulas import (
    CENTER,
    absolute,
    barron,
    fit_constants,
    huber,
    notes_adaptive,
    pinball,
    squared,
)

HUBER = "Huber, δ = 1"
CONSTANTS = {
    "squared": squared,
    "absolute": absolute,
    HUBER: huber,
    "Barron, α = 0": lambda e: barron(e, 0.0),
    "Barron, α = -2": lambda e: barron(e, -2.0),
    "as printed, c = 1": notes_adaptive,
    "quantile 0.1": lambda e: pinball(e, 0.1),
    "quantile 0.5": lambda e: pinball(e, 0.5),
    "quantile 0.9": lambda e: pinball(e, 0.9),
    "quantile 0.99": lambda e: pinball(e, 0.99),
}


@experiment
def constants(lab) -> dict[str, list[float]]:
    """What every loss fits to 95 targets near 5 and 5 near 100, one a seed."""
    return {
        name: fit_constants(lab.seeds, loss)["spoiled"]
        for name, loss in CONSTANTS.items()
    }


def fit_lines(seed: int) -> dict[str, float]:
    """Fits y = 2x to 95 rows near it and 5 with a wrong input; errors of the slope."""
    rng = np.random.default_rng([seed, 3])
    x = np.concatenate([rng.normal(0, 1, 95), rng.normal(20, 1, 5)])
    y = np.concatenate([2 * x[:95], np.zeros(5)]) + rng.normal(0, 0.2, 100)
    both = np.column_stack([np.ones(100), x])

    def huber_of_line(coefficients):
        e = y - both @ coefficients
        return huber(e).sum(), -both.T @ np.clip(e, -1, 1)

    median = QuantileRegressor(quantile=0.5, alpha=0).fit(x[:, None], y)
    slopes = {
        "squared": np.linalg.lstsq(both, y, rcond=None)[0][1],
        "absolute": median.coef_[0],
        HUBER: optimize.minimize(huber_of_line, np.zeros(2), jac=True).x[1],
    }
    return {name: float(abs(slope - 2)) for name, slope in slopes.items()}


@claim(
    "mse-outlier-sensitive",
    "Outliers pull a fit by squared error, and one by absolute or Huber's loss less.",
    says="always",
    notes="001 002 003",
    scope="a constant on 100 targets, a line on 100 rows, a 1-32-32-1 network on 200 "
    "points; 5 to 10 % of the data off",
)
def pulls_a_fit(lab):
    """Distances to the truth by three losses: a constant, a network, a line."""
    runs, fitted = networks(lab), constants(lab)
    losses = ("squared", "absolute", HUBER)
    cases = {
        "a constant, wrong targets": {
            name: np.abs(np.subtract(fitted[name], CENTER)) for name in losses
        },
        "a network, wrong targets": {
            "squared": stats.column(runs["squared error"], "distance"),
            "absolute": stats.column(runs["absolute error"], "distance"),
            HUBER: stats.column(runs[HUBER], "distance"),
        },
        "a line, wrong inputs": stats.columns([fit_lines(s) for s in lab.seeds]),
    }
    return Finding(
        {
            f"{case}: {name.partition(',')[0]}": stats.greater(
                found["squared"], found[name], by=stats.TENTH, scale="log"
            )
            for case, found in cases.items()
            for name in ("absolute", HUBER)
        },
        "Distance to the truth by squared, absolute and Huber's loss: {constant:.2g} "
        "for a constant and {network:.2g} for a network, some of whose targets are "
        "wrong; {line:.2g} for a line, some of whose inputs are wrong. Absolute and "
        "Huber's loss bound the pull of an error; but an input multiplies that pull, "
        "so that a wrong input pulls without bound.",
        figure=draw_losses,
        constant=[
            found.mean() for found in cases["a constant, wrong targets"].values()
        ],
        network=[found.mean() for found in cases["a network, wrong targets"].values()],
        line=[found.mean() for found in cases["a line, wrong inputs"].values()],
        squared_minus={
            f"{name}: {case}": (found["squared"] - found[name]).mean()
            for case, found in cases.items()
            for name in ("absolute", HUBER)
        },
        mean_fitted_constant={name: float(np.mean(c)) for name, c in fitted.items()},
        true_constant=CENTER,
    )


def draw_losses(lab):
    """The first seed's networks by four losses."""
    names = ("squared error", "absolute error", HUBER, "Barron, α = -2")
    runs = {name: networks(lab)[name] for name in names}
    far = {name: stats.column(found, "distance").mean() for name, found in runs.items()}
    title = f"Farthest from the truth, on average: {max(far, key=far.__getitem__)}"
    draw_fits(lab, "fits", title, runs)


if __name__ == "__main__":
    main(__file__)
