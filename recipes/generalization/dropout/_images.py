"""Few images by seed, networks that drop, and trainings that stop on validation."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from keras import layers

from recipes.lab import Study
from zoo.layers import DropConnect

LEAST_TEST, MOST_TEST = 797, 2000  # images that nothing but the verdict sees
VALIDATION = 300
TUNED = 2  # seeds on which rates are chosen; others are judged
PATIENCE = 10  # epochs without a lower validation loss before a training stops
BATCH = 32
WIDTH = 64


def draw(data, seed: int, rows: int, wrong: float = 0.0) -> tuple[tuple, tuple, tuple]:
    """Returns images to train on, to validate on and to test on, each as (x, y).

    Args:
        data: Images.
        seed: Decides which ones.
        rows: To train on.
        wrong: Share of the labels for training and validation that are replaced by any
            class at random. Those of the test are right.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    tests = min(MOST_TEST, max(LEAST_TEST, len(data.x_test)))
    rng = np.random.default_rng([seed, 91])
    order = rng.permutation(len(x) - tests)[: rows + VALIDATION]
    labels = y[order]
    lied = rng.random(len(order)) < wrong
    drawn = rng.integers(data.num_classes, size=len(order))
    labels = np.where(lied, drawn, labels).astype(y.dtype)
    first, second = order[:rows], order[rows:]
    return (
        (x[first], labels[:rows]),
        (x[second], labels[rows:]),
        (x[-tests:], y[-tests:]),
    )


class DropConnectEach(DropConnect):
    """DropConnect with a mask of its own for every example, as Wan et al. drew it."""

    def call(self, inputs, training=None):
        """The affine map, with a masked kernel for each example in training."""
        if not training or self.rate == 0:
            return super().call(inputs, training=training)
        examples = keras.ops.shape(inputs)[0]
        shape = (examples, inputs.shape[-1], self.units)
        kernels = keras.random.dropout(
            keras.ops.broadcast_to(self.kernel, shape),
            self.rate,
            seed=self.seed_generator,
        )
        outputs = keras.ops.einsum("bi,bio->bo", inputs, kernels) + self.bias
        return outputs if self.activation is None else self.activation(outputs)


def network(
    input_shape,
    classes: int,
    units: Sequence[int] = (WIDTH, WIDTH),
    drops: str = "units",
    rate: float = 0.0,
    input_rate: float = 0.0,
) -> keras.Model:
    """A ReLU network that drops hidden units, or the weights into them.

    Args:
        input_shape: Of one image.
        classes: Logits.
        units: Of the hidden layers.
        drops: "units" (dropout), "weights" (DropConnect, one mask a batch) or "weights
            of each" (one mask an example).
        rate: The share that is dropped.
        input_rate: The share of pixels that is dropped.
    """
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)
    if input_rate:
        x = layers.Dropout(input_rate)(x)
    for width in units:
        if drops == "units":
            x = layers.Dense(width, activation="relu")(x)
            x = layers.Dropout(rate)(x)
        else:
            layer = DropConnectEach if drops == "weights of each" else DropConnect
            x = layer(width, rate=rate, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes)(x))


study = Study(
    network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def score(model: keras.Model, x, y) -> tuple[float, float]:
    """Cross-entropy and accuracy with dropout off."""
    logits = keras.ops.convert_to_numpy(model(x, training=False)).astype("float64")
    logits = logits - logits.max(1, keepdims=True)
    chances = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    right = logits.argmax(1) == y
    return float(-chances[np.arange(len(y)), y].mean()), float(right.mean())


def train(case: dict, seed: int, data) -> dict:
    """Trains one network with Adam.

    Args:
        case: `network` (arguments of the builder), `learning_rate`, `epochs`, `rows`,
            `wrong` (share of wrong labels), and `stopped`: whether the weights of the
            least validation loss are kept, or those of the last epoch.
        seed: Of images, weights, masks and order.
        data: Images.

    Returns:
        `loss` by epoch as Keras reports it, dropout on; `validation_loss`, the least;
        and of the kept weights `training`, `validation` and `test` (loss, accuracy),
        dropout off.
    """
    sets = draw(data, seed, case["rows"], case["wrong"])
    stop = keras.callbacks.EarlyStopping(
        "held_out_loss", mode="min", patience=PATIENCE, restore_best_weights=True
    )
    run = study.train(
        sets[0],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={"classes": data.num_classes, **case["network"]},
        held_out=sets[1],
        score_epochs=range(1, case["epochs"] + 1),
        callbacks=[stop] if case["stopped"] else [],
        measure=lambda model: [score(model, *pair) for pair in sets],
        xla=False,
    )
    names = ("training", "validation", "test")
    return {
        "loss": run["history"]["loss"],
        "validation_loss": min(run["history"]["held_out_loss"]),
        **dict(zip(names, run["measured"], strict=True)),
    }


def at_best(
    lab,
    cases: Mapping[str, Sequence[dict]],
    by: Callable[[dict], float],
    title: str,
    seeds: Sequence[int] | None = None,
    train: Callable = train,
) -> dict[str, list[dict]]:
    """Trains each case with the settings that suit it best, one result a seed.

    Args:
        lab: The lab.
        cases: Name to the settings to choose from, each a whole case of `train`.
        by: What is least for the best, of a result on the tuning seeds.
        title: Of the sweeps.
        seeds: None for the lab's.
        train: What trains.

    Returns:
        Results of other seeds, each with the `chosen` case.
    """
    grid = {name: dict(enumerate(choices)) for name, choices in cases.items()}
    best = lab.choose(train, grid, score=by, seeds=TUNED, title=f"{title}: rates")
    chosen = {name: grid[name][number] for name, number in best.items()}
    found = lab.sweep(train, chosen, seeds=seeds, title=title)
    return {
        name: [{**run, "chosen": chosen[name]} for run in runs]
        for name, runs in found.items()
    }


def column(runs: Sequence[dict], name: str, which: int = 0) -> np.ndarray:
    """Loss (0) or accuracy (1) of "training", "validation" or "test", one a seed."""
    return np.array([run[name][which] for run in runs], float)
