"""Bigger: does a classifier improve by units alone?

The notes' advice for a better classifier is a bigger network, with more parameters.
Too narrow a network cannot hold what there is to know; beyond some width there is
nothing left to hold. With wrong labels a wide network holds those, too. So a network of
one hidden layer is widened eightfold twice, with right labels and with half of them
wrong, each width at its best rate, and judged on images that are rightly labeled.
"""

import itertools

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.deep_learning._networks import (
    BATCH,
    at_best,
    classifier,
)
from zoo import mlp

WIDTHS = (8, 64, 512)
LABELS = {"right labels": 0.0, "half of the labels wrong": 0.5}

study = classifier(mlp)


def train(case: dict, seed: int, data) -> dict:
    """Accuracies of a network on training, validation and test images.

    Args:
        case: `units`, `wrong`, `rows`, `epochs` and `learning_rate`.
        seed: Decides the rest.
        data: Images.
    """
    parts = draw(data, seed, case["rows"], case["wrong"])
    run = study.train(
        parts["training"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={"num_classes": 10, "units": [case["units"]]},
        held_out=parts["validation"],
        score_training=True,
        measure=lambda model: float(
            (
                keras.ops.convert_to_numpy(
                    model(parts["test"][0], training=False)
                ).argmax(1)
                == parts["test"][1]
            ).mean()
        ),
    )
    return {
        "training": run["training_accuracy"],
        "validation": run["held_out_accuracy"],
        "test": run["measured"],
    }


@experiment
def accuracies(lab) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    """Labels to width to accuracies by seed."""
    shared = {"rows": lab.settings.rows, "epochs": lab.settings.epochs}
    cases = {
        (words, units): {"units": units, "wrong": wrong, **shared}
        for words, wrong in LABELS.items()
        for units in WIDTHS
    }
    runs = at_best(lab, train, cases, lambda run: run["validation"], "widths")
    return {
        words: {
            units: {
                name: stats.column(runs[words, units], name)
                for name in ("training", "test")
            }
            for units in WIDTHS
        }
        for words in LABELS
    }


@claim(
    "bigger-net-improves",
    "Improve a classifier by a bigger network, with more parameters.",
    says="advice",
    notes="001",
    scope="300 digits, one hidden layer of 8, 64 or 512 units, Adam, 60 epochs",
)
def wider(lab):
    """Each width against the one before."""
    found = accuracies(lab)
    return Finding(
        {
            f"{words}: {wide} units are better than {narrow}": stats.greater(
                seen[wide]["test"], seen[narrow]["test"], by=stats.ACCURACY_POINT
            )
            for words, seen in found.items()
            for narrow, wide in itertools.pairwise(WIDTHS)
        },
        "Test accuracy with {widths} units: {right:.1%} with right labels, {wrong:.1%} "
        "with half of them wrong.",
        figure=draw_widths,
        widths=", ".join(map(str, WIDTHS)),
        right=[found["right labels"][u]["test"].mean() for u in WIDTHS],
        wrong=[found["half of the labels wrong"][u]["test"].mean() for u in WIDTHS],
    )


def draw_widths(lab):
    """Accuracies by width."""
    figure, panels = figures.new(1, 2, width=10.4, height=3.9)
    for axes, (words, seen) in zip(panels, accuracies(lab).items(), strict=True):
        axes.set_xscale("log", base=8)
        axes.set(xlim=(WIDTHS[0], WIDTHS[-1]))
        lines = {
            name: np.array([seen[units][name] for units in WIDTHS]).T
            for name in ("training", "test")
        }
        figures.curves(axes, WIDTHS, lines)
        axes.set_xticks(WIDTHS, list(map(str, WIDTHS)))
        axes.yaxis.set_major_formatter("{x:.0%}")
        best = max(WIDTHS, key=lambda units, seen=seen: seen[units]["test"].mean())
        axes.minorticks_off()
        title = f"{words[0].upper()}{words[1:]}: best with {best} units"
        figures.describe(axes, title, "hidden units", "accuracy")
    lab.figure(
        "widths",
        figure,
        "Training and test accuracy by hidden units; means, with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
