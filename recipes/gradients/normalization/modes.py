"""Modes: training looks at the batch, inference at moving averages.

In training the batch's own moments normalize it. A single image in use has no batch, so
the layer keeps moving averages of the moments: every step they keep `momentum` of their
value and take the rest from the batch. They start at mean 0 and variance 1.

Two of Keras's rules bite. Its momentum is 0.99: after 100 steps 37 % of the start is
still there, and a network that has learned predicts as if it hadn't. And a frozen layer
(`trainable=False`) is in inference mode in training, too: it keeps the averages of the
data that it saw before.
"""

import keras
import numpy as np
from keras import ops

from recipes.gradients.normalization._images import LARGEST, draw, study
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import reestimate_statistics

CLOSE = 1e-4  # float32: outputs and averages of size 1, and a few operations
MOMENTUMS = (0.99, 0.9)
RATE, BATCH = 0.1, 32


def train_and_measure_anew(case: dict, seed: int, data) -> dict:
    """Accuracy by epoch, and with moving averages that are measured anew at the end."""
    training, _, (x_test, y_test) = draw(data, seed, case["rows"])
    epochs = case["epochs"]

    def measure(model):
        reestimate_statistics(model, training[0])
        named = model.predict_on_batch(x_test).argmax(1)
        return float((named == y_test).mean())

    run = study.train(
        training,
        seed,
        epochs=epochs,
        batch_size=BATCH,
        learning_rate=RATE,
        network={"classes": data.num_classes, "momentum": case["momentum"]},
        held_out=(x_test, y_test),
        score_epochs=range(1, epochs + 1),
        largest=LARGEST,
        measure=measure,
        xla=False,
    )
    accuracy = run["history"]["held_out_accuracy"]
    return {"accuracy": accuracy, "measured_anew": run["measured"]}


@experiment
def accuracies(lab) -> dict[float, list[dict]]:
    """The trainings by momentum."""
    settings = lab.settings
    cases = {
        f"momentum {momentum}": {
            "momentum": momentum,
            "epochs": settings.epochs,
            "rows": settings.rows,
        }
        for momentum in MOMENTUMS
    }
    found = lab.sweep(train_and_measure_anew, cases, title="momentum")
    return {momentum: found[f"momentum {momentum}"] for momentum in MOMENTUMS}


def numpy_of(layer, x, training: bool) -> np.ndarray:
    """What a layer makes of a batch."""
    return ops.convert_to_numpy(layer(x, training=training))


def largest(first, second) -> float:
    """The largest difference of two arrays."""
    return float(np.abs(np.asarray(first) - second).max())


@claim(
    "bn-train-vs-test",
    "Batch normalization uses the batch's own moments in training and moving averages "
    "at test time.",
    says="is",
    notes="ours",
    scope="Keras's layer on Gaussian rows; digits, 64-64 units, batches of 32",
)
def two_modes(lab):
    """Outputs in both modes by formula, and what the averages keep of their start."""
    x = np.random.default_rng(76).normal(2.0, 3.0, (64, 8)).astype("float32")
    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    root = np.sqrt(x.var(0) + layer.epsilon)
    in_training = numpy_of(layer, x, True)
    mean = ops.convert_to_numpy(layer.moving_mean)
    steps = 100
    for _ in range(steps - 1):
        layer(x, training=True)
    moved = ops.convert_to_numpy(layer.moving_mean)
    alone, among = numpy_of(layer, x[:1], False), numpy_of(layer, x, False)
    variance = ops.convert_to_numpy(layer.moving_variance)
    by_formula = (x - moved) / np.sqrt(variance + layer.epsilon)
    layer.trainable = False
    frozen = numpy_of(layer, x, True)
    runs = accuracies(lab)
    ends = {m: stats.column(runs[m], "accuracy")[:, 0].mean() for m in MOMENTUMS}
    return Finding(
        {
            "training: the batch's moments": stats.below(
                largest(in_training, (x - x.mean(0)) / root), CLOSE
            ),
            "inference: the moving averages": stats.below(
                largest(among, by_formula), CLOSE
            ),
            "inference: whoever else is in the batch": stats.below(
                largest(alone, among[:1]), CLOSE
            ),
            "a step takes 1 - momentum from the batch": stats.below(
                max(
                    largest(mean, 0.01 * x.mean(0)),
                    largest(moved, (1 - 0.99**steps) * x.mean(0)),
                ),
                CLOSE,
            ),
            "a frozen layer: averages in training, too": largest(frozen, among) == 0,
        },
        "After one epoch images are classified {slow:.0%} right with Keras's momentum "
        "of 0.99 and {fast:.0%} with 0.9. After {steps} steps at 0.99 the averages "
        "still hold {left:.0%} of their start, and a frozen layer gives a batch a mean "
        "of {frozen_mean:.1f} instead of 0.",
        figure=draw_momentum,
        slow=ends[0.99],
        fast=ends[0.9],
        steps=steps,
        left=0.99**steps,
        frozen_mean=frozen.mean(),
        accuracy_by_epoch={
            str(m): stats.column(runs[m], "accuracy") for m in MOMENTUMS
        },
        measured_anew={
            str(m): stats.column(runs[m], "measured_anew") for m in MOMENTUMS
        },
    )


def draw_momentum(lab):
    """Test accuracy by epoch for two momentums."""
    figure, axes = figures.new(width=7.6, height=4.0)
    runs, epochs = accuracies(lab), range(1, lab.settings.epochs + 1)
    axes.set(xlim=(1, lab.settings.epochs), ylim=(0, 100))
    axes.xaxis.get_major_locator().set_params(integer=True)
    curves = {
        f"momentum {m}": 100 * stats.column(runs[m], "accuracy")
        for m in reversed(MOMENTUMS)
    }
    figures.curves(axes, epochs, curves)
    slow, fast = (stats.column(runs[m], "accuracy")[:, 0].mean() for m in (0.99, 0.9))
    title = f"After one epoch: {slow:.0%} with momentum 0.99, {fast:.0%} with 0.9"
    figures.describe(axes, title, "epoch", "test accuracy (%)")
    lab.figure(
        "momentum",
        figure,
        "Test accuracy in inference mode by epoch; the bands are the seeds. The two "
        "networks learn the same: they differ in their moving averages alone.",
    )


if __name__ == "__main__":
    main(__file__)
