"""Decay: a penalty in the loss and decay of the weights are one thing for SGD alone.

An L2 penalty of strength s adds 2 s w to the gradient. Weight decay leaves the gradient
as it is, and takes rate * decay * w from each weight itself. For plain SGD the two are
one, with decay = 2 s. But an optimizer that works on gradients works on the penalty's
part, too: momentum carries it on, and Adam *divides* it by the size of the gradients.
There a weight with large gradients, for which a penalty is most wanted, is hardly
penalized. That is why AdamW takes the decay out of the gradient again.

In Keras `kernel_regularizer` is the first, and `weight_decay=` of every optimizer the
second: `Adam(weight_decay=...)` is AdamW. It decays all weights that are trained,
biases and normalization as well, unless `exclude_from_weight_decay` is told otherwise.
"""

import keras
import numpy as np

from recipes.generalization.penalties._networks import (
    BATCH,
    RATE,
    TUNED,
    WIDTH,
    WRONG,
    best_strength,
    case_of,
    network,
    rows_of,
    runs_of,
)
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats

# A loss of three weights that differ in how steep it is in them: the optimum of each is
# 1, and the slopes are 100, 1 and 0.01 times the distance from it.
STEEPNESS = (100.0, 1.0, 0.01)
STRENGTH = 0.05
RULES = {
    "SGD": {"class_name": "SGD", "config": {"learning_rate": 0.005}},
    "SGD with momentum": {
        "class_name": "SGD",
        "config": {"learning_rate": 0.0005, "momentum": 0.9},
    },
    "Adam": {"class_name": "Adam", "config": {"learning_rate": 0.01}},
}
SAME = 1e-5  # of weights of size 1 in float32, after hundreds of steps
DECAYS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # half a decade apart


def quadratic(input_shape, strength: float):
    """Three weights that start at 0, with Keras's L2 of a strength."""
    dense = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(strength) if strength else None,
    )
    return keras.Sequential([keras.Input(input_shape), dense])


three_weights = Study(quadratic, "mse")


def end_of(rule: str, way: str, steps: int) -> np.ndarray:
    """The three weights after steps of a Keras optimizer from 0.

    Three rows, each with one feature, make the loss: the slope of their mean square
    in a weight is 2/3 of its feature's square times the distance from 1.

    Args:
        rule: A key of `RULES`.
        way: "penalty": by `kernel_regularizer`; "decay": by the optimizer's
            `weight_decay`.
        steps: How many; a multiple of 100.
    """
    config = dict(RULES[rule]["config"])
    if way == "decay":
        config["weight_decay"] = 2 * STRENGTH
    x = np.diag(np.sqrt(1.5 * np.array(STEEPNESS))).astype("float32")
    rows = np.tile(x, (100, 1)), np.tile(x.sum(1, keepdims=True), (100, 1))
    run = three_weights.train(
        rows,
        0,
        epochs=steps // 100,
        batch_size=3,
        shuffle=False,
        optimizer={**RULES[rule], "config": config},
        network={"strength": STRENGTH if way == "penalty" else 0.0},
        measure=lambda model: model.get_weights()[0].ravel().tolist(),
    )
    return np.array(run["measured"])


@experiment
def ends(lab) -> dict[str, dict[str, np.ndarray]]:
    """The weights by optimizer and way."""
    return {
        rule: {w: end_of(rule, w, lab.settings.steps) for w in ("penalty", "decay")}
        for rule in RULES
    }


def train(case: dict, seed: int, data) -> dict:
    """Trains a network by Adam with decoupled decay; scores as the penalized ones."""
    rows = rows_of(case, seed, data)
    run = network.train(
        rows["training"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        network={"units": case["units"], "classes": data.num_classes},
        optimizer={
            "class_name": "Adam",
            "config": {"learning_rate": RATE, "weight_decay": case["decay"]},
        },
        held_out=rows["validation"],
        measure=lambda model: model.test_on_batch(*rows["test"], return_dict=True),
    )
    return {
        "validation": run["held_out_accuracy"],
        "test": run["measured"]["accuracy"],
    }


@experiment
def decayed(lab) -> tuple[float, list[dict]]:
    """The decay of best validation accuracy on tuning seeds, and its trainings."""
    cases = {
        decay: {**case_of(lab, 0.0, wrong=WRONG), "decay": decay} for decay in DECAYS
    }
    best = lab.choose(
        train,
        {"decay": cases},
        score="validation",
        largest=True,
        seeds=TUNED,
        title="decays",
    )["decay"]
    return best, lab.sweep(train, {best: cases[best]}, title=f"decay {best:g}")[best]


# The notes file weight decay under L1 and L2, as one regularizer. They are one where
# they lead to the same weights. Which is better is another question; the note has it.


@claim(
    "reg-l2-vs-weight-decay",
    "Weight decay is L2 regularization.",
    says="is",
    notes="002 003",
    scope="three weights of a quadratic, 2,000 steps of Keras's optimizers; beside it "
    "a network of 128 units on 300 digits, half of the labels wrong",
)
def same_weights(lab):
    """Weights after training with an L2 penalty and with decay of equal strength."""
    seen = ends(lab)
    apart = {n: float(np.abs(w["penalty"] - w["decay"]).max()) for n, w in seen.items()}
    strength = best_strength(lab, 2.0, WIDTH, WRONG)
    plain, l2 = (
        stats.column(runs_of(lab, s, 2.0, WIDTH, WRONG), "test")
        for s in (0.0, strength)
    )
    best, runs = decayed(lab)
    return Finding(
        {
            f"{name}: the same weights": stats.below(distance, SAME)
            for name, distance in apart.items()
        },
        "For plain SGD it is, with the penalty set to match; with momentum or Adam "
        "it is another method. The largest difference of a weight: {apart:.2g}. Adam "
        "ends at {penalty:.2f} with the penalty, at {decay:.2f} with decay, which "
        "treats all alike. Network, test accuracy without either, with L2 "
        "{strength:g} in the loss, with Adam's weight_decay {best:g}, each at its "
        "best strength: {accuracy:.1%}.",
        figure=draw_weights,
        apart=apart,
        penalty=seen["Adam"]["penalty"],
        decay=seen["Adam"]["decay"],
        strength=strength,
        best=best,
        accuracy=[plain.mean(), l2.mean(), stats.column(runs, "test").mean()],
        decay_against_penalty=stats.greater(
            stats.column(runs, "test"), l2, by=stats.ACCURACY_POINT
        ),
    )


def draw_weights(lab):
    """Where each optimizer ends by way; without a penalty all weights would be 1."""
    figure, panels = figures.new(1, len(RULES), width=10.2, height=3.6)
    for axes, (rule, weights) in zip(panels, ends(lab).items(), strict=True):
        for index, (way, values) in enumerate(weights.items()):
            places = np.arange(3) + 0.2 * (2 * index - 1)
            color = figures.COLORS[index]
            axes.bar(
                places, values, 0.36, color=color, label=way, hatch=["", "//"][index]
            )
        axes.set_xticks(range(3), [f"× {steep:g}" for steep in STEEPNESS])
        axes.set(ylim=(0, 1.25))
        axes.axhline(1, color="#000000", lw=1)
        same = np.abs(weights["penalty"] - weights["decay"]).max() < SAME
        title = f"{rule}: {'one and the same' if same else 'two things'}"
        figures.describe(axes, title, "steepness of the loss", "weight after training")
    figures.legend(panels[0], loc="upper right", ncols=2)
    lab.figure(
        "decay",
        figure,
        "Weights after training with an L2 penalty in the loss and with decay of equal "
        "strength; without either they would be 1, the line.",
    )


if __name__ == "__main__":
    main(__file__)
