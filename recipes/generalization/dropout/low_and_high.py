"""Low and high: what a rate below 0.2 leaves undone, and what one above 0.5 costs.

A low rate "might not prevent overfitting": then a network with it is no better on test
images than one without, to within half a point. That is a question of equivalence, and
takes many seeds. A high rate "may make training harder": then the network fits its
training images less well in the same epochs, dropout switched off.

A rate p leaves n(1 − p) of n units. So a high rate is tried at two widths, n and n/(1 −
p), which leaves as many units as there are without dropout. For a low rate the two are
nearly the same width: it is tried at the second.
"""

import numpy as np

from recipes.generalization.dropout._images import WIDTH, at_best, column
from recipes.lab import Finding, claim, experiment, figures, main, stats

LOW, USUAL, HIGH = (0.05, 0.1), 0.5, (0.7, 0.9)
RATES = (0.001, 0.003, 0.01, 0.03)
MORE = 4  # times as many seeds for the equivalence
HALF_POINT = stats.Threshold(
    "less than half a point gained",
    0.0,
    "accuracy above the network with dropout less half a point",
    "half a point of accuracy is what the usual rates may gain; less is no cure.",
)
WAYS = ("n units", "n/(1 - p) units")


def width_of(rate: float, way: str) -> int:
    """Units of a hidden layer."""
    return WIDTH if way == WAYS[0] else round(WIDTH / (1 - rate))


def choices(lab, rate: float, way: str, stopped: bool) -> list[dict]:
    """The cases to choose a learning rate from."""
    epochs = lab.settings.epochs
    return [
        {
            "network": {"rate": rate, "units": [width_of(rate, way)] * 2},
            "learning_rate": learning_rate,
            # Stopped ones get the time they need; the others show who is slow.
            "epochs": epochs if stopped else max(1, 13 * epochs // 100),
            "rows": lab.settings.rows * (1 if stopped else 2),
            "wrong": 0.0,
            "stopped": stopped,
        }
        for learning_rate in RATES
    ]


@experiment
def low_rates(lab) -> dict[str, list[dict]]:
    """Networks without dropout and with low rates, stopped on validation."""
    cases = {"none": choices(lab, 0.0, WAYS[0], True)}
    for rate in LOW:
        cases[f"rate {rate:g}"] = choices(lab, rate, WAYS[1], True)
    seeds = lab.more_seeds(MORE)
    return at_best(
        lab, cases, lambda run: run["validation_loss"], "low rates", seeds=seeds
    )


@claim(
    "dropout-low-rate-weak",
    "Dropout rates below the usual 0.2 might not prevent overfitting effectively.",
    says="can",
    hedge="might",
    notes="004",
    scope="200 digits, two layers of 64 ReLU units (67, 71), stopped on validation",
)
def low_rates_gain_nothing(lab):
    """Test accuracy with low rates against none, to half a point."""
    runs = low_rates(lab)
    right = {name: column(of, "test", 1) for name, of in runs.items()}
    names = [name for name in runs if name != "none"]
    return Finding(
        {
            f"{name}: gains less than half a point": stats.greater(
                right["none"] + 0.005, right[name], by=HALF_POINT
            )
            for name in names
        },
        "Without dropout {none:.2%} of the test images are right; with rates of 0.05 "
        "and 0.1 {low:.2%}. Test losses: {loss_none:.3f} and {loss_low:.3f} nats.",
        none=right["none"].mean(),
        low=[right[name].mean() for name in names],
        loss_none=column(runs["none"], "test").mean(),
        loss_low=[column(runs[name], "test").mean() for name in names],
        gains={name: right[name] - right["none"] for name in names},
    )


@experiment
def high_rates(lab) -> dict[str, list[dict]]:
    """Networks with usual and high rates, trained for equal epochs."""
    cases = {f"rate {USUAL:g}, {way}": choices(lab, USUAL, way, False) for way in WAYS}
    for rate in HIGH:
        for way in WAYS:
            cases[f"rate {rate:g}, {way}"] = choices(lab, rate, way, False)
    return at_best(lab, cases, lambda run: run["training"][0], "high rates")


@claim(
    "dropout-high-rate-hard",
    "Dropout rates above the usual 0.5 may make training harder.",
    says="can",
    hedge="may",
    notes="004",
    scope="400 digits, two layers of 64 ReLU units or wider, Adam, 13 epochs",
)
def high_rates_train_less(lab):
    """Training loss with dropout off after equal epochs, against rate 0.5."""
    runs = high_rates(lab)
    loss = {name: column(of, "training") for name, of in runs.items()}
    return Finding(
        {
            f"rate {rate:g}, {way}: a tenth more training loss": stats.greater(
                loss[f"rate {rate:g}, {way}"],
                loss[f"rate {USUAL:g}, {way}"],
                by=stats.TENTH,
                scale="log",
            )
            for rate in HIGH
            for way in WAYS
        },
        "After equal epochs the training loss, dropout off, is {usual:.3f} nats at "
        "rate 0.5, {seven:.3f} at 0.7 and {nine:.3f} at 0.9 with n units; with "
        "n/(1 - p) units {wide:.3f}.",
        figure=draw_rates,
        usual=loss[f"rate {USUAL:g}, {WAYS[0]}"].mean(),
        seven=loss[f"rate 0.7, {WAYS[0]}"].mean(),
        nine=loss[f"rate 0.9, {WAYS[0]}"].mean(),
        wide=[loss[f"rate {r:g}, {WAYS[1]}"].mean() for r in (USUAL, *HIGH)],
        training_loss=loss,
        test_accuracy={name: column(of, "test", 1) for name, of in runs.items()},
        learning_rate={n: of[0]["chosen"]["learning_rate"] for n, of in runs.items()},
    )


def draw_rates(lab):
    """Training loss by rate for the two widths."""
    figure, axes = figures.new(width=7.6, height=4.0)
    axes.set(yscale="log", xticks=[USUAL, *HIGH])
    for index, way in enumerate(WAYS):
        values = np.array(
            [
                column(high_rates(lab)[f"rate {rate:g}, {way}"], "training")
                for rate in (USUAL, *HIGH)
            ]
        )
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        x = (USUAL, *HIGH)
        axes.plot(x, values.mean(1), marker="os"[index], label=way, **style)
        axes.plot(x, values, ".", color=figures.COLORS[index], label="_")
    figures.legend(axes)
    usual, high = (
        column(high_rates(lab)[f"rate {rate:g}, {WAYS[0]}"], "training").mean()
        for rate in (USUAL, HIGH[-1])
    )
    times = f"{high / usual:.0f} times the loss at {USUAL:g}"
    title = f"With {WAYS[0]} a rate of {HIGH[-1]:g} leaves {times}"
    y = "training loss, dropout off (nats)"
    figures.describe(axes, title, "dropout rate p", y)
    lab.figure(
        "rates",
        figure,
        "Training loss with dropout off after equal epochs, each at its best learning "
        "rate, with n units and with as many more as dropout takes away; dots: seeds.",
    )


if __name__ == "__main__":
    main(__file__)
