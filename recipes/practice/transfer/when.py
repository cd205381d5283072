"""When: few images, and a network that has learned from many others.

The notes name the occasion: a small data set, and a pretrained model that is at hand.
The pretrained model has learned five digits from all their images; the small data set
has 5 or 20 images of each of the other five. The better of two ways to use the model
meets the best of three that do without: from scratch, with random features, and a
linear model on the pixels. The last two matter. Random features show what the layers
are worth without what they learned, and a linear model often needs no layers at all.

Every way has three trial rates. What is compared is chosen on other seeds.
"""

from recipes.lab import Finding, claim, main, stats
from recipes.practice.transfer._networks import (
    FEW,
    FIVE,
    MORE,
    NEW,
    TRANSFERRED,
    best_of,
    draw_dots,
    ways,
)

SIZES = (FEW, MORE)


@claim(
    "tl-when",
    "Use transfer learning where the data set is small and a pretrained model is at "
    "hand.",
    says="advice",
    notes="001",
    scope="LeNet with 32 units, learned on five classes; 5 and 20 images of each of "
    "the other five",
)
def small_data(lab):
    """The better way with a source against the best one without."""
    conditions, gains, lines = {}, {}, []
    for size in SIZES:
        found = ways(lab, "related", FIVE, size, (*NEW, *TRANSFERRED))
        old, new = best_of(found, TRANSFERRED), best_of(found, NEW)
        conditions[f"{size} images a class"] = stats.greater(
            found[old][2], found[new][2], by=stats.ACCURACY_POINT
        )
        gains[size] = {name: float((found[old][2] - found[name][2]).mean())
                       for name in NEW}  # fmt: skip
        lines += [
            [f"{size} a class", name, f"{rate:g}", f"{seen.mean():.1%}"]
            for name, (rate, _, seen) in found.items()
        ]
    columns = ("images", "way", "rate or strength", "test accuracy")
    lab.table("Ways to the other five classes, each at its best rate", columns, lines)
    return Finding(
        conditions,
        "The pretrained network gains in test accuracy with {few} images a class: "
        "{gains_few:+.1%}; with {more}: {gains_more:+.1%}. The rivals are those "
        "named.",
        figure=draw_ways,
        few=FEW,
        more=MORE,
        gains_few=gains[FEW],
        gains_more=gains[MORE],
    )


def draw_ways(lab):
    """All ways with few and with more images."""
    panels, titles = {}, []
    for size in SIZES:
        found = ways(lab, "related", FIVE, size, (*NEW, *TRANSFERRED))
        panels[size] = {name: seen for name, (_, _, seen) in found.items()}
        best = max(panels[size], key=lambda name: panels[size][name].mean())
        titles.append(f"{size} images a class: best is {best}")
    caption = (
        "Test accuracy on five classes after learning from few images; orange ways "
        "start from a network that learned five others. Bars are means, dots seeds."
    )
    draw_dots(lab, "ways", panels, titles, caption)


if __name__ == "__main__":
    main(__file__)
