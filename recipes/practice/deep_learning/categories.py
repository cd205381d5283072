"""Categories: one neuron for a nominal value, or one for each.

A category such as a city has no order. Given as one number to one input neuron, it gets
one: a unit can only bend the line at some numbers, so neighbors are pulled together.
One input a level (one-hot) gives every level a weight of its own; a dense layer on it
is what Keras calls an embedding. The target is an effect of the level, drawn at random,
plus three ordinary features. Where the effects rise with the number, one neuron should
do. Each encoding has three rates.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.practice.deep_learning._networks import BATCH, at_best
from zoo import mlp

NOISE, NEW_ROWS, FEATURES = 0.3, 2000, 3
TASKS = {
    "5 levels": {"levels": 5, "ordered": False, "units": 32},
    "20 levels": {"levels": 20, "ordered": False, "units": 32},
    "20 levels, 256 units": {"levels": 20, "ordered": False, "units": 256},
    "20 levels in order": {"levels": 20, "ordered": True, "units": 32},
}
ENCODINGS = ("one neuron", "one neuron a level")
WITHIN = stats.Threshold(
    "within a tenth",
    1.0,
    "times",
    "an error that is less than a tenth larger changes no decision.",
)

study = Study(mlp, "mse", "adam")


def rows(case: dict, seed: int, count: int, salt: int) -> tuple[np.ndarray, ...]:
    """Levels, features and targets."""
    rng = np.random.default_rng([seed, case["levels"], 90])
    effects = rng.normal(size=case["levels"])
    effects = (effects - effects.mean()) / effects.std()
    weights = rng.normal(size=FEATURES) / np.sqrt(FEATURES)
    if case["ordered"]:
        effects = np.sort(effects)
    rng = np.random.default_rng([seed, salt, 91])
    level = rng.integers(case["levels"], size=count)
    x = rng.normal(size=(count, FEATURES))
    y = effects[level] + x @ weights + NOISE * rng.normal(size=count)
    return level, x, y.astype("float32")


def encode(level: np.ndarray, levels: int, encoding: str) -> np.ndarray:
    """The category as one standardized number, or one-hot."""
    if encoding == "one neuron":
        numbers = np.arange(levels)
        return ((level - numbers.mean()) / numbers.std())[:, None]
    return np.eye(levels)[level]


def train(case: dict, seed: int, data) -> dict:
    """Squared errors on validation rows and new rows.

    Args:
        case: A task, `encoding`, `rows`, `epochs` and `learning_rate`.
        seed: Decides the rest.
        data: Not looked at; all rows are generated.
    """
    pairs = []
    for salt, count in enumerate((case["rows"], NEW_ROWS, NEW_ROWS)):
        level, x, y = rows(case, seed, count, salt)
        inputs = [encode(level, case["levels"], case["encoding"]), x]
        pairs.append((np.concatenate(inputs, 1).astype("float32"), y[:, None]))
    run = study.train(
        pairs[0],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={"num_classes": 1, "units": [case["units"]], "task": "regression"},
        measure=lambda model: [
            float(
                ((keras.ops.convert_to_numpy(model(x, training=False)) - y) ** 2).mean()
            )
            for x, y in pairs[1:]
        ],
    )
    return dict(zip(("validation", "new"), run["measured"], strict=True))


@experiment
def errors(lab) -> dict[str, dict[str, np.ndarray]]:
    """Task to encoding to squared errors on new rows, one a seed."""
    shared = {"rows": lab.settings.rows, "epochs": lab.settings.epochs}
    cases = {
        (task, encoding): {**given, "encoding": encoding, **shared}
        for task, given in TASKS.items()
        for encoding in ENCODINGS
    }
    runs = at_best(lab, train, cases, lambda run: -run["validation"], "categories")
    return {
        task: {name: stats.column(runs[task, name], "new") for name in ENCODINGS}
        for task in TASKS
    }


@claim(
    "dl-categorical-neuron",
    "Deep learning handles categorical values at one neuron.",
    notes="003",
    scope="300 rows, 5 or 20 levels, one hidden layer of 32 or 256 units, Adam, 60 "
    "epochs",
)
def one_neuron(lab):
    """One input neuron against one a level."""
    found = errors(lab)
    one, each = (
        {task: seen[name].mean() for task, seen in found.items()} for name in ENCODINGS
    )
    return Finding(
        {
            f"{task}: as good as one neuron a level": stats.greater(
                1.1 * seen[ENCODINGS[1]], seen[ENCODINGS[0]], by=WITHIN, scale="log"
            )
            for task, seen in found.items()
        },
        "Squared errors with one neuron: {one:.2f}; with one a level: {each:.2f}. The "
        "noise alone makes {noise:.2f}.",
        figure=draw_errors,
        one=one,
        each=each,
        noise=NOISE**2,
    )


def draw_errors(lab):
    """Errors by task and encoding."""
    figure, axes = figures.new(width=8.6, height=4.0)
    found = errors(lab)
    axes.set(xscale="log")
    for row, seen in enumerate(found.values()):
        for shift, name in zip((-0.15, 0.15), ENCODINGS, strict=True):
            color = figures.COLORS[0 if name == ENCODINGS[0] else 1]
            values, place = seen[name], row + shift
            axes.plot(values, [place] * len(values), "o", color=color, alpha=0.35)
            label = name if row == 0 else None
            style = {"color": color, "markersize": 16, "mew": 3, "linestyle": ""}
            axes.plot(values.mean(), place, "|", label=label, **style)
    axes.axvline(NOISE**2, color="#000000", lw=0.8, ls=":")
    axes.minorticks_off()
    axes.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    axes.set_yticks(range(len(found)), list(found))
    axes.set(ylim=(len(found) - 0.5, -0.5))
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ratios = {t: seen[ENCODINGS[0]].mean() / seen[ENCODINGS[1]].mean()
              for t, seen in found.items()}  # fmt: skip
    low, high = min(ratios.values()), max(ratios.values())
    title = f"One neuron makes {low:.1f} to {high:.1f} times the error"
    figures.describe(axes, title, "squared error on new rows (dotted: the noise)", "")
    lab.figure(
        "categories",
        figure,
        "Squared error on new rows where a category is one number, and where it is "
        "one-hot; bars are means, dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
