"""The pictures of the recipe on weighted losses."""

import numpy as np

from recipes.lab import figures
from recipes.losses import _weighting_gaussians as gaussians
from recipes.losses import _weighting_tasks as tasks
from recipes.losses._weighting_imbalance import BALANCED, NOTES, column


def draw_weights(lab, plane: dict[str, list[dict]]) -> None:
    """Draws the metrics against the weight: measured points on the closed form."""
    figure, axes = figures.new(1, 2, width=10.0, height=4.0)
    weights = np.geomspace(0.7, 70, 200)
    curves = gaussians.ideal(weights)
    points = {1: "no weights", 2: "weight 2", 5: NOTES, 50: "weight 50"}
    points |= {10: "weights from costs", 19: BALANCED}
    panels = (
        ("recall", "precision", "accuracy", "balanced accuracy"),
        ("cost",),
    )
    for axis, names in zip(axes, panels, strict=True):
        axis.set(xscale="log", xticks=[1, 2, 5, 10, 20, 50], xlim=(0.7, 70))
        axis.set_xticklabels(["1", "2", "5", "10", "20", "50"])
        axis.minorticks_off()
        figures.curves(axis, weights, {name: curves[name] for name in names})
        for name, color in zip(names, figures.COLORS, strict=False):
            for weight, case in points.items():
                values = column(plane[case], name)
                spread = np.abs(values.mean() - [[values.min()], [values.max()]])
                style = {"fmt": "o", "ms": 4, "color": color, "capsize": 2}
                axis.errorbar(weight, values.mean(), spread, **style)
    title = "A weight trades precision for recall"
    figures.describe(axes[0], title, "weight of the rare class", "share")
    ratio = gaussians.COSTS[1][0] / gaussians.COSTS[0][1]
    title = f"Costs, a miss {ratio:g} times a false alarm"
    figures.describe(axes[1], title, "weight of the rare class", "mean cost of a row")
    lab.figure(
        "weights",
        figure,
        "Metrics of a linear classifier on two Gaussians by the weight of the rare "
        "class: points with the range over seeds, lines in closed form.",
    )


def draw_tasks(lab, runs: dict[str, list[dict]]) -> None:
    """Draws both errors against the weight of the big task."""
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    swept = dict(sorted(tasks.SWEPT.items(), key=lambda item: item[1]))
    found = [tasks.errors(runs[case]) for case in swept]
    curves = {f"{t} task": np.array([both[t] for both in found]).T for t in tasks.TASKS}
    figures.curves(axes, list(swept.values()), curves)
    axes.axvline(tasks.SCALE**-2, color="#000000", lw=0.8)
    title = "Two tasks by one loss weight; at the line it undoes the scale"
    figures.describe(axes, title, "weight of the big task's loss", "error / variance")
    lab.figure(
        "tasks",
        figure,
        "Errors of two tasks by the loss weight of the one whose target is "
        f"{tasks.SCALE:g} times the other's, with the range over seeds.",
    )
