"""The public face of the lab: what a recipe, a notebook or a script imports.

Importing this loads nothing else; each name loads its room on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipes.lab.cli.script import lab_main as lab_main
    from recipes.lab.data import generators as generators
    from recipes.lab.data.sets import split as split
    from recipes.lab.errors import LabError as LabError
    from recipes.lab.errors import UsageError as UsageError
    from recipes.lab.evidence import figures as figures
    from recipes.lab.evidence import stats as stats
    from recipes.lab.training.fit import fit as fit
    from recipes.lab.training.gradients import gradients as gradients
    from recipes.lab.training.restart import Restart as Restart
    from recipes.lab.training.seeding import reseed as reseed

_WHERE = {
    "LabError": "errors",
    "Restart": "training.restart",
    "UsageError": "errors",
    "figures": "evidence.figures",
    "fit": "training.fit",
    "generators": "data.generators",
    "gradients": "training.gradients",
    "lab_main": "cli.script",
    "reseed": "training.seeding",
    "split": "data.sets",
    "stats": "evidence.stats",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str):
    if name not in _WHERE:
        raise AttributeError(f"module 'recipes.lab' has no attribute '{name}'")
    module = import_module(f"recipes.lab.{_WHERE[name]}")
    found = (
        module
        if _WHERE[name].endswith(f".{name}")
        and name in ("figures", "generators", "stats")
        else getattr(module, name)
    )
    globals()[name] = found
    return found


def __dir__():
    return __all__
