"""Diagnosis: what loss, gradients and updates can tell apart.

Five networks have a known ailment each, because they were built that way. Fixed rules
read the loss alone, the gradients by layer, or the updates of the weights, and name an
ailment. A loss that stands still has three possible causes, so the loss can't name
them; gradients show nothing of a rate that is too small; updates show all five.

The rules were written for these five networks. So this shows what each reading can tell
apart in principle, not how often it would be right about a network that nobody knows.
"""

from collections.abc import Callable

import numpy as np

from recipes.gradients.vanishing._networks import (
    GUESSING,
    changes,
    first_to_last,
    hidden,
    losses,
    networks,
)
from recipes.lab import Finding, claim, main

# The case and what is known to be wrong with it.
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
    """The gradients first; where they seem healthy, the updates."""
    named = read_gradients(run)
    return read_updates(run) if named == "healthy" else named


READINGS: dict[str, Callable[[dict], str]] = {
    "the loss": read_loss,
    "gradients by layer": read_gradients,
    "updates of the weights": read_updates,
    "gradients, then updates": read_all,
}


@claim(
    "grad-diagnosis",
    "Loss curves, the sizes of gradients and plots of the weights show what ails a "
    "network.",
    says="advice",
    notes="001",
    scope="five networks of 10 layers on digits; rules written for these ailments",
)
def diagnosis(lab):
    """Lets every reading name the ailment of every network."""
    runs = networks(lab)
    named = {
        reading: {case: [read(run) for run in runs[case]] for case in AILMENTS}
        for reading, read in READINGS.items()
    }
    right = {
        reading: [name == AILMENTS[case] for case in AILMENTS for name in row[case]]
        for reading, row in named.items()
    }
    wrong = {
        reading: sorted({AILMENTS[c] for c in AILMENTS if set(row[c]) != {AILMENTS[c]}})
        for reading, row in named.items()
    }
    return Finding(
        {reading: all(flags) for reading, flags in right.items()},
        "Rules written for these {ailments} ailments name right, of {n} networks: "
        "{counts}. The loss alone is wrong on {wrong[the loss]}, gradients on "
        "{wrong[gradients by layer]}. Other networks were not tried.",
        ailments=len(AILMENTS),
        n=len(AILMENTS) * len(lab.seeds),
        counts={reading: sum(flags) for reading, flags in right.items()},
        wrong=wrong,
        share_named_right={name: np.mean(row) for name, row in right.items()},
        named=named,
        truth=AILMENTS,
    )


if __name__ == "__main__":
    main(__file__)
