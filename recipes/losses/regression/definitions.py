"""Definitions: means and not half sums, sizes and not signs, δ and not 0.

Two of the notes write squared and absolute error as means, one as half sums, the second
of them without bars; and one prints Huber's condition with a 0 where δ belongs. Factors
move no minimum, but they do scale gradients; a missing bar leaves no minimum at all.
"""

import keras
import numpy as np
from keras import losses

from recipes.lab import Finding, claim, gradients, main
from recipes.losses.regression._formulas import absolute, huber, squared

TOLERANCE = 1e-5  # relative; Keras computes in float32
COUNTS = (1, 2, 3, 100)  # samples: with two, half the sum is the mean


def draw_pairs(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draws targets and predictions (count, 1) whose residuals reach beyond 3."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (2, count, 1)).astype("float32")


def agree(first, second) -> bool:
    """Whether two numbers or arrays agree to the tolerance."""
    return bool(np.allclose(first, second, rtol=TOLERANCE, atol=1e-7))


@claim(
    "loss-mse",
    "Mean squared error is the mean of the squared errors, 1/N Σ(y − ŷ)², also written "
    "½ Σ(y − ŷ)².",
    says="is",
    notes="001 002 003",
    scope="1, 2, 3 and 100 random residuals; nothing is trained",
)
def squared_error(lab):
    """Both forms, and their slopes, against Keras's."""
    mean_agrees, half_sums, slopes = [], {}, {}
    mse = losses.MeanSquaredError()
    for count in COUNTS:
        y, predicted = draw_pairs(count)
        e = (y - predicted).astype(float)
        keras_loss = float(mse(y, predicted))
        mean_agrees.append(agree(keras_loss, squared(e).mean()))
        half_sums[count] = 0.5 * squared(e).sum() / keras_loss
        slope = gradients(lambda t, y=y: mse(y, t[0]), [predicted])[0]
        slopes[count] = float(np.mean(-e / slope))
    return Finding(
        {
            "1/N Σ(y − ŷ)²": all(mean_agrees),
            "½ Σ(y − ŷ)²": all(agree(ratio, 1) for ratio in half_sums.values()),
        },
        "Keras takes the mean. Half the sum is {ratios:.3g} times as much for {counts} "
        "samples: N/2 times the loss, with the same minimum, and N/2 times the "
        "gradient, so that a learning rate does not carry over.",
        ratios=list(half_sums.values()),
        counts=COUNTS,
        half_sum_over_keras_loss_by_samples=half_sums,
        slope_of_the_half_sum_over_keras_slope_by_samples=slopes,
        relative_tolerance=TOLERANCE,
    )


@claim(
    "loss-mae",
    "Mean absolute error is the mean size of the errors, 1/N Σ|y − ŷ|, also written "
    "½ Σ(ŷ − y).",
    says="is",
    notes="001 003",
    scope="1, 2, 3 and 100 random residuals; nothing is trained",
)
def absolute_error(lab):
    """Both forms against Keras's."""
    mae = losses.MeanAbsoluteError()
    agrees, printed = [], []
    for count in COUNTS:
        y, predicted = draw_pairs(count)
        e = (y - predicted).astype(float)
        keras_loss = float(mae(y, predicted))
        agrees.append(agree(keras_loss, absolute(e).mean()))
        printed.append(agree(keras_loss, 0.5 * -e.sum()))
    e = np.array([-3.0, 3.0])
    return Finding(
        {"1/N Σ|y − ŷ|": all(agrees), "½ Σ(ŷ − y), without bars": all(printed)},
        "Without the bars errors of −3 and 3 cancel to {without:g} (their mean size is "
        "{size:g}), and ever lower predictions have an ever lower loss: there is no "
        "minimum.",
        without=0.5 * e.sum(),
        size=absolute(e).mean(),
        errors=e,
        relative_tolerance=TOLERANCE,
    )


def huber_below_zero(e, delta: float = 1.0):
    """Huber's loss with the condition |e| < 0, which one of the notes prints."""
    return np.where(
        np.abs(e) < 0, 0.5 * np.square(e), delta * (np.abs(e) - 0.5 * delta)
    )


@claim(
    "loss-huber",
    "Huber's loss is quadratic for errors up to δ and linear beyond.",
    says="is",
    notes="001 002 003",
    scope="33 residuals from −4 to 4, δ = 0.5, 1 and 2; nothing is trained",
)
def huber_loss(lab):
    """Values and slopes against Keras's, with either condition."""
    e = np.linspace(-4, 4, 33)
    agrees, printed, steepest = [], [], {}
    for delta in (0.5, 1.0, 2.0):
        # Targets 0 and one example each: Keras returns one loss a residual.
        keras_huber = losses.Huber(delta=delta, reduction=None)
        zeros = np.zeros((33, 1), "float32")
        got = keras.ops.convert_to_numpy(keras_huber(zeros, -e[:, None]))
        slope = gradients(
            lambda t, loss=keras_huber, zeros=zeros: keras.ops.sum(loss(zeros, t[0])),
            [e[:, None].astype("float32")],
        )[0][:, 0]
        steepest[delta] = float(np.abs(slope).max())
        agrees.append(agree(got, huber(e, delta)))
        agrees.append(agree(slope, np.clip(e, -delta, delta)))
        printed.append(agree(got, huber_below_zero(e, delta)))
    shown = (0.0, 0.5, 3.0)
    return Finding(
        {
            "quadratic where |e| ≤ δ": all(agrees),
            "quadratic where |e| < 0": all(printed),
        },
        "Keras's loss at errors 0, 0.5 and 3 is {losses:g} for δ = 1, its slope the "
        "error cut at ±δ. No |e| is below 0: that form is {wrong:g} at error 0 and "
        "negative for every |e| < δ/2.",
        losses=[float(huber(x)) for x in shown],
        wrong=float(huber_below_zero(0.0)),
        with_e_below_0=[float(huber_below_zero(x)) for x in shown],
        steepest_slope_of_keras_by_delta=steepest,
        relative_tolerance=TOLERANCE,
    )


@claim(
    "loss-error-vs-loss",
    "An error belongs to one prediction, a loss to an example or a batch.",
    says="is",
    notes="001",
    scope="4 examples of 3 outputs, Keras's three reductions; nothing is trained",
)
def error_or_loss(lab):
    """Shapes and values of Keras's loss by how it is reduced."""
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
    return Finding(
        all(
            found[how].shape == np.shape(expected[how])
            and agree(found[how], expected[how])
            for how in found
        ),
        "Keras keeps to it: {examples} examples of {outputs} outputs have errors of "
        "that shape, reduction=None gives one loss an example (its mean over the "
        "outputs), the others one for the batch; 'sum' is {ratio:.3g} times the "
        "default here.",
        examples=error.shape[0],
        outputs=error.shape[1],
        ratio=float(found["sum"] / found["sum_over_batch_size"]),
        shape_of_errors=error.shape,
        shape_of_loss_by_reduction={str(how): found[how].shape for how in found},
    )


if __name__ == "__main__":
    main(__file__)
