"""When: few images, and a network that has learned from many others.

The notes name the occasion: a small data set, and a pretrained model that is at hand.
The pretrained model has learned five digits from all their images; the small data set
has 5 or 20 images of each of the other five. The better of two ways to use the model
meets the best of three that do without: from scratch, with random features, and a
linear model on the pixels. The last two matter. Random features show what the layers
are worth without what they learned, and a linear model often needs no layers at all.

A source may also be large. The zoo's LeNet has learned 60,000 digits of MNIST, all ten
of them, written by other people; on its frozen layers a new head is trained. (Where
MNIST itself is chosen its test images would not be new, and photographs have other
channels: then this is left out.)

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

SIZES, LARGE = (FEW, MORE), "MNIST's LeNet"


def found_ways(lab, size: int) -> dict:
    """All ways, each at its best rate, with some images of each class."""
    large = (LARGE,) if lab.settings.data in ("digits", "fashion_mnist") else ()
    return ways(lab, "related", FIVE, size, (*NEW, *TRANSFERRED, *large))


@claim(
    "tl-when",
    "Use transfer learning where the data set is small and a pretrained model is at "
    "hand.",
    says="advice",
    notes="001",
    scope="5 and 20 images of each of five classes; LeNet with 32 units that learned "
    "the other five, or the zoo's that learned MNIST",
)
def small_data(lab):
    """The better way with a source against the best one without."""
    conditions, gains, lines, large, best = {}, {}, [], [], []
    for size in SIZES:
        found = found_ways(lab, size)
        new = found[best_of(found, NEW)][2]
        sources = {"the other five classes": best_of(found, TRANSFERRED)}
        if LARGE in found:
            sources["60,000 images of MNIST"] = LARGE
            large.append(f"{found[LARGE][2].mean():.1%}")
        for words, old in sources.items():
            conditions[f"{size} images a class, source of {words}"] = stats.greater(
                found[old][2], new, by=stats.ACCURACY_POINT
            )
        old = sources["the other five classes"]
        gains[size] = {name: float((found[old][2] - found[name][2]).mean())
                       for name in NEW}  # fmt: skip
        best.append(float(new.mean()))
        lines += [
            [f"{size} a class", name, f"{rate:g}", f"{seen.mean():.1%}"]
            for name, (rate, _, seen) in found.items()
        ]
    columns = ("images", "way", "rate or strength", "test accuracy")
    lab.table("Ways to the other five classes, each at its best rate", columns, lines)
    return Finding(
        conditions,
        "From five other classes a network gains in test accuracy with {few} images a "
        "class: {gains_few:+.1%}; with {more}: {gains_more:+.1%}. The best way without "
        "a source gives {best:.1%}, one of MNIST's size {large}.",
        figure=draw_ways,
        few=FEW,
        more=MORE,
        gains_few=gains[FEW],
        gains_more=gains[MORE],
        large=" and ".join(large) or "was not tried",
        best=best,
    )


def draw_ways(lab):
    """All ways with few and with more images."""
    panels, titles = {}, []
    for size in SIZES:
        found = found_ways(lab, size)
        panels[size] = {name: seen for name, (_, _, seen) in found.items()}
        best = max(panels[size], key=lambda name: panels[size][name].mean())
        titles.append(f"{size} images a class: best is {best}")
    caption = (
        "Test accuracy on five classes after learning from few images; orange ways "
        "start from a network that learned something else. Bars are means, dots seeds."
    )
    draw_dots(lab, "ways", panels, titles, caption)


if __name__ == "__main__":
    main(__file__)
