"""A network on few images whose penalty is a number it is handed with its weights."""

import keras
import numpy as np
from keras import layers, ops

from recipes.generalization.penalties._linear import evenness
from recipes.lab import Study, experiment
from zoo.penalties import Lp

WIDTH = 128  # hidden units where the width is not the question
RATE, BATCH = 0.01, 50  # Adam: 60 epochs learn all labels by heart, wrong ones too
WRONG = 0.5  # share of labels that are wrong where some are
LABELS = {"right labels": 0.0, "half of the labels wrong": WRONG}
# Strengths two to a decade; 0 is no penalty.
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
TUNED = 2  # seeds on which a strength is chosen; what is judged is trained on others
VALIDATION, TEST = 300, 5000  # at most so many rows for either


@keras.saving.register_keras_serializable(package="penalties")
class PenalizedDense(layers.Dense):
    """Keras's Dense with the penalty strength * sum |w|^power on its kernel.

    `kernel_regularizer` does the same; but there the strength is part of the compiled
    step. Here it is a weight that nothing trains, so one program serves them all.
    """

    def __init__(self, units, power=2.0, **arguments):
        super().__init__(units, **arguments)
        self.power = power

    def build(self, input_shape):
        """Makes kernel, bias and strength."""
        super().build(input_shape)
        self.strength = self.add_weight(
            name="strength", shape=(), initializer="zeros", trainable=False
        )

    def call(self, inputs, training=None):
        """Adds the penalty to the loss of training; a score is the data's alone."""
        if training:
            # In float32 under every policy, as the loss that it is added to.
            kernel, strength = (
                ops.cast(weight, "float32") for weight in (self.kernel, self.strength)
            )
            self.add_loss(strength * Lp(1.0, self.power)(kernel))
        return super().call(inputs)

    def get_config(self):
        """The arguments that make the same layer."""
        return {**super().get_config(), "power": self.power}


def build(input_shape, units: int, classes: int, power: float = 2.0, dropout=0.0):
    """One hidden layer of ReLU units, and a logit for each class."""
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)
    x = PenalizedDense(
        units, power, activation="relu", kernel_initializer="he_normal"
    )(x)  # fmt: skip
    if dropout:
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, PenalizedDense(classes, power)(x))


network = Study(
    build,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def rows_of(case: dict, seed: int, data) -> dict[str, tuple]:
    """Rows for training, validation and test, drawn by the seed; each as (x, y).

    Where labels are wrong, they are so in training and validation; the test is right.
    """
    rng = np.random.default_rng([seed, 37])
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    samples = case["samples"]
    rows = rng.permutation(len(x))[: samples + VALIDATION + TEST]
    noisy = y.copy()
    wrong = rng.random(len(y)) < case["wrong"]
    noisy[wrong] += rng.integers(1, data.num_classes, wrong.sum()).astype(y.dtype)
    noisy %= data.num_classes
    train, held = rows[:samples], rows[samples : samples + VALIDATION]
    test = rows[samples + VALIDATION :]
    return {
        "training": (x[train], noisy[train]),
        "validation": (x[held], noisy[held]),
        "test": (x[test], y[test]),
    }


def with_strength(strength: float):
    """A start from new weights, with this strength in every penalized layer."""

    def start(model):
        fresh = keras.models.clone_model(model)
        for layer in fresh.layers:
            if isinstance(layer, PenalizedDense):
                layer.strength.assign(strength)
        return fresh.get_weights()

    return start


def kernels_of(model) -> list[np.ndarray]:
    """The kernels, first to last."""
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    return [np.array(ops.convert_to_numpy(layer.kernel)) for layer in dense]


def train(case: dict, seed: int, data) -> dict:
    """Trains a network with a penalty.

    Args:
        case: `units`, `strength`, `power`, `dropout`, `epochs`, `samples`, and `wrong`,
            the share of labels that are.
        seed: Decides rows, wrong labels, weights and order.
        data: The images.

    Returns:
        `training`, `validation` and `test`, the accuracies at the end;
        `training_loss`, the data's part of it; `losses` by epoch on validation rows;
        of the kernels `norm`, the root of the sum of squares, `largest`, the largest
        size of an entry, and `evenness` over the inputs, a mean of the hidden units.
    """
    rows = rows_of(case, seed, data)
    shape = {name: case[name] for name in ("units", "power", "dropout")}

    def measure(model):
        kernels = kernels_of(model)
        test = model.test_on_batch(*rows["test"], return_dict=True)
        return {
            "test": test["accuracy"],
            "norm": float(np.sqrt(sum((k**2).sum() for k in kernels))),
            "largest": max(float(np.abs(kernel).max()) for kernel in kernels),
            "evenness": float(np.mean([evenness(unit) for unit in kernels[0].T])),
        }

    run = network.train(
        rows["training"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={**shape, "classes": data.num_classes},
        weights=with_strength(case["strength"]),
        held_out=rows["validation"],
        score_training=True,
        score_epochs=range(1, case["epochs"] + 1) if case.get("by_epoch") else (),
        measure=measure,
    )
    return {
        "training": run["training_accuracy"],
        "training_loss": run["training_loss"],
        "validation": run["held_out_accuracy"],
        "losses": run["history"].get("held_out_loss", []),
        **run["measured"],
    }


def case_of(lab, strength: float, **changes) -> dict:
    """A case of `train`: the usual network with a penalty, but for the changes."""
    usual = {"units": WIDTH, "power": 2.0, "dropout": 0.0, "wrong": 0.0}
    shared = {"epochs": lab.settings.epochs, "samples": lab.settings.samples}
    return {**usual, **shared, "strength": strength, **changes}


@experiment
def best_strength(lab, power: float, units: int, wrong: float) -> float:
    """The strength of best validation accuracy, on the tuning seeds."""
    name = f"L{power:g}, {units} units, {wrong:.0%} wrong"
    changes = {"power": power, "units": units, "wrong": wrong}
    return lab.choose(
        train,
        {name: {s: case_of(lab, s, **changes) for s in STRENGTHS}},
        score="validation",
        largest=True,
        seeds=TUNED,
        title=f"strengths: {name}",
    )[name]


@experiment
def runs_of(lab, strength: float, power: float, units: int, wrong: float):
    """The trainings of a strength on the seeds that claims are judged on."""
    name = f"L{power:g} {strength:g}, {units} units, {wrong:.0%} wrong"
    case = case_of(lab, strength, power=power, units=units, wrong=wrong)
    return lab.sweep(train, {name: case}, title=name)[name]
