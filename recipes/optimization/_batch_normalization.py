"""Batch normalization with few samples: what its outputs are, and what is learned."""

import keras
import numpy as np

from recipes.lab import Restart, fit, stats
from recipes.optimization._batch_digits import MIDDLE, Digits, measure
from zoo import mlp

TINY, RATE = 2, 0.05


def outputs(x, epsilon: float) -> np.ndarray:
    """A new layer's outputs in training: normalized by the batch itself."""
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    return keras.ops.convert_to_numpy(layer(x, training=True))


def exact() -> dict:
    """Outputs for batches of 2 and of 1, beside their formulas."""
    x = np.random.default_rng(57).normal(size=(2, 2000)).astype("float32")
    half = np.abs(x[0] - x[1]).astype(float) / 2
    seen = {epsilon: outputs(x, epsilon) for epsilon in (1e-3, 1e-10)}
    formula = {e: half / np.sqrt(half**2 + e) for e in seen}
    return {
        "difference_from_d/√(d²+ε)": max(
            float(np.abs(np.abs(seen[e]) - formula[e]).max()) for e in seen
        ),
        "share_of_outputs_within_0.01_of_±1_by_epsilon": {
            str(e): float((np.abs(np.abs(v) - 1) < 0.01).mean())
            for e, v in seen.items()
        },
        "largest_output_of_a_batch_of_1": float(np.abs(outputs(x[:1], 1e-3)).max()),
    }


def wander_of_means(sizes=(2, 8, 32, 256), draws: int = 4000) -> dict[int, float]:
    """Standard deviation of a batch's mean, for samples of variance 1."""
    rng = np.random.default_rng(58)
    return {b: float(rng.normal(size=(draws, b)).mean(1).std()) for b in sizes}


def judge(lab, digits: Digits) -> None:
    """Judges outputs exactly, and training with and without normalization."""
    found, means = exact(), wander_of_means()
    off = max(abs(value * np.sqrt(size) - 1) for size, value in means.items())
    accuracy = train(lab, digits)
    gains = {
        size: accuracy[f"normalized, {size}"] - accuracy[f"plain, {size}"]
        for size in (TINY, MIDDLE)
    }
    lost = stats.paired(-gains[TINY], np.zeros(len(lab.seeds)))
    less = stats.paired(gains[MIDDLE], gains[TINY])
    near = found["share_of_outputs_within_0.01_of_±1_by_epsilon"]
    lab.verdict(
        "batch-small-breaks-bn",
        {
            "batches of 2: every output ±1, but for epsilon": found[
                "difference_from_d/√(d²+ε)"
            ]
            < 1e-4
            and near["1e-10"] > 0.99,
            "batches of 1: every output 0": found["largest_output_of_a_batch_of_1"]
            == 0,
            "the mean of a batch is off by 1/√B": off < 0.05,
            f"digits, batches of {TINY}: worse than without": lost.positive,
            f"digits: less gained with {TINY} than with {MIDDLE}": less.positive,
        },
        evidence={
            **found,
            "standard_deviation_of_the_mean": {str(b): v for b, v in means.items()},
            "accuracy": accuracy,
            "gain_of_normalization_with_32_minus_with_2": less,
        },
        note="With 2 samples a normalized output is ±d/√(d² + ε) with d "
        f"half their difference: {near['1e-10']:.1%} of them are ±1 where ε is "
        f"negligible, {near['0.001']:.1%} with Keras's 0.001; with 1 sample all are 0. "
        f"Held-out accuracy on digits with and without normalization: batches of "
        f"{TINY} {accuracy[f'normalized, {TINY}'].mean():.1%} and "
        f"{accuracy[f'plain, {TINY}'].mean():.1%}, of {MIDDLE} "
        f"{accuracy[f'normalized, {MIDDLE}'].mean():.1%} and "
        f"{accuracy[f'plain, {MIDDLE}'].mean():.1%}.",
    )


def train(lab, digits: Digits) -> dict[str, np.ndarray]:
    """Held-out accuracies of a network with and without normalization, by size."""
    normalized = mlp(digits.x.shape[1:], digits.classes, units=(64,),
                     normalization="batch")  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    normalized.compile(keras.optimizers.SGD(RATE), loss)
    restarts = {"normalized": Restart(normalized), "plain": digits.restart}
    epochs = max(1, lab.settings.epochs // 4)

    def one(case: tuple[str, int], seed: int) -> dict:
        restart = restarts[case[0]]
        restart()
        restart.model.optimizer.learning_rate = RATE
        fit(restart.model, *digits.training, batch_size=case[1], epochs=epochs,
            seed=seed, xla=False)  # fmt: skip
        return {"accuracy": measure(restart.model, digits.x, digits.y)[2]}

    cases = {f"{n}, {b}": (n, b) for n in restarts for b in (TINY, MIDDLE)}
    runs = lab.sweep(one, cases, title="normalization")
    return {name: np.array([run["accuracy"] for run in runs[name]]) for name in cases}
