"""Maxout, softmax, argmax and a step: functions of several numbers, or of none."""

import warnings

import keras
import numpy as np
from keras import activations, layers, ops

from recipes.basics._activations_table import (
    apply,
    gap,
    leaky,
    relu,
    softmax,
    softmax_jacobian,
)
from recipes.lab import fit, generators, gradients
from zoo.layers import Maxout


def judge(lab) -> None:
    """States the verdicts."""
    maxout(lab)
    softmax_sums(lab)
    softmax_explodes(lab)
    argmax(lab)
    step(lab)


def maxout_unit(slopes, intercepts) -> keras.Model:
    """Returns one maxout unit of one input with these straight pieces."""
    pieces = len(slopes)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(pieces), Maxout(pieces)])
    model.set_weights([np.array([slopes]), np.array(intercepts)])
    return model


def maxout(lab) -> None:
    """Builds ReLU and leaky ReLU from maxout; looks for flat parts; counts."""
    x = np.linspace(-3, 3, 601, dtype="float32")[:, None]
    gaps = {
        "ReLU": gap(apply(maxout_unit([0, 1], [0, 0]), x), relu(x)),
        "leaky ReLU": gap(apply(maxout_unit([0.1, 1], [0, 0]), x), leaky(x, 0.1)),
    }
    slopes, intercepts = np.random.default_rng(0).normal(size=(2, 2, 1000, 1))
    pieces = slopes * np.linspace(-30, 30, 2001) + intercepts
    winner = np.take_along_axis(slopes, pieces.argmax(0)[None], 0)[0]
    flat = {"random pieces": float((winner == 0).mean()), "imitating ReLU": 0.5}
    steps = np.diff(apply(maxout_unit([0, 1], [0, 0]), x)[:, 0])
    flat["imitating ReLU"] = float((np.abs(steps) < 1e-7).mean())
    counts = {
        k: keras.Sequential(
            [keras.Input((5,)), layers.Dense(8 * k), Maxout(k)] if k > 1
            else [keras.Input((5,)), layers.Dense(8)]
        ).count_params()
        for k in (1, 2, 3)
    }  # fmt: skip
    lab.verdict(
        "maxout-generalises",
        {
            **{f"contains {name}": error < 1e-6 for name, error in gaps.items()},
            **{f"never flat, {n}": share == 0 for n, share in flat.items()},
            **{
                f"doubles the parameters, {k} pieces": counts[k] == 2 * counts[1]
                for k in (2, 3)
            },
        },
        evidence={
            "largest_difference": gaps,
            "share_of_inputs_with_slope_0": flat,
            "parameters_of_5_inputs_to_8_units_by_pieces": counts,
        },
        note="With one piece at 0 it is ReLU, and then as flat as ReLU on one side: "
        "that it never saturates is true of pieces that all slope. k pieces take "
        f"k times the parameters ({counts[1]}, {counts[2]}, {counts[3]} for 1, 2, 3).",
    )


def softmax_sums(lab) -> None:
    """Checks sums, ranges, shifts and large logits in Keras and by the formula."""
    rng = np.random.default_rng(0)
    logits = [rng.normal(0, 3, (200, n)) for n in (2, 3, 10, 100)]
    outputs = [apply(activations.softmax, z) for z in logits]
    shifted = [apply(activations.softmax, z + 7.5) for z in logits]
    large = np.array([[1000.0, 0.0, -1000.0]])
    with np.errstate(over="ignore", invalid="ignore"):
        naive = softmax(large)
    stable = apply(activations.softmax, large)
    off = max(abs(p.sum(-1) - 1).max() for p in outputs)
    vector = np.array([[0.1, 0.5, 0.2]])  # sums to 0.8
    back = apply(activations.softmax, np.log(vector))
    lab.verdict(
        "softmax-sums-to-one",
        {
            "sums to 1": bool(off < 1e-6),
            "each between 0 and 1": all(
                bool(((p > 0) & (p < 1)).all()) for p in outputs
            ),
            "a vector that doesn't sum to 1 is no output": bool(
                gap(apply(activations.softmax, np.log(outputs[1])), outputs[1]) < 1e-6
                and gap(back, vector) > 0.01
            ),
        },
        evidence={
            "largest_distance_of_a_sum_from_1": off,
            "largest_change_when_7.5_is_added_to_all_logits": max(
                gap(p, q) for p, q in zip(outputs, shifted, strict=True)
            ),
            "Keras_at_logits_1000_0_-1000": stable[0],
            "formula_as_written_there_is_finite": bool(np.isfinite(naive).all()),
            "softmax_of_log_of_0.1_0.5_0.2": back[0],
        },
        note=f"Sums are 1 to {off:.0e}. At logits of ±1000 Keras, which subtracts the "
        f"largest logit first, gives {', '.join(f'{p:g}' for p in stable[0])} (rounded "
        "to the ends of the range); the formula as written overflows.",
    )


def softmax_explodes(lab) -> None:
    """Takes spectral norms of many Jacobians; the bound is 1/2."""
    rng, norms = np.random.default_rng(0), []
    sizes = range(2, 11)
    for n in sizes:
        draws = -(-lab.settings.draws // len(sizes))
        scale = np.exp(rng.uniform(-3, 4, (draws, 1)))
        z = scale * rng.normal(size=(draws, n))
        p = softmax(z - z.max(-1, keepdims=True))
        norms.append(np.linalg.eigvalsh(softmax_jacobian(p)).max(-1))
    greatest = float(max(n.max() for n in norms))
    even = float(np.linalg.eigvalsh(softmax_jacobian(np.array([0.5, 0.5]))).max())
    with np.errstate(over="ignore", invalid="ignore"):
        overflow = softmax(np.array([1000.0, 0.0]))
    lab.verdict(
        "softmax-exploding",
        greatest > 1,
        evidence={
            "largest_spectral_norm_of_the_Jacobian": greatest,
            "at_two_equal_outputs": even,
            "within_the_bound_of_half": bool(greatest <= 0.5 + 1e-12),
            "draws": sum(map(len, norms)),
            "formula_as_written_at_logits_1000_0": [str(v) for v in overflow],
        },
        note=f"Over {sum(map(len, norms))} draws no Jacobian stretches a gradient by "
        f"more than {greatest:.6f}; the bound is 1/2, at two equal outputs. So softmax "
        "shrinks gradients; what can go wrong is e^1000, where the largest logit isn't "
        "subtracted first.",
    )


def gradient_through(function, x) -> float | None:
    """Returns the greatest slope of the sum, None where the backend gives none."""
    try:
        (found,) = gradients(lambda values: ops.sum(function(values[0])), [x])
    except RuntimeError:  # PyTorch: "does not require grad"
        return None
    return None if found.dtype == object else float(np.abs(found).max())


def argmax(lab) -> None:
    """Differentiates argmax, and looks at what it forgets."""
    z = np.array([[0.2, -1.0, 1.5], [0.1, 0.3, -2.0]])
    value = gradient_through(lambda v: ops.cast(ops.argmax(v, -1), "float32"), z)
    nudge = 1e-6 * np.random.default_rng(0).normal(size=(100, *z.shape))
    moved = np.argmax(z + nudge, -1) != np.argmax(z, -1)
    sure, unsure = np.log([0.99, 0.01]), np.log([0.51, 0.49])
    lab.verdict(
        "argmax-no-gradient",
        {
            "no gradient": value in (None, 0.0) and not moved.any(),
            "the probabilities are lost": bool(np.argmax(sure) == np.argmax(unsure)),
        },
        evidence={
            "gradient_by_autodiff": "none" if value is None else value,
            "changed_by_100_moves_of_1e-6": int(moved.sum()),
            "argmax_of_0.99_0.01_and_of_0.51_0.49": [
                int(np.argmax(sure)), int(np.argmax(unsure))],
        },
        note="Autodiff returns "
        + ("no gradient at all" if value is None else "zeros")
        + ", and (0.99, 0.01) and (0.51, 0.49) give the same index.",
    )  # fmt: skip


def train_hidden(activation, steps: int) -> dict:
    """Trains 10-8-1 with this hidden activation; says which kernels moved."""
    x, y = generators.regression(200)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((10,)), layers.Dense(8), layers.Activation(activation),
         layers.Dense(1)]
    )  # fmt: skip
    model.compile("adam", "mse")
    before = model.get_weights()
    with warnings.catch_warnings():
        # "Gradients do not exist for variables": which is what is shown here.
        warnings.simplefilter("ignore")
        history = fit(model, x, y[:, None], batch_size=20, epochs=steps // 10)
    moved = [float(abs(new - old).max()) for new, old in
             zip(model.get_weights(), before, strict=True)]  # fmt: skip
    return {"hidden": moved[0], "output": moved[2], "loss": history.history["loss"]}


def step(lab) -> None:
    """Trains with a step of 0 and 10, and with ReLU, whose kink does no harm."""
    x = np.linspace(-2, 2, 40) + 0.01  # none within 1e-5 of the jump
    slope = (np.where(x + 1e-5 > 0, 10, 0) - np.where(x - 1e-5 > 0, 10, 0)) / 2e-5
    jump = train_hidden(lambda v: 10.0 * ops.cast(v > 0, v.dtype), lab.settings.steps)
    kink = train_hidden("relu", lab.settings.steps)
    lab.verdict(
        "step-0-10-no-gradient",
        {
            "unsuitable: what lies before it never learns": bool(
                jump["hidden"] == 0 and jump["output"] > 0
            ),
            "because of the one point without a derivative": kink["hidden"] == 0,
        },
        evidence={
            "largest_slope_away_from_the_jump": float(np.abs(slope).max()),
            "largest_move_of_a_weight_before_and_after_the_step": [
                jump["hidden"], jump["output"]],
            "largest_move_of_a_weight_before_and_after_ReLU": [
                kink["hidden"], kink["output"]],
            "last_loss": {"step": jump["loss"][-1], "ReLU": kink["loss"][-1]},
        },
        note=f"The weights before the step moved by {jump['hidden']:g}. The jump is "
        "not the reason, since ReLU has a point without a derivative too and its "
        f"weights moved by up to {kink['hidden']:.2g}: the step's slope is 0 "
        "everywhere else.",
    )  # fmt: skip
