"""Copies of lessons: one file that stands alone, whatever names its parts share."""

import ast
import subprocess
import sys

from recipes.lab.catalog.renaming import renamed


def test_definitions_are_renamed_and_local_names_stay():
    text = (
        "RATE = 1  # RATE is kept in comments\n\n"
        "def train(case, RATE=RATE):\n    return case['train'] + RATE\n\n"
        "def call(step):\n    train = step\n    return train(RATE)\n\n"
        "def other():\n    return train('é', RATE)  # é is two bytes\n"
    )
    found = renamed(text, {"RATE": "A_RATE", "train": "a_train"})
    assert found == (
        "A_RATE = 1  # RATE is kept in comments\n\n"
        "def a_train(case, RATE=A_RATE):\n    return case['train'] + RATE\n\n"
        "def call(step):\n    train = step\n    return train(A_RATE)\n\n"
        "def other():\n    return a_train('é', A_RATE)  # é is two bytes\n"
    )
    assert renamed(text, {}) == text


def test_names_that_two_parts_share_do_not_meet(tmp_path, monkeypatch):
    """A lesson and two modules each have a `value`; each keeps its own."""
    from recipes.lab.catalog import copying, reach
    from recipes.lab.catalog.reader import read

    folder = tmp_path / "recipes" / "topic" / "toy"
    folder.mkdir(parents=True)
    header = '"""Toy: a title.\n\nRun: never\n"""\n\nLESSONS = ("one",)\n'
    (folder / "__init__.py").write_text(header)
    (folder / "_deep.py").write_text("value = 1\n\n\ndef deep():\n    return value\n")
    (folder / "_near.py").write_text(
        "from recipes.topic.toy._deep import deep as low\n\n"
        "value, half = 10, 5\nlimit: int = 3\n\n\n"
        "def near():\n    return value + low() + limit - 3\n"
    )
    (folder / "one.py").write_text(
        '"""One: a lesson."""\n\n'
        "from recipes.lab import Finding, claim, main\n"
        "from recipes.topic.toy._near import near\n\nvalue, limit = 100, 50\n\n\n"
        '@claim("one", "One.", notes="ours", scope="none")\n'
        "def one(lab):\n"
        "    total = value + near()\n"
        '    return Finding(total == 111, "{total}", total=total)\n\n\n'
        'if __name__ == "__main__":\n    main(__file__)\n'
    )
    for module in (copying, reach):
        for name in ("HOME", "ROOT"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, tmp_path)
    monkeypatch.setattr(
        copying,
        "_shared_module",
        lambda node, importer: (
            folder / f"{node.module.rpartition('.')[2]}.py"
            if isinstance(node, ast.ImportFrom) and "toy" in str(node.module)
            else None
        ),
    )
    recipe = read(folder)
    copy = tmp_path / "mine.py"
    copy.write_text(copying.copy_of(recipe, recipe.lessons[0], "mine.py"))
    done = subprocess.run(
        [sys.executable, "-m", "recipes", "run", str(copy), "--out", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "1 claim: 1 supported." in done.stdout
