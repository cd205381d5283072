"""Hierarchy: what can be read from each layer, beyond what random filters give.

If layers go from local patterns to objects, an object should be easier to read from a
deep layer and a local edge from an early one. Reading is done by a *linear probe*: a
linear model on a layer's outputs, fitted to 100 images that the network has not
learned. The object is the digit; the edge is how much brighter the right of the four
middle columns of the picture is than the left.

A deeper layer sees more of the image and has fewer outputs, whatever its weights. So
each layer is compared with itself before training: what a layer of random filters gives
isn't learned.
"""

import numpy as np

from recipes.architectures.cnn_behavior._looking import (
    BLOCKS,
    KERNELS,
    looks,
    seen_of,
)
from recipes.lab import Finding, claim, figures, main, stats

SMALL, LARGE = KERNELS
WHICH = ("learned", "random")


# The notes detect local patterns, and entire objects: two claims. Both say "learn", so
# what counts is what learning adds to random filters. This is the second. That an edge
# is read better from the first block than from the last is shown beside it: no note
# says that deep layers must forget edges, and from random filters it is read as well.


@claim(
    "cnn-hierarchy",
    "Deeper layers of a convolutional network learn to see whole objects.",
    says="always",
    notes="001 002",
    scope="480 digits enlarged to 16×16, a CNN of three blocks, Adam 0.003, 12 epochs; "
    "the object is a digit's class, read by linear probes",
)
def deeper_layers_see_objects(lab):
    """Probes of each block for the class, learned against random."""
    read = {
        name: {which: seen_of(lab, SMALL, which, name) for which in WHICH}
        for name in ("classes", "edge")
    }
    pixels = seen_of(lab, SMALL, "random", "pixels").mean(0)
    lab.table(
        "What a linear probe reads from each block",
        [
            "from",
            *(f"{name}, {which}" for name in ("class", "edge") for which in WHICH),
        ],
        [
            ["pixels", f"{pixels[0]:.1%}", "", f"{pixels[1]:.2f}", ""],
            *(
                [
                    f"block {block + 1}",
                    *(f"{read['classes'][w][:, block].mean():.1%}" for w in WHICH),
                    *(f"{read['edge'][w][:, block].mean():.2f}" for w in WHICH),
                ]
                for block in range(BLOCKS)
            ),
        ],
    )
    # By how much more a class can be read from the last block than from the first.
    rise = {w: read["classes"][w][:, -1] - read["classes"][w][:, 0] for w in WHICH}
    return Finding(
        {
            "read the better the deeper, more so than with random filters": (
                stats.greater(rise["learned"], rise["random"], by=stats.ACCURACY_POINT)
            )
        },
        "From block to block a probe names {learned:.1%} of the digits; with random "
        "filters {random:.1%}, which follows from the layers' sizes alone. Of an edge "
        "it explains {edge:.0%}, and {edge_random:.0%} with random filters.",
        figure=draw_probes,
        learned=read["classes"]["learned"].mean(0),
        random=read["classes"]["random"].mean(0),
        edge=read["edge"]["learned"].mean(0),
        edge_random=read["edge"]["random"].mean(0),
        rise={which: values.mean() for which, values in rise.items()},
        accuracy=stats.column(looks(lab)[SMALL], "accuracy").mean(),
    )


# A filter of random numbers prefers some direction, too, by chance. So the same filters
# are asked before and after they have learned. The notes' word is "edges": what is
# judged is how much of a filter is a plain edge. How far it prefers one direction is
# shown beside it.


@claim(
    "cnn-filters-local-patterns",
    "The filters of a convolutional network learn to detect local patterns such as "
    "edges.",
    says="always",
    notes="001 002",
    scope="8 first filters of 3×3 and of 7×7, 480 digits enlarged to 16×16, 12 epochs",
)
def filters_become_edges(lab):
    """How much of the filters is a plain edge, before and after learning."""
    found = {
        (name, side): [seen_of(lab, side, which, name) for which in WHICH]
        for name in ("orientation", "edge_share")
        for side in KERNELS
    }
    return Finding(
        {
            f"{side}×{side} filters: more of a plain edge than before": stats.greater(
                *found["edge_share", side], by=stats.TENTH, scale="log"
            )
            for side in KERNELS
        },
        "Before and after learning {small:.0%} of the variance of 3×3 filters and "
        "{large:.0%} of that of 7×7 filters is a plain edge. Their preference for one "
        "direction goes from {narrow:.2f} and {wide:.2f}.",
        figure=draw_filters,
        small=[values.mean() for values in found["edge_share", SMALL][::-1]],
        large=[values.mean() for values in found["edge_share", LARGE][::-1]],
        narrow=[values.mean() for values in found["orientation", SMALL][::-1]],
        wide=[values.mean() for values in found["orientation", LARGE][::-1]],
        learned_and_random={
            f"{name}, {side}×{side}": [values.mean() for values in pair]
            for (name, side), pair in found.items()
        },
    )


def draw_probes(lab):
    """What probes read from each block, learned and random."""
    figure, axes = figures.new(1, 2, width=10.0, height=4.0)
    blocks = np.arange(1, BLOCKS + 1)
    ends = {}
    for panel, name in zip(axes, ("classes", "edge"), strict=True):
        rows = {
            f"{which} filters": 100 * seen_of(lab, SMALL, which, name)
            for which in WHICH
        }
        ends[name] = rows["learned filters"].mean(0)
        panel.set_xticks(blocks)
        figures.curves(panel, blocks, rows)
    title = f"The digit: {ends['classes'][0]:.0f}% from block 1, " + (
        f"{ends['classes'][-1]:.0f}% from block 3"
    )
    figures.describe(axes[0], title, "block", "digits named by a probe (%)")
    title = f"An edge: {ends['edge'][0]:.0f}% from block 1, {ends['edge'][-1]:.0f}%"
    title += " from block 3"
    figures.describe(axes[1], title, "block", "variance explained (%)")
    lab.figure(
        "hierarchy",
        figure,
        "What linear probes read from each block of networks that have learned and of "
        "the same networks before: the digit's class, and a local edge. Means with the "
        "range over seeds.",
    )


def draw_filters(lab):
    """The first filters of one network, before and after it has learned."""
    figure, axes = figures.new(4, 8, width=9.0, height=5.2)
    rows = [(side, which) for side in KERNELS for which in ("random", "learned")]
    for (side, which), panels in zip(rows, axes, strict=True):
        kernels = np.array(looks(lab)[side][0][which]["kernels"])
        largest = np.abs(kernels).max()
        for panel, kernel in zip(panels, kernels, strict=True):
            panel.imshow(kernel, cmap="gray", vmin=-largest, vmax=largest)
            panel.set_xticks([])
            panel.set_yticks([])
            panel.grid(False)
        panels[0].set_ylabel(f"{side}×{side}\n{which}")
    share = {which: seen_of(lab, LARGE, which, "edge_share").mean()
             for which in ("random", "learned")}  # fmt: skip
    figure.suptitle(
        f"{share['random']:.0%} of 7×7 filters' variance is a plain edge before "
        f"learning, {share['learned']:.0%} after",
        x=0.02,
        ha="left",
        fontweight="bold",
        fontsize=11,
    )
    lab.figure(
        "filters",
        figure,
        "The eight first filters of one network with 3×3 and of one with 7×7 filters, "
        "before and after learning; gray is 0.",
    )


if __name__ == "__main__":
    main(__file__)
