"""Series: jitter, scaling, shifting and warping, for curves that keep their shape.

Is a curve a sine or a square wave? Its phase, height, level and pace do not matter, so
they may be changed: jitter adds noise, scaling multiplies the whole curve, shifting
moves it in time, warping lets time run faster here and slower there. Each says that the
label does not depend on something. What it gains depends on whether the network would
have to learn that from few curves. Jitter is Keras's GaussianNoise; the others are
layers of a few lines. The best of three strengths is chosen by validation.
"""

import keras
import numpy as np
from keras import layers, ops

from recipes.generalization.augmentation._strengths import VALIDATION, at_best, learned
from recipes.lab import (
    Finding,
    Study,
    claim,
    experiment,
    figures,
    generators,
    main,
    stats,
)

ROWS, TEST = 200, 2000
NOISE = 0.3  # of the curves; with much more nothing is learned
BATCH, RATE = 20, 0.003


class Scaling(layers.Layer):
    """Multiplies each curve by exp(strength · z) with a normal z of its own."""

    def __init__(self, strength: float, **options):
        super().__init__(**options)
        self.strength, self.random = strength, keras.random.SeedGenerator()

    def call(self, curves, training=False):
        """Curves (batch, length, 1); the same in a test."""
        if not training:
            return curves
        shape = (ops.shape(curves)[0], 1, 1)
        return curves * ops.exp(
            self.strength * keras.random.normal(shape, seed=self.random)
        )


class Shifting(layers.Layer):
    """Moves each curve in time by up to a share of its length; the end comes first."""

    def __init__(self, strength: float, **options):
        super().__init__(**options)
        self.strength, self.random = strength, keras.random.SeedGenerator()

    def call(self, curves, training=False):
        """Curves (batch, length, 1); the same in a test."""
        if not training:
            return curves
        rows, length = ops.shape(curves)[0], curves.shape[1]
        most = round(self.strength * length)
        moved = keras.random.randint((rows, 1), -most, most + 1, seed=self.random)
        source = (ops.arange(length, dtype="int32")[None] + moved) % length
        return ops.take_along_axis(curves, source[..., None], axis=1)


class Warping(layers.Layer):
    """Lets time run at 1 + strength · cos(...) of its pace, with a random phase."""

    def __init__(self, strength: float, **options):
        super().__init__(**options)
        self.strength, self.random = strength, keras.random.SeedGenerator()

    def call(self, curves, training=False):
        """Curves (batch, length, 1); the same in a test."""
        if not training:
            return curves
        rows, length = ops.shape(curves)[0], curves.shape[1]
        phase = keras.random.uniform((rows, 1), 0, 2 * np.pi, seed=self.random)
        time = ops.arange(length, dtype="float32")[None] / (length - 1)
        bend = ops.sin(2 * np.pi * time + phase) - ops.sin(phase)  # from 0 to 0
        place = (time + self.strength / (2 * np.pi) * bend) * (length - 1)
        place = ops.clip(place, 0, length - 1.001)
        before = ops.cast(ops.floor(place), "int32")
        share = (place - ops.floor(place))[..., None]
        one, other = (
            ops.take_along_axis(curves, (before + step)[..., None], axis=1)
            for step in (0, 1)
        )
        return (1 - share) * one + share * other


KINDS = {
    "jitter": (layers.GaussianNoise, (0.1, 0.3, 1.0)),
    "scaling": (Scaling, (0.1, 0.3, 1.0)),
    "shifting": (Shifting, (0.03, 0.1, 0.3)),
    "warping": (Warping, (0.1, 0.3, 0.9)),
}


def small_network(input_shape, kind: str | None = None, strength=0.0) -> keras.Model:
    """Two convolutions of 8 and 16 filters and a hidden layer of 32; 2 logits."""
    x = curves = keras.Input(input_shape)
    if kind:
        x = KINDS[kind][0](strength)(x)
    for filters in (8, 16):
        x = layers.Conv1D(filters, 7, 2, "same", activation="relu")(x)
    x = layers.Dense(32, "relu")(layers.Flatten()(x))
    return keras.Model(curves, layers.Dense(2, dtype="float32")(x))


network = Study(
    small_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def train(case, seed, data) -> dict[str, float]:
    """Trains on a few curves that are changed in one way.

    Args:
        case: `kind`, None or one of `KINDS`; `strength`; `epochs`.
        seed: Decides curves, weights and changes.
        data: None; the curves are generated.

    Returns:
        Accuracies "training", "validation" and "test".
    """
    x, y = generators.waves(ROWS + VALIDATION + TEST, noise=NOISE, seed=seed)
    return learned(
        network,
        x,
        y,
        seed,
        rows=ROWS,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"kind": case["kind"], "strength": case["strength"]},
    )


@experiment
def scores(lab) -> dict[str, np.ndarray]:
    """Test accuracies by kind at its best strength, one a seed."""
    epochs = lab.settings.epochs
    grid = {"nothing": {0.0: {"kind": None, "strength": 0.0, "epochs": epochs}}}
    for kind, (_, strengths) in KINDS.items():
        grid[kind] = {s: {"kind": kind, "strength": s, "epochs": epochs}
                      for s in strengths}  # fmt: skip
    _, runs = at_best(lab, train, grid, "changes of waves")
    return {kind: stats.column(found, "test") for kind, found in runs.items()}


@claim(
    "aug-time-series",
    "Time series are augmented by warping, jitter, scaling and shifting: it helps a "
    "model with new series.",
    says="often",
    hedge="helps",
    notes="004",
    scope="200 noisy sines and square waves of 48 steps, two small convolutions",
)
def changed_curves_help(lab):
    """Test accuracy with each change at its best strength against nothing."""
    found = scores(lab)
    means = {kind: float(values.mean()) for kind, values in found.items()}
    best = max(KINDS, key=lambda kind: means[kind])
    return Finding(
        {
            kind: stats.greater(found[kind], found["nothing"], by=stats.ACCURACY_POINT)
            for kind in KINDS
        },
        "Of new curves {plain:.1%} are told apart, and {most:.1%} with {best}. All: "
        "{means:.1%}. Better by a point or more: {holding}.",
        figure=draw_series,
        plain=means["nothing"],
        most=means[best],
        best=best,
        means=means,
    )


def draw_series(lab):
    """A curve and its changes, and what each change gains."""
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.2)
    curve = generators.waves(2, noise=0.1, seed=3)[0][:1]
    for row, (layer, strengths) in enumerate(KINDS.values()):
        changed = ops.convert_to_numpy(layer(strengths[1])(curve, training=True))
        left.plot(curve[0, :, 0] - 4 * row, color="#BBBBBB")
        left.plot(changed[0, :, 0] - 4 * row, color=figures.COLORS[row])
    left.set_yticks([-4 * row for row in range(len(KINDS))], KINDS)
    figures.describe(left, "A curve (gray) and its changes", "time (steps)", "")
    found = scores(lab)
    for row, kind in enumerate(KINDS):
        gains, color = 100 * (found[kind] - found["nothing"]), figures.COLORS[row]
        right.plot(gains, [row] * len(gains), ".", color=color, alpha=0.5)
        right.plot(gains.mean(), row, "D", color=color)
    right.axvline(0, color="#000000", lw=0.8, ls=":")
    right.set_yticks(range(len(KINDS)), KINDS)
    right.set_ylim(len(KINDS) - 0.5, -0.5)
    best = max(KINDS, key=lambda kind: found[kind].mean())
    title = f"Most gain: {best}, {100 * (found[best] - found['nothing']).mean():.1f}"
    figures.describe(right, f"{title} points", "gain in test accuracy (points)", "")
    lab.figure(
        "series",
        figure,
        "Left, a square wave and four changes of it. Right, the gain in test accuracy "
        "with each: dots are seeds, diamonds their means.",
    )


if __name__ == "__main__":
    main(__file__)
