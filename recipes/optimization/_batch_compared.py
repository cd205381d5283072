"""Small against large batches: accuracy, speed and the gap to held-out digits."""

import numpy as np

from recipes.lab import stats
from recipes.optimization._batch_digits import LARGE, MIDDLE, SIZES, SMALL
from recipes.optimization._batch_runs import LEVEL, ONE_RATE, RATES, Runs


def judge(lab, runs: Runs) -> None:
    """Judges what depends on the batch size alone, or seems to."""
    judge_generalization(lab, runs)
    judge_large(lab, runs)
    judge_noise(lab, runs)


def judge_generalization(lab, runs: Runs) -> None:
    """Held-out accuracy of small against large batches, in four ways."""
    found, accuracy = {}, {}
    for equal in ("epochs", "updates"):
        for rates in ("one rate", "each at its best"):
            values = {}
            for size in SIZES:
                rate = ONE_RATE if rates == "one rate" else runs.best(size, equal)
                values[size] = runs.after(size, equal, "accuracy", rate)
            accuracy[f"equal {equal}, {rates}"] = {
                str(size): value.mean() for size, value in values.items()
            }
            for small in (SMALL, MIDDLE):
                case = f"{small} against {LARGE}, equal {equal}, {rates}"
                found[case] = stats.paired(values[small], values[LARGE])
    told = "; ".join(
        f"{case}: " + ", ".join(f"{share:.1%}" for share in shares.values())
        for case, shares in accuracy.items()
    )
    lab.verdict(
        "batch-528-vs-16",
        {case: gain.positive for case, gain in found.items()},
        evidence={"accuracy": accuracy, "small_minus_large": found},
        note=f"Held-out accuracy with batches of 16, 32 and {LARGE} after "
        f"{runs.epochs} epochs or {runs.updates} updates (one rate: {ONE_RATE}; "
        f"best: of {len(RATES)}): "
        f"{told}.",
    )


def judge_large(lab, runs: Runs) -> None:
    """Speed by epochs and by updates, and the gap on both axes and at one loss."""
    holds, evidence = {}, {}
    for equal in ("epochs", "updates"):
        losses = {
            size: runs.after(size, equal, "training_loss", runs.best(size, equal))
            for size in (MIDDLE, LARGE)
        }
        faster = stats.paired(np.log(losses[MIDDLE]), np.log(losses[LARGE]))
        wider = stats.paired(runs.gap(LARGE, equal), runs.gap(MIDDLE, equal))
        holds[f"equal {equal}: lower training loss"] = faster.positive
        holds[f"equal {equal}: larger gap"] = wider.positive
        evidence[f"equal {equal}"] = {
            "training_loss_of_32_and_528": [value.mean() for value in losses.values()],
            "log_training_loss_32_minus_528": faster,
            "gap_528_minus_32": wider,
        }
    level = compared_at_level(runs, LARGE, MIDDLE)
    holds["at one training loss: larger gap"] = level and level.positive
    evidence[f"gap_528_minus_32_at_training_loss_{LEVEL}"] = level
    losses = [evidence[f"equal {e}"]["training_loss_of_32_and_528"] for e in
              ("epochs", "updates")]  # fmt: skip
    lab.verdict(
        "batch-large-overfit",
        holds,
        evidence=evidence,
        note=f"Training loss with batches of 32 and of {LARGE}, each at its best rate: "
        f"{losses[0][0]:.3g} and {losses[0][1]:.3g} after {runs.epochs} epochs, "
        f"{losses[1][0]:.3g} and {losses[1][1]:.3g} after {runs.updates} updates, "
        f"where the large batch has seen {LARGE / MIDDLE:.1f} times the samples. "
        + told_at_level(level, LARGE, MIDDLE),
    )


def judge_noise(lab, runs: Runs) -> None:
    """The gap between held-out and training loss of small and large batches."""
    wider = {
        f"equal {equal}": stats.paired(runs.gap(LARGE, equal), runs.gap(SMALL, equal))
        for equal in ("epochs", "updates")
    }
    level = compared_at_level(runs, LARGE, SMALL)
    told = "; ".join(f"{case}: {gain}" for case, gain in wider.items())
    lab.verdict(
        "batch-small-regularises",
        {
            **{f"{case}: smaller gap": gain.positive for case, gain in wider.items()},
            "at one training loss: smaller gap": level and level.positive,
        },
        evidence={
            "gap_528_minus_16": wider,
            f"gap_528_minus_16_at_training_loss_{LEVEL}": level,
        },
        note=f"Held-out minus training loss, batches of {LARGE} minus of {SMALL}, each "
        f"at its best rate: {told}. A training that has come less far has a smaller "
        "gap, whatever its noise. " + told_at_level(level, LARGE, SMALL),
    )


def compared_at_level(runs: Runs, first: int, second: int) -> stats.Comparison | None:
    """Compares the gaps of two sizes at one training loss, where both reach it."""
    gaps = runs.gap_at_level(first), runs.gap_at_level(second)
    return None if gaps[0] is None or gaps[1] is None else stats.paired(*gaps)


def told_at_level(level: stats.Comparison | None, first: int, second: int) -> str:
    """Says what the comparison at one training loss found."""
    if level is None:
        return f"Not every training passes a loss of {LEVEL} after its first epoch."
    return (
        f"At one training loss, {LEVEL}, the gap with batches of {first} minus that "
        f"with {second} is {level}."
    )
