"""Race: tanh leads early, ReLU wins late, and a center at 0 helps early.

The notes race three activations in a network of ten inputs, ten hidden units and one
output, with Adam for 100 epochs, and give no numbers. Here they are, on a linear and on
a curved target: by epoch 10 tanh is ahead, by epoch 100 ReLU. The sigmoid is behind on
the curved target, but it does not overfit more.

Why is the sigmoid slow? Two reasons are given: its flat ends, and outputs that are not
centered around 0. To part them, race it against itself moved down by 1/2, and tanh
against itself moved up by 1: the slopes are the same, the center alone differs.
"""

import numpy as np
from keras import layers, ops

from recipes.basics._side_by_side import Kind, SideBySide, squared_error
from recipes.basics.activation_training._regressions import (
    curved_rows,
    linear_rows,
    side_by_side,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

RACERS = {"ReLU": Kind("relu"), "tanh": Kind("tanh"), "sigmoid": Kind("sigmoid")}
SHIFTED = {
    "sigmoid - 1/2": Kind(lambda: layers.Activation(lambda x: ops.sigmoid(x) - 0.5)),
    "tanh + 1": Kind(lambda: layers.Activation(lambda x: ops.tanh(x) + 1.0)),
}
CENTERED = (  # the centered one first
    ("tanh", "sigmoid"),
    ("sigmoid - 1/2", "sigmoid"),
    ("tanh", "tanh + 1"),
)
TARGETS = {"linear target": linear_rows, "curved target": curved_rows}
EARLY = 10  # the epoch at which the race is also decided: "converges fastest"
MORE_OVERFITTING = stats.Threshold(
    "a hundredth of the variance",
    0.01,
    "of the target's variance",
    "what differs by less is noise of the test set.",
)


def train(case, seed, data) -> dict:
    """Trains every racer on both targets: 10-10-1, squared error, Adam.

    Args:
        case: `networks`, the seeds of rows and weights; `epochs`; `batch_size`;
            `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the targets are generated.

    Returns:
        For each racer and target the errors by network and epoch.
    """
    seeds = case["networks"]
    draws = [rows(number) for rows in TARGETS.values() for number in seeds]
    rows, test_rows = side_by_side(draws)
    networks = SideBySide(
        RACERS | SHIFTED,
        seeds * len(TARGETS),
        (10, 10, 1),
        squared_error,
        learning_rate=case["learning_rate"],
    )
    errors = networks.train(
        *rows,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        seed=seed,
        scores={"train_mse": rows, "test_mse": test_rows},
    )
    return {
        f"{name}, {target}": {
            # The copies of the linear target come first.
            score: np.split(curves[name], len(TARGETS))[place].tolist()
            for score, curves in errors.items()
        }
        for name in networks.kinds
        for place, target in enumerate(TARGETS)
    }


@experiment
def errors(lab) -> dict[str, dict[str, np.ndarray]]:
    """For each racer and target the errors, (seeds, epochs)."""
    case = {
        "networks": list(lab.seeds),
        "epochs": lab.settings.epochs,
        "batch_size": 32,
        "learning_rate": 1e-3,
    }
    (run,) = lab.sweep(train, {"side by side": case}, seeds=[0], title="race").values()
    return {
        racer: {score: np.array(curves) for score, curves in scores.items()}
        for racer, scores in run[0].items()
    }


def train_errors(lab, name: str, target: str, epoch: int) -> np.ndarray:
    """One training error a seed."""
    return errors(lab)[f"{name}, {target}"]["train_mse"][:, epoch - 1]


def overfitting(lab, name: str, target: str) -> np.ndarray:
    """The last test error minus the last training error, one a seed."""
    curves = errors(lab)[f"{name}, {target}"]
    return (curves["test_mse"] - curves["train_mse"])[:, -1]


def epochs_judged(lab) -> list[int]:
    """Early, and at the end."""
    return sorted({min(EARLY, lab.settings.epochs), lab.settings.epochs})


# Errors are positive and differ by factors: they are compared as logarithms, and a
# tenth is the least that counts. What the notes call fastest may mean early or late, so
# both epochs are conditions.


@claim(
    "act-race-10-10-1",
    # "Fastest convergence", "generally slower than ReLU", "often leads to overfitting":
    # a ranking, given as the result of an experiment.
    "In a 10-10-1 network ReLU learns fastest, tanh comes second, the sigmoid is "
    "slowest and overfits.",
    says="is",
    hedge="generally",
    notes="002",
    scope="10-10-1, two regressions of 800 rows, Adam 0.001, batch 32, 100 epochs",
)
def relu_wins(lab):
    """Asks for the order ReLU, tanh, sigmoid, and whether the sigmoid overfits."""
    duels = {
        f"{target}: {first} ahead of {second} at epoch {epoch}": stats.greater(
            train_errors(lab, second, target, epoch),
            train_errors(lab, first, target, epoch),
            by=stats.TENTH,
            scale="log",
        )
        for target in TARGETS
        for first, second in (("ReLU", "tanh"), ("tanh", "sigmoid"))
        for epoch in epochs_judged(lab)
    }
    worse = {
        f"{target}: the sigmoid overfits more than ReLU": stats.greater(
            overfitting(lab, "sigmoid", target),
            overfitting(lab, "ReLU", target),
            by=MORE_OVERFITTING,
        )
        for target in TARGETS
    }
    means = {
        f"{target}, epoch {epoch}": {
            name: float(10 ** np.log10(train_errors(lab, name, target, epoch)).mean())
            for name in RACERS
        }
        for target in TARGETS
        for epoch in epochs_judged(lab)
    }
    gaps = {
        target: {name: overfitting(lab, name, target).mean() for name in RACERS}
        for target in TARGETS
    }
    lab.table(
        "Training error of 10-10-1 (geometric mean) and test minus training at the end",
        ["target and epoch", *RACERS],
        [[place, *found.values()] for place, found in means.items()]
        + [[f"{target}, test - training", *gaps[target].values()] for target in gaps],
    )
    order = {
        place: " < ".join(
            f"{name} {found[name]:.2g}" for name in sorted(found, key=found.__getitem__)
        )
        for place, found in means.items()
    }
    return Finding(
        duels | worse,
        "Training errors: {order}. Test minus training error at the end, sigmoid "
        "against ReLU: {gaps[linear target][sigmoid]:.4f} against "
        "{gaps[linear target][ReLU]:.4f} (linear target) and "
        "{gaps[curved target][sigmoid]:.4f} against {gaps[curved target][ReLU]:.4f} "
        "(curved target).",
        figure=draw_race,
        order=order,
        gaps=gaps,
        train_mse=means,
    )


@claim(
    "zero-centred-helps",
    # "Often preferred over sigmoid because it centers"; "can help reduce biases".
    "Outputs centered around 0 speed up learning.",
    says="often",
    hedge="often",
    notes="002 003",
    scope="10-10-1, two regressions of 800 rows, Adam 0.001, batch 32, epoch 10",
)
def centered_is_faster(lab):
    """Compares activations that differ by a constant alone, and tanh with sigmoid."""

    def error_ratio(first, second, epoch, targets=tuple(TARGETS)):
        """The second's error over the first's, geometric mean over the targets."""
        logs = (
            np.mean([np.log10(train_errors(lab, n, t, epoch)) for t in targets], 0)
            for n in (second, first)
        )
        return stats.greater(*(10**log for log in logs), by=stats.TENTH, scale="log")

    pairs = {f"{a} against {b}": (a, b) for a, b in CENTERED}
    epochs = epochs_judged(lab)
    early = {case: error_ratio(*pair, epochs[0]) for case, pair in pairs.items()}
    late = {case: error_ratio(*pair, epochs[-1]) for case, pair in pairs.items()}
    return Finding(
        early,
        "Training error as a share of the other's, geometric mean over both targets: "
        "at epoch {early_epoch} {early_share:.2f}; at epoch {late_epoch} "
        "{late_share:.2f}. The last two pairs have the same slopes: they differ by a "
        "constant alone.",
        figure=draw_race,
        early_epoch=epochs[0],
        early_share={case: 1 / found.effect for case, found in early.items()},
        late_epoch=epochs[-1],
        late_share={case: 1 / found.effect for case, found in late.items()},
        ratio_late=late,
        ratio_early_by_target={
            f"{target}: {case}": error_ratio(*pair, epochs[0], [target])
            for target in TARGETS
            for case, pair in pairs.items()
        },
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
