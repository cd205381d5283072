"""The guides keep their word: every block of code on their pages runs."""

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo

GUIDES = Path(__file__).parents[1] / "docs" / "guides"
PAGES = {path.stem: path.read_text("utf-8") for path in GUIDES.glob("*.md")}
# A block that imports one of these is left out where it is absent.
OPTIONAL = ("onnxruntime", "dask_jobqueue")

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="files are exported by TensorFlow"
)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.M | re.S)


def run(page: str, folder: Path, monkeypatch) -> dict:
    """Runs a page's blocks one after the other; returns all names."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names = {"__name__": page}
    for number, block in enumerate(blocks(page, "python")):
        absent = [
            name for name in OPTIONAL if re.search(rf"(import|from) {name}", block)
        ]
        if all(find_spec(name) for name in absent):
            exec(compile(block, f"{page}.md, block {number}", "exec"), names)
    return names


def test_every_page_with_code_is_tried():
    tried = {"callbacks", "export", "own_recipe", "resume", "several_devices",
             "several_machines", "train_faster", "weights"}  # fmt: skip
    assert {page for page in PAGES if "```" in PAGES[page]} == tried


def test_train_faster(tmp_path, monkeypatch):
    names = run("train_faster", tmp_path, monkeypatch)
    losses = names["history"].history["loss"]
    assert losses[-1] < losses[0]


def test_callbacks(tmp_path, monkeypatch):
    names = run("callbacks", tmp_path, monkeypatch)
    assert len(names["history"].history["grad_norm"]) == 3


def test_resume(tmp_path, monkeypatch):
    names = run("resume", tmp_path, monkeypatch)
    again = run("resume", tmp_path, monkeypatch)  # it ended: no step
    assert len(names["history"].history["loss"]) == 20
    assert again["history"].history == names["history"].history


@pytest.mark.slow
def test_several_devices(tmp_path):
    """Its script runs in two processes."""
    pytest.importorskip("jax")
    (tmp_path / "train.py").write_text("\n".join(blocks("several_devices", "python")))
    done = subprocess.run(
        [sys.executable, "-m", "recipes", "launch", "-n", "2", "train.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "norms.csv").read_text().splitlines()
    assert len(rows) == 1 + 3 * 512 // 64


def test_weights(tmp_path, monkeypatch):
    names = run("weights", tmp_path, monkeypatch)
    assert names["accuracy"] > names["before"]
    assert (tmp_path / "tuned.keras").is_file()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed")
def test_several_machines(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPES_SMOKE", "1")
    assert run("several_machines", tmp_path, monkeypatch)["result"].seconds > 0


@pytest.mark.filterwarnings("ignore")  # of TensorFlow's and tf2onnx's converters
def test_export(tmp_path, monkeypatch):
    gaps = run("export", tmp_path, monkeypatch)["gaps"]
    expected = {"keras", "saved model", "litert"}
    assert set(gaps) - {"onnx"} == expected
    assert max(gaps.values()) < 1e-4


def test_the_zoo_in_use(tmp_path, monkeypatch):
    """What a reader brings along is made here, block by block."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.random((8, 8, 8, 1), dtype="float32")
    a_cnn = zoo.resnet20((8, 8, 1), 10)
    a_cnn.compile("adam", "mse")
    brought = {
        "reestimate_statistics": {"x_train": images, "model": a_cnn},
        "monte_carlo": {"x": images},
        "unet": {"x": rng.random((4, 20), dtype="float32")},
        "grid_detector": {
            "boxes": np.array([[5.0, 5.0, 20.0, 22.0]]) / 56,
            "classes": np.array([1]),
            "images": np.zeros((1, 56, 56, 1), "float32"),
        },
        "late_fusion": {
            "members": [zoo.mlp((4,), 10) for _ in range(2)],
            "left": zoo.mlp((4,), 10, include_top=False),
            "right": zoo.mlp((5,), 10, include_top=False),
        },
        "Vocabulary": {"text": "To be, or not to be: that is the question. " * 9},
    }
    page = (GUIDES.parent / "zoo.md").read_text("utf-8")
    code = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    met = {word for word in brought if any(word in block for block in code)}
    assert met == set(brought)
    names: dict = {}
    for number, block in enumerate(code):
        if "resnet50.safetensors" in block:  # a file of one's own
            continue
        for word in brought:
            names |= brought[word] if word in block else {}
        exec(compile(block, f"zoo.md, block {number}", "exec"), names)
    assert names["ensemble"].output_shape == names["both"].output_shape == (None, 10)
    assert names["vocabulary"].characters[0] in "To be, or not to be"


def test_own_recipe(tmp_path):
    """Its blocks are one file; its commands run as they are printed."""
    code = "\n\n".join(blocks("own_recipe", "python"))
    (tmp_path / "depth.py").write_text(code, encoding="utf-8")
    commands = "".join(blocks("own_recipe", "sh")).splitlines()
    assert len(commands) == 5
    for command in commands:
        program, *arguments = shlex.split(command, comments=True)
        start = {"python": [], "recipes": ["-m", "recipes"]}[program]
        done = subprocess.run(
            [sys.executable, *start, *arguments],
            cwd=tmp_path,
            env={**os.environ, "RECIPES_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
    assert "deeper-better" in done.stdout
    assert list(tmp_path.glob("runs/depth/*/figures/accuracy.png"))
