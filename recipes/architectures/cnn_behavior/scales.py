"""Scales: how coarse the stripes are that filters answer to.

A scale can be measured: show stripes of many periods and ask which of them moves a unit
most. A 3×3 filter can't see much of a stripe that is 16 pixels wide; a unit behind two
poolings looks at a large part of the image. So filters capture different scales in
three ways: by their size, by their depth, and beside each other in one layer. How much
of that is learned, the same networks show before training.
"""

import numpy as np

from recipes.architectures.cnn_behavior._looking import (
    BLOCKS,
    KERNELS,
    PERIODS,
    looks,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

SMALL, LARGE = KERNELS


@experiment
def preferred(lab) -> dict[tuple[int, str], list[list[list[float]]]]:
    """Preferred periods: for each seed and convolution those of its units."""
    return {
        (side, which): [run[which]["periods"] for run in runs]
        for side, runs in looks(lab).items()
        for which in ("learned", "random")
    }


def middle(rows: list, layer: int) -> np.ndarray:
    """The geometric mean of the periods that a layer's units prefer, one a seed."""
    return np.exp([np.mean(np.log(blocks[layer])) for blocks in rows])


def spread(rows: list, layer: int) -> np.ndarray:
    """The coarsest period that a layer's units prefer over the finest, one a seed."""
    return np.array([max(blocks[layer]) / min(blocks[layer]) for blocks in rows])


@claim(
    "cnn-filter-scales",
    "Convolutional filters capture features at different scales.",
    says="always",
    notes="001",
    scope="stripes of 2 to 16 pixels; CNNs of three blocks that learned 480 digits "
    "enlarged to 16×16",
)
def scales_differ(lab):
    """Preferred stripes by depth, by filter size, and within the first layer."""
    found = preferred(lab)
    small, large = found[SMALL, "learned"], found[LARGE, "learned"]
    lab.table(
        "Period of the stripes that units prefer, in pixels (geometric mean)",
        ["first filters", *(f"convolution {layer + 1}" for layer in range(BLOCKS))],
        [
            [f"{side}×{side}, {which}",
             *(f"{middle(rows, layer).mean():.1f}" for layer in range(BLOCKS))]
            for (side, which), rows in found.items()
        ],
    )  # fmt: skip
    depth = [middle(small, layer) for layer in range(BLOCKS)]
    sizes = [middle(rows, 0) for rows in (small, large)]
    return Finding(
        {
            "deeper: the third convolution sees coarser stripes than the first": (
                stats.greater(depth[2], depth[0], by=stats.TENTH, scale="log")
            ),
            "larger: 7×7 filters see coarser stripes than 3×3": stats.greater(
                sizes[1], sizes[0], by=stats.TENTH, scale="log"
            ),
            **{
                f"beside each other: {side}×{side} filters differ by a factor of two": (
                    stats.against(spread(rows, 0), 1.0, by=stats.TWICE, scale="log")
                )
                for side, rows in ((SMALL, small), (LARGE, large))
            },
        },
        "Units of the first to third convolution prefer stripes of {depth:.1f} pixels; "
        "with random filters {random:.1f}. First filters of 3×3 and 7×7 prefer "
        "{sizes:.1f}.",
        figure=draw_scales,
        depth=[values.mean() for values in depth],
        random=[
            middle(found[SMALL, "random"], layer).mean() for layer in range(BLOCKS)
        ],
        sizes=[values.mean() for values in sizes],
        spread=[spread(rows, 0).mean() for rows in (small, large)],
    )


def draw_scales(lab):
    """How many units prefer each period, by layer."""
    found = preferred(lab)
    figure, axes = figures.new(1, 2, width=10.0, height=4.0)
    for panel, which in zip(axes, ("learned", "random"), strict=True):
        rows = found[SMALL, which]
        for layer in range(BLOCKS):
            units = [period for blocks in rows for period in blocks[layer]]
            shares = [100 * np.mean([p == period for p in units]) for period in PERIODS]
            places = np.arange(len(PERIODS)) + 0.27 * (layer - 1)
            panel.bar(places, shares, 0.27, color=figures.COLORS[layer],
                      label=f"convolution {layer + 1}")  # fmt: skip
        panel.set_xticks(range(len(PERIODS)), [str(period) for period in PERIODS])
        panel.set_ylim(0, 75)
        ends = [middle(rows, layer).mean() for layer in (0, 2)]
        title = f"{which.capitalize()}: from {ends[0]:.1f} pixels (convolution 1) to "
        title += f"{ends[1]:.1f} (3)"
        figures.describe(panel, title, "preferred period (pixels)", "units (%)")
    figures.legend(axes[0], loc="upper left")
    lab.figure(
        "scales",
        figure,
        "Share of units that prefer stripes of each period, by convolution, in "
        "networks of 3×3 filters that have learned and in the same networks before; "
        "the titles give geometric means.",
    )


if __name__ == "__main__":
    main(__file__)
