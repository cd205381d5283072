"""Unrelated: what a source is worth that has nothing to do with the target.

Pretraining gives two things: weights of a useful size, and features. To part them, the
source is spoiled twice. With shuffled labels the network sees the same strokes and
learns nothing true of them, so it may still learn strokes. With images of noise it
learns neither. Where such a start is worse than none, one speaks of negative transfer.
"""

from recipes.lab import Finding, claim, main, stats
from recipes.practice.transfer._networks import (
    FEW,
    FIVE,
    draw_dots,
    ways,
)

STARTS = ("head alone", "all layers")
SOURCES = ("shuffled labels", "noise images")


def spoiled(lab) -> dict:
    """The test accuracies by source and way, and those from scratch."""
    related = ways(lab, "related", FIVE, FEW, ("from scratch", *STARTS))
    found = {"from scratch": related["from scratch"][2]}
    for name in STARTS:
        found[f"related source, {name}"] = related[name][2]
    for source in SOURCES:
        seen = ways(lab, source, FIVE, FEW, STARTS)
        for name in STARTS:
            found[f"{source}, {name}"] = seen[name][2]
    return found


@claim(
    "tl-negative",
    "Pretraining on an unrelated source can do harm.",
    says="can",
    hedge="can",
    notes="ours",
    scope="LeNet with 32 units; five classes with shuffled labels, or noise; 5 images "
    "of each of the other five classes",
)
def unrelated_sources_harm(lab):
    """The network from scratch against those from a spoiled source."""
    found = spoiled(lab)
    conditions = {
        f"{source}, {name}": stats.greater(
            found["from scratch"],
            found[f"{source}, {name}"],
            by=stats.ACCURACY_POINT,
        )
        for source in SOURCES
        for name in STARTS
    }
    return Finding(
        conditions,
        "From scratch {scratch:.1%} of the test is right; with a start from an "
        "unrelated source: {spoiled:.1%}.",
        figure=draw_sources,
        scratch=found["from scratch"].mean(),
        spoiled={name: found[name].mean() for name in conditions},
        related={name: found[f"related source, {name}"].mean() for name in STARTS},
    )


def draw_sources(lab):
    """Accuracy by source."""
    found = spoiled(lab)
    scratch = found["from scratch"].mean()
    worse = sum(
        values.mean() < scratch
        for name, values in found.items()
        if name.startswith(SOURCES)
    )
    title = f"Unrelated sources: {worse} of 4 starts are worse than none"
    caption = (
        "Test accuracy with 5 images a class, from scratch (blue) and from sources "
        "that are related, have shuffled labels, or are noise."
    )
    draw_dots(lab, "sources", {FEW: found}, [title], caption)


if __name__ == "__main__":
    main(__file__)
