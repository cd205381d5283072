"""The yolo_labels recipe: sizes by hand, owners, scenes, and what counts as found."""

import numpy as np
import pytest

import zoo
from recipes.architectures.yolo_labels import Settings, cells, size
from recipes.lab import UsageError
from recipes.lab.evidence.judging import judge
from recipes.lab.testing import RecordingLab


class Lab(RecordingLab):
    """A lab that trains nothing: every detector finds the same."""

    def sweep(self, train, cases, *, seeds=None, **_):
        self.sweeps.append((train, dict(cases), seeds))
        seen = {"alone": 0.9, "shared": 0.4, "on_top": 0.95, "false": 0.1}
        best = {1e-3: 3.0, 3.2e-3: 1.0, 1e-2: 2.0}
        return {
            name: [
                {**seen, "loss": best[case["learning_rate"]], "first": [[[0.0]]]}
                for _ in seeds or self.seeds
            ]
            for name, case in cases.items()
        }


def test_sizes_by_hand():
    found = judge(size.counts_values.claim, size.counts_values(None))
    assert found["verdict"] == "refuted"
    sizes = found["numbers"]["all_sizes"]
    assert sizes["7, 2, 20"] == [2548, 1470, 1470]
    assert sizes["7, 1, 20"] == [49 * 21, 49 * 25, 49 * 25]
    assert found["numbers"]["shared"] == 2205
    assert found["numbers"]["own"] == 6125


def test_no_number_of_boxes_makes_the_printed_formula_right():
    assert all(b**5 != 5 * b for b in range(1, 1000))


def test_five_values_are_read():
    found = judge(size.five_values.claim, size.five_values(None))
    assert found["verdict"] == "supported"
    assert len(found["holds"]) == 6


def test_owners_of_borders_and_the_edge():
    assert cells.owners(0.0, 7) == [0]
    assert cells.owners(3 / 7, 7) == [3]
    assert cells.owners(1.0, 7) == []  # floor(7) is 7, and cells end at 6
    assert cells.read_back(1.0, 0.5, 7) < 1e-6
    assert cells.read_back(0.123, 0.987, 7) < 1e-6


def test_the_claim_holds_and_shows_its_limits():
    lab = Lab("yolo_labels", seeds=6)
    found = judge(cells.cell_owns_center.claim, cells.cell_owns_center(lab))
    assert found["verdict"] == "supported"
    assert len(found["holds"]) == 3
    assert found["numbers"]["kept"] == {1: 1, 2: 2}
    assert lab.sweeps[1][1]["grid detector"]["learning_rate"] == 3.2e-3


def test_scenes_are_their_seed_and_boxes_fit_what_is_drawn():
    first, again = cells.scenes([1, 2], 20), cells.scenes([1, 2], 20)
    for (image, boxes, kinds), (other, *_) in zip(first, again, strict=True):
        assert (image == other).all()
        assert image.shape == (40, 40, 1)
        assert 1 <= len(boxes) == len(kinds) <= 4
        low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
        assert low.min() > -1e-9
        assert high.max() < 1 + 1e-9
        x, y, w, h = boxes[-1] * 40  # the one in front
        left, top, side = (round(float(v)) for v in (x - w / 2, y - h / 2, w))
        part = image[top : top + side, left : left + side]
        assert part.mean() > image.mean()


def test_cells_of_centers_are_where_the_labels_are():
    for _, boxes, kinds in cells.scenes(5, 30):
        labels, kept = zoo.encode_boxes(boxes, kinds, grid=5, num_classes=3)
        taken = np.flatnonzero(labels[..., 4].ravel())
        assert set(taken) == set(cells.cells_of(boxes).tolist())
        assert len(taken) == kept.sum()


def test_found_needs_class_and_overlap_and_counts_once():
    boxes, kinds = (
        np.array([[0.3, 0.3, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2]]),
        np.array([0, 1]),
    )

    def hits(found, classes):
        given = zoo.Boxes(np.array(found), np.array(classes), np.ones(len(found)))
        return cells.matched(given, boxes, kinds).tolist()

    assert hits([boxes[0], boxes[1]], [0, 1]) == [True, True]
    assert hits([boxes[0], boxes[1]], [1, 0]) == [False, False]
    assert hits([boxes[0], boxes[0]], [0, 0]) == [True, False]
    assert hits([[0.45, 0.3, 0.2, 0.2]], [0]) == [False, False]


def test_the_surest_cell_among_neighbors():
    outputs = np.zeros((5, 5, 8))
    outputs[2, 3, 4] = 1.0
    assert cells.on_top(outputs, 13)
    assert not cells.on_top(outputs, 12)
    outputs[0, 0, 4] = 5.0  # no neighbor
    assert cells.on_top(outputs, 13)


def test_a_training_is_its_seed_alone():
    case = {"scenes": 32, "epochs": 1, "learning_rate": 1e-3}
    one = cells.train(case, 1, None)
    assert cells.train(case, 1, None) == one
    assert all(0 <= one[name] <= 1 for name in ("alone", "shared", "on_top", "false"))


def test_settings_out_of_range():
    for wrong in ({"epochs": 1001}, {"scenes": 15}):
        with pytest.raises(UsageError, match="must be"):
            Settings(**wrong)
