"""Recurrence: a tanh recurrence explodes near zero if its weights stretch.

A recurrence applies one matrix at every step, so the gradient over t steps is a product
of t factors: the recurrent weights times tanh's slopes. Near zero all slopes are 1 and
only the weights count: the product grows or shrinks like a power of the matrix. Larger
states have smaller slopes, and these dampen what the weights stretch.

An orthogonal matrix, Keras's default, neither stretches nor shrinks. Compare the four
lines of the picture `recurrence`.
"""

import keras
import numpy as np

from recipes.gradients._watch import FLOWS, Start, middle, watch
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import simple_rnn

UNITS, STEPS = 64, 30
TINY = 1e-8
LENGTHS = (10, 20, 30)  # over which a SimpleRNN is measured
EXPLODES = FLOWS[1]  # a small change of the state grows more than tenfold

ORTHOGONAL, SHRINKS = "orthogonal as in Keras, near 0", "gain 0.5, near 0"
# The gain of the recurrent weights (None: orthogonal), and the size of the inputs.
CASES = {
    "gain 1.5, near 0": (1.5, TINY),
    SHRINKS: (0.5, TINY),
    ORTHOGONAL: (None, TINY),
    "gain 1.5, inputs of size 1": (1.5, 1.0),
}


def recurrent_kernel(seed: int, gain: float | None) -> np.ndarray:
    """Draws N(0, gain²/n), or for None an orthogonal one as Keras does."""
    drawn = np.random.default_rng([seed, 31]).normal(size=(UNITS, UNITS))
    if gain is not None:
        return gain * drawn / UNITS**0.5
    q, r = np.linalg.qr(drawn)
    return q * np.sign(np.diag(r))


def jacobian_norms(W: np.ndarray, inputs: float, seed: int) -> np.ndarray:
    """Norms of ∂h_t/∂h_0 for h_t = tanh(h_{t-1} W + x_t), (steps,).

    Args:
        W: The recurrent kernel.
        inputs: Standard deviation of what is added in every step.
        seed: Decides the inputs.
    """
    rng = np.random.default_rng([seed, 32])
    h = inputs * rng.normal(size=UNITS)
    J, norms = np.eye(UNITS), []
    for _ in range(STEPS):
        h = np.tanh(h @ W + inputs * rng.normal(size=UNITS))
        J = J @ (W * (1 - h**2))
        norms.append(np.linalg.norm(J, 2))
    return np.array(norms)


@experiment
def jacobians(lab) -> dict[str, np.ndarray]:
    """The norms of four recurrences, (seeds, steps)."""
    return {
        name: np.array(
            [
                jacobian_norms(recurrent_kernel(seed, gain), inputs, seed)
                for seed in lab.seeds
            ]
        )
        for name, (gain, inputs) in CASES.items()
    }


def measure(case, seed, data):
    """Measures gradients of SimpleRNNs from inside `fit`, before training.

    Args:
        case: `gains` (name to gain), `lengths` and `seeds`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: None.

    Returns:
        For each length and kind of kernel the norms of the bias's gradient, by seed.
    """
    model = simple_rnn((None, 1), 1, units=(UNITS,), task="regression")
    model.compile("sgd", "mse")
    starts = []
    for gain in case["gains"].values():
        for one in case["seeds"]:
            keras.utils.set_random_seed(one)
            weights = keras.models.clone_model(model).get_weights()
            weights[1] = recurrent_kernel(one, gain)
            starts.append(Start(weights, rates=(0.0,)))
    found = {}
    for length in case["lengths"]:
        x = TINY * np.random.default_rng(0).normal(size=(32, length, 1))
        reports = watch(model, starts, x, np.ones((32, 1)), batch_size=32)
        signal = [report["signal"][0][0] for report in reports]
        rows = np.reshape(signal, (len(case["gains"]), -1)).tolist()
        found[f"{length} steps"] = dict(zip(case["gains"], rows, strict=True))
    return found


@experiment
def in_keras(lab) -> dict[str, dict[str, float]]:
    """Mean gradient norms of a SimpleRNN's bias, by length and kind of kernel."""
    case = {
        "gains": {"gain 1.5": 1.5, "orthogonal": None},
        "lengths": list(LENGTHS),
        "seeds": list(lab.seeds),
    }
    found = lab.sweep(
        measure,
        {"SimpleRNN": case},
        precision="float32",
        seeds=[0],
        title="a SimpleRNN before training",
    )["SimpleRNN"][0]
    return {
        f"{length} steps": {
            kind: middle(found[f"{length} steps"][kind]) for kind in case["gains"]
        }
        for length in LENGTHS
    }


@claim(
    "explode-rnn",
    "A tanh recurrence can explode: near zero its slope does not dampen.",
    says="can",
    hedge="can",
    notes="ours",
    scope="64 units over 30 steps, random weights; nothing is trained",
)
def can_explode(lab):
    """Follows four recurrences for 30 steps, and the first one in Keras as well."""
    ends = {name: row[:, -1] for name, row in jacobians(lab).items()}
    # That weights which shrink explode is nobody's question: they are drawn beside it.
    conditions: dict = {
        name: stats.against(row, EXPLODES, by=stats.ANY, scale="log")
        for name, row in ends.items()
        if name != SHRINKS
    }
    # A product of orthogonal matrices has norm 1, whatever the seed: no chance is left.
    conditions[ORTHOGONAL] = stats.above(ends[ORTHOGONAL].max(), EXPLODES)
    return Finding(
        conditions,
        "It explodes with {holding}. Over {steps} steps a change of the state is "
        "multiplied by: {means:.1e}. Near 0 tanh's slope is 1 and only the recurrent "
        "weights count; larger states dampen. In a SimpleRNN with gain 1.5 and tiny "
        "inputs the bias's gradient is {in_keras:.0e} over {steps} steps.",
        figure=draw_recurrence,
        steps=STEPS,
        means={name: middle(row) for name, row in ends.items()},
        in_keras=in_keras(lab)[f"{LENGTHS[-1]} steps"]["gain 1.5"],
        norm_of_the_jacobian=ends,
        gradient_of_the_bias_of_a_simple_rnn_by_steps=in_keras(lab),
    )


def draw_recurrence(lab):
    """The Jacobian's norm over the steps."""
    figure, axes = figures.new(width=8.4)
    axes.set(yscale="log", xlim=(1, STEPS))
    figures.curves(axes, range(1, STEPS + 1), jacobians(lab))
    title = "A tanh recurrence explodes near zero if its weights stretch"
    label = "norm of the Jacobian of the state"
    figures.describe(axes, title, "steps", label)
    lab.figure(
        "recurrence",
        figure,
        f"Norm of the Jacobian of a tanh recurrence of {UNITS} units over its steps, "
        "with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
