"""Gates: one step of an LSTM and of a GRU, written out.

A gate is a sigmoid, between 0 and 1, that multiplies something: what is kept of the
cell state, what is added to it, what of it is shown. `lstm_step` and `gru_step` are a
step each in NumPy; Keras's layers give the same numbers. Use them as a reference for a
cell of your own, or change a line and see what the comparison says.
"""

import keras
import numpy as np
from keras import ops

from recipes.architectures.recurrent._rounding import rounding
from recipes.lab import Finding, claim, main, reseed

UNITS, FEATURES, STEPS, ROWS = 32, 8, 20, 16


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e⁻ˣ)."""
    return 1 / (1 + np.exp(-x))


def lstm_step(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of an LSTM, with weights as `keras.layers.LSTM` keeps them.

    Args:
        x: Inputs of the step (rows, features).
        h: Hidden state (rows, units).
        c: Cell state (rows, units).
        kernel: (features, 4 units): input, forget, candidate, output.
        recurrent_kernel: (units, 4 units).
        bias: (4 units,).

    Returns:
        The next hidden state and the next cell state.
    """
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(
    x: np.ndarray,
    h: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    reset_after: bool = True,
) -> np.ndarray:
    """One step of a GRU, with weights as `keras.layers.GRU` keeps them.

    Args:
        x: Inputs of the step (rows, features).
        h: Hidden state (rows, units).
        kernel: (features, 3 units): update, reset, candidate.
        recurrent_kernel: (units, 3 units).
        bias: (2, 3 units), of inputs and of the state; (3 units,) if not reset_after.
        reset_after: Whether the reset gate multiplies behind the recurrent product, as
            cuDNN and PyTorch do, or the state before it, as Cho et al. write.

    Returns:
        The next hidden state.
    """
    of_x, of_h = bias if reset_after else (bias, np.zeros_like(bias))
    xz, xr, xg = np.split(x @ kernel + of_x, 3, axis=-1)
    uz, ur, ug = np.split(recurrent_kernel, 3, axis=-1)
    bz, br, bg = np.split(of_h, 3)
    z, r = sigmoid(xz + h @ uz + bz), sigmoid(xr + h @ ur + br)
    past = r * (h @ ug + bg) if reset_after else (r * h) @ ug
    return z * h + (1 - z) * np.tanh(xg + past)


def drawn(one: keras.layers.Layer, seed: int) -> list[np.ndarray]:
    """Gives a layer random weights in which no bias is zero; returns them."""
    reseed(seed)
    one.build((None, None, FEATURES))
    *kernels, bias = one.get_weights()
    rng = np.random.default_rng([seed, 54])
    found = [*kernels, bias + 0.5 * rng.normal(size=bias.shape)]
    one.set_weights(found)
    return found


def sequences(seed: int) -> np.ndarray:
    """Random sequences (rows, steps, features)."""
    return np.random.default_rng([seed, 55]).normal(size=(ROWS, STEPS, FEATURES))


def off_by(one: keras.layers.Layer, hidden: np.ndarray, seed: int) -> float:
    """How far a layer's last output is from a hidden state."""
    return float(np.abs(ops.convert_to_numpy(one(sequences(seed))) - hidden).max())


def by_hand(seed: int, weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The hidden and cell state behind all steps of an LSTM."""
    h = c = np.zeros((ROWS, UNITS))
    for x in np.swapaxes(sequences(seed), 0, 1):
        h, c = lstm_step(x, h, c, *weights)
    return h, c


@claim(
    "lstm-gates",
    "An LSTM has a cell state and three sigmoid gates: the forget gate says what is "
    "kept of it, the input gate what is added of a tanh candidate, the output gate "
    "what of it is shown as the hidden state.",
    says="is",
    notes="002",
    scope="8 features, 32 units, 20 steps, random weights in float64; nothing is "
    "trained",
)
def step_of_keras(lab):
    """Compares 20 steps by hand with Keras's layer, and counts the parameters."""
    seed = lab.seeds[0]
    one = keras.layers.LSTM(UNITS, dtype="float64")
    h, c = by_hand(seed, drawn(one, seed))
    gap = off_by(one, h, seed)
    simple = keras.layers.SimpleRNN(UNITS)
    simple.build((None, None, FEATURES))
    four = 4 * (FEATURES * UNITS + UNITS**2 + UNITS)
    return Finding(
        {
            "the step written out gives Keras's numbers": gap < rounding(),
            "candidate and three gates: 4 × a SimpleRNN's weights": one.count_params()
            == four
            == 4 * simple.count_params(),
            # A cell state is a sum of candidates: only what is shown is bounded.
            "what is shown lies in (-1, 1)": bool((np.abs(h) < 1).all()),
        },
        "Twenty steps written out and Keras's LSTM differ by {gap:.0e}. It has "
        "{parameters:,} parameters, four times the {simple:,} of a SimpleRNN. The cell "
        "state reaches {cell:.2f}, the hidden state only {hidden:.2f}.",
        gap=gap,
        parameters=one.count_params(),
        simple=simple.count_params(),
        cell=float(np.abs(c).max()),
        hidden=float(np.abs(h).max()),
    )


def shown_as_tanh_of_sigmoid(seed: int, weights: list[np.ndarray]) -> np.ndarray:
    """The hidden state if the output gate were tanh(σ(·)), one after the other."""
    kernel, recurrent_kernel, bias = weights
    h = c = np.zeros((ROWS, UNITS))
    for x in np.swapaxes(sequences(seed), 0, 1):
        into = x @ kernel + h @ recurrent_kernel + bias
        _, c = lstm_step(x, h, c, *weights)
        h = np.tanh(sigmoid(into[:, 3 * UNITS :]))
    return h


# "A sigmoid followed by a tanh" can be read in two ways: first a sigmoid, for the gate,
# and then a tanh, for the cell state of which the gate says how much is shown; or one
# function of the other. Both are what a reader may write, so both are tried.


@claim(
    "lstm-output-gate",
    "The output gate applies a sigmoid followed by a tanh.",
    says="is",
    notes="002",
    scope="8 features, 32 units, 20 steps, random weights in float64; nothing is "
    "trained",
)
def output_gate(lab):
    """The sentence, and what is right, are compared with Keras's layer."""
    seed = lab.seeds[0]
    one = keras.layers.LSTM(UNITS, dtype="float64")
    weights = drawn(one, seed)
    gaps = {
        "a sigmoid gate times the tanh of the cell state": off_by(
            one, by_hand(seed, weights)[0], seed
        ),
        "the tanh of the sigmoid": off_by(
            one, shown_as_tanh_of_sigmoid(seed, weights), seed
        ),
    }
    return Finding(
        {f"read as {reading}": gap < rounding() for reading, gap in gaps.items()},
        "The hidden state is σ(o) · tanh(c): a gate times the tanh of the cell state "
        "(to {right:.0e}). The tanh of the sigmoid is off by {wrong:.2f}: it would "
        "show nothing of the cell state, and never be negative.",
        right=gaps["a sigmoid gate times the tanh of the cell state"],
        wrong=gaps["the tanh of the sigmoid"],
        largest_differences=gaps,
    )


# The notes do not speak of the GRU, which the trained lessons compare, too. Cho et al.
# reset the state before the recurrent product; Keras and PyTorch reset the product,
# because one large product is faster. For weights of one form the other is another
# network.


@claim(
    "gru-gates",
    "A GRU has two gates and no cell state: the update gate mixes the old state with a "
    "candidate, the reset gate says how much of the old state the candidate sees.",
    says="is",
    notes="ours",
    scope="8 features, 32 units, 20 steps, random weights in float64; nothing is "
    "trained",
)
def gru_of_keras(lab):
    """Compares both forms of the step with Keras's layer."""
    seed, gaps, counts = lab.seeds[0], {}, {}
    for reset_after in (True, False):
        one = keras.layers.GRU(UNITS, reset_after=reset_after, dtype="float64")
        weights, h = drawn(one, seed), np.zeros((ROWS, UNITS))
        for x in np.swapaxes(sequences(seed), 0, 1):
            h = gru_step(x, h, *weights, reset_after=reset_after)
        place = "behind the product" if reset_after else "before the product"
        gaps[f"reset {place}"] = off_by(one, h, seed)
        counts[f"reset {place}"] = one.count_params()
    return Finding(
        {f"{form}: Keras's numbers": gap < rounding() for form, gap in gaps.items()},
        "Twenty steps written out and Keras's GRU differ by {largest:.0e} in both "
        "forms. Keras resets behind the recurrent product and so has a second bias: "
        "parameters {counts}.",
        largest=max(gaps.values()),
        counts=counts,
        largest_differences=gaps,
    )


if __name__ == "__main__":
    main(__file__)
