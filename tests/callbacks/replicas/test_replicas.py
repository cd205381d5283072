"""Callbacks in a training that is spread over devices: one device is the oracle.

test_several_devices.py starts these with several devices; with one they are skipped.
"""

import keras
import numpy as np
import pytest
from keras import layers

from callbacks import (
    AdaptiveGradientClipping,
    AutoClip,
    GradientClipping,
    GradientNorms,
    LossWeightSchedule,
    NoisySampleWeighting,
    UncertaintyWeighting,
)
from tests.callbacks.helpers import BACKEND, data, fit, numpy, on
from tests.callbacks.replicas.devices import needed, spread
from zoo.losses import ClassBalancedLoss

pytestmark = [
    needed(),
    pytest.mark.filterwarnings("ignore:.*distributed:UserWarning"),
]


def model_of(optimizer=None, two=False, loss="mse"):
    keras.utils.set_random_seed(1)
    inputs = layers.Input((5,))
    hidden = layers.Dense(4, activation="tanh", name="hidden")(inputs)
    outputs = [layers.Dense(1, name="out")(hidden)]
    if two:
        outputs.append(layers.Dense(1, name="aux")(hidden))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer or keras.optimizers.SGD(0.1), [loss] * len(outputs))
    return model


CASES = {
    "norms": lambda: [GradientNorms(zero_share=True, update_ratio=True)],
    "norms of updates": lambda: [GradientNorms(stage="update")],
    "clipping": lambda: [GradientClipping(0.05), GradientNorms()],
    "clipping each": lambda: [GradientClipping(per_variable=0.05)],
    "clipping values": lambda: [GradientClipping(value=0.01)],
    "auto": lambda: [AutoClip(50.0)],
    "adaptive": lambda: [AdaptiveGradientClipping(0.01, exclude=["out"])],
    "noisy": lambda: [NoisySampleWeighting(0.5, 1)],
    "uncertainty": lambda: [UncertaintyWeighting(0.1)],
    "schedule": lambda: [LossWeightSchedule({"out": lambda e: 0.5**e})],
    "many": lambda: [
        GradientNorms(),
        AutoClip(50.0),
        GradientClipping(0.3),
        LossWeightSchedule({"out": 0.5}),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_the_whole_batch(case):
    if case == "noisy" and BACKEND == "tensorflow":
        with spread(True), pytest.raises(ValueError, match="each of 2 replicas"):
            fit(model_of(), *data(32), *CASES[case]())
        return
    x, y = data(32)
    ends = []
    for several in (False, True):
        with spread(several):
            model = model_of(two=case == "uncertainty")
            y_all = [y, 10 * y] if case == "uncertainty" else y
            ours = CASES[case]()
            history = fit(model, x, y_all, *ours, batch=8, epochs=3)
            rows = [c.table.norms for c in ours if isinstance(c, GradientNorms)]
            weights = [numpy(v) for v in model.trainable_variables]
        ends.append((weights, rows, history))
    for one, other in zip(ends[0][0], ends[1][0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    for one, other in zip(ends[0][1], ends[1][1], strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4)
    assert list(ends[0][2]) == list(ends[1][2])
    for key, values in ends[0][2].items():
        np.testing.assert_allclose(values, ends[1][2][key], rtol=1e-4, err_msg=key)


def test_a_weighted_loss_is_that_of_the_whole_batch():
    x, labels = data(32)[0], np.arange(32) % 3
    ends = []
    for several in (False, True):
        with spread(several):
            keras.utils.set_random_seed(0)
            inputs = layers.Input((5,))
            model = keras.Model(inputs, layers.Dense(3)(inputs))
            loss = ClassBalancedLoss([1.0, 5.0, 2.0], from_logits=True)
            model.compile(keras.optimizers.SGD(0.1), loss)
            history = fit(model, x, labels, batch=8, epochs=2)
            ends.append(([numpy(v) for v in model.variables], history["loss"]))
    for one, other in zip(*[end[0] for end in ends], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(*[end[1] for end in ends], rtol=1e-5)


def test_policies_are_right_or_refused():
    x, y = data(32)
    x[20] = np.nan
    if BACKEND == "tensorflow":
        with spread(True):
            model = model_of()
            for policy in ("skip", "stop", "raise"):
                with pytest.raises(ValueError, match="does not work where several"):
                    fit(model, x, y, GradientNorms(on_nonfinite=policy))
        return
    ends = []
    for several in (False, True):
        with spread(several):
            model = model_of()
            fit(model, x, y, GradientNorms(on_nonfinite="skip"), batch=8)
            ends.append([numpy(v) for v in model.trainable_variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@on("tensorflow", because="it is a fault of Keras on TensorFlow")
@pytest.mark.parametrize("name", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_clipping_by_keras_of_one_replicas_share_is_refused(name):
    with spread(True):
        model = model_of(keras.optimizers.SGD(0.1, **{name: 0.1}))
        with pytest.raises(ValueError, match=f"Keras applies {name} to each replica's"):
            fit(model, *data(32), GradientNorms())


@on("tensorflow", because="elsewhere several replicas are one program")
def test_a_loss_scale_optimizer_is_refused():
    with spread(True):
        inner = keras.optimizers.SGD(0.1)
        model = model_of(keras.optimizers.LossScaleOptimizer(inner))
        with pytest.raises(ValueError, match="doesn't work with a LossScaleOptimizer"):
            fit(model, *data(32), GradientNorms())


@on("tensorflow", because="on JAX it does")
def test_a_distribution_that_keras_ignores_is_refused():
    distribution = keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    with distribution.scope():
        model = model_of()
        with pytest.raises(ValueError, match="works on the JAX backend only"):
            fit(model, *data(32), GradientNorms())


@on("jax", because="the distribution is JAX's")
def test_a_model_built_outside_of_the_distribution_is_refused():
    model = model_of()
    with spread(True), pytest.raises(ValueError, match="inside the distribution's"):
        fit(model, *data(32), GradientNorms())
