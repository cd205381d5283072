"""A model's train or test function while it works on resident rows.

Who calls whom:

    fit (here) ── resident.train ── open_rows: rows and function go onto the model
      └─ model.fit (Keras)
           ├─ make_train_function()        finds a ResidentFunction in place
           ├─ train_function(iterator) ──── ResidentFunction
           │     ├─ resident    rows lie open, and Keras drew a mark for this call:
           │     │              a program of many of the model's train_step
           │     └─ plain       no rows, or real batches: what Keras makes itself
           │                    (a later model.fit, a fit inside a callback)
           └─ evaluate ─ test_function(iterator)
                 ├─ evaluation  the validation of this fit, which drew a mark: one
                 │              program of all of the model's test_step
                 └─ plain       a callback evaluates on other data
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import keras

from recipes.lab.training.arrays import leaves
from recipes.lab.training.resident_program import program_of
from recipes.lab.training.resident_rows import ResidentRows

MARK = "rows in memory"  # what TensorFlow draws in place of a batch


@contextlib.contextmanager
def open_rows(
    model: keras.Model, kind: str, rows: ResidentRows, xla: bool, ahead: bool = False
) -> Iterator[None]:
    """Gives the model a function over resident rows, as long as it is open.

    Args:
        model: A compiled model.
        kind: "train" or "test": which of its functions.
        rows: What it is to be trained or evaluated on.
        xla: Whether the program is compiled by XLA (TensorFlow; JAX always does).
        ahead: Whether XLA compiles beside this training, for the next one.
    """
    name, attribute = f"{kind}_function", f"_resident_{kind}_rows"

    def make(force: bool = False):
        if force or getattr(model, name) is None:
            setattr(model, name, ResidentFunction(model, kind))
        function = getattr(model, name)
        function.xla, function.ahead = xla, ahead

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

    `compile` drops it, as it drops Keras's own.

    Args:
        model: The model.
        kind: "train" or "test".

    Attributes:
        xla: Whether the next call runs what XLA compiled.
        ahead: Whether XLA compiles beside the next call.
        first_call_seconds: What the first calls of all programs of this process took:
            a first call traces and compiles.
    """

    first_call_seconds: ClassVar[float] = 0.0

    def __init__(self, model: keras.Model, kind: str):
        self.model, self.kind = model, kind
        self.xla = self.ahead = False
        self._program: Any = None
        self._called: set[tuple] = set()
        self._keras_function: Any = None

    def __call__(self, *arguments):
        """Runs what Keras wants run; the last argument is its iterator."""
        rows = vars(self.model).get(f"_resident_{self.kind}_rows")
        if rows is None or not _is_marked(arguments[-1]):
            return self._plain(*arguments)
        path = self._resident if self.kind == "train" else self._evaluation
        return path(rows, *arguments[:-1])

    def _resident(self, rows: ResidentRows, *state):
        """Trains on the next block of rows."""
        rows.stops = self.model.stop_training
        return self._run(self.model.train_step, rows, state)

    def _evaluation(self, rows: ResidentRows):
        """Evaluates on all rows."""
        return self._run(self.model.test_step, rows, ())

    def _plain(self, *arguments):
        """Calls what Keras makes for batches that it brings itself."""
        if self._keras_function is None:
            name = f"{self.kind}_function"
            getattr(type(self.model), f"make_{name}")(self.model, force=True)
            self._keras_function = getattr(self.model, name)
            setattr(self.model, name, self)
        return self._keras_function(*arguments)

    def _run(self, step: Callable, rows: ResidentRows, state: tuple):
        shapes = (array.shape for _, array in leaves(rows.batches.tree))
        called = (self.xla, rows.batches.batch_size, *shapes)
        started = time.perf_counter()
        if self._program is None:
            self._program = program_of(step)
        if self.ahead:
            self._program.compile_ahead(rows)
            self.ahead = False
        result = self._program(rows, self.xla, *state)
        if called not in self._called:
            self._called.add(called)
            ResidentFunction.first_call_seconds += time.perf_counter() - started
        return result


def _is_marked(iterator: Any) -> bool:
    """Whether Keras drew a mark for a call; on JAX it draws a batch for each."""
    if keras.backend.backend() == "jax":
        return True
    spec = getattr(iterator, "element_spec", None)
    return isinstance(spec, dict) and MARK in spec
