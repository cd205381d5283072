"""Five layers: the sigmoid is left standing, and tanh arrives before ReLU.

The notes say that ReLU converges faster than sigmoid and tanh, and that its outputs are
sparse. Five hidden layers of 64 units show both. At two of Adam's rates, the epochs to
90 % test accuracy are counted: the sigmoid, whose slope is at most 1/4 a layer, needs
many or never arrives; tanh arrives first. And of ReLU's activations half are exactly 0
at the start, since weights are symmetric around 0; training makes them fewer.
"""

import numpy as np

from recipes.basics._side_by_side import Kind, accuracy
from recipes.basics.activation_depth._start import start
from recipes.lab import Finding, claim, experiment, figures, main, stats

KINDS = {"ReLU": Kind("relu"), "tanh": Kind("tanh"), "sigmoid": Kind("sigmoid")}
HIDDEN = [64] * 5
RATES = (1e-3, 1e-2)  # Adam's default, and ten times that
GOAL = 0.9
SPARSE = 0.25  # a share of zeros that counts
ONE_EPOCH = stats.Threshold(
    "one epoch", 1.0, "epochs", "accuracy is measured once an epoch."
)


def train(case, seed, data) -> dict:
    """Trains all kinds at one rate; accuracy by epoch, zeros before and after.

    Args:
        case: `networks`, the seeds of rows and weights; `samples`; `hidden`, the
            widths; `learning_rate`; `epochs`; `batch_size`.
        seed: Of the order of the samples, one for all networks.
        data: Images.
    """
    networks, rows, test_rows = start(KINDS, case, data)
    before = networks.zeros(test_rows[0])
    curves = networks.train(
        *rows,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        seed=seed,
        scores={"test": test_rows},
        measure=accuracy,
    )["test"]
    after = networks.zeros(test_rows[0])
    return {
        name: {
            "zeros_at_the_start": before[name].tolist(),
            "zeros_at_the_end": after[name].tolist(),
            "test_accuracy": curves[name].tolist(),
        }
        for name in KINDS
    }


@experiment
def trained(lab) -> dict[float, dict[str, dict[str, np.ndarray]]]:
    """By rate and kind what `train` returns; arrays begin with the seeds."""
    cases = {
        f"rate {rate:g}": {
            "networks": list(lab.seeds),
            "samples": lab.settings.samples,
            "hidden": HIDDEN,
            "learning_rate": rate,
            "epochs": lab.settings.epochs,
            "batch_size": 64,
        }
        for rate in RATES
    }
    found = lab.sweep(train, cases, seeds=[0], title="five layers")
    return {
        rate: {
            name: {key: np.array(values) for key, values in run[name].items()}
            for name in KINDS
        }
        for rate, (run,) in zip(RATES, found.values(), strict=True)
    }


def epochs_to_goal(curves: np.ndarray) -> np.ndarray:
    """The first epoch at the goal, or one more than there were, of (seeds, epochs)."""
    reached = curves >= GOAL
    return np.where(reached.any(1), reached.argmax(1) + 1, curves.shape[1] + 1)


def epochs_needed(lab) -> dict[float, dict[str, np.ndarray]]:
    """By rate and kind the epochs to the goal, one a seed."""
    return {
        rate: {name: epochs_to_goal(run["test_accuracy"]) for name, run in runs.items()}
        for rate, runs in trained(lab).items()
    }


@claim(
    "relu-faster-convergence",
    # "Model converges quickly", "speeds up convergence", "enables faster training".
    "ReLU converges faster than sigmoid and tanh.",
    notes="000 001 002",
    scope="digits, 1400 images, five hidden layers of 64, Adam 0.001 and 0.01, batch "
    "64, 20 epochs",
)
def relu_is_faster(lab):
    """Compares epochs to 90 % test accuracy, at both rates."""
    epochs, never = epochs_needed(lab), lab.settings.epochs + 1
    late = {
        f"{name}, rate {rate:g}": int((values == never).sum())
        for rate, runs in epochs.items()
        for name, values in runs.items()
    }
    low, high = (
        {name: values.mean() for name, values in epochs[rate].items()} for rate in RATES
    )
    return Finding(
        {
            # Epochs are whole and capped where a network does not arrive: ranks.
            f"than {name}, rate {rate:g}": stats.greater(
                runs[name], runs["ReLU"], by=ONE_EPOCH, scale="ranks"
            )
            for rate, runs in epochs.items()
            for name in ("tanh", "sigmoid")
        },
        "Mean epochs to {goal:.0%} test accuracy: at rate 0.001 {low_rate:.1f}; at "
        "rate 0.01 {high_rate:.1f}. Of {networks} sigmoid networks {sigmoid_never[0]} "
        "and {sigmoid_never[1]} do not get there in time; they count {never}.",
        figure=draw_five_layers,
        goal=GOAL,
        never=never,
        low_rate=low,
        high_rate=high,
        sigmoid_never=[late[f"sigmoid, rate {rate:g}"] for rate in RATES],
        networks=len(lab.seeds),
        not_in_time=late,
        epochs_by_seed={f"rate {rate:g}": runs for rate, runs in epochs.items()},
    )


@claim(
    "relu-sparsity",
    "ReLU gives sparse activations.",
    says="is",
    notes="002 003",
    scope="digits, 1400 images, five hidden layers of 64, Adam 0.001, 20 epochs",
)
def relu_is_sparse(lab):
    """Counts activations that are exactly 0, before and after training."""
    share = {
        name: {when: run[f"zeros_at_the_{when}"] for when in ("start", "end")}
        for name, run in trained(lab)[RATES[0]].items()
    }
    relu = share["ReLU"]
    return Finding(
        {
            name: stats.against(relu[when], SPARSE, by=stats.ANY, scale="log")
            for name, when in (("at the start", "start"), ("after training", "end"))
        },
        "Of ReLU's hidden activations {zeros[ReLU][start]:.0%} are exactly 0 at the "
        "start and {zeros[ReLU][end]:.0%} after training; of tanh's "
        "{zeros[tanh][end]:.0%}, of the sigmoid's {zeros[sigmoid][end]:.0%}. A quarter "
        "counts as sparse.",
        zeros={
            name: {when: float(values.mean()) for when, values in entry.items()}
            for name, entry in share.items()
        },
        fall_in_training=stats.greater(relu["start"], relu["end"], by=stats.ANY),
    )


def draw_five_layers(lab):
    """Test accuracies by epoch at both rates."""
    figure, axes = figures.new(1, 2, width=10.5, height=4.2)
    most = lab.settings.epochs
    for panel, (rate, needed) in zip(axes, epochs_needed(lab).items(), strict=True):
        lines = {n: run["test_accuracy"] for n, run in trained(lab)[rate].items()}
        panel.axhline(GOAL, color="black", linewidth=0.8)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.set(xlim=(0, most), ylim=(0, 1.02))
        figures.curves(panel, np.arange(1, most + 1), lines)
        first = {name: values.mean() for name, values in needed.items()}
        best = min(first, key=first.__getitem__)
        found = f"{best} is first at {GOAL:.0%} on average"
        if first[best] > most:
            found = f"nobody reaches {GOAL:.0%}"
        figures.describe(panel, f"Rate {rate:g}: {found}", "epoch", "test accuracy")
    lab.figure(
        "five_layers",
        figure,
        "Test accuracy with five hidden layers by activation; bands span the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
