"""ReLU at the output of a regression: targets of both signs, and from zero."""

import keras
import numpy as np

from recipes.lab import Restart, fit, stats

FEATURES, ROWS, HIDDEN = 10, 1000, 32
GOOD = 0.9  # share of the target's variance that a useful network explains
SIGNED, POSITIVE = "targets of both signs", "targets from 0"
CASES = {
    f"{output} output, {kind}": (output, kind)
    for output, kind in (
        ("linear", SIGNED),
        ("linear", POSITIVE),
        ("relu", SIGNED),
        ("relu", POSITIVE),
        ("softplus", POSITIVE),
    )
}


def draw(seed: int, rows: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """A linear function of unit variance with a little noise, or its size."""
    rng = np.random.default_rng([seed, 17])
    x = rng.normal(size=(rows, FEATURES))
    y = x.sum(1) / np.sqrt(FEATURES) + rng.normal(0, 0.1, rows)
    y = np.abs(y) if kind == POSITIVE else y
    return x.astype("float32"), y[:, None].astype("float32")


class Regressions:
    """Networks with ReLU in the hidden layer, by the activation of their output."""

    def __init__(self):
        self._made = {}

    def train(self, case: tuple[str, str], seed: int, epochs: int) -> dict:
        """Trains one; returns the explained share of the test targets' variance."""
        output, kind = case
        if output not in self._made:
            model = keras.Sequential(
                [
                    keras.Input((FEATURES,)),
                    keras.layers.Dense(HIDDEN, "relu"),
                    keras.layers.Dense(1, output, dtype="float32"),
                ]
            )
            model.compile(keras.optimizers.Adam(0.01), "mean_squared_error")
            self._made[output] = Restart(model)
        restart = self._made[output]
        restart()
        fit(restart.model, *draw(seed, ROWS, kind), batch_size=50, epochs=epochs,
            seed=seed)  # fmt: skip
        x, y = draw(seed + 500, 5000, kind)
        guess = keras.ops.convert_to_numpy(restart.model(x))
        return {
            "explained": float(1 - ((guess - y) ** 2).mean() / y.var()),
            "ceiling": float(1 - (np.minimum(y, 0) ** 2).mean() / y.var()),
            "always_zero": bool((guess == 0).all()),
        }


def dead_starts(draws: int) -> float:
    """Share of fresh networks whose ReLU output is 0 for every row: no gradient."""
    x, _ = draw(0, ROWS, SIGNED)
    dead = 0
    for seed in range(draws):
        first, last = (
            keras.ops.convert_to_numpy(
                keras.initializers.GlorotUniform(seed=2 * seed + layer)(shape)
            )
            for layer, shape in enumerate([(FEATURES, HIDDEN), (HIDDEN, 1)])
        )
        dead += int((np.maximum(x @ first, 0) @ last <= 0).all())
    return dead / draws


def judge(lab) -> None:
    """Judges every pair by whether it explains the target."""
    networks = Regressions()
    runs = lab.sweep(
        lambda case, seed: networks.train(case, seed, lab.settings.passes),
        CASES,
        title="regression",
    )
    explained = {
        name: np.array([run["explained"] for run in found])
        for name, found in runs.items()
    }
    lab.table(
        "Hidden ReLU: explained share of the variance, by the output",
        ["output", "explained", "possible"],
        [
            [name, f"{values.mean():.3f}", f"{_ceiling(name, runs[name]):.3f}"]
            for name, values in explained.items()
        ],
    )
    gaps = {
        name: stats.paired(values, [GOOD] * len(values))
        for name, values in explained.items()
    }
    zeros = {name: sum(r["always_zero"] for r in found) for name, found in runs.items()}
    dead = dead_starts(40 * len(lab.seeds))
    means = {name: float(values.mean()) for name, values in explained.items()}
    lab.verdict(
        "pair-relu-mse",
        {
            f"ReLU {where}, {kind}": gaps[f"{output} output, {kind}"].positive
            for where, output in (("hidden", "linear"), ("output", "relu"))
            for kind in (SIGNED, POSITIVE)
        },
        evidence={
            "explained_share_of_the_variance": explained,
            f"explained_share_minus_{GOOD:g}": gaps,
            "explained_share_possible": {n: _ceiling(n, runs[n]) for n in runs},
            "networks_that_always_answer_0": zeros,
            "share_of_starts_without_any_gradient": dead,
        },
        note=note(means, runs, dead),
    )


def note(means: dict[str, float], runs, dead: float) -> str:
    """What the outputs reached, in words."""
    linear, clipped, fitting, smooth = (
        f"{output} output, {kind}"
        for output, kind in (
            ("linear", SIGNED),
            ("relu", SIGNED),
            ("relu", POSITIVE),
            ("softplus", POSITIVE),
        )
    )
    return (
        f"Hidden ReLU with a linear output explains {means[linear]:.3f} of the "
        "variance of targets of both signs. A ReLU output explains "
        f"{means[clipped]:.3f} of it ({_ceiling(clipped, runs[clipped]):.3f} is "
        f"possible without negative answers) and {means[fitting]:.3f} of targets from "
        f"0, softplus {means[smooth]:.3f}. Of "
        f"fresh networks with a ReLU output {dead:.0%} answer 0 to everything and get "
        "no gradient at all."
    )


def _ceiling(name: str, runs: list[dict]) -> float:
    """What an output of this range can explain; 1 where nothing is out of reach."""
    if not name.startswith("relu"):
        return 1.0
    return float(np.mean([run["ceiling"] for run in runs]))
