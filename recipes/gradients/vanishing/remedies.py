"""Remedies: first layers that stand still, and what makes them learn.

Where a gradient vanishes, plain SGD moves the first layer a hundred thousand times less
than the last one. Adam divides by a gradient's size, so the first layer moves again,
though it brings back no information about where to go.

ReLU with He's weights, batch normalization and skip connections bring the gradient
back, and the network learns. Weights four times as large bring back more of the
gradient than the network can use: it learns no more than without.
"""

import numpy as np

from recipes.gradients._watch import FLOWS, middle
from recipes.gradients.vanishing._networks import (
    GUESSING,
    at_start,
    changes,
    first_to_last,
    losses,
    networks,
)
from recipes.lab import Finding, claim, figures, main, stats

REMEDIES = (
    "ReLU, He",
    "leaky ReLU, He",
    "sigmoid, 4 × Glorot",
    "sigmoid, batch normalization",
    "sigmoid, skip connections",
)
LEARNS = stats.Threshold(
    "a tenth of a nat",
    0.1,
    "nats",
    "a network that guesses has a loss of 2.3 nats; a tenth of one is the least that "
    "shows as accuracy.",
)


@claim(
    "vanish-early-layers-slow",
    "The first layers learn slowly or not at all.",
    says="always",
    notes="002 004",
    scope="10 layers of 64 units on digits, 5 epochs",
)
def early_layers(lab):
    """Compares how much an update changes the first and the last hidden layer."""
    names = ("sigmoid", "sigmoid, Adam", "tanh", "ReLU, He")
    moved = {name: changes(networks(lab)[name]) for name in names}
    slower = {
        name: stats.greater(row[:, -1], row[:, 0], by=stats.TENTH, scale="log")
        for name, row in moved.items()
    }
    return Finding(
        slower,
        "Relative change of the weights by an update, first layer over last: "
        "{first_over_last:.1e}. SGD's updates are as small as the gradient; Adam "
        "divides by its size.",
        figure=draw_remedies,
        first_over_last={
            name: middle(row[:, 0] / row[:, -1]) for name, row in moved.items()
        },
        relative_change_by_an_update_first_to_last_layer={
            name: row.mean(0) for name, row in moved.items()
        },
        last_over_first=slower,
        mean_powers_of_ten={
            name: float(np.mean(np.log10(row[:, -1]) - np.log10(row[:, 0])))
            for name, row in moved.items()
        },
    )


def final_loss(runs: list[dict]) -> np.ndarray:
    """The last training losses, (seeds,), none above that of guessing.

    A network that diverged has learned as much as one that guesses.
    """
    return np.fmin(losses(runs)[:, -1], GUESSING)


# A gradient flows where the first layer gets between a tenth and ten times what the
# last one gets: its change, up or down, is then less than tenfold.


@claim(
    "vanish-fixes",
    "Variants of ReLU, better initial weights, batch normalization and skip "
    "connections cure it.",
    says="always",  # 001 has it as the solution; 004 says "can help"
    notes="001 002 003 004",
    scope="10 layers of 64 units on digits, 5 epochs of SGD at rate 0.1",
)
def remedies_cure(lab):
    """Of every remedy: whether the gradient flows, and whether more is learned."""
    runs = networks(lab)
    # The untreated network gets the better of two learning rates.
    plain = np.minimum(final_loss(runs["sigmoid"]), final_loss(runs["sigmoid, rate 1"]))
    found = {name: first_to_last(runs[name]) for name in REMEDIES}
    limit = np.full(len(lab.seeds), FLOWS[1])
    flows = {
        f"gradient: {name}": stats.greater(
            limit, np.exp(np.abs(np.log(row))), by=stats.ANY, scale="log"
        )
        for name, row in found.items()
    }
    gains = {
        name: stats.greater(plain, final_loss(runs[name]), by=LEARNS)
        for name in REMEDIES
    }
    return Finding(
        {**flows, **{f"learning: {name}": gain for name, gain in gains.items()}},
        "First layer's gradient over the last one's: {means:.2g} (untreated "
        "{untreated_mean:.1e}). Training loss below that of the untreated network, in "
        "nats: {below:.2f}.",
        figure=draw_remedies,
        means={name: middle(row) for name, row in found.items()},
        untreated_mean=middle(first_to_last(runs["sigmoid"])),
        below={
            name: float(np.mean(plain - final_loss(runs[name]))) for name in REMEDIES
        },
        signal_first_over_last_layer=found,
        untreated=first_to_last(runs["sigmoid"]),
        loss_of_the_untreated_minus_treated=gains,
    )


def draw_remedies(lab):
    """Each remedy's gradients by layer, and its training loss."""
    figure, (left, right) = figures.new(1, 2, width=12.6, height=4.6)
    runs, depth, epochs = networks(lab), lab.settings.depth, lab.settings.epochs
    names = {"sigmoid": "sigmoid, untreated", **{name: name for name in REMEDIES}}
    layers = range(depth + 1, 0, -1)
    left.set(yscale="log", xlim=(depth + 1, 1), xticks=list(layers))
    left.set_xticklabels(["out", *map(str, layers[1:])])
    signal = {label: at_start(runs[n], "signal")[:, ::-1] for n, label in names.items()}
    figures.curves(left, layers, signal, band=False)
    title = "All but larger weights bring the gradient back"
    label = "gradient norm (what flows in: biases)"
    figures.describe(left, title, "layer, last to first", label)
    right.set(yscale="log", xlim=(0, epochs))
    curves = {label: losses(runs[name]) for name, label in names.items()}
    figures.curves(right, range(epochs + 1), curves, band=False)
    title = "Where the gradient flows, the network learns"
    figures.describe(right, title, "epoch", "training loss (nats)")
    lab.figure(
        "fixes",
        figure,
        "Remedies, means over the seeds: gradients before training, and training loss. "
        "With skip connections ten outputs add up: the first steps at this rate are "
        "too long, and the loss rises before it falls.",
    )


if __name__ == "__main__":
    main(__file__)
