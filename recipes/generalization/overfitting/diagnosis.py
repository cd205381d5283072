"""Diagnosis: two numbers that are far apart have more than one reason.

A network has 98 % in training and 54 % on the test. It may have learned its rows by
heart, which is overfitting. Or the test rows are of another kind than those of
training: then it does well on new rows like its own, and no remedy against overfitting
is of use. The two numbers cannot tell. A third one can: the accuracy on rows that were
drawn as the training rows were, and kept aside.
"""

import numpy as np

from recipes.generalization.overfitting._base import (
    BATCH,
    base_case,
    network,
    rows_of,
    train,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

NOTES = {"training": 0.98, "test": 0.54}
WITHIN = 0.05  # five points: what "about 98 and 54" may mean
# Noise on the test's pixels, which lie in [0, 1]: the level that gives 54 % is found on
# the tuning seeds.
LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 31))
TUNED = 3
GAP = stats.Threshold(
    "half of the gap",
    0.22,
    "accuracy",
    "98 less 54 are 44 points; what explains less than half of them is not the reason.",
)


def train_clean(case: dict, seed: int, data) -> dict:
    """Trains on rows as they are; tests on rows of their kind, and on noisy images."""
    training, validation, (x, y) = rows_of(case, seed, data)
    rng = np.random.default_rng([seed, 67])
    noise = rng.normal(size=x.shape).astype("float32")

    def measure(model):
        return {
            f"{level:g}": model.test_on_batch(x + level * noise, y, return_dict=True)[
                "accuracy"
            ]
            for level in LEVELS
        }

    run = network.train(
        training,
        seed,
        epochs=case["epochs"] * case["longer"],
        batch_size=BATCH,
        learning_rate=case["rate"],
        network={"classes": case["classes"]},
        held_out=validation,
        score_training=True,
        measure=measure,
    )
    return {
        "training": run["training_accuracy"],
        "fresh": run["held_out_accuracy"],
        "noisy": run["measured"],
    }


def clean_case(lab) -> dict:
    """Right labels; what is hard about photographs is not made harder."""
    return base_case(lab, wrong=0.0)


@experiment
def level(lab) -> str:
    """The noise at which the test accuracy is nearest to 54 %, on the tuning seeds."""
    seeds = lab.tuning_seeds[:TUNED]
    runs = lab.sweep(
        train_clean, {"noise": clean_case(lab)}, seeds=seeds, title="choosing noise"
    )["noise"]
    means = {n: np.mean([run["noisy"][n] for run in runs]) for n in runs[0]["noisy"]}
    return min(means, key=lambda n: abs(means[n] - NOTES["test"]))


@experiment
def accuracies(lab) -> dict[str, dict[str, np.ndarray]]:
    """Accuracies by reason: on training, test and fresh rows, one a seed."""
    heart = lab.sweep(train, {"base": base_case(lab)}, title="by heart")["base"]
    other = lab.sweep(train_clean, {"other": clean_case(lab)}, title="other rows")[
        "other"
    ]
    by_heart = stats.columns(heart)
    return {
        # The test rows are drawn as the training rows are.
        "half of the labels wrong": {**by_heart, "fresh": by_heart["test"]},
        "noise on the test images": {
            "training": stats.column(other, "training"),
            "test": np.array([run["noisy"][level(lab)] for run in other]),
            "fresh": stats.column(other, "fresh"),
        },
    }


# Overfitting is a gap to new rows of the *same* kind. So each condition asks whether
# half of the 44 points are seen there. That the two numbers are there at all is asked
# first: without them nothing else is about the statement.


@claim(
    "overfit-98-54",
    "A training accuracy of 98 % and a test accuracy of 54 % are overfitting.",
    says="is",
    notes="001",
    scope="300 digits, 128 units, 60 epochs of Adam; half of the labels wrong, or "
    "noise on the test images",
)
def what_the_numbers_mean(lab):
    """The gap between training rows and fresh rows of their kind, by reason."""
    seen = accuracies(lab)
    conditions = {}
    for reason, found in seen.items():
        there = all(
            stats.close(found[name].mean(), value, WITHIN)
            for name, value in NOTES.items()
        )
        widens = stats.greater(found["training"], found["fresh"], by=GAP)
        name = f"{reason}: fresh rows of the training's kind show the gap"
        conditions[name] = widens if there else None
    means = {
        reason: [float(found[n].mean()) for n in ("training", "test", "fresh")]
        for reason, found in seen.items()
    }
    return Finding(
        conditions,
        "Two networks have {first[0]:.0%} and {second[0]:.0%} in training, "
        "{first[1]:.0%} and {second[1]:.0%} on the test, {first[2]:.0%} and "
        "{second[2]:.0%} on fresh rows. The test images of the second are of another "
        "kind, with noise of {noise} on pixels from 0 to 1.",
        figure=draw_diagnosis,
        first=means["half of the labels wrong"],
        second=means["noise on the test images"],
        noise=level(lab),
    )


def draw_diagnosis(lab):
    """The three accuracies by reason."""
    figure, axes = figures.new(width=7.8, height=3.8)
    seen = accuracies(lab)
    for index, (reason, found) in enumerate(seen.items()):
        places = np.arange(3) + 0.19 * (2 * index - 1)
        means = [found[name].mean() for name in ("training", "test", "fresh")]
        axes.bar(
            places,
            means,
            0.36,
            color=figures.COLORS[index],
            hatch=["", "//"][index],
            edgecolor="white",
            label=reason,
        )
    axes.set_xticks(
        range(3), ["training rows", "test rows", "fresh rows like training"]
    )
    axes.set(ylim=(0, 1.25))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter("{x:.0%}")
    figures.legend(axes, ncols=2, loc="upper center")
    wrong, noisy = (found["fresh"].mean() for found in seen.values())
    title = f"Fresh rows: {wrong:.0%} with wrong labels, {noisy:.0%} with noisy tests"
    figures.describe(axes, title, "", "accuracy")
    lab.figure(
        "diagnosis",
        figure,
        "Accuracy on training rows, test rows and fresh rows of the training's kind, "
        "of a network that learned wrong labels and of one tested on noisy images.",
    )


if __name__ == "__main__":
    main(__file__)
