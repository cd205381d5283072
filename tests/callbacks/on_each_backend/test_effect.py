"""A callback that could do nothing says so; optimizers and outputs are found."""

import dataclasses
import types

import keras
import numpy as np
import pytest
from keras import layers, ops

from callbacks import (
    AdaptiveGradientClipping,
    AutoClip,
    GradientClipping,
    GradientNorms,
    LossWeightSchedule,
    NoisySampleWeighting,
    UncertaintyWeighting,
)
from tests.callbacks.helpers import BACKEND, KeepWeights, data, dense, fit, numpy, on


def _moved(model, before):
    """Joint norm of the change of the trainable weights."""
    pairs = zip(model.trainable_variables, before, strict=True)
    return np.sqrt(sum(np.square(numpy(v) - b).sum() for v, b in pairs))


def _start(model):
    return [numpy(v) for v in model.trainable_variables]


MULTI = {
    "a function": lambda: keras.optimizers.MultiOptimizer(
        lambda variable: keras.optimizers.SGD(0.5)
    ),
    "a map": lambda: keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(
            keras.optimizers.SGD(0.5, name="slow"),
            {"hidden/.*": keras.optimizers.SGD(0.5, name="fast")},
        )
    ),
    "scaled losses": lambda: keras.optimizers.MultiOptimizer(
        lambda variable: keras.optimizers.SGD(0.5), loss_scale_factor=8.0
    ),
}


@pytest.mark.parametrize("kind", MULTI)
@pytest.mark.parametrize("lazy", [False, True])
def test_all_gradients_of_a_multi_optimizer_are_clipped_together(kind, lazy):
    if lazy:
        model = keras.Sequential(
            [layers.Dense(4, "tanh", name="hidden"), layers.Dense(1, name="out")]
        )
        model.compile(MULTI[kind](), "mse")
    else:
        model = dense(MULTI[kind]())
    kept, before, after = KeepWeights(), GradientNorms(), None
    after = GradientNorms(stage="update", name="after")
    if lazy:
        model.build((None, 5))
    history = fit(model, *data(), kept, before, GradientClipping(0.05), after)
    steps = np.sqrt(np.square(kept.changes()).sum(1)) / 0.5
    np.testing.assert_allclose(steps, 0.05, rtol=1e-4)
    np.testing.assert_allclose(history["clip_norm_after"], 0.05, rtol=1e-4)
    whole = np.sqrt(sum(np.square(t.global_norms) for t in before.tables.values()))
    np.testing.assert_allclose(history["clip_norm_before"], whole.mean(), rtol=1e-4)
    clipped = np.sqrt(sum(np.square(t.global_norms) for t in after.tables.values()))
    np.testing.assert_allclose(clipped, 0.05, rtol=1e-4)


@on("tensorflow", because="elsewhere Keras builds a model before training")
def test_a_model_that_is_built_in_its_first_step_is_clipped_in_it():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Dense(4, "tanh"), layers.Dense(1)])
    model.compile(MULTI["a function"](), "mse")
    history = fit(model, *data(4), GradientClipping(0.05))
    assert history["clip_norm_before"][0] > 0.05
    np.testing.assert_allclose(history["clip_norm_after"], 0.05, rtol=1e-4)


def test_optimizers_that_clip_themselves_are_not_clipped_together():
    def clipped(variable):
        return keras.optimizers.SGD(0.5, clipnorm=1.0)

    model = dense(keras.optimizers.MultiOptimizer(clipped))
    with pytest.raises(ValueError, match=r"can't clip .* together"):
        fit(model, *data(), AutoClip())
    model = dense(keras.optimizers.MultiOptimizer(clipped))
    history = fit(model, *data(), GradientClipping(per_variable=0.01))
    assert history["clip_norm_after"][0] <= 0.02 * (1 + 1e-4)


@dataclasses.dataclass
class Parts:
    optimizer: object


class Own(keras.Model):
    """A train step that moves its one layer by an optimizer kept somewhere else."""

    def __init__(self, place):
        super().__init__()
        self.generator = layers.Dense(1, name="generator")
        self.generator.build((None, 5))
        self.inner = keras.Sequential([layers.Input((5,)), layers.Dense(1)])
        optimizer = keras.optimizers.SGD(0.5)
        self.use = lambda: optimizer
        if place == "submodel":
            self.inner.compile(optimizer, "mse")
        elif place == "nested list":
            self.all = {"of": [[optimizer]]}
        elif place == "namespace":
            self.parts = types.SimpleNamespace(optimizer=optimizer)
        elif place == "dataclass":
            self.parts = Parts(optimizer)
        elif place == "layer":
            self.generator.own_optimizer = optimizer

    def call(self, x):
        return self.generator(x)

    def train_step(self, batch):
        x, y = batch
        variables = self.generator.trainable_variables
        if BACKEND == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                loss = ops.mean(ops.square(self.generator(x) - y))
            grads = tape.gradient(loss, variables)
        else:
            for variable in variables:
                variable.value.grad = None
            loss = ops.mean(ops.square(self.generator(x) - y))
            loss.backward()
            grads = [variable.value.grad for variable in variables]
            loss = loss.detach()
        self.use().apply(grads, variables)
        return {"loss": loss}


PLACES = ["submodel", "nested list", "namespace", "dataclass", "layer"]
NOT_ON_JAX = on(
    "tensorflow", "torch", because="Keras's JAX trainer carries one optimizer's state"
)


@NOT_ON_JAX
@pytest.mark.parametrize("place", PLACES)
def test_an_optimizer_is_found_wherever_the_model_keeps_it(place):
    model = Own(place)
    model.compile("sgd", "mse")
    before, norms = _start(model.generator), GradientNorms()
    fit(model, *data(4), norms, GradientClipping(1e-3))
    np.testing.assert_allclose(_moved(model.generator, before), 5e-4, rtol=1e-3)
    assert len(norms.tables) == 1


@NOT_ON_JAX
@pytest.mark.parametrize(
    "make", [lambda: GradientClipping(1e-3), AutoClip, AdaptiveGradientClipping]
)
def test_clipping_that_finds_no_optimizer_is_an_error(make):
    model = Own("nowhere")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="clipped nothing: the train step of 'own"):
        fit(model, *data(4), make())


@NOT_ON_JAX
def test_norms_that_find_no_optimizer_are_a_warning_and_no_keys():
    model = Own("nowhere")
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="saw no gradient of 'own"):
        history = fit(model, *data(4), GradientNorms())
    assert list(history) == ["loss"]


@NOT_ON_JAX
@pytest.mark.parametrize(
    "make",
    [
        lambda: LossWeightSchedule({"loss": 0.5}),
        UncertaintyWeighting,
        lambda: NoisySampleWeighting(0.5),
    ],
)
def test_weights_of_losses_that_the_step_does_not_compute_are_an_error(make):
    model = Own("submodel")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"weighed nothing|compute_metrics"):
        fit(model, *data(4), make())


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.parametrize("make", [GradientNorms, lambda: GradientClipping(1.0)])
def test_a_model_with_nothing_to_train_is_a_warning(make):
    model = dense()
    for layer in model.layers:
        layer.trainable = False
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="no trainable weights"):
        history = fit(model, *data(), make(), epochs=2)
    assert list(history) == ["loss"]


def _two(outputs, loss=None):
    """Inputs of zero: each output is its bias, and moves by a formula."""
    inputs = layers.Input((1,))
    first = layers.Dense(1, name="uu", kernel_initializer="zeros")(inputs)
    second = layers.Dense(1, name="vv", kernel_initializer="zeros")(inputs)
    model = keras.Model(inputs, outputs(first, second))
    model.compile(keras.optimizers.SGD(0.1), loss or "mse")
    return model, model.get_layer("uu"), model.get_layer("vv")


class ReturnsDict(keras.Model):
    def __init__(self, kind=dict):
        super().__init__()
        self.uu = layers.Dense(1, kernel_initializer="zeros")
        self.vv = layers.Dense(1, kernel_initializer="zeros")
        self.kind = kind

    def call(self, x):
        first, second = self.uu(x), self.vv(x)
        return {"u": first, "v": second} if self.kind is dict else [first, second]


X = np.zeros((4, 1), "float32")
TARGETS = [np.full((4, 1), 3.0, "float32"), np.full((4, 1), 10.0, "float32")]


def _biases(*dense_layers):
    return [float(numpy(layer.bias)[0]) for layer in dense_layers]


@pytest.mark.parametrize("key", ["u", "uu"])
def test_outputs_of_a_dict_go_by_their_key_and_by_their_layer(key):
    model, first, second = _two(lambda u, v: {"u": u, "v": v})
    y = dict(zip("uv", TARGETS, strict=True))
    history = fit(model, X, y, LossWeightSchedule({key: 0.5}))
    np.testing.assert_allclose(_biases(first, second), [0.3, 2.0], rtol=1e-5)
    assert history[f"loss_weight/{key}"] == [0.5]


def test_outputs_of_a_dict_whose_order_differs_from_that_of_the_layers():
    model, first, second = _two(lambda u, v: {"z": u, "a": v})
    y = {"z": TARGETS[0], "a": TARGETS[1]}
    fit(model, X, y, LossWeightSchedule({"uu": 0.5, "a": 0.25}))
    np.testing.assert_allclose(_biases(first, second), [0.3, 0.5], rtol=1e-5)


def test_outputs_of_a_subclassed_model_go_by_their_key():
    model = ReturnsDict()
    model.compile(keras.optimizers.SGD(0.1), {"u": "mse", "v": "mse"})
    y = dict(zip("uv", TARGETS, strict=True))
    fit(model, X, y, LossWeightSchedule({"u": 0.5}))
    np.testing.assert_allclose(_biases(model.uu, model.vv), [0.3, 2.0], rtol=1e-5)
    with pytest.raises(ValueError, match=r"got \['w'\]"):
        fit(model, X, y, LossWeightSchedule({"w": 0.5}))


def test_outputs_of_a_list_are_named_in_their_order():
    def made():
        model = ReturnsDict(list)
        model.compile(keras.optimizers.SGD(0.1), ["mse", "mse"])
        return model

    model = made()
    schedule = LossWeightSchedule({"b": 0.5}, outputs=["a", "b"])
    fit(model, X, TARGETS, schedule)
    np.testing.assert_allclose(_biases(model.uu, model.vv), [0.6, 1.0], rtol=1e-5)
    history = fit(made(), X, TARGETS, UncertaintyWeighting(1e-6, outputs=["a", "b"]))
    assert {"sigma/a", "sigma/b"} <= set(history)
    for wrong in (["a"], ["a", "b", "c"], ["a", "a"]):
        with pytest.raises(ValueError, match="outputs must be a name for each"):
            fit(made(), X, TARGETS, LossWeightSchedule({"a": 1.0}, outputs=wrong))


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_outputs_without_a_loss_do_not_count():
    model, first, second = _two(lambda u, v: [u, v], [None, "mse"])
    history = fit(model, X, [TARGETS[1]], UncertaintyWeighting(1e-6))
    np.testing.assert_allclose(_biases(first, second), [0.0, 1.0], rtol=1e-4)
    assert [key for key in history if key.startswith("sigma/")] == ["sigma/vv"]


def _sequential():
    model = keras.Sequential(
        [layers.Input((1,)), layers.Dense(1, name="only", kernel_initializer="zeros")]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


@pytest.mark.parametrize("key", ["only", "loss"])
def test_the_one_output_of_a_sequential_model_has_a_name(key):
    model = _sequential()
    fit(model, X, TARGETS[0], LossWeightSchedule({key: 0.5}))
    np.testing.assert_allclose(_biases(*model.layers), [0.3], rtol=1e-5)
    # Two of four samples keep their weight: 3 and 3, not 50.
    model, y = _sequential(), np.array([[3.0], [3.0], [50.0], [50.0]])
    fit(model, X, y, NoisySampleWeighting(0.5, 1, output=key), epochs=2)
    after_one = 0.1 * 2 * 26.5
    expected = after_one - 0.1 * 2 * (after_one - 3.0)
    np.testing.assert_allclose(_biases(*model.layers), [expected], rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LossWeightSchedule({"maim": 0.5}),
        lambda: NoisySampleWeighting(0.5, output="maim"),
        lambda: UncertaintyWeighting(classification=["maim"]),
        lambda: UncertaintyWeighting(outputs=["maim"]),
        lambda: LossWeightSchedule({"maim": 0.5}, outputs=["maim"]),
        lambda: AdaptiveGradientClipping(exclude=["maim"]),
    ],
)
def test_a_typo_in_a_name_is_refused(make):
    with pytest.raises(ValueError, match=r"must be .*'maim'"):
        fit(_sequential(), X, TARGETS[0], make())


def test_two_callbacks_that_set_one_weight_are_refused():
    for pair in (
        [LossWeightSchedule({"only": 0.5}), UncertaintyWeighting()],
        [LossWeightSchedule({"only": 0.5}), LossWeightSchedule({"loss": 0.5})],
        [UncertaintyWeighting(), UncertaintyWeighting()],
    ):
        with pytest.raises(ValueError, match="both set the weight of the output"):
            fit(_sequential(), X, TARGETS[0], *pair)


def test_layers_that_are_left_alone_may_be_in_a_submodel():
    def tower(name):
        inputs = keras.Input((5,))
        outputs = layers.Dense(3, name="hidden")(inputs)
        return keras.Model(inputs, outputs, name=name)

    def steps(exclude):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((5,))
        joined = layers.Add()([tower("left")(inputs), tower("right")(inputs)])
        model = keras.Model(inputs, layers.Dense(1, name="out")(joined))
        model.compile(keras.optimizers.SGD(0.5), "mse")
        before = _start(model)
        fit(model, *data(4), AdaptiveGradientClipping(1e-4, exclude=exclude))
        pairs = zip(model.trainable_variables, before, strict=True)
        return [np.abs(numpy(v) - b).max() > 1e-3 for v, b in pairs]

    none, left = [False] * 6, [True, True, False, False, False, False]
    assert steps([]) == none
    assert steps(["left"]) == left
    assert steps(["left/hidden"]) == left
    assert steps(["hidden"]) == [True] * 4 + [False] * 2


@on("tensorflow", "torch", because="on JAX Keras goes on with the state that there is")
@pytest.mark.parametrize(
    "make", [GradientNorms, AutoClip, lambda: GradientClipping(norm=1.0)]
)
def test_an_optimizer_of_another_model_is_named(make):
    optimizer = keras.optimizers.SGD(0.1, momentum=0.5)
    fit(dense(optimizer), *data())
    with pytest.raises(ValueError, match=r"other variables than|Unknown variable"):
        fit(dense(optimizer), *data(), make())
