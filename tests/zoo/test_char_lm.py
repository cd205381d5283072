import keras
import numpy as np
import pytest
import zoo_cases

import zoo


def test_parameters():
    model = zoo.char_lm(65, units=(64,))
    assert model.count_params() == 65 * 32 + 4 * (32 * 64 + 64 * 64 + 64) + 65 * 65
    assert model.output_shape == (None, None, 65)


def test_a_step_sees_no_later_character():
    model = zoo.char_lm(11, 6, units=(8,))
    tokens = zoo_cases.inputs(model)
    changed = tokens.copy()
    changed[:, 4:] = (changed[:, 4:] + 1) % 11
    first, second = (zoo_cases.predict(model, t) for t in (tokens, changed))
    np.testing.assert_allclose(first[:, :4], second[:, :4], atol=1e-6)
    assert not np.allclose(first[:, 4:], second[:, 4:])


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_sampling_at_temperature_zero_follows_the_whole_sequence(cell):
    settings = {"units": (8, 6), "normalization": "layer", "dropout": 0.2}
    model = zoo.char_lm(7, cell=cell, **settings)
    table = np.random.default_rng(1).standard_normal((7, 32))
    model.get_layer("embedding").set_weights([3 * table])
    prompt = np.random.default_rng(0).integers(0, 7, 20)
    likeliest = zoo_cases.predict(model, prompt[None])[0].argmax(-1)
    for end in range(1, 21):
        first = zoo.sample(model, prompt[:end], 1, temperature=0)
        assert first.tolist() == [likeliest[end - 1]]
    assert len(set(likeliest.tolist())) > 1

    drawn = zoo.sample(model, prompt, 6, temperature=0)
    whole = np.concatenate([prompt, drawn])
    likeliest = zoo_cases.predict(model, whole[None])[0].argmax(-1)
    np.testing.assert_array_equal(drawn, likeliest[19:-1])


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
@pytest.mark.parametrize("prompt", [[1, 0, 2, 0, 3], [0, 0, 4, 1], [0], [2, 0, 0]])
def test_sampling_skips_what_the_mask_hides(cell, prompt):
    settings = {"units": (8, 6), "normalization": "layer", "mask_zero": True}
    model = zoo.char_lm(7, cell=cell, **settings)
    zoo_cases.fill(model, scale=1.0)
    whole = np.array(prompt)
    for _ in range(6):
        (token,) = zoo.sample(model, whole, 1, temperature=0)
        assert token == zoo_cases.predict(model, whole[None])[0, -1].argmax()
        whole = np.append(whole, token)
    drawn = zoo.sample(model, prompt, 6, temperature=0)
    np.testing.assert_array_equal(drawn, whole[len(prompt) :])


def test_sampling_from_a_stateful_model_with_a_fixed_batch():
    model = zoo.char_lm(7, 4, units=(8,), stateful=True, batch_size=2, unroll=True)
    plain = zoo.char_lm(7, units=(8,))
    plain.set_weights(model.trainable_weights)
    for seed in range(3):
        np.testing.assert_array_equal(
            zoo.sample(model, [1, 2], 9, seed=seed),
            zoo.sample(plain, [1, 2], 9, seed=seed),
        )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_follow_the_temperature(temperature):
    shares = np.array([0.6, 0.3, 0.1])
    model = zoo.char_lm(3, units=(2,))
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    kernel, _ = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, np.log(shares)])
    drawn = zoo.sample(model, [0], 600, temperature=temperature, seed=1)
    counts = np.bincount(drawn, minlength=3)
    expected = shares ** (1 / temperature)
    expected *= len(drawn) / expected.sum()
    # Chi-squared with 2 degrees of freedom stays below 13.8 with probability 0.999.
    assert ((counts - expected) ** 2 / expected).sum() < 13.8


def test_equal_seeds_draw_equal_text():
    model = zoo.char_lm(11, units=(8,))
    one, same = (zoo.sample(model, [1], 40, seed=5) for _ in range(2))
    other = zoo.sample(model, np.array([1]), 40, seed=6)
    assert one.dtype == "int32"
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_tiny_temperature_is_greedy():
    model = zoo.char_lm(11, units=(8,))
    greedy = zoo.sample(model, [1], 10, temperature=0)
    np.testing.assert_array_equal(
        zoo.sample(model, [1], 10, temperature=1e-300, seed=0), greedy
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": []}, r"prompt must be .*; got \[\]"),
        ({"prompt": [11]}, r"prompt\[0\] must be an integer from 0 to 10; got 11"),
        ({"prompt": [-1]}, r"prompt\[0\] must be .*; got -1"),
        ({"prompt": "abc"}, r"prompt must be .*; got 'abc'"),
        ({"length": 0}, r"length must be .*; got 0"),
        ({"temperature": -0.1}, r"temperature must be .*; got -0.1"),
        ({"temperature": float("nan")}, r"temperature must be .*; got nan"),
        ({"seed": 1.5}, r"seed must be .*; got 1.5"),
    ],
)
def test_bad_arguments_of_sample(arguments, message):
    model = zoo.char_lm(11, units=(4,))
    good = {"prompt": [1], "length": 2}
    with pytest.raises(ValueError, match=message):
        zoo.sample(model, **{**good, **arguments})


@pytest.mark.parametrize(
    "model",
    [
        lambda: "a model",
        lambda: zoo.mlp((4,), 3),
        lambda: zoo.lstm((4, 2), 3, return_sequences=True),
        lambda: zoo.lstm((4,), 3, vocabulary_size=3),
        lambda: zoo.lstm(
            (4,), 3, vocabulary_size=3, return_sequences=True, bidirectional=True
        ),
    ],
)
def test_sampling_refuses_other_models(model):
    with pytest.raises(ValueError, match="model must be a language model"):
        zoo.sample(model(), [1], 2)


def test_sampling_refuses_weights_that_are_not_finite():
    model = zoo.char_lm(3, units=(2,))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + np.nan])
    with pytest.raises(ValueError, match="model must have finite logits"):
        zoo.sample(model, [1], 2)


def test_a_model_without_logits_or_that_reads_backwards_is_refused():
    layers = keras.layers
    for cell, end in (({}, "softmax"), ({"go_backwards": True}, None)):
        stack = [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(5, 3),
            layers.LSTM(4, return_sequences=True, **cell),
            layers.Dense(5, activation=end),
        ]
        with pytest.raises(ValueError, match="model must be a language model"):
            zoo.sample(keras.Sequential(stack), [1], 3)
