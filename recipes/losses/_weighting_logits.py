"""from_logits=True behind a sigmoid: floors of the loss, and who notices."""

import warnings

import keras
import numpy as np
from keras import ops

from recipes.lab import fit, generators
from recipes.losses._weighting_exact import CLASS_WEIGHT, gap
from recipes.losses._weighting_gaussians import scores


class HandWritten(keras.layers.Layer):
    """A sigmoid spelled out: the same numbers, by another operation."""

    def call(self, logits):
        """Returns 1 / (1 + exp(-logits))."""
        return 1.0 / (1.0 + ops.exp(-logits))


HEADS = {
    "logits": (),
    "a sigmoid layer": (keras.layers.Activation("sigmoid"),),
    "a sigmoid, then Reshape": (
        keras.layers.Activation("sigmoid"),
        keras.layers.Reshape((1,)),
    ),
    "a sigmoid written out": (HandWritten(),),
}
FLOORS = {0: float(np.log(2)), 1: float(np.log1p(np.exp(-1)))}  # softplus(0), (-1)


def floor(label: int) -> float:
    """The least that the loss with from_logits=True gets to for p in [0, 1]."""
    p = np.linspace(0, 1, 1001, dtype="float32")[:, None]
    labels = np.full_like(p, label)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    return float(ops.convert_to_numpy(loss(labels, p)).min())


def train(head, epochs: int) -> dict:
    """Trains the weighted example with one ending; returns what became of it."""
    x, y = generators.imbalanced(1000)
    test, test_y = generators.imbalanced(10_000, seed=1)
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((2,)), dense, *head])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.1), loss)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Some heads are mistakes on purpose: the loss takes logits, they give none.
        history = fit(model, x, y[:, None], batch_size=100, epochs=epochs,
                      class_weight=CLASS_WEIGHT, check_outputs=False)  # fmt: skip
    weights = model.get_weights()
    logits = (test @ weights[0] + weights[1])[:, 0].astype(float)
    signs = np.where(test_y == 1, 1, -1)
    return {
        "weights": weights,
        "loss": history.history["loss"][-1],
        "warned": any("from_logits" in str(entry.message) for entry in caught),
        "test_log_loss": float(np.logaddexp(0, -signs * logits).mean()),
        "test_recall": scores(test_y, (logits > 0).astype(int))["recall"],
    }


def judge(lab) -> None:
    """Trains each ending from the same weights, in the same order, by the same rule."""
    backend = keras.backend.backend()
    found = {name: train(head, lab.settings.passes) for name, head in HEADS.items()}
    right = found["logits"]
    apart = {name: gap(right["weights"], run["weights"]) for name, run in found.items()}
    floors = {label: floor(label) for label in FLOORS}
    share = 0.05  # of the rows are positive
    weighted = share * CLASS_WEIGHT[1] * FLOORS[1] + (1 - share) * FLOORS[0]
    kept = ("loss", "warned", "test_log_loss", "test_recall")
    table = {name: {key: run[key] for key in kept} for name, run in found.items()}
    hand = found["a sigmoid written out"]
    layer = found["a sigmoid layer"]
    lab.verdict(
        "weighted-from-logits-trap",
        {f"the model ends in {name}": share < 1e-3 for name, share in apart.items()},
        evidence={
            "backend": backend,
            "floor_of_the_loss_by_label": floors,
            "floor_in_closed_form": FLOORS,
            "floor_of_the_weighted_mean": weighted,
            "training": table,
            "weights_apart_from_those_with_logits": apart,
        },
        note="Behind a sigmoid the loss cannot fall below "
        f"{floors[0]:.4f} (label 0) and {floors[1]:.4f} (label 1), {weighted:.3f} with "
        f"these weights: it ends at {hand['loss']:.3f} instead of {right['loss']:.3f}, "
        f"with recall {hand['test_recall']:.2f} instead of "
        f"{right['test_recall']:.2f}. With Keras on {backend} a sigmoid layer right "
        f"before the loss "
        + ("is seen through" if apart["a sigmoid layer"] < 1e-3 else "is not seen")
        + f" ({'with' if layer['warned'] else 'without'} a warning), one written out "
        + ("too." if apart["a sigmoid written out"] < 1e-3 else "is not."),
    )
