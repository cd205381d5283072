"""A process that helps with the trainings of a run; started by `helpers`.

It is told what is run by its only argument, JSON, and goes through the experiment with
a `Lab` that says nothing and writes nothing but finished trainings. When the other end
of its standard input is closed, it ends.
"""

import json
import os
import sys
import threading
from pathlib import Path

from recipes.lab import catalog
from recipes.lab.catalog.reach import reach
from recipes.lab.training import quiet


def main() -> None:
    """Takes part in one run."""
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    from rich.console import Console

    from recipes.lab.reporting.console import Output
    from recipes.lab.running.old.execute import load, settings_of
    from recipes.lab.running.old.lab import Lab
    from recipes.lab.running.old.run_folder import JoinedFolder

    order = json.loads(sys.argv[1])
    recipe = catalog.find(order.pop("recipe"))
    if reach(recipe.path).keras:
        quiet.load_backend()
    module = load(recipe)
    settings = settings_of(module, order.pop("settings"))
    folder = JoinedFolder(Path(order.pop("folder")))
    with open(os.devnull, "w") as nowhere:
        told = {"output": Output(Console(file=nowhere)), "alone": sys.exit, **order}
        module.experiment(Lab(recipe, settings, folder, **told))


def _end_with_the_other() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
