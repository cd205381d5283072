"""Interactions: a change that suits one optimizer need not suit another.

The notes say that weight decay, batch size and architecture interact with the choice of
the optimizer. An interaction is a difference of differences: by how much a change helps
or hurts under SGD, against what it does under Adam. Both optimizers have the rate that
suits them at the common base, chosen on other seeds, and keep it: that is what happens
to somebody who tunes once and then changes the batch.

The direction is taken from the seeds on which the rates are chosen; so an interaction
in the other direction than there would not count as one.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.optimization.search._table import LARGEST, losses, split
from zoo import mlp

RATES = {
    "SGD": (0.032, 0.1, 0.32, 1.0, 3.2),
    "Adam": (0.00032, 0.001, 0.0032, 0.01, 0.032),
}
BASE = {"batch_size": 32, "units": 32, "weight_decay": 0.0}
CHANGES = {
    "batches of 256": {"batch_size": 256},
    "weight decay of 0.1": {"weight_decay": 0.1},
    "512 units": {"units": 512},
}
TUNED = 3  # seeds of the rates and of the directions
SMALLEST = 1e-6  # nats: a loss of 0 has no logarithm


def one_layer(input_shape, units: int):
    """One hidden layer, and a logit for each of the ten classes."""
    return mlp(input_shape, 10, units=(units,))


network = Study(one_layer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))


def train(case: dict, seed: int, data) -> dict:
    """Trains one setting.

    Args:
        case: `optimizer`, `learning_rate`, `batch_size`, `units`, `weight_decay`, which
            Keras takes off the weights apart from the gradient; `epochs` and `rows`.
        seed: Decides the rows, the weights and their order.
        data: Images of ten classes.

    Returns:
        `validation` and `test`: the mean loss at the end.
    """
    rows, validation, test = split(data, case["rows"], seed)
    settings = {"weight_decay": case["weight_decay"]} if case["weight_decay"] else {}
    run = network.train(
        rows,
        seed,
        epochs=case["epochs"],
        batch_size=min(case["batch_size"], len(rows[0])),
        learning_rate=case["learning_rate"],
        optimizer={"class_name": case["optimizer"], "config": settings},
        network={"units": case["units"]},
        measure=lambda model: [
            float(losses(model, part).mean()) for part in (validation, test)
        ],
        largest=LARGEST,
    )
    return dict(zip(("validation", "test"), run["measured"], strict=True))


def case_of(lab, optimizer: str, rate: float, **change) -> dict:
    """The case of `train` for an optimizer at a rate, with a change of the base."""
    size = {"epochs": lab.settings.epochs, "rows": lab.settings.rows}
    return {"optimizer": optimizer, "learning_rate": rate, **BASE, **size, **change}


@experiment
def chosen(lab) -> dict[str, float]:
    """Each optimizer's best rate at the base, by the mean logarithm of the loss."""
    grid = {
        name: {rate: case_of(lab, name, rate) for rate in rates}
        for name, rates in RATES.items()
    }
    return lab.choose(
        train,
        grid,
        score=lambda run: np.log(max(run["validation"], SMALLEST)),
        seeds=TUNED,
        title="rates of both optimizers",
    )


def losses_of(results: list[dict], name: str) -> np.ndarray:
    """A loss as at least what has a logarithm, one a seed."""
    return np.maximum(stats.column(results, name), SMALLEST)


@experiment
def changed(lab, tuning: bool) -> dict[str, dict[str, np.ndarray]]:
    """By optimizer and change the loss over that of the base, one a seed.

    Args:
        lab: The bench.
        tuning: Validation losses on the tuning seeds, else test losses on the others.
    """
    cases = {
        (name, change): case_of(lab, name, rate, **settings)
        for name, rate in chosen(lab).items()
        for change, settings in {"base": {}, **CHANGES}.items()
    }
    seeds = lab.tuning_seeds[:TUNED] if tuning else None
    title = "directions" if tuning else "changes of the base"
    runs = lab.sweep(train, cases, seeds=seeds, title=title)
    kind = "validation" if tuning else "test"
    return {
        name: {
            change: losses_of(runs[name, change], kind)
            / losses_of(runs[name, "base"], kind)
            for change in CHANGES
        }
        for name in RATES
    }


def interacts(lab, change: str) -> stats.Decision:
    """A change's effect under one optimizer over its effect under the other."""
    found, before = changed(lab, False), changed(lab, True)
    first, second = sorted(
        RATES, key=lambda name: -float(np.log(before[name][change]).mean())
    )
    return stats.greater(
        found[first][change], found[second][change], by=stats.TENTH, scale="log"
    )


def effect_of(lab, change: str) -> dict[str, float]:
    """A change's mean effect on the test loss, by optimizer."""
    found = changed(lab, False)
    return {n: float(np.exp(np.log(found[n][change]).mean())) for n in RATES}


@claim(
    "hp-interactions",
    "Weight decay, batch size and network architecture interact with the choice of the "
    "optimizer.",
    notes="002",
    scope="SGD and Adam, each at its best rate at the base; 512 digits, 27 epochs",
)
def changes_interact(lab):
    """The effects of larger batches, a weight decay, a wider layer, by optimizer."""
    effects = {change: effect_of(lab, change) for change in CHANGES}
    lab.table(
        "Test loss after a change over that before it, geometric means over seeds",
        ["change", *RATES],
        [[change, *effect.values()] for change, effect in effects.items()],
    )
    widest = max(
        effects, key=lambda c: abs(np.log(effects[c]["SGD"] / effects[c]["Adam"]))
    )
    return Finding(
        {change: interacts(lab, change) for change in CHANGES},
        "Interaction with {holding}; none that matters with {failing}. With {widest} "
        "SGD has {sgd:.2f} times its test loss, Adam {adam:.2f} times. "
        "All changes: {effects:.2f}. Each optimizer keeps the rate that was best "
        "before the change: {rates}.",
        figure=draw_changes,
        widest=widest,
        sgd=effects[widest]["SGD"],
        adam=effects[widest]["Adam"],
        effects={
            f"{change}, {name}": value
            for change, effect in effects.items()
            for name, value in effect.items()
        },
        rates=chosen(lab),
    )


def draw_changes(lab):
    """The effect of each change under both optimizers."""
    figure, axis = figures.new(width=8.0, height=4.2)
    found, places = changed(lab, False), np.arange(len(CHANGES))
    axis.set(yscale="log")
    axis.axhline(1, color="#000000", lw=1)
    for index, (name, changes) in enumerate(found.items()):
        color, shift = figures.COLORS[index], 0.12 * (2 * index - 1)
        middle = [np.exp(np.log(changes[change]).mean()) for change in CHANGES]
        axis.plot(places + shift, middle, "os"[index], ms=9, color=color, label=name)
        for place, change in zip(places, CHANGES, strict=True):
            seen = changes[change]
            axis.plot([place + shift + 0.06] * len(seen), seen, ".", ms=4, color=color)
    axis.set_xticks(places, list(CHANGES))
    axis.set(xlim=(-0.5, len(CHANGES) - 0.5))
    ticks = (0.5, 1, 2, 5, 10, 20)
    low, high = axis.get_ylim()
    shown = [tick for tick in ticks if low <= tick <= high]
    axis.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axis.minorticks_off()
    figures.legend(axis)
    effects = {
        change: [np.exp(np.log(found[name][change]).mean()) for name in RATES]
        for change in CHANGES
    }
    widest = max(effects, key=lambda c: abs(np.log(effects[c][0] / effects[c][1])))
    sgd, adam = effects[widest]
    title = f"{widest.capitalize()}: SGD's loss x {sgd:.1f}, Adam's x {adam:.1f}"
    figures.describe(axis, title, "", "test loss after / before the change")
    lab.figure(
        "changes",
        figure,
        "Test loss after a change of the base over that before it, at unchanged rates; "
        "large marks: geometric means, dots: seeds.",
    )


if __name__ == "__main__":
    main(__file__)
