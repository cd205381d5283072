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


def test_linear_growth_is_that_of_its_weights():
    """Each of three kernels of gain 2 · He stretches a gradient by 2√2 on average."""
    found = growth.ratios(RecordingLab("exploding", seeds=2, depth=4))
    large, he = found["linear", "2 × He's"], found["linear", "He's"]
    assert large == pytest.approx([8**1.5] * 2, rel=0.3)
    # The same numbers, doubled: three kernels lie between the layers.
    assert large == pytest.approx(8 * he, rel=0.3)


@pytest.fixture
def ratios(monkeypatch):
    """Sets ratios as if nothing ever exploded, but for what is said."""

    def put(**changed):
        found = {
            (name, weights): np.full(5, 1.0) * np.linspace(0.9, 1.1, 5)
            for name in growth.NETWORKS
            for weights in bounds.WEIGHTS
        }
        for name, values in changed.items():
            for weights, value in zip(bounds.WEIGHTS, values, strict=True):
                found[name, weights] = value * np.linspace(0.9, 1.1, 5)
        for lesson in (growth, bounds):
            monkeypatch.setattr(lesson, "ratios", lambda lab: found)

    return put


LAB = RecordingLab("exploding")


def test_relu_can_be_found_guilty_or_not(ratios):
    bounded_helps = "2 × He's: ReLU explodes, bounded at 6 it does not"
    for rows, verdict, holds in (
        ({"ReLU": [100, 1e3, 1e4, 1e5]}, "supported", 4),
        ({"ReLU": [1, 1e3, 1e4, 1e5], "ReLU6": [1, 1e3, 1e4, 1e5]}, "refuted", 0),
        ({"ReLU": [1, 1e3, 1e4, 1e5], "ReLU6": [1, 1, 1e4, 1e5]}, "supported", 1),
        ({"ReLU": [1, 1e3, 1e4, 1e5], "ReLU6": [1, 10, 1e4, 1e5]}, "refuted", 0),
    ):
        ratios(**rows)
        found = judged(bounds.relu_is_unbounded, LAB)
        assert found["verdict"] == verdict
        assert len(found["holds"]) == holds
        assert (bounded_helps in found["holds"]) == (holds > 0)
    assert found["undecided"] == [bounded_helps]


def test_bounds_and_weights_can_be_judged_either_way(ratios):
    ratios()
    assert judged(bounds.bounded_activations, LAB)["verdict"] == "supported"
    assert judged(growth.large_weights, LAB)["verdict"] == "refuted"
    ratios(tanh=[1, 1, 1e4, 1e5], sigmoid=[1, 1, 1, 1e3])
    found = judged(bounds.bounded_activations, LAB)
    assert found["fails"] == [
        "tanh, N(0, 1)", "tanh, N(0, 3²)", "sigmoid, N(0, 3²)"]  # fmt: skip
    ratios(tanh=[1, 1e2, 1e4, 1e5], sigmoid=[1, 1e2, 1e3, 1e3])
    assert judged(bounds.bounded_activations, LAB)["verdict"] == "refuted"
    ratios(**{name: [1, 1, 1e4, 1e5] for name in growth.NETWORKS})
    found = judged(growth.large_weights, LAB)
    assert found["verdict"] == "supported"
    assert "tenfold: none" in found["note"]


# Training ------------------------------------------------------------------------

FIRST, SECOND, THIRD = "rate 0.1", "rate 0.01", "rate 0.0001"


def runs_of(gap):
    """Histories and accuracies; `gap` gives training less test by start and factor."""
    rng = np.random.default_rng(0)
    history = {"loss": [10.0, 5.0], "grad_norm": [100.0]}
    runs = {name: [{"history": history}] * 5 for name in (FIRST, SECOND, THIRD)}
    for start in ("He's", "1.5 × He's"):
        for factor in (1, 3, 10, 30):
            runs[f"{start}, gradients × {factor}"] = [
                {
                    "history": {"grad_norm": [1.0]},
                    "accuracies": [0.9, 0.9 - gap(start, factor) - rng.normal(0, 0.01)],
                }
                for _ in range(5)
            ]
    return runs


@pytest.mark.parametrize(
    ("slope", "larger", "verdict"),
    [(0.1, 0.0, "supported"), (-0.1, 0.0, "refuted"), (-0.1, 0.5, "supported")],
)
def test_overfitting_can_be_judged_either_way(monkeypatch, slope, larger, verdict):
    runs = runs_of(
        lambda start, factor: (
            0.2 + slope * np.log10(factor) + larger * (start == "1.5 × He's")
        )
    )
    monkeypatch.setattr(overfitting, "trained", lambda lab: runs)
    found = judged(overfitting.gap_widens, RecordingLab("exploding"))
    assert found["verdict"] == verdict
    for mean in found["numbers"]["mean_slopes"].values():
        assert mean == pytest.approx(slope, abs=0.02)


def test_divergence_is_a_rise_or_a_loss_that_is_lost(monkeypatch):
    runs = runs_of(lambda start, factor: 0.0)
    monkeypatch.setattr(divergence, "trained", lambda lab: runs)
    assert judged(divergence.loss_rises, LAB)["verdict"] == "refuted"
    runs[FIRST] = [{"history": {"loss": [10.0, np.nan], "grad_norm": [1.0]}}] * 5
    runs[SECOND] = [{"history": {"loss": [10.0, 11.0], "grad_norm": [1.0]}}] * 5
    found = judged(divergence.loss_rises, LAB)
    assert found["holds"] == [FIRST, SECOND]
    assert found["fails"] == [THIRD]


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
