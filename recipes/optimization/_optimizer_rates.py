"""What a sweep of learning rates decides about the notes' optimizer table."""

import itertools

import numpy as np

from recipes.lab import stats
from recipes.optimization._optimizer_network import (
    StopAtLoss,
    final_losses,
    losses_of,
)

FLOOR = 0.1  # training loss at which test scores are compared


def sweep_rates(lab, contestants):
    """Trains every optimizer with every rate; the best rates get every seed.

    Returns:
        Final training losses {optimizer: {rate: one a seed}}, and the best rates
        {optimizer: rate}.
    """
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
        for low, high in itertools.pairwise(order)
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


def judge_generalization(lab, contestants, best) -> None:
    """Compares test scores of SGD with momentum and Adam at one training loss."""
    names = ("momentum", "Adam")
    runs = lab.sweep(
        lambda name, seed: contestants[name].train(
            seed,
            8 * lab.settings.epochs,
            rate=best[name],
            callbacks=[StopAtLoss(FLOOR)],
        ),
        names,
        title="to one loss",
    )
    reached = all(losses_of(runs[name])[:, -1].max() <= FLOOR for name in runs)
    accuracy = {name: [run["test_accuracy"] for run in runs[name]] for name in names}
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
