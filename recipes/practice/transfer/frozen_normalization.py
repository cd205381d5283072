"""Frozen normalization: what batch normalization does in layers that do not learn.

Batch normalization has two lives. In training it normalizes by the batch and moves its
averages; in inference it normalizes by the averages. In a frozen network the averages
are part of what was learned, and a few new images must not change them. So `trainable`
means more for this layer than for others. Keras's own layer is tried, and the faster
one of the zoo's image networks.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, main, reseed, stats
from zoo import freeze, lenet, with_head
from zoo.normalization import FusedBatchNormalization

LAYERS = {
    "Keras's layer": keras.layers.BatchNormalization,
    "the zoo's layer": FusedBatchNormalization,
}


def moved_and_off(normalization: type, frozen: bool) -> tuple[float, float]:
    """How far averages move in a fit, and how far training mode is off inference.

    Args:
        normalization: The layer's class.
        frozen: Whether its `trainable` is False.
    """
    reseed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (32, 4, 4, 2)).astype("float32")
    inputs = keras.Input((4, 4, 2))
    layer = normalization(momentum=0.5)
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(layer(inputs)))
    model = keras.Model(inputs, outputs)
    layer.trainable = not frozen
    model.compile("sgd", "mse")
    before = [np.array(w) for w in (layer.moving_mean, layer.moving_variance)]
    model.fit(x, np.zeros((32, 1), "float32"), batch_size=16, verbose=0)
    after = [np.array(w) for w in (layer.moving_mean, layer.moving_variance)]
    moved = max(np.abs(b - a).max() for b, a in zip(before, after, strict=True))
    modes = [
        keras.ops.convert_to_numpy(layer(x, training=mode)) for mode in (True, False)
    ]
    return float(moved), float(np.abs(modes[0] - modes[1]).max())


def network_in_both_modes() -> dict[str, float]:
    """A LeNet of the zoo, frozen up to its head: how far it is off, and moves."""
    reseed(1)
    rng = np.random.default_rng(1)
    model = with_head(lenet((8, 8, 1), 10, filters=(4,), normalization="batch"), 3)
    freeze(model)
    x = rng.random((16, 8, 8, 1), dtype="float32")
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [np.array(w) for w in model.non_trainable_weights]
    model.fit(x, np.arange(16) % 3, batch_size=8, verbose=0)
    after = [np.array(w) for w in model.non_trainable_weights]
    modes = [
        keras.ops.convert_to_numpy(model(x, training=mode)) for mode in (True, False)
    ]
    return {
        "moved": float(max(np.abs(b - a).max() for b, a in
                           zip(before, after, strict=True))),
        "off": float(np.abs(modes[0] - modes[1]).max()),
    }  # fmt: skip


@experiment
def normalizations(lab) -> dict[str, dict[str, tuple[float, float]]]:
    """Layer to what happens where it is frozen, and where it learns."""
    return {
        name: {
            "frozen": moved_and_off(kind, True),
            "learns": moved_and_off(kind, False),
        }
        for name, kind in LAYERS.items()
    }


@claim(
    "tl-bn-frozen",
    "Frozen batch normalization keeps its averages and normalizes by them, also in "
    "training.",
    notes="ours",
    scope="one layer under model.fit, and a LeNet frozen by zoo.freeze",
)
def averages_stay(lab):
    """Looks at averages after a fit, and at outputs in both modes."""
    found, whole = normalizations(lab), network_in_both_modes()
    conditions: dict = {}
    for name, seen in found.items():
        moved, off = seen["frozen"]
        conditions[f"{name}: averages stay"] = moved == 0
        conditions[f"{name}: training equals inference"] = stats.close(
            off, 0, within=stats.CLOSE_FLOAT32
        )
    conditions["a frozen LeNet: all of this"] = whole["moved"] == 0 and bool(
        whole["off"] <= stats.CLOSE_FLOAT32
    )
    return Finding(
        conditions,
        "Frozen averages move by {frozen:g} in a fit; of layers that learn by "
        "{learns:.2f}, and those are off inference by {off:.2f} in training.",
        frozen={name: seen["frozen"][0] for name, seen in found.items()},
        learns={name: seen["learns"][0] for name, seen in found.items()},
        off={name: seen["learns"][1] for name, seen in found.items()},
        lenet=whole,
    )


if __name__ == "__main__":
    main(__file__)
