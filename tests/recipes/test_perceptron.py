"""The perceptron: the rule in exact numbers, the bias, the verdicts."""

from fractions import Fraction

import numpy as np
import pytest

from recipes.basics.perceptron import (
    bias,
    biases_everywhere,
    data_size,
    flow,
    gates,
    layer,
    rate,
    xor,
)
from recipes.lab import catalog
from recipes.lab.data.sets import load
from recipes.lab.testing import RecordingLab, judged
from tests.recipes.running import run

EXACT = {
    "mp-threshold-gate": "supported",
    "perceptron-learns-and-or": "supported",
    "perceptron-convergence-needs-separability": "conditional",
    "perceptron-bias-constant": "conditional",
    "perceptron-units-independent": "supported",
    "perceptron-cost": "conditional",
    "perceptron-single-neuron": "conditional",
    "perceptron-update-direction": "conditional",
    "bias-shifts-activation": "supported",
    "bias-not-needed-origin": "supported",
    "bias-redundant-before-batchnorm": "supported",
    "bias-redundant-before-layernorm": "refuted",
    "linear-stack-collapses": "supported",
    "all-weights-update": "refuted",
}

CHANCE = [
    "perceptron-xor-fails",
    "perceptron-lr-invariance",
    "perceptron-lr-passes",
    "neuron-flow-spam",
    "ml-small-dl-big-data",
    "bias-everywhere-helps",
]

QUICK = ["--seeds=2", "--starts=5", "--passes=50", "--steps=40", "--most=40"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(tmp_path_factory.mktemp("runs"), "perceptron", *QUICK)


def test_the_chapter_is_whole():
    claims = catalog.find("perceptron").claims
    assert {*claims} == {*EXACT, *CHANCE}
    assert len(claims) == 20


@pytest.mark.parametrize(("claim", "verdict"), EXACT.items())
def test_exact_verdicts(result, claim, verdict):
    found = {entry["id"]: entry["verdict"] for entry in result["claims"]}
    assert found[claim] == verdict


def test_evidence(result):
    claims = {entry["id"]: entry for entry in result["claims"]}
    numbers = {name: entry["numbers"] for name, entry in claims.items()}
    without = numbers["bias-shifts-activation"]["without"]
    assert without == pytest.approx(9.0, abs=1e-12)
    assert numbers["neuron-flow-spam"]["parameters"] == 11
    assert "it has 11 parameters" in claims["neuron-flow-spam"]["holds"]
    separability = numbers["perceptron-convergence-needs-separability"]
    assert separability["errors_a_pass"]["AND"] == [2, 3, 3, 2, 1, 0]
    assert separability["errors_a_pass"]["OR"] == [2, 2, 1, 0]
    assert claims["perceptron-bias-constant"]["fails"] == ["constant 0"]
    passes = ["an iteration is a pass over all samples"]
    assert claims["perceptron-cost"]["fails"] == passes
    learners = ["a unit with the error-correction rule"]
    assert claims["perceptron-single-neuron"]["fails"] == learners
    direction = claims["perceptron-update-direction"]
    assert direction["holds"] == ["inputs above 0"]
    # The bias decides the output; the other weight moves by rate * error * input.
    moved = direction["numbers"]["moves"]
    assert moved["input 2, target - output 1"] == 2 / 4
    assert moved["input -2, target - output -1"] == 2 / 4
    # The digits are no big data: what cannot be judged on them is not refuted.
    assert claims["ml-small-dl-big-data"]["verdict"] == "inconclusive"
    assert numbers["perceptron-xor-fails"]["best_accuracy_of_any_line"] == 0.75
    invariance = numbers["perceptron-lr-invariance"]
    same = invariance["same_outputs_for_all_rates_from_zeros"]
    assert same == {"AND": True, "OR": True}


@pytest.mark.parametrize("eta", [Fraction(1, 16), Fraction(1, 10), 1, 10])
def test_and_in_exact_fractions(eta):
    learned = rate.learn_gate("AND", rate=eta)
    assert learned.passes == 6
    assert [w / eta for w in learned.weights.ravel()] == [-3, 2, 1]


@pytest.mark.parametrize(
    ("errors", "share"),
    [([2, 3, 3, 2, 1, 0], 1 / 5), ([1, 2, 1, 2, 0], 2 / 4), ([0], 0)],
)
def test_rises_are_counted_by_further_pass(errors, share):
    assert rate.share_of_rises(errors) == pytest.approx(share)


def test_the_smaller_the_start_the_less_the_rate_matters():
    """Half the weights at half the rate: the same answers, so the same passes."""
    whole = rate.from_random("AND", 1.0, 20, 1.0)
    assert rate.from_random("AND", 0.5, 20, 0.5) == whole
    assert rate.from_random("AND", 1 / 16, 20, 1.0)[0] != whole[0]


def test_floating_point_ties_change_the_passes():
    x, targets = rate.inputs(kind=float), rate.targets("AND")
    assert rate.learn(x, targets, 0.25).passes == 6  # sums of 1/4 are exact
    assert rate.learn(x, targets, 0.1).passes == 4  # 0.1 + 0.2 - 0.3 is not 0


@pytest.mark.parametrize(("constant", "passes"), [(1, 6), (-1, 6), (0, None)])
def test_constants(constant, passes):
    assert gates.learn_gate("AND", constant=constant).passes == passes


def test_the_rule_by_hand():
    # From (0, 0, 0) the unit fires on 00 and 01, which AND doesn't, once each.
    learned = gates.learn_gate("AND", rate=1, passes=1, stop=False)
    assert learned.states[0] == (-1, 0, 0)
    assert learned.outputs[0] == (1,)
    assert learned.errors == [len([s for s in learned.outputs[:3] if s == (1,)]) + 1]


def test_thresholds_differ_only_at_zero():
    h = np.array([-1.0, 0.0, 1.0])
    assert gates.fires_from_zero(h).tolist() == [0, 1, 1]
    assert gates.fires_above_zero(h).tolist() == [0, 0, 1]


def test_multiplications_follow_the_formula():
    # A sample costs m n for the sums, n for rate times error, m n for the update.
    for passes, samples, inputs, units in [(1, 1, 1, 1), (2, 5, 3, 4), (3, 4, 7, 2)]:
        expected = passes * samples * (2 * inputs * units + units)
        counted = layer.count_multiplications(passes, samples, inputs, units)
        assert counted == expected


@pytest.mark.parametrize(("gate", "possible"), [("AND", True), ("XOR", False)])
def test_separable(gate, possible):
    assert xor.separable(xor.PATTERNS, xor.GATES[gate]) is possible


def test_xor_by_hand():
    assert xor.hidden_xor() == [0, 1, 1, 0]


def test_repeats():
    assert gates.repeats(["a", "b", "c", "b"]) == (2, 4)
    assert gates.repeats(["a", "b"]) == (None, None)


@pytest.mark.parametrize(
    ("slope", "intercept", "biased", "error"),
    [(2, 3, False, 9), (2, 3, True, 0), (2, 0, False, 0), (1, -0.5, False, 0.25)],
)
def test_line_error(slope, intercept, biased, error):
    found = bias.line_error(slope, intercept, biased)
    assert found == pytest.approx(error, abs=1e-12)


def test_linear_hidden_layers_never_do_xor():
    assert xor.xor_accuracy(10, 300, xor.LINEAR).max() <= 0.75


def test_one_step_moves_what_meets():
    # One image with one lit pixel of four: only that pixel's weights can move.
    x, y = np.array([[0, 1, 0, 0]], "float32"), np.array([1])
    layers = flow.one_step(x, y, classes=3)
    assert layers[0]["moved"] <= 0.25
    assert layers[0]["still_without_ever_meeting"] == 1.0
    assert 0 < layers[2]["moved"] <= 1


def test_weak_units_are_those_that_the_loss_hardly_needs():
    # With 4 images, one pixel each, some of 128 units are off for all of them: they
    # contribute 0 and stay. The others of the weaker half move.
    x, y = np.eye(4, 16, dtype="float32"), np.array([0, 1, 2, 0])
    first, second, last = flow.one_step(x, y, classes=3)
    assert 0 < first["weak_units_moved"] < 1
    assert 0 < second["weak_units_moved"] < 1
    assert "weak_units_moved" not in last


def test_presence_of_a_word_is_0_or_1():
    counts = np.array([[0, 3, 50], [1, 0, 80], [4, 2, 60]], "float32")
    found = flow.features(counts)
    assert found.tolist() == [[0, 3, 50], [1, 0, 80], [1, 2, 60]]


def test_without_biases_a_network_decides_along_rays():
    model = biases_everywhere.mlp((2,), 3, units=(8, 8), use_bias=False)
    x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
    near, far = (model.predict(c * x, verbose=0) for c in (1, 7))
    assert far == pytest.approx(7 * near, rel=1e-4, abs=1e-5)


def test_biases_are_trained_or_left_out():
    case = {"use_bias": False, "normalization": None, "units": [4], "steps": 3}
    found = biases_everywhere.train(case, 0, load("spirals"))
    assert 0 <= found["accuracy"] <= 1


def test_big_data_is_judged_where_it_is(monkeypatch):
    monkeypatch.setattr(data_size, "BIG", 40)
    lab = RecordingLab("perceptron", seeds=2, steps=20, most=40)
    found = judged(data_size.small_and_big, lab)
    assert {*found["decisions"]} == {
        "classical ahead with 20 samples",
        "the network ahead with 40 samples",
    }


@pytest.mark.parametrize("flag", ["--starts=20000", "--passes=200000", "--most=5"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("perceptron", flag, code=2)


@pytest.mark.parametrize(
    ("function", "which"), [("smaller_takes_longer", 0), ("smaller_is_calmer", 1)]
)
def test_what_a_rate_does_is_told_as_it_was_found(monkeypatch, function, which):
    """Made up: a small rate costs passes and saves rises, or the other way round."""
    for small, kind in ((9.0, "holds"), (1.0, "fails")):
        pair = [[small] * 8, [4.0] * 8] if which == 0 else [[4.0] * 8, [small] * 8]
        seen = {"1/16": (pair[0],) * 2, "1/4": (pair[0],) * 2, "1": (pair[1],) * 2}
        monkeypatch.setattr(rate, "by_rate", lambda lab, seen=seen: {"a gate": seen})
        found = judged(getattr(rate, function), RecordingLab("perceptron"))
        assert found[kind] == ["a gate"]
        told = ("a gate", "none") if kind == "holds" else ("none", "a gate")
        assert f"with: {told[0]}; not with: {told[1]}." in found["note"]
