"""How a sentence says a decision: "+0.2 [+0.1, +0.3], n=5"."""

import math
from collections.abc import Mapping
from typing import Any

from recipes.lab.evidence.numbers import digits, times

METHODS = {
    "linear": "Student's t on paired differences",
    "log": "Student's t on differences of logarithms",
    "ranks": "Wilcoxon's signed ranks",
}


def in_brackets(decision: Mapping[str, Any]) -> str:
    """Returns what a finding's sentence says of a decision: "+0.2 [+0.1, +0.3], n=5".

    Args:
        decision: As `Decision.as_dict` returns it, or as a result keeps it.
    """
    ratio = decision["method"] == METHODS["log"]
    effect, low, high = map(float, (decision["effect"], *decision["interval"]))
    told = f"{times(effect)} times" if ratio else digits(effect, "+")
    if low == (0 if ratio else -math.inf) and high == math.inf:
        return f"{told} (no interval, n={decision['n']})"
    ends = ", ".join(digits(end, "" if ratio else "+") for end in (low, high))
    return f"{told} [{ends}], n={decision['n']}"
