"""Listed settings: which of eleven items decide what a network learns.

A hyperparameter is chosen before a training and has a part in what is learned. The
notes list eleven of transfer learning. A pretrained network is trained once with usual
values, and once more for every item with another value, from the same weights and in
the same order. If what it says of other images is the same to the last bit, the item
decided nothing. Nothing is stopped early here: then validation would decide, too.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, main, reseed
from zoo import freeze, mlp

CLASSES, ROWS, TEST = 3, 60, 40
ITEMS = {
    "learning rate": {"learning_rate": 0.03},
    "number of layers to freeze": {"until": "hidden_1"},
    "layer architecture": {"extra": 16},
    "batch size": {"batch_size": 10},
    "weight initialization": {"head": "he_normal"},
    "regularization": {"l2": 0.01},
    "optimizer": {"optimizer": "adam"},
    "number of training epochs": {"epochs": 3},
    "evaluation metrics": {"metrics": ["accuracy"]},
    "model evaluation": {"evaluate": True},
    "validation": {"validate": True},
}


def learn(
    learning_rate: float = 0.01,
    until: str | None = None,
    extra: int = 0,
    batch_size: int = 20,
    head: str = "glorot_uniform",
    l2: float = 0.0,
    optimizer: str = "sgd",
    epochs: int = 2,
    metrics: tuple | list = (),
    evaluate: bool = False,
    validate: bool = False,
) -> np.ndarray:
    """What a pretrained network says of other images after a training."""
    rng = np.random.default_rng(3)
    x = rng.random((ROWS + TEST, 8, 8, 1), dtype="float32")
    y = rng.integers(CLASSES, size=ROWS + TEST)
    reseed(2)
    features = mlp((8, 8, 1), 10, weights="digits", include_top=False)
    outputs = features.output
    if extra:
        outputs = keras.layers.Dense(extra, activation="relu", name="extra")(outputs)
    start = keras.initializers.get({"class_name": head, "config": {"seed": 4}})
    top = keras.layers.Dense(
        CLASSES, kernel_initializer=start, kernel_regularizer=keras.regularizers.L2(l2)
    )
    model = keras.Model(features.input, top(outputs))
    freeze(model, until)
    model.compile(
        keras.optimizers.get(
            {"class_name": optimizer, "config": {"learning_rate": learning_rate}}
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=list(metrics),
    )
    model.fit(
        x[:ROWS],
        y[:ROWS],
        batch_size=batch_size,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        validation_data=(x[ROWS:], y[ROWS:]) if validate else None,
    )
    if evaluate:
        model.evaluate(x[ROWS:], y[ROWS:], verbose=0)
    return keras.ops.convert_to_numpy(model(x[ROWS:], training=False))


@experiment
def changes(lab) -> dict[str, float]:
    """Item to the largest change of a logit."""
    usual = learn()
    return {name: float(np.abs(learn(**given) - usual).max())
            for name, given in ITEMS.items()}  # fmt: skip


# The notes' list has two kinds of items: what sets the training, and what judges it.
MEASURING = ("evaluation metrics", "model evaluation", "validation")


@claim(
    "hp-transfer-list",
    "Hyperparameters of transfer learning are learning rate, frozen layers, layer "
    "architecture, batch size, weight initialization, regularization, optimizer and "
    "epochs.",
    says="is",
    notes="001",
    scope="an MLP that has learned the digits, a new head of three classes, 60 images "
    "of noise",
)
def settings_of_training(lab):
    """Whether another value of each item gives another network."""
    found = {n: moved for n, moved in changes(lab).items() if n not in MEASURING}
    return Finding(
        {
            f"decides what is learned: {name}": moved > 0
            for name, moved in found.items()
        },
        "Of {count} items {deciding} change what is learned.",
        count=len(found),
        deciding=sum(moved > 0 for moved in found.values()),
        largest_change_of_a_logit=found,
    )


@claim(
    "hp-transfer-evaluation",
    "Evaluation metrics, model evaluation and validation are hyperparameters of "
    "transfer learning.",
    says="is",
    notes="001",
    scope="an MLP that has learned the digits, a new head of three classes, 60 images "
    "of noise",
)
def measures_of_training(lab):
    """Whether another value of each item gives another network."""
    found = {n: moved for n, moved in changes(lab).items() if n in MEASURING}
    return Finding(
        {
            f"decides what is learned: {name}": moved > 0
            for name, moved in found.items()
        },
        "Of these items {deciding} change what is learned. They measure it, and are "
        "parts of the procedure.",
        deciding=sum(moved > 0 for moved in found.values()),
        largest_change_of_a_logit=found,
    )


if __name__ == "__main__":
    main(__file__)
