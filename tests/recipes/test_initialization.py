"""Initial weights: rules, likeness of units, variances in closed form, verdicts."""

import numpy as np
import pytest

from recipes.basics.initialization import (
    Settings,
    cures,
    depth,
    explosion,
    rules,
    starts,
    symmetry,
)
from recipes.lab import catalog
from recipes.lab.data import sets as datasets
from tests.recipes.running import run
from zoo import mlp

VERDICTS = {
    "init-ones-bad": None,  # None: chance decides, with so few seeds
    "symmetry-problem": "supported",
    "symmetry-random-init-fixes": None,
    "symmetry-asymmetric-act-fixes": "refuted",
    "symmetry-l1-fixes": "refuted",
    "symmetry-augmentation-fixes": "refuted",
    "symmetry-dropout-fixes": "supported",
    "xavier-variance-formula": "supported",
    "xavier-keeps-variance": "conditional",
    "xavier-for-sigmoid": "refuted",
    "he-for-relu": "conditional",
    "he-torch-gain": None,
    "bad-init-explodes": "supported",
    "init-faster-convergence": None,
}


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    quick = ["--seeds=1", "--steps=100", "--epochs=1", "--draws=6"]
    result = run(out, "initialization", *quick)
    return {entry["id"]: entry for entry in result["claims"]}


def test_the_chapter_is_whole():
    assert {*catalog.find("initialization").claims} == {*VERDICTS}


@pytest.mark.parametrize("claim", [c for c, verdict in VERDICTS.items() if verdict])
def test_verdicts(claims, claim):
    assert claims[claim]["verdict"] == VERDICTS[claim]


def test_evidence(claims):
    def numbers(claim):
        return claims[claim]["numbers"]

    assert numbers("he-for-relu")["parameters_784_128_10"] == 101_770
    lost = ["gradients: ReLU, He, halving widths"]
    assert claims["he-for-relu"]["fails"] == lost
    assert claims["symmetry-dropout-fixes"]["holds"] == ["dropout of hidden units"]
    assert (
        "inputs are the same for all units and do not part them"
        in (claims["symmetry-dropout-fixes"]["note"])
    )
    assert claims["xavier-keeps-variance"]["holds"] == ["linear, Xavier"]
    assert numbers("he-for-relu")["off"] < 4  # standard errors of Keras's sample
    explosions = claims["bad-init-explodes"]["holds"]
    assert {"linear, N(0, 1)", "tanh, N(0, 1)", "ReLU, N(0, 1)"} == {*explosions}
    assert numbers("symmetry-l1-fixes")["spreads"] == {"L1": 0}
    spreads = numbers("symmetry-problem")["spreads"]
    assert [spreads[start] for start in symmetry.IDENTICAL] == [0, 0, 0]
    assert spreads["random"] > 0


@pytest.mark.parametrize("bad", ["--depth=1", "--width=8", "--draws=1", "--samples=9"])
def test_settings_out_of_range(recipes_run, bad):
    assert "must be" in recipes_run("initialization", bad, code=2)


def test_rules_by_hand():
    assert rules.variance("Xavier", 784, 128) == pytest.approx(0.0021929825, abs=5e-11)
    assert rules.variance("He", 784, 128) == pytest.approx(0.0025510204, abs=5e-11)
    assert rules.variance("He", 784, 128) ** 0.5 == pytest.approx(0.0505, abs=5e-5)
    assert rules.variance("LeCun", 128, 10) ** 0.5 == pytest.approx(0.0884, abs=5e-5)


def test_errors_off_tells_variances_apart():
    kernels = np.random.default_rng(0).normal(0, 0.1, (1, 300, 200))
    assert rules.errors_off(kernels, 0.01) < 4
    # The relative standard error of a Gaussian variance is √(2/n).
    off = rules.errors_off(kernels, 0.012)
    assert off == pytest.approx(0.2 / np.sqrt(2 / 60_000), rel=0.1)


def test_uniform_and_normal_samples_agree_in_variance():
    for name, rule in (
        ("HeNormal", "He"),
        ("HeUniform", "He"),
        ("LecunNormal", "LeCun"),
    ):
        kernels = rules.sampled(name, (300, 100), 3)
        assert kernels.shape == (3, 300, 100)
        assert rules.errors_off(kernels, rules.variance(rule, 300, 100)) < 5
        assert not np.array_equal(kernels[0], kernels[1])


def test_farther():
    # Doubling 0.9 to 1.1 goes away from 1; doubling a half comes to 1.
    ones = np.array([0.9, 1.0, 1.1])
    assert rules.farther(ones, 2.0).holds is True
    assert rules.farther(ones / 2, 2.0).holds is False


WIDTH = 5


def drawn(rule="LeCun", gain=1.0):
    """One random network of three layers: its arrays, and its variances."""
    rng = np.random.default_rng([0, False])
    x, gradient = rng.normal(size=(32, WIDTH)), rng.normal(size=(32, WIDTH))
    kernels = [rng.normal(size=(WIDTH, WIDTH)) for _ in range(3)]
    names = ("tanh", "sigmoid", "linear", "ReLU")
    cases = {name: depth.Case(name, rule, gain) for name in names}
    return kernels, x, gradient, depth.simulate(cases, WIDTH, 3, 1)


def test_gradients_against_finite_differences():
    kernels, x, gradient, found = drawn()
    for name, profiles in found.items():
        function = explosion.ACTIVATIONS[name][0]

        def loss(nudge, layer, function=function):
            a = x
            for number, kernel in enumerate(kernels):
                z = a @ kernel / np.sqrt(WIDTH)  # LeCun's scale
                a = function(z + nudge if number == layer else z)
            return (a * gradient).sum()

        for layer in range(3):
            slopes = []
            for place in np.ndindex(x.shape):
                nudge = np.zeros(x.shape)
                nudge[place] = 1e-6
                up, down = loss(nudge, layer), loss(-nudge, layer)
                slopes.append((up - down) / 2e-6)
            expected = np.mean(np.square(slopes))
            assert profiles["gradients"][0, layer] == pytest.approx(expected, rel=1e-5)


def test_scales_multiply_variances():
    one, three = (drawn(gain=gain)[-1]["linear"] for gain in (1.0, 3.0))
    for kind, powers in (("activations", [1, 2, 3]), ("gradients", [2, 1, 0])):
        ratio = three[kind][0] / one[kind][0]
        assert ratio == pytest.approx(9.0 ** np.array(powers), rel=1e-9)


@pytest.fixture(scope="module")
def simulated():
    cases = depth.CASES | explosion.CASES
    return depth.simulate(cases, width=128, depth=5, draws=12)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("linear, Xavier", "activations", 1),
        ("linear, Xavier", "gradients", 1),
        ("ReLU, Xavier", "activations", 1 / 2**4),  # half the inputs are cut off
        ("ReLU, Xavier", "gradients", 1 / 2**4),
        ("ReLU, He", "activations", 1),
        ("ReLU, He", "gradients", 1),
        ("linear, N(0, 1)", "activations", 128**4),
        ("ReLU, N(0, 1)", "gradients", 64**4),
        ("linear, Xavier, halving widths", "activations", (4 / 3) ** 4),
        ("linear, Xavier, halving widths", "gradients", (2 / 3) ** 4),
        ("ReLU, He, halving widths", "gradients", 1 / 2**4),
    ],
)
def test_closed_forms(simulated, name, kind, expected):
    profiles = simulated[name]
    assert profiles[kind].shape == (12, 5)
    assert depth.factor(profiles, kind) == pytest.approx(expected, rel=0.35)


def test_kept_and_growth():
    flat = np.ones((5, 3)) * np.array([[1.0], [1.1], [0.9], [1.05], [1.0]])
    wild = np.array([[1, 1, v] for v in (1.5, 3, 1.2, 2.5, 1)])
    rising = flat * np.array([1, 30, 1000])

    def kept(profile):
        return depth.kept(depth.change({"activations": profile}, "activations")).holds

    assert kept(flat * np.array([1, 1, 1.01]) ** np.arange(1, 6)[:, None]) is True
    assert kept(rising * np.array([1, 1, 1.01]) ** np.arange(1, 6)[:, None]) is False
    assert kept(wild) is None
    # Gradients run the other way: what rises toward the last layer vanishes.
    for signals, gradients, expected in (
        (flat, rising, 1),
        (flat, rising[:, ::-1], 1000),
        (rising, flat, 1000),
    ):
        profiles = {"activations": signals, "gradients": gradients}
        assert explosion.growth(profiles) == pytest.approx(np.full(5, expected))


def test_likeness():
    same = np.ones((3, 4)), np.zeros(4), np.ones((4, 2))
    assert symmetry.likeness(*same) == {"rank": 1, "spread": 0.0}
    outgoing = same[2].copy()
    outgoing[3, 1] = 3  # the last unit differs in an outgoing weight only
    assert symmetry.likeness(*same[:2], outgoing) == {
        "rank": 1,
        "spread": pytest.approx(2 / 3),
    }
    assert symmetry.likeness(*(0 * part for part in same)) == {"rank": 0, "spread": 0}
    hidden = np.vstack([np.eye(4), np.ones((1, 4))])
    assert symmetry.likeness(hidden, same[1], same[2])["rank"] == 4


def test_parted():
    same, apart = {"rank": 1, "spread": 0.0}, {"rank": 4, "spread": 0.5}
    scaled = {"rank": 1, "spread": 0.5}  # multiples of each other: neither
    assert symmetry.parted([apart, apart]) is True
    assert symmetry.parted([same, same]) is False
    assert symmetry.parted([same, apart]) is None
    assert symmetry.parted([scaled]) is None


def test_starts():
    for how in (*symmetry.IDENTICAL, *symmetry.RANDOM):
        weights = symmetry.start_weights(how, 9, 3, seed=1)
        assert [w.shape for w in weights] == [(9, 4), (4,), (4, 3), (3,)]
        spread = symmetry.likeness(*weights[:3])["spread"]
        assert (spread == 0) is (how in symmetry.IDENTICAL)
    copied = symmetry.start_weights("one random unit, copied", 9, 3, seed=1)[0]
    assert len(np.unique(copied[:, 0])) == 9


def test_trainings_do_not_depend_on_what_ran_before():
    data, name = datasets.load("digits"), "dropout of hidden units"
    case = cures.cases(Settings(steps=4, samples=128), name)[name]
    first = cures.train(case, 0, data)
    assert cures.train(case, 1, data)["spread"] != first["spread"]
    assert cures.train(case, 0, data) == first


def test_start_weights_of_whole_networks():
    model = mlp((6,), 3, units=(5, 4))
    ones = starts.start_weights(model, "ones", 0)
    assert all((w == 1).all() for w in ones)
    assert [w.shape for w in ones] == [tuple(w.shape) for w in model.weights]
    he, wide = (starts.start_weights(model, r, 0) for r in ("He", "N(0, 1)"))
    for shape, a, b in zip([6, 5, 4], he[::2], wide[::2], strict=True):
        assert a == pytest.approx(b * np.sqrt(2 / shape))  # the same draw, scaled
    assert all((bias == 0).all() for bias in he[1::2])


def test_epochs_to_goal():
    losses = [[2.0, 0.1, 0.05], [2.0, 1.0, 0.5], [0.2, 0.3, 0.1]]
    runs = [{"history": {"loss": row}} for row in losses]
    assert starts.epochs_to_goal(runs).tolist() == [2, 4, 1]


def test_winner():
    assert starts.winner({"a": 3.0, "b": 4.2}, 20) == "a first"
    assert starts.winner({"a": 3.0, "b": 3.0, "c": 9}, 20) == "a and b first"
    assert starts.winner({"a": 21.0, "b": 21.0}, 20) == "none gets there"


def test_titles_count_who_keeps_the_variance():
    """Of seven kinds three change by less than a factor of two."""
    ends = dict(zip(depth.SHOWN, (1, 1.9, 0.55, 2.1, 0.4, 1e3, 1e-9), strict=True))
    found = {n: {"activations": np.array([[1, end]] * 2)} for n, end in ends.items()}
    told = depth.keeping(found, "activations")
    assert told == "3 of 7 keep the variance within a factor of two"
