"""Choices: which settings of transfer learning decide something.

The notes name four: the learning rate, the strategy of unfreezing, the number of top
layers that learn, and the loss. A setting that is worth the name changes the result.
For each one the other seeds say which of its values is best and which is worst on
validation; then the test says how far the two are apart.

"Let go in turn" is gradual unfreezing: a quarter of the updates each for the head, the
top two layers, the top three and all; `zoo.unfreeze_gradually` makes that loop for any
network of the zoo.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice.transfer._networks import (
    FEW,
    FIVE,
    RATES,
    accuracies,
    validated,
    ways,
)

LAYERS = ("head alone", "top two layers", "top three layers", "all layers")
STRATEGIES = ("let go in turn", "all layers")
FACTORS = (0.1, 1.0, 10.0)


def lists(lab) -> dict[str, tuple]:
    """Each setting's values as runs: (way, rate) or (way, rate, loss)."""
    names = tuple(dict.fromkeys((*LAYERS, *STRATEGIES)))
    found = ways(lab, "related", FIVE, FEW, names)
    at_best = {name: (name, rate) for name, (rate, _, _) in found.items()}
    rate = at_best["all layers"][1]
    grid = tuple(("all layers", one, "squares") for one in RATES["all layers"])
    seen = validated(lab, "related", FIVE, FEW, grid)
    return {
        "learning rate": tuple(("all layers", factor * rate) for factor in FACTORS),
        "unfreezing strategy": tuple(at_best[name] for name in STRATEGIES),
        "number of top layers": tuple(at_best[name] for name in LAYERS),
        "loss": (at_best["all layers"], max(grid, key=lambda run: seen[run])),
    }


@experiment
def settings(lab) -> dict[str, tuple]:
    """Setting to its best and its worst run, each with test accuracies by seed."""
    values = lists(lab)
    runs = tuple(dict.fromkeys(run for some in values.values() for run in some))
    seen = validated(lab, "related", FIVE, FEW, runs)
    found = accuracies(lab, "related", FIVE, FEW, runs)
    chosen = {
        name: (
            max(some, key=lambda run: seen[run]),
            min(some, key=lambda run: seen[run]),
        )
        for name, some in values.items()
    }
    return {
        name: ((best, found[best]), (worst, found[worst]))
        for name, (best, worst) in chosen.items()
    }


def words(run: tuple) -> str:
    """A run as a figure says it."""
    way, rate, *loss = run
    ending = ", squared error" if loss else ""
    return f"{way} at {rate:.2g}{ending}"


@claim(
    "tl-unfreeze-strategy",
    "The settings of transfer learning that matter are learning rate, unfreezing "
    "strategy, number of trainable top layers, and loss.",
    notes="001",
    scope="LeNet with 32 units, learned on five classes; 5 images of each of the other "
    "five, Adam",
)
def what_decides(lab):
    """The best value of each setting against its worst."""
    found = settings(lab)
    gaps = {name: best[1] - worst[1] for name, (best, worst) in found.items()}
    return Finding(
        {
            f"{name}: best and worst are a point apart": stats.greater(
                best[1], worst[1], by=stats.ACCURACY_POINT
            )
            for name, (best, worst) in found.items()
        },
        "Test accuracy with the best value of a setting over that with the worst: "
        "{gaps:+.1%}.",
        figure=draw_settings,
        gaps={name: gap.mean() for name, gap in gaps.items()},
        best={name: words(best[0]) for name, (best, _) in found.items()},
        worst={name: words(worst[0]) for name, (_, worst) in found.items()},
    )


def draw_settings(lab):
    """The best and the worst value of each setting."""
    figure, axes = figures.new(width=8.6, height=4.4)
    found = settings(lab)
    for place, (best, worst) in enumerate(found.values()):
        for row, (run, values) in ((place - 0.16, best), (place + 0.16, worst)):
            color = figures.COLORS[0 if run is best[0] else 1]
            seen = 100 * values
            axes.plot(seen, np.full(len(seen), row), "o", color=color, alpha=0.35)
            axes.plot(seen.mean(), row, "|", color=color, markersize=16, mew=3)
            axes.annotate(
                words(run),
                (1.01, row),
                xycoords=("axes fraction", "data"),
                va="center",
                color=color,
                annotation_clip=False,
            )
    axes.set_yticks(range(len(found)), list(found))
    axes.set(ylim=(len(found) - 0.5, -0.5))
    gaps = {name: (best[1] - worst[1]).mean() for name, (best, worst) in found.items()}
    most = max(gaps, key=lambda name: gaps[name])
    title = f"The {most} decides most: {100 * gaps[most]:.0f} points"
    figures.describe(axes, title, "test accuracy (%)", "")
    lab.figure(
        "settings",
        figure,
        "Test accuracy with the best (blue) and the worst (orange) value of each "
        "setting, named by validation on other seeds. Bars are means, dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
