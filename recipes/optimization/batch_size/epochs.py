"""Epochs: a batch is how many samples make one update, and shuffling is which ones.

An epoch passes once over the N training samples, and every batch of B of them makes
one update: N/B updates, rounded up, because what is left over makes a smaller batch.
The full batch (B = N) makes one, single samples (B = 1) make N.

Which samples share a batch matters only where there is more than one batch. The
gradient of all samples is a sum, and a sum does not depend on its order. In batches
the order decides what an update sees: in data sorted by class it sees one class, and
the network forgets the others.
"""

import keras
import numpy as np
from keras import layers

from recipes.lab import Finding, Study, claim, fit, main, stats
from recipes.optimization.batch_size._digits import (
    MIDDLE,
    TRAINED,
    network,
    train_and_held_out,
)
from recipes.optimization.batch_size._gradients import backward, initial_weights

# Samples and batch size to the updates of an epoch, by hand: (640, 32) and (60000, 64)
# are the notes' own examples; 64 does not divide 60000 or 100.
UPDATES = {(640, 640): 1, (640, 1): 640, (640, 32): 20, (60_000, 64): 938, (100, 64): 2}


def updates_of(samples: int, size: int) -> int:
    """Trains a network of one weight for an epoch and asks its optimizer."""
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.zeros((samples, 1), "float32")
    fit(model, x, x, batch_size=size)
    return int(model.optimizer.iterations)


@claim(
    "gd-updates-per-epoch",
    "An epoch has 1 update with the full batch, N with single samples, N/B with "
    "batches of B.",
    says="is",
    notes="002 003",
    scope="a network of one weight, 100 to 60,000 samples, one epoch",
)
def counts_updates(lab):
    """Counts the steps of Keras's optimizer."""
    found = {case: updates_of(*case) for case in UPDATES}
    return Finding(
        {
            f"{samples} samples in batches of {size}": found[samples, size] == count
            for (samples, size), count in UPDATES.items()
        },
        "Where B does not divide N the last batch is smaller and counts as well: "
        "60000/64 = {quotient} makes {uneven} updates.",
        quotient=60_000 / 64,
        uneven=found[60_000, 64],
        updates={f"{n}/{b}": count for (n, b), count in found.items()},
    )


# Shuffling a full batch. One gradient of all samples is computed in two orders in
# float64, where the order of a sum costs about 1e-16; then the network is trained twice
# in float32, with and without shuffling, where 20 updates carry the rounding on.
ROUNDED = 1e-13  # of the largest entry: what sums of 1056 terms in float64 differ by
ROUNDED_WEIGHTS = 1e-4  # the same after 20 updates in float32
STEPS, RATE = 20, 0.2


def gradient_change(data, seed: int) -> float:
    """How much the full batch's gradient changes with the order, relatively."""
    (x, y), _ = train_and_held_out(data)
    x = x.reshape(len(x), -1).astype(float)
    weights = initial_weights((x.shape[1], 64, data.num_classes), seed)
    order = np.random.default_rng([seed, 53]).permutation(len(x))
    one, other = backward(weights, x, y), backward(weights, x[order], y[order])
    changes = []
    for inputs, slopes, inputs_2, slopes_2 in zip(*one, *other, strict=True):
        first, second = inputs.T @ slopes, inputs_2.T @ slopes_2
        changes.append(np.abs(first - second).max() / np.abs(first).max())
    return float(max(changes))


def train_in_two_orders(case: dict, seed: int, data) -> dict[str, float]:
    """Trains with and without shuffling; returns how much one weight differs at most.

    Both trainings begin with the seed's weights and take `STEPS` updates with the same
    samples.
    """
    (x, y), _ = train_and_held_out(data)
    size = case["batch_size"]
    rows = min(size * STEPS, len(x))
    ends = []
    for shuffle in (True, False):
        model = network.start((x, y), seed, learning_rate=RATE)
        fit(
            model,
            x[:rows],
            y[:rows],
            batch_size=size,
            epochs=size * STEPS // rows,
            seed=seed,
            shuffle=shuffle,
        )
        ends.append(model.get_weights())
    gaps = [np.abs(a - b).max() for a, b in zip(*ends, strict=True)]
    return {"largest_difference": float(max(gaps))}


@claim(
    "gd-fullbatch-shuffle-irrelevant",
    "Shuffling changes nothing for full-batch descent.",
    says="is",
    notes="001",
    scope="1,056 digits, a network of 64 hidden units, 20 updates",
)
def full_batch_has_no_order(lab):
    """Compares gradients of two orders, and trainings with and without shuffling."""
    seeds = lab.seeds[:2]  # rounding is much the same with every seed
    data = lab.data(lab.like_digits)
    gradient = max(gradient_change(data, seed) for seed in seeds)
    runs = lab.sweep(
        train_in_two_orders,
        {f"batches of {size}": {"batch_size": size} for size in (TRAINED, MIDDLE)},
        data=lab.like_digits,
        precision="float32",  # rounding is what is measured
        seeds=seeds,
        title="with and without shuffling",
    )
    full, batches = (
        max(run["largest_difference"] for run in runs[f"batches of {size}"])
        for size in (TRAINED, MIDDLE)
    )
    return Finding(
        {
            "one gradient": stats.below(gradient, ROUNDED),
            # Batches must differ by much more: else the test could not see an order.
            f"the weights after {STEPS} updates": stats.below(full, ROUNDED_WEIGHTS)
            and stats.above(batches, 100 * full),
        },
        "Two orders of all samples give gradients that differ by {gradient:.0e} of the "
        "largest entry: rounding. After {steps} updates weights trained with and "
        "without shuffling differ by {full:.0e}, in batches of {size} by "
        "{batches:.0e}. So a full batch can be shuffled, in vain; the notes say that "
        "it can't.",
        gradient=gradient,
        steps=STEPS,
        full=full,
        size=MIDDLE,
        batches=batches,
    )


# The order of batches. A CNN learns the same digits in three orders: a new one every
# epoch, one random order for all epochs, and sorted by class, as a folder lists its
# files.
SHUFFLED, ONE_ORDER, SORTED = "shuffled every epoch", "in one random order", "sorted"


def small_cnn(input_shape):
    """One convolution with pooling and a dense layer."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


cnn = Study(
    small_cnn,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def train_in_order(case: dict, seed: int, data) -> dict[str, float]:
    """Trains the CNN on digits in the case's order; returns its held-out accuracy."""
    (x, y), held_out = train_and_held_out(data)
    rows = np.random.default_rng([seed, 56]).permutation(len(x))
    if case["order"] == SORTED:
        rows = np.argsort(y, kind="stable")
    run = cnn.train(
        (x[rows], y[rows]),
        seed,
        epochs=case["epochs"],
        batch_size=MIDDLE,
        learning_rate=0.003,
        held_out=held_out,
        shuffle=case["order"] == SHUFFLED,
    )
    return {"accuracy": run["held_out_accuracy"]}


@claim(
    "gd-minibatch-shuffle-matters",
    "Training a CNN in mini-batches needs shuffled data.",
    says="advice",
    notes="001 003",
    scope="1,056 digits, a CNN with 16 filters, batches of 32, 4 epochs",
)
def batches_need_shuffling(lab):
    """Shuffled once and every epoch, each against data that come sorted by class."""
    epochs = max(1, lab.settings.epochs // 3)
    orders = (SHUFFLED, ONE_ORDER, SORTED)
    runs = lab.sweep(
        train_in_order,
        {order: {"order": order, "epochs": epochs} for order in orders},
        data=lab.like_digits,
        title="orders of the digits",
    )
    accuracy = {order: stats.column(runs[order], "accuracy") for order in orders}
    gains = {
        order: stats.greater(accuracy[order], accuracy[SORTED], by=stats.ACCURACY_POINT)
        for order in (SHUFFLED, ONE_ORDER)
    }
    return Finding(
        {f"{order}, against sorted by class": gain for order, gain in gains.items()},
        "Held-out accuracy of a small CNN after {epochs} epochs: {means:.1%}. To "
        "shuffling once a new order every epoch adds {more:+.1%}.",
        epochs=epochs,
        means={order: float(values.mean()) for order, values in accuracy.items()},
        more=float(accuracy[SHUFFLED].mean() - accuracy[ONE_ORDER].mean()),
        accuracy=accuracy,
    )


if __name__ == "__main__":
    main(__file__)
