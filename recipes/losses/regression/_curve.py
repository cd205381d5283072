"""A noisy curve, part of whose targets are thrown upward; networks that fit it."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import losses

from recipes.lab import Study, experiment, figures, stats
from zoo import mlp
from zoo.losses import Barron, Quantile

NOISE = 0.2
GRID = np.linspace(-3, 3, 121)
# What is minimized, and what is done with the outliers before.
CASES = {
    "squared error, no outliers": {"loss": "squared", "targets": "clean"},
    "squared error": {"loss": "squared", "targets": "as is"},
    "absolute error": {"loss": "absolute", "targets": "as is"},
    "Huber, δ = 1": {"loss": "Huber", "targets": "as is"},
    "quantile 0.5": {"loss": "quantile 0.5", "targets": "as is"},
    "Barron, α = -2": {"loss": "Barron", "targets": "as is"},
    "squared, capped": {"loss": "squared", "targets": "capped"},
    "squared, weighted": {"loss": "squared", "targets": "weighted"},
}
STUDIES = {
    name: Study(mlp, loss, "adam")
    for name, loss in {
        "squared": losses.MeanSquaredError(),
        "absolute": losses.MeanAbsoluteError(),
        "Huber": losses.Huber(),
        "quantile 0.5": Quantile(),
        "Barron": Barron(alpha=-2.0),
    }.items()
}
NETWORK = {
    "num_classes": 1, "units": [32, 32], "activation": "tanh", "task": "regression"
}  # fmt: skip


def fences(y, reach: float = 1.5) -> tuple[float, float]:
    """Tukey's fences: the quartiles, and so many times their distance beyond."""
    first, third = np.percentile(y, [25, 75])
    return first - reach * (third - first), third + reach * (third - first)


def outside(y) -> np.ndarray:
    """Says which targets lie beyond the fences."""
    low, high = fences(y)
    return (y < low) | (y > high)


def truth(x):
    """The curve: a sine on a slope."""
    return np.sin(1.5 * x) + 0.3 * x


@dataclass(frozen=True)
class Sample:
    """Points of the curve: targets without and with outliers, and where they are."""

    x: np.ndarray
    clean: np.ndarray
    y: np.ndarray
    off: np.ndarray


def draw_points(points: int, share: float, seed: int) -> Sample:
    """Draws points; a share of the targets is thrown 6 to 10 units upward."""
    rng = np.random.default_rng([seed, 4])
    x = rng.uniform(-3, 3, points)
    clean = truth(x) + rng.normal(0, NOISE, points)
    off = np.zeros(points, bool)
    off[rng.choice(points, round(share * points), replace=False)] = True
    y = clean + np.where(off, rng.uniform(6, 10, points), 0)
    return Sample(x, clean, y, off)


def measure(curve) -> dict:
    """Returns a curve on the grid, and its rms distance to the truth there."""
    gap = np.asarray(curve, float) - truth(GRID)
    distance = float(np.sqrt(np.mean(gap**2)))
    return {"curve": np.round(curve, 4).tolist(), "distance": distance}


def train(case, seed, data) -> dict:
    """Trains on the seed's points; returns the fitted curve and its distance."""
    sample = draw_points(case["points"], case["outliers"], seed)
    y, weights = sample.y, np.ones(case["points"])
    if case["targets"] == "clean":
        y = sample.clean
    elif case["targets"] == "capped":
        y = np.clip(y, *fences(y))
    elif case["targets"] == "weighted":
        weights[outside(y)] = 0.1
    # One long epoch of many passes, each in its own order: fewer, longer calls.
    rng = np.random.default_rng([seed, 5])
    rows = np.concatenate([rng.permutation(len(y)) for _ in range(case["passes"])])
    return STUDIES[case["loss"]].train(
        (sample.x[rows, None].astype("float32"), y[rows, None].astype("float32")),
        seed,
        epochs=1,
        batch_size=40,
        learning_rate=0.01,
        network=NETWORK,
        sample_weight=weights[rows].astype("float32"),
        shuffle=False,
        measure=lambda model: measure(
            keras.ops.convert_to_numpy(model(GRID[:, None]))[:, 0]
        ),
    )["measured"]


@experiment
def networks(lab) -> dict[str, list[dict]]:
    """The networks of every loss and remedy, with a table of their distances."""
    chosen = lab.settings
    sizes = {
        "points": chosen.points, "outliers": chosen.outliers, "passes": chosen.passes
    }  # fmt: skip
    runs = lab.sweep(train, {n: c | sizes for n, c in CASES.items()}, title="networks")
    show_distances(lab, "Networks", runs)
    return runs


def show_distances(lab, what: str, runs: dict[str, list[dict]]) -> None:
    """Prints a table of distances to the true curve."""
    found = {name: stats.column(each, "distance") for name, each in runs.items()}
    share = lab.settings.outliers
    lab.table(
        f"{what}: distance to the true curve, {share:.0%} of targets off",
        ("fit", "mean", "least", "greatest"),
        [
            (n, float(d.mean()), float(d.min()), float(d.max()))
            for n, d in found.items()
        ],
    )


def draw_fits(lab, name: str, title: str, runs: dict[str, list[dict]]) -> None:
    """Draws the first seed's fits over its points."""
    sample = draw_points(lab.settings.points, lab.settings.outliers, 0)
    figure, axes = figures.new(width=8.4, height=4.4)
    axes.plot(sample.x, sample.y, ".", color="#999999", markersize=4)
    axes.plot(GRID, truth(GRID), color="#000000", label="truth", lw=4, alpha=0.25)
    for index, (fit, found) in enumerate(runs.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(GRID, found[0]["curve"], label=fit, **style)
    figures.describe(axes, title, "input x", "target y")
    figures.legend(axes, loc="center left", bbox_to_anchor=(1, 0.5))
    lab.figure(
        name,
        figure,
        "Fits of a noisy curve whose targets are in part thrown upward: "
        f"{', '.join(runs)}.",
    )
