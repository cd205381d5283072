import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo import Vocabulary

TEXT = "the quick brown föx\njumps over\x1f it 🦊 twice"


def test_encoding_and_back():
    vocabulary = Vocabulary.of(TEXT)
    assert len(vocabulary) == len(set(TEXT))
    tokens = vocabulary.encode(TEXT)
    assert tokens.dtype == "int32"
    assert [vocabulary.characters[token] for token in tokens] == list(TEXT)
    assert vocabulary.decode(tokens) == TEXT
    assert vocabulary == Vocabulary(vocabulary.characters)


def test_targets_are_one_character_ahead():
    x, y = Vocabulary("abc").windows("abcabcab", 3)
    np.testing.assert_array_equal(x, [[0, 1, 2], [0, 1, 2]])
    np.testing.assert_array_equal(y, [[1, 2, 0], [1, 2, 0]])


def test_a_learned_text_goes_on_as_it_must():
    vocabulary = Vocabulary.of("abcd")
    x, y = vocabulary.windows("abcd" * 40, 8)
    model = zoo.char_lm(4, 8, units=(16,), embedding_dim=4)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss)
    model.fit(x, y, epochs=25, verbose=0)
    assert vocabulary.sample(model, "ab", 7, temperature=0) == "cdabcda"


def test_it_is_saved_with_the_model_and_keras_needs_nothing_of_it(tmp_path):
    vocabulary = Vocabulary.of(TEXT)
    model = zoo.char_lm(len(vocabulary), units=(4,))
    vocabulary.save_with(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert Vocabulary.load(tmp_path / "model.keras") == vocabulary
    x = vocabulary.encode(TEXT)[None]
    np.testing.assert_array_equal(
        zoo_cases.predict(loaded, x), zoo_cases.predict(model, x)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Vocabulary("a"), "characters must be at least 2"),
        (lambda: Vocabulary("aa"), "characters must be different"),
        (lambda: Vocabulary(["a", "bc"]), "characters must be at least 2 strings"),
        (lambda: Vocabulary.of(3), "text must be a string; got 3"),
        (lambda: Vocabulary("ab").encode("abc"), "got 'c' at position 2"),
        (lambda: Vocabulary("ab").decode([2]), "tokens must be .* from 0 to 1; got 2"),
        (lambda: Vocabulary("ab").windows("ab", 2), "text must be at least 3 long"),
        (
            lambda: Vocabulary("ab").sample(zoo.char_lm(3, units=(2,)), "a", 2),
            "model must be one of 2 characters; got 3",
        ),
        (
            lambda: Vocabulary("ab").sample(zoo.char_lm(2, units=(2,)), "", 2),
            "prompt must be",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_model_without_characters_has_none(tmp_path):
    zoo.char_lm(3, units=(2,)).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="path must be a model saved with"):
        Vocabulary.load(tmp_path / "model.keras")


def test_what_is_no_text_is_refused(tmp_path):
    vocabulary = zoo.Vocabulary("abc")
    with pytest.raises(ValueError, match="tokens must be an integer"):
        vocabulary.decode([0, 1.9])
    for words in ("good", None, 3):
        with pytest.raises(ValueError, match="words must be a list of strings"):
            zoo.encode_words(["a good film"], words, 3)
    with pytest.raises(ValueError, match="lower case; got 'good' and 'Good'"):
        zoo.encode_words(["a good film"], ["good", "film", "Good"], 3)
    with pytest.raises(ValueError, match="texts must be a list"):
        zoo.encode_words(None, ["good"], 3)
    path = tmp_path / "lm.keras"
    with pytest.raises(ValueError, match=r"path must be a \.keras file"):
        zoo.Vocabulary.load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"path must be a \.keras file"):
        zoo.Vocabulary.load(path)
    with pytest.raises(ValueError, match=r"path must be a \.keras file"):
        zoo.Vocabulary.load(None)
    with pytest.raises(ValueError, match="characters must be strings"):
        zoo.Vocabulary(3)
    with pytest.raises(ValueError, match="words must be different strings"):
        zoo.encode_words(["good"], [["good"]], 3)
    with pytest.raises(ValueError, match="texts must be a list"):
        zoo.encode_words(np.array("good"), ["good"], 3)
    unbuilt = keras.Sequential([keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="model must be one of 3 characters"):
        vocabulary.sample(unbuilt, "a", 3)


def test_words_are_read_in_lower_case_on_both_sides():
    texts = ["A GOOD film", "it's Good"]
    expected = zoo.encode_words(texts, ["good", "it's"], 3)
    found = zoo.encode_words(texts, np.array(["Good", "IT'S"]), 3)
    np.testing.assert_array_equal(found, expected)
    assert expected.tolist() == [[1, 2, 1], [3, 2, 0]]


@pytest.mark.parametrize("word", ["film noir", "café", "well-made", "[UNK]", "", " a"])
def test_a_word_that_no_text_could_hold_is_refused(word):
    with pytest.raises(ValueError, match="words must be single words of") as caught:
        zoo.encode_words(["a good film"], ["good", word], 3)
    assert f"got {word!r}" in str(caught.value)


def test_the_words_of_trained_weights_are_all_readable():
    words = zoo.card("lstm/imdb")["words"]
    found = zoo.encode_words([" ".join(words)], words, len(words))
    np.testing.assert_array_equal(found, [np.arange(2, len(words) + 2)])


def test_rows_of_unequal_length_are_one_text():
    vocabulary = Vocabulary("abc")
    rows = [[0, 1], [2], [], [1, 1]]
    for tokens in (rows, tuple(rows), [np.array(row, int) for row in rows],
                   np.array([np.array(row) for row in rows], object)):  # fmt: skip
        assert vocabulary.decode(tokens) == "abcbb"
    assert vocabulary.decode([rows, [[2]]]) == "abcbbc"
    assert vocabulary.decode(keras.ops.convert_to_tensor([[0, 1], [1, 2]])) == "abbc"
    assert vocabulary.decode([keras.ops.array([0]), keras.ops.array([1, 2])]) == "abc"
    assert vocabulary.decode([]) == ""
    for wrong in ([[0, 1], ["a"]], [[0], [1, 5]], [[0], None], "ab", None, [[0], 1.5]):
        with pytest.raises(ValueError, match="tokens must be an integer from 0 to 2"):
            vocabulary.decode(wrong)


def test_a_ragged_tensor_is_one_text():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("ragged tensors are TensorFlow's")
    import tensorflow as tf

    assert Vocabulary("abc").decode(tf.ragged.constant([[0, 1], [], [2]])) == "abc"


def test_what_has_no_order_is_refused():
    """A set has another order in each process; a dictionary's numbers go unread."""
    for characters in (set("abc"), frozenset("abc"), {"a": 2, "b": 0}):
        with pytest.raises(ValueError, match="strings of length 1 in an order"):
            Vocabulary(characters)
    assert Vocabulary({"a": 0, "b": 1}.keys()) == Vocabulary("ab")
    for words in ({"good", "film"}, {"film": 3, "good": 2}):
        with pytest.raises(ValueError, match="words must be a list of strings"):
            zoo.encode_words(["a good film"], words, 3)
    with pytest.raises(ValueError, match="texts must be a list of strings"):
        zoo.encode_words({"first": "a good film"}, ["good"], 3)
