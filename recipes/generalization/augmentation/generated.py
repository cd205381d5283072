"""Generated: samples of a generator are worth what the generator knows.

A generator that has seen the same hundred images as the classifier can only say them
again in other ways. One that has seen more brings something in. The notes think of
ChatGPT and DALL-E, which have seen most of what there is; none of them runs here. Three
stand-ins do, each fitted to the training images of one class at a time: a Gaussian with
a shrunk covariance, SMOTE (a point between an image and one of its nearest neighbors),
and more real images as the ceiling. Each adds as many images as there were.
"""

import keras
import numpy as np

from recipes.generalization.augmentation._images import draw
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp

ROWS, KNOWN = 100, 1000  # images of the classifier, and of a generator that knows more
BATCH, RATE, NEIGHBORS = 25, 0.003, 5
SOURCES = {
    "nothing": (None, 0),
    "a Gaussian from the same 100": ("gaussian", ROWS),
    "SMOTE from the same 100": ("smote", ROWS),
    "a Gaussian from 1,000": ("gaussian", KNOWN),
    "SMOTE from 1,000": ("smote", KNOWN),
    "100 more real images": ("real", 2 * ROWS),
}


def gaussian(x: np.ndarray, count: int, rng) -> np.ndarray:
    """Draws from the Gaussian of some rows, with a shrunk covariance."""
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(x)
    return rng.multivariate_normal(fitted.location_, fitted.covariance_, count)


def smote(x: np.ndarray, count: int, rng) -> np.ndarray:
    """Draws points between rows and their nearest neighbors (Chawla et al., 2002)."""
    distance = ((x[:, None] - x[None]) ** 2).sum(-1)
    nearest = distance.argsort(1)[:, 1 : NEIGHBORS + 1]  # the first is the row itself
    rows = rng.integers(len(x), size=count)
    others = nearest[rows, rng.integers(nearest.shape[1], size=count)]
    return x[rows] + rng.random((count, 1)) * (x[others] - x[rows])


def generated(method: str, x, y, each: int, seed: int) -> tuple:
    """Draws as many images of each class.

    Args:
        method: "gaussian" or "smote".
        x: Images in [0, 1].
        y: Their classes.
        each: How many of each class.
        seed: Decides what is drawn.

    Returns:
        Images in [0, 1] and their classes.
    """
    rng, drawn, labels = np.random.default_rng([seed, 90]), [], []
    for label in np.unique(y):
        rows = x[y == label].reshape((y == label).sum(), -1)
        new = {"gaussian": gaussian, "smote": smote}[method](rows, each, rng)
        drawn.append(np.clip(new, 0, 1).reshape(each, *x.shape[1:]))
        labels += [label] * each
    return np.concatenate(drawn).astype("float32"), np.array(labels, y.dtype)


def dense_network(input_shape, num_classes) -> keras.Model:
    """One hidden layer of 64 units, and a logit a class."""
    return mlp(input_shape, num_classes, units=(64,))


network = Study(
    dense_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def train(case, seed, data) -> dict[str, float]:
    """Trains on real images and generated ones; equally many updates for all.

    Args:
        case: `method`, None, "gaussian", "smote" or "real"; `known`, images that the
            generator has seen; `epochs`, of the images without generated ones.
        seed: Decides images, what is drawn, and weights.
        data: A data set of images.
    """
    x, y = draw(data, ROWS, seed)["training"]
    epochs = case["epochs"]
    if case["method"]:
        # The larger draws of a seed hold the smaller ones: `draw` permutes once.
        known_x, known_y = draw(data, case["known"], seed)["training"]
        if case["method"] == "real":
            x, y = known_x, known_y
        else:
            more = generated(
                case["method"], known_x, known_y, ROWS // data.num_classes, seed
            )
            x, y = np.concatenate([x, more[0]]), np.concatenate([y, more[1]])
        epochs //= 2
    run = network.train(
        (x, y),
        seed,
        epochs=max(1, epochs),
        batch_size=BATCH,
        learning_rate=RATE,
        network={"num_classes": data.num_classes},
        held_out=draw(data, ROWS, seed)["test"],
    )
    return {"accuracy": run["held_out_accuracy"]}


@experiment
def accuracies(lab) -> dict[str, np.ndarray]:
    """Test accuracy by what was added, one a seed."""
    cases = {
        name: {"method": method, "known": known, "epochs": 2 * lab.settings.epochs}
        for name, (method, known) in SOURCES.items()
    }
    runs = lab.sweep(train, cases, precision="float32", title="generated images")
    return {name: stats.column(found, "accuracy") for name, found in runs.items()}


@claim(
    "aug-generated-data",
    "Samples from a powerful generator, added to the training set, help against "
    "overfitting (stand-ins: Gaussians and SMOTE, that know 100 or 1,000 images).",
    says="advice",
    hedge="listed as a remedy",
    notes="000",
    scope="100 images of digits, a network of 64 hidden units; no large generator",
)
def generated_images_help(lab):
    """Test accuracy with generated images added against the real ones alone."""
    found = accuracies(lab)
    means = {name: float(values.mean()) for name, values in found.items()}
    ceiling = "100 more real images"
    judged = [name for name in SOURCES if name not in ("nothing", ceiling)]
    return Finding(
        {
            name: stats.greater(found[name], found["nothing"], by=stats.ACCURACY_POINT)
            for name in judged
        },
        "100 real images give {plain:.1%}, 100 more of them {ceiling:.1%}; with "
        "stand-ins for a generator instead: {means:.1%}. ChatGPT and DALL-E are not "
        "judged.",
        figure=draw_generated,
        plain=means["nothing"],
        ceiling=means[ceiling],
        means={name: means[name] for name in judged},
    )


def draw_generated(lab):
    """Images of each generator, and what adding them gains."""
    figure, (left, right) = figures.new(1, 2, width=11.5, height=4.2)
    sets = {
        rows: draw(lab.data(), rows, lab.seeds.start)["training"]
        for rows in (ROWS, KNOWN)
    }
    count = lab.data().num_classes
    lines, names = [np.hstack(sets[ROWS][0][:: ROWS // count, ..., 0])], ["real"]
    for name, (method, known) in SOURCES.items():
        if method in ("gaussian", "smote"):
            images, _ = generated(method, *sets[known], 1, lab.seeds.start)
            lines.append(np.hstack(images[..., 0]))
            names.append(name.replace(" from", "\nfrom"))
    left.imshow(np.vstack(lines), cmap="gray_r", interpolation="nearest")
    height = lines[0].shape[0]
    left.set_yticks([height * (row + 0.5) for row in range(len(lines))], names)
    left.set_xticks([])
    left.grid(visible=False)
    figures.describe(left, "An image of each class", "", "")
    found = accuracies(lab)
    shown = [name for name in SOURCES if name != "nothing"]
    for row, name in enumerate(shown):
        gains = 100 * (found[name] - found["nothing"])
        color = figures.COLORS[1 if "real" in name else 0]
        right.plot(gains, [row] * len(gains), ".", color=color, alpha=0.5)
        right.plot(gains.mean(), row, "D", color=color)
    right.axvline(0, color="#000000", lw=0.8, ls=":")
    right.set_yticks(range(len(shown)), shown)
    right.set_ylim(len(shown) - 0.5, -0.5)
    gain = 100 * (found["100 more real images"] - found["nothing"]).mean()
    title = f"100 more real images gain {gain:.1f} points"
    figures.describe(right, title, "gain in test accuracy (points)", "")
    lab.figure(
        "generated",
        figure,
        "Left, real images and generated ones. Right, the gain in test accuracy of "
        "adding as many: dots are seeds, diamonds their means.",
    )


if __name__ == "__main__":
    main(__file__)
