"""Regression losses: what an outlier costs, and what can be done about it.

Formulas are held against Keras's. Then constants, lines and small networks are
fitted to data with outliers: by other losses, by capped or weighted targets, by
random forests.

Notes: 1.5 Loss functions
Data: generated: a noisy curve, planes and samples, a part of whose targets is off.
Run: recipes run regression          (about 10 s on 2 CPU cores)
References: Huber (1964); Tukey (1977); Koenker and Bassett (1978);
    Breiman (2001); Barron (2019).
"""

from dataclasses import dataclass

import numpy as np

from recipes.lab import lab_main, stats
from recipes.losses import (
    _regression_curve,
    _regression_exact,
    _regression_figures,
    _regression_location,
)
from recipes.losses import _regression_linear as linear

CLAIMS = {
    "loss-mse": "Mean squared error is the mean of the squared errors, 1/N Σ(y − ŷ)², "
    "also written ½ Σ(y − ŷ)².",
    "loss-mae": "Mean absolute error is the mean size of the errors, 1/N Σ|y − ŷ|, "
    "also written ½ Σ(ŷ − y).",
    "loss-huber": "Huber's loss is quadratic for errors up to δ and linear beyond.",
    "loss-error-vs-loss": "An error belongs to one prediction, a loss to an example "
    "or a batch.",
    "loss-adaptive": "The adaptive loss |e|^p / p with p = 2 − 2/(1 + (e/c)²) is "
    "robust to outliers.",
    "loss-adaptive-barron": "Barron's ρ(e, α, c), probably the loss that was meant, is "
    "robust to outliers.",
    "loss-quantile": "The quantile loss is robust to outliers.",
    "mse-outlier-sensitive": "Outliers pull a fit by squared error, and one by "
    "absolute or Huber's loss less.",
    "mae-convergence-issue": "The absolute error's slope is constant, so that it "
    "converges poorly.",
    "l1-loss-many-solutions": "The absolute error can have several solutions, the "
    "squared error has one.",
    "outlier-capping": "Capping targets (by percentiles, z-scores or quartiles) or "
    "removing them helps against outliers.",
    "outlier-weighting": "Lower weights for outliers help against them.",
    "outlier-ensembles-rf": "Random forests are a robust baseline under outliers.",
}
SMOKE = {"seeds": 2, "points": 80, "passes": 5, "trees": 5}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Data sets and networks for each case."
    points: int = 200
    "Points of the curve."
    outliers: float = 0.1
    "Share of the curve's targets that are thrown 6 to 10 units off."
    passes: int = 100
    "Passes over the points."
    trees: int = 50
    "Trees of a forest."


def experiment(lab):
    """Judges the formulas, then fits of growing size."""
    _regression_curve.check(lab.settings.points, lab.settings.outliers)
    _regression_exact.judge(lab)
    constants = _regression_location.fitted(lab.seeds)
    _regression_location.judge_quantile(lab, constants)
    _regression_location.judge_solutions(lab)
    _regression_location.judge_descent(lab)
    lab.figure(
        "losses", _regression_figures.draw_losses(),
        "Six regression losses and their slopes over the residual.",
    )  # fmt: skip

    lab.precision("dense")
    runs = fit_curves(lab)
    judge_sensitivity(lab, constants, runs)
    judge_capping(lab)
    judge_weighting(lab, runs)
    judge_forests(lab, runs)
    lab.figure(
        "fits", _regression_figures.draw_fits(lab, runs),
        "Fits of a noisy curve whose targets are in part thrown upward.",
    )  # fmt: skip


def distances(runs) -> list[float]:
    """Returns the rms distance to the true curve of every seed."""
    return [run["distance"] for run in runs]


def fit_curves(lab) -> dict[str, list[dict]]:
    """Trains a network for every case, and grows the forests."""
    chosen = lab.settings
    networks = _regression_curve.Networks(chosen.points, chosen.outliers, chosen.passes)
    runs = lab.sweep(networks.train, _regression_curve.CASES, title="networks")
    forests = lab.sweep(
        lambda arguments, seed: _regression_curve.grow(
            arguments, chosen.points, chosen.outliers, chosen.trees, seed
        ),
        _regression_curve.FORESTS,
        title="forests",
    )
    runs = {**runs, **forests}
    lab.table(
        f"Distance to the true curve, {chosen.outliers:.0%} of targets off",
        ("fit", "mean", "least", "greatest"),
        [
            (name, float(np.mean(d)), min(d), max(d))
            for name, d in ((name, distances(found)) for name, found in runs.items())
        ],
    )
    return runs


def judge_sensitivity(lab, constants, runs) -> None:
    """Squared against absolute and Huber's loss: a constant, a network, a line."""
    center = _regression_location.CENTER
    tilted = [linear.lines(seed) for seed in lab.seeds]
    cases = {
        "a constant, targets off": {
            name: [abs(value - center) for value in constants[name]["spoiled"]]
            for name in ("squared", "absolute", "Huber, δ = 1")
        },
        "a network, targets off": {
            "squared": distances(runs["squared error"]),
            "absolute": distances(runs["absolute error"]),
            "Huber, δ = 1": distances(runs["Huber, δ = 1"]),
        },
        "a line, inputs off": {name: [t[name] for t in tilted] for name in tilted[0]},
    }
    holds, told, evidence = {}, [], {}
    for case, found in cases.items():
        for name in ("absolute", "Huber, δ = 1"):
            gain = stats.paired(found["squared"], found[name])
            holds[f"{name.partition(',')[0]}: {case}"] = gain.positive
            evidence[f"squared_minus_{name.partition(',')[0]}: {case}"] = gain
        means = [f"{np.mean(values):.2g}" for values in found.values()]
        told.append(f"{', '.join(means)} for {case}")
    fits = {name: float(np.mean(c["spoiled"])) for name, c in constants.items()}
    lab.verdict(
        "mse-outlier-sensitive",
        holds,
        evidence={**evidence, "mean_fitted_constant": fits, "true_constant": center},
        note="Mean distance to the truth by squared, absolute and Huber's loss: "
        f"{'; '.join(told)}. Both bound a residual's pull; but an input multiplies "
        "it, so that the pull of a wrong input has no bound.",
    )


def judge_capping(lab) -> None:
    """Four remedies on planes whose targets are 20 units off, for three shares."""
    shares = (0.004, 0.05, 0.2)
    holds, evidence, rows, told = {}, {}, [], []
    data = {s: [linear.planes(i, s, 20.0) for i in lab.seeds] for s in (0.0, *shares)}
    plain = {
        s: [linear.distance(d, d["y"]) for d in found] for s, found in data.items()
    }
    rows.append(("as it is", *(float(np.mean(d)) for d in plain.values())))
    for name, cap in linear.CAPS.items():
        treated = {s: [cap(d) for d in found] for s, found in data.items()}
        rows.append((name, *(float(np.mean(d)) for d in treated.values())))
        for share in shares:
            case = f"{name}, {share:.1%} off"
            holds[case], evidence[case] = linear.undone(
                plain[0.0], plain[share], treated[share]
            )
        undone = [evidence[f"{name}, {share:.1%} off"] for share in shares]
        told.append(f"{', '.join(f'{share:.0%}' for share in undone)} ({name})")
    title = "Planes' distance to the truth by share off"
    lab.table(title, ("targets", *(f"{share:.1%}" for share in data)), rows)
    lab.verdict(
        "outlier-capping",
        holds,
        evidence={"share_of_the_added_error_undone": evidence, "distances": rows},
        note=f"With {', '.join(f'{share:.1%}' for share in shares)} of the targets 20 "
        f"units off this undoes of the added error: {'; '.join(told)}. A percentile "
        "caps only what is rarer than itself, and many outliers widen the standard "
        "deviation that is to find them.",
    )


def judge_weighting(lab, runs) -> None:
    """Weight 0.1 for outliers that are known, or found in one of two ways."""
    holds, evidence = {}, {}
    for shift in (20.0, 2.0):
        data = [linear.planes(seed, 0.05, shift) for seed in lab.seeds]
        clean = [linear.distance(d, d["clean"]) for d in data]
        plain = [linear.distance(d, d["y"]) for d in data]
        for name, weigh in linear.WEIGHTS.items():
            treated = [linear.distance(d, d["y"], weigh(d)) for d in data]
            case = f"{name}, {shift:g} units off"
            held, evidence[case] = linear.undone(clean, plain, treated)
            if "control" not in name:
                holds[case] = held
    case = "network, fences of the target"
    names = ("squared error, no outliers", "squared error", "squared, weighted")
    holds[case], evidence[case] = linear.undone(*(distances(runs[n]) for n in names))
    lab.verdict(
        "outlier-weighting",
        holds,
        evidence={"share_of_the_added_error_undone": evidence, "weight": 0.1},
        note="A weight of 0.1 undoes of the error that outliers add: "
        + "; ".join(f"{share:.0%} ({case})" for case, share in evidence.items())
        + ". It must fall on the right rows, and a target's own fences see no outlier "
        "within the range of the others.",
    )


def judge_forests(lab, runs) -> None:
    """Three forests against a network with squared error, on the same points."""
    network = distances(runs["squared error"])
    gains, without = {}, {}
    for name in _regression_curve.FORESTS:
        gains[name] = stats.paired(network, distances(runs[name]))
        each = [run["distance_without_outliers"] for run in runs[name]]
        without[name] = float(np.mean(each))
    means = {name: float(np.mean(distances(runs[name]))) for name in gains}
    lab.verdict(
        "outlier-ensembles-rf",
        {name: gain.positive for name, gain in gains.items()},
        evidence={
            "distance_of_network_minus_forest": gains,
            "distance_of_the_network": float(np.mean(network)),
            "distance_of_forests": means,
            "distance_of_forests_without_outliers": without,
        },
        note=f"Distance to the truth {np.mean(network):.2g} for a network with squared "
        "error, "
        + ", ".join(
            f"{mean:.2g} ({name}; {without[name]:.2g} without outliers)"
            for name, mean in means.items()
        )
        + ". A leaf by squared error is the mean of its targets, outliers too, one by "
        "absolute error their median.",
    )


if __name__ == "__main__":
    lab_main(experiment)
