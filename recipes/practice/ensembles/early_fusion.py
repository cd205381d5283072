"""Early fusion: join the inputs, or join the predictions.

Two parts of one thing are seen by a network each, and their predictions are averaged
(late); or their features are joined, and one head decides (early). Which is better
depends on where the answer lies. Three tasks place it: in both halves of a digit, each
of which tells something; in the comparison of two pictures, neither of which tells
anything alone; and in one half only, where the other is that of another image.

Both kinds have about as many parameters and each its best rate. `zoo.early_fusion` and
`zoo.late_fusion` build them.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.ensembles._members import (
    BATCH,
    RATES,
    TUNED,
    share_right,
    softmax,
)
from zoo import early_fusion, mlp

WIDE = 32
TASKS = (
    "two halves of a digit",
    "are two pictures of one class?",
    "a half, and one of another image",
)


def fused(shapes, classes: int) -> keras.Model:
    """An encoder for each part, and a hidden layer on both."""
    encoders = [mlp(s, 2, units=(WIDE,), include_top=False) for s in shapes]
    return early_fusion(encoders, classes, units=(WIDE,))


def apart(shape, classes: int) -> keras.Model:
    """A network for one part: two hidden layers."""
    return mlp(shape, classes, units=(WIDE, WIDE))


loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
early, late = Study(fused, loss, "adam"), Study(apart, loss, "adam")


def two_parts(task: str, x, y, rng) -> tuple[list, np.ndarray]:
    """Two parts of every example, and its class.

    Args:
        task: One of `TASKS`.
        x: Images.
        y: Classes.
        rng: Draws pairs, or the strange half.
    """
    half = x.shape[2] // 2
    if task == TASKS[1]:
        two = (y < 2).nonzero()[0]  # with classes 0 and 1 it is the exclusive or
        first, second = (rng.choice(two, len(x)) for _ in range(2))
        return [x[first], x[second]], (y[first] == y[second]).astype("int32")
    other = rng.permutation(len(x)) if task == TASKS[2] else np.arange(len(x))
    return [x[:, :, :half], x[other][:, :, half:]], y


def train(case: dict, seed: int, data) -> dict:
    """Trains one way of fusion; returns accuracies on validation and test.

    Args:
        case: `task`, `way` ("early" or "late"), `learning_rate`, `epochs`, `rows`.
        seed: Decides the rest.
        data: Images.
    """
    rng = np.random.default_rng([seed, 86])
    parts = {
        name: two_parts(case["task"], *pair, rng)
        for name, pair in draw(data, seed, case["rows"]).items()
    }
    given, y = parts["training"]
    classes = 2 if case["task"] == TASKS[1] else 10
    shared = {
        "epochs": case["epochs"],
        "batch_size": BATCH,
        "learning_rate": case["learning_rate"],
        "network": {"classes": classes},
    }

    def chances(which):
        def measure(model):
            found = {}
            for name, (x, _) in parts.items():
                seen = model(x if which is None else x[which], training=False)
                found[name] = softmax(keras.ops.convert_to_numpy(seen)).tolist()
            return found

        return measure

    if case["way"] == "early":
        runs = [early.train((given, y), seed, measure=chances(None), **shared)]
    else:
        runs = [
            late.train((one, y), 10 * seed + k, measure=chances(k), **shared)
            for k, one in enumerate(given)
        ]
    return {
        name: share_right(
            np.mean([run["measured"][name] for run in runs], 0), parts[name][1]
        )
        for name in ("validation", "test")
    }


@experiment
def fusions(lab) -> dict[tuple[str, str], np.ndarray]:
    """(task, way) to test accuracy by seed, each way at its best rate."""
    shared = {"epochs": lab.settings.epochs, "rows": lab.settings.rows}
    grid = {
        (task, way): {
            rate: {"task": task, "way": way, "learning_rate": rate, **shared}
            for rate in RATES
        }
        for task in TASKS
        for way in ("early", "late")
    }
    best = lab.choose(
        train, grid, score="validation", largest=True, seeds=TUNED,
        data=lab.like_digits, title="rates of fusions",
    )  # fmt: skip
    cases = {key: grid[key][rate] for key, rate in best.items()}
    found = lab.sweep(train, cases, data=lab.like_digits, title="fusions")
    return {key: stats.column(runs, "test") for key, runs in found.items()}


@claim(
    "ens-early-fusion",
    "Against overfitting, fuse the inputs of models (early fusion).",
    says="advice",
    notes="000",
    scope="300 digits as two parts, 32 hidden units a part, Adam, 40 epochs",
)
def inputs_joined(lab):
    """Early against late fusion, in three tasks."""
    found = fusions(lab)
    return Finding(
        {
            f"{task}: better than late fusion": stats.greater(
                found[task, "early"], found[task, "late"], by=stats.ACCURACY_POINT
            )
            for task in TASKS
        },
        "Test accuracy with early fusion: {early:.1%}; with late fusion: {late:.1%}.",
        figure=draw_fusions,
        early={task: found[task, "early"].mean() for task in TASKS},
        late={task: found[task, "late"].mean() for task in TASKS},
    )


def draw_fusions(lab):
    """Both ways in each task."""
    figure, axes = figures.new(width=8.8, height=3.8)
    found = fusions(lab)
    for row, task in enumerate(TASKS):
        for shift, way in ((-0.15, "early"), (0.15, "late")):
            values = 100 * found[task, way]
            color = figures.COLORS[0 if way == "early" else 1]
            place = row + shift
            axes.plot(values, [place] * len(values), "o", color=color, alpha=0.35)
            axes.plot(values.mean(), place, "|", color=color, markersize=16, mew=3)
            name = {"xycoords": ("axes fraction", "data"), "annotation_clip": False}
            axes.annotate(way, (1.01, place), va="center", color=color, **name)
    axes.set_yticks(range(len(TASKS)), list(TASKS))
    axes.set(ylim=(len(TASKS) - 0.5, -0.5))
    lead = {task: (found[task, "early"] - found[task, "late"]).mean() for task in TASKS}
    won = sum(one > 0 for one in lead.values())
    title = f"Early fusion is ahead in {won} of {len(TASKS)} tasks"
    figures.describe(axes, title, "test accuracy (%)", "")
    lab.figure(
        "fusions",
        figure,
        "Test accuracy of early and late fusion in three tasks; bars are means, dots "
        "seeds.",
    )


if __name__ == "__main__":
    main(__file__)
