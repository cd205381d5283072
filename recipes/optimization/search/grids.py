"""Grids: every combination is tried, and most of them repeat each other.

A grid of k values for each of d parameters has k to the power of d combinations. If one
parameter hardly matters, a grid tries few values of the one that does; random places
try a new value every time. That is the picture that made random search famous (Bergstra
and Bengio, 2012), and it is its best case. Where both parameters matter alike, a grid
covers the square evenly, and random places leave holes.

So both are tried at four budgets: on a problem with one axis that matters, on one with
two that matter alike, and on a network's table of rates and momentum.
"""

import itertools

import numpy as np
import optuna

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.search._problems import study
from recipes.optimization.search._table import surfaces

SIDES = (2, 3, 4, 5)  # values a parameter: budgets of 4, 9, 16 and 25
JUDGED = (3, 5)
SPACE = {"rate": [0.01, 0.1, 1.0], "units": [16, 32, 64, 128], "momentum": [0.0, 0.9]}


def evaluations(space: dict) -> list[tuple]:
    """The combinations that Optuna's grid search tries, in its order."""
    search = study(optuna.samplers.GridSampler(space, seed=0))
    search.optimize(lambda trial: sum(
        trial.suggest_categorical(name, values) for name, values in space.items()
    ))  # fmt: skip
    return [tuple(trial.params[name] for name in space) for trial in search.trials]


@claim(
    "hp-grid",
    "Grid search evaluates all combinations of the given values: it is exhaustive, and "
    "can take long.",
    says="is",
    notes="002 003",
    scope="Optuna's grid sampler, 3 x 4 x 2 values and one more parameter of 4",
)
def tries_everything(lab):
    """Counts what is evaluated, and what one more parameter costs."""
    tried = evaluations(SPACE)
    everything = set(itertools.product(*SPACE.values()))
    wider = evaluations({**SPACE, "batch_size": [16, 32, 64, 128]})
    between = [
        float(surface(grid(SIDES[1])).min() / surface(grid(41)).min())
        for surface in surfaces(lab)
    ]
    return Finding(
        {
            "every combination": set(tried) == everything,
            "each one once, the product of the counts": len(tried) == 3 * 4 * 2,
            "one more parameter of 4 values: 4 times as long": len(wider)
            == 4 * len(tried),
        },
        "3 x 4 x 2 values take {count} evaluations, and a fourth parameter of 4 values "
        "{wider}. Exhaustive is the search of the grid alone: with 3 x 3 pairs of rate "
        "and momentum a network's best loss is {ratio:.2f} times the one that lies "
        "between them.",
        figure=draw_budgets,
        count=len(tried),
        wider=len(wider),
        ratio=float(np.median(between)),
        ratios=between,
    )


def grid(side: int) -> np.ndarray:
    """The middles of side x side equal cells of the unit square, (side², 2)."""
    middles = (np.arange(side) + 0.5) / side
    return np.array(list(itertools.product(middles, middles)))


# On the two problems the optimum is anywhere, uniformly: a grid knows nothing of it.
# Regret is the squared distance to it, along the axes that matter.


def distances(axes: int, places: np.ndarray, optimum: np.ndarray) -> np.ndarray:
    """The least squared distance of places (n, m, 2) to optima (n, 2)."""
    away = (places - optimum[:, None]) ** 2
    return away[..., :axes].sum(2).min(1)


@experiment
def regrets(lab) -> dict[str, np.ndarray]:
    """Mean regrets (seeds, budgets, [grid, random]) by problem."""
    count, found = 100 * lab.settings.searches, {}
    for name, axes in (("one axis matters", 1), ("two axes matter alike", 2)):
        rows = []
        for seed in lab.seeds:
            rng = np.random.default_rng([seed, 83])
            optimum = rng.random((count, 2))
            rows.append([
                [
                    distances(axes, np.tile(grid(k), (count, 1, 1)), optimum).mean(),
                    distances(axes, rng.random((count, k * k, 2)), optimum).mean(),
                ]
                for k in SIDES
            ])  # fmt: skip
        found[name] = np.array(rows)
    rows = []
    for seed, surface in zip(lab.seeds, surfaces(lab), strict=True):
        rng = np.random.default_rng([seed, 84])
        best = surface(grid(41)).min()
        rows.append([
            [
                surface(grid(k)).min() / best - 1,
                surface(rng.random((count * k * k, 2))).reshape(count, -1).min(1).mean()
                / best - 1,
            ]
            for k in SIDES
        ])  # fmt: skip
    found["network: rate and momentum"] = np.array(rows)
    return {name: np.maximum(values, 1e-6) for name, values in found.items()}


@claim(
    "hp-random",
    "Random search often requires fewer evaluations to find good settings than grid "
    "search.",
    says="often",
    hedge="often",
    notes="002 003",
    scope="two problems in the unit square; a network's rate and momentum on digits",
)
def random_or_grid(lab):
    """Compares mean regrets at equal budgets of 9 and 25 evaluations."""
    found = regrets(lab)
    lab.table(
        "Mean regret of the best of a grid and of as many random places",
        ["problem", "evaluations", "grid", "random"],
        [
            [name, side**2, *map(float, values[:, at].mean(0))]
            for name, values in found.items()
            for at, side in enumerate(SIDES)
        ],
    )
    conditions = {
        f"{name}, {side**2} evaluations": stats.greater(
            values[:, SIDES.index(side), 0],
            values[:, SIDES.index(side), 1],
            by=stats.TENTH,
            scale="log",
        )
        for name, values in found.items()
        for side in JUDGED
    }
    nine = {
        name: [float(v) for v in values[:, 1].mean(0)] for name, values in found.items()
    }
    one, two, net = nine.values()
    return Finding(
        conditions,
        "Nine random places have {first:.2f} times a grid's regret if one axis "
        "matters, {second:.1f} times if two do alike. The network: {third:.1f} times. "
        "Random is better here: {holding}.",
        figure=draw_budgets,
        first=one[1] / one[0],
        second=two[1] / two[0],
        third=net[1] / net[0],
        regret_at_nine_of_grid_and_random=nine,
    )


def draw_budgets(lab):
    """Regret by budget, for the three problems."""
    figure, axes = figures.new(1, 3, width=11.4, height=3.8)
    budgets = [side**2 for side in SIDES]
    for axis, (name, values) in zip(axes, regrets(lab).items(), strict=True):
        axis.set(xscale="log", yscale="log")
        for index, kind in enumerate(("grid", "random")):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axis.plot(budgets, values[:, :, index].mean(0), "o", label=kind, **style)
        axis.set_xticks(budgets, map(str, budgets))
        axis.minorticks_off()
        wins = (values[..., 1].mean(0) < values[..., 0].mean(0)).sum()
        problem = name.partition(":")[0].capitalize()
        title = f"{problem}:\nrandom wins at {wins} of {len(SIDES)} budgets"
        figures.describe(axis, title, "evaluations", "mean regret")
        figures.legend(axis)
    lab.figure(
        "budgets",
        figure,
        "Regret of the best place of a grid and of as many random ones, by budget: "
        "the squared distance to an optimum that is anywhere, and for the network the "
        "share by which its loss exceeds the best one.",
    )


if __name__ == "__main__":
    main(__file__)
