"""Remedies: first layers that stand still, and what makes them learn.

Where a gradient vanishes, plain SGD moves the first layer a hundred thousand times less
than the last one. Adam divides by a gradient's size, so the first layer moves again,
though it brings back no information about where to go.

ReLU with He's weights, batch normalization and skip connections bring the gradient
back, and the network learns. Glorot's weights do so for tanh, whose slope of 1 at zero
they are made for, and not for the sigmoid, whose slope there is 1/4.
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

# What the notes recommend: the words to the network that has it.
REMEDIES = {
    "ReLU, He's weights": "ReLU, He",
    "leaky ReLU, He's weights": "leaky ReLU, He",
    "tanh, Glorot's weights": "tanh",
    "sigmoid, Glorot's weights": "sigmoid",
    "sigmoid, batch normalization": "sigmoid, batch normalization",
    "sigmoid, skip connections": "sigmoid, skip connections",
}
UNTREATED = "sigmoid, N(0, 0.01²)"


# The statement is about networks whose gradient vanishes. Tanh and ReLU with their
# usual weights have none that does; they stand beside it in the note.


@claim(
    "vanish-early-layers-slow",
    "Where the gradient vanishes, the first layers learn slowly or not at all.",
    says="always",
    notes="002 004",
    scope="10 layers of 64 units on digits, 5 epochs",
)
def early_layers(lab):
    """Compares how much an update changes the first and the last hidden layer."""
    names = ("sigmoid", "sigmoid, Adam", "tanh", "ReLU, He")
    moved = {name: changes(networks(lab)[name]) for name in names}
    return Finding(
        {
            words: stats.greater(
                moved[name][:, -1], moved[name][:, 0], by=stats.TWICE, scale="log"
            )
            for words, name in (("SGD", "sigmoid"), ("Adam", "sigmoid, Adam"))
        },
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
    )


def final_loss(runs: list[dict]) -> np.ndarray:
    """The last training losses, (seeds,), none above that of guessing.

    A network that diverged has learned as much as one that guesses.
    """
    return np.fmin(losses(runs)[:, -1], GUESSING)


# A gradient flows where the first layer gets between a tenth and ten times what the
# last one gets: its change, up or down, is then less than tenfold. That is what the
# statement is about; how much is learned stands in the note.


@claim(
    "vanish-fixes",
    "Against vanishing gradients use ReLU or its variants, better initial weights "
    "(Glorot's, He's), batch normalization or skip connections.",
    says="advice",
    hedge="solutions to mitigate",
    notes="001 002 003 004",
    scope="10 layers of 64 units on digits; losses after 5 epochs of SGD at rate 0.1",
)
def remedies_help(lab):
    """Of every remedy: whether the gradient flows; beside it, what is learned."""
    runs = networks(lab)
    # The untreated network gets the better of two learning rates.
    plain = np.minimum(final_loss(runs["sigmoid"]), final_loss(runs["sigmoid, rate 1"]))
    below = {
        words: float(np.mean(plain - final_loss(runs[name])))
        for words, name in REMEDIES.items()
        if name != "sigmoid"
    }
    found = {words: first_to_last(runs[name]) for words, name in REMEDIES.items()}
    limit = np.full(len(lab.seeds), FLOWS[1])
    return Finding(
        {
            words: stats.greater(
                limit, np.exp(np.abs(np.log(row))), by=stats.ANY, scale="log"
            )
            for words, row in found.items()
        },
        "The gradient flows with: {holding}; not with: {failing}. The first layer gets "
        "this much of the last one's gradient: {means:.2g} (sigmoid, N(0, 0.01²): "
        "{untreated:.0e}). The training losses of the others end at least "
        "{least:.1f} nats below that of the sigmoid with Glorot's weights.",
        figure=draw_remedies,
        means={words: middle(row) for words, row in found.items()},
        untreated=middle(first_to_last(runs[UNTREATED])),
        least=min(below.values()),
        loss_below_that_of_the_sigmoid_with_glorot_s_weights=below,
        signal_first_over_last_layer=found,
    )


def draw_remedies(lab):
    """Each remedy's gradients by layer, and its training loss."""
    figure, (left, right) = figures.new(1, 2, width=12.6, height=4.6)
    runs, depth, epochs = networks(lab), lab.settings.depth, lab.settings.epochs
    names = {name: words for words, name in REMEDIES.items()}
    layers = range(depth + 1, 0, -1)
    left.set(yscale="log", xlim=(depth + 1, 1), xticks=list(layers))
    left.set_xticklabels(["out", *map(str, layers[1:])])
    signal = {label: at_start(runs[n], "signal")[:, ::-1] for n, label in names.items()}
    figures.curves(left, layers, signal, band=False)
    ratios = [middle(first_to_last(runs[name])) for name in names]
    flowing = sum(FLOWS[0] < ratio < FLOWS[1] for ratio in ratios)
    title = f"The gradient arrives with {flowing} of {len(names)} remedies"
    label = "gradient norm (what flows in: biases)"
    figures.describe(left, title, "layer, last to first", label)
    right.set(yscale="log", xlim=(0, epochs))
    curves = {label: losses(runs[name]) for name, label in names.items()}
    figures.curves(right, range(epochs + 1), curves, band=False)
    best = min(names, key=lambda name: final_loss(runs[name]).mean())
    title = f"Lowest in the end: {names[best]}"
    figures.describe(right, title, "epoch", "training loss (nats)")
    lab.figure(
        "fixes",
        figure,
        "Remedies, means over the seeds: gradients before training, and training loss. "
        "With skip connections the layers' outputs add up, so that the first steps at "
        "this rate are long.",
    )


if __name__ == "__main__":
    main(__file__)
