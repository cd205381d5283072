"""Geometric: what a change of place or size gains depends on whether the label stays.

A digit that is moved a little is the same digit; one that is turned by half a turn may
be another. Nobody but the user knows which is which: the layers change pixels and keep
the label that was there. Each transformation has the best of three strengths, half a
decade apart, chosen by validation images on seeds that are not judged. The test images
are never changed here.
"""

import numpy as np

from recipes.generalization.augmentation._images import ROWS, scores, strength_of, train
from recipes.lab import Finding, claim, experiment, figures, main, stats

KINDS = ("flip", "rotation", "crop", "translation", "zoom")


def gains(lab, kind: str) -> np.ndarray:
    """Test accuracy with a transformation minus without, one a seed."""
    return scores(lab, kind)["as they are"] - scores(lab, None)["as they are"]


@claim(
    "aug-image-geometric",
    "Geometric transformations of the training images (flips, rotations, crops, "
    "translations, zooms) help a network with new images.",
    says="often",
    hedge="helps",
    notes="000 001 004",
    scope="100 images of digits, a small CNN, Adam 0.01, 60 epochs, 600 test images",
)
def transformations_help(lab):
    """Test accuracy with each transformation against none."""
    plain = scores(lab, None)
    lab.table(
        "Geometric transformations, each at its best strength",
        ["transformation", "strength", "training accuracy", "test accuracy"],
        [
            ["none", "-", float(plain["training"].mean()),
             float(plain["as they are"].mean())],
            *(
                [kind, f"{strength_of(lab, kind):g}",
                 float(scores(lab, kind)["training"].mean()),
                 float(scores(lab, kind)["as they are"].mean())]
                for kind in KINDS
            ),
        ],
    )  # fmt: skip
    found = {kind: float(scores(lab, kind)["as they are"].mean()) for kind in KINDS}
    return Finding(
        {
            kind: stats.greater(
                scores(lab, kind)["as they are"],
                plain["as they are"],
                by=stats.ACCURACY_POINT,
            )
            for kind in KINDS
        },
        "Test accuracy without is {plain:.1%}; the best, {best}, has {most:.1%}, and "
        "the worst, {worst}, {least:.1%}. All: {found:.1%}. Better by a point or more: "
        "{holding}.",
        figure=draw_gains,
        plain=plain["as they are"].mean(),
        best=max(found, key=found.__getitem__),
        most=max(found.values()),
        worst=min(found, key=found.__getitem__),
        least=min(found.values()),
        found=found,
        strengths={kind: strength_of(lab, kind) for kind in KINDS},
    )


# The notes warn nowhere, so the next claim is ours: some digits are others upside down
# (6 and 9), and no 2 or 7 in the test set is mirrored.
HARMFUL = {
    "mirrored left to right": ["RandomFlip", {"mode": "horizontal"}],
    "mirrored top to bottom": ["RandomFlip", {"mode": "vertical"}],
    "turned by any angle": ["RandomRotation", {"factor": 0.5}],
}


@experiment
def harmful(lab) -> dict[str, np.ndarray]:
    """Test accuracies with transformations that change labels, one a seed."""
    cases = {
        name: {"rows": ROWS, "augment": [layer], "epochs": lab.settings.epochs}
        for name, layer in HARMFUL.items()
    }
    title = "labels that change"
    runs = lab.sweep(train, cases, precision="float32", title=title)
    return {name: stats.column(found, "as they are") for name, found in runs.items()}


@claim(
    "aug-label-preserving",
    "A transformation that can change the label lowers accuracy.",
    notes="ours",
    scope="100 images of digits, a small CNN, Adam 0.01, 60 epochs, 600 test images",
)
def labels_must_stay(lab):
    """Test accuracy with mirrored and turned digits against none."""
    plain, found = scores(lab, None)["as they are"], harmful(lab)
    return Finding(
        {
            name: stats.greater(plain, found[name], by=stats.ACCURACY_POINT)
            for name in HARMFUL
        },
        "Test accuracy goes from {plain:.1%} to {worst:.1%} with digits {name}. All: "
        "{found:.1%}.",
        figure=draw_gains,
        plain=plain.mean(),
        worst=min(values.mean() for values in found.values()),
        name=min(found, key=lambda name: found[name].mean()),
        found={name: values.mean() for name, values in found.items()},
    )


def draw_gains(lab):
    """Gains and losses of test accuracy, a dot a seed."""
    figure, axes = figures.new(width=8.4, height=4.4)
    plain = scores(lab, None)["as they are"]
    shown = {kind: gains(lab, kind) for kind in KINDS if kind != "flip"}
    shown |= {name: values - plain for name, values in harmful(lab).items()}
    for row, (name, values) in enumerate(shown.items()):
        color = figures.COLORS[1 if name in HARMFUL else 0]
        axes.plot(100 * values, np.full(len(values), row), ".", color=color, alpha=0.5)
        axes.plot(100 * values.mean(), row, "D", color=color)
    axes.axvline(0, color="#000000", lw=0.8, ls=":")
    axes.set_yticks(range(len(shown)), shown)
    axes.invert_yaxis()
    cost = sum(shown[name].mean() < 0 for name in HARMFUL)
    title = f"{cost} of {len(HARMFUL)} changes of the label (orange) cost accuracy"
    figures.describe(axes, title, "gain in test accuracy (points)", "")
    lab.figure(
        "geometric",
        figure,
        "Gain in test accuracy with each transformation of the training images: dots "
        "are seeds, diamonds their means; orange ones can change a label.",
    )


if __name__ == "__main__":
    main(__file__)
