"""A tanh recurrence: the Jacobian over many steps, near zero and far from it."""

import keras
import numpy as np

from recipes.gradients._watch import Start, middle, unanimous, watch
from recipes.lab import figures
from zoo import simple_rnn

UNITS, STEPS = 64, 30
TINY = 1e-8
LENGTHS = (10, 20, 30)  # that a SimpleRNN is looked at with


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


CASES = {
    "gain 1.5, near 0": (1.5, TINY),
    "gain 0.5, near 0": (0.5, TINY),
    "orthogonal as in Keras, near 0": (None, TINY),
    "gain 1.5, inputs of size 1": (1.5, 1.0),
}


def judge(lab) -> None:
    """Follows four recurrences for 30 steps, and the first one in Keras as well."""
    norms = {
        name: np.array(
            [
                jacobian_norms(recurrent_kernel(seed, gain), inputs, seed)
                for seed in lab.seeds
            ]
        )
        for name, (gain, inputs) in CASES.items()
    }
    in_keras = look_inside(lab.seeds)
    ends = {name: row[:, -1] for name, row in norms.items()}
    lab.verdict(
        "explode-rnn",
        {name: unanimous(row > 10) for name, row in ends.items()},
        evidence={
            f"norm_of_the_Jacobian_over_{STEPS}_steps": ends,
            "gradient_of_the_bias_of_a_SimpleRNN_by_steps": in_keras,
        },
        note=f"Norm of the Jacobian over {STEPS} steps: "
        + "; ".join(f"{name} {middle(row):.1e}" for name, row in ends.items())
        + ". Near 0 tanh's slope is 1 and only the recurrent weights count; far from 0 "
        "the slope shrinks. In a SimpleRNN with gain 1.5 and tiny inputs the bias's "
        "gradient is "
        + ", ".join(f"{row['gain 1.5']:.1e}" for row in in_keras.values())
        + " over "
        + ", ".join(in_keras)
        + ".",
    )
    draw(lab, norms)


def look_inside(seeds) -> dict[str, dict[str, float]]:
    """Gradient norms of SimpleRNNs from inside `fit`, by length and kind of kernel."""
    model = simple_rnn((None, 1), 1, units=(UNITS,), task="regression")
    model.compile("sgd", "mse")
    kinds = {"gain 1.5": 1.5, "orthogonal": None}
    starts = []
    for gain in kinds.values():
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            weights = keras.models.clone_model(model).get_weights()
            weights[1] = recurrent_kernel(seed, gain)
            starts.append(Start(weights, rates=(0.0,)))
    found = {}
    for length in LENGTHS:
        x = TINY * np.random.default_rng(0).normal(size=(32, length, 1))
        reports = watch(model, starts, x, np.ones((32, 1)), batch_size=32)
        signal = [report["signal"][0][0] for report in reports]
        halves = np.split(np.array(signal), len(kinds))
        found[f"{length} steps"] = dict(zip(kinds, map(middle, halves), strict=True))
    return found


def draw(lab, norms: dict[str, np.ndarray]) -> None:
    """Draws the Jacobian's norm over the steps."""
    figure, axes = figures.new()
    axes.set(yscale="log", xlim=(1, STEPS))
    figures.curves(axes, range(1, STEPS + 1), norms)
    title = "What a small change of a tanh recurrence's state grows to"
    figures.describe(axes, title, "steps", "norm of the Jacobian")
    lab.figure(
        "recurrence",
        figure,
        f"Norm of the Jacobian of a tanh recurrence of {UNITS} units over its steps, "
        "with the range over seeds.",
    )
