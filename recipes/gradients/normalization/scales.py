"""Scales: normalization forgives weights of a wrong size, where the rate can follow.

Hidden weights are He's times 0.001 to 1000. Without normalization too small weights
leave no signal and too large ones blow it up. Batch normalization takes the scale out
again, so at the start the network computes the same for all of them. Training is
another matter: weights a times as large get gradients a times as small, so a step turns
them a² times less. At 1000 no usual rate turns them at all. At 0.001 ε stands in the
way, and the first step turns them by far too much; then they are large.

Every network has the best of the same eight rates.
"""

import numpy as np

from recipes.gradients.normalization._images import at_best, train
from recipes.lab import Finding, claim, experiment, figures, main, stats

TIMES = (0.001, 0.1, 1.0, 10.0, 1000.0)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
LEARNED = 0.9  # of the test images: what counts as having learned, in epochs
WAYS = {"with": "before", "without": None}
FEWER_EPOCHS = stats.Threshold(
    "one epoch",
    1.0,
    "epochs",
    "the accuracy is measured once an epoch: less is not seen.",
)


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """Every scale with and without normalization, each at its best rate."""
    cases = {
        f"{times:g}, {way}": {
            "network": {"place": place, "weights_times": times},
            "batch_size": 32,
            "epochs": lab.settings.epochs,
            "rows": lab.settings.rows,
        }
        for times in TIMES
        for way, place in WAYS.items()
    }
    return at_best(
        lab,
        train,
        cases,
        RATES,
        lambda run: -run["held_out_accuracy"][-1],
        title="scales",
    )


def epochs_to_learn(accuracy: np.ndarray) -> float:
    """The first epoch at which 90 % are right; one more than there are, if never."""
    there = np.flatnonzero(np.asarray(accuracy) >= LEARNED)
    return float(there[0] + 1 if len(there) else len(accuracy) + 1)


# Less sensitive means to lose less: at each scale the accuracy that is lost against
# scale 1 is compared, with and without. And epochs, for the scales at which one gets
# there at all.


@claim(
    "bn-less-init-sensitive",
    "With batch normalization a network is less sensitive to its initial weights.",
    notes="002",
    scope="500 digits, 64-64 ReLU units, He's weights times 0.001 to 1000, 20 epochs",
)
def loses_less(lab):
    """Accuracy and epochs lost at a wrong scale, with and without normalization."""
    runs = trainings(lab)
    curves = {name: stats.column(of, "held_out_accuracy") for name, of in runs.items()}
    ends = {name: curve[:, -1] for name, curve in curves.items()}
    epochs = {
        name: np.array([epochs_to_learn(one) for one in curve])
        for name, curve in curves.items()
    }

    def lost(values, times, way):
        return values[f"{times:g}, {way}"] - values[f"1, {way}"]

    conditions = {}
    for times in TIMES:
        if times != 1:
            conditions[f"weights × {times:g}: less accuracy lost"] = stats.greater(
                lost(ends, times, "with"),
                lost(ends, times, "without"),
                by=stats.ACCURACY_POINT,
            )
    for times in (0.1, 10.0):
        conditions[f"weights × {times:g}: fewer epochs lost"] = stats.greater(
            lost(epochs, times, "without"),
            lost(epochs, times, "with"),
            by=FEWER_EPOCHS,
            scale="ranks",
        )
    means = {name: float(values.mean()) for name, values in ends.items()}
    lab.table(
        "Test accuracy and epochs to 90 % by the scale of the weights, at best rates",
        ["scale, normalization", "rate", "accuracy", "epochs"],
        [
            [name, f"{of[0]['learning_rate']:g}", f"{means[name]:.1%}",
             f"{epochs[name].mean():.1f}"]
            for name, of in runs.items()
        ],
    )  # fmt: skip
    return Finding(
        conditions,
        "Test accuracy with weights times {scales}: {with_it:.0%} with normalization, "
        "{without_it:.0%} without.",
        figure=draw_scales,
        scales=[f"{times:g}" for times in TIMES],
        with_it=[means[f"{times:g}, with"] for times in TIMES],
        without_it=[means[f"{times:g}, without"] for times in TIMES],
        epochs_to_learn=epochs,
        test_accuracy=ends,
        learning_rate={name: of[0]["learning_rate"] for name, of in runs.items()},
    )


def draw_scales(lab):
    """Accuracy by scale, with and without normalization."""
    figure, axes = figures.new(width=7.6, height=4.0)
    axes.set(xscale="log", ylim=(0, 102))
    least = {}
    for index, way in enumerate(WAYS):
        values = np.array(
            [
                stats.column(trainings(lab)[f"{times:g}, {way}"], "held_out_accuracy")[
                    :, -1
                ]
                for times in TIMES
            ]
        )
        least[way] = values.mean(1).min()
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        label = f"{way} normalization"
        axes.plot(TIMES, 100 * values.mean(1), marker="os"[index], label=label, **style)
        axes.plot(TIMES, 100 * values, ".", color=figures.COLORS[index], label="_")
    figures.legend(axes, loc="lower center")
    with_it, without = (least[way] for way in WAYS)
    title = (
        f"At the worst scale {with_it:.0%} are right with normalization, "
        f"{without:.0%} without"
    )
    x = "He's weights times"
    figures.describe(axes, title, x, "test accuracy (%)")
    lab.figure(
        "scales",
        figure,
        "Test accuracy after training from weights of a wrong size, each at the best "
        "of eight rates; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
