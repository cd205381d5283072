"""Mixing: erased and mixed images, whose labels are mixed as well.

Erasing covers a random part of an image: the network must do without it. MixUp adds two
images, weighted w and 1 − w; CutMix pastes a part of one into the other. Both change
the label: it is w of one class and 1 − w of the other, so they need the labels, too.
Under `fit` a layer sees inputs alone. So the labels come in as a second input, go
through the layer with the images, and leave beside the logits; the loss compares the
two. At test the layers are off, and the labels that leave are those that came in.
"""

import keras
import numpy as np
from keras import layers, ops

from recipes.generalization.augmentation._images import BATCH, CHANGES, RATE, ROWS, draw
from recipes.generalization.augmentation._strengths import at_best
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import lenet

# What each is called by, its layer at a strength, and the strengths, half a decade
# apart: the largest share of the area that is erased; `alpha` of the Beta distribution
# from which weights are drawn. Keras draws the probability of erasing between 0 and
# `factor`, if that is one number: two equal ones erase in every image.
KINDS = {
    "erasing": (
        lambda area: layers.RandomErasing(
            factor=(1.0, 1.0), scale=(0.02, area), fill_value=0.0, value_range=(0, 1)
        ),
        [0.1, 0.3, 1.0],
    ),
    "MixUp": (lambda alpha: layers.MixUp(alpha=alpha), [0.1, 0.3, 1.0]),
    "CutMix": (lambda alpha: layers.CutMix(factor=(alpha, alpha)), [0.1, 0.3, 1.0]),
}
COVERED = "partly covered"


def mixing_network(
    input_shape: list, kind: str | None = None, strength: float = 0.0
) -> keras.Model:
    """Images and one-hot labels in; logits and mixed labels out, side by side.

    Args:
        input_shape: Those of an image and of a label.
        kind: One of `KINDS`, or None.
        strength: Of that kind.
    """
    images, labels = (keras.Input(shape) for shape in input_shape)
    mixed = {"images": images, "labels": labels}
    if kind:
        mixed = KINDS[kind][0](strength)({**mixed})
    logits = lenet(input_shape[0], input_shape[1][0], filters=(8, 16))(mixed["images"])
    both = layers.Concatenate(dtype="float32")([logits, mixed["labels"]])
    return keras.Model([images, labels], both)


@keras.saving.register_keras_serializable("proving_ground")
def mixed_cross_entropy(_, outputs):
    """The cross-entropy of the logits with the labels that came out beside them."""
    classes = outputs.shape[-1] // 2
    logits, labels = outputs[:, :classes], outputs[:, classes:]
    return ops.categorical_crossentropy(labels, logits, from_logits=True)


network = Study(mixing_network, mixed_cross_entropy, "adam")


def train(case, seed, data) -> dict[str, float]:
    """Trains with one kind and scores on images as they are and partly covered.

    Args:
        case: `kind`, None or one of `KINDS`; `strength`; `epochs`.
        seed: Decides images, weights and mixing.
        data: A data set of images.
    """
    sets = draw(data, ROWS, seed)
    (x, y), (test_x, test_y) = sets["training"], sets["test"]
    one_hot = np.eye(data.num_classes, dtype="float32")

    def score(model, images, labels):
        outputs = model.predict_on_batch([images, one_hot[labels]])
        picked = np.asarray(outputs)[:, : data.num_classes].argmax(1)
        return float((picked == labels).mean())

    run = network.train(
        ([x, one_hot[y]], one_hot[y]),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"kind": case["kind"], "strength": case["strength"]},
        measure=lambda model: {
            "validation": score(model, *sets["validation"]),
            "as they are": score(model, test_x, test_y),
            COVERED: score(model, CHANGES[COVERED](test_x), test_y),
        },
    )
    return run["measured"]


def case_of(lab, kind: str | None, strength: float = 0.0) -> dict:
    """The case of `train` for a kind at a strength."""
    return {"kind": kind, "strength": strength, "epochs": lab.settings.epochs}


@experiment
def trainings(lab) -> tuple[dict, dict]:
    """By kind the best strength, and the results of `train` at it."""
    grid = {"nothing": {0.0: case_of(lab, None)}}
    for kind, (_, strengths) in KINDS.items():
        grid[kind] = {value: case_of(lab, kind, value) for value in strengths}
    return at_best(lab, train, grid, "mixing")


def scores(lab) -> dict[str, dict[str, np.ndarray]]:
    """By kind the accuracies of `train` at its best strength, one a seed."""
    return {kind: stats.columns(runs) for kind, runs in trainings(lab)[1].items()}


@claim(
    "aug-erasing-mixing",
    "Erasing parts of images and mixing images help a network with new images.",
    says="often",
    hedge="helps",
    notes="001 004",
    scope="100 images of digits, a small CNN, Adam 0.01, 60 epochs",
)
def erased_and_mixed(lab):
    """Accuracy on test images as they are and partly covered, against nothing."""
    found = scores(lab)
    plain = found["nothing"]
    return Finding(
        {
            f"{kind}, test images {name}": stats.greater(
                found[kind][name], plain[name], by=stats.ACCURACY_POINT
            )
            for name in ("as they are", COVERED)
            for kind in KINDS
        },
        "On partly covered test images accuracy is {covered[nothing]:.1%} after "
        "nothing and {covered[erasing]:.1%} after erasing. All, as they are: "
        "{same:.1%}; partly covered: {covered:.1%}. It holds for: {holding}.",
        figure=draw_mixing,
        same={kind: seen["as they are"].mean() for kind, seen in found.items()},
        covered={kind: seen[COVERED].mean() for kind, seen in found.items()},
        strengths={kind: trainings(lab)[0][kind] for kind in KINDS},
    )


def draw_mixing(lab):
    """What each does to images, and what it gains."""
    figure, axes = figures.new(width=8.6, height=4.4)
    found, names = scores(lab), ("as they are", COVERED)
    for index, name in enumerate(names):
        for row, kind in enumerate(KINDS):
            gains = 100 * (found[kind][name] - found["nothing"][name])
            place = row + 0.25 * (index - 0.5)
            color = figures.COLORS[index]
            axes.plot(gains, [place] * len(gains), ".", color=color, alpha=0.5)
            label = f"test images {name}" if not row else "_"
            axes.plot(gains.mean(), place, "Ds"[index], color=color, label=label)
    axes.axvline(0, color="#000000", lw=0.8, ls=":")
    axes.set_yticks(range(len(KINDS)), KINDS)
    axes.set_ylim(len(KINDS) - 0.5, -0.9)
    figures.legend(axes, loc="upper left", ncols=2)
    best = max(KINDS, key=lambda kind: found[kind][COVERED].mean())
    title = f"Where images are partly covered, {best} is ahead of the others"
    figures.describe(axes, title, "gain in accuracy over nothing (points)", "")
    lab.figure(
        "mixing",
        figure,
        "Gain in accuracy with erasing, MixUp and CutMix on test images as they are "
        "and partly covered: dots are seeds, large marks their means.",
    )


if __name__ == "__main__":
    main(__file__)
