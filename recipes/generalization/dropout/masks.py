"""Masks: independent draws for every unit, example and step, and none at test time.

Keras's Dropout draws for every unit of every example whether it is kept, anew in each
step. So the share that is dropped is the rate in the mean and something else in any one
draw. What is kept is divided by 1 − rate. In inference the layer hands on what it gets.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, figures, gradients, main, stats
from zoo import mlp

RATES = (0.2, 0.3, 0.5)  # the notes' example is 0.3, their usual range 0.2 to 0.5
UNITS, EXAMPLES = 100, 4000
SURE = 5  # standard errors: a fair draw is this far off once in a million
# ReLU and sums of ten numbers of size 1 in float32.
TOLERANCE = 1e-5


def dropped(rate: float, seed: int = 0, *, training: bool = True) -> np.ndarray:
    """What Dropout makes of ones, (examples, units)."""
    layer = keras.layers.Dropout(rate, seed=seed)
    ones = np.ones((EXAMPLES, UNITS), "float32")
    return ops.convert_to_numpy(layer(ones, training=training))


@claim(
    "dropout-rate",
    "Dropout deactivates a random fraction of the neurons in each training step, the "
    "dropout rate, such as 30 %; typical rates are 0.2 to 0.5.",
    says="is",
    notes="003 004",
    scope="Keras's Dropout on ones, 4,000 examples of 100 units",
)
def a_share_at_random(lab):
    """Shares of zeros, what the others become, and how far single draws are off."""
    shares, kept, right = {}, {}, {}
    for rate in RATES:
        seen = dropped(rate)
        shares[f"{rate:g}"] = float((seen == 0).mean())
        kept[f"{rate:g}"] = float(seen.max())
        error = np.sqrt(rate * (1 - rate) / seen.size)
        right[rate] = stats.close(shares[f"{rate:g}"], rate, SURE * error)
    layer = keras.layers.Dropout(0.3, seed=0)
    ones = np.ones((2, UNITS), "float32")
    first, second = (ops.convert_to_numpy(layer(ones, training=True)) for _ in range(2))
    each = (dropped(0.3) == 0).mean(1)
    return Finding(
        {
            **{f"rate {rate:g}: that share is zero": right[rate] for rate in RATES},
            "another mask in every step": bool((first != second).any()),
        },
        "At rate 0.3, {share:.2%} of the units are zero, and those that are kept "
        "become {kept:.4f} = 1/0.7. The two examples of one batch differ in {differ} "
        "of 100 units: Keras draws a mask for each. So the share is right on average: "
        "of 100 units a draw drops {least:.0%} to {most:.0%}, and exactly 30 in "
        "{exact:.0%} of the draws. The deviation is {deviation:.4f}, by the formula "
        "√(p(1 − p)/n) {by_formula:.4f}.",
        figure=draw_shares,
        share=shares["0.3"],
        kept=kept["0.3"],
        differ=int((first[0] != first[1]).sum()),
        shares=shares,
        least=each.min(),
        most=each.max(),
        exact=float((np.abs(each - 0.3) < 0.5 / UNITS).mean()),
        deviation=each.std(),
        by_formula=np.sqrt(0.3 * 0.7 / UNITS),
    )


def draw_shares(lab):
    """How many units a draw drops."""
    figure, axes = figures.new(width=7.2, height=3.8)
    counts = (dropped(0.3) == 0).sum(1)
    values, times = np.unique(counts, return_counts=True)
    axes.bar(values, times / EXAMPLES * 100, color=figures.COLORS[0], width=0.8)
    title = "A rate of 0.3 drops 30 units of 100 on average, seldom exactly"
    figures.describe(axes, title, "units dropped", "draws (%)")
    lab.figure("shares", figure, f"Units that Keras's Dropout drops, {EXAMPLES} draws.")


@claim(
    "dropout-test-off",
    "Dropout is switched off at test time.",
    says="is",
    notes="000 001 004",
    scope="Keras's Dropout, and a network of the zoo with rate 0.5",
)
def off_in_inference(lab):
    """The layer and a whole network in inference, `predict` and training mode."""
    model = mlp((8,), 3, units=(16,), dropout=0.5)
    x = np.random.default_rng(92).normal(size=(64, 8)).astype("float32")
    called = ops.convert_to_numpy(model(x, training=False))
    predicted = [model.predict(x, verbose=0) for _ in range(2)]
    on = ops.convert_to_numpy(model(x, training=True))
    return Finding(
        {
            "the layer hands on its inputs": bool(
                (dropped(0.5, training=False) == 1).all()
            ),
            "predict gives the same twice": bool((predicted[0] == predicted[1]).all()),
            "predict is the network without masks": stats.below(
                float(np.abs(predicted[0] - called).max()), TOLERANCE
            ),
        },
        "In inference the layer changes nothing, so predictions repeat; with "
        "`training=True` they differ by up to {change:.1f} in a logit. Note 001 gives "
        '"prevent overfitting" as the reason for switching it off: that is what '
        "training with it is for.",
        change=float(np.abs(on - called).max()),
    )


# "Smaller" is the network that an example meets. What a step updates is another
# matter: in Keras every example of a batch has its own mask, so a step leaves hardly a
# unit out.
FEWER = 0.99  # share of the units: at least one of the hundred is left out


@claim(
    "dropout-simpler-model",
    "Dropping nodes makes the model smaller, in the training stage only.",
    says="is",
    notes="000",
    scope="one hidden layer of 100 units with dropout 0.5, images of 8 features",
)
def smaller_in_training(lab):
    """Units that act for an example; beside them units that a step updates."""
    model = mlp((8,), 3, units=(UNITS,), activation="linear", dropout=0.5)
    hidden = keras.Model(model.input, model.layers[-2].output)
    x = np.random.default_rng(93).normal(size=(32, 8)).astype("float32")
    masks = ops.convert_to_numpy(hidden(x, training=True)) != 0
    at_test = ops.convert_to_numpy(hidden(x, training=False)) != 0
    kernel = np.random.default_rng(94).normal(size=(8, UNITS))

    def updated(rows: int) -> float:
        """The share of units whose weights have a gradient in a step."""
        inputs = ops.convert_to_tensor(x[:rows], dtype="float64")
        kept = ops.convert_to_tensor(masks[:rows], dtype="float64")

        def loss(values):
            return ops.sum(ops.matmul(inputs, values[0]) * kept)

        (found,) = gradients(loss, [kernel])
        return float((found != 0).any(0).mean())

    one, batch = updated(1), updated(32)
    return Finding(
        {
            "one example meets fewer units": stats.below(float(masks.mean()), FEWER),
            "at test time all act": stats.above(float(at_test.mean()), FEWER),
        },
        "In training {acting:.0%} of the units act for one example, at test "
        "{at_test:.0%}. A step with a batch of 32 trains {batch:.0%} of them, since "
        "every example drops others. The parameters are as many as without dropout, "
        "{parameters}.",
        acting=masks.mean(),
        at_test=at_test.mean(),
        batch=batch,
        one=one,
        parameters=model.count_params(),
    )


if __name__ == "__main__":
    main(__file__)
