"""The shift recipe: changes by hand, shares by Bayes, a short run."""

import numpy as np
import pytest

from recipes.lab.data import sets
from recipes.lab.errors import UsageError
from recipes.lab.testing import RecordingLab, judged
from recipes.practice.shift import Settings, deployment, detection
from recipes.practice.shift._shifts import changed, moved_decision, parts


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.fixture(scope="module")
def lab():
    return RecordingLab("shift", seeds=2, epochs=6)


def test_changes_by_hand():
    x = np.zeros((2, 3, 3, 1), "float32")
    x[0, 1, 1], x[1, 0, 2] = 0.5, 1.0
    moved = changed(x, "moved by a pixel", 0)
    assert moved[0, 1, 2] == 0.5  # to the right
    assert moved[1].sum() == 0  # out of the image
    np.testing.assert_allclose(changed(x, "dimmed", 0), 0.3 * x, rtol=1e-6)
    lit = changed(x, "a bright corner", 0)
    assert lit[:, 0, 0].tolist() == [[1.0], [1.0]]
    np.testing.assert_array_equal(lit[:, 1:], x[:, 1:])
    for kind in ("no shift", "classes renamed"):
        np.testing.assert_array_equal(changed(x, kind, 0), x)
    noise = changed(np.zeros((400, 8, 8, 1), "float32"), "noise", 1)
    assert noise.std() == pytest.approx(0.3, rel=0.02)
    assert abs(noise.mean()) < 0.01
    assert x[0, 0, 0] == 0  # what was given is left alone


def test_rows_are_in_one_part_each(digits):
    found = parts(digits, 3)
    assert [len(y) for _, y in found.values()] == [600, 400, 797]
    everything = np.concatenate([x.reshape(len(x), -1) for x, _ in found.values()])
    whole = np.concatenate([digits.x_train, digits.x_test]).reshape(1797, -1)
    assert everything.sum() == pytest.approx(whole.sum(), rel=1e-6)
    assert len(np.unique(everything, axis=0)) == len(np.unique(whole, axis=0))


def test_one_image_in_ten_is_kept_of_the_upper_classes(digits):
    even, uneven = parts(digits, 4), parts(digits, 4, rare=10)
    for name in ("learned", "dev"):
        before, after = even[name][1], uneven[name][1]
        assert (after < 5).sum() == (before < 5).sum()
        assert abs((after >= 5).sum() - (before >= 5).sum() / 10) <= 1
    np.testing.assert_array_equal(even["deployed"][1], uneven["deployed"][1])


def test_decisions_moved_by_the_shares_are_those_of_bayes():
    rng = np.random.default_rng(0)
    likelihoods = rng.random((200, 3))
    learned, deployed = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])
    posterior = likelihoods * learned
    posterior /= posterior.sum(1, keepdims=True)
    logits = np.log(posterior) + rng.normal(size=(200, 1))  # a softmax is blind to it
    expected = (likelihoods * deployed).argmax(1)
    found = moved_decision(logits, learned, deployed)
    np.testing.assert_array_equal(found, expected)
    assert (logits.argmax(1) != expected).any()
    same = moved_decision(logits, learned, learned)
    np.testing.assert_array_equal(same, logits.argmax(1))


def test_what_falls_in_deployment(lab):
    found = judged(deployment.fails_in_deployment, lab)
    falls = found["numbers"]["falls"]
    assert abs(falls["no shift"]) < 0.05
    assert falls["moved by a pixel"] > 0.2
    assert falls["class imbalance in dev"] > 0.05
    ((columns, rows),) = lab.tables.values()
    assert columns[0] == "shift"
    assert len(rows) == 6


def test_moving_the_decision_helps(lab):
    numbers = judged(deployment.decision_moved, lab)["numbers"]
    assert numbers["plain"] < numbers["moved"] < numbers["even"]


def test_alarms(lab):
    numbers = judged(detection.detects_shifts, lab)["numbers"]
    areas = numbers["areas"]
    # The same images twice: what is seen is chance.
    assert areas["classes renamed"] == areas["no shift"]
    assert abs(areas["no shift"] - 0.5) < 0.06
    assert areas["a bright corner"] > 0.9
    assert areas["moved by a pixel"] > 0.8
    assert numbers["falls"]["classes renamed"] > 0.5


@pytest.mark.parametrize("draw", [deployment.draw_falls, detection.draw_alarms])
def test_figures_name_every_shift(draw, lab):
    draw(lab)
    ((figure, caption),) = lab.figures.values()
    named = " ".join(
        text.get_text() for a in figure.axes for text in a.get_yticklabels()
    )
    named += " ".join(
        text.get_text() for a in figure.axes for text in a.get_xticklabels()
    )
    for kind in ("no shift", "noise", "moved by a pixel", "dimmed"):
        assert kind in named
    assert "accuracy" in caption.lower()
    lab.figures.clear()


@pytest.mark.parametrize(("area", "kinds"), [(0.7, 2), (0.5, 0)])
def test_titles_count_the_alarms(monkeypatch, area, kinds):
    """Made up: noise and dimmed images raise an alarm, and cost 10 and 20 %."""
    costs = {"noise": 0.1, "dimmed": 0.2}
    found = {k: np.full(3, area if k in costs else 0.5) for k in detection.SHIFTS}
    lab = RecordingLab("shift")
    monkeypatch.setattr(detection, "areas", lambda lab: found)
    monkeypatch.setattr(detection, "drop", lambda lab, k: np.full(3, costs.get(k, 0)))
    detection.draw_alarms(lab)
    left, right = (a.get_title(loc="left") for a in lab.figures["alarms"][0].axes)
    assert left == f"{kinds} of {len(found)} kinds raise an alarm"
    assert ("cost 10% to 20% of accuracy" in right) == bool(kinds)


@pytest.mark.parametrize("name", ["seeds", "epochs"])
@pytest.mark.parametrize("value", [0, 1001])
def test_settings_out_of_range(name, value):
    with pytest.raises(UsageError, match=f"--{name} must be 1 to 1000, not {value}"):
        Settings(**{name: value})
