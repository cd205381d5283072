"""The weights that a model's initializers draw, without building the model again.

Keras gives an initializer that has no seed a number of Python's `random` when it is
made, and all that it draws follows from that number. So which numbers are taken, and by
which weight's initializer, is found out once, from a copy of the model; then a number
and the initializers are enough. `keras.models.clone_model` gives the same weights, but
builds every layer and variable anew, which takes longer than many a training of a
sweep.
"""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras.src.random.seed_generator import make_default_seed

from recipes.lab.training.seeding import preserved

MOST_NUMBERS = 2000  # that a model may take; one that takes more is copied


class _Weight(NamedTuple):
    """How one weight begins."""

    initializer: Any
    shape: tuple
    dtype: str
    number: int | None  # the place of its number among those taken, None for a constant

    def draw(self, numbers: list[int]) -> np.ndarray:
        if self.number is not None:
            self.initializer.seed = numbers[self.number]
        return keras.ops.convert_to_numpy(
            self.initializer(self.shape, dtype=self.dtype)
        )


class _Plan(NamedTuple):
    """How all weights begin."""

    numbers: int
    weights: list[_Weight]

    def draw(self) -> list[np.ndarray]:
        """The weights that the state of `random` decides."""
        numbers = [make_default_seed() for _ in range(self.numbers)]
        return [weight.draw(numbers) for weight in self.weights]


class InitialWeights:
    """Draws a model's weights again and again.

    The first weights are those of a copy. A plan that is made later, in another state
    of `random`, must give them, too. A model whose weights follow from anything else,
    as where a layer has a way of its own, is copied each time.

    Args:
        model: A built `keras.Model`.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._first: tuple[tuple, tuple, list[np.ndarray]] | None = None
        self._plan: _Plan | None = None
        self._planned = False

    def draw(self) -> list[np.ndarray]:
        """Weights as `model.get_weights` orders them.

        They are what the state of Python's `random` decides, which is then as after
        `keras.models.clone_model`.
        """
        if not self._planned and self._first and self._first[0] != random.getstate():
            self._plan, self._planned = self._checked(), True
            self._first = None
        if self._plan:
            return self._plan.draw()
        before = random.getstate()
        weights = _copy(self._model).get_weights()
        if not self._planned and self._first is None:
            self._first = before, random.getstate(), weights
        return weights

    def _checked(self) -> _Plan | None:
        """A plan that gives the first weights; leaves the random states as they are."""
        with preserved():
            plan = _made(self._model)
            if plan is None:
                return None
            before, after, weights = self._first  # type: ignore[misc]
            random.setstate(before)
            drawn = plan.draw()
            fits = random.getstate() == after and all(map(_same, drawn, weights))
            return plan if fits else None


def _made(model: keras.Model) -> _Plan | None:
    """How the weights begin; None where they can't be told from initializers alone."""
    before = random.getstate()
    try:
        with keras.StatelessScope():  # variables keep their initializers in it
            copy = _copy(model)
            found = [_initializer(weight) for weight in copy.weights]
    except Exception:  # whatever a layer can't do in it: such a model is copied
        return None
    after = random.getstate()
    random.setstate(before)
    numbers: list[int] = []
    while random.getstate() != after:
        if len(numbers) == MOST_NUMBERS:
            return None
        numbers.append(make_default_seed())
    place = {number: index for index, number in enumerate(numbers)}
    weights = [
        _Weight(initializer, tuple(weight.shape), weight.dtype, place.get(seed))
        for weight, initializer in zip(copy.weights, found, strict=True)
        for seed in [_seed(initializer)]
    ]
    return None if None in found else _Plan(len(numbers), weights)


def _copy(model: keras.Model) -> keras.Model:
    """A new model with weights of its own, not compiled."""
    compiled, model.compiled = model.compiled, False
    try:
        return keras.models.clone_model(model)
    finally:
        model.compiled = compiled


def _initializer(weight: keras.Variable) -> Callable | None:
    return weight._initializer


def _seed(initializer: Any) -> int | None:
    seed = getattr(initializer, "seed", None)
    return seed if isinstance(seed, int) else None


def _same(one: Any, other: Any) -> bool:
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")
