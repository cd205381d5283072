"""`recipes run`: which recipe, with which settings and flags."""

import argparse
from dataclasses import replace
from pathlib import Path

from recipes.lab import catalog
from recipes.lab.catalog import settings
from recipes.lab.cli import signals
from recipes.lab.cli.parsing import Parser, named, whole_number
from recipes.lab.errors import UsageError

EXIT_CODES = """\
exit codes: 0 ran (whatever the verdicts), 1 failed, 2 usage, 130 interrupted,
143 terminated"""
RUN_HELP = f"""{EXIT_CODES}

`recipes run NAME --help` also names the settings of that recipe."""
SWITCHES = ("--all", "--download", "--fresh", "--smoke")  # flags without a value


def run(words: list[str]) -> int:
    """Runs what the words after `recipes run` say; returns the exit code."""
    name, claim, rest = _what_to_run(words)
    if name is None and claim is None:
        return _run_without_name(rest)
    recipe = catalog.find(name) if claim is None else catalog.find_claim(claim)
    parser = Parser(
        prog=f"recipes run {recipe.name}", description=recipe.title, epilog=EXIT_CODES
    )
    settings.add_flags(
        parser.add_argument_group("settings of this recipe"), recipe.fields
    )
    _jobs_flag(parser, "processes that train", "one a core, at most 4")
    _lab_flags(parser)
    arguments = _parsed(parser, rest, recipe)
    given = settings.given(arguments)
    jobs = given.pop("jobs", None)
    if jobs is not None and arguments.cluster is not None:
        raise UsageError(
            "--jobs is for this machine's processes: with --cluster as many train as "
            "it has workers."
        )
    from recipes.lab.running import threads
    from recipes.lab.running.execute import execute

    threads.limit()
    options = _run_options(arguments, jobs or (1 if arguments.smoke else None))
    with signals.terminated_like_interrupted():
        finished = execute(recipe, given, options)
    if not finished.result["smoke"]:
        from recipes.lab.reporting.console import Output

        Output().next(options.out, by_id=bool(recipe.topic))
    return 0


def _parsed(
    parser: Parser, words: list[str], recipe: catalog.Recipe | None = None
) -> argparse.Namespace:
    if "--resume" in words:
        raise UsageError("--resume is gone: the same command goes on by itself.")
    return parser.parse(words, recipe)


def _run_options(arguments: argparse.Namespace, jobs: int | None):
    from recipes.lab.running import threads
    from recipes.lab.running.plan import Options

    return Options(
        out=Path(arguments.out),
        data_dir=arguments.data_dir,
        download=arguments.download,
        precision=arguments.precision,
        smoke=arguments.smoke,
        fresh=arguments.fresh,
        jobs=jobs or threads.default_jobs(),
        first_seed=arguments.first_seed,
        cluster=arguments.cluster,
    )


def _cluster(text: str) -> str:
    """Refuses what is no address of a cluster, and a cluster where Dask is absent."""
    from recipes.lab.running.cluster import address

    try:
        address.parse(text)
    except UsageError as error:
        raise UsageError(f"--cluster: {error}") from None
    return text


def _jobs_flag(parser: argparse.ArgumentParser, what: str, default: str) -> None:
    field = replace(settings.JOBS, default=default, help=what)
    settings.add_flags(parser, (field,))


def _what_to_run(words: list[str]) -> tuple[str | None, str | None, list[str]]:
    """Finds the recipe, lesson or claim, which usually comes first but need not.

    Raises:
        UsageError: There is more than one.
    """
    words = [part for word in words for part in _split_claim(word)]
    known = {*catalog.recipes(), *catalog.broken()}
    places = [
        index
        for index, word in enumerate(words)
        if word.partition("/")[0] in known or word.endswith(".py")
    ]
    if words and not words[0].startswith("-") and 0 not in places:
        places.insert(0, 0)
    bare = [i for i in places if i == 0 or not _takes_a_value(words[i - 1])]
    if "--claim" in words:
        at = words.index("--claim")
        if at + 1 == len(words):
            raise UsageError("--claim needs the id of a claim.")
        rest = words[:at] + words[at + 2 :]
        if "--claim" in rest or "--all" in rest or [i for i in bare if i != at + 1]:
            raise UsageError(
                "--claim takes one claim and no recipe, for its id says where it is "
                f"decided: recipes run --claim {words[at + 1]}"
            )
        return None, words[at + 1], rest
    if "--all" in words and bare:
        raise UsageError(
            f"one recipe, or --all for all of them: not '{words[bare[0]]}'."
        )
    if len(bare) > 1:
        raise UsageError("one recipe at a time, or --all.")
    if "--all" not in words:
        bare = bare or places[:1]  # after a flag whose value it may have been
    if not bare:
        return None, None, words
    return words[bare[0]], None, words[: bare[0]] + words[bare[0] + 1 :]


def _takes_a_value(word: str) -> bool:
    """Whether the word after this one may be its value."""
    return word.startswith("--") and "=" not in word and word not in SWITCHES


def _split_claim(word: str) -> list[str]:
    return ["--claim", word[8:]] if word.startswith("--claim=") else [word]


def _run_without_name(words: list[str]) -> int:
    parser = Parser(
        prog="recipes run",
        usage="recipes run RECIPE[/LESSON] [settings] [flags]\n"
        "       recipes run --claim ID [settings] [flags]\n"
        "       recipes run --all [flags]",
        description="Run a recipe to verdicts, figures and numbers on disk.",
        epilog=RUN_HELP,
    )
    parser.add_argument("--all", action="store_true", help="every recipe, in turn")
    _jobs_flag(parser, "recipes at a time, a process each", "one a core")
    for name in ("seeds", "epochs"):
        field = settings.Field(name, int, "the recipe's", (), f"{name} of those with")
        settings.add_flags(parser, (field,))
    parser.add_argument("--data", help="the data set, for recipes that know it")
    _lab_flags(parser)
    arguments = _parsed(parser, words)
    if not arguments.all:
        parser.error("name a recipe, or say --all; `recipes list` names them")
    from recipes.lab.running import run_all, threads

    given = settings.given(arguments)
    jobs = given.pop("jobs", None)
    if arguments.data:
        given["data"] = arguments.data
    threads.limit()
    with signals.terminated_like_interrupted():
        return run_all.run_all(given, _run_options(arguments, jobs))


def _lab_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("flags of every run").add_argument
    add(
        "--out",
        type=named("--out"),
        default="runs",
        metavar="DIR",
        help="folder of results (runs)",
    )
    add(
        "--data-dir",
        type=named("--data-dir"),
        metavar="DIR",
        help="prepared data (else TFDS_DATA_DIR)",
    )
    add("--cluster", type=_cluster, metavar="ADDRESS",
        help="a Dask cluster that trains: tcp://HOST:PORT, or local:N")  # fmt: skip
    add("--download", action="store_true", help="fetch a data set that is absent")
    field = settings.PRECISION
    add("--precision", default="auto", metavar="P", type=settings.converter(field),
        help=", ".join(field.choices))  # fmt: skip
    add("--first-seed", default=0, metavar="N", type=whole_number,
        help="the first of the seeds, for a second opinion (0)")  # fmt: skip
    add("--smoke", action="store_true", help="everything tiny, nothing judged")
    add("--fresh", action="store_true", help="run all anew, whatever is kept")
