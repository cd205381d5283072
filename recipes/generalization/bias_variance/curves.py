"""Curves: a line misses the curve, and a wiggle follows the noise.

The notes have two pictures of a bad fit. A straight line through data with a clear
curve does poorly on the data that it was fitted to, and on new data as well. A very
wiggly curve does very well on its own data and poorly on new data. How well anybody can
do is known here, because the data are generated: the noise has variance 0.09, and no
model can have a smaller error on new data.
"""

import numpy as np
from scipy.interpolate import CubicSpline

from recipes.generalization.bias_variance._curve import CURVES, NOISE, curve, hat
from recipes.lab import Finding, claim, experiment, figures, main, stats

FLOOR = NOISE**2  # the error of the true curve on noisy data
NEW_ROWS = 1000
MODERATE, WIGGLY = 4, 15  # degrees; 16 coefficients for 30 rows
AS_MUCH_AS_NOISE = stats.Threshold(
    "the noise",
    FLOOR,
    "squared error",
    "what is gained on the training rows and lost on new ones by at least the whole "
    "variance of the noise can be seen in any picture.",
)


# Three curves that follow every small variation, each in its own way: a polynomial of
# high degree goes near the rows, a spline and the nearest neighbor go through them.


def polynomial(degree: int):
    """A fit by least squares: takes x, y and places."""
    return lambda x, y, at: hat(x, degree, at) @ y


def spline(x, y, at) -> np.ndarray:
    """The cubic spline through every row."""
    return CubicSpline(x, y)(at)


def nearest(x, y, at) -> np.ndarray:
    """The target of the nearest row."""
    return y[np.abs(np.asarray(at)[:, None] - x).argmin(1)]


FITS = {
    "line": polynomial(1),
    "degree 4": polynomial(MODERATE),
    "degree 15": polynomial(WIGGLY),
    "spline through every row": spline,
    "nearest neighbor": nearest,
}
WIGGLES = ("degree 15", "spline through every row", "nearest neighbor")


@experiment
def errors(lab, name: str) -> dict[str, dict[str, np.ndarray]]:
    """By fit the mean squared errors on a curve's training rows and on new rows."""
    found = {fit: {"training": [], "new": []} for fit in FITS}
    for seed in lab.seeds:
        x, y = curve(name, seed=[seed, 61])
        new_x, new_y = curve(name, NEW_ROWS, seed=[seed, 62])
        for fit, predict in FITS.items():
            found[fit]["training"].append(((predict(x, y, x) - y) ** 2).mean())
            found[fit]["new"].append(((predict(x, y, new_x) - new_y) ** 2).mean())
    return {
        fit: {rows: np.array(seen) for rows, seen in both.items()}
        for fit, both in found.items()
    }


@claim(
    "bv-line-through-curve",
    "A straight line through data with a clear curve has high bias: it does poorly on "
    "the training data and on new data.",
    says="is",
    notes="004",
    scope="three curves, 30 rows, noise 0.3 of the curve's standard deviation",
)
def line_misses(lab):
    """Poorly: at least twice the error that the noise alone makes."""
    found = {name: errors(lab, name)["line"] for name in CURVES}
    lab.table(
        f"Mean squared errors (the noise alone: {FLOOR:.2f}), medians over seeds",
        ["curve", "fit", "training rows", "new rows"],
        [
            [name, fit, *(float(np.median(seen)) for seen in both.values())]
            for name in CURVES
            for fit, both in errors(lab, name).items()
        ],
    )
    return Finding(
        {
            f"{name}, {rows} rows": stats.against(
                seen, FLOOR, by=stats.TWICE, scale="log"
            )
            for name, both in found.items()
            for rows, seen in both.items()
        },
        "On the {worst} the line's training error is {most:.0f} times the noise, on "
        "the {mildest}, nearly straight, {least:.1f} times. Errors on training rows: "
        "{training:.2f}; on new rows: {new:.2f}; the noise alone makes {floor:.2f}.",
        figure=draw_fits,
        floor=FLOOR,
        training={name: float(both["training"].mean()) for name, both in found.items()},
        new={name: float(both["new"].mean()) for name, both in found.items()},
        most=max(both["training"].mean() for both in found.values()) / FLOOR,
        least=min(both["training"].mean() for both in found.values()) / FLOOR,
        worst=max(found, key=lambda name: found[name]["training"].mean()),
        mildest=min(found, key=lambda name: found[name]["training"].mean()),
    )


# "Poorly on new data" needs something to compare with: a polynomial of degree 4, which
# has a coefficient for each six rows. A fit that is hardly worse than this one would be
# complex and no worse for it.


@claim(
    "bv-wiggly",
    "A very wiggly curve that follows every small variation has high variance: it fits "
    "the training data very well and does poorly on new data.",
    says="is",
    notes="004",
    scope="a noisy sine, 30 rows; a polynomial, a spline and the nearest neighbor",
)
def wiggle_follows_the_noise(lab):
    """For each of three wiggles: how far it drops, and whether it is worse."""
    found = errors(lab, "sine")
    moderate = found["degree 4"]
    conditions = {}
    for fit in WIGGLES:
        conditions[f"{fit}: better on its rows than on new ones"] = stats.greater(
            found[fit]["new"], found[fit]["training"], by=AS_MUCH_AS_NOISE,
            scale="ranks",
        )  # fmt: skip
        conditions[f"{fit}: worse on new rows than degree 4"] = stats.greater(
            found[fit]["new"], moderate["new"], by=stats.TENTH, scale="log"
        )
    return Finding(
        conditions,
        "Degree 15 has an error of {wiggly[0]:.3f} on its own rows and {wiggly[1]:.3g} "
        "on new ones, degree 4 {own:.3f} and {other:.3f} (medians). By fit, on its own "
        "rows: {training:.3f}; on new ones: {new:.3g}.",
        figure=draw_fits,
        training={fit: float(np.median(found[fit]["training"])) for fit in WIGGLES},
        new={fit: float(np.median(found[fit]["new"])) for fit in WIGGLES},
        wiggly=[float(np.median(seen)) for seen in found["degree 15"].values()],
        own=float(np.median(moderate["training"])),
        other=float(np.median(moderate["new"])),
    )


def draw_fits(lab):
    """One training set with four fits, and the fits to nine more behind them."""
    figure, axes = figures.new(2, 2, width=9.6, height=6.4)
    grid = np.linspace(-1, 1, 401)
    titles = {
        "line": "A line misses the curve, whatever the rows",
        "degree 4": "Degree 4 finds it",
        "degree 15": "Degree 15 swings, where rows are few",
        "nearest neighbor": "The nearest neighbor repeats the noise",
    }
    for axis, (fit, title) in zip(axes.flat, titles.items(), strict=True):
        for other in range(9):
            x, y = curve("sine", seed=[other, 63])
            line = {"color": figures.COLORS[5], "lw": 0.8, "alpha": 0.7}
            label = {"label": "fits to other rows"} if other == 0 else {}
            axis.plot(grid, FITS[fit](x, y, grid), **line, **label)
        x, y = curve("sine", seed=[lab.seeds[0], 61])
        axis.plot(grid, CURVES["sine"](grid), "--", color="#000000", label="the truth")
        axis.plot(grid, FITS[fit](x, y, grid), color=figures.COLORS[1], label="the fit")
        axis.plot(x, y, "o", ms=4, color=figures.COLORS[0], label="its rows")
        axis.set(ylim=(-3, 3))
        figures.describe(axis, title, "x", "y")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    lab.figure(
        "fits",
        figure,
        "Four fits to 30 noisy rows of a sine, with the fits to nine other sets of "
        "rows behind them: their spread is the variance, their distance from the "
        "dashed truth the bias.",
    )


if __name__ == "__main__":
    main(__file__)
