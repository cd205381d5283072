"""Look-alikes: two classes that are hard to tell apart, as cats and dogs are.

The notes head a list of settings for transfer learning with the nickname "dog vs cat",
and say nothing of it. What can be tried is whether transfer learning suits such a task.
The stand-in is a pair of classes that look alike: 3 and 5. The source are the other
eight. With `--data cifar10` classes 3 and 5 are the cats and the dogs themselves.
"""

from recipes.lab import Finding, claim, main, stats
from recipes.practice.transfer._networks import (
    NEW,
    PAIR,
    TRANSFERRED,
    best_of,
    draw_dots,
    ways,
)

PER_CLASS, TIMES = 3, 2  # images a class; as many seeds: the test is small


def found_ways(lab) -> dict:
    """The ways from the eight other classes to the pair."""
    return ways(lab, "related", PAIR, PER_CLASS, (*NEW, *TRANSFERRED), TIMES)


@claim(
    "tl-dog-cat",
    "Telling dogs from cats is a task for transfer learning.",
    says="advice",
    hedge="only a nickname above a list of settings",
    notes="001",
    scope="classes 3 and 5 as a stand-in (CIFAR-10: cats and dogs), 3 images of each; "
    "LeNet with 32 units, learned on the other eight classes",
)
def a_pair_that_looks_alike(lab):
    """The better way with a source against the best one without."""
    found = found_ways(lab)
    old, new = best_of(found, TRANSFERRED), best_of(found, NEW)
    return Finding(
        {"two classes that look alike": stats.greater(
            found[old][2], found[new][2], by=stats.ACCURACY_POINT
        )},
        "Of the look-alikes 3 and 5 the pretrained network ({old}) names {ours:.1%} "
        "rightly, the best way without one ({new}) {theirs:.1%}.",
        figure=draw_pair,
        old=old,
        new=new,
        ours=found[old][2].mean(),
        theirs=found[new][2].mean(),
        accuracy={name: seen.mean() for name, (_, _, seen) in found.items()},
    )  # fmt: skip


def draw_pair(lab):
    """All ways to the pair."""
    rows = {name: seen for name, (_, _, seen) in found_ways(lab).items()}
    best = max(rows, key=lambda name: rows[name].mean())
    title = f"Classes 3 and 5, {PER_CLASS} images of each: best is {best}"
    caption = (
        "Test accuracy on two classes that look alike; orange ways start from a "
        "network that learned the other eight. Bars are means, dots seeds."
    )
    draw_dots(lab, "pair", {PER_CLASS: rows}, [title], caption)


if __name__ == "__main__":
    main(__file__)
