"""Learning rates: the notes' table compares rates as much as optimizers.

The table gives each optimizer one rate: 0.01 to SGD and AdaGrad, 0.001 to Adam and
RMSprop. Here each gets nine, from 1e-4 to 1. Look at the circles in the picture
`rates`, not at the curves' heights: every optimizer has a best rate of its own, and
those are what to compare.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.optimizers._network import (
    MOMENTUM,
    NOTES_OPTIMIZERS,
    final_losses,
    losses_of,
    notes_runs,
    train,
)

FLOOR = 0.1  # training loss at which test scores are compared
OPTIMIZERS = {**NOTES_OPTIMIZERS, "momentum": MOMENTUM}
FEW = 3  # seeds for the whole grid; the best rates get all
NO_TUNING = 2.0  # a method that needs none: its worst rate loses less than twofold
WITHIN = 2.0  # a rate is good where its loss is within twice the best
NATS = stats.Threshold(
    "a thousandth of a nat", 0.001, "nats", "at the best rates losses are about 0.01."
)
DECADE = stats.Threshold(
    "a quarter of a decade", 0.25, "decades", "half a step of the grid of nine rates."
)


@experiment
def sweep(lab) -> tuple[dict, dict]:
    """Trains every optimizer with every rate; the best rates get every seed.

    Returns:
        Final training losses {optimizer: {rate: one a seed}}, and the best rates
        {optimizer: rate}.
    """
    rates = [float(f"{rate:.2g}") for rate in np.logspace(-4, 0, lab.settings.rates)]

    def final(pairs, seeds):
        cases = {
            f"{name} {rate:g}": {
                "optimizer": OPTIMIZERS[name],
                "learning_rate": rate,
                "epochs": lab.settings.epochs,
            }
            for name, rate in pairs
        }
        runs = lab.sweep(train, cases, seeds=seeds, title="rate sweep")
        return {pair: final_losses(runs[f"{pair[0]} {pair[1]:g}"]) for pair in pairs}

    grid = final([(n, rate) for n in OPTIMIZERS for rate in rates], lab.seeds[:FEW])
    losses = {name: {rate: grid[name, rate] for rate in rates} for name in OPTIMIZERS}
    best = {name: min(row, key=lambda r: row[r].mean()) for name, row in losses.items()}
    for (name, rate), values in final(list(best.items()), lab.seeds).items():
        losses[name][rate] = values
    rows = [
        [f"{rate:g}", *(float(row[rate].mean()) for row in losses.values())]
        for rate in rates
    ]
    title = "Training loss of the last epoch by learning rate"
    lab.table(title, ["rate", *losses], rows)
    return losses, best


@claim(
    "opt-sgd-slow-is-lr",
    "SGD converges more slowly than Adam.",
    says="often",
    hedge="often",
    notes="000 002",
    scope="the network of the table, at the notes' rates and at the best of nine",
)
def sgd_is_slower(lab):
    """At the notes' rates, and with each at its best."""
    losses, best = sweep(lab)
    runs = notes_runs(lab)
    tuned = {name: losses[name][best[name]] for name in losses}
    slower = {
        "both at the notes' rates (0.01, 0.001)": stats.greater(
            final_losses(runs["SGD"]), final_losses(runs["Adam"]), by=NATS
        ),
        f"both at their best rates ({best['SGD']:g}, {best['Adam']:g})": stats.greater(
            tuned["SGD"], tuned["Adam"], by=NATS
        ),
    }
    return Finding(
        slower,
        "SGD's loss minus Adam's: {slower}. The gap of the notes' table compares "
        "learning rates.",
        figure=draw_rates,
        slower=slower,
        best_rates=best,
        loss_at_best_rate={name: float(row.mean()) for name, row in tuned.items()},
    )


def good_decades(row: dict[float, np.ndarray]) -> list[float]:
    """Returns for each seed the decades of rates within twice the best loss."""
    rates = sorted(row)
    step = np.log10(rates[-1] / rates[0]) / (len(rates) - 1)
    seeds = min(map(len, row.values()))
    table = np.array([row[rate][:seeds] for rate in rates])
    return [float(step * n) for n in (table <= WITHIN * table.min(0)).sum(0)]


@claim(
    "opt-adam-lr-sensitivity",
    "Adam is less sensitive to its learning rate than the other optimizers.",
    notes="002",
    scope="the network of the table, nine rates from 1e-4 to 1, three seeds",
)
def adam_is_less_sensitive(lab):
    """Counts the decades of rates within twice the best loss, seed by seed."""
    losses, _ = sweep(lab)
    widths = {name: good_decades(row) for name, row in losses.items()}
    wider = {
        f"than {name}": stats.greater(widths["Adam"], width, by=DECADE)
        for name, width in widths.items()
        if name != "Adam"
    }
    return Finding(
        wider,
        "Decades of rates whose loss stays within twice the best: {means:.1f}.",
        figure=draw_rates,
        means={name: float(np.mean(width)) for name, width in widths.items()},
        widths=widths,
        wider=wider,
    )


@claim(
    "opt-adagrad-no-tuning",
    "AdaGrad needs no manual tuning of the rate.",
    notes="002 003",
    scope="the network of the table, nine rates from 1e-4 to 1",
)
def adagrad_needs_no_tuning(lab):
    """Its worst rate against its best."""
    losses, _ = sweep(lab)
    means = {f"{rate:g}": float(row.mean()) for rate, row in losses["AdaGrad"].items()}
    factor = max(means.values()) / min(means.values())
    return Finding(
        stats.below(factor, NO_TUNING),
        "Between its best and its worst rate the loss differs {factor:.3g}-fold; a "
        "method without tuning would stay below twofold.",
        figure=draw_rates,
        factor=factor,
        loss_by_rate=means,
    )


# Test scores are compared at one training loss: an optimizer that has come further
# would show another gap for that alone.


@claim(
    "opt-adam-vs-sgd-generalisation",
    "SGD with momentum may generalize better than Adam.",
    says="can",
    hedge="might",
    notes="002 003",
    scope="the network of the table, best rates, trained to a loss of 0.1",
)
def momentum_may_generalize_better(lab):
    """Test accuracy of SGD with momentum and Adam at one training loss."""
    _, best = sweep(lab)
    cases = {
        name: {
            "optimizer": OPTIMIZERS[name],
            "learning_rate": best[name],
            "epochs": 8 * lab.settings.epochs,
            "goal": FLOOR,
        }
        for name in ("momentum", "Adam")
    }
    runs = lab.sweep(train, cases, title="to one loss")
    reached = all(losses_of(runs[name])[:, -1].max() <= FLOOR for name in runs)
    accuracy = {name: [run["test_accuracy"] for run in runs[name]] for name in runs}
    gap = stats.greater(accuracy["momentum"], accuracy["Adam"], by=stats.ACCURACY_POINT)
    return Finding(
        gap if reached else None,
        "Test accuracy of SGD with momentum minus Adam's, both at their best rates and "
        "trained to a loss of {floor:g}: {gap}.",
        floor=FLOOR,
        gap=gap,
        accuracy=accuracy,
        every_run_reached_it=reached,
    )


def draw_rates(lab):
    """The sweep of rates, the best of each circled."""
    losses, _ = sweep(lab)
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    for index, (name, row) in enumerate(losses.items()):
        rates = sorted(row)
        means = [min(float(row[rate].mean()), 10.0) for rate in rates]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(rates, means, marker="o", markersize=3, label=name, **style)
        best = min(zip(means, rates, strict=True))
        axes.plot(best[1], best[0], "o", mfc="none", ms=11, color=style["color"])
    title = "Every optimizer has a best learning rate of its own (circles)"
    figures.describe(axes, title, "learning rate", "training loss of the last epoch")
    figures.legend(axes)
    lab.figure("rates", figure, "Training loss of the last epoch by learning rate.")


if __name__ == "__main__":
    main(__file__)
