"""Cells: every center has one owner, but a cell has one place.

The cell in which the center of an object lies is responsible for it. Inside a cell this
is clear, and what is written can be read back to the digit. Three centers need a rule:

- on the border of two cells the right (or lower) one has it, since floor(x S) says so;
- on the image's far edge, x = 1, floor(x S) is S, and there is no cell of this number:
  it must go to the last one;
- of two centers in one cell, with one box a cell, one object is lost. The label does
  not hold it, and no training can bring it back.

The second half of this lesson trains a detector on such labels, so that they become a
model, and asks where its confidence is, and what it finds.
"""

import keras
import numpy as np

from recipes.architectures.yolo_labels._scenes import (
    GRID,
    KINDS,
    SIDE,
    cells_of,
    scenes,
)
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import box_overlap, decode_boxes, encode_boxes, grid_detector
from zoo.losses import GridDetectionLoss

CLASSES = len(KINDS)
TESTED = 300  # scenes
FOUND = 0.5  # of intersection over union, and the right class: the usual mark
BATCH_SIZE = 32
RATES = (1e-3, 3.2e-3, 1e-2)  # of Adam, half a decade apart
TUNED = 2  # seeds on which one is chosen
TOP = stats.Threshold(
    "half of the objects", 0.5, "share of objects",
    "a cell that is responsible has the greatest confidence among its neighbors more "
    "often than not; by chance one in nine has.",
)  # fmt: skip


def read_back(x: float, y: float, grid: int) -> float:
    """How far a center is moved by writing it into a label and reading it again."""
    labels, _ = encode_boxes([[x, y, 0.2, 0.2]], [0], grid=grid, num_classes=1)
    found = decode_boxes(labels, num_classes=1).boxes
    return float(np.abs(found[0, :2] - (x, y)).max()) if len(found) == 1 else np.inf


def owners(x: float, grid: int) -> list[int]:
    """The cells, of 0 to grid - 1, that floor(x grid) makes responsible."""
    column = int(np.floor(x * grid))
    return [column] if column in range(grid) else []


# The detector: as small a network as finds anything. A `Study` compiles it once.


def small_detector(input_shape):
    """Three blocks: 40 pixels become 5 cells a side."""
    return grid_detector(input_shape, CLASSES, filters=(8, 16, 32))


network = Study(small_detector, GridDetectionLoss(CLASSES), "adam")


def arrays(drawn: list[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of scenes."""
    labels = [
        encode_boxes(boxes, kinds, grid=GRID, num_classes=CLASSES)[0]
        for _, boxes, kinds in drawn
    ]
    return np.stack([image for image, *_ in drawn]), np.stack(labels)


def matched(found, boxes, kinds) -> np.ndarray:
    """Which objects are found: each by one box of its class that overlaps enough."""
    seen = np.zeros(len(boxes), bool)
    for box, kind in zip(found.boxes, found.classes, strict=True):
        overlap = box_overlap([box], boxes)[0] * (kinds == kind) * ~seen
        if overlap.max() >= FOUND:
            seen[overlap.argmax()] = True
    return seen


def on_top(outputs: np.ndarray, cell: int) -> bool:
    """Whether a cell has the greatest confidence among itself and its neighbors."""
    row, column = divmod(cell, GRID)
    near = outputs[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2, 4]
    return bool(outputs[row, column, 4] >= near.max())


def train(case: dict, seed: int, data) -> dict:
    """Trains a detector on scenes of its own and looks at new ones.

    Args:
        case: `scenes`, `epochs` and `learning_rate`.
        seed: Of scenes, weights and order.
        data: None; scenes are generated.

    Returns:
        Shares of objects on new scenes: `alone` and `shared`, those found that have
        their cell for themselves and that share it; `on_top`, those alone whose cell is
        surest; `false`, the share of boxes that are no object's. And one scene's
        outputs.
    """
    x, y = arrays(scenes([seed, 95], case["scenes"]))
    tests = scenes([seed, 96], TESTED)

    def outputs(model) -> list:
        images = arrays(tests)[0]
        seen = keras.ops.convert_to_numpy(model(images, training=False))
        return [[float(v) for v in row] for row in seen.reshape(len(seen), -1)]

    run = network.train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH_SIZE,
        learning_rate=case["learning_rate"],
        measure=outputs,
    )
    seen = np.array(run["measured"]).reshape(TESTED, GRID, GRID, -1)
    alone, shared, tops, boxes_seen, right = [], [], [], 0, 0
    for logits, (_, boxes, kinds) in zip(seen, tests, strict=True):
        found = decode_boxes(
            logits, num_classes=CLASSES, from_logits=True, max_overlap=FOUND
        )
        hits, cells = matched(found, boxes, kinds), cells_of(boxes)
        boxes_seen, right = boxes_seen + len(found.boxes), right + int(hits.sum())
        for hit, cell in zip(hits, cells, strict=True):
            one = (cells == cell).sum() == 1
            (alone if one else shared).append(bool(hit))
            if one:
                tops.append(on_top(logits, cell))
    return {
        "loss": run["history"]["loss"][-1],
        "alone": float(np.mean(alone)),
        "shared": float(np.mean(shared)) if shared else 0.0,
        "on_top": float(np.mean(tops)),
        "false": 1 - right / boxes_seen if boxes_seen else 0.0,
        "first": seen[0].round(4).tolist(),
    }


@experiment
def detectors(lab) -> dict[str, np.ndarray]:
    """What `train` returns at the rate of the least training loss, by seed."""
    size = {"scenes": lab.settings.scenes, "epochs": lab.settings.epochs}
    cases = {rate: {**size, "learning_rate": rate} for rate in RATES}
    name, precision = "grid detector", "convolutional"
    best = lab.choose(
        train,
        {name: cases},
        score="loss",
        seeds=TUNED,
        precision=precision,
        title="rates of the detector",
    )[name]
    found = lab.sweep(
        train, {name: cases[best]}, precision=precision, title="detectors"
    )[name]
    return stats.columns(found)


@claim(
    "yolo-centre-cell",
    "An image is divided into an S x S grid, and each cell is responsible for "
    "detecting the objects whose center falls within it.",
    says="is",
    notes="001",
    scope="labels of grids of 5 and 7; a small detector on 1,000 generated scenes",
)
def cell_owns_center(lab):
    """Centers inside, on borders, on the edge, two at once; and a trained detector."""
    rng, found = np.random.default_rng(97), detectors(lab)
    inside = max(read_back(*rng.random(2), 7) for _ in range(1000))
    borders = max(read_back(a / 7, b / 7, 7) for a in range(7) for b in range(7))
    edge = max(read_back(1.0, y, 7) for y in (0.0, 0.5, 1.0))
    pair = [[0.5, 0.5, 0.2, 0.2], [0.52, 0.48, 0.1, 0.3]]
    kept = {
        count: int(encode_boxes(pair, [0, 0], grid=7, num_classes=1,
                                boxes_per_cell=count)[1].sum())
        for count in (1, 2)
    }  # fmt: skip
    return Finding(
        {
            "a center inside a cell comes back": inside < stats.CLOSE_FLOAT32,
            "a center on a border has one owner and comes back": all(
                len(owners(a / 7, 7)) == 1 for a in range(7)
            )
            and borders < stats.CLOSE_FLOAT32,
            "trained: the cell of the center is the surest one": stats.against(
                found["on_top"], 0.0, by=TOP
            ),
        },
        "A trained detector finds {alone:.0%} of the objects alone in their cell, and "
        "{shared:.0%} of those that share one. {false:.0%} of its boxes are nobody's. "
        "For {on_top:.0%} of the objects the cell of the center is the surest among "
        "its neighbors, though these may hold objects, too. For x = 1 floor(x S) is S, "
        "a cell that isn't there; our encoder takes the last. Of two objects in a cell "
        "with one box {kept[1]} is kept.",
        figure=draw_scene,
        alone=found["alone"].mean(),
        shared=found["shared"].mean(),
        false=found["false"].mean(),
        on_top=found["on_top"].mean(),
        kept=kept,
        moved={"inside": inside, "on a border": borders, "on the edge": edge},
    )  # fmt: skip


def draw_scene(lab):
    """A new scene with its cells, its objects and what a detector sees in it."""
    figure, (left, right) = figures.new(1, 2, width=9.6, height=4.6)
    seed = lab.seeds[0]
    image, boxes, kinds = scenes([seed, 96], TESTED)[0]
    logits = detectors(lab)["first"][0]
    found = decode_boxes(
        logits, num_classes=CLASSES, from_logits=True, max_overlap=FOUND
    )
    left.imshow(image[..., 0], cmap="gray", vmin=-0.3, vmax=1, extent=(0, 1, 1, 0))
    for shown, color, lines in (
        (boxes, figures.COLORS[5], "-"),
        (found.boxes, figures.COLORS[1], "--"),
    ):
        for x, y, w, h in shown:
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
            path = corners * (w, h) + (x, y)
            left.plot(*path.T, color=color, ls=lines, lw=2.5)
        left.plot(*shown[:, :2].T, "x", color=color, ms=7)
    seen = int(matched(found, boxes, kinds).sum())
    title = f"{seen} of {len(boxes)} objects of a new scene are found"
    figures.describe(left, title, "x (blue: object, dashed: found)", "y")
    sure = right.imshow(1 / (1 + np.exp(-logits[..., 4])), cmap="Blues", vmin=0, vmax=1,
                        extent=(0, 1, 1, 0))  # fmt: skip
    figure.colorbar(sure, ax=right, label="confidence that an object is here")
    right.plot(*boxes[:, :2].T, "x", color=figures.COLORS[1], ms=9, mew=2)
    figures.describe(right, "Confidence by cell, and the true centers", "x", "y")
    for axis in (left, right):
        axis.set_xticks(np.arange(GRID + 1) / GRID)
        axis.set_yticks(np.arange(GRID + 1) / GRID)
    lab.figure(
        "scene",
        figure,
        f"A scene of {SIDE} x {SIDE} pixels that the detector has not seen: objects, "
        "found boxes, and the confidence of every cell.",
    )


if __name__ == "__main__":
    main(__file__)
