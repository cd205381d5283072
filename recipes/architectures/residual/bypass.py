"""Bypass: one dead block ends the gradient of a plain network, not of a residual one.

The derivative of x + f(x) is I + f'(x): where f' is 0, the gradient passes unchanged.
In a plain network the derivatives are multiplied, so that one 0 ends them all. Two
networks with the same weights, plain and residual, have one block after another
switched off in three ways, and the gradient that arrives at the inputs is measured.

Then both are trained with a block switched off. No block before it gets a gradient in
the plain network, and none behind it sees the inputs: all that is left to learn is the
mean of the targets.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, fit, gradients, main, stats
from zoo import mlp

BLOCKS = 6
WIDTH = 16
SATURATED = 100.0  # a bias at which ReLU(-b) and the slope of tanh(b) are exactly 0

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
            pair = slice(2 * block, 2 * block + 2)  # a kernel and a bias
            weights[pair] = switch_off(*weights[pair])
            model.set_weights(weights)
            row.append(length_at_input(model))
        model.set_weights(fresh)
        found[name] = [*row, length_at_input(model)]
    return found


@claim(
    "res-gradient-bypass",
    "The gradient gets around a block whose own gradient has vanished.",
    says="is",
    notes="000",
    scope="6 blocks of 16 units, random weights, three ways to switch one off; nothing "
    "is trained",
)
def around_a_dead_block(lab):
    """The gradient at the inputs of both twins, with each block off in turn."""
    found = {death: lengths(death) for death in DEATHS}
    rows = [
        [f"{death}, {name}", *row]
        for death, both in found.items()
        for name, row in both.items()
    ]
    columns = ["off:", *map(str, range(1, BLOCKS + 1)), "none"]
    lab.table("Gradient at the inputs with one block off", columns, rows)
    return Finding(
        {  # exactly 0: every path of the plain network leads through the dead block
            death: max(both["plain"][:-1]) == 0.0 < min(both["residual"][:-1])
            for death, both in found.items()
        },
        "With any one of {blocks} blocks switched off, the gradient that reaches the "
        "inputs is {plain:g} in the plain network and at least {residual:.3g} in the "
        "residual one.",
        blocks=BLOCKS,
        plain=max(max(both["plain"][:-1]) for both in found.values()),
        residual=min(min(both["residual"][:-1]) for both in found.values()),
        gradient_length_by_block_off_then_none=found,
    )


OFF = BLOCKS // 2 - 1  # the block that is switched off: two before it, three behind
RATE, EPOCHS, ROWS = 0.01, 200, 64
SPREAD = 1.0  # of the targets: the loss of always answering their mean


def train_around(model, switch_off) -> dict:
    """Trains a network in which one block is switched off, on a linear task.

    Returns:
        How much each block's kernel moved, and the mean squared error at the end.
    """
    rng = np.random.default_rng(2)
    x = rng.normal(size=(ROWS, WIDTH))
    y = x @ rng.normal(size=(WIDTH, 1))
    y = SPREAD * (y - y.mean()) / y.std()
    start = model.get_weights()
    start[2 * OFF : 2 * OFF + 2] = switch_off(*start[2 * OFF : 2 * OFF + 2])
    model.set_weights(start)
    model.compile(keras.optimizers.SGD(RATE), "mse")
    fit(model, x, y, epochs=EPOCHS, batch_size=ROWS)
    moved = [
        float(np.linalg.norm(after - before))
        for before, after in zip(
            start[: 2 * BLOCKS : 2], model.get_weights()[: 2 * BLOCKS : 2], strict=True
        )
    ]
    return {"moved": moved, "loss": float(model.evaluate(x, y, ROWS, verbose=0))}


@experiment
def around(lab) -> dict[str, dict[str, dict]]:
    """Both twins trained with the same block off, in every way."""
    return {
        death: {
            name: train_around(model, switch_off)
            for name, model in twins(activation).items()
        }
        for death, (activation, switch_off) in DEATHS.items()
    }


@claim(
    "res-rest-learns",
    "Around a block whose gradient has vanished, the rest of the network continues to "
    "learn.",
    says="always",
    notes="000",
    scope="6 blocks of 16 units, the third switched off in three ways, 200 steps of "
    "SGD on a linear task",
)
def rest_learns(lab):
    """Whether all other blocks move, and more than the mean is learned."""
    found = around(lab)

    def learns(run: dict) -> bool | None:
        others = run["moved"][:OFF] + run["moved"][OFF + 1 :]
        return min(others) > 0 and stats.below(run["loss"], SPREAD / 2)

    return Finding(
        {death: learns(both["residual"]) for death, both in found.items()},
        "With the third of {blocks} blocks switched off, a residual network ends with "
        "a mean squared error of {residual:.2f} at most; a plain one with {plain:.2f} "
        "at least, which is that of answering the mean, and its first two blocks have "
        "not moved.",
        blocks=BLOCKS,
        residual=max(both["residual"]["loss"] for both in found.values()),
        plain=min(both["plain"]["loss"] for both in found.values()),
        plain_blocks_before_moved=max(
            max(both["plain"]["moved"][:OFF]) for both in found.values()
        ),
        by_way=found,
    )


if __name__ == "__main__":
    main(__file__)
