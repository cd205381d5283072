"""Pooling: it has no parameters, and saves some only in a dense layer after a flatten.

Pooling works on each channel by itself and learns nothing. It is said to reduce a
network's parameters. The convolutions after it have as many as before, since theirs do
not depend on pixels. What shrinks is a dense layer that follows a flatten; with global
average pooling, as in most networks today, there is nothing to shrink. Computation is
another matter: what comes after pooling works on fewer pixels.
"""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_arithmetic._layers import built
from recipes.lab import Finding, claim, experiment, figures, main
from zoo import lenet

WINDOWS = (
    *(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    *(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
)
GLOBAL = (
    *(layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D),
    *(layers.GlobalMaxPooling3D, layers.GlobalAveragePooling1D),
    *(layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D),
)
HEADS = {"flatten": "flatten and dense", "global_average": "global average"}


def pooling_layers() -> dict:
    """One layer of every kind by name; windows of 2 where a kind has windows."""
    made = [kind(pool_size=2) for kind in WINDOWS] + [kind() for kind in GLOBAL]
    return {type(layer).__name__: layer for layer in made}


def image_of(name: str, channels: int) -> tuple[int, ...]:
    """The shape that a kind of pooling takes: 8, 8×8 or 8×8×8 and channels."""
    return (*(8,) * int(name[-2]), channels)


@claim(
    "cnn-pool-no-params",
    "Pooling layers have no parameters.",
    says="is",
    notes="001",
    scope="Keras's 12 kinds of pooling; nothing is trained",
)
def no_parameters(lab):
    """Counts the parameters of each kind."""
    counts = {
        name: built(layer, *image_of(name, 3)).count_params()
        for name, layer in pooling_layers().items()
    }
    return Finding(
        not any(counts.values()),
        "{kinds} kinds of pooling have {together} parameters together.",
        kinds=len(counts),
        together=sum(counts.values()),
        parameters=counts,
    )


# As many channels out as in would also be true of a layer that mixes them. So one of
# three channels is filled, and nothing of it may show in the others.


def leak(layer, name: str) -> float:
    """Fills the middle one of three channels; returns what the others show of it."""
    image = np.zeros((1, *image_of(name, 3)), "float32")
    image[..., 1] = 1
    out = keras.ops.convert_to_numpy(layer(image))
    return float(np.abs(out[..., [0, 2]]).max())


@claim(
    "cnn-pool-keeps-channels",
    "Pooling keeps the number of channels.",
    says="is",
    notes="001",
    scope="Keras's 12 kinds of pooling on 1, 3 and 64 channels; nothing is trained",
)
def keeps_channels(lab):
    """Channels out by channels in, and whether one reaches another."""
    kept = {
        name: {
            str(c): layer(keras.Input(image_of(name, c))).shape[-1] for c in (1, 3, 64)
        }
        for name, layer in pooling_layers().items()
    }
    leaked = {name: leak(layer, name) for name, layer in pooling_layers().items()}
    return Finding(
        {
            "as many come out": all(
                int(c) == out for row in kept.values() for c, out in row.items()
            ),
            "what is in one channel stays in it": not any(leaked.values()),
        },
        "Through {kinds} kinds of pooling 1, 3 and 64 channels come out as they go in, "
        "and what is in one channel stays in it.",
        kinds=len(kept),
        channels_out_by_in=kept,
        reaches_other_channels=leaked,
    )


@experiment
def variants(lab) -> dict[str, dict[str, int]]:
    """Parameters by layer of the notes' network, by head and pooling."""
    found, rows = {}, []
    for head, title in HEADS.items():
        models = {kind: lenet(head=head, pooling=kind) for kind in ("max", "average")}
        models["no"] = lenet(head=head, pooling=None)
        for pooling, model in models.items():
            found[f"{title}, {pooling} pooling"] = {
                layer: model.get_layer(layer).count_params()
                for layer in ("conv_1", "conv_2", "logits")
            }
        rows.append([title, *(model.count_params() for model in models.values())])
    columns = ["head \\ pooling", "max", "average", "none"]
    lab.table("Parameters by head and pooling", columns, rows)
    return found


@claim(
    "cnn-pool-reduces-params",
    "Pooling reduces a network's parameters.",
    says="is",
    notes="001 002",
    scope="the notes' network with two heads, with and without pooling; nothing is "
    "trained",
)
def reduces_parameters(lab):
    """All parameters with and without pooling, by what follows the convolutions."""
    found = variants(lab)
    totals = {name: sum(row.values()) for name, row in found.items()}

    def shrinks(title: str) -> bool:
        with_pooling = [
            totals[f"{title}, {kind} pooling"] for kind in ("max", "average")
        ]
        return max(with_pooling) < totals[f"{title}, no pooling"]

    return Finding(
        {f"head: {title}": shrinks(title) for title in HEADS.values()},
        "Pooling has none to save; it shrinks a dense layer after a flatten "
        "({flat_without:,} parameters become {flat:,}). Before global average pooling "
        "there are {mean:,} with it and {mean_without:,} without.",
        figure=draw_parameters,
        flat=totals["flatten and dense, max pooling"],
        flat_without=totals["flatten and dense, no pooling"],
        mean=totals["global average, max pooling"],
        mean_without=totals["global average, no pooling"],
        parameters=found,
    )


# A layer's multiply-adds are its weights without biases, times the places where they
# are used: every pixel that it makes, one for a dense layer. Pooling compares or adds
# all numbers of its windows.


def operations(model: keras.Model) -> int:
    """Multiply-adds of a network for one image, and what its pooling compares."""
    total = 0
    for layer in model.layers:
        places = int(np.prod(layer.output.shape[1:-1]))  # 1 of what has no pixels
        if isinstance(layer, (layers.Conv2D, layers.Dense)):
            total += places * int(np.prod(layer.kernel.shape))
        elif "Pooling" in type(layer).__name__:
            total += int(np.prod(layer.input.shape[1:]))
    return total


@claim(
    "pool-saves-compute",
    "Pooling reduces the computational load.",
    says="is",
    notes="001 002",
    scope="multiply-adds of the notes' network for one image, two heads; nothing is "
    "trained",
)
def saves_compute(lab):
    """Counts multiply-adds with and without pooling, its own operations with it."""
    counts = {
        f"{title}, {pooling or 'no'} pooling": operations(
            lenet(head=head, pooling=pooling)
        )
        for head, title in HEADS.items()
        for pooling in ("max", None)
    }
    return Finding(
        {
            f"head: {title}": counts[f"{title}, max pooling"]
            < counts[f"{title}, no pooling"]
            for title in HEADS.values()
        },
        "An image takes {with_pooling:,} multiply-adds and comparisons with pooling "
        "and {without:,} without: the second convolution works on a quarter of the "
        "pixels. So pooling saves work even where it saves no parameters.",
        with_pooling=counts["flatten and dense, max pooling"],
        without=counts["flatten and dense, no pooling"],
        operations=counts,
    )


def draw_parameters(lab):
    """Where the parameters are, with and without pooling."""
    shown = {
        name: row
        for name, row in variants(lab).items()
        if "average pooling" not in name
    }
    parts = {"convolutions": ("conv_1", "conv_2"), "dense layer": ("logits",)}
    figure, axis = figures.new(height=2.8)
    start = np.zeros(len(shown))
    for (label, names), color in zip(parts.items(), figures.COLORS, strict=False):
        counts = np.array([sum(row[name] for name in names) for row in shown.values()])
        axis.barh(list(shown), counts / 1000, left=start, color=color, label=label)
        start += counts / 1000
    for row, total in enumerate(start):
        axis.text(total + 6, row, f"{total * 1000:,.0f}", va="center")
    axis.invert_yaxis()
    axis.set_xlim(0, 1.15 * start.max())
    axis.grid(axis="y", visible=False)
    figures.legend(axis, loc="lower right")
    title = "Pooling shrinks a dense layer after a flatten only"
    figures.describe(axis, title, "parameters (thousands)", "")
    lab.figure("parameters", figure, "Parameters of the notes' network by layer.")


if __name__ == "__main__":
    main(__file__)
