"""Overflow: numbers that grow layer by layer until there is no number for them."""

from typing import Any

import keras
import numpy as np

from callbacks import GradientNorms
from recipes.gradients._watch import draw_weights, standardized
from recipes.lab import fit
from zoo import mlp

WIDTH = 256
TYPES = {"float16": 40, "float32": 80, "float64": 400}  # layers that are enough


def chain(dtype: str, seed: int) -> dict[str, int | None]:
    """Follows a ReLU chain with weights of N(0, 1) to its end.

    Returns:
        The layers, counted from 1, whose sums first hold an inf and first a NaN.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=WIDTH).astype(dtype)
    found: dict[str, int | None] = {"inf": None, "nan": None}
    with np.errstate(over="ignore", invalid="ignore"):
        for layer in range(1, TYPES[dtype] + 1):
            z = rng.normal(size=(WIDTH, WIDTH)).astype(dtype) @ x
            for name, is_it in (("inf", np.isinf), ("nan", np.isnan)):
                if found[name] is None and is_it(z).any():
                    found[name] = layer
            if found["nan"]:
                break
            x = np.maximum(z, 0)
    return found


def predicted(dtype: str) -> float:
    """The layer at which a sum should pass the largest number of a type.

    A layer multiplies the mean square by n/2, so the sums of layer l have a standard
    deviation of √2 (n/2)^(l/2); the largest of n is about three of them.
    """
    largest = np.log(float(np.finfo(dtype).max))
    return 2 * (largest - np.log(3 * 2**0.5)) / np.log(WIDTH / 2)


def stopped(data, depth: int, rate: float, seed: int) -> tuple[Any, int]:
    """Trains at a rate that is far too high, until the callback stops it.

    Returns:
        What `GradientNorms` says of the first gradient that was no number (None if
        all were numbers), and how many weights are no numbers at the end.
    """
    model = mlp(data.x_train.shape[1:], data.num_classes, units=(64,) * depth)
    model.compile(
        keras.optimizers.SGD(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.set_weights(draw_weights(model, seed, "he", gain=2.0))
    norms = GradientNorms(on_nonfinite="stop")
    x, y = standardized(data)[0], data.y_train
    fit(model, x, y, epochs=3, callbacks=[norms], on_divergence="return")
    lost = sum((~np.isfinite(weight)).sum() for weight in model.get_weights())
    return norms.first_nonfinite, int(lost)


def watched(data, depth: int) -> str:
    """Says where the first lost gradient of a training was, as the callback has it."""
    first, lost = stopped(data, depth, 0.1, seed=0)
    if first is None:
        return "the one that GradientNorms was to stop met none"
    return (
        f"in the one that GradientNorms stopped, '{first.layer}' was the first "
        f"({first.value}, step {first.step}), and {lost} weights are lost"
    )


def judge(lab, data, training: list[bool]) -> None:
    """Looks for the first number that is none, in chains and in trainings.

    Args:
        lab: The bench.
        data: A `Dataset` of images.
        training: For each seed whether a training met a gradient that is no number.
    """
    chains = {dtype: [chain(dtype, seed) for seed in lab.seeds] for dtype in TYPES}
    goals = {dtype: predicted(dtype) for dtype in TYPES}
    infs = {dtype: [run["inf"] for run in runs] for dtype, runs in chains.items()}
    where = watched(data, lab.settings.depth)
    lab.verdict(
        "explode-overflow-nan",
        {
            **{
                f"a chain of layers, {dtype}": all(
                    # Where a growth of √(n/2) a layer puts it; small differences
                    # from it add up over hundreds of layers.
                    layer is not None
                    and abs(layer - goals[dtype]) <= max(2, 0.05 * goals[dtype])
                    for layer in layers
                )
                for dtype, layers in infs.items()
            },
            "training with large weights at rate 0.1": all(training),
        },
        evidence={
            "layer_of_the_first_inf": infs,
            "layer_of_the_first_nan": {
                dtype: [run["nan"] for run in runs] for dtype, runs in chains.items()
            },
            "layer_expected": goals,
            "trainings_with_a_gradient_that_is_no_number": sum(training),
        },
        note="First layer with an inf in ReLU chains with weights of N(0, 1): "
        + "; ".join(f"{dtype} {infs[dtype][0]}" for dtype in TYPES)
        + " (expected "
        + ", ".join(f"{goal:.1f}" for goal in goals.values())
        + f"). {sum(training)} of {len(training)} trainings met it, too; {where}.",
    )
