"""Activations: formulas, slopes and costs against numbers derived by hand."""

import time

import numpy as np
import pytest

from recipes.basics import (
    _activations_cost,
    _activations_negative,
    _activations_rectifiers,
    _activations_sigmoids,
    _activations_vectors,
    activation_depth,
    activation_training,
    activations,
)
from recipes.basics import _activations_table as formulas
from recipes.lab import stats
from recipes.lab.cli.main import main
from tests.recipes.running import run

EXACT = {
    "act-formulas": "supported",
    "act-derivatives": "supported",
    "sigmoid-derivative-derivation": "refuted",
    "tanh-derivative-derivation": "supported",
    "sigmoid-range-and-max-slope": "supported",
    "tanh-range-and-max-slope": "supported",
    "tanh-is-scaled-sigmoid": "conditional",
    "tanh-vs-sigmoid-slope": "refuted",
    "tanh-saturates-faster": "refuted",
    "tanh-zero-centred": "supported",
    "relu-not-zero-centred": "supported",
    "leaky-zero-centred": "refuted",
    "leaky-max-form": "conditional",
    "relu-gradient-positive-is-one": "refuted",
    "relu-derivative-at-zero": "conditional",
    "relu-nondifferentiable-at-zero": "refuted",
    "leaky-not-complete-fix": "supported",
    "elu-smooth": "conditional",
    "swish-nonmonotonic": "supported",
    "softplus-positive-vanishes": "supported",
    "maxout-generalises": "conditional",
    "softmax-sums-to-one": "supported",
    "softmax-exploding": "refuted",
    "argmax-no-gradient": "supported",
    "step-0-10-no-gradient": "conditional",
}
TIMED = "relu-computational-cost"
QUICK = ["--rounds=3", "--elements=4096", "--draws=900", "--steps=40"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(tmp_path_factory.mktemp("runs"), "activations", *QUICK)


@pytest.fixture(scope="module")
def evidence(result):
    return {entry["id"]: entry["evidence"] for entry in result["claims"]}


def test_the_chapter_is_whole():
    assert {*activations.CLAIMS} == {*EXACT, TIMED}
    parts = (activations, activation_training, activation_depth)
    claims = [claim for part in parts for claim in part.CLAIMS]
    assert len(claims) == len({*claims}) == 37


@pytest.mark.parametrize(("claim", "verdict"), EXACT.items())
def test_exact_verdicts(result, claim, verdict):
    found = {entry["id"]: entry["verdict"] for entry in result["claims"]}
    assert found[claim] == verdict


def test_closed_forms(evidence):
    slopes = evidence["tanh-vs-sigmoid-slope"]
    assert slopes["slopes_cross_at_abs_x"] == pytest.approx(1.6628858911, abs=1e-9)
    # 1 - tanh² = 0.01 at artanh √0.99; the sigmoid is tanh of x/2.
    ends = evidence["tanh-saturates-faster"][
        "abs_x_where_the_slope_is_1_percent_of_its_peak"
    ]
    tenth = np.arctanh(np.sqrt(0.99))
    assert ends["tanh"] == pytest.approx(tenth, abs=1e-9)
    assert ends["sigmoid"] == pytest.approx(2 * tenth, abs=1e-9)
    low = evidence["swish-nonmonotonic"]["minimum_x_and_value"]["β = 1.0"]
    assert low == pytest.approx([-1.2784645428, -0.2784645428], abs=1e-9)
    means = evidence["leaky-zero-centred"]["mean_output_for_inputs_from_N_0_1"]
    assert means["0.01"] == pytest.approx(0.99 / np.sqrt(2 * np.pi), abs=1e-12)
    assert means["1.0"] == pytest.approx(0, abs=1e-12)
    left = evidence["leaky-not-complete-fix"]["gradient_left_after_10_units_from_x_-1"]
    assert left["leaky ReLU, α = 0.01"] == pytest.approx(1e-20)
    assert left["PReLU, α = 0.25"] == pytest.approx(2.0**-20)
    assert left["ReLU"] == 0


def test_softmax_stays_below_one_half(evidence):
    found = evidence["softmax-exploding"]
    assert found["largest_spectral_norm_of_the_Jacobian"] <= 0.5 + 1e-12
    assert found["at_two_equal_outputs"] == pytest.approx(0.5, abs=1e-15)
    assert found["formula_as_written_at_logits_1000_0"] == ["nan", "0.0"]


def test_defaults_of_keras(evidence):
    assert evidence["act-formulas"]["Keras_defaults"] == {
        "leaky_relu, function": 0.2,
        "LeakyReLU, layer": 0.3,
        "PReLU, start": 0.0,
    }


def test_figures(result):
    names = {entry["file"] for entry in result["figures"]}
    assert names == {f"figures/{n}.png" for n in ("curves", "slopes", "cost")}


def test_a_copy_runs(tmp_path):
    path = tmp_path / "mine.py"
    assert main(["copy", "activations", str(path)]) == 0
    smoke = run(tmp_path, str(path), "--smoke")
    assert [entry["id"] for entry in smoke["claims"]] == list(activations.CLAIMS)
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}


@pytest.mark.parametrize("name", formulas.table())
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
    assert formulas.table()[name].slope(x) == pytest.approx(slope, abs=1e-12)


def test_softmax_jacobian():
    p = formulas.softmax(np.array([0.3, -1.0, 2.0]))
    jacobian = formulas.softmax_jacobian(p)
    assert jacobian.sum(0) == pytest.approx(0, abs=1e-15)  # the sum of p stays 1
    assert jacobian[0, 0] == pytest.approx(p[0] * (1 - p[0]))
    assert jacobian[0, 2] == pytest.approx(-p[0] * p[2])


def test_normal_mean():
    mean = _activations_sigmoids.normal_mean
    assert mean(lambda x: x**2) == pytest.approx(1, abs=1e-12)
    assert mean(np.abs) == pytest.approx(np.sqrt(2 / np.pi), abs=1e-12)


def test_one_sided_slopes():
    assert _activations_rectifiers.one_sided(np.abs) == pytest.approx((-1, 1))


def test_through_a_row_of_units():
    halved = _activations_negative.through(lambda z: z / 2, lambda z: 0.5, units=3)
    assert halved == 0.125


def test_maxout_units():
    unit = _activations_vectors.maxout_unit([2.0, -1.0, 0.0], [0.0, 0.0, 0.5])
    x = np.array([[-3.0], [0.0], [4.0]], "float32")
    assert formulas.apply(unit, x)[:, 0].tolist() == [3.0, 0.5, 8.0]


def test_weights_before_a_step_stay():
    found = _activations_vectors.train_hidden(lambda v: 0 * v + 1.0, 20)
    assert found["hidden"] == 0
    assert found["output"] > 0


def test_gap_is_relative_above_one():
    assert formulas.gap([0.5, 101], [0.25, 100]) == 0.25
    assert formulas.gap([101], [100]) == pytest.approx(0.01)


def test_timings_find_what_takes_longer():
    functions = {
        "short": lambda x: time.sleep(1e-3),
        "long": lambda x: time.sleep(8e-3),
    }
    seconds = _activations_cost.alternate(functions, None, rounds=5)
    assert {len(values) for values in seconds.values()} == {5}
    found = stats.paired(np.log(seconds["long"]), np.log(seconds["short"]))
    assert found.positive
    center, low, high = _activations_cost.ratio(found)
    assert 1 < low < center < high


def test_gradient_that_is_timed():
    gradient = _activations_cost.with_gradient(lambda x: 3 * x)  # of 9 x² / 2
    assert formulas.apply(gradient, np.array([1.0, -2.0])) == pytest.approx(
        [9.0, -18.0]
    )
