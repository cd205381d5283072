"""The small worked examples of the notes: a forward pass, one weight, a few steps."""

from fractions import Fraction

import keras
import numpy as np

from recipes.basics import _sigmoid_network as net


def judge(lab) -> None:
    """States the verdicts on the examples; nothing here depends on chance."""
    _forward_rows(lab)
    _one_weight(lab)
    _steps(lab)


def _forward_rows(lab) -> None:
    x = np.array([[0.5, 0.2, 0.1]])
    layers = [
        (np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.array([0.1, 0.2])),
        (np.array([[0.7, 0.8], [0.9, 1.0]]), np.array([0.3, 0.4])),
    ]
    rows, by_keras = x, x.astype("float32")
    for W, b in layers:  # samples are rows: X W + b, the layout of a Keras kernel
        rows = net.sigmoid(rows @ W + b)
        dense = keras.layers.Dense(2, "sigmoid")
        dense.build(by_keras.shape)
        dense.set_weights([W, b])
        by_keras = dense(by_keras)
    columns = net.forward([(W.T, b[:, None]) for W, b in layers], x.T)[-1]
    gaps = {
        "largest_difference_to_W_x_with_columns": np.abs(rows - columns.T).max(),
        "largest_difference_to_keras_in_float32": np.abs(
            rows - keras.ops.convert_to_numpy(by_keras)
        ).max(),
    }
    lab.verdict(
        "forward-numpy-3-2-2",
        bool(max(gaps.values()) < 1e-6),
        evidence={"A2": rows, "sum_of_outputs": rows.sum(), **gaps},
        note="The output that the notes leave out is "
        f"[[{rows[0, 0]:.10f}, {rows[0, 1]:.10f}]]; the two are independent sigmoids "
        f"and sum to {rows.sum():.4f}.",
    )


def _one_weight(lab) -> None:
    x, w, b, y = 1.5, 0.4, 0.1, 1.0
    a = net.sigmoid(w * x + b)

    def error(point):
        return (y - net.sigmoid(point[0] * x + b)) ** 2

    true = 2 * (a - y) * a * (1 - a) * x
    printed = -(y - a) * x
    numeric = net.slopes(error, [w])[0]
    lab.verdict(
        "bp-one-weight",
        bool(abs(printed - numeric) < 1e-8),
        evidence={
            "dE_dw_by_finite_differences": numeric,
            "dE_dw_by_the_whole_chain": true,
            "dE_dw_as_printed": printed,
            "dE_dw_for_half_the_square": true / 2,
        },
        note=f"The chain needs all three factors, dE/da · da/dz · dz/dw with da/dz = "
        f"a(1 - a) and dE/da = -2(y - a): {true:.6f}, as finite differences confirm; "
        f"the printed product gives {printed:.6f}.",
    )


def descend(slope, x: Fraction, rate: Fraction, steps: int) -> list[Fraction]:
    """Returns the points of gradient descent in exact fractions."""
    points = [x]
    for _ in range(steps):
        points.append(points[-1] - rate * slope(points[-1]))
    return points


def _steps(lab) -> None:
    def square(x):
        return 2 * x

    hundredth = Fraction(1, 100)
    one = descend(square, Fraction(2), hundredth, 1)[-1]
    lab.verdict(
        "gd-one-step-x2",
        square(2) == 4 and one == Fraction("1.96"),
        evidence={"slope_at_2": square(2), "x_after_one_step": str(one)},
    )
    fits = reconstructions()
    points = [
        [float(x) for x in descend(lambda x, m=m: 2 * (x - m), start, rate, 5)]
        for m, start, rate in fits
    ]
    lab.verdict(
        "gd-two-steps",
        any(path[1:3] == [2.2, 1.72] for path in points),
        evidence={
            "minimum_start_and_rate_that_fit": [list(map(str, fit)) for fit in fits],
            "points": points,
        },
        note="The notes leave out function, start and rate. With minimum and start "
        "whole, and a unit square term, only these give both numbers: "
        + "; ".join(f"f = (x - {m})² from {start}, rate {r}" for m, start, r in fits)
        + ".",
    )
    down = float(descend(square, Fraction(2), hundredth, 100)[-1])
    up = float(descend(square, Fraction(2), -hundredth, 100)[-1])
    lab.verdict(
        "gd-sign",
        up < 2,
        evidence={
            "x_after_100_steps_adding": up,
            "x_after_100_steps_subtracting": down,
        },
        note=f"Subtract: on x² from 2 with rate 0.01, 100 steps that add α∇f climb to "
        f"{up:.3f}; steps that subtract it come down to {down:.5f}.",
    )


def reconstructions() -> list[tuple[int, Fraction, Fraction]]:
    """Returns every (minimum m, start, rate) in whole m, start in -10..10.

    On f = (x - m)² a step multiplies x - m by 1 - 2α, so 2.2 and 1.72 fix the
    factor for each m, and with it the rate and the start.
    """
    first, second, fits = Fraction("2.2"), Fraction("1.72"), []
    for minimum in range(-10, 11):
        factor = (second - minimum) / (first - minimum)
        start = minimum + (first - minimum) / factor
        rate = (1 - factor) / 2
        if start.denominator == 1 and abs(start) <= 10 and rate > 0:
            fits.append((minimum, start, rate))
    return fits
