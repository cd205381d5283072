"""The CNN arithmetic recipe: sums by hand, and checks that can fail."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from keras import layers

from recipes.architectures import (
    _cnn_counting,
    _cnn_fields,
    _cnn_maps,
    _cnn_pooling,
    cnn_arithmetic,
)
from recipes.lab.training.gradients import gradients


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The evidence and verdict of every claim, from one whole run."""
    import json

    from recipes.lab.cli.main import main

    out = tmp_path_factory.mktemp("runs")
    assert main(["run", "cnn_arithmetic", "--draws", "60", "--out", str(out)]) == 0
    (path,) = out.glob("cnn_arithmetic/2*/result.json")
    return {claim["id"]: claim for claim in json.loads(path.read_text())["claims"]}


def test_every_claim_has_its_verdict(verdicts):
    kinds = {claim: row["verdict"] for claim, row in verdicts.items()}
    conditional = {
        "cnn-1x1-output-stays-64",
        "cnn-output-formula",
        "cnn-pool-five-times",
        "cnn-pool-reduces-params",
        "cnn-concat-feature-maps",
    }
    assert list(kinds) == list(cnn_arithmetic.CLAIMS)
    assert len(kinds) == 17
    assert {claim for claim, kind in kinds.items() if kind == "refuted"} == {
        "cnn-1x1-params"
    }
    assert {
        claim for claim, kind in kinds.items() if kind == "conditional"
    } == conditional
    assert set(kinds.values()) == {"supported", "conditional", "refuted"}


def test_counts_by_hand(verdicts):
    counts = verdicts["cnn-params-28"]["evidence"]
    assert counts["parameters"]["conv_1"] == (3 * 3 * 1 + 1) * 32
    assert counts["parameters"]["conv_2"] == (3 * 3 * 32 + 1) * 64
    assert counts["parameters"]["logits"] == (7 * 7 * 64 + 1) * 10
    assert counts["total"] == 320 + 18_496 + 31_370
    assert verdicts["cnn-1x1-params"]["evidence"]["parameters"] == 16 + 1
    made = verdicts["cnn-1x1-channels"]["evidence"]["parameters_by_output"]
    assert made == {"4×4×32": 65 * 32, "4×4×128": 65 * 128}
    shared = verdicts["cnn-param-sharing"]["evidence"]
    assert shared["dense_weights"] == 784 * 784 * 32
    assert shared["dense_biases"] == 784 * 32
    # A row of 8 pixels has 6 with three neighbors and 2 with two: 22 in all.
    assert 22**2 in shared.values()
    assert 9 in shared.values()


def test_pooling_and_heads_by_hand(verdicts):
    variants = verdicts["cnn-pool-reduces-params"]["evidence"]["parameters"]
    convolutions = 320 + 18_496
    totals = {name: sum(row.values()) for name, row in variants.items()}
    assert totals["flatten and dense, no pooling"] == convolutions + (
        (28 * 28 * 64 + 1) * 10
    )
    assert totals["flatten and dense, average pooling"] == 50_186
    for pooling in ("max", "average", "no"):
        assert totals[f"global average, {pooling} pooling"] == convolutions + 650


def test_sizes_by_hand(verdicts):
    pools = verdicts["cnn-pool-five-times"]["evidence"]
    assert pools["sizes_valid"] == [16, 8, 4, 2, 1]
    assert pools["sizes_same"] == [16, 8, 4, 2, 1, 1]
    assert pools["formula_for_the_fifth"] == 0.5
    fields = verdicts["cnn-receptive-field"]["evidence"]
    # r grows by (k - 1) times the strides before: 1, +2, +1·2, +2·4, +1·8.
    assert fields["side_through_1_to_4_layers"] == [[3, 3], [5, 5], [13, 13], [21, 21]]
    assert fields["sides_forward_from_21"] == [21, 10, 5, 2, 1]
    assert fields["sides_forward_from_20_until_refused"] == [20, 9, 4, 1]
    # One image lights at most one path a window: 9 windows of 3×3.
    through = fields["pixels_with_a_gradient_through_max_pooling_by_images"]
    assert through["1"] <= 81 < through["100"] == 441
    seen = verdicts["cnn-local-connectivity"]["evidence"]["pixels_seen_of_81"]
    assert list(seen.values()) == [9, 6, 4, 81]


def test_formula_by_hand():
    assert _cnn_maps.formula(28, 3, 1, 1) == 28
    assert _cnn_maps.formula(32, 5, 0, 1) == 28
    assert _cnn_maps.formula(7, 3, 0, 2) == 3
    assert _cnn_maps.formula(8, 3, 0, 2) == Fraction(7, 2)
    assert _cnn_maps.sizes(8, 5, 3, 0, 2) == (3, 2)
    assert _cnn_maps.sizes(8, 2, 3, 0, 2) is None


def test_a_wrong_formula_would_be_seen(monkeypatch):
    right = _cnn_maps.compare(20)
    assert right["whole"] == right["whole_as_printed"] > 0
    assert right["broken"] == right["broken_rounded_down"] > 0
    assert right["broken_as_printed"] == 0

    def without_padding(n, k, p, s):
        return Fraction(n - k, s) + 1

    monkeypatch.setattr(_cnn_maps, "formula", without_padding)
    wrong = _cnn_maps.compare(20)
    assert wrong["whole_as_printed"] < wrong["whole"]


def test_a_mixing_layer_would_be_seen():
    assert _cnn_pooling.leak(layers.MaxPooling2D(2), "MaxPooling2D") == 0
    conv = layers.Conv2D(3, 1, kernel_initializer="ones")
    assert _cnn_pooling.leak(conv, "MaxPooling2D") == 1


def test_a_missing_path_would_be_seen():
    """A stride wider than the kernel leaves gaps that the probe must show."""
    conv = layers.Conv2D(1, 1, strides=2, use_bias=False, kernel_initializer="ones")
    pool = layers.AveragePooling2D(2)
    seen = _cnn_fields.responses([conv, pool], size=8)
    field = seen[:, :, 0, 0]
    assert _cnn_fields.side(field) == (3, 3)
    assert np.argwhere(field).tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]


def test_responses_are_the_gradient_of_a_linear_stack():
    made = _cnn_fields.stack()
    responses = _cnn_fields.middle(_cnn_fields.responses(made))
    image = np.random.default_rng(0).random((1, 41, 41, 1)).astype("float32")
    (gradient,) = gradients(
        lambda x: keras.ops.sum(_cnn_fields.run(made, x[0])[:, 1, 1, 0]), [image]
    )
    np.testing.assert_allclose(gradient[0, ..., 0], responses, rtol=1e-5)


def test_accepts_refuses():
    conv = _cnn_counting.built(layers.Conv2D(1, 1), 7, 7, 64)
    assert _cnn_counting.accepts(conv, (7, 7, 64))
    assert not _cnn_counting.accepts(conv, (7, 7, 63))


def test_smoke_run_judges_none(recipes_run):
    result = recipes_run("cnn_arithmetic", "--smoke")
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
