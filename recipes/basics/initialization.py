"""Initial weights: units that must differ, and variances that must last.

Four hidden units start alike and are trained with every supposed cure. Random
networks of ten layers say what Xavier's and He's variances keep, for signals and for
gradients, and trainings from good and bad starts what that is worth.

Notes: 1.4 Initialization and symmetry
Data: digits (or MNIST); Gaussian inputs for variances.
Run: recipes run initialization      (about 25 s on 2 CPU cores)
References: LeCun, Bottou, Orr and Müller (1998); Glorot and Bengio (2010); He, Zhang,
    Ren and Sun (2015).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recipes.basics import _initialization_depth as depths
from recipes.basics import _initialization_figures as pictures
from recipes.basics import _initialization_rules as rules
from recipes.basics import _initialization_symmetry as symmetry
from recipes.basics import _initialization_training as training
from recipes.basics import _initialization_variance as variance
from recipes.lab import UsageError, lab_main

CLAIMS = {
    "init-ones-bad": "Setting all weights and biases to 1 is a bad start.",
    "symmetry-problem": "Units that start with the same weights stay the same and "
    "learn one and the same feature.",
    "symmetry-random-init-fixes": "Small random numbers as initial weights break the "
    "symmetry.",
    "symmetry-asymmetric-act-fixes": "An asymmetric activation such as ReLU or ELU "
    "breaks the symmetry.",
    "symmetry-l1-fixes": "An L1 penalty breaks the symmetry.",
    "symmetry-augmentation-fixes": "Data augmentation breaks the symmetry.",
    "symmetry-dropout-fixes": "Dropout breaks the symmetry.",
    "xavier-variance-formula": "Xavier's weights have variance 2/(fan_in + fan_out).",
    "xavier-keeps-variance": "They keep the variance of signals and gradients constant "
    "from layer to layer.",
    "xavier-for-sigmoid": "They do so for the sigmoid.",
    "he-for-relu": "He's weights, of variance 2/fan_in, do so for ReLU.",
    "he-torch-gain": "He's rule needs the gain √2 before a ReLU, and 1 before a linear "
    "output.",
    "bad-init-explodes": "Poor initial weights make values and gradients explode.",
    "init-faster-convergence": "Good initial weights make training faster and models "
    "better.",
}
SMOKE = {"seeds": 1, "steps": 30, "epochs": 1, "depth": 3, "width": 32, "draws": 2}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Trainings of each case."
    steps: int = 300
    "The fewest steps that train a network of four hidden units."
    epochs: int = 20
    "Passes over the data for all other networks."
    samples: int = 1408
    "The most training images."
    depth: int = 10
    "Layers of the random networks."
    width: int = 256
    "Units of each of their layers."
    draws: int = 12
    "Random networks for each kind."
    data: Literal["digits", "mnist"] = "digits"
    "What the networks learn."


def experiment(lab):
    """Judges symmetry, then variances, then what a start is worth in training."""
    settings = lab.settings
    if settings.depth < 2 or settings.width < 16:
        raise UsageError("--depth must be at least 2 and --width at least 16.")
    data = lab.data()
    x, y = data.x_train[: settings.samples], data.y_train[: settings.samples]

    trainings = symmetry.Trainings(x, y, data, settings.steps)
    alike = lab.sweep(trainings.train, symmetry.CASES, title="four units")
    judge_symmetry(lab, alike)
    judge_cures(lab, alike)

    rules.judge_xavier_formula(lab)
    rules.judge_gain(lab)
    found = depths.simulate(settings.width, settings.depth, settings.draws)
    variance.judge(lab, found)

    training.judge_ones(lab, data, x, y)
    starts = training.sweep(lab, data, x, y)
    training.judge_speed(lab, starts)

    pictures.draw_units(lab, alike)
    pictures.draw_depth(lab, found)
    pictures.draw_losses(lab, starts)


def summary(runs) -> dict:
    """What the seeds of some cases say, in plain numbers."""
    return {
        name: {
            "rank_by_seed": [run["rank"] for run in rows],
            "largest_spread": max(run["spread"] for run in rows),
            "test_accuracy": np.mean([run["accuracy"] for run in rows]),
        }
        for name, rows in runs.items()
    }


def tell(runs, units: int) -> str:
    """Says rank and accuracy case by case, for a note."""
    return "; ".join(
        f"{name}: rank {' to '.join(map(str, sorted({min(ranks), max(ranks)})))} of "
        f"{units}, test accuracy {entry['test_accuracy']:.0%}"
        for name, entry in summary(runs).items()
        for ranks in [entry["rank_by_seed"]]
    )


def judge_symmetry(lab, runs) -> None:
    """Units that start alike, and what random weights make of them."""
    lab.table(
        "Four hidden units after training: rank of their weights, largest "
        "difference between two",
        ["case", "least rank", "spread", "accuracy"],
        [
            [
                name,
                min(entry["rank_by_seed"]),
                entry["largest_spread"],
                entry["test_accuracy"],
            ]
            for name, entry in summary(runs).items()
        ],
    )
    identical = {name: runs[name] for name in symmetry.IDENTICAL}
    differ = {name: symmetry.parted(rows) for name, rows in identical.items()}
    lab.verdict(
        "symmetry-problem",
        {name: None if did is None else not did for name, did in differ.items()},
        evidence=summary({**identical, "random": runs["random, Xavier"]}),
        note=f"After {lab.settings.steps} steps, "
        f"{tell(identical, symmetry.UNITS)}. From random weights the four units get "
        f"{np.mean([run['accuracy'] for run in runs['random, Xavier']]):.0%}.",
    )
    random = {name: runs[name] for name in symmetry.RANDOM}
    lab.verdict(
        "symmetry-random-init-fixes",
        {name: symmetry.parted(rows) for name, rows in random.items()},
        evidence=summary(random),
        note=f"What is not random starts at one constant. {tell(random, 4)}.",
    )


def judge_cures(lab, runs) -> None:
    """What else is said to break the symmetry, from constant weights each time."""
    cures = {
        "symmetry-asymmetric-act-fixes": (
            ("ReLU", "ELU"),
            "Any activation gives equal outputs and slopes for equal inputs",
        ),
        "symmetry-l1-fixes": (("L1",), "The penalty pulls equal weights equally"),
        "symmetry-augmentation-fixes": (
            ("augmentation",),
            "All units of a layer see the same changed image",
        ),
        "symmetry-dropout-fixes": (
            ("dropout of hidden units", "dropout of inputs"),
            "Dropping hidden units gives each its own samples to learn from; dropped "
            "inputs are the same for all units",
        ),
    }
    for claim, (names, why) in cures.items():
        mine = {name: runs[name] for name in names}
        lab.verdict(
            claim,
            {name: symmetry.parted(rows) for name, rows in mine.items()},
            evidence=summary(mine),
            note=f"{why}. From one constant, {tell(mine, symmetry.UNITS)}.",
        )


if __name__ == "__main__":
    lab_main(experiment)
