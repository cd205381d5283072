"""Mismatch: at its own best rate a wrong loss costs epochs, seldom everything.

The notes pair softmax outputs with categorical cross-entropy and sigmoids with binary
cross-entropy, and warn of other combinations. A loss also scales its gradients: squared
error of ten probabilities is a mean over ten classes. At the rate of cross-entropy it
would only show that. So each combination gets a rate of its own, chosen on other seeds,
two rates to a factor of ten.
"""

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.classification._digits import accuracies, split_digits, ways

# The goal is a linear model's accuracy, rounded down to a multiple of this: 95 % of the
# test digits (90 % are passed in the first epoch), 85 % of MNIST as small.
STEP = 0.05
RATES = {
    "Adam": (0.003, 0.01, 0.03, 0.1),
    "SGD": (0.3, 1.0, 3.0, 10.0, 30.0),
}
STUDIES = ways(
    {
        "cross-entropy": losses.CategoricalCrossentropy(from_logits=True),
        "squared error": losses.MeanSquaredError(),
        "absolute error": losses.MeanAbsoluteError(),
        "binary cross-entropy": losses.BinaryCrossentropy(),
        "cross-entropy of outputs": losses.CategoricalCrossentropy(),
    }
)
# The pair of the notes first, for both optimizers; it takes the softmax's logits.
RIGHT = "cross-entropy of a softmax"
PAIRS = {
    RIGHT: ("cross-entropy", "logits", ("Adam", "SGD")),
    "squared error of a softmax": ("squared error", "softmax", ("Adam", "SGD")),
    "squared error of linear outputs": ("squared error", "logits", ("Adam",)),
    "absolute error of a softmax": ("absolute error", "softmax", ("Adam",)),
    "binary cross-entropy of a softmax": (
        "binary cross-entropy", "softmax", ("Adam",)
    ),
    "categorical cross-entropy of sigmoids": (
        "cross-entropy of outputs", "sigmoid", ("Adam",)
    ),
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
    """Trains until the case's goal is reached; returns the epochs it took."""
    most, goal = case["epochs"], case["goal"]
    found, _ = accuracies(
        STUDIES[case["loss"]], case, seed, split_digits(data), epochs=most, goal=goal
    )
    epochs = crossing(found, goal) or most + 1.0
    return {"epochs": epochs, "last": found[-1], "accuracy": found}


@experiment
def goal_of(lab) -> float:
    """The share of the test digits that is to be right: a linear model's."""
    return lab.data(lab.like_digits).linear_bar(STEP)


@experiment
def races(lab) -> dict[str, list[dict]]:
    """The networks of every pair at its best rate, with a table of their epochs."""
    most, goal = lab.settings.digits_epochs, goal_of(lab)
    grid = {
        f"{name}, {optimizer}": {
            rate: {"loss": loss, "end": end, "optimizer": optimizer.lower(),
                   "rate": rate, "epochs": most, "goal": goal}
            for rate in RATES[optimizer]
        }
        for name, (loss, end, optimizers) in PAIRS.items()
        for optimizer in optimizers
    }  # fmt: skip
    best = lab.choose(
        train, grid, score="epochs", data=lab.like_digits, title="choosing rates"
    )
    cases = {name: grid[name][rate] for name, rate in best.items()}
    runs = lab.sweep(train, cases, data=lab.like_digits, title="losses")
    lab.table(
        f"Epochs to {goal:.0%} of the test digits ({most + 1}: not reached)",
        ("pair and optimizer", "best rate", "epochs", "accuracy then"),
        [
            (name, best[name], stats.column(found, "epochs").mean(),
             stats.column(found, "last").mean())
            for name, found in runs.items()
        ],
    )  # fmt: skip
    return runs


# Each is compared with the notes' pair under the same optimizer. Epochs are counts, and
# those that never get there count 21: ratios are compared, not differences.


@claim(
    "loss-mismatch-harms",
    "A loss that does not fit the task or the outputs slows training.",
    says="can",
    hedge="can hinder",
    notes="002",
    scope="the 8 × 8 digits, 64 hidden units, at most 20 epochs, each at the best of "
    "four or five learning rates",
)
def slows_training(lab):
    """The epochs until as many test digits are right as a linear model has."""
    epochs = {n: stats.column(found, "epochs") for n, found in races(lab).items()}
    slower = {
        name: stats.greater(
            count,
            epochs[f"{RIGHT}, {name.split(', ')[1]}"],
            by=stats.TENTH,
            scale="log",
        )
        for name, count in epochs.items()
        if not name.startswith(RIGHT)
    }
    return Finding(
        slower,
        "Epochs to {goal:.0%} of the test digits, each pair at its best rate "
        "({never} where {most} are too few): {mean_epochs:.1f}.",
        figure=draw_races,
        goal=goal_of(lab),
        never=lab.settings.digits_epochs + 1,
        most=lab.settings.digits_epochs,
        mean_epochs={name: float(count.mean()) for name, count in epochs.items()},
        epochs=epochs,
    )


def draw_races(lab):
    """The epochs of each pair, a point a seed."""
    figure, axes = figures.new(width=9.0, height=3.8)
    most = lab.settings.digits_epochs
    epochs = {n: stats.column(found, "epochs") for n, found in races(lab).items()}
    mean = {name: count.mean() for name, count in epochs.items()}
    others = [name for name in mean if not name.startswith(RIGHT)]
    slower = sum(
        mean[name] >= stats.TENTH.value * mean[f"{RIGHT}, {name.split(', ')[1]}"]
        for name in others
    )
    for place, (name, count) in enumerate(reversed(epochs.items())):
        color = figures.COLORS[0 if name.startswith(RIGHT) else 1]
        axes.plot(count, np.full(len(count), place), "o", color=color, alpha=0.6)
    axes.axvline(most + 0.5, color="#000000", lw=0.8)
    axes.set(ylim=(-0.5, len(epochs) - 0.5), xlim=(0, most + 2))
    axes.set_yticks(range(len(epochs)), labels=[*reversed(epochs)])
    title = f"{slower} of {len(others)} other pairs take a tenth more epochs, or more"
    share = f"{goal_of(lab):.0%}"
    x = f"epochs to {share} of the test digits (right of the line: not in {most})"
    figures.describe(axes, title, x, "")
    lab.figure(
        "mismatch", figure, "Epochs until digits are learned by pair, a point a seed."
    )


if __name__ == "__main__":
    main(__file__)
