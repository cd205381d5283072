"""A recipe's settings: a frozen dataclass whose fields become flags.

A recipe writes

    @dataclass(frozen=True)
    class Settings:
        seeds: int = 5
        "Independent repetitions."
        data: Literal["digits", "mnist"] = "digits"
        "What the network learns."

and `recipes run NAME --seeds 8 --data mnist` follows. Numbers are counts or
rates: above 0, finite, and no larger than what a machine can hold. A recipe's own
bounds stand in the `__post_init__` of its `Settings`.
"""

import argparse
import ast
import contextlib
import math
from dataclasses import dataclass
from pathlib import Path

from recipes.lab.errors import LabError, UsageError, nearest

TYPES = {"int": int, "float": float, "str": str, "bool": bool}
MOST = 2**27  # of a count: that many float64 numbers are a gigabyte
MOST_SEEDS = 10_000  # the seeds from here on are for choosing settings
MOST_JOBS = 1024


@dataclass(frozen=True)
class Field:
    """One setting: its name, type, default, allowed values and description."""

    name: str
    type: type
    default: object
    choices: tuple[str, ...] = ()
    help: str = ""

    @property
    def flag(self) -> str:
        """The flag on the command line, for instance `--batch-size`."""
        return "--" + self.name.replace("_", "-")

    @property
    def most(self) -> float:
        """The largest number that is allowed."""
        if self.type is not int:
            return math.inf
        if self.name == "jobs":
            return MOST_JOBS
        return MOST_SEEDS if self.name.endswith("seeds") else MOST

    def allowed(self) -> str:
        """Returns what a value must be, for a message."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.type is int:
            return f"a whole number from 1 to {self.most:,}"
        return {float: "a number above 0", bool: "True or False", str: "text"}[
            self.type
        ]

    def allows(self, value: object) -> bool:
        """Whether a value may be set."""
        if self.choices:
            return value in self.choices
        if isinstance(value, bool) or self.type is bool:
            return isinstance(value, bool) and self.type is bool
        if self.type is str:
            return isinstance(value, str)
        if not isinstance(value, (int, float) if self.type is float else int):
            return False
        return 0 < value <= self.most and value != math.inf

    def refuse(self, value: object, called: str) -> None:
        """Refuses a value that is not allowed.

        Args:
            value: Whatever was given.
            called: How the one who gave it names the setting.

        Raises:
            UsageError: It is not allowed.
        """
        self._refuse(value, called, repr(value))

    def _refuse(self, value: object, called: str, shown: str) -> None:
        if not self.allows(value):
            hint = nearest(str(value), list(self.choices))
            lacks = self._lacking(value)
            raise UsageError(f"{called} must be {lacks}, not {shown}.{hint}")

    def _lacking(self, value: object) -> str:
        """Says what a value lacks.

        Of a recipe's own settings no range is told: the recipe may have a narrower one.
        """
        if self.choices or self.type not in (int, float) or self.most < MOST:
            return self.allowed()
        kind = "a whole number" if self.type is int else "a number"
        kinds = int if self.type is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return kind
        return f"at most {MOST:,}" if MOST < value < math.inf else f"{kind} above 0"


PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
PRECISION = Field("precision", str, "auto", PRECISIONS)
JOBS = Field("jobs", int, 1)


def read_fields(tree: ast.Module, path: Path) -> tuple[Field, ...]:
    """Reads the fields of the class `Settings` from a recipe's syntax tree."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Settings":
            return tuple(_fields(node, path))
    return ()


def _fields(node: ast.ClassDef, path: Path):
    for here, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(here, ast.AnnAssign):
            continue
        name = ast.unparse(here.target)
        described = isinstance(after, ast.Expr) and isinstance(
            after.value, ast.Constant
        )
        text = str(after.value.value) if described else ""
        try:
            default = ast.literal_eval(here.value)
            kind, choices = _annotation(here.annotation)
        except (ValueError, KeyError, TypeError):
            raise LabError(
                f"{path}, line {here.lineno}: setting '{name}' must be int, float, "
                "str, bool or a Literal of strings with a literal default."
            ) from None
        field = Field(name, kind, default, choices, text)
        if not field.allows(default):
            raise LabError(
                f"{path}, line {here.lineno}: the default of the setting '{name}' must "
                f"be {field.allowed()}, not {default!r}."
            )
        yield field


def _annotation(node: ast.expr) -> tuple[type, tuple[str, ...]]:
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
        values = ast.literal_eval(node.slice)
        return str, (values,) if isinstance(values, str) else tuple(values)
    return TYPES[ast.unparse(node)], ()


def add_flags(parser: argparse.ArgumentParser, fields: tuple[Field, ...]) -> None:
    """Adds one flag for each field; a flag that isn't given stays absent."""
    for field in fields:
        shared = {"dest": f"setting:{field.name}", "default": argparse.SUPPRESS}
        text = f"{field.help} (default: {field.default})".strip().replace("%", "%%")
        if field.type is bool:
            action = argparse.BooleanOptionalAction
            parser.add_argument(field.flag, action=action, help=text, **shared)
        else:
            parser.add_argument(
                field.flag,
                type=converter(field),
                metavar="|".join(field.choices) or field.name.upper()[:1],
                help=text,
                **shared,
            )


def given(arguments: argparse.Namespace) -> dict[str, object]:
    """Returns the settings that were given on the command line."""
    return {
        key.removeprefix("setting:"): value
        for key, value in vars(arguments).items()
        if key.startswith("setting:")
    }


def checked(values: dict[str, object], fields: tuple[Field, ...], name: str) -> dict:
    """Checks settings given in Python as the command line checks flags.

    Args:
        values: Name to value.
        fields: The recipe's settings.
        name: The recipe's name, for the message.

    Raises:
        UsageError: There is no such setting, or the value is not allowed.
    """
    known = {field.name: field for field in fields}
    for key, value in values.items():
        if key not in known:
            hint = nearest(key, list(known))
            allowed = f" Settings: {', '.join(known)}." if known else ""
            raise UsageError(f"{name} has no setting '{key}'.{hint or allowed}")
        known[key].refuse(value, key)
    return {
        key: float(value) if known[key].type is float else value
        for key, value in values.items()
    }


def converter(field: Field):
    """Returns what makes a flag's text the field's value, or refuses it."""

    def convert(text: str):
        value: object = text
        if field.type in (int, float):
            with contextlib.suppress(ValueError):
                value = field.type(text)
        field._refuse(value, field.flag, text)
        return value

    return convert
