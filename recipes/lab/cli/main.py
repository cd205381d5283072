"""The command line: list, show, run, train, copy, data, report.

Nothing here imports TensorFlow or Keras before a recipe runs.
"""

import sys

from recipes.lab.catalog import settings
from recipes.lab.cli import commands, launching, signals
from recipes.lab.cli.parsing import Parser, days, named
from recipes.lab.cli.run import run
from recipes.lab.errors import LabError, UsageError, nearest


def main(words: list[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what a pipe's encoding lacks becomes "?"
            stream.reconfigure(errors="replace")
    try:
        return _dispatch(words)
    except LabError as error:
        for trace in getattr(error, "__notes__", ()):
            print(trace, file=sys.stderr)
        print(f"recipes: {error}", file=sys.stderr)
        return error.exit_code
    except MemoryError as error:
        print(f"recipes: not enough memory. {error}".rstrip(), file=sys.stderr)
        return 1
    except signals.Terminated:
        print("recipes: terminated.", file=sys.stderr)
        return 143
    except KeyboardInterrupt:
        kept = " The same command goes on from what was trained."
        print(f"recipes: interrupted.{kept * (words[:1] == ['run'])}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe, `head` say, has seen enough
        return 0
    except Exception as error:
        from recipes.lab.running import traces

        print(traces.told(error), file=sys.stderr)
        return 1


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["run"]:
        return run(words[1:])
    if words and not words[0].startswith("-") and words[0] not in commands.COMMANDS:
        known = ["run", *commands.COMMANDS]
        hint = nearest(words[0], known) or f" There are: {', '.join(known)}."
        raise UsageError(f"there is no command '{words[0]}'.{hint}")
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
    one = add("list", help="the recipes, or those that mention WORD: list [WORD]")
    one.add_argument(
        "words", nargs="*", metavar="WORD", help="only those that mention it"
    )
    one = add("show", help="one recipe, lesson or claim")
    one.add_argument("name", help="RECIPE, RECIPE/LESSON, a claim's id or a file")
    add("run", help="run a recipe, or all of them, to verdicts")
    one = add("train", help="train weights of the zoo, and describe them")
    one.add_argument("name", nargs="?", help="BUILDER/DATA, such as lenet/mnist")
    one.add_argument("--list", action="store_true", help="what can be trained")
    one.add_argument("--out", type=named("--out"), default="runs/weights",
                     metavar="DIR",
                     help="folder of the file and its card (runs/weights)")  # fmt: skip
    settings.add_flags(
        one, (settings.Field("seeds", int, "the published number", (), "trainings"),)
    )
    one.add_argument(
        "--data-dir", type=named("--data-dir"), metavar="DIR", help="prepared data"
    )
    one.add_argument("--download", action="store_true", help="fetch absent data")
    one.add_argument(
        "--publish", action="store_true", help="also put it into the package zoo"
    )
    one = add("launch", help="run a script that trains, in several processes at once")
    launching.add_arguments(one)
    one = add("copy", help="copy lessons as files that stand alone")
    one.add_argument("name", help="RECIPE/LESSON, or RECIPE for all its lessons")
    one.add_argument(
        "destination", type=named("DESTINATION"), help="a file or a folder"
    )
    one = add("new", help="write a lesson of your own that runs")
    one.add_argument("name", help="of its file")
    one = add("clean", help="delete trainings and programs kept for long")
    one.add_argument("--all", action="store_true", help="all of them")
    one.add_argument("--older", type=days, default=30.0, metavar="DAYS",
                     help="unused for (30)")  # fmt: skip
    one = add("data", help="the data sets: what is here, and how to get the rest")
    one.add_argument(
        "--data-dir", type=named("--data-dir"), metavar="DIR", help="where to look"
    )
    one = add(
        "report",
        help="gather the latest runs into one page and one table",
        description="Gathers the newest whole run of each recipe on each data set. "
        "Runs of single\nlessons and claims stand after them, marked as partial: they "
        "are not counted, and\nno other file has them. Smoke runs, and older runs with "
        "other settings, are left out.",
    )
    one.add_argument(
        "--out",
        type=named("--out"),
        default="runs",
        metavar="DIR",
        help="the runs (runs)",
    )
    one.add_argument(
        "--readme",
        type=named("--readme"),
        metavar="FILE",
        help="also refresh the table in it",
    )
    one.add_argument(
        "--docs",
        type=named("--docs"),
        metavar="FILE",
        help="also write all verdicts to it",
    )
    one.add_argument(
        "--publish",
        type=named("--publish"),
        metavar="FILE",
        help="also refresh the rows of these runs in it",
    )
    one.add_argument(
        "--figures",
        type=named("--figures"),
        metavar="DIR",
        help="also put the figures of these runs there",
    )
    return parser
