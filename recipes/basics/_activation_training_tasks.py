"""Output activations by task: one small network each, on noisy images."""

import warnings

import keras
import numpy as np
from keras import activations, layers, ops

from recipes.lab import Restart, fit, stats

GRADES = 4
EPOCHS = 8
MOST_SEEDS = 5  # what is asked for here is far from a tie
OUTPUTS = {
    "binary": "sigmoid, two classes",
    "classes": "softmax, more classes",
    "number": "linear, regression",
    "mask": "sigmoid a pixel, segmentation",
    "grade": "cumulative sigmoids, ordered grades",
}


def five_tasks(shape, classes: int) -> keras.Model:
    """Builds one small network a task, from one image to five outputs."""
    image = keras.Input(shape)

    def hidden():
        return layers.Dense(32, "relu")(layers.Flatten()(image))

    pixels = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    outputs = {
        "binary": layers.Dense(1, "sigmoid")(hidden()),
        "classes": layers.Dense(classes, "softmax")(hidden()),
        "number": layers.Dense(1)(hidden()),
        "mask": layers.Conv2D(1, 1, activation="sigmoid")(pixels),
        "grade": layers.Dense(GRADES - 1, "sigmoid")(hidden()),
    }
    model = keras.Model(image, outputs)
    losses = {
        "binary": "binary_crossentropy",
        "classes": "sparse_categorical_crossentropy",
        "number": "mean_squared_error",
        "mask": "binary_crossentropy",
        "grade": "binary_crossentropy",
    }
    model.compile(keras.optimizers.Adam(3e-3), losses)
    return model


def targets_of(images, labels, quartiles) -> dict[str, np.ndarray]:
    """Makes a target for every task; a grade is told as "above 0, 1, 2?"."""
    ink = images.sum((1, 2, 3))
    columns = np.arange(images.shape[2]) - (images.shape[2] - 1) / 2
    center = (images.sum((1, 3)) * columns).sum(1) / np.maximum(ink, 1e-6)
    grade = np.searchsorted(quartiles, ink)
    return {
        "binary": (labels >= 5)[:, None].astype("float32"),
        "classes": labels,
        "number": center[:, None].astype("float32"),
        "mask": (images > 0.5).astype("float32"),
        "grade": (grade[:, None] > np.arange(GRADES - 1)).astype("float32"),
    }


def in_range(outputs, images, classes: int) -> dict[str, bool]:
    """Says whether outputs have the shape and the range that the task asks for."""
    unit = {n: bool(((o >= 0) & (o <= 1)).all()) for n, o in outputs.items()}
    p, number = outputs["classes"], outputs["number"]
    return {
        "binary": unit["binary"] and outputs["binary"].shape[1] == 1,
        "classes": unit["classes"]
        and p.shape[1] == classes
        and bool(np.allclose(p.sum(1), 1, atol=1e-5)),
        "number": bool(number.min() < 0 < number.max()),
        "mask": unit["mask"] and outputs["mask"].shape == images.shape,
        "grade": unit["grade"] and outputs["grade"].shape[1] == GRADES - 1,
    }


def scores(outputs, y) -> dict[str, float]:
    """Returns how good outputs are, the more the better."""
    grades = [(array > 0.5).sum(1) for array in (outputs["grade"], y["grade"])]
    return {
        "binary": float(((outputs["binary"] > 0.5) == y["binary"]).mean()),
        "classes": float((outputs["classes"].argmax(1) == y["classes"]).mean()),
        "number": -float(((outputs["number"] - y["number"]) ** 2).mean()),
        "mask": float(((outputs["mask"] > 0.5) == y["mask"]).mean()),
        "grade": -float(np.abs(grades[0] - grades[1]).mean()),
    }


def constant_outputs(y, rows: int, classes: int) -> dict[str, np.ndarray]:
    """Returns the best answers that don't look at the image."""
    common = np.bincount(y["classes"], minlength=classes).argmax()
    means = {name: array.mean(0, keepdims=True) for name, array in y.items()}
    means["mask"] = np.full_like(means["mask"], y["mask"].mean())
    means["classes"] = np.eye(classes)[[common]]
    return {name: np.repeat(array, rows, 0) for name, array in means.items()}


def learn(lab, data) -> tuple[list[dict], dict[str, float]]:
    """Trains the five tasks on noisy images.

    Returns:
        For each seed the scores and whether ranges are right, and the scores of the
        best constants.
    """
    rng, classes = np.random.default_rng(0), data.num_classes
    most = min(lab.settings.samples, len(data.x_train))
    train, test = data.x_train[:most], data.x_test[:most]
    quartiles = np.quantile(train.sum((1, 2, 3)), np.arange(1, GRADES) / GRADES)
    y = targets_of(train, data.y_train[:most], quartiles)
    y_test = targets_of(test, data.y_test[:most], quartiles)
    noisy, noisy_test = (
        (x + rng.normal(0, 0.3, x.shape)).astype("float32") for x in (train, test)
    )
    model = five_tasks(train.shape[1:], classes)
    restart, epochs = Restart(model), min(EPOCHS, lab.settings.epochs)

    def run(case, seed):
        restart()
        fit(model, noisy, y, batch_size=32, epochs=epochs, seed=seed)
        outputs = model.predict(noisy_test, batch_size=500, verbose=0)
        return {
            "score": scores(outputs, y_test),
            "right_range": in_range(outputs, test, classes),
        }

    seeds = list(lab.seeds)[:MOST_SEEDS]
    found = lab.sweep(run, ["five tasks"], seeds=seeds, title="tasks")
    return found["five tasks"], scores(constant_outputs(y, len(test), classes), y_test)


def judge(lab) -> None:
    """Gives each task the output of the notes: is its range right, does it learn?"""
    runs, base = learn(lab, lab.data())
    gains = {
        task: stats.paired([run["score"][task] for run in runs], [constant] * len(runs))
        for task, constant in base.items()
    }
    ranges = {task: all(run["right_range"][task] for run in runs) for task in base}
    means = {t: float(np.mean([run["score"][t] for run in runs])) for t in base}
    single = single_softmax()
    lab.verdict(
        "output-activation-by-task",
        {OUTPUTS[t]: gains[t].positive if ranges[t] else False for t in base},
        evidence={
            "score": {OUTPUTS[t]: means[t] for t in base},
            "score_of_the_best_constant": {OUTPUTS[t]: base[t] for t in base},
            "gain": {OUTPUTS[t]: gains[t] for t in base},
            "softmax_of_a_single_output": [single.min(), single.max()],
        },
        note=f"Accuracy {means['binary']:.1%} (sigmoid), {means['classes']:.1%} "
        f"(softmax) and {means['mask']:.1%} of pixels (sigmoid); square error "
        f"{-means['number']:.3f} (linear), {-means['grade']:.2f} grades off "
        f"(cumulative sigmoids). Answers that don't look at the image have "
        f"{base['binary']:.1%}, {base['classes']:.1%}, {base['mask']:.1%}, "
        f"{-base['number']:.3f} and {-base['grade']:.2f}. Softmax on a single output, "
        f"which Keras warns of, is {single.min():g} for any input.",
    )


def single_softmax() -> np.ndarray:
    """Returns softmax over one output, for a hundred inputs."""
    z = np.random.default_rng(0).normal(0, 5, (100, 1)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras rightly warns of it
        return ops.convert_to_numpy(activations.softmax(ops.convert_to_tensor(z)))
