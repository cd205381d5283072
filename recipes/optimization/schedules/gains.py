"""Gains: what a falling rate buys in accuracy and in epochs.

The notes say that decaying rates "often" generalize better and "can" save epochs. What
there is to gain decides. Where the best constant rate already fits the digits, a cosine
from the same rate changes nothing; where a fifth of the labels is wrong, the held rate
goes on to learn them by heart, and a falling one does not get to. Epochs are saved
where noise sets a floor under the loss, not where the loss is still falling fast.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._curves import cosine, squares
from recipes.optimization.schedules._digits import (
    WRONG,
    at_best,
    best_rate,
    by_epoch,
    column,
    from_best_rate,
    with_wrong_labels,
)

NATS = stats.Threshold(
    "a hundredth of a nat",
    0.01,
    "nats",
    "a held-out sample's probability then changes by one percent: less is not seen.",
)


@claim(
    "sched-helps-generalisation",
    "A rate that decays generalizes better.",
    says="often",
    hedge="often",
    notes="002",
    scope="1,024 digits, a network of 64 hidden units, 16 epochs, SGD, cosine",
)
def generalizes_better(lab):
    """Held-out scores with the rate held and with a cosine."""
    wrong = with_wrong_labels(lab)
    methods = ("SGD, cosine", "SGD")
    runs = {
        "best rates": [at_best(lab, method) for method in methods],
        f"{WRONG:.0%} wrong labels": [wrong["cosine"], wrong["constant"]],
    }
    pairs = {
        name: [column(found, "accuracy") for found in pair]
        for name, pair in runs.items()
    }
    gains = {
        f"{name}: accuracy": stats.greater(*pair, by=stats.ACCURACY_POINT)
        for name, pair in pairs.items()
    }
    falling, held = (column(found, "held_out_loss") for found in runs["best rates"])
    gains["best rates: held-out loss"] = stats.greater(held, falling, by=NATS)
    return Finding(
        gains,
        "Held-out accuracy with a cosine and with the rate held: {accuracy:.1%}. At "
        "the best rates the held-out loss is {falling:.3f} and {held:.3f} nats.",
        figure=draw_gains,
        accuracy={name: [seen.mean() for seen in pair] for name, pair in pairs.items()},
        falling=falling.mean(),
        held=held.mean(),
    )


# Adam adapts its steps to the size of the gradients, not to the time that is left. So a
# schedule may still be worth something on top: each gets its own best rate.


@claim(
    "sched-complements-adaptive",
    "A schedule complements an optimizer that adapts its rates, such as Adam.",
    notes="002",
    scope="1,024 digits, a network of 64 hidden units, 16 epochs, Adam, cosine",
)
def schedule_helps_adam(lab):
    """Adam with the rate held and with a cosine, each at its best rate."""
    falling, held = (at_best(lab, method) for method in ("Adam, cosine", "Adam"))
    losses = {
        name: [column(runs, measure) for runs in (falling, held)]
        for name, measure in (
            ("training", "training_loss"),
            ("held-out", "held_out_loss"),
        )
    }
    accuracy = [column(runs, "accuracy") for runs in (falling, held)]
    return Finding(
        {
            **{
                f"{name} loss a tenth lower": stats.greater(
                    second, first, by=stats.TENTH, scale="log"
                )
                for name, (first, second) in losses.items()
            },
            "held-out accuracy": stats.greater(*accuracy, by=stats.ACCURACY_POINT),
        },
        "Adam with a cosine and with the rate held, each at its best rate: training "
        "loss {training:.3g}, held-out loss {held_out:.3g}, accuracy {accuracy:.2%}.",
        training=[seen.mean() for seen in losses["training"]],
        held_out=[seen.mean() for seen in losses["held-out"]],
        accuracy=[seen.mean() for seen in accuracy],
        rates={m: best_rate(lab, m) for m in ("Adam, cosine", "Adam")},
    )


# Epochs. On the bowl the fewest steps to a goal are counted, at the best of 200 rates
# to hold and with the best cosine over just these steps; on digits the epochs to an
# easy goal, and what a cosine reaches in half of the epochs.
GOAL, LONGEST = 0.01, 2000  # expected square of the distance, from 100 at the start
# An easy goal is a linear model's accuracy, rounded down to a multiple of this: 90 % of
# the digits, 80 % of MNIST as small.
STEP = 0.1
EPOCH = stats.Threshold(
    "one epoch", 1.0, "epochs", "trainings are planned in whole epochs."
)


def fewest_steps(scheduled: bool) -> int:
    """Fewest steps to an expected square of `GOAL`, at the best rate of 200.

    Args:
        scheduled: Whether the rate falls to 0 on a cosine over just these steps,
            or stays.
    """
    rates = np.geomspace(1e-3, 1.0, 200)
    if not scheduled:
        return int((squares(np.tile(rates, (LONGEST, 1))).min(1) <= GOAL).argmax())
    few, enough = 1, LONGEST  # more steps never do worse, so halving finds the least
    while few < enough:
        steps = (few + enough) // 2
        shares = cosine(np.arange(steps), steps)
        reached = squares(shares[:, None] * rates)[-1].min() <= GOAL
        few, enough = (few, steps) if reached else (steps + 1, enough)
    return enough


def epochs_to(results: list[dict], accuracy: float) -> np.ndarray:
    """Epochs until the held-out accuracy is reached; one more than all if never."""
    reached = by_epoch(results, "held_out_accuracy") >= accuracy
    return np.where(reached.any(1), reached.argmax(1) + 1, reached.shape[1] + 1)


@claim(
    "sched-reduces-epochs",
    "With a schedule fewer epochs are needed.",
    says="can",
    hedge="can",
    notes="002",
    scope="a noisy bowl; 1,024 digits, 64 hidden units, 8 and 16 epochs, SGD",
)
def saves_epochs(lab):
    """Epochs to an easy goal, and half the epochs with a cosine against all."""
    runs, epochs = from_best_rate(lab), lab.settings.epochs
    constant, half = runs["constant"], runs["cosine, half the epochs"]
    steps = {"constant": fewest_steps(False), "falling cosine": fewest_steps(True)}
    goal = lab.data(lab.like_digits).linear_bar(STEP)
    easy = {name: epochs_to(runs[name], goal) for name in ("constant", "cosine")}
    losses = {
        name: [column(results, name) for results in (constant, half)]
        for name in ("training_loss", "held_out_loss")
    }
    lower = {
        name: stats.greater(*pair, by=stats.TENTH, scale="log")
        for name, pair in losses.items()
    }
    shown = {name: [loss.mean() for loss in pair] for name, pair in losses.items()}
    return Finding(
        {
            "noisy bowl, each at its best": steps["falling cosine"] < steps["constant"],
            f"images, to {goal:.0%} accuracy": stats.greater(
                easy["constant"], easy["cosine"], by=EPOCH
            ),
            "images, half the epochs: training loss lower": lower["training_loss"],
            "images, half the epochs: held-out loss lower": lower["held_out_loss"],
        },
        "The noisy bowl shows it: {held} steps at the best rate to hold, {falling} "
        "with the best cosine. Digits to {easy:.0%}: {mean_epochs:.1f} epochs; the "
        "rate held for {epochs} and a cosine over {half}: training loss "
        "{training_loss:.3g}, held-out loss {held_out_loss:.3g}.",
        figure=draw_gains,
        held=steps["constant"],
        falling=steps["falling cosine"],
        easy=goal,
        mean_epochs={name: float(seen.mean()) for name, seen in easy.items()},
        epochs=epochs,
        half=epochs // 2,
        goal_on_the_bowl=GOAL,
        **shown,
    )


def draw_gains(lab):
    """Held-out loss by epoch, and accuracy after training on wrong labels."""
    figure, axes = figures.new(1, 2, width=11.0, height=4.2)
    epochs = lab.settings.epochs
    right, wrong = from_best_rate(lab), with_wrong_labels(lab)
    curves = {
        name: by_epoch(right[name], "held_out_loss") for name in ("constant", "cosine")
    }
    half = by_epoch(right["cosine, half the epochs"], "held_out_loss")
    axes[0].set_yscale("log")
    figures.curves(axes[0], range(1, epochs + 1), curves)
    style = {"color": figures.COLORS[2], "linestyle": figures.LINES[2]}
    axes[0].plot(range(1, half.shape[1] + 1), half.mean(0), **style)
    end = (half.shape[1], half.mean(0)[-1])
    axes[0].annotate("half the epochs", end, (4, 8), textcoords="offset points",
                     color=style["color"])  # fmt: skip
    last = {name: values[:, -1].mean() for name, values in curves.items()}
    title = (
        f"Right labels: {last['constant']:.3f} held, {last['cosine']:.3f} by a cosine"
    )
    figures.describe(axes[0], title, "epoch", "held-out loss (nats)")
    accuracy = {}
    for index, name in enumerate(("constant", "cosine")):
        seen = column(wrong[name], "accuracy")
        accuracy[name] = seen.mean()
        axes[1].plot(
            seen, [index] * len(seen), "os"[index], color=figures.COLORS[index]
        )
        axes[1].plot(seen.mean(), index, "|", ms=24, color=figures.COLORS[index])
    axes[1].set_yticks((0, 1), ["constant", "cosine"])
    axes[1].set(ylim=(-0.6, 1.6))
    axes[1].xaxis.set_major_formatter("{x:.0%}")
    told = f"{accuracy['constant']:.1%} held, {accuracy['cosine']:.1%} by a cosine"
    title = f"{WRONG:.0%} wrong labels: {told}"
    x = "held-out accuracy on true labels (a mark a seed)"
    figures.describe(axes[1], title, x, "")
    lab.figure(
        "gains",
        figure,
        "The rate held and falling on a cosine: held-out loss by epoch, and accuracy "
        "after training on partly wrong labels.",
    )


if __name__ == "__main__":
    main(__file__)
