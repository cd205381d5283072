"""Pooled fit: does a network that pools overfit less, or does it only learn less?

A network that has learned its training images less well has a smaller gap between
training and test without being better. So the test loss is compared where the training
loss is the same: each network is asked when it passes that value, however long it took.

With clean labels the value is 0.2 nats, where the digits are learned and little is
overfitted. With a fifth of the labels wrong it is 0.5: who learns no wrong label by
heart stays at about 0.9.

Pooling makes maps smaller, and with them the dense layer on flattened maps. As a
control one pixel of four is kept in place of pooling: the parameters are as many.
"""

import numpy as np

from recipes.architectures.cnn_behavior._pooled import (
    POOLINGS,
    mislabeled_runs,
    pooled,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

TARGETS = {"clean": 0.2, "wrong": 0.5}  # nats of training loss
LABELS = {"clean": pooled, "wrong": mislabeled_runs}


def when_passed(target: float, training: list[float], held_out: list[float]) -> float:
    """The test loss where the training loss first falls to a target.

    It is interpolated between two scores; no number where the target isn't reached.
    """
    below = [index for index, loss in enumerate(training) if loss <= target]
    if not below or below[0] == 0:
        return float("nan")
    last = below[0]
    pair = slice(last - 1, last + 1)
    share = (training[last - 1] - target) / -np.diff(training[pair])[0]
    return float(held_out[last - 1] + share * np.diff(held_out[pair])[0])


def curves_of(run: dict) -> tuple[list[float], list[float]]:
    """Training and test losses of a run, as it learns."""
    return run["curves"]["training_loss"], run["curves"]["held_out_loss"]


@experiment
def at_target(lab) -> dict[str, dict[str, np.ndarray]]:
    """Test losses at the target, one a seed, by labels and pooling."""
    return {
        labels: {
            pooling: np.array(
                [when_passed(TARGETS[labels], *curves_of(run)) for run in runs]
            )
            for pooling, runs in runs_of(lab).items()
        }
        for labels, runs_of in LABELS.items()
    }


def mean_of(losses: np.ndarray) -> float:
    """The mean over the seeds that reached the target; no number where none did."""
    known = losses[np.isfinite(losses)]
    return float(known.mean()) if len(known) else float("nan")


def decide(rival: np.ndarray, pooling: np.ndarray) -> stats.Decision | None:
    """Whether a rival's loss is greater; None where a seed missed the target."""
    if not np.isfinite([rival, pooling]).all():
        return None
    return stats.greater(rival, pooling, by=stats.TENTH, scale="log")


@claim(
    "pool-prevents-overfitting",
    "Pooling makes maps smaller, which helps to prevent overfitting.",
    says="often",
    hedge="helps",
    notes="002",
    scope="300 digits enlarged to 12×12, clean or with a fifth of the labels wrong, "
    "CNNs of two blocks; test loss at a training loss of 0.2 and 0.5",
)
def overfits_less(lab):
    """Test loss at equal training loss, with pooling and with each rival."""
    losses = at_target(lab)
    lab.table(
        "Test loss where the training loss is at the target, and at the end",
        [
            "labels, pooling",
            "rate",
            "at the target",
            "at the end",
            "training",
            "accuracy",
        ],
        [
            [
                f"{labels}, {pooling}",
                f"{pooled(lab)[pooling][0]['learning_rate']:g}",
                f"{mean_of(losses[labels][pooling]):.3f}",
                f"{stats.column(runs, 'held_out_loss').mean():.3f}",
                f"{stats.column(runs, 'training_loss').mean():.3f}",
                f"{stats.column(runs, 'held_out_accuracy').mean():.1%}",
            ]
            for labels, runs_of in LABELS.items()
            for pooling, runs in runs_of(lab).items()
        ],
    )
    clean, wrong = losses["clean"], losses["wrong"]
    return Finding(
        {
            "clean labels: max against no pooling": decide(clean["none"], clean["max"]),
            "wrong labels: max against no pooling": decide(wrong["none"], wrong["max"]),
            "wrong labels: average against no pooling": decide(
                wrong["none"], wrong["average"]
            ),
            "wrong labels: max against one pixel of four": decide(
                wrong["one of four"], wrong["max"]
            ),
        },
        "With wrong labels test loss is {wrong[max]:.2f} with max pooling and "
        "{wrong[none]:.2f} without, where training loss is {target}. With one pixel of "
        "four in its place it is {wrong[one of four]:.2f}. With clean labels the three "
        "are {clean[max]:.2f}, {clean[none]:.2f} and {clean[one of four]:.2f}.",
        figure=draw_fit,
        target=TARGETS["wrong"],
        clean={pooling: mean_of(values) for pooling, values in clean.items()},
        wrong={pooling: mean_of(values) for pooling, values in wrong.items()},
    )


def draw_fit(lab):
    """Test loss against training loss while networks learn."""
    figure, axes = figures.new(1, 2, width=10.0, height=4.2)
    titles = {"clean": "Clean labels", "wrong": "Wrong labels"}
    for panel, (labels, runs_of) in zip(axes, LABELS.items(), strict=True):
        for index, pooling in enumerate(POOLINGS):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            curves = [curves_of(run) for run in runs_of(lab)[pooling]]
            training, held_out = np.mean(curves, axis=0)
            panel.plot(training, held_out, label=f"pooling: {pooling}", **style)
        panel.axvline(TARGETS[labels], color="#999999", linewidth=1)
        panel.set_xscale("log")
        panel.invert_xaxis()
        panel.set_xlim(right=TARGETS[labels] / 10)  # seeds end there, and means jump
        losses = {
            name: mean_of(values) for name, values in at_target(lab)[labels].items()
        }
        ends = f"{losses['max']:.2f} with max pooling, {losses['none']:.2f} without"
        title = f"{titles[labels]}: {ends}"
        figures.describe(panel, title, "training loss (nats)", "test loss (nats)")
    figures.legend(axes[0], loc="upper right")
    lab.figure(
        "pooled_fit",
        figure,
        "Test loss against training loss as networks learn, from left to right, by "
        "pooling: means over seeds. The line is where they are compared; titles give "
        "test losses there.",
    )


if __name__ == "__main__":
    main(__file__)
