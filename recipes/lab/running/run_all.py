"""`recipes run --all`: whole recipes in warm processes, each its recipe's leader."""

import io
import itertools
import sys
from dataclasses import dataclass, replace

from rich.console import Console

from recipes.lab import catalog
from recipes.lab.errors import LabError, SourceError, UsageError
from recipes.lab.reporting.console import Output
from recipes.lab.running import cluster, traces, workers
from recipes.lab.running import execute as running
from recipes.lab.running.plan import Finished, Options, Plan, show_kept
from recipes.lab.running.sources import generation


@dataclass(frozen=True)
class Job:
    """One recipe to run in another process: plain data."""

    recipe: str
    given: dict
    options: Options
    width: int


@dataclass(frozen=True)
class Ended:
    """What became of a job: what it printed, and why it failed, "" if it did not."""

    printed: str
    error: str = ""


def run_all(given: dict, options: Options) -> int:
    """Runs every recipe, those that measure times alone after the others.

    Args:
        given: Settings given on the command line, for the recipes that have them.
        options: The lab's own flags; `jobs` recipes run at a time.

    Returns:
        0: every recipe ran.

    Raises:
        UsageError: No recipe has a setting that was given, or knows its value.
        LabError: Recipes failed; the others ran all the same.
    """
    output = Output()
    chosen = catalog.recipes()
    settings = {name: _settings(recipe, given) for name, recipe in chosen.items()}
    _refuse_unknown(given, settings)
    plans, broken = {}, catalog.broken()
    for name, recipe in list(chosen.items()):
        try:
            plans[name] = Plan(recipe, settings[name], options)
        except SourceError as error:  # what it imports can't be read
            broken[name] = str(error)
            del chosen[name]
    total = len(chosen) + len(broken)
    kept = {name: plan.kept() for name, plan in plans.items()}
    waiting = [name for name in chosen if kept[name] is None]
    waiting.sort(key=lambda name: -_cost(name))
    alone = [name for name in waiting if _measures_times(chosen[name])]
    failed: list[str] = []
    order = itertools.count(1)

    def show(name: str, ended: Ended | None = None) -> None:
        """Heads what a recipe prints; tells what it printed in another process."""
        output.line(f"[{next(order)}/{total}] {name}", "bold")
        if ended is not None:
            output.line(ended.printed.rstrip())
            fail(name, ended.error)
            output.line()

    def fail(name: str, error: str) -> None:
        if error:
            failed.append(name)
            output.line(error, "red")

    for name, problem in broken.items():
        show(name, Ended("", problem))
    for name, found in kept.items():
        if found is not None:
            show(name)
            _show(plans[name], found, output)
    warm = generation(one for plan in plans.values() for one in plan.reached.values())
    names = [name for name in waiting if name not in alone]
    if waiting:
        output.line(f"running: {', '.join([*names, *alone])}")
    with cluster.shared(options.cluster if waiting else None) as address:
        options = replace(options, cluster=address)
        inner = replace(options, jobs=1)
        width = output.console.width
        tasks = [Job(name, settings[name], inner, width) for name in names]
        for number, result in workers.run(run_job, tasks, options.jobs, warm):
            show(names[number], result or Ended("", "the process that ran it died"))
        # Led by this process, which has all others train while no time is measured.
        for name in alone:
            show(name)
            fail(name, _run_here(chosen[name], settings[name], options, output, warm))
            output.line()
    output.line(f"{total - len(failed)} of {total} recipes ran.", "bold")
    if not options.smoke:
        output.next(options.out)
    if failed:
        raise LabError(f"failed: {', '.join(failed)}.")
    return 0


def run_job(job: Job) -> Ended:
    """Runs a recipe in this process, which leads it and trains its members itself."""
    printed = io.StringIO()
    console = Console(file=printed, width=job.width, highlight=False)
    recipe = catalog.find(job.recipe)
    error = _run_here(recipe, job.given, job.options, Output(console))
    return Ended(printed.getvalue(), error)


def _run_here(recipe, given, options, output, workers: str = "") -> str:
    """Runs a recipe; returns why it failed, "" where it did not."""
    try:
        running.execute(recipe, given, options, output, workers)
        _forget_networks()
    except LabError as error:
        return "\n".join([*getattr(error, "__notes__", ()), str(error)])
    except Exception as error:
        return traces.told(error)
    return ""


def _forget_networks() -> None:
    """Has Keras count names of layers anew: a recipe begins as in a new process."""
    if "keras" in sys.modules:
        import keras

        keras.utils.clear_session(free_memory=False)


def _settings(recipe: catalog.Recipe, given: dict) -> dict:
    fields = {field.name: field for field in recipe.fields}
    return {
        name: value
        for name, value in given.items()
        if name in fields
        and (not fields[name].choices or value in fields[name].choices)
    }


def _refuse_unknown(given: dict, settings: dict[str, dict]) -> None:
    for name, value in given.items():
        if not any(name in found for found in settings.values()):
            raise UsageError(f"no recipe takes --{name} {value}.")


def _measures_times(recipe: catalog.Recipe) -> bool:
    return any(lesson.alone for lesson in recipe.lessons)


def _cost(name: str) -> float:
    """Seconds that a recipe took when its published verdicts were made."""
    return published_seconds().get(name, 0.0)


def published_seconds() -> dict[str, float]:
    """Returns the seconds of each recipe's published run on its default data."""
    from recipes.lab.reporting import published

    rows = published.read()["runs"]  # of a recipe, the default's comes first
    return {run["recipe"]: run["seconds"] for run in reversed(rows)}


def _show(plan: Plan, kept: Finished, output: Output) -> None:
    show_kept(plan, kept, output)
    output.line()
