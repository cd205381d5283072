"""Cures: only what treats units differently parts them, and that is dropout alone.

The notes list four cures beside random weights: asymmetric activations, an L1 penalty,
augmentation, dropout. All units here start at one constant, so that the cure must do it
alone. An activation gives equal outputs for equal inputs, whatever its shape. A penalty
pulls equal weights equally. A changed image is changed for all units of a layer, and so
are dropped inputs. Dropped *units* differ: each learns from its own samples.
"""

import numpy as np

from recipes.basics.initialization._four_units import (
    UNITS,
    accuracies,
    cases,
    parted,
    ranks,
    spreads,
    train,
)
from recipes.lab import Finding, claim, experiment, figures, main

DRAWN = (
    "one constant",
    "ReLU",
    "L1",
    "augmentation",
    "dropout of inputs",
    "dropout of hidden units",
    "random, Xavier",
)


@experiment
def trained(lab, *names: str) -> dict[str, list[dict]]:
    """Trains some of the cases with every seed."""
    chosen = cases(lab.settings, *names)
    return lab.sweep(train, chosen, precision="float32", title="four units")


def finding(runs, reason: str) -> Finding:
    """Which cures part the units, with the reason in words."""
    return Finding(
        {name: parted(rows) for name, rows in runs.items()},
        "{reason}. From one constant the rank of the hidden weights is {ranks} (of "
        "{units}), and test accuracy {accuracy:.0%}.",
        figure=draw_units,
        reason=reason,
        units=UNITS,
        ranks={name: _span(seeds) for name, seeds in ranks(runs).items()},
        accuracy=accuracies(runs),
        rank_by_seed=ranks(runs),
        spreads=spreads(runs),
    )


def _span(seeds: list[int]) -> str:
    return " to ".join(map(str, sorted({min(seeds), max(seeds)})))


@claim(
    "symmetry-asymmetric-act-fixes",
    "An asymmetric activation such as ReLU or ELU breaks the symmetry.",
    says="advice",
    notes="001",
    scope="digits, 4 units from one constant, 300 steps of Adam at rate 0.01",
)
def asymmetric_activation(lab):
    """ReLU and ELU in place of the sigmoid."""
    runs = trained(lab, "ReLU", "ELU")
    return finding(
        runs, "Any activation gives equal outputs and slopes for equal inputs"
    )


@claim(
    "symmetry-l1-fixes",
    "An L1 penalty breaks the symmetry.",
    says="advice",
    notes="001",
    scope="digits, 4 sigmoid units from one constant, 300 steps of Adam at rate 0.01",
)
def l1_penalty(lab):
    """A penalty of 0.001 on every absolute weight."""
    return finding(trained(lab, "L1"), "The penalty pulls equal weights equally")


@claim(
    "symmetry-augmentation-fixes",
    "Data augmentation breaks the symmetry.",
    says="advice",
    notes="001",
    scope="digits, 4 sigmoid units from one constant, 300 steps of Adam at rate 0.01",
)
def augmentation(lab):
    """Images moved by up to an eighth, with noise of standard deviation 0.1."""
    runs = trained(lab, "augmentation")
    return finding(runs, "All units of a layer see the same changed image")


@claim(
    "symmetry-dropout-fixes",
    "Dropout of neurons breaks the symmetry.",
    says="advice",
    notes="001",
    scope="digits, 4 sigmoid units from one constant, 300 steps of Adam at rate 0.01",
)
def dropout(lab):
    """Half of the hidden units dropped; beside it half of the inputs."""
    inputs = trained(lab, "dropout of inputs")["dropout of inputs"]
    parts = {True: "part", False: "do not part", None: "partly part"}[parted(inputs)]
    reason = (
        "Dropping hidden units gives each its own samples to learn from. (Dropped "
        f"inputs are the same for all units and {parts} them)"
    )
    return finding(trained(lab, "dropout of hidden units"), reason)


def draw_units(lab):
    """The weights into each hidden unit as an image, case by case."""
    runs = trained(lab, *DRAWN)
    figure, axes = figures.new(len(DRAWN), UNITS, width=7.6, height=9.6)
    side = lab.data().x_train.shape[1:3]
    words = {True: "all differ", False: "all the same", None: "in between"}
    for row, name in zip(axes, DRAWN, strict=True):
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
    figure.suptitle(_title(runs), fontsize=11, fontweight="bold")
    lab.figure(
        "units",
        figure,
        "Weights from the pixels into four hidden units after training, one row a "
        "case (red negative, blue positive, each row on its own scale); all but the "
        "last start from one constant.",
    )


def _title(runs) -> str:
    apart = [name for name in DRAWN[1:-1] if parted(runs[name])]
    what = f"only {' and '.join(apart)}" if apart else "nothing"
    return f"From one constant {what} parts the units"


if __name__ == "__main__":
    main(__file__)
