"""Stability, generalization and epochs: what a falling rate buys, and what not."""

import numpy as np

from recipes.lab import stats
from recipes.optimization._schedules_bowl import GOAL, RATE
from recipes.optimization._schedules_network import WRONG, by_epoch, column

EASY = 0.9  # share of the held-out digits that is right


def judge(lab, bowl, runs, wrong, rates) -> None:
    """Judges three claims on the bowl and on digits.

    Args:
        lab: The run.
        bowl: What `_schedules_bowl.measure` returned.
        runs: Results by schedule, all from the best constant rate.
        wrong: The same on partly wrong labels.
        rates: The sweep of first rates.
    """
    judge_stability(lab, bowl, runs)
    judge_generalization(lab, runs, wrong, rates)
    judge_epochs(lab, bowl, runs)


def late_jumps(results: list[dict]) -> np.ndarray:
    """How much the held-out loss changes from epoch to epoch in the last quarter."""
    losses = by_epoch(results, "held_out_loss")
    last = max(2, losses.shape[1] // 4)
    return np.abs(np.diff(losses[:, -last - 1 :])).mean(1)


def judge_stability(lab, bowl, runs) -> None:
    """Late training: what is left of the noise, and how low the loss ends."""
    constant, cosine = runs["constant"], runs["cosine"]
    ends = bowl["simulated"]
    calmer = stats.paired(np.log(ends["constant"]), np.log(ends["falling cosine"]))
    jumps = stats.paired(np.log(late_jumps(constant)), np.log(late_jumps(cosine)))
    lower = stats.paired(
        np.log(column(constant, "training_loss")),
        np.log(column(cosine, "training_loss")),
    )
    sure = bowl["formula_and_simulation_agree"]
    exact, floor = bowl["expected_square_at_the_end"], bowl["floor_by_formula"]
    moved = [float(late_jumps(run).mean()) for run in (constant, cosine)]
    fitted = [float(column(run, "training_loss").mean()) for run in (constant, cosine)]
    lab.verdict(
        "sched-stability-finetune",
        {
            "noisy bowl: ends nearer the minimum": calmer.positive if sure else None,
            "digits: the held-out loss jumps less": jumps.positive,
            "digits: the training loss ends lower": lower.positive,
        },
        evidence={
            "bowl": bowl,
            "log_change_of_held_out_loss_constant_minus_cosine": jumps,
            "log_training_loss_constant_minus_cosine": lower,
        },
        note=f"Noise of variance 1 leaves rate/(2 − rate) of it in a weight: "
        f"{floor[str(RATE)]:.4f} at {RATE}, {floor[str(RATE / 10)]:.4f} at a tenth, "
        f"{exact['falling cosine']:.4f} at the end of a cosine. Digits, constant and "
        f"cosine: the held-out loss moves by {moved[0]:.2g} and {moved[1]:.2g} an "
        f"epoch late in training, the training loss ends at {fitted[0]:.3g} and "
        f"{fitted[1]:.3g}. A low rate late settles; it explores less, not better.",
    )


def gain(better: list[dict], worse: list[dict], name: str) -> stats.Comparison:
    """Compares one measure of two cases, seed by seed."""
    return stats.paired(column(better, name), column(worse, name))


def judge_generalization(lab, runs, wrong, rates) -> None:
    """Held-out accuracy with the rate held and with a cosine."""
    best = {case: rates.best(case) for case in ("SGD", "SGD, cosine")}
    tuned = {case: rates.accuracies[case][rate] for case, rate in best.items()}
    same, best_each, noisy, loss = (
        "accuracy, one first rate",
        "accuracy, each from its best rate",
        f"accuracy on true labels after {WRONG:.0%} wrong ones",
        "loss, one first rate",
    )
    gains = {
        same: gain(runs["cosine"], runs["constant"], "accuracy"),
        best_each: stats.paired(tuned["SGD, cosine"], tuned["SGD"]),
        noisy: gain(wrong["cosine"], wrong["constant"], "accuracy"),
        loss: gain(runs["constant"], runs["cosine"], "held_out_loss"),
    }
    lab.verdict(
        "sched-helps-generalisation",
        {name: found.positive for name, found in gains.items()},
        evidence={
            "gain_of_cosine_over_constant": gains,
            "accuracy_by_schedule": {
                name: column(results, "accuracy").mean()
                for name, results in runs.items()
            },
            "best_rate_by_training_loss": best,
        },
        note=f"Held-out accuracy with a cosine minus with the rate held: {gains[same]} "
        f"from one rate ({best['SGD']:g}, the best to hold), {gains[best_each]} each "
        f"from its best ({best['SGD, cosine']:g} for the cosine), {gains[noisy]} where "
        f"{WRONG:.0%} of the labels are wrong. The held-out loss with the rate held "
        f"minus with the cosine: {gains[loss]}.",
    )


def epochs_to(results: list[dict], accuracy: float) -> np.ndarray:
    """Epochs until the held-out accuracy is reached; one more than all if never."""
    reached = by_epoch(results, "accuracy") >= accuracy
    return np.where(reached.any(1), reached.argmax(1) + 1, reached.shape[1] + 1)


def judge_epochs(lab, bowl, runs) -> None:
    """Epochs to an easy goal, and half the epochs with a cosine against all."""
    constant, cosine = runs["constant"], runs["cosine"]
    half = runs["cosine, half the epochs"]
    easy = stats.paired(epochs_to(constant, EASY), epochs_to(cosine, EASY))
    lower = {
        name: stats.paired(np.log(column(constant, name)), np.log(column(half, name)))
        for name in ("training_loss", "held_out_loss")
    }
    steps, epochs = bowl["fewest_steps"], lab.settings.epochs
    told = {
        name: f"{column(half, name).mean():.3g} against "
        f"{column(constant, name).mean():.3g}"
        for name in lower
    }
    lab.verdict(
        "sched-reduces-epochs",
        {
            "noisy bowl, each at its best": steps["falling cosine"] < steps["constant"],
            f"digits, to {EASY:.0%} accuracy": easy.positive,
            "digits, half the epochs: training loss lower": lower[
                "training_loss"
            ].positive,
            "digits, half the epochs: held-out loss lower": lower[
                "held_out_loss"
            ].positive,
        },
        evidence={
            "fewest_steps_on_the_bowl": steps,
            "goal_on_the_bowl": GOAL,
            "epochs_to_the_easy_goal_constant_minus_cosine": easy,
            "log_loss_of_constant_minus_cosine_with_half_the_epochs": lower,
        },
        note=f"Noisy bowl, from 100 to an expected square of {GOAL}: "
        f"{steps['constant']} steps at the best constant rate, "
        f"{steps['falling cosine']} with the best cosine. Digits: to {EASY:.0%} "
        f"{epochs_to(constant, EASY).mean():.1f} epochs with the rate held, "
        f"{epochs_to(cosine, EASY).mean():.1f} with a cosine; a cosine over "
        f"{epochs // 2} epochs against the rate held for {epochs}: training loss "
        f"{told['training_loss']}, held-out loss {told['held_out_loss']}.",
    )
