"""More data: new rows help, the same rows again do not.

The notes say that more data generalizes better, if it is not a duplicate of the old. In
a training that is easy to get wrong: with four times the rows an epoch has four times
the updates, whatever the rows are. So new rows are compared at equal epochs *and* at
equal updates, and copies of the old ones beside them. With the whole set in one batch
copies change nothing at all: the mean gradient of each row four times is that of each
row once.
"""

import keras
import numpy as np

from recipes.generalization.overfitting._base import (
    BATCH,
    base_case,
    network,
    rows_of,
)
from recipes.lab import Finding, claim, experiment, figures, main, reseed, stats
from zoo import mlp

FEW, TIMES = 100, 4  # batches of 50 go into both
LABELS = {"right labels": 0.0, "half of the labels wrong": 0.5}
# Rows, how often each is there, and epochs as a multiple of the setting.
ARMS = {
    "few rows, equal epochs": {"rows": FEW, "copies": 1, "longer": 1},
    "few rows, equal updates": {"rows": FEW, "copies": 1, "longer": TIMES},
    "copies": {"rows": FEW, "copies": TIMES, "longer": 1},
    "new rows": {"rows": FEW * TIMES, "copies": 1, "longer": 1},
}
NEW, COPIES = "new rows", "copies"
STEPS = 10  # of the full batches
CLOSE_AFTER_STEPS = 1e-5  # float32 rounds at each; the weights are of size 1


def train_rows(case: dict, seed: int, data) -> dict:
    """Trains on the first rows of a draw, some times over; returns accuracies."""
    (x, y), _, test = rows_of(case, seed, data)
    x, y = (np.concatenate([a[: case["rows"]]] * case["copies"]) for a in (x, y))
    run = network.train(
        (x, y),
        seed,
        epochs=case["epochs"] * case["longer"],
        batch_size=BATCH,
        learning_rate=case["rate"],
        network={"classes": case["classes"]},
        held_out=test,
        score_training=True,
    )
    return {"training": run["training_accuracy"], "test": run["held_out_accuracy"]}


@experiment
def accuracies(lab, labels: str) -> dict[str, np.ndarray]:
    """Test accuracy by arm, one a seed; batches are of 50 rows in all of them."""
    wrong = LABELS[labels]
    cases = {
        arm: base_case(lab, wrong=wrong, samples=FEW * TIMES, **settings)
        for arm, settings in ARMS.items()
    }
    runs = lab.sweep(train_rows, cases, title=f"more data, {labels}")
    return {arm: stats.column(found, "test") for arm, found in runs.items()}


def full_batch_difference(lab) -> float:
    """Largest difference of a weight after full-batch steps, rows once or four times.

    The means of the same numbers differ by rounding alone.
    """
    (x, y), _, _ = rows_of(base_case(lab), lab.seeds[0], lab.data())
    x, y, ends = x[:FEW], y[:FEW], []
    for copies in (1, TIMES):
        reseed(0)
        model = mlp(x.shape[1:], 10, units=(16,))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1), loss)
        rows = np.concatenate([x] * copies), np.concatenate([y] * copies)
        for _ in range(STEPS):
            model.train_on_batch(*rows)
        ends.append(model.get_weights())
    return max(float(np.abs(a - b).max()) for a, b in zip(*ends, strict=True))


@claim(
    "reg-more-data",
    "More training data makes a model generalize better, if it is new and not a "
    "duplicate of the old.",
    says="always",
    notes="000",
    scope="100 and 400 digits, 128 units, 60 epochs of Adam or as many updates",
)
def new_rows_help(lab):
    """Test accuracy with four times the rows, against few rows and against copies."""
    conditions, means = {}, {}
    for labels in LABELS:
        tests = accuracies(lab, labels)
        for other in ARMS:
            if other != NEW:
                name = f"{labels}: new rows beat {other}"
                conditions[name] = stats.greater(
                    tests[NEW], tests[other], by=stats.ACCURACY_POINT
                )
        means[labels] = {arm: float(test.mean()) for arm, test in tests.items()}
    apart = full_batch_difference(lab)
    conditions["copies in a full batch: the same weights"] = stats.below(
        apart, CLOSE_AFTER_STEPS
    )
    right = means["right labels"]
    return Finding(
        conditions,
        "Test accuracy with {few} rows {plain:.1%}, with each of them {times} times "
        "{copies:.1%}, with {many} different rows {new:.1%}. With half of the labels "
        "wrong: {wrong:.1%}. In full batches copies change no weight by more than "
        "{apart:.0e}.",
        figure=draw_rows,
        few=FEW,
        plain=right["few rows, equal epochs"],
        times=TIMES,
        copies=right[COPIES],
        many=FEW * TIMES,
        new=right[NEW],
        wrong=means["half of the labels wrong"],
        apart=apart,
    )


def draw_rows(lab):
    """Test accuracy by arm and labels."""
    figure, axes = figures.new(width=7.8, height=3.8)
    for index, labels in enumerate(LABELS):
        tests = accuracies(lab, labels).values()
        places = np.arange(len(tests)) + 0.19 * (2 * index - 1)
        axes.bar(
            places,
            [test.mean() for test in tests],
            0.36,
            color=figures.COLORS[index],
            hatch=["", "//"][index],
            edgecolor="white",
            label=labels,
        )
    names = [
        "few rows,\nequal epochs",
        "few rows,\nequal updates",
        "the same,\n4 times",
        "4 times as many\nnew rows",
    ]
    axes.set_xticks(range(len(names)), names)
    axes.set(ylim=(0, 1.25))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter("{x:.0%}")
    figures.legend(axes, ncols=2, loc="upper center")
    right = accuracies(lab, "right labels")
    few, copies, new = (right[a].mean() for a in (next(iter(ARMS)), COPIES, NEW))
    gains = (
        f"new rows {100 * (new - few):+.0f} points, copies {100 * (copies - few):+.0f}"
    )
    figures.describe(axes, f"Right labels: {gains}", "", "test accuracy")
    lab.figure(
        "more_data",
        figure,
        "Test accuracy with few rows, with copies of them and with new rows; means "
        "over the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
