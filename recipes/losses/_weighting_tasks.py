"""Two tasks on scales a hundred apart: weights of their losses, given or learned."""

import keras
import numpy as np

from callbacks import LossWeightSchedule, UncertaintyWeighting
from recipes.lab import Restart, fit, stats

TASKS = ("small", "big")
SCALE = 100.0  # the big task's target, in units of the small task's
FEATURES, HIDDEN, ROWS = 10, 64, 1000
SWEPT = {f"loss weight {weight:g}": weight for weight in (1.0, 1e-2, 1e-4, 1e-6)}
EQUAL, MATCHED = "loss weight 1", "loss weight 0.0001"
FADING, LEARNED = "LossWeightSchedule, 1 to 1e-4", "UncertaintyWeighting"
SCALED = "target divided by 100"


def draw(seed: int, rows: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
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


def network(weight: float) -> Restart:
    """One hidden layer that two linear heads share, with a weight for the big task."""
    inputs = keras.Input((FEATURES,))
    shared = keras.layers.Dense(HIDDEN, "relu")(inputs)
    heads = {
        name: keras.layers.Dense(1, name=name, dtype="float32")(shared)
        for name in TASKS
    }
    model = keras.Model(inputs, heads)
    model.compile(
        keras.optimizers.Adam(0.01),
        loss={name: keras.losses.MeanSquaredError() for name in TASKS},
        loss_weights={"small": 1.0, "big": weight},
    )
    return Restart(model)


class Tasks:
    """Both tasks, trained by case; each weight is compiled once."""

    def __init__(self, epochs: int):
        self.epochs, self.networks = epochs, {}

    def callbacks(self, case: str) -> list:
        """The callbacks that a case trains with: fresh ones for every training."""
        if case == LEARNED:
            # Its log variances have log 1e4 = 9.2 to go in the default's 400 steps.
            return [UncertaintyWeighting(0.05)]
        half = max(1, self.epochs // 2)
        fading = {"big": lambda epoch: 10.0 ** (-4 * min(epoch / half, 1.0))}
        return [LossWeightSchedule(fading)] if case == FADING else []

    def train(self, case: str, seed: int) -> dict[str, float]:
        """Trains from the seed's weights; returns each task's error on fresh data.

        Returns:
            Mean squared errors over the variance of the task's target: 1 is what the
            mean of the target reaches. And the last weights, where they moved.
        """
        weight = SWEPT.get(case, 1.0)
        if weight not in self.networks:
            self.networks[weight] = network(weight)
        restart = self.networks[weight]
        restart()
        unit = SCALE if case == SCALED else 1.0
        x, y = draw(seed, ROWS)
        history = fit(
            restart.model,
            x,
            {"small": y["small"], "big": y["big"] / unit},
            batch_size=50,
            epochs=self.epochs,
            seed=seed,
            callbacks=self.callbacks(case),
        ).history
        x, y = draw(1000 + seed, 5000)
        guess = {
            name: keras.ops.convert_to_numpy(answer)
            for name, answer in restart.model(x).items()
        }
        guess["big"] = unit * guess["big"]
        ends = {name: float(((guess[name] - y[name]) ** 2).mean()) for name in TASKS}
        moved = {k: v[-1] for k, v in history.items() if k.startswith("loss_weight/")}
        return {name: ends[name] / float(y[name].var()) for name in TASKS} | moved


def errors(runs: list[dict]) -> dict[str, np.ndarray]:
    """Each task's errors over the seeds."""
    return {task: np.array([run[task] for run in runs]) for task in TASKS}


def judge(lab) -> dict[str, list[dict]]:
    """Judges weights by the task that they leave worse off."""
    tasks = Tasks(lab.settings.epochs)
    runs = lab.sweep(tasks.train, [*SWEPT, FADING, LEARNED, SCALED], title="two tasks")
    found = {case: errors(results) for case, results in runs.items()}
    means = {
        case: {t: e.mean() for t, e in both.items()} for case, both in found.items()
    }
    lab.table(
        f"Two tasks, one target {SCALE:g} times the other: error / variance",
        ["big task", *(f"{task} task's error" for task in TASKS)],
        [[case, *(f"{both[t]:.3f}" for t in TASKS)] for case, both in means.items()],
    )
    worse = {case: np.maximum(*both.values()) for case, both in found.items()}
    gains = {
        **{
            f"{case}, against equal weights": stats.paired(worse[EQUAL], worse[case])
            for case in (MATCHED, LEARNED)
        },
        f"{MATCHED}, against a {SCALED}": stats.paired(worse[SCALED], worse[MATCHED]),
    }
    ratio = [run["loss_weight/big"] / run["loss_weight/small"] for run in runs[LEARNED]]
    pulls = [pull(seed) for seed in lab.seeds]
    lab.verdict(
        "weighted-multitask",
        {f"the worse task, {name}": gain.positive for name, gain in gains.items()},
        evidence={
            "error_over_variance": means,
            "fall_of_the_worse_task_s_error": gains,
            "last_learned_weight_of_big_over_small": ratio,
            "first_gradient_of_the_shared_layer_big_over_small": pulls,
        },
        note=note(means, float(np.mean(ratio)), float(np.mean(pulls))),
    )
    return runs


def pull(seed: int) -> float:
    """How much harder the big task pulls on fresh shared weights, at equal weights."""
    rng = np.random.default_rng([seed, 70])
    x, y = draw(seed, ROWS)
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


def note(means, ratio: float, pulled: float) -> str:
    """What the tasks reached, in words."""
    told = {
        case: " and ".join(f"{means[case][task]:.2f} ({task})" for task in TASKS)
        for case in (EQUAL, MATCHED, LEARNED, SCALED)
    }
    return (
        f"Errors over the variance: {told[EQUAL]} with equal weights, {told[MATCHED]} "
        f"with 1e-4 for the big task, {told[LEARNED]} with UncertaintyWeighting (whose "
        f"last ratio is {ratio:.1e}), {told[SCALED]} with the big target divided by "
        f"{SCALE:g}. On the fresh shared layer the big task's loss pulls "
        f"{pulled:.0f} times as hard as the small one's with equal weights, and "
        f"{1e-4 * pulled:.2g} times with 1e-4."
    )
