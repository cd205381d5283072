import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.gan import GAN

LATENT, BATCH, RATE = 2, 8, 0.5


def line(inputs, name):
    """One linear unit, with weights that no initializer has a say in."""
    model = zoo.mlp((inputs,), 1, units=(), task="regression", name=name)
    zoo_cases.fill(model, seed=inputs)
    return model


def line_gan(**settings):
    gan = GAN(line(LATENT, "generator"), line(1, "discriminator"), seed=7, **settings)
    gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    return gan


def latents(steps):
    """The latents that a GAN with seed=7 draws in its first steps."""
    seed = keras.random.SeedGenerator(7)
    shape = (BATCH, LATENT)
    return [
        zoo_cases.to_numpy(keras.random.normal(shape, seed=seed)) for _ in [0] * steps
    ]


def examples(seed=0):
    rng = np.random.default_rng(seed)
    return (2 + rng.standard_normal((BATCH, 1))).astype("float32")


def weights(gan):
    return [
        [zoo_cases.to_numpy(v).astype("float64").copy() for v in network.weights]
        for network in (gan.generator, gan.discriminator)
    ]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gradients_by_hand(generator, discriminator, x, z, loss):
    """Of the generator's loss in G, and the discriminator's in D, for two lines."""
    (g, c), (w, b) = generator, discriminator
    fake = z @ g + c
    real_logit, fake_logit = x @ w + b, fake @ w + b
    on_real, on_fake = -sigmoid(-real_logit) / len(x), sigmoid(fake_logit) / len(x)
    d_gradients = [x.T @ on_real + fake.T @ on_fake, (on_real + on_fake).sum(0)]
    slope = {"minimax": -sigmoid(fake_logit), "non_saturating": -sigmoid(-fake_logit)}
    back = slope[loss] / len(x) @ w.T
    return [z.T @ back, back.sum(0)], d_gradients


def moved(old, gradients):
    return [value - RATE * slope for value, slope in zip(old, gradients, strict=True)]


def assert_close(got, expected):
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
def test_a_simultaneous_step_equals_both_gradients_by_hand(loss):
    gan = line_gan(generator_loss=loss)
    generator, discriminator = weights(gan)
    x = examples()
    gan.train_on_batch(x)
    (z,) = latents(1)
    for_g, for_d = gradients_by_hand(generator, discriminator, x, z, loss)
    after = weights(gan)
    assert_close(after[0], moved(generator, for_g))
    assert_close(after[1], moved(discriminator, for_d))


@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
def test_alternating_steps_use_the_others_newest_weights(loss):
    gan = line_gan(generator_loss=loss, updates="alternating")
    generator, discriminator = weights(gan)
    x, (first, second) = examples(), latents(2)

    gan.train_on_batch(x)
    _, for_d = gradients_by_hand(generator, discriminator, x, first, loss)
    newest = moved(discriminator, for_d)
    after = weights(gan)
    assert_close(after[0], generator)
    assert_close(after[1], newest)

    gan.train_on_batch(x)
    for_g, _ = gradients_by_hand(generator, newest, x, second, loss)
    after = weights(gan)
    assert_close(after[0], moved(generator, for_g))
    assert_close(after[1], newest)


def test_discriminator_steps_before_each_of_the_generator():
    gan = line_gan(updates="alternating", discriminator_steps=3)
    changes = []
    for _ in range(8):
        before = weights(gan)
        gan.train_on_batch(examples())
        after = weights(gan)
        changes.append(
            tuple(
                not np.array_equal(a[0], b[0])
                for a, b in zip(before, after, strict=True)
            )
        )
    assert changes == 2 * [(False, True), (False, True), (False, True), (True, False)]
    assert int(gan.generator_optimizer.iterations) == 2
    assert int(gan.discriminator_optimizer.iterations) == 6


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize("still", ["generator", "discriminator"])
def test_each_network_is_moved_by_its_own_optimizer(updates, still):
    gan = line_gan(updates=updates)
    rates = {"generator": 0.1, "discriminator": 0.1, still: 0.0}
    gan.compile(
        keras.optimizers.SGD(rates["generator"]),
        keras.optimizers.SGD(rates["discriminator"]),
    )
    before = weights(gan)
    gan.fit(np.concatenate([examples(s) for s in range(4)]), batch_size=8, verbose=0)
    same = [
        np.array_equal(old[0], new[0])
        for old, new in zip(before, weights(gan), strict=True)
    ]
    assert same == [still == "generator", still == "discriminator"]


def test_optimizers_hold_state_for_their_own_network_only():
    gan = zoo.dcgan((8, 8, 1), 3, filters=2)
    gan.compile(
        generator_optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        discriminator_optimizer="adam",
    )
    gan.fit(np.random.default_rng(0).random((8, 8, 8, 1)), verbose=0)
    for_g = len(gan.generator.trainable_variables)
    for_d = len(gan.discriminator.trainable_variables)
    # Besides the step count and the learning rate: one moment for SGD, two for Adam.
    assert len(gan.generator_optimizer.variables) == 2 + for_g
    assert len(gan.discriminator_optimizer.variables) == 2 + 2 * for_d


def test_out_of_turn_steps_leave_the_moments_alone():
    gan = line_gan(updates="alternating")
    gan.compile("adam", "adam")
    gan.train_on_batch(examples())
    state = [zoo_cases.to_numpy(v) for v in gan.generator_optimizer.variables]
    learning_rate, moments = state[1], [state[0], *state[2:]]
    assert learning_rate > 0
    assert all(not np.any(value) for value in moments)
    gan.train_on_batch(examples())
    assert int(gan.generator_optimizer.iterations) == 1


def test_metrics_are_the_losses_and_the_mean_shares():
    gan = line_gan()
    generator, discriminator = weights(gan)
    x = examples()
    (z,) = latents(1)
    logs = gan.train_on_batch(x, return_dict=True)
    real = x @ discriminator[0] + discriminator[1]
    fake = (z @ generator[0] + generator[1]) @ discriminator[0] + discriminator[1]
    expected = {
        "d_loss": np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean(),
        "g_loss": np.logaddexp(0, -fake).mean(),
        "d_real": sigmoid(real).mean(),
        "d_fake": sigmoid(fake).mean(),
    }
    expected["loss"] = expected["d_loss"] + expected["g_loss"]
    assert {key: float(value) for key, value in logs.items()} == pytest.approx(
        expected, rel=1e-4
    )


def test_moving_statistics_take_real_and_generated_batches_in_turn():
    inputs = keras.Input((1,))
    x = keras.layers.BatchNormalization(momentum=0.9, name="norm")(inputs)
    discriminator = keras.Model(inputs, keras.layers.Dense(1)(x))
    gan = GAN(line(LATENT, "generator"), discriminator, seed=7)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    (g, c), _ = weights(gan)
    x = examples()
    (z,) = latents(1)
    gan.train_on_batch(x)
    after_real = 0.1 * x.mean()
    after_both = 0.9 * after_real + 0.1 * (z @ g + c).mean()
    moving = zoo_cases.to_numpy(discriminator.get_layer("norm").moving_mean)
    assert moving[0] == pytest.approx(after_both, rel=1e-4)


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_a_loaded_model_goes_on_exactly(updates, tmp_path):
    images = np.random.default_rng(0).random((24, 8, 8, 1)).astype("float32")
    gan = zoo.dcgan((8, 8, 1), 3, filters=2, updates=updates, seed=1)
    gan.compile(keras.optimizers.Adam(0.01, beta_1=0.5), keras.optimizers.SGD(0.1))
    gan.fit(images, batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")

    np.testing.assert_array_equal(loaded.generate(3, seed=0), gan.generate(3, seed=0))
    assert loaded.settings == gan.settings
    assert loaded.get_compile_config() == gan.get_compile_config()
    for model in (gan, loaded):
        model.fit(images, batch_size=8, verbose=0, shuffle=False)
    for ours, theirs in zip(gan.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(
            zoo_cases.to_numpy(ours), zoo_cases.to_numpy(theirs)
        )


def test_weights_alone_can_be_saved_too(tmp_path):
    gan, other = (zoo.dcgan((8, 8, 1), 3, filters=2) for _ in range(2))
    gan.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    np.testing.assert_array_equal(other.generate(2, seed=0), gan.generate(2, seed=0))


def test_generate_depends_on_the_seed_and_not_on_the_batches():
    gan = zoo.dcgan((8, 8, 1), 3, filters=2)
    images = gan.generate(7, seed=1)
    np.testing.assert_allclose(gan.generate(7, seed=1, batch_size=2), images, atol=1e-6)
    assert not np.array_equal(gan.generate(7, seed=2), images)
    assert not np.array_equal(gan.generate(7), gan.generate(7))


def test_evaluates_and_predicts():
    gan = zoo.dcgan((8, 8, 1), 3, filters=2)
    images = np.random.default_rng(0).random((10, 8, 8, 1)).astype("float32")
    logs = gan.evaluate(images, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "d_loss", "g_loss", "d_real", "d_fake"}
    shapes = {key: value.shape for key, value in gan.predict(images, verbose=0).items()}
    assert shapes == dict.fromkeys(("real", "fake", "generated"), (10, 1))


def test_float16_gets_its_loss_scaled():
    keras.config.set_dtype_policy("mixed_float16")
    gan = zoo.dcgan((8, 8, 1), 3, filters=2)
    images = np.random.default_rng(0).random((8, 8, 8, 1)).astype("float32")
    before = weights(gan)
    gan.fit(images, batch_size=4, epochs=3, verbose=0)
    assert isinstance(gan.optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(gan.generate(2)).all()
    assert not np.array_equal(before[0][0], weights(gan)[0][0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GAN("g", line(1, "d")), "generator must be a built .*; got 'g'"),
        (
            lambda: GAN(line(2, "g"), line(2, "d")),
            "must be a network for",
        ),
        (
            lambda: GAN(line(2, "g"), zoo.mlp((1,), 3)),
            "discriminator must be a network with one output",
        ),
        (
            lambda: line_gan().compile("adma"),
            "generator_optimizer must be .*; got 'adma'",
        ),
        (
            lambda: line_gan().compile(discriminator_optimizer=3),
            "discriminator_optimizer must be .*; got 3",
        ),
        (
            lambda: line_gan().compile(*2 * [keras.optimizers.SGD(0.1)]),
            "discriminator_optimizer must be another object",
        ),
        (lambda: line_gan().generate(0), "n must be .*; got 0"),
        (lambda: line_gan().generate(True), "n must be .*; got True"),
        (lambda: line_gan().generate(1, seed=-1), "seed must be .*; got -1"),
        (lambda: line_gan().generate(1, batch_size=0), "batch_size must be .*; got 0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_settings_may_be_numbers_of_numpy(tmp_path):
    networks = line(LATENT, "generator"), line(1, "discriminator")
    gan = GAN(
        *networks,
        seed=np.int64(7),
        smoothing=np.float32(0.25),
        discriminator_steps=np.int32(1),
    )
    gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    twin = line_gan(smoothing=0.25)
    for one in (gan, twin):
        one.fit(examples(), batch_size=BATCH, verbose=0)
    for ours, theirs in zip(weights(gan), weights(twin), strict=True):
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-6)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    first = gan.generate(3, seed=np.int64(1))
    np.testing.assert_allclose(loaded.generate(3, seed=1), first, rtol=1e-6)
