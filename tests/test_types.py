"""The public names of the packages are typed: the completeness must not fall."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Per cent, by `pyright --verifytypes`. Raise them when they have risen.
COMPLETENESS = {"zoo": 71, "callbacks": 52, "recipes.lab": 68}


@pytest.mark.parametrize("package", COMPLETENESS)
def test_completeness_does_not_fall(package, tmp_path):
    pytest.importorskip("pyright")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pyright", "--pythonpath", sys.executable,
         "--verifytypes", package, "--ignoreexternal", "--outputjson"],
        cwd=tmp_path,  # pyright would take the sources here for local ones
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)["typeCompleteness"]
    assert found["exportedSymbolCounts"]["withKnownType"] > 50
    assert 100 * found["completenessScore"] >= COMPLETENESS[package]
