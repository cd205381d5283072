"""Fusion: averages against NumPy, parameters by hand, files, and clear refusals."""

import keras
import numpy as np
import pytest

import zoo


def softmax(z):
    powers = np.exp(z - z.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def members(count=3, outputs=4, task="classification", shape=(5,)):
    return [zoo.mlp(shape, outputs, units=(6,), task=task) for _ in range(count)]


def rows(*shape):
    return np.random.default_rng(0).normal(size=(7, *shape)).astype("float32")


def outputs_of(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False)).astype("float64")


def test_classifiers_are_averaged_as_probabilities():
    models, x = members(), rows(5)
    expected = np.mean([softmax(outputs_of(m, x)) for m in models], 0)
    fused = outputs_of(zoo.late_fusion(models), x)
    assert np.exp(fused) == pytest.approx(expected, rel=1e-5)


def test_binary_and_regression():
    x = rows(5)
    models = members(outputs=2, task="binary")
    expected = np.mean([1 / (1 + np.exp(-outputs_of(m, x))) for m in models], 0)
    fused = outputs_of(zoo.late_fusion(models, task="binary"), x)
    assert 1 / (1 + np.exp(-fused)) == pytest.approx(expected, rel=1e-5)
    models = members(outputs=2, task="regression")
    expected = np.mean([outputs_of(m, x) for m in models], 0)
    fused = outputs_of(zoo.late_fusion(models, task="regression"), x)
    assert fused == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_ordinal_heads_are_averaged_question_by_question():
    models, x = members(outputs=4, task="ordinal"), rows(5)
    expected = np.mean([1 / (1 + np.exp(-outputs_of(m, x))) for m in models], 0)
    fused = outputs_of(zoo.late_fusion(models, task="ordinal"), x)
    assert 1 / (1 + np.exp(-fused)) == pytest.approx(expected, rel=1e-5)


def test_extreme_logits_stay_finite():
    models = members(2)
    for model, sign in zip(models, (1, -1), strict=True):
        kernel, bias = model.layers[-1].get_weights()
        model.layers[-1].set_weights(
            [0 * kernel, bias + sign * np.array([0, 9e3, 0, 0])]
        )
    fused = outputs_of(zoo.late_fusion(models), rows(5))
    assert np.isfinite(fused).all()
    assert np.exp(fused) == pytest.approx(
        np.tile([1 / 6, 1 / 2, 1 / 6, 1 / 6], (7, 1)), rel=1e-5
    )


def test_an_input_for_each_member():
    left, right = members(2)
    fused = zoo.late_fusion([left, right], shared_input=False)
    x, other = rows(5), rows(5) + 1
    expected = (softmax(outputs_of(left, x)) + softmax(outputs_of(right, other))) / 2
    assert np.exp(outputs_of(fused, [x, other])) == pytest.approx(expected, rel=1e-5)


def test_members_are_shared_and_train():
    models, x = members(2), rows(5)
    fused = zoo.late_fusion(models)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    fused.compile("sgd", loss)
    before = [w.copy() for w in models[1].get_weights()]
    fused.fit(x, np.arange(7) % 4, verbose=0)
    moved = [np.abs(a - b).max() for a, b in
             zip(before, models[1].get_weights(), strict=True)]  # fmt: skip
    assert min(moved) > 0


def test_early_fusion_by_hand():
    """Two raw inputs of 2 and 3: a head of 5 x 4 weights and 4 biases."""
    raw = [zoo.mlp((n,), 2, units=(), include_top=False) for n in (2, 3)]
    fused = zoo.early_fusion(raw, 4)
    assert fused.count_params() == 24
    kernel, bias = fused.layers[-1].get_weights()
    x, other = rows(2), rows(3)
    expected = np.concatenate([x, other], 1) @ kernel + bias
    assert outputs_of(fused, [x, other]) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_early_fusion_averages_feature_maps():
    image = zoo.lenet((8, 8, 1), filters=(3,), include_top=False)
    table = zoo.mlp((2,), 2, units=(5,), include_top=False)
    fused = zoo.early_fusion([image, table], 1, units=(6,), task="binary")
    # Convolution 3*9+3, hidden 2*5+5, joint (3+5)*6+6, head 7.
    assert fused.count_params() == 30 + 15 + 54 + 7
    assert fused.output_shape == (None, 1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: zoo.late_fusion(members(2)),
        lambda: zoo.late_fusion(members(2, 1, "binary"), task="binary"),
        lambda: zoo.early_fusion(
            [zoo.mlp((5,), 2, units=(3,), include_top=False) for _ in range(2)], 3
        ),
    ],
)
def test_saved_and_loaded(build, tmp_path):
    model = build()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = [rows(5)] * len(model.inputs)
    x = x if len(x) > 1 else x[0]
    assert outputs_of(loaded, x) == pytest.approx(outputs_of(model, x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zoo.late_fusion(members(1)), "models must be at least 2"),
        (lambda: zoo.late_fusion([1, 2]), "models must be a built keras.Model"),
        (lambda: zoo.late_fusion(members(2), task="all"), "task must be one of"),
        (
            lambda: zoo.late_fusion([*members(1), *members(1, outputs=3)]),
            "models must be models of equal output shapes",
        ),
        (
            lambda: zoo.late_fusion([*members(1), *members(1, shape=(6,))]),
            "models must be models of equal input shapes",
        ),
        (lambda: zoo.early_fusion(members(2), 0), "num_classes must be"),
        (lambda: zoo.early_fusion(members(2), 3, units=(0,)), r"units\[0\] must be"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
