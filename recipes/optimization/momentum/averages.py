"""Averages: what an exponentially weighted average remembers, and how it starts.

Momentum, Adam and batch normalization all keep such an average: v ← βv + (1 − β)x.
The notes ask what it is and never answer. Written out, v is a sum of all values so far
with weights that shrink by β a step; so 1/(1 − β) steps back a value still counts about
1/e of the newest. And since v starts at 0, its first values are too small.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import keras_path
from recipes.optimization.momentum._forms import average

MEMORIES = {0.9: 10, 0.99: 100}  # β, and the 1/(1 − β) steps that it remembers
ABOUT = 0.1  # "about 1/e": within a tenth of it, since 0.9¹⁰ = 0.349 and 1/e = 0.368


def weights(beta: float, steps: int) -> np.ndarray:
    """The weight of each of the values in the last average, the oldest first."""
    return (1 - beta) * beta ** np.arange(steps)[::-1]


@experiment
def noisy_values(lab) -> np.ndarray:
    """Four sequences of 300 random values of mean 1."""
    return np.random.default_rng(0).normal(1.0, 1.0, (300, 4))


@claim(
    "ewma-definition",
    "An exponentially weighted average, v ← βv + (1 − β)x, gives a value k steps old "
    "the weight (1 − β)βᵏ: it remembers about 1/(1 − β) values.",
    says="is",
    notes="003",
    scope="300 random values, β = 0.5, 0.9 and 0.99; nothing is trained",
)
def weights_fade(lab):
    """The recursion is compared with the weighted sum, and with Keras's own average."""
    values = noisy_values(lab)
    difference = max(
        float(np.abs(average(values, b)[-1] - weights(b, len(values)) @ values).max())
        for b in (0.5, *MEMORIES)
    )
    faded = {f"β = {beta}": beta**age for beta, age in MEMORIES.items()}
    near = {
        f"β = {beta}: 1/e after {age} steps": stats.close(
            beta**age * np.e, 1, within=ABOUT
        )
        for beta, age in MEMORIES.items()
    }
    return Finding(
        {"the weights are (1 − β)βᵏ": difference < stats.EXACT, **near},
        "The average is a sum of all values with weights that fade by β a step; a "
        "value of 1/(1 − β) steps ago weighs {faded:.4f} of the newest, about 1/e = "
        "{one_over_e:.4f}. Momentum averages gradients like this, and Keras's "
        "BatchNormalization its moving mean (they differ by {keras_difference:.0e}).",
        figure=draw_averages,
        faded=faded,
        one_over_e=1 / np.e,
        keras_difference=moving_mean_difference(values),
        largest_difference=difference,
        weight_one_memory_ago={**faded, "β = 0.5": 0.5**2},
        mean_age={
            f"β = {beta}": float(weights(beta, 5000) @ np.arange(5000)[::-1])
            for beta in MEMORIES
        },
    )


def moving_mean_difference(values) -> float:
    """How far Keras's moving mean of batches is from the average of their means."""
    layer = keras.layers.BatchNormalization(momentum=0.9)
    for value in values[:50]:
        layer(np.tile(value, (2, 1)).astype("float32"), training=True)
    kept = keras.ops.convert_to_numpy(layer.moving_mean)
    return float(np.abs(kept - average(values[:50], 0.9)[-1]).max())


# Averages of a constant 1 show the start alone: the weights so far add up to 1 − βᵗ,
# and that is the average. Dividing by it is Adam's bias correction.


@claim(
    "ewma-bias-correction",
    "Started at 0 the average is too small at first; dividing by 1 − βᵗ puts it right.",
    says="is",
    notes="003",
    scope="500 ones, β = 0.9 and 0.99; nothing is trained",
)
def start_is_too_small(lab):
    """Ones must average to 1; the plain average does so late, the corrected at once."""
    ones = np.ones(500)
    early = average(ones, 0.9)[:5]
    corrected = {b: float(np.abs(average(ones, b, True) - 1).max()) for b in MEMORIES}
    late = {b: int((average(ones, b) < 0.99).sum()) + 1 for b in MEMORIES}
    return Finding(
        {
            "too small at first": bool(np.allclose(early, 1 - 0.9 ** np.arange(1, 6))),
            "exact after the division": max(corrected.values()) < stats.EXACT,
        },
        "Ones average to {early:.5g} (β = 0.9), and pass 0.99 at step {late[0.9]} (β = "
        "0.99: {late[0.99]}); divided by 1 − βᵗ they are 1 from the first step. In "
        "Keras, Adam corrects its first step ({starts[Adam, step over rate]:.3f} rates "
        "long), use_ema starts at the first value ({starts[use_ema=True]:.3f}), and "
        "BatchNormalization does neither ({starts[BatchNormalization]:.3f}).",
        figure=draw_averages,
        early=early,
        late={str(b): step for b, step in late.items()},
        corrected_minus_1={str(b): error for b, error in corrected.items()},
        sum_of_weights={str(t): float(weights(0.9, t).sum()) for t in (1, 5, 50)},
        starts=first_averages_in_keras(),
    )


def first_averages_in_keras() -> dict[str, float]:
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


# Adam's first moment is the same average, of gradients. To see it act alone, an epsilon
# of a million drowns the second moment: what is left is momentum with a (1 − β).


@claim(
    "adam-contains-momentum",
    "Adam's first moment is momentum.",
    says="is",
    notes="001 002",
    scope="Keras's Adam on 60 given gradients; nothing is trained",
)
def first_moment_is_momentum(lab):
    """Keras's first moment, Adam with its second moment drowned, and a full stop."""
    gradients = noisy_values(lab)[:60]
    adam = keras.optimizers.Adam(0.01)
    replay(adam, gradients)
    (moment,) = (v for v in adam.variables if v.path.endswith("momentum"))
    kept = keras.ops.convert_to_numpy(moment.value)
    moment_difference = float(np.abs(kept - average(gradients)[-1]).max())
    large = 1e6
    drowned = replay(
        keras.optimizers.Adam(0.1 * large, beta_2=0.0, epsilon=large), gradients
    )
    steps = -0.1 * average(gradients, corrected=True)
    step_difference = float(np.abs(np.diff(drowned, axis=0) - steps).max())
    stopping = np.repeat([1.0, 0.0], 10)[:, None]  # ten gradients of 1, then none
    moves = {
        name: float(np.abs(np.diff(replay(optimizer, stopping)[:, 0])[10]))
        for name, optimizer in {
            "Adam": keras.optimizers.Adam(0.01),
            "RMSprop": keras.optimizers.RMSprop(0.01),
            "SGD with momentum": keras.optimizers.SGD(0.01, momentum=0.9),
        }.items()
    }
    return Finding(
        {
            "its first moment is the average of the gradients": stats.below(
                moment_difference, 1e-5
            ),
            "with a huge epsilon it follows that average": stats.below(
                step_difference, 1e-4
            ),
            "it moves on where the gradient stops": stats.above(moves["Adam"], 0.001),
        },
        "It is the form with (1 − β), corrected for its start; Keras's first moment "
        "and the average differ by {moment_difference:.0e}. One step after the "
        "gradient drops to 0, at rate 0.01, the steps are: {moves:.3g}. RMSprop "
        "averages squares only.",
        moment_difference=moment_difference,
        step_difference=step_difference,
        moves=moves,
    )


def replay(optimizer, gradients) -> np.ndarray:
    """Feeds gradients to a Keras optimizer; returns all points from zeros on."""
    following = iter(gradients)
    start = np.zeros(gradients.shape[1:])
    return keras_path(optimizer, lambda _: next(following), start, len(gradients))


def draw_averages(lab):
    """What averages make of a noisy signal."""
    beta, rng, steps = lab.settings.beta, np.random.default_rng(1), np.arange(1, 121)
    signal = 1 + 0.5 * np.sin(steps / 25)
    seen = signal + rng.normal(0, 0.4, len(steps))
    figure, axes = figures.new(width=8.0, height=3.6)
    axes.plot(steps, seen, ".", color="#AAAAAA", markersize=5)
    curves = {
        "signal": signal,
        f"β {beta:g}": average(seen, beta),
        f"β {beta:g}, corrected": average(seen, beta, corrected=True),
        "β 0.98, corrected": average(seen, 0.98, corrected=True),
    }
    figures.curves(axes, steps, curves)
    title = "Averages start too low unless corrected, and a long memory lags behind"
    figures.describe(axes, title, "step", "value")
    lab.figure(
        "averages", figure, "A noisy signal (dots) and its exponential averages."
    )


if __name__ == "__main__":
    main(__file__)
