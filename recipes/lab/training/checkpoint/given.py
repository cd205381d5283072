"""What an object was given, where trainings that are kept have moved it since."""

import weakref
from typing import Any, NamedTuple


class _Seen(NamedTuple):
    """An object of which a setting was seen: as it was given, and as it was left."""

    object: weakref.ref
    given: Any
    left: Any


_seen: dict[int, _Seen] = {}


def as_given(one: Any, now: Any) -> Any:
    """The setting of an object as somebody gave it.

    A rate that a schedule moves, for one, is state, and the checkpoint has it. What a
    training left is what it was given; anything else was given since.

    Args:
        one: The object.
        now: Its setting now.
    """
    seen = _seen.get(id(one))
    moved = seen is not None and seen.object() is one and seen.left == now
    given = seen.given if seen is not None and moved else now
    _seen[id(one)] = _Seen(weakref.ref(one), given, now)
    return given


def leave(one: Any, now: Any) -> None:
    """Notes how a training leaves the setting of an object."""
    seen = _seen.get(id(one))
    if seen is not None and seen.object() is one:
        _seen[id(one)] = seen._replace(left=now)
