"""Patches: an output that sees a small region, against one that sees everything.

A dense layer connects every output with the whole image. Connected with a patch of 3×3
only, each output has fewer weights, and the notes expect less overfitting. No weights
are shared here, so that the patches alone make the difference; `sharing` tries what
sharing adds. Both networks learn the training images by heart, so the test decides.
"""

from recipes.architectures.cnn_behavior._weights import (
    ANYWHERE,
    FEW,
    IMAGES,
    MANY,
    accuracies,
    compare,
    draw_bars,
    kinds,
    parameters,
)
from recipes.lab import Finding, claim, main, stats


@claim(
    "cnn-locality-overfitting",
    "Connecting an output to a small region only alleviates the risk of overfitting.",
    says="often",
    hedge="alleviating the risk",
    notes="002",
    scope="100 and 960 digits in the middle or anywhere, two layers of 8 and 16 "
    "numbers a place, Adam at its best rate; unshared 3×3 patches against dense layers",
)
def locality_overfits_less(lab):
    """Test accuracy of patches without sharing against dense layers of equal shape."""
    counts = parameters(lab, MANY)
    seen = {kind: accuracies(lab, kind) for kind in ("local", "dense")}
    lab.table(
        "Test loss and accuracy with patches and with dense layers",
        ["images", "weights", "training loss", "test loss", "accuracy"],
        [
            [
                name,
                kind,
                *(
                    f"{stats.column(kinds(lab)[kind, name], measure).mean():.3f}"
                    for measure in (
                        "training_loss",
                        "held_out_loss",
                        "held_out_accuracy",
                    )
                ),
            ]
            for name in IMAGES
            for kind in ("local", "dense")
        ],
    )
    return Finding(
        compare(lab, "local", "dense"),
        "Digits anywhere: {anywhere[0]:.1%} of the test are named rightly with "
        "unshared patches, {anywhere[1]:.1%} with dense layers. In the middle it is "
        "{middle:.1%} after 960 images and {few:.1%} after 100. Parameters: {local:,} "
        "and {dense:,}.",
        figure=draw_patches,
        anywhere=[of[ANYWHERE] for of in seen.values()],
        middle=[of[MANY] for of in seen.values()],
        few=[of[FEW] for of in seen.values()],
        local=counts["local"],
        dense=counts["dense"],
    )


def draw_patches(lab):
    """Test accuracy by kind of weights; titles compare local with dense."""
    draw_bars(
        lab,
        "patches",
        "Test accuracy of networks of equal shape: shared filters, a filter for each "
        "place, and dense layers; dots are seeds, titles give what patches add to "
        "dense layers, in points.",
    )


if __name__ == "__main__":
    main(__file__)
