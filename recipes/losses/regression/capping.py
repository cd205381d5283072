"""Capping: a cap finds only outliers that are rarer than what it is made of.

Targets beyond a limit are moved onto it (capped), or taken out. The limit comes from
the same targets. The 99th percentile is itself an outlier where more than one target in
a hundred is. Outliers widen the standard deviation that is to find them: of outliers
that are all equally far, none has a z-score of 3 where they are more than one in ten.
The fences, which Tukey puts 1.5 times the quartiles' distance beyond the quartiles,
bear up to a quarter.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.regression._curve import fences, outside
from recipes.losses.regression._planes import (
    SAMPLES,
    distance,
    planes,
    share_undone,
    undoes_half,
)

SHARES = (0.004, 0.05, 0.2)  # rarer than a percentile, as usual, and many
SHIFT = 20.0  # units, where clean targets have a standard deviation of 1
RANGES = {"percentiles 1 and 99": (1, 99), "percentiles 10 and 90": (10, 90)}


def cap(y, low: float, high: float) -> np.ndarray:
    """Moves targets beyond two percentiles onto them."""
    return np.clip(y, *np.percentile(y, [low, high]))


def beyond_z_scores(y, most: float = 3.0) -> np.ndarray:
    """Says which targets are more than so many standard deviations off the mean."""
    return np.abs(y - y.mean()) > most * y.std()


@experiment
def data_sets(lab) -> dict[float, list[dict]]:
    """A plane for each seed, by the share of targets that are off."""
    return {s: [planes(seed, s, SHIFT) for seed in lab.seeds] for s in (0.0, *SHARES)}


# Planes in ten inputs, 500 rows, solved by least squares, so that nothing but the data
# is random. A remedy helps if it undoes at least half of the error that outliers add.


@claim(
    "outlier-capping",
    "Capping extreme targets at a range of percentiles limits what outliers do.",
    says="advice",
    notes="002",
    scope="least squares on 500 rows of 10 inputs; 0.4, 5 and 20 % of the targets 20 "
    "standard deviations off",
)
def capped(lab):
    """A wide and a narrow range, for three shares of outliers."""
    data = data_sets(lab)
    plain = {s: [distance(d, d["y"]) for d in found] for s, found in data.items()}
    holds, undone, rows = {}, {}, []
    for name, limits in RANGES.items():
        for share in SHARES:
            treated = [distance(d, cap(d["y"], *limits)) for d in data[share]]
            three = plain[0.0], plain[share], treated
            holds[f"{name}, {share:.1%} off"] = undoes_half(*three)
            undone[name, share] = share_undone(*three)
            means = [f"{np.mean(each):.3g}" for each in three]
            rows.append([name, f"{share:.1%}", *means])
    columns = ("capped at", "off", "without outliers", "as it is", "capped")
    lab.table("Planes' distance to the truth", columns, rows)
    wide, narrow = ([undone[name, s] for s in SHARES] for name in RANGES)
    return Finding(
        holds,
        "Where {shares:.1%} of the targets are off, capping at the percentiles 1 and "
        "99 undoes {wide:.0%} of the error that they add, and at 10 and 90 "
        "{narrow:.0%}. A range can help if fewer targets are off than lie beyond it. "
        "One that is much narrower caps right targets, too: its error may be larger "
        "than that of the outliers (a share below 0).",
        figure=draw_caps,
        shares=SHARES,
        wide=wide,
        narrow=narrow,
        distances=rows,
    )


# Finding outliers is judged by itself: nine in ten of them must be found, and of the
# right targets at most one in a hundred be taken for one.

FOUND = 0.9
FALSE_ALARMS = 0.01
DETECTORS = {"z-scores beyond 3": beyond_z_scores, "quartile fences": outside}


@claim(
    "outlier-detection",
    "Statistical methods, such as z-scores or the interquartile range, identify "
    "outliers.",
    says="advice",
    notes="002",
    scope="500 targets of which 0.4, 5 and 20 % are 20 standard deviations off",
)
def detected(lab):
    """Which outliers either method finds, and which right targets it takes for one."""
    holds, found, alarms = {}, {}, {}
    for name, detect in DETECTORS.items():
        for share in SHARES:
            marks = [(detect(d["y"]), d["off"]) for d in data_sets(lab)[share]]
            case = f"{name}, {share:.1%} off"
            found[case] = float(np.mean([marked[off].mean() for marked, off in marks]))
            alarms[case] = float(
                np.mean([marked[~off].mean() for marked, off in marks])
            )
            holds[case] = found[case] >= FOUND and alarms[case] <= FALSE_ALARMS
    return Finding(
        holds,
        "Of the outliers, where {shares:.1%} of the targets are one, z-scores find "
        "{by_z:.0%} and fences {by_fences:.0%}; of the right targets they mark at "
        "most {most:.1%}. A share s of equally far outliers has z-scores of √((1 − "
        "s)/s): below 3 where more than one in ten is off, however far.",
        shares=SHARES,
        by_z=[found[f"z-scores beyond 3, {s:.1%} off"] for s in SHARES],
        by_fences=[found[f"quartile fences, {s:.1%} off"] for s in SHARES],
        most=max(alarms.values()),
        found=found,
        false_alarms=alarms,
    )


def right_but_far(seed: int, skewed: bool) -> dict[str, np.ndarray]:
    """A plane some of whose targets are far off the others, and right.

    The inputs have heavy tails; or they are normal, and what they do not explain is
    skewed, as sums of money are: log-normal, less its mean.
    """
    rng, shape = np.random.default_rng([seed, 8]), (2 * SAMPLES, 10)
    inputs = rng.normal(size=shape) if skewed else rng.standard_t(3, shape)
    x, weights = np.column_stack([np.ones(len(inputs)), inputs]), rng.normal(size=10)
    truth = inputs @ (weights / np.linalg.norm(weights))
    noise = rng.lognormal(size=SAMPLES) - np.exp(0.5)
    y = truth[:SAMPLES] + (noise if skewed else rng.normal(0, 0.1, SAMPLES))
    return {"x": x[:SAMPLES], "y": y, "new_x": x[SAMPLES:], "truth": truth[SAMPLES:]}


FAR = {"inputs of heavy tails": False, "a skewed target": True}


def without_marked(data) -> float:
    """The distance to the truth if targets beyond the fences are taken out."""
    return distance(data, data["y"], (~outside(data["y"])).astype(float))


@claim(
    "outlier-removal",
    "Outliers are to be removed if they are noise, and carefully: removing informative "
    "points loses information.",
    says="advice",
    hedge="consider",
    notes="002",
    scope="least squares on 500 rows of 10 inputs, without targets beyond the fences",
)
def removed(lab):
    """Removing noise, and removing far targets that are right."""
    data = data_sets(lab)
    clean = [distance(d, d["y"]) for d in data[0.0]]
    holds, undone = {}, []
    for share in SHARES[1:]:
        plain = [distance(d, d["y"]) for d in data[share]]
        three = clean, plain, [without_marked(d) for d in data[share]]
        holds[f"removing helps where {share:.0%} are noise"] = undoes_half(*three)
        undone.append(share_undone(*three))
    marked, kept, lost = {}, {}, {}
    for name, skewed in FAR.items():
        # Four for each seed: they cost nothing, and the effect may be small.
        right = [right_but_far(i, skewed) for i in lab.more_seeds(4)]
        kept[name] = [distance(d, d["y"]) for d in right]
        lost[name] = [without_marked(d) for d in right]
        marked[name] = float(np.mean([outside(d["y"]).mean() for d in right]))
        holds[f"removing costs where far targets are right: {name}"] = stats.greater(
            lost[name], kept[name], by=stats.TENTH, scale="log"
        )
    return Finding(
        holds,
        "Where {shares:.0%} of the targets are noise, removing what lies beyond the "
        "fences undoes {undone:.0%} of the error that they add. Where far targets are "
        "right ({of}), {marked:.1%} of the targets lie beyond the fences; removing "
        "those takes the distance to the truth from {kept:.2g} to {lost:.2g}.",
        shares=SHARES[1:],
        undone=undone,
        marked=list(marked.values()),
        kept=[float(np.mean(each)) for each in kept.values()],
        lost=[float(np.mean(each)) for each in lost.values()],
        of=list(FAR),
    )


def draw_caps(lab):
    """The first seed's targets, one in twenty off, with the limits of three methods."""
    figure, axes = figures.new(width=8.0, height=3.8)
    y = planes(0, 0.05, SHIFT)["y"]
    axes.hist(y, bins=np.linspace(-5, 25, 61), color="#BBBBBB")
    axes.set(yscale="log", xlim=(-5, 25))
    limits = {
        "99th percentile": np.percentile(y, 99),
        "3 standard deviations": y.mean() + 3 * y.std(),
        "upper fence": fences(y)[1],
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
        "Targets of which 5 % are 20 units off, and the upper limits of three methods.",
    )


if __name__ == "__main__":
    main(__file__)
