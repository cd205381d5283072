"""Pixels: a mask that finds nothing can be nearly all right.

Segmentation asks for each pixel whether it belongs to the object. Where the object is
one pixel in twenty, the empty mask is 95 % right, and accuracy can hardly tell it from
a good one. The overlap of both masks over their union (IoU) can: it doesn't count the
pixels that nobody asked for.

A small U-Net looks for faint discs. Its threshold is chosen on validation images once
by accuracy and once by IoU. The control is a disc that fills half of the image: there
the two agree.
"""

import keras
import numpy as np
from sklearn.metrics import jaccard_score

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.practice.metrics._curves import HALF, judged, metrics
from zoo import unet

SIDE, NOISE = 16, 1.0  # pixels; standard deviation, where the disc is brighter by 1
IMAGES = 200  # to learn from; as many choose, as many judge
SHARES = {"one pixel in twenty": 0.05, "half of the pixels": 0.5}
SMALL, CONTROL = SHARES
RULES = {name: name for name in ("accuracy", "IoU")}
POINT = stats.Threshold(
    "one point",
    0.01,
    "IoU",
    "people choose between segmentations by whole points of IoU.",
)


def network(input_shape) -> keras.Model:
    """A U-Net of two levels with one sigmoid a pixel."""
    return unet(input_shape, 1, filters=(8, 16), task="binary")


STUDY = Study(network, keras.losses.BinaryCrossentropy(from_logits=True), "adam")


def draw_discs(count: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images with one brighter disc, and its masks: (images, side, side, 1).

    Args:
        count: How many.
        share: Of an image's pixels that are the disc's, about.
        seed: Of everything.
    """
    rng = np.random.default_rng([seed, 281])
    radius = SIDE * np.sqrt(share / np.pi)
    # A disc lies inside the image, as far as it fits.
    room = max(0.0, (SIDE - 1) / 2 - radius)
    down, across = rng.uniform(-room, room, (2, count, 1, 1))
    rows, columns = (place[None] for place in np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2)
    masks = (rows - down) ** 2 + (columns - across) ** 2 < radius**2
    images = masks + rng.normal(0, NOISE, masks.shape)
    return tuple(a[..., None].astype("float32") for a in (images, masks))


def train(case, seed, data) -> dict:
    """Trains the U-Net; returns the metrics at each rule's threshold on new images."""
    learned, *others = (
        draw_discs(IMAGES, case["share"], 3 * seed + part) for part in range(3)
    )

    def judge(model) -> dict:
        parts = []
        for images, masks in others:
            logits = model.predict_on_batch(images).astype(float)
            parts.append((masks.astype(int).ravel(), 1 / (1 + np.exp(-logits.ravel()))))
        return judged(RULES, *parts)

    return STUDY.train(
        learned,
        seed,
        epochs=case["epochs"],
        batch_size=20,
        learning_rate=0.01,
        measure=judge,
    )["measured"]


@experiment
def segmentations(lab) -> dict[str, list[dict]]:
    """The runs by size of the disc."""
    cases = {
        name: {"share": share, "epochs": lab.settings.epochs}
        for name, share in SHARES.items()
    }
    return lab.sweep(train, cases, title="discs")


def column(runs: list[dict], rule: str, name: str) -> np.ndarray:
    """A metric at a rule's threshold, one number a run."""
    return stats.column([run[rule] for run in runs], name)


def empty_mask() -> dict[str, float]:
    """What the empty mask is worth, by our counts and by scikit-learn."""
    _, masks = draw_discs(IMAGES, SHARES[SMALL], 0)
    pixels = int(masks.sum())
    found = {"hits": 0, "alarms": 0, "misses": pixels}
    found["rejections"] = masks.size - pixels
    values = metrics({name: np.array([float(n)]) for name, n in found.items()})
    other = jaccard_score(masks.ravel(), np.zeros(masks.size), zero_division=0)
    return {
        "accuracy": float(values["accuracy"][0]),
        "IoU": float(values["IoU"][0]),
        "IoU, scikit-learn": float(other),
    }


@claim(
    "met-accuracy-limits",
    "Accuracy can mislead where one class is rare.",
    says="can",
    hedge="can",
    notes="002",
    scope="faint discs on 200 images of 16x16 pixels, a U-Net of 8 and 16 filters, "
    "15 epochs; 95 % of the pixels are background",
)
def accuracy_misleads(lab):
    """The empty mask, and masks at thresholds chosen by accuracy and by IoU."""
    runs, empty = segmentations(lab), empty_mask()
    means = {
        size: {
            rule: {
                name: column(found, rule, name).mean()
                for name in ("accuracy", "IoU", "recall", "threshold")
            }
            for rule in (*RULES, HALF)
        }
        for size, found in runs.items()
    }
    lab.table(
        "Masks at thresholds chosen on validation images",
        ["disc", "chosen by", "threshold", "accuracy", "IoU", "found"],
        [
            [size, rule, f"{row['threshold']:.2f}"]
            + [f"{row[name]:.1%}" for name in ("accuracy", "IoU", "recall")]
            for size, rows in means.items()
            for rule, row in rows.items()
        ],
    )
    gains = {
        size: stats.greater(
            column(found, "IoU", "IoU"), column(found, "accuracy", "IoU"), by=POINT
        )
        for size, found in runs.items()
    }
    small, control = means[SMALL], means[CONTROL]
    return Finding(
        {
            "the empty mask": empty["accuracy"] > 0.94
            and empty["IoU"] == empty["IoU, scikit-learn"] == 0,
            "the threshold of the best accuracy: a lower IoU": gains[SMALL],
        },
        "The empty mask has accuracy {empty[accuracy]:.1%} and IoU 0. Chosen by "
        "accuracy the network's masks find {by_accuracy:.0%} of the disc's pixels at "
        "IoU {iou[0]:.2f}; chosen by IoU {by_iou:.0%} at IoU {iou[1]:.2f}, with "
        "accuracies of {accuracy:.1%}. Where the disc fills half of the image the "
        "two rules come to an IoU of {control:.2f}.",
        figure=draw_masks,
        empty=empty,
        by_accuracy=small["accuracy"]["recall"],
        by_iou=small["IoU"]["recall"],
        iou=[small["accuracy"]["IoU"], small["IoU"]["IoU"]],
        accuracy=[small["accuracy"]["accuracy"], small["IoU"]["accuracy"]],
        control=[control["accuracy"]["IoU"], control["IoU"]["IoU"]],
        gain_in_the_control=gains[CONTROL],
        means=means,
    )


def draw_masks(lab):
    """Accuracy and IoU of three kinds of masks, for the small disc."""
    found = segmentations(lab)[SMALL]
    empty = empty_mask()
    bars = {
        "empty mask": {"accuracy": empty["accuracy"], "IoU": empty["IoU"]},
        "chosen by accuracy": {},
        "chosen by IoU": {},
    }
    for rule in RULES:
        for name in RULES:
            values = column(found, rule, name)
            bars[f"chosen by {rule}"][name] = float(values.mean())
    figure, axes = figures.new(width=7.2, height=4.0)
    places = np.arange(len(bars))
    for index, name in enumerate(RULES):
        heights = [row[name] for row in bars.values()]
        bar = axes.bar(places + 0.38 * index - 0.19, heights, 0.36,
                       color=figures.COLORS[index], label=name)  # fmt: skip
        for patch, height in zip(bar, heights, strict=True):
            patch.set_hatch("//" if index else "")
            axes.text(patch.get_x() + 0.18, height + 0.02, f"{height:.2f}", ha="center")
    axes.set_xticks(places, list(bars))
    axes.set(ylim=(0, 1.25))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    figures.legend(axes, loc="upper right", ncols=2)
    best = bars["chosen by accuracy"]["accuracy"]
    title = f"Accuracy: empty mask {empty['accuracy']:.1%}, the network's {best:.1%}"
    figures.describe(axes, title, "masks on test images", "share")
    lab.figure(
        "masks",
        figure,
        "Accuracy and IoU of the empty mask and of the U-Net's masks at two "
        "thresholds, where one pixel in twenty is the disc's: means over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
