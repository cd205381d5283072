"""The exploding recipe: growth by closed forms, and verdicts that can go either way."""

import numpy as np
import pytest

from recipes.gradients.exploding import (
    bounds,
    divergence,
    growth,
    overfitting,
    recurrence,
)
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged

# Overflow ------------------------------------------------------------------------


def test_expected_layers_by_hand():
    """128^(l/2) · 3√2 passes 65504 at l = 3.98, and 3.4e38 at 35.98."""
    expected = {
        dtype: 2 * np.log(largest / (3 * 2**0.5)) / np.log(128)
        for dtype, largest in (("float16", 65504.0), ("float32", 2.0**128 - 2.0**104))
    }
    for dtype, layer in expected.items():
        assert divergence.predicted(dtype) == pytest.approx(layer, rel=1e-9)
    assert divergence.predicted("float16") == pytest.approx(3.98, abs=0.01)
    assert divergence.predicted("float32") == pytest.approx(35.98, abs=0.01)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_chain_ends_in_inf_and_then_nan(dtype):
    found = divergence.chain(dtype, seed=7)
    assert abs(found["inf"] - divergence.predicted(dtype)) <= 2
    assert 0 <= found["nan"] - found["inf"] <= 2


def test_a_training_is_stopped_at_its_first_lost_gradient():
    digits = sets.load("digits")
    first, lost = divergence.stopped(digits, 8, rate=100.0, seed=0)
    assert first.layer.startswith(("hidden", "logits"))
    assert first.epoch == 0
    assert lost == 0  # no update was made of it
    assert divergence.stopped(digits, 3, rate=1e-9, seed=0) == (None, 0)


# Networks ------------------------------------------------------------------------


def test_growth_is_that_of_its_weights():
    """Each of three kernels of gain 2 stretches a gradient by 2 on average.

    He's weights make up for the half of the slopes that are 0.
    """
    lab = RecordingLab("exploding", seeds=2, depth=4)
    found = growth.ratios(lab)
    large, he = found["ReLU", "2 × He's"], found["ReLU", "1 × He's"]
    assert large == pytest.approx([2.0**3] * 2, rel=0.5)
    # The same numbers, doubled: ReLU's zeros stay where they are.
    assert large == pytest.approx(8 * he, rel=0.3)


@pytest.fixture
def ratios(monkeypatch):
    """Sets ratios as if nothing ever exploded, but for what is said."""
    wobble = np.linspace(0.9, 1.1, 10)
    gains = [f"{gain:g} × He's" for gain in bounds.GAINS]

    def put(powers=None, **changed):
        found = {
            (name, weights): wobble
            for name in growth.NETWORKS
            for weights in (*gains, growth.TOO_LARGE)
        }
        for name, power in (powers or {}).items():
            for gain, weights in zip(bounds.GAINS, gains, strict=True):
                found[name, weights] = gain**power * wobble
        for name, value in changed.items():
            found[name.replace("_", " "), growth.TOO_LARGE] = value * wobble
        for lesson in (growth, bounds):
            monkeypatch.setattr(lesson, "ratios", lambda lab: found)

    return put


LAB = RecordingLab("exploding")


def fresh() -> RecordingLab:
    """A lab of its own: experiments are remembered for each."""
    return RecordingLab("exploding")


def test_the_gain_at_which_a_power_passes_ten():
    grows = np.array(bounds.GAINS) ** 2.0
    assert bounds.first_over(grows, 10.0) == pytest.approx(10**0.5)
    assert bounds.first_over(grows, 1e9) == bounds.GAINS[-1]
    assert bounds.first_over(grows, 0.5) == bounds.GAINS[0]


def test_relu_and_its_bound_can_be_judged_either_way(ratios):
    ratios()
    assert judged(bounds.relu_explodes, fresh())["verdict"] == "refuted"
    assert judged(bounds.bound_would_help, fresh())["verdict"] == "inconclusive"
    ratios({"ReLU": 4.0}, ReLU=1e5)
    assert judged(bounds.relu_explodes, fresh())["verdict"] == "supported"
    assert judged(bounds.bound_would_help, fresh())["verdict"] == "supported"
    ratios({"ReLU": 4.0}, ReLU=1e5, ReLU6=1e3)
    found = judged(bounds.bound_would_help, fresh())
    assert found["verdict"] == "conditional"
    assert found["fails"] == ["N(0, 1)"]
    ratios({"ReLU": 4.0, "ReLU6": 4.0}, ReLU=1e5, ReLU6=1e5)
    assert judged(bounds.bound_would_help, fresh())["verdict"] == "refuted"


def test_bounded_activations_are_judged_by_the_weights_that_they_bear(ratios):
    """Growth of gain⁴ passes ten at 1.78, of gain² at 3.16, of gain⁸ at 1.33."""
    ratios({"ReLU": 4.0, "tanh": 2.0, "sigmoid": 8.0})
    found = judged(bounds.bounded_activations, fresh())
    assert (found["holds"], found["fails"]) == (["tanh"], ["sigmoid"])
    effect = found["decisions"]["tanh"]["effect"]
    assert effect == pytest.approx(10 ** (1 / 2 - 1 / 4), rel=0.01)
    ratios({"ReLU": 4.0, "tanh": 4.0, "sigmoid": 8.0})
    assert judged(bounds.bounded_activations, fresh())["verdict"] == "refuted"


def test_large_weights_can_be_judged_either_way(ratios):
    ratios()
    assert judged(growth.large_weights, LAB)["verdict"] == "refuted"
    ratios(ReLU=1e9, tanh=1e4)
    found = judged(growth.large_weights, LAB)
    assert found["verdict"] == "conditional"
    assert found["holds"] == ["ReLU", "tanh"]
    assert judged(growth.proper_weights, LAB)["verdict"] == "supported"
    ratios({"ReLU": 0.0, "tanh": 0.0}, ReLU=1e9)
    assert judged(growth.proper_weights, LAB)["holds"] == ["ReLU"]
    ratios(ReLU=1e9, tanh=1e4, sigmoid=1e3)
    assert judged(growth.large_weights, LAB)["verdict"] == "conditional"


# Training ------------------------------------------------------------------------

FIRST, SECOND, THIRD = "rate 0.1", "rate 0.01", "rate 0.0001"


def runs_of(gap=lambda name: 0.1):
    """Histories and accuracies; `gap` gives training less test accuracy by name."""
    rng = np.random.default_rng(0)
    history = {"loss": [10.0, 5.0], "grad_norm": [100.0]}
    runs = {
        name: [{"history": history}] * 10
        for name in (FIRST, SECOND, THIRD, "He's, rate 0.01")
    }
    for name in ("1 × He's, gradients × 1", *overfitting.CASES.values()):
        runs[name] = [
            {
                "history": {"grad_norm": [1.0]},
                "accuracies": [0.9, 0.9 - gap(name) - rng.normal(0, 0.01)],
            }
            for _ in range(10)
        ]
    return runs


@pytest.mark.parametrize(
    ("wide", "verdict"),
    [("gradients × 10", "supported"), ("3 × He's", "supported"), ("-", "refuted")],
)
def test_overfitting_can_be_judged_either_way(monkeypatch, wide, verdict):
    runs = runs_of(lambda name: 0.4 if wide in name else 0.1 - 0.05 * ("× 3" in name))
    monkeypatch.setattr(overfitting, "trained", lambda lab: runs)
    if verdict == "refuted":  # all others have clearly smaller gaps
        runs = runs_of(lambda name: 0.1 if name == "1 × He's, gradients × 1" else 0.05)
        monkeypatch.setattr(overfitting, "trained", lambda lab: runs)
    found = judged(overfitting.gap_widens, fresh())
    assert found["verdict"] == verdict
    assert len(found["holds"]) == (verdict == "supported")


def test_divergence_is_a_rise_or_a_loss_that_is_lost(monkeypatch):
    runs = runs_of()
    monkeypatch.setattr(divergence, "trained", lambda lab: runs)
    assert judged(divergence.loss_rises, LAB)["verdict"] == "refuted"
    runs[FIRST] = [{"history": {"loss": [10.0, np.nan], "grad_norm": [1.0]}}] * 5
    runs[SECOND] = [{"history": {"loss": [10.0, 11.0], "grad_norm": [1.0]}}] * 5
    found = judged(divergence.loss_rises, LAB)
    assert found["holds"] == [FIRST, SECOND]
    assert found["fails"] == [THIRD]


@pytest.mark.parametrize(
    ("bounded", "title"),
    [
        (1e4, "A bound dampens the growth of gradients, large weights win"),
        (2.0, "A bound dampens the growth of gradients"),
        (1e6, "A bound does not always dampen the growth of gradients, large weights"),
    ],
)
def test_a_title_says_what_a_bound_does(monkeypatch, bounded, title):
    def by_gain(lab, name):
        end = 1e5 if name == "ReLU" else bounded
        return np.geomspace(1, end, len(bounds.GAINS))[None]

    lab = RecordingLab("exploding")
    monkeypatch.setattr(bounds, "by_gain", by_gain)
    bounds.draw_bounds(lab)
    found = lab.figures["bounds"][0].axes[0].get_title(loc="left")
    assert found.startswith(title)
    assert ("win" in found) == (bounded > 10)


def test_a_title_says_which_gaps_widen(monkeypatch):
    """Made up: the gap grows with the gradients, and not with the weights."""
    made = dict.fromkeys(overfitting.CASES.values(), 0.3)
    made |= {overfitting.started(gain): 0.1 for gain in overfitting.GAINS}
    found = {name: np.array([[0.9, 0.9 - gap]] * 3) for name, gap in made.items()}
    lab = RecordingLab("exploding")
    monkeypatch.setattr(overfitting, "accuracies", lambda lab: found)
    overfitting.draw_overfitting(lab)
    titles = [a.get_title(loc="left") for a in lab.figures["overfitting"][0].axes]
    assert titles == [
        "Larger weights do not widen the gap",
        "Larger gradients widen the gap",
    ]


# Recurrence ----------------------------------------------------------------------


def test_near_zero_the_jacobian_is_a_power_of_the_kernel():
    W = recurrence.recurrent_kernel(3, 1.5)
    found = recurrence.jacobian_norms(W, recurrence.TINY, 3)
    for steps in (1, 10, 30):
        power = np.linalg.norm(np.linalg.matrix_power(W, steps), 2)
        assert found[steps - 1] == pytest.approx(power, rel=1e-3)
    orthogonal = recurrence.recurrent_kernel(3, None)
    np.testing.assert_allclose(orthogonal @ orthogonal.T, np.eye(64), atol=1e-12)
    found = recurrence.jacobian_norms(orthogonal, recurrence.TINY, 3)
    np.testing.assert_allclose(found, 1.0, rtol=1e-9)


def test_far_from_zero_the_jacobian_is_that_of_finite_differences():
    W = recurrence.recurrent_kernel(0, 1.5)
    rng = np.random.default_rng([5, 32])
    start, inputs = rng.normal(size=64), rng.normal(size=(2, 64))

    def after_two(h):
        for x in inputs:
            h = np.tanh(h @ W + x)
        return h

    step = 1e-6 * np.eye(64)
    J = [(after_two(start + e) - after_two(start - e)) / 2e-6 for e in step]
    norm = recurrence.jacobian_norms(W, 1.0, 5)[1]
    assert norm == pytest.approx(np.linalg.norm(J, 2), rel=1e-6)


# The whole -----------------------------------------------------------------------


def test_too_shallow_is_refused(recipes_run):
    said = recipes_run("exploding", "--depth", "2", code=2)
    assert "--depth must be at least 3" in said
