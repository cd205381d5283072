"""Activations in deep networks: data, sparsity and the recipe as a whole."""

import numpy as np
import pytest
from keras import ops

from recipes.basics import (
    _activation_depth_fallback,
    _activation_depth_sparsity,
    activation_depth,
)
from recipes.basics._activation_data import copies
from recipes.basics._activation_measures import accuracy
from recipes.basics._activation_networks import SideBySide, cross_entropy
from recipes.lab.data.sets import load
from tests.recipes.running import run


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return run(tmp_path_factory.mktemp("smoke"), "activation_depth", "--smoke")


def test_smoke(smoke):
    assert [entry["id"] for entry in smoke["claims"]] == list(activation_depth.CLAIMS)
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}
    evidence = {entry["id"]: entry["evidence"] for entry in smoke["claims"]}
    share = evidence["relu-sparsity"]["share_of_zeros"]
    assert share["ReLU"]["start"] == pytest.approx(0.5, abs=0.1)
    assert share["tanh"]["start"] == share["sigmoid"]["end"] == 0
    ratios = evidence["selu-alternative"]["gradient_ratio_first_over_last_hidden_layer"]
    assert ratios["ReLU"] < ratios["SELU, LeCun normal"]


def test_copies_have_rows_of_their_own():
    data = load("digits")
    x, y, x_test, y_test = copies(data, (0, 1), 50)
    assert x.shape == (50, 2, 64)
    assert not np.array_equal(x[:, 0], x[:, 1])
    assert np.array_equal(x_test[:, 0], x_test[:, 1])
    assert y_test.shape == (len(x_test), 2)
    flat = data.x_train.reshape(-1, 64)
    row = np.flatnonzero((flat == x[7, 1]).all(1))[0]
    assert y[7, 1] == data.y_train[row]


def test_epochs_to_goal():
    runs = [
        {"history": {"test_accuracy": curve}}
        for curve in ([0.5, 0.9, 0.8], [0.95, 0.1, 0.1], [0.1, 0.2, 0.89])
    ]
    assert activation_depth.epochs_to_goal(runs).tolist() == [2, 1, 4]


def test_accuracy_by_hand():
    logits = np.array([[[1, 0], [0, 1]], [[1, 0], [2, 1]]], float)
    assert accuracy(np.array([[0, 0], [1, 0]]), logits).tolist() == [0.5, 0.5]


def test_penalty_is_the_mean_over_samples():
    layer = _activation_depth_sparsity.sparse(0.5)
    h = np.array([[[1.0, -3.0]], [[2.0, 4.0]]], "float32")
    outputs = ops.convert_to_numpy(layer(h))
    assert outputs.tolist() == [[[1, 0]], [[2, 4]]]
    (penalty,) = layer.losses
    assert float(penalty) == pytest.approx(0.5 * (1 + 2 + 4) / 2)


def test_cross_entropy_sums_over_networks():
    logits = np.zeros((3, 4, 10), "float32")
    losses = ops.convert_to_numpy(cross_entropy(np.zeros((3, 4), "int32"), logits))
    assert losses == pytest.approx(4 * np.log(10))


def test_leaky_relu_keeps_ten_layers_alive():
    kinds = _activation_depth_fallback.KINDS
    networks = SideBySide(kinds, 64, (32,) * 10, 10, (0,), cross_entropy)
    x = copies(load("digits"), (0,), 64)[0]
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
    assert code == 1
    assert "layers must be 2 or more" in capsys.readouterr().err
