"""Flags: argparse with our words for what can't be understood."""

import argparse
import re

from recipes.lab import catalog
from recipes.lab.errors import UsageError, nearest

# argparse's words, and ours.
WORDS = (
    (r"^argument (\S+): expected one argument", r"\1 needs a value"),
    (r"^argument (\S+): ignored explicit argument (.*)", r"\1 takes no value, not \2"),
    (
        r"^the following arguments are required: (.*?)(, \.\.\.)?$",
        r"\1 must be given",
    ),
)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError and names the nearest flag."""

    def __init__(self, *arguments, **keywords):
        raw = argparse.RawDescriptionHelpFormatter
        keywords = {"allow_abbrev": False, "formatter_class": raw, **keywords}
        super().__init__(*arguments, **keywords)

    def error(self, message: str):
        """Raises instead of printing the whole usage."""
        for theirs, ours in WORDS:
            message = re.sub(theirs, ours, message)
        raise UsageError(f"{message.rstrip('.')} (see '{self.prog} --help').")

    def parse(self, words: list[str], recipe: catalog.Recipe | None = None):
        """Parses all words; an unknown flag gets its nearest match.

        Args:
            words: What was given.
            recipe: The one whose settings are flags, too.
        """
        arguments, unknown = self.parse_known_args(words)
        if unknown:
            flag = unknown[0].partition("=")[0]
            self.error(f"unknown argument '{unknown[0]}'.{self._hint(flag, recipe)}")
        return arguments

    def _hint(self, flag: str, recipe: catalog.Recipe | None) -> str:
        if not flag.startswith("-"):
            return ""
        others = {one.flag for it in catalog.recipes().values() for one in it.fields}
        if recipe is None or flag not in others:
            return nearest(flag, list(self._option_string_actions))
        known = ", ".join(field.flag for field in recipe.fields) or "none"
        return f" {recipe.name} has no such setting; it has: {known}"


def named(flag: str):
    """Returns what takes the name of a folder or file, which can't be empty."""

    def convert(text: str) -> str:
        if not text:
            raise UsageError(f"{flag} must name a file or folder, not ''.")
        return text

    return convert


def whole_number(text: str) -> int:
    """Returns the number that is the text of `--first-seed`."""
    if not (text.isdecimal() and len(text) < 20):
        short = text if len(text) < 20 else f"{text[:20]}..."
        raise UsageError(f"--first-seed must be a whole number from 0, not {short}.")
    return int(text)


def days(text: str) -> float:
    """Returns the number that is the text of `--older`."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise UsageError(f"--older must be a number of days from 0, not {text}.")
    return number
