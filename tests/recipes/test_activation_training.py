"""Activations in training: networks side by side, data, outputs and verdicts."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from recipes.basics.activation_training import (
    centers,
    dead_units,
    learned_slopes,
    negative_inputs,
    outputs_by_task,
    race,
    regression_outputs,
    xor_starts,
)
from recipes.basics.activation_training._image_tasks import answers
from recipes.basics.activation_training.dead_units import (
    Kind,
    SideBySide,
    squared_error,
)
from recipes.basics.activation_training.outputs_by_task import answered, error, target
from recipes.lab import catalog, fit
from recipes.lab.data.sets import load
from recipes.lab.testing import RecordingLab, judged
from tests.recipes.running import run

CLAIMS = {
    "act-race-10-10-1",
    "sigmoid-overfits",
    "act-escapes-minima",
    "elu-negative-inputs",
    "leaky-inconsistent",
    "output-ordinal-softmax",
    "prelu-optimal-slope",
    "prelu-overfits",
    "zero-centred-helps",
    "dying-relu",
    "leaky-fixes-dying",
    "prelu-learns-slope",
    "output-activation-by-task",
    "relu-output-for-regression",
}
KINDS = {
    "tanh": Kind("tanh"),
    "dead": Kind("relu", bias=-20.0),
    "leaky": Kind(layers.LeakyReLU, bias=-20.0),
    "far": Kind("elu", bias=-20.0),
    "PReLU": Kind(layers.PReLU, output="relu"),
}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return run(tmp_path_factory.mktemp("smoke"), "activation_training", "--smoke")


@pytest.fixture(scope="module")
def data():
    draws = (regression_outputs.linear_rows(seed) for seed in (3, 4))
    (x, y), _ = regression_outputs.side_by_side(draws)
    return x[:96], y[:96]


def side_by_side(kinds=None, widths=(10, 6, 1), **settings) -> SideBySide:
    settings = {"learning_rate": 1e-3, **settings}
    return SideBySide(kinds or KINDS, (0, 1), widths, squared_error, **settings)


def test_smoke(smoke):
    evidence = {entry["id"]: entry["numbers"] for entry in smoke["claims"]}
    assert set(evidence) == set(catalog.find("activation_training").claims) == CLAIMS
    for bias in ("bias_minus_5", "bias_minus_20"):
        assert evidence["dying-relu"][bias]["largest_move"] == 0
    started = evidence["leaky-fixes-dying"]["outcomes"]
    shares = {
        start: started[start]["dead_at_the_start"]
        for start in (
            "ReLU, bias -5",
            "leaky ReLU 0.01, bias -20",
            "PReLU from 0, bias -20",
            "ELU, bias -5",
            "ELU, bias -20",
        )
    }
    assert list(shares.values()) == [1, 0, 1, 0, 1]
    outputs = evidence["relu-output-for-regression"]
    assert outputs["signed"]["ReLU"] >= outputs["floor"]


def test_each_network_learns_as_it_would_alone(data):
    x, y = data
    networks = side_by_side(widths=(10, 6, 5, 1), learning_rate=0.01)
    lone = {name: alone(networks, name, copy=1) for name in ("tanh", "PReLU")}
    networks.train(x, y, epochs=3, seed=0)
    outputs = ops.convert_to_numpy(networks.model(x))
    for name, model in lone.items():
        fit(model, x[:, 1], y[:, 1], epochs=3)
        together = outputs[:, 2 * list(KINDS).index(name) + 1]
        expected = ops.convert_to_numpy(model(x[:, 1]))
        assert together == pytest.approx(expected, abs=2e-4)


def alone(networks, name: str, copy: int) -> keras.Sequential:
    """The same network as a model of its own, with the same weights."""
    kind, index = KINDS[name], 2 * list(KINDS).index(name) + copy
    own = [layers.Dense(6), layers.Dense(5), layers.Dense(1, activation=kind.output)]
    model = keras.Sequential(
        [keras.Input((10,)), own[0], kind.layer(), own[1], kind.layer(), own[2]]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    for layer, many in zip(own, networks.dense, strict=True):
        layer.set_weights([array[index] for array in many.get_weights()])
    return model


def test_kinds_start_alike_and_copies_differ():
    networks = side_by_side()
    hidden = networks.kernels()[0]
    assert hidden["tanh"].shape == (2, 10, 6)
    assert (hidden["tanh"] == hidden["far"]).all()
    assert abs(hidden["tanh"][0] - hidden["tanh"][1]).max() > 0.1
    assert abs(hidden["tanh"]).max() <= np.sqrt(6 / 16)  # Glorot's uniform limit


def test_initializers_of_a_kind():
    normal = Kind("relu", initializer=keras.initializers.HeNormal)
    networks = side_by_side({"he": normal}, (200, 100, 1))
    assert networks.kernels()[0]["he"].var() == pytest.approx(2 / 200, rel=0.05)


def test_dead_units_slopes_and_zeros(data):
    networks = side_by_side()
    dead = {name: share.tolist() for name, share in networks.dead(data[0]).items()}
    assert dead == {
        "tanh": [0, 0],
        "dead": [1, 1],
        "leaky": [0, 0],
        "far": [1, 1],  # an ELU's slope at -20 is 2e-9
        "PReLU": [0, 0],
    }
    slopes = networks.slopes(data[0])[0]
    assert slopes["leaky"] == pytest.approx(0.3)
    assert slopes["leaky"].shape == (2, 96, 6)
    zeros = networks.zeros(data[0])
    assert zeros["dead"].tolist() == [1, 1]
    assert zeros["tanh"].tolist() == [0, 0]


def test_gradients_at_units_by_hand(data):
    x, y = data
    networks = side_by_side({"linear": Kind("linear")})
    found = networks.gradients_at_units(x, y)[0]["linear"]
    w, v = (kernel["linear"] for kernel in networks.kernels())
    for copy in (0, 1):
        outputs = x[:, copy] @ w[copy] @ v[copy]
        slopes = 2 * (outputs - y[:, copy]) * v[copy][:, 0]  # dL/dz = 2 (o - y) v
        assert found[copy] == pytest.approx(np.sqrt((slopes**2).mean()), rel=1e-5)


def test_scores_measure_each_network(data):
    x, y = data
    networks = side_by_side()
    curves = networks.train(x, y, epochs=2, seed=0, scores={"mse": (x, y)})["mse"]
    shapes = {name: curve.shape for name, curve in curves.items()}
    assert shapes == dict.fromkeys(KINDS, (2, 2))
    outputs = ops.convert_to_numpy(networks.model(x))
    for index, name in enumerate(KINDS):
        own = ((outputs[:, 2 * index + 1] - y[:, 1]) ** 2).mean()
        assert curves[name][1, -1] == pytest.approx(own, rel=1e-4)


def test_each_target_has_its_own_networks():
    case = {"networks": [0, 1], "epochs": 2, "learning_rate": 1e-3}
    found = race.train(case, 0, None)
    assert len(found) == 3 * 2
    for scores in found.values():
        assert np.shape(scores["train_mse"]) == (2, 2)
        assert np.shape(scores["test_mse"]) == (2, 1)  # at the end alone
    linear, curved = (found[f"tanh, {target}"]["test_mse"] for target in race.TARGETS)
    assert linear != curved


def test_errors_at_the_end_are_those_of_the_last_epoch():
    case = {"networks": [0, 1], "epochs": 2, "learning_rate": 1e-3, "rows": 64}
    kinds = {"tanh": Kind("tanh"), "ReLU": Kind("relu")}
    both = ["train_mse", "test_mse"]
    every = race.learn(kinds, case, 0, by_epoch=both)[1]
    last = race.learn(kinds, case, 0)[1]
    for name, scores in every.items():
        for score, curves in scores.items():
            expected = np.array(curves)[:, -1:]
            assert np.array(last[name][score]) == pytest.approx(expected, rel=1e-5)


def test_regressions():
    x, y = regression_outputs.linear_rows(0)
    assert (x.shape, y.shape) == ((1600, 10), (1600, 1))
    assert y.var() == pytest.approx(1, abs=0.15)
    x, y = negative_inputs.curved_rows(0)
    assert x.std(0) == pytest.approx(1, abs=0.05)
    assert y.mean() == pytest.approx(0, abs=1e-5)
    # Features six to ten don't enter the target; the fourth does, linearly.
    assert abs(np.corrcoef(x[:, 7], y[:, 0])[0, 1]) < 0.1
    assert np.corrcoef(x[:, 3], y[:, 0])[0, 1] > 0.4


def test_parameters_of_prelu():
    assert list(learned_slopes.parameters().values()) == [121, 131, 1024, 16]


def test_outputs_from_zero_have_a_floor():
    case = {"networks": [0, 1], "epochs": 1, "learning_rate": 0.01}
    found = regression_outputs.train(case, 0, None)
    signed = found["ReLU output, target with both signs"]
    for mse, floor in zip(signed["test_mse"], signed["floor"], strict=True):
        assert mse >= floor > 0.3
    shifted = found["linear output, the same target, shifted above 0"]
    assert shifted["floor"] == [0, 0]


def test_dead_units_stay_dead():
    kinds = ["ReLU, bias -20", "leaky ReLU 0.3, bias -20"]
    case = {"kinds": kinds, "networks": [0], "epochs": 1, "learning_rate": 0.01}
    dead, leaky = dead_units.train(case, 0, None).values()
    assert (dead["dead_at_the_start"], dead["largest_move"]) == ([1], [0])
    assert leaky["dead_at_the_start"] == [0]
    assert leaky["largest_move"][0] > 0


def test_a_race_is_judged_over_all_epochs(monkeypatch):
    curves = np.array([[1.0, 0.25, 0.0625]])  # geometric mean 0.25
    scores = {"train_mse": curves, "test_mse": curves + 0.5}
    monkeypatch.setattr(race, "errors", lambda lab: {"ReLU, linear target": scores})
    whole = race.over_all_epochs(None, "ReLU", "linear target")
    assert whole == pytest.approx([0.25])
    assert race.overfitting(None, "ReLU", "linear target") == pytest.approx([0.5])


def test_moved_activations_have_the_same_slopes():
    x = np.linspace(-2, 2, 9, dtype="float32")
    for plain, moved, by in (
        ("tanh", "tanh + 1", 1),
        ("sigmoid", "sigmoid - 1/2", -0.5),
    ):
        first, second = (
            ops.convert_to_numpy(centers.KINDS[name].layer()(x))
            for name in (plain, moved)
        )
        assert second - first == pytest.approx(by, abs=1e-6)


def test_slopes_that_are_learned_move_and_fixed_ones_stay():
    case = {
        "kinds": ["slope 1", "PReLU from 0.25"],
        "targets": ["linear target"],
        "networks": [0, 1],
        "rows": 64,
        "epochs": 20,
        "learning_rate": 0.01,
    }
    found = learned_slopes.train(case, 0, None)
    assert np.shape(found["PReLU from 0.25, linear target"]["slopes"]) == (2,)
    assert min(found["PReLU from 0.25, linear target"]["moves"]) > 0
    assert "moves" not in found["slope 1, linear target"]


def test_spread_is_the_distance_from_the_median_on_logarithms():
    found = negative_inputs.spread([1.0, np.e, np.e**4])
    assert found == pytest.approx([1, 0, 3])


def test_mean_output_of_elu():
    # By averaging over a million draws; the claim has the closed form.
    z = np.random.default_rng(0).normal(size=1_000_000)
    lab = RecordingLab(seeds=1, epochs=1)
    found = judged(negative_inputs.elu_learns_there, lab)["numbers"]
    mean = np.where(z > 0, z, np.expm1(np.minimum(z, 0))).mean()
    assert found["mean_output"] == pytest.approx(mean, abs=2e-3)


@pytest.mark.parametrize("name", xor_starts.HIDDEN)
def test_slopes_of_hidden_units_by_their_values(name):
    function, slope = xor_starts.HIDDEN[name]
    z, h = np.array([-2.0, -0.3, 0.4, 1.7]), 1e-6
    numeric = (function(z + h) - function(z - h)) / (2 * h)
    assert slope(function(z)) == pytest.approx(numeric, abs=1e-8)


def test_activations_start_from_the_same_weights():
    few = {name: xor_starts.learned(name, 6, 1) for name in xor_starts.HIDDEN}
    assert not any(success.any() for success in few.values())
    assert xor_starts.learned("tanh", 30, 1500).mean() > 0.5


def test_answers_of_tasks():
    images = np.zeros((2, 4, 4, 1))
    images[0, :, 3] = 1.0  # a stroke 1.5 pixels right of the middle
    images[1, 0, 0] = 0.4
    quartiles = np.array([0.5, 1.0, 9.0])
    found = answers(images, np.array([7, 4]), quartiles)
    assert found["two classes"].tolist() == [1, 0]
    assert found["regression"] == pytest.approx([1.5, -1.5])
    assert found["ordered grades"].tolist() == [2, 0]
    assert found["pixels of two classes"].sum() == 4
    assert found["pixels of three classes"].sum() == 4 * 2 + 1


@pytest.mark.parametrize(
    ("form", "units"),
    [("0 or 1", 1), ("one-hot", 4), ("above", 3), ("number", 1)],
)
def test_what_an_output_learns_from_stands_for_the_answer(form, units):
    answer = np.array([0, 1, 1, 0] if units == 1 else [0, 3, 1, 2])
    learned_from = target(answer, form, units)
    assert learned_from.shape == (4, units)
    assert answered(learned_from, form).tolist() == answer.tolist()


def test_errors_of_answers():
    grades = np.array([0, 1, 3])
    assert error("ordered grades", np.array([0.4, 1.6, 9.0]), grades) == 1 / 3
    assert error("regression", np.array([1.0, 3.0]), np.array([0.0, 1.0])) == 2.5
    assert error("more classes", np.array([1, 2]), np.array([1, 3])) == 0.5


def test_every_output_has_a_loss_and_the_advised_one_comes_first():
    found = {}
    for part in outputs_by_task.PARTS:
        case = {"part": part, "samples": 64, "epochs": 1, "batch_size": 32}
        found |= outputs_by_task.train(case, 0, load("digits"))["measured"]
    assert {*found} == {*outputs_by_task.OUTPUTS}
    for task, outputs in outputs_by_task.OUTPUTS.items():
        assert {*outputs} <= {*found[task]}
    advised = [next(iter(row)) for row in outputs_by_task.OUTPUTS.values()]
    assert advised == [
        "sigmoid",
        "softmax",
        "linear",
        "sigmoid",
        "softmax",
        "cumulative sigmoids",
    ]


def test_softmax_of_one_output_says_nothing():
    # e**0 / e**0, which some processors round to one unit below 1.
    np.testing.assert_allclose(outputs_by_task.softmax_of_one_output(), 1, rtol=2e-7)


def test_too_many_epochs_are_refused(tmp_path, capsys):
    from recipes.lab.cli.main import main

    out = ["--out", str(tmp_path)]
    assert main(["run", "activation_training", "--epochs=1001", *out]) != 0
    assert "epochs must be 1 to 1000" in capsys.readouterr().err
