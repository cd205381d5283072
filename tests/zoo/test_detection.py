"""Boxes on a grid, the loss, and the detector: counts, round trips, errors, files."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.losses import GridDetectionLoss


def random_boxes(rng, count):
    """Boxes inside the image, at least 0.05 a side."""
    sizes = rng.uniform(0.05, 0.4, (count, 2))
    return np.concatenate([rng.uniform(0, 1, (count, 2)), sizes], 1)


@pytest.mark.parametrize(
    ("grid", "boxes", "classes", "size"),
    [(7, 2, 20, 1470), (7, 5, 20, 2205), (13, 3, 80, 16055), (1, 1, 1, 6)],
)
def test_size_of_labels_by_hand(grid, boxes, classes, size):
    labels, kept = zoo.encode_boxes(
        [], [], grid=grid, num_classes=classes, boxes_per_cell=boxes
    )
    assert labels.size == size
    assert not labels.any()
    assert kept.shape == (0,)


def test_one_box_by_hand():
    """A center at (0.3, 0.9) of a 4 x 4 grid is 0.2 and 0.6 into column 1, row 3."""
    labels, kept = zoo.encode_boxes([[0.3, 0.9, 0.1, 0.2]], [2], grid=4, num_classes=3)
    expected = [0.2, 0.6, 0.1, 0.2, 1.0, 0.0, 0.0, 1.0]
    assert labels[3, 1] == pytest.approx(expected, rel=1e-5)
    assert np.count_nonzero(labels) == 6
    assert kept.tolist() == [True]


def test_what_is_written_is_read_back():
    rng = np.random.default_rng(0)
    for _ in range(50):
        boxes, kinds = random_boxes(rng, 6), rng.integers(0, 4, 6)
        labels, kept = zoo.encode_boxes(
            boxes, kinds, grid=5, num_classes=4, boxes_per_cell=2
        )
        found = zoo.decode_boxes(labels, num_classes=4)
        assert len(found.boxes) == kept.sum()
        order, back = np.lexsort(boxes[kept].T), np.lexsort(found.boxes.T)
        assert found.boxes[back] == pytest.approx(boxes[kept][order], abs=1e-5)
        assert (found.classes[back] == kinds[kept][order]).all()


def test_borders_and_the_far_edge():
    for x, column in ((0.0, 0), (0.25, 1), (0.5, 2), (0.75, 3), (1.0, 3)):
        labels, _ = zoo.encode_boxes([[x, 1.0, 0.1, 0.1]], [0], grid=4, num_classes=1)
        assert labels[3, column, 4] == 1
        assert zoo.decode_boxes(labels, num_classes=1).boxes[0, :2].tolist() == [x, 1]


def test_who_is_lost_in_a_full_cell():
    boxes = [[0.5, 0.5, 0.2, 0.2], [0.52, 0.52, 0.2, 0.2], [0.54, 0.54, 0.2, 0.2]]

    def kept(kinds, count):
        return zoo.encode_boxes(
            boxes, kinds, grid=3, num_classes=2, boxes_per_cell=count
        )[1].tolist()

    assert kept([0, 0, 0], 1) == [True, False, False]
    assert kept([0, 0, 0], 2) == [True, True, False]
    assert kept([0, 1, 0], 2) == [True, False, True]  # the cell has one class


def test_overlap_by_hand():
    first = [[0.5, 0.5, 1.0, 1.0]]
    second = [
        [0.5, 0.5, 1, 1],
        [1.0, 0.5, 1, 1],
        [2.0, 0.5, 1, 1],
        [0.5, 0.5, 0.5, 0.5],
    ]
    expected = [1, 1 / 3, 0, 1 / 4]
    assert zoo.box_overlap(first, second)[0] == pytest.approx(expected)


def test_logits_and_rivals():
    logits = np.full((2, 2, 6), -9.0)
    logits[0, 0, :5] = [9, 9, 0, 0, 3.0]  # both near the middle of the image
    logits[1, 1, :5] = [-9, -9, 0, 0, 5.0]
    found = zoo.decode_boxes(logits, num_classes=1, from_logits=True)
    assert found.confidences == pytest.approx([1 / (1 + np.exp(-c)) for c in (5, 3)])
    assert found.boxes == pytest.approx(np.full((2, 4), 0.5), abs=1e-3)
    alone = zoo.decode_boxes(logits, num_classes=1, from_logits=True, max_overlap=0.5)
    assert alone.confidences == pytest.approx(found.confidences[:1])
    unsure = zoo.decode_boxes(logits, num_classes=1, from_logits=True, threshold=0.97)
    assert len(unsure.boxes) == 1
    huge = zoo.decode_boxes(1e6 * logits, num_classes=1, from_logits=True)
    assert np.isfinite(huge.boxes).all()


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def loss_by_hand(truth, logits, classes, count, box_weight, empty_weight):
    """The docstring of the loss, cell by cell."""
    total = 0.0
    for label, seen in zip(
        truth.reshape(-1, truth.shape[-1]), logits.reshape(-1, logits.shape[-1]),
        strict=True,
    ):  # fmt: skip
        for box in range(count):
            at = slice(5 * box, 5 * box + 5)
            (x, y, w, h, there), s = label[at], sigmoid(seen[at])
            if there:
                error = (s[0] - x) ** 2 + (s[1] - y) ** 2
                error += (s[2] ** 0.5 - w**0.5) ** 2 + (s[3] ** 0.5 - h**0.5) ** 2
                total += box_weight * error - np.log(s[4])
            else:
                total -= empty_weight * np.log(1 - s[4])
        if label[4]:
            kinds = seen[5 * count :]
            top = kinds.max()
            total += (
                top + np.log(np.exp(kinds - top).sum()) - kinds @ label[5 * count :]
            )
    return total


@pytest.mark.parametrize("count", [1, 2])
def test_the_loss_by_hand(count):
    rng = np.random.default_rng(1)
    boxes = random_boxes(rng, 5)
    labels, _ = zoo.encode_boxes(
        boxes, [0, 1, 2, 0, 1], grid=3, num_classes=3, boxes_per_cell=count
    )
    truth = np.stack([labels, np.zeros_like(labels)])
    logits = rng.normal(size=truth.shape).astype("float32")
    loss = GridDetectionLoss(3, count, box_weight=4.0, empty_weight=0.3)
    each = [
        loss_by_hand(*pair, 3, count, 4.0, 0.3)
        for pair in zip(truth, logits, strict=True)
    ]
    got = zoo_cases.to_numpy(loss.call(truth, logits))
    assert got == pytest.approx(each, rel=1e-3)
    assert float(zoo_cases.to_numpy(loss(truth, logits))) == pytest.approx(
        np.mean(each), rel=1e-3
    )


def test_the_loss_is_least_at_the_labels():
    labels, _ = zoo.encode_boxes([[0.3, 0.6, 0.2, 0.3]], [1], grid=3, num_classes=2)
    with np.errstate(divide="ignore"):
        logits = np.clip(np.log(labels / (1 - labels)), -20, 20)[None]
    logits[..., 5:] = 20 * (2 * labels[..., 5:] - 1)
    loss, truth = GridDetectionLoss(2), labels[None]
    best = float(zoo_cases.to_numpy(loss(truth, logits.astype("float32"))))
    assert best < 1e-4
    for at in range(5):
        moved = logits.copy()
        moved[0, 1, 0, at] += 1.0 if at < 4 else -20.0
        assert float(zoo_cases.to_numpy(loss(truth, moved.astype("float32")))) > best


def test_huge_logits_have_a_finite_loss_and_gradient():
    labels, _ = zoo.encode_boxes([[0.3, 0.6, 0.2, 0.3]], [1], grid=3, num_classes=2)
    for size in (-1e4, 1e4):
        logits = np.full((1, 3, 3, 7), size, "float32")
        loss = GridDetectionLoss(2)
        assert np.isfinite(zoo_cases.to_numpy(loss(labels[None], logits)))
        slope = zoo_cases.gradient(lambda x, f=loss: f(labels[None], x), logits)
        assert np.isfinite(slope).all()


def test_parameters_by_hand():
    model = zoo.grid_detector((32, 32, 3), 4, boxes_per_cell=2, filters=(8, 16))
    convolutions = (9 * 3 + 1) * 8 + (9 * 8 + 1) * 16 + (9 * 16 + 1) * 16
    normalizations = 4 * (8 + 16 + 16)
    outputs = (16 + 1) * (2 * 5 + 4)
    assert model.count_params() == convolutions + normalizations + outputs
    assert model.output_shape == (None, 8, 8, 14)


def test_it_learns_one_scene_and_survives_saving(tmp_path):
    boxes, kinds = [[0.3, 0.3, 0.3, 0.3], [0.8, 0.7, 0.2, 0.4]], [0, 1]
    labels, _ = zoo.encode_boxes(boxes, kinds, grid=4, num_classes=2)
    image = np.zeros((16, 16, 1), "float32")
    image[3:7, 3:7], image[8:14, 11:14] = 1.0, 0.5
    model = zoo.grid_detector((16, 16, 1), 2, filters=(8, 16), normalization=None)
    model.compile(keras.optimizers.Adam(0.01), GridDetectionLoss(2))
    for _ in range(150):
        model.train_on_batch(image[None], labels[None])
    model.save(tmp_path / "detector.keras")
    loaded = keras.models.load_model(tmp_path / "detector.keras")
    found = zoo.decode_boxes(
        zoo_cases.predict(loaded, image[None])[0], num_classes=2, from_logits=True
    )
    order = found.boxes[:, 0].argsort()
    assert found.classes[order].tolist() == kinds
    overlaps = np.diag(zoo.box_overlap(found.boxes[order], boxes))
    assert overlaps.min() > 0.7
    assert loaded.loss.get_config() == model.loss.get_config()


BOX = [[0.5, 0.5, 0.1, 0.1]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zoo.encode_boxes(BOX, [0], grid=0, num_classes=1), "grid must be"),
        (lambda: zoo.encode_boxes(BOX, [1], grid=2, num_classes=1),
         "classes must be from 0 to 0; got 1"),
        (lambda: zoo.encode_boxes(BOX, [0.0], grid=2, num_classes=1),
         "classes must be 1 integers"),
        (lambda: zoo.encode_boxes([[1.1, 0, 1, 1]], [0], grid=2, num_classes=1),
         "boxes must be shares of the image.*got 1.1"),
        (lambda: zoo.encode_boxes([[0.1, 0, 0, 1]], [0], grid=2, num_classes=1),
         "boxes must be shares of the image, with a width"),
        (lambda: zoo.encode_boxes([0.5] * 4, [0], grid=2, num_classes=1),
         r"boxes must be of shape \(objects, 4\)"),
        (lambda: zoo.decode_boxes(np.zeros((2, 2, 5)), num_classes=3),
         "labels must be of shape"),
        (lambda: zoo.decode_boxes(np.zeros((2, 3, 8)), num_classes=3),
         "labels must be of shape"),
        (lambda: zoo.decode_boxes(np.zeros((2, 2, 8)), num_classes=3, threshold=1),
         "threshold must be"),
        (lambda: zoo.box_overlap(BOX, [[1, 2]]), "second must be of shape"),
        (lambda: zoo.box_overlap([["a"] * 4], BOX), "first must be an array of numb"),
        (lambda: zoo.encode_boxes([*BOX, [0.5]], [0, 0], grid=2, num_classes=1),
         "boxes must be an array of numbers"),
        (lambda: zoo.decode_boxes("abc", num_classes=3),
         "labels must be an array of numbers; got 'abc'"),
        (lambda: zoo.decode_boxes(np.full((2, 2, 8), np.nan), num_classes=3),
         "labels must be finite"),
        (lambda: GridDetectionLoss(2)(np.zeros((1, 3, 3, 7)), np.zeros((1, 2, 2, 7))),
         r"y_true must have the grid of the outputs, \(2, 2\); got \(3, 3\)"),
        (lambda: zoo.grid_detector((50, 50, 1)), "input_shape must be square, with a "
         "side that is a multiple of 8"),
        (lambda: zoo.grid_detector((16, 8, 1)), "input_shape must be square"),
        (lambda: zoo.grid_detector(boxes_per_cell=0), "boxes_per_cell must be"),
        (lambda: GridDetectionLoss(0), "num_classes must be"),
        (lambda: GridDetectionLoss(2, box_weight=0), "box_weight must be"),
        (lambda: GridDetectionLoss(2)(np.zeros((1, 2, 2, 8)), np.zeros((1, 2, 2, 7))),
         r"y_true must be of shape \(batch, grid, grid, 7\)"),
    ],
)  # fmt: skip
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
