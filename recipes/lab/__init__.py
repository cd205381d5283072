"""The public face of the lab: what a recipe, a notebook or a script imports.

Importing this loads nothing else; each name loads its room on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipes.lab.cli.script import main as main
    from recipes.lab.data import generators as generators
    from recipes.lab.data.sets import split as split
    from recipes.lab.errors import LabError as LabError
    from recipes.lab.errors import UsageError as UsageError
    from recipes.lab.evidence import figures as figures
    from recipes.lab.evidence import stats as stats
    from recipes.lab.evidence.claims import Finding as Finding
    from recipes.lab.evidence.claims import claim as claim
    from recipes.lab.evidence.claims import experiment as experiment
    from recipes.lab.reporting.published import verdicts as verdicts
    from recipes.lab.running.result import Result as Result
    from recipes.lab.running.result import run as run
    from recipes.lab.training.cross_validation import (
        CrossValidation as CrossValidation,
    )
    from recipes.lab.training.cross_validation import (
        cross_validate as cross_validate,
    )
    from recipes.lab.training.fit import fit as fit
    from recipes.lab.training.gradients import gradients as gradients
    from recipes.lab.training.restart import Restart as Restart
    from recipes.lab.training.seeding import reseed as reseed
    from recipes.lab.training.study import Study as Study

_WHERE = {
    "CrossValidation": "training.cross_validation",
    "Finding": "evidence.claims",
    "LabError": "errors",
    "Restart": "training.restart",
    "Result": "running.result",
    "Study": "training.study",
    "UsageError": "errors",
    "claim": "evidence.claims",
    "cross_validate": "training.cross_validation",
    "experiment": "evidence.claims",
    "figures": "evidence",
    "fit": "training.fit",
    "generators": "data",
    "gradients": "training.gradients",
    "main": "cli.script",
    "reseed": "training.seeding",
    "run": "running.result",
    "split": "data.sets",
    "stats": "evidence",
    "verdicts": "reporting.published",
}

__all__ = [
    "CrossValidation",
    "Finding",
    "LabError",
    "Restart",
    "Result",
    "Study",
    "UsageError",
    "claim",
    "cross_validate",
    "experiment",
    "figures",
    "fit",
    "generators",
    "gradients",
    "main",
    "reseed",
    "run",
    "split",
    "stats",
    "verdicts",
]


def __getattr__(name: str):
    if name not in _WHERE:
        raise AttributeError(f"module 'recipes.lab' has no attribute '{name}'")
    room = import_module(f"recipes.lab.{_WHERE[name]}")
    found = getattr(room, name, None) or import_module(f"{room.__name__}.{name}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
