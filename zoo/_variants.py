"""Named variants of a builder: its own code, with other defaults."""

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

import keras

from zoo.pretrained import loads_weights

Builder = TypeVar("Builder", bound=Callable[..., keras.Model])


def variant(
    family: Builder, name: str, doc: str, fixed: tuple[str, ...] = (), **defaults: Any
) -> Builder:
    """A function like `family` with other defaults, a signature and a docstring.

    Args:
        family: The builder that does the work.
        name: Name of the variant and, by default, of its models.
        doc: Its docstring; the family's Shapes, Args, Returns and Raises are put in
            front of the Example.
        fixed: Names of arguments that only take the value given in defaults.
        **defaults: Values that replace the family's defaults.

    Returns:
        The function.
    """
    defaults = {"name": name, **defaults}
    original = inspect.signature(family)
    signature = original.replace(
        parameters=[
            one.replace(default=defaults.get(one.name, one.default))
            for one in original.parameters.values()
        ]
    )

    def build(*arguments: Any, **settings: Any) -> keras.Model:
        try:
            bound = signature.bind(*arguments, **settings)
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        bound.apply_defaults()
        for key in fixed:
            if bound.arguments[key] != defaults[key]:
                raise ValueError(
                    f"{key} must be {defaults[key]!r} for {name}; "
                    f"got {bound.arguments[key]!r}."
                )
        return family(*bound.args, **bound.kwargs)

    build.__name__ = build.__qualname__ = name
    build.__module__ = family.__module__
    build.__doc__ = _docstring(family, doc, defaults)
    build.__signature__ = signature  # type: ignore[attr-defined]
    build.__annotations__ = dict(getattr(family, "__annotations__", {}))
    return loads_weights(build)  # type: ignore[return-value]


def _docstring(family: Any, doc: str, defaults: dict[str, Any]) -> str | None:
    """The variant's own words, then the sections that it shares with its family."""
    if not family.__doc__:  # python -OO
        return None
    inherited = inspect.cleandoc(family.__doc__)
    sections = re.split(
        r"\n\n(?=(?:Shapes?|Args|Returns|Raises|Example)s?:)", inherited
    )
    shared = [part for part in sections[1:] if not part.startswith("Example")]
    shown = ", ".join(
        f"{key}={value!r}" for key, value in defaults.items() if key != "name"
    )
    head, _, tail = inspect.cleandoc(doc).partition("\n\nExample:")
    origin = f"`{family.__name__}` with other defaults: {shown}."
    return "\n\n".join([head, _filled(origin), *shared, f"Example:{tail}"])


def _filled(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False)
