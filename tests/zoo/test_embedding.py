"""Repeated ids count once, as their sum, whatever the optimizer and the backend."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.embedding import dense_embedding

IDS = np.random.default_rng(0).integers(0, 5, (12, 6)).astype("int32")
TARGETS = np.random.default_rng(1).standard_normal((12, 6, 3)).astype("float32")
OPTIMIZERS = {
    "adadelta": lambda: keras.optimizers.Adadelta(0.1),
    "adafactor": lambda: keras.optimizers.Adafactor(0.1),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1),
    "adam": lambda: keras.optimizers.Adam(0.1),
    "adam_accumulated": lambda: keras.optimizers.Adam(
        0.1, gradient_accumulation_steps=2
    ),
    "adam_amsgrad": lambda: keras.optimizers.Adam(0.1, amsgrad=True),
    "adamax": lambda: keras.optimizers.Adamax(0.1),
    "adamw": lambda: keras.optimizers.AdamW(0.1),
    "ftrl": lambda: keras.optimizers.Ftrl(0.1),
    "lamb": lambda: keras.optimizers.Lamb(0.1),
    "lion": lambda: keras.optimizers.Lion(0.1),
    "nadam": lambda: keras.optimizers.Nadam(0.1),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.1, centered=True),
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "clipnorm": lambda: keras.optimizers.SGD(1.0, clipnorm=1e-3),
    "clipvalue": lambda: keras.optimizers.SGD(1.0, clipvalue=1e-5),
    "global_clipnorm": lambda: keras.optimizers.SGD(1.0, global_clipnorm=1e-3),
}


def table_after(layer, inputs, optimizer, table):
    """The table of one lookup layer after three steps of least squares."""
    model = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
    layer.set_weights([table])
    model.compile(optimizer, "mse")
    for _ in range(4):
        model.train_on_batch(inputs, TARGETS)
    return layer.get_weights()[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_a_product_with_one_hot_rows(name):
    table = np.random.default_rng(2).standard_normal((5, 3)).astype("float32")
    one_hot = np.eye(5, dtype="float32")[IDS]
    dense = keras.layers.Dense(3, use_bias=False)
    expected = table_after(dense, one_hot, OPTIMIZERS[name](), table)
    got = table_after(dense_embedding(5, 3), IDS, OPTIMIZERS[name](), table)
    assert not np.allclose(expected, table, atol=1e-7)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


def first_step(model):
    """The largest step of Adam over its learning rate: 1, by its definition."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-12), loss)
    (table,) = model.get_layer("embedding").get_weights()
    length = model.input_shape[1] or 8
    tokens = np.full((64, length), 3)
    labels = np.zeros((64, *([length] * (len(model.output_shape) - 2))), int)
    model.train_on_batch(tokens, labels)
    return np.abs(model.get_layer("embedding").get_weights()[0] - table).max() / 1e-3


TOKENS = {
    "lstm": lambda: zoo.lstm((8,), 2, vocabulary_size=9, units=(4,)),
    "gru_both_ways": lambda: zoo.gru(
        (8,), 2, vocabulary_size=9, units=(4,), bidirectional=True, mask_zero=True
    ),
    "simple_rnn": lambda: zoo.simple_rnn((None,), 2, vocabulary_size=9, units=(4,)),
    "char_lm": lambda: zoo.char_lm(9, 8, units=(4,)),
}


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("copy", ["built", "loaded", "cloned", "inside"])
def test_the_first_step_of_adam_is_its_learning_rate(name, copy, tmp_path):
    model = TOKENS[name]()
    if copy == "loaded":
        model.save(tmp_path / "model.keras")
        model = keras.models.load_model(tmp_path / "model.keras")
    if copy == "cloned":
        model = keras.models.clone_model(model)
    if copy == "inside":
        embedding, outer = model.get_layer("embedding"), keras.Input((8,))
        model = keras.Model(outer, model(outer))
        model.get_layer = lambda name: embedding
    assert first_step(model) == pytest.approx(1.0, rel=1e-2)


def test_mixed_precision_takes_the_same_first_step():
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert first_step(TOKENS["lstm"]()) == pytest.approx(1.0, rel=1e-2)


def test_it_is_a_keras_layer_with_the_config_of_one():
    layer = dense_embedding(5, 3, mask_zero=True)
    assert type(layer) is keras.layers.Embedding
    again = keras.layers.Embedding.from_config(layer.get_config())
    assert again.mask_zero
    again.build()
    again.set_weights([np.ones((5, 3))])
    np.testing.assert_array_equal(zoo_cases.to_numpy(again(IDS)), np.ones((12, 6, 3)))
    assert zoo_cases.to_numpy(sum(again.losses)) == 0.0
