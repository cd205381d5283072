"""Endpoints, heads, frozen parts, and metrics that read logits."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo

SMALL = {"depths": (1, 1, 1), "widths": (4, 8, 8)}
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
ENDPOINTS = {
    "resnet": ((lambda: zoo.resnet((8, 8, 1), 3, **SMALL)),
               ["stem", "stage1", "stage2", "stage3"]),
    "resnet_v2": ((lambda: zoo.resnet((8, 8, 1), 3, pre_activation=True, **SMALL)),
                  ["stem", "stage1", "stage2", "stage3", "final"]),
    "lenet": ((lambda: zoo.lenet(units=(5,), pointwise=(3, 0))),
              ["block1", "block2", "dense_1"]),
    "mlp": ((lambda: zoo.mlp((4,), 2, units=(3, 3), dropout=0.1)),
            ["hidden_1", "hidden_2"]),
    "lstm": ((lambda: zoo.lstm((5,), 2, vocabulary_size=9, units=(4, 4))),
             ["embedding", "lstm_1", "lstm_2"]),
    "judge": ((lambda: zoo.dcgan_discriminator((16, 16, 1), filters=2)),
              ["down1", "down2"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDPOINTS)
def test_endpoints_are_the_parts_in_order(name):
    build, names = ENDPOINTS[name]
    model = build()
    found = zoo.endpoints(model)
    assert list(found) == names
    features = keras.Model(model.input, list(found.values()))
    outputs = features(zoo_cases.inputs(model))
    assert len(outputs) == len(names)


def test_layers_of_others_are_no_parts():
    """Keras calls its own layers dense_1, lstm_1 and embedding."""
    layers = keras.layers
    body = zoo.lenet((8, 8, 1), include_top=False)
    x = layers.Flatten(name="flatten")(body.output)
    x = layers.Dense(4, name="dense_1")(x)
    model = keras.Model(body.input, layers.Dense(3, name="dense_2")(x))
    assert list(zoo.endpoints(model)) == ["block1", "block2"]
    zoo.freeze(model)
    trained = {variable.path for variable in model.trainable_variables}
    assert trained == {f"dense_{n}/{w}" for n in (1, 2) for w in ("kernel", "bias")}

    body = zoo.resnet((8, 8, 1), 3, include_top=False, pooling="avg", **SMALL)
    model = keras.Model(body.input, layers.Dense(3, name="dense_1")(body.output))
    assert list(zoo.endpoints(model)) == ["stem", "stage1", "stage2", "stage3"]

    stack = [
        keras.Input((5,), dtype="int32"),
        layers.Embedding(9, 4, name="embedding"),
        layers.LSTM(4, name="lstm_1"),
        layers.Dense(4, name="dense_1"),
        layers.Dense(2, name="logits"),
    ]
    with pytest.raises(ValueError, match="network of this package"):
        zoo.endpoints(keras.Sequential(stack))


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_copy_has_the_same_parts(name):
    build, names = ENDPOINTS[name]
    assert list(zoo.endpoints(keras.models.clone_model(build()))) == names


def test_the_endpoint_of_a_stage_is_what_the_next_one_gets():
    model = zoo.resnet((8, 8, 1), 3, **SMALL)
    second = zoo.endpoints(model)["stage2"]
    assert model.get_layer("stage3_block1_conv1").input is second
    assert second.shape == (None, 4, 4, 8)


@pytest.mark.parametrize("top", [True, False])
def test_a_new_head_shares_what_is_below(top):
    model = zoo.resnet((8, 8, 1), 3, include_top=top, **SMALL)
    other = zoo.with_head(model, 5)
    assert other.output_shape == (None, 5)
    assert other.get_layer("stem") is model.get_layer("stem")
    assert other.count_params() == zoo.resnet((8, 8, 1), 5, **SMALL).count_params()
    assert zoo.with_head(other, 1, task="regression").layers[-1].name == "prediction"


def moved(model, x, y):
    before = {v.path: zoo_cases.to_numpy(v).copy() for v in model.weights}
    model.fit(x, y, epochs=2, verbose=0)
    return {
        v.path.split("/")[-2]
        for v in model.weights
        if not np.array_equal(before[v.path], zoo_cases.to_numpy(v))
    }


def test_frozen_parts_stay_also_in_a_model_that_was_trained_before():
    model = zoo.resnet((8, 8, 1), 3, **SMALL)
    x, y = np.random.default_rng(0).random((16, 8, 8, 1)), np.arange(16) % 3
    model.compile(keras.optimizers.Adam(0.02), CROSSENTROPY, metrics=["accuracy"])
    everything = moved(model, x, y)
    assert "stem" in everything
    zoo.freeze(model, until="stage3")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    late = {name for name in everything if name.startswith("stage3")}
    assert moved(model, x, y) == {*late, "logits"}
    zoo.freeze(model, until="stage3", normalization=False)
    convolutions = {name for name in late if "normalization" not in name}
    assert moved(model, x, y) == {*convolutions, "logits"}
    zoo.freeze(model)
    assert moved(model, x, y) == {"logits"}
    zoo.freeze(model, until="stem")
    assert moved(model, x, y) == everything


def test_gradual_unfreezing_goes_from_the_head_to_the_input():
    model = zoo.mlp((4,), 2, units=(3, 3, 3))
    model.compile("sgd", CROSSENTROPY)
    steps = {
        part: len(model.trainable_variables) for part in zoo.unfreeze_gradually(model)
    }
    assert steps == {"head": 2, "hidden_3": 4, "hidden_2": 6, "hidden_1": 8}


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda **s: zoo.lenet((8, 8, 1), **s), (None, 2, 2, 64)),
        (lambda **s: zoo.lenet5((28, 28, 1), **s), (None, 5, 5, 16)),
        (lambda **s: zoo.resnet20((8, 8, 1), **s), (None, 2, 2, 64)),
        (lambda **s: zoo.mlp((8, 8, 1), 3, units=(5,), **s), (None, 5)),
        (lambda **s: zoo.dcgan_discriminator((8, 8, 1), filters=4, **s),
         (None, 4, 4, 4)),
    ],
)  # fmt: skip
def test_every_image_model_leaves_its_top_away(build, shape):
    assert build(include_top=False).output_shape == shape


@pytest.mark.parametrize(
    "build",
    [
        lambda **s: zoo.lenet((8, 8, 1), filters=(2, 2), **s),
        lambda **s: zoo.resnet((8, 8, 1), 10, **SMALL, **s),
        lambda **s: zoo.mlp((8, 8, 1), 10, units=(3,), **s),
    ],
)
def test_rescaling_inside_takes_images_of_bytes(build):
    plain, inside = build(), build(rescale=True)
    inside.set_weights(plain.get_weights())
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype("uint8")
    np.testing.assert_allclose(
        zoo_cases.predict(inside, images),
        zoo_cases.predict(plain, (images / 255.0).astype("float32")),
        rtol=1e-4,
        atol=1e-6,
    )


def test_the_accuracy_of_a_logit_has_its_threshold_at_zero():
    model = zoo.mlp((1,), 1, units=(), task="binary")
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    model.compile("sgd", "mse", metrics=zoo.metrics_for(model))
    x = np.array([[-1.0], [0.2], [0.3], [2.0]])
    scores = model.evaluate(x, np.array([[0], [1], [1], [1]]), verbose=0,
                            return_dict=True)  # fmt: skip
    assert scores["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("build", "task", "kind"),
    [
        (lambda: zoo.lenet(), None, "SparseCategoricalAccuracy"),
        (lambda: zoo.char_lm(5, units=(2,)), None, "SparseCategoricalAccuracy"),
        (lambda: zoo.mlp_regression(), None, "MeanAbsoluteError"),
        (lambda: zoo.mlp((3,), 4, task="binary"), "binary", "BinaryAccuracy"),
    ],
)
def test_metrics_fit_the_task(build, task, kind):
    assert [type(m).__name__ for m in zoo.metrics_for(build(), task)] == [kind]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zoo.endpoints(keras.Sequential([keras.Input((2,)),
                                                 keras.layers.Dense(1, name="end")])),
         "model must be a network of this package"),
        (lambda: zoo.freeze(zoo.mlp((2,), 2), until="stage1"), "until must be one of"),
        (lambda: zoo.with_head(zoo.mlp((2,), 2), 1), "num_classes must be"),
        (lambda: zoo.with_head("mlp", 2), "model must be a built"),
        (lambda: zoo.metrics_for(zoo.mlp((2,), 2), "binari"), "task must be one of"),
        (lambda: zoo.metrics_for(zoo.mlp((2,), 2, include_top=False)), "task must be"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class OwnLoss(keras.losses.Loss):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * keras.ops.mean(y_pred, axis=-1)


class OwnSGD(keras.optimizers.SGD):
    pass


class OwnRate(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.25


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": lambda y, p: keras.ops.mean(p)},
        {"loss": OwnLoss(2.0)},
        {"loss": "mse", "metrics": [lambda y, p: keras.ops.mean(p)]},
        {"loss": "mse", "optimizer": OwnSGD(0.25)},
        {"loss": "mse", "optimizer": keras.optimizers.SGD(OwnRate())},
        {"loss": "mse", "optimizer": keras.optimizers.LossScaleOptimizer(OwnSGD(0.25))},
    ],
    ids=["function", "loss", "metric", "optimizer", "schedule", "scaled"],
)
def test_freezing_keeps_what_is_not_registered_with_keras(settings):
    model = zoo.mlp((4,), 3, units=(5,))
    model.compile(**{"optimizer": keras.optimizers.SGD(0.25), **settings})
    x, y = np.ones((4, 4), "float32"), np.zeros((4, 3), "float32")
    model.fit(x, y, verbose=0)
    first = model.optimizer
    zoo.freeze(model)
    assert type(model.optimizer) is type(first)
    assert model.optimizer is not first
    rate = getattr(model.optimizer, "inner_optimizer", model.optimizer).learning_rate
    assert float(keras.ops.convert_to_numpy(rate)) == 0.25
    names = set(model.fit(x, y, verbose=0).history)
    assert names == set(model.evaluate(x, y, verbose=0, return_dict=True))
    assert {
        path.split("/")[0] for path in (v.path for v in model.trainable_weights)
    } == {"logits"}


def test_freezing_keeps_a_rate_that_was_set_later():
    model = zoo.mlp((4,), 3)
    model.compile("adam", "mse")
    model.optimizer.learning_rate = 0.125
    zoo.freeze(model)
    assert float(model.optimizer.learning_rate) == 0.125


def test_a_head_for_any_stack_of_layers():
    stack = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert zoo.with_head(stack, np.int64(4)).output_shape == (None, 4)
    inputs = keras.Input((3,))
    two = keras.Model(inputs, [keras.layers.Dense(n)(inputs) for n in (2, 3)])
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    for model in (two, unbuilt, zoo.dcgan((8, 8, 1), 3, filters=2)):
        with pytest.raises(ValueError, match="model must be a built model of layers"):
            zoo.with_head(model, 3)
