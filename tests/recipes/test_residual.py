"""The residual recipe: blocks and Jacobians by hand, and checks that can fail."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from recipes.architectures.residual import block, bypass, depth, trainable
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged
from zoo import mlp


class Lab:
    """Takes tables; keeps what would be trained, and gives losses made up for it."""

    seeds = range(5)
    like_digits = "digits"

    def __init__(self, loss=lambda case, seed: 1.0):
        self.settings = SimpleNamespace(epochs=3, depth=40)
        self.loss, self.swept = loss, []

    def table(self, *_):
        """Prints nothing."""

    def sweep(self, train, cases, *, seeds=seeds, **_):
        """Every epoch of a training has the loss made up; inf diverges in epoch 2."""
        self.swept.append((train, dict(cases), list(seeds)))
        return {
            name: [self.run(case, seed) for seed in seeds]
            for name, case in cases.items()
        }

    def run(self, case, seed) -> dict:
        value = float(self.loss(case, seed))
        lost = not np.isfinite(value)
        history = {"loss": [3.0, *[1e6 if lost else value] * (case["epochs"] - 1)]}
        return {"history": history, "diverged": 2 if lost else None}


def test_the_sum_holds_before_a_relu_and_not_after_it():
    finding = block.sum_of_both(Lab())
    assert len(finding.conditions) == 3
    assert all(finding.conditions.values())
    for name, row in finding.numbers["greatest_difference"].items():
        after = name == block.AFTER
        assert (row["y_minus_x_minus_f"] > 1) == after
        assert (row["y_minus_x_with_f_zero"] > 1) == after
        assert row["the_same_for_x_from_0_up"] == 0


def test_a_block_that_is_no_sum_would_be_seen():
    whole, branch = block.blocks()["dense layer"]
    doubled = keras.Model(whole.input, 2 * whole.output)
    assert block.mismatch(doubled, branch, zero=True, positive=False) > 0.1


def test_a_dead_block_ends_the_plain_gradient_only():
    finding = bypass.around_a_dead_block(Lab())
    assert finding.conditions == dict.fromkeys(bypass.DEATHS, True)
    assert finding.numbers["plain"] == 0 < finding.numbers["residual"]


def test_a_block_switched_off_is_as_good_as_gone():
    """With f = 0 the gradient is that of the network without the block."""
    full = bypass.twins("relu")["residual"]
    weights = full.get_weights()
    weights[4] = 0 * weights[4]  # the kernel of the third block
    full.set_weights(weights)
    width, rest = bypass.WIDTH, weights[:4] + weights[6:]
    less = mlp(
        *((width,), 1),
        units=(width,) * (bypass.BLOCKS - 1),
        residual=True,
        task="regression",
    )
    less.set_weights(rest)
    length = bypass.length_at_input(less)
    assert length > 0.1
    assert bypass.length_at_input(full) == pytest.approx(length, rel=1e-6)


def test_jacobian_is_that_of_finite_differences():
    for kind in trainable.KINDS:
        grown = trainable.gains(kind, 0.5, "tanh", seed=3)
        assert grown.shape == (trainable.LAYERS,)
        assert grown[0] == pytest.approx(first_layer(kind, 3), rel=1e-6)


def first_layer(kind: str, seed: int) -> float:
    """The first layer's ‖J‖/√n, column by column from central differences."""
    n, step = trainable.WIDTH, 1e-6
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    W = rng.normal(0, 0.5 / n**0.5, (n, n))
    branch = trainable.LAYERS**-0.5 if kind == "branch/√L" else 1.0

    def layer(x):
        value = np.tanh(W @ x)
        return value if kind == "plain" else x + branch * value

    columns = [
        (layer(x + step * e) - layer(x - step * e)) / (2 * step) for e in np.eye(n)
    ]
    return float(np.linalg.norm(columns) / n**0.5)


def test_growth_is_near_its_expectation():
    """E‖J‖² of linear layers multiplies by g² plain and by 1 + g² residual."""
    found = trainable.growth(RecordingLab(seeds=5))["0.5/√n, linear"]
    expected = {"plain": 0.5**50, "residual": 1.25**25}
    expected["branch/√L"] = (1 + 0.25 / 50) ** 25
    for kind, value in expected.items():
        mean = np.sqrt((found[kind][:, -1] ** 2).mean())
        assert mean == pytest.approx(value, rel=0.5)


def test_a_vanished_gradient_can_be_kept_or_not(monkeypatch):
    def verdict(plain, residual):
        ends = {"plain": plain, "residual": residual, "branch/√L": 1.0}
        stack = {kind: np.array([[value]] * 3) for kind, value in ends.items()}
        found = dict.fromkeys(trainable.STACKS, stack)
        monkeypatch.setattr(trainable, "growth", lambda lab: found)
        return judged(trainable.gradient_is_kept, RecordingLab("residual"))["verdict"]

    assert verdict(1e-9, 2.0) == "supported"
    assert verdict(1e-9, 1e-6) == "refuted"
    assert verdict(0.5, 2.0) == "inconclusive"  # nothing was lost


def test_what_is_left_of_a_network_with_a_dead_block():
    """Plain: no block before it moves, and a constant is all that can be learned."""
    lab = RecordingLab("residual")
    found = judged(bypass.rest_learns, lab)
    assert found["verdict"] == "supported"
    assert found["numbers"]["plain_blocks_before_moved"] == 0
    # The best constant for targets of variance 1 has a mean squared error of 1.
    assert found["numbers"]["plain"] == pytest.approx(1.0, abs=0.02)
    for both in found["numbers"]["by_way"].values():
        assert both["residual"]["moved"][bypass.OFF] == 0  # it stays switched off


def made_up(deeper_is_worse: float):
    """Losses around 1 that rise or fall with depth; residual He networks diverge."""

    def loss(case, seed):
        if case["residual"] and case["start"] == "He":
            return np.inf
        noise = 0.01 * np.sin(7 * seed) * case["depth"] / 20
        return 1 + noise + deeper_is_worse * (case["depth"] - 30) / 50

    return loss


@pytest.mark.parametrize("deeper_is_worse", [1, -1])
def test_depth_can_be_judged_either_way(deeper_is_worse):
    finding = depth.deeper_is_worse(Lab(made_up(deeper_is_worse)))
    assert len(finding.conditions) == 2
    for decision in finding.conditions.values():
        assert decision.effect == pytest.approx(0.4 * deeper_is_worse, abs=0.02)
        assert decision.holds == (deeper_is_worse > 0)
    assert len(finding.numbers["residual"]) == 2  # two that diverged say nothing


def test_a_network_that_diverged_has_learned_as_much_as_one_that_guesses():
    finding = trainable.deep_networks_learn(Lab(made_up(1)))
    gain = finding.conditions["He's weights"]
    assert gain.effect == pytest.approx(1.2 - np.log(10), abs=0.02)
    assert gain.holds is False
    assert finding.numbers["diverged"] == 5
    assert finding.conditions["weights / √depth"].effect == pytest.approx(0)


def test_a_rate_is_chosen_on_a_seed_of_its_own():
    lab = Lab(lambda case, seed: abs(np.log10(case["rate"] / 0.03)))
    finding = trainable.deep_networks_learn(lab)
    (_, tried, choosing), (_, chosen, seeds) = lab.swept
    assert not set(choosing) & set(seeds)
    assert {case["rate"] for case in tried.values()} == {0.01, 0.03, 0.1}
    assert {case["epochs"] for case in tried.values()} == {2}
    assert {case["rate"] for case in chosen.values()} == {0.03}
    assert set(finding.numbers["learning_rate"].values()) == {0.03}


@pytest.fixture(scope="module")
def train():
    """The lessons' training, from a lab that only keeps it; on digits, 4 layers."""
    lab, digits = Lab(), sets.load("digits")
    trainable.deep_networks_learn(lab)
    function = lab.swept[0][0]

    def run(rate, epochs, seed=3, residual=True, start="He"):
        case = {"residual": residual, "depth": 4, "start": start}
        return function({**case, "rate": rate, "epochs": epochs}, seed, digits)

    return run


def test_training_starts_anew_and_a_lost_one_says_so(train):
    first = train(0.01, 2)
    train(0.03, 1, seed=4)
    assert train(0.01, 2) == first
    one, two = first["history"]["loss"]
    assert two < one
    lost = train(1e6, 3)
    assert lost["diverged"] is not None
    assert len(lost["history"]["loss"]) == 3


def test_smaller_weights_keep_the_first_loss_near_guessing(train):
    """At rate 0 the loss is that of the start: He's residual signal doubles a layer."""
    small, he = (train(0.0, 1, start=s)["history"]["loss"][0] for s in ("small", "He"))
    assert he > small > np.log(10) - 0.1


@pytest.mark.parametrize("flag", ["--depth=1", "--depth=201", "--epochs=1001"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("residual", flag, code=2)
