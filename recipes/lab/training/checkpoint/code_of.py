"""Whose code something is, what code consists of, and what it sets in an object."""

import dis
import hashlib
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

# Their versions are compared instead.
LIBRARIES = sys.stdlib_module_names | {
    "jax", "jaxlib", "keras", "ml_dtypes", "numpy", "tensorflow", "torch",
}  # fmt: skip
# Methods in which settings are given; what others set is state.
GIVEN_IN = ("__init__", "compile")


def is_keras(thing: Any) -> bool:
    """Whether a class or a function is Keras's."""
    return _package(thing) == "keras"


def is_own(thing: Any) -> bool:
    """Whether a class or a function is none of a library whose version is compared."""
    return _package(thing) not in LIBRARIES


def of_code(code: types.CodeType) -> str:
    """A digest of a function's instructions, names and constants."""
    total = hashlib.sha256(code.co_code)
    total.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
    total.update(_constant(code.co_consts).encode())
    return total.hexdigest()[:16]


def unwrapped(value: Any) -> list[Any]:
    """The functions in a static method, a property, a `tf.function` and the like."""
    names = ("fget", "fset", "fdel") if isinstance(value, property) else (
        "__func__", "python_function", "func", "__wrapped__")  # fmt: skip
    found = [inspect.getattr_static(value, name, None) for name in names]
    held = [getattr(value, n) for n, one in zip(names, found, strict=True) if one]
    return [one for one in held if callable(one)]


def attributes_of(value: Any) -> dict[str, Any]:
    """What an object was given, as far as it keeps it.

    That is what bears the name of a parameter, and what a class that is no library's
    sets where it is given something and nowhere else.
    """
    here = getattr(value, "__dict__", {})
    found = {}
    for name in _parameters(type(value)):
        for attribute in (name, f"_{name}"):
            if attribute in here:
                found[name] = here[attribute]
                break
    names = _set_by(type(value))
    return {**{name: one for name, one in here.items() if name in names}, **found}


def _parameters(cls: type) -> list[str]:
    try:
        return list(inspect.signature(cls.__init__).parameters)
    except (TypeError, ValueError):
        return []


def _set_by(cls: type) -> set[str]:
    """Attributes that hold what was given."""
    given, elsewhere = set(), set()
    for base in cls.__mro__:
        for name, function in vars(base).items() if is_own(base) else ():
            for one in (function, *unwrapped(function)):
                code = getattr(one, "__code__", None)
                if isinstance(code, types.CodeType):
                    if name in GIVEN_IN:
                        given.update(_stored(code))
                    else:
                        elsewhere.update(_stored(code, whatever=True))
    return given - elsewhere


def _stored(code: types.CodeType, whatever: bool = False) -> Iterator[str]:
    """Attributes that code sets to something that it was given, or to whatever.

    Others follow from the code, or differ each time, as the time does.
    """
    given = ended = False
    for step in dis.get_instructions(code):
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        local = step.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
        if step.opname.startswith("LOAD") and set(names) - set(code.co_varnames[:1]):
            given, ended = local or (given and not ended), False
        if step.opname == "STORE_ATTR" and (given or whatever):
            yield step.argval
        ended = ended or step.opname.startswith(("STORE", "POP_TOP"))


def _constant(value: Any) -> str:
    """A constant of code as text; a set's order differs from process to process."""
    if isinstance(value, types.CodeType):
        return of_code(value)
    if isinstance(value, (tuple, frozenset)):
        items = map(_constant, value)
        if isinstance(value, frozenset):
            items = sorted(items)
        return f"{type(value).__name__}({','.join(items)})"
    return repr(value)


def _package(thing: Any) -> str:
    return (getattr(thing, "__module__", None) or "").split(".")[0]
