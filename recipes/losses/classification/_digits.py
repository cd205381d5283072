"""One network on ten classes of digits, under losses that fit and others."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from recipes.lab import Study
from zoo import mlp


def network(input_shape, num_classes: int, end: str) -> keras.Model:
    """A layer of 64 units, and "logits", a "softmax" or "sigmoid"s at the end.

    Keras on TensorFlow takes a cross-entropy of a softmax or sigmoid right before it
    from that one's logits, and does not look which of the two it was. A layer that
    multiplies by 1 keeps it from that.
    """
    model = mlp(input_shape, num_classes, units=(64,))
    if end == "logits":
        return model
    outputs = keras.layers.Activation(end)(model.output)
    return keras.Model(model.input, keras.layers.Rescaling(1.0)(outputs))


def ways(losses: dict[str, keras.losses.Loss]) -> dict[str, Study]:
    """A study of each loss."""
    return {name: Study(network, loss) for name, loss in losses.items()}


class HeldOutAccuracy(keras.callbacks.Callback):
    """Keeps the accuracy on the test set after each epoch; may stop at a goal."""

    def __init__(self, x, y, goal: float = 2.0):
        super().__init__()
        self.x, self.y, self.goal, self.found = x, y, goal, []

    def on_epoch_end(self, epoch, logs=None):
        """Predicts the whole test set at once."""
        outputs = self.model.predict_on_batch(self.x)
        self.found.append(float((outputs.argmax(-1) == self.y).mean()))
        if self.found[-1] >= self.goal:
            self.model.stop_training = True


def split_digits(data, samples: int | None = None) -> tuple[np.ndarray, ...]:
    """Flat images and labels to learn from, and to test.

    Args:
        data: A `Dataset` of images.
        samples: How many of the training images to learn from, all by default; the
            others join the test set.
    """
    x = np.concatenate([data.x_train, data.x_test])
    x, y = x.reshape(len(x), -1), np.concatenate([data.y_train, data.y_test])
    cut = min(samples or len(data.x_train), len(data.x_train))
    return x[:cut], y[:cut], x[cut:], y[cut:]


def accuracies(
    study: Study,
    case: dict,
    seed: int,
    digits: Sequence[np.ndarray],
    *,
    epochs: int,
    repeats: int = 1,
    goal: float = 2.0,
    measure: Callable[[keras.Model], float] | None = None,
) -> tuple[list[float], float | None]:
    """Trains anew; returns the test accuracy after each epoch, and a measurement.

    Args:
        study: Of the loss.
        case: `end`, `optimizer` and `rate`; and `class_numbers`, where the loss takes
            those, not one-hot rows.
        seed: Decides the weights and the order of the samples.
        digits: As `split_digits` returns them.
        epochs: The most epochs.
        repeats: Passes over the samples in each of them.
        goal: The test accuracy at which to stop.
        measure: A function of the trained model.
    """
    x, labels, new_x, new_labels = digits
    classes = int(new_labels.max()) + 1
    seen = HeldOutAccuracy(new_x, new_labels, goal)
    rows = np.tile(np.arange(len(labels)), repeats)
    if not case.get("class_numbers"):
        labels = np.eye(classes, dtype="float32")[labels]
    run = study.train(
        (x[rows], labels[rows]),
        seed,
        epochs=epochs,
        batch_size=64,
        learning_rate=case["rate"],
        optimizer=case["optimizer"],
        network={"num_classes": classes, "end": case["end"]},
        callbacks=[seen],
        measure=measure,
    )
    return seen.found, run.get("measured")
