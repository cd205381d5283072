"""Few images, one small network, any augmentation in front of it, and its scores."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from recipes.generalization.augmentation._strengths import (
    VALIDATION,
    accuracy,
    best_strengths,
)
from recipes.lab import Study, experiment, stats
from zoo import lenet

KEPT, TEST = 6000, 600  # images at most; held out
ROWS = 100  # images that most trainings have: ten a class
BATCH, RATE = 25, 0.01  # of 0.003 and 0.01 the better on the tuning seeds
ZEROS = {"fill_mode": "constant"}  # what comes in from outside an image
GRAYS = {"value_range": (0, 1)}


def moved(strength: float) -> list:
    """Layers that move images by up to a share of their size."""
    sides = {"height_factor": strength, "width_factor": strength}
    return [["RandomTranslation", {**sides, **ZEROS}]]


# What a layer is called by, the layers at a strength, and the strengths to choose from,
# half a decade apart.
KINDS = {
    "flip": (lambda _: [["RandomFlip", {"mode": "horizontal"}]], [1.0]),
    "rotation": (
        lambda turns: [["RandomRotation", {"factor": turns, **ZEROS}]],
        [0.01, 0.03, 0.1],
    ),
    "crop": (  # a part of the image, enlarged; Keras's RandomCrop is for training only
        lambda share: [
            ["RandomZoom", {"height_factor": [-share, 0.0], **ZEROS}],
            *moved(share / 2),
        ],
        [0.03, 0.1, 0.3],
    ),
    "translation": (moved, [0.03, 0.1, 0.3]),
    "zoom": (
        lambda share: [["RandomZoom", {"height_factor": share, **ZEROS}]],
        [0.03, 0.1, 0.3],
    ),
    "rotation, zoom and shift": (
        lambda share: [
            ["RandomRotation", {"factor": share / 3, **ZEROS}],
            ["RandomZoom", {"height_factor": share, **ZEROS}],
            *moved(share),
        ],
        [0.03, 0.1, 0.3],
    ),
    "brightness": (
        lambda share: [["RandomBrightness", {"factor": share, **GRAYS}]],
        [0.1, 0.3, 1.0],
    ),
    "contrast": (
        lambda share: [["RandomContrast", {"factor": share, **GRAYS}]],
        [0.1, 0.3, 1.0],
    ),
    "noise": (
        lambda deviation: [["GaussianNoise", {"stddev": deviation}]],
        [0.03, 0.1, 0.3],
    ),
}


def small_network(
    input_shape: tuple, num_classes: int, augment: Sequence = ()
) -> keras.Model:
    """Two convolutions of 8 and 16 filters behind layers that augment.

    Args:
        input_shape: (height, width, channels).
        num_classes: How many logits.
        augment: Layers of Keras, each as (class name, arguments).
    """
    x = images = keras.Input(input_shape)
    for name, arguments in augment:
        x = getattr(keras.layers, name)(**arguments)(x)
    network = lenet(input_shape, num_classes, filters=(8, 16))
    return keras.Model(images, network(x))


network = Study(
    small_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def draw(data, rows: int, seed: int) -> dict[str, tuple]:
    """Draws a training set; the test set is the same for every seed.

    Args:
        data: A data set of images.
        rows: Images to train on, equally many of each class.
        seed: Decides which.

    Returns:
        "training"; "validation"; "others", all that are left with those; "test": each
        as (images, labels).
    """
    x = np.concatenate([data.x_train[:KEPT], data.x_test[:TEST]])
    y = np.concatenate([data.y_train[:KEPT], data.y_test[:TEST]])
    test, pool = (x[-TEST:], y[-TEST:]), (x[:-TEST], y[:-TEST])
    rng, each = np.random.default_rng([seed, 81]), rows // data.num_classes
    picked, others = [], []
    for label in range(data.num_classes):
        members = rng.permutation(np.flatnonzero(pool[1] == label))
        picked.append(members[:each])
        others.append(members[each:])
    chosen, rest = np.concatenate(picked), rng.permutation(np.concatenate(others))
    return {
        "training": (pool[0][chosen], pool[1][chosen]),
        "validation": (pool[0][rest[:VALIDATION]], pool[1][rest[:VALIDATION]]),
        "others": (pool[0][rest], pool[1][rest]),
        "test": test,
    }


# What networks meet at test that were trained on other images.


def shifted(images: np.ndarray, share: float) -> np.ndarray:
    """Moves images to the right by a share of their width; zeros come in."""
    pixels = max(1, round(share * images.shape[2]))
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, :-pixels]
    return moved


def rotated(images: np.ndarray, degrees: float) -> np.ndarray:
    """Turns images about their centers, bilinearly."""
    from scipy.ndimage import rotate

    turned = rotate(images, degrees, axes=(2, 1), reshape=False, order=1)
    return turned.astype(images.dtype)


def brightened(images: np.ndarray, by: float) -> np.ndarray:
    """Adds to every pixel, within [0, 1]."""
    return np.clip(images + np.float32(by), 0, 1)


def flattened(images: np.ndarray, contrast: float) -> np.ndarray:
    """Pulls every pixel towards the middle gray."""
    return (0.5 + contrast * (images - 0.5)).astype(images.dtype)


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """Adds Gaussian noise, the same for every network."""
    noise = np.random.default_rng(82).normal(0, deviation, images.shape)
    return (images + noise).astype(images.dtype)


def occluded(images: np.ndarray, share: float) -> np.ndarray:
    """Covers a square of a share of the width, somewhere, with black."""
    rng, hidden = np.random.default_rng(83), images.copy()
    side = max(1, round(share * images.shape[1]))
    corners = rng.integers(0, images.shape[1] - side + 1, (len(images), 2))
    for image, (top, left) in zip(hidden, corners, strict=True):
        image[top : top + side, left : left + side] = 0
    return hidden


CHANGES = {
    "as they are": lambda images: images,
    "shifted by 1/8": partial(shifted, share=1 / 8),
    "shifted by 1/4": partial(shifted, share=1 / 4),
    "turned by 15°": partial(rotated, degrees=15),
    "turned by 30°": partial(rotated, degrees=30),
    "brighter": partial(brightened, by=0.3),
    "darker": partial(brightened, by=-0.3),
    "low contrast": partial(flattened, contrast=0.3),
    "noisy": partial(noisy, deviation=0.3),
    "partly covered": partial(occluded, share=3 / 8),
}


def train(case: Mapping[str, Any], seed: int, data) -> dict[str, float]:
    """Trains the network on few images and scores it.

    Args:
        case: `rows`, `augment` (see `small_network`) and `epochs`.
        seed: Decides the images, the weights and what is drawn in training.
        data: A data set of images.

    Returns:
        Accuracies: "training" and "validation" on images as they are, and one for
        each of `CHANGES` on test images that were changed.
    """
    sets = draw(data, case["rows"], seed)
    changed = {name: (change(sets["test"][0]), sets["test"][1])
               for name, change in CHANGES.items()}  # fmt: skip
    run = network.train(
        sets["training"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"num_classes": data.num_classes, "augment": case["augment"]},
        measure=lambda model: {
            name: accuracy(model, *pair)
            for name, pair in {**sets, **changed}.items()
            if name not in ("test", "others")
        },
    )
    return run["measured"]


def case_of(lab, kind: str | None, strength: float = 0.0, rows: int = ROWS) -> dict:
    """The case of `train` for a kind of augmentation; None augments nothing."""
    augment = KINDS[kind][0](strength) if kind else []
    return {"rows": rows, "augment": augment, "epochs": lab.settings.epochs}


@experiment
def strength_of(lab, kind: str) -> float:
    """The strength with the best validation accuracy on the tuning seeds."""
    cases = {value: case_of(lab, kind, value) for value in KINDS[kind][1]}
    return best_strengths(lab, train, {kind: cases}, kind)[kind]


@experiment
def scores(lab, kind: str | None, rows: int = ROWS) -> dict[str, np.ndarray]:
    """Accuracies of networks trained with a kind at its best strength, one a seed."""
    strength = strength_of(lab, kind) if kind else 0.0
    name = f"{kind or 'as they are'}, {rows} images"
    runs = lab.sweep(
        train,
        {name: case_of(lab, kind, strength, rows)},
        precision="float32",
        title=name,
    )[name]
    return stats.columns(runs)
