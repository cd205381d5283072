"""A backend is loaded where Keras is needed, and not before."""

import json
import subprocess
import sys

import pytest

from recipes.lab.running import environment

RECIPE = '''"""Numbers.

Run: python numbers.py
"""

import sys
from dataclasses import dataclass

import numpy as np

from recipes.lab import Finding, claim, figures, main
{top}

@dataclass(frozen=True)
class Settings:
    seeds: int = 2


def train(case, seed, data):
    {inside}
    return {{"numbers": {numbers}}}


@claim("same", "It is the same.", notes="ours")
def same(lab):
    runs = lab.sweep(train, ["case"])["case"]
    print("loaded:", "keras" in sys.modules or "tensorflow" in sys.modules)
    return Finding(True, "It is.", figure=draw, runs=runs)


def draw(lab):
    figure, axes = figures.new()
    lab.figure("empty", figure, "Nothing.")


if __name__ == "__main__":
    main(__file__)
'''
NUMPY = "np.random.random(2)"
INITIALIZER = "np.array(keras.initializers.GlorotUniform()((2, 2)))"


@pytest.fixture
def run(tmp_path):
    """Runs a recipe as a script or by the command; returns what it says and finds."""

    def start(numbers, top="", inside="", words=("{path}",)):
        path = tmp_path / "numbers_.py"
        path.write_text(RECIPE.format(numbers=numbers, top=top, inside=inside))
        words = [word.format(path=path) for word in words]
        out = ["--jobs", "1", "--out", str(tmp_path / "runs")]
        command = [sys.executable, *words, *out]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        result = tmp_path / "runs" / "numbers_" / "latest" / "result.json"
        return done.stdout, json.loads(result.read_text())

    return start


@pytest.mark.parametrize("words", [("{path}",), ("-m", "recipes", "run", "{path}")])
def test_numbers_need_no_keras(run, words):
    told, found = run(NUMPY, words=words)
    assert "loaded: False" in told
    assert found["device"]["accelerators"] == []
    first, second = found["claims"][0]["numbers"]["runs"]
    assert first != second  # seeds are set all the same


def test_a_training_that_loads_keras_is_seeded_as_others_are(run):
    _, at_top = run(INITIALIZER, top="import keras")
    told, inside = run(INITIALIZER, inside="import keras")
    assert "loaded: True" in told
    numbers = [found["claims"][0]["numbers"] for found in (inside, at_top)]
    assert numbers[0] == numbers[1]


def test_the_perceptron_rule_needs_no_keras():
    code = (
        "import sys\n"
        "from recipes.basics.perceptron import gates, xor\n"
        "learned = [gates.learn_gate(name) for name in ('AND', 'OR')]\n"
        "assert all(gate.passes for gate in learned)\n"
        "xor.xor_accuracy(1, 2, xor.SIGMOID)\n"
        "assert 'keras' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_backend_is_known_before_keras_is_loaded(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert environment.backend() == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    assert environment.backend() == "torch"
    (tmp_path / "keras.json").write_text("{broken")
    assert environment.backend() == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert environment.backend() == "jax"


def test_a_backend_that_fails_to_load_shows_its_log():
    code = (
        "import os, sys, types\n"
        "from recipes.lab.training import quiet\n"
        "os.environ['KERAS_BACKEND'] = 'nonsense'\n"
        "quiet.load_backend()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "nonsense" in done.stderr
