"""Batch normalization predicts after a short training, or once it is measured anew."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo

CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def trained_on_digits(digits, **settings):
    images, classes = digits
    keras.utils.set_random_seed(0)
    model = zoo.resnet((8, 8, 1), 10, **{"depths": (1, 1, 1), **settings})
    model.compile(keras.optimizers.Adam(2e-3), CROSSENTROPY, metrics=["accuracy"])
    model.fit(images[:1200], classes[:1200], batch_size=64, epochs=3, verbose=0)
    return model


def held_out(model, digits):
    return model.evaluate(digits[0][1200:], digits[1][1200:], verbose=0)[1]


def test_a_resnet_predicts_after_three_epochs(digits):
    assert held_out(trained_on_digits(digits, depths=(3, 3, 3)), digits) > 0.85


def test_new_statistics_bring_a_slow_average_back_from_chance(digits):
    model = trained_on_digits(digits, momentum=0.999)
    before = held_out(model, digits)
    kept = [zoo_cases.to_numpy(v).copy() for v in model.trainable_variables]
    zoo.reestimate_statistics(model, digits[0][:1200])
    assert before < 0.5
    assert held_out(model, digits) > 0.85
    for old, new in zip(kept, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, zoo_cases.to_numpy(new))
    assert model.get_layer("stem_normalization").momentum == 0.999


def normalized(**settings):
    inputs = keras.Input((3,))
    x = keras.layers.Dropout(0.5, seed=1, name="drop")(inputs)
    layer = keras.layers.BatchNormalization(name="norm", **settings)
    return keras.Model(inputs, layer(inputs) + 0 * x)


class Pairs(keras.utils.PyDataset):
    """Batches of inputs and targets; without a number of them where it is told so."""

    def __init__(self, parts, counted=True):
        super().__init__()
        self.parts, self.counted = parts, counted

    @property
    def num_batches(self):
        if not self.counted:
            raise NotImplementedError
        return len(self.parts)

    def __getitem__(self, index):
        return self.parts[index], self.parts[index]


@pytest.mark.parametrize("form", ["array", "batches", "pairs", "dataset", "sequence"])
def test_the_averages_are_those_of_the_batches(form):
    x = np.random.default_rng(0).normal(2.0, 3.0, (10, 3)).astype("float32")
    parts = [x[:4], x[4:8], x[8:]]
    if form == "dataset":
        tf = pytest.importorskip("tensorflow")
        data = tf.data.Dataset.from_tensor_slices((x, x)).batch(4)
    else:
        pairs = [(p, p) for p in parts]
        data = {"array": x, "batches": parts, "pairs": pairs, "sequence": Pairs(parts)}
        data = data[form]
    model = normalized()
    state = model.get_layer("drop").seed_generator.state
    before = zoo_cases.to_numpy(state)
    zoo.reestimate_statistics(model, data, batch_size=4)
    _, _, mean, variance = model.get_layer("norm").get_weights()
    np.testing.assert_allclose(mean, x.mean(0), rtol=1e-5)
    within = sum(len(part) * part.var(0) for part in parts) / len(x)
    np.testing.assert_allclose(variance, within, rtol=1e-4)
    np.testing.assert_array_equal(zoo_cases.to_numpy(state), before)


def test_a_layer_that_is_used_twice_takes_both_uses():
    inputs = keras.Input((1,))
    layer = keras.layers.BatchNormalization(name="norm")
    model = keras.Model(inputs, layer(inputs) + layer(inputs * 0 + 5.0))
    zoo.reestimate_statistics(model, np.full((4, 1), 1.0, "float32"), batch_size=2)
    assert model.get_layer("norm").get_weights()[2] == pytest.approx(3.0)


def test_both_networks_of_a_gan_and_nothing_frozen():
    gan = zoo.dcgan((8, 8, 1), 3, filters=4, seed=0)
    images = np.random.default_rng(0).random((16, 8, 8, 1)).astype("float32")
    gan.discriminator.trainable = False
    before = [w.copy() for w in gan.discriminator.get_weights()]
    latents = zoo_cases.to_numpy(gan.latents.state)
    zoo.reestimate_statistics(gan, images)
    moved = gan.generator.get_layer("generator_project_normalization").get_weights()
    assert np.abs(moved[2]).max() > 0
    for old, new in zip(before, gan.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(zoo_cases.to_numpy(gan.latents.state), latents)


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        (lambda: zoo.mlp((3,), 2), np.ones((4, 3)), "model must be .* none was found"),
        (lambda: "model", np.ones((4, 3)), "model must be a built"),
        (normalized, [], "data must hold at least one batch"),
        (normalized, np.ones((0, 3), "float32"), "data must hold at least one"),
    ],
)
def test_refusals(model, data, message):
    with pytest.raises(ValueError, match=message):
        zoo.reestimate_statistics(model(), data)
    with pytest.raises(ValueError, match="batch_size must be"):
        zoo.reestimate_statistics(normalized(), np.ones((4, 3)), batch_size=1)


@pytest.mark.parametrize(
    "build",
    [
        lambda **s: zoo.mlp((4,), 2, normalization="batch", **s),
        lambda **s: zoo.lenet((8, 8, 1), normalization="batch", **s),
        lambda **s: zoo.resnet20((8, 8, 1), **s),
        lambda **s: zoo.dcgan((8, 8, 1), filters=2, **s).generator,
        lambda **s: zoo.dcgan((8, 8, 1), filters=2, **s).discriminator,
        lambda **s: zoo.dcgan_generator((16, 16, 1), filters=2, **s),
        lambda **s: zoo.dcgan_discriminator((16, 16, 1), filters=2, **s),
    ],
)
def test_momentum_and_epsilon_reach_every_layer(build):
    for given, expected in (({}, (0.9, 1e-3)), ({"momentum": 0.5, "epsilon": 1e-5},
                                                 (0.5, 1e-5))):  # fmt: skip
        found = {
            (layer.momentum, layer.epsilon)
            for layer in build(**given).layers
            if isinstance(layer, keras.layers.BatchNormalization)
        }
        assert found <= {expected}
    for bad in ({"momentum": 1.0}, {"momentum": -0.1}, {"epsilon": 0.0}):
        with pytest.raises(ValueError, match=f"{next(iter(bad))} must be"):
            build(**bad)


X = np.random.default_rng(0).random((16, 8, 8, 1)).astype("float32")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "data must be an array .*; got NoneType"),
        ("abc", "got str"),
        ({"images": X}, "got dict"),
        (list(X), r"batches of the shape \(n, 8, 8, 1\); got \(8, 8, 1\)"),
        ((X, np.zeros(16)), r"got \(16,\)"),
        (X.tolist(), "got "),
        (X[:, :4], r"got \(16, 4, 8, 1\)"),
        (X * np.float32(np.nan), "data must be finite"),
        (X.astype("str"), "data must be batches of numbers; got dtype"),
        (Pairs([X], counted=False), "data must be a data set with num_batches"),
    ],
    ids=[*("None", "str", "dict", "images", "labels", "lists", "size", "nan"),
         *("text", "uncounted")],
)  # fmt: skip
def test_other_data_are_refused_and_change_nothing(data, message):
    model = zoo.resnet((8, 8, 1), 3, depths=(1,), widths=(4,))
    before = model.get_weights()
    with pytest.raises(ValueError, match=message) as refusal:
        zoo.reestimate_statistics(model, data)
    assert "\n" not in str(refusal.value)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_lists_of_inputs_and_labels_are_batches():
    """PyTorch's loaders make such lists."""
    model = zoo.resnet((8, 8, 1), 3, depths=(1,), widths=(4,))
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    zoo.reestimate_statistics(model, X)
    zoo.reestimate_statistics(other, [[X, np.zeros(16)]])
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_gan_measures_images_of_its_range_only():
    model = zoo.dcgan((8, 8, 1), 3, filters=2)
    with pytest.raises(ValueError, match="examples must lie"):
        zoo.reestimate_statistics(model, X * 255)
