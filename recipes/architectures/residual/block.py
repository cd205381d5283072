"""Block: y = x + f(x), to the last bit.

Three blocks of the zoo are cut out of their networks and compared with the sum, with
random weights and with f = 0, where only x may be left. That is the point of the form:
a block that has learned nothing is the identity, not noise.

The block of 2015 puts a ReLU after the sum. Then y = ReLU(x + f(x)), and f = 0 leaves x
only where x has no negative numbers, as after another such block. The block of 2016 has
its ReLUs before the convolutions, so that the sum is what comes out.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, main
from zoo import mlp, resnet

WIDTH = 16
AFTER = "convolutions, after the ReLU that follows the sum"


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
        "dense layer": cut_out(dense, "hidden_2_add", "hidden_2_add"),
        "convolutions, ReLU before each": cut_out(pre, added, added),
        "convolutions, before the ReLU that follows the sum": cut_out(
            post, added, added
        ),
        AFTER: cut_out(post, added, "stage1_block2_activation"),
    }


def cut_out(model, added: str, last: str) -> tuple[keras.Model, keras.Model]:
    """A block from its shortcut to its layer `last`, and its branch alone."""
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


# The notes' formula is that of the sum. What a network puts after it is another layer,
# so it is measured, and stands in the note, but is no condition.


@claim(
    "res-block",
    "A residual block computes y = x + f(x).",
    says="is",
    notes="000",
    scope="the second block of three networks, random weights; nothing is trained",
)
def sum_of_both(lab):
    """The greatest difference, with random branches and with branches of 0."""
    found = {
        name: {
            "y_minus_x_minus_f": mismatch(*pair, zero=False, positive=False),
            "y_minus_x_with_f_zero": mismatch(*pair, zero=True, positive=False),
            "the_same_for_x_from_0_up": mismatch(*pair, zero=True, positive=True),
        }
        for name, pair in blocks().items()
    }
    return Finding(
        {
            name: row["y_minus_x_minus_f"] == row["y_minus_x_with_f_zero"] == 0.0
            for name, row in found.items()
            if name != AFTER
        },
        "The sum is x + f(x) to the last bit, and x itself where f is 0. The block of "
        "2015 has a ReLU after it: y = ReLU(x + f(x)) differs by up to {clipped:.2g}, "
        "and f = 0 leaves x only where x ≥ 0, as it is after another block.",
        clipped=found[AFTER]["y_minus_x_minus_f"],
        greatest_difference=found,
    )


if __name__ == "__main__":
    main(__file__)
