"""The picture of a `NormTable`: gradient norms by layer, over training."""

from typing import Any

import numpy as np


def draw(table: Any, title: str = "") -> Any:
    """Norms of each layer, first to last, a line an epoch, on a log scale.

    Returns:
        A `matplotlib.figure.Figure` of its own: pyplot's list of open figures is
        left alone. Save it with `figure.savefig(path)`.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    epochs = np.unique(table.epochs)
    colors = colormaps["viridis"](np.linspace(0.0, 0.9, max(len(epochs), 1)))
    positions = np.arange(len(table.layers))
    for color, epoch in zip(colors, epochs, strict=False):
        norms = table.layer_norms[table.epochs == epoch].mean(0)
        # A log scale has no place for zero: a gap is honest, a floor is not.
        visible = np.where(np.isfinite(norms) & (norms > 0), norms, np.nan)
        label = f"epoch {epoch + 1}" if epoch in (epochs[0], epochs[-1]) else None
        axes.plot(positions, visible, marker="o", color=color, label=label)
    axes.set_yscale("log")
    axes.set_xticks(positions, table.layers, rotation=45, ha="right")
    axes.set_xlabel("layer, from input to output")
    axes.set_ylabel("gradient norm (mean over the epoch)")
    axes.set_title(title)
    if len(epochs):
        axes.legend()
    return figure
