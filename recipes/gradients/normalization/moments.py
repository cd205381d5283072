"""Moments: in training a batch decides, and ε, γ and β have a say.

In training, batch normalization takes each unit's mean and variance over the batch,
subtracts the one and divides by the root of the other plus ε. So the outputs have mean
0 and variance var/(var + ε): one, as long as var is much larger than ε. Keras's ε is
0.001, large for units whose inputs hardly vary. Behind that stand a factor γ and an
offset β for each unit, which start at 1 and 0 and are learned like weights.

The weights before it may have any scale: the division takes it out again, as far as ε
lets it.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, figures, gradients, main, stats

ROWS, FEATURES = 256, 8
TOLERANCE = 1e-3  # of a mean or variance that should be 0 or 1: ε alone costs 0.001
LEARNED_GAMMA, LEARNED_BETA = 0.5, 0.3  # such values are common after a training


def outputs(x, *, training: bool = True, **arguments) -> np.ndarray:
    """What a new layer of Keras makes of a batch."""
    layer = keras.layers.BatchNormalization(**arguments)
    return ops.convert_to_numpy(layer(np.asarray(x, "float32"), training=training))


def batch(variance: float = 1.0, mean: float = 0.0, rows: int = ROWS) -> np.ndarray:
    """Gaussian rows whose columns have exactly this mean and variance."""
    x = np.random.default_rng(73).normal(size=(rows, FEATURES))
    x = (x - x.mean(0)) / x.std(0) if rows > 1 else x
    return mean + np.sqrt(variance) * x


def normal(x: np.ndarray) -> bool | None:
    """Whether every column has mean 0 and variance 1."""
    off = max(np.abs(x.mean(0)).max(), np.abs(x.var(0) - 1).max())
    return stats.below(off, 2 * TOLERANCE)


# What the notes say holds at the start, for units that vary. Units that don't, batches
# of one and learned γ and β are just as usual: nobody takes the layer without them.


@claim(
    "bn-normalises",
    "Batch normalization gives a layer's inputs mean zero and variance one in every "
    "mini-batch of training.",
    says="is",
    notes="002 003",
    scope="Keras's layer on one batch of 256 Gaussian rows; nothing is trained",
)
def mean_zero_variance_one(lab):
    """Outputs of a new layer for several batches, and of one that has learned."""
    small = outputs(batch(1e-4))
    learned = outputs(
        batch(),
        gamma_initializer=keras.initializers.Constant(LEARNED_GAMMA),
        beta_initializer=keras.initializers.Constant(LEARNED_BETA),
    )
    single = outputs(batch(rows=1))
    shown = {
        "variance 1": outputs(batch(mean=3.0)),
        "variance 100": outputs(batch(100.0, mean=-50.0)),
        "variance 0.0001": small,
        "learned γ and β": learned,
        "a batch of one": single,
    }
    return Finding(
        {
            "inputs of variance 1": normal(shown["variance 1"]),
            "inputs of variance 100": normal(shown["variance 100"]),
            "inputs of variance 0.0001, below ε": normal(small),
        },
        "It needs a variance far above Keras's ε of 0.001, by the formula "
        "var/(var + ε): variance 1 becomes {one:.4f}, a variance of 0.0001 becomes "
        "{small:.3f}. The γ and β that are learned come after it: with γ = {gamma} and "
        "β = {beta} the mean is {mean:.1f} and the variance {variance:.2f}. A batch of "
        "one becomes all β.",
        figure=draw_variances,
        one=shown["variance 1"].var(0).mean(),
        small=small.var(0).mean(),
        gamma=LEARNED_GAMMA,
        beta=LEARNED_BETA,
        mean=learned.mean(),
        variance=learned.var(0).mean(),
        largest_output_of_a_batch_of_one=np.abs(single).max(),
        variances={name: float(x.var(0).mean()) for name, x in shown.items()},
    )


def draw_variances(lab):
    """The variance behind the layer by the variance before it."""
    figure, axes = figures.new(width=7.6, height=4.0)
    variances = np.geomspace(1e-6, 1e2, 33)
    axes.set(xscale="log", ylim=(0, 1.06), xlim=(1e-6, 1e2))
    for index, epsilon in enumerate((1e-3, 1e-5)):
        seen = [outputs(batch(v), epsilon=epsilon).var(0).mean() for v in variances]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        name = "ε = 0.001, Keras" if index == 0 else "ε = 0.00001, PyTorch"
        axes.plot(variances, seen, label=name, **style)
    figures.legend(axes, loc="lower right")
    title = "Units that hardly vary are not brought to variance 1"
    figures.describe(axes, title, "variance before", "variance behind")
    lab.figure(
        "variances",
        figure,
        "The variance of a batch behind batch normalization by that before it, for the "
        "ε of two frameworks.",
    )


@claim(
    "bn-learnable",
    "What batch normalization learns are γ (scale) and β (shift), one of each for "
    "every feature.",
    says="is",
    notes="001",
    scope="Keras's layer on 8 features and on images of 3 channels",
)
def two_a_feature(lab):
    """Counts what is learned and what is only kept, and looks for their gradients."""
    counts = {}
    for name, shape in (("features", (None, FEATURES)), ("images", (None, 5, 5, 3))):
        layer = keras.layers.BatchNormalization()
        layer.build(shape)
        counts[name] = [
            sum(int(np.prod(w.shape)) for w in group)
            for group in (layer.trainable_weights, layer.non_trainable_weights)
        ]
    target = np.random.default_rng(74).normal(size=(ROWS, FEATURES))
    target = ops.convert_to_tensor(target)
    x = ops.convert_to_tensor(outputs(batch(), epsilon=1e-12), dtype="float64")

    def loss(values):
        return ops.mean((x * values[0] + values[1] - target) ** 2)

    found = gradients(loss, [np.ones(FEATURES), np.zeros(FEATURES)])
    return Finding(
        {
            "8 features: 8 γ and 8 β": counts["features"][0] == 2 * FEATURES,
            "images: one γ and one β for a channel": counts["images"][0] == 6,
            "both have a gradient": all(bool((g != 0).all()) for g in found),
        },
        "8 features have {learned} learned numbers and {kept} that are kept without "
        "being learned, the moving averages; images of 3 channels have {of_images}.",
        learned=counts["features"][0],
        kept=counts["features"][1],
        of_images=counts["images"],
    )


# Scale invariance is what makes the start's weights matter less. ε ends it below, and
# a batch in which the smallest variance is far above ε is the usual case.
INVARIANT = 0.01  # of an output with deviation 1: a difference that nobody sees


@claim(
    "bn-scale-invariance",
    "Weights before a batch normalization may be enlarged: where the units' variance "
    "is far above ε, aW with a > 1 gives the outputs of W, and gradients a times as "
    "small.",
    notes="ours",
    scope="a Dense layer of 8 units and Keras's normalization, a batch of 256",
)
def scale_cancels(lab):
    """Outputs and gradients with weights times a."""
    rng = np.random.default_rng(75)
    x = rng.normal(size=(ROWS, 16))
    kernel = rng.normal(size=(16, FEATURES)) / 4  # inputs of variance about 1
    target = ops.convert_to_tensor(rng.normal(size=(ROWS, FEATURES)))

    def normalized(z):
        mean, variance = ops.mean(z, 0), ops.var(z, 0)
        return (z - mean) / ops.sqrt(variance + 1e-3)

    def loss(values):
        return ops.mean((normalized(ops.matmul(x, values[0])) - target) ** 2)

    plain, (slope,) = outputs(x @ kernel), gradients(loss, [kernel])
    off, ratio = {}, {}
    for times in (10.0, 1000.0, 0.1, 0.01, 0.001):
        off[times] = float(np.abs(outputs(x @ (times * kernel)) - plain).max())
        (found,) = gradients(loss, [times * kernel])
        size = np.linalg.norm(found) * times / np.linalg.norm(slope)
        ratio[times] = float(size)
    return Finding(
        {
            f"weights times {times:g}": stats.below(off[times], INVARIANT)
            for times in (10.0, 1000.0)
        }
        | {"gradients: a thousandth for 1000 W": stats.close(ratio[1000.0], 1, 0.01)},
        "With 1000 W no output changes by more than {large:.0e} and the gradient is a "
        "thousandth, so steps at the same rate turn the weights a millionth as far. "
        "A variance far above ε is needed: with W/100 the outputs change by up to "
        "{small:.2f}, so 100 times those weights do not give their outputs.",
        large=off[1000.0],
        small=off[0.01],
        largest_change={f"{times:g}": value for times, value in off.items()},
        gradient_times_a={f"{times:g}": value for times, value in ratio.items()},
    )


if __name__ == "__main__":
    main(__file__)
