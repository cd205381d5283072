"""Pictures: variance through depth, units that stay alike, losses by start."""

import numpy as np

from recipes.basics import _initialization_training as training
from recipes.basics._initialization_symmetry import UNITS, parted
from recipes.lab import figures

SHOWN = (
    "ReLU, He",
    "ReLU, Xavier",
    "ReLU, N(0, 1)",
    "ReLU, N(0, 0.01²)",
    "linear, Xavier",
    "tanh, Xavier",
    "sigmoid, Xavier",
)
UNIT_ROWS = (
    "one constant",
    "ReLU",
    "L1",
    "augmentation",
    "dropout of inputs",
    "dropout of hidden units",
    "random, Xavier",
)


def draw_depth(lab, found) -> None:
    """Draws the variance of activations and gradients layer by layer."""
    figure, axes = figures.new(1, 2, width=12.0, height=4.6)
    kinds = {"activations": "activations", "gradients": "gradients dL/dz"}
    for panel, (kind, quantity) in zip(axes, kinds.items(), strict=True):
        # A geometric mean and a band in powers of ten suit the logarithmic axis.
        logs = {name: np.log10(np.maximum(found[name][kind], 1e-300)) for name in SHOWN}
        layers = np.arange(1, logs[SHOWN[0]].shape[1] + 1)
        if kind == "gradients":  # on their way, from the last layer to the first
            layers, logs = layers[::-1], {name: v[:, ::-1] for name, v in logs.items()}
            panel.invert_xaxis()
        panel.set_xticks(layers)
        figures.curves(panel, layers, logs)
        figures.describe(
            panel,
            f"{kind.capitalize()}: level is kept, a slope is not",
            "layer" if kind == "activations" else "layer, the last one first",
            f"log10 of the variance of {quantity}",
        )
    lab.figure(
        "depth",
        figure,
        f"Variance layer by layer in networks of width {lab.settings.width} by "
        "activation and weights; bands span the random networks. Signals start "
        "at layer 1, gradients at the last one.",
    )


def draw_units(lab, runs) -> None:
    """Draws the weights into each hidden unit as an image, case by case."""
    figure, axes = figures.new(len(UNIT_ROWS), UNITS, width=7.6, height=9.6)
    side = lab.data().x_train.shape[1:3]
    words = {True: "all differ", False: "all the same", None: "in between"}
    for row, name in zip(axes, UNIT_ROWS, strict=True):
        kernel = np.array(runs[name][0]["hidden_kernel"])
        limit = abs(kernel).max() or 1.0
        for number, panel in enumerate(row):
            panel.imshow(
                kernel[:, number].reshape(side), cmap="RdBu", vmin=-limit, vmax=limit
            )
            panel.set(xticks=(), yticks=())
            panel.grid(False)
        text = f"{name}:\n{words[parted(runs[name][:1])]}"
        row[0].set_ylabel(text, rotation=0, ha="right", va="center")
    for number, panel in enumerate(axes[0], 1):
        panel.set_title(f"unit {number}", loc="center")
    lab.figure(
        "units",
        figure,
        "Weights from the pixels into four hidden units after training, one row a "
        "case (red negative, blue positive, each row on its own scale); all but the "
        "last start from one constant.",
    )


def draw_losses(lab, runs) -> None:
    """Draws training losses by epoch, start by start."""
    figure, axes = figures.new(1, 3, width=14.0, height=4.2)
    for panel, network in zip(axes, training.NETWORKS, strict=True):
        lines = {
            rule: np.array(
                [run["history"]["loss"] for run in runs[f"{network}, {rule}"]]
            )
            for rule in (*training.GOOD, *training.BAD)
        }
        epochs = np.arange(1, lab.settings.epochs + 1)
        panel.set_yscale("log")
        panel.set_ylim(1e-3, 1e3)
        panel.axhline(training.GOAL, color="black", linewidth=0.8)
        figures.curves(panel, epochs, lines)
        at = {
            rule: training.epochs_to_goal(runs[f"{network}, {rule}"]).mean()
            for rule in lines
        }
        told = winner(at, lab.settings.epochs)
        figures.describe(panel, f"{network}: {told}", "epoch", "training loss, nats")
    lab.figure(
        "losses",
        figure,
        "Training loss by the weights at the start; the black line is the goal, a "
        "tenth of guessing's loss. Losses above the frame are beyond 1000 nats; "
        "bands span the seeds.",
    )


def winner(at: dict[str, float], epochs: int) -> str:
    """Says which start gets to the goal first on average, if one does."""
    least = min(at.values())
    if least > epochs:
        return "none gets there"
    first = [rule for rule, epoch in at.items() if epoch == least]
    return f"{' and '.join(first)} first"
