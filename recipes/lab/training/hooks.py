"""Which callbacks look at batches, so that each batch must be a call of its own."""

import dis
import functools
import types
from typing import Any

import keras
from keras.src.utils.python_utils import is_default

from recipes.lab.errors import LabError
from recipes.lab.training.options import show

TRAIN_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin",
               "on_batch_end")  # fmt: skip
TEST_HOOKS = ("on_test_batch_begin", "on_test_batch_end")


def listed(callbacks: Any) -> list:
    """Returns the callbacks as a flat list, as Keras does.

    Args:
        callbacks: None, a callback, nested lists of them, or a `CallbackList`. A
            subclass of `CallbackList` stays whole: it may have hooks of its own.

    Raises:
        LabError: Something in the list is no callback.
    """
    if callbacks is None:
        return []
    plain = type(callbacks) is keras.callbacks.CallbackList and not any(
        hook in vars(callbacks) for hook in (*TRAIN_HOOKS, *TEST_HOOKS)
    )
    flat = callbacks.callbacks if plain else keras.tree.flatten(callbacks)
    for callback in flat:
        if isinstance(callback, type):
            name = callback.__name__
            raise LabError(f"callbacks holds the class {name}; give {name}(...).")
        if not hasattr(callback, "set_model"):
            raise LabError(
                f"callbacks must hold callbacks of Keras, not {show(callback)}."
            )
    return list(flat)


def looks_at_batches(callback: Any, hooks: tuple[str, ...] = TRAIN_HOOKS) -> bool:
    """Whether a callback is to be called for each batch.

    Hooks may stand in its class, be set on the instance, or be set while training
    begins; the last is seen in the code of its class. A callback says that it needs
    none of its package's by `works_between_steps = False`; Keras's checkpoints say so
    by `save_freq`. What a subclass or an instance adds counts all the same.
    """
    if has_hook(callback, hooks):
        return True
    covered = {"keras", "builtins"}
    if getattr(callback, "works_between_steps", None) is False:
        covered.add(_package(_owner(type(callback), "works_between_steps")))
    bases = [b for b in type(callback).__mro__ if _package(b) not in covered]
    return any(hook in _names_in_code(base) for base in bases for hook in hooks)


def has_hook(callback: Any, hooks: tuple[str, ...] = TRAIN_HOOKS) -> bool:
    """Whether a callback has a hook for batches now, whatever its code may set yet."""
    if hooks == TRAIN_HOOKS and getattr(callback, "works_between_steps", None):
        return True
    return any(_has_hook(callback, hook) for hook in hooks)


def _has_hook(callback: Any, hook: str) -> bool:
    method = getattr(callback, hook, None)
    if method is None or is_default(method):
        return False
    if hook in vars(callback):
        return True
    owner = _owner(type(callback), hook)
    if getattr(callback, "works_between_steps", None) is False:
        says = _owner(type(callback), "works_between_steps")
        return _package(owner) != _package(says)
    only_counts = getattr(callback, "save_freq", None) == "epoch"
    return not (only_counts and owner is not None and _package(owner) == "keras")


def _owner(cls: type, name: str) -> type | None:
    """The class that has the attribute; the first one after the instance's own."""
    return next((base for base in cls.__mro__ if name in vars(base)), None)


def _package(cls: type | None) -> str:
    return "" if cls is None else cls.__module__.split(".")[0]


def _names_in_code(cls: type) -> set[str]:
    """Attributes that its methods set by name: `self.on_train_batch_end = ...`."""
    functions = (getattr(value, "__func__", value) for value in vars(cls).values())
    codes = (getattr(function, "__code__", None) for function in functions)
    return {name for code in codes if code is not None for name in _set_in(code)}


@functools.lru_cache(maxsize=4096)  # each method is read once, not once a fit
def _set_in(code: types.CodeType) -> frozenset[str]:
    names = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_ATTR":
            names.add(instruction.argval)
        elif instruction.opname == "LOAD_CONST":
            if isinstance(instruction.argval, str):
                # setattr(self, "on_train_batch_end", ...)
                names.add(instruction.argval)
            elif isinstance(instruction.argval, types.CodeType):
                names |= _set_in(instruction.argval)
    return frozenset(names)
