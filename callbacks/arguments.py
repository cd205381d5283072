"""Argument checks of the callbacks: each returns the value, or says what is wrong."""

import math
from collections.abc import Iterable
from numbers import Integral, Real

import numpy as np


def fail(name: str, value: object, allowed: str) -> ValueError:
    """The one wording of every refused argument."""
    return ValueError(f"{name} must be {allowed}; got {value!r}.")


def integer(name: str, value: object, low: int = 1) -> int:
    """An integer of at least low; True and 1.0 are not integers here."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < low:
        raise fail(name, value, f"an integer of at least {low}")
    return int(value)


def number(
    name: str,
    value: object,
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """A finite real number between low and high, without an open end."""
    left = "(" if open_low else "["
    right = ")" if open_high or math.isinf(high) else "]"
    allowed = f"a finite number in {left}{low:g}, {high:g}{right}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise fail(name, value, allowed)
    real = float(value)
    inside = math.isfinite(real) and low <= real <= high
    if not inside or (open_low and real == low) or (open_high and real == high):
        raise fail(name, value, allowed)
    return real


def choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """One of a few names."""
    options = tuple(allowed)
    if not isinstance(value, str) or value not in options:
        raise fail(name, value, "one of " + ", ".join(map(repr, options)))
    return value


def flag(name: str, value: object) -> bool:
    """True or False, and nothing that merely behaves like them."""
    if isinstance(value, np.bool_):
        return bool(value)
    if not isinstance(value, bool):
        raise fail(name, value, "True or False")
    return value


def label(name: str, value: object) -> str:
    """A non-empty string, fit to begin the keys of a log."""
    if not isinstance(value, str) or not value:
        raise fail(name, value, "a non-empty string")
    return value


def labels(name: str, value: object, what: str) -> tuple[str, ...]:
    """Names in a list, tuple or set; a single string is none of these."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise fail(name, value, f"a list of names of {what}")
    return tuple(label(name, entry) for entry in value)
