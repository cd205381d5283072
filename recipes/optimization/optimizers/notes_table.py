"""Notes' table: the printed losses of four optimizers are genuine.

One note prints the training loss of four optimizers, epoch by epoch, on MNIST. Trained
the same way here (the notes' start, their rates, batches of 64), every printed number
should lie within three standard deviations of ours over seeds. The table is reproduced
on `--data mnist`, and so is its ranking: other images can tell of neither.
"""

import itertools

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.optimizers._network import (
    KERAS_OPTIMIZERS,
    final_losses,
    losses_of,
    notes_runs,
    train,
)

PRINTED = {  # running mean of the training loss, epochs 1 to 5, as the notes print it
    "SGD": (1.0196, 0.3903, 0.3279, 0.2952, 0.2698),
    "Adam": (0.3832, 0.1867, 0.1365, 0.1105, 0.0928),
    "RMSprop": (0.3958, 0.1976, 0.1500, 0.1227, 0.1047),
    "AdaGrad": (0.3821, 0.2204, 0.1833, 0.1616, 0.1460),
}
NEAR = 3.0  # standard deviations: one number in 370 lies farther by chance
NATS = stats.Threshold(
    "a hundredth of a nat", 0.01, "nats", "the table's last epochs differ by 0.012 up."
)


@experiment
def defaults_runs(lab) -> dict[str, list[dict]]:
    """The same four with Keras's defaults and Keras's start, to look at."""
    epochs = lab.settings.epochs
    cases = {
        name: {"optimizer": made, "epochs": epochs, "start": "keras"}
        for name, made in KERAS_OPTIMIZERS.items()
    }
    return lab.sweep(train, cases, seeds=lab.seeds[:2], title="Keras's defaults")


def is_the_table(lab) -> bool:
    """Whether the run is that of the notes: MNIST, five epochs."""
    return lab.settings.data == "mnist" and lab.settings.epochs == 5


def deviations(name: str, curve: np.ndarray) -> list[float]:
    """How far the printed losses lie from ours, in standard deviations over seeds."""
    far = (np.array(PRINTED[name]) - curve.mean(0)) / curve.std(0, ddof=1)
    return [float(z) for z in far]


def mean_accuracy(runs: list[dict]) -> str:
    """Returns the mean test accuracy as text."""
    return f"{stats.column(runs, 'test_accuracy').mean():.2%}"


@claim(
    "opt-mnist-four",
    "Four optimizers on an MNIST MLP give the printed losses of five epochs.",
    says="is",
    notes="002",
    scope="MNIST, an MLP of 128 and 64 units, 5 epochs; digits can't tell",
)
def table_is_genuine(lab):
    """Trains the notes' table, and the same with Keras's defaults beside it."""
    epochs, data = lab.settings.epochs, lab.settings.data
    ours, defaults = notes_runs(lab), defaults_runs(lab)
    compared = is_the_table(lab)
    z_scores, rows = {}, []
    for name, printed in PRINTED.items():
        curve = losses_of(ours[name])
        mean = curve.mean(0)
        rows.append([name, *map(float, mean), mean_accuracy(ours[name])])
        if compared:
            z_scores[name] = deviations(name, curve)
            rows.append(["  notes", *printed, "-"])
            rows.append(["  z", *(f"{z:+.1f}" for z in z_scores[name]), ""])
        mean = losses_of(defaults[name]).mean(0)
        rows.append(["  Keras's", *map(float, mean), mean_accuracy(defaults[name])])
    columns = ["optimizer", *(f"epoch {epoch + 1}" for epoch in range(epochs)), "test"]
    lab.table(f"Training loss by epoch and test accuracy on {data}", columns, rows)
    scores = [abs(z) for row in z_scores.values() for z in row]
    note = (
        "The farthest of the 20 printed losses is {farthest:.2f} standard deviations "
        "from ours, over {seeds} seeds."
    )
    return Finding(
        max(scores) <= NEAR if compared else None,
        note if compared else "Only --data mnist --epochs 5 can tell.",
        figure=draw_table if compared else None,  # else nothing of it is to be seen
        farthest=max(scores, default=None),
        seeds=len(lab.seeds),
        z_scores=z_scores,
        loss_by_epoch={name: losses_of(runs) for name, runs in ours.items()},
        test_accuracy={
            name: stats.column(runs, "test_accuracy") for name, runs in ours.items()
        },
    )


@claim(
    "opt-mnist-ranking",
    "After five epochs on MNIST the losses rank Adam < RMSprop < AdaGrad < SGD.",
    says="is",
    notes="002",
    scope="MNIST, the network of the table, each optimizer at the notes' rate, 5 "
    "epochs; digits can't tell",
)
def ranking(lab):
    """The last epoch's losses: the smallest gap between neighbors decides."""
    final = {name: final_losses(runs) for name, runs in notes_runs(lab).items()}
    order = ("Adam", "RMSprop", "AdaGrad", "SGD")
    gaps = {
        f"{low} < {high}": stats.greater(final[high], final[low], by=NATS)
        for low, high in itertools.pairwise(order)
    }
    # A ranking is right as a whole or not at all: each seed gives its smallest gap.
    smallest = np.min(
        [final[high] - final[low] for low, high in itertools.pairwise(order)], axis=0
    )
    whole = stats.greater(smallest, np.zeros(len(smallest)), by=NATS)
    compared = is_the_table(lab)
    note = "Differences of the last epoch's loss on {data}: {gaps}."
    return Finding(
        {"each before the next": whole if compared else None},
        note if compared else "Only --data mnist --epochs 5 can tell. " + note,
        figure=draw_table,
        data=lab.settings.data,
        smallest_gap=whole,
        gaps=gaps,
        final=final,
    )


def draw_table(lab):
    """The curves of the table."""
    figure, axes = figures.new()
    epochs = range(1, lab.settings.epochs + 1)
    axes.set(yscale="log", xticks=list(epochs))
    curves = {name: losses_of(runs) for name, runs in notes_runs(lab).items()}
    means = {name: curve.mean(0) for name, curve in curves.items()}
    last = np.argmax(list(means.values()), axis=0) == list(means).index("SGD")
    title = f"At the notes' rates SGD trails in {last.sum()} of {len(last)} epochs"
    if is_the_table(lab):
        for printed in PRINTED.values():
            axes.plot(epochs, printed, "kx", markersize=6)
        far = [z for name in PRINTED for z in deviations(name, curves[name])]
        near = sum(abs(z) <= NEAR for z in far)
        title = (
            f"{near} of {len(far)} printed losses (crosses) lie within {NEAR:g} "
            "deviations of ours"
        )
    figures.curves(axes, epochs, curves)
    figures.describe(axes, title, "epoch", "mean training loss (nats)")
    lab.figure(
        "table",
        figure,
        "Training loss by epoch at the notes' rates, with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
