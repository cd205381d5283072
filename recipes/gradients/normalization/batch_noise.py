"""Batch noise: does the noise of the batch's moments regularize?

In training an image is normalized by the company it is in, so its output changes from
step to step. That is noise, and noise often regularizes. But a network with
normalization differs from one without in more than noise. The fair opponent normalizes,
too, by moments without noise: those of one large reference batch, the same at every
step. The reference runs through the network beside the images, and gradients flow
through its moments as they do through a batch's.

A network that is further trained has a wider gap between test and training loss. So
gaps are compared where both have come down to the same training loss.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from recipes.gradients.normalization._images import LARGEST, at_best, draw
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats

SIZES = (8, 32, 256)
REFERENCE = 256  # images in the reference batch: those of training, or as many
LEVEL = 0.1  # nats of training loss at which gaps are compared
RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
UNITS = (64, 64)
GAP = stats.Threshold(
    "a hundredth of a nat",
    0.01,
    "nats",
    "a test image's probability then changes by one percent: less is not seen.",
)


class Reference(layers.Layer):
    """Holds the reference batch, whatever it is given."""

    def __init__(self, rows: int, **arguments):
        super().__init__(**arguments)
        self.count = rows

    def build(self, input_shape):
        """Makes room for the rows, which are set with the weights."""
        shape = (self.count, *input_shape[1:])
        self.rows = self.add_weight(
            shape=shape, initializer="zeros", trainable=False, name="rows"
        )

    def call(self, inputs):
        """The reference batch."""
        return ops.convert_to_tensor(self.rows)


class ReferenceNormalization(layers.Layer):
    """Normalizes images and reference by the moments of the reference alone."""

    def build(self, input_shape):
        """γ and β, as batch normalization has them."""
        units = (input_shape[-1],)
        self.gamma = self.add_weight(shape=units, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=units, initializer="zeros", name="beta")

    def call(self, images, reference):
        """Both, normalized; in inference nothing changes, as there is no batch."""
        mean, variance = ops.mean(reference, 0), ops.var(reference, 0)
        scale = self.gamma / ops.sqrt(variance + 1e-3)
        return (
            (images - mean) * scale + self.beta,
            (reference - mean) * scale + self.beta,
        )


def two_streams(input_shape, classes: int, units: Sequence[int], rows: int):
    """A ReLU network whose normalization looks at a reference batch of `rows`.

    With no rows it is the usual network with batch normalization.
    """
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)
    reference = Reference(rows)(x) if rows else None
    for width in units:
        dense = layers.Dense(width, use_bias=False)
        if rows:
            x, reference = ReferenceNormalization()(dense(x), dense(reference))
            reference = layers.Activation("relu")(reference)
        else:
            x = layers.BatchNormalization(momentum=0.9)(dense(x))
        x = layers.Activation("relu")(x)
    return keras.Model(inputs, layers.Dense(classes)(x))


study = Study(
    two_streams,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sgd",
)


def start_of(model: keras.Model, seed: int, reference) -> list[np.ndarray]:
    """He's kernels by seed, the same for both kinds, and the reference's rows."""
    rng, weights = np.random.default_rng([seed, 80]), []
    for weight in model.weights:
        shape = tuple(weight.shape)
        if weight.path.endswith("kernel"):
            weights.append(rng.normal(0, np.sqrt(2 / shape[0]), shape))
        elif weight.path.endswith("rows"):
            weights.append(reference)
        else:
            one = weight.path.endswith(("gamma", "variance"))
            weights.append(np.full(shape, float(one)))
    return weights


def train_streams(case: dict, seed: int, data) -> dict:
    """Losses by epoch with batch moments (`reference` 0) or those of a reference."""
    training, *others = draw(data, seed, case["rows"])
    rows = training[0].reshape(len(training[0]), -1)[: case["reference"]]
    run = study.train(
        training,
        seed,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        learning_rate=case["learning_rate"],
        network={
            "classes": data.num_classes,
            "units": list(UNITS),
            "rows": case["reference"],
        },
        weights=lambda model: start_of(model, seed, rows),
        held_out=others[case["judge"] == "test"],
        score_epochs=range(1, case["epochs"] + 1),
        score_training=True,
        largest=LARGEST,
        xla=False,
    )
    return {name: run["history"][name] for name in ("training_loss", "held_out_loss")}


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """Three batch sizes with noisy moments and with those of the reference."""
    rows = lab.settings.rows
    cases = {
        f"batches of {size}, {way}": {
            "reference": 0 if way == "noisy" else min(REFERENCE, rows),
            "batch_size": size,
            # As many updates for large batches as they need to get to the level.
            "epochs": lab.settings.epochs * (4 if size == 256 else 1),
            "rows": rows,
        }
        for size in SIZES
        for way in ("noisy", "reference")
    }
    return at_best(
        lab,
        train_streams,
        cases,
        RATES,
        lambda run: min(run["held_out_loss"]),
        title="batch noise",
    )


def gaps_at_level(runs: list[dict]) -> np.ndarray | None:
    """Test minus training loss where the training loss comes down to `LEVEL`.

    Straight lines stand between the epochs. None where a training doesn't get there.
    """
    gaps = []
    for run in runs:
        seen = np.array(run["training_loss"])
        between = np.array(run["held_out_loss"]) - seen
        below = np.flatnonzero(seen <= LEVEL)
        if not len(below):
            return None
        at = int(below[0])
        if at == 0:
            gaps.append(float(between[0]))
            continue
        share = (seen[at - 1] - LEVEL) / (seen[at - 1] - seen[at])
        gaps.append(float(between[at - 1] + share * (between[at] - between[at - 1])))
    return np.array(gaps)


def change_by_company(lab) -> float:
    """How far one image's output wanders with its batch of 32, in deviations."""
    (x, _), _, _ = draw(lab.data(lab.settings.data), 0, lab.settings.rows)
    rng = np.random.default_rng(81)
    units = x.reshape(len(x), -1) @ rng.normal(size=(x[0].size, 16))
    layer, seen = keras.layers.BatchNormalization(), []
    for _ in range(100):
        others = units[rng.integers(len(units), size=31)]
        batch = np.concatenate([units[:1], others]).astype("float32")
        seen.append(ops.convert_to_numpy(layer(batch, training=True))[0])
    return float(np.std(seen, 0).mean())


NOISE = 0.05  # deviations of a unit: a twentieth is more than rounding by far


# The notes name the noise and the regularizing effect apart. Each is a claim.


@claim(
    "bn-noise",
    "Batch normalization adds noise to hidden layers.",
    notes="001",
    scope="an MLP of 64-64 ReLU units on digits, batches of 32; nothing is trained",
)
def company_is_noise(lab):
    """How far an image's output wanders with the rest of its batch."""
    wander = change_by_company(lab)
    return Finding(
        {"an image's output depends on its batch": stats.above(wander, NOISE)},
        "An image's output wanders by {wander:.2f} deviations with its batch of 32.",
        wander=wander,
    )


@claim(
    "bn-noise-regularises",
    "Batch normalization has, by its noise, an implicit regularizing effect.",
    notes="001",
    scope="500 digits, 64-64 ReLU units, SGD in batches of 8, 32 and 256, best rates",
)
def noise_narrows_the_gap(lab):
    """The gap at one training loss, against normalization without noise."""
    runs = trainings(lab)
    gaps = {name: gaps_at_level(of) for name, of in runs.items()}
    conditions = {}
    for size in SIZES:
        pair = [gaps[f"batches of {size}, {way}"] for way in ("reference", "noisy")]
        known = pair[0] is not None and pair[1] is not None
        conditions[f"batches of {size}: a smaller gap than without noise"] = (
            stats.greater(*pair, by=GAP) if known else None
        )
    means = {
        way: [
            float(np.mean(found)) if found is not None else float("nan")
            for found in (gaps[f"batches of {size}, {way}"] for size in SIZES)
        ]
        for way in ("noisy", "reference")
    }
    return Finding(
        conditions,
        "At a training loss of {level} the gap in batches of {sizes} is {noisy:.3f} "
        "nats with the noise, {reference:.3f} with the moments of a reference batch.",
        figure=draw_gaps,
        level=LEVEL,
        sizes=list(SIZES),
        noisy=means["noisy"],
        reference=means["reference"],
        gaps=gaps,
        learning_rate={name: of[0]["learning_rate"] for name, of in runs.items()},
    )


def draw_gaps(lab):
    """The gap at the compared loss by batch size."""
    figure, axes = figures.new(width=9.0, height=4.0)
    for index, way in enumerate(("noisy", "reference")):
        found = [gaps_at_level(trainings(lab)[f"batches of {s}, {way}"]) for s in SIZES]
        label = "moments of the batch" if way == "noisy" else "of a reference batch"
        means = [np.nan if gaps is None else gaps.mean() for gaps in found]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(range(3), means, marker="os"[index], label=label, **style)
        for place, gaps in enumerate(found):
            if gaps is not None:
                x = np.full(len(gaps), place + 0.04 * (2 * index - 1))
                axes.plot(x, gaps, ".", color=figures.COLORS[index], label="_")
    axes.set_xticks(range(3), [str(size) for size in SIZES])
    axes.set(xlim=(-0.3, 2.3))
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    title = "Test minus training loss, with and without the batch's noise"
    y = f"test minus training loss at {LEVEL} (nats)"
    figures.describe(axes, title, "batch size (images)", y)
    lab.figure(
        "gaps",
        figure,
        "The gap at equal training loss, with the moments of the batch and with those "
        "of a reference batch, which have no noise; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
