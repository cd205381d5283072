"""Wrong labels: a loss that forgives some errors for good does not learn them.

Cross-entropy pulls hardest at what is most wrong, and a label that is wrong for good
pulls until it is learned by heart. Absolute error of the probabilities pulls less at
what is most wrong; generalized cross-entropy, (1 − p^q)/q, lies between the two. Label
smoothing only moves the target.
"""

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.classification._digits import accuracies, split_digits, ways

STUDIES = ways(
    {
        "cross-entropy": losses.CategoricalCrossentropy(from_logits=True),
        "label smoothing 0.1": losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=0.1
        ),
        "generalized cross-entropy, q = 0.5": (
            losses.CategoricalGeneralizedCrossEntropy(q=0.5)
        ),
        "absolute error": losses.MeanAbsoluteError(),
    }
)
# Three times Adam's own rate, so that there is time to learn wrong labels, too.
FAST = {"optimizer": "adam", "rate": 0.003}
LOSSES = {
    "cross-entropy": {"softmax": False, **FAST},
    "label smoothing 0.1": {"softmax": False, **FAST},
    "generalized cross-entropy, q = 0.5": {
        "softmax": True, "class_numbers": True, **FAST
    },
    "absolute error": {"softmax": True, **FAST},
}  # fmt: skip
BEYOND_HALF = stats.Threshold(
    "half of what cross-entropy loses",
    0.0,
    "accuracy",
    "the half is taken off before: what is left is a direction.",
)
EVERY = 5  # passes between two tests


def noisy_labels(labels: np.ndarray, classes: int, share: float, seed: int):
    """Returns the labels with a share replaced by other, equally likely classes."""
    rng, labels = np.random.default_rng([seed, 7]), labels.copy()
    rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
    labels[rows] += rng.integers(1, classes, len(rows), dtype=labels.dtype)
    return labels % classes


def share_learned(model, x, noisy, right) -> float:
    """How many of the wrong labels a network gives back; 0 where none is wrong."""
    wrong = noisy != right
    if not wrong.any():
        return 0.0
    outputs = model.predict_on_batch(x[wrong])
    return float((outputs.argmax(-1) == noisy[wrong]).mean())


def train(case, seed, data) -> dict:
    """Trains on labels that are wrong in part; tests on right ones."""
    x, right, new_x, new_labels = split_digits(data, case["samples"])
    noisy = noisy_labels(right, data.num_classes, case["wrong"], seed)
    tests = max(case["passes"] // EVERY, 1)
    found, learned = accuracies(
        STUDIES[case["loss"]],
        case,
        seed,
        (x, noisy, new_x, new_labels),
        epochs=tests,
        repeats=EVERY,
        measure=lambda model: share_learned(model, x, noisy, right),
    )
    late = found[-(tests // 3 or 1) :]  # the last third: late in training
    return {"accuracy": found, "late": float(np.mean(late)), "learned": learned}


@experiment
def networks(lab) -> dict[str, list[dict]]:
    """The networks of every loss, on right labels and on labels wrong in part."""
    chosen = lab.settings
    sizes = {"passes": chosen.noisy_passes, "samples": chosen.noisy_samples}
    cases = {
        f"{name}, {kind} labels": {"loss": name, "wrong": share, **case, **sizes}
        for name, case in LOSSES.items()
        for kind, share in (("right", 0.0), ("wrong", chosen.noise))
    }
    return lab.sweep(train, cases, data="digits", title="wrong labels")


# To bear wrong labels is to lose at most half of what cross-entropy loses to them. It
# is no promise to learn the right ones: that is the left panel of the picture.


@claim(
    "noise-robust-loss",
    "Robust losses bear wrong labels better than cross-entropy.",
    says="can",
    hedge="might help",
    notes="002",
    scope="600 of the 8 × 8 digits, 20 % wrong labels, 64 hidden units, 50 passes of "
    "Adam",
)
def bears_wrong_labels(lab):
    """Half of what cross-entropy loses, against what each loss loses."""
    runs = networks(lab)
    late = {name: np.array([run["late"] for run in r]) for name, r in runs.items()}
    means = {name: float(values.mean()) for name, values in late.items()}
    lost = {n: late[f"{n}, right labels"] - late[f"{n}, wrong labels"] for n in LOSSES}
    half = lost["cross-entropy"] / 2
    learned = {
        name: float(np.mean([run["learned"] for run in runs[f"{name}, wrong labels"]]))
        for name in LOSSES
    }
    lab.table(
        "Test digits right late in training",
        ("loss", "right labels", "wrong labels", "wrong labels learned"),
        [
            (
                name,
                f"{means[f'{name}, right labels']:.1%}",
                f"{means[f'{name}, wrong labels']:.1%}",
                f"{learned[name]:.0%}",
            )
            for name in LOSSES
        ],
    )
    return Finding(
        {
            name: stats.greater(half, lost[name], by=BEYOND_HALF)
            for name in LOSSES
            if name != "cross-entropy"
        },
        "Accuracy lost to {share:.0%} wrong labels: {accuracy_lost:.1%}. Of the wrong "
        "labels they learn {learned:.0%}. To bear wrong labels is to lose at most half "
        "of what cross-entropy loses to them.",
        figure=draw_networks,
        share=lab.settings.noise,
        accuracy_lost={name: float(values.mean()) for name, values in lost.items()},
        learned=learned,
        late_accuracy=late,
        means=means,
    )


def draw_networks(lab):
    """The accuracy on test digits by pass, on right and on wrong labels."""
    runs, share = networks(lab), lab.settings.noise
    figure, axes = figures.new(1, 2, width=10.2, height=4.2)
    titles = {
        "right": "All training labels right: losses end alike",
        "wrong": f"{share:.0%} of them wrong: cross-entropy learns them",
    }
    for axis, (kind, title) in zip(axes, titles.items(), strict=True):
        figures.describe(axis, title, "passes over the samples", "test accuracy")
        for index, name in enumerate(LOSSES):
            values = [run["accuracy"] for run in runs[f"{name}, {kind} labels"]]
            passes = EVERY * (1 + np.arange(len(values[0])))
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axis.plot(passes, np.mean(values, 0), label=name, **style)
            low, high = np.min(values, 0), np.max(values, 0)
            axis.fill_between(passes, low, high, color=style["color"], alpha=0.12, lw=0)
    low = min(axis.get_ylim()[0] for axis in axes)
    for axis in axes:
        axis.set(ylim=(low, 1.0))
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    lab.figure(
        "noise",
        figure,
        "Accuracy on test digits by pass, with right and with wrong training labels.",
    )


if __name__ == "__main__":
    main(__file__)
