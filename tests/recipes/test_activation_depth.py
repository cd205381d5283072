"""Activations in deep networks: data, sparsity and the recipe as a whole."""

import numpy as np
import pytest
from keras import ops

from recipes.basics.activation_depth import (
    fallbacks,
    five_layers,
    gradient_flow,
    sparsity,
)
from recipes.lab import catalog
from recipes.lab.data.sets import load
from tests.recipes.running import run

CLAIMS = {
    "relu-faster-convergence",
    "relu-sparsity",
    "relu-sparsity-generalises",
    "relu-sparsity-efficient",
    "act-nonlinear-gradient-flow",
    "selu-alternative",
}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return run(tmp_path_factory.mktemp("smoke"), "activation_depth", "--smoke")


def test_smoke(smoke):
    evidence = {entry["id"]: entry["numbers"] for entry in smoke["claims"]}
    assert set(evidence) == set(catalog.find("activation_depth").claims) == CLAIMS
    share = evidence["relu-sparsity"]["zeros"]
    assert share["ReLU"]["start"] == pytest.approx(0.5, abs=0.1)
    assert share["tanh"]["start"] == share["sigmoid"]["end"] == 0
    ratios = evidence["selu-alternative"]["gradient_ratio"]
    assert ratios["ReLU"] < ratios["SELU, LeCun normal"]


def start(lesson, networks, samples, hidden):
    """The networks of a lesson and their digits, before training."""
    case = {"networks": networks, "samples": samples, "hidden": hidden}
    return lesson.start(lesson.KINDS, {**case, "learning_rate": 1e-3}, load("digits"))


def test_copies_have_rows_of_their_own():
    data = load("digits")
    _, (x, y), (x_test, y_test) = start(five_layers, (0, 1), 50, [8])
    assert x.shape == (50, 2, 64)
    assert not np.array_equal(x[:, 0], x[:, 1])
    assert np.array_equal(x_test[:, 0], x_test[:, 1])
    assert y_test.shape == (len(x_test), 2)
    flat = data.x_train.reshape(-1, 64)
    row = np.flatnonzero((flat == x[7, 1]).all(1))[0]
    assert y[7, 1] == data.y_train[row]


def test_epochs_to_goal():
    curves = np.array([[0.5, 0.9, 0.8], [0.95, 0.1, 0.1], [0.1, 0.2, 0.89]])
    assert five_layers.epochs_to_goal(curves).tolist() == [2, 1, 4]


def test_accuracy_by_hand():
    logits = np.array([[[1, 0], [0, 1]], [[1, 0], [2, 1]]], float)
    assert five_layers.accuracy(np.array([[0, 0], [1, 0]]), logits).tolist() == [
        0.5,
        0.5,
    ]


def test_penalty_is_the_mean_over_samples():
    layer = sparsity.sparse(0.5)
    h = np.array([[[1.0, -3.0]], [[2.0, 4.0]]], "float32")
    outputs = ops.convert_to_numpy(layer(h))
    assert outputs.tolist() == [[[1, 0]], [[2, 4]]]
    (penalty,) = layer.losses
    assert float(penalty) == pytest.approx(0.5 * (1 + 2 + 4) / 2)


def test_pairs_that_are_no_sparser_decide_nothing():
    zeros = {name: np.full(6, 0.2) for name in sparsity.KINDS}
    zeros["ReLU, L1 0.01"] = np.full(6, 0.5) + np.linspace(0, 0.1, 6)
    found = {name: {"zeros": values} for name, values in zeros.items()}
    decided = sparsity.where_sparser(found, dict.fromkeys(sparsity.PAIRS, True))
    assert [pair for pair, value in decided.items() if value] == [
        "ReLU, L1 0.01 against ReLU"
    ]


def test_gradients_through_linear_layers_by_hand():
    case = {"networks": [0], "samples": 32, "hidden": [6, 6, 6], "learning_rate": 0.1}
    data = load("digits")
    found = gradient_flow.measure(case, 0, data)
    networks, (x, y), _ = gradient_flow.start(gradient_flow.KINDS, case, data)
    kernels = [kernel["linear"][0] for kernel in networks.kernels()]
    h = x[:, 0]
    for kernel in kernels:
        h = h @ kernel
    p = np.exp(h - h.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    last = (p - np.eye(10)[y[:, 0]]) @ kernels[-1].T
    first = last @ kernels[2].T @ kernels[1].T
    ratio = np.sqrt((first**2).mean() / (last**2).mean())
    assert found["linear"][0] == pytest.approx(ratio, rel=1e-4)


def test_cross_entropy_sums_over_networks():
    logits = np.zeros((3, 4, 10), "float32")
    networks, _, _ = start(five_layers, (0,), 50, [8])
    found = networks.loss(np.zeros((3, 4), "int32"), logits)
    losses = ops.convert_to_numpy(found)
    assert losses == pytest.approx(4 * np.log(10))


def test_leaky_relu_keeps_ten_layers_alive():
    networks, (x, _), _ = start(fallbacks, (0,), 64, [32] * 10)
    dead = networks.dead(x)
    assert dead["leaky ReLU 0.01"] == dead["leaky ReLU 0.3"] == 0
    assert dead["ReLU"] > 0


def test_unknown_data_is_refused(tmp_path, capsys):
    from recipes.lab.cli.main import main

    code = main(["run", "activation_depth", "--data=digit", "--out", str(tmp_path)])
    assert code == 2
    assert "digit" in capsys.readouterr().err


def test_one_layer_has_no_first_and_last(tmp_path, capsys):
    from recipes.lab.cli.main import main

    code = main(["run", "activation_depth", "--layers=1", "--out", str(tmp_path)])
    assert code == 2
    assert "layers must be 2 to 100" in capsys.readouterr().err
