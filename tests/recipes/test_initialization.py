"""Initial weights: rules, likeness of units, variances in closed form, verdicts."""

import itertools

import numpy as np
import pytest

from recipes.basics import _initialization_depth as depths
from recipes.basics import _initialization_figures as pictures
from recipes.basics import _initialization_rules as rules
from recipes.basics import _initialization_symmetry as symmetry
from recipes.basics import _initialization_training as training
from recipes.basics import initialization
from recipes.lab.cli.main import main
from recipes.lab.data import sets as datasets
from recipes.lab.training.seeding import reseed
from tests.recipes.running import run
from zoo import mlp

VERDICTS = {
    "init-ones-bad": None,  # None: chance decides, with so few seeds
    "symmetry-problem": "supported",
    "symmetry-random-init-fixes": None,
    "symmetry-asymmetric-act-fixes": "refuted",
    "symmetry-l1-fixes": "refuted",
    "symmetry-augmentation-fixes": "refuted",
    "symmetry-dropout-fixes": "conditional",
    "xavier-variance-formula": "supported",
    "xavier-keeps-variance": "conditional",
    "xavier-for-sigmoid": "refuted",
    "he-for-relu": "conditional",
    "he-torch-gain": None,
    "bad-init-explodes": "conditional",
    "init-faster-convergence": None,
}


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    quick = ["--seeds=1", "--steps=100", "--epochs=1", "--draws=6"]
    result = run(out, "initialization", *quick)
    return {entry["id"]: entry for entry in result["claims"]}


def test_the_chapter_is_whole():
    assert list(initialization.CLAIMS) == list(VERDICTS)


@pytest.mark.parametrize("claim", [c for c, verdict in VERDICTS.items() if verdict])
def test_verdicts(claims, claim):
    assert claims[claim]["verdict"] == VERDICTS[claim]


def test_evidence(claims):
    def evidence(claim):
        return claims[claim]["evidence"]

    assert evidence("he-for-relu")["parameters_784_128_10"] == 101_770
    assert evidence("symmetry-dropout-fixes")["fails_for"] == ["dropout of inputs"]
    kept = evidence("xavier-keeps-variance")["holds_for"]
    assert kept == ["activations: linear, Xavier", "gradients: linear, Xavier"]
    explosions = evidence("bad-init-explodes")["holds_for"]
    assert {"linear, N(0, 1)", "tanh, N(0, 1)", "ReLU, N(0, 1)"} == {*explosions}
    for claim in ("symmetry-problem", "symmetry-l1-fixes"):
        spread = [
            case["largest_spread"]
            for name, case in evidence(claim).items()
            if isinstance(case, dict) and name != "random"
        ]
        assert max(spread) == 0


def test_a_copy_runs(tmp_path, capsys):
    path = tmp_path / "mine.py"
    assert main(["copy", "initialization", str(path)]) == 0
    smoke = run(tmp_path, str(path), "--smoke")
    assert [entry["id"] for entry in smoke["claims"]] == list(initialization.CLAIMS)
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}


@pytest.mark.parametrize("bad", ["--depth=1", "--width=8"])
def test_bad_settings(tmp_path, bad, capsys):
    words = ["run", "initialization", bad, "--out", str(tmp_path)]
    assert main(words) == 2
    assert "--depth must be at least 2" in capsys.readouterr().err


def test_rules_by_hand():
    assert rules.variance("Xavier", 784, 128) == pytest.approx(0.0021929825, abs=5e-11)
    assert rules.variance("He", 784, 128) == pytest.approx(0.0025510204, abs=5e-11)
    assert rules.RULES["He"](784, 128) == pytest.approx(0.0505, abs=5e-5)
    assert rules.RULES["LeCun"](128, 10) == pytest.approx(0.0884, abs=5e-5)


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


def test_nearer():
    assert rules.nearer(np.array([0.9, 1.0, 1.1]), 2.0).positive is True
    assert rules.nearer(np.array([0.5, 0.49, 0.51]), 2.0).positive is False


def network(names, scales, widths=(6, 5, 4, 3), seed=0):
    rng = np.random.default_rng(seed)
    kernels = [rng.normal(size=shape) for shape in itertools.pairwise(widths)]
    x, gradient = rng.normal(size=(8, widths[0])), rng.normal(size=(8, widths[-1]))
    return kernels, x, gradient, depths.flow(names, scales, kernels, x, gradient)


def test_gradients_against_finite_differences():
    names, scale = ["tanh", "sigmoid", "linear", "ReLU"], 0.7
    scales = [[scale] * len(names)] * 3
    kernels, x, gradient, found = network(names, scales)
    for index, name in enumerate(names):
        function = depths.ACTIVATIONS[name][0]

        def loss(nudge, layer, function=function):
            a = x
            for number, kernel in enumerate(kernels):
                z = scale * a @ kernel
                a = function(z + nudge if number == layer else z)
            return (a * gradient).sum()

        for layer, kernel in enumerate(kernels):
            slopes = []
            for place in np.ndindex(len(x), kernel.shape[1]):
                nudge = np.zeros((len(x), kernel.shape[1]))
                nudge[place] = 1e-6
                up, down = loss(nudge, layer), loss(-nudge, layer)
                slopes.append((up - down) / 2e-6)
            expected = np.mean(np.square(slopes))
            assert found["gradients"][index, layer] == pytest.approx(expected, rel=1e-5)


def test_scales_multiply_variances():
    *_, found = network(["linear", "linear"], [[1, 3]] * 3)
    for kind, powers in (("activations", [1, 2, 3]), ("gradients", [2, 1, 0])):
        ratio = found[kind][1] / found[kind][0]
        assert ratio == pytest.approx(9.0 ** np.array(powers), rel=1e-9)


@pytest.fixture(scope="module")
def simulated():
    return depths.simulate(width=128, depth=5, draws=12)


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
    assert depths.factor(profiles, kind) == pytest.approx(expected, rel=0.35)


def test_kept_and_explodes():
    flat = np.ones((5, 3)) * np.array([[1.0], [1.1], [0.9], [1.05], [1.0]])
    wild = np.array([[1, 1, v] for v in (0.2, 5, 0.5, 2, 1)])
    rising = flat * np.array([1, 30, 1000])
    assert depths.kept({"activations": flat}, "activations") is True
    assert depths.kept({"activations": rising}, "activations") is False
    assert depths.kept({"activations": wild}, "activations") is None
    # Gradients run the other way: what rises toward the last layer vanishes.
    assert not depths.explodes({"activations": flat, "gradients": rising})
    assert depths.explodes({"activations": flat, "gradients": rising[:, ::-1]})
    assert depths.explodes({"activations": rising, "gradients": flat})


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
    data = datasets.load("digits")
    x, y = data.x_train[:128], data.y_train[:128]
    case = symmetry.CASES["dropout of hidden units"]
    trainings = symmetry.Trainings(x, y, data, steps=4)

    def train(seed):
        reseed(seed)  # as a sweep does before each training
        return trainings.train(case, seed)

    first = train(0)
    assert train(1)["spread"] != first["spread"]
    assert train(0) == first


def test_start_weights_of_whole_networks():
    model = mlp((6,), 3, units=(5, 4))
    ones = training.start_weights(model, "ones", 0)
    assert all((w == 1).all() for w in ones)
    assert [w.shape for w in ones] == [tuple(w.shape) for w in model.weights]
    he, wide = (training.start_weights(model, r, 0) for r in ("He", "N(0, 1)"))
    for shape, a, b in zip([6, 5, 4], he[::2], wide[::2], strict=True):
        assert a == pytest.approx(b * np.sqrt(2 / shape))  # the same draw, scaled
    assert all((bias == 0).all() for bias in he[1::2])


def test_epochs_to_goal():
    losses = [[2.0, 0.1, 0.05], [2.0, 1.0, 0.5], [0.2, 0.3, 0.1]]
    runs = [{"history": {"loss": row}} for row in losses]
    assert training.epochs_to_goal(runs).tolist() == [2, 4, 1]


def test_winner():
    assert pictures.winner({"a": 3.0, "b": 4.2}, 20) == "a first"
    assert pictures.winner({"a": 3.0, "b": 3.0, "c": 9}, 20) == "a and b first"
    assert pictures.winner({"a": 21.0, "b": 21.0}, 20) == "none gets there"
