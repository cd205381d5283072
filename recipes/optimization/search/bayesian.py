"""Bayesian: a model of what was seen says where to look next.

A model-guided search fits a probabilistic model to its evaluations and asks it for the
next place. Optuna's default, TPE (Bergstra et al., 2011), models where the better tenth
or so of the evaluations lies and where the others do, and looks where the ratio is
best. Its first ten places are random; so with few evaluations there is little to gain.

The rival is random search: with as many evaluations, which decides, and with twice as
many, which says what the guidance is worth. Every evaluation has noise, as a training's
score has; what counts is the true value at the place that looked best.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.search._problems import PROBLEMS, drawn, guided, regret_of
from recipes.optimization.search._table import surfaces

EVALUATIONS = 30
NOISE = 0.05  # of an evaluation, in spreads of the function
NETWORK = "network: rate and momentum"
WAYS = ("guided", "random", "random, twice as many")


def best_so_far(function, places, seen) -> np.ndarray:
    """The true value at the place that looked best, after each evaluation."""
    leader = [int(np.argmin(seen[: count + 1])) for count in range(len(seen))]
    return function(places)[leader]


def problems(lab, at: int) -> dict:
    """By name the regret and its dimensions, for the seed at a position."""
    surface = surfaces(lab)[at]
    side = np.linspace(0, 1, 41)
    every = np.array(np.meshgrid(side, side)).reshape(2, -1).T
    least, spread = np.log(surface(every)).min(), np.log(surface(every)).std()
    found = {name: (regret_of(name), PROBLEMS[name][1]) for name in PROBLEMS}
    found[NETWORK] = (lambda x: (np.log(surface(x)) - least) / spread, 2)
    return found


@experiment
def searches(lab) -> dict[str, dict[str, np.ndarray]]:
    """Median regret over a seed's searches after each evaluation, by problem and way.

    Each is (seeds, evaluations).
    """
    found = {name: {way: [] for way in WAYS} for name in (*PROBLEMS, NETWORK)}
    for at, seed in enumerate(lab.seeds):
        for name, (regret, dimensions) in problems(lab, at).items():
            paths = {way: [] for way in WAYS}
            for number in range(lab.settings.searches):
                own, few = 1000 * seed + number, EVALUATIONS
                for way, path in zip(WAYS, (
                    guided(regret, dimensions, few, own, NOISE),
                    drawn(regret, dimensions, few, [own, 85], NOISE),
                    drawn(regret, dimensions, 2 * few, [own, 86], NOISE),
                ), strict=True):  # fmt: skip
                    paths[way].append(best_so_far(regret, *path))
            for way, values in paths.items():
                found[name][way].append(np.median(values, 0))
    return {
        name: {way: np.maximum(values, 1e-4) for way, values in ways.items()}
        for name, ways in found.items()
    }


@claim(
    "hp-bayesian",
    "Bayesian optimization explores more intelligently: it focuses on regions that a "
    "probabilistic model of earlier evaluations predicts to be better.",
    notes="002 003",
    scope="TPE, 30 evaluations with noise: five functions, a network on digits",
)
def guided_search(lab):
    """The regret of random search over that of the guided one, at equal evaluations."""
    found = searches(lab)
    last = {
        name: {way: values[:, -1] for way, values in ways.items()}
        for name, ways in found.items()
    }
    lab.table(
        f"Regret after {EVALUATIONS} evaluations, geometric means over seeds",
        ["problem", *WAYS],
        [
            [name, *(float(np.exp(np.log(v).mean())) for v in ways.values())]
            for name, ways in last.items()
        ],
    )
    ratios = {
        name: {
            way: float(np.exp(np.log(ways[way] / ways["guided"]).mean()))
            for way in WAYS[1:]
        }
        for name, ways in last.items()
    }
    ahead = [name for name, each in ratios.items() if each[WAYS[2]] > 1]
    return Finding(
        {
            name: stats.greater(
                ways["random"], ways["guided"], by=stats.TENTH, scale="log"
            )
            for name, ways in last.items()
        },
        "With as many evaluations random search has {least:.1f} to {most:.1f} times "
        "the guided search's regret. With twice as many it is still behind in {count} "
        "of {total}: {ahead}.",
        figure=draw_searches,
        least=min(each["random"] for each in ratios.values()),
        most=max(each["random"] for each in ratios.values()),
        count=len(ahead),
        total=len(ratios),
        ahead=ahead,
        ratios=ratios,
    )


def draw_searches(lab):
    """Regret by evaluation."""
    figure, axes = figures.new(2, 3, width=11.4, height=6.2)
    for axis, (name, ways) in zip(axes.flat, searches(lab).items(), strict=True):
        axis.set(yscale="log")
        for index, (way, values) in enumerate(ways.items()):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            middle = np.exp(np.log(values).mean(0))
            x = np.arange(1, len(middle) + 1) / len(middle) * EVALUATIONS
            axis.plot(x, middle, label=way, **style)
        last = {way: np.log(values[:, -1]).mean() for way, values in ways.items()}
        title = f"{name.capitalize()}:\nleast with {min(last, key=last.__getitem__)}"
        figures.describe(axis, title, "evaluations (twice as many: half)", "regret")
    figures.legend(axes[0, 0], fontsize=8)
    lab.figure(
        "searches",
        figure,
        "Regret of the place that looked best, by evaluation, geometric mean over "
        "seeds. The search with twice as many evaluations is drawn at half its count.",
    )


if __name__ == "__main__":
    main(__file__)
