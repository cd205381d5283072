"""A process that helps with the trainings of a run: `python -m recipes.lab.helper`.

It loads the backend, reads from its standard input what is run, and goes through the
experiment with a `Lab` that says nothing and writes nothing but finished trainings.
When the other end of its standard input is closed, it ends.
"""

import json
import os
import sys
import threading
from pathlib import Path

from recipes.lab import catalog, quiet


def main() -> None:
    """Takes part in one run."""
    quiet.load_backend()
    order = json.loads(sys.stdin.readline() or "{}")
    if not order:
        return  # nothing to help with
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    from recipes.lab.execute import load, settings_of
    from recipes.lab.output import Output
    from recipes.lab.run import Lab
    from recipes.lab.run_folder import JoinedFolder

    from rich.console import Console

    recipe = catalog.find(order.pop("recipe"))
    module = load(recipe)
    settings = settings_of(module, order.pop("settings"))
    with open(os.devnull, "w") as nowhere:
        output = Output(Console(file=nowhere))
        folder = JoinedFolder(Path(order.pop("folder")))
        told = {"output": output, "alone": sys.exit, **order}
        module.experiment(Lab(recipe, settings, folder, **told))


def _end_with_the_other() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
