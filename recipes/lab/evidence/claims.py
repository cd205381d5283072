"""What a lesson is written with: `claim`, `experiment` and `Finding`."""

import functools
import inspect
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from recipes.lab.catalog.claim import Claim
from recipes.lab.errors import LabError
from recipes.lab.evidence.stats import Decision

Condition = bool | None | Decision


class Finding:
    """What a claim's function saw.

    Args:
        conditions: Names to outcomes: a `stats.Decision`, True, False, or None where
            this run can't tell. Or one outcome alone.
        note: One plain sentence of what was seen. A format string:
            `{holding}`, `{failing}` and `{undecided}` name conditions, every other
            name is one of the numbers; lists and mappings take a format, too.
        figure: A function of `lab` that draws and calls `lab.figure`, or several.
        **numbers: What was measured, as plain data, arrays or Decisions.

    Raises:
        LabError: There is no condition or no note, or a condition is something else.
    """

    def __init__(
        self,
        conditions: Mapping[str, Condition] | Condition,
        note: str,
        *,
        figure: Callable | tuple[Callable, ...] | None = None,
        **numbers: Any,
    ):
        if not isinstance(conditions, Mapping):
            conditions = {"as stated": conditions}
        if not conditions:
            raise LabError("a finding needs a condition: the mapping is empty.")
        if not note:
            raise LabError("a finding needs a note: one sentence of what was seen.")
        self.conditions = {str(n): _outcome(n, c) for n, c in conditions.items()}
        self.note = note
        self.numbers = numbers
        drawn = figure if isinstance(figure, tuple) else (figure,)
        self.figures = tuple(draw for draw in drawn if draw is not None)


def claim(
    id: str,
    statement: str,
    *,
    says: str = "always",
    hedge: str = "",
    notes: str = "",
    scope: str = "",
) -> Callable[[Callable[[Any], Finding]], Callable[[Any], Finding]]:
    """Marks the function of `lab` that decides a claim. All arguments are literals.

    Args:
        id: A neutral name of the question, unique in the project.
        statement: What is claimed, with the notes' hedge and context.
        says: "is", "always", "often", "can" or "advice".
        hedge: The word that hedges it in the notes.
        notes: The notes that say it, or "ours".
        scope: Data, network and budget of the test.
    """
    made = Claim(id, statement, says, hedge, notes, scope)

    def mark(function):
        function.claim = made
        return function

    return mark


_RESULTS: weakref.WeakKeyDictionary[Any, dict] = weakref.WeakKeyDictionary()
_READ: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


def read_sets(lab) -> set[str]:
    """The names of the data sets on which what is being run rests so far."""
    return _READ.setdefault(lab, set())


def experiment(function: Callable | None = None, *, alone: bool = False) -> Callable:
    """Has a function of `lab` run once a run for each of its (hashable) arguments.

    What several claims read is an experiment: it runs when the first of them asks.

    Args:
        function: Takes `lab` and plain, hashable arguments.
        alone: Whether it measures times: `recipes run --all` then runs nothing else
            beside its recipe. A literal.
    """
    if function is None:
        return functools.partial(experiment, alone=alone)

    signature = inspect.signature(function)

    @functools.wraps(function)
    def remembered(lab, *arguments, **keywords):
        bound = signature.bind(lab, *arguments, **keywords)
        bound.apply_defaults()
        given = tuple(bound.arguments.items())[1:]
        # 1, 1.0 and True are equal, but not the same argument: their texts differ.
        key = (function, given, repr(given))
        results = _RESULTS.setdefault(lab, {})
        try:
            known = key in results
        except TypeError:
            raise LabError(
                f"arguments of the experiment '{function.__name__}' must be hashable, "
                f"not {dict(given)!r}."
            ) from None
        if not known:
            before, _READ[lab] = read_sets(lab), set()
            try:
                value = function(lab, *arguments, **keywords)
            finally:
                read, _READ[lab] = read_sets(lab), before
            results[key] = value, read
        value, read = results[key]
        read_sets(lab).update(read)
        return value

    return remembered


def _outcome(name: str, value) -> Condition:
    if value is None or isinstance(value, Decision):
        return value
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise LabError(
        f"condition '{name}' must be True, False, None or a Decision, not {value!r}."
    )
