"""Runs one recipe from its description to its results."""

import contextlib
import importlib
import importlib.util
import signal
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

from recipes.lab import catalog
from recipes.lab.catalog.reach import reach
from recipes.lab.reporting.console import Output
from recipes.lab.running import environment
from recipes.lab.running.old import processes
from recipes.lab.running.old.helpers import Helpers
from recipes.lab.running.old.lab import Lab
from recipes.lab.running.old.run_folder import RunFolder
from recipes.lab.training import quiet


def execute(recipe: catalog.Recipe, given: dict, options: dict) -> int:
    """Runs a recipe.

    Args:
        recipe: What to run.
        given: The settings given on the command line.
        options: The lab's own flags: `out`, `data_dir`, `download`, `precision`,
            `smoke`, `resume`, `jobs`.

    Returns:
        0: a run that reaches its end succeeds, whatever its verdicts.

    Raises:
        LabError: The run can't go on.
        KeyboardInterrupt: Ctrl-C; what is finished is kept and was announced.
    """
    values = {field.name: field.default for field in recipe.fields}
    values |= {**(recipe.smoke if options["smoke"] else {}), **given}
    _require_data(values, options)
    output = Output()
    output.heading(recipe, values, options["smoke"])
    told = {name: options[name] for name in ("data_dir", "precision", "smoke")}
    identity = environment.identity(recipe, values, told["smoke"], told["precision"])
    root = Path(options["out"]) / recipe.name
    folder = RunFolder(root, identity, options["resume"])
    if options["resume"]:
        output.line(
            f"taking up {folder.path}"
            if folder.resumed
            else "nothing to resume: no interrupted run has these settings"
        )
    jobs = 1 if options["download"] else options["jobs"]  # one alone fetches data
    processes.share_cores(jobs)
    if reach(recipe.path).keras:
        quiet.load_backend()
    helpers = Helpers(jobs - 1, recipe, folder.path, settings=values, **told)
    try:
        module = load(recipe)
        lab = Lab(
            recipe,
            settings_of(module, values),
            folder,
            download=options["download"],
            output=output,
            part=(0, jobs),
            alone=helpers.end,
            **told,
        )
        with _policy_as_before():
            module.experiment(lab)
            helpers.end()
            lab.finish()
    except BaseException:
        with _undisturbed():
            helpers.end()  # before what is kept is counted
            kept = folder.abandon()
            if kept:
                noun = "training" if kept == 1 else "trainings"
                words = f"kept: {kept} finished {noun}. --resume goes on from there."
                output.line(words)
        raise
    for words in helpers.problems:
        output.paragraph(f"A second process gave up, this one did its part: {words}")
    return 0


@contextlib.contextmanager
def _policy_as_before() -> Iterator[None]:
    """Puts Keras's dtype policy back, which a run may set."""
    loaded = sys.modules.get("keras")
    policy = loaded.config.dtype_policy() if loaded else "float32"
    try:
        yield
    finally:
        if loaded := sys.modules.get("keras"):
            loaded.config.set_dtype_policy(policy)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C, which comes where several processes pass one on, waits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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


def settings_of(module, values: dict):
    """Returns the recipe's settings; an empty namespace where it has none."""
    make = getattr(module, "Settings", types.SimpleNamespace)
    return make(**values)


def _require_data(values: dict, options: dict) -> None:
    """Refuses a set that is absent at once, before the backend is loaded."""
    from recipes.lab.data import prepared, sets

    if values.get("data") in sets.PREPARED:
        prepared.require(values["data"], options["data_dir"], options["download"])
