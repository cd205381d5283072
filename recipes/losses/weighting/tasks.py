"""Tasks: no loss weight serves two tasks on scales a hundred apart; scaling does.

One network learns two targets, one a hundred times the other. Squared errors then
differ by 10⁴, and the sum of both losses is the big task's. The notes weigh the losses
to balance them. A weight of 10⁻⁴ undoes the scale in the loss, but the big head still
has to grow its outputs to hundreds, and now with hardly a gradient. Dividing the
target by 100 needs no weight and serves both.
"""

import keras
import numpy as np

from callbacks import LossWeightSchedule, UncertaintyWeighting
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp, with_heads

TASKS = ("small", "big")
FEW = 5  # seeds: errors differ by tenths of the variance
SCALE = 100.0  # the big task's target, in units of the small task's
FEATURES, HIDDEN, ROWS = 10, 64, 1000
SWEPT = {f"loss weight {weight:g}": weight for weight in (1.0, 1e-2, 1e-4, 1e-6)}
EQUAL, MATCHED = "loss weight 1", "loss weight 0.0001"
FADING, LEARNED = "LossWeightSchedule, 1 to 1e-4", "UncertaintyWeighting"
SCALED = "target divided by 100"
TENTH_OF_VARIANCE = stats.Threshold(
    "a tenth of the variance",
    0.1,
    "error / variance",
    "1 is what answering the mean reaches: a tenth of that is a visible gain.",
)


def draw_tasks(seed: int, rows: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Two functions of the same inputs, of unit variance but for the scale."""
    rng = np.random.default_rng([seed, 7])
    x = rng.normal(size=(rows, FEATURES)).astype("float32")
    small = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2]
    big = np.cos(2 * x[:, 3]) + x[:, 4] * x[:, 5]
    small, big = (y / y.std() for y in (small, big))
    return x, {
        "small": small[:, None].astype("float32"),
        "big": SCALE * big[:, None].astype("float32"),
    }


def two_heads(input_shape) -> keras.Model:
    """One hidden layer that two linear heads share."""
    shared = mlp(
        input_shape,
        1,
        units=(HIDDEN,),
        kernel_initializer="glorot_uniform",
        task="regression",
        include_top=False,
    )
    return with_heads(shared, dict.fromkeys(TASKS, (1, "regression")))


# A compiled network keeps its loss weights, so each weight is a study of its own. The
# loss is the small task's squared error plus the weight times the big task's.
STUDIES = {
    weight: Study(
        two_heads,
        {name: keras.losses.MeanSquaredError() for name in TASKS},
        "adam",
        loss_weights={"small": 1.0, "big": weight},
    )
    for weight in SWEPT.values()
}


def weighting(case: str, epochs: int) -> list[keras.callbacks.Callback]:
    """The callbacks that a case trains with."""
    if case == LEARNED:
        # Its log variances have log 1e4 = 9.2 to go in the default's 400 steps.
        return [UncertaintyWeighting(0.05)]
    half = max(1, epochs // 2)
    fading = {"big": lambda epoch: 10.0 ** (-4 * min(epoch / half, 1.0))}
    return [LossWeightSchedule(fading)] if case == FADING else []


def train(case, seed, data) -> dict[str, float]:
    """Trains both tasks; returns each task's error on new rows, over its variance.

    1 is what the mean of the target reaches. And the last weights, where they moved.
    """
    name, epochs = case["name"], case["epochs"]
    unit = SCALE if name == SCALED else 1.0
    x, y = draw_tasks(seed, ROWS)
    new_x, new_y = draw_tasks(1000 + seed, 5000)

    def errors(model) -> dict[str, float]:
        answers = model(new_x)
        guess = {task: keras.ops.convert_to_numpy(answers[task]) for task in TASKS}
        guess["big"] = unit * guess["big"]
        ends = {
            task: float(((guess[task] - new_y[task]) ** 2).mean()) for task in TASKS
        }
        return {task: ends[task] / float(new_y[task].var()) for task in TASKS}

    run = STUDIES[SWEPT.get(name, 1.0)].train(
        (x, {"small": y["small"], "big": y["big"] / unit}),
        seed,
        epochs=epochs,
        batch_size=50,
        learning_rate=0.01,
        callbacks=weighting(name, epochs),
        measure=errors,
    )
    history = run["history"]
    moved = {k: v[-1] for k, v in history.items() if k.startswith("loss_weight/")}
    return run["measured"] | moved


@experiment
def both_tasks(lab) -> dict[str, list[dict]]:
    """The networks of every weight, and of the ways to move or do without it."""
    cases = {
        name: {"name": name, "epochs": lab.settings.epochs}
        for name in (*SWEPT, FADING, LEARNED, SCALED)
    }
    return lab.sweep(train, cases, seeds=lab.seeds[:FEW], title="two tasks")


def errors_of(runs: list[dict]) -> dict[str, np.ndarray]:
    """Each task's errors over the seeds."""
    return {task: stats.column(runs, task) for task in TASKS}


def pull(seed: int) -> float:
    """How much harder the big task pulls on fresh shared weights, at equal weights.

    The gradients of the shared kernel, by hand: xᵀ((answer − y) headᵀ) where active.
    """
    rng = np.random.default_rng([seed, 70])
    x, y = draw_tasks(seed, ROWS)
    kernel, *heads = (
        rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))  # as Keras draws
        for shape in ((FEATURES, HIDDEN), (HIDDEN, 1), (HIDDEN, 1))
    )
    active = x @ kernel > 0
    sizes = {}
    for task, head in zip(TASKS, heads, strict=True):
        error = np.where(active, x @ kernel, 0) @ head - y[task]
        sizes[task] = np.linalg.norm(x.T @ (active * (error @ head.T)))
    return float(sizes["big"] / sizes["small"])


# Balance means that no task is neglected: a weighting is as good as its worse task.


@claim(
    "weighted-multitask",
    "Tasks with different ranges of output require different loss weights to balance "
    "learning.",
    notes="002",
    scope="two regressions on 10 features, a shared layer of 64 units, 1000 rows, 20 "
    "epochs of Adam",
)
def weights_balance(lab):
    """The worse of both tasks' errors, by weight and by rival."""
    runs = both_tasks(lab)
    found = {case: errors_of(results) for case, results in runs.items()}
    means = {
        case: {task: errors.mean() for task, errors in both.items()}
        for case, both in found.items()
    }
    lab.table(
        f"Two tasks, one target {SCALE:g} times the other: error / variance",
        ["big task", *(f"{task} task's error" for task in TASKS)],
        [[case, *(f"{both[t]:.3f}" for t in TASKS)] for case, both in means.items()],
    )
    worse = {case: np.maximum(*both.values()) for case, both in found.items()}

    def fall(rival: str, case: str) -> stats.Decision:
        return stats.greater(worse[rival], worse[case], by=TENTH_OF_VARIANCE)

    ratio = [run["loss_weight/big"] / run["loss_weight/small"] for run in runs[LEARNED]]
    pulls = [pull(seed) for seed in lab.seeds[:FEW]]
    return Finding(
        {
            f"{MATCHED} for the big task, against equal weights": fall(EQUAL, MATCHED),
            f"{LEARNED}, against equal weights": fall(EQUAL, LEARNED),
            f"{MATCHED} for the big task, against equal weights and the {SCALED}": fall(
                SCALED, MATCHED
            ),
        },
        "Each task's error as a share of its variance (1 is what its "
        "mean reaches): {equal:.2f} with equal weights; {matched:.2f} with 10⁻⁴ for "
        "the big task; {learned:.2f} with learned weights; {scaled:.2f} with the big "
        "target divided by 100, which needs no weights. The worse task decides. At "
        "the start the big task pulls on the shared layer {pull:.0f} times as hard "
        "as the small one with equal weights, {matched_pull:.2g} times with 10⁻⁴.",
        figure=draw_errors,
        equal=means[EQUAL],
        matched=means[MATCHED],
        learned=means[LEARNED],
        scaled=means[SCALED],
        pull=float(np.mean(pulls)),
        matched_pull=1e-4 * float(np.mean(pulls)),
        error_over_variance=means,
        last_learned_weight_of_big_over_small=ratio,
        first_gradient_of_the_shared_layer_big_over_small=pulls,
    )


def draw_errors(lab):
    """Both errors against the weight of the big task, and those without a weight."""
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    runs = both_tasks(lab)
    swept = dict(sorted(SWEPT.items(), key=lambda item: item[1]))
    found = [errors_of(runs[case]) for case in swept]
    curves = {f"{t} task": np.array([both[t] for both in found]).T for t in TASKS}
    figures.curves(axes, list(swept.values()), curves)
    scaled = errors_of(runs[SCALED])
    for task, color in zip(TASKS, figures.COLORS, strict=False):
        axes.plot(1.0, scaled[task].mean(), "*", ms=13, color=color)
    axes.axvline(SCALE**-2, color="#000000", lw=0.8)
    place = axes.get_xaxis_transform()
    axes.text(SCALE**-2, 0.02, " undoes the scale", transform=place)
    best = min(np.maximum(*both.values()).mean() for both in found)
    other = np.maximum(*scaled.values()).mean()
    title = (
        f"Worse task: {best:.2f} by the best weight, {other:.2f} by dividing (stars)"
    )
    figures.describe(axes, title, "weight of the big task's loss", "error / variance")
    lab.figure(
        "tasks",
        figure,
        "Errors of two tasks by the loss weight of the one whose target is "
        f"{SCALE:g} times the other's, with the range over seeds; stars: equal weights "
        "and that target divided by 100.",
    )


if __name__ == "__main__":
    main(__file__)
