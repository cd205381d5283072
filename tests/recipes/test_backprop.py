"""Back-propagation: the worked numbers, the derivatives, the verdicts."""

from fractions import Fraction

import numpy as np
import pytest

from recipes.basics.backprop import descent, layers, starts, widths, worked
from recipes.basics.perceptron import xor
from recipes.lab import catalog
from recipes.lab.testing import RecordingLab, judged
from tests.recipes.running import run

EXACT = {
    "forward-2-2-1": "supported",
    "backward-2-2-1": "conditional",
    "backward-2-2-1-step-lowers-loss": "supported",
    "forward-numpy-3-2-2": "supported",
    "forward-bias-multiplied": "refuted",
    "bp-one-weight": "refuted",
    "gd-one-step-x2": "supported",
    "gd-two-steps": "supported",
    "gd-sign": "refuted",
    "sigmoid-slope-beta": "refuted",
    "chain-rule-scalar-and-sum": "supported",
    "backprop-vector-form": "supported",
    "backprop-sum-limit": "refuted",
    "sigmoid-ce-delta": "supported",
    "squared-error-derivative": "refuted",
    "sigmoid-written-with-plus-z": "refuted",
    "weights-and-bias-updated-together": "supported",
}

CHANCE = [
    "delta-rule-sign",
    "universal-approximation",
    "multiple-starts",
    "backprop-process-loop",
]

QUICK = ["--seeds=2", "--starts=12", "--passes=60", "--units=2", "--fit-steps=30"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(tmp_path_factory.mktemp("runs"), "backprop", *QUICK)


def test_the_chapter_is_whole():
    claims = catalog.find("backprop").claims
    assert {*claims} == {*EXACT, *CHANCE}
    assert len(claims) == 21


@pytest.mark.parametrize(("claim", "verdict"), EXACT.items())
def test_exact_verdicts(result, claim, verdict):
    found = {entry["id"]: entry["verdict"] for entry in result["claims"]}
    assert found[claim] == verdict


def test_numbers_of_the_errata(result):
    numbers = {entry["id"]: entry["numbers"] for entry in result["claims"]}
    one_weight = numbers["bp-one-weight"]
    assert one_weight["whole"] == pytest.approx(-0.2207011273)
    assert one_weight["printed"] == pytest.approx(-0.497718, abs=1e-6)
    assert one_weight["for_half_the_square"] == pytest.approx(-0.1103505636)
    signs = numbers["gd-sign"]
    assert signs["up"] == pytest.approx(14.4892922365)
    assert signs["down"] == pytest.approx(0.2652391118)
    outputs = numbers["forward-numpy-3-2-2"]["outputs"]
    assert np.allclose(outputs, [0.7760299074, 0.8115277902], atol=1e-10)
    share = "printed_share_of_the_squared_gradient_of_W1"
    assert numbers["backward-2-2-1"][share] == pytest.approx(0.25 / 0.89)
    after = numbers["backward-2-2-1-step-lowers-loss"]["descent"]
    expected = (0.0335383763, 0.0316268485, 0.0293625701, 0.0066059699)
    assert np.allclose(list(after.values()), expected, atol=1e-10)


def test_conditions(result):
    claims = {entry["id"]: entry for entry in result["claims"]}
    slips = ["slope at z2", "dJ/dz2", "dJ/dW1"]
    assert claims["backward-2-2-1"]["fails"] == slips
    assert len(claims["backward-2-2-1"]["holds"]) == 5
    biases = claims["forward-bias-multiplied"]
    assert biases["fails"] == ["by the weights and by the biases"]
    # By hand: z = (0.94268, 1.05997) without the biases (0.3, 0.4).
    expected = 1 / (1 + np.exp(-np.array([0.9426785 * 0.3, 1.0599681 * 0.4])))
    assert np.allclose(biases["numbers"]["multiplied"], expected, atol=1e-6)
    assert np.allclose(biases["numbers"]["added"], [0.77603, 0.81153], atol=1e-5)


@pytest.mark.parametrize(
    ("line", "expected"),
    {
        "z2": (0.52, 0.91),
        "a2": (0.6271477663, 0.7130001628),
        "z3": (1.0413739808,),
        "a3": (0.7391150296,),
        "J": (0.0340304839,),
        "slope at z3": (0.1928240026,),
        "dJ/dz3": (-0.0503048842,),
        "dJ/dw2": (-0.0315485958, -0.0358673906),
        "w2 dJ/dz3": (-0.0251524421, -0.0301829305),
        "slope at z2": (0.2338334455, 0.2046309307),
        "dJ/dz2": (-0.0058814822, -0.0061763612),
        "dJ/dW1": (-0.0029407411, -0.0030881806, -0.0047051858, -0.0049410889),
    }.items(),
)
def test_exact_lines_of_the_worked_network(line, expected):
    exact, _ = worked.lines()
    assert np.allclose(exact[line], expected, rtol=0, atol=6e-11)


@pytest.mark.parametrize(
    ("line", "expected"),
    {
        "a2": ["right", "right"],
        "J": ["rounding carried on"],
        "slope at z2": ["rounding carried on", "wrong: 0.2046"],
        "dJ/dz2": ["right", "wrong: -0.00618"],
        "dJ/dW1": ["right", "rounding carried on", "missing", "missing"],
    }.items(),
)
def test_printed_numbers(line, expected):
    assert worked.stands(line, *worked.lines()) == expected


@pytest.mark.parametrize(
    ("value", "text", "fits"),
    [
        (0.12349, "0.123", True),
        (0.1236, "0.123", False),
        (-0.003085, "-0.00308", True),  # a tie may go either way
        (-0.003085, "-0.00309", True),
        (2.4, "2", True),
    ],
)
def test_rounds_to(value, text, fits):
    assert worked.rounds_to(value, text) is fits


def test_only_one_whole_reconstruction_of_the_two_steps():
    assert descent.reconstructions() == [(1, 3, Fraction(1, 5))]


def test_sigmoid_saturates_without_overflow():
    z = np.array([-1000.0, -1, 0, 1, 1000])
    expected = [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1]
    assert np.allclose(worked.sigmoid(z), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("sizes", [(2, 2, 1), (3, 5, 4, 2)])
def test_backward_is_the_complex_step_derivative(sizes):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(sizes[0], 4)), rng.random((sizes[-1], 4))
    network = widths.random_layers(sizes, seed=5)
    ours = widths.pack(widths.backward(network, widths.forward(network, x), y))
    point = widths.pack(network)
    for index in range(len(point)):
        moved = point.astype(complex)
        moved[index] += 1e-30j
        a = x
        for W, b in widths.unpack(moved, network):
            a = 1 / (1 + np.exp(-(W @ a + b)))
        cost = 0.5 * ((y - a) ** 2).sum()
        assert ours[index] == pytest.approx(cost.imag / 1e-30, rel=1e-10)


def test_keras_takes_the_same_step():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 6)), rng.random((2, 6))
    network = layers.random_layers((3, 4, 2), seed=1)
    ours = layers.backward(network, layers.forward(network, x), y)
    gradients, moved = layers.keras_step(network, x, y, rate=0.3)
    assert layers.difference(gradients, ours) < 1e-7
    assert layers.difference(moved, layers.step(network, ours, 0.3)) < 1e-7


def test_a_stack_trains_each_of_its_networks():
    x, y = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])
    networks = [xor.random_layers((2, 2, 1), seed) for seed in range(3)]
    _, together = xor.train(xor.stack(networks), x, y, rate=1.0, passes=20)
    for index, network in enumerate(networks):
        _, alone = xor.train(network, x, y, rate=1.0, passes=20)
        assert np.allclose(together[:, index], alone, rtol=0, atol=1e-13)


def test_pack_and_unpack():
    network = widths.random_layers((3, 4, 2), seed=0)
    vector = widths.pack(network)
    assert vector.shape == (3 * 4 + 4 + 4 * 2 + 2,)
    assert layers.difference(widths.unpack(vector, network), network) == 0


def test_sum_limit_needs_the_inputs():
    W, a = np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])
    assert layers.summed(W, a, 2) == [2.0, 8.0, 14.0]
    with pytest.raises(IndexError):
        layers.summed(W, a, 3)


def test_best_of_k():
    success = np.array([True, False, False, False])
    assert starts.best_of(success) == pytest.approx({1: 0.25, 2: 0.5, 3: 0.75, 4: 1.0})
    assert len(starts.best_of(np.ones(30, bool))) == 10


@pytest.mark.parametrize(("last", "title"), [(0.01, "unlearns"), (0.5, "and with a")])
def test_a_plus_learns_only_where_its_cost_falls(monkeypatch, last, title):
    def costs(lab, units, sign=1):
        return np.array([[0.5] * 3, [0.9 if sign < 0 else last] * 3])

    lab = RecordingLab("backprop")
    monkeypatch.setattr(descent, "xor_costs", costs)
    descent.draw_signs(lab)
    assert title in lab.figures["signs"][0].axes[1].get_title(loc="left")


def test_starts_that_all_learn_are_not_said_to_be_stuck(monkeypatch):
    """Of two starts, where four were asked for."""
    found = {units: np.array([[0.5, 0.5], [0.01, 0.01]]) for units in (2, 4)}
    monkeypatch.setattr(starts, "costs", lambda lab: found)
    lab = RecordingLab("backprop", starts=2)
    note = judged(starts.several_starts, lab)["note"]
    assert note.startswith("It pays with: none. With 2 hidden units 100.0%")
    assert "the best of 2 does in 100.0%" in note
    starts.draw_starts(lab)
    left, right = lab.figures["starts"][0].axes
    assert left.get_title(loc="left") == "2 hidden units: 0% of the starts get stuck"
    told = "Best of 2: 100% with 2 units, 100% with 4"
    assert right.get_title(loc="left") == told


@pytest.mark.parametrize("flag", ["--units=1", "--units=4096", "--fit-steps=200000"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("backprop", flag, code=2)
