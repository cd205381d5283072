"""What ails a network: read off loss, gradients and updates by fixed rules."""

from collections.abc import Callable

import numpy as np

from recipes.gradients._vanishing_networks import (
    GUESSING,
    changes,
    first_to_last,
    hidden,
    losses,
)

# The case and what is known to be wrong with it, because it was built that way.
AILMENTS = {
    "ReLU, He": "healthy",
    "sigmoid": "vanishing",
    "ReLU, 3 × He": "exploding",
    "ReLU, biases of -10": "dead",
    "ReLU, rate 0.000001": "rate too small",
}


def read_loss(run: dict) -> str:
    """Names the ailment from the training loss alone."""
    loss = losses([run])[0]
    if not np.isfinite(loss).all() or loss.max() > 2 * GUESSING:
        return "exploding"  # no number, or twice the loss of guessing
    if loss[-1] < 0.9 * loss[0]:
        return "healthy"
    return "vanishing"  # it stands still: the first thing to suspect


def read_gradients(run: dict) -> str:
    """Names the ailment from the gradients before the first update."""
    kernels = np.array(run["kernel"][0], float)
    if not np.isfinite(kernels).all() or kernels.max() > 100:
        return "exploding"
    if all(run["history"][f"grad_zeros/{layer}"][0] == 1 for layer in hidden(run)):
        return "dead"
    return "vanishing" if first_to_last([run])[0] < 0.01 else "healthy"


def read_updates(run: dict) -> str:
    """Names the ailment from how much the updates change the weights."""
    change = changes([run])[0]
    if not np.isfinite(change).all() or change.max() > 0.1:
        return "exploding"
    if not change.any():
        return "dead"
    if change[0] < 0.01 * change[-1]:
        return "vanishing"
    return "rate too small" if change.max() < 1e-5 else "healthy"


def read_all(run: dict) -> str:
    """The gradients first; where they look healthy, the updates."""
    named = read_gradients(run)
    return read_updates(run) if named == "healthy" else named


READINGS: dict[str, Callable[[dict], str]] = {
    "the loss": read_loss,
    "gradients by layer": read_gradients,
    "updates of the weights": read_updates,
    "gradients, then updates": read_all,
}


def judge(lab, runs: dict[str, list[dict]]) -> None:
    """Lets every reading name the ailment of every network."""
    named = {
        reading: {case: [read(run) for run in runs[case]] for case in AILMENTS}
        for reading, read in READINGS.items()
    }
    right = {
        reading: [name == AILMENTS[case] for case in AILMENTS for name in row[case]]
        for reading, row in named.items()
    }
    missed = {
        reading: sorted({AILMENTS[c] for c in AILMENTS if set(row[c]) != {AILMENTS[c]}})
        for reading, row in named.items()
    }
    told = []
    for reading, flags in right.items():
        wrong = f"; wrong on {', '.join(missed[reading])}" if missed[reading] else ""
        told.append(f"From {reading} {sum(flags)} of {len(flags)} named right{wrong}.")
    lab.verdict(
        "grad-diagnosis",
        {reading: all(flags) for reading, flags in right.items()},
        evidence={
            "share_named_right": {name: np.mean(row) for name, row in right.items()},
            "named": named,
            "truth": AILMENTS,
        },
        note=f"{len(AILMENTS)} networks with a known ailment, each from "
        f"{len(lab.seeds)} starts. " + " ".join(told),
    )
