"""Bottleneck: a 1×1 convolution between two layers, with fewer or with more channels.

A 1×1 convolution mixes channels and leaves places alone. With fewer channels behind it
the next convolution costs less, and the notes say that key features are kept; with more
channels it is said to help with intricate patterns. Both are questions of accuracy. The
notes halve 64 channels and double them; here it is 16.

As a control the narrow one is also frozen as it was drawn: eight random mixtures of 16
channels. If that were as good, keeping features would be no achievement.
"""

import keras
import numpy as np

from recipes.architectures.cnn_behavior._images import (
    MOST,
    at_best,
    draw,
    draw_seeds,
    epochs_of,
    learn,
    study_of,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import lenet

FEW = 100
ROWS = (FEW, MOST)
FILTERS = (16, 32)
# Channels behind the 1×1 convolution, of 16 in front of it; 0 is none.
CHANNELS = {"none": 0, "16 to 8": 8, "16 to 8, frozen": 8, "16 to 32": 32}
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that without it less a point",
    "people choose between methods by whole points: less is no reason to change.",
)


def with_pointwise(input_shape, num_classes: int, kind: str) -> keras.Model:
    """Two convolutions with a 1×1 convolution behind the first block."""
    pointwise = [CHANNELS[kind], 0]
    model = lenet(input_shape, num_classes, filters=FILTERS, pointwise=pointwise)
    if "frozen" in kind:
        model.get_layer("pointwise_1").trainable = False
    return model


networks = study_of(with_pointwise)


def train(case: dict, seed: int, data) -> dict:
    """Trains a network of one kind.

    Args:
        case: `kind`, `rows`, `epochs`, `learning_rate` and `judge`.
        seed: Of images, weights and order.
        data: Images.
    """
    network = {"num_classes": data.num_classes, "kind": case["kind"]}
    sets = draw(data, case["rows"], seed)
    run = learn(networks, {**case, "network": network}, seed, sets)
    names = ("held_out_loss", "held_out_accuracy")
    return {name: run[name] for name in names}


@experiment
def kinds(lab) -> dict[tuple[str, int], list[dict]]:
    """The runs of every kind for few and for many images, each at its best rate."""
    keys = [(kind, rows) for kind in CHANNELS for rows in ROWS]
    cases = {
        f"{kind}, {rows} images": {
            "kind": kind,
            "rows": rows,
            "epochs": epochs_of(lab, rows),
        }
        for kind, rows in keys
    }
    found = at_best(lab, train, cases, "1×1 convolutions")
    return dict(zip(keys, found.values(), strict=True))


def right(lab, kind: str, rows: int) -> np.ndarray:
    """Test accuracies, one a seed."""
    return stats.column(kinds(lab)[kind, rows], "held_out_accuracy")


def means(lab, rows: int) -> dict[str, float]:
    """The mean test accuracy by kind."""
    return {kind: right(lab, kind, rows).mean() for kind in CHANNELS}


def multiply_adds(lab, kind: str) -> int:
    """Multiply-adds of the convolutions for one image."""
    shape = lab.data(lab.like_digits).x_train.shape[1:]
    total = 0
    for layer in with_pointwise(shape, 10, kind).layers:
        if isinstance(layer, keras.layers.Conv2D):
            places = layer.output.shape[1] * layer.output.shape[2]
            total += places * int(np.prod(layer.kernel.shape))
    return total


# That fewer channels cost less is a claim of its own, `cnn-1x1-bottleneck`.


@claim(
    "cnn-1x1-keeps-features",
    "A 1×1 convolution to fewer channels retains the key features.",
    says="always",
    notes="001",
    scope="100 and 960 digits, a CNN of 16 and 32 filters, 16 channels to 8 with a "
    "ReLU, Adam at its best rate",
)
def features_are_kept(lab):
    """Whether accuracy falls by a point."""
    lab.table(
        "A 1×1 convolution behind the first block",
        ["channels", "multiply-adds", *(f"accuracy, {rows} images" for rows in ROWS)],
        [
            [kind, f"{multiply_adds(lab, kind):,}",
             *(f"{right(lab, kind, rows).mean():.1%}" for rows in ROWS)]
            for kind in CHANNELS
        ],
    )  # fmt: skip
    plain, narrow = (multiply_adds(lab, kind) for kind in ("none", "16 to 8"))
    return Finding(
        {
            f"{rows} images: accuracy is kept": stats.greater(
                right(lab, "16 to 8", rows) + stats.ACCURACY_POINT.value,
                right(lab, "none", rows),
                by=NO_WORSE,
            )
            for rows in ROWS
        },
        "Accuracy after 100 images: {few[16 to 8]:.1%}, {few[none]:.1%} without it; "
        "after 960: {many[16 to 8]:.1%} and {many[none]:.1%}, for {narrow:,} in place "
        "of {plain:,} multiply-adds. Frozen as it was drawn: "
        "{few[16 to 8, frozen]:.1%} and {many[16 to 8, frozen]:.1%}.",
        figure=draw_kinds,
        narrow=narrow,
        plain=plain,
        few=means(lab, FEW),
        many=means(lab, MOST),
    )


@claim(
    "cnn-1x1-expansion",
    "A 1×1 convolution to more channels helps to identify more intricate patterns.",
    says="often",
    hedge="helping",
    notes="001",
    scope="100 and 960 digits, a CNN of 16 and 32 filters, 16 channels to 32, Adam at "
    "its best rate; accuracy stands for intricate patterns",
)
def more_channels_help(lab):
    """Accuracy with 32 channels behind the 1×1 convolution, and without it."""
    return Finding(
        {
            f"{rows} images": stats.greater(
                right(lab, "16 to 32", rows),
                right(lab, "none", rows),
                by=stats.ACCURACY_POINT,
            )
            for rows in ROWS
        },
        "Accuracy with 32 channels: {few[16 to 32]:.1%} after 100 images and "
        "{many[16 to 32]:.1%} after 960; without: {few[none]:.1%} and "
        "{many[none]:.1%}, for {wide:.1f} times the multiply-adds.",
        figure=draw_kinds,
        few=means(lab, FEW),
        many=means(lab, MOST),
        wide=multiply_adds(lab, "16 to 32") / multiply_adds(lab, "none"),
    )


def draw_kinds(lab):
    """Test accuracy against the multiply-adds."""
    figure, axes = figures.new(1, 2, width=9.6, height=4.0)
    for panel, rows in zip(axes, ROWS, strict=True):
        for index, kind in enumerate(CHANNELS):
            values = 100 * right(lab, kind, rows)
            draw_seeds(panel, index, values, index)
        words = [kind.replace(", ", "\n") for kind in CHANNELS]
        panel.set_xticks(range(len(CHANNELS)), words)
        shown = means(lab, rows)
        fewer, more = (
            100 * (shown[kind] - shown["none"]) for kind in ("16 to 8", "16 to 32")
        )
        title = f"{rows} images: 8 channels {fewer:+.1f} points, 32 {more:+.1f}"
        figures.describe(panel, title, "channels", "test accuracy (%)")
    lab.figure(
        "bottleneck",
        figure,
        "Test accuracy without a 1×1 convolution, with one to 8 channels, the same "
        "frozen as it was drawn, and with one to 32; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
