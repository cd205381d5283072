"""Divergence: a large gradient throws the weights away unless the rate is as small.

Weights twice as large as He's make the gradient of ten layers a thousand times as
large. A step is rate times gradient: at the usual rate it leads to a place where the
loss is higher and the next gradient larger still, until a number is too large for its
type. A rate that is a thousand times smaller makes up for it.

Where a number overflows can be computed beforehand. A layer of n units with weights of
N(0, 1) multiplies the mean square of its inputs by n/2, so a chain of such layers grows
by √(n/2) a layer, and every type of number has a layer at which it ends.
"""

from typing import Any

import keras
import numpy as np

from callbacks import GradientNorms
from recipes.gradients._watch import draw_weights, silenced, standardized, unanimous
from recipes.gradients.exploding._trained import HE, RATES, trained
from recipes.lab import Finding, claim, experiment, fit, main
from zoo import mlp

WIDTH = 256
TYPES = {"float16": 40, "float32": 80, "float64": 400}  # layers that are enough
LARGEST_RATE = next(iter(RATES))


@claim(
    "explode-divergence",
    "Exploding gradients can make the loss rise instead of fall.",
    says="can",
    hedge="can",
    notes="002 004",
    scope="10 layers of 64 units on 320 digits, weights of 2 × He's, 3 epochs of SGD",
)
def loss_rises(lab):
    """Whether the loss rises above that of the start, or stops being a number."""
    runs = trained(lab)
    losses = {n: np.array([run["history"]["loss"] for run in runs[n]]) for n in RATES}
    rises = {
        name: ~np.isfinite(row).all(1) | (row[:, 1:].max(1) > row[:, 0])
        for name, row in losses.items()
    }
    large, small = (
        [run["history"]["grad_norm"][0] for run in runs[name]]
        for name in (LARGEST_RATE, HE)
    )
    return Finding(
        {name: unanimous(row) for name, row in rises.items()},
        "Weights of 2 × He's give gradients of norm {large:.0f} (He's: {small:.1f}). "
        "The loss rises or is lost in these of {n} trainings: {counts}. A step is rate "
        "times gradient: a small enough rate makes up for it.",
        large=np.mean(large),
        small=np.mean(small),
        n=len(lab.seeds),
        counts={name: int(row.sum()) for name, row in rises.items()},
        loss_by_epoch=losses,
        gradient_norm_at_the_start={"2 × He's": large, "He's": small},
    )


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


def as_predicted(layer: int | None, goal: float) -> bool:
    """Whether an inf came where a growth of √(n/2) a layer puts it.

    Small differences from that growth add up over hundreds of layers.
    """
    return layer is not None and abs(layer - goal) <= max(2, 0.05 * goal)


def stopped(data, depth: int, rate: float, seed: int) -> tuple[Any, int]:
    """Trains at a rate that is much too high, until the callback stops it.

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
    with silenced():
        fit(model, x, y, epochs=3, callbacks=[norms], on_divergence="return")
    lost = sum((~np.isfinite(weight)).sum() for weight in model.get_weights())
    return norms.first_nonfinite, int(lost)


def stop(case, seed, data):
    """A training that the callback stops: where the first lost gradient was.

    Args:
        case: `depth` and `learning_rate`.
        seed: Decides the weights.
        data: Digits.
    """
    first, lost = stopped(data, case["depth"], case["learning_rate"], seed)
    if first is None:
        return {"first": None, "lost_weights": lost}
    where = {"layer": first.layer, "value": str(first.value), "step": first.step}
    return {"first": where, "lost_weights": lost}


@experiment
def where_it_stops(lab) -> str:
    """Says where the first lost gradient of one training was."""
    case = {"depth": lab.settings.depth, "learning_rate": 0.1}
    ((found,),) = lab.sweep(
        stop,
        {"stopped by GradientNorms": case},
        data=lab.like_digits,
        precision="float32",
        seeds=[0],
        title="a training that is stopped",
    ).values()
    if found["first"] is None:
        return "the one that GradientNorms was to stop met none"
    return (
        "in the one that GradientNorms stopped, '{layer}' was the first ({value}, step "
        "{step})".format(**found["first"])
        + f", and {found['lost_weights']} weights are lost"
    )


@claim(
    "explode-overflow-nan",
    "Exploding gradients can make numbers overflow to inf and NaN.",
    says="can",
    hedge="can",
    notes="004",
    scope="chains of 256 units in three types; 10 layers of 64 units on 320 digits",
)
def numbers_overflow(lab):
    """Looks for the first number that is none, in chains and in trainings."""
    chains = {dtype: [chain(dtype, seed) for seed in lab.seeds] for dtype in TYPES}
    goals = {dtype: predicted(dtype) for dtype in TYPES}
    infs = {dtype: [run["inf"] for run in runs] for dtype, runs in chains.items()}
    lost = [
        sum(run["history"]["grad_nonfinite"]) > 0 for run in trained(lab)[LARGEST_RATE]
    ]
    return Finding(
        {
            **{
                f"a chain of layers, {dtype}": all(
                    as_predicted(layer, goals[dtype]) for layer in layers
                )
                for dtype, layers in infs.items()
            },
            "training with large weights at rate 0.1": all(lost),
        },
        "First layer with an inf in ReLU chains with weights of N(0, 1): {first} "
        "(expected: {layer_expected:.1f}). {met} of {n} trainings met it, too; "
        "{where}.",
        first={dtype: layers[0] for dtype, layers in infs.items()},
        layer_expected=goals,
        met=sum(lost),
        n=len(lost),
        where=where_it_stops(lab),
        layer_of_the_first_inf=infs,
        layer_of_the_first_nan={
            dtype: [run["nan"] for run in runs] for dtype, runs in chains.items()
        },
        trainings_with_a_gradient_that_is_no_number=sum(lost),
    )


if __name__ == "__main__":
    main(__file__)
