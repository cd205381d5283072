"""Leaks: a model that only remembers passes a test that holds what it remembers.

Labels are drawn by lot, so that there is nothing to learn. A network with enough units
remembers all of them, and the nearest neighbor does so by definition. A test of images
that resemble the training images, the same pictures with a little noise or moved by a
pixel, calls them good; a test of other images calls them what they are. A test set in
which a share of the rows has a twin in the training set reports that share of the
memory.
"""

import keras
import numpy as np
from scipy.ndimage import shift
from sklearn.neighbors import KNeighborsClassifier

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp

TRAINED = 400
NOISE = 0.1  # of the pixels, which lie in [0, 1]
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of test rows that have a twin
LONGER = 8  # times the epochs of other networks: remembering takes time
COPIES = {"with noise": "noisy", "moved by a pixel": "moved"}
MODELS = ("network", "nearest neighbor")

STUDY = Study(mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "adam")


def copies(x: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Near-duplicates: with noise, and moved by a pixel, an eighth of the side."""
    rng = np.random.default_rng([seed, 87])
    noisy = x + rng.normal(0, NOISE, x.shape)
    return {
        "noisy": noisy.astype("float32"),
        "moved": shift(x, (0, 0, 1, 0), order=0).astype("float32"),
    }


def draw_rows(data, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images with labels by lot to learn, and as many others."""
    x = np.concatenate([data.x_train, data.x_test])
    rng = np.random.default_rng([seed, 4])
    rows = rng.permutation(len(x))[: 2 * TRAINED]
    y = rng.integers(0, data.num_classes, 2 * TRAINED).astype("int32")
    return x[rows[:TRAINED]], y[:TRAINED], x[rows[TRAINED:]], y[TRAINED:]


def train(case, seed, data) -> dict[str, dict[str, float]]:
    """Lets a network and the nearest neighbor remember; returns accuracies by rows.

    Args:
        case: `epochs`.
        seed: Of rows, labels, weights and order.
        data: Images.

    Returns:
        For each of `MODELS` the accuracy on `learned`, `noisy`, `moved` and `fresh`
        images.
    """
    x, y, fresh, fresh_y = draw_rows(data, seed)
    tests = {"learned": (x, y)} | {k: (c, y) for k, c in copies(x, seed).items()}
    tests["fresh"] = fresh, fresh_y

    def judge(model) -> dict[str, float]:
        return {
            name: float(
                (model.predict_on_batch(rows).argmax(1) == right)
                .mean()
            )
            for name, (rows, right) in tests.items()
        }  # fmt: skip

    network = STUDY.train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=20,
        learning_rate=0.003,
        network={"num_classes": data.num_classes, "units": [128]},
        measure=judge,
    )["measured"]
    nearest = KNeighborsClassifier(1).fit(x.reshape(TRAINED, -1), y)
    return {
        "network": network,
        "nearest neighbor": {
            name: float(nearest.score(rows.reshape(len(rows), -1), right))
            for name, (rows, right) in tests.items()
        },
    }


@experiment
def memories(lab) -> dict[str, dict[str, np.ndarray]]:
    """Accuracies by model and kind of images, one a seed."""
    cases = {"labels by lot": {"epochs": LONGER * lab.settings.epochs}}
    (runs,) = lab.sweep(
        train, cases, data=lab.like_digits, title="labels by lot"
    ).values()
    return {
        model: {
            rows: np.array([run[model][rows] for run in runs])
            for rows in runs[0][model]
        }
        for model in MODELS
    }


@claim(
    "eval-leaky-test",
    "If the test data is not truly separate but similar to the training data, a model "
    "that has merely memorized might still perform well on it.",
    says="can",
    hedge="might",
    notes="004",
    scope="400 digits with labels by lot; a network of 128 units, 120 epochs, and the "
    "nearest neighbor; copies with noise or moved by a pixel",
)
def memory_passes(lab):
    """Accuracy on near-duplicates of training images and on other images."""
    found = memories(lab)
    chance = 1 / lab.data(lab.like_digits).num_classes
    means = {
        model: {rows: float(values.mean()) for rows, values in by.items()}
        for model, by in found.items()
    }
    lab.table(
        "Accuracy where labels were drawn by lot",
        ["model", "learned", *COPIES, "other images"],
        [
            [
                model,
                *(
                    f"{means[model][k]:.1%}"
                    for k in ("learned", "noisy", "moved", "fresh")
                ),
            ]
            for model in MODELS
        ],
    )
    return Finding(
        {
            f"{model}, copies {name}": stats.greater(
                found[model][rows], found[model]["fresh"], by=stats.ACCURACY_POINT
            )
            for model in MODELS
            for name, rows in COPIES.items()
        },
        "With labels by lot the network is right on {noisy:.0%} of the copies with "
        "noise, {moved:.0%} of those moved by a pixel and {fresh:.0%} of other "
        "images; guessing gets {chance:.0%}. The nearest neighbor: {nearest:.0%}.",
        figure=draw_shares,
        noisy=means["network"]["noisy"],
        moved=means["network"]["moved"],
        fresh=means["network"]["fresh"],
        chance=chance,
        nearest=[means["nearest neighbor"][k] for k in ("noisy", "moved", "fresh")],
        learned={model: means[model]["learned"] for model in MODELS},
    )


def draw_shares(lab):
    """The accuracy that a test reports, by the share of its rows that have a twin."""
    found = memories(lab)
    figure, axes = figures.new(width=8.0, height=4.2)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    shares = np.array(SHARES)[:, None]
    runs = {
        f"{model}, {name}": (
            shares * found[model][rows] + (1 - shares) * found[model]["fresh"]
        ).T
        for model in MODELS
        for name, rows in COPIES.items()
    }
    figures.curves(axes, SHARES, runs)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:.0%}")
    gain = max((values[:, -1] - values[:, 0]).mean() for values in runs.values())
    title = "Twins in the test set change little that is reported"
    if gain >= stats.ACCURACY_POINT.value:
        title = "Twins in the test set are reported as skill; there is none here"
    x, y = "test rows with a twin in the training set", "accuracy reported"
    figures.describe(axes, title, x, y)
    lab.figure(
        "shares",
        figure,
        "Accuracy that a test reports by the share of its rows with a near-duplicate "
        "in the training set, where labels were drawn by lot: means and ranges over "
        "seeds.",
    )


if __name__ == "__main__":
    main(__file__)
