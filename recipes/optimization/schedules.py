"""Learning rate schedules: six curves to the digit, and what they buy in training.

A schedule lowers (or swings) the learning rate as training goes on. First every
formula of the notes beside what Keras does; then a bowl with noisy slopes, where
everything can be worked out; then a network on digits.

Notes: 1.10 Learning rate and schedules
Data: a bowl with noisy slopes; digits for the network.
Run: recipes run schedules           (about 20 s on 2 CPU cores)
References: Robbins and Monro (1951); Loshchilov and Hutter (2017), SGDR; Smith
    (2017), Cyclical Learning Rates; Kingma and Ba (2015).
"""

from dataclasses import dataclass

from recipes.lab import UsageError, figures, lab_main
from recipes.optimization import (
    _schedules_bowl,
    _schedules_curves,
    _schedules_gains,
    _schedules_order,
    _schedules_overfitting,
    _schedules_rates,
)
from recipes.optimization._schedules_formulas import SHAPES
from recipes.optimization._schedules_network import Learner, Plan, column

CLAIMS = {
    "sched-step": "Step decay: the rate falls to a tenth every 10 epochs.",
    "sched-exponential": "Exponential decay: the rate is lr0·factor^epoch, lowered "
    "with each update.",
    "sched-plateau": "A plateau schedule lowers the rate to a tenth when the watched "
    "loss has stalled for 5 epochs.",
    "sched-cyclical": "A triangular cycle goes from 1e-5 to 1e-2 in 2000 steps and "
    "back.",
    "sched-cosine": "Cosine annealing: the rate is lr0·½(1 + cos(πt/50)).",
    "sched-epoch-ratio": "The rate can be decayed by the epoch's number over the "
    "number of epochs.",
    "sched-stability-finetune": "A rate that decays makes late training stable and "
    "fine-tunes the weights.",
    "sched-helps-generalisation": "A rate that decays generalizes better.",
    "sched-reduces-epochs": "With a schedule fewer epochs are needed.",
    "sched-prevents-overfitting": "Lowering the rate in time reduces overfitting.",
    "sched-mitigates-bad-lr": "A schedule makes up for a poorly chosen rate.",
    "lr-high-early-low-late": "The rate should be high at first and low later.",
    "lr-adaptive-moderated": "The choice of the rate matters less where the optimizer "
    "adapts it (Adam).",
}
SMOKE = {"seeds": 2, "epochs": 4, "rates": 3}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 16
    "Passes over the digits."
    rates: int = 7
    "Learning rates of the sweep, half a decade apart."


def experiment(lab):
    """Judges the curves, then the bowl, then what training on digits shows."""
    if lab.settings.epochs < 4:
        raise UsageError(f"--epochs must be at least 4, not {lab.settings.epochs}.")
    _schedules_curves.judge(lab)
    bowl = _schedules_bowl.measure(lab)
    lab.precision("dense")
    learner = Learner(lab.data("digits"))
    rates = _schedules_rates.sweep(lab, learner)
    runs = compare(lab, learner, rates.best("SGD"))
    wrong = _schedules_overfitting.train(lab, learner, rates.best("SGD"))
    _schedules_gains.judge(lab, bowl, runs, wrong, rates)
    _schedules_overfitting.judge(lab, runs, wrong)
    _schedules_rates.judge(lab, bowl, rates)
    _schedules_order.judge(lab, bowl, runs)
    draw(lab, runs, rates)


def compare(lab, learner, rate: float) -> dict[str, list[dict]]:
    """Trains with every schedule, all from the best constant rate."""
    epochs = lab.settings.epochs
    cases = {
        name: Plan(rate, name, epochs, watch=True) for name in [*SHAPES, "plateau"]
    }
    cases["cosine, half the epochs"] = Plan(rate, "cosine", epochs // 2, watch=True)
    runs = lab.sweep(learner.train, cases, title="schedules on digits")
    rows = [
        [
            name,
            f"{column(results, 'training_loss').mean():.4f}",
            f"{column(results, 'held_out_loss').mean():.4f}",
            f"{column(results, 'accuracy').mean():.2%}",
        ]
        for name, results in runs.items()
    ]
    lab.table(
        f"Digits after {epochs} epochs, SGD from rate {rate:g}",
        ["schedule", "training loss", "held-out loss", "held-out accuracy"],
        rows,
    )
    return runs


def draw(lab, runs, rates) -> None:
    """Draws the loss by schedule over the epochs, and over the first rate."""
    epochs = lab.settings.epochs
    shown = ("constant", "step", "cosine", "rising cosine")
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.4)
    left.set(yscale="log")
    left.xaxis.get_major_locator().set_params(integer=True)
    curves = {
        name: [run["history"]["training_loss"] for run in runs[name]] for name in shown
    }
    figures.curves(left, range(1, epochs + 1), curves)
    title = f"Schedules from rate {rates.best('SGD'):g}, range over seeds"
    figures.describe(left, title, "epoch", "training loss (nats)")
    right.set(xscale="log", yscale="log")
    for index, (name, table) in enumerate(rates.losses.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        steps = sorted(table)
        low, middle, high = (
            [float(getattr(table[rate], kind)()) for rate in steps]
            for kind in ("min", "mean", "max")
        )
        right.plot(steps, middle, marker="os^"[index], ms=4, label=name, **style)
        right.fill_between(steps, low, high, color=style["color"], alpha=0.15, lw=0)
    title = f"What the first rate does in {epochs} epochs"
    figures.describe(right, title, "learning rate at the start", "training loss (nats)")
    figures.legend(right)
    told = "Training loss on digits by epoch and schedule, and by the rate at the start"
    lab.figure("training", figure, f"{told}, with the range over seeds.")


if __name__ == "__main__":
    lab_main(experiment)
