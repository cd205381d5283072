"""Equalities: class weights as sample weights, and weights as repeated rows."""

import keras
import numpy as np
from keras import ops

from callbacks import ClassBalancedLoss
from recipes.lab import generators, gradients, reseed
from zoo import mlp

CLASS_WEIGHT = {0: 1.0, 1: 5.0}
IN_ORDER = {"shuffle": False, "verbose": 0}  # Keras's own fit, seen row by row alike


def judge_sample_weights(lab) -> None:
    """Trains with a dict of class weights, and with the same as sample weights."""
    x, y = generators.imbalanced(1000)
    fresh, fresh_y = generators.imbalanced(1000, seed=1)
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
        history = model.fit(x, y, validation_data=(fresh, fresh_y), **IN_ORDER,
                            epochs=3, **arguments)  # fmt: skip
        ends[name] = model.get_weights()
        losses[name] = history.history["val_loss"][-1]
    gaps = {name: gap(ends["class_weight"], end) for name, end in ends.items()}
    moved = gap(start, ends["class_weight"])
    absent = without_a_class(model, plain, x, y)
    lab.verdict(
        "weights-as-sample-weight",
        {
            "every class in the dict": gaps["sample_weight"] == 0 and moved > 0,
            "a class left out of the dict": absent["looked up in the dict"] == "trains",
        },
        evidence={
            "largest_difference_of_weights_after_3_epochs": gaps,
            "largest_change_of_weights_in_training": moved,
            "val_loss": losses,
            "a_class_left_out": absent,
        },
        note="Three epochs with class_weight and with the weights looked up for each "
        f"label end {gaps['sample_weight']:g} apart; with ClassBalancedLoss "
        f"{gaps['ClassBalancedLoss']:.1g}, whose validation loss is weighted as well "
        f"({losses['ClassBalancedLoss']:.3f} against {losses['class_weight']:.3f}). "
        f"With a class left out of the dict class_weight {absent['class_weight']}, and "
        f"the look-up {absent['looked up in the dict']}.",
    )


def gap(first, second) -> float:
    """The largest difference between two lists of weights."""
    return max(float(np.abs(a - b).max()) for a, b in zip(first, second, strict=True))


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


def judge_resampling(lab) -> None:
    """A weight of k and k copies: gradients, their noise, and a training."""
    x, y = generators.imbalanced(400)
    copies = np.where(y == 1, 5, 1)
    rows = np.repeat(np.arange(len(y)), copies)
    kernel = np.random.default_rng(0).normal(size=(2, 2)).astype("float32")
    found = {}
    for reduction in ("mean_with_sample_weight", "sum", "sum_over_batch_size"):
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction=reduction
        )
        found[reduction] = [
            full_gradient(loss, kernel, x, y, copies.astype("float32")),
            full_gradient(loss, kernel, x[rows], y[rows], None),
        ]
    ratios = {
        name: float(np.vdot(weighted, copied) / np.vdot(copied, copied))
        for name, (weighted, copied) in found.items()
    }
    gaps = {
        name: float(np.linalg.norm(weighted - copied) / np.linalg.norm(copied))
        for name, (weighted, copied) in found.items()
    }
    noise = {k: noise_ratio(kernel, x, y, np.where(y == 1, k, 1)) for k in (5, 19)}
    lab.verdict(
        "weighted-vs-resampling",
        {
            **{f"full batch, {name}": share < 1e-4 for name, share in gaps.items()},
            "mini-batches, noise of the gradient": abs(noise[5] - 1) < 0.01,
        },
        evidence={
            "gradient_with_weights_over_that_with_copies": ratios,
            "relative_difference_of_the_gradients": gaps,
            "sum_of_weights_over_rows": copies.mean(),
            "gradient_variance_with_weights_over_that_with_copies": noise,
        },
        note="Keras's default reduction divides by the rows, not by their weights, so "
        f"that the weighted gradient is {ratios['sum_over_batch_size']:.4g} times that "
        f"of the copies (mean weight: {copies.mean():.4g}); the other two reductions "
        f"agree to {max(gaps['sum'], gaps['mean_with_sample_weight']):.0e}. One row's "
        "gradient, at random weights of the model, has the same mean either way, but "
        "by weighting rows "
        + " and ".join(f"{ratio:.2f} (weight {k})" for k, ratio in noise.items())
        + " times the variance.",
    )


def full_gradient(loss, kernel, x, y, weights) -> np.ndarray:
    """The gradient of a linear classifier's loss over all rows."""
    x = ops.convert_to_tensor(x)
    (gradient,) = gradients(
        lambda tensors: loss(y, ops.matmul(x, tensors[0]), sample_weight=weights),
        [kernel],
    )
    return gradient


def noise_ratio(kernel, x, y, copies) -> float:
    """Variance of one row's gradient: weighted rows over rows drawn from copies.

    Both draws have the gradient of the copied set as their mean.
    """
    logits = x.astype(float) @ kernel
    p = np.exp(logits - logits.max(1, keepdims=True))
    errors = p / p.sum(1, keepdims=True) - np.eye(2)[y]
    each = (x[:, :, None] * errors[:, None, :]).reshape(len(x), -1)
    share = copies / copies.mean()
    mean = (share[:, None] * each).mean(0)
    weighted = ((share[:, None] * each - mean) ** 2).sum(1).mean()
    copied = (share * ((each - mean) ** 2).sum(1)).mean()
    return float(weighted / copied)
