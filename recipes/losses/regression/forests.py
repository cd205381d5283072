"""Forests: a random forest bears outliers if its leaves are medians of many targets.

A tree cuts the inputs into leaves and answers each leaf's mean. A leaf of one target
that is off answers the outlier. Leaves of twenty spread it over twenty, as squared
error does; and leaves by absolute error answer the median, which it does not move.
"""

from sklearn.ensemble import RandomForestRegressor

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.losses.regression._curve import (
    GRID,
    draw_fits,
    draw_points,
    measure,
    networks,
    show_distances,
)

FORESTS = {
    "forest": {},
    "forest, leaves of 20": {"min_samples_leaf": 20},
    "forest, leaves of 20, absolute": {
        "min_samples_leaf": 20,
        "criterion": "absolute_error",
    },
}


def grow(case, seed, data) -> dict:
    """Grows a random forest on the seed's points, with and without outliers."""
    sample, found = draw_points(case["points"], case["outliers"], seed), {}
    for kind, y in (("clean", sample.clean), ("spoiled", sample.y)):
        forest = RandomForestRegressor(
            case["trees"], random_state=seed, **case["arguments"]
        )
        found[kind] = measure(forest.fit(sample.x[:, None], y).predict(GRID[:, None]))
    return {**found["spoiled"], "distance_without_outliers": found["clean"]["distance"]}


@experiment
def grown(lab) -> dict[str, list[dict]]:
    """The three forests, with a table of their distances."""
    chosen = lab.settings
    sizes = {
        "points": chosen.points, "outliers": chosen.outliers, "trees": chosen.trees
    }  # fmt: skip
    cases = {name: {"arguments": given, **sizes} for name, given in FORESTS.items()}
    runs = lab.sweep(grow, cases, title="forests")
    show_distances(lab, "Forests", runs)
    return runs


@claim(
    "outlier-ensembles-rf",
    "Random forests are robust to outliers, and so a baseline for a network.",
    says="always",
    notes="002",
    scope="200 points of a curve, 10 % of the targets off, 50 trees; a 1-32-32-1 "
    "network by squared error",
)
def bears_outliers(lab):
    """Three forests against a network with squared error, on the same points."""
    forests = grown(lab)
    network = stats.column(networks(lab)["squared error"], "distance")
    found = {name: stats.column(runs, "distance") for name, runs in forests.items()}
    return Finding(
        {
            name: stats.greater(network, each, by=stats.TENTH, scale="log")
            for name, each in found.items()
        },
        "A network by squared error is {network:.2g} from the truth; {mean:.2g} "
        "(without outliers: {without:.2g}). By default a forest grows leaves of one "
        "target, which may be an outlier. A leaf by squared error answers the mean "
        "of its targets, outliers too; one by absolute error answers their median.",
        figure=draw_forests,
        network=network.mean(),
        mean={name: each.mean() for name, each in found.items()},
        without=[
            sum(run["distance_without_outliers"] for run in runs) / len(runs)
            for runs in forests.values()
        ],
        network_minus_forest={
            name: (network - each).mean() for name, each in found.items()
        },
    )


def draw_forests(lab):
    """The first seed's forests, and its network by squared error."""
    runs = {"network, squared error": networks(lab)["squared error"], **grown(lab)}
    far = {name: stats.column(found, "distance").mean() for name, found in runs.items()}
    title = f"Nearest to the truth, on average: {min(far, key=far.__getitem__)}"
    draw_fits(lab, "forests", title, runs)


if __name__ == "__main__":
    main(__file__)
