"""Forty kills of four recipes that train; each then gives the evidence it gave."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.processes import ours, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
KILLS = 10  # of each recipe
RECIPES = ("activation_training", "clipping", "gradient_descent", "vanishing")


def start(recipe: str, folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "recipes", "run", recipe, "--jobs", "2"]
    return subprocess.Popen(
        [*command, "--out", str(folder / "runs")],
        env={**os.environ, "RECIPES_CACHE_DIR": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def evidence(recipe: str, folder: Path) -> dict:
    """What a run found: numbers that say how long things took are left out."""
    run = start(recipe, folder)
    out, told = run.communicate(timeout=600)
    assert run.returncode == 0, out + told
    place = folder / "runs" / recipe / "latest"
    result = json.loads((place / "result.json").read_text())
    found: dict[str, object] = {}
    for path in [*place.glob("figures/*"), *place.glob("*.csv")]:
        found[path.name] = path.read_bytes()
    names = ("claims", "tables", "figures", "data", "settings", "precision")
    return {**found, **{name: _timeless(result[name]) for name in names}}


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if "seconds" not in k}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("recipe", RECIPES)
def test_kills_at_random_moments(recipe, tmp_path):
    """Leader or worker, KILL, TERM or INT; up to three before a run may end."""
    began = time.monotonic()
    (tmp_path / "whole").mkdir()
    whole = evidence(recipe, tmp_path / "whole")
    seconds = time.monotonic() - began
    draw, left = random.Random(recipe), KILLS
    while left:
        folder = tmp_path / str(left)
        folder.mkdir()
        cache = str(folder / "cache")
        for _ in range(min(left, draw.choice([1, 2, 3]))):
            left -= 1
            run = start(recipe, folder)
            time.sleep(draw.uniform(0.1, 0.9 * seconds))
            chosen = [run.pid]
            if draw.random() < 0.4:
                chosen = [pid for pid in ours(cache) if pid != run.pid] or chosen
            kind = draw.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            with contextlib.suppress(ProcessLookupError):
                os.kill(draw.choice(chosen), kind)
            run.communicate(timeout=600)
            assert wait_for(lambda cache=cache: not ours(cache), 5), ours(cache)
        assert evidence(recipe, folder) == whole
        assert wait_for(lambda cache=cache: not ours(cache), 5), ours(cache)
