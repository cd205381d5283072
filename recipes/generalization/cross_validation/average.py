"""Average: the mean over the folds is nearer to the truth than the score of one.

Here a network is cross-validated. `cross_validate` trains it once a fold, each time
from the weights that the seed draws, and returns one score a fold. Any one of them
depends on the few samples of its fold. Their mean has five times the samples, although
its five networks share most of what they were trained on.

The truth is the accuracy, on a thousand other images, of the network that is trained on
all samples in the end.
"""

import keras
import numpy as np

from recipes.lab import (
    Finding,
    Study,
    claim,
    cross_validate,
    experiment,
    figures,
    main,
    stats,
)
from zoo import mlp

SIZES, FOLDS, NEW = (100, 300), 5, 1000
BATCH, RATE = 20, 0.003
# The network of every fold starts from the same weights, and is compiled once.
network = Study(
    mlp,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def draw(data, rows: int, seed: int) -> tuple[tuple, tuple]:
    """Draws images to learn from, and others that are new."""
    x = np.concatenate([data.x_train[:6000], data.x_test])
    y = np.concatenate([data.y_train[:6000], data.y_test])
    order = np.random.default_rng([seed, 91]).permutation(len(x))
    chosen, new = order[:rows], order[-NEW:]
    return (x[chosen], y[chosen]), (x[new], y[new])


def train(case, seed, data) -> dict:
    """Cross-validates a network, and trains it on everything.

    Args:
        case: `rows`, samples in all, and `epochs`.
        seed: Decides samples, folds and weights.
        data: A data set of images.

    Returns:
        `folds`, the accuracy on each; `truth`, that on new images of the network
        trained on all; `training`, the same on what it was trained on.
    """
    (x, y), new = draw(data, case["rows"], seed)
    settings = {
        "epochs": case["epochs"],
        "batch_size": BATCH,
        "learning_rate": RATE,
        "network": {"num_classes": data.num_classes, "units": [32]},
    }
    # With a hundred images a class may have fewer members than there are folds.
    validated = cross_validate(
        network, x, y, folds=FOLDS, seed=seed, stratified=False, **settings
    )
    run = network.train((x, y), seed, held_out=new, score_training=True, **settings)
    return {
        "folds": validated["scores"]["accuracy"],
        "truth": run["held_out_accuracy"],
        "training": run["training_accuracy"],
    }


@experiment
def scores(lab) -> dict[int, dict[str, np.ndarray]]:
    """By samples the scores of the folds (seeds, folds) and the truth (seeds,)."""
    cases = {
        f"{rows} images": {"rows": rows, "epochs": lab.settings.epochs}
        for rows in SIZES
    }
    runs = lab.sweep(train, cases, precision="float32", title="folds of a network")
    return {rows: stats.columns(runs[f"{rows} images"]) for rows in SIZES}


def errors(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """By how much the mean misses the truth, and a fold does on average."""
    folds, truth = found["folds"], found["truth"]
    return {
        "the mean": np.abs(folds.mean(1) - truth),
        "one fold": np.abs(folds - truth[:, None]).mean(1),
    }


@claim(
    "cv-average",
    "The scores of the folds are averaged, which gives a better estimate of how a "
    "model does on new data.",
    notes="004",
    scope="100 and 300 images of digits, a network of 32 hidden units, 5 folds",
)
def mean_is_nearer(lab):
    """Compares how far the mean and a single fold are from the truth."""
    found = {rows: errors(seen) for rows, seen in scores(lab).items()}
    means = {
        rows: {name: float(values.mean()) for name, values in seen.items()}
        for rows, seen in found.items()
    }
    shown = scores(lab)[SIZES[0]]
    return Finding(
        {
            f"{rows} images": stats.greater(
                seen["one fold"], seen["the mean"], by=stats.ACCURACY_POINT
            )
            for rows, seen in found.items()
        },
        "With {few} images the mean misses the truth by {few_mean:.1%}, one fold by "
        "{few_one:.1%}; with {many} by {many_mean:.1%} and {many_one:.1%}. The mean is "
        "{mean:.1%}, the truth {truth:.1%}, on the training images {training:.1%}.",
        figure=draw_average,
        few=SIZES[0],
        many=SIZES[1],
        few_mean=means[SIZES[0]]["the mean"],
        few_one=means[SIZES[0]]["one fold"],
        many_mean=means[SIZES[1]]["the mean"],
        many_one=means[SIZES[1]]["one fold"],
        mean=shown["folds"].mean(),
        truth=shown["truth"].mean(),
        training=shown["training"].mean(),
    )


def draw_average(lab):
    """The folds of every seed, their mean, and the truth."""
    figure, axes = figures.new(width=8.0, height=4.2)
    found = scores(lab)[SIZES[0]]
    order = np.argsort(found["truth"])
    for place, seed in enumerate(order):
        folds = 100 * found["folds"][seed]
        marks = [
            (folds, ".", figures.COLORS[0], "a fold"),
            ([folds.mean()], "D", figures.COLORS[1], "mean of the folds"),
            ([100 * found["truth"][seed]], "_", "#000000", "new images"),
        ]
        for values, marker, color, label in marks:
            axes.plot([place] * len(values), values, marker, color=color, ls="",
                      markersize=14 if marker == "_" else 6,
                      label="_" if place else label)  # fmt: skip
    axes.set_xticks(range(len(order)), [str(lab.seeds[seed]) for seed in order])
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.15 * (high - low))
    figures.legend(axes, ncols=3, loc="upper left")
    means = errors(found)
    one, mean = (100 * means[name].mean() for name in ("one fold", "the mean"))
    title = f"One fold misses the truth by {one:.1f} points, the mean by {mean:.1f}"
    figures.describe(axes, title, "seed (sorted)", "accuracy (%)")
    lab.figure(
        "average",
        figure,
        f"Accuracy on each of {FOLDS} folds of {SIZES[0]} images, their mean, and that "
        "on new images of the network trained on all.",
    )


if __name__ == "__main__":
    main(__file__)
