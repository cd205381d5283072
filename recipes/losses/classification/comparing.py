"""Comparing: a lower loss means a better model if it is measured on new samples.

The notes compare models by their loss, during training and between architectures. Which
loss? Networks of three widths are scored at three stages of their training, on training
samples and on others. Then two of them at a time are compared: does the one of lower
loss get more of the new samples right? Where some training labels are wrong, learning
those by heart lowers the training loss.
"""

import math
from itertools import combinations

import numpy as np
from keras import losses

from recipes.lab import Finding, Study, claim, experiment, main, stats
from recipes.losses.classification._digits import split_digits
from zoo import mlp

SAMPLES, WRONG = 600, 0.2
WIDTHS = (8, 32, 128)  # units: architectures
SCORED = (5, 20, 60)  # epochs: stages of one training
APART = 0.01  # pairs whose accuracy differs by less than a point count for nothing
MOST = stats.Threshold(
    "nine pairs in ten", 0.0, "share of pairs",
    "a sign of the better model that is wrong more often is no sign; nine in ten are "
    "taken off before.",
)  # fmt: skip
STUDY = Study(
    mlp, losses.SparseCategoricalCrossentropy(from_logits=True), "adam", ["accuracy"]
)


def train(case, seed, data) -> dict:
    """Trains one network; returns its losses and accuracy at each stage."""
    x, y, new_x, new_y = split_digits(data, SAMPLES)
    rng = np.random.default_rng([seed, 7])
    rows = rng.choice(len(y), round(case["wrong"] * len(y)), replace=False)
    y = y.copy()
    y[rows] = (y[rows] + rng.integers(1, data.num_classes, len(rows))) % (
        data.num_classes
    )
    history = STUDY.train(
        (x, y.astype("int32")),
        seed,
        epochs=case["epochs"],
        batch_size=64,
        learning_rate=0.01,
        network={"num_classes": data.num_classes, "units": [case["units"]]},
        held_out=(new_x, new_y.astype("int32")),
        score_epochs=[e for e in SCORED if e <= case["epochs"]],
        score_training=True,
    )["history"]
    return {name: history[name] for name in
            ("training_loss", "held_out_loss", "held_out_accuracy")}  # fmt: skip


@experiment
def family(lab, wrong: float) -> dict[str, list[dict]]:
    """Networks of three widths, scored at three stages of their training."""
    cases = {
        f"{units} units": {"units": units, "wrong": wrong,
                           "epochs": lab.settings.compared_epochs}
        for units in WIDTHS
    }  # fmt: skip
    return lab.sweep(
        train, cases, data=lab.like_digits, title=f"{wrong:.0%} wrong labels"
    )


def agreeing(groups: list[list[tuple[float, float]]]) -> float:
    """The share of pairs in which the lower loss has the higher accuracy.

    Args:
        groups: Loss and accuracy of each model; pairs are made within a group. Those
            less than a point apart do not count; NaN without any other.
    """
    right = [
        (first[0] < second[0]) == (first[1] > second[1])
        for models in groups
        for first, second in combinations(models, 2)
        if abs(first[1] - second[1]) >= APART
    ]
    return float(np.mean(right)) if right else math.nan


def shares(runs: dict[str, list[dict]], key: str) -> dict[str, np.ndarray]:
    """Agreeing pairs by a loss: stages of one training, and networks at one stage."""
    found: dict[str, list[float]] = {
        "during training": [], "between networks": [], "all pairs": []
    }  # fmt: skip
    for seed in zip(*runs.values(), strict=True):
        stages = [
            list(zip(run[key], run["held_out_accuracy"], strict=True)) for run in seed
        ]
        found["during training"].append(agreeing(stages))
        networks = [list(stage) for stage in zip(*stages, strict=True)]
        found["between networks"].append(agreeing(networks))
        found["all pairs"].append(agreeing([*stages, *networks]))
    return {name: np.array(values) for name, values in found.items()}


@claim(
    "loss-compares-models",
    "A lower loss signifies a better model, during training and between architectures.",
    says="is",
    notes="002",
    scope="600 of the 8 × 8 digits, networks of 8 to 128 units after 5, 20 and 60 "
    "epochs of Adam; accuracy on the other digits",
)
def lower_is_better(lab):
    """Pairs of networks: by either loss, with right labels, and with some wrong."""
    found = {}
    for name, key in (("training", "training_loss"), ("held-out", "held_out_loss")):
        # Where labels are right few stages of a training are a point apart.
        right, wrong = (shares(family(lab, share), key) for share in (0.0, WRONG))
        found[f"{name} loss, all labels right"] = right["all pairs"]
        for pairs in ("during training", "between networks"):
            found[f"{name} loss, {pairs}, {WRONG:.0%} wrong labels"] = wrong[pairs]
    return Finding(
        {
            name: stats.against(share - 0.9, 0.0, by=MOST)
            for name, share in found.items()
        },
        "Of two networks that differ by a point of accuracy or more, the one of lower "
        "loss is the better one in so many pairs: {mean:.0%}. Learning wrong labels by "
        "heart lowers the training loss; and a network that is sure of its answers has "
        "a high held-out loss where they are wrong, also if few are.",
        mean={name: share.mean() for name, share in found.items()},
        shares=found,
    )


if __name__ == "__main__":
    main(__file__)
