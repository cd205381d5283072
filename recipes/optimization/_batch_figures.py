"""What to look at: accuracy on two axes, noise and time by batch size."""

import numpy as np

from recipes.lab import figures
from recipes.optimization._batch_digits import SIZES, TRAINED
from recipes.optimization._batch_runs import ONE_RATE


def draw(lab, runs, times, noise) -> None:
    """Draws accuracy and loss by batch size, then noise and time.

    Args:
        lab: The run.
        runs: The sweep on digits.
        times: Batch size to seconds a sample, one a round.
        noise: Batch size to the gradient's variance, measured and by formula.
    """
    figure, axes = figures.new(2, 2, width=10.0, height=7.0)
    for column, equal in enumerate(("epochs", "updates")):
        count = runs.epochs if equal == "epochs" else runs.updates
        for row, (name, what) in enumerate(
            (
                ("accuracy", "held-out accuracy (%)"),
                ("training_loss", "training loss (nats)"),
            )
        ):
            panel = axes[row, column]
            panel.set(xscale="log", yscale="log" if row else "linear")
            for index, rates in enumerate((f"rate {ONE_RATE}", "best rate")):
                _by_size(panel, runs, equal, name, rates, index)
            panel.set_xticks(SIZES, [str(size) for size in SIZES])
            panel.minorticks_off()
            title = f"After {count} {equal}: " + ("loss" if row else "accuracy")
            figures.describe(panel, title, "batch size (samples)", what)
    for row in axes:  # one scale for both, so that heights can be compared
        limits = np.array([panel.get_ylim() for panel in row])
        for panel in row:
            panel.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    figures.legend(axes[0, 0])
    told = "Held-out accuracy and training loss by batch size at equal epochs and at "
    lab.figure("sizes", figure, told + "equal updates, with the range over seeds.")
    _noise_and_time(lab, times, noise)


def _noise_and_time(lab, times, noise) -> None:
    """Draws the gradient's variance and the time a sample takes, by batch size."""
    figure, (left, right) = figures.new(1, 2, width=10.0, height=4.0)
    for panel in (left, right):
        panel.set(xscale="log", yscale="log")
    sizes = [size for size in noise if size < TRAINED]  # the noise of all is 0
    left.plot(sizes, [noise[b][0] for b in sizes], "o", color=figures.COLORS[1],
              label="measured")  # fmt: skip
    left.plot(sizes, [noise[b][1] for b in sizes], color=figures.COLORS[0],
              label="S²/B·(1 − B/N)")  # fmt: skip
    figures.legend(left)
    title = "Noise of the gradient, one sample's as 1"
    figures.describe(left, title, "batch size (samples)", "variance, as a share")
    low, middle, high = (
        [1e6 * np.quantile(times[size], part) for size in times]
        for part in (0.25, 0.5, 0.75)
    )
    right.plot(list(times), middle, "o-", color=figures.COLORS[0])
    right.fill_between(list(times), low, high, color=figures.COLORS[0], alpha=0.15)
    title = "Training time a sample, median and quartiles"
    figures.describe(right, title, "batch size (samples)", "µs")
    told = "The variance of the gradient and the time a sample takes, by batch size."
    lab.figure("noise_and_time", figure, told)


def _by_size(panel, runs, equal, name, rates, index) -> None:
    """Draws one measure over the batch sizes."""
    scale = 100 if name == "accuracy" else 1
    values = []
    for size in SIZES:
        rate = runs.best(size, equal) if rates == "best rate" else ONE_RATE
        values.append(scale * runs.after(size, equal, name, rate))
    table = np.array(values).T
    style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
    panel.plot(SIZES, table.mean(0), marker="os"[index], label=rates, **style)
    panel.fill_between(SIZES, table.min(0), table.max(0), color=style["color"],
                       alpha=0.15, lw=0)  # fmt: skip
