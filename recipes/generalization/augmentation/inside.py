"""Inside: layers in the model augment anew in every epoch, and are off at test.

Keras's augmentation layers can stand in two places. As the first layers of the model
they run in `fit`'s compiled step and draw new changes for every batch. Called once on
the arrays before training, they give one changed copy, and every epoch shows the same
one. In the model they know when to be off: `evaluate` and `predict` leave images alone.

There is one trap. `model(x)` does not say whether it is training, and these layers
then take it that it is (Dropout takes the opposite): write `model(x, training=False)`.

Why off at test? A test estimates how the model does on new data. Changed test images
are other data: the estimate answers another question.
"""

import keras
import numpy as np

from recipes.generalization.augmentation._images import (
    BATCH,
    KINDS,
    RATE,
    ROWS,
    draw,
    network,
    small_network,
    strength_of,
)
from recipes.generalization.augmentation._strengths import accuracy
from recipes.lab import Finding, claim, experiment, figures, fit, main, stats

KIND = "translation"
COPIES = 16  # of each test image, whose predictions are averaged


# Is every epoch new? With learning rate 0 the weights stay, so that the loss of an
# epoch, over all images in one batch, changes only if the images do. It looks into the
# compiled step from outside, on every backend.


def losses_by_epoch(images, labels, *, once: bool, epochs: int = 4) -> list[float]:
    """The loss of each epoch at learning rate 0.

    Args:
        images: All of them are one batch.
        labels: Their classes.
        once: Whether they are augmented once, before training.
        epochs: How many.
    """
    layer = keras.layers.RandomTranslation(0.3, 0.3, fill_mode="constant", seed=1)
    if once:
        images = keras.ops.convert_to_numpy(layer(images, training=True))
    augment = [] if once else [["RandomTranslation", layer.get_config()]]
    model = small_network(images.shape[1:], int(labels.max()) + 1, augment)
    model.compile(
        keras.optimizers.SGD(0.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    options = {"batch_size": len(images), "epochs": epochs, "shuffle": False}
    return fit(model, images, labels, **options).history["loss"]


def changed_at_test(images) -> dict[str, bool]:
    """Whether images are changed, by how a model that augments is called."""
    layer = keras.layers.RandomTranslation(0.3, 0.3, fill_mode="constant", seed=1)
    model = keras.Sequential([keras.Input(images.shape[1:]), layer])
    ways = {
        "predict": model.predict(images, verbose=0),
        "model(x, training=False)": model(images, training=False),
        "model(x)": model(images),
    }
    return {
        way: bool(np.abs(keras.ops.convert_to_numpy(seen) - images).max() > 1e-6)
        for way, seen in ways.items()
    }


def augmented(images, strength: float, seed: int) -> np.ndarray:
    """One changed copy of every image."""
    (name, arguments), *_ = KINDS[KIND][0](strength)
    layer = getattr(keras.layers, name)(**arguments, seed=seed)
    return keras.ops.convert_to_numpy(layer(images, training=True))


def train(case, seed, data) -> dict[str, float]:
    """Trains with fresh, with the same or with no augmentation; scores in four ways.

    Args:
        case: `fresh` and `once`, whether images are augmented in the model or before
            training; `strength`; `epochs`.
        seed: Decides images, weights and all changes.
        data: A data set of images.

    Returns:
        Accuracies: "test"; "changed", on one changed copy of each test image;
        "averaged", of the mean prediction over many copies; "truth", on all images
        that were neither trained nor tested on.
    """
    sets = draw(data, ROWS, seed)
    (x, y), (test_x, test_y) = sets["training"], sets["test"]
    strength = case["strength"]
    if case["once"]:
        x = augmented(x, strength, seed)

    def measure(model):
        copies = [augmented(test_x, strength, 1000 * seed + i) for i in range(COPIES)]
        outputs = [model.predict_on_batch(copy) for copy in copies]
        chances = [keras.ops.convert_to_numpy(keras.ops.softmax(o)) for o in outputs]
        return {
            "test": accuracy(model, test_x, test_y),
            "changed": accuracy(model, copies[0], test_y),
            "averaged": float((np.mean(chances, 0).argmax(1) == test_y).mean()),
            "truth": accuracy(model, *sets["others"]),
        }

    augment = KINDS[KIND][0](strength) if case["fresh"] else []
    run = network.train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"num_classes": data.num_classes, "augment": augment},
        measure=measure,
    )
    return run["measured"]


@experiment
def scores(lab) -> dict[str, dict[str, np.ndarray]]:
    """By where images were augmented the accuracies of `train`, one a seed."""
    shared = {"strength": strength_of(lab, KIND), "epochs": lab.settings.epochs}
    cases = {
        "nowhere": {"fresh": False, "once": False, **shared},
        "before training": {"fresh": False, "once": True, **shared},
        "in the model": {"fresh": True, "once": False, **shared},
    }
    runs = lab.sweep(train, cases, precision="float32", title="inside")
    return {name: stats.columns(found) for name, found in runs.items()}


@claim(
    "aug-fresh-every-epoch",
    "An augmentation layer in the model gives new images in every epoch of fit, and "
    "none in predict or a call with training=False; a plain call augments.",
    notes="ours",
    scope="100 images of digits, random translation, a small CNN, Adam 0.01, 60 epochs",
)
def layers_inside(lab):
    """Looks into epochs and calls; images augmented once are the control."""
    images, labels = draw(lab.data(), ROWS, 0)["training"]
    inside, once = (losses_by_epoch(images, labels, once=way) for way in (False, True))
    changed, found = changed_at_test(images), scores(lab)
    return Finding(
        {
            "in the model: new images in every epoch": len({*inside}) == len(inside),
            "before training: the same images in every epoch": len({*once}) == 1,
            "off in predict": not changed["predict"],
            "off in model(x, training=False)": not changed["model(x, training=False)"],
            "on in model(x)": changed["model(x)"],
        },
        "Called as model(x), without training=False, the layers change test images. "
        "Augmented in the model the network reaches {inside:.1%}, augmented once "
        "before training {once:.1%}, not at all {nowhere:.1%}: a difference of "
        "{gain}.",
        figure=draw_places,
        inside=found["in the model"]["test"].mean(),
        once=found["before training"]["test"].mean(),
        nowhere=found["nowhere"]["test"].mean(),
        gain=stats.greater(
            found["in the model"]["test"],
            found["before training"]["test"],
            by=stats.ACCURACY_POINT,
        ),
        losses_by_epoch={"in the model": inside, "before training": once},
        changed_at_test=changed,
    )


# A fair score is near the accuracy on all other images, which nobody has in practice.
# Augmented test images are unfair if they move the score away from it. Averaging the
# predictions over changed copies of an image ("test-time augmentation") is the one way
# in which people do augment at test.


def error(found: dict[str, np.ndarray], score: str) -> np.ndarray:
    """By how much a score misses the accuracy on all other images, one a seed."""
    return np.abs(found[score] - found["truth"])


@claim(
    "aug-not-on-test",
    "Data augmentation of the test set makes the evaluation unfair.",
    notes="001",
    scope="600 test digits and all others; a small CNN trained on 100 images",
)
def changed_tests_mislead(lab):
    """By how much scores on changed test images miss the accuracy on all others."""
    found = scores(lab)
    ways = {
        "a network trained without augmentation": ("nowhere", "changed"),
        "a network trained with augmentation": ("in the model", "changed"),
    }
    return Finding(
        {
            way: stats.greater(
                error(found[place], score),
                error(found[place], "test"),
                by=stats.ACCURACY_POINT,
            )
            for way, (place, score) in ways.items()
        },
        "Unfair for {holding}: its accuracy is {truth:.1%} on all other images, "
        "{test:.1%} on the test images and {changed:.1%} on changed test images. "
        "Trained with augmentation: {inside:.1%}. Predictions averaged over {copies} "
        "changed copies are another method, with a fair score of its own.",
        figure=draw_places,
        truth=found["nowhere"]["truth"].mean(),
        test=found["nowhere"]["test"].mean(),
        changed=found["nowhere"]["changed"].mean(),
        inside={name: seen.mean() for name, seen in found["in the model"].items()},
        copies=COPIES,
    )


def draw_places(lab):
    """Accuracy on test images by where they were augmented in training and at test."""
    figure, axes = figures.new(width=8.4, height=4.2)
    found = scores(lab)
    names = {
        "test": "as they are",
        "changed": "changed once",
        "averaged": f"mean over {COPIES} copies",
        "truth": "all other images",
    }
    for index, (place, seen) in enumerate(found.items()):
        values = [100 * seen[name] for name in names]
        places = np.arange(len(names)) + 0.22 * (index - 1)
        label = f"augmented {place}"
        axes.bar(places, [v.mean() for v in values], 0.22,
                 color=figures.COLORS[index], label=label)  # fmt: skip
        for x, one in zip(places, values, strict=True):
            axes.plot([x] * len(one), one, ".", color="#000000", markersize=3)
    axes.set_xticks(range(len(names)), names.values())
    low = 100 * min(seen[name].min() for seen in found.values() for name in names)
    axes.set_ylim(max(0, low - 8), 102)
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= 100])
    figures.legend(axes, ncols=3, loc="upper center")
    off = 100 * abs(error(found["nowhere"], "changed").mean())
    title = f"Changed test images give a score that is off by {off:.0f} points"
    figures.describe(axes, title, "test images", "accuracy (%)")
    lab.figure(
        "inside",
        figure,
        "Accuracy on test images as they are and changed, by where the training images "
        "were augmented; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
