"""A process that helps with the trainings of a run: `python -m recipes.lab.helper`.

It is told what is run by its only argument, JSON, and goes through the experiment with
a `Lab` that says nothing and writes nothing but finished trainings. When the other end
of its standard input is closed, it ends.
"""

import json
import os
import sys
import threading
from pathlib import Path

from recipes.lab import catalog, quiet


def main() -> None:
    """Takes part in one run."""
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    quiet.load_backend_later()
    from recipes.lab.execute import load, settings_of
    from recipes.lab.output import Output
    from recipes.lab.run import Lab
    from recipes.lab.run_folder import JoinedFolder

    from rich.console import Console

    order = json.loads(sys.argv[1])
    recipe = catalog.find(order.pop("recipe"))
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
