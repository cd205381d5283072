"""Size: five numbers for each box, and the classes once for all boxes of a cell.

The notes give the size of the ground truth as S x S (B⁵ + number of classes) and say, a
line further, that each of the B boxes contains five values. Five values for B boxes are
5 B, not B⁵; it is taken for a power that the 5 was set above the line. The two agree
for no number of boxes.

The notes also have a keyword, a grid of 7 x 7 with 5 anchors. It does not say whether
the boxes of a cell share their classes, as in the first YOLO, or have their own, as
from the second one on. The answer changes the size, so both are given.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main
from zoo import decode_boxes, encode_boxes

SIZES = ((7, 1, 20), (7, 2, 20), (7, 5, 20), (13, 3, 80))  # S, B, classes
NAMES = ("x", "y", "width", "height", "confidence")
BOX = (0.43, 0.61, 0.3, 0.2)


def printed(side: int, boxes: int, classes: int) -> int:
    """The size by the formula of the notes."""
    return side * side * (boxes**5 + classes)


def counted(side: int, boxes: int, classes: int) -> int:
    """The size of a label that a detector can be trained on."""
    labels, _ = encode_boxes(
        [BOX], [0], grid=side, num_classes=classes, boxes_per_cell=boxes
    )
    return labels.size


@claim(
    "yolo-label-shape",
    "The ground truth of a grid detector has S x S (B⁵ + number of classes) values, "
    "for B boxes a cell.",
    says="is",
    notes="001",
    scope="labels of four grids, counted; nothing is trained",
)
def counts_values(lab):
    """Counts the label that holds five values for each box, and the classes."""
    rows = {
        (s, b, c): (printed(s, b, c), counted(s, b, c), s * s * (5 * b + c))
        for s, b, c in SIZES
    }
    if lab is not None:
        lab.table(
            "Values of a label",
            ["S", "B", "classes", "by the notes", "counted", "S² (5 B + classes)"],
            [[*key, *row] for key, row in rows.items()],
        )
    first = rows[7, 2, 20]
    return Finding(
        {
            f"S = {s}, B = {b}, {c} classes": by_notes == seen
            for (s, b, c), (by_notes, seen, _) in rows.items()
        },
        "For S = 7, B = 2 and 20 classes the formula says {by_notes:,}, and the label "
        "has {seen:,} values. Right is S² (5 B + classes). Five anchors on a 7 x 7 "
        "grid make {shared:,} values where they share the classes and {own:,} where "
        "each has its own.",
        figure=draw_label,
        by_notes=first[0],
        seen=first[1],
        shared=counted(7, 5, 20),
        own=7 * 7 * 5 * (5 + 20),
        all_sizes={f"{s}, {b}, {c}": list(row) for (s, b, c), row in rows.items()},
        right_everywhere=all(row[1] == row[2] for row in rows.values()),
    )


def is_read(value: int) -> bool:
    """Whether a box is read in another way, or not at all, if one value changes."""
    labels, _ = encode_boxes([BOX], [0], grid=7, num_classes=1)
    before = decode_boxes(labels, num_classes=1).boxes
    row, column = np.argwhere(labels[..., 4] == 1)[0]
    labels[row, column, value] *= 0.4
    after = decode_boxes(labels, num_classes=1).boxes
    return before.shape != after.shape or bool((before != after).any())


@claim(
    "yolo-five-values",
    "Each bounding box contains five values.",
    says="is",
    notes="001",
    scope="a stand-in for a definition: this project's labels; nothing is trained",
)
def five_values(lab):
    """Whether a box of our labels has five values, and each says something."""
    one, two = (counted(1, boxes, 3) for boxes in (1, 2))
    read = {name: is_read(at) for at, name in enumerate(NAMES)}
    return Finding(
        {
            "one more box: five more values": two - one == 5,
            **{f"{name} is one of them": found for name, found in read.items()},
        },
        "One more box makes a label {more} values longer, in every cell: {names}. "
        "Each of them changes what is read. The classes are not among the five: they "
        "belong to the cell.",
        figure=draw_label,
        more=two - one,
        names=list(NAMES),
        read=read,
    )


def draw_label(lab):
    """Sizes by both formulas, and the values of one cell."""
    figure, (left, right) = figures.new(1, 2, width=10.6, height=3.8)
    boxes = np.arange(1, 6)
    left.set(yscale="log")
    for index, (name, values) in enumerate(
        {
            "S² (5 B + classes)": [counted(7, int(b), 20) for b in boxes],
            "S² (B⁵ + classes)": [printed(7, int(b), 20) for b in boxes],
        }.items()
    ):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        left.plot(boxes, values, "o", label=name, **style)
    left.set_xticks(boxes)
    figures.legend(left)
    title = "The printed formula grows out of hand"
    figures.describe(left, title, "boxes a cell (S = 7, 20 classes)", "values")
    names = ["x", "y", "w", "h", "conf.", "x", "y", "w", "h", "conf.", "3 classes"]
    widths = [1] * 10 + [3]
    start = 0
    for index, (name, width) in enumerate(zip(names, widths, strict=True)):
        color = figures.COLORS[(5, 4, 2)[min(index // 5, 2)]]
        right.barh(0, width, left=start, color=color, edgecolor="white", height=0.5)
        right.text(start + width / 2, 0, name, ha="center", va="center", fontsize=9)
        start += width
    for at, words in ((2.5, "first box"), (7.5, "second box"), (11.5, "the cell")):
        right.text(at, 0.36, words, ha="center")
    right.set(xlim=(0, 13), ylim=(-0.6, 0.7), yticks=[])
    right.grid(visible=False)
    figures.describe(right, "A cell with two boxes has 5 + 5 + 3 values",
                     "values of one cell", "")  # fmt: skip
    lab.figure(
        "label",
        figure,
        "Left: the values of a label by both formulas. Right: the values of one cell "
        "with two boxes and three classes.",
    )


if __name__ == "__main__":
    main(__file__)
