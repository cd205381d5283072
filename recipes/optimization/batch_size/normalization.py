"""Normalization: a batch of two has no mean and variance worth the name.

Batch normalization subtracts the batch's mean from each unit and divides by its
standard deviation. In a batch of 2 half the difference d of the two samples *is* the
standard deviation: the outputs are ±d/√(d² + ε), that is ±1 wherever d² is much larger
than ε, and all that is left of a sample is which of the two was greater. In a batch of
1 every output is 0. With B samples the mean is off by about 1/√B standard deviations.

Whether that harms is asked of a network on digits, with and without normalization.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.optimization.batch_size._digits import MIDDLE, train_and_held_out
from zoo import mlp

TINY, RATE = 2, 0.05
FEW = 5  # seeds: the differences are five points and more, and batches of 2 are slow
KERAS, NEGLIGIBLE = 1e-3, 1e-10  # epsilons: Keras's own, and one that does not matter
SIZES, DRAWS = (2, 8, 32, 256), 4000  # of batches whose means are compared


def outputs(x, epsilon: float) -> np.ndarray:
    """A new layer's outputs in training: normalized by the batch itself."""
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    return keras.ops.convert_to_numpy(layer(x, training=True))


def pairs() -> tuple[float, dict[float, float], float]:
    """Outputs for batches of 2 and of 1, beside their formula.

    Returns:
        The largest difference from the formula, the share of outputs within 0.01 of ±1
        by epsilon, and the largest output of a batch of 1.
    """
    x = np.random.default_rng(57).normal(size=(2, 2000)).astype("float32")
    half = np.abs(x[0] - x[1]).astype(float) / 2
    difference, near_one = 0.0, {}
    for epsilon in (KERAS, NEGLIGIBLE):
        seen = np.abs(outputs(x, epsilon))
        formula = half / np.sqrt(half**2 + epsilon)
        difference = max(difference, float(np.abs(seen - formula).max()))
        near_one[epsilon] = float((np.abs(seen - 1) < 0.01).mean())
    return difference, near_one, float(np.abs(outputs(x[:1], KERAS)).max())


def wander_of_means() -> dict[int, float]:
    """Standard deviation of a batch's mean, for samples of variance 1."""
    rng = np.random.default_rng(58)
    return {size: float(rng.normal(size=(DRAWS, size)).mean(1).std()) for size in SIZES}


# Training. A `Study` takes the network's arguments with each training: here one kind of
# network with and without normalization. XLA would compile longer than the few steps
# with normalization take.
network = Study(
    mlp,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sgd",
    metrics=["accuracy"],
)


def train(case: dict, seed: int, data) -> dict[str, float]:
    """Trains on the digits and returns the held-out accuracy."""
    training, held_out = train_and_held_out(data)
    run = network.train(
        training,
        seed,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        learning_rate=RATE,
        network={
            "num_classes": data.num_classes,
            "units": [64],
            "normalization": case["normalization"],
        },
        held_out=held_out,
        xla=False,
    )
    return {"accuracy": run["held_out_accuracy"]}


@experiment
def accuracies(lab) -> dict[str, np.ndarray]:
    """Held-out accuracy with and without normalization by size, one a seed."""
    cases = {
        f"{name}, {size}": {
            "normalization": kind,
            "batch_size": size,
            "epochs": max(1, lab.settings.epochs // 4),
        }
        for name, kind in (("normalized", "batch"), ("plain", None))
        for size in (TINY, MIDDLE)
    }
    seeds = lab.seeds[:FEW]
    runs = lab.sweep(
        train, cases, data=lab.like_digits, seeds=seeds, title="normalization"
    )
    return {name: stats.column(found, "accuracy") for name, found in runs.items()}


@claim(
    "batch-small-breaks-bn",
    "Small batches are a problem for batch normalization.",
    notes="001",
    scope="1,056 digits, a network of 64 hidden units, batches of 2 and 32, 3 epochs",
)
def few_samples_break_it(lab):
    """Judges outputs exactly, and training with and without normalization."""
    difference, near_one, single = pairs()
    means, accuracy = wander_of_means(), accuracies(lab)
    error = max(abs(value * np.sqrt(size) - 1) for size, value in means.items())
    gains = {
        size: accuracy[f"normalized, {size}"] - accuracy[f"plain, {size}"]
        for size in (TINY, MIDDLE)
    }
    less = stats.greater(gains[MIDDLE], gains[TINY], by=stats.ACCURACY_POINT)
    shown = {name: float(values.mean()) for name, values in accuracy.items()}
    return Finding(
        {
            "batches of 2: every output ±1, but for epsilon": stats.below(
                difference, 1e-4
            )
            and stats.above(near_one[NEGLIGIBLE], 0.99),
            "batches of 1: every output 0": single == 0,
            "the mean of a batch is off by 1/√B": stats.below(error, 0.05),
            f"images, batches of {TINY}: worse than without": stats.greater(
                accuracy[f"plain, {TINY}"],
                accuracy[f"normalized, {TINY}"],
                by=stats.ACCURACY_POINT,
            ),
            f"images: less gained with {TINY} than with {MIDDLE}": less,
        },
        "With 2 samples {negligible:.1%} of the outputs are ±1 where ε is negligible, "
        "{keras:.1%} with Keras's 0.001; with 1 sample all are 0. Held-out accuracy "
        "with and without normalization: {tiny:.1%} in batches of 2, {middle:.1%} in "
        "batches of 32.",
        figure=draw_normalization,
        negligible=near_one[NEGLIGIBLE],
        keras=near_one[KERAS],
        tiny=[shown[f"{name}, {TINY}"] for name in ("normalized", "plain")],
        middle=[shown[f"{name}, {MIDDLE}"] for name in ("normalized", "plain")],
        difference_from_formula=difference,
        largest_output_of_a_batch_of_1=single,
        standard_deviation_of_the_mean={str(b): v for b, v in means.items()},
        accuracy=accuracy,
        gain_of_normalization_with_32_minus_with_2=less,
    )


def draw_normalization(lab):
    """What a batch of two leaves of a difference, and what the network learns."""
    figure, (left, right) = figures.new(1, 2, width=10.0, height=4.0)
    differences = np.linspace(-2, 2, 401)
    x = np.stack([differences / 2, -differences / 2]).astype("float32")
    for index, epsilon in enumerate((KERAS, NEGLIGIBLE)):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        seen = outputs(x, epsilon)[0]
        left.plot(differences, seen, label=f"ε = {epsilon:g}", **style)
    figures.legend(left)
    title = "Of two samples only their order is left"
    inputs = "input, minus that of the other sample"
    figures.describe(left, title, inputs, "normalized output")
    for index, name in enumerate(("plain", "normalized")):
        seen = np.array([accuracies(lab)[f"{name}, {size}"] for size in (TINY, MIDDLE)])
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        label = "without normalization" if name == "plain" else "with"
        right.plot((0, 1), 100 * seen.mean(1), marker="os"[index], label=label, **style)
        right.plot((0, 1), 100 * seen, ".", color=figures.COLORS[index], label="_")
    right.set_xticks((0, 1), [str(TINY), str(MIDDLE)])
    right.set(xlim=(-0.2, 1.2))
    tiny, middle = (
        (
            accuracies(lab)[f"normalized, {size}"] - accuracies(lab)[f"plain, {size}"]
        ).mean()
        for size in (TINY, MIDDLE)
    )
    points = f"{100 * tiny:+.1f} points with {TINY}, {100 * middle:+.1f} with {MIDDLE}"
    title = f"Normalization: {points}"
    figures.describe(right, title, "batch size (samples)", "held-out accuracy (%)")
    figures.legend(right)
    lab.figure(
        "normalization",
        figure,
        "Left, the output of batch normalization for a batch of two. Right, the "
        "accuracy on digits with and without it, a dot a seed.",
    )


if __name__ == "__main__":
    main(__file__)
