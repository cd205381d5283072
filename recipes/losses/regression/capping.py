"""Capping: a cap finds only outliers that are rarer than what it is made of.

Targets beyond a limit are moved onto it, or taken out. The limit comes from the same
targets. The 99th percentile is itself an outlier where more than one target in a
hundred is; outliers widen the standard deviation that is to find them; quartiles, and
the fences that Tukey puts 1.5 times their distance beyond, bear up to a quarter.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main
from recipes.losses.regression._curve import fences, outside
from recipes.losses.regression._planes import (
    distance,
    planes,
    share_undone,
    undoes_half,
)

SHARES = (0.004, 0.05, 0.2)  # rarer than a percentile, as usual, and many
SHIFT = 20.0  # units, where clean targets have a standard deviation of 1


def cap_at_percentiles(y, low: float = 1.0, high: float = 99.0) -> np.ndarray:
    """Moves targets beyond two percentiles onto them."""
    return np.clip(y, *np.percentile(y, [low, high]))


def cap_by_z_score(y, most: float = 3.0) -> np.ndarray:
    """Moves targets more than some standard deviations off the mean to there."""
    return np.clip(y, y.mean() - most * y.std(), y.mean() + most * y.std())


def cap_at_fences(y) -> np.ndarray:
    """Moves targets beyond the fences onto them."""
    return np.clip(y, *fences(y))


REMEDIES = {
    "percentiles 1 and 99": lambda data: distance(data, cap_at_percentiles(data["y"])),
    "3 standard deviations": lambda data: distance(data, cap_by_z_score(data["y"])),
    "fences, capped": lambda data: distance(data, cap_at_fences(data["y"])),
    "fences, removed": lambda data: distance(
        data, data["y"], (~outside(data["y"])).astype(float)
    ),
}


# Planes in ten inputs, 500 rows, solved by least squares, so that nothing but the data
# is random. A remedy helps if it undoes at least half of the error that outliers add.


@claim(
    "outlier-capping",
    "Capping targets (by percentiles, z-scores or quartiles) or removing them helps "
    "against outliers.",
    says="advice",
    hedge="consider",
    notes="002",
    scope="least squares on 500 rows of 10 inputs; 0.4, 5 and 20 % of the targets 20 "
    "units off",
)
def capped_or_removed(lab):
    """Four remedies for three shares of outliers."""
    data = {s: [planes(i, s, SHIFT) for i in lab.seeds] for s in (0.0, *SHARES)}
    plain = {s: [distance(d, d["y"]) for d in found] for s, found in data.items()}
    holds, undone = {}, {name: [] for name in REMEDIES}
    rows = [["as it is", *(float(np.mean(d)) for d in plain.values())]]
    for name, remedy in REMEDIES.items():
        treated = {s: [remedy(d) for d in found] for s, found in data.items()}
        rows.append([name, *(float(np.mean(d)) for d in treated.values())])
        for share in SHARES:
            three = plain[0.0], plain[share], treated[share]
            holds[f"{name}, {share:.1%} off"] = undoes_half(*three)
            undone[name].append(share_undone(*three))
    title = "Planes' distance to the truth by share off"
    lab.table(title, ("targets", *(f"{share:.1%}" for share in data)), rows)
    return Finding(
        holds,
        "Of the error that {shares:.1%} of outliers add, caps undo so much: "
        "percentiles 1 and 99 {percentiles:.0%}; 3 standard deviations {z_score:.0%}; "
        "fences {fences:.0%}; removing beyond the fences {removed:.0%}. A percentile "
        "caps only what is rarer than itself, and many outliers widen the standard "
        "deviation that is to find them.",
        figure=draw_caps,
        shares=SHARES,
        percentiles=undone["percentiles 1 and 99"],
        z_score=undone["3 standard deviations"],
        fences=undone["fences, capped"],
        removed=undone["fences, removed"],
        distances=rows,
    )


def draw_caps(lab):
    """The first seed's targets, one in twenty off, with the limits of three caps."""
    figure, axes = figures.new(width=8.0, height=3.8)
    y = planes(0, 0.05, SHIFT)["y"]
    axes.hist(y, bins=np.linspace(-5, 25, 61), color="#BBBBBB")
    axes.set(yscale="log", xlim=(-5, 25))
    limits = {
        "99th percentile": cap_at_percentiles(y).max(),
        "3 standard deviations": cap_by_z_score(y).max(),
        "upper fence": cap_at_fences(y).max(),
    }
    for index, (name, limit) in enumerate(limits.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.axvline(limit, label=name, **style)
    title = "One target in twenty is off: only the fence lies at the others"
    figures.describe(
        axes, title, "target y (standard deviations of the others)", "rows"
    )
    figures.legend(axes, loc="center")
    lab.figure(
        "caps",
        figure,
        "Targets of which 5 % are 20 units off, and the upper limits of three caps.",
    )


if __name__ == "__main__":
    main(__file__)
