"""Outputs by task: the right range for each, and each learns.

What a network answers with decides its last activation: a chance in (0, 1) for two
classes, chances that sum to 1 for more, any number for a regression, a chance for each
pixel of a mask, and for ordered grades the chances of "above 0", "above 1", "above 2".
Five small networks learn these five tasks from the same noisy images. Each is compared
with the best answer that does not depend on the image; other activations for the same
task are not tried here.
"""

import warnings
from functools import partial

import keras
import numpy as np
from keras import activations, layers, ops

from recipes.lab import Finding, Study, claim, main, stats

GRADES = 4
EPOCHS = 8
NOISE = 0.3  # of the pixels, which lie in [0, 1]: no task is too easy
MOST_SEEDS = 5  # what is asked for here is far from a tie
OUTPUTS = {
    "binary": "sigmoid, two classes",
    "classes": "softmax, more classes",
    "number": "linear, regression",
    "mask": "sigmoid a pixel, segmentation",
    "grade": "cumulative sigmoids, ordered grades",
}
LOSSES = {
    "binary": "binary_crossentropy",
    "classes": "sparse_categorical_crossentropy",
    "number": "mean_squared_error",
    "mask": "binary_crossentropy",
    "grade": "binary_crossentropy",
}


def five_tasks(input_shape, classes: int) -> keras.Model:
    """One small network a task, from one image to five outputs."""
    image = keras.Input(input_shape)

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
    return keras.Model(image, outputs)


STUDY = Study(five_tasks, LOSSES, partial(keras.optimizers.Adam, 3e-3))


def targets_of(images, labels, quartiles) -> dict[str, np.ndarray]:
    """A target for every task; a grade is given as "above 0, 1, 2?"."""
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


def tasks(data, samples: int) -> tuple[tuple, tuple]:
    """Noisy images with their targets, for training and test."""
    rng, most = np.random.default_rng(0), min(samples, len(data.x_train))
    train_images, test_images = data.x_train[:most], data.x_test[:most]
    ink = train_images.sum((1, 2, 3))
    quartiles = np.quantile(ink, np.arange(1, GRADES) / GRADES)
    noisy, noisy_test = (
        (x + rng.normal(0, NOISE, x.shape)).astype("float32")
        for x in (train_images, test_images)
    )
    return (
        (noisy, targets_of(train_images, data.y_train[:most], quartiles)),
        (noisy_test, targets_of(test_images, data.y_test[:most], quartiles)),
    )


def in_range(outputs, y, classes: int) -> dict[str, bool]:
    """Whether outputs have the shape and the range that the task asks for."""
    unit = {n: bool(((o >= 0) & (o <= 1)).all()) for n, o in outputs.items()}
    p, number = outputs["classes"], outputs["number"]
    return {
        "binary": unit["binary"] and outputs["binary"].shape[1] == 1,
        "classes": unit["classes"]
        and p.shape[1] == classes
        and bool(np.allclose(p.sum(1), 1, atol=1e-5)),
        "number": bool(number.min() < 0 < number.max()),
        "mask": unit["mask"] and outputs["mask"].shape == y["mask"].shape,
        "grade": unit["grade"] and outputs["grade"].shape[1] == GRADES - 1,
    }


def errors(outputs, y) -> dict[str, float]:
    """Wrong answers, mean square of the number, grades off: the less the better."""
    grades = [(array > 0.5).sum(1) for array in (outputs["grade"], y["grade"])]
    return {
        "binary": float(((outputs["binary"] > 0.5) != y["binary"]).mean()),
        "classes": float((outputs["classes"].argmax(1) != y["classes"]).mean()),
        "number": float(((outputs["number"] - y["number"]) ** 2).mean()),
        "mask": float(((outputs["mask"] > 0.5) != y["mask"]).mean()),
        "grade": float(np.abs(grades[0] - grades[1]).mean()),
    }


def constant_outputs(y, rows: int, classes: int) -> dict[str, np.ndarray]:
    """The best answers that do not depend on the image."""
    common = np.bincount(y["classes"], minlength=classes).argmax()
    means = {name: array.mean(0, keepdims=True) for name, array in y.items()}
    means["mask"] = np.full_like(means["mask"], y["mask"].mean())
    means["classes"] = np.eye(classes)[[common]]
    return {name: np.repeat(array, rows, 0) for name, array in means.items()}


def train(case, seed, data) -> dict:
    """Trains the five tasks; says errors on test images, and whether ranges are right.

    Args:
        case: `samples`, `epochs`, `batch_size`.
        seed: Of weights and order.
        data: Images.
    """
    training, (x_test, y_test) = tasks(data, case["samples"])

    def measure(model):
        outputs = model.predict(x_test, batch_size=500, verbose=0)
        return {
            "errors": errors(outputs, y_test),
            "in_range": in_range(outputs, y_test, data.num_classes),
        }

    return STUDY.train(
        training,
        seed,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        network={"classes": data.num_classes},
        measure=measure,
    )


@claim(
    "output-activation-by-task",
    "Sigmoid for two classes, softmax for more, linear for regression, sigmoid a pixel "
    "for segmentation, a custom one for grades.",
    # "Recommended activation function". What it is compared with here is the best
    # constant answer alone.
    says="advice",
    hedge="recommended",
    notes="001 002 003",
    scope="1437 noisy digits, 32 hidden units or 16 filters a task, Adam 0.003, "
    "8 epochs",
)
def each_task_learns(lab):
    """Gives each task the output of the notes: is its range right, does it learn?"""
    case = {
        "samples": lab.settings.samples,
        "epochs": min(EPOCHS, lab.settings.epochs),
        "batch_size": 32,
    }
    seeds = list(lab.seeds)[:MOST_SEEDS]
    runs = lab.sweep(train, {"five tasks": case}, seeds=seeds, title="tasks")
    measured = [run["measured"] for run in runs["five tasks"]]
    data = lab.data()
    (_, y), (_, y_test) = tasks(data, lab.settings.samples)
    classes = data.num_classes
    constant = errors(constant_outputs(y, len(y_test["classes"]), classes), y_test)
    mean = {t: float(np.mean([m["errors"][t] for m in measured])) for t in OUTPUTS}
    conditions = {}
    for task, name in OUTPUTS.items():
        # How many times the error of the best constant answer: a skewed ratio, so on
        # logarithms. A hundred-thousandth keeps an error of 0 from having none.
        times = [constant[task] / max(m["errors"][task], 1e-5) for m in measured]
        right = all(m["in_range"][task] for m in measured)
        smaller = stats.against(times, 1, by=stats.TENTH, scale="log")
        conditions[name] = smaller if right else False
    single = softmax_of_one_output()
    return Finding(
        conditions,
        "Accuracy {binary[0]:.1%} (sigmoid), {classes[0]:.1%} (softmax) and "
        "{mask[0]:.1%} of pixels (sigmoid); square error {number[0]:.3f} (linear), "
        "{grade[0]:.2f} grades off (cumulative sigmoids). The best constant answers "
        "have {binary[1]:.1%}, {classes[1]:.1%}, {mask[1]:.1%}, {number[1]:.3f} and "
        "{grade[1]:.2f}. Softmax on a single output is {single[0]:g} for any input.",
        **{t: [1 - mean[t], 1 - constant[t]] for t in ("binary", "classes", "mask")},
        **{t: [mean[t], constant[t]] for t in ("number", "grade")},
        single=[float(single.min()), float(single.max())],
    )


def softmax_of_one_output() -> np.ndarray:
    """Softmax over one output, for a hundred inputs."""
    z = np.random.default_rng(0).normal(0, 5, (100, 1)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras rightly warns of it
        return ops.convert_to_numpy(activations.softmax(ops.convert_to_tensor(z)))


if __name__ == "__main__":
    main(__file__)
