"""Weights: a weight of 0.1 helps where it falls on the outliers.

The notes weigh outliers down. Who is one? If that is known, a tenth of the weight
leaves a tenth of the pull. Else it is guessed: from the target alone, whose fences see
nothing that lies within the range of the others; or from the residual of a fit, which
is then fitted anew. At random, as a control, it does nothing.
"""

import numpy as np

from recipes.lab import Finding, claim, main, stats
from recipes.losses.regression._curve import draw_fits, networks, outside
from recipes.losses.regression._planes import (
    SAMPLES,
    distance,
    planes,
    share_undone,
    solve,
    undoes_half,
)

LOW = 0.1  # an outlier's weight
# In standard deviations of the other targets: out of their range, and within it.
SHIFTS = (20.0, 2.0)
NETWORK = "network, fences of the target"


def by_residual(data) -> np.ndarray:
    """Weighs rows down whose residual is beyond the fences; fits anew, ten times."""
    weights = np.ones(SAMPLES)
    for _ in range(10):
        residual = data["y"] - data["x"] @ solve(data["x"], data["y"], weights)
        weights = np.where(outside(residual), LOW, 1.0)
    return weights


WAYS = {
    "known rows": lambda data: np.where(data["off"], LOW, 1.0),
    "fences of the target": lambda data: np.where(outside(data["y"]), LOW, 1.0),
    "fences of the residual": by_residual,
    "random rows (a control)": lambda data: np.where(np.roll(data["off"], 7), LOW, 1.0),
}


@claim(
    "outlier-weighting",
    "A loss in which outliers have a lower weight lessens what they do.",
    says="advice",
    hedge="consider",
    notes="002",
    scope="least squares on 500 rows of 10 inputs, 5 % of the targets 20 or 2 standard "
    "deviations off",
)
def weighed_down(lab):
    """Weights for outliers that are known, or found in one of two ways."""
    holds, undone = {}, {}
    for shift in SHIFTS:
        data = [planes(seed, 0.05, shift) for seed in lab.seeds]
        clean = [distance(d, d["clean"]) for d in data]
        plain = [distance(d, d["y"]) for d in data]
        for name, weigh in WAYS.items():
            treated = [distance(d, d["y"], weigh(d)) for d in data]
            case = f"{name}, {shift:g} off"
            undone[case] = share_undone(clean, plain, treated)
            if "control" not in name:
                holds[case] = undoes_half(clean, plain, treated)
    # A network's share is shown beside them: its fences are those of the target, too.
    names = ("squared error, no outliers", "squared error", "squared, weighted")
    undone[NETWORK] = share_undone(
        *(stats.column(networks(lab)[name], "distance") for name in names)
    )
    rows = [[case, f"{share:.0%}"] for case, share in undone.items()]
    lab.table("Error added by outliers, undone by a weight", ["weights", "share"], rows)
    return Finding(
        holds,
        "If it is known which rows are outliers, a weight of 0.1 for them undoes "
        "{known:.0%} of the error that they add. Rows found by the fences of the "
        "targets: {outside:.0%} if outliers are out of the others' range, {inside:.0%} "
        "if within it. Rows found by the fences of a fit's errors: {residual:.0%} if "
        "within it. As many rows at random: "
        "{control:.0%}. A network, weighted by the fences of its targets: "
        "{network:.0%}.",
        figure=draw_remedies,
        known=undone["known rows, 20 off"],
        outside=undone["fences of the target, 20 off"],
        inside=undone["fences of the target, 2 off"],
        residual=undone["fences of the residual, 2 off"],
        control=undone["random rows (a control), 20 off"],
        network=undone[NETWORK],
        share_of_the_added_error_undone=undone,
        weight=LOW,
    )


def draw_remedies(lab):
    """The first seed's networks by squared error, with its remedies."""
    names = ("squared error", "squared, capped", "squared, weighted")
    runs = {name: networks(lab)[name] for name in names}
    plain, capped, weighted = (
        stats.column(found, "distance").mean() for found in runs.values()
    )
    title = f"Distance to the truth: {plain:.2g}"
    title += f"; capped {capped:.2g}, weighted {weighted:.2g}"
    draw_fits(lab, "remedies", title, runs)


if __name__ == "__main__":
    main(__file__)
