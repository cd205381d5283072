"""Activations: formulas, slopes, kinks, and what each costs.

Every formula of the notes is written out in NumPy and held against Keras, every
derivative against central differences and the backend's autodiff. What activations
do to a training is in the recipes `activation_training` and `activation_depth`.

Notes: 1.3 Activation functions
Data: points on a line; a small regression for the step function.
Run: recipes run activations         (about 12 s on 2 CPU cores)
References: Nair and Hinton (2010); Maas et al. (2013); Goodfellow et al. (2013);
    He et al. (2015); Clevert et al. (2016); Ramachandran et al. (2017).
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import activations, ops

from recipes.basics import (
    _activations_cost,
    _activations_figures,
    _activations_negative,
    _activations_rectifiers,
    _activations_sigmoids,
    _activations_vectors,
)
from recipes.basics import _activations_table as formulas
from recipes.lab import lab_main

CLAIMS = {
    "act-formulas": "The formulas of sigmoid, tanh, ReLU, leaky ReLU, PReLU, ELU, "
    "swish, softplus, maxout, softmax and argmax are those of a framework.",
    "act-derivatives": "The table of derivatives is right.",
    "sigmoid-derivative-derivation": "The derivation of the sigmoid's slope ends in "
    "e^-x / (1 + e^-x).",
    "tanh-derivative-derivation": "The quotient rule leads to 1 - tanh².",
    "sigmoid-range-and-max-slope": "The sigmoid lies in (0, 1); its slope is a bell "
    "around 0 of height 0.25.",
    "tanh-range-and-max-slope": "Tanh lies in (-1, 1); its slope is a bell around 0 "
    "of height 1.",
    "tanh-is-scaled-sigmoid": "Tanh is the sigmoid up to scaling.",
    "tanh-vs-sigmoid-slope": "Far from zero tanh is steeper than the sigmoid.",
    "tanh-saturates-faster": "Tanh does not saturate as quickly as the sigmoid.",
    "tanh-zero-centred": "Tanh's outputs are centered around 0, the sigmoid's not.",
    "relu-not-zero-centred": "ReLU's outputs are not centered around 0.",
    "leaky-zero-centred": "Leaky ReLU's outputs are centered around 0.",
    "leaky-max-form": "Leaky ReLU is max(ax, x).",
    "relu-gradient-positive-is-one": "ReLU's gradient shrinks as inputs come close "
    "to zero.",
    "relu-derivative-at-zero": "ReLU's derivative at 0 is 0 in one note, 1 in another.",
    "relu-nondifferentiable-at-zero": "ReLU is smooth and differentiable.",
    "relu-computational-cost": "ReLU is cheap; sigmoid, swish, softplus and softmax "
    "are expensive.",
    "leaky-not-complete-fix": "Leaky ReLU does not wholly remove vanishing gradients; "
    "PReLU, ELU and swish do better.",
    "elu-smooth": "ELU is smooth through the origin.",
    "swish-nonmonotonic": "Swish is smooth and not monotonic.",
    "softplus-positive-vanishes": "Softplus is always positive and its gradient can "
    "vanish.",
    "maxout-generalises": "Maxout contains ReLU and leaky ReLU, does not saturate and "
    "doubles the parameters.",
    "softmax-sums-to-one": "Softmax outputs lie in (0, 1) and sum to 1; a vector that "
    "sums to something else is none.",
    "softmax-exploding": "Softmax can cause exploding gradients.",
    "argmax-no-gradient": "Argmax has no gradient and loses the probabilities.",
    "step-0-10-no-gradient": "A function with the values 0 and 10 is unsuitable, since "
    "it is not differentiable at its jump.",
}
SMOKE = {"draws": 900, "steps": 20, "rounds": 2, "elements": 4096}

X = np.linspace(-6, 6, 1200)  # 0, where some have no derivative, lies between two
TOLERANCE = 1e-6  # float32 on backends without float64


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    draws: int = 20000
    "Jacobians of softmax."
    steps: int = 200
    "Training steps in front of a step function."
    rounds: int = 15
    "Timings of each activation."
    elements: int = 1048576
    "Numbers that a timed activation works on."


def experiment(lab):
    """Judges formulas, slopes and shapes exactly; the cost by paired timings."""
    table = formulas.table()
    judge_formulas(lab, table)
    judge_derivatives(lab, table)
    _activations_figures.draw(lab, table)
    _activations_sigmoids.judge(lab)
    _activations_rectifiers.judge(lab)
    _activations_negative.judge(lab)
    _activations_vectors.judge(lab)
    _activations_cost.judge(lab)


def judge_formulas(lab, table) -> None:
    """Holds every formula against Keras, and says where Keras's defaults differ."""
    gaps = {
        name: formulas.gap(formulas.apply(row.keras, X), row.function(X))
        for name, row in table.items()
    }
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (100, 10))
    gaps["softmax"] = formulas.gap(
        formulas.apply(activations.softmax, logits), formulas.softmax(logits)
    )
    indices = formulas.apply(lambda v: ops.argmax(v, axis=-1), logits)
    gaps["argmax"] = formulas.gap(indices, logits.argmax(-1))
    unit = _activations_vectors.maxout_unit([0.5, -1.0], [0.1, 0.2])
    pieces = np.maximum(0.5 * X + 0.1, -1.0 * X + 0.2)
    gaps["maxout"] = formulas.gap(
        formulas.apply(unit, X[:, None].astype("float32"))[:, 0], pieces
    )
    defaults = keras_defaults()
    lab.verdict(
        "act-formulas",
        {name: error < TOLERANCE for name, error in gaps.items()},
        evidence={"largest_difference": gaps, "Keras_defaults": defaults},
        note=f"All agree to {max(gaps.values()):.0e}, with the parameters set. Keras's "
        "defaults are not the notes' 'small α': its function leaky_relu has slope "
        f"{defaults['leaky_relu, function']:g}, its layer LeakyReLU "
        f"{defaults['LeakyReLU, layer']:g}, PReLU starts at "
        f"{defaults['PReLU, start']:g} (as ReLU), and swish has no β but 1.",
    )


def keras_defaults() -> dict[str, float]:
    """Reads the negative slopes that Keras has where none is given."""
    minus_one = -np.ones((1, 1))
    makers = {
        "leaky_relu, function": activations.leaky_relu,
        "LeakyReLU, layer": keras.layers.LeakyReLU(dtype="float64"),
        "PReLU, start": keras.layers.PReLU(dtype="float64"),
    }
    found = {
        n: abs(float(formulas.apply(f, minus_one)[0, 0])) for n, f in makers.items()
    }
    return {name: round(slope, 6) for name, slope in found.items()}


def judge_derivatives(lab, table) -> None:
    """Holds the table against central differences and against autodiff."""
    by_differences = {
        name: formulas.gap(formulas.difference(row.function, X), row.slope(X))
        for name, row in table.items()
    }
    by_autodiff = {
        name: formulas.gap(formulas.autodiff(row.keras, X), row.slope(X))
        for name, row in table.items()
    }
    z = np.random.default_rng(0).normal(0, 2, 6)
    jacobian = formulas.softmax_jacobian(formulas.softmax(z))
    columns = [
        formulas.difference(lambda t, i=i: formulas.softmax(z + t * np.eye(6)[i]), 0.0)
        for i in range(6)
    ]
    by_differences["softmax"] = formulas.gap(np.stack(columns, 1), jacobian)
    rows = [
        formulas.autodiff(lambda v, i=i: activations.softmax(v[None])[0, i], z)
        for i in range(6)
    ]
    by_autodiff["softmax"] = formulas.gap(np.stack(rows), jacobian)
    lab.verdict(
        "act-derivatives",
        {
            name: by_differences[name] < 1e-8 and by_autodiff[name] < TOLERANCE
            for name in by_differences
        },
        evidence={
            "largest_error_against_central_differences": by_differences,
            "largest_error_against_autodiff": by_autodiff,
        },
        note="Central differences agree to "
        f"{max(by_differences.values()):.0e}, autodiff to "
        f"{max(by_autodiff.values()):.0e}; at 0 itself see the claims on kinks.",
    )


if __name__ == "__main__":
    lab_main(experiment)
