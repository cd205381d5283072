"""The pairs recipe: derivatives by hand, what cannot be learned, and a short run."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from recipes.lab.data import sets
from recipes.lab.evidence.judging import judge
from recipes.lab.testing import RecordingLab
from recipes.losses.pairs import (
    logits,
    probabilities,
    relu,
    sigmoid,
    softmax,
)

ONE = np.array([[1.0]])
USUAL, WRONG, WRONGER = "Keras's start", "sure and wrong", "surer and wrong"


class Lab:
    """What experiments that train nothing are handed."""

    like_digits = "digits"

    def data(self, name):
        """Loads a set."""
        return sets.load(name)


def test_derivatives_of_a_positive_by_hand():
    _, found = sigmoid.derivatives(Lab())
    assert found["cross-entropy"] == pytest.approx(
        [-0.9933071491, -0.9999546], rel=1e-6
    )
    squared = found["half the squared error"]
    assert squared == pytest.approx([-0.0066035622, -4.539580773e-5], rel=1e-4)


@pytest.mark.parametrize("pair", ["bce from logits", "mse after sigmoid"])
@pytest.mark.parametrize("z", [-3.0, 0.5, 4.0])
def test_a_derivative_is_the_slope_of_its_loss(pair, z):
    """Finite differences on the formulas, in double precision."""
    formulas = {
        "bce from logits": lambda z: np.log1p(np.exp(-z)),
        "mse after sigmoid": lambda z: (1 / (1 + np.exp(-z)) - 1) ** 2,
    }
    loss, slope = sigmoid.by_logit(pair, np.array([[z]]), ONE)
    formula = formulas[pair]
    assert loss[0] == pytest.approx(formula(z), rel=1e-5)
    numeric = (formula(z + 1e-5) - formula(z - 1e-5)) / 2e-5
    assert slope[0, 0] == pytest.approx(numeric, rel=1e-4)


def test_a_wrong_formula_would_be_seen():
    found, _ = sigmoid.derivatives(Lab())
    assert max(found.values()) < 1e-6
    z = np.linspace(-15, 15, 121)[:, None]
    slopes = sigmoid.by_logit("mse after sigmoid", z, np.ones_like(z))[1]
    s = sigmoid.logistic(z)
    assert np.abs(slopes - (s - 1) * s * (1 - s)).max() > 0.1  # of half the square


def test_softmax_by_hand():
    found = softmax.derivatives(Lab())
    assert found["gap"] < 1e-5
    assert 0.9 < found["largest_entry"] <= 1 + 1e-6
    assert found["largest_norm"] <= 2**0.5 + 1e-6
    e = 1 / (1 + np.exp(10.0))  # the right class's probability
    sent = found["wrong_by_10"]
    assert sent["cross-entropy"] == pytest.approx(1 - e, rel=1e-6)
    assert sent["squared error"] == pytest.approx(2 * e * (1 - e) ** 2, rel=1e-3)


@pytest.mark.parametrize(
    ("classes", "value"), [(2, 0.3132617), (10, 1.4611501), (1000, 5.9094721)]
)
def test_floor_of_a_softmax_taken_twice(classes, value):
    """A sure right answer: e for its class and 1 for each other."""
    expected = -np.log(np.e / (np.e + classes - 1))
    assert expected == pytest.approx(value, abs=1e-6)
    assert softmax.floor(classes) == pytest.approx(expected, rel=1e-5)


def test_squared_error_is_least_at_the_true_probabilities():
    p = np.array([0.2, 0.3, 0.5])
    # Its expected value is that of p itself plus the squared distance to p.
    q = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    cost = probabilities.expected(q, np.tile(p, (50, 1)))
    least = probabilities.expected(p[None], p[None])[0]
    assert least == pytest.approx(1 - (p**2).sum())
    assert cost == pytest.approx(least + ((q - p) ** 2).sum(1))
    found = probabilities.best_answer(p, np.array([3.0, 0.0, -1.0]))
    assert found == pytest.approx(p, abs=1e-4)


def test_a_clipped_probability_has_no_derivative_and_a_logit_has():
    found = judge(sigmoid.entropy_vanishes.claim, sigmoid.entropy_vanishes(Lab()))
    assert found["verdict"] == "supported"
    assert found["holds"] == ["at a sure wrong answer, from probabilities"]
    assert found["numbers"]["logits"] == pytest.approx(1, rel=1e-6)
    assert found["numbers"]["clipped"] == 0


def test_relu_leaves_the_loss_without_value_and_gradient():
    found = relu.cross_entropy_of_relu(Lab())
    assert np.isnan(found["formula"][0])
    assert found["formula"][1] == np.inf
    edge = np.float32(1) - np.float32(1 - 1e-7)  # what clipping leaves of 1 - p
    assert found["keras_loss"] == pytest.approx([-np.log(edge), -np.log(1e-7)], 1e-5)
    assert not found["keras_derivative"].any()
    assert found["keras_derivative_at_p_of_one_half"] == pytest.approx(-2, rel=1e-5)


def test_only_logits_survive_a_thousand():
    for name, found in logits.extreme_logits(Lab()).items():
        true = {"binary": 1000, "softmax": 2000}[name]
        assert found["logits"]["loss"] == pytest.approx([true, true])
        assert found["logits"]["derivative"] == pytest.approx([1, 1])
        assert not np.isfinite(found["spelled out"]["loss"]).any()
        assert np.isfinite(found["clipped"]["loss"]).all()
        assert max(found["clipped"]["loss"]) < 17
        assert not found["clipped"]["derivative"].any()


def test_a_sigmoid_right_before_the_loss_is_seen_on_tensorflow_only():
    expected = 1000 if keras.backend.backend() == "tensorflow" else -np.log(1e-7)
    assert logits.right_before_the_loss() == pytest.approx(expected, rel=1e-5)


class MadeUp(Lab):
    """Makes results up: squared error ends below, and all like the rate 1."""

    settings, tuning_seeds, smoke = SimpleNamespace(epochs=2), range(1000, 1003), False

    choose = RecordingLab.choose

    def __init__(self, below: float = 0.2):
        self.below, self.swept, self.drawn = below, [], {}

    def table(self, *_):
        """Prints nothing."""

    def figure(self, name, figure, _):
        """Keeps a figure."""
        self.drawn[name] = figure

    def sweep(self, train, cases, *, seeds=range(3), **_):
        """Keeps what would be trained."""
        self.swept.append((train, list(seeds), list(cases.values())))
        found = {}
        for name, case in cases.items():
            score = 0.95 - self.below * (case["pair"] == "mse sigmoid")
            found[name] = [
                {
                    "history": {"loss": [9.0, abs(np.log10(case["rate"]))]},
                    "balanced_accuracy": score + place / 100,
                }
                for place in range(len(seeds))
            ]
        return found


@pytest.fixture(scope="module")
def train():
    """The lessons' training, from a lab that only keeps it; on digits, 2 epochs."""
    lab, digits = MadeUp(), sets.load("digits")
    sigmoid.learned(lab, "bce logits")
    function = lab.swept[0][0]

    def run(pair, start, rate, seed=0, optimizer="SGD"):
        case = {"pair": pair, "start": start, "optimizer": optimizer, "rate": rate}
        return function({**case, "epochs": 2}, seed, digits)

    return run


def test_starts_are_wrong_as_they_say(train):
    """At rate 0: all even, or all zero, and the loss is that of being sure of it."""
    one = train("mse sigmoid", WRONG, 0.0)
    assert one["balanced_accuracy"] == 0.5
    assert one["history"]["loss"] == pytest.approx([0.5, 0.5], abs=0.02)
    ten = train("mse softmax", WRONG, 0.0)
    assert ten["balanced_accuracy"] == pytest.approx(0.1)
    assert ten["history"]["loss"] == pytest.approx([0.18, 0.18], abs=0.005)
    usual = train("mse softmax", USUAL, 0.0)
    assert usual["history"]["loss"][0] < 0.15


def test_the_loss_of_a_network_cannot_see_its_logits(train):
    """Far out the gradient is 0 where the loss sees probabilities only."""
    stuck = train("bce sigmoid", WRONGER, 1.0)
    first, second = stuck["history"]["loss"]
    assert second == pytest.approx(first, rel=1e-6)
    assert stuck["balanced_accuracy"] == 0.5
    first, second = train("bce logits", WRONGER, 0.1)["history"]["loss"]
    assert second < 0.9 * first


def test_twins_of_one_seed_start_and_end_alike(train):
    first = train("bce logits", USUAL, 1.0, seed=3)
    train("bce logits", USUAL, 0.1, seed=4)
    assert train("bce logits", USUAL, 1.0, seed=3) == first


def test_a_rate_is_chosen_on_seeds_of_its_own_and_a_rival_is_ahead_by_the_margin():
    lab, way = MadeUp(), (USUAL, "SGD")
    found = sigmoid.ahead(lab, "bce logits", "mse sigmoid", [way])
    (decision,) = found.values()
    assert list(found) == [f"training, {USUAL}, SGD"]
    assert decision.effect == pytest.approx(0.2)
    assert decision.by.value == 0.02
    (_, choosing, tried), (_, seeds, chosen) = lab.swept[2:]
    assert not set(choosing) & set(seeds)
    assert {c["rate"] for c in tried} == {10.0**k for k in (-3, -2, -1, 0, 1)} | {
        0.003, 0.03, 0.3, 3.0}  # fmt: skip
    assert {case["rate"] for case in chosen if case["optimizer"] == "SGD"} == {1.0}
    assert {case["rate"] for case in chosen if case["optimizer"] == "Adam"} == {0.1}
    means = sigmoid.means(lab, "mse sigmoid", [way])
    assert means == {f"{USUAL}, SGD": pytest.approx(0.76)}


def test_the_least_error_of_an_output_without_negatives():
    """Half of a symmetric target lies below 0, and with it half of its variance."""
    x, y = relu.draw_rows(0, 200_000, relu.SIGNED)
    assert y.var() == pytest.approx(1.01, rel=0.02)
    assert relu.possible(y) == pytest.approx(0.5, abs=0.01)
    same, sizes = relu.draw_rows(0, 200_000, relu.POSITIVE)
    assert (sizes >= 0).all()
    assert relu.possible(sizes) == 1
    np.testing.assert_array_equal(x[:5], same[:5])


@pytest.mark.parametrize("flag", ["--epochs=1001", "--passes=1001"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("pairs", flag, code=2)


def test_a_softmax_taken_twice_sends_next_to_nothing_back():
    """By the chain rule: the outer softmax's p − y times the inner one's slopes."""
    q = 1 / (1 + np.exp(10.0))  # the right class's probability
    inner = np.array([1 - q, q])
    outer = np.exp(inner) / np.exp(inner).sum() - [0, 1]
    expected = np.abs((np.diag(inner) - np.outer(inner, inner)) @ outer).max()
    assert softmax.sent_back("softmax twice") == pytest.approx(expected, rel=1e-3)
    assert softmax.sent_back("softmax once") == pytest.approx(1 - q, rel=1e-6)


@pytest.mark.parametrize(("lost", "behind"), [(0.0, 0), (0.5, 4)])
def test_the_title_counts_where_squared_error_is_behind(lost, behind):
    lab = MadeUp(lost)
    sigmoid.draw_digits(lab)
    title = lab.drawn["odd_or_even"].axes[0].get_title("left")
    assert title.endswith(f"two points behind, or more, in {behind} of 4 cases")
