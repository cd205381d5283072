"""Every bad argument of every builder is refused before any layer is built."""

import math
import re

import keras
import numpy as np
import pytest

import zoo

NAN, INF = math.nan, math.inf
IMAGE = (8, 8, 1)

BUILDERS = {
    "mlp": (zoo.mlp, {"input_shape": (4,), "num_classes": 2}),
    "lenet": (zoo.lenet, {"input_shape": IMAGE, "num_classes": 2}),
    "lenet5": (zoo.lenet5, {}),
    "resnet": (zoo.resnet, {"input_shape": IMAGE, "num_classes": 2}),
    "resnet20": (zoo.resnet20, {}),
    "recurrent": (zoo.recurrent, {"input_shape": (4, 2), "num_classes": 2}),
    "lstm": (zoo.lstm, {"input_shape": (4, 2), "num_classes": 2}),
    "tokens": (
        zoo.lstm,
        {"input_shape": (4,), "num_classes": 2, "vocabulary_size": 5},
    ),
    "gru": (zoo.gru, {"input_shape": (4, 2), "num_classes": 2}),
    "simple_rnn": (zoo.simple_rnn, {"input_shape": (4, 2), "num_classes": 2}),
    "char_lm": (zoo.char_lm, {"vocabulary_size": 5}),
    "dcgan": (zoo.dcgan, {"image_shape": IMAGE}),
    "dcgan_generator": (zoo.dcgan_generator, {"image_shape": IMAGE}),
    "dcgan_discriminator": (zoo.dcgan_discriminator, {"image_shape": IMAGE}),
}

WHOLE = [0, -1, 1.0, "3", True, None]
SHARES = [-0.1, 1.0, NAN, INF, True, "0.5", None]
STRENGTHS = [-0.1, NAN, INF, True, None]
TEXTS = ["", "a/b", 3, None]
FLAGS = [0, 1, None, "yes"]
SHAPES = [(8, 8), (8, 8, 0), (8, 8, True), "881", 8, (8, 8, None), (8, 8, 1, 1),
          (None, 8, 0), (0, None, 1)]  # fmt: skip
MOMENTA = [-0.1, 1.0, NAN, True, None]
EPSILONS = [0, 0.0, -1e-3, NAN, INF, True, None]
WIDTHS = [(0,), (-1,), (1.0,), (True,), 8, "8", None]
CLASSES = [0, 1, -1, 2.0, True, None, "2"]
TRAINED = ["imagenet", "", True, 3, ["digits"]]
INITIALIZERS = ["he_norml", "stft", 3, "get"]

BAD = {
    "mlp": {
        "weights": TRAINED,
        "input_shape": [(), (0,), (4.0,), 4, "4", (None,)],
        "num_classes": CLASSES,
        "units": WIDTHS,
        "activation": ["rellu", "glu", "threshold", None, 3],
        "dropout": SHARES,
        "dropconnect": SHARES,
        "normalization": ["batchnorm", "", 1],
        "momentum": MOMENTA,
        "epsilon": EPSILONS,
        "include_top": FLAGS,
        "rescale": FLAGS,
        "l1": STRENGTHS,
        "l2": STRENGTHS,
        "lp": STRENGTHS,
        "power": [0, 0.0, -1, NAN, INF, True],
        "kernel_initializer": INITIALIZERS,
        "bias_initializer": INITIALIZERS,
        "use_bias": FLAGS,
        "residual": [*FLAGS, True],
        "task": ["classify", None, 2],
        "name": TEXTS,
    },
    "lenet": {
        "weights": TRAINED,
        "input_shape": SHAPES,
        "num_classes": CLASSES,
        "filters": [*WIDTHS, ()],
        "kernel_size": [*WHOLE, (3, 3)],
        "padding": ["sam", ("same",), ("same", "full"), 1, None],
        "activation": ["Relu", None],
        "pooling": ["avg", 2],
        "pool_size": [*WHOLE, (2, 2)],
        "pointwise": [(1,), (-1, 0), (1, 2, 3), 8, (True, 0)],
        "head": ["gap", None],
        "units": WIDTHS,
        "dropout": SHARES,
        "normalization": ["group"],
        "momentum": MOMENTA,
        "epsilon": EPSILONS,
        "include_top": FLAGS,
        "rescale": FLAGS,
        "l2": STRENGTHS,
        "kernel_initializer": INITIALIZERS,
        "task": ["x"],
        "name": TEXTS,
    },
    "lenet5": {"input_shape": [(9, 9, 1), (28, 28)], "num_classes": CLASSES},
    "resnet": {
        "weights": TRAINED,
        "input_shape": SHAPES,
        "num_classes": CLASSES,
        "depths": [*WIDTHS, ()],
        "widths": [*WIDTHS, (), (16, 32), (64, 32, 16)],
        "block": ["Basic", None],
        "pre_activation": FLAGS,
        "residual": FLAGS,
        "shortcut": ["projektion", None],
        "stem": ["medium", None],
        "normalization": ["group"],
        "momentum": MOMENTA,
        "epsilon": EPSILONS,
        "padding": ["valid", None],
        "pooling": ["average", True],
        "rescale": FLAGS,
        "activation": ["maxout", "rellu"],
        "kernel_initializer": INITIALIZERS,
        "l2": STRENGTHS,
        "include_top": FLAGS,
        "task": ["x"],
        "name": TEXTS,
    },
    "resnet20": {"input_shape": SHAPES, "num_classes": CLASSES},
    "recurrent": {
        "weights": TRAINED,
        "cell": ["LSTM", "rnn", None],
        "input_shape": [(4,), (4, 2, 1), (0, 2), (4, 0), (4, None), 4, "42"],
        "num_classes": CLASSES,
        "units": [*WIDTHS, ()],
        "embedding_dim": WHOLE,
        "mask_zero": [*FLAGS, True],
        "mask_value": [NAN, INF, True, "0"],
        "use_cudnn": ["yes", None, 1],
        "stateful": [*FLAGS, True],
        "unroll": FLAGS,
        "batch_size": [0, -1, 1.0, True],
        "return_sequences": FLAGS,
        "bidirectional": FLAGS,
        "forget_bias": [NAN, INF, True, "1"],
        "activation": ["prelu", "maxout", "tahn"],
        "dropout": SHARES,
        "recurrent_dropout": SHARES,
        "normalization": ["batch"],
        "l2": STRENGTHS,
        "task": ["x"],
        "name": TEXTS,
    },
    "lstm": {"units": [(0,)], "num_classes": [1]},
    "tokens": {
        "input_shape": [(4, 2), (), (0,)],
        "vocabulary_size": [0, 1, 5.0, True],
        "embedding_dim": [0],
    },
    "gru": {"forget_bias": [1.0], "units": [(0,)]},
    "simple_rnn": {"forget_bias": [1.0], "dropout": [-0.1]},
    "char_lm": {
        "weights": TRAINED,
        "vocabulary_size": [0, 1, True, 2.5, None],
        "timesteps": [0, -1, 2.5],
        "bidirectional": [True],
        "return_sequences": [False],
        "task": ["regression"],
        "units": [(0,)],
        "cell": ["LSTM"],
    },
    "dcgan": {
        "weights": TRAINED,
        "image_shape": [
            *SHAPES,
            (7, 7, 1),
            (9, 9, 1),
            (30, 30, 1),
            (28, 27, 1),
            (4, 4, 1),
        ],
        "latent_dim": WHOLE,
        "filters": WHOLE,
        "generator_loss": ["minmax", None],
        "updates": ["alternate", None],
        "discriminator_steps": [*WHOLE, 2],
        "smoothing": [-0.1, 0.5, NAN, True],
        "normalization": ["group"],
        "momentum": MOMENTA,
        "epsilon": EPSILONS,
        "value_range": [(0, 0), (1, 0), (0, NAN), 3, "01", (0,), (True, 2), None],
        "discriminator_loss": ["crossentropy", None],
        "seed": [-1, 0.5, True, "0"],
        "name": TEXTS,
    },
    "dcgan_generator": {
        "image_shape": [(15, 15, 1)],
        "latent_dim": [0],
        "value_range": [1],
    },
    "dcgan_discriminator": {"image_shape": [(15, 15, 1)], "filters": [0]},
}
EVERY = [
    pytest.param(builder, argument, value, id=f"{builder}-{argument}-{value!r}")
    for builder, arguments in BAD.items()
    for argument, values in arguments.items()
    for value in values
]


@pytest.mark.parametrize(("builder", "argument", "value"), EVERY)
def test_is_refused_before_any_layer_is_built(builder, argument, value, monkeypatch):
    def no_layers(*args, **kwargs):
        raise AssertionError("a layer was built first")

    monkeypatch.setattr(keras.layers.Layer, "__new__", no_layers)
    monkeypatch.setattr(keras, "Input", no_layers)
    build, good = BUILDERS[builder]
    with pytest.raises(ValueError, match=re.escape(argument)) as refusal:
        build(**{**good, argument: value})
    message = str(refusal.value)
    # The argument itself or one entry of it, what is allowed, and the value.
    assert re.match(rf"{argument}(\[\d\])? must be ", message)
    entries = list(value) if isinstance(value, (tuple, list)) else []
    shown = message.rpartition("; got ")[2].removesuffix(".")
    in_parts = [repr(entry) for entry in (value, *entries)]
    assert shown in [*in_parts, repr(tuple(entries)), repr(tuple(entries)[:2])]


N, F, B = np.int64, np.float32, np.bool_
AS_NUMPY = {
    "mlp": {"input_shape": np.array([4]), "num_classes": N(2), "units": (N(4), N(4)),
            "dropout": F(0.1), "l1": F(0.1), "l2": F(0.1), "momentum": F(0.5),
            "epsilon": F(0.1), "normalization": "batch", "use_bias": B(False)},
    "lenet": {"input_shape": np.array(IMAGE), "num_classes": np.array(3),
              "filters": np.array([4]), "kernel_size": N(3), "pool_size": N(2),
              "pointwise": (N(2),), "units": [N(3)], "l2": F(0.1),
              "rescale": B(True), "normalization": np.str_("batch")},
    "resnet": {"depths": (N(1), N(1)), "widths": np.array([4, 8]), "l2": F(0.1)},
    "resnet20": {"num_classes": N(3), "epsilon": F(0.1)},
    "lstm": {"input_shape": (N(4), N(2)), "units": (N(3),), "l2": F(0.1),
             "mask_value": F(0), "recurrent_dropout": F(0.1), "forget_bias": F(2),
             "batch_size": N(4), "stateful": B(True), "unroll": B(True)},
    "tokens": {"vocabulary_size": N(5), "embedding_dim": N(3), "mask_zero": B(True)},
    "char_lm": {"vocabulary_size": N(5), "timesteps": N(3), "units": (N(3),)},
    "dcgan": {"image_shape": np.array(IMAGE), "latent_dim": N(3), "filters": N(2),
              "smoothing": F(0.1), "seed": N(3), "updates": "alternating",
              "discriminator_steps": N(2), "value_range": np.array([-1.0, 1.0])},
    "dcgan_generator": {"latent_dim": N(3), "filters": N(2), "momentum": F(0.5)},
    "dcgan_discriminator": {"filters": N(2), "value_range": (F(-1), F(1))},
}  # fmt: skip


def _config(model):
    """Without the numbers by which Keras counts a process's operations."""
    return re.sub(r"'([a-z_]+)_\d+'", r"'\1'", str(model.get_config()))


@pytest.mark.parametrize("name", AS_NUMPY)
def test_numbers_of_numpy_are_numbers(name, tmp_path):
    """They build the same network as Python's, and a file can hold it."""
    build, good = BUILDERS[name]
    python = {
        k: getattr(v, "tolist", lambda v=v: v)() for k, v in AS_NUMPY[name].items()
    }
    expected = _config(build(**{**good, **python}))
    model = build(**{**good, **AS_NUMPY[name]})
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == model.count_params()
    if name != "dcgan":
        assert _config(model) == expected


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's lack")
def test_pure_bfloat16_of_recurrent_networks_is_refused():
    keras.config.set_dtype_policy("bfloat16")
    for build in (lambda: zoo.lstm((4, 2), 2), lambda: zoo.char_lm(5)):
        with pytest.raises(ValueError, match="use 'mixed_bfloat16'"):
            build()


@pytest.mark.parametrize("name", [n for n in BAD if "num_classes" in BAD[n]])
def test_one_output_is_fine_where_no_softmax_follows(name):
    build, good = BUILDERS[name]
    for task in ("binary", "regression"):
        model = build(**{**good, "num_classes": 1, "task": task})
        assert model.output_shape[-1] == 1
    with pytest.raises(ValueError, match="use task='binary' for one sigmoid logit"):
        build(**{**good, "num_classes": 1})


def test_the_plain_twin_of_a_projection_is_refused():
    with pytest.raises(ValueError, match="residual must be True where shortcut="):
        zoo.resnet18(residual=False)
    assert zoo.resnet18(residual=False, shortcut="identity").count_params() > 0


def test_penalties_do_not_mix():
    with pytest.raises(ValueError, match=r"lp must be 0 where l1 or l2 is set"):
        zoo.mlp((4,), 2, lp=0.1, l2=0.1)


def test_messages_offer_the_nearest_name():
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        zoo.mlp((4,), 2, activation="rellu")
    with pytest.raises(ValueError, match="did you mean 'projection'"):
        zoo.resnet(IMAGE, 2, shortcut="projektion")
    with pytest.raises(ValueError, match="did you mean 'he_normal'"):
        zoo.mlp((4,), 2, kernel_initializer="he_norml")
