"""Real images: how many of them augmentation is worth.

To call a training set "artificially larger" is a promise: that changed copies do what
more images would. So networks with augmentation are held against networks without it
that had twice as many real images. All make equally many passes over what they have,
which gives those with more images more steps, too.
"""

import numpy as np

from recipes.generalization.augmentation._images import scores
from recipes.lab import Finding, claim, figures, main, stats

SIZES = (50, 100, 200, 400)
KIND = "translation"  # one transformation that surely keeps a digit's label
MARGIN = 0.01
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that with twice the images, less a point",
    "a point is the least difference that people choose by.",
)


def accuracies(lab, kind: str | None) -> dict[int, np.ndarray]:
    """Test accuracy by training images, one a seed."""
    return {rows: scores(lab, kind, rows)["as they are"] for rows in SIZES}


@claim(
    "aug-vs-real-data",
    "Augmentation artificially increases the size of the training set: it does what "
    "twice as many images do.",
    says="is",
    notes="001 004",
    scope="50 to 400 images of digits, random translation, a small CNN, Adam 0.01, 60 "
    "epochs",
)
def worth_twice_as_many(lab):
    """Test accuracy with augmentation against that of twice the images."""
    plain, augmented = accuracies(lab, None), accuracies(lab, KIND)
    fold = [worth(augmented[rows].mean(), plain) / rows for rows in SIZES[:-1]]
    return Finding(
        {
            f"{rows} images with it no worse than {2 * rows} without": stats.greater(
                augmented[rows] + MARGIN, plain[2 * rows], by=NO_WORSE
            )
            for rows in SIZES[:-1]
        },
        "Images moved at random are worth {least:.1f} to {most:.1f} times as many real "
        "ones. Test accuracy by images, without: {plain:.1%}; with: {augmented:.1%}.",
        figure=draw_worth,
        least=min(fold),
        most=max(fold),
        worth={str(rows): value for rows, value in zip(SIZES[:-1], fold, strict=True)},
        plain={str(rows): values.mean() for rows, values in plain.items()},
        augmented={str(rows): values.mean() for rows, values in augmented.items()},
    )


def worth(accuracy: float, plain: dict[int, np.ndarray]) -> float:
    """How many real images give an accuracy; outside of the sizes tried, the nearest.

    Args:
        accuracy: What was reached with augmentation.
        plain: Accuracies without it by size, one a seed.
    """
    means = np.maximum.accumulate([plain[size].mean() for size in SIZES])
    return float(np.exp(np.interp(accuracy, means, np.log(SIZES))))


def draw_worth(lab):
    """Accuracy by training images, with and without augmentation."""
    figure, axes = figures.new(width=7.6, height=4.2)
    axes.set_xscale("log")
    axes.set_xlim(45, 450)
    runs = {
        name: 100 * np.array(list(accuracies(lab, kind).values())).T
        for name, kind in (("as they are", None), ("moved at random", KIND))
    }
    figures.curves(axes, SIZES, runs)
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    before, after = (runs[name].mean(0)[1] for name in runs)
    title = f"100 images reach {before:.0f} %, moved at random {after:.0f} %"
    figures.describe(axes, title, "training images", "test accuracy (%)")
    lab.figure(
        "worth",
        figure,
        "Test accuracy by the number of training images, with and without random "
        "translation; bands span the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
