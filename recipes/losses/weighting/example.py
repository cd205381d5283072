"""Example: the notes' own lines, class weights as sample weights, and from_logits.

The notes compile `BinaryCrossentropy(from_logits=True)`, look up `{0: 1.0, 1: 5.0}`
for each label and pass that as `sample_weight`. The weights are the same as with
`class_weight`, as long as every class is in the dict. `from_logits=True` is right if
the network ends in logits; after a sigmoid the loss takes a probability for a logit,
and cannot fall below log 2 for negatives.
"""

import warnings

import keras
import numpy as np
from keras import ops

from callbacks import ClassBalancedLoss
from recipes.lab import Finding, claim, fit, generators, main, reseed, stats
from recipes.losses.weighting._gaussians import scores
from zoo import mlp

CLASS_WEIGHT = {0: 1.0, 1: 5.0}  # the notes'
IN_ORDER = {"shuffle": False, "verbose": 0}  # Keras's own fit, seen row by row alike
APART = 1e-3  # trainings that end this near to each other have had the same gradients
FLOORS = {0: float(np.log(2)), 1: float(np.log1p(np.exp(-1)))}  # softplus(0), (-1)


def largest_difference(first, second) -> float:
    """The largest difference between two lists of weights."""
    return max(float(np.abs(a - b).max()) for a, b in zip(first, second, strict=True))


@claim(
    "weights-as-sample-weight",
    "Class weights looked up for each sample do as sample_weight what class_weight "
    "does.",
    says="is",
    notes="002",
    scope="1000 rows of two Gaussians, 8 hidden units, 3 epochs in Keras's own fit",
)
def looked_up_for_each_sample(lab):
    """Trains with a dict of class weights, and with the same as sample weights."""
    x, y = generators.imbalanced(1000)
    fresh = generators.imbalanced(1000, seed=1)
    per_sample = np.array([CLASS_WEIGHT[label] for label in y], "float32")
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    routes = {
        "class_weight": (plain, {"class_weight": CLASS_WEIGHT}),
        "sample_weight": (plain, {"sample_weight": per_sample}),
        "ClassBalancedLoss": (ClassBalancedLoss(CLASS_WEIGHT, from_logits=True), {}),
    }
    reseed(0)
    model = mlp((2,), 2, units=(8,))
    start, ends, losses = model.get_weights(), {}, {}
    for name, (loss, arguments) in routes.items():
        model.set_weights(start)
        model.compile(keras.optimizers.Adam(0.01), loss)
        history = model.fit(x, y, validation_data=fresh, epochs=3, **IN_ORDER,
                            **arguments)  # fmt: skip
        ends[name] = model.get_weights()
        losses[name] = history.history["val_loss"][-1]
    gaps = {
        name: largest_difference(ends["class_weight"], end)
        for name, end in ends.items()
    }
    moved = largest_difference(start, ends["class_weight"])
    absent = without_a_class(model, plain, x, y)
    return Finding(
        gaps["sample_weight"] == 0 and moved > 0,
        "After three epochs with class_weight, and with the weights looked up for each "
        "label, the networks' weights are {gaps[sample_weight]:g} apart. Neither "
        "weighs the validation loss; the callbacks' ClassBalancedLoss does "
        "({losses[ClassBalancedLoss]:.3f}, not {losses[class_weight]:.3f}). A trap: if "
        "a class is left out of the dict, class_weight {absent[class_weight]}, and "
        "looking it up {looked_up}.",
        gaps=gaps,
        largest_change_in_training=moved,
        losses=losses,
        absent=absent,
        looked_up=absent["looked up in the dict"],
    )


def without_a_class(model, loss, x, y) -> dict[str, str]:
    """What either route does where the dict names only the rare class."""
    some = {1: CLASS_WEIGHT[1]}
    model.compile(keras.optimizers.SGD(0.0), loss)
    silent = model.fit(x, y, class_weight=some, **IN_ORDER).history["loss"][0]
    ones = model.fit(x, y, class_weight={0: 1.0, **some}, **IN_ORDER)
    same = np.isclose(silent, ones.history["loss"][0], rtol=1e-6)
    found = {"class_weight": "weighs it 1" if same else "weighs it otherwise"}
    try:
        np.array([some[label] for label in y])
        found["looked up in the dict"] = "trains"
    except KeyError:
        found["looked up in the dict"] = "fails with a KeyError"
    return found


# The notes do not show the network of their example; elsewhere theirs end in a
# sigmoid. From logits the loss of p is softplus(p) − yp: with p in (0, 1) at least
# softplus(0) = log 2 for label 0, and softplus(−1) for label 1. Keras on TensorFlow
# sees a sigmoid that comes right before the loss, and takes its input; it cannot see
# one written out.


class HandWritten(keras.layers.Layer):
    """A sigmoid written out: the same numbers, by another operation."""

    def call(self, logits):
        """Returns 1 / (1 + exp(-logits))."""
        return 1.0 / (1.0 + ops.exp(-logits))


ENDINGS = ("logits", "a sigmoid layer", "a sigmoid written out")


def ending(name: str) -> list[keras.layers.Layer]:
    """The layers after the one linear unit."""
    if name == "logits":
        return []
    written_out = name == "a sigmoid written out"
    return [HandWritten() if written_out else keras.layers.Activation("sigmoid")]


def floor(label: int) -> float:
    """The least that the loss with from_logits=True gets to for p in [0, 1]."""
    p = np.linspace(0, 1, 1001, dtype="float32")[:, None]
    labels = np.full_like(p, label)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    return float(ops.convert_to_numpy(loss(labels, p)).min())


def train_example(name: str, epochs: int) -> dict:
    """Trains the weighted example with one ending; returns what became of it."""
    x, y = generators.imbalanced(1000)
    test, test_y = generators.imbalanced(10_000, seed=1)
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((2,)), dense, *ending(name)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.1), loss)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = fit(model, x, y[:, None], batch_size=100, epochs=epochs,
                      check_outputs=False,  # the mistake is what is tried
                      class_weight=CLASS_WEIGHT)  # fmt: skip
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


@claim(
    "weighted-from-logits-trap",
    "The weighted example is right to compile BinaryCrossentropy(from_logits=True).",
    says="is",
    notes="002",
    scope="a linear unit on 1000 rows of two Gaussians, 10 epochs; on TensorFlow, JAX "
    "or PyTorch as Keras is set",
)
def from_logits(lab):
    """Trains each ending from the same weights, in the same order, by the same rule."""
    backend = keras.backend.backend()
    found = {name: train_example(name, lab.settings.passes) for name in ENDINGS}
    right, hand = found["logits"], found["a sigmoid written out"]
    apart = {
        name: largest_difference(right["weights"], run["weights"])
        for name, run in found.items()
    }
    floors = {label: floor(label) for label in FLOORS}
    share = 0.05  # of the rows are positive
    weighted = share * CLASS_WEIGHT[1] * FLOORS[1] + (1 - share) * FLOORS[0]
    kept = ("loss", "warned", "test_log_loss", "test_recall")
    seen = apart["a sigmoid layer"] < APART
    warned = found["a sigmoid layer"]["warned"]
    return Finding(
        {
            f"the model ends in {name}": stats.below(gap, APART)
            for name, gap in apart.items()
        },
        "After a sigmoid the loss stays above {floor_of_0:.4f} (label 0) or "
        "{floor_of_1:.4f} (label 1), {weighted:.3f} with these weights: it ends at "
        "{hand[loss]:.3f}, not {right[loss]:.3f}, with recall {hand[test_recall]:.2f}, "
        "not {right[test_recall]:.2f}. Keras on "
        "{backend} {sees} a sigmoid layer right before the loss ({with_warning} a "
        "warning), and not one written out.",
        floor_of_0=floors[0],
        floor_of_1=floors[1],
        weighted=weighted,
        hand={name: hand[name] for name in kept},
        right={name: right[name] for name in kept},
        backend=backend,
        sees="sees through" if seen else "does not see",
        with_warning="with" if warned else "without",
        floors_in_closed_form=FLOORS,
        training={name: {key: run[key] for key in kept} for name, run in found.items()},
        weights_apart_from_those_with_logits=apart,
    )


if __name__ == "__main__":
    main(__file__)
