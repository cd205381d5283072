"""Networks that start with too large weights, trained: divergence and overfitting."""

from dataclasses import dataclass

import keras
import numpy as np

from recipes.gradients._watch import (
    Start,
    Test,
    draw_weights,
    standardized,
    unanimous,
    watch,
)
from recipes.lab import figures, stats
from zoo import mlp

WIDTH, BATCH_SIZE = 64, 64
ROWS = 320  # few enough to be learned by heart
FACTORS = (1, 3, 10, 30)


@dataclass(frozen=True)
class Case:
    """A way to start and to train.

    Attributes:
        gain: Factor on He's weights.
        rate: Learning rate.
        briefly: Whether the first epochs are enough.
    """

    gain: float
    rate: float
    briefly: bool = False


# Does the loss rise?
RATES = {f"rate {rate:g}": Case(2.0, rate, briefly=True) for rate in (0.1, 0.01, 1e-4)}
# Is it overfitting? For plain SGD a gradient times ten is a rate times ten. The base
# rates let both starts learn: larger weights need a smaller one.
GAPS = {
    (start, factor): Case(gain, base * factor)
    for start, gain, base in (("He's", 1.0, 0.01), ("1.5 × He's", 1.5, 0.003))
    for factor in FACTORS
}
CASES = {**RATES, **{f"{s}, gradients × {f}": case for (s, f), case in GAPS.items()}}


class Trainings:
    """Trains with all cases and seeds in one fit.

    Args:
        data: A `Dataset` of images.
        depth: Hidden layers.
        seeds: Those of the run.
        epochs: Passes over the data.
    """

    def __init__(self, data, depth: int, seeds, epochs: int):
        self.data, self.depth, self.seeds, self.epochs = data, depth, seeds, epochs
        self._reports: dict[tuple, dict] = {}

    def train(self, name: str, seed: int) -> dict:
        """Returns the `history` of one case and seed, and the accuracies at its end."""
        if not self._reports:
            self._watch()
        return self._reports[name, seed]

    def _watch(self) -> None:
        model = mlp(
            self.data.x_train.shape[1:],
            self.data.num_classes,
            units=(WIDTH,) * self.depth,
        )
        model.compile(
            keras.optimizers.SGD(),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        keys = [(name, seed) for name in CASES for seed in self.seeds]
        starts = []
        for name, seed in keys:
            case = CASES[name]
            epochs = min(3, self.epochs) if case.briefly else self.epochs
            weights = draw_weights(model, seed, "he", case.gain)
            starts.append(Start(weights, (0.0, *[case.rate] * epochs)))
        x, x_test = standardized(self.data)
        train = x[:ROWS], self.data.y_train[:ROWS]
        tests = [Test(starts, *train), Test(starts, x_test, self.data.y_test)]
        reports = watch(model, starts, *train, batch_size=BATCH_SIZE, callbacks=tests)
        for key, report, *accuracies in zip(
            keys, reports, *(test.accuracies for test in tests), strict=True
        ):
            self._reports[key] = {
                "history": report["history"],
                "accuracies": accuracies,
            }


def judge_divergence(lab, runs) -> None:
    """Asks whether the loss rises above that of the start, or stops being a number."""
    losses = {n: np.array([run["history"]["loss"] for run in runs[n]]) for n in RATES}
    rises = {
        name: ~np.isfinite(row).all(1) | (row[:, 1:].max(1) > row[:, 0])
        for name, row in losses.items()
    }
    large, small = (
        [run["history"]["grad_norm"][0] for run in runs[name]]
        for name in (next(iter(RATES)), f"He's, gradients × {FACTORS[0]}")
    )
    lab.verdict(
        "explode-divergence",
        {name: unanimous(row) for name, row in rises.items()},
        evidence={
            "loss_by_epoch": losses,
            "gradient_norm_at_the_start": {"2 × He's": large, "He's": small},
        },
        note=f"Weights of 2 × He's give gradients of norm {np.mean(large):.0f} (He's: "
        f"{np.mean(small):.1f}). The loss rises or is lost in "
        + "; ".join(
            f"{row.sum()} of {len(row)} trainings at {name}"
            for name, row in rises.items()
        )
        + ". A step is rate times gradient: a small enough rate makes up for it.",
    )


def judge_overfitting(lab, runs) -> None:
    """Asks whether the gap of training and test accuracy grows with the gradients."""
    scores = {
        key: np.array([run["accuracies"] for run in runs[name]])
        for key, name in zip(GAPS, list(CASES)[len(RATES) :], strict=True)
    }
    gaps = {key: row[:, 0] - row[:, 1] for key, row in scores.items()}
    tenfold = np.log10(FACTORS) - np.mean(np.log10(FACTORS))
    slopes = {}
    for start in dict.fromkeys(start for start, _ in GAPS):
        by_factor = np.array([gaps[start, factor] for factor in FACTORS])
        slope = tenfold @ by_factor / (tenfold @ tenfold)  # least squares, by seed
        slopes[start] = stats.paired(slope, np.zeros(len(slope)))
    weights = stats.paired(gaps["1.5 × He's", 3], gaps["He's", 1])  # rate 0.009, 0.01
    worst = max(FACTORS)
    lab.verdict(
        "explode-overfitting",
        {f"from {start} weights": slope.positive for start, slope in slopes.items()},
        evidence={
            "change_of_the_gap_when_gradients_are_10_times_as_large": slopes,
            "change_of_the_gap_with_1.5_times_larger_weights_at_one_rate": weights,
            "training_and_test_accuracy": {
                f"{start}, gradients × {factor}": row.mean(0)
                for (start, factor), row in scores.items()
            },
        },
        note="Training accuracy less test accuracy changes with every factor of ten on "
        "the gradients by "
        + "; ".join(f"{slope} from {start}" for start, slope in slopes.items())
        + f". With gradients {worst} times as large training accuracy is "
        + " and ".join(f"{scores[start, worst][:, 0].mean():.2f}" for start in slopes)
        + f". Larger starting weights do change the gap, at one rate by {weights}.",
    )
    draw(lab, gaps)


def draw(lab, gaps) -> None:
    """Draws the gap over the size of the gradients, for both starts."""
    figure, axes = figures.new()
    axes.set(xscale="log", xticks=FACTORS, xlim=(1, max(FACTORS)))
    axes.set_xticklabels([f"×{factor}" for factor in FACTORS])
    axes.minorticks_off()
    axes.axhline(0, color="#000000", lw=0.8)
    curves = {
        start: np.array([gaps[start, factor] for factor in FACTORS]).T
        for start in dict.fromkeys(start for start, _ in gaps)
    }
    figures.curves(axes, FACTORS, curves)
    title = "Overfitting by the size of the gradients, for two sizes of weights"
    label = "training less test accuracy"
    figures.describe(axes, title, "factor on the gradients", label)
    lab.figure("overfitting", figure, "Accuracy gap with the range over seeds.")
