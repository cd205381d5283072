"""Positions: who saw digits moved and turned finds them where they are not centered.

The digits of the data sets are centered and upright, so a network that has only seen
those need not know what a moved one is. Random rotation, zoom and shift show it moved
ones. What that is worth on centered test digits is one question, what on moved ones
another: the test images are changed here in one fixed way at a time.
"""

from recipes.generalization.augmentation._images import scores
from recipes.lab import Finding, claim, figures, main, stats

KIND, MORE = "rotation, zoom and shift", 400
MOVED = ("shifted by 1/8", "shifted by 1/4", "turned by 15°", "turned by 30°")


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
    found = {
        (rows, name): (scores(lab, kind, rows)[name])
        for rows in (100, MORE)
        for kind, name in ((None, "as they are"),)
    }
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
        "Test accuracy with and without rotation, zoom and shift: {first:.1%} after "
        "100 digits, {second:.1%} after {more}; on digits shifted by 1/8 {third:.1%}. "
        "It is shown by: {holding}.",
        figure=draw_moved,
        first=shown["100 images, test digits as they are"],
        second=shown[f"{MORE} images, test digits as they are"],
        third=shown["100 images, test digits shifted by 1/8"],
        more=MORE,
        plain={str(rows): values.mean() for (rows, _), values in found.items()},
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
    plain, augmented = scores(lab, None), scores(lab, KIND)
    return Finding(
        {
            name: stats.greater(augmented[name], plain[name], by=stats.ACCURACY_POINT)
            for name in MOVED
        },
        "On digits shifted by 1/8 accuracy is {shifted:.1%} with augmentation and "
        "without. All moved digits, with: {with_it:.1%}; without: {without:.1%}. It is "
        "not the same whatever the position: on digits as they are it is "
        "{centered:.1%}.",
        figure=draw_moved,
        shifted=[seen["shifted by 1/8"].mean() for seen in (augmented, plain)],
        with_it={name: augmented[name].mean() for name in MOVED},
        without={name: plain[name].mean() for name in MOVED},
        centered=[seen["as they are"].mean() for seen in (augmented, plain)],
    )


def draw_moved(lab):
    """Accuracy by how the test digits were moved."""
    figure, axes = figures.new(width=8.0, height=4.2)
    names = ("as they are", *MOVED)
    for index, (kind, label) in enumerate(
        ((None, "trained on digits as they are"), (KIND, "rotated, zoomed, shifted"))
    ):
        values = [100 * scores(lab, kind)[name] for name in names]
        color, places = figures.COLORS[index], [x + 0.2 * index for x in range(5)]
        axes.bar(places, [seen.mean() for seen in values], 0.2, color=color,
                 label=label)  # fmt: skip
        for place, seen in zip(places, values, strict=True):
            axes.plot([place] * len(seen), seen, ".", color="#000000", markersize=3)
    axes.set_xticks([x + 0.1 for x in range(5)], names)
    axes.set_ylim(0, 119)
    figures.legend(axes, loc="upper right", ncols=2)
    before, after = (scores(lab, k)["shifted by 1/8"].mean() for k in (None, KIND))
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
