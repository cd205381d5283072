"""Sharing: one filter for all places, against a filter for each of them.

A convolution restricts a dense layer twice: an output sees a small patch only, and all
outputs use the same weights. The second is tried here, the first in `patches`.
`zoo.layers.LocallyConnected2D` keeps the patches and gives every place its own weights;
it starts with the same kernel everywhere, so that before training it *is* the
convolution.

Digits in the middle are easy for weights that belong to places: each stroke is always
in the same. So digits that lie anywhere in a larger frame are tried as well.
"""

import numpy as np

from recipes.architectures.cnn_behavior._weights import (
    ANYWHERE,
    FEW,
    IMAGES,
    LEARNED,
    MANY,
    accuracies,
    compare,
    draw_bars,
    kinds,
    parameters,
)
from recipes.lab import Finding, claim, main, stats


def both(lab, images: str) -> list[float]:
    """Test accuracy of shared and of unshared filters."""
    return [accuracies(lab, kind)[images] for kind in ("shared", "local")]


@claim(
    "cnn-sharing-generalizes",
    "Sharing parameters over all places improves generalization.",
    says="always",
    notes="001 002",
    scope="100 and 960 digits in the middle or anywhere, two layers of 8 and 16 "
    "numbers a place, Adam at its best rate; against filters of each place's own",
)
def sharing_generalizes(lab):
    """Test accuracy of shared filters against the same filters, free at every place."""
    show(lab)
    return Finding(
        compare(lab, "shared", "local"),
        "Digits anywhere: {anywhere[0]:.1%} of the test are named rightly with shared "
        "filters, {anywhere[1]:.1%} with a filter for each place. In the middle it is "
        "{middle:.1%} after 960 images and {few:.1%} after 100.",
        figure=draw_sharing,
        anywhere=both(lab, ANYWHERE),
        middle=both(lab, MANY),
        few=both(lab, FEW),
        parameters={images: parameters(lab, images) for images in IMAGES},
    )


# That there are fewer parameters is a claim of its own, `cnn-param-sharing`.


@claim(
    "cnn-sharing-efficiency",
    "Sharing parameters makes training more efficient.",
    says="always",
    notes="002",
    scope="100 and 960 digits in the middle or anywhere, two layers of 8 and 16 "
    "numbers a place, Adam at its best rate; updates to a training loss of 0.5",
)
def sharing_learns_faster(lab):
    """The updates until the training loss is at 0.5."""
    counts = parameters(lab, MANY)
    conditions: dict = {}
    needed = {}
    for name in IMAGES:
        pair = {
            kind: stats.column(kinds(lab)[kind, name], "updates")
            for kind in ("local", "shared")
        }
        known = not any(np.isnan(updates).any() for updates in pair.values())
        conditions[f"{name}: fewer updates"] = (
            stats.greater(*pair.values(), by=stats.TENTH, scale="log")
            if known
            else None
        )
        for kind, updates in pair.items():
            needed[f"{kind}, {name}"] = updates.mean()
    return Finding(
        conditions,
        "Shared filters train faster here: {holding}. Updates to a training loss of "
        "{target}: {needed:.0f}. They have {shared:,} parameters in place of "
        "{local:,}.",
        shared=counts["shared"],
        local=counts["local"],
        target=LEARNED,
        needed=needed,
    )


def show(lab) -> None:
    """Prints losses and accuracy by kind."""
    counts = {images: parameters(lab, images) for images in IMAGES}
    lab.table(
        "Networks of equal shape, each at its best rate",
        ["weights", "images", "parameters", "rate", "training loss", "test loss",
         "accuracy"],
        [
            [kind, name, f"{counts[name][kind]:,}", f"{runs[0]['learning_rate']:g}",
             f"{stats.column(runs, 'training_loss').mean():.3f}",
             f"{stats.column(runs, 'held_out_loss').mean():.3f}",
             f"{stats.column(runs, 'held_out_accuracy').mean():.1%}"]
            for (kind, name), runs in kinds(lab).items()
        ],
    )  # fmt: skip


def draw_sharing(lab):
    """Test accuracy by kind of weights; titles compare shared with local."""
    draw_bars(
        lab,
        "sharing",
        "Test accuracy of networks of equal shape: shared filters, a filter for each "
        "place, and dense layers; dots are seeds, titles give what sharing adds, in "
        "points.",
    )


if __name__ == "__main__":
    main(__file__)
