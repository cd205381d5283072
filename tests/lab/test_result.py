"""`recipes.lab.run`: a recipe from a script or a notebook, and what it returns."""

import os
import random

import keras
import numpy as np
import pytest

from recipes.lab import LabError, UsageError, run
from recipes.optimization.momentum import hills


@pytest.fixture(scope="module")
def result():
    return run("momentum", beta=0.95, starts=41, seeds=2, quiet=True)


def test_verdicts_tables_and_figures(result):
    saddle = result.verdicts["momentum-saddle"]
    assert saddle["verdict"] == "supported"
    assert saddle["fails"] == ["(1 − β) form at the same rate, in half"]
    assert saddle["command"].endswith("--beta 0.95 --starts 41 --seeds 2")
    rows = result.tables["Steps to within 0.001 of the minimum"]
    assert rows[0] == {"form": "plain", "steps": "6905"}
    assert result.figures["wells"].axes
    assert result.seconds > 0
    assert result.numbers["momentum-saddle"]["steps"]["plain"] == 1461
    assert "momentum-saddle" in str(result)


def test_a_cell_shows_cards(result):
    html = result._repr_html_()
    assert html.count("<article") == 11
    assert "data:image/png;base64," in html
    assert "http" not in html


@pytest.mark.parametrize(
    ("what", "claims"),
    [
        ("momentum/hills", ["momentum-escapes-local-minima", "momentum-saddle"]),
        ("momentum-saddle", ["momentum-saddle"]),
        (hills, ["momentum-escapes-local-minima", "momentum-saddle"]),
        (hills.__file__, ["momentum-escapes-local-minima", "momentum-saddle"]),
    ],
)
def test_lesson_claim_module_and_path(what, claims):
    found = run(what, starts=21, quiet=True)
    assert list(found.verdicts) == claims
    one = run(what, claim="momentum-saddle", starts=21, quiet=True)
    assert list(one.verdicts) == ["momentum-saddle"]


def test_nothing_of_the_process_is_changed(tmp_path):
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002 - what users do
    keras.utils.set_random_seed(3)
    drawn = random.random(), np.random.random(), float(keras.random.uniform(()))  # noqa: NPY002
    keras.utils.set_random_seed(3)
    environment = dict(os.environ)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        run("momentum/averages", quiet=True, out=tmp_path)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert dict(os.environ) == environment
    again = random.random(), np.random.random(), float(keras.random.uniform(()))  # noqa: NPY002
    assert again == drawn


def test_a_recipe_of_ones_own_with_workers(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(
        "import numpy as np\n"
        "from recipes.lab import Finding, claim\n\n\n"
        "def train(case, seed, data):\n"
        "    return {'number': case * float(np.random.random())}\n\n\n"
        "@claim('own', 'It runs.')\n"
        "def runs(lab):\n"
        "    found = lab.sweep(train, {'a': 1, 'b': 2}, seeds=[0, 1])\n"
        "    ratio = found['b'][0]['number'] / found['a'][0]['number']\n"
        "    return Finding(ratio == 2, 'The ratio is {ratio}.', ratio=ratio)\n"
    )
    found = run(path, quiet=True)
    assert found.verdicts["own"]["verdict"] == "supported"
    path.write_text(path.read_text().replace("case * ", "3 * case * case * "))
    assert run(str(path), quiet=True).verdicts["own"]["verdict"] == "refuted"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"recipe": "momentun"}, "Did you mean 'momentum'?"),
        ({"recipe": "momentum", "betta": 0.5}, "Did you mean 'beta'?"),
        (
            {"recipe": "momentum", "beta": "0.5"},
            "beta must be a number, not '0.5'",
        ),
        ({"recipe": "momentum", "beta": 2.0}, "beta must be at most 0.99"),
        ({"recipe": "momentum", "seeds": True}, "seeds must be a whole number from 1"),
        ({"recipe": "momentum", "seeds": 10**8}, "from 1 to 10,000, not 100000000"),
        ({"recipe": "momentum", "jobs": 0}, "jobs must be a whole number from 1"),
        ({"recipe": "momentum", "jobs": 10**9}, "jobs must be a whole number from 1"),
        ({"recipe": "momentum", "out": ""}, "out must name a folder, not ''"),
        ({"recipe": "momentum", "precision": "half"}, "precision must be one of"),
        ({"recipe": "momentum", "claim": "momentum-sadle"}, "Did you mean"),
        ({"recipe": np}, "it states no claim"),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, words):
    with pytest.raises(UsageError) as raised:
        run(quiet=True, **arguments)
    assert words in str(raised.value)
    assert isinstance(raised.value, LabError)
