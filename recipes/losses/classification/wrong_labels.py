"""Wrong labels: a loss that forgives some errors for good does not learn them.

Cross-entropy pulls hardest at what is most wrong, and a label that is wrong for good
pulls until it is learned by heart. Absolute error of the probabilities pulls less at
what is most wrong; generalized cross-entropy, (1 − p^q)/q, lies between the two. Label
smoothing only moves the target. A small learning rate forgets to learn by heart, too:
so each loss has the best of five rates, chosen on other seeds with wrong labels.
"""

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.classification._digits import accuracies, split_digits, ways

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
STUDIES = ways(
    {
        "cross-entropy": losses.CategoricalCrossentropy(from_logits=True),
        "label smoothing 0.1": losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=0.1
        ),
        "generalized cross-entropy, q = 0.7": (
            losses.CategoricalGeneralizedCrossEntropy(q=0.7)
        ),
        "absolute error": losses.MeanAbsoluteError(),
    }
)
LOSSES = {
    "cross-entropy": {"end": "logits"},
    "label smoothing 0.1": {"end": "logits"},
    "generalized cross-entropy, q = 0.7": {"end": "softmax", "class_numbers": True},
    "absolute error": {"end": "softmax"},
}
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


def case_of(lab, name: str, rate: float, wrong: float) -> dict:
    """A case of `train`."""
    chosen = lab.settings
    return {
        "loss": name, "rate": rate, "wrong": wrong, "optimizer": "adam",
        "passes": chosen.noisy_passes, "samples": chosen.noisy_samples, **LOSSES[name],
    }  # fmt: skip


@experiment
def best_rates(lab) -> dict[str, float]:
    """The rate of each loss whose network is best late in training, on another seed."""
    noise = lab.settings.noise
    return lab.choose(
        train,
        {name: {r: case_of(lab, name, r, noise) for r in RATES} for name in LOSSES},
        score="late",
        largest=True,
        data=lab.like_digits,
        title="choosing rates",
    )


@experiment
def networks(lab) -> dict[str, list[dict]]:
    """The networks of every loss, on right labels and on labels wrong in part."""
    runs: dict[str, list[dict]] = {}
    # With right labels three seeds show what a loss costs; nothing is judged by them.
    for kind, share, seeds in (
        ("right", 0.0, lab.seeds[:3]), ("wrong", lab.settings.noise, lab.seeds)
    ):  # fmt: skip
        cases = {
            f"{name}, {kind} labels": case_of(lab, name, rate, share)
            for name, rate in best_rates(lab).items()
        }
        title = f"{kind} labels"
        runs |= lab.sweep(train, cases, data=lab.like_digits, seeds=seeds, title=title)
    return runs


# A loss is judged by what it is for: test digits right, late in training, although some
# labels were wrong. What it costs where all labels are right stands beside it.


@claim(
    "noise-robust-loss",
    "Some losses help to learn from data in which labels are wrong.",
    says="can",
    hedge="might help",
    notes="002",
    scope="600 of the 8 × 8 digits, 20 % wrong labels, 64 hidden units, 50 passes of "
    "Adam at the best of five rates",
)
def bears_wrong_labels(lab):
    """Test accuracy late in training against cross-entropy's, labels wrong in part."""
    runs = networks(lab)
    late = {name: stats.column(found, "late") for name, found in runs.items()}
    means = {name: float(values.mean()) for name, values in late.items()}
    learned = {
        name: float(stats.column(runs[f"{name}, wrong labels"], "learned").mean())
        for name in LOSSES
    }
    lab.table(
        "Test digits right late in training",
        ("loss", "rate", "right labels", "wrong labels", "wrong labels learned"),
        [
            (
                name,
                f"{best_rates(lab)[name]:g}",
                f"{means[f'{name}, right labels']:.1%}",
                f"{means[f'{name}, wrong labels']:.1%}",
                f"{learned[name]:.0%}",
            )
            for name in LOSSES
        ],
    )
    plain = late["cross-entropy, wrong labels"]
    return Finding(
        {
            name: stats.greater(
                late[f"{name}, wrong labels"], plain, by=stats.ACCURACY_POINT
            )
            for name in LOSSES
            if name != "cross-entropy"
        },
        "Test digits right after training with {share:.0%} wrong labels: {wrong:.1%}; "
        "with right labels: {right:.1%}. Of the wrong labels they learn by heart "
        "{learned:.0%}.",
        figure=draw_networks,
        share=lab.settings.noise,
        wrong={name: means[f"{name}, wrong labels"] for name in LOSSES},
        right={name: means[f"{name}, right labels"] for name in LOSSES},
        learned=learned,
        late_accuracy=late,
        best_rates=best_rates(lab),
    )


def draw_networks(lab):
    """The accuracy on test digits by pass, on right and on wrong labels."""
    runs, share = networks(lab), lab.settings.noise
    figure, axes = figures.new(1, 2, width=10.2, height=4.2)
    late = {n: stats.column(runs[f"{n}, wrong labels"], "late").mean() for n in LOSSES}
    leader = max(LOSSES, key=late.__getitem__).partition(",")[0]
    titles = {
        "right": "All training labels right",
        "wrong": f"{share:.0%} of them wrong: {leader} leads",
    }
    for axis, (kind, title) in zip(axes, titles.items(), strict=True):
        figures.describe(axis, title, "passes over the samples", "test accuracy")
        for index, name in enumerate(LOSSES):
            values = stats.column(runs[f"{name}, {kind} labels"], "accuracy")
            passes = EVERY * (1 + np.arange(values.shape[1]))
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axis.plot(passes, values.mean(0), label=name, **style)
            low, high = values.min(0), values.max(0)
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
