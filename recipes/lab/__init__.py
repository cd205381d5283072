"""The bench that every recipe stands on.

`lab_main` is loaded on first use: it prepares the process for a run, and the command
line lists and describes recipes without.
"""

from typing import TYPE_CHECKING

from recipes.lab.fit import fit

if TYPE_CHECKING:
    from recipes.lab.script import lab_main

__all__ = ["fit", "lab_main"]


def __getattr__(name: str):
    if name == "lab_main":
        from recipes.lab.script import lab_main

        return lab_main
    raise AttributeError(f"module 'recipes.lab' has no attribute '{name}'")
