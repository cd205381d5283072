"""Verdicts on formulas of regression losses: the notes' against Keras's."""

import math

import keras
import numpy as np
from keras import losses

from recipes.lab import gradients
from recipes.losses import _regression_formulas as formulas
from zoo import losses as zoo_losses

TOLERANCE = 1e-5  # relative; Keras computes in float32


def judge(lab) -> None:
    """States the verdicts on mean squared and absolute error, Huber and the rest."""
    _squared(lab)
    _absolute(lab)
    _huber(lab)
    _error_or_loss(lab)
    _adaptive(lab)
    _barron(lab)


def pairs(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draws targets and predictions (count, 1) whose residuals reach beyond 3."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (2, count, 1)).astype("float32")


def close(first, second) -> bool:
    """Whether two numbers or arrays agree to the tolerance."""
    return bool(np.allclose(first, second, rtol=TOLERANCE, atol=1e-7))


def _squared(lab) -> None:
    counts, mean_agrees, half_sums, slopes = (1, 2, 3, 100), [], {}, {}
    mse = losses.MeanSquaredError()
    for count in counts:
        y, predicted = pairs(count)
        e = (y - predicted).astype(float)
        keras_loss = float(mse(y, predicted))
        mean_agrees.append(close(keras_loss, formulas.squared(e).mean()))
        half_sums[count] = 0.5 * formulas.squared(e).sum() / keras_loss
        slope = gradients(lambda t, y=y: mse(y, t[0]), [predicted])[0]
        slopes[count] = float(np.mean(-e / slope))
    lab.verdict(
        "loss-mse",
        {
            "1/N Σ(y − ŷ)²": all(mean_agrees),
            "½ Σ(y − ŷ)²": all(close(ratio, 1) for ratio in half_sums.values()),
        },
        evidence={
            "half_sum_over_Keras_loss_by_samples": half_sums,
            "slope_of_the_half_sum_over_Keras_slope_by_samples": slopes,
            "relative_tolerance": TOLERANCE,
        },
        note="Keras takes the mean. Half the sum is "
        + ", ".join(f"{ratio:.3g}" for ratio in half_sums.values())
        + f" times as much for {', '.join(map(str, counts))} samples: N/2 times the "
        "loss, with the same minimum, and N/2 times the gradient, so that a learning "
        "rate does not carry over.",
    )


def _absolute(lab) -> None:
    mae = losses.MeanAbsoluteError()
    agrees, printed = [], []
    for count in (1, 2, 3, 100):
        y, predicted = pairs(count)
        e = (y - predicted).astype(float)
        keras_loss = float(mae(y, predicted))
        agrees.append(close(keras_loss, formulas.absolute(e).mean()))
        printed.append(close(keras_loss, 0.5 * -e.sum()))
    e = np.array([-3.0, 3.0])
    lab.verdict(
        "loss-mae",
        {"1/N Σ|y − ŷ|": all(agrees), "½ Σ(ŷ − y), without bars": all(printed)},
        evidence={
            "errors": e,
            "mean_of_sizes": formulas.absolute(e).mean(),
            "half_sum_without_bars": 0.5 * e.sum(),
            "relative_tolerance": TOLERANCE,
        },
        note=f"Without the bars errors of -3 and 3 cancel to {0.5 * e.sum():g} (their "
        f"mean size is {formulas.absolute(e).mean():g}), and ever lower predictions "
        "have an ever lower loss: there is no minimum.",
    )


def _huber(lab) -> None:
    deltas, e = (0.5, 1.0, 2.0), np.linspace(-4, 4, 33)
    agrees, printed, steepest = [], [], {}
    for delta in deltas:
        # Targets 0 and one example each: Keras returns one loss a residual.
        keras_huber = losses.Huber(delta=delta, reduction=None)
        zeros = np.zeros((33, 1), "float32")
        got = keras.ops.convert_to_numpy(keras_huber(zeros, -e[:, None]))
        slope = gradients(
            lambda t, loss=keras_huber, zeros=zeros: keras.ops.sum(loss(zeros, t[0])),
            [e[:, None].astype("float32")],
        )[0][:, 0]
        steepest[delta] = float(np.abs(slope).max())
        agrees.append(close(got, formulas.huber(e, delta)))
        agrees.append(close(slope, np.clip(e, -delta, delta)))
        printed.append(close(got, formulas.huber_below_zero(e, delta)))
    at = {x: float(formulas.huber(x)) for x in (0.0, 0.5, 3.0)}
    wrong = {x: float(formulas.huber_below_zero(x)) for x in (0.0, 0.5, 3.0)}
    lab.verdict(
        "loss-huber",
        {
            "quadratic where |e| ≤ δ": all(agrees),
            "quadratic where |e| < 0": all(printed),
        },
        evidence={
            "loss_at_error_with_delta_1": at,
            "as_printed_with_|e|_<_0": wrong,
            "steepest_slope_of_Keras_by_delta": steepest,
            "relative_tolerance": TOLERANCE,
        },
        note=f"Keras's loss at errors 0, 0.5 and 3 is {at[0]:g}, {at[0.5]:g} and "
        f"{at[3]:g} for δ = 1, its slope the error cut at ±δ. No |e| is below 0: that "
        f"form is {wrong[0]:g} at error 0 and negative for every |e| < δ/2.",
    )


def _error_or_loss(lab) -> None:
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(size=(2, 4, 3)).astype("float32")
    error = y - predicted
    found = {
        how: keras.ops.convert_to_numpy(
            losses.MeanSquaredError(reduction=how)(y, predicted)
        )
        for how in (None, "sum", "sum_over_batch_size")
    }
    each = np.square(error).mean(-1)
    expected = {None: each, "sum": each.sum(), "sum_over_batch_size": each.mean()}
    shapes = {str(how): found[how].shape for how in found}
    agree = [
        found[how].shape == np.shape(expected[how]) and close(found[how], expected[how])
        for how in found
    ]
    lab.verdict(
        "loss-error-vs-loss",
        all(agree),
        evidence={"shape_of_errors": error.shape, "shape_of_loss_by_reduction": shapes},
        note=f"Keras keeps to it: {error.shape[0]} examples of {error.shape[1]} "
        f"outputs have errors of shape {error.shape}, reduction=None gives one loss an "
        f"example (its mean over the outputs), the others one for the batch; 'sum' is "
        f"{found['sum'] / found['sum_over_batch_size']:.3g} times the default here.",
    )


def _adaptive(lab) -> None:
    x, holds, least, growths = np.logspace(-6, 3, 9001), {}, {}, {}
    for c in (1.0, 2.0):
        values = formulas.notes_adaptive(x, c)
        least[c] = float(x[values.argmin()])
        growths[c] = formulas.growth(lambda e, c=c: formulas.notes_adaptive(e, c), 100)
        holds[f"least at error 0, c = {c:g}"] = bool(values.argmin() == 0)
        holds[f"grows at most linearly at error 100, c = {c:g}"] = growths[c] <= 1.01
    at = {e: float(formulas.notes_adaptive(e)) for e in (0.01, 1.0, 10.0, 100.0)}
    lab.verdict(
        "loss-adaptive",
        holds,
        evidence={
            "loss_at_error_with_c_1": at,
            "error_with_the_least_loss_by_c": least,
            "growth_exponent_at_100_by_c": growths,
        },
        note=f"As printed the loss is {at[0.01]:.1f} at error 0.01 and {at[1]:g} at 1: "
        f"an error of {least[1]:.3g} costs least for c = 1, one of {least[2]:.3g} for "
        f"c = 2. At 100 it is {at[100]:.1f} and grows with power {growths[1]:.2f}; a "
        "robust loss is least at 0 and grows at most with power 1.",
    )


def _barron(lab) -> None:
    x = np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1000.0])
    holds, pull, agrees = {}, {}, {}
    for alpha in (2.0, 1.5, 1.0, 0.0, -2.0, -math.inf):
        name = f"α = {alpha:g}"
        value = keras.ops.convert_to_numpy(
            zoo_losses.barron(x.astype("float32"), alpha)
        )
        slope = gradients(
            lambda t, alpha=alpha: keras.ops.sum(zoo_losses.barron(t[0], alpha)),
            [x.astype("float32")],
        )[0]
        agrees[name] = close(value, formulas.barron(x, alpha))
        pull[name] = float(slope[-1] / slope[3]) if slope[3] else 0.0
        holds[name] = bool(agrees[name] and pull[name] <= 1.05)
    at = dict(zip(x.tolist(), formulas.barron(x, 1.0).tolist(), strict=True))
    lab.verdict(
        "loss-adaptive-barron",
        holds,
        evidence={
            "pull_of_an_error_of_1000_over_that_of_10": pull,
            "agrees_with_the_written_out_formula": agrees,
            "loss_at_error_with_alpha_1_and_c_1": at,
        },
        note="An error of 1000 pulls on the fit "
        + ", ".join(f"{ratio:.3g} ({name})" for name, ratio in pull.items())
        + " times as hard as one of 10. Robust means that it pulls no harder (5 % "
        "allowed): α decides, and below 1 the pull fades with the distance.",
    )
