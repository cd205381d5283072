"""The metrics recipe: counts against scikit-learn, exact values, a short run."""

import itertools
import math

import keras
import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from recipes.lab.data import sets
from recipes.lab.errors import UsageError
from recipes.lab.testing import RecordingLab, judged
from recipes.practice.metrics import (
    Settings,
    agreement,
    detectors,
    few_rows,
    leaks,
    nodes,
    once,
    pixels,
    thresholds,
)
from recipes.practice.metrics import _curves as curves


@pytest.fixture(scope="module")
def lab():
    return RecordingLab("metrics", seeds=2, epochs=4, passes=6)


def answers(seed=0, rows=300):
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.2).astype(int)
    p = np.round(1 / (1 + np.exp(-rng.normal(-1, 1, rows) - 2 * labels)), 2)
    return labels, p


def test_metrics_at_every_threshold_are_those_of_scikit_learn():
    labels, p = answers()
    found = curves.counts(labels, p)
    by = curves.metrics(found)
    assert sorted(found["threshold"], reverse=True) == list(found["threshold"])
    assert len(found["threshold"]) == len(np.unique(p))
    for index in range(0, len(found["threshold"]), 7):
        decided = (p >= found["threshold"][index]).astype(int)
        wanted = {
            "accuracy": sklearn_metrics.accuracy_score(labels, decided),
            "precision": sklearn_metrics.precision_score(labels, decided),
            "recall": sklearn_metrics.recall_score(labels, decided),
            "F1": sklearn_metrics.f1_score(labels, decided),
            "IoU": sklearn_metrics.jaccard_score(labels, decided),
            "alarms": (decided > labels).mean(),
            "misses": (decided < labels).mean(),
        }
        for name, value in wanted.items():
            assert by[name][index] == pytest.approx(value), name
            at = curves.metrics(curves.counts_at(labels, p, found["threshold"][index]))
            assert at[name][0] == pytest.approx(value), name


def test_nothing_found_has_no_precision_and_no_error():
    found = curves.metrics(curves.counts_at(*answers(), threshold=2.0))
    assert found["precision"][0] == found["recall"][0] == found["F1"][0] == 0
    nobody = curves.metrics(curves.counts_at(np.zeros(5, int), np.zeros(5), 0.5))
    assert nobody["accuracy"][0] == 1
    assert nobody["IoU"][0] == 0


@pytest.mark.parametrize("rule", ["accuracy", "F1", "IoU", (1.0, 10.0), (10.0, 1.0)])
def test_the_chosen_threshold_is_the_best_of_all(rule):
    labels, p = answers(1)

    def score(cut):
        found = {k: v[0] for k, v in
                 curves.metrics(curves.counts_at(labels, p, cut)).items()}  # fmt: skip
        if isinstance(rule, str):
            return found[rule]
        return -(rule[0] * found["alarms"] + rule[1] * found["misses"])

    cut = curves.chosen(rule, curves.counts(labels, p))
    assert score(cut) == pytest.approx(max(score(c) for c in np.unique(p)))


def test_where_a_rule_cannot_tell_the_other_metric_does():
    labels, p = np.array([1, 1, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    found = curves.counts(labels, p)
    assert curves.chosen("recall", found) == 0.6  # all found; below are alarms only
    assert curves.chosen("precision", found) == 0.8  # both are right; two are more


def test_f1_lies_between_by_fractions():
    above, tried = detectors.times_above_both()
    assert (above, tried) == (0, 31**3)
    # Not so of the plain mean, or of numbers that are not from counts.
    for hits, alarms, misses in itertools.product(range(4), repeat=3):
        if hits:
            p, r = hits / (hits + alarms), hits / (hits + misses)
            f1 = 2 * hits / (2 * hits + alarms + misses)
            assert min(p, r) - 1e-12 <= f1 <= max(p, r) + 1e-12
            assert f1 == pytest.approx(2 / (1 / p + 1 / r))


def test_costs_order_the_thresholds(lab):
    numbers = judged(detectors.f1_is_preferred, lab)["numbers"]
    cuts = numbers["thresholds"]
    assert cuts["recall"] < cuts["F1"] < cuts["precision"]
    # With everybody found, the errors are nearly all innocents.
    assert numbers["equal"][2] > 500


def test_half_makes_the_fewest_errors(lab):
    found = judged(thresholds.half_is_as_good, lab)
    chosen, half = found["numbers"]["lost_at_chosen_and_at_half"][
        "a miss costs ten, even classes"
    ]
    assert half > 1.3 * chosen
    assert found["numbers"]["cuts"]["a miss costs ten"] < 0.3


def test_labels_have_their_rates():
    for x, y in thresholds.draw_labels(5):
        assert x.dtype == y.dtype == "float32"
        assert y.mean(0) == pytest.approx(thresholds.RATES, abs=0.03)


def test_keras_against_scikit_learn(lab):
    found = judged(agreement.keras_agrees, lab)
    assert {"accuracy", "precision", "recall", "F1", "IoU"} <= set(found["holds"])
    labels, p = agreement.answers()
    assert found["numbers"]["right"] == pytest.approx(((p > 0.5) == labels).mean())
    read_as_chance = (np.log(p / (1 - p)) > 0.5) == labels
    assert found["numbers"]["plain"] == pytest.approx(read_as_chance.mean(), abs=1e-6)


def test_nine_nodes_and_a_zero():
    assert nodes.largest_difference() < 1e-14
    model = nodes.nine_and_zero((8, 8, 1))
    assert model.output_shape == (None, 10)
    assert model.count_params() == 64 * 64 + 64 + 64 * 9 + 9
    outputs = np.asarray(model.predict(np.ones((3, 8, 8, 1)), verbose=0))
    assert (outputs[:, 9] == 0).all()


@pytest.mark.parametrize("head", list(nodes.STUDIES))
def test_every_head_reads_its_own_targets(head):
    labels = np.arange(10)
    target = nodes.targets(head, labels)
    ideal = {
        nodes.TEN: 9 * np.eye(10),
        nodes.NINE: 9 * np.eye(10),
        nodes.ABOVE: np.where(labels[:, None] > np.arange(9), 5.0, -5.0),
        nodes.CODE: 9 * (2 * target - 1) if head == nodes.CODE else None,
        nodes.NUMBER: target if head == nodes.NUMBER else None,
    }[head]
    assert nodes.answers(head, ideal).tolist() == labels.tolist()


def test_codes_are_the_bits():
    for digit, code in enumerate(nodes.CODES):
        assert int("".join(map(str, code[::-1])), 2) == digit


def test_discs_fill_their_share():
    for share in (0.05, 0.5):
        images, masks = pixels.draw_discs(300, share, 7)
        assert images.shape == masks.shape == (300, 16, 16, 1)
        assert masks.mean() == pytest.approx(share, rel=0.1)
        assert (images[masks == 1].mean() - images[masks == 0].mean()) == (
            pytest.approx(1, abs=0.05)
        )


def test_the_empty_mask():
    _, masks = pixels.draw_discs(200, 0.05, 0)
    found = pixels.empty_mask()
    assert found["accuracy"] == pytest.approx(1 - masks.mean())
    assert found["IoU"] == found["IoU, scikit-learn"] == 0


def test_two_hundred_rows(lab):
    found = judged(few_rows.tells_about_new_rows, lab)
    assert "a count of 200, in steps of half a point" in found["holds"]
    numbers = found["numbers"]
    p = numbers["fresh"]
    assert numbers["expected"] == pytest.approx(math.sqrt(p * (1 - p) / 200), rel=0.02)


def test_luck_of_coins_by_simulation():
    rng = np.random.default_rng(0)
    best = rng.binomial(100, 0.5, (20_000, 100)).max(1) / 100
    assert once.lucky_coins() == pytest.approx(best.mean(), abs=5e-4)
    assert once.lucky_coins(1) == pytest.approx(0.5)


def test_optimism_by_hand():
    tested = np.array([[0.8, 0.9, 0.7], [0.6, 0.5, 0.7]])
    fresh = np.array([[0.75, 0.75, 0.75], [0.5, 0.5, 0.5]])
    # Above: 5, 15, -5 points with mean 5; 10, 0, 20 points with mean 10.
    assert once.optimism(tested, tested, fresh) == pytest.approx([0.10, 0.10])
    assert once.optimism(-tested, tested, fresh) == pytest.approx([-0.10, -0.10])
    assert once.optimism(tested, tested, fresh, first=1) == pytest.approx([0, 0])


def test_networks_side_by_side_share_nothing():
    keras.utils.set_random_seed(0)
    model = once.side_by_side((4, 4, 1), 3)
    assert model.output_shape == (None, 20, 3)
    assert model.count_params() == 20 * (16 * 8 + 8 + 8 * 3 + 3)
    x = np.random.default_rng(0).random((2, 4, 4, 1)).astype("float32")
    before = np.asarray(model(x))
    weights = model.get_weights()
    weights[0][:, :8] += 1.0  # of the first network
    model.set_weights(weights)
    moved = np.abs(np.asarray(model(x)) - before).max((0, 2))
    assert moved[0] > 0
    assert (moved[1:] == 0).all()


def test_copies_and_labels_by_lot():
    digits = sets.load("digits")
    x, y, fresh, fresh_y = leaks.draw_rows(digits, 0)
    assert len(x) == len(fresh) == 400
    assert 0 <= min(y.min(), fresh_y.min()) <= max(y.max(), fresh_y.max()) == 9
    made = leaks.copies(x, 0)
    np.testing.assert_array_equal(made["moved"][:, :, 1:], x[:, :, :-1])
    assert (made["moved"][:, :, 0] == 0).all()
    assert (made["noisy"] - x).std() == pytest.approx(0.1, rel=0.02)


def test_memory_passes_a_test_of_copies(lab):
    found = judged(leaks.memory_passes, lab)
    nearest = found["numbers"]["nearest"]
    assert nearest[0] > 0.95
    assert nearest[2] < 0.2
    assert found["numbers"]["chance"] == 0.1


@pytest.mark.parametrize(
    "draw",
    [
        detectors.draw_choices,
        thresholds.draw_labels_by_rate,
        few_rows.draw_scores,
        leaks.draw_shares,
    ],
)
def test_figures_have_titles_and_units(draw, lab):
    draw(lab)
    ((figure, caption),) = lab.figures.values()
    assert all(axes.get_title(loc="left") for axes in figure.axes)
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    assert caption.endswith(".")
    lab.figures.clear()


@pytest.mark.parametrize(("copies", "skill"), [(0.9, True), (0.1, False)])
def test_a_title_says_whether_twins_look_like_skill(monkeypatch, copies, skill):
    rows = {"noisy": copies, "moved": 0.1, "fresh": 0.1}
    found = {
        model: {name: np.full(3, value) for name, value in rows.items()}
        for model in leaks.MODELS
    }
    lab = RecordingLab("metrics")
    monkeypatch.setattr(leaks, "memories", lambda lab: found)
    leaks.draw_shares(lab)
    title = lab.figures["shares"][0].axes[0].get_title(loc="left")
    assert ("reported as skill" in title) == skill


@pytest.mark.parametrize("name", ["seeds", "epochs", "passes"])
@pytest.mark.parametrize("value", [0, 1001])
def test_settings_out_of_range(name, value):
    with pytest.raises(UsageError, match=f"--{name} must be 1 to 1000, not {value}"):
        Settings(**{name: value})
