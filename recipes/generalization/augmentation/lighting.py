"""Lighting: random brightness prepares for other light, not for a false friend.

A network that has seen digits in one light need not know them in another. Random
brightness and contrast show it other lights. There is a rival that needs no chance:
subtract each image's mean and divide by its standard deviation, and any change of
brightness and contrast is undone (but for what was cut off at black and white).

A background can be a false friend. Where all training images of a class lie on one gray
of its own, the gray is easier to learn than the digit, and moving digits about changes
nothing of that.
"""

import numpy as np

from recipes.generalization.augmentation._images import (
    BATCH,
    CHANGES,
    KINDS,
    RATE,
    ROWS,
    draw,
    network,
    scores,
    strength_of,
)
from recipes.generalization.augmentation._strengths import accuracy
from recipes.lab import Finding, claim, experiment, figures, main, stats

LIGHTS = ("brighter", "darker", "low contrast")
LARGEST = 0.6  # gray of a background; ink is 1
STANDARD = "each image standardized"


def on_grays(images: np.ndarray, grays: np.ndarray) -> np.ndarray:
    """Puts every image on a gray of its own: nothing is darker than that."""
    return np.maximum(images, grays[:, None, None, None].astype(images.dtype))


def standardized(images: np.ndarray) -> np.ndarray:
    """Subtracts each image's mean and divides by its standard deviation."""
    mean = images.mean((1, 2, 3), keepdims=True)
    return (images - mean) / (images.std((1, 2, 3), keepdims=True) + 1e-6)


def train(case, seed, data) -> dict[str, float]:
    """Trains on images that are prepared in some way; scores under other lights.

    Args:
        case: `augment` and `epochs` as in `_images`; `standardize`; `tied`, whether
            each class has a background of its own in training.
        seed: Decides images, weights and changes.
        data: A data set of images.

    Returns:
        Accuracies on test images as they are, under each of `LIGHTS`, "shifted", and
        on "other backgrounds": a random gray each.
    """
    sets, rng = draw(data, ROWS, seed), np.random.default_rng([seed, 84])
    (x, y), (test_x, test_y) = sets["training"], sets["test"]
    if case["tied"]:
        x = on_grays(x, LARGEST * y / (data.num_classes - 1))
    prepare = standardized if case["standardize"] else np.asarray
    grays = rng.uniform(0, LARGEST, len(test_x))
    tests = {
        "as they are": test_x,
        **{name: CHANGES[name](test_x) for name in (*LIGHTS, "shifted by 1/8")},
        "other backgrounds": on_grays(test_x, grays),
    }
    run = network.train(
        (prepare(x), y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"num_classes": data.num_classes, "augment": case["augment"]},
        measure=lambda model: {
            name: accuracy(model, prepare(images), test_y)
            for name, images in tests.items()
        },
    )
    return run["measured"]


@experiment
def accuracies(lab) -> dict[str, dict[str, np.ndarray]]:
    """By what was done in training the accuracies of `train`, one a seed."""
    light, place = (
        KINDS[kind][0](strength_of(lab, kind)) for kind in ("brightness", "translation")
    )
    shared = {"epochs": lab.settings.epochs, "standardize": False, "tied": False}
    cases = {
        "nothing": {**shared, "augment": []},
        STANDARD: {**shared, "augment": [], "standardize": True},
        "light and place": {**shared, "augment": [*light, *place]},
        "tied, nothing": {**shared, "augment": [], "tied": True},
        "tied, place": {**shared, "augment": place, "tied": True},
        "tied, light and place": {**shared, "augment": [*light, *place], "tied": True},
    }
    runs = lab.sweep(train, cases, precision="float32", title="lights")
    return {name: stats.columns(found) for name, found in runs.items()}


@claim(
    "aug-image-colour",
    "Changes of brightness and contrast in training help a network with new images.",
    says="often",
    hedge="helps",
    notes="000 001 004",
    scope="100 gray images of digits (no saturation), a small CNN, 60 epochs",
)
def lights_help(lab):
    """Accuracy on test images as they are and in other light, with brightness."""
    plain = scores(lab, None)
    brightness, contrast = scores(lab, "brightness"), scores(lab, "contrast")
    rival = accuracies(lab)[STANDARD]
    pairs = {
        "brightness, images as they are": (brightness, "as they are"),
        "brightness, brighter": (brightness, "brighter"),
        "brightness, darker": (brightness, "darker"),
        "contrast, images as they are": (contrast, "as they are"),
        "contrast, low contrast": (contrast, "low contrast"),
    }
    return Finding(
        {
            way: stats.greater(seen[name], plain[name], by=stats.ACCURACY_POINT)
            for way, (seen, name) in pairs.items()
        },
        "On brighter images accuracy is {lit[brighter]:.1%} with random brightness and "
        "{plain[brighter]:.1%} without, on images as they are {same:.1%}. "
        "Standardizing each image instead gives {rival:.1%}. Under each light with "
        "random brightness {lit:.1%}, with random contrast {contrasted:.1%}, without "
        "{plain:.1%}.",
        figure=draw_lights,
        same=[seen["as they are"].mean() for seen in (brightness, plain)],
        rival={name: rival[name].mean() for name in ("as they are", *LIGHTS)},
        lit={name: brightness[name].mean() for name in LIGHTS},
        contrasted={name: contrast[name].mean() for name in LIGHTS},
        plain={name: plain[name].mean() for name in LIGHTS},
    )


@claim(
    "aug-lighting-background",
    "Where all training images have one position, lighting and background, "
    "augmentation helps with other ones.",
    says="often",
    hedge="helping",
    notes="004",
    scope="100 images of digits, random brightness and translation, a small CNN, 60 "
    "epochs; backgrounds of one gray",
)
def other_settings(lab):
    """Accuracy in other settings with and without brightness and translation."""
    found = accuracies(lab)
    plain, helped = found["nothing"], found["light and place"]
    conditions = {
        name: stats.greater(helped[name], plain[name], by=stats.ACCURACY_POINT)
        for name in ("shifted by 1/8", "brighter", "darker", "other backgrounds")
    }
    tied = {
        name: found[f"tied, {name}"]["other backgrounds"]
        for name in ("nothing", "place", "light and place")
    }
    name = "backgrounds that told the class in training"
    conditions[name] = stats.greater(
        tied["light and place"], tied["nothing"], by=stats.ACCURACY_POINT
    )
    return Finding(
        conditions,
        "On other backgrounds accuracy is {helped:.1%} with augmentation and "
        "{plain:.1%} without; where backgrounds told the class "
        "{tied[light and place]:.1%} and {tied[nothing]:.1%}. There, translation alone "
        "leaves {tied[place]:.1%}. It helps with: {holding}.",
        figure=draw_lights,
        helped=helped["other backgrounds"].mean(),
        plain=plain["other backgrounds"].mean(),
        tied={name: values.mean() for name, values in tied.items()},
        accuracies={
            name: {score: float(values.mean()) for score, values in seen.items()}
            for name, seen in found.items()
        },
    )


def draw_lights(lab):
    """Accuracy under other lights, and on other backgrounds."""
    figure, (left, right) = figures.new(1, 2, width=11.5, height=4.4)
    found = accuracies(lab)
    names = ("as they are", *LIGHTS)
    rivals = {
        "nothing": found["nothing"],
        "random brightness": scores(lab, "brightness"),
        STANDARD: found[STANDARD],
    }
    draw_bars(left, rivals, names)
    left.set_ylim(0, 125)
    left.set_yticks(range(0, 101, 20))
    figures.legend(left, ncols=2, loc="upper center")
    before, after = (rivals[n]["brighter"].mean() for n in [*rivals][:2])
    title = f"Brighter: {before:.0%}, after random brightness {after:.0%}"
    figures.describe(left, title, "test images", "accuracy (%)")
    kinds = {"nothing": "nothing", "place": "translation",
             "light and place": "translation\nand brightness"}  # fmt: skip
    for place, name in enumerate(kinds):
        values = 100 * found[f"tied, {name}"]["other backgrounds"]
        right.bar(place, values.mean(), 0.5, color=figures.COLORS[place])
        right.plot([place] * len(values), values, ".", color="#000000", markersize=3)
    right.set_xticks(range(3), kinds.values())
    right.set_ylim(0, 100)
    least = found["tied, nothing"]["other backgrounds"].mean()
    title = f"A background that told the class leaves {least:.0%}"
    figures.describe(right, title, "augmentation", "accuracy, other backgrounds (%)")
    lab.figure(
        "lighting",
        figure,
        "Left, accuracy under other lights after nothing, random brightness or "
        "standardizing. Right, on random backgrounds, where each class had one of its "
        "own in training. Dots are seeds.",
    )


def draw_bars(axes, found: dict, names: tuple) -> None:
    """Bars of mean accuracies with dots for the seeds, side by side."""
    width = 0.8 / len(found)
    for index, (label, seen) in enumerate(found.items()):
        places = np.arange(len(names)) + width * (index - (len(found) - 1) / 2)
        values = [100 * seen[name] for name in names]
        means, color = [value.mean() for value in values], figures.COLORS[index]
        axes.bar(places, means, width, color=color, label=label)
        for place, value in zip(places, values, strict=True):
            axes.plot([place] * len(value), value, ".", color="#000000", markersize=3)
    axes.set_xticks(range(len(names)), names)


if __name__ == "__main__":
    main(__file__)
