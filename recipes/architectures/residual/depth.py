"""Depth: a plain network of 40 layers fits its own training set worse than one of 20.

That is no overfitting, since it is the training loss that rises, and no lack of room:
the deeper network could copy the shallower and pass its output on. SGD does not find
that. Batch normalization does not cure it. Residual networks lose by depth, too, at
eight epochs, but much less.
"""

import numpy as np

from recipes.architectures.residual._training import (
    NATS,
    STARTS,
    draw_losses,
    final,
    learn,
    named,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats


@experiment
def rises(lab) -> dict[tuple[bool, str], stats.Decision]:
    """By skip connections and start: the loss with all layers minus that with half."""
    depth, (_, losses) = lab.settings.depth, learn(lab)
    found = {}
    for residual in (False, True):
        for start in STARTS:
            pair = [named(residual, layers, start) for layers in (depth, depth // 2)]
            tables = [losses[name] for name in pair if name in losses]
            ends = [table[:, -1] for table in tables]
            if np.isfinite(ends).any():  # two that diverged say nothing of depth
                found[residual, start] = stats.greater(*map(final, tables), by=NATS)
    return found


@claim(
    "res-depth-accuracy",
    "Plain networks train worse when they are made deeper.",
    says="always",
    notes="ours",
    scope="digits, 20 and 40 layers of 64 units, 8 epochs of SGD",
)
def deeper_is_worse(lab):
    """The rise of the training loss with depth, plain; residual beside it."""
    plain, skipping = (
        {
            STARTS[start]: rise
            for (has, start), rise in rises(lab).items()
            if has is kind
        }
        for kind in (False, True)
    )
    depth = lab.settings.depth
    return Finding(
        plain,
        "Training loss with {depth} layers minus that with {half}, in nats: plain, "
        "{rise}; residual, {rise_of_residual}.",
        figure=draw_depth,
        depth=depth,
        half=depth // 2,
        rise={start: f"{one.effect:+.2f}" for start, one in plain.items()},
        rise_of_residual={s: f"{one.effect:+.2f}" for s, one in skipping.items()},
        residual=skipping,
    )


def draw_depth(lab):
    """The training losses at both depths, a panel for each pair that trained."""
    depth, epochs = lab.settings.depth, lab.settings.epochs
    _, losses = learn(lab)
    found = rises(lab)
    figure, axes = figures.new(-(-len(found) // 2), 2, width=8.0, height=6.4)
    for axis, ((residual, start), rise) in zip(
        np.ravel(axes), found.items(), strict=False
    ):
        tables = {
            f"{layers} layers": losses[named(residual, layers, start)]
            for layers in (depth // 2, depth)
        }
        draw_losses(axis, epochs, tables)
        kind = "Residual" if residual else "Plain"
        by = f"{abs(rise.effect):.2f} {'higher' if rise.effect > 0 else 'lower'}"
        title = f"{kind}, {STARTS[start]}:\n{depth} layers end {by}"
        figures.describe(axis, title, "epoch", "training loss (nats)")
        figures.legend(axis, loc="lower left")
    lab.figure(
        "depth",
        figure,
        "Training loss at two depths: median and range over seeds. Titles: the mean "
        "difference at the end, deep minus shallow, where no loss counts more than "
        "that of guessing.",
    )


if __name__ == "__main__":
    main(__file__)
