"""Activations: formulas, slopes and costs against numbers derived by hand."""

import time

import numpy as np
import pytest

from recipes.basics.activations import (
    cost,
    flat_parts,
    formulas,
    kinks,
    maxout,
    ranges,
    softmax,
)
from recipes.lab import catalog, stats
from tests.recipes.running import run

EXACT = {
    "act-formulas": "supported",
    "act-derivatives": "supported",
    "sigmoid-derivative-derivation": "refuted",
    "tanh-derivative-derivation": "supported",
    "sigmoid-range-and-max-slope": "supported",
    "tanh-range-and-max-slope": "supported",
    "tanh-is-scaled-sigmoid": "refuted",
    "tanh-vs-sigmoid-slope": "conditional",
    "tanh-saturation-speed": "refuted",
    "tanh-zero-centred": "supported",
    "relu-not-zero-centred": "supported",
    "leaky-zero-centred": "refuted",
    "leaky-max-form": "supported",
    "act-linear-affine": "conditional",
    "relu-gradient-near-zero": "refuted",
    "relu-derivative-at-zero": "supported",
    "relu-differentiable": "refuted",
    "leaky-not-complete-fix": "supported",
    "elu-smooth": "conditional",
    "swish-nonmonotonic": "supported",
    "softplus-positive-vanishes": "supported",
    "softplus-smooth-relu": "supported",
    "maxout-generalises": "supported",
    "maxout-saturation": "supported",
    "maxout-parameters": "conditional",
    "softmax-sums-to-one": "supported",
    "softmax-exploding": "refuted",
    "argmax-no-gradient": "supported",
    "step-0-10-no-gradient": "refuted",
    "step-0-10-unsuitable": "supported",
}
TIMED = "relu-computational-cost"
QUICK = ["--rounds=3", "--elements=4096", "--draws=900", "--steps=40"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(tmp_path_factory.mktemp("runs"), "activations", *QUICK)


@pytest.fixture(scope="module")
def evidence(result):
    return {entry["id"]: entry["numbers"] for entry in result["claims"]}


def test_the_chapter_is_whole():
    assert set(catalog.find("activations").claims) == {*EXACT, TIMED}


@pytest.mark.parametrize(("claim", "verdict"), EXACT.items())
def test_exact_verdicts(result, claim, verdict):
    found = {entry["id"]: entry["verdict"] for entry in result["claims"]}
    assert found[claim] == verdict


def test_closed_forms(evidence):
    slopes = evidence["tanh-vs-sigmoid-slope"]
    assert slopes["crossing"] == pytest.approx(1.6628858911, abs=1e-9)
    # 1 - tanh² = 0.01 at artanh √0.99; the sigmoid is tanh of x/2.
    ends = evidence["tanh-saturation-speed"]["flat_from"]
    tenth = np.arctanh(np.sqrt(0.99))
    assert ends["tanh"] == pytest.approx(tenth, abs=1e-9)
    assert ends["sigmoid"] == pytest.approx(2 * tenth, abs=1e-9)
    # At an output of 0.95: 1 - 0.95² and 0.95 (1 - 0.95).
    y = slopes["output"]
    assert slopes["slopes_at_output"]["tanh"] == pytest.approx(1 - y * y, abs=1e-9)
    assert slopes["slopes_at_output"]["sigmoid"] == pytest.approx(y - y * y, abs=1e-9)
    softplus = evidence["softplus-smooth-relu"]
    assert softplus["at_0"] == softplus["largest"] == pytest.approx(np.log(2))
    assert softplus["sharp"] == pytest.approx(np.log(2) / 100)
    affine = evidence["act-linear-affine"]["largest_difference"]
    assert affine["b = 0"] == 0
    assert affine["b = 1"] > 0
    assert evidence["maxout-parameters"]["counts"] == [48, 96, 144]
    low = evidence["swish-nonmonotonic"]["minimum"]["1.0"]
    assert low == pytest.approx([-1.2784645428, -0.2784645428], abs=1e-9)
    means = evidence["leaky-zero-centred"]["mean_output"]
    assert means["0.01"] == pytest.approx(0.99 / np.sqrt(2 * np.pi), abs=1e-12)
    assert means["1.0"] == pytest.approx(0, abs=1e-12)
    left = evidence["leaky-not-complete-fix"]["gradient_left"]
    assert left["leaky ReLU"] == pytest.approx(1e-20)
    assert left["PReLU"] == pytest.approx(2.0**-20)
    assert left["ReLU"] == 0


def test_softmax_stays_below_one_half(evidence):
    found = evidence["softmax-exploding"]
    assert found["largest_norm"] <= 0.5 + 1e-12
    assert found["norm_at_two_equal_outputs"] == pytest.approx(0.5, abs=1e-15)
    assert found["formula_at_logits_1000_0"] == ["nan", "0.0"]


def test_defaults_of_keras(evidence):
    assert evidence["act-formulas"]["keras_defaults"] == {
        "leaky_relu, function": 0.2,
        "LeakyReLU, layer": 0.3,
        "PReLU, start": 0.0,
    }


def test_figures(result):
    names = {entry["file"] for entry in result["figures"]}
    drawn = ("curves", "slopes", "chain", "cost")
    assert names == {f"figures/{name}.png" for name in drawn}


@pytest.mark.parametrize("name", formulas.activations_of_the_notes())
def test_slopes_by_complex_steps(name):
    # f(x + ih) = f(x) + ih f'(x) for analytic pieces: no difference, no rounding.
    x, h = np.array([-3.1, -0.7, -0.01, 0.01, 0.4, 2.9]), 1e-30
    pieces = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "ReLU": lambda z: np.where(x > 0, z, 0),
        "leaky ReLU, α = 0.01": lambda z: np.where(x > 0, z, 0.01 * z),
        "PReLU, α = 0.25": lambda z: np.where(x > 0, z, 0.25 * z),
        "ELU, α = 1": lambda z: np.where(x > 0, z, np.exp(z) - 1),
        "ELU, α = 0.5": lambda z: np.where(x > 0, z, 0.5 * (np.exp(z) - 1)),
        "swish, β = 1": lambda z: z / (1 + np.exp(-z)),
        "swish, β = 2": lambda z: z / (1 + np.exp(-2 * z)),
        "softplus": lambda z: np.log(1 + np.exp(z)),
    }
    slope = pieces[name](x + 1j * h).imag / h
    assert formulas.activations_of_the_notes()[name].slope(x) == pytest.approx(
        slope, abs=1e-12
    )


def test_softmax_jacobian():
    p = softmax.softmax(np.array([0.3, -1.0, 2.0]))
    jacobian = softmax.softmax_jacobian(p)
    assert jacobian.sum(0) == pytest.approx(0, abs=1e-15)  # the sum of p stays 1
    assert jacobian[0, 0] == pytest.approx(p[0] * (1 - p[0]))
    assert jacobian[0, 2] == pytest.approx(-p[0] * p[2])


def test_normal_mean():
    mean = ranges.normal_mean
    assert mean(lambda x: x**2) == pytest.approx(1, abs=1e-12)
    assert mean(np.abs) == pytest.approx(np.sqrt(2 / np.pi), abs=1e-12)


def test_one_sided_slopes():
    assert kinks.one_sided_slopes(np.abs) == pytest.approx((-1, 1))


def test_through_a_row_of_units():
    halved = flat_parts.gradient_through(lambda z: z / 2, lambda z: 0.5, units=3)
    assert halved == 0.125


def test_maxout_units():
    unit = maxout.maxout_unit([2.0, -1.0, 0.0], [0.0, 0.0, 0.5])
    x = np.array([[-3.0], [0.0], [4.0]], "float32")
    assert kinks.apply(unit, x)[:, 0].tolist() == [3.0, 0.5, 8.0]


def test_weights_before_a_step_stay():
    found = flat_parts.train({"activation": "step", "steps": 20, "rows": 200}, 0, None)
    assert found["before"] == 0
    assert found["after"] > 0


def test_gap_is_relative_above_one():
    assert kinks.gap([0.5, 101], [0.25, 100]) == 0.25
    assert kinks.gap([101], [100]) == pytest.approx(0.01)


def test_timings_find_what_takes_longer():
    functions = {
        "short": lambda x: time.sleep(1e-3),
        "long": lambda x: time.sleep(8e-3),
    }
    seconds = cost.time_in_turn(functions, None, rounds=5)
    assert {len(values) for values in seconds.values()} == {5}
    found = stats.greater(seconds["long"], seconds["short"], by=stats.ANY, scale="log")
    assert found.holds
    assert 1 < found.low < found.effect < found.high


def test_gradient_that_is_timed():
    gradient = cost.with_gradient(lambda x: 3 * x)  # of 9 x² / 2
    assert kinks.apply(gradient, np.array([1.0, -2.0])) == pytest.approx([9.0, -18.0])
