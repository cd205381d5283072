"""Gradient descent: what a learning rate too small or too large does, and cures.

The two exercises of the notes step by step, then the limits: exactly on parabolas,
and with a network on digits.

Notes: 1.10 Learning rate and schedules
Data: parabolas and a double well; digits for the network.
Run: recipes run gradient_descent    (about 15 s on 2 CPU cores)
References: Cauchy (1847); LeCun et al. (1998), Efficient BackProp.
"""

from dataclasses import dataclass

import numpy as np
from keras.optimizers import SGD

from recipes.lab import figures, lab_main, stats
from recipes.optimization import _descent_rescue, _descent_stuck
from recipes.optimization._descent_network import GUESSING, RATES, Learner
from recipes.optimization._surfaces import first_step, keras_path

CLAIMS = {
    "lr-too-small-slow": "Too small a learning rate is slow, stagnates and underfits.",
    "lr-too-large-diverges": "Too large a learning rate overshoots and diverges.",
    "lr-fix-divergence": "A smaller rate, momentum or another optimizer cures "
    "divergence.",
    "lr-small-stuck-local": "A small learning rate stays in local minima.",
}
SMOKE = {"seeds": 2, "epochs": 1, "walkers": 10, "steps": 500}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 5
    "Passes over the digits."
    walkers: int = 100
    "Points in a double well for each seed."
    steps: int = 5000
    "Steps in the double well at the larger rate."


def experiment(lab):
    """Works the exercises, then judges both ends of the scale, cures and wells."""
    worked = exercises(lab)
    lab.precision("dense")
    losses = Learner(lab.data("digits")).sweep(lab)
    judge_small(lab, losses, worked)
    judge_large(lab, losses)
    _descent_rescue.judge(lab, losses)
    _descent_stuck.judge(lab)
    draw_parabola(lab)
    draw_sweep(lab, losses)


def exercises(lab) -> dict:
    """Two exercises of the notes with Keras's SGD, beside their closed forms.

    The second gives two steps, 2.2 and 1.72, and no function: they shrink by 0.6,
    as from 3 on f(x) = (x − 1)² at rate 0.2, or wherever rate times f'' is 0.4.
    """
    first = keras_path(SGD(0.01), lambda x: 2 * x, 2.0, 100)
    second = keras_path(SGD(0.2), lambda x: 2 * (x - 1), 3.0, 5)
    k, few = np.arange(101), np.arange(6)
    formulas = {"first": 2 * 0.98**k, "second": 1 + 2 * 0.6**few}
    shown = (1, 2, 3, 4, 5, 100)
    rows = [
        ["f(x) = x², from 2, rate 0.01", *(f"{first[i]:.5g}" for i in shown)],
        ["the same, adding the gradient", *(f"{2 * 1.02**i:.5g}" for i in shown)],
        ["f(x) = (x − 1)², from 3, 0.2", *(f"{x:.5g}" for x in second[1:]), "1"],
    ]
    lab.table("Two exercises, step by step", ["x after step", *map(str, shown)], rows)
    return {
        "x²_from_2_rate_0.01_after_1_and_100_steps": [first[1], first[100]],
        "by_formula": [formulas["first"][1], formulas["first"][100]],
        "with_a_plus_sign_after_100_steps": 2 * 1.02**100,
        "(x−1)²_from_3_rate_0.2": second,
        "greatest_difference_from_the_formulas": max(
            np.abs(first - formulas["first"]).max(),
            np.abs(second - formulas["second"]).max(),
        ),
    }


def steps_on_parabola(rate: float) -> int | None:
    """Steps on x² until a thousandth of the distance is left."""
    left = np.abs(1 - 2 * rate) ** np.arange(100_000)
    return first_step(left <= 1e-3)


def judge_small(lab, losses, worked) -> None:
    """A small rate is slow; whether it underfits depends on when one stops."""
    epochs, margin = lab.settings.epochs, np.log(1.1)  # 10 % more loss is worse

    def worse(slow, fast):
        return stats.paired(np.log(losses[slow]) - margin, np.log(losses[fast]))

    small, usual, long = "SGD, 0.01", "SGD, 0.1", "SGD, 0.01, ten times the epochs"
    same, proportional = worse(small, usual), worse(long, usual)
    steps = {rate: steps_on_parabola(rate) for rate in (1e-3, 1e-2, 1e-1, 0.5)}
    still = keras_path(SGD(1e-8), lambda x: 2 * x, 2.0, 50)
    lab.verdict(
        "lr-too-small-slow",
        {
            "x²: a tenth of the rate takes five times the steps or more": steps[1e-3]
            > 5 * steps[1e-2] > 25 * steps[1e-1],
            "x² at rate 10⁻⁸ in float32: never moves": bool((still == still[0]).all()),
            "digits, the same epochs: underfits": same.positive,
            "digits, ten times the epochs for a tenth of the rate: underfits":
                proportional.positive,
        },
        evidence={
            "steps_to_a_thousandth_on_x²": steps,
            "x_after_50_steps_at_1e-8_from_2": still[-1],
            "training_loss": losses,
            "log_loss_beyond_10_%_more_same_epochs": same,
            "log_loss_beyond_10_%_more_ten_times_the_epochs": proportional,
            "worked_exercises": worked,
        },
        note="x² takes "
        + ", ".join(f"{count} steps at {rate:g}" for rate, count in steps.items())
        + f". Digits, training loss after {epochs} epochs: "
        f"{np.mean(losses[small]):.3f} at 0.01, {np.mean(losses[usual]):.3f} at 0.1; "
        f"0.01 with {10 * epochs} epochs {np.mean(losses[long]):.3f}. At 10⁻⁸ a step "
        "of x² is less than half of float32's last digit.",
    )  # fmt: skip


def judge_large(lab, losses) -> None:
    """Beyond 2/curvature a parabola diverges; a bounded slope never does."""
    # The limit of x² is 1: rates of 0.999, 1 and 1.001 as curvatures at rate 1.
    curvatures = 2 * np.array([0.999, 1.0, 1.001])
    edge = np.abs(keras_path(SGD(1.0), lambda x: curvatures * x, np.ones(3), 300)[-1])
    rate, path = 10.0, [2.0]
    for _ in range(1000):  # f(x) = √(1 + x²), whose slope stays below 1
        path.append(path[-1] - rate * path[-1] / np.sqrt(1 + path[-1] ** 2))
    path = np.abs(path)
    cycle = np.sqrt(rate**2 / 4 - 1)
    overshot = sum(first_step(np.array([1.0, 1 - 2 * r]) < 0) == 1 for r in (0.6, 0.9))
    worse = stats.paired(np.log(losses["SGD, 10"]), np.log([GUESSING] * len(lab.seeds)))
    lab.verdict(
        "lr-too-large-diverges",
        {
            "x²": bool(edge[0] < 0.9 < edge[1] < 1.1 < edge[2] and overshot == 2),
            "√(1 + x²), slope below 1": bool(path[-1] > 1.01 * path[500]),
            "digits at rate 10: worse than guessing": worse.positive,
        },
        evidence={
            "distance_on_x²_after_300_steps_at_0.999_1_1.001": edge,
            "distance_on_√(1+x²)_at_rate_10_after_500_and_1000": path[[500, 1000]],
            "cycle_by_formula": cycle,
            "training_loss_on_digits": losses["SGD, 10"],
            "log_loss_minus_that_of_guessing": worse,
        },
        note="On x² a step overshoots from rate 0.5 on and diverges from 2/curvature = "
        f"1 on: after 300 steps {edge[0]:.2f}, {edge[1]:.2f} and {edge[2]:.2f} of the "
        "distance are left at 0.999, 1 and 1.001. On √(1 + x²), whose slope stays "
        f"below 1, descent at rate 10 is {path[500]:.3f} away after 500 steps and "
        f"{path[-1]:.3f} after 1000: to and fro, by formula {cycle:.3f}. Digits at "
        f"rate 10: training loss {np.mean(losses['SGD, 10']):.3g} (guessing: "
        f"{GUESSING:.2f}).",
    )


def draw_parabola(lab) -> None:
    """Draws descent on x² at four rates."""
    figure, axes = figures.new(1, 4, width=12.0, height=3.2)
    x = np.linspace(-3.1, 3.1, 100)
    for panel, rate in zip(axes, (0.01, 0.3, 0.9, 1.02), strict=True):
        points = 2 * (1 - 2 * rate) ** np.arange(11)
        panel.plot(x, x**2, color="#BBBBBB")
        panel.plot(points, points**2, "o-", markersize=4, lw=1, color=figures.COLORS[0])
        panel.plot(points[0], points[0] ** 2, "s", color=figures.COLORS[1])
        panel.set(ylim=(-0.5, 9.5))
        title = f"Rate {rate}: {abs(points[-1]):.2g} left"
        figures.describe(panel, title, "x", "x²" if rate == 0.01 else "")
    told = "Ten steps down x² from 2 (square) at four rates, and the distance left."
    lab.figure("parabola", figure, told)


def draw_sweep(lab, losses) -> None:
    """Draws steps on the parabola and the network's loss over the rate."""
    figure, (left, right) = figures.new(1, 2, width=10.0, height=4.0)
    rates = np.concatenate([np.geomspace(1e-3, 0.49, 40), np.linspace(0.5, 0.999, 60)])
    steps = [steps_on_parabola(rate) or np.nan for rate in rates]
    left.set(xscale="log", yscale="log")
    left.plot(rates, steps, color=figures.COLORS[0])
    left.axvline(1.0, color="#000000", lw=1, ls="--")
    left.annotate("2/curvature", (1.0, 500), (-6, 0), ha="right",
                  textcoords="offset points")  # fmt: skip
    title = "Steps on x² to a thousandth of the distance"
    figures.describe(left, title, "learning rate", "steps")
    table = np.array([losses[f"SGD, {rate:g}"] for rate in RATES]).T
    right.set(xscale="log", yscale="log")
    figures.curves(right, RATES, {"training": table})
    right.axhline(GUESSING, color="#000000", lw=1, ls="--")
    right.annotate("guessing", (0.1, GUESSING), (0, 4), textcoords="offset points")
    title = f"A network on digits after {lab.settings.epochs} epochs"
    figures.describe(right, title, "learning rate", "training loss (nats)")
    told = "What the learning rate does to a parabola and to a network, with the range"
    lab.figure("rates", figure, f"{told} over seeds.")


if __name__ == "__main__":
    lab_main(experiment)
