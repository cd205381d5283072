"""Exponentially weighted averages: what the notes ask, and where Keras keeps them."""

import keras
import numpy as np

from recipes.optimization._descent_paths import keras_path

MEMORIES = {0.9: 10, 0.99: 100}  # β and 1/(1 − β)


def average(values, beta=0.9, corrected=False) -> np.ndarray:
    """Averages, v ← βv + (1 − β)x from v = 0, after every value.

    Args:
        values: (steps, ...), averaged along the first axis.
        beta: The share of the average that is kept.
        corrected: Whether to divide by 1 − βᵗ.
    """
    v, averages = np.zeros(np.shape(values)[1:]), []
    for value in values:
        v = beta * v + (1 - beta) * np.asarray(value)
        averages.append(v)
    if corrected:
        times = np.arange(1, len(averages) + 1)
        averages = [v / (1 - beta**t) for v, t in zip(averages, times, strict=True)]
    return np.array(averages)


def weights(beta: float, steps: int) -> np.ndarray:
    """The weight of each of the values in the last average, the oldest first."""
    return (1 - beta) * beta ** np.arange(steps)[::-1]


def judge(lab) -> None:
    """States the verdicts on averages; nothing here depends on chance."""
    values = np.random.default_rng(0).normal(1.0, 1.0, (300, 4))
    _definition(lab, values)
    _correction(lab, values)
    _adam(lab, values[:60])


def _definition(lab, values) -> None:
    off = max(
        float(np.abs(average(values, b)[-1] - weights(b, len(values)) @ values).max())
        for b in (0.5, *MEMORIES)
    )
    # How a value of 1/(1 − β) steps ago weighs against the newest one.
    faded = {beta: beta**age for beta, age in MEMORIES.items()}
    near = {beta: abs(left * np.e - 1) < 0.1 for beta, left in faded.items()}
    normalization = _batch_normalization(values)
    lab.verdict(
        "ewma-definition",
        {
            "the weights are (1 − β)βᵏ": off < 1e-12,
            **{f"β = {b}: 1/e after {MEMORIES[b]}": n for b, n in near.items()},
        },
        evidence={
            "average_minus_weighted_sum": off,
            "weight_1/(1 − β)_steps_ago_over_the_newest": {**faded, 0.5: 0.5**2},
            "1/e": 1 / np.e,
            "mean_age_of_the_weights_in_steps": {
                beta: float(weights(beta, 5000) @ np.arange(5000)[::-1])
                for beta in MEMORIES
            },
            "keras_BatchNormalization_moving_mean_minus_average": normalization,
        },
        note="The average is a sum of all values with weights that fade by β a step; a "
        "value of 1/(1 − β) steps ago weighs "
        + ", ".join(f"{left:.4f} (β = {beta})" for beta, left in faded.items())
        + f" of the newest, about 1/e = {1 / np.e:.4f}. Momentum averages gradients "
        "like this, and Keras's BatchNormalization its moving mean (apart by "
        f"{normalization:.0e}).",
    )


def _batch_normalization(values) -> float:
    """How far Keras's moving mean of batches is from the average of their means."""
    layer = keras.layers.BatchNormalization(momentum=0.9)
    for value in values[:50]:
        layer(np.tile(value, (2, 1)).astype("float32"), training=True)
    kept = keras.ops.convert_to_numpy(layer.moving_mean)
    return float(np.abs(kept - average(values[:50], 0.9)[-1]).max())


def _correction(lab, values) -> None:
    ones = np.ones(500)
    early = average(ones, 0.9)[:5]
    low_as_told = bool(np.allclose(early, 1 - 0.9 ** np.arange(1, 6)))
    right = {b: float(np.abs(average(ones, b, True) - 1).max()) for b in MEMORIES}
    low = {b: int((average(ones, b) < 0.99).sum()) + 1 for b in MEMORIES}
    # Random values of mean 1: what the average is expected to be, by its weights.
    expected = {t: float(weights(0.9, t).sum()) for t in (1, 5, 50)}
    starts = _keras_starts()
    lab.verdict(
        "ewma-bias-correction",
        {
            "too small at first": low_as_told,
            "exact after the division": max(right.values()) < 1e-12,
        },
        evidence={
            "average_of_ones": early,
            "corrected_minus_1": right,
            "first_average_of_ones_above_0.99": low,
            "sum_of_the_weights": expected,
            "keras_average_of_ones_after_one_step": starts,
        },
        note="Ones average to "
        + ", ".join(f"{value:.5g}" for value in early)
        + f" (β = 0.9), and pass 0.99 at step {low[0.9]} (β = 0.99: {low[0.99]}); "
        "divided by 1 − βᵗ they are 1 from the first step. In Keras, Adam corrects its "
        f"first step ({starts['Adam, step over rate']:.3f} rates long), use_ema starts "
        f"at the first value ({starts['use_ema=True']:.3f}), and BatchNormalization "
        f"does neither ({starts['BatchNormalization']:.3f}).",
    )


def _keras_starts() -> dict[str, float]:
    """What Keras's averages of a constant 1 are after one step."""
    layer = keras.layers.BatchNormalization(momentum=0.9)
    layer(np.ones((2, 1), "float32"), training=True)
    weight = keras.Variable(np.ones(1, "float32"))
    keeping = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    keeping.build([weight])
    keeping.apply([keras.ops.zeros(1)], [weight])
    keeping.finalize_variable_values([weight])  # puts the average in its place
    moved = keras_path(keras.optimizers.Adam(1.0), np.ones_like, [0.0], 1)
    return {
        "BatchNormalization": float(keras.ops.convert_to_numpy(layer.moving_mean)[0]),
        "use_ema=True": float(keras.ops.convert_to_numpy(weight.value)[0]),
        "Adam, step over rate": -float(moved[1, 0]),
    }


def replay(optimizer, gradients) -> np.ndarray:
    """Feeds gradients to a Keras optimizer; returns all points from zeros on."""
    following = iter(gradients)
    start = np.zeros(gradients.shape[1:])
    return keras_path(optimizer, lambda _: next(following), start, len(gradients))


def _adam(lab, gradients) -> None:
    """Adam's first moment in Keras against an average, in three ways."""
    opt = keras.optimizers
    adam = opt.Adam(0.01)
    replay(adam, gradients)
    (moment,) = (v for v in adam.variables if v.path.endswith("momentum"))
    kept = keras.ops.convert_to_numpy(moment.value)
    off = float(np.abs(kept - average(gradients)[-1]).max())
    # With an epsilon that drowns the second moment nothing else of Adam is left.
    large = 1e6
    drowned = replay(opt.Adam(0.1 * large, beta_2=0.0, epsilon=large), gradients)
    steps = -0.1 * average(gradients, corrected=True)
    apart = float(np.abs(np.diff(drowned, axis=0) - steps).max())
    stopping = np.repeat([1.0, 0.0], 10)[:, None]
    coasts = {
        name: float(np.abs(np.diff(replay(optimizer, stopping)[:, 0])[10]))
        for name, optimizer in {
            "Adam": opt.Adam(0.01),
            "RMSprop": opt.RMSprop(0.01),
            "SGD with momentum": opt.SGD(0.01, momentum=0.9),
        }.items()
    }
    lab.verdict(
        "adam-contains-momentum",
        {
            "its first moment is the average of the gradients": off < 1e-5,
            "with a huge epsilon it follows that average": apart < 1e-4,
            "it moves on where the gradient stops": coasts["Adam"] > 0.001,
        },
        evidence={
            "moment_minus_average": off,
            "step_minus_averaged_momentum": apart,
            "step_after_the_gradient_stopped": coasts,
            "rate": 0.01,
        },
        note="It is the form with (1 − β), corrected for its start; "
        f"Keras's first moment and the average are {off:.0e} apart. One step after the "
        "gradient drops to 0, at rate 0.01, "
        + ", ".join(f"{name} moves {far:.3g}" for name, far in coasts.items())
        + ": RMSprop averages squares only.",
    )
