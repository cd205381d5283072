"""Smoothness: a regularized network bends less between images, and memorizes less.

That the training accuracy falls and the test accuracy rises does not show a smoother
decision boundary. Three things do, and each is measured:

- *memorized labels*: a fifth of the training labels are wrong; who fits those has
  learned the images by heart;
- *slope*: how much the predicted chances change with the image (the norm of their
  derivative by the pixels), at test images;
- *flips*: how often the predicted class changes along a line between two test images
  of one class. A smooth boundary has few.
"""

import numpy as np
from scipy.special import softmax

from recipes.generalization.augmentation._images import (
    BATCH,
    KINDS,
    RATE,
    draw,
    network,
)
from recipes.generalization.augmentation._strengths import accuracy, at_best
from recipes.lab import Finding, claim, experiment, figures, main, stats

TRAINED = ("translation", "noise")
ROWS, WRONG = 100, 0.2  # images, and the share of them with a wrong label
STEP, DIRECTIONS = 1e-2, 20  # of the differences that stand for a derivative
LINES, POINTS = 200, 33  # between test images, and places on each
LESS = stats.Threshold(
    "a twentieth of the labels",
    0.05,
    "share of the wrong labels",
    "one wrong label of the twenty: fewer is chance.",
)


def wrong_labels(y: np.ndarray, classes: int, seed: int) -> tuple:
    """Labels of which a share is wrong, and which those are."""
    rng = np.random.default_rng([seed, 87])
    places = rng.permutation(len(y))[: round(WRONG * len(y))]
    labels = y.copy()
    labels[places] = (y[places] + rng.integers(1, classes, len(places))) % classes
    return labels, places


def slope(chances, images: np.ndarray, seed: int) -> float:
    """The mean norm of the derivative of the chances by the pixels.

    Differences along random unit vectors u: of a Jacobian J with d columns, the mean of
    |Ju|² is |J|²/d.

    Args:
        chances: From images (n, ...) to chances (n, classes).
        images: Where.
        seed: Decides the directions.
    """
    rng, squares = np.random.default_rng([seed, 88]), np.zeros(len(images))
    pixels = images[0].size
    for _ in range(DIRECTIONS):
        u = rng.normal(size=images.shape)
        u /= np.sqrt((u**2).sum(axis=(1, 2, 3), keepdims=True))
        ahead, behind = (
            chances((images + sign * STEP * u).astype("float32")) for sign in (1, -1)
        )
        squares += (((ahead - behind) / (2 * STEP)) ** 2).sum(1)
    return float(np.sqrt(pixels * squares / DIRECTIONS).mean())


def flips(chances, images: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """How often the class changes along a line between two images of one class."""
    rng, pairs = np.random.default_rng([seed, 89]), []
    while len(pairs) < LINES:
        one, other = rng.integers(len(images), size=2)
        if labels[one] == labels[other] and one != other:
            pairs.append((one, other))
    first, second = (images[list(side)] for side in zip(*pairs, strict=True))
    shares = np.linspace(0, 1, POINTS, dtype="float32")
    picked = [chances((1 - s) * first + s * second).argmax(1) for s in shares]
    return float((np.diff(picked, axis=0) != 0).sum(0).mean())


def train(case, seed, data) -> dict[str, float]:
    """Trains on images of which a fifth has a wrong label.

    Args:
        case: `augment` and `epochs`.
        seed: Decides images, wrong labels, weights and changes.
        data: A data set of images.

    Returns:
        `memorized`, the share of wrong labels that were learned; `slope`; `flips`; and
        the accuracies `validation` and `accuracy`, on test images.
    """
    sets = draw(data, ROWS, seed)
    (x, y), (test_x, test_y) = sets["training"], sets["test"]
    labels, places = wrong_labels(y, data.num_classes, seed)

    def measure(model):
        def chances(images):
            return softmax(np.asarray(model.predict_on_batch(images), float), axis=1)

        memorized = chances(x).argmax(1)[places] == labels[places]
        return {
            "memorized": float(memorized.mean()),
            "slope": slope(chances, test_x, seed),
            "flips": flips(chances, test_x, test_y, seed),
            "validation": accuracy(model, *sets["validation"]),
            "accuracy": accuracy(model, test_x, test_y),
        }

    run = network.train(
        (x, labels),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"num_classes": data.num_classes, "augment": case["augment"]},
        measure=measure,
    )
    return run["measured"]


@experiment
def measures(lab) -> dict[str, dict[str, np.ndarray]]:
    """By augmentation, at its best strength here, what `train` measures, one a seed."""
    epochs = lab.settings.epochs
    grid = {"nothing": {0.0: {"augment": [], "epochs": epochs}}}
    for kind in TRAINED:
        layers, strengths = KINDS[kind]
        grid[kind] = {s: {"augment": layers(s), "epochs": epochs} for s in strengths}
    _, runs = at_best(lab, train, grid, "augmentation, wrong labels")
    return {kind: stats.columns(found) for kind, found in runs.items()}


@claim(
    "aug-is-regulariser",
    "Augmentation acts as a regularizer: it helps to smooth the decision boundary, and "
    "less is memorized.",
    says="often",
    hedge="helps",
    notes="004",
    scope="100 images of digits, a fifth with a wrong label, a small CNN, 60 epochs",
)
def boundaries_are_smoother(lab):
    """Wrong labels learned, slope at test images and flips between them."""
    found = measures(lab)
    plain, conditions = found["nothing"], {}
    for kind in TRAINED:
        seen = found[kind]
        conditions[f"{kind}: fewer wrong labels memorized"] = stats.greater(
            plain["memorized"], seen["memorized"], by=LESS
        )
        conditions[f"{kind}: a smaller slope"] = stats.greater(
            plain["slope"], seen["slope"], by=stats.TENTH, scale="log"
        )
        conditions[f"{kind}: fewer flips between images"] = stats.greater(
            plain["flips"] + 1e-3, seen["flips"] + 1e-3, by=stats.TENTH, scale="log"
        )
    means = {
        kind: {name: float(values.mean()) for name, values in seen.items()}
        for kind, seen in found.items()
    }
    names = ("memorized", "slope", "flips", "accuracy")
    lab.table(
        "Smoothness by augmentation",
        ["augmentation", "memorized labels", "slope", "flips a line", "test accuracy"],
        [[kind, *(means[kind][name] for name in names)] for kind in means],
    )
    return Finding(
        conditions,
        "With noise {noisy[memorized]:.0%} of the wrong labels are learned, with "
        "translation {moved[memorized]:.0%}, without {plain[memorized]:.0%}. In the "
        "same order the slope is {noisy[slope]:.2f}, {moved[slope]:.2f} and "
        "{plain[slope]:.2f}, flips a line {noisy[flips]:.2f}, {moved[flips]:.2f} and "
        "{plain[flips]:.2f}, test accuracy {noisy[accuracy]:.1%}, "
        "{moved[accuracy]:.1%} and {plain[accuracy]:.1%}.",
        figure=draw_smoothness,
        moved=means["translation"],
        plain=means["nothing"],
        noisy=means["noise"],
    )


def draw_smoothness(lab):
    """The three measures by augmentation, a dot a seed."""
    figure, axes = figures.new(1, 3, width=11.0, height=3.8)
    found = measures(lab)
    for panel, name, unit in zip(
        axes,
        ("memorized", "slope", "flips"),
        ("wrong labels learned (share)", "change of the chances by pixel (1)",
         "changes of class a line"),
        strict=True,
    ):  # fmt: skip
        for place, kind in enumerate(found):
            values = found[kind][name]
            panel.bar(place, values.mean(), 0.6, color=figures.COLORS[place])
            panel.plot([place] * len(values), values, ".", color="#000000", ms=4)
        panel.set_xticks(range(len(found)), found)
        before, after = (found[kind][name].mean() for kind in ("nothing", "noise"))
        title = f"{name.capitalize()}: {before:.2f}, with noise {after:.2f}"
        figures.describe(panel, title, "augmentation", unit)
    lab.figure(
        "smoothness",
        figure,
        "Share of wrong labels learned, slope at test images and changes of class on "
        "lines between test images, by augmentation; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
