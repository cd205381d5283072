"""Optimizers: four update rules, one table, and what a learning rate explains.

The notes train one network on MNIST with SGD, Adam, RMSprop and AdaGrad and
conclude that SGD is slow. Here the table is reproduced, then every optimizer
gets a sweep of learning rates.

Notes: 1.8 Optimizers
Data: digits by default; `--data mnist` reproduces the notes' table (about 6 min).
Run: recipes run optimizers   (about 1 min on 2 CPU cores)
References: Robbins and Monro (1951); Polyak (1964); Duchi et al. (2011);
    Tieleman and Hinton (2012); Zeiler (2012); Kingma and Ba (2015).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import figures, lab_main, stats
from recipes.optimization._optimizer_network import Contestant, StopAtLoss
from recipes.optimization._optimizer_problems import judge_problems
from recipes.optimization._optimizer_recurrent import judge_recurrent
from recipes.optimization._optimizer_updates import judge_updates

import numpy as np
from keras.optimizers import SGD, Adagrad, Adam, RMSprop

CLAIMS = {
    "opt-sgd-update": "SGD: θ ← θ − η∇J.",
    "opt-momentum-update": "Momentum: v ← γv − η∇J, then θ ← θ + v.",
    "opt-adagrad-update": "AdaGrad divides by the root of the summed squares: "
    "θ ← θ − ηg/√(G + ε).",
    "opt-adadelta-update": "Adadelta's step is −RMS[Δθ]/RMS[g]·g; it has no "
    "learning rate.",
    "opt-rmsprop-update": "RMSprop divides by a decaying root mean square: "
    "E ← 0.9E + 0.1g², θ ← θ − ηg/√(E + ε).",
    "opt-adam-update": "Adam: decaying means of g and g², both corrected for their "
    "start at zero, θ ← θ − ηm̂/(√v̂ + ε).",
    "opt-adam-bias-correction": "Adam's bias correction matters early.",
    "opt-mnist-four": "Four optimizers on an MNIST MLP give the printed losses of "
    "five epochs.",
    "opt-mnist-ranking": "After five epochs the losses rank Adam < RMSprop < AdaGrad "
    "< SGD.",
    "opt-sgd-slow-is-lr": "SGD converges more slowly than Adam.",
    "opt-adam-lr-sensitivity": "Adam is less sensitive to its learning rate than the "
    "other optimizers.",
    "opt-adagrad-decay": "AdaGrad's rate shrinks all the time and may end learning "
    "early.",
    "opt-adagrad-nonconvex": "AdaGrad does not suit non-convex deep learning.",
    "opt-adagrad-sparse": "AdaGrad is good on sparse features.",
    "opt-adagrad-no-tuning": "AdaGrad needs no manual tuning of the rate.",
    "opt-rmsprop-nonstationary": "RMSprop suits objectives that move.",
    "opt-rmsprop-rnn": "RMSprop suits recurrent networks.",
    "opt-feature-scales": "Adaptive optimizers cope with features of different "
    "scales; SGD is sensitive to them.",
    "opt-adam-vs-sgd-generalisation": "SGD with momentum may generalize better than "
    "Adam.",
    "opt-adam-memory": "Adam stores two moments for each parameter.",
    "opt-weight-decay": "Some optimizers include weight decay.",
    "opt-task-table": "Many features or much data ask for Adam or RMSprop, few or "
    "little for Adam or SGD.",
    "opt-batch-gd-convex-guarantee": "Full-batch gradient descent reaches the global "
    "minimum of a convex problem.",
}
SMOKE = {"seeds": 2, "epochs": 1, "rates": 2}

NOTES = {  # running mean of the training loss, epochs 1 to 5, as the notes print it
    "SGD": (1.0196, 0.3903, 0.3279, 0.2952, 0.2698),
    "Adam": (0.3832, 0.1867, 0.1365, 0.1105, 0.0928),
    "RMSprop": (0.3958, 0.1976, 0.1500, 0.1227, 0.1047),
    "AdaGrad": (0.3821, 0.2204, 0.1833, 0.1616, 0.1460),
}
FLOOR = 0.1  # training loss at which test scores are compared


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 5
    "Passes over the data."
    rates: int = 9
    "Learning rates of the sweep, from 1e-4 to 1."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the network learns."


def notes_optimizers() -> dict:
    """The four optimizers with the settings of the notes' framework.

    Its RMSprop has rho 0.99, its AdaGrad starts at 0, and both add epsilon
    outside the root; Keras adds it inside, so it is squared here.
    """
    return {
        "SGD": SGD(0.01),
        "Adam": Adam(0.001, epsilon=1e-8),
        "RMSprop": RMSprop(0.001, rho=0.99, epsilon=1e-16),
        "AdaGrad": Adagrad(0.01, initial_accumulator_value=0.0, epsilon=1e-20),
    }


def keras_optimizers() -> dict:
    """The same four with Keras's defaults, at the notes' learning rates."""
    return {
        "SGD": SGD(0.01),
        "Adam": Adam(0.001),
        "RMSprop": RMSprop(0.001),
        "AdaGrad": Adagrad(0.01),
    }


def experiment(lab):
    """Judges every claim of the chapter."""
    judge_updates(lab)
    judge_problems(lab)
    judge_recurrent(lab)
    data = lab.data()
    ours = reproduce(lab, data)
    losses, best = sweep_rates(lab, data)
    judge_rates(lab, ours, losses, best)
    judge_generalization(lab, data, best)
    draw(lab, ours, losses)


def reproduce(lab, data) -> dict[str, list[dict]]:
    """Trains the notes' table, and the same with Keras's defaults beside it."""
    epochs, runs = lab.settings.epochs, {}
    for title, made, notes in (
        ("as in the notes", notes_optimizers(), True),
        ("Keras's defaults", keras_optimizers(), False),
    ):
        contestants = {name: Contestant(data, item) for name, item in made.items()}
        runs[title] = lab.sweep(
            lambda case, seed, notes=notes: case.train(seed, epochs, notes=notes),
            contestants,
            title=title,
        )
    ours = runs["as in the notes"]
    compared = data.name == "mnist" and epochs == 5
    columns = ["optimizer", *(f"epoch {epoch + 1}" for epoch in range(epochs)), "test"]
    z_scores, rows = {}, []
    for name, printed in NOTES.items():
        curve = losses_of(ours[name])
        mean, spread = curve.mean(0), curve.std(0, ddof=1)
        rows.append([name, *map(float, mean), accuracy_of(ours[name])])
        default = runs["Keras's defaults"][name]
        if compared:
            z_scores[name] = [float(z) for z in (np.array(printed) - mean) / spread]
            rows.append(["  notes", *printed, "-"])
            rows.append(["  z", *(f"{z:+.1f}" for z in z_scores[name]), ""])
        mean = losses_of(default).mean(0)
        rows.append(["  Keras's", *map(float, mean), accuracy_of(default)])
    lab.table(f"Training loss by epoch and test accuracy on {data.name}", columns, rows)
    far = max((abs(z) for row in z_scores.values() for z in row), default=None)
    lab.verdict(
        "opt-mnist-four",
        None if far is None else far <= 3.0,
        evidence={
            "z_scores_of_the_notes": z_scores,
            "loss_by_epoch": {name: losses_of(runs_) for name, runs_ in ours.items()},
            "test_accuracy": {
                name: [run["test_accuracy"] for run in runs_]
                for name, runs_ in ours.items()
            },
        },
        note=f"The farthest of the 20 printed losses is {far:.2f} standard deviations "
        f"from ours, over {len(lab.seeds)} seeds."
        if far is not None
        else "Only --data mnist --epochs 5 can tell.",
    )
    return ours


def sweep_rates(lab, data):
    """Trains every optimizer with every rate; the best rates get every seed.

    Returns:
        Final training losses {optimizer: {rate: one a seed}}, and the best rates
        {optimizer: rate}.
    """
    contestants = {
        name: Contestant(data, optimizer)
        for name, optimizer in {
            **notes_optimizers(),
            "momentum": SGD(0.01, momentum=0.9),
        }.items()
    }
    rates = [float(f"{rate:.2g}") for rate in np.logspace(-4, 0, lab.settings.rates)]

    def run(cases, seeds):
        return lab.sweep(
            lambda case, seed: contestants[case[0]].train(
                seed, lab.settings.epochs, rate=case[1]
            ),
            {f"{name} {rate:g}": (name, rate) for name, rate in cases},
            seeds=seeds,
            title="rate sweep",
        )

    grid = [(name, rate) for name in contestants for rate in rates]
    runs = run(grid, lab.seeds[:3])
    losses = {
        name: {rate: final_losses(runs[f"{name} {rate:g}"]) for rate in rates}
        for name in contestants
    }
    best = {name: min(row, key=lambda r: row[r].mean()) for name, row in losses.items()}
    for name, rate in best.items():
        again = run([(name, rate)], lab.seeds)
        losses[name][rate] = final_losses(again[f"{name} {rate:g}"])
    columns = ["rate", *losses]
    rows = [
        [f"{rate:g}", *(float(row[rate].mean()) for row in losses.values())]
        for rate in rates
    ]
    lab.table("Training loss of the last epoch by learning rate", columns, rows)
    return losses, best


def judge_rates(lab, ours, losses, best) -> None:
    """Judges what the table and the sweep of rates decide together."""
    final = {name: final_losses(runs) for name, runs in ours.items()}
    order = ("Adam", "RMSprop", "AdaGrad", "SGD")
    gaps = {
        f"{low} < {high}": stats.paired(final[high], final[low])
        for low, high in zip(order, order[1:], strict=False)
    }
    lab.verdict(
        "opt-mnist-ranking",
        {name: gap.positive for name, gap in gaps.items()},
        evidence={"final_loss_differences": gaps},
        note="Differences of the last epoch's loss: "
        + "; ".join(f"{name}: {gap}" for name, gap in gaps.items())
        + ".",
    )
    tuned = {name: losses[name][best[name]] for name in losses}
    slower = {
        "both at the notes' rates (0.01, 0.001)": stats.paired(
            final["SGD"], final["Adam"]
        ),
        f"both at their best rates ({best['SGD']:g}, {best['Adam']:g})": stats.paired(
            tuned["SGD"], tuned["Adam"]
        ),
    }
    lab.verdict(
        "opt-sgd-slow-is-lr",
        {name: gap.positive for name, gap in slower.items()},
        evidence={
            "SGD_minus_Adam": slower,
            "best_rate": best,
            "loss_at_best_rate": {name: row.mean() for name, row in tuned.items()},
        },
        note="SGD's loss minus Adam's: "
        + "; ".join(f"{name}: {gap}" for name, gap in slower.items())
        + ". The gap of the notes' table compares learning rates.",
    )
    judge_sensitivity(lab, losses)
    accuracy = [run["test_accuracy"] for run in ours["AdaGrad"]]
    lab.verdict(
        "opt-adagrad-nonconvex",
        bool(min(accuracy) < 0.9),
        evidence={"test_accuracy": accuracy, "unsuitable_below": 0.9},
        note=f"At the notes' rate it trains this network to {np.mean(accuracy):.1%} "
        f"test accuracy (least {min(accuracy):.1%}); unsuitable would be below 90 %.",
    )


def judge_sensitivity(lab, losses) -> None:
    """Counts the decades of rates within twice the best loss, seed by seed."""
    widths = {name: good_decades(row) for name, row in losses.items()}
    wider = {
        f"than {name}": stats.paired(widths["Adam"], width)
        for name, width in widths.items()
        if name != "Adam"
    }
    means = {name: float(np.mean(width)) for name, width in widths.items()}
    told = ", ".join(f"{name} {mean:.1f}" for name, mean in means.items())
    lab.verdict(
        "opt-adam-lr-sensitivity",
        {name: gap.positive for name, gap in wider.items()},
        evidence={"decades_within_twice_the_best": widths, "Adam_minus_other": wider},
        note=f"Decades of rates whose loss stays within twice the best: {told}.",
    )
    means = {rate: float(loss.mean()) for rate, loss in losses["AdaGrad"].items()}
    finite = [loss for loss in means.values() if np.isfinite(loss)]
    factor = max(finite) / min(finite)
    lab.verdict(
        "opt-adagrad-no-tuning",
        factor < 2.0,
        evidence={"loss_by_rate": means, "worst_over_best": factor},
        note=f"Between its best and its worst rate the loss differs {factor:.3g}-fold; "
        "a method without tuning would stay below twofold.",
    )


def good_decades(row: dict[float, np.ndarray]) -> list[float]:
    """Returns for each seed the decades of rates within twice the best loss."""
    rates = sorted(row)
    step = np.log10(rates[-1] / rates[0]) / (len(rates) - 1)
    seeds = min(map(len, row.values()))
    table = np.array([row[rate][:seeds] for rate in rates])
    return [float(step * n) for n in (table <= 2 * table.min(0)).sum(0)]


def judge_generalization(lab, data, best) -> None:
    """Compares test scores of SGD with momentum and Adam at one training loss."""
    contestants = {
        "momentum": Contestant(data, SGD(best["momentum"], momentum=0.9)),
        "Adam": Contestant(data, Adam(best["Adam"])),
    }
    runs = lab.sweep(
        lambda case, seed: case.train(
            seed, 8 * lab.settings.epochs, callbacks=[StopAtLoss(FLOOR)]
        ),
        contestants,
        title="to one loss",
    )
    reached = all(losses_of(runs[name])[:, -1].max() <= FLOOR for name in runs)
    accuracy = {
        name: [run["test_accuracy"] for run in runs[name]] for name in contestants
    }
    gap = stats.paired(accuracy["momentum"], accuracy["Adam"])
    lab.verdict(
        "opt-adam-vs-sgd-generalisation",
        gap.positive if reached else None,
        evidence={
            "test_accuracy": accuracy,
            "momentum_minus_Adam": gap,
            "training_loss": FLOOR,
            "every_run_reached_it": reached,
        },
        note="Test accuracy of SGD with momentum minus Adam's, both at their best "
        f"rates and trained to a loss of {FLOOR:g}: {gap}.",
    )


def draw(lab, ours, losses) -> None:
    """Draws the sweep of rates and the curves of the table."""
    figure, axes = figures.new()
    for index, (name, row) in enumerate(losses.items()):
        rates = sorted(row)
        means = [min(float(row[rate].mean()), 10.0) for rate in rates]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(rates, means, marker="o", markersize=3, label=name, **style)
    axes.set(xscale="log", yscale="log")
    title = "Every optimizer does well at some rate; SGD's is far from 0.01"
    figures.describe(axes, title, "learning rate", "training loss of the last epoch")
    axes.legend()
    lab.figure("rates", figure, "Training loss of the last epoch by learning rate.")
    figure, axes = figures.new()
    epochs = range(1, lab.settings.epochs + 1)
    figures.curves(axes, epochs, {name: losses_of(runs) for name, runs in ours.items()})
    axes.set(yscale="log", xticks=list(epochs))
    title = "Training loss at the notes' rates, with the range over seeds"
    figures.describe(axes, title, "epoch", "mean training loss (nats)")
    lab.figure("table", figure, "Training loss by epoch at the notes' rates.")


def losses_of(runs: list[dict]) -> np.ndarray:
    """Returns the training losses (seeds, epochs); short runs repeat their last."""
    curves = [run["history"]["loss"] for run in runs]
    longest = max(map(len, curves))
    return np.array([c + [c[-1]] * (longest - len(c)) for c in curves], float)


def final_losses(runs: list[dict]) -> np.ndarray:
    """Returns the last epoch's loss for each seed, inf where it diverged."""
    return np.nan_to_num(losses_of(runs)[:, -1], nan=np.inf, posinf=np.inf)


def accuracy_of(runs: list[dict]) -> str:
    """Returns the mean test accuracy as text."""
    return f"{np.mean([run['test_accuracy'] for run in runs]):.2%}"


if __name__ == "__main__":
    lab_main(experiment)
