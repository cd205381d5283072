"""Activation and loss in pairs: what reaches the logit, and what that does.

Every pair is taken twice: its derivative in the logit is held against the formula,
then networks learn digits with it, from Keras's start and from one that is sure of a
wrong answer, with SGD and Adam, each at the best of three learning rates.

Notes: 1.7 Activation × loss pairs
Data: logits; digits (odd or even, and which); a linear regression with noise.
Run: recipes run pairs   (about 20 s on 2 CPU cores)
References: Solla, Levin and Fleisher (1988); Glorot and Bengio (2010); Golik,
    Doetsch and Ney (2013).
"""

from dataclasses import dataclass

import numpy as np

from recipes.lab import lab_main
from recipes.losses import _pairs_extremes, _pairs_figures, _pairs_relu
from recipes.losses import _pairs_gradients as exact
from recipes.losses import _pairs_training as training
from recipes.losses._pairs_results import GOOD, MARGIN, Results, outcomes
from recipes.losses._pairs_training import OPTIMIZERS, USUAL, WRONG, WRONGER, Case

CLAIMS = {
    "pair-sigmoid-bce": "A sigmoid output goes well with binary cross-entropy.",
    "pair-sigmoid-mse-vanishes": "A sigmoid output with squared error is a problem: "
    "its gradient vanishes.",
    "pair-softmax-cce": "A softmax output goes well with categorical cross-entropy.",
    "pair-softmax-mse-vanishes": "A softmax output with squared error is a problem: "
    "its gradient vanishes.",
    "pair-relu-mse": "ReLU goes well with squared error in regression.",
    "pair-relu-bce-undefined": "A ReLU output does not go with binary cross-entropy: "
    "the loss is undefined outside of (0, 1), and training suffers.",
    "pair-logits-stability": "Cross-entropy is to be computed from logits, for "
    "numerical stability.",
}
SMOKE = {"seeds": 1, "epochs": 1, "passes": 2}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 10
    "Passes over the digits."
    passes: int = 30
    "Passes over the regression's rows."


def cases() -> list[Case]:
    """Every way to train that a verdict asks for."""
    found = [
        Case(pair, start, optimizer)
        for pair in ("bce logits", "mse sigmoid", "cce logits", "mse softmax")
        for start in (USUAL, WRONG)
        for optimizer in OPTIMIZERS
    ]
    found += [Case("bce relu", USUAL, optimizer) for optimizer in OPTIMIZERS]
    found += [Case("bce sigmoid", start, "SGD") for start in (USUAL, WRONGER)]
    return [*found, Case("bce logits", WRONGER, "SGD")]


def experiment(lab):
    """Trains every case; a verdict rests on derivatives and on training."""
    lab.precision("dense")
    networks = training.Networks(lab.data("digits"))
    rates, runs = training.learn(lab, networks, cases())
    results = Results(runs)
    tell(lab, rates, results)
    judge_sigmoid(lab, results)
    judge_softmax(lab, results)
    _pairs_extremes.judge_relu(lab, results)
    _pairs_extremes.judge_logits(lab, results)
    _pairs_relu.judge(lab)
    _pairs_figures.draw_gradients(lab)
    _pairs_figures.draw_training(lab, results)


def tell(lab, rates: dict[Case, float], results: Results) -> None:
    """Prints the rates and what they reached."""
    rows = []
    for case, found in results.scores.items():
        row = [case.pair, case.start, case.optimizer, f"{rates[case]:g}"]
        rows.append([*row, f"{found.mean():.3f}"])
    columns = ["loss, end", "start", "optimizer", "rate", "balanced accuracy"]
    lab.table(f"Digits after {lab.settings.epochs} epochs", columns, rows)


def judge_sigmoid(lab, results: Results) -> None:
    """Cross-entropy and squared error behind one sigmoid."""
    derivatives = exact.sigmoid_pairs()
    distance = derivatives["largest_distance_from_the_formula"]
    bce, mse = map(np.abs, derivatives["derivative_in_the_logit"].values())
    gains = results.learned("bce logits")
    lab.verdict(
        "pair-sigmoid-bce",
        {
            "the gradient is σ(z) - y": distance["bce from logits"] < 1e-6,
            **outcomes(gains),
        },
        evidence={**derivatives, f"balanced_accuracy_minus_{GOOD:g}": gains},
        note="The derivative in the logit is σ(z) - y to "
        f"{distance['bce from logits']:.0e}: {bce[0]:.5f} for a positive at "
        f"{exact.WRONG[0]:g}. Balanced accuracy on odd against even: "
        f"{results.reached('bce logits')}.",
    )
    lost = results.behind("mse sigmoid", "bce logits")
    follows = distance["mse after sigmoid"] < 1e-6
    vanishes = bool((mse < 0.01 * bce).all() and mse[1] < 0.01 * mse[0])
    lab.verdict(
        "pair-sigmoid-mse-vanishes",
        {"the gradient at a sure wrong answer": follows and vanishes, **outcomes(lost)},
        evidence={
            **derivatives,
            "cross_entropy_ahead_beyond_the_margin": lost,
            "margin": MARGIN,
        },
        note=f"For a positive at logit {exact.WRONG[0]:g} half the squared error sends "
        f"back {mse[0]:.2g}, {bce[0] / mse[0]:.0f} times less than cross-entropy, and "
        f"{mse[1]:.2g} at {exact.WRONG[1]:g}. Balanced accuracy of cross-entropy "
        f"against squared error: {results.against('mse sigmoid', 'bce logits', lost)}.",
    )


def judge_softmax(lab, results: Results) -> None:
    """Cross-entropy and squared error behind a softmax."""
    derivatives = exact.softmax_pairs()
    distance = derivatives["largest_distance_from_p_minus_y"]
    gains = results.learned("cce logits")
    lab.verdict(
        "pair-softmax-cce",
        {
            "the gradient is p - y": distance < 1e-5,
            "no entry above 1": derivatives["largest_entry"] <= 1 + 1e-6,
            **outcomes(gains),
        },
        evidence={**derivatives, f"balanced_accuracy_minus_{GOOD:g}": gains},
        note=f"The derivative in the logits is p - y to {distance:.0e}, its largest "
        f"entry {derivatives['largest_entry']:.4f}. Balanced accuracy on ten digits: "
        f"{results.reached('cce logits')}.",
    )
    lost = results.behind("mse softmax", "cce logits")
    sent = derivatives["two_classes_wrong_by_logit_10"]
    vanishes = sent["squared error"] < 0.01 * sent["cross-entropy"]
    lab.verdict(
        "pair-softmax-mse-vanishes",
        {"the gradient at a sure wrong answer": vanishes, **outcomes(lost)},
        evidence={
            **derivatives,
            "cross_entropy_ahead_beyond_the_margin": lost,
            "margin": MARGIN,
        },
        note="Two classes, wrong by a logit of 10: cross-entropy sends back "
        f"{sent['cross-entropy']:.5f}, squared error {sent['squared error']:.1e}. "
        "Balanced accuracy of cross-entropy against squared error: "
        f"{results.against('mse softmax', 'cce logits', lost)}.",
    )


if __name__ == "__main__":
    lab_main(experiment)
