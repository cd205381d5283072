"""The recurrent recipe: cells against PyTorch and against steps counted by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from recipes.architectures.recurrent import (
    _sequences,
    conveyor,
    distance,
    forgetting,
    gates,
    rectified,
    stability,
    state,
    unrolled,
)
from recipes.lab import catalog, gradients, reseed
from recipes.lab.testing import RecordingLab, judged

LAB = RecordingLab("recurrent", seeds=2)


def test_the_chapter_is_whole():
    assert set(catalog.find("recurrent").claims) == {
        "rnn-memory",
        "rnn-bptt",
        "rnn-order-matters",
        "rnn-vanishing",
        "lstm-gates",
        "lstm-forget-semantics",
        "lstm-output-gate",
        "lstm-gradient-preserved",
        "lstm-beats-rnn-long",
        "lstm-nonlinear-stability",
        "rnn-relu-vs-tanh",
        "gru-gates",
    }


# Gates ---------------------------------------------------------------------------


def test_an_lstm_step_by_hand():
    """One unit, one feature: every number can be written down."""
    x, h, c = (np.array([[value]]) for value in (2.0, 0.5, -1.0))
    kernel = np.array([[0.1, 0.2, 0.3, 0.4]])
    recurrent_kernel = np.array([[1.0, -1.0, 0.5, 2.0]])
    bias = np.array([0.0, 1.0, -0.1, 0.2])
    # i = σ(0.7), f = σ(0.9), g = tanh(0.75), o = σ(2.0)
    cell = 0.6681877722 * 0.6351489524 + 0.7109495026 * -1.0
    hidden, cells = gates.lstm_step(x, h, c, kernel, recurrent_kernel, bias)
    assert cells == pytest.approx(cell, rel=1e-9)
    assert hidden == pytest.approx(0.8807970780 * np.tanh(cell), rel=1e-9)


def test_a_gru_step_by_hand_in_both_forms():
    x, h = np.array([[2.0]]), np.array([[0.5]])
    kernel, recurrent_kernel = np.array([[0.1, 0.2, 0.3]]), np.array([[1.0, -1.0, 2.0]])
    # z = σ(0.7) and r = σ(-0.1) in both; the candidate sees r (2h + 0.4) or 2 (r h).
    z, r = 0.6681877722, 0.4750208125
    biases = np.array([[0.0, 0.0, -0.1], [0.0, 0.0, 0.4]])
    after = gates.gru_step(x, h, kernel, recurrent_kernel, biases)
    expected = z * 0.5 + (1 - z) * np.tanh(0.5 + r * 1.4)
    assert after == pytest.approx(expected, rel=1e-9)
    before = gates.gru_step(x, h, kernel, recurrent_kernel, biases[0], False)
    expected = z * 0.5 + (1 - z) * np.tanh(0.5 + 2 * r * 0.5)
    assert before == pytest.approx(expected, rel=1e-9)


def random_weights(blocks: int, biases: tuple[int, ...]):
    """Weights in Keras's layout for 3 features and 4 units."""
    rng = np.random.default_rng(3)
    kernel, recurrent_kernel = (
        rng.normal(size=(3, blocks)),
        rng.normal(size=(4, blocks)),
    )
    return kernel, recurrent_kernel, rng.normal(size=biases)


def reordered(weights: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Puts the blocks of four columns into another order, as rows for PyTorch."""
    blocks = np.split(weights, len(order), axis=-1)
    return np.concatenate([blocks[index] for index in order], axis=-1).T


def test_steps_are_those_of_pytorch():
    """PyTorch orders an LSTM's gates as Keras; a GRU's are reset, update, candidate."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    x, h, c = (rng.normal(size=(5, size)) for size in (3, 4, 4))

    def given(cell, order, weights, second):
        kernel, recurrent_kernel, bias = weights
        first = bias if bias.ndim == 1 else bias[0]
        values = (kernel, recurrent_kernel, first, second)
        with torch.no_grad():
            for parameter, value in zip(cell.parameters(), values, strict=True):
                parameter.copy_(torch.from_numpy(reordered(value, order).copy()))
        return cell

    weights = random_weights(16, (16,))
    cell = torch.nn.LSTMCell(3, 4, dtype=torch.float64)
    cell = given(cell, (0, 1, 2, 3), weights, np.zeros(16))
    states = torch.from_numpy(h), torch.from_numpy(c)
    theirs = [part.detach().numpy() for part in cell(torch.from_numpy(x), states)]
    np.testing.assert_allclose(gates.lstm_step(x, h, c, *weights), theirs, atol=1e-12)

    weights = random_weights(12, (2, 12))
    cell = torch.nn.GRUCell(3, 4, dtype=torch.float64)
    cell = given(cell, (1, 0, 2), weights, weights[2][1])
    theirs = cell(torch.from_numpy(x), states[0]).detach().numpy()
    np.testing.assert_allclose(gates.gru_step(x, h, *weights), theirs, atol=1e-12)


def test_parameters_of_an_lstm_by_hand():
    numbers = judged(gates.step_of_keras, LAB)["numbers"]
    assert numbers["parameters"] == 5248  # 4 (8·32 + 32² + 32)
    assert numbers["simple"] == 1312


@pytest.mark.parametrize(
    ("claim", "verdict", "fails"),
    [
        (state.carries_the_past, "supported", []),
        (state.reads_in_order, "supported", []),
        (unrolled.is_back_propagation, "supported", []),
        (gates.step_of_keras, "supported", []),
        (gates.output_gate, "conditional", ["read as the tanh of the sigmoid"]),
        (forgetting.keeps_or_forgets, "supported", []),
        (gates.gru_of_keras, "supported", []),
    ],
)
def test_exact_claims(claim, verdict, fails):
    found = judged(claim, LAB)
    assert (found["verdict"], found["fails"]) == (verdict, fails)


def test_a_wrong_step_is_seen(monkeypatch):
    """A candidate behind a sigmoid, say, is not Keras's LSTM."""

    def wrong(x, h, c, kernel, recurrent_kernel, bias):
        i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
        c = gates.sigmoid(f) * c + gates.sigmoid(i) * gates.sigmoid(g)
        return gates.sigmoid(o) * np.tanh(c), c

    monkeypatch.setattr(gates, "lstm_step", wrong)
    found = judged(gates.step_of_keras, LAB)
    assert found["fails"] == ["the step written out gives Keras's numbers"]


def test_cell_states_fade_by_powers_of_the_gate():
    left = forgetting.cell_states(np.array([0.0, 1.0]))
    expected = np.array([0.5, 1 / (1 + np.exp(-1))]) ** np.arange(21)[:, None]
    np.testing.assert_allclose(left, expected, rtol=1e-12)


# Back through time ---------------------------------------------------------------


def test_gradients_by_hand_are_those_of_finite_differences():
    (x, y), shared = unrolled.task(0, steps=4), unrolled.weights(0)
    found = [part.sum(0) for part in unrolled.by_hand(x, y, *shared)]

    def loss(kernel, recurrent_kernel, bias):
        h = np.zeros_like(y)
        for step in range(4):
            h = np.tanh(x[:, step] @ kernel + h @ recurrent_kernel + bias)
        return ((h - y) ** 2).sum() / 2

    for number, place in ((0, (1, 2)), (1, (3, 0)), (2, (5,))):
        sides = []
        for change in (1e-6, -1e-6):
            moved = [value.copy() for value in shared]
            moved[number][place] += change
            sides.append(loss(*moved))
        slope = (sides[0] - sides[1]) / 2e-6
        assert found[number][place] == pytest.approx(slope, rel=1e-6)


def test_one_step_has_nothing_to_say_of_the_state_before_it():
    (x, y), shared = unrolled.task(0, steps=1), unrolled.weights(0)
    assert not unrolled.by_hand(x, y, *shared)[1].any()


# Along the cell ------------------------------------------------------------------


def test_without_recurrent_weights_the_gradient_is_the_product_of_the_gates(
    monkeypatch,
):
    """Nothing but the cell carries it then: Keras's gradient is the product."""
    drawn = conveyor.layer

    def alone(bias, seed):
        one = drawn(bias, seed)
        kernel, recurrent_kernel, vector = one.get_weights()
        one.set_weights([0 * kernel, 0 * recurrent_kernel, vector])
        return one

    monkeypatch.setattr(conveyor, "layer", alone)
    found = conveyor.along_the_cell(1.0, 0, 7)
    gate = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(found["gates"], gate ** np.arange(8), rtol=1e-12)
    np.testing.assert_allclose(found["whole"], gate**7, rtol=1e-12)


def test_gradients_are_preserved_by_open_gates_only():
    found = judged(
        conveyor.is_preserved, RecordingLab("recurrent", seeds=6, length=100)
    )
    assert found["verdict"] == "conditional"
    assert found["holds"] == ["bias log 100 (σ = 0.990)", "held open (σ = 1)"]
    powers = found["numbers"]["powers"]
    assert powers == {"0.5": "7.9e-31", "0.731": "2.5e-14", "0.9": "2.7e-05",
                      "0.99": "0.37"}  # fmt: skip


# State ---------------------------------------------------------------------------


def test_a_layer_without_recurrence_forgets_at_once():
    one, x = state.layer(state.WITHOUT, 0), state.sequences(0)
    moved = state.changed_by_first(one, x)
    assert moved[0] > 0
    assert not moved[1:].any()


# Trained -------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_networks_have_about_as_many_weights(cell):
    units = distance.UNITS[cell]
    model = distance.build((7, 4), cell, units, "tanh")
    assert model.count_params() == pytest.approx(1340, rel=0.03)


def test_sequences_to_recall_name_their_first_symbol():
    x, y = distance.draw("recall", 50, 6, seed=3)
    assert x.shape == (50, 6, 4)
    assert (x.sum(-1) == 1).all()
    assert (x[:, 0, 1] == y[:, 0]).all()
    assert not x[:, 0, 2:].any()
    assert not x[:, 1:, :2].any()
    other = distance.draw("recall", 50, 6, seed=4)[0]
    assert (other != x).any()


def test_starts_for_long_sequences():
    model = distance.build((7, 4), "simple_rnn", 5, "relu")
    drawn = distance.start("identity", 7)
    assert drawn
    np.testing.assert_array_equal(drawn(model)[1], np.eye(5))
    model = distance.build((7, 4), "lstm", 2, "tanh")
    drawn = distance.start("log T", 50)
    assert drawn
    bias = drawn(model)[2]
    assert bias.tolist() == pytest.approx([0, 0, *[np.log(50)] * 2, 0, 0, 0, 0])
    assert distance.start("Keras's", 7) is None


@pytest.mark.parametrize("kind", ["identity", "log T"])
def test_a_start_knows_nothing_of_earlier_trainings(kind):
    cell = "lstm" if kind == "log T" else "simple_rnn"
    model, found = distance.build((7, 4), cell, 3, "tanh"), []
    drawn = distance.start(kind, 7)
    assert drawn
    for factor in (1.0, np.nan):
        model.set_weights([factor * array for array in model.get_weights()])
        reseed(3)
        found.append(drawn(model))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


STABLE = {
    "functions": ["tanh", "sigmoid", 1.0],
    "learning_rate": 0.1,
    "length": 5,
    "sequences": 64,
    "epochs": 2,
    "measured": True,
    "xla": False,
}


def test_trainings_do_not_depend_on_those_before():
    alone = stability.train(STABLE, 0, None)
    stability.train({**STABLE, "learning_rate": 1e4}, 1, None)
    assert stability.train(STABLE, 0, None) == alone
    case = {
        "task": "adding",
        "network": "LSTM, forget bias log T",
        "length": 5,
        "learning_rate": 0.01,
        "epochs": 1,
        "sequences": 64,
        "xla": False,
    }
    alone = _sequences.train(case, 0, None)
    _sequences.train({**case, "learning_rate": 1.0}, 1, None)
    assert _sequences.train(case, 0, None) == alone


def test_from_the_identity_a_relu_passes_the_whole_gradient_on():
    """Where no input reaches the state, every step's own share is the same."""
    model = distance.build((9, 4), "simple_rnn", 6, "relu")

    def positive(_):
        kernel, _, bias, *head = model.get_weights()
        return [abs(kernel), np.eye(6), bias, *head]

    norms = distance.reach(model, positive, 9, 0)
    np.testing.assert_allclose(norms, norms[0], rtol=1e-5)


def test_the_written_rectifier_is_that_of_keras():
    x = np.array([-2.0, -0.0, 0.0, 3.0], "float32")
    ours = gradients(lambda v: ops.sum(_sequences.rectify(v[0])), [x])[0]
    theirs = gradients(lambda v: ops.sum(keras.activations.relu(v[0])), [x])[0]
    np.testing.assert_array_equal(ours, theirs)
    values = ops.convert_to_numpy(_sequences.rectify(ops.convert_to_tensor(x)))
    assert values.tolist() == [0, 0, 0, 3]


def test_a_better_error_is_half_of_it():
    low, high = np.full(10, 0.01), np.full(10, 0.1)
    noise = np.linspace(0.9, 1.1, 10)
    assert distance.better("adding", low * noise, high).holds is True
    assert distance.better("adding", high * noise, 1.1 * high).holds is False
    assert distance.better("recall", 1 - low, 1 - high * noise).holds is True


SCORES = {
    ("recall", 100): {"SimpleRNN, tanh": 0.5, "SimpleRNN, ReLU": 0.5,
                      "SimpleRNN, ReLU from the identity": 0.9},
    ("adding", 50): {"SimpleRNN, tanh": 0.1, "SimpleRNN, ReLU": 0.15,
                     "SimpleRNN, ReLU from the identity": 0.01},
}  # fmt: skip


def test_relu_is_judged_by_its_starts(monkeypatch):
    """The verdict follows the scores: here of a world where only one start helps."""
    noise = np.linspace(-0.005, 0.005, 10)
    found = {
        place: {name: value + noise for name, value in row.items()}
        for place, row in SCORES.items()
    }
    rates = dict.fromkeys(SCORES["adding", 50], 0.01)
    monkeypatch.setattr(rectified, "scores", lambda lab: found)
    monkeypatch.setattr(
        rectified, "trainings", lambda lab: {one: (found[one], rates) for one in found}
    )
    judgment = judged(
        rectified.relu_against_tanh, RecordingLab("recurrent", length=100)
    )
    assert judgment["verdict"] == "conditional"
    assert judgment["holds"] == [
        "from the identity: recall over 100",
        "from the identity: adding over 50",
    ]


def test_a_training_worse_than_answering_zero_is_not_stable():
    calm = stability.train(STABLE, 0, None)
    assert calm["stable"]
    assert calm["reach"] > 0
    wild = stability.train({**STABLE, "learning_rate": 1e4}, 0, None)
    assert not wild["stable"]


def test_a_shut_forget_gate_lets_nothing_along_the_cell():
    model = stability.lstm((30, 2), "tanh", "sigmoid")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 30, 2)).astype("float32"), np.zeros((8, 1), "float32")
    reaches = {}
    for bias in (stability.SHUT, stability.OPEN):
        kernel, recurrent_kernel, vector, *head = model.get_weights()
        vector[stability.UNITS : 2 * stability.UNITS] = bias
        model.set_weights([kernel, recurrent_kernel, vector, *head])
        reaches[bias] = stability.first_over_last(model, x, y)
    assert reaches[stability.SHUT] < 1e-6
    assert reaches[stability.OPEN] > 0.01


@pytest.mark.parametrize("flag", ["--length=29", "--length=1001", "--epochs=101"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("recurrent", flag, code=2)
