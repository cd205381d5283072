"""Builders make the same network in every precision, whatever keras.json says."""

import inspect
import pickle
import types

import keras
import numpy as np
import pytest
import zoo_cases

import zoo

ON_JAX = keras.backend.backend() == "jax"


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.usefixtures("channels_first")
@pytest.mark.parametrize("case", zoo_cases.CASES)
def test_networks_are_channels_last_whatever_keras_says(case):
    first = zoo_cases.CASES[case]()
    zoo_cases.fill(first)
    x = zoo_cases.inputs(first)
    got = zoo_cases.predict(first, x)
    keras.config.set_image_data_format("channels_last")
    last = zoo_cases.CASES[case]()
    zoo_cases.fill(last)
    assert [v.shape for v in first.weights] == [v.shape for v in last.weights]
    np.testing.assert_array_equal(got, zoo_cases.predict(last, x))


@pytest.mark.usefixtures("channels_first")
def test_resnet18_has_its_parameters_whatever_keras_says():
    assert zoo.resnet18().count_params() == 11_699_112


@pytest.fixture
def float64():
    if ON_JAX:
        pytest.skip("JAX has no float64 by default")
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", zoo_cases.CASES)
def test_float64_reaches_the_outputs(case):
    model = zoo_cases.CASES[case]()
    outputs = zoo_cases.predict(model, zoo_cases.inputs(model))
    assert outputs.dtype == "float64"
    assert {v.dtype for v in model.weights if "seed" not in v.path} == {"float64"}


@pytest.mark.skipif(
    keras.backend.backend() == "torch",
    reason="there a plain keras.layers.Dense differs by as much",
)
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", ["mlp", "lenet", "lstm", "dcgan_discriminator"])
def test_gradients_in_float64_are_central_differences(case):
    model = zoo_cases.CASES[case]()
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model, examples=2).astype("float64")
    step = np.random.default_rng(1).standard_normal(x.shape)

    def total(values):
        return keras.ops.sum(keras.ops.square(model(values)))

    slope = float((zoo_cases.gradient(total, x) * step).sum())
    ends = [float(zoo_cases.to_numpy(total(x + h * step))) for h in (1e-6, -1e-6)]
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


@pytest.mark.usefixtures("float64")
def test_a_gan_in_float64():
    gan = zoo.dcgan((8, 8, 1), 3, filters=2)
    assert gan.generate(2).dtype == "float64"
    logits = gan(np.random.default_rng(0).random((2, 8, 8, 1)))
    assert {zoo_cases.to_numpy(v).dtype.name for v in logits.values()} == {"float64"}


SIZES = {
    "resnet": lambda shape: zoo.resnet20(shape),
    "resnet_large": lambda shape: zoo.resnet18(shape, 10),
    "resnet_symmetric": lambda shape: zoo.resnet18(shape, 10, padding="symmetric"),
    "lenet": lambda shape: zoo.lenet(shape, head="global_average", padding="valid"),
    "lenet_features": lambda shape: zoo.lenet(shape, include_top=False),
    "lenet_prelu": lambda shape: zoo.lenet(
        shape, head="global_average", activation="prelu", normalization="batch"
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_images_of_any_size(name):
    keras.utils.set_random_seed(0)
    any_size = SIZES[name]((None, None, 3))
    assert any_size.input_shape == (None, None, None, 3)
    for shape in ((40, 36, 3), (33, 51, 3)):
        fixed = SIZES[name](shape)
        fixed.set_weights(any_size.get_weights())
        x = zoo_cases.inputs(fixed, examples=2)
        np.testing.assert_allclose(
            zoo_cases.predict(any_size, x), zoo_cases.predict(fixed, x), atol=1e-5
        )


def test_flattened_images_need_a_size():
    with pytest.raises(ValueError, match="input_shape must be three integers for"):
        zoo.lenet((None, 28, 1))
    assert zoo.resnet20((None, 32, 3)).output_shape == (None, 10)


def test_shapes_of_a_data_set():
    tf = pytest.importorskip("tensorflow")
    image = tf.TensorShape([28, 28, 1])
    assert zoo.lenet(image).count_params() == 50_186
    assert zoo.lenet5(image).count_params() == 61_706
    assert zoo.mlp_mnist(image).count_params() == 109_386
    assert zoo.resnet20(tf.TensorShape([None, None, 3])).count_params() == 271_098
    assert zoo.lstm(tf.TensorShape([None, 8]), 2).input_shape == (None, None, 8)
    assert zoo.dcgan(image, filters=2).generate(1).shape == (1, 28, 28, 1)
    with pytest.raises(ValueError, match="input_shape must be"):
        zoo.lenet(tf.TensorShape(None))


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_global_pooling(pooling):
    settings = {"depths": (1, 1), "widths": (4, 8)}
    reduce = {"avg": np.mean, "max": np.max}[pooling]
    maps = zoo.resnet((8, 8, 1), 3, include_top=False, **settings)
    pooled = zoo.resnet((8, 8, 1), 3, include_top=False, pooling=pooling, **settings)
    whole = zoo.resnet((8, 8, 1), 3, pooling=pooling, **settings)
    zoo_cases.fill(maps)
    pooled.set_weights(maps.get_weights())
    whole.set_weights([*maps.get_weights(), *whole.layers[-1].get_weights()])
    x = zoo_cases.inputs(maps)
    expected = reduce(zoo_cases.predict(maps, x), axis=(1, 2))
    np.testing.assert_allclose(zoo_cases.predict(pooled, x), expected, rtol=1e-5)
    kernel, bias = whole.layers[-1].get_weights()
    np.testing.assert_allclose(
        zoo_cases.predict(whole, x), expected @ kernel + bias, rtol=1e-4, atol=1e-5
    )
    with pytest.raises(ValueError, match="pooling must be one of"):
        zoo.resnet20(pooling="average")


@pytest.mark.parametrize(
    ("build", "cell"),
    [(zoo.lstm, "gru"), (zoo.gru, "lstm"), (zoo.simple_rnn, "lstm")],
)
def test_a_cell_that_contradicts_the_name_is_refused(build, cell):
    with pytest.raises(ValueError, match=f"cell must be .*; got '{cell}'"):
        build((5, 3), 2, cell=cell)
    with pytest.raises(ValueError, match=f"cell must be .*; got '{cell}'"):
        zoo.create(build.__name__, input_shape=(5, 3), num_classes=2, cell=cell)
    assert build((5, 3), 2, cell=build.__name__).count_params() > 0


VARIANTS = {
    "mlp": ["mlp_mnist", "mlp_mnist_shallow", "mlp_regression", "mlp_binary"],
    "lenet": ["lenet5"],
    "resnet": [f"resnet{n}" for n in (18, 20, 32, 34, 44, 50, 56, 110)],
    "recurrent": ["lstm", "gru", "simple_rnn"],
}


@pytest.mark.parametrize(("family", "name"), [(f, v) for f in VARIANTS
                                              for v in VARIANTS[f]])  # fmt: skip
def test_a_variant_has_the_signature_and_the_words_of_its_family(family, name):
    build, parent = getattr(zoo, name), getattr(zoo, family)
    ours, theirs = (inspect.signature(each).parameters for each in (build, parent))
    assert list(ours) == list(theirs)
    assert all(one.kind == theirs[key].kind for key, one in ours.items())
    assert ours["name"].default == build.__name__ == name
    doc = inspect.getdoc(build)
    for section in ("Shapes:", "Args:", "Returns:", "Raises:", "Example:"):
        assert doc.count(f"\n{section}") == 1
    assert all(f"\n    {key}: " in doc for key in ours)
    assert pickle.loads(pickle.dumps(build)) is build
    with pytest.raises(TypeError, match=rf"{name}\(\) got an unexpected keyword"):
        build(no_such_setting=1, **{k: (4, 4, 1) for k, p in ours.items()
                                    if p.default is p.empty})  # fmt: skip


@pytest.mark.parametrize(
    "name", ["char_lm", "dcgan", "lenet", "mlp", "recurrent", "resnet"]
)
def test_a_module_may_be_called_where_a_builder_has_its_name(name):
    module = getattr(zoo, name)
    assert isinstance(module, types.ModuleType)
    assert callable(module)
    builder = vars(module)[name]
    assert inspect.signature(module) == inspect.signature(builder)
    assert pickle.loads(pickle.dumps(module)) is module


def test_import_gives_the_module():
    import zoo.resnet as module
    from zoo import resnet

    assert module.resnet18 is zoo.resnet18
    assert resnet((8, 8, 1), 10, depths=(1,), widths=(8,)).count_params() > 0


def test_public_names():
    assert set(zoo.__all__) >= {*zoo.list_models(), "GAN", "create", "sample"}
    assert all(hasattr(zoo, name) for name in zoo.__all__)
    assert set(zoo.__all__) <= set(dir(zoo))
    assert not {"Any", "inspect", "keras"} & set(dir(zoo))
    assert zoo.__version__.split(".")[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'resnet35'"):
        zoo.resnet35  # noqa: B018


@pytest.mark.parametrize(
    ("name", "settings", "hint"),
    [
        ("resnet50", {"pretrained": True}, None),
        ("resnet35", {}, None),
        ("resnet152", {}, None),
        ("resnet_50", {}, "resnet50"),
        ("resnet5O", {}, None),
        ("dcgam", {}, "dcgan"),
        ("lenet", {"kernelsize": 3}, "kernel_size"),
        ("mlp_mnist", {"classes": 3}, "num_classes"),
    ],
)
def test_suggestions_make_sense(name, settings, hint):
    with pytest.raises(ValueError, match=r"name must be|is no setting") as refusal:
        zoo.create(name, **settings)
    said = str(refusal.value)
    assert (f"did you mean {hint!r}" in said) if hint else ("did you" not in said)


def test_patterns():
    names = zoo.list_models()
    assert zoo.list_models("resnet*") == [n for n in names if n.startswith("resnet")]
    assert zoo.list_models("resnet[123]?") == [
        *("resnet18", "resnet20", "resnet32", "resnet34")
    ]
    assert zoo.list_models("vgg*") == []
    with pytest.raises(ValueError, match="pattern must be"):
        zoo.list_models(3)
