"""Shared by all tests: a quiet backend, and the command line as a function."""

import gc
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from recipes.lab.training import quiet

# JAX compiles equal programs once for all tests and the processes that they start.
_COMPILED = Path(__file__).parents[1] / ".pytest_cache" / "jax"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_COMPILED))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

# GPUs round the factors of products to 10 bits (TF32), too few for tests of equations.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers share the cores: threads of NumPy's libraries would wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")

quiet.load_backend()
if "torch" in sys.modules:
    sys.modules["torch"].backends.cudnn.allow_tf32 = False
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a shell it is ignored; tests of Ctrl-C need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# First with `pytest -n --dist loadfile`, so that no worker is left with one at the end.
LONGEST = (
    "test_every_recipe",
    "test_other_backends",
    "test_several_devices",
    "test_notebooks",
    "test_site",
    "test_zoo_training",
    "test_cli",
)


def pytest_collection_modifyitems(config, items):
    """Puts the longest files first, where workers share the tests."""
    if hasattr(config, "workerinput"):
        places = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Has Python look no more at what is left behind a file's last test.

    Every model that Keras fits on TensorFlow leaves some 6,000 objects and 4 MB that
    nothing can free (the graphs of two nested functions). Thousands of models on, a
    collection, which TensorFlow's LiteRT converter asks for each time, took seconds.
    """
    result = yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()
    return result


@pytest.fixture(scope="session", autouse=True)
def _own_cache(request, tmp_path_factory):
    """Tests neither read nor write the user's cache; a smoke run trains once for all.

    All workers share it, as `recipes run --all` does.
    """
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    os.environ["RECIPES_CACHE_DIR"] = str(folder / "cache")


@pytest.fixture
def recipes_run(tmp_path, capsys):
    """Runs `recipes run ...` in this process; returns its result."""
    from recipes.lab.cli.main import main

    def run(name: str, *flags: str, code: int = 0) -> dict | str:
        out = tmp_path / "runs"
        assert main(["run", name, "--out", str(out), *flags]) == code
        if code:
            return capsys.readouterr().err
        newest = max((out / Path(name).stem).glob("*/result.json"))
        return json.loads(newest.read_text())

    return run
