"""What JAX compiled is kept in files, and another process loads it."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.lab.cli.main import main

ROOT = Path(__file__).parents[2]
TRAINS = """
import jax, keras, numpy as np
from recipes.lab import fit
loaded = []
jax.monitoring.register_event_listener(
    lambda name, **_: loaded.append(name) if name.endswith("cache_hits") else None)
keras.utils.set_random_seed(0)
layers = [keras.Input((8,)), keras.layers.Dense(64), keras.layers.Dense(3)]
model = keras.Sequential(layers)
model.compile("adam", "mse")
x = np.random.default_rng(0).normal(size=(90, 8)).astype("float32")
fit(model, x, x[:, :3], epochs=2)
print(len(loaded), [weight.tobytes().hex() for weight in model.get_weights()])
"""
LOOKS = """
import jax
from recipes.lab.training import jax_programs
jax_programs.keep()
print(jax.config.jax_compilation_cache_dir)
"""


def on_jax(code, cache, **variables):
    pytest.importorskip("jax")
    mine = ("JAX_COMPILATION", "JAX_PERSISTENT", "NPROC")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
    kept |= {"KERAS_BACKEND": "jax", "RECIPES_CACHE_DIR": str(cache), **variables}
    command = [sys.executable, "-W", "error::UserWarning", "-c", code]
    return subprocess.run(
        command,
        env=kept,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout


def test_jax_loads_what_another_process_compiled(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path))

    def files():
        return {
            path.relative_to(tmp_path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in tmp_path.rglob("*-cache")
        }

    keep_all = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    found, weights = on_jax(TRAINS, tmp_path, **keep_all).split(maxsplit=1)
    kept = files()
    assert any("jit_block" in path.name for path in kept)
    found_again, again = on_jax(TRAINS, tmp_path, **keep_all).split(maxsplit=1)
    assert again == weights
    assert int(found_again) > int(found)
    kept_now = files()
    assert kept.items() <= kept_now.items()
    assert main(["clean", "--older", "1"]) == 0
    assert files() == kept_now
    assert main(["clean", "--all"]) == 0
    assert not files()


def test_jax_keeps_programs_where_it_may(tmp_path):
    chosen = Path(on_jax(LOOKS, tmp_path).strip())
    assert chosen.parent == tmp_path / "jax"
    own = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "own")}
    assert on_jax(LOOKS, tmp_path, **own).strip() == str(tmp_path / "own")
    off = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    assert on_jax(LOOKS, tmp_path, **off).strip() == "None"
    others = on_jax(LOOKS, tmp_path, NPROC="1").strip()  # splits work otherwise
    assert Path(others) != chosen
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert on_jax(LOOKS, blocked).strip() == "None"
