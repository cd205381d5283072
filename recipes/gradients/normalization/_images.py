"""Images by seed, one kind of network, and trainings at the rate that suits each."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from keras import layers

from recipes.lab import Study

LEAST_TEST, MOST_TEST = 797, 2000  # images that nothing but the verdict sees
TUNED = 2  # seeds on which a learning rate is chosen; others are judged
LARGEST = 10.0  # nats: what a loss counts where training diverged


def draw(data, seed: int, rows: int) -> tuple[tuple, tuple, tuple]:
    """Returns images to train on, to choose on and to judge on, each as (x, y).

    The last are the same for every seed and are never in the others.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    tests = min(MOST_TEST, max(LEAST_TEST, len(data.x_test)))
    order = np.random.default_rng([seed, 71]).permutation(len(x) - tests)
    first, second = order[:rows], order[rows : rows + rows // 2]
    return (x[first], y[first]), (x[second], y[second]), (x[-tests:], y[-tests:])


def network(
    input_shape,
    classes: int,
    units: Sequence[int] = (64, 64),
    activation: str = "relu",
    place: str | None = "before",
    kind: str = "batch",
    use_bias: bool = True,
    affine: bool = True,
    momentum: float = 0.9,
    weights_times: float = 1.0,
) -> keras.Model:
    """A stack of Dense layers with normalization where it is wanted.

    Args:
        input_shape: Of one image.
        classes: Logits.
        units: Of the hidden layers.
        activation: Of the hidden layers.
        place: "before" or "behind" the activation of every hidden layer, "first"
            before that of the first alone, or None.
        kind: "batch" or "layer".
        use_bias: Whether hidden layers have a bias.
        affine: Whether the normalization learns γ and β.
        momentum: Of the moving averages; Keras's own is 0.99.
        weights_times: Factor on He's hidden weights.
    """

    def normalization():
        if kind == "layer":
            return layers.LayerNormalization(center=affine, scale=affine)
        return layers.BatchNormalization(momentum=momentum, center=affine, scale=affine)

    start = keras.initializers.VarianceScaling(
        2 * weights_times**2, "fan_in", "untruncated_normal"
    )
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs) if len(input_shape) > 1 else inputs
    for number, width in enumerate(units):
        draws = keras.initializers.VarianceScaling.from_config(start.get_config())
        x = layers.Dense(width, use_bias=use_bias, kernel_initializer=draws)(x)
        if place == "before" or (place == "first" and number == 0):
            x = normalization()(x)
        x = layers.Activation(activation)(x)
        if place == "behind":
            x = normalization()(x)
    return keras.Model(inputs, layers.Dense(classes)(x))


study = Study(
    network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sgd",
    metrics=["accuracy"],
)


def train(case: dict, seed: int, data) -> dict:
    """Trains one network with SGD.

    Args:
        case: `network` (arguments of the builder), `batch_size`, `learning_rate`,
            `epochs`, `rows` and `judge`: "validation" or "test".
        seed: Of images, weights and order.
        data: Images.

    Returns:
        By epoch `training_loss`, `held_out_loss` and `held_out_accuracy`, all in
        inference mode.
    """
    training, *others = draw(data, seed, case["rows"])
    run = study.train(
        training,
        seed,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        learning_rate=case["learning_rate"],
        network={"classes": data.num_classes, **case["network"]},
        held_out=others[case["judge"] == "test"],
        score_epochs=range(1, case["epochs"] + 1),
        score_training=True,
        largest=LARGEST,
        xla=False,  # it would compile longer than these trainings take
    )
    names = ("training_loss", "held_out_loss", "held_out_accuracy")
    return {name: run["history"][name] for name in names}


def at_best(
    lab,
    train: Callable,
    cases: Mapping[str, dict],
    rates: Sequence[float],
    score: Callable[[dict], float],
    **arguments,
) -> dict[str, list[dict]]:
    """Trains every case at the rate that is best for it, one result a seed.

    The rate is that of the least mean score on tuning seeds and validation images;
    what is returned comes from other seeds and is judged on test images. Every result
    holds its `learning_rate`. A smoke run tries one rate.
    """
    grid = {
        name: {
            rate: {**case, "learning_rate": rate, "judge": "validation"}
            for rate in rates
        }
        for name, case in cases.items()
    }
    best = lab.choose(train, grid, score=score, seeds=TUNED, **arguments)
    chosen = {
        name: {**cases[name], "learning_rate": rate, "judge": "test"}
        for name, rate in best.items()
    }
    found = lab.sweep(train, chosen, **arguments)
    return {
        name: [{**run, "learning_rate": best[name]} for run in runs]
        for name, runs in found.items()
    }
