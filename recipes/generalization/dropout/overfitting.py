"""Overfitting: with dropout and without, both stopped where validation is best.

A network that trains for a fixed number of epochs overfits, and anything that slows it
down looks like a cure. Stopping on validation is a cure of its own. So both networks
may stop, both have the best of five learning rates, and a test set that chose nothing
is what counts: its loss and its accuracy. The gap between test and training loss is
shown, too, but any network that learns less closes it.

The reported training loss is measured with dropout on. The second claim asks what that
does to the curves that everybody plots.
"""

import numpy as np

from recipes.generalization.dropout._images import at_best, column, train
from recipes.lab import Finding, claim, experiment, figures, main, stats

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
DROPOUT = 0.5
SETS = {  # name to (times `rows`, share of wrong labels)
    "few images": (1, 0.0),
    "twice as many": (2, 0.0),
    "a fifth of the labels wrong": (2, 0.2),
}


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """Every set with and without dropout, at the best learning rate."""
    cases = {
        f"{name}, {way}": [
            {
                "network": {"rate": DROPOUT if way == "with" else 0.0},
                "learning_rate": rate,
                "epochs": lab.settings.epochs,
                "rows": times * lab.settings.rows,
                "wrong": wrong,
                "stopped": True,
            }
            for rate in RATES
        ]
        for name, (times, wrong) in SETS.items()
        for way in ("with", "without")
    }
    return at_best(lab, cases, lambda run: run["validation_loss"], "overfitting")


@claim(
    "dropout-reduces-overfit",
    "The net effect of dropout is to reduce overfitting.",
    notes="000 001 003 004",
    scope="200 and 400 digits, 64-64 ReLU units, Adam, both stopped on validation",
)
def better_on_the_test(lab):
    """Test accuracy and loss with and without dropout."""
    runs = trainings(lab)
    conditions, shown, gaps = {}, {}, {}
    for name in SETS:
        with_it, without = (runs[f"{name}, {way}"] for way in ("with", "without"))
        conditions[f"{name}: a tenth less test loss"] = stats.greater(
            column(without, "test"),
            column(with_it, "test"),
            by=stats.TENTH,
            scale="log",
        )
        conditions[f"{name}: a point more accuracy"] = stats.greater(
            column(with_it, "test", 1), column(without, "test", 1),
            by=stats.ACCURACY_POINT,
        )  # fmt: skip
        shown[name] = [column(of, "test", 1).mean() for of in (with_it, without)]
        gaps[name] = [
            (column(of, "test") - column(of, "training")).mean()
            for of in (with_it, without)
        ]
    lab.table(
        "Losses and test accuracy of networks that were stopped on validation",
        ["images", "rate", "training", "test", "accuracy"],
        [
            [name, f"{of[0]['chosen']['learning_rate']:g}",
             f"{column(of, 'training').mean():.3f}", f"{column(of, 'test').mean():.3f}",
             f"{column(of, 'test', 1).mean():.1%}"]
            for name, of in runs.items()
        ],
    )  # fmt: skip
    few, many, wrong = SETS
    return Finding(
        conditions,
        "Test accuracy with and without dropout: {few:.1%} for few images, {many:.1%} "
        "for twice as many, {wrong:.1%} with wrong labels. The gap between test and "
        "training loss: {gap_few:.2f}, {gap_many:.2f} and {gap_wrong:.2f} nats.",
        figure=draw_losses,
        few=shown[few],
        many=shown[many],
        wrong=shown[wrong],
        gap_few=gaps[few],
        gap_many=gaps[many],
        gap_wrong=gaps[wrong],
        test_loss={name: column(of, "test") for name, of in runs.items()},
        training_loss={name: column(of, "training") for name, of in runs.items()},
    )


def draw_losses(lab):
    """Test loss with and without dropout."""
    figure, axes = figures.new(width=8.0, height=4.0)
    for index, way in enumerate(("without", "with")):
        for place, name in enumerate(SETS):
            values = column(trainings(lab)[f"{name}, {way}"], "test")
            x = place + 0.38 * (index - 0.5)
            label = f"{way} dropout" if place == 0 else "_"
            color = figures.COLORS[index]
            axes.bar(x, values.mean(), color=color, width=0.34, label=label)
            axes.plot(np.full(len(values), x), values, ".", color="#000000", label="_")
    axes.set_xticks(range(len(SETS)), list(SETS))
    figures.legend(axes, loc="upper left")
    loss = {name: column(of, "test").mean() for name, of in trainings(lab).items()}
    lower = sum(loss[f"{name}, with"] < loss[f"{name}, without"] for name in SETS)
    title = f"Dropout has the lower mean test loss in {lower} of {len(SETS)} sets"
    figures.describe(axes, title, "", "test loss (nats)")
    lab.figure(
        "losses",
        figure,
        "Cross-entropy on the test images with and without dropout, each at its best "
        "learning rate and stopped on validation; dots are seeds.",
    )


# Keras's training loss has dropout on and is a mean over an epoch in which weights
# move; the test loss has it off. Nothing stops these trainings: curves are whole.
DROPPED = (0.2, 0.5, 0.8)


@experiment
def reported(lab) -> dict[float, list[dict]]:
    """Trainings to the last epoch, by dropout rate."""
    cases = {
        f"rate {rate:g}": {
            "network": {"rate": rate},
            "learning_rate": 0.003,
            "epochs": max(1, 2 * lab.settings.epochs // 5),
            "rows": 2 * lab.settings.rows,
            "wrong": 0.0,
            "stopped": False,
        }
        for rate in DROPPED
    }
    found = lab.sweep(train, cases, title="reported losses")
    return {rate: found[f"rate {rate:g}"] for rate in DROPPED}


@claim(
    "dropout-train-loss-higher",
    "With a dropout rate of 0.5 or more the training loss that is reported lies above "
    "the test loss.",
    notes="ours",
    scope="400 digits, 64-64 ReLU units, Adam at 0.003, 40 epochs",
)
def above_the_test_loss(lab):
    """The reported training loss against the test loss, and with dropout off."""
    runs = reported(lab)
    last = {r: stats.column(of, "loss")[:, -1] for r, of in runs.items()}
    return Finding(
        {
            f"rate {rate:g}, at the end": stats.greater(
                last[rate], column(of, "test"), by=stats.TENTH, scale="log"
            )
            for rate, of in runs.items()
            if rate >= 0.5
        },
        "At rates of 0.2, 0.5 and 0.8 the reported training loss ends at {on:.3f} "
        "nats, the test loss at {test:.3f}. The training images with dropout off have "
        "{off:.3f}.",
        on=[values.mean() for values in last.values()],
        test=[column(of, "test").mean() for of in runs.values()],
        off=[column(of, "training").mean() for of in runs.values()],
    )


if __name__ == "__main__":
    main(__file__)
