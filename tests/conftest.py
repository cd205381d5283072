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

quiet.load_backend()
if "torch" in sys.modules:
    sys.modules["torch"].backends.cudnn.allow_tf32 = False
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a shell it is ignored; tests of Ctrl-C need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Files of few long tests: each test goes to the worker that is free, before the rest.
ONE_BY_ONE = (
    "test_other_backends",
    "test_every_recipe",
    "test_notebooks",
    "test_several_devices",
    "test_zoo_backends",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """With `pytest -n`, the tests of a file go to one worker, long files first.

    They share fixtures and compiled functions.
    """
    if not hasattr(config, "workerinput"):
        return
    items.sort(key=lambda item: item.path.stem not in ONE_BY_ONE)
    for item in items:
        if item.path.stem not in ONE_BY_ONE:
            name = item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(name))


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
