"""Heads: ordered grades, pixels, several labels and several tasks."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.losses import OrdinalCrossentropy


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def by_hand(labels, logits):
    """The loss's docstring, question by question."""
    total = 0.0
    for label, row in zip(labels, logits, strict=True):
        for grade, logit in enumerate(row):
            right = sigmoid(logit) if label > grade else 1 - sigmoid(logit)
            total -= np.log(right) / len(row)
    return total / len(labels)


@pytest.mark.parametrize("columns", [False, True])
def test_ordinal_loss_by_hand(columns):
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 5, 30), rng.normal(0, 2, (30, 4))
    given = labels[:, None] if columns else labels
    loss = OrdinalCrossentropy(5)
    assert float(loss(given, logits)) == pytest.approx(by_hand(labels, logits), 1e-5)
    read = OrdinalCrossentropy(5, from_logits=False)
    assert float(read(given, sigmoid(logits))) == pytest.approx(
        by_hand(labels, logits), 1e-4
    )


def test_two_grades_are_two_classes():
    rng = np.random.default_rng(1)
    labels, logits = rng.integers(0, 2, 20), rng.normal(size=(20, 1))
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    assert float(OrdinalCrossentropy(2)(labels, logits)) == pytest.approx(
        float(binary(labels[:, None], logits)), 1e-5
    )


def test_ordinal_loss_for_pixels_and_left_out_labels():
    rng = np.random.default_rng(2)
    labels, logits = rng.integers(0, 3, (2, 4, 4)), rng.normal(size=(2, 4, 4, 2))
    each = OrdinalCrossentropy(3, reduction="none")(labels, logits)
    assert each.shape == (2, 4, 4)
    holes = np.where(labels == 1, -1, labels)
    kept = holes.ravel() >= 0
    expected = by_hand(holes.ravel()[kept], logits.reshape(-1, 2)[kept])
    loss = OrdinalCrossentropy(3, ignore_class=-1)
    assert float(loss(holes, logits)) == pytest.approx(expected, 1e-5)


def test_ordinal_loss_refuses_what_does_not_fit():
    loss = OrdinalCrossentropy(4)
    with pytest.raises(ValueError, match="made for 4 grades, so the output must have"):
        loss(np.array([0, 1]), np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="labels from 0 to 3; got 4"):
        loss(np.array([0, 4]), np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match="grades must be an integer of at least 2"):
        OrdinalCrossentropy(1)


def test_ordinal_loss_and_metric_come_back_from_their_configurations():
    loss = OrdinalCrossentropy(4, from_logits=False, ignore_class=9)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    metric = zoo.GradeError(from_logits=False)
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert again.get_config() == metric.get_config()


def test_grades_and_their_distance_by_hand():
    logits = np.array([[3, 2, 1], [3, 2, -1], [1, -2, -3], [-1, -2, -3]], "float32")
    assert zoo_cases.to_numpy(zoo.grades(logits)).tolist() == [3, 2, 1, 0]
    chances = sigmoid(logits)
    assert zoo_cases.to_numpy(zoo.grades(chances, False)).tolist() == [3, 2, 1, 0]
    metric = zoo.GradeError()
    metric.update_state(np.array([[3], [0], [1], [3]]), logits)
    assert float(metric.result()) == pytest.approx((0 + 2 + 0 + 3) / 4)


def test_an_ordinal_network_learns_and_is_kept(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (400, 2)).astype("float32")
    y = np.digitize(x.sum(1), [-1.5, 0, 1.5])
    model = zoo.mlp((2,), 4, units=(16,), task="ordinal")
    assert model.output_shape == (None, 3)
    model.compile(
        keras.optimizers.Adam(0.02),
        OrdinalCrossentropy(4),
        metrics=zoo.metrics_for(model, "ordinal"),
    )
    model.fit(x, y, epochs=30, batch_size=40, verbose=0)
    off = model.evaluate(x, y, verbose=0, return_dict=True)["grade_error"]
    found = zoo_cases.to_numpy(zoo.grades(model.predict(x, verbose=0)))
    assert off == pytest.approx(np.abs(found - y).mean(), 1e-5)
    assert off < 0.2  # always the same grade is off by 0.9
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    again = loaded.evaluate(x, y, verbose=0, return_dict=True)
    assert again["grade_error"] == pytest.approx(off, 1e-6)


def test_parameters_of_a_u_net_by_hand():
    """3x3 kernels: 1-2, 2-2 down, 2-4, 4-4 below, 4+2-2, 2-2 up; 1x1: 2-3."""
    pairs = [(1, 2), (2, 2), (2, 4), (4, 4), (6, 2), (2, 2)]
    expected = sum(9 * a * b + b for a, b in pairs) + 2 * 3 + 3
    assert zoo.unet((8, 8, 1), 3, filters=(2, 4)).count_params() == expected


def test_a_u_net_takes_images_of_any_size_and_sees_far():
    model = zoo.unet((None, None, 1), 1, filters=(2, 3, 4), task="binary")
    zoo_cases.fill(model)
    for shape in ((8, 12), (16, 4)):
        assert model(np.zeros((1, *shape, 1))).shape == (1, *shape, 1)

    def corner(image):
        return keras.ops.sum(model(image)[:, 0, 0])

    image = np.random.default_rng(0).random((1, 16, 16, 1)).astype("float32")
    seen = np.abs(zoo_cases.gradient(corner, image))[0, :, :, 0]
    assert seen[0, 0] > 0
    assert seen[3, 3] > 0  # two 3x3 convolutions alone reach two pixels


def largest_of_squares(image):
    """Each pixel of (rows, columns) as the largest of its square of 2x2."""
    found = np.empty_like(image)
    for row, column in np.ndindex(image.shape):
        top, left = row - row % 2, column - column % 2
        found[row, column] = image[top : top + 2, left : left + 2].max()
    return found


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("size", [(5, 3), (1, 1), (4, 6), (7, 4)])
def test_a_u_net_halves_and_doubles_odd_images(size, known):
    """Kernels that copy the image leave what pooling makes of it, rounding up."""
    model = zoo.unet((*(size if known else (None, None)), 1), 1, filters=(1, 1),
                     task="binary")  # fmt: skip
    for layer in model.layers:
        if "conv" in layer.name and layer.weights:
            layer.kernel.assign(np.zeros(layer.kernel.shape))
            layer.kernel.assign(np.eye(9)[4].reshape(3, 3, 1, 1) * np.eye(
                layer.kernel.shape[2], 1)[None, None])  # fmt: skip
    model.get_layer("logits").kernel.assign(np.ones((1, 1)))
    image = np.random.default_rng(0).random(size).astype("float32")
    found = zoo_cases.predict(model, image[None, ..., None])[0, ..., 0]
    np.testing.assert_allclose(found, largest_of_squares(image), rtol=1e-6)


def test_a_u_net_of_any_size_learns_predicts_and_is_kept(tmp_path):
    model = zoo.unet((None, None, 1), 2, filters=(2, 3, 4), normalization="batch")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    rng = np.random.default_rng(0)
    for size in ((8, 8), (9, 10), (11, 5), (3, 2)):
        x = rng.random((4, *size, 1)).astype("float32")
        logs = model.fit(x, rng.integers(0, 2, (4, *size)), verbose=0).history
        assert np.isfinite(logs["loss"]).all()
        assert model.predict(x, verbose=0).shape == (4, *size, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0),
                               model.predict(x, verbose=0), rtol=1e-5)  # fmt: skip
    fixed = zoo.unet((3, 2, 1), 2, filters=(2, 3, 4), normalization="batch")
    fixed.set_weights(model.get_weights())
    np.testing.assert_allclose(zoo_cases.predict(fixed, x),
                               zoo_cases.predict(model, x), rtol=1e-5)  # fmt: skip


def test_a_u_net_of_a_known_size_has_layers_of_keras_only():
    for size in ((8, 8), (9, 10)):
        model = zoo.unet((*size, 1), 2, filters=(2, 3, 4))
        assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {
            "keras"
        }


def test_a_u_net_has_parts_that_can_be_frozen():
    model = zoo.unet((8, 8, 1), 2, filters=(2, 4))
    assert list(zoo.endpoints(model)) == ["down1", "down2", "up1"]
    zoo.freeze(model, until="up1")
    assert not model.get_layer("down2_conv1").trainable
    assert model.get_layer("up1_conv1").trainable


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input_shape": (0, 8, 1)}, r"input_shape\[0\] must be"),
        ({"input_shape": (8, 8)}, "input_shape must be"),
        ({"num_classes": 1}, "use task='binary' for one sigmoid logit"),
        ({"filters": ()}, "filters must be"),
        ({"filters": (0,)}, r"filters\[0\] must be"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"l2": -1}, "l2 must be"),
        ({"activation": "rely"}, "activation must be"),
        ({"normalization": "group"}, "normalization must be"),
        ({"kernel_initializer": "x"}, "kernel_initializer must be"),
        ({"task": "masks"}, "task must be one of"),
        ({"rescale": 1}, "rescale must be"),
        ({"name": ""}, "name must be"),
    ],
)
def test_a_u_net_refuses_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        zoo.unet(**{"input_shape": (8, 8, 1), **settings})


def test_several_heads_share_what_lies_below():
    trunk = zoo.lenet((8, 8, 1), 10, filters=(2, 4), include_top=False)
    heads = {"digit": 10, "labels": (3, "binary"), "grade": (4, "ordinal")}
    model = zoo.with_heads(trunk, heads)
    widths = {name: head.shape[-1] for name, head in model.output.items()}
    assert widths == {"digit": 10, "labels": 3, "grade": 3}
    assert model.count_params() == trunk.count_params() + 5 * 16
    assert model.get_layer("conv_1") is trunk.get_layer("conv_1")
    rng = np.random.default_rng(0)
    x = rng.random((12, 8, 8, 1)).astype("float32")
    y = {
        "digit": rng.integers(0, 10, 12),
        "labels": rng.integers(0, 2, (12, 3)),
        "grade": rng.integers(0, 4, 12),
    }
    model.compile(
        "sgd",
        {
            "digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "labels": keras.losses.BinaryCrossentropy(from_logits=True),
            "grade": OrdinalCrossentropy(4),
        },
        metrics={name: zoo.metrics_for(model, task) for name, task in
                 {"digit": "classification", "labels": "binary"}.items()},
        loss_weights={"digit": 1.0, "labels": 0.5, "grade": 0.0},
    )  # fmt: skip
    before = [zoo_cases.to_numpy(v).copy() for v in model.trainable_variables]
    logs = model.fit(x, y, verbose=0).history
    assert {"digit_accuracy", "labels_accuracy", "grade_loss"} <= set(logs)
    moved = {
        v.path.split("/")[0]: not np.array_equal(zoo_cases.to_numpy(v), old)
        for v, old in zip(model.trainable_variables, before, strict=True)
    }
    assert moved == {
        "conv_1": True, "conv_2": True, "digit": True, "labels": True, "grade": False
    }  # fmt: skip


def test_a_head_is_replaced_by_several():
    model = zoo.with_heads(zoo.mlp((4,), 5, units=(3,)), {"a": 2, "b": (1, "binary")})
    assert sorted(layer.name for layer in model.layers[-2:]) == ["a", "b"]
    assert "logits" not in {layer.name for layer in model.layers}
    sequential = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    assert zoo.with_heads(sequential, {"a": 2}).output["a"].shape == (None, 2)


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ({}, "heads must be a dictionary of at least one task"),
        (["a"], "heads must be a dictionary"),
        ({"hidden_1": 2}, "a name of heads must be no layer's of the model"),
        ({"a/b": 2}, "a name of heads must be a non-empty string"),
        ({"a": 1}, "use task='binary'"),
        ({"a": (1, "binari")}, "task must be one of .*did you mean 'binary'"),
        ({"a": (1,)}, r"heads\['a'\] must be a number, or \(number, task\)"),
    ],
)
def test_several_heads_refuse_bad_arguments(heads, message):
    with pytest.raises(ValueError, match=message):
        zoo.with_heads(zoo.mlp((4,), 5, units=(3,)), heads)
