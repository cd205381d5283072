"""Features: designed by hand, or learned from pixels.

Before networks, people thought of features: here the histograms of oriented gradients
(HOG), which say for each part of an image in which directions its edges run. A linear
model on top decides. A convolutional network gets the pixels alone. If it finds its
features by itself it should not be behind; and what its last hidden layer puts out
should serve a linear model better than the pixels do.

The linear models have three strengths of penalty, the network three rates; validation
chooses. Both get 100 images, then as many as the setting says, then 700.
"""

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.deep_learning._networks import (
    BATCH,
    at_best,
    classifier,
)
from zoo import endpoints, lenet

FEW, MOST, DIRECTIONS, CELL, STRIDE = 100, 700, 8, 4, 2
STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # inverse penalties of the linear model
TIMES = 2  # as many seeds: two good ways differ by little
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that of hand-made features less a point",
    "people choose between methods by whole points.",
)
KINDS = ("pixels", "hand-made", "learned", "network")


def network(input_shape) -> keras.Model:
    """Two convolutions, 32 units, ten logits."""
    return lenet(input_shape, 10, filters=(16, 32), units=(32,))


study = classifier(network)


def oriented_gradients(images: np.ndarray) -> np.ndarray:
    """Histograms of edge directions in overlapping cells, of length 1 an image.

    Args:
        images: (images, height, width, 1).
    """
    down, across = np.gradient(images[..., 0].astype("float64"), axis=(1, 2))
    size = np.hypot(down, across)
    turn = (np.arctan2(down, across) / (2 * np.pi)) % 1 * DIRECTIONS
    low = np.floor(turn).astype(int) % DIRECTIONS
    share = turn - np.floor(turn)  # an edge between two directions counts for both
    maps = np.zeros((*size.shape, DIRECTIONS))
    where = np.indices(size.shape)
    maps[(*where, low)] += size * (1 - share)
    maps[(*where, (low + 1) % DIRECTIONS)] += size * share
    height, width = size.shape[1:]
    cells = [
        maps[:, top : top + CELL, left : left + CELL].sum((1, 2))
        for top in range(0, height - CELL + 1, STRIDE)
        for left in range(0, width - CELL + 1, STRIDE)
    ]
    found = np.concatenate(cells, 1)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def linear(features: dict, labels: dict) -> float:
    """Test accuracy of a linear model whose penalty is chosen by validation.

    Args:
        features: "training", "validation" and "test" rows.
        labels: Their classes.
    """
    scale = features["training"].std() or 1.0
    models = [
        LogisticRegression(C=strength, max_iter=10_000).fit(
            features["training"] / scale, labels["training"]
        )
        for strength in STRENGTHS
    ]

    def score(model, part):
        return model.score(features[part] / scale, labels[part])

    best = max(models, key=lambda model: score(model, "validation"))
    return float(score(best, "test"))


def train(case: dict, seed: int, data) -> dict:
    """Test accuracies by kind of features, and the network's on validation.

    Args:
        case: `rows`, `steps` and `learning_rate`.
        seed: Decides the rest.
        data: Images.
    """
    parts = draw(data, seed, case["rows"])
    labels = {name: y for name, (_, y) in parts.items()}

    def measure(model):
        below = keras.Model(model.input, endpoints(model)["dense_1"])
        learned = {
            name: keras.ops.convert_to_numpy(below(x, training=False)).astype("float64")
            for name, (x, _) in parts.items()
        }
        right = {
            name: float(
                (
                    keras.ops.convert_to_numpy(model(x, training=False)).argmax(1) == y
                ).mean()
            )
            for name, (x, y) in parts.items()
        }
        return {
            "learned": linear(learned, labels),
            "network": right["test"],
            "validation": right["validation"],
        }

    run = study.train(
        parts["training"],
        seed,
        epochs=max(1, round(case["steps"] * BATCH / case["rows"])),
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        measure=measure,
    )
    pixels = {name: x.reshape(len(x), -1) for name, (x, _) in parts.items()}
    by_hand = {name: oriented_gradients(x) for name, (x, _) in parts.items()}
    return {
        **run["measured"],
        "pixels": linear(pixels, labels),
        "hand-made": linear(by_hand, labels),
    }


@experiment
def accuracies(lab) -> dict[int, dict[str, np.ndarray]]:
    """Images to kinds of features to test accuracies by seed."""
    sizes = dict.fromkeys((FEW, lab.settings.rows, MOST))
    cases = {n: {"rows": n, "steps": 6 * lab.settings.epochs} for n in sizes}
    runs = at_best(lab, train, cases, lambda run: run["validation"], "features", TIMES)
    return {n: {kind: stats.column(runs[n], kind) for kind in KINDS} for n in sizes}


@claim(
    "dl-auto-features",
    "Deep learning learns features from raw data by itself; manual feature engineering "
    "is not needed.",
    notes="002 003",
    scope="100, 300 and 700 digits; a CNN of two convolutions after 360 updates, "
    "against a linear model on histograms of oriented gradients",
)
def learned_from_pixels(lab):
    """The network against hand-made features, and learned features against pixels."""
    found = accuracies(lab)
    conditions = {}
    for images, seen in found.items():
        conditions[f"{images} images: at most a point behind hand-made features"] = (
            stats.greater(
                seen["network"] + stats.ACCURACY_POINT.value,
                seen["hand-made"],
                by=NO_WORSE,
            )
        )
        conditions[f"{images} images: learned features beat pixels"] = stats.greater(
            seen["learned"], seen["pixels"], by=stats.ACCURACY_POINT
        )
    lab.table(
        "Test accuracy by features",
        ("images", *KINDS),
        [
            [n, *(f"{seen[kind].mean():.1%}" for kind in KINDS)]
            for n, seen in found.items()
        ],
    )
    network, by_hand = (
        {f"{n} images": seen[kind].mean() for n, seen in found.items()}
        for kind in ("network", "hand-made")
    )
    return Finding(
        conditions,
        "The network names {network:.1%} of the test rightly, a linear model on "
        "hand-made features {by_hand:.1%}.",
        figure=draw_features,
        network=network,
        by_hand=by_hand,
        pixels={f"{n} images": seen["pixels"].mean() for n, seen in found.items()},
        learned={f"{n} images": seen["learned"].mean() for n, seen in found.items()},
    )


def draw_features(lab):
    """Accuracies by features."""
    found = accuracies(lab)
    figure, panels = figures.new(1, len(found), width=4.4 * len(found), height=3.3)
    names = ("linear, pixels", "linear, hand-made", "linear, learned", "network")
    for place, (images, seen) in enumerate(found.items()):
        axes = np.atleast_1d(panels)[place]
        for row, values in enumerate(seen.values()):
            color = figures.COLORS[row > 1]
            axes.plot(100 * values, [row] * len(values), "o", color=color, alpha=0.35)
            axes.plot(100 * values.mean(), row, "|", color=color, markersize=18, mew=3)
        axes.set_yticks(range(4), names if place == 0 else [""] * 4)
        axes.set(ylim=(3.5, -0.5))
        best = names[int(np.argmax([values.mean() for values in seen.values()]))]
        title = f"{images} images: best is {best}"
        figures.describe(axes, title, "test accuracy (%)", "")
    lab.figure(
        "features",
        figure,
        "Test accuracy of a linear model on pixels, on histograms of oriented "
        "gradients and on the network's last hidden layer, and of the "
        "network. Dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
