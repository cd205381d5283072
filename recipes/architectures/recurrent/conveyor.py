"""Conveyor: the gradient along the cell is a product of forget gates.

From step to step the cell state is multiplied by the forget gate, and nothing else is
done to it. So is the gradient on its way back: over a hundred steps it is a product of
a hundred gates. A gate of 0.99 leaves a third of it, Keras's start of σ(1) = 0.73
leaves nothing. The gradient is preserved where the gates are nearly 1, which a bias
can see to at the start: log T for sequences of T steps.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import (
    Finding,
    claim,
    experiment,
    figures,
    gradients,
    main,
    reseed,
    stats,
)

UNITS, FEATURES, ROWS = 16, 4, 8
# "Unchanged" up to a factor of ten: the first step still gets a tenth of the gradient.
PRESERVED = 0.1
OPEN = 30.0  # a bias that opens the gate for good: σ(30) is 1 in float32


def biases(length: int) -> dict[str, float]:
    """Starts of the forget gate's bias that people choose, by name."""
    return {
        "bias 0 (σ = 0.5)": 0.0,
        "bias 1, Keras's (σ = 0.73)": 1.0,
        "bias 3 (σ = 0.95)": 3.0,
        f"bias log {length} (σ = {length / (length + 1):.3f})": float(np.log(length)),
        "held open (σ = 1)": OPEN,
    }


def layer(bias: float, seed: int) -> keras.layers.LSTM:
    """Makes a Keras LSTM with its random weights and a bias of the forget gate."""
    reseed(seed)
    one = keras.layers.LSTM(
        UNITS, return_sequences=True, return_state=True, dtype="float64"
    )
    one.build((None, None, FEATURES))
    *kernels, vector = one.get_weights()
    vector = np.zeros_like(vector)
    vector[UNITS : 2 * UNITS] = bias
    one.set_weights([*kernels, vector])
    return one


def along_the_cell(bias: float, seed: int, length: int) -> dict[str, np.ndarray]:
    """Follows the gradient of the last cell states along the cell.

    Returns:
        `gates`: by steps back, the product of the forget gates (length + 1,), the
        geometric mean over sequences and units. `whole`: what Keras finds for the
        first cell state: along the cell and through the gates, (sequences, units).
    """
    one = layer(bias, seed)
    rng = np.random.default_rng([seed, 56])
    x = rng.normal(size=(ROWS, length, FEATURES))
    zero = np.zeros((ROWS, UNITS))

    def last_cells(values):
        _, _, cells = one(x, initial_state=[zero, values[0]])
        return ops.sum(cells)

    (whole,) = gradients(last_cells, [zero])
    hidden = ops.convert_to_numpy(one(x, initial_state=[zero, zero])[0])
    before = np.concatenate([zero[:, None], hidden[:, :-1]], 1)
    kernel, recurrent_kernel, vector = (part[..., UNITS : 2 * UNITS] for part in
                                        one.get_weights())  # fmt: skip
    into = x @ kernel + before @ recurrent_kernel + vector
    logs = -np.log1p(np.exp(-into)).mean((0, 2))  # of the gates, by step
    products = np.exp(np.concatenate([[0.0], np.cumsum(logs[::-1])]))
    return {"gates": products, "whole": whole}


@experiment
def flows(lab) -> dict[str, dict[str, np.ndarray]]:
    """By bias: products of gates (seeds, steps), and the whole gradient by seed."""
    found = {}
    for name, bias in biases(lab.settings.length).items():
        runs = [along_the_cell(bias, seed, lab.settings.length) for seed in lab.seeds]
        # The root of the mean square over sequences and units: 1 if all is preserved.
        whole = [np.sqrt((run["whole"] ** 2).mean()) for run in runs]
        found[name] = {
            "gates": stats.column(runs, "gates"),
            "whole": np.array(whole),
        }
    return found


@claim(
    "lstm-gradient-preserved",
    "Along an LSTM's cell state gradients flow unchanged over long sequences: they are "
    "preserved, not diminished.",
    says="is",
    notes="002",
    scope="16 units over 100 random steps, before training",
)
def is_preserved(lab):
    """By bias of the forget gate: what the first cell state gets of the gradient."""
    found, length = flows(lab), lab.settings.length
    last = {name: row["gates"][:, -1] for name, row in found.items()}
    ends = {name: row["whole"] for name, row in found.items()}
    conditions = {
        name: stats.against(row, PRESERVED, by=stats.ANY, scale="log")
        for name, row in last.items()
    }
    # A product of ones: no chance is left.
    held = "held open (σ = 1)"
    conditions[held] = stats.above(last[held].min(), PRESERVED)
    gates = (0.5, 1 / (1 + np.exp(-1)), 0.9, 0.99)
    return Finding(
        conditions,
        "It is a product of forget gates: over {length} steps a gate of 0.99 leaves "
        "{kept:.2g}, Keras's start of 0.73 {lost:.1e}. In layers with random weights "
        "the gates leave {means:.2g}. The whole gradient, which also flows through the "
        "gates, is {whole:.2g} there{grows}.",
        figure=draw_flows,
        length=length,
        means={name: geometric(row) for name, row in last.items()},
        kept=0.99**length,
        lost=gates[1] ** length,
        powers={f"{gate:.3g}": f"{gate**length:.2g}" for gate in gates},
        whole={name: geometric(row) for name, row in ends.items()},
        grows=": where they are open it even grows"
        if geometric(ends[held]) > 1
        else "",
        product_of_the_gates=last,
        gradient_of_the_first_cell_state=ends,
    )


def geometric(row: np.ndarray) -> float:
    """The geometric mean: products differ by powers of ten."""
    return float(np.exp(np.log(row).mean()))


def draw_flows(lab):
    """The product of forget gates, by steps back and bias."""
    figure, axes = figures.new(width=8.6)
    length = lab.settings.length
    axes.set(yscale="log", xlim=(0, length))
    found = flows(lab)
    figures.curves(
        axes, range(length + 1), {name: row["gates"] for name, row in found.items()}
    )
    axes.axhline(PRESERVED, color="#888888", linewidth=1)
    flowing = sum(geometric(row["gates"][:, -1]) > PRESERVED for row in found.values())
    title = f"With {flowing} of {len(found)} biases a tenth of the gradient arrives"
    figures.describe(axes, title, "steps back along the cell", "product of the gates")
    lab.figure(
        "conveyor",
        figure,
        "What forget gates leave of a gradient along the cell before training, by the "
        "bias of the gate; mean and range over seeds. Gray: a tenth.",
    )


if __name__ == "__main__":
    main(__file__)
