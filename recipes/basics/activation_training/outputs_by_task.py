"""Outputs by task: is there a better last activation than the one that is advised?

What a network answers with decides its last activation: a chance in (0, 1) for two
classes, chances that sum to 1 for more, any number for a regression, a chance for each
pixel of a mask, and for ordered grades the chances of "above 0", "above 1", "above 2".

Six tasks are made from the same noisy images. Each is learned with the advised output
and with others, each with a loss that suits it: a linear output learns 0 and 1 as
numbers. The advice stands unless an alternative makes a tenth fewer errors.
"""

import warnings
from functools import partial

import keras
import numpy as np
from keras import activations, layers, ops

from recipes.basics.activation_training._image_tasks import (
    GRADES,
    LEVELS,
    answered,
    error,
    target,
    tasks,
)
from recipes.lab import Finding, Study, claim, experiment, main, stats

EPOCHS = 20
AS_GOOD = 1.1  # an error that is less than a tenth above the best is as good
NO_WORSE = stats.Threshold(
    "no worse by a tenth",
    1.0,
    "times less than the best alternative's error and a tenth",
    "an error that is less than a tenth larger changes no decision.",
)
CROSS, BINARY, SQUARE = "sparse_categorical_crossentropy", "binary_crossentropy", "mse"
# The same loss of one-hot labels: on images Keras's sparse one fails with PyTorch.
CROSS_ONE_HOT = "categorical_crossentropy"
# Task, and by name of the output: activation, units, loss, and what it learns from. The
# advised output comes first.
OUTPUTS = {
    "two classes": {
        "sigmoid": ("sigmoid", 1, BINARY, "0 or 1"),
        "linear": ("linear", 1, SQUARE, "0 or 1"),
    },
    "more classes": {
        "softmax": ("softmax", None, CROSS, "index"),
        "sigmoids": ("sigmoid", None, BINARY, "one-hot"),
        "linear": ("linear", None, SQUARE, "one-hot"),
    },
    "regression": {
        "linear": ("linear", 1, SQUARE, "number"),
        "tanh": ("tanh", 1, SQUARE, "number"),
    },
    "pixels of two classes": {
        "sigmoid": ("sigmoid", 1, BINARY, "0 or 1"),
        "linear": ("linear", 1, SQUARE, "0 or 1"),
    },
    "pixels of three classes": {
        "softmax": ("softmax", LEVELS, CROSS_ONE_HOT, "one-hot"),
        "sigmoids": ("sigmoid", LEVELS, BINARY, "one-hot"),
    },
    "ordered grades": {
        "cumulative sigmoids": ("sigmoid", GRADES - 1, BINARY, "above"),
        "softmax": ("softmax", GRADES, CROSS, "index"),
        "linear": ("linear", 1, SQUARE, "number"),
    },
}
# Two models: convolutions take most of the time, and their errors differ little from
# start to start, so that half of the networks will do.
PIXELS = "pixels of two classes", "pixels of three classes"
PARTS = {"images": tuple(task for task in OUTPUTS if task not in PIXELS)}
PARTS["pixels"] = PIXELS


def key(task: str, name: str) -> str:
    """The name of an output in the model."""
    return f"{task}, {name}".replace(", ", "__").replace(" ", "_")


def names(part: str) -> list[tuple[str, str]]:
    """Tasks and names of the outputs of one model."""
    return [(task, name) for task in PARTS[part] for name in OUTPUTS[task]]


def all_tasks(input_shape, classes: int, part: str) -> keras.Model:
    """One small network a task and output, from one image to all outputs."""
    image, outputs = keras.Input(input_shape), {}
    for task, name in names(part):
        activation, units, _, _ = OUTPUTS[task][name]
        units = units or classes
        if part == "pixels":
            hidden = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
            last = layers.Conv2D(units, 1, activation=activation)
        else:
            hidden = layers.Dense(32, "relu")(layers.Flatten()(image))
            last = layers.Dense(units, activation)
        outputs[key(task, name)] = last(hidden)
    return keras.Model(image, outputs)


STUDIES = {
    part: Study(
        all_tasks,
        {key(task, name): OUTPUTS[task][name][2] for task, name in names(part)},
        partial(keras.optimizers.Adam, 3e-3),
    )
    for part in PARTS
}


def train(case, seed, data) -> dict:
    """Trains all outputs; returns their errors on test images, by task and name.

    Args:
        case: `part`, a name of `PARTS`; `samples`; `epochs`; `batch_size`.
        seed: Of weights and order.
        data: Images.
    """
    (x, right), (x_test, right_test) = tasks(data, case["samples"])
    part, y = case["part"], {}
    for task, name in names(part):
        _, units, _, form = OUTPUTS[task][name]
        y[key(task, name)] = target(right[task], form, units or data.num_classes)

    def measure(model):
        outputs = model.predict(x_test, batch_size=500, verbose=0)
        found = {task: {} for task in PARTS[part]}
        for task, name in names(part):
            output = answered(outputs[key(task, name)], OUTPUTS[task][name][3])
            found[task][name] = error(task, output, right_test[task])
        if (grades := "ordered grades") in found:
            # Softmax modified: the mean of its probabilities is the answer.
            mean = outputs[key(grades, "softmax")] @ np.arange(GRADES)
            off = error(grades, mean, right_test[grades])
            found[grades]["softmax, mean grade"] = off
        return found

    return STUDIES[part].train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        network={"classes": data.num_classes, "part": part},
        measure=measure,
    )


@experiment
def errors(lab) -> dict[str, dict[str, np.ndarray]]:
    """Errors by task and output, one a seed."""
    found = {}
    for part, tasks_of_part in PARTS.items():
        case = {
            "part": part,
            "samples": lab.settings.samples,
            "epochs": min(EPOCHS, lab.settings.epochs),
            "batch_size": 32,
        }
        half = (len(lab.seeds) + 1) // 2
        seeds = list(lab.seeds)[: half if part == "pixels" else None]
        (runs,) = lab.sweep(train, {part: case}, seeds=seeds, title="tasks").values()
        measured = [run["measured"] for run in runs]
        for task in tasks_of_part:
            # A hundred-thousandth keeps an error of 0 from having no logarithm.
            found[task] = {
                name: np.array([max(entry[task][name], 1e-5) for entry in measured])
                for name in measured[0][task]
            }
    return found


@claim(
    "output-activation-by-task",
    "Recommended as outputs: sigmoid for two classes, softmax for more, linear for "
    "regression, sigmoid or softmax a pixel for segmentation, custom probabilities for "
    "ordered grades.",
    says="advice",
    hedge="recommended",
    notes="001 002 003",
    scope="800 noisy digits, 32 hidden units or 16 filters a task, Adam 0.003, "
    "20 epochs",
)
def advice_stands(lab):
    """Compares the advised output of each task with the best alternative tried."""
    conditions, times, means = {}, {}, {}
    for task, outputs in OUTPUTS.items():
        found, (advised, *others) = errors(lab)[task], outputs
        best = min(others, key=lambda name: found[name].mean())
        conditions[f"{advised} for {task}"] = stats.greater(
            AS_GOOD * found[best], found[advised], by=NO_WORSE, scale="log"
        )
        times[task] = f"{best} {(found[best] / found[advised]).mean():.2f}"
        means[task] = {name: float(found[name].mean()) for name in outputs}
    lab.table(
        "Errors on test images, the advised output first",
        ["task", "errors"],
        [
            [task, ", ".join(f"{name} {value:.3f}" for name, value in row.items())]
            for task, row in means.items()
        ],
    )
    single = softmax_of_one_output()
    return Finding(
        conditions,
        "The best alternative of each task makes this many times the errors of the "
        "advised output: {times}. Softmax on a single output is {single:g} for any "
        "input.",
        times=times,
        single=float(single.min()),
        mean_errors=means,
    )


@claim(
    "output-ordinal-softmax",
    # "Softmax can still be applied but might require custom modifications".
    "For ordered grades softmax can still be applied, perhaps modified for the order.",
    says="can",
    hedge="can",
    notes="002",
    scope="800 noisy digits, 4 grades, 32 hidden units, Adam 0.003, 20 epochs",
)
def softmax_for_grades(lab):
    """Compares softmax, as it is and modified, with always the best grade."""
    found = errors(lab)["ordered grades"]
    right = tasks(lab.data(), lab.settings.samples)[1][1]["ordered grades"]
    constant = min(error("ordered grades", g, right) for g in np.arange(GRADES))
    ways = {"as it is": "softmax", "modified, its mean grade": "softmax, mean grade"}
    return Finding(
        {
            way: stats.against(constant / found[name], 1, by=stats.TENTH, scale="log")
            for way, name in ways.items()
        },
        "Mean distance in grades: {means:.3f}; always the same grade: {constant:.2f}. "
        "Better than that by a tenth: {holding}.",
        means={name: values.mean() for name, values in found.items()},
        constant=constant,
    )


def softmax_of_one_output() -> np.ndarray:
    """Softmax over one output, for a hundred inputs."""
    z = np.random.default_rng(0).normal(0, 5, (100, 1)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras rightly warns of it
        return ops.convert_to_numpy(activations.softmax(ops.convert_to_tensor(z)))


if __name__ == "__main__":
    main(__file__)
