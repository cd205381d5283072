"""One training, in whichever process: load its code and data, set the state, run."""

import contextlib
import functools
import importlib
import importlib.util
import sys
import time
import traceback
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.catalog.reach import HOME
from recipes.lab.errors import LabError
from recipes.lab.running.keys import KERAS
from recipes.lab.running.sources import Sources


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
        policy: Keras's dtype policy.
    """

    path: str
    function: str
    lesson: str
    digest: str
    case: Any
    seed: int
    data: str | None
    data_dir: str | None
    policy: str


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        value: What the training returned, as plain data; None where it failed.
        seconds: How long it took.
        error: The message of what was raised, "" where all went well.
        expected: Whether that is something a user can help: no traceback is due.
        trace: The traceback.
    """

    value: Any = None
    seconds: float = 0.0
    error: str = ""
    expected: bool = False
    trace: str = ""


def run_task(task: Task) -> Outcome:
    """Runs a training; an exception becomes part of the outcome."""
    try:
        _same_sources(task.lesson, task.digest)
        module = load(Path(task.path))
        train = getattr(module, task.function)
        data = None if task.data is None else load_data(task.data, task.data_dir)
        started = time.perf_counter()
        with configured(task.policy):
            from recipes.lab.training.seeding import reseed

            reseed(task.seed)
            value = train(task.case, task.seed, data)
        if not isinstance(value, dict):
            raise LabError(
                f"{task.function} must return a dictionary of plain data, "
                f"not {type(value).__name__}."
            )
        try:
            value = files.plain(value)
        except TypeError as error:
            raise LabError(
                f"{task.function} must return plain data: {error}."
            ) from None
        return Outcome(value, time.perf_counter() - started)
    except LabError as error:
        return Outcome(error=str(error), expected=True)
    except Exception as error:
        return Outcome(
            error=f"{type(error).__name__}: {error}", trace=traceback.format_exc()
        )


@functools.cache
def _same_sources(lesson: str, digest: str) -> None:
    """Refuses where this process finds other sources than the leader of the run."""
    found = Sources([Path(lesson)])
    if found.digest != digest:
        raise LabError(f"{lesson}, or what it imports, was changed: run it again.")
    if found.keras:
        from recipes.lab.training import quiet

        quiet.load_backend()


@functools.cache
def load_data(name: str, data_dir: str | None):
    """Returns a data set; a process loads each once."""
    from recipes.lab.data import sets

    return sets.load(name, data_dir)


@contextlib.contextmanager
def configured(policy: str) -> Iterator[None]:
    """Sets Keras's configuration as trainings have it, and puts it back."""
    if "keras" not in sys.modules:
        yield
        return
    import keras

    config = keras.config
    before = config.dtype_policy()
    earlier = {name: getattr(config, name)() for name in KERAS}
    for name, value in KERAS.items():
        getattr(config, f"set_{name}")(value)
    config.set_dtype_policy(policy)
    try:
        yield
    finally:
        for name, value in earlier.items():
            getattr(config, f"set_{name}")(value)
        config.set_dtype_policy(before)


def load(path: Path) -> types.ModuleType:
    """Imports a recipe's file, whether it is in the package or anywhere."""
    path = path.resolve()
    if path.is_relative_to(HOME / "recipes"):
        parts = path.relative_to(HOME).with_suffix("").parts
        return importlib.import_module(".".join(p for p in parts if p != "__init__"))
    name = f"_recipe_{abs(hash(str(path)))}"
    for known in list(sys.modules.values()):
        if getattr(known, "__recipe__", None) == str(path):
            return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LabError(f"cannot import {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    folder = str(path.parent)
    sys.path.insert(0, folder)  # for files beside it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(folder)
    module.__recipe__ = str(path)
    return module
