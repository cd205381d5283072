"""Runs the lessons of one recipe from their sources to kept results."""

import contextlib
import sys
import time
import types
from collections.abc import Iterator

from recipes.lab import files
from recipes.lab.catalog import Lesson, Recipe
from recipes.lab.data import sets
from recipes.lab.errors import LabError, counted
from recipes.lab.evidence import judging
from recipes.lab.evidence.claims import Finding, read_sets
from recipes.lab.evidence.verdicts import NOT_JUDGED
from recipes.lab.reporting.card import took
from recipes.lab.reporting.console import Output
from recipes.lab.reporting.results import SCHEMA
from recipes.lab.running import cells, cluster, environment, folder, member
from recipes.lab.running.lab import Lab
from recipes.lab.running.plan import Finished, Options, Plan, show_kept
from recipes.lab.running.sources import Sources, generation
from recipes.lab.running.store import Store
from recipes.lab.running.sweep import Trainings
from recipes.lab.running.trainers import Local
from recipes.lab.training import seeding


def execute(
    recipe: Recipe,
    given: dict,
    options: Options,
    output: Output | None = None,
    workers: str = "",
) -> Finished:
    """Runs a recipe's lessons, or shows the kept result of an equal run.

    Args:
        recipe: What to run: a whole recipe, or one lesson or claim of it.
        given: The settings that were given.
        options: The lab's own flags.
        output: What a person sees.
        workers: The name of those that are warm, where they serve other recipes, too.

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
    workers = workers or generation(reached.values())
    trainers = cluster.of(options.cluster) or Local(options.jobs, workers)
    trainings = Trainings(
        Store(options.store),
        output,
        trainers,
        data_dir=options.data_dir,
        fresh=options.fresh,
    )
    lab = Lab(
        settings,
        trainings,
        output,
        precision=options.precision,
        smoke=options.smoke,
        first_seed=options.first_seed,
    )
    started = time.time()
    with (
        contextlib.closing(trainers),
        _told_what_is_kept(trainings, output),
        seeding.preserved(),
        contextlib.ExitStack() as settled,
    ):
        if told := trainers.begin():
            output.line(told)
        claims = _claims(plan, lab, output, settled)
        for one in reached.values():
            one.check()
        return _finish(
            recipe, lab, values, options, output,
            {"key": key, "started": started, "claims": claims},
        )  # fmt: skip


def _claims(plan: Plan, lab: Lab, output: Output, settled) -> list[dict]:
    """Decides every claim, lesson by lesson, and draws their figures.

    As soon as Keras is loaded, `settled` holds it to the configuration of a run.
    """
    recipe, reached, given = plan.recipe, plan.reached, plan.given
    first_seed = plan.options.first_seed
    entries, drawn = [], {}
    for lesson in recipe.lessons:
        lab._enter(lesson.path, reached[lesson.path])
        module = _load(lesson, reached[lesson.path], output)
        settled.enter_context(member.configured("float32"))
        for id, function in lesson.functions.items():
            if id not in lesson.claims:
                continue
            seeding.reseed(0)  # whatever ran before, here or in other processes
            read_sets(lab).clear()
            finding = getattr(module, function)(lab)
            read = _chosen_among(read_sets(lab), plan.values)
            if not isinstance(finding, Finding):
                raise LabError(
                    f"{lesson.path}: {function} must return a Finding, "
                    f"not {type(finding).__name__}."
                )
            judged = judging.judge(lesson.claims[id], finding)
            if lab.smoke:
                judged["verdict"] = NOT_JUDGED
            names = []
            for draw in finding.figures:
                if draw not in drawn:
                    before = set(lab._figures)
                    draw(lab)
                    drawn[draw] = [one for one in lab._figures if one not in before]
                names += drawn[draw]
            header = dict(vars(lesson.claims[id]))
            header["scope"] += _in_place(recipe, plan.values, read)
            extra = {
                "uses_data": bool(read),
                "lesson": lesson.name,
                "figures": names,
                "command": command(recipe, id, given, first_seed),
            }
            entries.append({**header, **files.plain(judged), **extra})
    return entries


def _chosen_among(read: set[str], values: dict) -> list[str]:
    """Those of the sets read that the setting `data` decides."""
    chosen = values.get("data")
    if chosen is None:
        return []
    return sorted(one for one in read if chosen in (one, sets.SMALL.get(one)))


def _in_place(recipe: Recipe, values: dict, read: list[str]) -> str:
    """Says which data a claim was tried on, where it isn't what its scope names."""
    default = next((one.default for one in recipe.fields if one.name == "data"), None)
    if not read or values.get("data", default) == default:
        return ""
    return f"; with {' and '.join(map(sets.described, read))} in place of {default}"


def command(recipe: Recipe, claim: str, given: dict, first_seed: int = 0) -> str:
    """Returns the command that gives exactly this verdict, or a notebook's call."""
    if recipe.path.name == cells.FILE:
        names = {
            id: name for one in recipe.lessons for id, name in one.functions.items()
        }
        seed = {"first_seed": first_seed} if first_seed else {}
        settings = [f"{name}={value!r}" for name, value in {**given, **seed}.items()]
        return f"run({', '.join([names[claim], *settings])})"
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
    if first_seed:
        words.append(f"--first-seed {first_seed}")
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
    where = "until this process ends; out= keeps them" if options.temporary else place
    output.line(f"Results ({took(result['seconds'])}): {where}")
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


@contextlib.contextmanager
def _told_what_is_kept(trainings: Trainings, output: Output) -> Iterator[None]:
    """Ends the workers of a run that stops, and says what is kept of it."""
    try:
        yield
    except BaseException:
        trainings.trainers.stop()
        if trainings.kept:
            finished = counted(trainings.kept, "finished training")
            output.line(f"kept: {finished}; the same command goes on from there.")
        raise
