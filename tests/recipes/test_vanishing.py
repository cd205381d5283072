"""The vanishing recipe: back-propagation by hand, and readings that can be wrong."""

import keras
import numpy as np
import pytest

from recipes.gradients.clipping import rules
from recipes.gradients.exploding import divergence
from recipes.gradients.vanishing import depth, diagnosis, memory, remedies, slopes
from recipes.lab.testing import RecordingLab, judged
from zoo import mlp

# What the lessons share, under the names that they use.
Start, watch, draw_weights = rules.Start, rules.watch, rules.draw_weights
LAB = RecordingLab("vanishing")

# Slopes --------------------------------------------------------------------------


def test_slopes_are_those_of_the_notes():
    assert slopes.slope("sigmoid", 5.0) == pytest.approx(0.0066480567, rel=1e-7)
    assert slopes.slope("tanh", -5.0) == pytest.approx(0.00018158323, rel=1e-6)
    assert slopes.slope("sigmoid", 0.0) == 0.25
    assert slopes.slope("ReLU", [-1e3, 1e3]).tolist() == [0, 1]


def test_slopes_vanish_on_every_backend():
    """JAX has float32 alone, which rounds 1 - tanh² at 10 to nothing."""
    assert judged(slopes.slopes_vanish, LAB)["verdict"] == "supported"


def test_large_inputs_is_judged_and_a_wrong_slope_is_seen(monkeypatch):
    found = judged(slopes.slopes_vanish, LAB)
    # Beyond x the rounded 1 - σ(x) is 0 where 1/(1 + eˣ) is under half a step, 2⁻²⁵.
    assert found["numbers"]["ends"]["sigmoid"] == pytest.approx(25 * np.log(2), abs=1.0)
    swapped = {**slopes.ACTIVATIONS, "tanh": keras.activations.softsign}
    monkeypatch.setattr(slopes, "ACTIVATIONS", swapped)
    assert judged(slopes.slopes_vanish, LAB)["verdict"] == "conditional"


# Watching ------------------------------------------------------------------------


def compiled(**settings):
    model = mlp((5,), 3, units=(4, 4), **settings)
    model.compile(
        keras.optimizers.SGD(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 5)).astype("float32"), rng.integers(0, 3, 12)


def by_hand(weights, x, y):
    """Norms of the gradients of a tanh network's kernels and biases, in NumPy."""
    kernels, biases = weights[::2], weights[1::2]
    inputs = [x]
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        inputs.append(np.tanh(inputs[-1] @ kernel + bias))
    logits = inputs[-1] @ kernels[-1] + biases[-1]
    exps = np.exp(logits - logits.max(1, keepdims=True))
    delta = (exps / exps.sum(1, keepdims=True) - np.eye(3)[y]) / len(y)
    found = []
    for kernel, below in zip(reversed(kernels), reversed(inputs), strict=True):
        found.append((np.linalg.norm(below.T @ delta), np.linalg.norm(delta.sum(0))))
        delta = (delta @ kernel.T) * (1 - below**2)
    return np.array(found[::-1]).T


def test_norms_are_those_of_back_propagation_by_hand(batch):
    model = compiled(activation="tanh")
    starts = [
        Start(draw_weights(model, seed, "glorot", gain=2.0), (0.0,))
        for seed in range(2)
    ]
    reports = watch(model, starts, *batch, batch_size=12)
    for start, report in zip(starts, reports, strict=True):
        kernel, signal = by_hand(start.weights, *batch)
        np.testing.assert_allclose(report["kernel"], [kernel], rtol=1e-4)
        np.testing.assert_allclose(report["signal"], [signal], rtol=1e-4)
    _, signal = by_hand(starts[0].weights, *batch)
    ratio = depth.first_to_last(reports[:1])[0]
    assert ratio == pytest.approx(signal[0] / signal[1], rel=1e-4)


def test_starts_of_one_fit_know_nothing_of_each_other(batch):
    model = compiled()
    one, other = (
        Start(draw_weights(model, seed, "he"), (0.0, 0.5, 0.1)) for seed in range(2)
    )
    # All rows in a batch: the order within an epoch makes no difference.
    together = watch(model, [one, other], *batch, batch_size=12)
    alone = watch(model, [other], *batch, batch_size=12)
    for key in ("loss", "grad_norm", "grad_norm/hidden_1"):
        np.testing.assert_allclose(
            together[1]["history"][key], alone[0]["history"][key], rtol=1e-5
        )
    losses = together[0]["history"]["loss"]
    assert losses[1] == pytest.approx(losses[0])  # rate 0 only looked
    assert losses[2] < losses[1]


def test_signal_is_taken_where_a_gradient_is(batch):
    """Behind batch normalization a bias has no gradient: beta stands in for it."""
    model = compiled(normalization="batch")
    start = Start(draw_weights(model, 0, "he"), (0.0,))
    (report,) = watch(model, [start], *batch, batch_size=12)
    norms = report["history"]
    assert min(report["signal"][0]) > 1e-4
    assert len(report["signal"][0]) == len(report["kernel"][0]) == 3
    assert "grad_norm/hidden_1" in norms


def test_draws_differ_in_nothing_but_their_scale():
    model = compiled(normalization="batch")
    he = draw_weights(model, 3, "he", bias=-2.0)
    glorot = draw_weights(model, 3, "glorot", gain=3.0)
    fixed = draw_weights(model, 3, 0.01)
    np.testing.assert_allclose(he[0] / (2 / 5) ** 0.5, fixed[0] / 0.01)
    np.testing.assert_allclose(glorot[0] / 3 / (2 / 9) ** 0.5, fixed[0] / 0.01)
    by_path = {w.path: a for w, a in zip(model.weights, he, strict=True)}
    assert by_path["hidden_1/bias"].tolist() == [-2.0] * 4
    assert not by_path["logits/bias"].any()
    assert (by_path["hidden_2_normalization/gamma"] == 1).all()
    np.testing.assert_array_equal(he[-2], fixed[-2])  # the output's is always Glorot's
    wide = draw_weights(mlp((400,), 2, units=(400,)), 0, "lecun")[0]
    assert wide.var() == pytest.approx(1 / 400, rel=0.02)


def test_a_test_counts_what_is_no_number_as_wrong():
    test = memory.Test([Start([], (0.0, 0.0))], np.zeros((4, 2)), np.zeros(4))

    class Model:
        def predict_on_batch(self, x):
            return np.array([[1.0, 0.0], [0.0, 1.0], [np.nan] * 2, [2.0, 1.0]])

    test._model = Model()
    test.on_epoch_end(0)
    assert test.accuracies == []  # the start has another epoch
    test.on_epoch_end(1)
    assert test.accuracies == [0.5]


def test_flags_and_ratios_over_seeds():
    flags = ([True] * 2, [False] * 2, [True, False])
    assert [divergence.unanimous(f) for f in flags] == [True, False, None]
    assert depth.middle([1e-4, 1e-2]) == pytest.approx(1e-3)


# Diagnosis -----------------------------------------------------------------------


def told(number: float, noise: float = 0.0) -> dict:
    """A network whose loss says `number`; its other readings say nothing."""
    return {"loss curves": [number + noise], "gradient sizes": [0.0], "weights": [0.0]}


def rounds_of(count: int, tell) -> list:
    """Rounds of one network of each ailment, by its number in the list."""
    rng = np.random.default_rng(count)
    numbers = range(len(diagnosis.AILMENTS))
    return [
        [told(tell(number), rng.uniform(0, 0.1)) for number in numbers]
        for _ in range(count)
    ]


def test_a_reading_that_tells_is_believed_and_one_that_does_not_is_not(monkeypatch):
    rounds = rounds_of(4, float), rounds_of(10, float)
    monkeypatch.setattr(diagnosis, "rounds", lambda lab: rounds)
    found = judged(diagnosis.diagnosis, LAB)
    assert found["verdict"] == "conditional"
    assert found["holds"] == ["loss curves", "all three"]
    assert found["fails"] == ["gradient sizes", "weights"]
    shares = found["numbers"]["shares"]
    assert shares["loss curves"] == 1
    assert shares["weights"] == pytest.approx(1 / 6)  # the same answer for everything


def test_a_reading_that_tells_two_groups_apart_is_half_right(monkeypatch):
    rounds = (
        rounds_of(4, lambda number: float(number > 2)),
        rounds_of(10, lambda number: float(number > 2)),
    )
    answers = diagnosis.named(*rounds, ("loss curves",))
    assert answers.shape == (10, 6)
    # Never an ailment of the other group; which one of its own, noise decides.
    groups = np.array([diagnosis.AILMENTS.index(one) > 2 for one in answers.ravel()])
    np.testing.assert_array_equal(groups, np.tile([False] * 3 + [True] * 3, 10))


def test_every_ailment_is_in_what_is_drawn():
    """The cause that is put in, by its own number, and nothing else beside it."""
    for activation, good in (("relu", "he"), ("tanh", "glorot")):
        drawn = {
            name: diagnosis.ail(activation, name, 3) for name in diagnosis.AILMENTS
        }
        assert 0.03 < drawn["healthy"]["rate"] < 0.17
        assert set(drawn["healthy"]) == {"rule", "rate"}
        assert drawn["weights too small"]["rule"] < 0.04
        assert drawn["weights too large"]["gain"] >= 3
        assert drawn["dead units"]["bias"] <= -8
        assert drawn["rate too small"]["rate"] <= 1e-5
        assert drawn["rate too large"]["rate"] > 5
        rules = [one["rule"] for one in drawn.values()]
        assert rules.count(good) == 5


def test_readings_by_hand():
    assert diagnosis.powers([1e-12, 0.0, 10.0, np.nan, np.inf]) == [-9, -9, 1, 9, 9]
    layers = diagnosis.DEPTH
    weights = [np.tile([1.0, -1.0], (4, 2)), np.full(4, -2.0)] * layers
    changes = {f"update_ratio/hidden_{n}": [0.0, 0.01, 0.01] for n in (1, 4, 8)}
    report = {
        "history": {"loss": [1.0, 0.1, 0.01], **changes},
        "kernel": [[0.1] * 8 + [1.0], [1.0] * 9, [10.0] * 9],
    }
    seen = diagnosis.readings(report, weights)
    assert seen["loss curves"] == pytest.approx([0, -1, -2])
    assert seen["gradient sizes"] == pytest.approx([-1, -1, -1, 1, 1])
    # Kernels of deviation 1 with 4 inputs have a size of 2; each update changes 1 %.
    assert seen["weights"] == pytest.approx([np.log10(2), -2, -2, -2, -2.0])


# Remedies ------------------------------------------------------------------------


def test_a_loss_that_is_no_number_counts_as_guessing():
    runs = [{"history": {"loss": [3.0, last]}} for last in (np.nan, 9.0, 1.0)]
    np.testing.assert_allclose(remedies.final_loss(runs), [np.log(10)] * 2 + [1.0])


def test_recall_asks_for_the_first_symbol():
    x, y = memory.recall(50, 7, seed=1)
    assert x.shape == (50, 7, 4)
    assert (x.sum(2) == 1).all()
    assert (x[:, 0].argmax(1) == y[:, 0]).all()
    assert set(y[:, 0]) == {0, 1}
    assert not x[:, 1:, :2].any()  # it occurs nowhere else


def test_reach_is_that_of_finite_differences():
    model = memory.build("simple_rnn")
    model.set_weights(memory.initial_weights(model, 0))
    x, y = memory.recall(1, 3, seed=0)

    def loss(x):
        logit = model.predict_on_batch(x)[0, 0]
        return np.logaddexp(0, logit) - y[0, 0] * logit

    for step, norm in enumerate(memory.reach(model, x, y)):
        slope = []
        for symbol in range(4):
            moved = np.zeros_like(x)
            moved[0, step, symbol] = 0.01
            slope.append((loss(x + moved) - loss(x - moved)) / 0.02)
        assert np.linalg.norm(slope) == pytest.approx(norm, rel=5e-3)


def test_failing_has_three_answers():
    short = np.ones(5)
    assert memory.fails(short, np.full(5, 0.9)) is False
    assert memory.fails(short, np.array([0.5, 0.49, 0.51, 0.5, 0.52])).holds is True
    assert memory.fails(short, np.array([0.5, 1, 1, 1, 1])).holds is None


def test_a_gradient_flows_only_if_it_neither_vanishes_nor_explodes(monkeypatch):
    """Ratios of first to last layer: 0.5 flows, 1/50 and 50 do not."""

    def found(ratio):
        runs = [
            {"signal": [[ratio * w, 1.0, 1.0]], "kernel": [[1.0] * 3],
             "history": {"loss": [2.3, 1.0 * w]}}
            for w in np.linspace(0.95, 1.05, 5)
        ]  # fmt: skip
        names = (*remedies.REMEDIES.values(), "sigmoid, rate 1", remedies.UNTREATED)
        table = dict.fromkeys(names, runs)
        tiny = [[[1e-6 * run["signal"][0][0], 1.0, 1.0]] for run in runs]
        table["sigmoid"] = [
            {**run, "signal": one} for run, one in zip(runs, tiny, strict=True)
        ]
        monkeypatch.setattr(remedies, "networks", lambda lab: table)
        return judged(remedies.remedies_help, LAB)

    helped = found(0.5)
    assert helped["verdict"] == "conditional"  # advice: the one that fails counts
    assert helped["fails"] == ["sigmoid, Glorot's weights"]
    for ratio in (0.02, 50.0):
        assert found(ratio)["verdict"] == "refuted"


def test_large_inputs_are_a_first_kernel_as_many_times_as_large(batch):
    """What the recipe does in place of other inputs."""
    model = compiled(activation="tanh")
    weights = draw_weights(model, 1, "glorot")
    (wanted,) = watch(
        model, [Start(weights, (0.0,))], 6 * batch[0], batch[1], batch_size=12
    )
    weights[0] = 6 * weights[0]
    (found,) = watch(model, [Start(weights, (0.0,))], *batch, batch_size=12)
    np.testing.assert_allclose(found["signal"], wanted["signal"], rtol=1e-4)


@pytest.mark.parametrize(("lstm", "less"), [(1e-8, "even less"), (1e-2, "no less")])
def test_a_title_says_whose_first_steps_get_less(monkeypatch, lstm, less):
    found = {
        name: np.array([np.geomspace(first, 1, LAB.settings.length)] * 2)
        for name, first in (("SimpleRNN", 1e-4), ("LSTM", lstm))
    }
    lab = RecordingLab("vanishing")
    monkeypatch.setattr(memory, "reaches", lambda lab: found)
    memory.draw_reach(lab)
    title = lab.figures["reach"][0].axes[0].get_title(loc="left")
    assert title.endswith(f"get {less} than a SimpleRNN's")


# The whole -----------------------------------------------------------------------


def test_too_shallow_or_short_is_refused(recipes_run):
    said = recipes_run("vanishing", "--depth", "3", code=2)
    assert "--depth must be at least 4" in said
