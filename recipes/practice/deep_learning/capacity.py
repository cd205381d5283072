"""Capacity: how many labels a network learns by heart, by layers and by units.

Capacity is what a network can hold, whatever use it is. Labels drawn at random are pure
load: nothing general is in them, so every right answer is one that is held. All
networks have as many epochs, and each the rate with which it holds most. First units
are added to one layer, then layers to 16 units. The last network has two layers and as
many parameters as the widest: it says whether it is depth, or parameters.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.deep_learning._networks import (
    BATCH,
    at_best,
    classifier,
)
from zoo import mlp

# 64 pixels, 10 classes: 128 units have 128 x 75 + 10 = 9,610 parameters, two layers of
# 68 units 65 x 68 + 69 x 68 + 69 x 10 = 9,802.
NETWORKS = {
    "8": [8],
    "32": [32],
    "128": [128],
    "16": [16],
    "16-16": [16] * 2,
    "16-16-16-16": [16] * 4,
    "68-68": [68, 68],
}
STEPS = (
    ("8", "32", "8 to 32 units"),
    ("32", "128", "32 to 128 units"),
    ("16", "16-16", "one to two layers"),
    ("16-16", "16-16-16-16", "two to four layers"),
)

study = classifier(mlp)


def train(case: dict, seed: int, data) -> dict:
    """The share of random labels that a network holds.

    Args:
        case: `units` by layer, `rows`, `epochs` and `learning_rate`.
        seed: Decides the rest.
        data: Images.
    """
    (x, _) = draw(data, seed, case["rows"])["training"]
    y = np.random.default_rng([seed, 92]).integers(10, size=len(x)).astype("int32")
    run = study.train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={"num_classes": 10, "units": case["units"]},
        score_training=True,
    )
    return {"held": run["training_accuracy"]}


@experiment
def held(lab) -> dict[str, np.ndarray]:
    """Network to the share of labels it holds, one a seed."""
    shared = {"rows": 2 * lab.settings.rows, "epochs": lab.settings.epochs}
    cases = {name: {"units": units, **shared} for name, units in NETWORKS.items()}
    runs = at_best(lab, train, cases, lambda run: run["held"], "capacity")
    return {name: stats.column(runs[name], "held") for name in NETWORKS}


@claim(
    "capacity-depth-width",
    "The capacity of a network increases with the number and the size of its hidden "
    "layers.",
    notes="002",
    scope="600 digits with random labels, 1 to 4 hidden layers, Adam, 60 epochs",
)
def layers_and_units(lab):
    """The share of random labels that are held, step by step."""
    found = held(lab)
    return Finding(
        {
            words: stats.greater(found[more], found[less], by=stats.ACCURACY_POINT)
            for less, more, words in STEPS
        },
        "Random labels held with 8, 32 and 128 units: {units:.0%}; with 1, 2 and 4 "
        "layers of 16: {layers:.0%}. Two layers with the parameters of 128 units hold "
        "{two:.0%}.",
        figure=draw_held,
        units=[found[name].mean() for name in ("8", "32", "128")],
        layers=[found[name].mean() for name in ("16", "16-16", "16-16-16-16")],
        two=found["68-68"].mean(),
    )


def draw_held(lab):
    """The shares that are held."""
    figure, axes = figures.new(width=8.4, height=4.2)
    found = held(lab)
    for row, (name, values) in enumerate(found.items()):
        color = figures.COLORS[0 if "-" not in name else 1]
        axes.plot(100 * values, [row] * len(values), "o", color=color, alpha=0.35)
        axes.plot(100 * values.mean(), row, "|", color=color, markersize=16, mew=3)
    axes.set_yticks(range(len(found)), [f"{name} units" for name in found])
    axes.set(ylim=(len(found) - 0.5, -0.5))
    wide = 100 * (found["128"] - found["8"]).mean()
    deep = 100 * (found["16-16-16-16"] - found["16"]).mean()
    title = (
        f"From 8 to 128 units: {wide:+.0f} points; from one layer to four: {deep:+.0f}"
    )
    figures.describe(axes, title, "random labels that are held (%)", "")
    lab.figure(
        "capacity",
        figure,
        "The share of random labels that networks of one hidden layer (blue) and of "
        "several (orange) hold; bars are means, dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
