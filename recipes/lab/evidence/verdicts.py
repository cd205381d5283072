"""Verdicts: what a run may say of a claim, and how it is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

SUPPORTED, REFUTED = "supported", "refuted"
CONDITIONAL, INCONCLUSIVE = "conditional", "inconclusive"
NOT_JUDGED = "not judged"  # what a smoke run says of every claim
KINDS = (SUPPORTED, CONDITIONAL, REFUTED, INCONCLUSIVE)

Holds = bool | None | Mapping[str, bool | None]


@dataclass(frozen=True)
class Verdict:
    """A claim's verdict with the evidence that it rests on."""

    id: str
    statement: str
    verdict: str
    evidence: dict = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict:
        """Returns the entry of `result.json`."""
        return dict(vars(self))


def judge(holds: Holds) -> tuple[str, dict]:
    """Decides a verdict from what the run saw.

    Args:
        holds: Whether the claim held: True, False, or None where the run can't
            tell. Or a mapping from each condition tried to one of these: held
            under all of them is supported, under none refuted, under some
            conditional.

    Returns:
        The verdict, and for a mapping the conditions by outcome.

    Raises:
        TypeError: Something else was given, for instance a number.
    """
    if not isinstance(holds, Mapping):
        return {True: SUPPORTED, False: REFUTED, None: INCONCLUSIVE}[_truth(holds)], {}
    if not holds:
        raise TypeError("no condition was tried: the mapping is empty")
    cases = {name: _truth(value) for name, value in holds.items()}
    outcomes = set(cases.values())
    if {True, False} <= outcomes:
        kind = CONDITIONAL
    elif None in outcomes:
        kind = INCONCLUSIVE
    else:
        kind = SUPPORTED if True in outcomes else REFUTED
    words = {True: "holds_for", False: "fails_for", None: "undecided_for"}
    details: dict[str, list[str]] = {}
    for name, value in cases.items():
        details.setdefault(words[value], []).append(name)
    return kind, details


def _truth(value) -> bool | None:
    if value is None or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    raise TypeError(f"a verdict takes True, False or None, not {value!r}")
