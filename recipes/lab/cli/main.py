"""The command line: list, show, run, train, copy, data, report.

Nothing here imports TensorFlow or Keras before a recipe runs.
"""

import argparse
import sys
from pathlib import Path

from recipes.lab import catalog
from recipes.lab.catalog import settings
from recipes.lab.cli import commands, signals
from recipes.lab.errors import LabError, UsageError, nearest

RUN_HELP = """\
exit codes: 0 ran (whatever the verdicts), 1 failed, 2 usage, 130 interrupted

`recipes run NAME --help` also names the settings of that recipe."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError and names the nearest flag."""

    def __init__(self, *arguments, **keywords):
        raw = argparse.RawDescriptionHelpFormatter
        keywords = {"allow_abbrev": False, "formatter_class": raw, **keywords}
        super().__init__(*arguments, **keywords)

    def error(self, message: str):
        """Raises instead of printing the whole usage."""
        raise UsageError(f"{message} (see '{self.prog} --help')")

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Parses all words; an unknown flag gets its nearest match."""
        arguments, unknown = self.parse_known_args(words)
        if unknown:
            flag = unknown[0].partition("=")[0]
            hint = nearest(flag, list(self._option_string_actions))
            self.error(f"unknown argument '{unknown[0]}'.{hint}")
        return arguments


def main(words: list[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what a pipe's encoding lacks becomes "?"
            stream.reconfigure(errors="replace")
    try:
        return _dispatch(words)
    except LabError as error:
        print(f"recipes: {error}", file=sys.stderr)
        return error.exit_code
    except signals.Terminated:
        print("recipes: terminated.", file=sys.stderr)
        return 143
    except KeyboardInterrupt:
        print("recipes: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe, `head` say, has seen enough
        return 0


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["run"]:
        return _run(words[1:])
    if words and not words[0].startswith("-") and words[0] not in commands.COMMANDS:
        hint = nearest(words[0], ["run", *commands.COMMANDS])
        raise UsageError(f"there is no command '{words[0]}'.{hint} (see --help)")
    parser = _parser()
    arguments = parser.parse(words)
    if arguments.version:
        import recipes

        print(f"recipes {recipes.__version__}")
        return 0
    if arguments.command is None:
        parser.print_help()
        return 0
    return commands.COMMANDS[arguments.command](arguments)


def _parser() -> Parser:
    parser = Parser(
        prog="recipes",
        description="Puts every claim of a set of deep-learning notes to the test.",
        epilog="`recipes COMMAND --help` says more.",
    )
    parser.add_argument(
        "--version", action="store_true", help="say the version and end"
    )
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    add = sub.add_parser
    one = add("list", help="the recipes, with their claims counted")
    one.add_argument("word", nargs="?", default="", help="only those that mention it")
    one = add("show", help="one recipe, lesson or claim")
    one.add_argument("name")
    add("run", help="run a recipe, or all of them, to verdicts")
    one = add("train", help="train weights of the zoo, and describe them")
    one.add_argument("name", nargs="?", help="BUILDER/DATA, such as lenet/mnist")
    one.add_argument("--list", action="store_true", help="what can be trained")
    one.add_argument("--out", default="runs/weights", metavar="DIR",
                     help="folder of the file and its card (runs/weights)")  # fmt: skip
    settings.add_flags(
        one, (settings.Field("seeds", int, "the published number", (), "trainings"),)
    )
    one.add_argument("--data-dir", metavar="DIR", help="prepared data")
    one.add_argument("--download", action="store_true", help="fetch absent data")
    one.add_argument(
        "--publish", action="store_true", help="also put it into the package zoo"
    )
    one = add("copy", help="copy lessons as files that stand alone")
    one.add_argument("name", help="RECIPE/LESSON, or RECIPE for all its lessons")
    one.add_argument("destination", help="a file or a folder")
    one = add("new", help="write a lesson of your own that runs")
    one.add_argument("name", help="of its file")
    one = add("clean", help="delete kept trainings that were not used for long")
    one.add_argument("--all", action="store_true", help="all of them")
    one.add_argument(
        "--older", type=float, default=30.0, metavar="DAYS", help="unused for (30)"
    )
    one = add("data", help="the data sets: what is here, and how to get the rest")
    one.add_argument("--data-dir", metavar="DIR", help="where to look")
    one = add("report", help="gather the latest runs into one page and one table")
    one.add_argument("--out", default="runs", metavar="DIR", help="the runs (runs)")
    one.add_argument("--readme", metavar="FILE", help="also refresh the table in it")
    one.add_argument("--docs", metavar="FILE", help="also write all verdicts to it")
    one.add_argument(
        "--publish", metavar="FILE", help="also refresh the rows of these runs in it"
    )
    return parser


def _run(words: list[str]) -> int:
    name, claim, rest = _what_to_run(words)
    if name is None and claim is None:
        return _run_without_name(rest)
    recipe = catalog.find(name) if claim is None else catalog.find_claim(claim)
    parser = Parser(
        prog=f"recipes run {recipe.name}", description=recipe.title, epilog=RUN_HELP
    )
    settings.add_flags(
        parser.add_argument_group("settings of this recipe"), recipe.fields
    )
    _jobs_flag(parser, "processes that train", "one a core, at most 4")
    _lab_flags(parser)
    arguments = _parsed(parser, rest)
    given = settings.given(arguments)
    jobs = given.pop("jobs", None)
    from recipes.lab.running import threads
    from recipes.lab.running.execute import execute

    threads.limit()
    options = _run_options(arguments, jobs or (1 if arguments.smoke else None))
    with signals.terminated_like_interrupted():
        execute(recipe, given, options)
    return 0


def _parsed(parser: Parser, words: list[str]) -> argparse.Namespace:
    if "--resume" in words:
        raise UsageError("--resume is gone: the same command goes on by itself.")
    return parser.parse(words)


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
    )


def _jobs_flag(parser: argparse.ArgumentParser, what: str, default: object) -> None:
    settings.add_flags(parser, (settings.Field("jobs", int, default, (), what),))


def _what_to_run(words: list[str]) -> tuple[str | None, str | None, list[str]]:
    """Finds the recipe, lesson or claim, which usually comes first but need not.

    Raises:
        UsageError: There is more than one.
    """
    words = [part for word in words for part in _split_claim(word)]
    if "--claim" in words:
        at = words.index("--claim")
        if at + 1 == len(words):
            raise UsageError("--claim needs the id of a claim.")
        return None, words[at + 1], words[:at] + words[at + 2 :]
    known = catalog.recipes()
    named = [
        index
        for index, word in enumerate(words)
        if word.partition("/")[0] in known or word.endswith(".py")
    ]
    if words and not words[0].startswith("-") and 0 not in named:
        named.insert(0, 0)
    if not named or "--all" in words:
        return None, None, words
    bare = [i for i in named if i in (0, named[0]) or not words[i - 1].startswith("--")]
    if len(bare) > 1:
        raise UsageError("one recipe at a time, or --all.")
    first = named[0]
    return words[first], None, words[:first] + words[first + 1 :]


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
    add("--out", default="runs", metavar="DIR", help="folder of results (runs)")
    add("--data-dir", metavar="DIR", help="prepared data (else TFDS_DATA_DIR)")
    add("--download", action="store_true", help="fetch a data set that is absent")
    precisions = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
    field = settings.Field("precision", str, "auto", precisions)
    add("--precision", default="auto", metavar="P", type=settings.choice(field),
        help=f"{', '.join(precisions)}")  # fmt: skip
    add("--smoke", action="store_true", help="everything tiny, nothing judged")
    add("--fresh", action="store_true", help="run all anew, whatever is kept")
