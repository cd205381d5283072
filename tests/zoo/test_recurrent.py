import keras
import numpy as np
import pytest
import zoo_cases

import zoo

# inputs n, units u: a gate has a kernel (n, u), a recurrent kernel (u, u), a bias (u).
CELLS = {
    "lstm": (zoo.lstm, lambda n, u: 4 * (n * u + u * u + u)),
    "gru": (zoo.gru, lambda n, u: 3 * (n * u + u * u + 2 * u)),
    "simple_rnn": (zoo.simple_rnn, lambda n, u: n * u + u * u + u),
}


@pytest.mark.parametrize("cell", CELLS)
class TestEveryCell:
    def test_parameters(self, cell):
        build, count = CELLS[cell]
        one = build((None, 8), 10, units=(32,)).count_params()
        assert one == count(8, 32) + 33 * 10
        stacked = build((None, 8), 10, units=(32, 16)).count_params()
        assert stacked == count(8, 32) + count(32, 16) + 17 * 10
        both = build((None, 8), 10, units=(32, 16), bidirectional=True).count_params()
        assert both == 2 * count(8, 32) + 2 * count(64, 16) + 33 * 10
        tokens = build((None,), 10, units=(32,), vocabulary_size=50, embedding_dim=6)
        assert tokens.count_params() == 50 * 6 + count(6, 32) + 330

    def test_shapes(self, cell):
        build = CELLS[cell][0]
        assert build((7, 3), 4).output_shape == (None, 4)
        many = build((7, 3), 4, units=(5, 5), return_sequences=True)
        assert many.output_shape == (None, 7, 4)
        assert build((None,), 4, vocabulary_size=9).input_shape == (None, None)

    def test_the_first_input_reaches_the_output(self, cell):
        model = CELLS[cell][0]((6, 3), 2, units=(8,))
        x = zoo_cases.inputs(model)
        changed = x.copy()
        changed[:, 0] += 1
        difference = zoo_cases.predict(model, x) - zoo_cases.predict(model, changed)
        assert np.abs(difference).max() > 1e-5


def test_the_notes_parameters():
    assert CELLS["lstm"][1](8, 32) == 5248
    assert CELLS["simple_rnn"][1](8, 32) == 1312


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_steps(x, kernel, recurrent, bias):
    """Hidden states of an LSTM, gate by gate, in Keras's order i, f, c, o."""
    hidden = cell = np.zeros((len(x), len(recurrent)))
    states = []
    for t in range(x.shape[1]):
        gates = x[:, t] @ kernel + hidden @ recurrent + bias
        i, f, candidate, o = np.split(gates, 4, axis=1)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(candidate)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.stack(states, axis=1)


def test_an_lstm_equals_its_equations():
    model = zoo.lstm((5, 3), 2, units=(4,), return_sequences=True)
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model)
    *cell, kernel, bias = (zoo_cases.to_numpy(v) for v in model.weights)
    expected = lstm_steps(x, *cell[:3]) @ kernel + bias
    np.testing.assert_allclose(
        zoo_cases.predict(model, x), expected, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("bias", [None, -10.0, 0.0, 1.0, 2.5])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_forget_bias(bias, bidirectional):
    settings = {"forget_bias": bias, "bidirectional": bidirectional, "units": (3,)}
    model = zoo.lstm((4, 2), 2, **settings)
    found = [zoo_cases.to_numpy(v) for v in model.weights if v.shape == (12,)]
    value = 1.0 if bias is None else bias
    expected = np.repeat([0.0, value, 0.0, 0.0], 3)
    assert len(found) == (2 if bidirectional else 1)
    for vector in found:
        np.testing.assert_array_equal(vector, expected)


def test_masked_padding_changes_nothing():
    model = zoo.lstm((None,), 3, vocabulary_size=9, units=(4,), mask_zero=True)
    tokens = np.array([[3, 4, 5]])
    padded = np.array([[3, 4, 5, 0, 0]])
    np.testing.assert_allclose(
        zoo_cases.predict(model, tokens), zoo_cases.predict(model, padded), rtol=1e-5
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_mask_value_skips_steps_of_features(cell):
    model = CELLS[cell][0]((None, 3), 2, units=(4,), mask_value=-1.0)
    x = np.random.default_rng(0).random((2, 5, 3)).astype("float32")
    padding = np.full((2, 1, 3), -1.0, "float32")
    spread = [x[:, :2], padding, padding, x[:, 2:], padding]
    np.testing.assert_allclose(
        zoo_cases.predict(model, np.concatenate(spread, axis=1)),
        zoo_cases.predict(model, x),
        rtol=1e-5,
    )


@pytest.mark.parametrize("cell", CELLS)
def test_unrolled_and_with_a_fixed_batch_it_computes_the_same(cell):
    build = CELLS[cell][0]
    plain, other = build((5, 3), 2), build((5, 3), 2, unroll=True, batch_size=4)
    zoo_cases.fill(plain)
    zoo_cases.fill(other)
    assert other.input_shape == (4, 5, 3)
    x = np.random.default_rng(0).random((4, 5, 3)).astype("float32")
    np.testing.assert_allclose(
        zoo_cases.predict(plain, x), zoo_cases.predict(other, x), atol=1e-6
    )


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX's lack")
def test_half_precision_does_without_cudnn_on_jax():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert zoo.lstm((5, 3), 2).get_layer("lstm_1").use_cudnn is False
        with pytest.raises(ValueError, match="'auto' in half precision on JAX"):
            zoo.lstm((5, 3), 2, use_cudnn=True)
    finally:
        keras.config.set_dtype_policy("float32")
    assert zoo.lstm((5, 3), 2).get_layer("lstm_1").use_cudnn == "auto"


def test_a_stateful_layer_goes_on_where_it_ended():
    settings = {"units": (4,), "return_sequences": True}
    model = zoo.gru((3, 2), 2, stateful=True, batch_size=2, **settings)
    plain = zoo.gru((None, 2), 2, **settings)
    plain.set_weights(model.trainable_weights)
    x = np.random.default_rng(0).random((2, 6, 2)).astype("float32")
    halves = [zoo_cases.predict(model, x[:, :3]), zoo_cases.predict(model, x[:, 3:])]
    np.testing.assert_allclose(
        np.concatenate(halves, axis=1), zoo_cases.predict(plain, x), atol=1e-6
    )


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("use_cudnn", ["auto", True, False])
def test_use_cudnn_reaches_the_layer(cell, use_cudnn):
    model = CELLS[cell][0]((5, 3), 2, use_cudnn=use_cudnn)
    assert model.get_layer(f"{cell}_1").use_cudnn == use_cudnn
    both = CELLS[cell][0]((5, 3), 2, use_cudnn=use_cudnn, bidirectional=True).layers[1]
    assert both.forward_layer.use_cudnn == both.backward_layer.use_cudnn == use_cudnn


def test_names_show_in_the_summary():
    model = zoo.gru((5,), 3, vocabulary_size=9, units=(4, 4), dropout=0.1)
    layers = ["gru_1", "gru_1_dropout", "gru_2", "gru_2_dropout"]
    assert [layer.name for layer in model.layers] == [
        *["tokens", "embedding", *layers, "logits"]
    ]
