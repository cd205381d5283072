"""Positions: who saw digits moved and turned finds them where they are not centered.

The digits of the data sets are centered and upright, so a network that has only seen
those need not know what a moved one is. Random rotation, zoom and shift show it moved
ones. What that is worth on centered test digits is one question, what on moved ones
another: the test images are changed here in one fixed way at a time.

For centered digits the strength is chosen by centered validation images, and a slight
one is best. Who expects moved digits shows moved ones: shifts of up to a quarter of the
width and turns of up to 30°, as far as the test images go.
"""

import numpy as np

from recipes.generalization.augmentation._images import (
    ROWS,
    ZEROS,
    moved,
    scores,
    train,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

KIND, MORE = "rotation, zoom and shift", 400
MOVED = ("shifted by 1/8", "shifted by 1/4", "turned by 15°", "turned by 30°")
AS_FAR = [["RandomRotation", {"factor": 30 / 360, **ZEROS}], *moved(1 / 4)]


@experiment
def as_far_as_the_test(lab) -> dict[str, np.ndarray]:
    """Accuracies after turns and shifts as large as those of the test, one a seed."""
    name = "turned by up to 30°, shifted by up to 1/4"
    case = {"rows": ROWS, "augment": AS_FAR, "epochs": lab.settings.epochs}
    runs = lab.sweep(train, {name: case}, precision="float32", title=name)[name]
    return stats.columns(runs)


@claim(
    "aug-mnist-rotate-zoom-shift",
    # "You can use data augmentation to generate new examples of digits by ..."
    "Where handwritten digits are few, slight rotations, zooms and shifts can stand in "
    "for new examples.",
    says="can",
    hedge="can",
    notes="004",
    scope="100 and 400 images of digits, a small CNN, Adam 0.01, 60 epochs",
)
def moved_digits_help(lab):
    """Test accuracy with all three together, on centered and on shifted digits."""
    pairs = {
        f"{rows} images, test digits {name}": (
            scores(lab, KIND, rows)[name],
            scores(lab, None, rows)[name],
        )
        for rows, name in (
            (100, "as they are"),
            (MORE, "as they are"),
            (100, "shifted by 1/8"),
        )
    }
    shown = {
        name: [float(values.mean()) for values in pair] for name, pair in pairs.items()
    }
    return Finding(
        {
            name: stats.greater(*pair, by=stats.ACCURACY_POINT)
            for name, pair in pairs.items()
        },
        "After 100 digits test accuracy with and without rotation, zoom and shift is "
        "{first:.1%}; after {more} {second:.1%}; on digits shifted by 1/8 {third:.1%}. "
        "It is shown by: {holding}.",
        figure=draw_moved,
        first=shown["100 images, test digits as they are"],
        second=shown[f"{MORE} images, test digits as they are"],
        third=shown["100 images, test digits shifted by 1/8"],
        more=MORE,
    )


@claim(
    "aug-position-robustness",
    "Augmentation helps a network recognize an object whatever its position and "
    "orientation.",
    says="often",
    hedge="helps",
    notes="004",
    scope="100 images of digits, a small CNN, Adam 0.01, 60 epochs",
)
def positions_are_learned(lab):
    """Accuracy on moved and turned test digits, with and without augmentation."""
    plain, augmented = scores(lab, None), as_far_as_the_test(lab)
    return Finding(
        {
            name: stats.greater(augmented[name], plain[name], by=stats.ACCURACY_POINT)
            for name in MOVED
        },
        "On digits shifted by 1/8 accuracy is {with_it[shifted by 1/8]:.1%} with "
        "augmentation and {without[shifted by 1/8]:.1%} without. All moved digits, "
        "with: {with_it:.1%}; without: {without:.1%}. On digits as they are it is "
        "{centered[0]:.1%} with augmentation as strong as that, {centered[1]:.1%} "
        "without.",
        figure=draw_moved,
        with_it={name: augmented[name].mean() for name in MOVED},
        without={name: plain[name].mean() for name in MOVED},
        centered=[seen["as they are"].mean() for seen in (augmented, plain)],
    )


def draw_moved(lab):
    """Accuracy by how the test digits were moved."""
    figure, axes = figures.new(width=8.0, height=4.2)
    names = ("as they are", *MOVED)
    kinds = {
        "trained on digits as they are": scores(lab, None),
        "slightly rotated, zoomed, shifted": scores(lab, KIND),
        "as far as the test": as_far_as_the_test(lab),
    }
    for index, (label, seen) in enumerate(kinds.items()):
        values = [100 * seen[name] for name in names]
        color, places = figures.COLORS[index], [x + 0.2 * index for x in range(5)]
        axes.bar(places, [seen.mean() for seen in values], 0.2, color=color,
                 label=label)  # fmt: skip
        for place, seen in zip(places, values, strict=True):
            axes.plot([place] * len(seen), seen, ".", color="#000000", markersize=3)
    axes.set_xticks([x + 0.2 for x in range(5)], names)
    axes.set_ylim(0, 115)
    axes.set_yticks(range(0, 101, 20))
    figures.legend(axes, loc="upper center", ncols=3)
    before, _, after = (seen["shifted by 1/8"].mean() for seen in kinds.values())
    title = f"On digits shifted by 1/8 accuracy goes from {before:.0%} to {after:.0%}"
    figures.describe(axes, title, "test digits", "accuracy (%)")
    lab.figure(
        "positions",
        figure,
        "Accuracy on test digits as they are, shifted and turned, of networks trained "
        "with and without augmentation; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
