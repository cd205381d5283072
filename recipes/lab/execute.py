"""Runs one recipe from its description to its results."""

import importlib
import importlib.util
import sys
from pathlib import Path

from recipes.lab import catalog, quiet
from recipes.lab.output import Output


def execute(recipe: catalog.Recipe, given: dict, options: dict) -> int:
    """Runs a recipe.

    Args:
        recipe: What to run.
        given: The settings given on the command line.
        options: The lab's own flags: `out`, `data_dir`, `download`, `precision`,
            `smoke`, `resume`.

    Returns:
        0: a run that reaches its end succeeds, whatever its verdicts.

    Raises:
        LabError: The run can't go on.
        KeyboardInterrupt: Ctrl-C; what is finished is kept and was announced.
    """
    _require_data(recipe, given, options)
    quiet.load_backend()
    from recipes.lab.run import Lab

    import keras

    output = Output()
    module = load(recipe)
    smoke = recipe.smoke if options["smoke"] else {}
    settings = module.Settings(**{**smoke, **given}) if recipe.fields else _Nothing()
    output.heading(recipe, vars(settings), options["smoke"])
    policy = keras.config.dtype_policy()
    lab = Lab(
        recipe, settings, output=output, **{**options, "out": Path(options["out"])}
    )
    if options["resume"]:
        output.line(
            f"taking up {lab.folder.path}"
            if lab.folder.resumed
            else "nothing to resume: no interrupted run has these settings"
        )
    try:
        module.experiment(lab)
        lab.finish()
    except BaseException:
        kept = lab.abandon()
        if kept:
            noun = "training" if kept == 1 else "trainings"
            output.line(f"kept: {kept} finished {noun}. --resume goes on from there.")
        raise
    finally:
        keras.config.set_dtype_policy(policy)
    return 0


def load(recipe: catalog.Recipe):
    """Imports the recipe's module, whether it is in the package or anywhere."""
    running = sys.modules.get("__main__")
    script = getattr(running, "__file__", None)
    if script and Path(script).resolve() == recipe.path.resolve():
        return running
    if recipe.topic:
        return importlib.import_module(f"recipes.{recipe.topic}.{recipe.name}")
    spec = importlib.util.spec_from_file_location(recipe.name, recipe.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[recipe.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def _require_data(recipe: catalog.Recipe, given: dict, options: dict) -> None:
    """Refuses a set that is absent at once, before the backend is loaded."""
    from recipes.lab import data, prepared

    chosen = {field.name: field.default for field in recipe.fields} | given
    if chosen.get("data") in data.PREPARED:
        prepared.require(chosen["data"], options["data_dir"], options["download"])


class _Nothing:
    """The settings of a recipe that has none."""
