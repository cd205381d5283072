"""First rates: what a schedule or Adam makes up for where the rate is off.

A sweep over rates half a decade apart finds the best one for each method; then each is
judged at rates three and ten times off. A falling rate passes through all rates below
the first one, so it can make up for one that is too large, and only for that: it can
never be higher than where it starts. Adam divides each gradient by its own size, so a
rate means the same step for every weight, and too large a one is survived.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._curves import STEPS, cosine, squares
from recipes.optimization.schedules._digits import best_rate, column, first_rates

# Half decades from the best rate.
DISTANCES = {
    "a tenth of the best": -2,
    "a third of the best": -1,
    "three times the best": 1,
    "ten times the best": 2,
}


def rate_near_best(lab, case: str, steps: int) -> float | None:
    """The rate so many half decades from the best one, or None."""
    rates = sorted(first_rates(lab)[case])
    place = rates.index(best_rate(lab, case)) + steps
    return rates[place] if 0 <= place < len(rates) else None


def found(lab, case: str, rate: float, name: str) -> np.ndarray:
    """A measure at the end of the sweep's trainings, one number a seed."""
    return column(first_rates(lab)[case][rate], name)


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
            case,
            f"{rate:g}",
            f"{found(lab, case, rate, 'training_loss').mean():.4f}",
            f"{found(lab, case, rate, 'accuracy').mean():.2%}",
        ]
        for case, table in first_rates(lab).items()
        for rate in table
    ]
    columns = ["case", "first rate", "training loss", "held-out accuracy"]
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
    for name, steps in DISTANCES.items():
        rate = rate_near_best(lab, "SGD", steps)
        if rate is None:
            gains[name] = None
            continue
        pair = [
            found(lab, case, rate, "training_loss") for case in ("SGD", "SGD, cosine")
        ]
        gains[name] = stats.greater(*pair, by=stats.TENTH, scale="log")
        losses[name] = [float(loss.mean()) for loss in pair]
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
            **{f"digits, {name}": gain for name, gain in gains.items()},
        },
        "Held and falling on a cosine, the noisy bowl ends at {large:.3g} from ten "
        "times the best rate, at {small:.3g} from a tenth of it (best: {its_end:.3g}). "
        "Digits end at a training loss of {at_best:.3g} at the best rate, {best:g}; "
        "held and falling: {losses:.3g}.",
        figure=draw_rates,
        large=large,
        small=small,
        its_end=poor["its end"],
        at_best=found(lab, "SGD", best, "training_loss").mean(),
        best=best,
        losses=losses,
        expected_square_on_the_bowl_held_and_falling=poor,
    )


# How much does a rate matter? By how many times the loss rises, and how many digits are
# lost, at ten times and at a tenth of a method's own best rate.


@claim(
    "lr-adaptive-moderated",
    "The choice of the rate matters less where the optimizer adapts it (Adam).",
    hedge="somewhat",
    notes="002",
    scope="1,024 digits, a network of 64 hidden units, 16 epochs, SGD and Adam",
)
def adam_moderates(lab):
    """What a rate ten times off costs SGD and Adam, each counted from its own best."""
    conditions, costs, points = {}, {}, {}
    best = {case: best_rate(lab, case) for case in ("SGD", "Adam")}
    for name, steps in (("too large", 2), ("too small", -2)):
        off = {case: rate_near_best(lab, case, steps) for case in best}
        if None in off.values():
            conditions[f"ten times {name}, loss"] = None
            conditions[f"ten times {name}, accuracy"] = None
            continue
        ratio, lost = {}, {}
        for case, rate in off.items():
            losses, accuracies = (
                [found(lab, case, one, measure) for one in (rate, best[case])]
                for measure in ("training_loss", "accuracy")
            )
            ratio[case] = losses[0] / losses[1]
            lost[case] = accuracies[1] - accuracies[0]
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
        best=best,
        costs=costs,
        points=points,
    )


def draw_rates(lab):
    """Training loss by the first rate, for the three sweeps."""
    figure, axes = figures.new(width=8.0, height=4.4)
    axes.set(xscale="log", yscale="log")
    for index, (case, table) in enumerate(first_rates(lab).items()):
        rates = sorted(table)
        losses = [found(lab, case, rate, "training_loss") for rate in rates]
        low, mean, high = np.min(losses, 1), np.mean(losses, 1), np.max(losses, 1)
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        label = "SGD, held" if case == "SGD" else case
        axes.plot(rates, mean, marker="os^"[index], ms=4, label=label, **style)
        axes.fill_between(rates, low, high, color=style["color"], alpha=0.15, lw=0)
    figures.legend(axes)
    title = "Too large a rate ruins SGD, with and without a schedule, not Adam"
    figures.describe(axes, title, "learning rate at the start", "training loss (nats)")
    lab.figure(
        "rates",
        figure,
        f"Training loss on digits after {lab.settings.epochs} epochs by the rate at "
        "the start, with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
