"""A recipe's settings: a frozen dataclass whose fields become flags.

A recipe writes

    @dataclass(frozen=True)
    class Settings:
        seeds: int = 5
        "Independent repetitions."
        data: Literal["digits", "mnist"] = "digits"
        "What the network learns."

and `recipes run NAME --seeds 8 --data mnist` follows. Numbers are counts or
rates: they must be positive and finite.
"""

import argparse
import ast
import math
from dataclasses import dataclass
from pathlib import Path

from recipes.lab.errors import LabError, UsageError, nearest

TYPES = {"int": int, "float": float, "str": str, "bool": bool}


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
                f"{path}: setting '{name}' must be int, float, str, bool or a "
                "Literal of strings with a literal default."
            ) from None
        yield Field(name, kind, default, choices, text)


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
                type=choice(field) if field.choices else _number(field.type),
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
        field = known[key]
        kind = (int, float) if field.type is float else field.type
        wrong = isinstance(value, bool) != (field.type is bool)
        if wrong or not isinstance(value, kind):
            raise UsageError(f"{key} must be {field.type.__name__}, not {value!r}.")
        if field.choices:
            choice_of(key, value, field.choices)
        elif field.type in (int, float) and not (value > 0 and math.isfinite(value)):
            raise UsageError(f"{key} must be positive and finite, not {value!r}.")
    return {
        key: float(value) if known[key].type is float else value
        for key, value in values.items()
    }


def choice_of(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Returns a value that must be one of some words.

    Raises:
        UsageError: It is another one.
    """
    if value not in allowed:
        hint = nearest(str(value), list(allowed))
        raise UsageError(
            f"{name} must be one of {', '.join(allowed)}, not {value!r}.{hint}"
        )
    return str(value)


def _number(kind: type):
    def convert(text: str):
        try:
            value = kind(text)
        except ValueError:
            word = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"'{text}' is not {word}") from None
        if kind is not str and not (value > 0 and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"{text} is not positive and finite")
        return value

    return convert


def choice(field: Field):
    """Returns a converter that takes only the field's choices."""

    def convert(text: str):
        if text not in field.choices:
            allowed = ", ".join(field.choices)
            hint = nearest(text, list(field.choices))
            raise argparse.ArgumentTypeError(
                f"'{text}' is not one of: {allowed}.{hint}"
            )
        return text

    return convert
