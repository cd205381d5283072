"""Activations in deep networks: speed, sparsity, and what to fall back to.

All kinds and seeds of an experiment train side by side in one Keras model, each as
it would alone.

Notes: 1.3 Activation functions
Data: digits (or MNIST, Fashion-MNIST).
Run: recipes run activation_depth    (about 20 s on 2 CPU cores)
References: Glorot, Bordes and Bengio (2011); Krizhevsky et al. (2012); Klambauer
    et al., Self-Normalizing Neural Networks (2017).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recipes.basics import _activation_depth_fallback, _activation_depth_sparsity
from recipes.basics._activation_data import copies
from recipes.basics._activation_measures import Watch, accuracy, sweep_together
from recipes.basics._activation_networks import Kind, SideBySide, cross_entropy
from recipes.lab import LabError, figures, lab_main, stats

CLAIMS = {
    "relu-faster-convergence": "ReLU converges faster than sigmoid and tanh.",
    "relu-sparsity": "ReLU gives sparse activations.",
    "relu-sparsity-generalises": "Sparse activations improve generalization.",
    "selu-alternative": "Where units die or gradients vanish, leaky ReLU, ELU or SELU "
    "help.",
}
SMOKE = {"seeds": 1, "epochs": 1, "samples": 128, "layers": 3}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Networks of each kind."
    epochs: int = 20
    "Passes over the data."
    samples: int = 1400
    "Training images."
    layers: int = 10
    "Hidden layers where the fallbacks are compared."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the networks learn."


KINDS = {"ReLU": Kind("relu"), "tanh": Kind("tanh"), "sigmoid": Kind("sigmoid")}
HIDDEN = (64,) * 5
RATES = (1e-3, 1e-2)  # Adam's default, and ten times that
GOAL = 0.9
SPARSE = 0.25  # a share of zeros that counts


def experiment(lab):
    """Trains five layers at two rates, sparser layers, and many layers."""
    if lab.settings.layers < 2:
        raise LabError(f"layers must be 2 or more, not {lab.settings.layers}.")
    lab.precision("dense")
    data = lab.data()
    found = {
        rate: sweep_together(
            lab,
            lambda seeds, rate=rate: train(data, seeds, rate, lab.settings),
            KINDS,
            f"five layers, rate {rate:g}",
        )
        for rate in RATES
    }
    judge_speed(lab, found)
    judge_sparsity(lab, found[RATES[0]])
    draw(lab, found)
    _activation_depth_sparsity.judge(lab)
    _activation_depth_fallback.judge(lab)


def train(data, seeds, rate: float, settings) -> dict[str, list[dict]]:
    """Trains all kinds with all seeds at one rate."""
    x, y, x_test, y_test = copies(data, seeds, settings.samples)
    networks = SideBySide(
        KINDS, x.shape[2], HIDDEN, data.num_classes, seeds, cross_entropy, rate
    )
    watch = Watch(networks, x_test, y_test, accuracy)
    before = networks.zeros(x_test)
    networks.train(x, y, epochs=settings.epochs, batch_size=64, watch=[watch])
    after, curves = networks.zeros(x_test), watch.curves()
    return {
        name: [
            {
                "zeros_at_the_start": float(before[name][i]),
                "zeros_at_the_end": float(after[name][i]),
                "history": {"test_accuracy": curves[name][i].tolist()},
            }
            for i in range(len(seeds))
        ]
        for name in KINDS
    }


def epochs_to_goal(runs: list[dict]) -> np.ndarray:
    """Returns the first epoch at the goal, or one more than there were."""
    curves = np.array([run["history"]["test_accuracy"] for run in runs])
    reached = curves >= GOAL
    return np.where(reached.any(1), reached.argmax(1) + 1, curves.shape[1] + 1)


def judge_speed(lab, found) -> None:
    """Compares epochs to 90 % test accuracy, at both rates."""
    epochs = {
        rate: {name: epochs_to_goal(runs) for name, runs in kinds.items()}
        for rate, kinds in found.items()
    }
    ahead = {
        f"than {name}, rate {rate:g}": stats.paired(kinds["ReLU"], kinds[name])
        for rate, kinds in epochs.items()
        for name in ("tanh", "sigmoid")
    }
    never = lab.settings.epochs + 1
    lab.verdict(
        "relu-faster-convergence",
        {case: found.negative for case, found in ahead.items()},
        evidence={
            f"epochs_to_{GOAL:.0%}_test_accuracy_by_seed_{never}_is_never": {
                f"rate {rate:g}": kinds for rate, kinds in epochs.items()
            },
            "epochs_of_ReLU_minus_the_other": ahead,
        },
        note=f"Epochs to {GOAL:.0%} test accuracy with five hidden layers, mean over "
        "seeds: "
        + "; ".join(
            f"rate {rate:g}: "
            + ", ".join(
                f"{name} {values.mean():.1f}" + _late(values, never)
                for name, values in kinds.items()
            )
            for rate, kinds in epochs.items()
        )
        + ".",
    )


def _late(values, never: int) -> str:
    missed = int((values == never).sum())
    return f" ({missed} of {len(values)} not within {never - 1})" if missed else ""


def judge_sparsity(lab, kinds) -> None:
    """Counts activations that are exactly 0, before and after training."""
    share = {
        name: {
            when: np.array([run[f"zeros_at_the_{when}"] for run in runs])
            for when in ("start", "end")
        }
        for name, runs in kinds.items()
    }
    enough = {
        when: stats.paired(values, np.full(len(values), SPARSE))
        for when, values in share["ReLU"].items()
    }
    rise = stats.paired(share["ReLU"]["end"], share["ReLU"]["start"])
    lab.verdict(
        "relu-sparsity",
        {
            "at the start": enough["start"].positive,
            "after training": enough["end"].positive,
        },
        evidence={
            "share_of_zeros": {
                name: {when: v.mean() for when, v in entry.items()}
                for name, entry in share.items()
            },
            f"share_of_zeros_of_ReLU_above_{SPARSE}": enough,
            "rise_in_training": rise,
        },
        note="Of ReLU's hidden activations "
        f"{share['ReLU']['start'].mean():.0%} are exactly 0 at the start and "
        f"{share['ReLU']['end'].mean():.0%} after training (change {rise}); of tanh's "
        f"{share['tanh']['end'].mean():.0%}, of the sigmoid's "
        f"{share['sigmoid']['end'].mean():.0%}.",
    )


def draw(lab, found) -> None:
    """Draws test accuracies by epoch at both rates."""
    figure, axes = figures.new(1, 2, width=10.5, height=4.2)
    for panel, (rate, kinds) in zip(axes, found.items(), strict=True):
        lines = {
            name: np.array([run["history"]["test_accuracy"] for run in runs])
            for name, runs in kinds.items()
        }
        epochs = np.arange(1, lab.settings.epochs + 1)
        panel.axhline(GOAL, color="black", linewidth=0.8)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.set(xlim=(0, lab.settings.epochs), ylim=(0, 1.02))
        figures.curves(panel, epochs, lines)
        first = {name: epochs_to_goal(runs).mean() for name, runs in kinds.items()}
        best = min(first, key=first.__getitem__)
        told = f"{best} is first at {GOAL:.0%} on average"
        if first[best] > lab.settings.epochs:
            told = f"nobody reaches {GOAL:.0%}"
        title = f"Rate {rate:g}: {told}"
        figures.describe(panel, title, "epoch", "test accuracy")
    lab.figure(
        "five_layers",
        figure,
        "Test accuracy with five hidden layers by activation; bands span the seeds.",
    )


if __name__ == "__main__":
    lab_main(experiment)
