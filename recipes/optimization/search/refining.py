"""Refining: half of the budget looks around, the other half looks closer.

The notes end their procedure with refinement: after the first results, narrow the space
down to its most promising zones and search again. It costs nothing more if the budget
is split: twelve random places, then twelve in a box around the best of them. The rival
is to draw all 24 in the whole space.

Zooming pays where the first dozen finds the right hollow. It can lose where the space
is narrow and deep in another place than the one that looks best after twelve.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.search._problems import regret_of
from recipes.optimization.search._table import surfaces

HALF = 12
SIDE = 1 / 3  # of the box, along every axis
NETWORK = "network: rate and momentum"
TRAP = "a narrow hole beside a broad one"  # made up against zooming: shown, not judged
FUNCTIONS = {"bowl, 5 dimensions": 5, "Branin, 2 dimensions": 2,
             "Hartmann, 3 dimensions": 3}  # fmt: skip


def zoomed(center: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Moves places of the unit cube into a box around a center, inside the cube."""
    low = np.clip(center - SIDE / 2, 0, 1 - SIDE)
    return low + SIDE * places


def hole(x) -> np.ndarray:
    """A broad hollow, and a narrow one elsewhere that is deeper: regret from 0 to 1."""
    broad = 0.6 * np.exp(-8 * ((x - 0.25) ** 2).sum(1))
    narrow = np.exp(-200 * ((x - 0.8) ** 2).sum(1))
    return 1 - np.maximum(broad, narrow)


def both_ways(function, dimensions: int, times: int, seed) -> np.ndarray:
    """The least values of 12 + 12 zoomed and of 24 at once, (times, 2)."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(times):
        places = rng.random((2 * HALF, dimensions))
        seen = function(places)
        first = places[int(seen[:HALF].argmin())]
        closer = function(zoomed(first, places[HALF:]))
        found.append((min(seen[:HALF].min(), closer.min()), seen.min()))
    return np.array(found)


@experiment
def regrets(lab) -> dict[str, np.ndarray]:
    """Mean regrets (seeds, [zoomed, at once]) by problem."""
    times, found = 20 * lab.settings.searches, {}
    functions = {name: (regret_of(name), size) for name, size in FUNCTIONS.items()}
    functions[TRAP] = (hole, 2)
    for name, (function, size) in functions.items():
        found[name] = np.array(
            [both_ways(function, size, times, [seed, 87]).mean(0) for seed in lab.seeds]
        )
    rows, side = [], np.linspace(0, 1, 41)
    every = np.array(np.meshgrid(side, side)).reshape(2, -1).T
    for seed, surface in zip(lab.seeds, surfaces(lab), strict=True):
        seen = both_ways(surface, 2, times, [seed, 88])
        rows.append(seen.mean(0) / surface(every).min() - 1)
    found[NETWORK] = np.array(rows)
    return {name: np.maximum(values, 1e-6) for name, values in found.items()}


@claim(
    "hp-refine",
    "After the first results, narrow the space down to its most promising zones and "
    "search again.",
    says="advice",
    notes="002",
    scope="24 random evaluations: three functions, and a network's rate and momentum",
)
def zooms_in(lab):
    """The regret of 24 places at once over that of 12 and 12 closer ones."""
    found = regrets(lab)
    lab.table(
        "Mean regret of 12 + 12 evaluations in a closer box, and of 24 at once",
        ["problem", "12 + 12", "24"],
        [[name, *map(float, values.mean(0))] for name, values in found.items()],
    )
    ratios = {
        name: float(np.exp(np.log(values[:, 1] / values[:, 0]).mean()))
        for name, values in found.items()
    }
    return Finding(
        {
            name: stats.greater(values[:, 1], values[:, 0], by=stats.TENTH, scale="log")
            for name, values in found.items()
            if name != TRAP
        },
        "On the network 24 places at once have {net:.1f} times the regret of 12 and 12 "
        "closer ones. By problem the ratio is {ratios:.2f}. A bowl suits zooming; "
        "a trap that is made up against it is a narrow hole far from the first best "
        "place.",
        figure=draw_zoom,
        net=ratios[NETWORK],
        ratios=ratios,
    )


def inside(axis, tick: float) -> bool:
    """Whether a tick lies within the limits of an axis."""
    low, high = axis.get_xlim()
    return low <= tick <= high


def draw_zoom(lab):
    """One search that zooms, over the network's losses."""
    figure, (left, right) = figures.new(1, 2, width=11.4, height=4.6)
    surface, side = surfaces(lab)[0], np.linspace(0, 1, 81)
    grid = np.array(np.meshgrid(side, side)).reshape(2, -1).T
    heights = np.log10(surface(grid)).reshape(81, 81)
    shown = left.contourf(side, side, heights, levels=12, cmap="Blues")
    figure.colorbar(shown, ax=left, label="validation loss (powers of ten, nats)")
    rng = np.random.default_rng([lab.seeds[0], 89])
    places = rng.random((2 * HALF, 2))
    first = places[int(surface(places[:HALF]).argmin())]
    closer = zoomed(first, places[HALF:])
    left.plot(*places[:HALF].T, "o", color=figures.COLORS[1], label="first 12")
    left.plot(*closer.T, "^", color=figures.COLORS[4], label="12 closer ones")
    low = np.clip(first - SIDE / 2, 0, 1 - SIDE)
    box = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * SIDE + low
    left.plot(*box.T, color="#000000", lw=1)
    left.grid(visible=False)
    figures.legend(left, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    figures.describe(left, "The second half looks closer",
                     "rate, 0.001 to 10 in equal factors",
                     "momentum, 0 to 0.98, step by step")  # fmt: skip
    found = regrets(lab)
    names = list(found)[::-1]
    for index, name in enumerate(names):
        ratios = found[name][:, 1] / found[name][:, 0]
        right.plot(ratios, [index] * len(ratios), "o", color=figures.COLORS[0])
    right.axvline(1, color="#000000", lw=1)
    right.set(xscale="log", ylim=(-0.6, len(names) - 0.4))
    right.set_yticks(range(len(names)), [name.replace(": ", ":\n") for name in names])
    wins = sum((values[:, 1] > values[:, 0]).mean() > 0.5 for values in found.values())
    ticks = [t for t in (0.5, 0.7, 1, 1.2, 1.5, 2, 3) if inside(right, t)]
    right.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    right.minorticks_off()
    title = f"Zooming has less regret\non {wins} of {len(found)} problems"
    figures.describe(right, title, "regret of 24 at once / of 12 + 12", "")
    lab.figure(
        "zoom",
        figure,
        "Left: a search of twelve and twelve places over a network's losses. Right: "
        "how many times the regret is without zooming, a mark a seed.",
    )


if __name__ == "__main__":
    main(__file__)
