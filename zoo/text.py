"""Characters, words and their numbers, for networks over tokens."""

import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MethodType
from typing import Any

import keras
import numpy as np

from zoo import _checks
from zoo.char_lm import sample

_FILE = "vocabulary.json"
_WORD = re.compile(r"[a-z0-9']+")
_PADDING, _UNKNOWN = 0, 1


class Vocabulary:
    """The characters that a language model knows, numbered from 0.

    Shapes: text of n characters <-> token ids (n,) int32

    Args:
        characters: Every character once, in the order of their numbers.

    Raises:
        ValueError: There are fewer than 2 characters, one comes twice, or an entry
            is no single character.

    Example:
        >>> vocabulary = Vocabulary.of("to be or not to be")
        >>> vocabulary.decode(vocabulary.encode("not"))
        'not'
        >>> from zoo import char_lm
        >>> model = char_lm(len(vocabulary), units=(4,))
        >>> len(vocabulary.sample(model, "to be", 10, seed=0))
        10
    """

    def __init__(self, characters: Iterable[str]):
        if not _ordered(characters):
            raise _checks.fail(
                "characters", characters, "strings of length 1 in an order"
            )
        self.characters = tuple(characters)
        single = all(isinstance(c, str) and len(c) == 1 for c in self.characters)
        if not single or len(self.characters) < 2:
            raise _checks.fail(
                "characters", self.characters, "at least 2 strings of length 1"
            )
        self._tokens = {c: token for token, c in enumerate(self.characters)}
        if len(self._tokens) < len(self.characters):
            raise _checks.fail("characters", self.characters, "different characters")

    @classmethod
    def of(cls, text: str) -> "Vocabulary":
        """The characters of a text, in the order of their code points."""
        if not isinstance(text, str):
            raise _checks.fail("text", text, "a string")
        return cls(sorted(set(text)))

    def __len__(self) -> int:
        return len(self.characters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text's characters, (n,) int32.

        Raises:
            ValueError: A character is unknown.
        """
        if not isinstance(text, str):
            raise _checks.fail("text", text, "a string")
        for position, character in enumerate(text):
            if character not in self._tokens:
                raise ValueError(
                    f"text must consist of the {len(self)} known characters; got "
                    f"{character!r} at position {position}."
                )
        return np.array([self._tokens[c] for c in text], "int32")

    def decode(self, tokens: Any) -> str:
        """The text of these numbers.

        Args:
            tokens: Integers: an array or tensor of any shape, a list, or rows of
                unequal length. The rows follow each other in one text.

        Raises:
            ValueError: A number has no character.
        """
        numbers = list(_in_order(tokens))
        for token in numbers:
            _checks.integer("tokens", token, 0, len(self) - 1)
        return "".join(self.characters[token] for token in numbers)

    def windows(self, text: str, timesteps: int) -> tuple[np.ndarray, np.ndarray]:
        """A text cut into inputs and targets, which are one character ahead.

        Args:
            text: At least timesteps + 1 characters; what is left over is dropped.
            timesteps: Length of each piece, at least 1.

        Returns:
            Two arrays (pieces, timesteps) int32.

        Raises:
            ValueError: The text is too short, or a character is unknown.
        """
        _checks.integer("timesteps", timesteps)
        tokens = self.encode(text)
        pieces = (len(tokens) - 1) // timesteps
        if pieces < 1:
            raise _checks.fail(
                "text", f"{len(tokens)} characters", f"at least {timesteps + 1} long"
            )
        used = pieces * timesteps
        shape = (pieces, timesteps)
        return tokens[:used].reshape(shape), tokens[1 : used + 1].reshape(shape)

    def sample(self, model: keras.Model, prompt: str, length: int, **how: Any) -> str:
        """Continues a text: `zoo.sample` with strings.

        Args:
            model: A model of `char_lm` over this vocabulary.
            prompt: Text to start from, at least one character.
            length: How many characters to draw, at least 1.
            **how: `temperature` and `seed` of `zoo.sample`.

        Returns:
            The drawn text, without the prompt.

        Raises:
            ValueError: An argument is out of its range, or the model has another
                number of characters.
        """
        self._check_model(model)
        tokens = self.encode(prompt)
        return self.decode(sample(model, tokens.tolist(), length, **how))

    def save_with(self, model: keras.Model) -> None:
        """Puts the characters into every `.keras` file of this model from now on.

        The file stays one that Keras opens alone; `Vocabulary.load` reads it, too.

        Raises:
            ValueError: The model has another number of characters.
        """
        self._check_model(model)
        text = json.dumps(self.characters)

        def save_assets(layer: Any, folder: str) -> None:
            Path(folder, _FILE).write_text(text, encoding="utf-8")

        embedding = model.get_layer("embedding")
        embedding.save_assets = MethodType(save_assets, embedding)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Vocabulary":
        """The characters in a `.keras` file of a model that `save_with` was called on.

        Raises:
            ValueError: The file holds none.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if Path(n).name == _FILE]
                text = archive.read(names[0]).decode("utf-8") if names else None
        except (OSError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(f"path must be a .keras file: {error}") from None
        if text is None:
            raise ValueError(f"path must be a model saved with characters: {path}")
        return cls(json.loads(text))

    def _check_model(self, model: Any) -> None:
        # A Sequential that is not built has no shape yet.
        shape = getattr(model, "output_shape", None)
        size = shape[-1] if isinstance(model, keras.Model) and shape else None
        if size != len(self):
            raise _checks.fail("model", size, f"one of {len(self)} characters")


def split_words(text: str) -> list[str]:
    """The words of a text in order: letters a to z, digits, apostrophes; lower case.

    Raises:
        ValueError: The text is no string.
    """
    if not isinstance(text, str):
        raise _checks.fail("text", text, "a string")
    return _WORD.findall(text.lower())


def encode_words(
    texts: Iterable[str], words: Iterable[str], timesteps: int
) -> np.ndarray:
    """The numbers of the words of each text, for a network with `mask_zero`.

    Number 0 is padding behind a short text, 1 stands for every unknown word, and
    2 + i for words[i]. Of a long text the last words count. A text's words are runs of
    the letters a to z, digits and apostrophes, in lower case; the known words are read
    in lower case, too, so that "Good" is "good" in both.

    Shapes: n texts -> token ids (n, timesteps) int32

    Args:
        texts: Strings.
        words: The known words in the order of their numbers, such as
            `zoo.card("lstm/imdb")["words"]`; a vocabulary of len(words) + 2 tokens.
        timesteps: Length of each row, at least 1.

    Raises:
        ValueError: A text is no string, `texts` is one, a word is given twice or could
            be no word of a text, or timesteps is below 1.

    Example:
        >>> encode_words(["A good film.", "Good!"], ["good", "film"], 3).tolist()
        [[1, 2, 3], [2, 0, 0]]
    """
    _checks.integer("timesteps", timesteps)
    for name, value in (("texts", texts), ("words", words)):
        alone = isinstance(value, (str, bytes)) or getattr(value, "shape", None) == ()
        if alone or not _ordered(value):
            raise _checks.fail(name, value, "a list of strings")
    words = _readable(words)
    numbers = {word: number for number, word in enumerate(words, _UNKNOWN + 1)}
    rows = []
    for text in texts:
        row = [numbers.get(word, _UNKNOWN) for word in split_words(text)[-timesteps:]]
        rows.append([*row, *[_PADDING] * (timesteps - len(row))])
    return np.array(rows, "int32").reshape(len(rows), timesteps)


def _ordered(values: Any) -> bool:
    """Whether they come one after the other, as they would in another process.

    A dictionary's values would go unread, and a set of strings has another order in
    each process.
    """
    unordered = isinstance(values, (Mapping, set, frozenset))
    return isinstance(values, Iterable) and not unordered


def _readable(words: Iterable[Any]) -> list[str]:
    """The known words as a text would have them: one more would never be met."""
    found: dict[str, str] = {}
    for word in words:
        if not isinstance(word, str):
            raise _checks.fail("words", word, "different strings")
        lower = word.lower()
        if split_words(word) != [lower]:
            raise _checks.fail(
                "words", word, "single words of the letters a to z, digits, apostrophes"
            )
        if lower in found:
            twice = f"{found[lower]!r} and {word!r}"
            raise ValueError(f"words must be different in lower case; got {twice}.")
        found[lower] = word
    return list(found)


def _in_order(tokens: Any) -> Iterator[Any]:
    """The numbers of an array, tensor or list, row by row, however long each is."""
    if hasattr(tokens, "to_list"):  # a ragged tensor
        tokens = tokens.to_list()
    if keras.ops.is_tensor(tokens):
        tokens = keras.ops.convert_to_numpy(tokens)
    try:
        numbers = np.asarray(tokens).ravel().tolist()
    except ValueError:  # the rows differ in length
        numbers = tokens
    for number in numbers:
        rows = not isinstance(number, int) and (
            isinstance(number, (list, tuple, np.ndarray)) or keras.ops.is_tensor(number)
        )
        if rows:
            yield from _in_order(number)
        else:
            yield number
