"""Runs the lessons of one recipe from their sources to kept results."""

import contextlib
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.catalog import Lesson, Recipe
from recipes.lab.catalog.reach import HOME
from recipes.lab.errors import LabError
from recipes.lab.evidence import judging
from recipes.lab.evidence.claims import Finding
from recipes.lab.reporting.console import Output
from recipes.lab.reporting.results import SCHEMA
from recipes.lab.running import environment, folder, keys, member, sources, workers
from recipes.lab.running.lab import Lab
from recipes.lab.running.sources import Sources
from recipes.lab.running.store import Store
from recipes.lab.running.sweep import Trainings
from recipes.lab.training import seeding


@dataclass
class Options:
    """The lab's own flags of a run.

    Attributes:
        out: The folder of results.
        data_dir: Where prepared data sets are; None for TFDS_DATA_DIR.
        download: Whether absent data may be fetched.
        precision: What `--precision` says.
        smoke: Whether this is a smoke run.
        fresh: Whether everything runs anew, whatever is kept.
        jobs: How many processes train; 1 trains in this one.
        store: Where trainings are kept; None for the user's cache folder.
    """

    out: Path = Path("runs")
    data_dir: str | None = None
    download: bool = False
    precision: str = "auto"
    smoke: bool = False
    fresh: bool = False
    jobs: int = 1
    store: Path | None = None


@dataclass
class Finished:
    """A run that reached its end.

    Attributes:
        result: What `result.json` holds.
        folder: Where it is kept.
        figures: Name to matplotlib figure, of a run that was not kept already.
    """

    result: dict
    folder: Path
    figures: dict[str, Any] = field(default_factory=dict)


class Plan:
    """What is to be run, before anything of it is imported.

    Args:
        recipe: A whole recipe, or one lesson or claim of it.
        given: The settings that were given.
        options: The lab's own flags.

    Attributes:
        values: All settings.
        reached: Each lesson's file with the sources that it reaches.
        key: Equal for two runs that must give equal results.

    Raises:
        LabError: A data set is absent, a file can't be read, or a module is loaded
            that has other code than its file.
    """

    def __init__(self, recipe: Recipe, given: dict, options: Options):
        self.recipe, self.given, self.options = recipe, given, options
        self.values = {one.name: one.default for one in recipe.fields}
        self.values |= {**(recipe.smoke if options.smoke else {}), **given}
        _require_data(self.values, options)
        self.reached = {one.path: Sources([one.path]) for one in recipe.lessons}
        self.key = _run_key(recipe, self.values, options, self.reached)

    @property
    def root(self) -> Path:
        """The folder of the recipe's runs."""
        return self.options.out / self.recipe.name

    def kept(self) -> Finished | None:
        """Returns the kept result of an equal run, None where there is none."""
        found = None if self.options.fresh else folder.find(self.root, self.key)
        return None if found is None else Finished(found[1], found[0])


def execute(
    recipe: Recipe, given: dict, options: Options, output: Output | None = None
) -> Finished:
    """Runs a recipe's lessons, or shows the kept result of an equal run.

    Args:
        recipe: What to run: a whole recipe, or one lesson or claim of it.
        given: The settings that were given.
        options: The lab's own flags.
        output: What a person sees.

    Returns:
        The result, whatever its verdicts.

    Raises:
        LabError: The run can't go on; finished trainings are kept.
    """
    output = output or Output()
    plan = Plan(recipe, given, options)
    kept = plan.kept()
    if kept is not None:
        show_kept(plan, kept, output)
        return kept
    folder.prepare(plan.root)
    values, reached, key = plan.values, plan.reached, plan.key
    settings = _settings(recipe, values, reached, output)
    output.heading(recipe, values, options.smoke)
    trainings = Trainings(
        Store(options.store),
        output,
        jobs=options.jobs,
        data_dir=options.data_dir,
        digest="".join(one.digest for one in reached.values()),
        fresh=options.fresh,
    )
    lab = Lab(
        settings, trainings, output, precision=options.precision, smoke=options.smoke
    )
    started = time.time()
    with (
        _told_what_is_kept(trainings, output),
        seeding.preserved(),
        contextlib.ExitStack() as settled,
    ):
        claims = _claims(recipe, lab, reached, output, given, settled)
        for one in reached.values():
            one.check()
        return _finish(
            recipe, lab, values, options, output,
            {"key": key, "started": started, "claims": claims},
        )  # fmt: skip


def show_kept(plan: Plan, kept: Finished, output: Output) -> None:
    """Prints the result of a run that was kept."""
    output.heading(plan.recipe, plan.values, plan.options.smoke)
    output.result(kept.result)
    output.line(f"This run was kept: {kept.folder} (--fresh runs it anew)")


def _claims(recipe, lab, reached, output, given, settled) -> list[dict]:
    """Decides every claim, lesson by lesson, and draws their figures.

    As soon as Keras is loaded, `settled` holds it to the configuration of a run.
    """
    entries, drawn = [], {}
    for lesson in recipe.lessons:
        lab._enter(lesson.path, reached[lesson.path])
        module = _load(lesson, reached[lesson.path], output)
        settled.enter_context(member.configured("float32"))
        for id, function in lesson.functions.items():
            if id not in lesson.claims:
                continue
            seeding.reseed(0)  # whatever ran before, here or in other processes
            finding = getattr(module, function)(lab)
            if not isinstance(finding, Finding):
                raise LabError(
                    f"{lesson.path}: {function} must return a Finding, "
                    f"not {type(finding).__name__}."
                )
            judged = judging.judge(lesson.claims[id], finding)
            if lab.smoke:
                judged["verdict"] = judging.NOT_JUDGED
            names = []
            for draw in finding.figures:
                if draw not in drawn:
                    before = set(lab._figures)
                    draw(lab)
                    drawn[draw] = [one for one in lab._figures if one not in before]
                names += drawn[draw]
            header = dict(vars(lesson.claims[id]))
            extra = {
                "lesson": lesson.name,
                "figures": names,
                "command": command(recipe, id, given),
            }
            entries.append({**header, **files.plain(judged), **extra})
    return entries


def command(recipe: Recipe, claim: str, given: dict) -> str:
    """Returns the command that gives exactly this verdict."""
    words = ["recipes run"]
    if recipe.topic:
        words += [f"--claim {claim}"]
    else:
        words += [str(recipe.path)]
    for name, value in given.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words.append(f"--{flag} {value}")
    return " ".join(words)


def _finish(recipe, lab, values, options, output, known: dict) -> Finished:
    """Keeps and shows the result."""
    from recipes.lab.evidence import figures
    from recipes.lab.reporting import report

    trainings = lab._trainings
    # A result is as JSON gives it back, so that a kept run shows the same.
    result = files.plain(
        {
            "schema": SCHEMA,
            "key": known["key"],
            "recipe": recipe.name,
            "topic": recipe.topic,
            "title": recipe.title,
            "notes": recipe.header.get("Notes", ""),
            "smoke": options.smoke,
            "partial": _is_partial(recipe),
            "settings": values,
            "seeds": list(lab.seeds),
            "data": lab._loaded,
            "precision": lab._precisions,
            "backend": environment.backend(),
            "versions": environment.versions(),
            "device": environment.device(),
            "git_commit": environment.git_commit(),
            "started": time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(known["started"])
            ),
            "seconds": round(time.time() - known["started"], 1),
            "trainings": {
                "new": trainings.kept,
                "kept_before": trainings.found,
                "seconds": round(trainings.seconds, 1),
                "made": sorted(trainings.made),
            },
            "claims": known["claims"],
            "tables": lab._tables,
            "figures": [
                {"name": name, "file": f"figures/{name}.png", "caption": one["caption"]}
                for name, one in lab._figures.items()
            ],
        }
    )
    contents: dict[str, str | bytes] = {
        f"figures/{name}.png": figures.png(one["figure"])
        for name, one in lab._figures.items()
    }
    if lab._histories:
        contents["history.csv"] = report.csv(lab._histories)
    contents["report.md"] = report.markdown(result)
    place = folder.keep(options.out / recipe.name, result, contents)
    if not lab._precisions and options.precision not in ("auto", "float32"):
        output.paragraph(
            f"Everything ran in float32: {recipe.name} has nothing to train in "
            f"{options.precision}."
        )
    output.result(result)
    output.line(f"Results ({result['seconds']:.0f} s): {place}")
    drawn = {name: one["figure"] for name, one in lab._figures.items()}
    return Finished(result, place, drawn)


def _is_partial(recipe: Recipe) -> bool:
    from recipes.lab import catalog

    whole = catalog.read(recipe.path)
    return whole is not None and list(whole.claims) != list(recipe.claims)


def _load(lesson: Lesson, reached: Sources, output: Output) -> types.ModuleType:
    if reached.keras and "keras" not in sys.modules:
        from recipes.lab.training import quiet

        with output.status(f"loading {environment.backend()} ..."):
            quiet.load_backend()
    return member.load(lesson.path)


def _settings(recipe: Recipe, values: dict, reached: dict, output: Output):
    """Makes the recipe's settings; its own bounds are checked here."""
    if not recipe.fields:
        return types.SimpleNamespace(**values)
    if recipe.path in reached:  # one file is header and lesson
        module = _load(recipe.lessons[0], reached[recipe.path], output)
    else:
        module = member.load(recipe.path)
    return module.Settings(**values)


def _run_key(recipe: Recipe, values: dict, options: Options, reached: dict) -> str:
    lab = {
        path: path.read_text(encoding="utf-8")
        for path in (HOME / "recipes" / "lab").rglob("*.py")
    }
    header = {recipe.path: recipe.path.read_text(encoding="utf-8")}
    outside = {name for one in reached.values() for name in one.outside}
    return keys.run_key(
        {
            "claims": list(recipe.claims),
            "header": sources.digest(header),
            "lessons": [one.digest for one in reached.values()],
            "lab": sources.digest(lab),
            "settings": values,
            "precision": options.precision,
            "smoke": options.smoke,
            "data": _data_state(values.get("data"), options.data_dir),
            "machine": keys.machine(),
            "packages": keys.versions(outside),
            "schema": SCHEMA,
        }
    )


def _data_state(name: str | None, data_dir: str | None) -> str:
    """Changes with the files of a prepared set; of others the code is the state."""
    from recipes.lab.data import cache, prepared, sets

    if name not in sets.PREPARED:
        return ""
    return cache.state(prepared.folder(data_dir) / name)


def _require_data(values: dict, options: Options) -> None:
    """Refuses or fetches a set that is absent, before anything is loaded."""
    from recipes.lab.data import prepared, sets

    name = values.get("data")
    if name in sets.PREPARED:
        prepared.require(name, options.data_dir, options.download)
        if options.download and not prepared.is_here(name, options.data_dir):
            sets.load(name, options.data_dir, download=True)


@contextlib.contextmanager
def _told_what_is_kept(trainings: Trainings, output: Output) -> Iterator[None]:
    """Ends the workers of a run that stops, and says what is kept of it."""
    try:
        yield
    except BaseException:
        workers.stop()
        if trainings.kept:
            noun = "training" if trainings.kept == 1 else "trainings"
            output.line(
                f"kept: {trainings.kept} finished {noun}; the same command goes on "
                "from there."
            )
        raise
