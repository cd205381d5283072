"""ReLU and its relatives: their centers and their kinks."""

import numpy as np
from keras import activations, ops

from recipes.basics._activations_sigmoids import normal_mean
from recipes.basics._activations_table import (
    apply,
    autodiff,
    difference,
    elu,
    gap,
    leaky,
    relu,
    table,
)


def judge(lab) -> None:
    """States the verdicts; nothing here depends on chance."""
    centers(lab)
    shape_of_leaky(lab)
    around_zero(lab)
    smoothness(lab)


def centers(lab) -> None:
    """Takes means over standard normal inputs, with their closed forms."""
    closed = 1 / np.sqrt(2 * np.pi)
    mean = normal_mean(relu)
    lab.verdict(
        "relu-not-zero-centred",
        bool(mean > 0.1 and abs(mean - closed) < 1e-12),
        evidence={
            "mean_output_for_inputs_from_N_0_1": mean,
            "closed_form_1_over_sqrt_2_pi": closed,
        },
        note=f"For inputs from N(0, 1) its mean is 1/√(2π) = {mean:.4f}.",
    )
    means = {slope: normal_mean(lambda x, a=slope: leaky(x, a)) for slope in
             (0.01, 0.2, 0.3, 1.0)}  # fmt: skip
    small = {slope: value for slope, value in means.items() if slope < 1}
    lab.verdict(
        "leaky-zero-centred",
        {f"α = {slope}": abs(value) < 0.01 for slope, value in small.items()},
        evidence={
            "mean_output_for_inputs_from_N_0_1": means,
            "closed_form_1_minus_α_over_sqrt_2_pi": {
                slope: (1 - slope) * closed for slope in means
            },
        },
        note="For inputs from N(0, 1) its mean is (1 - α)/√(2π): "
        + ", ".join(f"{value:.3f} (α = {slope})" for slope, value in small.items())
        + f", against {mean:.3f} of ReLU; only α = 1, a straight line, is centered.",
    )


def shape_of_leaky(lab) -> None:
    """Compares max(ax, x) with Keras's leaky ReLU for slopes on both sides of 1."""
    x = np.linspace(-3, 3, 601)
    gaps = {
        a: gap(
            np.maximum(a * x, x),
            apply(lambda v, a=a: activations.leaky_relu(v, negative_slope=a), x),
        )
        for a in (0.01, 0.3, 1.0, 2.0)
    }
    lab.verdict(
        "leaky-max-form",
        {f"a = {a}": error < 1e-6 for a, error in gaps.items()},
        evidence={
            "largest_difference_to_leaky_ReLU": gaps,
            "max_of_2x_and_x_at_1": float(np.maximum(2 * 1.0, 1.0)),
        },
        note="max(ax, x) is leaky ReLU where a is at most 1. With a = 2 the larger "
        "piece changes sides: it gives 2 at x = 1 and -1 at x = -1, where leaky ReLU "
        "gives 1 and -2.",
    )


def around_zero(lab) -> None:
    """Reads ReLU's gradient close to 0 and at 0, in several ways of writing it."""
    x = np.array([-1e-12, 0.0, 1e-12, 1e-6, 1e-3, 1.0])
    found = dict(zip(x.tolist(), autodiff(activations.relu, x).tolist(), strict=True))
    lab.verdict(
        "relu-gradient-positive-is-one",
        found[1e-12] < found[1.0],
        evidence={"gradient_at": {f"{at:g}": value for at, value in found.items()}},
        note=f"The gradient at x = 1e-12 is {found[1e-12]:g}, as at x = 1: it is the "
        f"same for every positive input, and {found[-1e-12]:g} for every negative one. "
        "What grows small near 0 is the output.",
    )
    at_zero = {
        "relu(x)": activations.relu,
        "maximum(x, 0)": lambda v: ops.maximum(v, 0.0),
        "maximum(0, x)": lambda v: ops.maximum(0.0, v),
        "where(x > 0, x, 0)": lambda v: ops.where(v > 0, v, 0.0),
        "where(x >= 0, x, 0)": lambda v: ops.where(v >= 0, v, 0.0),
        "leaky_relu(x), α = 0.2": activations.leaky_relu,
        "elu(x), α = 1": activations.elu,
        "selu(x)": activations.selu,
    }
    values = {name: float(autodiff(f, [0.0])[0]) for name, f in at_zero.items()}
    relus = dict(list(values.items())[:5])
    lab.verdict(
        "relu-derivative-at-zero",
        {
            "0, as one of the notes has it": relus["relu(x)"] == 0,
            "1, as another has it": relus["relu(x)"] == 1,
        },
        evidence={"derivative_at_0_by_autodiff": values},
        note=f"Keras's relu has {relus['relu(x)']:g} on this backend. It is a "
        "convention: the same function written "
        + ", ".join(f"{name} has {v:g}" for name, v in list(relus.items())[1:])
        + ".",
    )


def one_sided(function, width: float = 1e-7) -> tuple[float, float]:
    """Returns the difference quotients at 0 from the left and from the right."""
    at = float(function(np.float64(0)))
    left = (at - float(function(np.float64(-width)))) / width
    return left, (float(function(np.float64(width))) - at) / width


def smoothness(lab) -> None:
    """Takes slopes from both sides of 0."""
    left, right = one_sided(relu)
    lab.verdict(
        "relu-nondifferentiable-at-zero",
        abs(left - right) < 1e-6,
        evidence={"slope_left_of_0": left, "slope_right_of_0": right},
        note=f"At 0 the slope is {left:.3g} from the left and {right:.3g} from the "
        "right, so ReLU has a kink there; everywhere else it is a straight line.",
    )
    sides = {
        alpha: one_sided(lambda x, a=alpha: elu(x, a)) for alpha in (0.5, 1.0, 2.0)
    }
    slope = table()["ELU, α = 1"].slope
    bends = difference(slope, np.array([-1e-4, 1e-4])).tolist()
    lab.verdict(
        "elu-smooth",
        {f"α = {a}": abs(left - right) < 1e-6 for a, (left, right) in sides.items()},
        evidence={
            "slopes_left_and_right_of_0": {f"α = {a}": s for a, s in sides.items()},
            "second_derivatives_left_and_right_of_0_for_α_1": bends,
        },
        note="Left of 0 the slope tends to α ("
        + ", ".join(f"{left:.3g} for α = {a}" for a, (left, _) in sides.items())
        + "), and right of it it is 1. With α = 1 the slope is continuous, the second "
        f"derivative is not: it jumps from {bends[0]:.2g} to {bends[1]:.2g}.",
    )
