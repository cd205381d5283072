"""A claim as its lesson states it."""

import re
from dataclasses import dataclass

from recipes.lab.errors import LabError

SAYS = ("is", "always", "often", "can", "advice")


@dataclass(frozen=True)
class Claim:
    """A sentence of the notes, in our words.

    Attributes:
        id: A neutral name of the question.
        statement: What is claimed, with the notes' hedge and context.
        says: How the notes say it: "is" (a definition, formula, number or ranking),
            "always" (without a hedge), "often", "can" or "advice".
        hedge: The word that hedges it in the notes ("usually"); "" where none does.
        notes: The notes that say it ("001 003"), or "ours".
        scope: What it was tried on: data, network, budget.

    Raises:
        LabError: `says` is none of these, or id or statement can't be one.
    """

    id: str
    statement: str
    says: str = "always"
    hedge: str = ""
    notes: str = ""
    scope: str = ""

    def __post_init__(self):
        for name, value in vars(self).items():
            if not isinstance(value, str):
                raise LabError(f"claim {self.id!r}: {name} must be text: {value!r}.")
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise LabError(
                "the id of a claim is words of a-z and 0-9 joined by -, "
                f"not {self.id!r}."
            )
        if not self.statement:
            raise LabError(f"claim '{self.id}' states nothing.")
        if self.says not in SAYS:
            raise LabError(
                f"claim '{self.id}': says must be one of {', '.join(SAYS)}, "
                f"not {self.says!r}."
            )
