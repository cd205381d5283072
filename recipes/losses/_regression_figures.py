"""Figures of the regression recipe."""

from functools import partial

import numpy as np

from recipes.lab import figures
from recipes.losses import _regression_curve as curve
from recipes.losses import _regression_formulas as formulas


def draw_losses():
    """Draws each loss, and its slope, over the residual."""
    e = np.linspace(-5, 5, 1001)
    shown = {
        "half squared": lambda e: 0.5 * e**2,
        "absolute": formulas.absolute,
        "Huber, δ = 1": formulas.huber,
        "quantile 0.9": partial(formulas.pinball, quantile=0.9),
        "Barron, α = -2": partial(formulas.barron, alpha=-2.0),
        "as printed, c = 1": formulas.notes_adaptive,
    }
    figure, (left, right) = figures.new(1, 2, width=9.6, height=4.2)
    for index, (name, loss) in enumerate(shown.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        values = np.where(np.abs(e) < 1e-9, np.nan, loss(e))
        left.plot(e, values, label=name, **style)
        right.plot(e, np.gradient(values, e), label=name, **style)
    left.set(ylim=(0, 6))
    right.set(ylim=(-4, 4))
    figures.describe(
        left, "What an error costs: as printed, 0 costs most", "residual y − ŷ", "loss"
    )
    figures.describe(
        right, "How hard it pulls: the square without bound", "residual y − ŷ", "slope"
    )
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=6, frameon=False)
    return figure


def draw_fits(lab, runs):
    """Draws the first seed's fits: left other losses, right remedies for the square."""
    chosen = lab.settings
    sample = curve.draw(chosen.points, chosen.outliers, 0)
    panels = (
        (
            "The same outliers, other losses",
            ("squared error", "absolute error", "Huber, δ = 1", "Barron, α = -2"),
        ),
        (
            "Remedies that keep the squared error",
            ("squared error", "squared, capped", "squared, weighted", "forest"),
        ),
    )
    figure, axes = figures.new(1, 2, width=9.6, height=4.4)
    for axis, (title, names) in zip(axes, panels, strict=True):
        axis.plot(sample.x, sample.y, ".", color="#999999", markersize=4)
        truth, wide = curve.truth(curve.GRID), {"lw": 4, "alpha": 0.25}
        axis.plot(curve.GRID, truth, color="#000000", label="truth", **wide)
        for index, name in enumerate(names):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axis.plot(curve.GRID, runs[name][0]["curve"], label=name, **style)
        figures.describe(axis, title, "input x", "target y")
        figures.legend(axis, loc="upper left", fontsize=8, ncols=2)
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.3 * (high - low))
    return figure
