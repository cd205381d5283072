"""Positions: a convolution moves with its input, and that is not staying the same.

The notes say that CNNs provide translation invariance. Two words are mixed up easily.
*Equivariant*: the input moves and the output moves with it. *Invariant*: the input
moves and the output stays. A convolution is the first. What is read from it decides
about the second: a mean over all places stays; a dense layer on flattened places has
one weight for each place, and has learned only those where training images were.

The first claim is tried on whole numbers, which float32 adds without error, so that
"the same" means the same to the last bit. The second is tried on networks that have
only seen digits in the middle of a frame.
"""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_behavior._images import (
    MOST,
    draw,
    epochs_of,
    learn,
    study_of,
    view,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import lenet, mlp

SIZE, PATTERN = 24, 5  # pixels a side
KEPT = 0.95  # a network that loses more than a twentieth recognizes it worse there
DIGIT = 8  # pixels a side
SHIFTS = (0, 1, 2, 3, 4)  # pixels to the right; the frame is four wide
NEAR, AWAY = 1, 4
RATE = 0.01


def pattern_at(row: int, column: int) -> np.ndarray:
    """A black image with a pattern of whole numbers at a place."""
    drawn = np.random.default_rng(1).integers(1, 9, (PATTERN, PATTERN))
    image = np.zeros((1, SIZE, SIZE, 1), "float32")
    image[0, row : row + PATTERN, column : column + PATTERN, 0] = drawn
    return image


def whole_numbers(*chosen) -> keras.Model:
    """Layers in turn, with small whole numbers as weights."""
    model = keras.Sequential([keras.Input((SIZE, SIZE, 1)), *chosen])
    rng = np.random.default_rng(2)
    model.set_weights([rng.integers(-2, 3, w.shape) for w in model.get_weights()])
    return model


def conv(filters: int = 4, **options) -> layers.Layer:
    """A padded 3×3 convolution with a ReLU."""
    return layers.Conv2D(filters, 3, padding="same", activation="relu", **options)


def seen(model: keras.Model, row: int, column: int) -> np.ndarray:
    """What a network makes of the pattern at a place."""
    return keras.ops.convert_to_numpy(model(pattern_at(row, column)))


# Pooling and strides look at every second pixel only: what has moved by one pixel meets
# other ones.

MIDDLE = 8  # where the pattern is at first: its neighborhood stays inside the image


@experiment
def changes(lab) -> dict[str, float]:
    """How far the outputs for a pattern that has moved are from those before."""
    average = layers.GlobalAveragePooling2D
    built = {
        "at every place": whole_numbers(conv(), conv()),
        "flattened": whole_numbers(conv(), conv(), layers.Flatten()),
        "averaged": whole_numbers(conv(), conv(), average()),
        "pooled 2×2, averaged": whole_numbers(
            conv(), layers.MaxPooling2D(), conv(), average()
        ),
        "stride 2, averaged": whole_numbers(conv(strides=2), conv(), average()),
    }
    found = {}
    for name, model in built.items():
        for step in (1, 2):
            before = seen(model, MIDDLE, MIDDLE)
            after = seen(model, MIDDLE, MIDDLE + step)
            found[f"{name}, {step}"] = float(np.abs(after - before).max())
    maps = built["at every place"]
    before, after = (seen(maps, MIDDLE, MIDDLE + step) for step in (0, 3))
    back = np.roll(after, -3, axis=2)
    found["at every place, moved back"] = float(np.abs(back - before).max())
    edge = np.abs(
        seen(built["averaged"], MIDDLE, MIDDLE) - seen(built["averaged"], MIDDLE, 0)
    )
    found["averaged, at the edge"] = float(edge.max())
    return found


@claim(
    "cnn-translation-equivariance",
    "Convolutional networks provide translation invariance.",
    says="is",
    notes="001",
    scope="two convolutions with whole-number weights, a pattern on black; nothing is "
    "trained",
)
def output_stays(lab):
    """Whether outputs are equal to the last bit after the pattern has moved."""
    found = changes(lab)
    lab.table(
        "Greatest change of an output where a pattern moves",
        ["outputs, pixels moved", "change"],
        [[name, f"{value:g}"] for name, value in found.items()],
    )
    return Finding(
        {
            "flattened": found["flattened, 1"] == 0,
            "averaged over places": found["averaged, 1"] == 0,
            "averaged, behind 2×2 pooling, moved by 2": (
                found["pooled 2×2, averaged, 2"] == 0
            ),
            "averaged, behind 2×2 pooling, moved by 1": (
                found["pooled 2×2, averaged, 1"] == 0
            ),
            "averaged, behind stride 2, moved by 1": (
                found["stride 2, averaged, 1"] == 0
            ),
        },
        "A convolution's output moves with its input (it differs by {equivariant:g} "
        "when moved back), so it is equivariant, not invariant. What stays the same: "
        "{holding}. Nothing is exact at an image's edge: there the average changes by "
        "{edge:.2g}.",
        equivariant=found["at every place, moved back"],
        edge=found["averaged, at the edge"],
        greatest_change=found,
    )


# Digits of 8×8 pixels in a frame of 16×16, always in its middle while they are learned.

# Pooled twice, a network meets the same pixels again only after a move by four; without
# pooling it does after every move.

NETWORKS = {
    "flattened": {"head": "flatten"},
    "averaged": {"head": "global_average"},
    "averaged, not pooled": {"head": "global_average", "pooling": None},
    "MLP": {"units": [64]},
}


def either(input_shape, num_classes: int, **arguments) -> keras.Model:
    """A CNN of two blocks, or where it has `units` a network of dense layers."""
    if "units" in arguments:
        return mlp(input_shape, num_classes, **arguments)
    return lenet(input_shape, num_classes, filters=(16, 32), **arguments)


networks = study_of(either)


def train(case: dict, seed: int, data) -> dict:
    """Trains on digits in the middle and returns the accuracy at each shift.

    Args:
        case: `kind`, a key of `NETWORKS`; `rows`, `epochs` and `learning_rate`.
        seed: Of images, weights and order.
        data: Images of 8×8 pixels.
    """
    drawn = draw(data, case["rows"], seed)
    sets = {name: (view(x, DIGIT, max(SHIFTS)), y) for name, (x, y) in drawn.items()}
    x, y = drawn["test"]

    def right(model) -> list[float]:
        shifted = [view(x, DIGIT, max(SHIFTS), by=(0, pixels)) for pixels in SHIFTS]
        logits = [model.predict_on_batch(images) for images in shifted]
        return [float((rows.argmax(1) == y).mean()) for rows in logits]

    network = {"num_classes": data.num_classes, **NETWORKS[case["kind"]]}
    whole = {"judge": "test", "network": network, **case}
    run = learn(networks, whole, seed, sets, measure=right)
    return {"accuracy": run["measured"]}


@experiment
def by_shift(lab) -> dict[str, np.ndarray]:
    """Test accuracies, (seeds, shifts)."""
    shared = {"rows": MOST, "epochs": 2 * epochs_of(lab, MOST), "learning_rate": RATE}
    cases = {kind: {"kind": kind, **shared} for kind in NETWORKS}
    options = {"data": lab.like_digits, "precision": "float32"}
    runs = lab.sweep(train, cases, title="digits in the middle", **options)
    return {kind: stats.column(of, "accuracy") for kind, of in runs.items()}


@claim(
    "cnn-recognizes-anywhere",
    "Convolutional networks recognize patterns regardless of their location.",
    says="always",
    notes="001",
    scope="960 digits of 8×8 pixels in the middle of 16×16, CNNs of two blocks, Adam "
    "0.01, 24 epochs",
)
def recognized_where_never_seen(lab):
    """Whether digits that were learned in the middle are recognized beside it."""
    found = by_shift(lab)
    share = {kind: rows / rows[:, :1] for kind, rows in found.items()}
    return Finding(
        {
            f"{kind}, moved by {pixels}": stats.against(
                share[kind][:, SHIFTS.index(pixels)], KEPT, by=stats.ANY
            )
            for kind in list(NETWORKS)[:3]
            for pixels in (NEAR, AWAY)
        },
        "Moved by half a digit, {there[flattened]:.0%} are recognized where places are "
        "flattened and {there[averaged]:.0%} where they are averaged. Pooling brings "
        "back a grid: moved by one pixel, {near[averaged]:.0%} with it and "
        "{near[averaged, not pooled]:.0%} without. In the middle: {here:.0%}.",
        figure=draw_shifts,
        here={kind: rows[:, 0].mean() for kind, rows in found.items()},
        near={kind: rows[:, 1].mean() for kind, rows in found.items()},
        there={kind: rows[:, -1].mean() for kind, rows in found.items()},
        accuracy_by_shift={kind: rows.mean(0) for kind, rows in found.items()},
    )


def draw_shifts(lab):
    """Accuracy by how far the test digits are from where digits were learned."""
    found = by_shift(lab)
    figure, axes = figures.new()
    axes.set_ylim(0, 100)
    axes.set_xticks(SHIFTS)
    figures.curves(axes, SHIFTS, {kind: 100 * rows for kind, rows in found.items()})
    flat, mean = (found[kind][:, -1].mean() for kind in ("flattened", "averaged"))
    title = f"Half a digit away: {flat:.0%} if flattened, {mean:.0%} if averaged"
    figures.describe(axes, title, "moved by (pixels of 8)", "test accuracy (%)")
    lab.figure(
        "shifts",
        figure,
        "Test accuracy by how far digits are moved from where they were learned: means "
        "with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
