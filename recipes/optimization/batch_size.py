"""Batch size: how much noise, how many updates, how long, and what is learned.

Whether small batches are better depends on what is held equal: epochs or updates,
and whether each size may have the learning rate that suits it. Exact parts first,
then timings, then a network on digits with all of these.

Notes: 1.11 Batch size and gradient-descent variants
Data: Gaussian rows and a double well; digits for the networks.
Run: recipes run batch_size          (about 25 s on 2 CPU cores)
References: Robbins and Monro (1951); Ioffe and Szegedy (2015); Keskar et al. (2017);
    Shallue et al. (2019).
"""

from dataclasses import dataclass

from recipes.lab import UsageError, lab_main
from recipes.optimization import (
    _batch_compared,
    _batch_digits,
    _batch_figures,
    _batch_linear,
    _batch_memory,
    _batch_noise,
    _batch_normalization,
    _batch_order,
    _batch_runs,
    _batch_timing,
    _batch_updates,
    _batch_wells,
)

CLAIMS = {
    "gd-variants": "Full-batch descent is stable but slow, single-sample descent is "
    "noisy, mini-batches are between.",
    "gd-updates-per-epoch": "An epoch has 1 update with the full batch, N with single "
    "samples, N/B with batches of B.",
    "gd-fullbatch-shuffle-irrelevant": "Shuffling changes nothing for full-batch "
    "descent.",
    "gd-minibatch-shuffle-matters": "Training a CNN in mini-batches needs shuffled "
    "data.",
    "gd-speed-per-sample": "Mini-batches are slower than single samples.",
    "gd-single-many-iterations": "Single-sample descent needs many updates and may "
    "not reach the minimum.",
    "gd-minibatch-local-minima": "Mini-batch descent may still get stuck in local "
    "minima.",
    "batch-528-vs-16": "Small batches (16, 32) generalize better than large ones "
    "(528).",
    "batch-large-overfit": "Large batches converge faster but risk overfitting.",
    "batch-small-slow-hardware": "Small batches use the hardware badly.",
    "batch-small-memory": "Small batches need less memory.",
    "batch-small-regularises": "The noise of small batches acts as a regularizer.",
    "batch-small-breaks-bn": "Small batches are a problem for batch normalization.",
    "batch-noise-sgd-oscillates": "Descent in batches oscillates and may diverge.",
}
SMOKE = {"seeds": 2, "epochs": 2, "updates": 132, "rounds": 3, "steps": 200}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 12
    "Passes over the digits, where sizes are compared at equal epochs."
    updates: int = 264
    "Updates, where they are compared at equal updates: a multiple of 66."
    rounds: int = 30
    "Rounds of the timings."
    steps: int = 2000
    "Steps in the double well."


def experiment(lab):
    """Judges noise, counting and memory, then training, then time."""
    chosen = lab.settings
    if chosen.updates % 66 or not chosen.updates:
        raise UsageError(f"--updates must be a multiple of 66, not {chosen.updates}.")
    _batch_updates.judge_counts(lab)
    linear = _batch_linear.measure(lab)
    _batch_linear.judge_single(lab, linear)
    _batch_wells.judge(lab)
    _batch_memory.judge(lab)
    lab.precision("dense")
    digits = _batch_digits.Digits(lab.data("digits"))
    _batch_updates.judge_shuffling(lab, digits)
    runs = _batch_runs.sweep(lab, digits)
    noise = _batch_noise.judge(lab, digits, runs)
    _batch_compared.judge(lab, runs)
    _batch_linear.judge_oscillation(lab, linear, runs)
    _batch_order.judge(lab, digits)
    _batch_normalization.judge(lab, digits)
    times = _batch_timing.judge(lab)
    _batch_figures.draw(lab, runs, times, noise)


if __name__ == "__main__":
    lab_main(experiment)
