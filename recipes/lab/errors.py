"""What a person did that can't be done: one clear sentence, no traceback."""

import re


class LabError(Exception):
    """A run that can't go on; the command line prints it and exits with 1."""

    exit_code = 1


class SourceError(LabError):
    """A file of a recipe that can't be read: other recipes can run all the same."""


class UsageError(LabError):
    """A command that can't be understood; the command line exits with 2."""

    exit_code = 2


def nearest(word: str, known: list[str]) -> str:
    """Returns " Did you mean 'x'?" where a known word is close, else ""."""
    import difflib

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


# A count of one that a sentence puts before a plural: "1 epochs", but not "0.1 steps".
ONE = re.compile(
    r"(?<![\w.,·×/^−-])1 (claim|draw|epoch|image|layer|recipe|row|run|sample|seed|"
    r"start|step|training|tree|update)s\b"
)


def in_singular(text: str) -> str:
    """Returns a sentence with "1 epoch" where it says "1 epochs"."""
    return ONE.sub(r"1 \1", text)


def counted(number: int, noun: str) -> str:
    """Returns "1 claim", "2 claims"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
