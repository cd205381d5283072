"""The pictures of the recipe on pairs."""

import numpy as np

from recipes.lab import figures
from recipes.losses._pairs_gradients import by_logit
from recipes.losses._pairs_results import Results
from recipes.losses._pairs_training import OPTIMIZERS, USUAL, WRONG, Case

NAMES = {
    "bce from logits": "cross-entropy, from logits",
    "bce after sigmoid": "cross-entropy, clipped",
    "mse after sigmoid": "squared error",
}


def draw_gradients(lab) -> None:
    """Draws what a positive sends back, by its logit."""
    figure, axes = figures.new()
    z = np.linspace(-20, 6, 300)[:, None]
    axes.set(yscale="log", ylim=(1e-8, 3), xlim=(-20, 6))
    for index, (pair, name) in enumerate(NAMES.items()):
        size = np.abs(by_logit(pair, z, np.ones_like(z))[1][:, 0])
        size[size == 0] = np.nan
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(z, size, label=name, lw=2.4 - 0.4 * index, **style)
    title = "What a positive sends back: left, it is taken for a negative"
    figures.describe(axes, title, "logit", "size of the derivative in the logit")
    figures.legend(axes, loc="lower center")
    lab.figure(
        "gradients",
        figure,
        "Derivative of three losses in the logit of a positive; where a line ends the "
        "derivative is 0.",
    )


def draw_training(lab, results: Results) -> None:
    """Draws the balanced accuracies, a dot a seed."""
    figure, axes = figures.new(1, 2, width=10.0, height=4.4)
    panels = {
        "Odd or even": ("bce logits", "mse sigmoid"),
        "Ten digits": ("cce logits", "mse softmax"),
    }
    names = {"bce": "cross-entropy", "cce": "cross-entropy", "mse": "squared error"}
    ways = [(start, optimizer) for start in (USUAL, WRONG) for optimizer in OPTIMIZERS]
    for axis, (title, pairs) in zip(axes, panels.items(), strict=True):
        for index, pair in enumerate(pairs):
            for place, way in enumerate(ways):
                values = results.scores[Case(pair, *way)]
                across = np.full(len(values), place + (-0.12, 0.12)[index])
                label = names[pair.split()[0]] if not place else None
                axis.plot(across, values, "os"[index], color=figures.COLORS[index],
                          mfc="none", label=label)  # fmt: skip
        axis.set(ylim=(0, 1.03), xticks=range(len(ways)))
        axis.set_xticklabels([",\n".join(way) for way in ways], fontsize=8)
        figures.describe(axis, title, "start and optimizer", "balanced accuracy")
        figures.legend(axis, loc="lower left")
    lab.figure(
        "training",
        figure,
        "Balanced accuracy on digits after training with either loss, one mark a seed.",
    )
