"""The CNN arithmetic recipe: sums by hand, and checks that can fail."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from keras import layers

from recipes.architectures.cnn_arithmetic import (
    counting,
    fields,
    pointwise,
    pooling,
    sizes,
)
from recipes.lab import gradients
from tests.recipes.running import run


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    """What every claim found, from one whole run."""
    out = tmp_path_factory.mktemp("runs")
    found = run(out, "cnn_arithmetic", "--draws", "60")
    return {claim["id"]: claim for claim in found["claims"]}


@pytest.fixture(scope="module")
def numbers(claims):
    return {id: claim["numbers"] for id, claim in claims.items()}


def test_every_claim_has_its_verdict(claims):
    kinds = {id: claim["verdict"] for id, claim in claims.items()}
    wrong = {id: kind for id, kind in kinds.items() if kind != "supported"}
    assert len(kinds) == 20
    assert wrong == {
        "cnn-1x1-params": "refuted",
        "cnn-1x1-output-stays-64": "conditional",
        "cnn-output-formula": "conditional",
        "cnn-concat-axis": "refuted",
        "cnn-pool-reduces-params": "conditional",
    }
    joining = claims["cnn-concat-feature-maps"]
    assert joining["fails"] == ["after a 1×1 convolution to 64 channels"]


def test_counts_by_hand(numbers):
    counts = numbers["cnn-params-28"]
    assert counts["parameters"]["conv_1"] == (3 * 3 * 1 + 1) * 32
    assert counts["parameters"]["conv_2"] == (3 * 3 * 32 + 1) * 64
    assert counts["parameters"]["logits"] == (7 * 7 * 64 + 1) * 10
    assert counts["total"] == 320 + 18_496 + 31_370
    assert numbers["cnn-1x1-params"]["parameters"] == 16 + 1
    made = numbers["cnn-1x1-channels"]["parameters_by_output"]
    assert made == {"4×4×32": 65 * 32, "4×4×128": 65 * 128}
    shared = numbers["cnn-param-sharing"]
    assert shared["dense_weights"] == 784 * 784 * 32
    assert shared["dense_biases"] == 784 * 32
    # A row of 28 pixels has 26 with three neighbors and 2 with two: 82 in all.
    assert shared["nonzero_entries_of_a_filter"] == 82**2
    assert shared["distinct_numbers_of_a_filter"] == 9
    assert shared["local"] == 32 * 82**2 + 28 * 28 * 32
    assert counting.count_matrix_entries(3) == (7**2, 9)
    stays = numbers["cnn-1x1-output-stays-64"]
    assert stays["output_of_1_filter"] == [7, 7, 1]
    assert stays["output_of_64_filters"] == [7, 7, 64]


def test_multiply_adds_by_hand(numbers):
    """Pixels times the weights that each of them uses."""
    convolutions = numbers["cnn-1x1-bottleneck"]
    pixels = 28 * 28
    assert convolutions["plain"] == pixels * 9 * 64 * 64
    assert convolutions["halved"] == pixels * (64 * 32 + 9 * 32 * 64)
    assert convolutions["narrow"] == pixels * (64 * 16 + 9 * 16 * 16 + 16 * 64)
    assert convolutions["before_pointwise"] == convolutions["pointwise"]
    counts = numbers["pool-saves-compute"]["operations"]
    compared = 28 * 28 * 32 + 14 * 14 * 64
    assert counts["flatten and dense, max pooling"] == 3_869_824 + compared
    assert counts["flatten and dense, no pooling"] == 15_178_240
    head = 64 * 10 + 28 * 28 * 64
    without = 28 * 28 * 9 * (32 + 32 * 64) + head
    assert counts["global average, no pooling"] == without


def test_a_bottleneck_that_costs_more_would_be_seen():
    wide = pointwise.multiply_adds((128, 1), (64, 3))
    assert wide > pointwise.multiply_adds((64, 3))


def test_pooling_and_heads_by_hand(numbers):
    variants = numbers["cnn-pool-reduces-params"]["parameters"]
    convolutions = 320 + 18_496
    totals = {name: sum(row.values()) for name, row in variants.items()}
    assert totals["flatten and dense, no pooling"] == convolutions + (
        (28 * 28 * 64 + 1) * 10
    )
    assert totals["flatten and dense, average pooling"] == 50_186
    for kind in ("max", "average", "no"):
        assert totals[f"global average, {kind} pooling"] == convolutions + 650


def test_sizes_by_hand(numbers):
    pools = numbers["cnn-pool-five-times"]
    assert pools["sizes_valid"] == [16, 8, 4, 2, 1]
    assert pools["sizes_same"] == [16, 8, 4, 2, 1, 1]
    assert pools["fifth_by_formula"] == 0.5
    fields = numbers["cnn-receptive-field"]
    # r grows by (k - 1) times the strides before: 1, +2, +1·2, +2·4, +1·8.
    assert fields["side_through_1_to_4_layers"] == [[3, 3], [5, 5], [13, 13], [21, 21]]
    assert fields["sides_forward_from_21"] == [21, 10, 5, 2, 1]
    assert fields["sides_forward_from_20_until_refused"] == [20, 9, 4, 1]
    # One image lights at most one path a window: 9 windows of 3×3.
    through = fields["pixels_with_a_gradient_through_max_pooling_by_images"]
    assert through["1"] <= 81 < through["100"] == 441
    seen = numbers["cnn-local-connectivity"]
    assert list(seen.values()) == [9, 6, 4, 81]


def test_formula_by_hand():
    assert sizes.formula(28, 3, 1, 1) == 28
    assert sizes.formula(32, 5, 0, 1) == 28
    assert sizes.formula(7, 3, 0, 2) == 3
    assert sizes.formula(8, 3, 0, 2) == Fraction(7, 2)
    assert sizes.output_size(8, 5, 3, 0, 2) == (3, 2)
    assert sizes.output_size(8, 2, 3, 0, 2) is None


def test_a_wrong_formula_would_be_seen(monkeypatch):
    right = sizes.compare(20)
    assert right["whole"] == right["whole_as_printed"] > 0
    assert right["broken"] == right["broken_rounded_down"] > 0
    assert right["broken_as_printed"] == 0

    def without_padding(n, k, p, s):
        return Fraction(n - k, s) + 1

    monkeypatch.setattr(sizes, "formula", without_padding)
    wrong = sizes.compare(20)
    assert wrong["whole_as_printed"] < wrong["whole"]


def test_a_mixing_layer_would_be_seen():
    assert pooling.leak(layers.MaxPooling2D(2), "MaxPooling2D") == 0
    conv = layers.Conv2D(3, 1, kernel_initializer="ones")
    assert pooling.leak(conv, "MaxPooling2D") == 1


def test_a_missing_path_would_be_seen():
    """A stride wider than the kernel leaves gaps that the probe must show."""
    conv = layers.Conv2D(1, 1, strides=2, use_bias=False, kernel_initializer="ones")
    pool = layers.AveragePooling2D(2)
    seen = fields.responses([conv, pool], size=8)
    field = seen[:, :, 0, 0]
    assert fields.side(field) == (3, 3)
    assert np.argwhere(field).tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]


def test_responses_are_the_gradient_of_a_linear_stack():
    made = fields.stack()
    responses = fields.middle(fields.responses(made))
    image = np.random.default_rng(0).random((1, 41, 41, 1)).astype("float32")
    (gradient,) = gradients(
        lambda x: keras.ops.sum(fields.apply(made, x[0])[:, 1, 1, 0]), [image]
    )
    np.testing.assert_allclose(gradient[0, ..., 0], responses, rtol=1e-5)


def test_settings_out_of_range(recipes_run):
    assert "must be" in recipes_run("cnn_arithmetic", "--draws=10001", code=2)
