"""A model's train and test functions, as long as it trains on resident arrays."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras

from recipes.lab.training import first_calls
from recipes.lab.training.resident_arrays import ResidentArrays


@contextlib.contextmanager
def resident(
    model: keras.Model, kind: str, rows: ResidentArrays, xla: bool
) -> Iterator[None]:
    """Gives the model a function over resident rows, as long as it is open.

    Args:
        model: A compiled model.
        kind: "train" or "test": which of its functions.
        rows: What it is to be trained or evaluated on.
        xla: Whether the program is compiled by XLA (TensorFlow; JAX always does).
    """
    name, attribute = f"{kind}_function", f"_resident_{kind}_rows"

    def make(force: bool = False):
        if force or getattr(model, name) is None:
            setattr(model, name, ResidentFunction(model, kind))
        getattr(model, name).xla = xla

    if not isinstance(getattr(model, name), ResidentFunction):
        setattr(model, name, None)  # it was made for data that Keras brings
    # Not as Keras sets attributes: it would track them as a part of the model.
    object.__setattr__(model, attribute, rows)
    object.__setattr__(model, f"make_{name}", make)
    try:
        yield
    finally:
        object.__delattr__(model, f"make_{name}")
        object.__delattr__(model, attribute)


class ResidentFunction:
    """A train or test function that stays with its model, for the next `fit`.

    `compile` drops it, as it drops Keras's own. Where Keras brings the data, in a
    plain `model.fit` or `model.evaluate`, it calls what Keras makes; also where a
    callback evaluates on other data while `fit` runs.

    Attributes:
        xla: Which of its programs the next call runs.
    """

    def __init__(self, model: keras.Model, kind: str):
        self.model, self.kind, self.xla = model, kind, False
        self.programs: dict[bool, Callable] = {}
        self.called: set[tuple] = set()
        self._plain: Any = None

    def __call__(self, *arguments):
        """Runs what Keras wants run; the last argument is its iterator."""
        *state, iterator = arguments
        rows = vars(self.model).get(f"_resident_{self.kind}_rows")
        other = self.kind == "test" and not _counts(iterator)
        if rows is None or other:
            return self._kerass_own()(*arguments)
        return self._run(rows, state)

    def _kerass_own(self) -> Any:
        if self._plain is None:
            name = f"{self.kind}_function"
            getattr(type(self.model), f"make_{name}")(self.model, force=True)
            self._plain = getattr(self.model, name)
            setattr(self.model, name, self)
        return self._plain

    def _run(self, rows: ResidentArrays, state: list):
        shapes = (array.shape for array in keras.tree.flatten(rows.batches.tree))
        form = (self.xla, rows.batches.batch_size, *shapes)
        started = time.perf_counter()
        if self.xla not in self.programs:
            step = getattr(self.model, f"{self.kind}_step")
            self.programs[self.xla] = _program(step, self.xla)
        result = self.programs[self.xla](rows, *state)
        if form not in self.called:
            self.called.add(form)
            first_calls.SECONDS.append(time.perf_counter() - started)
        return result


def _counts(iterator) -> bool:
    """Whether it gives the plain numbers that Keras draws for resident rows."""
    import tensorflow as tf

    return getattr(iterator, "element_spec", None) == tf.TensorSpec((), tf.int64)


def _program(step: Callable, xla: bool) -> Callable:
    if keras.backend.backend() == "jax":
        from recipes.lab.training.resident_jax import program_of

        return program_of(step)
    from recipes.lab.training.resident_tensorflow import program_of

    return program_of(step, xla)
