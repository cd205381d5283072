"""One pass over generated examples serves both losses, and gives what two give."""

import keras
import numpy as np
import pytest
import zoo_cases
from keras import layers

import zoo
from zoo.gan import GAN
from zoo.losses import discriminator_loss, non_saturating_generator_loss

BATCH, LATENT, RATE = 6, 3, 0.5
tf = pytest.importorskip("tensorflow")
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the other backends take two passes"
)


class Unknown(layers.Dense):
    """A layer that the zoo doesn't know."""


def images():
    return np.random.default_rng(0).random((BATCH, 8, 8, 1)).astype("float32")


def small_dcgan():
    gan = zoo.dcgan((8, 8, 1), LATENT, filters=4, seed=7)
    for network in (gan.generator, gan.discriminator):
        zoo_cases.fill(network)
    gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    return gan


def step_by_two_tapes(gan, x):
    """Weights and statistics after a step: each loss has a pass and a tape of its own.

    The pass for the generator comes first, and what it did to the discriminator's
    statistics is put back.
    """
    seed = keras.random.SeedGenerator(7)
    z = keras.random.normal((BATCH, LATENT), seed=seed)
    made, judge = gan.generator, gan.discriminator
    before = [v.numpy() for v in judge.non_trainable_variables]
    with tf.GradientTape() as tape:
        generated = made(z, training=True)
        g_loss = non_saturating_generator_loss(judge(generated, training=True))
    for_g = tape.gradient(g_loss, [v.value for v in made.trainable_variables])
    for variable, value in zip(judge.non_trainable_variables, before, strict=True):
        variable.assign(value)
    with tf.GradientTape() as tape:
        real = judge(x, training=True)
        fake = judge(tf.constant(generated.numpy()), training=True)
        d_loss = discriminator_loss(real, fake)
    for_d = tape.gradient(d_loss, [v.value for v in judge.trainable_variables])
    for network, slopes in ((made, for_g), (judge, for_d)):
        for variable, slope in zip(network.trainable_variables, slopes, strict=True):
            variable.assign_sub(RATE * slope)
    return [v.numpy() for v in [*made.variables, *judge.variables]]


@on_tensorflow
@pytest.mark.parametrize("eagerly", [False, True])
def test_a_step_equals_two_plain_tapes(eagerly):
    expected = step_by_two_tapes(small_dcgan(), images())
    gan = small_dcgan()
    gan.compile(
        keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE), run_eagerly=eagerly
    )
    start = [v.numpy() for v in gan.generator.variables]
    gan.train_on_batch(images())
    found = [
        v.numpy() for v in [*gan.generator.variables, *gan.discriminator.variables]
    ]
    assert not np.array_equal(found[0], start[0])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def passes(ending, monkeypatch):
    """How often a step passes the discriminator with this end."""
    counted = []
    inputs = keras.Input((1,))
    x = layers.Dense(3, name="first")(inputs)
    for layer in ending:
        x = layer(x)
    discriminator = keras.Model(inputs, layers.Dense(1)(x))
    call = type(discriminator).call

    def counting(self, *arguments, **named):
        if self is discriminator:
            counted.append(self)
        return call(self, *arguments, **named)

    monkeypatch.setattr(type(discriminator), "call", counting)
    gan = GAN(zoo.mlp((LATENT,), 1, units=(), task="regression"), discriminator, seed=1)
    gan.compile(run_eagerly=True)
    logs = gan.train_on_batch(np.ones((BATCH, 1), "float32"), return_dict=True)
    assert all(np.isfinite(float(value)) for value in logs.values())
    return len(counted)


@on_tensorflow
@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (lambda: [layers.BatchNormalization(), layers.LeakyReLU()], 2),
        (lambda: [keras.Sequential([layers.Dense(2), layers.ReLU()])], 2),
        (lambda: [layers.Dropout(0.5)], 3),
        (lambda: [layers.SpectralNormalization(layers.Dense(2))], 3),
        (lambda: [layers.ActivityRegularization(l2=0.1)], 3),
        (lambda: [layers.Lambda(lambda x: x * 2)], 3),
        (lambda: [Unknown(2)], 3),
    ],
    ids=["plain", "nested", "draws", "state", "adds a loss", "lambda", "unknown"],
)
def test_one_pass_where_a_second_would_agree(ending, expected, monkeypatch):
    assert passes(ending(), monkeypatch) == expected


@on_tensorflow
def test_frozen_discriminators_still_teach_the_generator():
    gan = small_dcgan()
    gan.discriminator.trainable = False
    gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    start = [v.numpy() for v in gan.generator.trainable_variables]
    gan.train_on_batch(images())
    now = [v.numpy() for v in gan.generator.trainable_variables]
    assert any(not np.array_equal(a, b) for a, b in zip(start, now, strict=True))
