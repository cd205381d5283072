"""Trainable: skip connections keep the gradient, and branches must be kept small.

Through plain layers with small weights a gradient vanishes; the identity in I + s·DW
keeps it. But the sum can also grow: with He's weights each residual layer doubles the
variance, the gradient grows by ten orders of magnitude in 50 layers, and training
diverges, where the plain network at least goes on. With branches that start small
(weights divided by √depth) or are normalized, networks of 40 layers learn.
"""

import numpy as np

from recipes.architectures.residual._training import (
    GUESSING,
    NATS,
    STARTS,
    draw_losses,
    final,
    learn,
    named,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

WIDTH, LAYERS = 64, 50
LOST = 1e-3  # of its length: a gradient below it has vanished, one above it has not

ACTIVATIONS = {  # z -> value and slope
    "linear": lambda z: (z, np.ones_like(z)),
    "tanh": lambda z: (np.tanh(z), 1 - np.tanh(z) ** 2),
    "ReLU": lambda z: (np.maximum(z, 0), (z > 0).astype(float)),
}
STACKS = {  # deviation of the weights times √n, activation
    "0.5/√n, linear": (0.5, "linear"),
    "0.5/√n, tanh": (0.5, "tanh"),
    "√(2/n), ReLU": (2**0.5, "ReLU"),
}
SMALL, LARGE = "0.5/√n, linear", "√(2/n), ReLU"  # what the note and figure compare
KINDS = ("plain", "residual", "branch/√L")


# A plain layer is x -> φ(Wx), a residual one x -> x + s·φ(Wx). With D the slopes of φ,
# the Jacobian of a whole stack is the product of its layers' DW, or of their I + s·DW.


def gains(kind: str, weights: float, activation: str, seed: int) -> np.ndarray:
    """Follows the Jacobian's size through one random stack.

    Args:
        kind: One of KINDS.
        weights: Standard deviation of the weights, times √WIDTH.
        activation: A key of ACTIVATIONS.
        seed: Decides the weights and the input.

    Returns:
        After each of LAYERS layers ‖J‖/√WIDTH with Frobenius's norm: the factor by
        which a gradient of random direction grows, root mean square; 1 for J = I.
    """
    rng = np.random.default_rng(seed)
    x, jacobian, found = rng.normal(size=WIDTH), np.eye(WIDTH), []
    branch = LAYERS**-0.5 if kind == KINDS[2] else 1.0
    for _ in range(LAYERS):
        W = rng.normal(0, weights / WIDTH**0.5, (WIDTH, WIDTH))
        value, slope = ACTIVATIONS[activation](W @ x)
        through = slope[:, None] * (W @ jacobian)
        if kind == "plain":
            x, jacobian = value, through
        else:
            x, jacobian = x + branch * value, jacobian + branch * through
        found.append(np.linalg.norm(jacobian) / WIDTH**0.5)
    return np.array(found)


@experiment
def growth(lab) -> dict[str, dict[str, np.ndarray]]:
    """Every kind through every stack, (draws, LAYERS) each."""
    draws = lab.more_seeds(4)  # cheap, so more than trainings
    found = {
        stack: {
            kind: np.array([gains(kind, *given, seed) for seed in draws])
            for kind in KINDS
        }
        for stack, given in STACKS.items()
    }
    rows = [
        [stack, *(f"{np.median(row[:, -1]):.2g}" for row in kinds.values())]
        for stack, kinds in found.items()
    ]
    title = f"Growth of a gradient through {LAYERS} layers (median)"
    lab.table(title, ["deviation of weights", *KINDS], rows)
    return found


@claim(
    "res-vanishing",
    "Where gradients vanish, use skip connections.",
    says="advice",
    hedge="solution",
    notes="000 001",
    scope="the Jacobian of 50 random layers of 64 units; nothing is trained",
)
def gradient_is_kept(lab):
    """Where plain layers lose the gradient in every draw: whether residual ones do."""
    stacks = growth(lab)
    ends = {
        stack: {kind: row[:, -1] for kind, row in kinds.items()}
        for stack, kinds in stacks.items()
    }
    lost = {
        stack: found["residual"].min()
        for stack, found in ends.items()
        if stats.below(found["plain"].max(), LOST)
    }
    return Finding(
        {stack: stats.above(least, LOST) for stack, least in lost.items()}
        or {"plain layers lose the gradient": None},
        "Through {layers} plain layers with weights of 0.5/√n a gradient shrinks to "
        "{shrinks:.0e} of its length. Through residual ones it grows, "
        "{grows:.0f}-fold, and with He's weights {explodes:.0e}-fold: what vanished "
        "can explode.",
        figure=draw_growth,
        layers=LAYERS,
        shrinks=np.median(ends[SMALL]["plain"]),
        grows=np.median(ends[SMALL]["residual"]),
        explodes=np.median(ends[LARGE]["residual"]),
        growth_of_a_gradient=ends,
    )


# Learning is asked of the training loss: a network that can't be trained can't fit its
# own training set. The other solution of the notes' list is ReLU, which every network
# here has. Each residual network meets the plain one of its start; the one with small
# weights meets He's, as small weights alone would starve a plain one.


@claim(
    "res-deep-trainable",
    "Where vanishing gradients hinder a very deep network's learning, use skip "
    "connections.",
    says="advice",
    hedge="solution",
    notes="001",
    scope="digits, 40 layers of 64 units, 8 epochs of SGD at the best of three rates",
)
def deep_networks_learn(lab):
    """The training loss of a plain network minus that of a residual one."""
    (rates, losses), depth = learn(lab), lab.settings.depth
    gain = {
        words: stats.greater(
            final(losses[named(False, depth, "He" if start == "small" else start)]),
            final(losses[named(True, depth, start)]),
            by=NATS,
        )
        for start, words in STARTS.items()
    }
    diverged = np.isinf(losses[named(True, depth, "He")][:, -1])
    return Finding(
        gain,
        "Training loss of plain minus residual networks of {depth} layers, in nats: "
        "{gain}. With He's weights {diverged} of {seeds} residual networks "
        "diverge{advice}.",
        figure=draw_training,
        depth=depth,
        gain={name: f"{one.effect:+.1f}" for name, one in gain.items()},
        diverged=int(diverged.sum()),
        seeds=len(diverged),
        advice=": branches must be small or normalized" if diverged.any() else "",
        learning_rate=rates,
        final_loss={name: table[:, -1] for name, table in losses.items()},
        a_loss_counts_at_most=GUESSING,
    )


def draw_growth(lab):
    """The gradient's size through the layers, for two kinds of weights."""
    figure, axes = figures.new(2, 1, height=6.0)
    titles = {
        SMALL: "Weights 0.5/√n, linear: plain layers lose the gradient",
        LARGE: "Weights √(2/n), ReLU: residual layers blow it up",
    }
    for axis, (stack, title) in zip(axes, titles.items(), strict=True):
        axis.set(yscale="log", xlim=(0, LAYERS), ylim=(1e-17, 1e13))
        axis.axhline(1, color="#000000", lw=0.8)
        figures.curves(axis, range(1, LAYERS + 1), growth(lab)[stack])
        figures.describe(axis, title, "layers", "growth (1: unchanged)")
    lab.figure(
        "growth",
        figure,
        "Growth of a gradient through random layers of 64 units, with the range over "
        "draws: plain, residual, and residual with branches divided by √50.",
    )


def draw_training(lab):
    """The training losses of the deep networks, one panel for each start."""
    depth, epochs = lab.settings.depth, lab.settings.epochs
    _, losses = learn(lab)
    figure, axes = figures.new(1, 3, width=8.0, height=3.8)
    for axis, (start, words) in zip(axes, STARTS.items(), strict=True):
        residual = losses[named(True, depth, start)]
        plain = losses[named(False, depth, "He" if start == "small" else start)]
        lost = int(np.isinf(residual[:, -1]).sum())
        names = (
            "plain, He's weights" if start == "small" else "plain",
            "residual" if lost < len(residual) else "residual (no loss)",
        )
        draw_losses(axis, epochs, dict(zip(names, (plain, residual), strict=True)))
        ends = [f"{np.median(table[:, -1]):.2g}" for table in (residual, plain)]
        found = f"residual {ends[0]}, plain {ends[1]}"
        if lost:
            found = f"{lost} of {len(residual)} residual diverge"
        figures.describe(axis, f"{words}:\n{found}", "epoch", "")
        axis.title.set_fontsize(10)
        figures.legend(axis, loc="lower left")
    axes[0].set_ylabel("training loss (nats)")
    lab.figure(
        "training",
        figure,
        f"Training loss of plain and residual networks of {depth} layers: median and "
        "range over seeds. Titles: the median loss after the last epoch.",
    )


if __name__ == "__main__":
    main(__file__)
