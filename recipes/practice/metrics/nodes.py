"""Nodes: ten output nodes for ten classes are a good custom, and not a need.

Softmax does not change when the same number is taken from all logits. So the tenth
logit may be taken from all ten: nine are left, and a 0 that is fixed. Nine nodes give
every distribution over ten classes that ten nodes give.

Fewer nodes can carry ten answers as well: four bits, nine answers to "is the digit
above this?", or one number. All of them learn the same images, each with the loss that
suits it and the learning rate that suits it best on training images held back.
"""

from functools import partial

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import grades, mlp
from zoo.losses import OrdinalCrossentropy

CLASSES, BITS, UNITS = 10, 4, 64
RATES = (1e-3, 3e-3, 1e-2)  # of Adam, half a decade apart
TUNED = 2  # seeds on which the rate is chosen
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above one point less",
    stats.ACCURACY_POINT.why,
)
TEN, NINE = "10 nodes", "9 nodes and a fixed 0"
ABOVE, CODE, NUMBER = '9 nodes, "above"', "4 nodes, bits", "1 node, a number"
CODES = (np.arange(CLASSES)[:, None] >> np.arange(BITS)) & 1


def nine_and_zero(input_shape) -> keras.Model:
    """Nine logits, and the constant 0 as the tenth."""
    nine = mlp(input_shape, CLASSES - 1, units=(UNITS,))
    return keras.Model(nine.input, ops.pad(nine.output, ((0, 0), (0, 1))))


def network(task: str, nodes: int):
    """A builder of the same hidden layer with a head for a task."""
    return partial(mlp, num_classes=nodes, units=(UNITS,), task=task)


SOFTMAX = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
STUDIES = {
    TEN: Study(network("classification", CLASSES), SOFTMAX, "adam"),
    NINE: Study(nine_and_zero, SOFTMAX, "adam"),
    ABOVE: Study(network("ordinal", CLASSES), OrdinalCrossentropy(CLASSES), "adam"),
    CODE: Study(
        network("binary", BITS),
        keras.losses.BinaryCrossentropy(from_logits=True),
        "adam",
    ),
    NUMBER: Study(network("regression", 1), "mse", "adam"),
}


def targets(name: str, labels: np.ndarray) -> np.ndarray:
    """Classes in the form that a head learns from."""
    if name == CODE:
        return CODES[labels].astype("float32")
    if name == NUMBER:  # brought to about unit variance
        return ((labels[:, None] - 4.5) / 3).astype("float32")
    return labels


def answers(name: str, outputs: np.ndarray) -> np.ndarray:
    """The classes that a head's outputs stand for."""
    if name == ABOVE:
        return ops.convert_to_numpy(grades(outputs))
    if name == CODE:  # the likeliest of the ten codes; six of sixteen are none
        return (outputs @ (2 * CODES - 1).T).argmax(1)
    if name == NUMBER:
        return np.clip(np.rint(3 * outputs[:, 0] + 4.5), 0, CLASSES - 1).astype(int)
    return outputs.argmax(1)


def train(case, seed, data) -> dict[str, float]:
    """Trains a head on images; returns `errors`, the share of wrong ones on others.

    Args:
        case: `head`, `rate`, `epochs`, and `tune`: whether the last fifth of the
            training images judges, not the test images.
        seed: Of weights and order.
        data: Images.
    """
    x, y, new_x, new_y = data.x_train, data.y_train, data.x_test, data.y_test
    if case["tune"]:
        cut = len(x) * 4 // 5
        x, y, new_x, new_y = x[:cut], y[:cut], x[cut:], y[cut:]
    name = case["head"]

    def judge(model) -> dict[str, float]:
        outputs = model.predict_on_batch(new_x)
        return {"errors": float((answers(name, outputs) != new_y).mean())}

    return STUDIES[name].train(
        (x, targets(name, y)),
        seed,
        epochs=case["epochs"],
        batch_size=50,
        learning_rate=case["rate"],
        measure=judge,
    )["measured"]


@experiment
def best_rates(lab) -> dict[str, float]:
    """The rate of each head with the fewest errors on images held back."""
    shared = {"tune": True, "epochs": lab.settings.epochs}
    grid = {
        head: {rate: {"head": head, "rate": rate, **shared} for rate in RATES}
        for head in STUDIES
    }
    return lab.choose(
        train, grid, score="errors", seeds=TUNED, data=lab.like_digits, title="rates"
    )


@experiment
def errors_of_heads(lab) -> dict[str, np.ndarray]:
    """Wrong answers on test images by head, one share a seed."""
    shared = {"tune": False, "epochs": lab.settings.epochs}
    cases = {
        head: {"head": head, "rate": rate, **shared}
        for head, rate in best_rates(lab).items()
    }
    runs = lab.sweep(train, cases, data=lab.like_digits, title="output nodes")
    return {head: stats.column(found, "errors") for head, found in runs.items()}


def largest_difference() -> float:
    """Ten logits against nine and a 0: the largest difference of any probability."""
    logits = np.random.default_rng(28).normal(0, 4, (1000, CLASSES))
    nine = logits[:, :-1] - logits[:, -1:]
    fixed = np.concatenate([nine, np.zeros((1000, 1))], 1)
    ten, with_zero = (
        ops.convert_to_numpy(ops.softmax(ops.convert_to_tensor(z, dtype="float64")))
        for z in (logits, fixed)
    )
    return float(np.abs(ten - with_zero).max())


@claim(
    "output-nodes",
    "A network for ten classes should have ten nodes in the output layer.",
    says="advice",
    hedge="should",
    notes="001",
    scope="digits, 64 hidden units, Adam at each head's best of three rates, 15 epochs",
)
def ten_nodes(lab):
    """Probabilities with nine nodes, and errors with nine, four and one."""
    apart, found = largest_difference(), errors_of_heads(lab)
    means = {head: float(values.mean()) for head, values in found.items()}
    lab.table(
        "Wrong answers on test images",
        ["output layer", "Adam's rate", "errors"],
        [[h, f"{best_rates(lab)[h]:g}", f"{means[h]:.2%}"] for h in STUDIES],
    )
    return Finding(
        {
            f"no worse than {NINE}": stats.greater(
                found[NINE] + stats.ACCURACY_POINT.value, found[TEN], by=NO_WORSE
            ),
        }
        | {
            f"better than {head}": stats.greater(
                found[head], found[TEN], by=stats.ACCURACY_POINT
            )
            for head in (ABOVE, CODE, NUMBER)
        },
        "Wrong on test images: {means:.1%}. Ten are not needed, since nine nodes and a "
        "fixed 0 give the same probabilities (to {apart:.0e}).",
        figure=draw_heads,
        apart=apart,
        means=means,
        rates=best_rates(lab),
        fewer_parameters=UNITS + 1,
    )


def draw_heads(lab):
    """Wrong answers by output layer, a point a seed."""
    found = errors_of_heads(lab)
    figure, axes = figures.new(width=7.6, height=3.6)
    for place, values in enumerate(found.values()):
        color = figures.COLORS[place]
        rng = np.random.default_rng(place)
        axes.plot(values, place + rng.uniform(-0.12, 0.12, len(values)), "o",
                  color=color, alpha=0.5, ms=5)  # fmt: skip
        axes.plot(values.mean(), place, "|", color=color, ms=24, mew=3)
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set(xlim=(0, None))
    axes.xaxis.set_major_formatter("{x:.0%}")
    best = sorted(found, key=lambda head: found[head].mean())[:2]
    title = f"The fewest errors: {best[0]}, then {best[1]}"
    figures.describe(axes, title, "wrong answers on test images", "output layer")
    lab.figure(
        "heads",
        figure,
        "Wrong answers of five output layers behind the same hidden layer: one point a "
        "seed, bars at the means.",
    )


if __name__ == "__main__":
    main(__file__)
