"""The residual recipe: blocks and Jacobians by hand, and checks that can fail."""

import keras
import numpy as np
import pytest

from recipes.architectures import _residual_blocks as blocks
from recipes.architectures import _residual_jacobians as jacobians
from recipes.architectures import _residual_training as training
from recipes.architectures import residual
from zoo import mlp


class Bench:
    """Collects verdicts where a whole run would be too long."""

    def __init__(self):
        self.found = {}

    def table(self, *arguments):
        pass

    def verdict(self, claim, holds, *, evidence, note=""):
        from recipes.lab.evidence.verdicts import judge

        self.found[claim] = judge(holds)[0], evidence, note


def test_exact_claims():
    bench = Bench()
    blocks.judge(bench)
    kinds = {claim: kind for claim, (kind, *_) in bench.found.items()}
    assert kinds == {"res-block": "conditional", "res-gradient-bypass": "supported"}
    by_block = bench.found["res-block"][1]["greatest_difference"]
    for name, row in by_block.items():
        behind = name == "convolutions, ReLU behind the sum"
        assert (row["y_minus_x_minus_f"] > 1) == behind
        assert (row["y_minus_x_with_f_zero"] > 1) == behind
        assert row["the_same_for_x_from_0_up"] == 0


def test_a_block_that_is_no_sum_would_be_seen():
    block, branch = blocks.blocks()["dense layer"]
    doubled = keras.Model(block.input, 2 * block.output)
    assert blocks.mismatch(doubled, branch, zero=True, positive=False) > 0.1


def test_a_block_switched_off_is_as_good_as_gone():
    """With f = 0 the gradient is that of the network without the block."""
    full = blocks.twins("relu")["residual"]
    weights = full.get_weights()
    weights[4] = 0 * weights[4]  # the kernel of the third block
    full.set_weights(weights)
    width, rest = blocks.WIDTH, weights[:4] + weights[6:]
    less = mlp(
        *((width,), 1),
        units=(width,) * (blocks.BLOCKS - 1),
        residual=True,
        task="regression",
    )
    less.set_weights(rest)
    length = blocks.length_at_input(less)
    assert length > 0.1
    assert blocks.length_at_input(full) == pytest.approx(length, rel=1e-6)


def test_jacobian_is_that_of_finite_differences():
    """Two directions through a short tanh stack, by central differences."""
    for kind in jacobians.KINDS:
        grown = jacobians.gains(kind, 0.5, "tanh", seed=3)
        assert grown.shape == (jacobians.DEPTH,)
        assert grown[0] == pytest.approx(first_layer(kind, 3), rel=1e-6)


def first_layer(kind: str, seed: int) -> float:
    """The first layer's ‖J‖/√n, column by column from differences."""
    n, step = jacobians.WIDTH, 1e-6
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    W = rng.normal(0, 0.5 / n**0.5, (n, n))
    branch = jacobians.DEPTH**-0.5 if kind == "branch/√L" else 1.0

    def layer(x):
        value = np.tanh(W @ x)
        return value if kind == "plain" else x + branch * value

    columns = [
        (layer(x + step * e) - layer(x - step * e)) / (2 * step) for e in np.eye(n)
    ]
    return float(np.linalg.norm(columns) / n**0.5)


def test_growth_is_near_its_expectation():
    """E‖J‖² of linear layers multiplies by g² plain and by 1 + g² residual."""
    found = jacobians.follow(range(20))["0.5/√n, linear"]
    expected = {"plain": 0.5**50, "residual": 1.25**25}
    expected["branch/√L"] = (1 + 0.25 / 50) ** 25
    for kind, value in expected.items():
        mean = np.sqrt((found[kind][:, -1] ** 2).mean())
        assert mean == pytest.approx(value, rel=0.5)


def test_cured_has_three_answers():
    def stack(plain, residual):
        return {"plain": np.array([[plain]]), "residual": np.array([[residual]])}

    assert jacobians.cured(stack(1e-9, 2.0)) is True
    assert jacobians.cured(stack(1e-9, 1e-6)) is False
    assert jacobians.cured(stack(0.5, 2.0)) is None


@pytest.fixture(scope="module")
def networks():
    from recipes.lab.data import sets

    return training.Networks(sets.load("digits"))


def test_twins_have_equal_parameters_and_starts(networks):
    deep = [training.Case(kind, 4, "He") for kind in (False, True)]
    models = [networks._restart(case).model for case in deep]
    assert [model.count_params() for model in models] == [4 * 65 * 64 + 65 * 10] * 2
    starts = [
        training.draw_weights(model, case, 7)
        for model, case in zip(models, deep, strict=True)
    ]
    for one, other in zip(*starts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_draws_have_the_variance_of_their_recipe(networks):
    for recipe, variance in (("He", 2 / 64), ("small", 2 / 64 / 4), ("batch", 2 / 64)):
        case = training.Case(True, 4, recipe)
        model = networks._restart(case).model
        kernel = training.draw_weights(model, case, 0)[0]
        assert kernel.var() == pytest.approx(variance, rel=0.1)
    drawn = training.draw_weights(model, case, 0)
    values = {float(weight.mean()) for weight in drawn if weight.ndim == 1}
    assert values == {0.0, 1.0}


def test_training_starts_anew_and_a_lost_one_stops(networks):
    case = training.Case(True, 4, "He")
    first = networks.train(case, 3, 0.01, 2)
    networks.train(case, 4, 0.03, 1)
    assert networks.train(case, 3, 0.01, 2) == first
    assert first["history"]["loss"][1] < first["history"]["loss"][0]
    lost = networks.train(case, 3, 1e6, 4)
    assert len(lost["history"]["loss"]) < 4
    table = training.losses([first, first], 3)
    assert np.isinf(table[:, 2]).all()
    np.testing.assert_allclose(training.final(table), np.log(10))


@pytest.mark.parametrize(("deeper_is_worse", "verdict"), [(1, "supported"),
                                                          (-1, "refuted")])  # fmt: skip
def test_depth_can_be_judged_either_way(deeper_is_worse, verdict):
    bench = Bench()
    bench.settings = residual.Settings()
    noise = np.random.default_rng(0).normal(0, 0.01, (5, 1))
    losses = {
        residual.named(has, layers, recipe): 1
        + noise * layers / 20
        + deeper_is_worse * 0.02 * (layers - 30)
        for has in (False, True)
        for recipe in residual.RECIPES
        for layers in (20, 40)
        if has or recipe != "small"
    }
    losses[residual.named(True, 20, "He")] = np.full((5, 1), np.inf)
    losses[residual.named(True, 40, "He")] = np.full((5, 1), np.inf)
    residual.judge_depth(bench, losses)
    kind, evidence, _ = bench.found["res-depth-accuracy"]
    assert kind == verdict
    assert len(evidence["the_same_for_residual_networks"]) == 2


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("residual", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == list(residual.CLAIMS)
    assert len(result["claims"]) == 4
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
