"""Symmetry: units that start alike stay alike, and any random weight parts them.

Two hidden units with the same weights in and out get the same inputs, give the same
output and get the same gradient. So they take the same step, and are the same after
it, for ever: four units do the work of one. Zeros, one constant, or one random unit
copied four times make no difference to that.

It takes a difference anywhere: random weights in, random weights out, or only random
biases. The test is the rank of the hidden kernel, 1 for copies and 4 for four units.
"""

from recipes.basics.initialization._four_units import (
    IDENTICAL,
    RANDOM,
    UNITS,
    accuracies,
    cases,
    likeness,
    parted,
    ranks,
    spreads,
    start_weights,
    train,
)
from recipes.lab import Finding, claim, experiment, main


@experiment
def trained(lab) -> dict[str, list[dict]]:
    """Trains from all of these starts with every seed."""
    chosen = cases(lab.settings, *IDENTICAL, *RANDOM)
    return lab.sweep(train, chosen, precision="float32", title="four units")


@claim(
    "symmetry-problem",
    "Units that start with the same weights stay the same and learn one and the same "
    "feature.",
    says="is",
    notes="001 003",
    scope="digits, 4 sigmoid units, 300 steps of Adam at rate 0.01",
)
def stay_the_same(lab):
    """Three ways to start alike, and random weights beside them."""
    runs = trained(lab)
    identical = {name: runs[name] for name in IDENTICAL}
    data = lab.data()
    shape = data.x_train[0].size, data.num_classes
    at_start = {
        name: likeness(*start_weights(name, *shape, seed=0)[:3])["spread"]
        for name in runs
    }
    lab.table(
        "Four hidden units after training: least rank of their weights, largest "
        "difference between two at the start and in the end",
        ["case", "rank", "first spread", "last spread", "accuracy"],
        [
            [
                name,
                min(ranks(runs)[name]),
                at_start[name],
                spreads(runs)[name],
                accuracies(runs)[name],
            ]
            for name in runs
        ],
    )
    differ = {name: parted(rows) for name, rows in identical.items()}
    return Finding(
        {name: None if did is None else not did for name, did in differ.items()},
        "After {steps} steps the rank of the hidden weights is at most {rank} of "
        "{units}, and test accuracy {accuracy:.0%}. From random weights four units get "
        "{random:.0%}.",
        steps=lab.settings.steps,
        units=UNITS,
        rank=max(max(seeds) for seeds in ranks(identical).values()),
        accuracy=accuracies(identical),
        random=accuracies(runs)["random, Xavier"],
        ranks=ranks(identical | {"random": runs["random, Xavier"]}),
        spreads=spreads(identical | {"random": runs["random, Xavier"]}),
        spreads_at_the_start=at_start,
    )


@claim(
    "symmetry-random-init-fixes",
    "Small random numbers as initial weights break the symmetry.",
    says="advice",
    notes="001 003",
    scope="digits, 4 sigmoid units, 300 steps of Adam at rate 0.01",
)
def random_weights_part_them(lab):
    """All weights random, or some of them only."""
    runs = trained(lab)
    random = {name: runs[name] for name in RANDOM}
    return Finding(
        {name: parted(rows) for name, rows in random.items()},
        "What is not random starts at one constant. The rank is at least {rank} of "
        "{units}; test accuracy: {accuracy:.0%}.",
        rank=min(min(seeds) for seeds in ranks(random).values()),
        units=UNITS,
        accuracy=accuracies(random),
        ranks=ranks(random),
        spreads=spreads(random),
    )


if __name__ == "__main__":
    main(__file__)
