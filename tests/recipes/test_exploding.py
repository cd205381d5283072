"""The exploding recipe: growth by closed forms, and judges that can go either way."""

import numpy as np
import pytest

from recipes.gradients import _exploding_networks as networks
from recipes.gradients import _exploding_overflow as overflow
from recipes.gradients import _exploding_recurrence as recurrence
from recipes.gradients import _exploding_training as training
from recipes.gradients import exploding


class Bench:
    """Collects verdicts where a whole run would be too long."""

    def __init__(self):
        self.found, self.settings = {}, exploding.Settings()
        self.seeds = range(5)

    def verdict(self, claim, holds, *, evidence, note=""):
        from recipes.lab.evidence.verdicts import judge

        kind, conditions = judge(holds)
        self.found[claim] = kind, conditions, evidence, note

    def table(self, *arguments):
        pass

    def figure(self, *arguments):
        pass


# Overflow ------------------------------------------------------------------------


def test_expected_layers_by_hand():
    """128^(l/2) · 3√2 passes 65504 at l = 3.98, and 3.4e38 at 35.98."""
    expected = {
        dtype: 2 * np.log(largest / (3 * 2**0.5)) / np.log(128)
        for dtype, largest in (("float16", 65504.0), ("float32", 2.0**128 - 2.0**104))
    }
    for dtype, layer in expected.items():
        assert overflow.predicted(dtype) == pytest.approx(layer, rel=1e-9)
    assert overflow.predicted("float16") == pytest.approx(3.98, abs=0.01)
    assert overflow.predicted("float32") == pytest.approx(35.98, abs=0.01)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_chain_ends_in_inf_and_then_nan(dtype):
    found = overflow.chain(dtype, seed=7)
    assert abs(found["inf"] - overflow.predicted(dtype)) <= 2
    assert 0 <= found["nan"] - found["inf"] <= 2


def test_a_training_is_stopped_at_its_first_lost_gradient():
    from recipes.lab.data import sets

    digits = sets.load("digits")
    first, lost = overflow.stopped(digits, 8, rate=100.0, seed=0)
    assert first.layer.startswith(("hidden", "logits"))
    assert first.epoch == 0
    assert lost == 0  # no update was made of it
    assert overflow.stopped(digits, 3, rate=1e-9, seed=0) == (None, 0)


# Networks ------------------------------------------------------------------------


def test_linear_growth_is_that_of_its_weights():
    """Each of nine kernels of gain 2 · He stretches a gradient by 2√2 on average."""
    from recipes.lab.data import sets

    digits = sets.load("digits")
    starting = networks.Starting(digits, 4, range(2))
    run = [starting.look(("linear", "2 × He's"), seed) for seed in range(2)]
    assert networks.growth(run) == pytest.approx([8**1.5] * 2, rel=0.3)
    he = [starting.look(("linear", "He's"), seed) for seed in range(2)]
    # The same numbers, doubled: three kernels lie between the layers.
    assert networks.growth(run) == pytest.approx(8 * networks.growth(he), rel=0.3)


def table(**changed):
    """Ratios as if nothing ever exploded, but for what is said."""
    ratios = {
        (name, weights): np.full(5, 1.0)
        for name in networks.NETWORKS
        for weights in networks.WEIGHTS
    }
    for name, values in changed.items():
        for weights, value in zip(networks.WEIGHTS, values, strict=True):
            ratios[name, weights] = value * np.linspace(0.9, 1.1, 5)
    return ratios


def test_relu_can_be_found_guilty_or_not():
    for rows, verdict in (
        ({"ReLU": [100, 1e3, 1e4, 1e5]}, "supported"),
        ({"ReLU": [1, 1e3, 1e4, 1e5], "ReLU6": [1, 1e3, 1e4, 1e5]}, "refuted"),
        ({"ReLU": [1, 1e3, 1e4, 1e5], "ReLU6": [1, 1, 1e4, 1e5]}, "conditional"),
        ({"ReLU": [1, 1e3, 1e4, 1e5], "ReLU6": [1, 10, 1e4, 1e5]}, "inconclusive"),
    ):
        bench = Bench()
        exploding.judge_relu(bench, table(**rows))
        assert bench.found["explode-relu-unbounded"][0] == verdict


def test_bounds_and_weights_can_be_judged_either_way():
    bench = Bench()
    exploding.judge_bounded(bench, table())
    exploding.judge_weights(bench, table())
    assert bench.found["explode-bounded-activation-fix"][0] == "supported"
    assert bench.found["explode-large-weights"][0] == "refuted"
    rows = {"tanh": [1, 1, 1e4, 1e5], "sigmoid": [1, 1, 1, 1e3]}
    exploding.judge_bounded(bench, table(**rows))
    kind, conditions, *_ = bench.found["explode-bounded-activation-fix"]
    assert kind == "conditional"
    assert conditions["fails_for"] == [
        "tanh, N(0, 1)", "tanh, N(0, 3²)", "sigmoid, N(0, 3²)"]  # fmt: skip
    exploding.judge_weights(bench, table(**{n: [1, 1, 1e4, 1e5]
                                            for n in networks.NETWORKS}))  # fmt: skip
    assert bench.found["explode-large-weights"][0] == "supported"
    assert "tenfold: none" in bench.found["explode-large-weights"][-1]


# Training ------------------------------------------------------------------------


def runs_of(gap):
    """Histories and accuracies; `gap` gives training less test by start and factor."""
    rng = np.random.default_rng(0)
    runs = {}
    for name in training.RATES:
        history = {"loss": [10.0, 5.0], "grad_norm": [100.0]}
        runs[name] = [{"history": history} for _ in range(5)]
    for start, factor in training.GAPS:
        name = f"{start}, gradients × {factor}"
        runs[name] = [
            {
                "history": {"grad_norm": [1.0]},
                "accuracies": [0.9, 0.9 - gap(start, factor) - rng.normal(0, 0.01)],
            }
            for _ in range(5)
        ]
    return runs


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [(0.1, "supported"), (-0.1, "refuted"), (0.0, "inconclusive")],
)
def test_overfitting_can_be_judged_any_way(slope, verdict):
    bench = Bench()
    runs = runs_of(lambda start, factor: 0.2 + slope * np.log10(factor))
    training.judge_overfitting(bench, runs)
    kind, _, evidence, _ = bench.found["explode-overfitting"]
    assert kind == verdict
    key = "change_of_the_gap_when_gradients_are_10_times_as_large"
    for found in evidence[key].values():
        assert found.mean == pytest.approx(slope, abs=0.02)


def test_divergence_is_a_rise_or_a_loss_that_is_lost():
    bench = Bench()
    runs = runs_of(lambda start, factor: 0.0)
    training.judge_divergence(bench, runs)
    assert bench.found["explode-divergence"][0] == "refuted"
    first, second, _ = training.RATES
    runs[first] = [{"history": {"loss": [10.0, np.nan], "grad_norm": [1.0]}}] * 5
    runs[second] = [{"history": {"loss": [10.0, 11.0], "grad_norm": [1.0]}}] * 5
    training.judge_divergence(bench, runs)
    kind, conditions, *_ = bench.found["explode-divergence"]
    assert kind == "conditional"
    assert conditions["holds_for"] == [first, second]


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


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("exploding", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == list(exploding.CLAIMS)
    assert len(result["claims"]) == 7
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
