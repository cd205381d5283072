"""Influence: is a connection with a higher weight a stronger one?

What a neuron gets through a connection is weight times input. If the input hardly
varies, neither does the neuron, however high the weight. So the influence of an input
is measured: its values are shuffled among images, and the change of what the neuron
sums up is taken (root mean square). The ranks of weights and of influences are
compared, neuron by neuron. "Higher" has two readings: the number itself, or its size.

A rank correlation of 0.9 is asked for: with less, a tenth of the order or more is gone.
"""

import keras
import numpy as np
from scipy.stats import rankdata

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.deep_learning._networks import BATCH, classifier
from zoo import endpoints, mlp

UNITS, RATE, KEPT = 32, 3.2e-3, 0.9

study = classifier(mlp)


def influences(kernel: np.ndarray, inputs: np.ndarray, rng) -> np.ndarray:
    """Root mean square change of every sum where one input is shuffled.

    Args:
        kernel: (inputs, units).
        inputs: (rows, inputs).
        rng: Shuffles.

    Returns:
        (inputs, units).
    """
    moved = np.array([rng.permutation(column) - column for column in inputs.T])
    return np.sqrt((moved**2).mean(1))[:, None] * np.abs(kernel)


def order_kept(kernel: np.ndarray, influence: np.ndarray) -> float:
    """The mean rank correlation of weights and influences over units.

    Inputs that never vary have no influence on anything and are left out.
    """
    used = influence.max(1) > 0
    return float(
        np.mean(
            [
                np.corrcoef(rankdata(weights), rankdata(effects))[0, 1]
                for weights, effects in zip(
                    kernel[used].T, influence[used].T, strict=True
                )
            ]
        )
    )


def train(case: dict, seed: int, data) -> dict:
    """Trains a network; compares weights and influences of both its layers.

    Args:
        case: `standardized` (whether every pixel has variance 1), `rows`, `epochs`.
        seed: Decides the rest.
        data: Images.
    """
    (x, y) = draw(data, seed, case["rows"])["training"]
    x = x.reshape(len(x), -1)
    if case["standardized"]:
        deviation = x.std(0)
        x = (x - x.mean(0)) / np.where(deviation > 0, deviation, 1)

    def measure(model):
        rng = np.random.default_rng([seed, 93])
        first, _, second, _ = (np.asarray(w, "float64") for w in model.get_weights())
        below = keras.Model(model.input, endpoints(model)["hidden_1"])
        hidden = keras.ops.convert_to_numpy(below(x, training=False)).astype("float64")
        pixels, units = (
            influences(first, x.astype("float64"), rng),
            influences(second, hidden, rng),
        )
        return {
            "numbers": order_kept(first, pixels),
            "sizes": order_kept(np.abs(first), pixels),
            "sizes behind": order_kept(np.abs(second), units),
        }

    return study.train(
        (x.astype("float32"), y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"num_classes": 10, "units": [UNITS]},
        measure=measure,
    )["measured"]


@experiment
def orders(lab) -> dict[str, np.ndarray]:
    """Rank correlations of weights and influences, one a seed."""
    shared = {"rows": lab.settings.rows, "epochs": lab.settings.epochs}
    cases = {
        "standardized": {"standardized": True, **shared},
        "raw": {"standardized": False, **shared},
    }
    runs = lab.sweep(train, cases, data=lab.like_digits, title="influence")
    standardized, raw = map(stats.columns, runs.values())
    return {
        "signed weights, standardized inputs": standardized["numbers"],
        "sizes of weights, standardized inputs": standardized["sizes"],
        "sizes of weights, raw pixels": raw["sizes"],
        "sizes of weights, hidden units as inputs": standardized["sizes behind"],
    }


def same_neuron() -> bool:
    """Whether an input in another unit leaves the neuron as it was.

    The input is ten times as large and its weight a tenth; the other input is as
    before, so the weights' order is turned round.
    """
    x, weights = np.array([[0.5, 0.25], [-2.0, 1.0]]), np.array([3.0, 1.0])
    scaled, smaller = x * [8, 1], weights / [8, 1]  # powers of two are exact
    return bool((x @ weights == scaled @ smaller).all() and smaller[0] < smaller[1])


@claim(
    "higher-weight-stronger",
    "A higher weight indicates a stronger influence on the next neuron.",
    says="is",
    notes="002",
    scope="32 hidden units on 300 digits, Adam, 60 epochs; influence by shuffling one "
    "input",
)
def weights_and_influence(lab):
    """Ranks of weights against ranks of influences."""
    found = orders(lab)
    conditions: dict = {
        words: stats.greater(values, np.full(len(values), KEPT), by=stats.ANY)
        for words, values in found.items()
    }
    conditions["sizes of weights, an input in another unit"] = not same_neuron()
    return Finding(
        conditions,
        "Ranks of weights and influences correlate at {means:.2f}. An input that is 8 "
        "times as large with an eighth of the weight leaves the neuron as it was.",
        figure=draw_orders,
        means={words: values.mean() for words, values in found.items()},
    )


def draw_orders(lab):
    """Rank correlations by reading and input."""
    figure, axes = figures.new(width=8.0, height=3.6)
    found = orders(lab)
    for row, values in enumerate(found.values()):
        color = figures.COLORS[row % 7]
        axes.plot(values, [row] * len(values), "o", color=color, alpha=0.35)
        axes.plot(values.mean(), row, "|", color=color, markersize=18, mew=3)
    axes.axvline(KEPT, color="#000000", lw=0.8, ls=":")
    axes.set_yticks(range(len(found)), list(found))
    axes.set(ylim=(len(found) - 0.5, -0.5))
    kept = sum(values.mean() > KEPT for values in found.values())
    title = f"Weights rank the influences in {kept} of {len(found)} cases"
    x = "rank correlation of weights and influences (dotted: what is asked for)"
    figures.describe(axes, title, x, "")
    lab.figure(
        "influence",
        figure,
        "Rank correlation of weights and measured influences, mean over a layer's "
        "neurons; bars are means, dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
