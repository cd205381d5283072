"""Networks of equal shape whose weights are shared, local or dense, and their runs."""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_behavior._images import (
    BATCH,
    MOST,
    at_best,
    draw,
    draw_seeds,
    epochs_of,
    learn,
    study_of,
)
from recipes.lab import experiment, figures, stats
from zoo.layers import LocallyConnected2D

# How many images, and how many pixels they may be moved by, each way.
FEW, MANY, ANYWHERE = "100 images", "960 images", "960 images, anywhere"
IMAGES = {FEW: (100, 0), MANY: (MOST, 0), ANYWHERE: (MOST, 2)}
FILTERS = (8, 16)
KINDS = ("shared", "local", "dense")
LEARNED = 0.5  # nats of training loss, by which training efficiency is measured


def blocks(input_shape, num_classes: int, kind: str) -> keras.Model:
    """Two blocks with outputs of equal shape, whatever connects them, and logits."""
    x = images = keras.Input(input_shape)
    options = {"padding": "same", "kernel_initializer": "he_normal"}
    for filters in FILTERS:
        if kind == "shared":
            x = layers.Conv2D(filters, 3, **options)(x)
        elif kind == "local":
            x = LocallyConnected2D(filters, 3, **options)(x)
        else:
            rows, columns = x.shape[1:3]
            units = rows * columns * filters
            x = layers.Dense(units, kernel_initializer="he_normal")(layers.Flatten()(x))
            x = layers.Reshape((rows, columns, filters))(x)
        x = layers.MaxPooling2D()(layers.ReLU()(x))
    return keras.Model(images, layers.Dense(num_classes)(layers.Flatten()(x)))


def as_a_convolution(model: keras.Model) -> list[np.ndarray]:
    """New weights: those of the first place at every place."""
    weights = keras.models.clone_model(model).get_weights()
    return [
        np.broadcast_to(one[:1, :1], one.shape) if one.ndim in (3, 6) else one
        for one in weights
    ]


networks = study_of(blocks)


def placed(images: np.ndarray, most: int, seed: list[int]) -> np.ndarray:
    """Puts each image somewhere into a black frame, `most` pixels wide."""
    rng, (count, side) = np.random.default_rng(seed), images.shape[:2]
    frames = np.zeros((count, side + 2 * most, side + 2 * most, 1), images.dtype)
    corners = rng.integers(0, 2 * most + 1, (count, 2))
    for frame, image, (top, left) in zip(frames, images, corners, strict=True):
        frame[top : top + side, left : left + side] = image
    return frames


def train(case: dict, seed: int, data) -> dict:
    """Trains a network of one kind.

    Args:
        case: `kind`, `rows`, `moved`, `epochs`, `learning_rate` and `judge`.
        seed: Of images, their places, weights and order.
        data: Images.
    """
    sets = draw(data, case["rows"], seed)
    if case["moved"]:
        sets = {
            name: (placed(x, case["moved"], [seed, 127, number]), y)
            for number, (name, (x, y)) in enumerate(sets.items())
        }
    run = learn(
        networks,
        {**case, "network": {"num_classes": data.num_classes, "kind": case["kind"]}},
        seed,
        sets,
        weights=as_a_convolution if case["kind"] == "local" else None,
    )
    names = ("training_loss", "held_out_loss", "held_out_accuracy")
    return {
        **{name: run[name] for name in names},
        "updates": updates_to(LEARNED, run["history"]["loss"], case["rows"]),
    }


def updates_to(target: float, losses: list[float], rows: int) -> float | None:
    """Updates until an epoch's mean loss is at the target; None where it never is.

    An epoch's mean is that of its middle; between two epochs losses are interpolated.
    """
    below = [epoch for epoch, loss in enumerate(losses) if loss <= target]
    if not below:
        return None
    steps, last = -(-rows // BATCH), below[0]
    if last == 0:
        return steps / 2
    share = (losses[last - 1] - target) / (losses[last - 1] - losses[last])
    return steps * (last - 0.5 + share)


@experiment
def kinds(lab) -> dict[tuple[str, str], list[dict]]:
    """The runs of each kind for each of `IMAGES`, each at its best rate."""
    cases = {
        f"{kind}, {name}": {
            "kind": kind,
            "rows": rows,
            "moved": moved,
            "epochs": epochs_of(lab, rows),
        }
        for kind in KINDS
        for name, (rows, moved) in IMAGES.items()
    }
    runs = at_best(lab, train, cases, "weights").values()
    keys = [(kind, name) for kind in KINDS for name in IMAGES]
    return dict(zip(keys, runs, strict=True))


def parameters(lab, images: str) -> dict[str, int]:
    """Trained numbers of each kind, for one of `IMAGES`."""
    rows, columns, channels = lab.data(lab.like_digits).x_train.shape[1:]
    frame = 2 * IMAGES[images][1]
    shape = (rows + frame, columns + frame, channels)
    return {kind: blocks(shape, 10, kind).count_params() for kind in KINDS}


def compare(lab, kind: str, rival: str) -> dict[str, stats.Decision]:
    """Whether a kind has a higher test accuracy than another, by images."""
    return {
        name: stats.greater(
            *(stats.column(kinds(lab)[one, name], "held_out_accuracy")
              for one in (kind, rival)),
            by=stats.ACCURACY_POINT,
        )
        for name in IMAGES
    }  # fmt: skip


def accuracies(lab, kind: str) -> dict[str, float]:
    """Mean test accuracy of a kind, by images."""
    return {
        name: stats.column(kinds(lab)[kind, name], "held_out_accuracy").mean()
        for name in IMAGES
    }


def draw_bars(lab, name: str, caption: str) -> None:
    """Draws the test accuracy by kind, for each of `IMAGES`.

    Args:
        lab: The bench.
        name: Of the figure: "sharing" or "patches", which decides what its titles say.
        caption: In one sentence.
    """
    figure, axes = figures.new(1, 3, width=12.0, height=4.0)
    better, worse = KINDS[:2] if name == "sharing" else KINDS[1:]
    for panel, images in zip(axes, IMAGES, strict=True):
        for index, kind in enumerate(KINDS):
            values = 100 * stats.column(kinds(lab)[kind, images], "held_out_accuracy")
            draw_seeds(panel, index, values, index)
        panel.set_xticks(range(len(KINDS)), KINDS)
        panel.set_xlim(-0.5, len(KINDS) - 0.5)
        panel.set_ylim(70, 100)
        gain = 100 * (accuracies(lab, better)[images] - accuracies(lab, worse)[images])
        title = f"{images}: {name} {gain:+.1f}"
        figures.describe(panel, title, "weights", "test accuracy (%)")
    lab.figure(name, figure, caption)
