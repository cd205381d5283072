"""What is kept: two numbers a parameter for Adam, none for SGD; who shrinks weights.

An optimizer's memory is counted from its variables, its weight decay is seen by a step
without any gradient, and the guarantee of full-batch descent by walking a parabola on
both sides of its limit.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, main, stats
from recipes.optimization._update_rules import descend, sgd


@claim(
    "opt-adam-memory",
    "Adam stores two moments for each parameter.",
    says="is",
    notes="002 003",
    scope="a dense layer of 147 parameters; nothing is trained",
)
def adam_keeps_two_numbers(lab):
    """Counts the numbers in every optimizer's variables."""
    model = keras.Sequential([keras.layers.Input((20,)), keras.layers.Dense(7)])
    parameters = model.count_params()
    opt = keras.optimizers
    kept = {}
    for name, optimizer in {
        "SGD": opt.SGD(),
        "SGD with momentum": opt.SGD(momentum=0.9),
        "AdaGrad": opt.Adagrad(),
        "RMSprop": opt.RMSprop(),
        "Adadelta": opt.Adadelta(),
        "Adam": opt.Adam(),
    }.items():
        optimizer.build(model.trainable_variables)
        shapes = [v.shape for v in optimizer.variables if len(v.shape)]
        kept[name] = sum(int(np.prod(shape)) for shape in shapes) / parameters
    return Finding(
        kept["Adam"] == 2.0,
        "Numbers kept for each parameter: {kept:g}.",
        kept=kept,
        parameters=parameters,
    )


@claim(
    "opt-weight-decay",
    "Some optimizers include weight decay.",
    says="is",
    notes="002",
    scope="one step without gradient from a weight of 1",
)
def some_shrink_weights(lab):
    """One step without a gradient: whatever moves the weight is decay."""
    opt, left = keras.optimizers, {}
    for name, optimizer in {
        "Adam": opt.Adam(0.1),
        "AdamW": opt.AdamW(0.1, weight_decay=0.01),
        "SGD(weight_decay=0.01)": opt.SGD(0.1, weight_decay=0.01),
    }.items():
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer.build([variable])
        optimizer.apply([keras.ops.zeros(3)], [variable])
        left[name] = float(keras.ops.convert_to_numpy(variable.value)[0])
    shrunk = abs(left["AdamW"] - 0.999) < 1e-6
    return Finding(
        bool(shrunk and left["Adam"] == 1.0),
        "With no gradient at all a weight of 1 becomes {left:.4f}; in Keras every "
        "optimizer takes weight_decay.",
        left=left,
    )


# "Guaranteed" is said without the one thing that it needs: a rate below 2/L, where L is
# the largest curvature. On x², with L = 2, that is 1.


@claim(
    "opt-batch-gd-convex-guarantee",
    "Full-batch gradient descent reaches the global minimum of a convex problem.",
    says="is",
    notes="002 003",
    scope="x² from 2, twenty steps; nothing is trained",
)
def reaches_the_minimum(lab):
    """Walks a parabola with a rate below and above its limit."""

    def distance_after(rate):
        points = descend(sgd(rate), lambda x, _: 2 * x, 2.0, 20)
        return abs(float(points[-1]))

    ends = {
        "rate 0.9, below 2/L = 1": distance_after(0.9),
        "rate 1.1, above it": distance_after(1.1),
    }
    return Finding(
        {case: stats.below(distance, 0.1) for case, distance in ends.items()},
        "It does with a rate below 2/L, where L is the largest curvature. On x² from "
        "2, twenty full-batch steps end at these distances: {ends:.3g}. The "
        "guarantee needs a rate below 2/L.",
        ends=ends,
    )


if __name__ == "__main__":
    main(__file__)
