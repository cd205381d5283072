"""Race: tanh leads early, ReLU wins late, and the sigmoid does not overfit more.

The notes race three activations in a network of ten inputs, ten hidden units and one
output, with Adam for 100 epochs, and give no numbers. Here they are, on a linear and on
a curved target.

Who is fastest depends on when one looks: by epoch 10 tanh is ahead, by epoch 100 ReLU.
So the whole race is judged: the training error of each epoch, averaged (geometrically)
over all of the notes' 100 epochs. The note of the claim has both ends.
"""

import numpy as np

from recipes.basics._side_by_side import Kind
from recipes.basics.activation_training._regressions import TARGETS, arrays, learn
from recipes.lab import Finding, claim, experiment, figures, main, stats

RACERS = {"ReLU": Kind("relu"), "tanh": Kind("tanh"), "sigmoid": Kind("sigmoid")}
EARLY = 10  # an epoch near the start, for the note
TIMES = 4  # networks for each that `--seeds` asks for: some differences are small
MORE_OVERFITTING = stats.Threshold(
    "a hundredth of the variance",
    0.01,
    "of the target's variance",
    "what differs by less is noise of the test set.",
)


def train(case, seed, data) -> dict:
    """Trains every racer on both targets; errors by "racer, target".

    Args:
        case: `networks`, the seeds of rows and weights; `epochs`; `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the targets are generated.
    """
    return learn(RACERS, case, seed, by_epoch=["train_mse"])[1]


@experiment
def errors(lab) -> dict[str, dict[str, np.ndarray]]:
    """For each racer and target training errors by epoch, and the last test error."""
    case = {
        "networks": list(lab.more_seeds(TIMES)),
        "epochs": lab.settings.epochs,
        "learning_rate": 1e-3,
    }
    (run,) = lab.sweep(train, {"side by side": case}, seeds=[0], title="race").values()
    return arrays(run[0])


def over_all_epochs(lab, name: str, target: str) -> np.ndarray:
    """The geometric mean of the training error over the epochs, one a seed."""
    return np.exp(np.log(errors(lab)[f"{name}, {target}"]["train_mse"]).mean(1))


def overfitting(lab, name: str, target: str) -> np.ndarray:
    """The last test error minus the last training error, one a seed."""
    curves = errors(lab)[f"{name}, {target}"]
    return curves["test_mse"][:, -1] - curves["train_mse"][:, -1]


def order_at(lab, epoch: int) -> dict[str, str]:
    """By target who is ahead at an epoch, with geometric means of the errors."""
    means = {
        target: {
            name: float(
                np.exp(
                    np.log(
                        errors(lab)[f"{name}, {target}"]["train_mse"][:, epoch - 1]
                    ).mean()
                )
            )
            for name in RACERS
        }
        for target in TARGETS
    }
    return {
        target: " < ".join(
            f"{name} {found[name]:.2g}" for name in sorted(found, key=found.__getitem__)
        )
        for target, found in means.items()
    }


# Errors are positive and differ by factors: they are compared as logarithms, and a
# tenth is the least that counts.


@claim(
    "act-race-10-10-1",
    # "Fastest convergence", "faster than Sigmoid but generally slower than ReLU".
    "In a 10-10-1 network ReLU converges fastest, tanh generally comes second, and the "
    "sigmoid is slowest.",
    notes="002",
    scope="10-10-1, two regressions of 800 rows, Adam 0.001, batch 32, 100 epochs",
)
def relu_wins(lab):
    """Asks for the order ReLU, tanh, sigmoid, over all epochs of the notes."""
    whole = {
        target: {name: over_all_epochs(lab, name, target) for name in RACERS}
        for target in TARGETS
    }
    epochs = min(EARLY, lab.settings.epochs), lab.settings.epochs
    lab.table(
        "Training error of 10-10-1, geometric mean over all epochs and seeds",
        ["target", *RACERS],
        [
            [target, *(float(np.exp(np.log(v).mean())) for v in found.values())]
            for target, found in whole.items()
        ],
    )
    return Finding(
        {
            f"{target}: {first} ahead of {second}": stats.greater(
                found[second], found[first], by=stats.TENTH, scale="log"
            )
            for target, found in whole.items()
            for first, second in (("ReLU", "tanh"), ("tanh", "sigmoid"))
        },
        "Over all epochs these orders hold: {holding}. Training errors at epoch "
        "{epochs[0]}: {early}; at epoch {epochs[1]}: {late}.",
        figure=draw_race,
        epochs=epochs,
        early=order_at(lab, epochs[0]),
        late=order_at(lab, epochs[1]),
    )


@claim(
    "sigmoid-overfits",
    # "Often leads to overfitting and poor generalization"; ReLU: "minimal overfitting".
    "In a 10-10-1 network the sigmoid often overfits more than ReLU.",
    says="often",
    hedge="often",
    notes="002",
    scope="10-10-1, two regressions of 800 rows, Adam 0.001, batch 32, 100 epochs",
)
def sigmoid_overfits(lab):
    """Compares by how much the last test error exceeds the last training error."""
    gaps = {
        target: {name: overfitting(lab, name, target) for name in RACERS}
        for target in TARGETS
    }
    return Finding(
        {
            target: stats.greater(found["sigmoid"], found["ReLU"], by=MORE_OVERFITTING)
            for target, found in gaps.items()
        },
        "Test minus training error at the end, on the linear target: {linear:.4f}; on "
        "the curved target: {curved:.4f}.",
        linear={n: gap.mean() for n, gap in gaps["linear target"].items()},
        curved={n: gap.mean() for n, gap in gaps["curved target"].items()},
    )


def draw_race(lab):
    """The training errors with the range over seeds."""
    figure, axes = figures.new(1, 2, width=10.5, height=4.2)
    epochs = np.arange(1, lab.settings.epochs + 1)
    for panel, target in zip(axes, TARGETS, strict=True):
        panel.set_yscale("log")
        lines = {name: errors(lab)[f"{name}, {target}"]["train_mse"] for name in RACERS}
        figures.curves(panel, epochs, lines)
        early, best = (
            min(lines, key=lambda name: np.log(lines[name][:, epoch - 1]).mean())
            for epoch in (min(EARLY, len(epochs)), len(epochs))
        )
        title = f"{target.capitalize()}: {early} leads early, {best} in the end"
        figures.describe(panel, title, "epoch", "training MSE (target variance 1)")
    lab.figure(
        "race",
        figure,
        "Training error of 10-10-1 networks by activation; bands span the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
