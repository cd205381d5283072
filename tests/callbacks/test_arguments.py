"""Bad arguments are refused at construction; pure functions on the host."""

import doctest
import importlib

import numpy as np
import pytest

import callbacks
from callbacks.gradient_norms import files


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: callbacks.GradientNorms(log_every="step"), "log_every must be one of"),
        (lambda: callbacks.GradientNorms(per_layer=1), "per_layer must be True"),
        (lambda: callbacks.GradientNorms(keep=0), "keep must be .* got 0"),
        (lambda: callbacks.GradientNorms(on_nonfinite="x"), "on_nonfinite must be one"),
        (lambda: callbacks.GradientClipping(), "given, and one only; got None"),
        (lambda: callbacks.GradientClipping(1.0, value=1.0), "given, and one only"),
        (lambda: callbacks.GradientClipping(norm=0), "norm must be .* got 0"),
        (lambda: callbacks.GradientClipping(value=-1.0), "value must be .* got -1"),
        (lambda: callbacks.GradientClipping(np.nan), "norm must be .* got nan"),
        (lambda: callbacks.GradientClipping("1"), "norm must be .* got '1'"),
        (lambda: callbacks.GradientClipping(lambda e: -1.0), "norm in epoch 0 must"),
        (lambda: callbacks.GradientClipping(1.0, name=""), "name must be .* got ''"),
        (lambda: callbacks.AutoClip(0), "percent must be .* got 0"),
        (lambda: callbacks.AutoClip(101), "percent must be .* got 101"),
        (lambda: callbacks.AutoClip(history=1.5), "history must be .* got 1.5"),
        (lambda: callbacks.AdaptiveGradientClipping(0), "clipping must be .* got 0"),
        (lambda: callbacks.AdaptiveGradientClipping(eps=0), "eps must be .* got 0"),
        (
            lambda: callbacks.AdaptiveGradientClipping(exclude="out"),
            "exclude must be a list .* got 'out'",
        ),
        (lambda: callbacks.LossWeightSchedule({}), "weights must be a non-empty"),
        (lambda: callbacks.LossWeightSchedule({"a": -1}), "weights.*'a'.* got -1"),
        (lambda: callbacks.UncertaintyWeighting(0), "learning_rate must be .* got 0"),
        (lambda: callbacks.NoisySampleWeighting(1.0), "noise must be .* got 1.0"),
        (lambda: callbacks.NoisySampleWeighting(0.1, 0), "ramp_epochs must .* got 0"),
        (
            lambda: callbacks.NoisySampleWeighting(0.1, floor=1),
            "floor must be .* got 1",
        ),
        (lambda: callbacks.ClassBalancedLoss([1.0]), "at least two classes"),
        (lambda: callbacks.ClassBalancedLoss({1: 1.0, 2: 1.0}), "keys 0, 1, 2"),
        (lambda: callbacks.class_balanced_weights([0, 2]), "none of class .1."),
        (lambda: callbacks.class_balanced_weights([0.5]), "array of integers"),
        (lambda: callbacks.class_balanced_weights([0, -1]), "labels must be .* got -1"),
        (
            lambda: callbacks.class_balanced_weights(
                [0, 1], "effective_number", beta=1
            ),
            "beta must be .* got 1",
        ),
        (lambda: callbacks.cost_weights([[0, 1]]), "costs must be a square"),
        (lambda: callbacks.cost_weights([[1, 1], [1, 0]]), "dearer off the diagonal"),
        (lambda: callbacks.CostSensitiveLoss([[0, -1], [1, 0]]), "at least 0"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_class_balanced_weights():
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    inverse = callbacks.class_balanced_weights(labels)
    counts, beta = np.array([900, 90, 10]), 0.99
    np.testing.assert_allclose(list(inverse.values()), 1000 / 3 / counts)
    effective = callbacks.class_balanced_weights(labels, "effective_number", beta=beta)
    raw = (1 - beta) / (1 - beta**counts)
    expected = raw * 1000 / (raw * counts).sum()
    np.testing.assert_allclose(list(effective.values()), expected)
    for weights in (inverse, effective):
        np.testing.assert_allclose(np.mean([weights[label] for label in labels]), 1.0)
    alike = callbacks.class_balanced_weights(labels, "effective_number", beta=0)
    assert list(alike.values()) == [1.0, 1.0, 1.0]


def _write_half(target):
    with files.written_whole(target) as file:
        file.write("half")
        raise KeyError


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(KeyError):
        _write_half(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    with files.written_whole(target) as file:
        file.write("new")
    assert target.read_text() == "new"


@pytest.mark.parametrize("name", ["class_balance", "cost_sensitive"])
def test_examples(name):
    module = importlib.import_module(f"zoo.losses.{name}")
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted > 1
    assert results.failed == 0


def test_names_stand_in_a_list_and_flags_may_be_those_of_numpy():
    for make in (
        lambda names: callbacks.AdaptiveGradientClipping(exclude=names),
        lambda names: callbacks.UncertaintyWeighting(classification=names),
        lambda names: callbacks.NoisySampleWeighting(0.1, outputs=names),
    ):
        for names in ("a", 3):
            with pytest.raises(ValueError, match="must be a list of names of"):
                make(names)
        with pytest.raises(ValueError, match="must be a non-empty string; got 3"):
            make(["a", 3])
    assert callbacks.GradientNorms(per_layer=np.bool_(False)).per_layer is False


def test_norms_that_are_not_there_are_neither_written_nor_drawn(tmp_path):
    norms = callbacks.GradientNorms()
    for use in (norms.to_csv, norms.to_npz, norms.plot):
        with pytest.raises(ValueError, match="no gradient norms before the first"):
            use(tmp_path / "norms")
    assert not list(tmp_path.iterdir())
