"""First rates: what a schedule or Adam makes up for where the rate is off.

A sweep over rates half a decade apart finds the best one for each method; then each is
judged at rates ten times off. A falling rate passes through all rates below
the first one, so it can make up for one that is too large, and only for that: it can
never be higher than where it starts. Adam divides each gradient by its own size, so a
rate means the same step for every weight, and too large a one is survived.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._curves import STEPS, cosine, squares
from recipes.optimization.schedules._digits import (
    at_best,
    at_rate,
    best_rate,
    column,
    first_rates,
)

# How far off the rate is, as a factor of the best one.
OFF = {
    "a tenth of the best": 0.1,
    "ten times the best": 10.0,
}


def poor_rates_on_the_bowl() -> dict:
    """Expected squares at the end, held and falling, from rates that are off."""
    rates = np.geomspace(1e-4, 1.9, 400)
    ends = squares(np.tile(rates, (STEPS, 1)))[-1]
    best, shares = rates[ends.argmin()], cosine(np.arange(STEPS), STEPS)
    poor = {"best rate to hold": float(best), "its end": float(ends.min())}
    for name, factor in (("ten times the best", 10.0), ("a tenth of the best", 0.1)):
        held = squares(np.full(STEPS, factor * best))[-1]
        poor[name] = [float(held), float(squares(factor * best * shares)[-1])]
    return poor


def show_rates(lab) -> None:
    """Prints what every first rate ends with."""
    rows = [
        [
            method,
            f"{rate:g}",
            f"{column(runs, 'training_loss').mean():.4f}",
            f"{column(runs, 'accuracy').mean():.2%}",
        ]
        for method, table in first_rates(lab).items()
        for rate, runs in table.items()
    ]
    columns = ["method", "first rate", "training loss", "held-out accuracy"]
    lab.table(f"Digits after {lab.settings.epochs} epochs", columns, rows)


# To make up for a rate is to end at least a tenth lower: between two networks that
# guess, one is always a little better.


@claim(
    "sched-mitigates-bad-lr",
    "A schedule makes up for a poorly chosen rate.",
    says="can",
    hedge="can help mitigate",
    notes="002",
    scope="a noisy bowl, 400 steps; 1,024 digits, 64 hidden units, 16 epochs, SGD",
)
def schedule_makes_up(lab):
    """Cosine against constant, from rates too small and too large by known factors."""
    show_rates(lab)
    gains, losses = {}, {}
    for name, times in OFF.items():
        rate = float(f"{times * best_rate(lab, 'SGD'):.2g}")
        held, falling = (
            column(at_rate(lab, method, rate), "training_loss")
            for method in ("SGD", "SGD, cosine")
        )
        gains[name] = stats.greater(held, falling, by=stats.TENTH, scale="log")
        losses[name] = [float(held.mean()), float(falling.mean())]
    poor, best = poor_rates_on_the_bowl(), best_rate(lab, "SGD")
    large, small = poor["ten times the best"], poor["a tenth of the best"]
    return Finding(
        {
            **{
                f"noisy bowl, {name}": stats.above(
                    poor[name][0] / poor[name][1], stats.TENTH.value
                )
                for name in ("ten times the best", "a tenth of the best")
            },
            **{f"images, {name}": gain for name, gain in gains.items()},
        },
        "Held and falling on a cosine, the noisy bowl ends at {large:.3g} from ten "
        "times the best rate, at {small:.3g} from a tenth of it (best: {its_end:.3g}). "
        "Digits end at a training loss of {at_best:.3g} at the best rate, {best:g}; "
        "held and falling: {losses:.3g}.",
        figure=draw_rates,
        large=large,
        small=small,
        its_end=poor["its end"],
        at_best=column(at_best(lab, "SGD"), "training_loss").mean(),
        best=best,
        losses=losses,
        expected_square_on_the_bowl_held_and_falling=poor,
    )


# How much does a rate matter? By how many times the loss rises, and how many digits are
# lost, at ten times and at a tenth of a method's own best rate.


@claim(
    "lr-adaptive-moderated",
    "The choice of the rate matters somewhat less where the optimizer adapts it, as "
    "Adam does.",
    hedge="somewhat",
    notes="002",
    scope="1,024 digits, a network of 64 hidden units, 16 epochs, SGD and Adam",
)
def adam_moderates(lab):
    """What a rate ten times off costs SGD and Adam, each counted from its own best."""
    conditions, costs, points = {}, {}, {}
    best = {method: at_best(lab, method) for method in ("SGD", "Adam")}
    for name, times in (("too large", 10.0), ("too small", 0.1)):
        ratio, lost = {}, {}
        for method, right in best.items():
            off = at_best(lab, method, times)
            ratio[method] = column(off, "training_loss") / column(
                right, "training_loss"
            )
            lost[method] = column(right, "accuracy") - column(off, "accuracy")
        conditions[f"ten times {name}, loss"] = stats.greater(
            ratio["SGD"], ratio["Adam"], by=stats.TENTH, scale="log"
        )
        conditions[f"ten times {name}, accuracy"] = stats.greater(
            lost["SGD"], lost["Adam"], by=stats.ACCURACY_POINT
        )
        costs[name] = [float(np.exp(np.log(seen).mean())) for seen in ratio.values()]
        points[name] = [float(seen.mean()) for seen in lost.values()]
    return Finding(
        conditions,
        "Beside the best rates ({best:g}), SGD and Adam: training loss times as high "
        "ten times {costs:.3g}; held-out digits lost ten times {points:.1%}.",
        figure=draw_rates,
        best={method: best_rate(lab, method) for method in best},
        costs=costs,
        points=points,
    )


def draw_rates(lab):
    """Training loss by the first rate, for the four sweeps."""
    figure, axes = figures.new(width=8.0, height=4.4)
    axes.set(xscale="log", yscale="log")
    times = {}
    for index, (case, table) in enumerate(first_rates(lab).items()):
        rates = sorted(table)
        losses = [column(table[rate], "training_loss") for rate in rates]
        low, mean, high = np.min(losses, 1), np.mean(losses, 1), np.max(losses, 1)
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        times[case] = mean[-1] / mean.min()
        label = "SGD, held" if case == "SGD" else case
        axes.plot(rates, mean, marker="os^v"[index], ms=4, label=label, **style)
        axes.fill_between(rates, low, high, color=style["color"], alpha=0.15, lw=0)
    figures.legend(axes)
    told = f"{times['SGD']:.2g} (SGD), {times['Adam']:.2g} (Adam)"
    title = f"Loss at the largest rate, rate held, over the least: {told}"
    figures.describe(axes, title, "learning rate at the start", "training loss (nats)")
    lab.figure(
        "rates",
        figure,
        f"Training loss on digits after {lab.settings.epochs} epochs by the rate at "
        "the start, with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
