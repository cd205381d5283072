"""Reports: the loss that a loop prints for an epoch.

The usual loop adds up the losses of the batches and divides by their number. That is
the mean over the samples if all batches have one size. MNIST in batches of 64 leaves 32
over: the last batch is half as large and counts as much as a whole one, so its samples
count twice. Keras's `fit` weights by size.

And neither is the loss of the network that the epoch ends with: the weights move from
batch to batch.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.practice.training_loop._by_hand import BATCH, RATE, UNITS, Network, start

LEFT = BATCH // 2  # samples of the last batch, as MNIST's 60,000 leave 32 of 64
WHOLE = 8  # batches of full size in an epoch
SIZES = {
    "batches of one size": WHOLE * BATCH,
    "the last one half as large": WHOLE * BATCH + LEFT,
}


def epoch(data, samples: int) -> dict[str, float]:
    """Trains one epoch in NumPy, and reports its loss in three ways.

    Returns:
        `mean of batches`: the sum of the batches' losses over their number. `mean of
        samples`: every sample's loss, when it was seen. `at the end`: that of the
        trained network over all samples.
    """
    x = data.x_train.reshape(len(data.x_train), -1)[:samples]
    y, network = data.y_train[:samples], Network(start(data))
    losses, sizes = [], []
    for at in range(0, samples, BATCH):
        network.zero_grad()
        losses.append(network.forward(x[at : at + BATCH], y[at : at + BATCH]))
        sizes.append(len(y[at : at + BATCH]))
        network.backward()
        network.update()
    return {
        "mean of batches": float(np.mean(losses)),
        "mean of samples": float(np.average(losses, weights=sizes)),
        "at the end": network.forward(x, y),
    }


def reported_by_keras(data, samples: int) -> float:
    """The loss that `fit` reports for the same epoch."""
    x = data.x_train.reshape(len(data.x_train), -1)[:samples]
    model = keras.Sequential(
        [
            keras.layers.Input((x.shape[1],)),
            keras.layers.Dense(UNITS, activation="relu"),
            keras.layers.Dense(data.num_classes),
        ]
    )
    model.set_weights(start(data))
    model.compile(
        keras.optimizers.SGD(RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(
        x,
        data.y_train[:samples],
        batch_size=BATCH,
        shuffle=False,
        verbose=0,  # type: ignore[arg-type]
    )
    return float(history.history["loss"][-1])


@experiment
def epochs(lab) -> dict[str, dict[str, float]]:
    """The three reports, and Keras's, by the sizes of the batches."""
    data = lab.data(lab.like_digits)
    return {
        name: {**epoch(data, samples), "Keras's fit": reported_by_keras(data, samples)}
        for name, samples in SIZES.items()
    }


@claim(
    "loop-epoch-loss",
    "The loss of an epoch is the sum of its batches' losses over the number of "
    "batches.",
    says="is",
    notes="002",
    scope="one epoch of SGD on digits, batches of 64: 8 of one size, or a ninth of 32",
)
def is_mean_of_batches(lab):
    """Compares that mean with the mean over samples, for equal and unequal batches."""
    found = epochs(lab)
    gaps = {
        name: abs(row["mean of batches"] - row["mean of samples"])
        for name, row in found.items()
    }
    whole, left = SIZES
    return Finding(
        # The notes' own loader leaves such a batch. That equal batches give equal
        # weights mends nothing in a formula that has none; it stands in the note.
        {f"the mean over the samples: {left}": gaps[left] < stats.EXACT},
        "It is the mean over the samples where all batches have one size. With a "
        "last batch half as large it is {batches:.4f} nats, the mean over the "
        "samples {samples:.4f}, which Keras's fit reports ({keras:.4f}). Neither is "
        "the loss of the network at the epoch's end, {end:.4f}.",
        batches=found[left]["mean of batches"],
        samples=found[left]["mean of samples"],
        keras=found[left]["Keras's fit"],
        end=found[left]["at the end"],
        gap_with_equal_batches=gaps[whole],
        reports=found,
    )


if __name__ == "__main__":
    main(__file__)
