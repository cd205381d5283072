"""What importing zoo or callbacks does to a fresh process: it loads Keras, no more."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
on_other_backends = pytest.mark.parametrize(
    "backend",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                importlib.util.find_spec(name) is None, reason="it isn't installed"
            ),
        )
        for name in ("jax", "torch")
    ],
)


def run(code, **variables):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment, "KERAS_BACKEND": "tensorflow", **variables},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("package", ["zoo", "callbacks"])
def test_an_import_is_silent_and_leaves_the_threads_to_be_chosen(package):
    code = (
        f"import {package}, os, tensorflow as tf\n"
        "tf.config.threading.set_intra_op_parallelism_threads(1)\n"
        "os.write(2, b'still connected')"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "still connected")


def test_an_import_changes_no_variable_that_keras_leaves_alone():
    code = "import os; before = dict(os.environ); import {0}; print(sorted(\
        k for k in os.environ if os.environ[k] != before.get(k)))"
    assert run(code.format("callbacks")).stdout == run(code.format("keras")).stdout


def test_an_import_that_fails_shows_what_was_set_aside():
    code = (
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'keras':\n"
        "            os.write(2, b'a line of the log')\n"
        "            raise ImportError('no Keras')\n"
        "sys.meta_path.insert(0, Finder())\n"
        "import zoo"
    )
    done = run(code)
    assert done.returncode == 1
    assert "a line of the log" in done.stderr
    assert "ImportError: no Keras" in done.stderr


def test_an_import_works_in_a_process_without_stderr():
    code = "import os, sys; os.close(2); sys.stderr = None; import callbacks; print(1)"
    assert run(code).stdout == "1\n"


@on_other_backends
def test_another_backend_loads_that_and_keras_alone(backend):
    code = (
        "import sys\n"
        "others = {'tensorflow', 'recipes', 'callbacks'}\n"
        "import zoo; print(others & {*sys.modules})\n"
        "import callbacks; print(others & {*sys.modules})"
    )
    done = run(code, KERAS_BACKEND=backend)
    assert (done.stdout, done.stderr) == ("set()\n{'callbacks'}\n", "")


@on_other_backends
def test_tensorflow_is_quiet_where_another_backend_asks_for_it_late(backend):
    code = (
        "from recipes.lab.training import quiet; quiet.load_backend()\n"
        "import sys, keras; print('tensorflow' in sys.modules)\n"
        "keras.layers.Dense(1).get_config(); print('tensorflow' in sys.modules)"
    )
    done = run(code, KERAS_BACKEND=backend)
    assert (done.stdout, done.stderr) == ("False\nTrue\n", "")
