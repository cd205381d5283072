"""Stripes: each family of augmentation, tried on striped and plain bodies.

The notes list four families below a nickname for a classifier of horses and zebras, and
say no more. No zebra is at hand, so a stand-in is judged: round bodies, plain or
striped, in colors and lights of their own. Few images train a network that has to find
out that the stripes count, and not the color. Color images can lose their saturation,
too, which gray digits can't.
"""

import keras
import numpy as np

from recipes.generalization.augmentation._strengths import VALIDATION, at_best, learned
from recipes.lab import (
    Finding,
    Study,
    claim,
    experiment,
    figures,
    generators,
    main,
    stats,
)
from zoo import lenet

ROWS, TEST = 60, 1000
BATCH, RATE = 20, 0.01
UNIT = {"value_range": (0, 1)}
# A family's layers at a strength; the same three strengths for all.
STRENGTHS = (0.1, 0.3, 1.0)
FAMILIES = {
    "geometric (flip, rotation, translation)": lambda s: [
        ["RandomFlip", {"mode": "horizontal"}],
        ["RandomRotation", {"factor": s / 10}],
        ["RandomTranslation", {"height_factor": s / 3, "width_factor": s / 3}],
    ],
    "color (brightness, contrast, saturation)": lambda s: [
        ["RandomBrightness", {"factor": s / 2, **UNIT}],
        ["RandomContrast", {"factor": s / 2, **UNIT}],
        ["RandomSaturation", {"factor": 0.5 + s / 2 * 0.5, **UNIT}],
    ],
    "saturation alone": lambda s: [
        ["RandomSaturation", {"factor": 0.5 + s / 2 * 0.5, **UNIT}]
    ],
    "noise": lambda s: [["GaussianNoise", {"stddev": s / 3}]],
    "erasing": lambda s: [
        ["RandomErasing", {"factor": (1.0, 1.0), "scale": (0.02, s), **UNIT}]
    ],
}


def small_network(input_shape: tuple, augment=()) -> keras.Model:
    """Two convolutions of 8 and 16 filters behind layers that augment; 2 logits."""
    x = images = keras.Input(input_shape)
    for name, arguments in augment:
        x = getattr(keras.layers, name)(**arguments)(x)
    return keras.Model(images, lenet(input_shape, 2, filters=(8, 16))(x))


network = Study(
    small_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def train(case, seed, data) -> dict[str, float]:
    """Trains on a few bodies.

    Args:
        case: `augment` and `epochs`.
        seed: Decides images, weights and changes.
        data: None; the images are generated.

    Returns:
        Accuracies "training", "validation" and "test".
    """
    x, y = generators.stripes(ROWS + VALIDATION + TEST, seed=seed)
    return learned(
        network,
        x,
        y,
        seed,
        rows=ROWS,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"augment": case["augment"]},
    )


@experiment
def scores(lab) -> dict[str, dict]:
    """By family the strength of the best validation, and test accuracies by seed."""
    epochs = 2 * lab.settings.epochs
    grid = {"nothing": {0.0: {"augment": [], "epochs": epochs}}}
    for family, layers in FAMILIES.items():
        grid[family] = {s: {"augment": layers(s), "epochs": epochs} for s in STRENGTHS}
    best, runs = at_best(lab, train, grid, "families")
    return {
        family: {"best": f"{family} {best[family]:g}", **stats.columns(found)}
        for family, found in runs.items()
    }


@claim(
    "aug-horse-zebra",
    "A classifier of horses and zebras gains from geometric and color changes, noise "
    "and erasing (stand-in: striped and plain bodies).",
    says="advice",
    hedge="a list without a verb",
    notes="001",
    scope="60 generated color images of 12 x 12 pixels, a small CNN; no photographs",
)
def families_on_stripes(lab):
    """Test accuracy with each family at its best strength against nothing."""
    found = scores(lab)
    plain = found["nothing"]["test"]
    lab.table(
        "Striped and plain bodies",
        ["augmentation", "training accuracy", "test accuracy"],
        [
            [seen["best"], float(seen["training"].mean()), float(seen["test"].mean())]
            for seen in found.values()
        ],
    )
    means = {family: found[family]["test"].mean() for family in FAMILIES}
    best = max(means, key=means.__getitem__)
    return Finding(
        {
            family: stats.greater(found[family]["test"], plain, by=stats.ACCURACY_POINT)
            for family in FAMILIES
        },
        "Of striped and plain bodies {plain:.1%} are told apart, and {most:.1%} with "
        "{best}. All: {means:.1%}. It says nothing of real horses.",
        figure=draw_families,
        plain=plain.mean(),
        most=means[best],
        best=best,
        means=means,
    )


def draw_families(lab):
    """Some of the images, and the gain of each family."""
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.0)
    images, labels = generators.stripes(60, seed=1)
    rows = [np.hstack(images[labels == kind][:5]) for kind in (0, 1)]
    left.imshow(np.vstack(rows), interpolation="nearest")
    left.set_yticks([6, 18], ["plain", "striped"])
    left.set_xticks([])
    left.grid(visible=False)
    figures.describe(left, "Ten of the images", "", "")
    found = scores(lab)
    for row, family in enumerate(FAMILIES):
        gains = 100 * (found[family]["test"] - found["nothing"]["test"])
        color = figures.COLORS[0]
        right.plot(gains, [row] * len(gains), ".", color=color, alpha=0.5)
        right.plot(gains.mean(), row, "D", color=color)
    right.axvline(0, color="#000000", lw=0.8, ls=":")
    names = [family.replace(" (", "\n(") for family in FAMILIES]
    right.set_yticks(range(len(names)), names)
    right.set_ylim(len(names) - 0.5, -0.5)
    best = max(FAMILIES, key=lambda family: found[family]["test"].mean())
    title = f"Most gain: {best.partition(' (')[0]}"
    figures.describe(right, title, "gain in test accuracy (points)", "")
    lab.figure(
        "stripes",
        figure,
        "Striped and plain bodies, and the gain in test accuracy with each family of "
        "augmentation: dots are seeds, diamonds their means.",
    )


if __name__ == "__main__":
    main(__file__)
