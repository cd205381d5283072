"""What a GAN trains on, with which losses, and on how many replicas."""

import contextlib

import keras
import numpy as np
import pytest
import zoo_cases
from keras import ops

import zoo

IMAGES = np.random.default_rng(0).random((16, 8, 8, 1)).astype("float32")
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


def gan(**settings):
    return zoo.dcgan((8, 8, 1), 3, filters=2, seed=0, **settings)


class Sequence(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.x[8 * index : 8 * index + 8]


def loader(x):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(x))
    return torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)


def dataset(x):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(x).batch(8)


def generator(x):
    yield from ((x[:8],), (x[8:],))


def bare_generator(x):
    yield from (x[:8], x[8:])


# Keras warns where it is told to shuffle what it can't shuffle; True is its default.
QUIET = {"verbose": 0, "shuffle": False}
FORMS = {
    "array": lambda x: x,
    "tensor": ops.convert_to_tensor,
    "dataset": dataset,
    "generator": generator,
    "bare generator": bare_generator,
    "sequence": Sequence,
    "loader": loader,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x * 2 - 1,
        lambda x: x * 255,
        lambda x: x * np.float32(np.nan),
        lambda x: (x * 255).astype("uint8"),
    ],
    ids=["tutorial", "255", "nan", "uint8"],
)
def test_images_outside_of_the_range_are_refused(form, spoil):
    model = gan()
    before = [w.copy() for w in model.generator.get_weights()]
    with pytest.raises(ValueError, match="examples must lie in the generator's range"):
        model.fit(FORMS[form](spoil(IMAGES)), **QUIET)
    for old, new in zip(before, model.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.fit(IMAGES, **QUIET)


@pytest.mark.parametrize("form", FORMS)
def test_images_inside_of_the_range_train(form):
    model = gan()
    steps = {"steps_per_epoch": 1} if "generator" in form else {}
    model.fit(FORMS[form](IMAGES), **QUIET, **steps)
    assert int(model.generator_optimizer.iterations) > 0


@pytest.mark.parametrize("method", ["evaluate", "train_on_batch", "test_on_batch"])
def test_every_way_in_is_guarded(method):
    with pytest.raises(ValueError, match=r"examples must lie .* 0 to 1; got 0.* to 2"):
        getattr(gan(), method)(IMAGES * 255)
    with pytest.raises(ValueError, match="y must be None"):
        getattr(gan(), method)(IMAGES, np.zeros(16))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "x must be one array .*; got NoneType"),
        ([IMAGES], "x must be one array .*; got list"),
        (list(IMAGES), "got list"),
        ((IMAGES, np.zeros(16)), "got tuple"),
        ({"images": IMAGES}, "got dict"),
        ("images", "got str"),
        (np.array([["a"]] * 16), "got dtype <U1"),
        (IMAGES[:0], "it is empty"),
        (IMAGES[:, :4], r"shape \(n, 8, 8, 1\), many at a time; got \(16, 4, 8, 1\)"),
        (IMAGES[0], r"got \(8, 8, 1\)"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_what_are_no_examples_is_refused_in_one_sentence(method, x, message):
    with pytest.raises(ValueError, match=message) as refusal:
        getattr(gan(), method)(x)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("form", ["dataset", "sequence", "loader"])
def test_batches_of_another_shape_are_refused(form):
    with pytest.raises(ValueError, match=r"shape \(n, 8, 8, 1\)"):
        gan().fit(FORMS[form](IMAGES[:, :4]), **QUIET)


def test_single_examples_are_no_batch():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(IMAGES)
    with pytest.raises(ValueError, match=r"many at a time; got \(8, 8, 1\)"):
        gan().fit(data, **QUIET)


def test_a_last_axis_of_one_may_be_left_away():
    model = gan()
    model.fit(IMAGES[..., 0], verbose=0)
    assert int(model.generator_optimizer.iterations) > 0


def test_class_weights_are_refused_by_batch():
    with pytest.raises(ValueError, match="class_weight must be None"):
        gan().train_on_batch(IMAGES, class_weight={0: 1.0})


def test_a_guard_leaves_the_order_of_a_data_set_alone():
    tf = pytest.importorskip("tensorflow")

    def history(guarded):
        keras.utils.set_random_seed(4)
        data = tf.data.Dataset.from_tensor_slices(IMAGES).shuffle(16, seed=2).batch(4)
        model = gan()
        if not guarded:
            model.value_range = None
        return model.fit(data, epochs=2, **QUIET).history["loss"]

    assert history(True) == history(False)


@pytest.mark.parametrize("limits", [(-1, 1), (0, 255), (-3.0, 1.0)])
def test_a_value_range_of_ones_own(limits):
    low, high = limits
    model = gan(value_range=limits)
    scaled = IMAGES * (high - low) + low
    made, plain = model.generate(4, seed=0), gan()
    plain.generator.set_weights(model.generator.get_weights())
    plain.discriminator.set_weights(model.discriminator.get_weights())
    np.testing.assert_allclose(
        made, plain.generate(4, seed=0) * (high - low) + low, rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        zoo_cases.predict(model.discriminator, scaled),
        zoo_cases.predict(plain.discriminator, IMAGES),
        atol=1e-4,
    )
    model.fit(scaled, verbose=0)
    with pytest.raises(ValueError, match="examples must lie"):
        model.fit(scaled + 0.1 * (high - low), verbose=0)


def test_images_that_use_half_of_the_range_only_are_doubted():
    with pytest.warns(UserWarning, match="below 0"):
        gan(value_range=(-1, 1)).fit(IMAGES, verbose=0)


def line(*layers):
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), *layers])


@pytest.mark.parametrize(
    ("layers", "limits"),
    [
        ([], None),
        ([keras.layers.Activation("sigmoid")], (0, 1)),
        ([keras.layers.Dense(1, activation="tanh")], (-1, 1)),
        ([keras.layers.Activation("tanh"), keras.layers.Reshape((1,))], (-1, 1)),
        ([keras.layers.Activation("tanh"), keras.layers.Rescaling(-2, 1)], (-1, 3)),
        ([keras.layers.Activation("relu")], None),
    ],
)
def test_the_range_follows_from_the_end_of_the_generator(layers, limits):
    judge = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    assert zoo.GAN(line(*layers), judge).value_range == limits


def functional(end):
    inputs = keras.Input((1,))
    return keras.Model(inputs, end(keras.layers.Dense(1)(inputs)))


@pytest.mark.parametrize(
    "judge",
    [
        lambda: functional(keras.layers.Activation("sigmoid")),
        lambda: functional(ops.sigmoid),
        lambda: functional(keras.layers.Dense(1, activation="sigmoid")),
        lambda: functional(keras.layers.Dense(1, activation="hard_sigmoid")),
        lambda: functional(lambda x: keras.layers.Flatten()(ops.sigmoid(x))),
        lambda: functional(functional(keras.layers.Activation("sigmoid"))),
    ],
)
def test_a_discriminator_that_ends_in_a_sigmoid_is_refused(judge):
    with pytest.raises(ValueError, match=r"discriminator must be .* ends in logits"):
        zoo.GAN(line(), judge())


@pytest.mark.parametrize(
    "given",
    [
        {"y": np.zeros(16)},
        {"sample_weight": np.ones(16)},
        {"class_weight": {0: 1.0}},
    ],
)
def test_what_a_gan_has_no_use_for_is_refused(given):
    with pytest.raises(ValueError, match=f"{next(iter(given))} must be None"):
        gan().fit(IMAGES, verbose=0, **given)


def test_labels_and_weights_inside_a_data_set_are_refused():
    tf = pytest.importorskip("tensorflow")
    pairs = tf.data.Dataset.from_tensor_slices((IMAGES, np.zeros(16))).batch(8)
    with pytest.raises(ValueError, match=r"y must be None.*got an array of shape"):
        gan().fit(pairs, **QUIET)


@pytest.mark.parametrize("name", ["generator_loss", "discriminator_loss"])
@pytest.mark.parametrize("value", [3, None, "hinge", keras.losses.Hinge])
def test_losses_are_names_or_functions(name, value):
    with pytest.raises(ValueError, match=f"{name} must be one of"):
        gan(**{name: value})
    with pytest.raises(ValueError, match="smoothing must be 0"):
        gan(discriminator_loss=hinge_of_discriminator, smoothing=0.1)


@keras.saving.register_keras_serializable(package="tests")
def hinge_of_discriminator(real, fake):
    return ops.relu(1 - real) + ops.relu(1 + fake)


@keras.saving.register_keras_serializable(package="tests")
def hinge_of_generator(fake):
    return -fake


HINGE = {
    "discriminator_loss": hinge_of_discriminator,
    "generator_loss": hinge_of_generator,
}


def test_losses_of_ones_own_are_what_is_minimized(tmp_path):
    model = gan(normalization=None, **HINGE)
    first, second = model.generator.get_weights(), model.discriminator.get_weights()
    logs = model.train_on_batch(IMAGES, return_dict=True)
    twin = gan(normalization=None)
    twin.generator.set_weights(first)
    twin.discriminator.set_weights(second)
    logits = {key: zoo_cases.to_numpy(v) for key, v in twin(IMAGES).items()}
    real, fake = logits["real"], logits["fake"]
    expected = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()
    assert float(logs["d_loss"]) == pytest.approx(expected, rel=1e-4)
    assert float(logs["g_loss"]) == pytest.approx(-fake.mean(), rel=1e-3)
    model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.settings == model.settings


@pytest.mark.skipif(not ON_TENSORFLOW, reason="tf.distribute is TensorFlow's")
@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_two_replicas_train_as_one_device_does(updates):
    import tensorflow as tf

    if len(tf.config.list_logical_devices("CPU")) < 2:
        pytest.skip("needs two logical devices: see test_several_devices.py")

    def run(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope() if strategy else contextlib.nullcontext():
            model = gan(normalization="layer", updates=updates)
            model.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5))
        data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(8)
        logs = model.fit(data, epochs=2, shuffle=False, verbose=0).history
        return logs, model.get_weights()

    one, two = run(None), run(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    for key in one[0]:
        np.testing.assert_allclose(one[0][key], two[0][key], rtol=1e-4, err_msg=key)
    for ours, theirs in zip(one[1], two[1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras exports no uncalled model there"
)
def test_export_writes_the_generator(tmp_path):
    tf = pytest.importorskip("tensorflow")
    model = gan()
    model.fit(IMAGES, verbose=0)
    model.export(tmp_path / "gan", verbose=False)
    latents = np.random.default_rng(1).standard_normal((5, 3)).astype("float32")
    loaded = tf.saved_model.load(str(tmp_path / "gan"))
    np.testing.assert_allclose(
        loaded.serve(latents), zoo_cases.predict(model.generator, latents), atol=1e-5
    )


def judge(*layers):
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1), *layers])


@pytest.mark.parametrize(
    "end",
    [
        keras.layers.Activation(lambda x: ops.sigmoid(x)),
        keras.layers.Activation(lambda x: ops.tanh(x)),
        keras.layers.Dense(1, activation=lambda x: 1 / (1 + ops.exp(-x))),
        keras.layers.Lambda(lambda x: ops.sigmoid(x), output_shape=(1,)),
    ],
)
def test_a_sigmoid_without_its_name_is_found(end):
    with pytest.raises(ValueError, match="ends in logits, without a bounded"):
        zoo.GAN(line(), judge(end))
    zoo.GAN(line(), judge(keras.layers.Activation(lambda x: 2 * x)))


def test_a_range_that_the_generator_never_reaches_is_refused():
    pair = zoo.dcgan_generator((8, 8, 1), 3), zoo.dcgan_discriminator((8, 8, 1))
    with pytest.raises(ValueError, match=r"inside of the generator's range \(0.0, 1"):
        zoo.GAN(*pair, value_range=(-1, 1))
    assert zoo.GAN(*pair, value_range=(0, 0.9)).value_range == (0.0, 0.9)


def test_networks_that_share_weights_are_refused():
    both = judge()
    with pytest.raises(ValueError, match="shares no weight with the generator"):
        zoo.GAN(both, both)
    layer, first, second = keras.layers.Dense(1), keras.Input((1,)), keras.Input((1,))
    pair = keras.Model(first, layer(first)), keras.Model(second, layer(second))
    with pytest.raises(ValueError, match="shares no weight"):
        zoo.GAN(*pair)


def test_a_generator_of_several_latents_is_refused():
    inputs = [keras.Input((2,)), keras.Input((2,))]
    x = keras.layers.Dense(1)(keras.layers.Concatenate()(inputs))
    with pytest.raises(ValueError, match=r"generator must be .*latent_dim"):
        zoo.GAN(keras.Model(inputs, x), judge())
