"""A residual block taken apart: the sum, the identity, and the way around."""

import keras
import numpy as np

from recipes.lab import gradients
from zoo import mlp, resnet

BLOCKS = 6
WIDTH = 16
SATURATED = 100.0  # a bias at which ReLU(-b) and the slope of tanh(b) are exactly 0


def judge(lab) -> None:
    """States the verdicts on the block's formula and on the gradient around it."""
    _formula(lab)
    _bypass(lab)


def blocks() -> dict[str, tuple[keras.Model, keras.Model]]:
    """The second block of three networks of the zoo.

    Returns:
        By name the whole block x -> y and its branch x -> f(x); they share weights.
    """
    image = {
        "input_shape": (8, 8, 1),
        "num_classes": 10,
        "depths": (2,),
        "widths": (4,),
    }
    post, pre = resnet(**image), resnet(**image, pre_activation=True)
    dense = mlp((WIDTH,), 10, units=(WIDTH, WIDTH), residual=True)
    added = "stage1_block2_add"
    return {
        "dense layer": _block(dense, "hidden_2_add", "hidden_2_add"),
        "convolutions, ReLU before each": _block(pre, added, added),
        "convolutions, ReLU behind the sum": _block(
            post, added, "stage1_block2_activation"
        ),
    }


def _block(model, added: str, last: str) -> tuple[keras.Model, keras.Model]:
    shortcut, branch = model.get_layer(added).input
    return (
        keras.Model(shortcut, model.get_layer(last).output),
        keras.Model(shortcut, branch),
    )


def mismatch(block, branch, *, zero: bool, positive: bool) -> float:
    """Returns the greatest |y - (x + f(x))| of a block on random inputs.

    Args:
        block: The whole, x -> y.
        branch: Its f, which shares its weights.
        zero: Whether f's kernels are set to 0 and only x should be left.
        positive: Whether x is drawn without negative numbers.
    """
    rng = np.random.default_rng(0)
    for weight in branch.weights:
        if weight.path.endswith("kernel"):
            weight.assign(rng.normal(0, 0 if zero else 0.5, weight.shape))
    x = rng.normal(size=(8, *block.input_shape[1:])).astype("float32")
    x = np.abs(x) if positive else x
    f = keras.ops.convert_to_numpy(branch(x))
    if zero and f.any():
        raise ValueError("the branch is not 0: the network has changed")
    return float(np.abs(keras.ops.convert_to_numpy(block(x)) - (x + f)).max())


def _formula(lab) -> None:
    found = {
        name: {
            "y_minus_x_minus_f": mismatch(*pair, zero=False, positive=False),
            "y_minus_x_with_f_zero": mismatch(*pair, zero=True, positive=False),
            "the_same_for_x_from_0_up": mismatch(*pair, zero=True, positive=True),
        }
        for name, pair in blocks().items()
    }
    after = found["convolutions, ReLU behind the sum"]
    lab.verdict(
        "res-block",
        {
            name: row["y_minus_x_minus_f"] == row["y_minus_x_with_f_zero"] == 0.0
            for name, row in found.items()
        },
        evidence={"greatest_difference": found},
        note="Without an activation behind the sum y is x + f(x) to the last bit, and "
        "x itself where f is 0. The block of 2015 has a ReLU there: y = ReLU(x + f(x)) "
        f"differs by up to {after['y_minus_x_minus_f']:.2g}, and f = 0 leaves x only "
        "where x ≥ 0, as it is behind another block.",
    )


DEATHS = {  # activation of the network, and how one block is switched off
    "kernel 0": ("relu", lambda kernel, bias: (0 * kernel, bias)),
    "dead ReLU": ("relu", lambda kernel, bias: (kernel, bias - SATURATED)),
    "saturated tanh": ("tanh", lambda kernel, bias: (kernel, bias + SATURATED)),
}


def twins(activation: str, blocks: int = BLOCKS) -> dict[str, keras.Model]:
    """A plain and a residual network, WIDTH wide, with the same weights."""
    made = {
        name: mlp(
            *((WIDTH,), 1),
            units=(WIDTH,) * blocks,
            activation=activation,
            residual=name == "residual",
            task="regression",
        )
        for name in ("plain", "residual")
    }
    rng = np.random.default_rng(0)
    weights = [
        rng.normal(0, WIDTH**-0.5, w.shape) if len(w.shape) == 2 else np.zeros(w.shape)
        for w in made["plain"].weights
    ]
    for model in made.values():
        model.set_weights(weights)
    return made


def length_at_input(model) -> float:
    """Length of the gradient that arrives at the network's inputs."""
    x = np.random.default_rng(1).normal(size=(4, WIDTH)).astype("float32")
    (gradient,) = gradients(lambda values: keras.ops.sum(model(values[0])), [x])
    return float(np.linalg.norm(gradient))


def lengths(death: str) -> dict[str, list[float]]:
    """Switches off one block after the other.

    Returns:
        For both twins the gradient's length with each block off, then with none.
    """
    activation, switch_off = DEATHS[death]
    found = {}
    for name, model in twins(activation).items():
        fresh, row = model.get_weights(), []
        for block in range(BLOCKS):
            weights = list(fresh)
            pair = slice(2 * block, 2 * block + 2)
            weights[pair] = switch_off(*weights[pair])
            model.set_weights(weights)
            row.append(length_at_input(model))
        model.set_weights(fresh)
        found[name] = [*row, length_at_input(model)]
    return found


def _bypass(lab) -> None:
    found = {death: lengths(death) for death in DEATHS}
    rows = [
        [f"{death}, {name}", *row]
        for death, both in found.items()
        for name, row in both.items()
    ]
    columns = ["off:", *map(str, range(1, BLOCKS + 1)), "none"]
    lab.table("Gradient at the inputs with one block off", columns, rows)
    least = min(min(both["residual"][:-1]) for both in found.values())
    most = max(max(both["plain"][:-1]) for both in found.values())
    lab.verdict(
        "res-gradient-bypass",
        {
            death: max(both["plain"][:-1]) == 0.0 < min(both["residual"][:-1])
            for death, both in found.items()
        },
        evidence={"gradient_length_by_block_off_then_none": found},
        note=f"With any one of {BLOCKS} blocks switched off, the gradient that reaches "
        f"the inputs is {most:g} in the plain network and at least {least:.3g} in the "
        "residual one.",
    )
