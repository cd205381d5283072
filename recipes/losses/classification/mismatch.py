"""Mismatch: squared error costs ten classes little with Adam, and much with SGD.

Squared error of ten probabilities is a mean over the classes, and each of its gradients
is small. Adam divides gradients by their size and does not notice; SGD takes steps that
are too short. Absolute error has one slope for all errors: a network may settle on
giving some class no probability at all.
"""

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.classification._digits import accuracies, split_digits, ways

GOAL = 0.9  # of the test digits right
STUDIES = ways(
    {
        "cross-entropy": losses.CategoricalCrossentropy(from_logits=True),
        "squared error": losses.MeanSquaredError(),
        "absolute error": losses.MeanAbsoluteError(),
    }
)
ADAM = {"optimizer": "adam", "rate": 0.001}
SGD = {"optimizer": "sgd", "rate": 0.1}
CASES = {
    "cross-entropy, Adam": {"loss": "cross-entropy", "softmax": False, **ADAM},
    "squared error of the softmax, Adam": {
        "loss": "squared error", "softmax": True, **ADAM
    },
    "squared error of linear outputs, Adam": {
        "loss": "squared error", "softmax": False, **ADAM
    },
    "absolute error of the softmax, Adam": {
        "loss": "absolute error", "softmax": True, **ADAM
    },
    "cross-entropy, SGD": {"loss": "cross-entropy", "softmax": False, **SGD},
    "squared error of the softmax, SGD": {
        "loss": "squared error", "softmax": True, **SGD
    },
}  # fmt: skip


def crossing(found: list[float], goal: float) -> float | None:
    """Returns after how many epochs a goal was reached, between two of them too.

    Args:
        found: The accuracy after each epoch, up to the first that reaches the goal.
        goal: The accuracy to reach.
    """
    if found[-1] < goal:
        return None
    before = found[-2] if len(found) > 1 else 0.0
    return len(found) - (found[-1] - goal) / (found[-1] - before)


def train(case, seed, data) -> dict:
    """Trains until nine test digits in ten are right; returns the epochs it took."""
    most = case["epochs"]
    found, _ = accuracies(
        STUDIES[case["loss"]], case, seed, split_digits(data), epochs=most, goal=GOAL
    )
    return {
        "epochs": crossing(found, GOAL) or most + 1.0,
        "last": found[-1],
        "accuracy": found,
    }


@experiment
def races(lab) -> dict[str, list[dict]]:
    """The networks of every loss, with a table of their epochs."""
    most = lab.settings.digits_epochs
    cases = {name: {**case, "epochs": most} for name, case in CASES.items()}
    runs = lab.sweep(train, cases, data="digits", title="losses")
    lab.table(
        f"Epochs to {GOAL:.0%} of the test digits ({most + 1}: not reached)",
        ("loss", "epochs", "accuracy then"),
        [
            (
                name,
                *(
                    float(np.mean([r[key] for r in found]))
                    for key in ("epochs", "last")
                ),
            )
            for name, found in runs.items()
        ],
    )
    return runs


# Each is compared with cross-entropy under the same optimizer. Epochs are counts, and
# those that never get there count 21: ratios are compared, not differences.


@claim(
    "loss-mismatch-harms",
    "A loss that does not fit the task slows training or ruins it.",
    says="can",
    hedge="can hinder",
    notes="002",
    scope="the 8 × 8 digits, 64 hidden units, at most 20 epochs of Adam or SGD at one "
    "rate",
)
def slows_training(lab):
    """The epochs until nine test digits in ten are right."""
    epochs = {
        name: np.array([run["epochs"] for run in found])
        for name, found in races(lab).items()
    }
    slower = {
        name: stats.greater(
            count,
            epochs[f"cross-entropy, {name.split(', ')[1]}"],
            by=stats.TENTH,
            scale="log",
        )
        for name, count in epochs.items()
        if not name.startswith("cross-entropy")
    }
    return Finding(
        slower,
        "Epochs to {goal:.0%}, {never} where {most} are too few: {mean_epochs:.1f}. "
        "Squared error is a mean over the classes, so that its gradients are smaller; "
        "Adam's steps do not depend on that, those of SGD do.",
        figure=draw_races,
        goal=GOAL,
        never=lab.settings.digits_epochs + 1,
        most=lab.settings.digits_epochs,
        mean_epochs={name: float(count.mean()) for name, count in epochs.items()},
        epochs=epochs,
        epochs_more_than_cross_entropy={
            name: stats.greater(
                count, epochs[f"cross-entropy, {name.split(', ')[1]}"], by=stats.ANY
            )
            for name, count in epochs.items()
            if name in slower
        },
    )


def draw_races(lab):
    """The epochs of each loss, a point a seed."""
    figure, axes = figures.new(width=9.0, height=3.6)
    runs, most = races(lab), lab.settings.digits_epochs
    for place, (name, found) in enumerate(reversed(list(runs.items()))):
        count = [run["epochs"] for run in found]
        color = figures.COLORS[0 if name.startswith("cross-entropy") else 1]
        axes.plot(count, np.full(len(count), place), "o", color=color, alpha=0.6)
    axes.axvline(most + 0.5, color="#000000", lw=0.8)
    axes.set(ylim=(-0.5, len(runs) - 0.5), xlim=(0, most + 2))
    axes.set_yticks(range(len(runs)), labels=[*reversed(runs)])
    title = "Squared error fails with SGD, absolute error at times"
    x = f"epochs to {GOAL:.0%} of the test digits (right of the line: not in {most})"
    figures.describe(axes, title, x, "")
    lab.figure(
        "mismatch", figure, "Epochs until digits are learned by loss, a point a seed."
    )


if __name__ == "__main__":
    main(__file__)
