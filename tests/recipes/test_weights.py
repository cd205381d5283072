"""How weights are trained, counted and kept, against numbers found by hand."""

import json
import math

import numpy as np
import pytest

import zoo
from recipes.lab import LabError
from recipes.lab.cli.main import main
from recipes.weights import TRAININGS, making, samples, table
from recipes.weights.cost import multiply_adds

COSTS = {
    "mlp": (lambda: zoo.mlp((4,), 2, units=(3,)), 4 * 3 + 3 * 2),
    "lenet": (
        zoo.lenet,
        28 * 28 * 9 * 1 * 32 + 14 * 14 * 9 * 32 * 64 + 7 * 7 * 64 * 10,
    ),
    # 8x8, stride 2 after one block; the shortcuts have no weights.
    "resnet": (
        lambda: zoo.resnet((8, 8, 1), 3, depths=(1, 1), widths=(4, 8)),
        64 * 9 * 4 + 2 * 64 * 9 * 16 + 16 * 9 * 32 + 16 * 9 * 64 + 8 * 3,
    ),
    # Five steps of four gates over 3 features and 4 states.
    "lstm": (lambda: zoo.lstm((5, 3), 2, units=(4,)), 5 * 4 * 4 * (3 + 4) + 4 * 2),
    "masked": (
        lambda: zoo.lstm(
            (5,),
            1,
            vocabulary_size=9,
            embedding_dim=3,
            mask_zero=True,
            units=(4,),
            task="binary",
        ),
        5 * 4 * 4 * (3 + 4) + 4,
    ),
    # One step: an embedding is a look-up, the head has 9 outputs.
    "char_lm": (
        lambda: zoo.char_lm(9, units=(4,), embedding_dim=3),
        4 * 4 * (3 + 4) + 4 * 9,
    ),
    # 10 latents to 4x4x8, then 16 places of a 4x4 kernel from 8 to 1 channels.
    "dcgan": (
        lambda: zoo.dcgan((8, 8, 1), 10, filters=8),
        10 * 128 + 16 * 16 * 8,
    ),
}


@pytest.mark.parametrize("name", COSTS)
def test_multiply_adds_by_hand(name):
    build, expected = COSTS[name]
    assert multiply_adds(build()) == expected


def test_the_interval_holds_the_next_seed():
    """Student's t with two degrees of freedom is 4.3027 at 95 %."""
    found = making.spread([1.0, 2.0, 3.0])
    half = 4.302653 * math.sqrt(4.0 / 3.0)
    assert found["mean"] == 2.0
    assert found["low"] == pytest.approx(2.0 - half, rel=1e-6)
    assert found["high"] == pytest.approx(2.0 + half, rel=1e-6)
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((4000, 4))
    inside = [
        made["low"] <= row[3] <= made["high"]
        for row in draws
        for made in [making.spread(row[:3].tolist())]
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)
    with pytest.raises(LabError, match="at least 2 seeds"):
        making.spread([1.0])


@pytest.mark.parametrize(
    ("file", "may_cost", "half"),
    [(98.05, 0.1, True), (97.85, 0.1, False), (97.0, None, True), (96.8, None, False)],
)
def test_half_precision_where_it_costs_little(file, may_cost, half):
    metric = {"seeds": [98.0, 99.0], "low": 96.9, "high": 99.9, "file": file}
    assert making.fits(metric, may_cost) is half


def test_the_distance_of_samples():
    """Equal samples have none; shifted ones that of their means."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 3))
    assert samples.frechet(x, x) == pytest.approx(0.0, abs=1e-6)
    shift = np.array([1.0, -2.0, 3.0])
    assert samples.frechet(x, x + shift) == pytest.approx(14.0, rel=1e-6)
    # Of one feature it is the squared difference of the deviations.
    y = x[:, :1]
    pair = np.concatenate([y, y], axis=1) * [1.0, 0.0]
    assert samples.frechet(pair, 3.0 * pair) == pytest.approx(
        (2.0 * y.std(ddof=1)) ** 2 + (2.0 * y.mean()) ** 2, rel=1e-6
    )


def test_a_training_reproduces_what_is_published(tmp_path, capsys):
    """Its own file lies within the interval that the published card states."""
    words = ["train", "mlp/digits", "--seeds", "2", "--out", str(tmp_path)]
    assert main(words) == 0
    assert "mlp/digits, seed 1: accuracy" in capsys.readouterr().out
    made = json.loads((tmp_path / "mlp-digits.json").read_text())
    published = zoo.card("mlp/digits")
    metric = published["metric"]
    assert metric["low"] <= made["metric"]["file"] <= metric["high"]
    same = ("arguments", "parameters", "multiply_adds", "data", "command", "training")
    assert all(made[key] == published[key] for key in same)
    arrays = zoo.pretrained.safetensors().load_file(tmp_path / "mlp-digits.safetensors")
    paths = {variable.path for variable in zoo.mlp(weights="digits").weights}
    assert set(arrays) == paths
    assert not (tmp_path / "zoo").exists()


def test_what_is_offered_can_be_trained():
    assert set(zoo.list_weights()) <= set(TRAININGS)


def test_docs_elsewhere_are_left_alone(tmp_path):
    path = tmp_path / "zoo.md"
    table.refresh([], path)
    assert not path.exists()
    path.write_text(f"before\n{table.BEGIN}old\n{table.END}after\n")
    table.refresh([zoo.card("mlp/digits")], path)
    text = path.read_text()
    assert text.startswith(f"before\n{table.BEGIN}| builder")
    assert '`mlp(weights="digits")` | 17,226' in text
    assert "old" not in text
    assert text.endswith(f"{table.END}after\n")
