"""Residual networks: what a skip connection cures, and what it costs.

A block is taken apart, one block after another is switched off, Jacobians are
followed through 50 random layers, and networks of 20 and 40 layers are trained with
and without skip connections, each at the best of three learning rates.

Notes: 1.23 Residual networks
Data: digits; random stacks of 64×64 layers.
Run: recipes run residual   (about 40 s on 2 CPU cores)
References: He, Zhang, Ren and Sun (2015, 2016); Ioffe and Szegedy (2015); Zhang,
    Dauphin and Ma (2019); De and Smith (2020).
"""

from dataclasses import dataclass

import numpy as np

from recipes.architectures import _residual_blocks
from recipes.architectures import _residual_jacobians as jacobians
from recipes.architectures._residual_training import (
    GUESSING,
    Case,
    Networks,
    final,
    learn,
)
from recipes.lab import UsageError, figures, lab_main, stats

CLAIMS = {
    "res-block": "A residual block computes y = x + f(x).",
    "res-gradient-bypass": "The gradient gets around a block whose own gradient has "
    "vanished.",
    "res-deep-trainable": "Skip connections cure vanishing gradients and make very "
    "deep networks trainable.",
    "res-depth-accuracy": "Plain networks train worse when they are made deeper.",
}
SMOKE = {"seeds": 1, "epochs": 1, "depth": 2}

RECIPES = {
    "He": "He's weights",
    "small": "weights / √depth",
    "batch": "batch normalization",
}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 8
    "Passes over the data."
    depth: int = 40
    "Hidden layers of the deep networks; the shallower ones have half."


def experiment(lab):
    """Judges every claim of the chapter."""
    depth = lab.settings.depth
    if depth < 2:
        raise UsageError(f"--depth must be at least 2, not {depth}.")
    _residual_blocks.judge(lab)
    growth = jacobians.follow(range(4 * len(lab.seeds)))  # cheap: more draws
    jacobians.tell(lab, growth)
    lab.precision("dense")
    cases = {
        named(residual, layers, recipe): Case(residual, layers, recipe)
        for recipe in RECIPES
        for residual in (False, True)
        for layers in (depth // 2, depth)
        if residual or recipe != "small"  # a plain net would only starve
    }
    rates, losses = learn(lab, Networks(lab.data("digits")), cases)
    tell(lab, cases, rates, losses)
    judge_trainable(lab, growth, rates, losses)
    judge_depth(lab, losses)
    draw_growth(lab, growth)
    draw_training(lab, losses)


def named(residual: bool, layers: int, recipe: str) -> str:
    """The name of a case in tables and evidence."""
    return f"{'residual' if residual else 'plain'} {layers}, {RECIPES[recipe]}"


def tell(lab, cases, rates, losses) -> None:
    """Prints the last training losses and the rates they were reached with."""
    rows = []
    for name in cases:
        last = losses[name][:, -1]
        row = [name, f"{rates[name]:g}", float(final(losses[name]).mean())]
        rows.append([*row, f"{np.isinf(last).sum()} of {len(last)}"])
    columns = ["network", "rate", "loss", "diverged"]
    lab.table(f"Training loss after {lab.settings.epochs} epochs", columns, rows)


def judge_trainable(lab, growth, rates, losses) -> None:
    """Holds residual networks against plain ones: gradients, then training."""
    depth = lab.settings.depth
    gains = {
        words: stats.paired(
            # Weights smaller for the branches' sake would only starve a plain net.
            final(losses[named(False, depth, "He" if recipe == "small" else recipe)]),
            final(losses[named(True, depth, recipe)]),
        )
        for recipe, words in RECIPES.items()
    }
    ends = {
        stack: {kind: row[:, -1] for kind, row in kinds.items()}
        for stack, kinds in growth.items()
    }
    small, large = ends["0.5/√n, linear"], ends["√(2/n), ReLU"]
    exploded = losses[named(True, depth, "He")][:, -1]
    lab.verdict(
        "res-deep-trainable",
        {
            **{f"gradient, {name}": jacobians.cured(growth[name]) for name in growth},
            **{f"training, {words}": gain.positive for words, gain in gains.items()},
        },
        evidence={
            "growth_of_a_gradient": ends,
            "loss_of_plain_minus_residual": gains,
            "learning_rate": rates,
            "final_loss": {name: table[:, -1] for name, table in losses.items()},
            "a_loss_counts_at_most": GUESSING,
        },
        note=f"Through {jacobians.DEPTH} plain layers with weights of 0.5/√n a "
        f"gradient shrinks to {np.median(small['plain']):.0e}; through residual ones "
        f"it grows {np.median(small['residual']):.0f}-fold, with He's weights "
        f"{np.median(large['residual']):.0e}-fold, and {np.isinf(exploded).sum()} of "
        f"{len(exploded)} such networks of {depth} layers diverge: branches must be "
        "small or normalized. Loss of plain minus residual: "
        + "; ".join(f"{words}: {gain}" for words, gain in gains.items())
        + ".",
    )


def judge_depth(lab, losses) -> None:
    """Holds deep networks against those of half the depth."""
    depth = lab.settings.depth
    rises = {}
    for residual in (False, True):
        for recipe in RECIPES:
            pair = [named(residual, layers, recipe) for layers in (depth, depth // 2)]
            tables = [losses[name] for name in pair if name in losses]
            if np.isfinite(tables).any():  # two that diverged tell nothing of depth
                rises[residual, recipe] = stats.paired(*map(final, tables))
    plain, skipping = (
        {RECIPES[recipe]: rise for (has, recipe), rise in rises.items() if has is kind}
        for kind in (False, True)
    )
    lab.verdict(
        "res-depth-accuracy",
        {words: rise.positive for words, rise in plain.items()},
        evidence={
            f"loss_of_{depth}_minus_{depth // 2}_layers": plain,
            "the_same_for_residual_networks": skipping,
        },
        note=f"Loss with {depth} layers minus that with {depth // 2}: plain, "
        + "; ".join(f"{words}: {rise}" for words, rise in plain.items())
        + ". Residual, "
        + "; ".join(f"{words}: {rise}" for words, rise in skipping.items())
        + ".",
    )


def draw_growth(lab, growth) -> None:
    """Draws the gradient's size through the layers, for two kinds of weights."""
    figure, axes = figures.new(2, 1, height=6.0)
    layers = range(1, jacobians.DEPTH + 1)
    for axis, stack in zip(axes, ("0.5/√n, linear", "√(2/n), ReLU"), strict=True):
        axis.set(yscale="log", xlim=(0, jacobians.DEPTH), ylim=(1e-17, 1e13))
        axis.axhline(1, color="#000000", lw=0.8)
        figures.curves(axis, layers, growth[stack])
        title = f"Gradient through random layers, weights {stack}"
        figures.describe(axis, title, "layers", "growth (1: unchanged)")
    lab.figure(
        "growth",
        figure,
        "Growth of a gradient through layers of 64 units, with the range over draws: "
        "plain, residual, and residual with branches divided by √50.",
    )


def draw_training(lab, losses) -> None:
    """Draws the training losses, one panel for each way to start."""
    figure, axes = figures.new(1, 3, height=3.8)
    depth, epochs = lab.settings.depth, range(1, lab.settings.epochs + 1)
    for axis, (recipe, words) in zip(axes, RECIPES.items(), strict=True):
        axis.set(yscale="log", ylim=(0.01, 30))
        for residual, color in zip((False, True), figures.COLORS, strict=False):
            for layers, line in ((depth // 2, "--"), (depth, "-")):
                name = named(residual, layers, recipe)
                table = losses.get(name, np.full((1, len(epochs)), np.nan))
                label = name.partition(",")[0]
                axis.plot(epochs, np.median(table, 0), line, color=color, label=label)
                low, high = table.min(0), table.max(0)
                axis.fill_between(epochs, low, high, color=color, alpha=0.12, lw=0)
        if np.isinf(losses[named(True, depth, recipe)]).all():
            axis.text(1.2, 8, "residual: all diverged", color=figures.COLORS[1])
        figures.describe(axis, words, "epoch", "")
    axes[0].set_ylabel("training loss")
    figures.legend(axes[0], loc="lower left")
    lab.figure(
        "training",
        figure,
        "Training loss of plain and residual networks: median and range over seeds.",
    )


if __name__ == "__main__":
    lab_main(experiment)
