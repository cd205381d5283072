"""Rates: too small crawls, too large diverges, and 2/curvature is where.

On f(x) = x² a step multiplies the distance to the minimum by 1 − 2η. From that one
number everything follows: the steps needed, the rate from which a step overshoots
(1/2), and the rate from which descent diverges (1, which is 2/curvature). A network has
no single curvature, so there the same question is asked of trainings.
"""

import keras
import numpy as np
from keras.optimizers import SGD

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import first_step, keras_path
from recipes.optimization.gradient_descent._digits import GUESSING, RATES, losses

NEAR = 1e-3  # of the distance is left when descent has arrived


@experiment
def exercises(lab) -> dict:
    """Two exercises of the notes with Keras's SGD, beside their closed forms.

    The second gives two steps, 2.2 and 1.72, and no function: they shrink by 0.6, as
    from 3 on f(x) = (x − 1)² at rate 0.2, or wherever rate times f'' is 0.4.
    """
    first = keras_path(SGD(0.01), lambda x: 2 * x, 2.0, 100)
    second = keras_path(SGD(0.2), lambda x: 2 * (x - 1), 3.0, 5)
    first_formula = 2 * 0.98 ** np.arange(101)
    second_formula = 1 + 2 * 0.6 ** np.arange(6)
    shown = (1, 2, 3, 4, 5, 100)
    rows = [
        ["f(x) = x², from 2, rate 0.01", *(f"{first[i]:.5g}" for i in shown)],
        ["the same, adding the gradient", *(f"{2 * 1.02**i:.5g}" for i in shown)],
        ["f(x) = (x − 1)², from 3, 0.2", *(f"{x:.5g}" for x in second[1:]), "1"],
    ]
    lab.table("Two exercises, step by step", ["x after step", *map(str, shown)], rows)
    return {
        "first_after_1_and_100_steps": [first[1], first[100]],
        "first_by_formula": [first_formula[1], first_formula[100]],
        "first_with_a_plus_sign_after_100_steps": 2 * 1.02**100,
        "second": second,
        "greatest_difference_from_the_formulas": max(
            np.abs(first - first_formula).max(), np.abs(second - second_formula).max()
        ),
    }


def steps_on_parabola(rate: float) -> int | None:
    """Steps on x² until a thousandth of the distance is left; None if never."""
    left = np.abs(1 - 2 * rate) ** np.arange(100_000)
    return first_step(left <= NEAR)


# The notes hold three things against a rate that is too small; each is a claim. Slow: a
# tenth of the rate takes ten times the steps. Losses are compared as ratios; a tenth
# more is the least that matters.
SMALL, USUAL, LONG = "SGD, 0.01", "SGD, 0.1", "SGD, 0.01, ten times the epochs"


@claim(
    "lr-too-small-slow",
    "Too small a learning rate can slow convergence: it needs many more iterations.",
    says="can",
    hedge="can",
    notes="000 001 002 003",
    scope="x², and a hidden layer of 32 units on digits, 5 epochs of SGD",
)
def too_small_is_slow(lab):
    """Steps down a parabola, and the loss on digits after the same epochs."""
    loss, steps = losses(lab), [steps_on_parabola(r) for r in (1e-3, 1e-2, 1e-1, 0.5)]
    return Finding(
        {
            "x²: a tenth of the rate takes five times the steps or more": steps[0]
            > 5 * steps[1]
            > 25 * steps[2],
            "images, a tenth of the rate: a higher loss after the same epochs":
                stats.greater(loss[SMALL], loss[USUAL], by=stats.TENTH, scale="log"),
        },
        "x² takes {steps} steps at rates 0.001, 0.01, 0.1 and 0.5. Digits, training "
        "loss after {epochs} epochs: {small:.3f} at 0.01, {usual:.3f} at 0.1.",
        figure=(draw_parabola, draw_rates),
        steps=steps,
        epochs=lab.settings.epochs,
        small=loss[SMALL].mean(),
        usual=loss[USUAL].mean(),
        exercises=exercises(lab),
    )  # fmt: skip


# Underfits: that depends on when one stops, after the same number of epochs or after
# ten times as many.


@claim(
    "lr-too-small-underfits",
    "Too small a learning rate risks underfitting.",
    says="can",
    hedge="risk",
    notes="001",
    scope="a hidden layer of 32 units on digits, 5 and 50 epochs of SGD",
)
def too_small_underfits(lab):
    """The training loss after the same epochs, and after ten times as many."""
    loss = losses(lab)
    higher = {
        case: stats.greater(loss[name], loss[USUAL], by=stats.TENTH, scale="log")
        for case, name in (
            ("the same epochs", SMALL),
            ("ten times the epochs for a tenth of the rate", LONG),
        )
    }
    return Finding(
        higher,
        "Training loss on digits at rate 0.1 after {epochs} epochs {usual:.3f}; at "
        "0.01 {small:.3f}, and after {ten_times} epochs {long:.3f}.",
        figure=draw_rates,
        epochs=lab.settings.epochs,
        usual=loss[USUAL].mean(),
        small=loss[SMALL].mean(),
        ten_times=10 * lab.settings.epochs,
        long=loss[LONG].mean(),
    )


# Stagnates: a step that is smaller than half the spacing of the numbers is rounded to
# nothing. float32 has 24 bits, bfloat16, in which weights may be kept, has 8. That a
# small rate may also stay in a local minimum is a claim of the lesson `wells`.


def weight_after(steps: int, rate: float, dtype: str) -> float:
    """Where x² has been descended to from 2, with a weight of a precision."""
    weight = keras.Variable(2.0, dtype=dtype)
    for _ in range(steps):
        weight.assign(weight - keras.ops.cast(rate, dtype) * 2 * weight)
    weight = keras.ops.cast(weight.value, "float32")
    return float(keras.ops.convert_to_numpy(weight))


@claim(
    "lr-too-small-stagnates",
    "Training with too small a learning rate may stagnate.",
    says="can",
    hedge="may",
    notes="001",
    scope="x² from 2, 200 steps in float32 and in bfloat16; nothing is trained",
)
def too_small_stagnates(lab):
    """Whether a weight still moves in the second hundred steps."""
    cases = {
        "rate 0.001 in float32": (1e-3, "float32"),
        "rate 0.001 in bfloat16": (1e-3, "bfloat16"),
        "rate 10⁻⁸ in float32": (1e-8, "float32"),
    }
    seen = {
        name: [weight_after(steps, *case) for steps in (100, 200)]
        for name, case in cases.items()
    }
    return Finding(
        {f"{name}: stops far from 0": a == b > 1 for name, (a, b) in seen.items()},
        "On x² from 2 the weight is, after 100 and 200 steps, at {seen:.6g}. Steps "
        "below half of the last digit are rounded away.",
        seen=seen,
    )


# Beyond 2/curvature a parabola diverges. A function whose slope is bounded can't: there
# descent ends in a cycle, to and fro across the minimum.


@claim(
    "lr-too-large-diverges",
    "Too large a learning rate can overshoot and diverge.",
    says="can",
    hedge="can, potentially",
    notes="000 001 002 003",
    scope="x², √(1 + x²), and a hidden layer of 32 units on digits",
)
def too_large_diverges(lab):
    """Beyond 2/curvature a parabola diverges; a bounded slope never does."""
    # The limit of x² is 1: rates of 0.999, 1 and 1.001 as curvatures at rate 1.
    curvatures = 2 * np.array([0.999, 1.0, 1.001])
    edge = np.abs(keras_path(SGD(1.0), lambda x: curvatures * x, np.ones(3), 300)[-1])
    rate, path = 10.0, [2.0]
    for _ in range(1000):  # f(x) = √(1 + x²), whose slope stays below 1
        path.append(path[-1] - rate * path[-1] / np.sqrt(1 + path[-1] ** 2))
    path = np.abs(path)
    overshot = sum(first_step(np.array([1.0, 1 - 2 * r]) < 0) == 1 for r in (0.6, 0.9))
    at_10 = losses(lab)["SGD, 10"]
    worse = stats.against(at_10, GUESSING, by=stats.ANY, scale="log")
    return Finding(
        {
            "x²": bool(edge[0] < 0.9 < edge[1] < 1.1 < edge[2] and overshot == 2),
            "a loss of bounded slope, √(1 + x²)": bool(path[-1] > 1.01 * path[500]),
            "digits at rate 10: worse than guessing": worse,
        },
        "On x² a step overshoots from rate 0.5 and diverges from 2/curvature = 1 on: "
        "after 300 steps {edge:.2f} of the distance are left at 0.999, 1 and 1.001. A "
        "loss whose slope is bounded, √(1 + x²), does not diverge: at rate 10 descent "
        "goes to and fro, {cycling:.3f} away after 500 and 1000 steps. Digits at rate "
        "10: training loss {mean:.3g} (guessing: {guessing:.2f}).",
        figure=(draw_parabola, draw_rates),
        edge=edge,
        cycling=path[[500, 1000]],
        cycle=np.sqrt(rate**2 / 4 - 1),
        mean=at_10.mean(),
        guessing=GUESSING,
        training_loss_at_10=at_10,
        worse=worse,
    )


def draw_parabola(lab):
    """Descent on x² at four rates."""
    figure, axes = figures.new(1, 4, width=12.0, height=3.2)
    x = np.linspace(-3.1, 3.1, 100)
    words = ("crawls", "arrives", "overshoots", "diverges")
    for panel, rate, word in zip(axes, (0.01, 0.3, 0.9, 1.02), words, strict=True):
        points = 2 * (1 - 2 * rate) ** np.arange(11)
        panel.plot(x, x**2, color="#BBBBBB")
        panel.plot(points, points**2, "o-", markersize=4, lw=1, color=figures.COLORS[0])
        panel.plot(points[0], points[0] ** 2, "s", color=figures.COLORS[1])
        panel.set(ylim=(-0.5, 9.5))
        title = f"Rate {rate} {word}: {abs(points[-1]):.2g} left"
        figures.describe(panel, title, "x", "x²" if rate == 0.01 else "")
        panel.title.set_fontsize(9.0)
    lab.figure(
        "parabola",
        figure,
        "Ten steps down x² from 2 (square) at four rates, and the distance left.",
    )


def draw_rates(lab):
    """Steps on the parabola and the network's loss over the rate."""
    figure, (left, right) = figures.new(1, 2, width=10.0, height=4.0)
    rates = np.concatenate([np.geomspace(1e-3, 0.49, 40), np.linspace(0.5, 0.999, 60)])
    steps = [steps_on_parabola(rate) or np.nan for rate in rates]
    left.set(xscale="log", yscale="log")
    left.plot(rates, steps, color=figures.COLORS[0])
    left.axvline(1.0, color="#000000", lw=1, ls="--")
    left.annotate(
        "2/curvature", (1.0, 500), (-6, 0), ha="right", textcoords="offset points"
    )
    title = "x²: fewest steps at rate 0.5, then more until it diverges"
    figures.describe(left, title, "learning rate", "steps to a thousandth")
    table = np.array([losses(lab)[f"SGD, {rate:g}"] for rate in RATES]).T
    right.set(xscale="log", yscale="log")
    figures.curves(right, RATES, {"training": table})
    right.axhline(GUESSING, color="#000000", lw=1, ls="--")
    right.annotate("guessing", (0.1, GUESSING), (0, 4), textcoords="offset points")
    best = RATES[int(table.mean(0).argmin())]
    title = f"Digits: of these rates {best:g} learns most"
    figures.describe(right, title, "learning rate", "training loss (nats)")
    lab.figure(
        "rates",
        figure,
        "What the learning rate does to a parabola and, after "
        f"{lab.settings.epochs} epochs, to a network, with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
