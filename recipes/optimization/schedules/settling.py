"""Settling: a falling rate lets the weights settle, so a high rate belongs first.

With noisy slopes a weight never rests. At rate η on a bowl of curvature 1, noise of
variance 1 leaves an expected square of η/(2 − η) in it, however long one trains: a
lower rate leaves less. A rate that falls has both, quick steps at first and little
noise at the end. The same rates in the opposite order end with the noise of the high
one.

Without noise the order would not matter at all: a step leaves the share 1 − η of the
distance, and factors commute.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.schedules._curves import START, STEPS, cosine, squares
from recipes.optimization.schedules._digits import (
    SMALLEST,
    at_best,
    best_rate,
    by_epoch,
    column,
    from_best_rate,
)

RATE = 0.1
CHAINS = 500  # simulated at once for each seed


def simulate(rates, seed: int, start: float = START) -> float:
    """Many chains under noise; the mean square of their distance at the end."""
    rng = np.random.default_rng([seed, 42])
    x = np.full(CHAINS, start)
    for rate in rates:
        x = x - rate * (x + rng.normal(size=CHAINS))
    return float((x**2).mean())


@experiment
def noisy_bowl(lab) -> dict[str, dict]:
    """Expected squares at the end with and without noise, beside a simulation."""
    falling = RATE * cosine(np.arange(STEPS), STEPS)
    plans = {
        "constant": np.full(STEPS, RATE),
        "a tenth, constant": np.full(STEPS, RATE / 10),
        "falling cosine": falling,
        "rising cosine": falling[::-1],
    }
    exact = {name: float(squares(rates)[-1]) for name, rates in plans.items()}
    calm = {name: float(squares(rates, 0.0)[-1]) for name, rates in plans.items()}
    simulated = {
        name: [simulate(rates, seed) for seed in lab.seeds]
        for name, rates in plans.items()
    }
    means = {name: float(np.mean(ends)) for name, ends in simulated.items()}
    # The relative error of a mean of squares over chains is √(2 / chains).
    bound = 5 * np.sqrt(2 / (CHAINS * len(lab.seeds)))
    error = max(abs(means[name] / exact[name] - 1) for name in plans)
    lab.table(
        f"A bowl with noisy slopes from distance {START:g}, after {STEPS} steps",
        ["rate", "by formula", "simulated", "no noise"],
        [[name, exact[name], means[name], f"{calm[name]:.3e}"] for name in plans],
    )
    return {
        "exact": exact,
        "calm": calm,
        "simulated": simulated,
        "agree": bool(error < bound),
    }


def late_jumps(results: list[dict]) -> np.ndarray:
    """How much the held-out loss changes from epoch to epoch in the last quarter."""
    losses = by_epoch(results, "held_out_loss")
    last = max(2, losses.shape[1] // 4)
    moves = np.abs(np.diff(losses[:, -last - 1 :])).mean(1)
    return np.maximum(moves, SMALLEST)


def show_schedules(lab) -> None:
    """Prints what every schedule ends with on digits."""
    rows = []
    for name, runs in from_best_rate(lab).items():
        training, held_out, accuracy = (
            column(runs, measure).mean()
            for measure in ("training_loss", "held_out_loss", "accuracy")
        )
        rows.append([name, f"{training:.4f}", f"{held_out:.4f}", f"{accuracy:.2%}"])
    lab.table(
        f"Digits after {lab.settings.epochs} epochs, SGD from rate "
        f"{best_rate(lab, 'SGD'):g}",
        ["schedule", "training loss", "held-out loss", "held-out accuracy"],
        rows,
    )


@claim(
    "sched-late-stability",
    "A rate that decays makes late training more stable.",
    notes="001",
    scope="a noisy bowl, 400 steps; 1,024 digits, 64 hidden units, 16 epochs, SGD",
)
def settles_late(lab):
    """What is left of the noise, and how much the loss still jumps."""
    bowl, runs = noisy_bowl(lab), from_best_rate(lab)
    show_schedules(lab)
    ends = bowl["simulated"]
    less = stats.greater(
        ends["constant"], ends["falling cosine"], by=stats.TENTH, scale="log"
    )
    jumps = [late_jumps(runs[name]) for name in ("constant", "cosine")]
    return Finding(
        {
            "noisy bowl: wanders less": less if bowl["agree"] else None,
            "images: the held-out loss jumps less": stats.greater(
                *jumps, by=stats.TENTH, scale="log"
            ),
        },
        "Noise of variance 1 leaves {high:.4f} in a weight at rate {rate}, {low:.4f} "
        "at a tenth, {at_end:.4f} at the end of a cosine. On digits the held-out loss "
        "moves late in training by {moves:.2g} an epoch with the rate held and with a "
        "cosine.",
        figure=draw_settling,
        high=RATE / (2 - RATE),
        rate=RATE,
        low=RATE / 10 / (2 - RATE / 10),
        at_end=bowl["exact"]["falling cosine"],
        moves=[float(move.mean()) for move in jumps],
        formula_and_simulation_agree=bowl["agree"],
    )


@claim(
    "sched-fine-tunes",
    "Small rates late in training fine-tune the weights: they end nearer the minimum.",
    notes="001 002",
    scope="a noisy bowl, 400 steps; 1,024 digits, 64 hidden units, 16 epochs, SGD",
)
def ends_nearer(lab):
    """How near the minimum training ends, with the rate held and with a cosine."""
    bowl, runs = noisy_bowl(lab), from_best_rate(lab)
    ends = [bowl["simulated"][name] for name in ("constant", "falling cosine")]
    nearer = stats.greater(*ends, by=stats.TENTH, scale="log")
    pairs = {
        "one first rate": (runs["constant"], runs["cosine"]),
        "each from its best rate": [at_best(lab, m) for m in ("SGD", "SGD, cosine")],
    }
    losses = {
        name: [column(found, "training_loss") for found in pair]
        for name, pair in pairs.items()
    }
    return Finding(
        {
            "noisy bowl": nearer if bowl["agree"] else None,
            **{
                f"images, {name}: a lower training loss": stats.greater(
                    *pair, by=stats.TENTH, scale="log"
                )
                for name, pair in losses.items()
            },
        },
        "On the noisy bowl a square of {held:.4f} is left with the rate held, "
        "{falling:.4f} with a cosine. Digits end at a training loss of {fitted:.3g}, "
        "held and cosine.",
        figure=draw_settling,
        held=bowl["exact"]["constant"],
        falling=bowl["exact"]["falling cosine"],
        fitted={name: [seen.mean() for seen in pair] for name, pair in losses.items()},
    )


# The control is the same cosine backwards: the same rates, low ones first.


@claim(
    "lr-high-early-low-late",
    # A higher rate early "can accelerate", a lower one late "allows for fine-tuning".
    "A rate that is high at first and low later can improve convergence.",
    says="can",
    hedge="can",
    notes="002",
    scope="a bowl, 400 steps; 1,024 digits, 64 hidden units, 16 epochs, SGD",
)
def high_first(lab):
    """Compares a falling with a rising cosine on the bowl and on digits."""
    bowl, runs = noisy_bowl(lab), from_best_rate(lab)
    falling, rising = runs["cosine"], runs["rising cosine"]
    ratio = bowl["calm"]["rising cosine"] / bowl["calm"]["falling cosine"]
    simulated = stats.greater(
        bowl["simulated"]["rising cosine"],
        bowl["simulated"]["falling cosine"],
        by=stats.TENTH,
        scale="log",
    )
    lower = {
        f"images, {name.replace('_', ' ').replace('held out', 'held-out')}":
            stats.greater(column(rising, name), column(falling, name),
                          by=stats.TENTH, scale="log")
        for name in ("training_loss", "held_out_loss")
    }  # fmt: skip
    means = {
        name: [float(column(results, name).mean()) for results in (falling, rising)]
        for name in ("training_loss", "held_out_loss", "accuracy")
    }
    return Finding(
        {
            "noisy bowl": simulated if bowl["agree"] else None,
            **lower,
            "images, held-out accuracy": stats.greater(
                column(falling, "accuracy"),
                column(rising, "accuracy"),
                by=stats.ACCURACY_POINT,
            ),
        },
        "On the noisy bowl {noisy_falling:.4f} is left if the rate falls, "
        "{noisy_rising:.4f} if it rises. Digits, falling and rising: training loss "
        "{training_loss:.3g}, accuracy {accuracy:.1%}. Without noise a bowl does not "
        "mind the order (rising over falling: {ratio:.6f}).",
        figure=draw_settling,
        ratio=ratio,
        noisy_falling=bowl["exact"]["falling cosine"],
        noisy_rising=bowl["exact"]["rising cosine"],
        **means,
    )


def draw_settling(lab):
    """The expected square on the bowl and the training loss on digits."""
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.4)
    falling = RATE * cosine(np.arange(STEPS), STEPS)
    plans = {
        "constant": np.full(STEPS, RATE),
        "cosine": falling,
        "rising cosine": falling[::-1],
    }
    left.set_yscale("log")
    curves = {name: squares(rates) for name, rates in plans.items()}
    figures.curves(left, range(STEPS + 1), curves)
    title = "A bowl with noise: the order decides the end"
    y = "expected square of the distance"
    figures.describe(left, title, "update", y)
    right.set_yscale("log")
    right.xaxis.get_major_locator().set_params(integer=True)
    runs = from_best_rate(lab)
    curves = {
        name: by_epoch(runs[name], "training_loss")
        for name in ("constant", "cosine", "rising cosine")
    }
    figures.curves(right, range(1, lab.settings.epochs + 1), curves)
    words = ("held", "falling", "rising")
    last = [values[:, -1].mean() for values in curves.values()]
    fits = f"{words[int(np.argmin(last))]}, the rate fits best"
    title = f"Digits from rate {best_rate(lab, 'SGD'):g}: {fits}"
    figures.describe(right, title, "epoch", "training loss (nats)")
    lab.figure(
        "settling",
        figure,
        "What schedules leave of the distance on a noisy bowl, and of the training "
        "loss on digits, with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
