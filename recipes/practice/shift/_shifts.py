"""Images that change between dev set and deployment, and a network that meets them."""

import keras
import numpy as np
from scipy.ndimage import shift

from recipes.lab import Study, experiment
from zoo import mlp

LEARNED, DEV = 600, 400  # images; all others are deployment's
RARE = 10  # one image in so many is kept of the rare half of the classes
NOISE, DIMMED = 0.3, 0.3  # standard deviation; brightness left
NONE, NOISY, MOVED, DARK = "no shift", "noise", "moved by a pixel", "dimmed"
CORNER, RENAMED, SHARES = "a bright corner", "classes renamed", "class imbalance in dev"
IMAGES = (NONE, NOISY, MOVED, DARK, CORNER)  # where the images themselves change

NETWORK = Study(
    mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "adam"
)


def changed(x: np.ndarray, change: str, seed: int) -> np.ndarray:
    """Images as deployment has them.

    Args:
        x: Images in [0, 1], (images, height, width, 1).
        change: `NOISY` adds noise, `MOVED` moves by a pixel to the right, `DARK` takes
            most of the light, `CORNER` lights one pixel of the corner; else nothing.
        seed: Of the noise.
    """
    if change == NOISY:
        rng = np.random.default_rng([seed, 31])
        x = x + rng.normal(0, NOISE, x.shape)
    elif change == MOVED:
        x = shift(x, (0, 0, 1, 0), order=0)
    elif change == DARK:
        x = DIMMED * x
    elif change == CORNER:
        x = x.copy()
        x[:, 0, 0] = 1.0
    return x.astype("float32")


def parts(data, seed: int, rare: int = 1) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Images and classes to learn from, of the dev set, and of deployment.

    Args:
        data: Images.
        seed: Decides which image is where.
        rare: Of the upper half of the classes one image in so many is kept for learning
            and in the dev set; deployment has all of them.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    order = np.random.default_rng([seed, 128]).permutation(len(x))
    found = {}
    for name, rows in {
        "learned": order[:LEARNED],
        "dev": order[LEARNED : LEARNED + DEV],
        "deployed": order[LEARNED + DEV :],
    }.items():
        if name != "deployed":
            upper = np.cumsum(y[rows] >= data.num_classes // 2)
            rows = rows[(y[rows] < data.num_classes // 2) | (upper % rare == 0)]
        found[name] = x[rows], y[rows]
    return found


def moved_decision(logits: np.ndarray, learned, deployed) -> np.ndarray:
    """Decisions where the classes have other shares than in learning.

    A network learns p(class | image), to which the shares of the classes belong as
    factors: their logarithms are exchanged (Saerens et al., 2002).

    Args:
        logits: (images, classes).
        learned: Shares of the classes in learning.
        deployed: Those in deployment.
    """
    return (logits + np.log(deployed) - np.log(learned)).argmax(1)


def train(case, seed, data) -> dict[str, dict[str, float]]:
    """Trains a network; returns its accuracy on the dev set and in deployment.

    Args:
        case: `rare`, see `parts`; `epochs`.
        seed: Of images, weights and order.
        data: Images.

    Returns:
        By kind of shift `dev` and `deployed`; for other shares of the classes also
        `moved`, with decisions moved by the shares.
    """
    found, classes = parts(data, seed, case["rare"]), data.num_classes
    (x_dev, y_dev), (x, y) = found["dev"], found["deployed"]
    shares = {
        name: np.maximum(np.bincount(found[name][1], minlength=classes), 0.5)
        for name in ("learned", "deployed")
    }
    shares = {name: counts / counts.sum() for name, counts in shares.items()}

    def judge(model) -> dict[str, dict[str, float]]:
        def logits(images):
            return model.predict_on_batch(images)

        dev = float((logits(x_dev).argmax(1) == y_dev).mean())
        if case["rare"] > 1:
            plain = logits(x)
            decided = moved_decision(plain, shares["learned"], shares["deployed"])
            return {
                SHARES: {
                    "dev": dev,
                    "deployed": float((plain.argmax(1) == y).mean()),
                    "moved": float((decided == y).mean()),
                }
            }
        seen = {
            change: float((logits(changed(x, change, seed)).argmax(1) == y).mean())
            for change in IMAGES
        }
        # Each class has the name of the next one, as where a label changes its meaning.
        renamed = (y + 1) % classes
        seen[RENAMED] = float((logits(x).argmax(1) == renamed).mean())
        return {
            change: {"dev": dev, "deployed": value} for change, value in seen.items()
        }

    return NETWORK.train(
        found["learned"],
        seed,
        epochs=case["epochs"],
        batch_size=25,
        learning_rate=0.003,
        network={"num_classes": classes, "units": [64]},
        measure=judge,
    )["measured"]


@experiment
def deployed(lab) -> dict[str, dict[str, np.ndarray]]:
    """Accuracies by kind of shift, on the dev set and in deployment, one a seed."""
    cases = {
        name: {"rare": rare, "epochs": lab.settings.epochs}
        for name, rare in {"even classes": 1, SHARES: RARE}.items()
    }
    runs = lab.sweep(train, cases, data=lab.like_digits, title="deployment")
    return {
        change: {key: np.array([run[change][key] for run in found]) for key in first}
        for found in runs.values()
        for change, first in found[0].items()
    }


def drop(lab, change: str) -> np.ndarray:
    """By how much accuracy falls from the dev set to deployment, one a seed."""
    found = deployed(lab)[change]
    return found["dev"] - found["deployed"]
