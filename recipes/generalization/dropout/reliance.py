"""Reliance: take one unit or pixel away, and see how much a network leaned on it.

A unit that may be gone in the next step is nothing to rely on. So networks with dropout
should bear the loss of a single unit better, and where pixels are dropped, that of a
single pixel. But a better network bears everything better. So all stop at the same
validation accuracy, and then one unit after the other is set to zero, and one pixel
after the other.
"""

import numpy as np

from recipes.generalization.dropout._ablation import DROPPED, ablations, of
from recipes.generalization.dropout._images import column
from recipes.lab import Finding, claim, figures, main, stats

LOST = stats.Threshold(
    "half a point",
    0.005,
    "accuracy lost with one part",
    "four of 797 test images: less is one part more or less by chance.",
)
KINDS = {"hidden units": False, "hidden units and pixels": True}


def lost_with(lab, name: str, pixels: bool = False) -> dict[float, stats.Decision]:
    """Whether dropout lessens what the most important part's loss costs, by rate."""
    return {
        rate: stats.greater(of(lab, 0.0, name), of(lab, rate, name, pixels), by=LOST)
        for rate in DROPPED[1:]
    }


def means(lab, name: str) -> list[float]:
    """The means of a measure, by the rate of the hidden units."""
    return [of(lab, rate, name).mean() for rate in DROPPED]


# The notes speak of neurons and of features. Each is a claim; that weights are spread,
# as by an L2 penalty, is asked in `penalty`. Units are dropped in every layer there: so
# pixels are dropped, too, where features are asked for.


@claim(
    "dropout-spreads-reliance",
    "Dropout makes a network not rely too heavily on any one neuron.",
    notes="000 004",
    scope="400 digits, 32 hidden ReLU units, Adam, all stopped at 90 % on validation",
)
def leans_on_no_single_unit(lab):
    """The largest loss of accuracy by one unit."""
    runs = ablations(lab, False)
    return Finding(
        {f"dropout {r:g}": found for r, found in lost_with(lab, "lost_unit").items()},
        "Without the most important unit networks with dropout 0, 0.3 and 0.5 lose "
        "{unit:.1%} of accuracy. All were {accuracy:.0%} right on validation.",
        figure=draw_lost,
        unit=means(lab, "lost_unit"),
        accuracy=[column(runs[rate], "validation", 1).mean() for rate in DROPPED],
        lost_on_average=means(lab, "lost_unit_on_average"),
        test_accuracy=[column(runs[rate], "test", 1).mean() for rate in DROPPED],
    )


@claim(
    "dropout-spreads-reliance-features",
    "Dropout makes a network not rely too heavily on any one feature.",
    notes="004",
    scope="400 digits, 32 hidden ReLU units, Adam, all stopped at 90 % on validation; "
    "dropout of hidden units, alone and with that of pixels",
)
def leans_on_no_single_pixel(lab):
    """The largest loss of accuracy by one pixel."""
    both = ablations(lab, True)
    return Finding(
        {
            f"dropout {rate:g} of {kind}": decision
            for kind, pixels in KINDS.items()
            for rate, decision in lost_with(lab, "lost_pixel", pixels).items()
        },
        "Without the most important pixel "
        "networks with dropout 0, 0.3 and 0.5 of hidden units lose {pixel:.1%} of "
        "accuracy; with 0.3 and 0.5 of pixels, too, {dropped:.1%} (these were "
        "{accuracy:.0%} right on validation).",
        figure=draw_lost,
        pixel=means(lab, "lost_pixel"),
        dropped=[of(lab, rate, "lost_pixel", True).mean() for rate in both],
        accuracy=[column(runs, "validation", 1).mean() for runs in both.values()],
        test_accuracy=[column(runs, "test", 1).mean() for runs in both.values()],
    )


def draw_lost(lab):
    """What one part costs, by dropout rate."""
    figure, panels = figures.new(1, 2, width=11.0, height=4.0)
    ways = [(rate, False) for rate in DROPPED] + [(r, True) for r in DROPPED[1:]]
    for axes, name, what in zip(
        panels, ("lost_unit", "lost_pixel"), ("hidden unit", "pixel"), strict=True
    ):
        for place, (rate, pixels) in enumerate(ways):
            values = 100 * of(lab, rate, name, pixels)
            color = figures.COLORS[place]
            axes.bar(place, values.mean(), color=color, width=0.6)
            axes.plot(np.full(len(values), place), values, ".", color="#000000")
        labels = [f"{rate:g}" + "\n+ pixels" * pixels for rate, pixels in ways]
        axes.set_xticks(range(len(ways)), labels)
        usual, *dropped = (100 * of(lab, *way[:1], name, way[1]).mean() for way in ways)
        title = (
            f"The worst {what} to lose costs {usual:.1f} points,\n"
            f"{min(dropped):.1f} to {max(dropped):.1f} with dropout"
        )
        figures.describe(axes, title, "dropout rate", "accuracy lost (points)")
    lab.figure(
        "lost",
        figure,
        "Test accuracy that is lost with the most important hidden unit and pixel, of "
        "networks that were stopped at the same validation accuracy, by the dropout "
        "rate of hidden units, and of these and pixels; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
