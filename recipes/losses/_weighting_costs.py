"""Errors of unequal cost: weights, a loss of costs, and the cheapest decision."""

import numpy as np

from callbacks import CostSensitiveLoss
from recipes.lab import stats
from recipes.losses import _weighting_gaussians as gaussians
from recipes.losses._weighting_imbalance import BALANCED, column

COSTED = "weights from costs"
PLAIN, CHEAPEST = "no weights, threshold 1/2", "no weights, cheapest decision"
OURS = "weights from costs, threshold 1/2"
TWICE = "weights from costs, cheapest decision"
MARGIN = 0.05  # a gain counts from this share of the cost on


def measure(lab, plane: dict[str, list[dict]]) -> dict[str, np.ndarray]:
    """The costs of a row by training and decision, one number a seed."""
    loss = CostSensitiveLoss(gaussians.COSTS, mix=0.1, from_logits=True)
    classifier = gaussians.Classifier(loss, lab.settings.samples)
    priced = lab.sweep(
        lambda case, seed: classifier.train(seed, lab.settings.passes),
        ["loss of costs"],
        title="loss of costs",
    )["loss of costs"]
    plain, weighted = plane["no weights"], plane[COSTED]
    return {
        PLAIN: column(plain, "cost"),
        CHEAPEST: column(plain, "cost, cheapest decision"),
        OURS: column(weighted, "cost"),
        TWICE: column(weighted, "cost, cheapest decision"),
        "weights from frequencies, threshold 1/2": column(plane[BALANCED], "cost"),
        "CostSensitiveLoss, threshold 1/2": column(priced, "cost"),
    }


def judge(lab, plane: dict[str, list[dict]]) -> None:
    """Holds weights from costs against a plain network and two ways to decide.

    Args:
        lab: The run.
        plane: The results on two Gaussians by class weights.
    """
    cost = measure(lab, plane)
    ratio = gaussians.COSTS[1][0] / gaussians.COSTS[0][1]
    least = float(gaussians.ideal(ratio)["cost"])
    means = {name: float(values.mean()) for name, values in cost.items()}
    lab.table(
        f"A missed positive costs {ratio:g} false alarms",
        ["training and decision", "mean cost of a row"],
        [[n, f"{m:.4f}"] for n, m in {**means, "the least possible": least}.items()],
    )
    gains = {
        rival: stats.paired((1 - MARGIN) * cost[rival], cost[OURS])
        for rival in (PLAIN, CHEAPEST)
    }
    twice = stats.paired(cost[TWICE], cost[OURS])
    lab.verdict(
        "weighted-cost-sensitive",
        {f"against {rival}": gain.positive for rival, gain in gains.items()},
        evidence={
            "mean_cost_of_a_row": means,
            "least_possible_cost": least,
            f"gain_beyond_{MARGIN:.0%}_of_the_cost": gains,
            "cost_added_by_counting_costs_twice": twice,
        },
        note=f"Weights from costs bring the cost of a row from {means[PLAIN]:.3f} to "
        f"{means[OURS]:.3f} (the least possible: {least:.3f}); the plain network's "
        "probabilities with the decision of least expected cost reach "
        f"{means[CHEAPEST]:.3f} without any weight. A gain counts from {MARGIN:.0%} "
        f"on. Weights and that decision together count the costs twice: {twice}.",
    )
