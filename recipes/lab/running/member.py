"""One training, in whichever process: load its code and data, set the state, run."""

import contextlib
import copy
import functools
import sys
import time
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.errors import LabError
from recipes.lab.running import environment, loading, traces
from recipes.lab.running.keys import KERAS
from recipes.lab.running.sources import Sources, loaded_here
from recipes.lab.training.full_float32 import full_float32


@dataclass(frozen=True)
class Task:
    """A training to run: plain data, so that any process can take it.

    Attributes:
        path: The file that defines the training function.
        function: The function's name.
        lesson: The file of the lesson, whose sources are compared.
        digest: Of the sources that the leader of the run has read.
        case: What it is called with.
        seed: Its seed.
        data: The name of the data set, or None.
        data_dir: Where prepared sets are.
        checksum: Of the data set that the leader has.
        policy: Keras's dtype policy.
        unfinished: The folder in which it is kept until it is done, if it takes long.
    """

    path: str
    function: str
    lesson: str
    digest: str
    case: Any
    seed: int
    data: str | None
    data_dir: str | None
    checksum: str | None
    policy: str
    unfinished: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        value: What the training returned, as plain data; None where it failed.
        seconds: How long it took.
        made: Where and when.
        error: The message of what was raised, "" where all went well.
        expected: Whether that is something a user can help: no traceback is due.
        trace: The traceback.
    """

    value: Any = None
    seconds: float = 0.0
    made: dict[str, str] = field(default_factory=dict)
    error: str = ""
    expected: bool = False
    trace: str = ""


def run_task(task: Task) -> Outcome:
    """Runs a training; an exception becomes part of the outcome."""
    try:
        same_sources(task.lesson, task.digest)
        train = getattr(load(Path(task.path)), task.function)
        data = None if task.data is None else load_data(task.data, task.data_dir)
        if data is not None and data.checksum != task.checksum:
            raise LabError(
                f"the process that trains finds other data in '{task.data}' than the "
                f"one that leads: {data.checksum}, not {task.checksum}."
            )
        case = copy.deepcopy(task.case)  # what a training changes is its own
        started = time.perf_counter()
        with configured(task.policy):
            from recipes.lab.training.checkpoint import members
            from recipes.lab.training.seeding import reseed

            reseed(task.seed)
            with members.kept_in(task.unfinished):
                value = _plain(train(case, task.seed, data), task.function)
        return Outcome(value, time.perf_counter() - started, environment.made())
    except LabError as error:
        return Outcome(error=str(error), expected=True)
    except (Exception, SystemExit) as error:
        return Outcome(
            error=f"{type(error).__name__}: {error}".removesuffix(": "),
            trace=traces.told(error),
        )


def _plain(value: Any, function: str) -> dict:
    if not isinstance(value, dict):
        raise LabError(
            f"{function} must return a dictionary of plain data, "
            f"not {type(value).__name__}."
        )
    try:
        return files.plain(value)
    except (TypeError, RecursionError) as error:
        raise LabError(f"{function} must return plain data: {error}.") from None


def same_sources(lesson: str, digest: str) -> None:
    """Refuses where this process finds other sources than the leader of the run.

    Args:
        lesson: The lesson's file.
        digest: Of the sources that the leader has read.

    Raises:
        LabError: It does, or has imported other code before.
    """
    if loaded_here(digest):
        return
    found = Sources([Path(lesson)])
    if found.digest != digest:
        raise LabError(f"{lesson}, or what it imports, was changed: run it again.")
    if found.keras:
        from recipes.lab.training import quiet

        quiet.load_backend()


def load(path: Path) -> types.ModuleType:
    """Imports a recipe's file, with Keras configured as trainings have it."""
    with configured("float32"):
        return loading.load(path)


@functools.cache
def load_data(name: str, data_dir: str | None):
    """Returns a data set; a process loads each once, and nothing may change it."""
    from recipes.lab.data import sets

    found = sets.load(name, data_dir)
    if environment.backend() != "torch":  # it warns of arrays that are read-only
        for array in (found.x_train, found.y_train, found.x_test, found.y_test):
            if array is not None:
                array.flags.writeable = False
    return found


@contextlib.contextmanager
def configured(policy: str) -> Iterator[None]:
    """Sets Keras's configuration as trainings have it, and puts it back."""
    if "keras" not in sys.modules:
        yield
        return
    import keras

    config, backend = keras.config, keras.backend.backend()
    before = config.dtype_policy()
    earlier = {name: getattr(config, name)() for name in KERAS}
    for name, value in KERAS.items():
        getattr(config, f"set_{name}")(value)
    config.set_dtype_policy(policy)
    try:
        with contextlib.ExitStack() as rules:
            if environment.accelerator_files():
                rules.enter_context(full_float32(backend))
            if backend == "jax":
                # It has 32 bits where 64 are asked for; lessons that need them know.
                rules.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", "Explicitly requested dtype")
            yield
    finally:
        for name, value in earlier.items():
            getattr(config, f"set_{name}")(value)
        config.set_dtype_policy(before)
