"""Weighted losses: what a weight buys, at what price, and what else would buy it.

A class is made rare, labels are made wrong, errors get unequal costs and two tasks
different scales. Every answer is judged by the metric that the task is about, and
held against the rival that needs no weight.

Notes: 1.6 Weighted losses
Data: two Gaussians, one row in twenty positive; digits; two made-up regressions.
Run: recipes run weighting   (about 30 s on 2 CPU cores)
References: Elkan (2001); Han et al. (2018); Kendall, Gal and Cipolla (2018); Zhang
    and Sabuncu (2018); Cui et al. (2019).
"""

from dataclasses import dataclass

from recipes.lab import lab_main
from recipes.losses import (
    _weighting_costs,
    _weighting_exact,
    _weighting_figures,
    _weighting_imbalance,
    _weighting_logits,
    _weighting_noise,
    _weighting_tasks,
)

CLAIMS = {
    "weighted-imbalance": "A larger weight for the rare class helps where classes are "
    "imbalanced.",
    "accuracy-trap": "On imbalanced classes a classifier that is no use has a high "
    "accuracy.",
    "weights-as-sample-weight": "Class weights looked up for each sample do as "
    "sample_weight what class_weight does.",
    "weighted-noisy-labels": "A lower weight for doubtful labels helps where labels "
    "are noisy.",
    "weighted-cost-sensitive": "Weights lower the cost of errors whose costs are "
    "unequal, as in fraud.",
    "weighted-multitask": "Weights of the losses balance tasks of different scales.",
    "weighted-from-logits-trap": "The weighted example is right to compile "
    "BinaryCrossentropy(from_logits=True).",
    "weighted-vs-resampling": "A weight of k does what k copies of the sample do.",
}
SMOKE = {"seeds": 1, "samples": 400, "passes": 2, "epochs": 2}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Independent repetitions."
    samples: int = 4000
    "Training rows of the two Gaussians."
    passes: int = 10
    "Passes over them."
    epochs: int = 20
    "Passes over the digits, and over the two tasks."


def experiment(lab):
    """Judges the equalities first, then what depends on chance."""
    _weighting_exact.judge_sample_weights(lab)
    _weighting_exact.judge_resampling(lab)
    _weighting_logits.judge(lab)
    lab.precision("dense")
    rare = _weighting_imbalance.train(lab)
    plane = rare[_weighting_imbalance.PLANE]
    _weighting_imbalance.tell(lab, rare)
    _weighting_imbalance.judge(lab, rare)
    _weighting_imbalance.judge_accuracy(lab)
    _weighting_costs.judge(lab, plane)
    _weighting_noise.judge(lab, plane)
    tasks = _weighting_tasks.judge(lab)
    _weighting_figures.draw_weights(lab, plane)
    _weighting_figures.draw_tasks(lab, tasks)


if __name__ == "__main__":
    lab_main(experiment)
