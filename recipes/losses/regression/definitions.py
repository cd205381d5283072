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
DELTAS = (0.5, 1.0, 2.0)
SHOWN = (0.0, 0.5, 3.0)  # errors of which the losses are printed


def draw_pairs(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draws targets and predictions (count, 1) whose residuals reach beyond 3."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (2, count, 1)).astype("float32")


def agree(first, second) -> bool:
    """Whether two numbers or arrays agree to the tolerance."""
    return bool(np.allclose(first, second, rtol=TOLERANCE, atol=1e-7))


def huber_below_zero(e, delta: float = 1.0):
    """Huber's loss with the condition |e| < 0, which one of the notes prints."""
    return np.where(
        np.abs(e) < 0, 0.5 * np.square(e), delta * (np.abs(e) - 0.5 * delta)
    )


def keras_huber(e: np.ndarray, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Keras's loss of each error, and its slope: targets 0, one example an error."""
    loss, zeros = losses.Huber(delta=delta, reduction=None), np.zeros((len(e), 1))
    predicted = e[:, None].astype("float32")
    slope = gradients(lambda t: keras.ops.sum(loss(zeros, t[0])), [predicted])[0]
    return keras.ops.convert_to_numpy(loss(zeros, predicted)), slope[:, 0]


def mean_against_keras(formula, loss) -> Finding:
    """Compares the mean of a formula of the errors with a loss of Keras."""
    gaps = {}
    for count in COUNTS:
        y, predicted = draw_pairs(count)
        keras_loss = float(loss(y, predicted))
        gaps[count] = keras_loss / formula((y - predicted).astype(float)).mean() - 1
    return Finding(
        all(abs(gap) <= TOLERANCE for gap in gaps.values()),
        "For {counts} errors Keras's loss is that mean, to a share of {gap:.0e}.",
        counts=COUNTS,
        gap=max(map(abs, gaps.values())),
        relative_difference_to_keras_by_samples=gaps,
    )


@claim(
    "loss-mse",
    "Mean squared error is the mean of the squared errors, 1/N Σ(y − ŷ)².",
    says="is",
    notes="002 003",
    scope="1, 2, 3 and 100 random errors; nothing is trained",
)
def squared_error(lab):
    """The formula against Keras's loss."""
    return mean_against_keras(squared, losses.MeanSquaredError())


@claim(
    "loss-mse-half-sum",
    "Mean squared error is ½ Σ(ŷ − y)², as one of the notes prints it.",
    says="is",
    notes="001",
    scope="1, 2, 3 and 100 random errors; nothing is trained",
)
def half_the_sum(lab):
    """Half the sum over Keras's loss, and the ratio of their slopes."""
    ratios, slopes = {}, {}
    mse = losses.MeanSquaredError()
    for count in COUNTS:
        y, predicted = draw_pairs(count)
        e = (y - predicted).astype(float)
        ratios[count] = 0.5 * squared(e).sum() / float(mse(y, predicted))
        slope = gradients(lambda t, y=y: mse(y, t[0]), [predicted])[0]
        slopes[count] = float(np.mean(-e / slope))
    return Finding(
        all(agree(ratio, 1) for ratio in ratios.values()),
        "Half the sum is {ratios:.3g} times the mean for {counts} errors: N/2 times, "
        "which is 1 for two errors only. Its minimum is in the same place, but its "
        "gradient is N/2 times as long, so that a learning rate does not carry over.",
        ratios=list(ratios.values()),
        counts=COUNTS,
        half_sum_over_the_mean_by_samples=ratios,
        slope_of_the_half_sum_over_that_of_the_mean_by_samples=slopes,
    )


@claim(
    "loss-mae",
    "Mean absolute error is the mean size of the errors, 1/N Σ|y − ŷ|.",
    says="is",
    notes="003",
    scope="1, 2, 3 and 100 random errors; nothing is trained",
)
def absolute_error(lab):
    """The formula against Keras's loss."""
    return mean_against_keras(absolute, losses.MeanAbsoluteError())


@claim(
    "loss-mae-half-sum",
    "Mean absolute error is ½ Σ(ŷ − y), as one of the notes prints it.",
    says="is",
    notes="001",
    scope="1, 2, 3 and 100 random errors; nothing is trained",
)
def half_the_signed_sum(lab):
    """The printed sum, without bars, against Keras's loss."""
    printed, mae = {}, losses.MeanAbsoluteError()
    for count in COUNTS:
        y, predicted = draw_pairs(count)
        e = (y - predicted).astype(float)
        printed[count] = [0.5 * -e.sum(), float(mae(y, predicted))]
    e = np.array([-3.0, 3.0])
    return Finding(
        all(agree(*pair) for pair in printed.values()),
        "Without the bars errors of −3 and 3 cancel to {without:g}, where their mean "
        "size is {size:g}; and ever lower predictions have an ever lower loss, so that "
        "there is no minimum.",
        without=0.5 * e.sum(),
        size=absolute(e).mean(),
        printed_form_and_keras_loss_by_samples=printed,
    )


@claim(
    "loss-huber",
    "Huber's loss is ½ e² for errors up to δ in size, and δ(|e| − ½ δ) beyond.",
    says="is",
    notes="003",
    scope="33 errors from −4 to 4, δ = 0.5, 1 and 2; nothing is trained",
)
def huber_loss(lab):
    """Values and slopes against Keras's."""
    e = np.linspace(-4, 4, 33)
    values, slopes = [], []
    for delta in DELTAS:
        got, slope = keras_huber(e, delta)
        values.append(agree(got, huber(e, delta)))
        slopes.append(agree(slope, np.clip(e, -delta, delta)))
    return Finding(
        {"its values": all(values), "its slope, e cut at ±δ": all(slopes)},
        "Keras's loss at errors 0, 0.5 and 3 is {losses:g} for δ = 1. Its slope is the "
        "error itself up to δ and stays at δ beyond.",
        losses=keras_huber(np.array(SHOWN), 1.0)[0],
        errors=SHOWN,
    )


@claim(
    "loss-huber-condition",
    "Huber's loss is quadratic where |ŷ − y| < 0, as one of the notes prints it.",
    says="is",
    notes="001",
    scope="33 errors from −4 to 4, δ = 0.5, 1 and 2; nothing is trained",
)
def huber_as_printed(lab):
    """The printed condition against Keras's loss."""
    e = np.linspace(-4, 4, 33)
    same = [agree(keras_huber(e, d)[0], huber_below_zero(e, d)) for d in DELTAS]
    return Finding(
        all(same),
        "The condition must be |ŷ − y| ≤ δ. No size is below 0, so that the printed "
        "form is never quadratic: at an error of 0 it is {at_zero:g} for δ = 1, and "
        "negative for every error smaller than δ/2.",
        at_zero=float(huber_below_zero(0.0)),
        printed_form_at_errors_0_and_one_half_and_3=huber_below_zero(np.array(SHOWN)),
    )


@claim(
    "loss-error-vs-loss",
    "An error is a difference between prediction and target; a loss is typically "
    "one number for an example or a batch.",
    says="is",
    hedge="typically",
    notes="001",
    scope="4 examples of 3 outputs, Keras's three reductions; nothing is trained",
)
def error_or_loss(lab):
    """Shapes and values of Keras's loss by how it is reduced."""
    y, predicted = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
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
        "Keras keeps to it: {examples} examples of {outputs} outputs have {examples} × "
        "{outputs} errors. reduction=None gives one loss for each example, the mean "
        "over its outputs; the other reductions give one for the batch, 'sum' "
        "{ratio:.3g} times the default here.",
        examples=error.shape[0],
        outputs=error.shape[1],
        ratio=float(found["sum"] / found["sum_over_batch_size"]),
        shape_of_errors=error.shape,
        shape_of_loss_by_reduction={str(how): found[how].shape for how in found},
    )


if __name__ == "__main__":
    main(__file__)
