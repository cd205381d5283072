"""Networks that differ in their pooling alone, and how their accuracy holds up."""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_behavior._images import (
    at_best,
    draw,
    epochs_of,
    learn,
    study_of,
    view,
)
from recipes.lab import experiment

ROWS, DIGIT, MARGIN = 300, 12, 2  # images to learn; pixels
SCORED = 12  # how many times losses are measured in a training
SMALL = DIGIT / 28  # pixels; a change moves what is drawn by as much, in the mean
NOISES = (0.2, 0.4)  # deviations; pixels are 0 to 1

# The last keeps the upper left of four pixels and forgets the others: it makes maps as
# small as pooling does, but summarizes nothing.
POOLINGS = {
    "max": lambda: layers.MaxPooling2D(2),
    "average": lambda: layers.AveragePooling2D(2),
    "none": lambda: layers.Identity(),
    "one of four": lambda: layers.MaxPooling2D(1, strides=2),
}
WRONG = 0.2  # share of the training labels that are wrong, where some are


def pooled_network(input_shape, num_classes: int, pooling: str) -> keras.Model:
    """Two convolutions of 8 and 16 filters, each with its pooling, and the outputs."""
    x = images = keras.Input(input_shape)
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu",
                          kernel_initializer="he_normal")(x)  # fmt: skip
        x = POOLINGS[pooling]()(x)
    return keras.Model(images, layers.Dense(num_classes)(layers.Flatten()(x)))


networks = study_of(pooled_network)


def radius(images: np.ndarray) -> float:
    """The mean distance of what is drawn from the center, in pixels."""
    rows, columns = np.indices(images.shape[1:3])
    center = (np.array(images.shape[1:3]) - 1) / 2
    distance = np.hypot(rows - center[0], columns - center[1])
    ink = images[..., 0].sum(0)
    return float((ink * distance).sum() / ink.sum())


def changed(images: np.ndarray, size: int, pixels: float) -> dict[str, np.ndarray]:
    """Images moved, turned and zoomed, each by as many pixels in the mean.

    Args:
        images: (images, side, side, 1).
        size: Pixels that a side is shown with, in a frame of `MARGIN`.
        pixels: How far what is drawn moves.
    """
    share = pixels / radius(view(images, size, MARGIN))
    degrees = float(np.rad2deg(2 * np.arcsin(share / 2)))
    return {
        "shift": view(images, size, MARGIN, by=(0.6 * pixels, 0.8 * pixels)),
        "rotation": view(images, size, MARGIN, degrees=degrees),
        "zoom": view(images, size, MARGIN, factor=1 + share),
    }


def mislabeled(labels: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """Labels, of which a share is another class's."""
    rng = np.random.default_rng([seed, 126])
    chosen = rng.permutation(len(labels))[: round(WRONG * len(labels))]
    others = labels.copy()
    others[chosen] += rng.integers(1, classes, len(chosen)).astype(labels.dtype)
    return others % classes


def train(case: dict, seed: int, data) -> dict:
    """Trains a network on few images and returns losses, and accuracies after changes.

    Args:
        case: `pooling`, `wrong_labels`, `epochs`, `learning_rate` and `judge`.
        seed: Of images, weights and order.
        data: Images of 8×8 pixels.
    """
    drawn = draw(data, ROWS, seed)
    sets = {name: (view(x, DIGIT, MARGIN), y) for name, (x, y) in drawn.items()}
    if case["wrong_labels"]:
        x, y = sets["training"]
        sets["training"] = (x, mislabeled(y, data.num_classes, seed))
    epochs, judged = case["epochs"], case["judge"] == "test"
    whole = judged and not case["wrong_labels"]
    times = sorted({max(1, round(epochs * k / SCORED)) for k in range(1, SCORED + 1)})
    run = learn(
        networks,
        {**case, "network": {"num_classes": data.num_classes,
                             "pooling": case["pooling"]}},
        seed,
        sets,
        measure=lambda model: accuracies(model, drawn["test"]) if whole else {},
        score_epochs=times if judged else (),
    )  # fmt: skip
    names = ("training_loss", "held_out_loss", "held_out_accuracy")
    found = {**{name: run[name] for name in names}, "accuracy": run["measured"]}
    if judged:
        found["curves"] = {name: run["history"][name] for name in names[:2]}
    return found


def accuracies(model: keras.Model, test: tuple) -> dict[str, float]:
    """Accuracies on test images as they are, changed, and in noise."""
    x, y = test
    plain = view(x, DIGIT, MARGIN)
    others = {"as they are": plain}
    for times in (1, 2):
        for name, images in changed(x, DIGIT, times * SMALL).items():
            others[f"{name}, {times}"] = images
    rng = np.random.default_rng(123)  # the same noise for every network
    for deviation in NOISES:
        noise = rng.normal(0, deviation, plain.shape).astype("float32")
        others[f"noise, {deviation}"] = plain + noise
    logits = {name: model.predict_on_batch(some) for name, some in others.items()}
    return {name: float((rows.argmax(1) == y).mean()) for name, rows in logits.items()}


@experiment
def pooled(lab) -> dict[str, list[dict]]:
    """The runs of every pooling, each at its best rate."""
    shared = {"epochs": epochs_of(lab, ROWS), "wrong_labels": False}
    cases = {pooling: {"pooling": pooling, **shared} for pooling in POOLINGS}
    return at_best(lab, train, cases, "poolings")


@experiment
def mislabeled_runs(lab) -> dict[str, list[dict]]:
    """The same with wrong labels, at the same rates, three times as long."""
    shared = {"epochs": 3 * epochs_of(lab, ROWS), "wrong_labels": True, "judge": "test"}
    cases = {
        pooling: {"pooling": pooling, "learning_rate": runs[0]["learning_rate"],
                  **shared}
        for pooling, runs in pooled(lab).items()
    }  # fmt: skip
    return lab.sweep(train, cases, data=lab.like_digits, precision="float32",
                     title="wrong labels")  # fmt: skip


def accuracy(lab, pooling: str, change: str = "as they are") -> np.ndarray:
    """Test accuracies after a change, one a seed."""
    return np.array([run["accuracy"][change] for run in pooled(lab)[pooling]])
