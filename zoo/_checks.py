"""Argument checks that every builder runs before it makes a layer.

Each check returns the value in its plain Python type, or raises a ValueError that
names the argument, the value and what is allowed.
"""

import difflib
import functools
import math
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import keras
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

TASKS = ("classification", "binary", "ordinal", "regression")
_SIMILAR = 0.65  # of the letters of two names, before one is offered for the other
_NOT_FOR_KERNELS = ("deserialize", "get", "serialize", "stft")


def fail(name: str, value: object, allowed: str) -> ValueError:
    """The one wording of every refused argument."""
    return ValueError(f"{name} must be {allowed}; got {value!r}.")


def plain(value: Any) -> Any:
    """NumPy's numbers, flags and rows of them as Python's own, which files can hold."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.ndim < 2:
        return value.item() if value.ndim == 0 else tuple(value.tolist())
    if type(value) in (tuple, list):
        return type(value)(map(plain, value))
    return value


def takes_numpy(builder: Callable[P, R]) -> Callable[P, R]:
    """Gives a builder plain values for the NumPy ones among its arguments."""

    @functools.wraps(builder)
    def build(*arguments: P.args, **settings: P.kwargs) -> R:
        given: Any = {key: plain(value) for key, value in settings.items()}
        return builder(*map(plain, arguments), **given)

    return build


def integer(name: str, value: object, low: int = 1, high: int | None = None) -> int:
    """An integer in [low, high]; True and 1.0 are not integers here."""
    allowed = f"an integer of at least {low}"
    if high is not None:
        allowed = f"an integer from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise fail(name, value, allowed)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise fail(name, value, allowed)
    return number


def number(
    name: str,
    value: object,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """A finite real number between low and high, without an open end."""
    left, right = "(" if open_low else "[", ")" if open_high else "]"
    if math.isinf(low):
        left = "("
    if math.isinf(high):
        right = ")"
    allowed = f"a finite number in {left}{low:g}, {high:g}{right}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise fail(name, value, allowed)
    real = float(value)
    inside = math.isfinite(real) and low <= real <= high
    if not inside or (open_low and real == low) or (open_high and real == high):
        raise fail(name, value, allowed)
    return real


def rate(name: str, value: object) -> float:
    """A share of units or weights to drop: in [0, 1)."""
    return number(name, value, 0.0, 1.0, open_high=True)


def share(name: str, value: object) -> float:
    """A share of a whole that is neither none nor all of it: in (0, 1)."""
    return number(name, value, 0.0, 1.0, open_low=True, open_high=True)


def flag(name: str, value: object) -> bool:
    """True or False, and nothing that merely behaves like them."""
    value = plain(value)
    if not isinstance(value, bool):
        raise fail(name, value, "True or False")
    return value


def text(name: str, value: object) -> str:
    """A name that can stand in a variable path: not empty, no slash."""
    if not isinstance(value, str) or not value or "/" in value:
        raise fail(name, value, "a non-empty string without '/'")
    return value


def choice(name: str, value: object, allowed: Iterable[str | None]) -> str | None:
    """One of a few names; the message offers the nearest one."""
    options = tuple(allowed)
    hashable = value is None or isinstance(value, str)
    if hashable and value in options:
        return value  # type: ignore[return-value]
    hint = nearest(value, [option for option in options if option is not None])
    raise fail(name, value, "one of " + ", ".join(map(repr, options)) + hint)


def nearest(value: object, names: Iterable[str]) -> str:
    """' (did you mean ...?)' where one of the names is close, else nothing.

    A name that differs in its number only is no misspelling: whoever asks for a
    resnet35 is not helped by resnet32.
    """
    if not isinstance(value, str):
        return ""
    wanted = value.lower()
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wanted, by_lower, n=1, cutoff=_SIMILAR)
    if not close:
        close = [name for name in by_lower if len(wanted) > 2 and wanted in name][:1]
    if not close or _digits(wanted) not in ("", _digits(close[0])):
        return ""
    return f" (did you mean {by_lower[close[0]]!r}?)"


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def plain_shape(value: Any) -> Any:
    """A TensorShape as a tuple, anything else as it is."""
    if hasattr(value, "as_list") and getattr(value, "rank", None) is not None:
        return tuple(value.as_list())
    return value


def integers(
    name: str,
    value: object,
    low: int = 1,
    length: int | None = None,
    empty: bool = False,
) -> tuple[int, ...]:
    """A list, tuple or TensorShape of integers of at least low."""
    allowed = f"a tuple of integers of at least {low}"
    if length is not None:
        allowed = f"a tuple of {length} integers of at least {low}"
    value = plain_shape(value)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise fail(name, value, allowed)
    if (length is not None and len(value) != length) or not (value or empty):
        raise fail(name, value, allowed)
    for position, entry in enumerate(value):
        integer(f"{name}[{position}]", entry, low)
    return tuple(int(entry) for entry in value)


def image_shape(name: str, value: object) -> tuple[int, int, int]:
    """(height, width, channels) of channels-last images, without the batch."""
    height, width, channels = integers(name, value, length=3)
    return height, width, channels


def any_image_shape(name: str, value: object) -> tuple[int | None, int | None, int]:
    """The same, where height and width may be None: images of any size."""
    given = plain_shape(value)
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 3:
        sizes = [1 if size is None else size for size in given[:2]]
        checked = integers(name, [*sizes, given[2]], length=3)
        height, width = (
            None if size is None else known
            for size, known in zip(given[:2], checked, strict=False)
        )
        return height, width, checked[2]
    return integers(name, value, length=3)  # type: ignore[return-value]


def outputs(num_classes: object, task: object) -> int:
    """The number of outputs that a head for this task may have."""
    choice("task", task, TASKS)
    if task == "ordinal":
        return integer("num_classes", num_classes, 2) - 1
    if task != "classification":
        return integer("num_classes", num_classes)
    usable = isinstance(num_classes, Integral) and not isinstance(num_classes, bool)
    if not usable or int(num_classes) < 2:  # type: ignore[call-overload]
        raise fail(
            "num_classes",
            num_classes,
            "an integer of at least 2 for task='classification' (a softmax over one "
            "class is always 1; use task='binary' for one sigmoid logit, or "
            "task='regression' for one number)",
        )
    return int(num_classes)  # type: ignore[call-overload]


def initializer(
    name: str, value: object
) -> str | keras.initializers.Initializer | None:
    """The name of a Keras initializer, an initializer object, or None."""
    if value is None or isinstance(value, keras.initializers.Initializer):
        return value
    names = sorted(
        entry
        for entry in vars(keras.initializers)
        if entry.islower() and entry[0] != "_" and entry not in _NOT_FOR_KERNELS
    )
    if isinstance(value, str) and value in names:
        return value
    hint = nearest(value, names)
    raise fail(
        name, value, "an Initializer, None, or one of " + ", ".join(names) + hint
    )
