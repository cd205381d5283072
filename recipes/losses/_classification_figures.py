"""Figures of the classification recipe."""

import numpy as np

from recipes.lab import figures
from recipes.losses import _classification_formulas as formulas


def draw_losses():
    """Draws losses over the logit of a positive example, and their slopes."""
    z = np.linspace(-6, 6, 601)
    p = formulas.sigmoid(z)
    shown = {
        "right or wrong": (z < 0).astype(float),
        "cross-entropy": formulas.sigmoid_cross_entropy(1.0, z),
        "hinge": formulas.hinge(1.0, z),
        "squared error of the sigmoid": (1 - p) ** 2,
        "absolute error of the sigmoid": 1 - p,
    }
    figure, (left, right) = figures.new(1, 2, width=9.6, height=4.2)
    for index, (name, values) in enumerate(shown.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        left.plot(z, values, label=name, **style)
        if index:
            right.plot(z, np.gradient(values, z), label=name, **style)
    left.set(ylim=(-0.1, 6))
    title = "What a logit costs when the label is 1"
    figures.describe(left, title, "logit z", "loss")
    title = "Slope: only two pull when badly wrong"
    figures.describe(right, title, "logit z", "slope of the loss in z")
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, frameon=False)
    return figure


def draw_noise(runs, learners, share: float):
    """Draws the accuracy on test digits by pass, on right and on wrong labels."""
    figure, axes = figures.new(1, 2, width=10.2, height=4.2)
    titles = {
        "right": "All training labels right",
        "wrong": f"{share:.0%} of them wrong",
    }
    for axis, (kind, title) in zip(axes, titles.items(), strict=True):
        figures.describe(axis, title, "passes over the samples", "test accuracy")
        for index, name in enumerate(learners):
            values = [run["accuracy"] for run in runs[f"{name}, {kind} labels"]]
            passes = 5 * (1 + np.arange(len(values[0])))
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axis.plot(passes, np.mean(values, 0), label=name, **style)
            low, high = np.min(values, 0), np.max(values, 0)
            axis.fill_between(passes, low, high, color=style["color"], alpha=0.12, lw=0)
    low = min(axis.get_ylim()[0] for axis in axes)
    for axis in axes:
        axis.set(ylim=(low, 1.0))
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    return figure
