"""What is shipped: the wheel, the pins, and nothing that names a machine."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import zoo

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_wheel_holds_the_three_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "zoo",
        "callbacks",
        "recipes",
    }
    for package in ("zoo", "callbacks", "recipes"):
        assert f"{package}/py.typed" in names
        shipped = {name for name in names if name.startswith(f"{package}/")}
        here = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
        assert here <= shipped


def test_wheel_is_small_and_brings_the_weights(wheel):
    assert wheel.stat().st_size < 8_000_000
    names = set(zipfile.ZipFile(wheel).namelist())
    weights = [name.replace("/", "-") for name in zoo.list_weights()]
    assert weights
    assert {f"zoo/weights/{name}.safetensors" for name in weights} <= names


def test_wheel_works_from_another_folder(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import recipes, sys; from recipes.lab.cli.main import main; "
        "print(recipes.__file__); sys.exit(main(['show', 'optimizers']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert "opt-adam-update" in done.stdout


def test_every_pin_has_hashes_and_no_index_is_named():
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^--(index|extra|find)", text, re.MULTILINE)
    pins = re.split(r"\n(?=\S)", text.strip())
    for pin in pins:
        assert re.match(r"[a-z0-9._-]+==\S+", pin), pin
        assert "--hash=sha256:" in pin, pin


def test_what_is_needed_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"]]
    for extra in ("dev", "jax", "cluster", "export"):
        needed += extras[extra]
    pinned = re.findall(r"^([a-z0-9._-]+)==", (ROOT / "constraints.txt").read_text(),
                        re.MULTILINE)  # fmt: skip
    for requirement in needed:
        name = re.split(r"[><=\[;]", requirement)[0].strip().lower().replace("_", "-")
        assert name in pinned


def test_version_citation_and_changelog_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = dict(
        re.findall(r'^([\w-]+): "?(.+?)"?$', (ROOT / "CITATION.cff").read_text("utf-8"),
                   re.MULTILINE)
    )  # fmt: skip
    released = re.findall(
        r"^## (\d\S*) - (\S+)$",
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert citation["version"] == project["version"]
    assert (project["version"], citation["date-released"]) == released[0]
    assert citation["license"] == project["license"]
    bibtex = re.search(r"version = \{(.+)\}", (ROOT / "README.md").read_text("utf-8"))
    assert bibtex.group(1) == project["version"]
    address = project.get("urls", {}).get("Repository")
    assert citation.get("repository-code") == address


def test_arrows_run_one_way():
    """`zoo` stands on Keras only, `callbacks` on `zoo.losses` at most."""
    allowed = {"zoo": {"zoo"}, "callbacks": {"callbacks", "zoo.losses"}}
    for package, targets in allowed.items():
        for path in (ROOT / package).rglob("*.py"):
            found = re.findall(
                r"^\s*(?:from|import) ((?:zoo|callbacks|recipes|tensorflow|jax|torch)"
                r"[\w.]*)",
                path.read_text(),
                re.MULTILINE,
            )
            for module in found:
                if module.split(".")[0] in ("zoo", "callbacks", "recipes"):
                    fits = any(f"{module}.".startswith(f"{t}.") for t in targets)
                    assert fits, f"{path} imports {module}"


def test_no_recipe_imports_another_recipe():
    from recipes.lab import catalog

    names = {recipe.path.stem: recipe.topic for recipe in catalog.recipes().values()}
    for recipe in catalog.recipes().values():
        text = recipe.path.read_text()
        for name, topic in names.items():
            assert f"from recipes.{topic}.{name} " not in text
            assert f"from recipes.{topic} import {name}\n" not in text
