"""Costs: weights lower the cost of unequal errors, and so does the cheapest decision.

A missed fraud costs ten false alarms. The notes give costly samples a larger weight.
The other way is to leave the training alone and to decide for the class whose expected
cost is least: with right probabilities that is the best there is (Elkan, 2001). Both
move the border to the same place, and both together move it twice.
"""

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.weighting._gaussians import (
    BALANCED,
    COSTED,
    PLAIN,
    RATIO,
    by_weight,
    draw_by_weight,
    ideal,
    setting,
    train,
)

NO_WEIGHTS, CHEAPEST = "no weights, threshold 1/2", "no weights, cheapest decision"
OURS = "weights from costs, threshold 1/2"
TWICE = "weights from costs, cheapest decision"
MARGIN = 0.05
GAIN = stats.Threshold(
    "a twentieth of the cost",
    1 / (1 - MARGIN),
    "times",
    "less than 5 % of the cost pays for no change of the training.",
)


@experiment
def costs(lab) -> dict:
    """The costs of a row by training and decision, one number a seed."""
    runs = by_weight(lab)
    # A loss of expected costs is another way to bring the costs into the training.
    priced = lab.sweep(
        train, {"priced": setting(lab, loss="costs")}, title="loss of costs"
    )
    return {
        NO_WEIGHTS: stats.column(runs[PLAIN], "cost"),
        CHEAPEST: stats.column(runs[PLAIN], "cost, cheapest decision"),
        OURS: stats.column(runs[COSTED], "cost"),
        TWICE: stats.column(runs[COSTED], "cost, cheapest decision"),
        "weights from frequencies, threshold 1/2": stats.column(runs[BALANCED], "cost"),
        "CostSensitiveLoss, threshold 1/2": stats.column(priced["priced"], "cost"),
    }


@claim(
    "weighted-cost-sensitive",
    "A higher weight for costly samples can lower the cost of errors, as in fraud.",
    says="can",
    hedge="can help",
    notes="002",
    scope="a linear classifier on two Gaussians, one row in twenty positive; a miss "
    "costs ten false alarms",
)
def weights_lower_costs(lab):
    """Weights from costs against a plain network, by two rules of decision."""
    cost = costs(lab)
    least = float(ideal(RATIO)["cost"])
    means = {name: float(values.mean()) for name, values in cost.items()}
    lab.table(
        f"A missed positive costs {RATIO:g} false alarms",
        ["training and decision", "mean cost of a row"],
        [[n, f"{m:.4f}"] for n, m in {**means, "the least possible": least}.items()],
    )
    return Finding(
        {
            f"against {rival}": stats.greater(
                cost[rival], cost[OURS], by=GAIN, scale="log"
            )
            for rival in (NO_WEIGHTS, CHEAPEST)
        },
        "Weights from costs bring the cost of a row from {plain:.3f} to {ours:.3f} "
        "(the least possible: {least:.3f}); the plain network's probabilities with "
        "the cheapest decision reach {cheapest:.3f} without any weight. Weights and "
        "that decision together count the costs twice: {counted_twice:.3f}.",
        figure=draw_costs,
        plain=means[NO_WEIGHTS],
        ours=means[OURS],
        cheapest=means[CHEAPEST],
        counted_twice=means[TWICE],
        mean_cost_of_a_row=means,
        least=least,
        added_by_counting_twice=stats.greater(cost[TWICE], cost[OURS], by=stats.ANY),
        gain_beyond_a_twentieth={
            rival: stats.greater((1 - MARGIN) * cost[rival], cost[OURS], by=stats.ANY)
            for rival in (NO_WEIGHTS, CHEAPEST)
        },
    )


def draw_costs(lab):
    """The cost against the weight: trainings on the closed form."""
    figure, axes = figures.new(width=7.2, height=4.0)
    draw_by_weight(lab, axes, ("cost",))
    means = {n: stats.column(runs, "cost").mean() for n, runs in by_weight(lab).items()}
    title = f"Of the trainings the least cost: {min(means, key=means.__getitem__)}"
    if min(means.values()) == means[COSTED]:
        title = f"Cost is least at weight {RATIO:g}, the ratio of the costs"
    figures.describe(axes, title, "weight of the rare class", "mean cost of a row")
    lab.figure(
        "costs",
        figure,
        "Cost of a row on two Gaussians by the weight of the rare class, where a miss "
        f"costs {RATIO:g} false alarms: points with the range over seeds, the line in "
        "closed form.",
    )


if __name__ == "__main__":
    main(__file__)
