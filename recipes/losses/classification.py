"""Classification losses: cross-entropy, hinge, and what the wrong one costs.

Formulas are held against Keras's, at moderate logits and at ±1000. Then networks
are trained: on several labels at once, with losses that do not fit ten classes, on
labels that are wrong in part, and as in the notes' printed run.

Notes: 1.5 Loss functions
Data: digits; generated classes, among them the 1000 x 20 of the notes' run.
Run: recipes run classification      (about 20 s on 2 CPU cores)
References: Cortes and Vapnik (1995); Szegedy et al. (2016) for label smoothing;
    Ghosh et al. (2017) and Zhang and Sabuncu (2018) for noisy labels.
"""

from dataclasses import dataclass

import numpy as np

from recipes.lab import UsageError, lab_main, stats
from recipes.losses import (
    _classification_digits,
    _classification_exact,
    _classification_figures,
    _classification_hinge,
    _classification_labels,
    _classification_run,
)

CLAIMS = {
    "loss-bce": "Binary cross-entropy is −y log p − (1 − y) log(1 − p).",
    "loss-cce-onehot": "Categorical cross-entropy, −Σ y log p, wants one-hot targets.",
    "loss-sigmoid-ce-logits": "Sigmoid cross-entropy of a logit z is "
    "−y log σ(z) − (1 − y) log(1 − σ(z)).",
    "loss-softmax-ce-logits": "Softmax cross-entropy of logits z is "
    "−Σ y log softmax(z); it costs more with more classes.",
    "loss-bce-multilabel": "For several labels binary cross-entropy is summed over the "
    "labels and averaged over the samples.",
    "bce-needs-sigmoid": "Binary cross-entropy needs outputs in (0, 1), which should "
    "sum to 1.",
    "bce-lower-bound-majority": "At 95 % negatives the majority guess is 95 % right, "
    "and no constant has a cross-entropy below 0.1985 nats.",
    "loss-hinge": "The hinge loss max(0, 1 − yŷ) takes labels of ±1, two classes, and "
    "data that a line separates.",
    "loss-mismatch-harms": "A loss that does not fit the task slows training or "
    "ruins it.",
    "noise-robust-loss": "Robust losses bear wrong labels better than cross-entropy.",
    "bce-run-1000x20": "A Keras run on 1000 samples of 20 features takes 20 steps an "
    "epoch and gives the printed losses and accuracies.",
}
SMOKE = {"seeds": 2, "epochs": 2, "digits_epochs": 2, "noisy_passes": 5, "passes": 2}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Networks for each case."
    epochs: int = 20
    "Epochs of the notes' run."
    digits_epochs: int = 20
    "The most epochs on digits until nine in ten are right."
    noisy_passes: int = 50
    "Passes over digits of which some labels are wrong, in steps of 5."
    noisy_samples: int = 600
    "Digits to learn from then; the others are for the test."
    passes: int = 20
    "Passes over generated classes."
    noise: float = 0.2
    "Share of wrong labels."


def experiment(lab):
    """Judges the formulas, then trains networks."""
    if not 0 < lab.settings.noise < 1:
        raise UsageError(f"--noise must be between 0 and 1, not {lab.settings.noise}.")
    _classification_exact.judge(lab)
    lab.figure(
        "losses", _classification_figures.draw_losses(),
        "Five losses of a binary classifier over its logit, for the label 1.",
    )  # fmt: skip

    lab.precision("dense")
    _classification_labels.judge(lab)
    _classification_hinge.judge(lab)
    judge_mismatch(lab)
    judge_noise(lab)
    _classification_run.judge(lab)


def judge_mismatch(lab) -> None:
    """Counts the epochs until nine test digits in ten are right."""
    most, goal = lab.settings.digits_epochs, 0.9
    learners = _classification_digits.MISMATCHES
    digits = _classification_digits.Digits(lab.data("digits"), learners.values())

    def train(learner, seed):
        found = digits.train(learner, seed, epochs=most, goal=goal)
        epochs = _classification_digits.crossing(found, goal)
        return {"epochs": epochs or most + 1.0, "last": found[-1]}

    runs = lab.sweep(train, learners, title="losses")
    epochs = {name: [run["epochs"] for run in r] for name, r in runs.items()}
    last = {
        name: float(np.mean([run["last"] for run in r])) for name, r in runs.items()
    }
    slower = {
        name: stats.paired(count, epochs[f"cross-entropy, {name.split(', ')[1]}"])
        for name, count in epochs.items()
        if not name.startswith("cross-entropy")
    }
    means = {name: float(np.mean(count)) for name, count in epochs.items()}
    lab.table(
        f"Epochs to {goal:.0%} of the test digits ({most + 1}: not reached)",
        ("loss", "epochs", "accuracy then"),
        [(name, means[name], last[name]) for name in learners],
    )
    lab.verdict(
        "loss-mismatch-harms",
        {name: gain.positive for name, gain in slower.items()},
        evidence={"epochs_more_than_cross_entropy": slower, "epochs": epochs},
        note=f"Epochs to {goal:.0%}, {most + 1} where {most} are too few: "
        + ", ".join(f"{mean:.1f} ({name})" for name, mean in means.items())
        + ". Squared error is a mean over the classes, so that its gradients are "
        "smaller; Adam's steps do not depend on that, those of SGD do.",
    )


def train_on_noise(lab) -> dict[str, list[dict]]:
    """Trains on right and on wrong labels from one start; tests on right ones."""
    chosen, learners = lab.settings, _classification_digits.NOISE
    digits = _classification_digits.Digits(
        lab.data("digits"), learners.values(), chosen.noisy_samples
    )

    def train(case, seed):
        learner, share = case
        labels, looks = (
            digits.noisy_labels(share, seed),
            max(chosen.noisy_passes // 5, 1),
        )
        found = digits.train(learner, seed, epochs=looks, repeats=5, labels=labels)
        return {
            "accuracy": found,
            "late": float(np.mean(found[-(looks // 3 or 1) :])),
            "learned": digits.share_learned(learner, labels),
        }

    cases = {
        f"{name}, {kind} labels": (learner, share)
        for name, learner in learners.items()
        for kind, share in (("right", 0.0), ("wrong", chosen.noise))
    }
    return lab.sweep(train, cases, title="wrong labels")


def judge_noise(lab) -> None:
    """Compares what each loss loses to wrong labels."""
    runs, share = train_on_noise(lab), lab.settings.noise
    learners = list(_classification_digits.NOISE)
    late = {name: np.array([run["late"] for run in r]) for name, r in runs.items()}
    means = {name: float(values.mean()) for name, values in late.items()}
    lost = {
        n: late[f"{n}, right labels"] - late[f"{n}, wrong labels"] for n in learners
    }
    half = lost["cross-entropy"] / 2
    saved = {name: stats.paired(half, lost[name]) for name in learners[1:]}
    wrong = {name: f"{name}, wrong labels" for name in learners}
    learned = {
        name: float(np.mean([run["learned"] for run in runs[wrong[name]]]))
        for name in learners
    }
    told = ", ".join(
        f"{means[name + ', right labels']:.1%} and {means[wrong[name]]:.1%} ({name}, "
        f"which learns {learned[name]:.0%} of them)"
        for name in learners
    )
    lab.verdict(
        "noise-robust-loss",
        {name: gain.positive for name, gain in saved.items()},
        evidence={
            "share_of_wrong_labels": share,
            "half_of_what_cross_entropy_loses_minus_what_it_loses": saved,
            "late_accuracy": late,
            "share_of_the_wrong_labels_learned": learned,
        },
        note="Test digits right late in training, without and with "
        f"{share:.0%} wrong labels: {told}. To bear wrong labels is to lose at most "
        "half of what cross-entropy loses to them; it is no promise to learn the "
        "right ones.",
    )
    lab.figure(
        "noise", _classification_figures.draw_noise(runs, learners, share),
        "Accuracy on test digits by pass, with right and with wrong training labels.",
    )  # fmt: skip


if __name__ == "__main__":
    lab_main(experiment)
