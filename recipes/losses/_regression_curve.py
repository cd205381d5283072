"""A network on a noisy curve, part of whose targets are thrown upward."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import losses
from sklearn.ensemble import RandomForestRegressor

from recipes.lab import Restart, UsageError, fit
from recipes.losses._regression_linear import iqr_cap, outside
from zoo import mlp
from zoo.losses import Barron, Quantile

NOISE, BATCH = 0.2, 40
GRID = np.linspace(-3, 3, 121)
LOSSES = {
    "squared": losses.MeanSquaredError,
    "absolute": losses.MeanAbsoluteError,
    "Huber": losses.Huber,
    "quantile 0.5": Quantile,
    "Barron": lambda: Barron(alpha=-2.0),
}
# What is minimized, and what is done with the outliers before.
CASES = {
    "squared error, no outliers": ("squared", "clean"),
    "squared error": ("squared", "as is"),
    "absolute error": ("absolute", "as is"),
    "Huber, δ = 1": ("Huber", "as is"),
    "quantile 0.5": ("quantile 0.5", "as is"),
    "Barron, α = -2": ("Barron", "as is"),
    "squared, capped": ("squared", "capped"),
    "squared, weighted": ("squared", "weighted"),
}
FORESTS = {
    "forest": {},
    "forest, leaves of 20": {"min_samples_leaf": 20},
    "forest, leaves of 20, absolute": {
        "min_samples_leaf": 20,
        "criterion": "absolute_error",
    },
}


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


def check(points: int, share: float) -> None:
    """Refuses settings under which there would be nothing to see."""
    if not 0 < share < 0.5:
        raise UsageError(f"--outliers must be between 0 and 0.5, not {share}.")
    if round(share * points) < 1:
        raise UsageError(f"--outliers {share} of --points {points} is not one point.")


def draw(points: int, share: float, seed: int) -> Sample:
    """Draws points; a share of the targets is thrown 6 to 10 units upward."""
    rng = np.random.default_rng([seed, 4])
    x = rng.uniform(-3, 3, points)
    clean = truth(x) + rng.normal(0, NOISE, points)
    off = np.zeros(points, bool)
    off[rng.choice(points, round(share * points), replace=False)] = True
    y = clean + np.where(off, rng.uniform(6, 10, points), 0)
    return Sample(x, clean, y, off)


def compiled(loss) -> Restart:
    """Compiles a 1-32-32-1 network with a loss."""
    model = mlp((1,), 1, units=(32, 32), activation="tanh", task="regression")
    model.compile(keras.optimizers.Adam(0.01), loss)
    return Restart(model)


class Networks:
    """Networks of the curve, compiled once for each loss and trained often.

    Args:
        points: Training points.
        share: Share of outliers among them.
        passes: Passes over the points.
    """

    def __init__(self, points: int, share: float, passes: int):
        self.points, self.share, self.passes = points, share, passes
        # All before the first training: the start of each depends on its seed alone.
        self.restarts = {name: compiled(loss()) for name, loss in LOSSES.items()}

    def train(self, case: tuple[str, str], seed: int) -> dict:
        """Trains on the seed's points; returns the fitted curve and its distance."""
        loss, handling = case
        self.restarts[loss]()
        sample, weights = draw(self.points, self.share, seed), np.ones(self.points)
        y = {"clean": sample.clean, "capped": iqr_cap(sample.y)}.get(handling, sample.y)
        if handling == "weighted":
            weights[outside(sample.y)] = 0.1
        model = self.restarts[loss].model
        # One long epoch of many passes, each in its own order: fewer, longer calls.
        rng = np.random.default_rng([seed, 5])
        rows = np.concatenate([rng.permutation(len(y)) for _ in range(self.passes)])
        fit(
            model,
            sample.x[rows, None].astype("float32"),
            y[rows, None].astype("float32"),
            sample_weight=weights[rows].astype("float32"),
            batch_size=BATCH,
            shuffle=False,
        )
        return measured(keras.ops.convert_to_numpy(model(GRID[:, None]))[:, 0])


def measured(curve) -> dict:
    """Returns a curve on the grid, and its rms distance to the truth there."""
    gap = np.asarray(curve, float) - truth(GRID)
    distance = float(np.sqrt(np.mean(gap**2)))
    return {"curve": np.round(curve, 4).tolist(), "distance": distance}


def grow(arguments: dict, points: int, share: float, trees: int, seed: int) -> dict:
    """Grows a random forest on the seed's points, with and without outliers."""
    sample = draw(points, share, seed)
    found = {}
    for kind, y in (("clean", sample.clean), ("spoiled", sample.y)):
        forest = RandomForestRegressor(trees, random_state=seed, **arguments)
        found[kind] = measured(forest.fit(sample.x[:, None], y).predict(GRID[:, None]))
    return {**found["spoiled"], "distance_without_outliers": found["clean"]["distance"]}
