"""The command line as a person meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.lab import catalog
from recipes.lab.cli.main import main

TOY = str(Path(__file__).parent / "toy_recipe.py")
ENV = {name: value for name, value in os.environ.items() if name != "TFDS_DATA_DIR"}


def recipes(*words, **options):
    """Runs the command line in a process of its own."""
    environment = {**ENV, **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "recipes", *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        **options,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "adam"],
        ["show", "optimizers"],
        ["train", "--list"],
        ["--help"],
        ["run", "--help"],
        ["run", "optimizers", "--help"],
        ["data"],
        [],
    ],
)
def test_describing_imports_no_framework(words):
    code = (
        "import sys; from recipes.lab.cli.main import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch', 'sklearn', 'scipy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENV
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("HEAVY []\n")


def test_list_names_every_recipe_with_its_claims():
    done = recipes("list")
    for recipe in catalog.recipes().values():
        line = next(x for x in done.stdout.splitlines() if x.startswith(recipe.name))
        assert f" {len(recipe.claims)} " in line


def test_show_states_header_claims_and_settings(capsys):
    assert main(["show", TOY]) == 0
    shown = capsys.readouterr().out
    for text in (
        "Toy: two learning rates on digits.",
        "Free text about it.",
        "Notes: 9.9 Nothing in particular",
        "References: nobody (2026); somebody (2025).",
        "larger-faster",
        "--data digits (digits, mnist)  What is learned.",
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["run", "optimizer"], "Did you mean 'optimizers'?"),
        (["show", "perceptorn"], "Did you mean 'perceptron'?"),
        (["run", TOY, "--seedz", "3"], "Did you mean '--seeds'?"),
        (["run", TOY, "--data", "mnits"], "Did you mean 'mnist'?"),
        (["run", TOY, "--precision", "float23"], "Did you mean 'float32'?"),
        (["run", TOY, "--seeds", "0"], "a whole number from 1 to 10,000, not 0"),
        (["run", TOY, "--seeds", "two"], "a whole number from 1 to 10,000, not two"),
        (["run", TOY, "--seeds", "100000000"], "from 1 to 10,000, not 100000000"),
        (
            ["run", TOY, "--epochs", "1000000000000"],
            "--epochs must be at most 134,217,728",
        ),
        (["run", TOY, "--rate", "nan"], "--rate must be a number above 0, not nan"),
        (["run", TOY, "--rate", "inf"], "--rate must be a number above 0, not inf"),
        (["run", TOY, "--out", ""], "--out must name a file or folder, not ''"),
        (["run", TOY, "--out="], "--out must name a file or folder, not ''"),
        (["run", TOY, "--out"], "--out needs a value"),
        (["run", TOY, "--smoke=3"], "--smoke takes no value, not '3'"),
        (["run", TOY, "extra"], "unknown argument 'extra' (see"),
        (["run", ""], "there is no recipe ''"),
        (["report", "--out", ""], "--out must name a file or folder"),
        (["report", "--publish", ""], "--publish must name a file or folder"),
        (["copy", TOY, ""], "DESTINATION must name a file or folder"),
        (["copy", TOY], "destination must be given"),
        (["copy", "momentum", "no_such"], "there is no folder 'no_such': make it"),
        (["copy", "opt-sgd-slower", "a.py"], "a claim of optimizers/learning_rates."),
        (["launch"], "-n, SCRIPT must be given (see"),
        (["show", "MOMENTUM"], "Did you mean 'momentum'?"),
        (["show"], "name must be given (see"),
        (["run", "momentum-saddle"], "It alone: --claim momentum-saddle."),
        (["new", "1bad"], "the first no digit."),
        (["qqq"], "there is no command 'qqq'. There are: run, list, "),
        (["run", "no_such.py"], "there is no file 'no_such.py'."),
        (["run", __file__], "is not a recipe: it states no claim."),
        (["clean", "--older", "x"], "--older must be a number of days from 0, not x"),
        (["clean", "--older", "nan"], "--older must be a number of days from 0"),
        (["run", "--all", "--jobs", "0"], "--jobs must be a whole number from 1"),
        (["run", "momentum", "--condition", "abc"], "must be a whole number, not abc"),
        (["run", "momentum", "--condition", "0"], "must be a whole number above 0"),
        (["run", "momentum", "--beta", "abc"], "--beta must be a number, not abc"),
        (["run", TOY, "--jobs", "9999999"], "--jobs must be a whole number from 1"),
        (["run", "momentum", "--epochs", "3"], "it has: --seeds, --beta, --condition"),
        (["run", TOY, "--claim", "in-part"], "--claim takes one claim and no recipe"),
        (["run", "--claim", "in-part", "--all"], "--claim takes one claim"),
        (["run", "--claim", "a", "--claim=b"], "--claim takes one claim"),
        (["run", "--all", "momentum"], "--all for all of them: not 'momentum'"),
        (["run", "--smoke", "momentum", "backprop"], "one recipe at a time"),
        (["new", "momentum_saddle"], "'momentum-saddle' is a claim of the recipe"),
        (
            ["run", "backprop", "--data", "mnist"],
            "backprop has no such setting; it has: --seeds",
        ),
        (["run"], "name a recipe"),
        (["runn"], "Did you mean 'run'?"),
        (["run", "nothing_like_it.py"], "there is no file"),
        (["run", "momentum/hill"], "Did you mean 'hills'?"),
        (["run", "--claim", "momentum-sadle"], "Did you mean 'momentum-saddle'?"),
        (["run", "--claim"], "--claim needs the id of a claim"),
        (["run", "momentum", "backprop"], "one recipe at a time, or --all"),
        (["run", TOY, "--resume"], "the same command goes on by itself"),
        (["run", TOY, "--first-seed", "-1"], "a whole number from 0, not -1"),
        (["run", TOY, "--first-seed", "9" * 5000], "a whole number from 0, not 9999"),
        (["run", TOY, "--first-seed", "9998"], "the first must be at most 9997"),
        (["run", "--all", "--first-seed", "9999"], "those from 10000 on are for"),
        (["run", "--all", "--data", "nosuch"], "no recipe takes --data nosuch"),
        (["show", "momentum-sadle"], "Did you mean 'momentum-saddle'?"),
        (["copy", "momentum", "mine.py"], "a file holds one lesson"),
        (["train"], "name what to train"),
        (["train", "lenet/mnits"], "Did you mean 'lenet/mnist'?"),
        (["train", "lenet/mnist", "--seeds", "1"], "--seeds must be at least 2"),
        (["train", "lenet/mnist", "--seeds", "0"], "a whole number from 1 to"),
    ],
)
def test_usage_errors_exit_2_in_one_sentence(words, hint, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert hint in told
    assert len(told.splitlines()) == 1


def test_absent_data_is_told_at_once(tmp_path):
    """Before Keras is loaded, which takes seconds."""
    done = recipes(
        *("run", TOY, "--data", "mnist", "--data-dir", str(tmp_path)),
        env={"PYTHONPROFILEIMPORTTIME": "1"},
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    (told,) = [line for line in lines if not line.startswith("import time:")]
    for text in ("'mnist'", str(tmp_path), "--data-dir", "TFDS_DATA_DIR", "--download"):
        assert text in told
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert "recipes.lab.errors" in imported
    assert not imported & {"keras", "tensorflow", "jax", "torch"}
    assert not done.stdout


def test_download_without_network_is_told(tmp_path, monkeypatch, capsys):
    from recipes.lab.data import prepared

    # A reserved name that no resolver answers, whether or not there is a network.
    monkeypatch.setitem(prepared.SOURCES, "mnist", "https://mnist.invalid/")
    words = ["run", TOY, "--data", "mnist", "--data-dir", str(tmp_path), "--download"]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "https://mnist.invalid/ does not answer" in told
    assert "--data-dir" in told


def test_piped_output_is_plain_and_80_columns(tmp_path):
    done = recipes("run", TOY, "--out", str(tmp_path), env={"COLUMNS": "80"})
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    paths = str(tmp_path)
    assert max(len(x) for x in done.stdout.splitlines() if paths not in x) <= 80
    assert "2 claims: 1 supported, 1 conditional." in done.stdout


def test_a_pipe_whose_encoding_lacks_characters_gets_others(tmp_path):
    done = recipes(
        "run", "momentum/noise", "--out", str(tmp_path),
        env={"PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "momentum-noise" in done.stdout


def test_version_is_said(capsys):
    import callbacks
    import recipes as package
    import zoo

    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"recipes {package.__version__}"
    assert callbacks.__version__ == zoo.__version__ == package.__version__


def test_a_claim_is_shown_with_its_code(capsys):
    assert main(["show", "momentum-saddle"]) == 0
    shown = capsys.readouterr().out
    assert "hills.py, function leaves_the_saddle" in shown
    assert "recipes run --claim momentum-saddle" in shown


def test_a_new_lesson_runs(tmp_path):
    done = recipes("new", "depth", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = recipes("run", "depth.py", "--smoke", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Smoke run: 1 claim exercised" in done.stdout
    assert recipes("new", "depth", cwd=tmp_path).returncode == 1
    assert recipes("new", "no-name", cwd=tmp_path).returncode == 2


def test_copied_recipe_runs_by_itself(tmp_path):
    assert main(["copy", TOY, str(tmp_path / "mine.py")]) == 0
    done = subprocess.run(
        [sys.executable, "mine.py", "--seeds", "2"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENV,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "runs" / "mine" / "latest" / "result.json").is_file()


def test_copy_never_overwrites(tmp_path, capsys):
    target = tmp_path / "mine.py"
    target.write_text("precious")
    assert main(["copy", TOY, str(target)]) == 1
    assert target.read_text() == "precious"
    assert "exists already" in capsys.readouterr().err
    assert main(["copy", TOY, str(tmp_path / "mine.txt")]) == 2


@pytest.mark.parametrize(
    "name", ["", "zoo", "numpy", "json", "__main__", "class", "../zoo"]
)
def test_a_file_that_would_hide_a_module_is_refused(tmp_path, monkeypatch, name):
    folder = tmp_path / "inner"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert main(["new", name]) == 2
    assert main(["copy", TOY, f"{name}.py"]) == 2
    assert not list(tmp_path.rglob("*.py"))


def test_clean_refuses_negative_days(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path))
    (tmp_path / "kept").write_text("precious")
    assert main(["clean", "--older", "-1"]) == 2
    assert "--older must be a number of days from 0" in capsys.readouterr().err
    assert (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [([], "(unused for 30 days, "), (["--older", "2"], "2 days"), (["--all"], "MB\n")],
)
def test_clean_says_what_it_looked_for(flags, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path))
    assert main(["clean", *flags]) == 0
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("words", [["run", "momentum/noise"], ["run", "--all"]])
@pytest.mark.parametrize(
    ("backend", "told"),
    [("jaxx", "not 'jaxx'. Did you mean 'jax'?"), ("numpy", "not 'numpy'.")],
)
def test_an_unknown_backend_is_refused_whatever_runs(tmp_path, words, backend, told):
    """Also where nothing loads Keras: the result names the backend."""
    env = {"KERAS_BACKEND": backend}
    done = recipes(*words, "--out", str(tmp_path), env=env)
    assert (done.returncode, done.stdout) == (2, "")
    start = "recipes: the backend (KERAS_BACKEND) must be one of tensorflow, jax, torch"
    assert done.stderr == f"{start}, {told}\n"


LESSON = """
{first}
from recipes.lab import Finding, claim, main, {face}
{last}

@claim("loads-keras", "It is so.")
def loads(lab):
    import keras

    return Finding(bool(keras.ops.zeros(1).shape), "Yes.")


if __name__ == "__main__":
    main(__file__)
"""


@pytest.mark.parametrize(
    ("first", "face", "last"),
    [
        ("import keras", "stats", ""),
        ("import recipes.lab as lab", "Study", ""),
        ("", "stats", "from zoo import mlp"),
    ],
)
def test_commands_load_keras_quietly_in_whatever_order(tmp_path, first, face, last):
    path = tmp_path / "mine.py"
    path.write_text(LESSON.format(first=first, face=face, last=last))
    done = recipes("run", str(path), "--out", str(tmp_path / "runs"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["zoo", "callbacks", "recipes"])
def test_a_file_that_hides_a_package_is_named(tmp_path, name):
    """As script the lesson fails before `main`, but after it is imported."""
    (tmp_path / f"{name}.py").write_text("")
    path = tmp_path / "mine.py"
    last = "from zoo import mlp" if name == "zoo" else "from callbacks import NoSuch"
    path.write_text(LESSON.format(first="", face="stats", last=last))
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    safe = [sys.executable, "-P", "-m", "recipes", "run", str(path)]
    commands = [safe, [sys.executable, str(path)]] if name != "recipes" else [safe]
    for words in commands:
        done = subprocess.run(
            words, cwd=tmp_path, env={**ENV, **env}, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert f"'{name}'" in done.stderr
        assert str(tmp_path) in done.stderr
    if name == "zoo":  # the package's own lesson; `python -m recipes` would be a file
        words = ["run", "batch_size/normalization", "--smoke"]
        done = recipes(*words, cwd=tmp_path, env=env)
        assert done.returncode == 1
        assert f"{tmp_path / 'zoo.py'} hides the package 'zoo'" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_file_here_is_hinted_at(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("")
    assert main(["run", "mine"]) == 2
    assert "no recipe 'mine'. Did you mean 'mine.py'?" in capsys.readouterr().err


def test_help_names_what_there_is(capsys):
    for words, told in (
        (["--help"], "list [WORD]"),
        (["run", "--help"], "143 terminated"),
        (["run", TOY, "--help"], "143 terminated"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        assert told in capsys.readouterr().out


def test_too_little_memory_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "large.py"
    path.write_text(
        "import numpy as np\n"
        "from recipes.lab import Finding, claim\n\n\n"
        "@claim('large', 'It fits.')\n"
        "def fits(lab):\n"
        "    return Finding(True, '{x}', x=np.zeros(2**57))\n"
    )
    assert main(["run", str(path), "--out", str(tmp_path / "runs")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("recipes: not enough memory. Unable to allocate 1.00 EiB")
    assert len(told.splitlines()) == 1
