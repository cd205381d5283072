"""The command line as a person meets it."""

import os
import subprocess
import sys
import time
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
        (["run", TOY, "--seeds", "0"], "0 is not positive"),
        (["run", TOY, "--seeds", "two"], "'two' is not a whole number"),
        (["run", TOY, "--rate", "nan"], "nan is not positive and finite"),
        (["run", "backprop", "--data", "mnist"], "unknown argument '--data'"),
        (["run"], "name a recipe"),
        (["runn"], "Did you mean 'run'?"),
        (["run", "nothing_like_it.py"], "no such file"),
        (["run", "momentum/hill"], "Did you mean 'hills'?"),
        (["run", "--claim", "momentum-sadle"], "Did you mean 'momentum-saddle'?"),
        (["run", "--claim"], "--claim needs the id of a claim"),
        (["run", "momentum", "backprop"], "one recipe at a time, or --all"),
        (["run", TOY, "--resume"], "the same command goes on by itself"),
        (["run", "--all", "--data", "nosuch"], "no recipe takes --data nosuch"),
        (["show", "momentum-sadle"], "Did you mean 'momentum-saddle'?"),
        (["copy", "momentum", "mine.py"], "a file holds one lesson"),
        (["train"], "name what to train"),
        (["train", "lenet/mnits"], "Did you mean 'lenet/mnist'?"),
        (["train", "lenet/mnist", "--seeds", "1"], "--seeds must be at least 2"),
        (["train", "lenet/mnist", "--seeds", "0"], "0 is not positive"),
    ],
)
def test_usage_errors_exit_2_in_one_sentence(words, hint, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert hint in told
    assert len(told.splitlines()) == 1


def test_absent_data_is_told_at_once(tmp_path):
    started = time.monotonic()
    done = recipes("run", TOY, "--data", "mnist", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert time.monotonic() - started < 3
    for text in ("'mnist'", str(tmp_path), "--data-dir", "TFDS_DATA_DIR", "--download"):
        assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1


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
    assert "1 claims exercised" in done.stdout
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
    assert "--older must be at least 0 days" in capsys.readouterr().err
    assert (tmp_path / "kept").exists()


def test_jobs_is_a_positive_number(capsys):
    assert main(["run", "--all", "--jobs", "0"]) == 2
    assert "0 is not positive" in capsys.readouterr().err
