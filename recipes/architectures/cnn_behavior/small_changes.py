"""Small changes: pooling hides some of a shift, and of a turn or a zoom as small.

Pooling gives one number for a region, so a feature may move inside the region without
being noticed. The notes name small changes of position, orientation and scale. To
compare them they must be equally small: a turn and a zoom move each pixel by another
distance, so they are chosen such that what is drawn moves as far as in the shift, in
the mean.

How much features change is measured in two ways: as a share of how large they are, and
as a share of how much they differ between two images. A layer that makes all images
more alike changes little by the first measure and gains nothing by the second. Filters
are random: what is seen is pooling's doing, not training's. Networks that have learned
follow, with a control that has maps of the same size and pools nothing.
"""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_behavior._images import draw, view
from recipes.architectures.cnn_behavior._pooled import (
    MARGIN,
    POOLINGS,
    accuracy,
    changed,
    pooled,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

IMAGES, SIZE, FILTERS = 100, 28, 8
PIXELS = 1.0  # of 28: how far a small change moves what is drawn, in the mean
CHANGES = ("shift", "rotation", "zoom")
SUMMARIES = ("none", "one of 4", "max 2×2", "average 2×2", "max 4×4", "average 4×4")
MEASURES = ("their size", "two images' distance")
POOLED = ("max", "average")  # the notes name both


def summary(maps: np.ndarray, name: str) -> np.ndarray:
    """Feature maps (images, height, width, filters) as a pooling leaves them, flat."""
    if name == "one of 4":
        maps = maps[:, ::2, ::2]
    elif name != "none":
        kind, region = name.split()
        side = int(region[0])
        count, size, _, filters = maps.shape
        blocks = maps.reshape(count, size // side, side, size // side, side, filters)
        maps = blocks.max((2, 4)) if kind == "max" else blocks.mean((2, 4))
    return maps.reshape(len(maps), -1)


def change_shares(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """How far features move, by each of `MEASURES`: a mean over images."""
    moved = np.linalg.norm(after - before, axis=1).mean()
    apart = np.linalg.norm(before - np.roll(before, 1, axis=0), axis=1).mean()
    return float(moved / np.linalg.norm(before, axis=1).mean()), float(moved / apart)


@experiment
def shares(lab) -> dict[tuple[str, str], np.ndarray]:
    """The shares that change by change and pooling, (measures, seeds)."""
    data = lab.data(lab.like_digits)
    found: dict[tuple[str, str], list] = {}
    for seed in lab.seeds:
        keras.utils.set_random_seed(seed)
        images = draw(data, IMAGES, seed)["training"][0]
        start = keras.initializers.HeNormal(seed)
        conv = layers.Conv2D(FILTERS, 3, padding="same", activation="relu",
                             kernel_initializer=start)  # fmt: skip
        before = keras.ops.convert_to_numpy(conv(view(images, SIZE, MARGIN)))
        for change, others in changed(images, SIZE, PIXELS).items():
            after = keras.ops.convert_to_numpy(conv(others))
            for name in SUMMARIES:
                pair = [summary(maps, name) for maps in (before, after)]
                found.setdefault((change, name), []).append(change_shares(*pair))
    return {pair: np.array(values).T for pair, values in found.items()}


def show(lab) -> None:
    """Prints how much features change, and the accuracy of networks."""
    found = shares(lab)
    for index, measure in enumerate(MEASURES):
        lab.table(
            f"How far random features move, as a share of {measure}",
            ["pooling", *CHANGES],
            [
                [name, *(f"{found[change, name][index].mean():.3f}"
                         for change in CHANGES)]
                for name in SUMMARIES
            ],
        )  # fmt: skip
    columns = [f"{change}, {times}" for times in (1, 2) for change in CHANGES]
    lab.table(
        "Test accuracy after changes: of 1/28 of the width, and twice that",
        ["pooling", "as they are", *columns],
        [
            [
                pooling,
                *(
                    f"{accuracy(lab, pooling, name).mean():.1%}"
                    for name in ("as they are", *columns)
                ),
            ]
            for pooling in POOLINGS
        ],
    )


def lost(lab, pooling: str, change: str) -> np.ndarray:
    """The accuracy that a small change takes, one a seed."""
    return accuracy(lab, pooling) - accuracy(lab, pooling, f"{change}, 1")


# The notes have two sentences, and each is judged by what it speaks of: summarized
# *features*, by how far they move; a network that *recognizes* objects regardless of
# small changes, by its accuracy. Both poolings that the notes name are asked. The
# distance of two images, and maps as small that summarize nothing, stand beside.


@claim(
    "pool-small-shift-invariance",
    "By summarizing a region, pooling provides some degree of invariance to "
    "translations.",
    says="is",
    notes="002",
    scope="random 3×3 filters on digits enlarged to 28×28, shifted by 1 pixel; 2×2 "
    "pooling",
)
def small_shifts(lab):
    """How far features move after a shift, with pooling and without."""
    show(lab)
    found = shares(lab)
    losses = {pooling: lost(lab, pooling, "shift") for pooling in POOLINGS}
    return Finding(
        {
            f"{kind}: features move a tenth less than with no pooling": stats.greater(
                found["shift", "none"][0],
                found["shift", f"{kind} 2×2"][0],
                by=stats.TENTH,
                scale="log",
            )
            for kind in POOLED
        },
        "A shift by one pixel of 28 changes features by {plain:.0%} of their size "
        "without pooling, {largest:.0%} behind 2×2 max and {mean:.0%} behind average "
        "pooling. But images may grow more alike, too: of their distance it is "
        "{distance:.0%}. The accuracy of networks that have learned falls by "
        "{losses:.1%}.",
        figure=draw_shares,
        plain=found["shift", "none"][0].mean(),
        largest=found["shift", "max 2×2"][0].mean(),
        mean=found["shift", "average 2×2"][0].mean(),
        distance=[
            found["shift", name][1].mean()
            for name in ("none", "max 2×2", "average 2×2")
        ],
        losses={pooling: values.mean() for pooling, values in losses.items()},
        learning_rate={
            pooling: runs[0]["learning_rate"] for pooling, runs in pooled(lab).items()
        },
    )


@claim(
    "pool-rotation-scale-invariance",
    "With pooling a network can recognize objects regardless of small changes of "
    "position, orientation or scale.",
    says="can",
    hedge="can",
    notes="002",
    scope="shifts, turns and zooms that move digits as far as 1 pixel of 28; random "
    "3×3 filters, and CNNs of two blocks that learned 300 digits",
)
def recognized_regardless(lab):
    """The accuracy that each change takes, with pooling and without."""
    found = shares(lab)
    kinds = (*POOLED, "none")
    losses = {
        change: {kind: lost(lab, kind, change) for kind in kinds} for change in CHANGES
    }
    return Finding(
        {
            f"{change}, {kind}: loses less accuracy than with no pooling": (
                stats.greater(taken["none"], taken[kind], by=stats.ACCURACY_POINT)
            )
            for change, taken in losses.items()
            for kind in POOLED
        },
        "Without pooling and with 2×2 max pooling a turn changes features by "
        "{rotation:.0%} of their size, a zoom by {zoom:.0%}. Of the distance of two "
        "images it is {turned:.0%} and {zoomed:.0%}. Of accuracy a shift takes "
        "{lost[shift]:.1%}, a turn {lost[rotation]:.1%}, a zoom {lost[zoom]:.1%}.",
        rotation=[found["rotation", name][0].mean() for name in ("none", "max 2×2")],
        zoom=[found["zoom", name][0].mean() for name in ("none", "max 2×2")],
        turned=[found["rotation", name][1].mean() for name in ("none", "max 2×2")],
        zoomed=[found["zoom", name][1].mean() for name in ("none", "max 2×2")],
        lost={
            change: {kind: loss.mean() for kind, loss in taken.items()}
            for change, taken in losses.items()
        },
    )


def draw_shares(lab):
    """How far features move by change and pooling, by both measures."""
    found = shares(lab)
    figure, axes = figures.new(1, 2, width=12.0, height=4.2)
    for panel, measure, which in zip(axes, MEASURES, (0, 1), strict=True):
        for index, change in enumerate(CHANGES):
            values = [100 * found[change, name][which] for name in SUMMARIES]
            places = np.arange(len(SUMMARIES)) + 0.25 * (index - 1)
            means = [seen.mean() for seen in values]
            panel.bar(places, means, 0.25, color=figures.COLORS[index], label=change)
            for place, seen in zip(places, values, strict=True):
                panel.plot([place] * len(seen), seen, ".", color="#000000",
                           markersize=2)  # fmt: skip
        panel.set_xticks(range(len(SUMMARIES)), [name.replace(" ", "\n", 1)
                                                 for name in SUMMARIES])  # fmt: skip
        panel.set_ylim(0, 1.3 * panel.get_ylim()[1])
        plain, four = (
            found["shift", name][which].mean() for name in ("none", "average 4×4")
        )
        title = f"A shift: {plain:.0%}, behind 4×4 averages {four:.0%}"
        figures.describe(panel, title, "pooling", f"change (% of {measure})")
    figures.legend(axes[0], loc="upper right", ncols=3)
    lab.figure(
        "small_changes",
        figure,
        "How far features of random filters move after a shift, a rotation and a zoom "
        "of equal size, by pooling, as a share of their size and of the distance of "
        "two images; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
