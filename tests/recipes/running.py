"""Runs a recipe in this process for the tests that look at its result."""

import json

from recipes.lab.cli.main import main


def run(out, *words) -> dict:
    """Runs `recipes run ...` into a folder of its own; returns its only result.

    It trains here: workers would load a backend each for trainings of a second.
    """
    assert main(["run", *words, "--jobs", "1", "--out", str(out)]) == 0
    (result,) = out.glob("*/2*/result.json")
    return json.loads(result.read_text(encoding="utf-8"))
