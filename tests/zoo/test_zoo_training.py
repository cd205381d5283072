"""One epoch on embedded digits lowers the loss, in every precision and compiled."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.losses import discriminator_loss

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BUILDERS = {
    "mlp": lambda: zoo.mlp((8, 8, 1), 10),
    "lenet": lambda: zoo.lenet((8, 8, 1), 10, filters=(8, 16)),
    "resnet": lambda: zoo.resnet((8, 8, 1), 10, depths=(1, 1), widths=(8, 16)),
    "lstm": lambda: zoo.lstm((8, 8), 10, units=(32,)),
}
# Precision and XLA; each family trains in both precisions, with XLA and without.
WAYS = [("float32", False), ("mixed_bfloat16", True)]
OTHER_WAYS = [("float32", True), ("mixed_bfloat16", False)]


@pytest.mark.parametrize(
    ("family", "policy", "jit"),
    [
        (family, *way)
        for number, family in enumerate(BUILDERS)
        for way in (WAYS, OTHER_WAYS)[number % 2]
    ],
)
def test_classifiers(family, policy, jit, digits):
    keras.config.set_dtype_policy(policy)
    model = BUILDERS[family]()
    images, classes = digits
    x = images.reshape(-1, 8, 8) if family == "lstm" else images
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=LOSS, jit_compile=jit)

    def loss():
        # Training mode: moving statistics are still far off after an epoch.
        logits = zoo_cases.to_numpy(model(x[:300], training=True))
        return float(LOSS(classes[:300], logits))

    before = loss()
    history = model.fit(x[:1792], classes[:1792], batch_size=64, verbose=0)
    assert before > 2
    assert loss() < 0.95 * before
    assert history.history["loss"][0] < before


@pytest.mark.parametrize(("policy", "jit"), OTHER_WAYS)
def test_a_language_model(policy, jit, digits):
    keras.config.set_dtype_policy(policy)
    gray = (digits[0][:512].reshape(-1, 64)[:, 16:32] * 16).astype("int32")
    model = zoo.char_lm(17, 15, units=(16,), cell="gru")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=LOSS, jit_compile=jit)
    losses = model.fit(
        gray[:, :-1], gray[:, 1:], batch_size=32, epochs=2, verbose=0
    ).history["loss"]
    assert losses[1] < losses[0] < np.log(17) + 0.1


@pytest.mark.parametrize(
    ("updates", "policy", "jit"),
    [
        *(("simultaneous", *way) for way in WAYS),
        *(("alternating", *way) for way in OTHER_WAYS),
    ],
)
def test_the_discriminator_of_a_dcgan(updates, policy, jit, digits):
    keras.config.set_dtype_policy(policy)
    model = zoo.dcgan((8, 8, 1), 8, filters=8, updates=updates, seed=0)
    model.compile(discriminator_optimizer=keras.optimizers.Adam(2e-3), jit_compile=jit)
    images = digits[0][:1024]

    def d_loss():
        logits = model(images[:300], training=True)
        return float(
            zoo_cases.to_numpy(discriminator_loss(logits["real"], logits["fake"]))
        )

    before = d_loss()
    start = model.generate(64, seed=0)
    history = model.fit(images, batch_size=64, verbose=0).history
    assert d_loss() < 0.98 * before
    assert not np.array_equal(model.generate(64, seed=0), start)
    assert 0 < history["d_fake"][0] < 1


@pytest.mark.parametrize("generator_loss", ["non_saturating", "minimax"])
def test_a_generator_learns_to_fool_a_still_discriminator(generator_loss, digits):
    model = zoo.dcgan((8, 8, 1), 8, filters=8, generator_loss=generator_loss, seed=0)
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01))
    model.fit(digits[0][:512], batch_size=64, verbose=0)
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.0))
    history = model.fit(digits[0][:512], batch_size=64, epochs=4, verbose=0).history
    assert history["g_loss"][-1] < history["g_loss"][0]
    assert history["d_fake"][-1] > history["d_fake"][0]
