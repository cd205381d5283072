"""What the weighted losses must hold, on every backend."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers, ops

from callbacks import (
    GradientNorms,
    LossWeightSchedule,
    NoisySampleWeighting,
    UncertaintyWeighting,
)
from callbacks.loss_weights.noisy_samples import small_loss_weights
from tests.callbacks.helpers import (
    assert_same,
    assert_untouched,
    everything,
    fit,
    numpy,
    slow_on,
)

BACKEND = keras.backend.backend()
RATE = 0.1


class Traced(keras.Model):
    """Counts how often its loss is traced."""

    def compute_loss(self, *arguments, **named):
        self.traced.append(1)
        return super().compute_loss(*arguments, **named)


def _two_biases(optimizer=None, **compiled):
    """Inputs are zero, so that each output is its bias, and moves by a formula."""
    inputs = layers.Input((1,))
    outputs = {
        name: layers.Dense(1, name=name, kernel_initializer="zeros")(inputs)
        for name in ("main", "aux")
    }
    model = Traced(inputs, outputs)
    object.__setattr__(model, "traced", [])
    optimizer = optimizer or keras.optimizers.SGD(RATE)
    model.compile(optimizer, {"main": "mse", "aux": "mse"}, **compiled)
    return model


X = np.zeros((4, 1), "float32")
Y = {"main": np.full((4, 1), 3.0, "float32"), "aux": np.full((4, 1), 10.0, "float32")}


def _bias(model, name):
    return float(numpy(model.get_layer(name).bias)[0])


def _weights_of(epoch):
    return {"main": 1.0 - 0.25 * epoch, "aux": 0.5**epoch}


def _schedule():
    return LossWeightSchedule(
        {name: lambda e, n=name: _weights_of(e)[n] for name in ("main", "aux")}
    )


def test_a_weight_schedule_is_its_closed_form():
    model = _two_biases()
    biases = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            (_bias(model, "main"), _bias(model, "aux"))
        )
    )
    seen = []
    history = fit(model, X, Y, _schedule(), biases, batch=2, epochs=4)
    main, aux = 3.0, 10.0
    for epoch, (at_main, at_aux) in enumerate(seen):
        weights = _weights_of(epoch)
        main *= (1 - 2 * RATE * weights["main"]) ** 2
        aux *= (1 - 2 * RATE * weights["aux"]) ** 2
        np.testing.assert_allclose([3.0 - at_main, 10.0 - at_aux], [main, aux], 1e-5)
    expected = [_weights_of(epoch)["aux"] for epoch in range(4)]
    np.testing.assert_allclose(history["loss_weight/aux"], expected, rtol=1e-6)
    if BACKEND != "torch":
        # Four epochs, no retracing; TensorFlow may trace the first step twice to
        # make variables, JAX also looks at the shapes.
        assert len(model.traced) <= 3
    assert_untouched(model, 2)


def test_a_weight_schedule_ends_with_the_fit():
    plain, model = _two_biases(), _two_biases()
    fit(model, X, Y, LossWeightSchedule({"main": 0.0}), epochs=1)
    assert _bias(model, "main") == 0.0
    assert _bias(model, "aux") > 0
    model.get_layer("aux").bias.assign(np.zeros(1))
    fit(model, X, Y, epochs=2)
    fit(plain, X, Y, epochs=2)
    assert_same(
        [numpy(v) for v in model.variables], [numpy(v) for v in plain.variables]
    )


def test_validation_keeps_compiled_weights():
    model = _two_biases(loss_weights={"main": 2.0, "aux": 1.0})
    zero = LossWeightSchedule({"main": 0.0, "aux": 0.0})
    history = fit(model, X, Y, zero, validation_data=(X, Y))
    assert history["loss"] == [0.0]
    np.testing.assert_allclose(history["val_loss"], [2.0 * 9 + 100], rtol=1e-6)
    np.testing.assert_allclose(history["main_loss"], [9.0], rtol=1e-6)


def test_schedules_refuse_unknown_outputs():
    with pytest.raises(ValueError, match=r"weights must be names of outputs"):
        fit(_two_biases(), X, Y, LossWeightSchedule({"other": 1.0}))
    with pytest.raises(ValueError, match=r"weights\['main'\] in epoch 1 must be"):
        fit(_two_biases(), X, Y, LossWeightSchedule({"main": lambda e: -e}), epochs=2)


def test_one_output_and_scaled_loss():
    ends = []
    for weight in (None, 0.25):
        inputs = layers.Input((1,))
        model = keras.Model(inputs, layers.Dense(1, name="only")(inputs))
        model.set_weights([np.ones((1, 1)), np.zeros(1)])
        inner = keras.optimizers.SGD(0.1 if weight else 0.025)
        optimizer = keras.optimizers.LossScaleOptimizer(inner, 2.0**4)
        model.compile(optimizer, "mse")
        used = [LossWeightSchedule({"only": weight})] if weight else []
        fit(model, np.ones((8, 1)), np.full((8, 1), 3.0), *used, epochs=2)
        ends.append([numpy(v) for v in model.trainable_variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_sequential_models_have_one_output():
    model = keras.Sequential([layers.Input((1,)), layers.Dense(1, name="only")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x, y = np.zeros((4, 1)), np.ones((4, 1))
    history = fit(model, x, y, LossWeightSchedule({"only": 0.25}), epochs=2)
    np.testing.assert_allclose(history["loss"], [0.25, 0.25])
    history = fit(model, x, y, UncertaintyWeighting(1e-6), NoisySampleWeighting(0.5))
    np.testing.assert_allclose(history["loss"], [0.5], rtol=1e-4)


def _uncertainty(losses, factors, rate, steps):
    """Adam on s, by hand."""
    s, m, v = np.zeros(2), np.zeros(2), np.zeros(2)
    for step in range(steps):
        gradient = 0.5 - factors * np.exp(-s) * losses(s)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        corrected = m / (1 - 0.9 ** (step + 1))
        s = s - rate * corrected / (np.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-7)
    return s


def test_uncertainty_weighting_follows_its_gradient():
    model = _two_biases(keras.optimizers.SGD(0.0))
    weighting = UncertaintyWeighting(0.2, classification=["aux"])
    history = fit(model, X, Y, weighting, batch=2, epochs=3)
    s = _uncertainty(lambda s: np.array([9.0, 100.0]), np.array([0.5, 1.0]), 0.2, 6)
    ours = [history[f"sigma/{name}"][-1] for name in ("main", "aux")]
    np.testing.assert_allclose(ours, np.exp(s / 2), rtol=1e-4)
    weights = [history[f"loss_weight/{name}"][-1] for name in ("main", "aux")]
    np.testing.assert_allclose(weights, [0.5, 1.0] * np.exp(-s), rtol=1e-4)
    # What is reported of each loss is unweighted, and counted once.
    np.testing.assert_allclose(history["main_loss"], [9.0] * 3, rtol=1e-5)
    assert_untouched(model, 2)
    assert len(model.trainable_variables) == 4


def test_uncertainty_weights_move_the_model():
    model, norms = _two_biases(), GradientNorms()
    fit(model, X, Y, UncertaintyWeighting(1e-6), norms)
    # At sigma = 1 the weight of a squared error is one half: the gradient is b - y.
    first = dict(zip(norms.table.variables, norms.table.norms[0], strict=True))
    np.testing.assert_allclose(first["main/bias"], 3.0, rtol=1e-4)
    np.testing.assert_allclose(first["aux/bias"], 10.0, rtol=1e-4)
    np.testing.assert_allclose(_bias(model, "main"), RATE * 3.0, rtol=1e-4)


@slow_on("tensorflow")
def test_uncertainty_weighting_balances_units():
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    noise = {"main": 0.1, "aux": 10.0}
    y = {n: generator.normal(size=(64, 1)) * s for n, s in noise.items()}
    model = _two_biases(keras.optimizers.SGD(0.0))
    weighting = UncertaintyWeighting(0.2)
    history = fit(model, np.zeros((64, 1)), y, weighting, batch=64, epochs=150)
    for name, targets in y.items():
        sigma = np.sqrt(np.square(targets).mean())
        np.testing.assert_allclose(history[f"sigma/{name}"][-1], sigma, rtol=0.05)


def test_small_losses():
    losses = ops.convert_to_tensor([5.0, 1.0, 9.0, 3.0, 2.0])
    weights = numpy(small_loss_weights(losses, 0.6, 0.0))
    np.testing.assert_allclose(weights, np.array([0, 1, 0, 1, 1]) * 5 / 3, rtol=1e-6)
    weights = numpy(small_loss_weights(losses, 0.8, 0.5))
    np.testing.assert_allclose(weights.mean(), 1.0, rtol=1e-6)
    np.testing.assert_allclose(weights[2] / weights[0], 0.5, rtol=1e-6)
    np.testing.assert_array_equal(numpy(small_loss_weights(losses, 1.0, 0.0)), 1.0)
    for count in (1, 2, 10, 30):
        batch = ops.arange(count, dtype="float32")
        kept = numpy(small_loss_weights(batch, np.float32(0.7), 0.0)) > 0
        assert kept.sum() == np.ceil(round(0.7 * count, 6))


def test_noisy_samples_lose_their_pull():
    """The target of one sample in four is absurd; the bias must not follow it."""
    inputs = layers.Input((1,))
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer="zeros")(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    y = np.tile([[1.0], [1.0], [1.0], [-50.0]], (2, 1))
    weighting = NoisySampleWeighting(noise=0.25, ramp_epochs=2)
    history = fit(model, np.zeros((8, 1)), y, weighting, epochs=40)
    np.testing.assert_allclose(history["kept_share"][:3], [1.0, 0.875, 0.75])
    np.testing.assert_allclose(numpy(model.variables[1]), [1.0], atol=1e-3)
    np.testing.assert_allclose(history["loss"][-1], 0.0, atol=1e-3)


def test_noisy_samples_with_sample_weights():
    inputs = layers.Input((1,))
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer="zeros")(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    y = np.array([[1.0], [3.0], [1.0], [-50.0]])
    weights = np.array([0.0, 1.0, 1.0, 1.0])
    weighting = NoisySampleWeighting(noise=0.25, ramp_epochs=1)
    fit(model, np.zeros((4, 1)), y, weighting, epochs=60, sample_weight=weights)
    np.testing.assert_allclose(numpy(model.variables[1]), [2.0], atol=1e-2)


def test_weightings_work_together():
    runs = []
    callbacks = [
        lambda: [],
        lambda: [
            LossWeightSchedule({"main": 1.0, "aux": 1.0}),
            NoisySampleWeighting(0.5, ramp_epochs=10, output="aux"),
            GradientNorms(),
        ],
    ]
    for make in callbacks:
        model = _two_biases()
        fit(model, X, Y, *make(), epochs=1)
        runs.append(everything(model))
    for one, other in zip(*runs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_weighting_callbacks_pickle():
    makes = [
        LossWeightSchedule({"main": 0.5}),
        UncertaintyWeighting(),
        NoisySampleWeighting(0.5),
    ]
    for callback in makes:
        copy = pickle.loads(pickle.dumps(callback))
        fit(_two_biases(), X, Y, copy)
        again = pickle.loads(pickle.dumps(copy))
        fit(_two_biases(), X, Y, again)
