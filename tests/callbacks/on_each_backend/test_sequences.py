"""A sample that is a sequence has one weight, whatever the number of its steps."""

import keras
import numpy as np
import pytest
from keras import layers

from callbacks import NoisySampleWeighting
from tests.callbacks.helpers import fit, numpy


def _tagger(masked=False, dtype=None):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((None, 4))])
    if masked:
        model.add(layers.Masking(0.0))
    model.add(layers.Dense(3, "softmax", dtype=dtype))
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    return model


def _data(samples, steps):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(samples, steps, 4)).astype("float32")
    return x, generator.integers(0, 3, (samples, steps))


def _losses(model, x, y):
    p = numpy(model(x))
    return -np.log(np.take_along_axis(p, y[..., None], -1))[..., 0]


def _weights(means, share):
    """Of mean 1 over the samples with the smallest losses, by hand."""
    kept = means <= np.sort(means)[int(np.ceil(share * len(means))) - 1]
    return kept / kept.mean()


def _second_epoch(model, x, y, **arguments):
    """Weights after an epoch in which half of the samples keep theirs."""
    callback = NoisySampleWeighting(0.5, 1)
    model.fit(x, y, batch_size=len(x), epochs=2, initial_epoch=1, verbose=0,
              callbacks=[callback], **arguments)  # fmt: skip
    return [numpy(v) for v in model.trainable_variables]


@pytest.mark.parametrize(("samples", "steps"), [(8, 8), (6, 5), (5, 7)])
@pytest.mark.parametrize("given", [None, "samples", "steps"])
def test_the_weight_of_a_sequence_is_that_of_all_its_steps(samples, steps, given):
    (x, y), generator = _data(samples, steps), np.random.default_rng(1)
    shape = {None: None, "samples": (samples, 1), "steps": (samples, steps)}[given]
    own = None if shape is None else generator.uniform(0.5, 2, shape).astype("float32")
    losses = _losses(_tagger(), x, y)
    of_steps = own if given == "steps" else np.ones_like(losses)
    weights = _weights((losses * of_steps).sum(1) / of_steps.sum(1), 0.5)[:, None]
    if own is not None:
        weights = weights * (own)
    plain = _tagger()
    fit(plain, x, y, batch=samples,
        sample_weight=np.broadcast_to(weights, (samples, steps)))  # fmt: skip
    ours = _second_epoch(_tagger(), x, y, sample_weight=own)
    for one, other in zip(ours, plain.trainable_variables, strict=True):
        np.testing.assert_allclose(one, numpy(other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [None, "mixed_bfloat16"])
def test_masked_steps_do_not_count(dtype):
    x, y = _data(6, 5)
    for row in range(6):
        x[row, 1 + row % 4 :] = 0.0
    mask = (x != 0).any(-1)
    losses = _losses(_tagger(), x, y)
    weights = _weights((losses * mask).sum(1) / mask.sum(1), 0.5)
    plain = _tagger(masked=True, dtype=dtype)
    fit(plain, x, y, batch=6, sample_weight=np.tile(weights[:, None], 5))
    ours = _second_epoch(_tagger(masked=True, dtype=dtype), x, y)
    rate = 1e-5 if dtype is None else 2e-2
    for one, other in zip(ours, plain.trainable_variables, strict=True):
        np.testing.assert_allclose(one, numpy(other), rtol=rate, atol=rate)


def test_images_have_one_weight_each():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4, 3, 3, 2)).astype("float32")
    y = generator.normal(size=(4, 3, 3, 1)).astype("float32")

    def made():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([layers.Input((3, 3, 2)), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        return model

    means = np.square(numpy(made()(x)) - y).mean((1, 2, 3))
    weights = np.broadcast_to(_weights(means, 0.5)[:, None, None], (4, 3, 3))
    plain = made()
    fit(plain, x, y, batch=4, sample_weight=weights)
    ours = _second_epoch(made(), x, y)
    for one, other in zip(ours, plain.trainable_variables, strict=True):
        np.testing.assert_allclose(one, numpy(other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.Dice(),
        lambda y_true, y_pred: keras.ops.mean(keras.ops.square(y_true - y_pred)),
    ],
)
def test_a_loss_of_a_whole_batch_has_no_samples_to_weigh(loss):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3, "sigmoid")])
    model.compile("sgd", loss)
    with pytest.raises(ValueError, match="needs a loss with a value for each sample"):
        fit(model, np.ones((4, 4)), np.ones((4, 3)), NoisySampleWeighting(0.5))
