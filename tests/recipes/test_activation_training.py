"""Activations in training: networks side by side, data, outputs and verdicts."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from recipes.basics import (
    _activation_training_outputs,
    _activation_training_slopes,
    activation_training,
)
from recipes.basics import _activation_training_tasks as tasks
from recipes.basics._activation_data import ROWS, curved_rows, linear_rows, stacked
from recipes.basics._activation_measures import (
    Watch,
    larger,
    mean_square,
    sweep_together,
)
from recipes.basics._activation_networks import Kind, SideBySide
from recipes.lab import fit
from recipes.lab.errors import LabError
from tests.recipes.running import run

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
    x, y = stacked(linear_rows(seed) for seed in (3, 4))
    return x[:96], y[:96]


def test_smoke(smoke):
    assert [entry["id"] for entry in smoke["claims"]] == list(
        activation_training.CLAIMS
    )
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}
    evidence = {entry["id"]: entry["evidence"] for entry in smoke["claims"]}
    for bias in (-5, -20):
        dead = evidence["dying-relu"][f"bias {bias}"]
        assert dead["largest_move_of_a_hidden_weight"] == 0
    started = evidence["leaky-fixes-dying"]
    shares = {
        case: started[case]["share_dead_at_start_and_end"][0]
        for case in (
            "ReLU, bias -5",
            "leaky ReLU 0.01, bias -20",
            "PReLU from 0, bias -20",
            "ELU, bias -5",
            "ELU, bias -20",
        )
    }
    assert list(shares.values()) == [1, 0, 1, 0, 1]
    outputs = evidence["relu-output-for-regression"]
    reached = outputs["test_mse"]["ReLU output, target with both signs"]
    assert reached >= outputs["floor_of_any_output_from_0"]


def test_each_network_learns_as_it_would_alone(data):
    x, y = data
    networks = SideBySide(KINDS, 10, (6, 5), 1, (0, 1), rate=0.01)
    lone = {name: alone(networks, name, copy=1) for name in ("tanh", "PReLU")}
    networks.train(x, y, epochs=3)
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
    networks = SideBySide(KINDS, 10, (6,), 1, (0, 1))
    hidden = networks.kernels()[0]
    assert hidden["tanh"].shape == (2, 10, 6)
    assert (hidden["tanh"] == hidden["far"]).all()
    assert abs(hidden["tanh"][0] - hidden["tanh"][1]).max() > 0.1
    assert abs(hidden["tanh"]).max() <= np.sqrt(6 / 16)  # Glorot's uniform limit


def test_initializers_of_a_kind():
    normal = Kind("relu", initializer=keras.initializers.HeNormal)
    networks = SideBySide({"he": normal}, 200, (100,), 1, (0, 1))
    assert networks.kernels()[0]["he"].var() == pytest.approx(2 / 200, rel=0.05)


def test_dead_units_slopes_and_zeros(data):
    networks = SideBySide(KINDS, 10, (6,), 1, (0, 1))
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
    networks = SideBySide({"linear": Kind("linear")}, 10, (6,), 1, (0, 1))
    found = networks.gradients_at_units(x, y)[0]["linear"]
    w, v = (kernel["linear"] for kernel in networks.kernels())
    for copy in (0, 1):
        outputs = x[:, copy] @ w[copy] @ v[copy]
        slopes = 2 * (outputs - y[:, copy]) * v[copy][:, 0]  # dL/dz = 2 (o - y) v
        assert found[copy] == pytest.approx(np.sqrt((slopes**2).mean()), rel=1e-5)


def test_watch_measures_each_network(data):
    x, y = data
    networks = SideBySide(KINDS, 10, (6,), 1, (0, 1))
    watch = Watch(networks, x, y, mean_square)
    networks.train(x, y, epochs=2, watch=[watch])
    curves = watch.curves()
    assert {name: curve.shape for name, curve in curves.items()} == dict.fromkeys(
        KINDS, (2, 2)
    )
    outputs = ops.convert_to_numpy(networks.model(x))
    for index, name in enumerate(KINDS):
        own = ((outputs[:, 2 * index + 1] - y[:, 1]) ** 2).mean()
        assert curves[name][1, -1] == pytest.approx(own, rel=1e-4)


class FakeLab:
    seeds = range(2)

    def sweep(self, train, cases, title):
        return {case: [train(case, seed) for seed in self.seeds] for case in cases}


def test_sweep_together_trains_once():
    calls = []

    def train(seeds):
        calls.append(seeds)
        return {"a": [1, 2], "b": [3, 4]}

    assert sweep_together(FakeLab(), train, ["a", "b"], "t") == {
        "a": [1, 2],
        "b": [3, 4],
    }
    assert calls == [[0, 1]]


def test_sweep_together_fails_once():
    calls = []

    def train(seeds):
        calls.append(seeds)
        raise LabError("training diverged.")

    class Patient(FakeLab):
        def sweep(self, train, cases, title):
            for seed in self.seeds:
                with pytest.raises(LabError, match="diverged"):
                    train(cases[0], seed)

    sweep_together(Patient(), train, ["a"], "t")
    assert len(calls) == 1


def test_larger():
    base = np.array([0.50, 0.51, 0.49, 0.50, 0.52])
    noise = np.array([0.001, -0.001, 0.002, 0.0, -0.001])
    assert larger(base + 0.1 + noise, base, worth=0.01) is True
    assert larger(base - 0.1 + noise, base, worth=0.01) is False
    assert larger(base + noise, base, worth=0.01) is False  # one of 0.01 is ruled out
    assert larger(base + 20 * noise, base, worth=0.01) is None


def test_regressions():
    x, y = linear_rows(0)
    assert (x.shape, y.shape) == ((2 * ROWS, 10), (2 * ROWS, 1))
    assert y.var() == pytest.approx(1, abs=0.15)
    x, y = curved_rows(0)
    assert x.std(0) == pytest.approx(1, abs=0.05)
    assert y.mean() == pytest.approx(0, abs=1e-5)
    # Features six to ten don't enter the target; the fourth does, linearly.
    assert abs(np.corrcoef(x[:, 7], y[:, 0])[0, 1]) < 0.1
    assert np.corrcoef(x[:, 3], y[:, 0])[0, 1] > 0.4


def test_parameters_of_prelu():
    assert list(_activation_training_slopes.parameters().values()) == [
        121,
        131,
        1024,
        16,
    ]


def test_outputs_from_zero_have_a_floor():
    runs = _activation_training_outputs.train_outputs([0, 1], 1)
    for run_ in runs["ReLU output, target with both signs"]:
        assert run_["test_mse"] >= run_["floor_of_outputs_from_0"] > 0.3
    for run_ in runs["linear output, the same target, shifted above 0"]:
        assert run_["floor_of_outputs_from_0"] == 0


def test_targets_of_tasks():
    images = np.zeros((2, 4, 4, 1))
    images[0, :, 3] = 1.0  # a stroke 1.5 pixels right of the middle
    images[1, 0, 0] = 0.2
    y = tasks.targets_of(images, np.array([7, 4]), np.array([0.5, 1.0, 9.0]))
    assert y["binary"].tolist() == [[1], [0]]
    assert y["number"][:, 0] == pytest.approx([1.5, -1.5])
    assert y["grade"].tolist() == [[1, 1, 0], [0, 0, 0]]
    assert y["mask"].sum() == 4


def test_scores_and_ranges():
    images = np.random.default_rng(0).random((6, 4, 4, 1))
    labels = np.array([0, 1, 2, 2, 7, 8])
    y = tasks.targets_of(images, labels, np.quantile(images.sum((1, 2, 3)), [0.2, 0.5]))
    y["grade"] = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0],
                           [1, 0, 0]], float)  # fmt: skip
    perfect = {**y, "classes": np.eye(10)[labels]}
    assert list(tasks.scores(perfect, y).values()) == [1, 1, 0, 1, 0]
    assert all(tasks.in_range(perfect, images, 10).values())
    constant = tasks.constant_outputs(y, 6, 10)
    base = tasks.scores(constant, y)
    assert base["classes"] == pytest.approx(2 / 6)
    assert base["number"] == pytest.approx(-y["number"].var())
    assert base["grade"] == pytest.approx(-4 / 6)  # always grade 1
    wrong = {**perfect, "classes": perfect["classes"] * 0.9, "binary": y["binary"] * 2}
    ranges = tasks.in_range(wrong, images, 10)
    assert not ranges["classes"]
    assert not ranges["binary"]


def test_softmax_of_one_output_says_nothing():
    assert (tasks.single_softmax() == 1).all()
