"""Batch noise: does batch normalization regularize, and is it the noise that does?

In training an image is normalized by the company it is in, so its output changes from
step to step. That is noise, and noise often regularizes. Whether normalization has such
an effect, a network without it tells. But that differs in more than noise. To ask for
the noise alone, the fair opponent normalizes, too, by moments without noise: those of
one large reference batch, the same at every step. The reference runs through the
network beside the images, and gradients flow through its moments as they do through a
batch's.

A network that is further trained has a wider gap between test and training loss. So
gaps are compared where both have come down to the same training loss.
"""

import keras
import numpy as np
from keras import ops

from recipes.gradients.normalization._images import LARGEST, at_best, draw
from recipes.gradients.normalization._two_streams import two_streams
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats

SIZES = (8, 32, 256)
REFERENCE = 256  # images in the reference batch: those of training, or as many
LEVEL = 0.1  # nats of training loss at which gaps are compared
RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
UNITS = (64, 64)
# How a network normalizes, and what a figure calls it.
WAYS = {
    "noisy": "moments of the batch",
    "reference": "of a reference batch",
    "none": "no normalization",
}
GAP = stats.Threshold(
    "a hundredth of a nat",
    0.01,
    "nats",
    "a test image's probability then changes by one percent: less is not seen.",
)


study = Study(
    two_streams,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sgd",
)


def start_of(model: keras.Model, seed: int, reference) -> list[np.ndarray]:
    """He's kernels by seed, the same for all kinds, and the reference's rows."""
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
    """Losses by epoch; `way` is one of `WAYS`, `reference` the rows that one has."""
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
            "normalize": case["way"] != "none",
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
    """Three batch sizes with noisy moments, those of the reference, and none."""
    rows = lab.settings.rows
    cases = {
        f"batches of {size}, {way}": {
            "way": way,
            "reference": min(REFERENCE, rows) if way == "reference" else 0,
            "batch_size": size,
            # As many updates for large batches as they need to get to the level.
            "epochs": lab.settings.epochs * (4 if size == 256 else 1),
            "rows": rows,
        }
        for size in SIZES
        for way in WAYS
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


# The notes name the noise and the regularizing effect apart. Each is a claim. That the
# one is the reason of the other is ours.


@claim(
    "bn-noise",
    "Batch normalization adds noise to hidden layers.",
    says="is",
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


def gaps_of(lab, way: str) -> list[np.ndarray | None]:
    """The gaps of one way by batch size, one a seed each."""
    runs = trainings(lab)
    return [gaps_at_level(runs[f"batches of {size}, {way}"]) for size in SIZES]


def smaller_than(lab, rival: str, words: str) -> dict[str, stats.Decision | None]:
    """For each batch size, whether batch normalization's gap is below a rival's."""
    found = zip(SIZES, gaps_of(lab, rival), gaps_of(lab, "noisy"), strict=True)
    return {
        f"batches of {size}: a smaller gap than {words}": (
            None
            if theirs is None or ours is None
            else stats.greater(theirs, ours, by=GAP)
        )
        for size, theirs, ours in found
    }


def seen_of(lab) -> dict:
    """The mean gaps of all ways, and what they come from, for a finding."""
    return {
        way: [
            None if gaps is None else float(gaps.mean()) for gaps in gaps_of(lab, way)
        ]
        for way in WAYS
    } | {
        "level": LEVEL,
        "sizes": list(SIZES),
        "gaps": {way: gaps_of(lab, way) for way in WAYS},
        "learning_rate": {
            n: of[0]["learning_rate"] for n, of in trainings(lab).items()
        },
    }


@claim(
    "bn-regularises",
    "Batch normalization has an implicit regularizing effect.",
    notes="001",
    scope="500 digits, 64-64 ReLU units, SGD in batches of 8, 32 and 256, best rates",
)
def gap_is_narrowed(lab):
    """The gap at one training loss, against a network without normalization."""
    return Finding(
        smaller_than(lab, "none", "without normalization"),
        "At a training loss of {level} the gap in batches of {sizes} is {noisy:.3f} "
        "nats with batch normalization, {none:.3f} without it (none: not every "
        "training got down to that loss).",
        figure=draw_gaps,
        **seen_of(lab),
    )


@claim(
    "bn-noise-regularises",
    "The noise that batch normalization adds has a regularizing effect.",
    notes="ours",
    scope="500 digits, 64-64 ReLU units, SGD in batches of 8, 32 and 256, best rates",
)
def noise_narrows_the_gap(lab):
    """The gap at one training loss, against normalization without noise."""
    return Finding(
        smaller_than(lab, "reference", "without noise"),
        "At a training loss of {level} the gap in batches of {sizes} is {noisy:.3f} "
        "nats with the noise, {reference:.3f} with the moments of a reference batch.",
        figure=draw_gaps,
        **seen_of(lab),
    )


def narrower(lab, rival: str) -> str:
    """In how many batch sizes the noise has the smaller mean gap, of all with both."""
    pairs = [
        (ours.mean(), theirs.mean())
        for ours, theirs in zip(gaps_of(lab, "noisy"), gaps_of(lab, rival), strict=True)
        if ours is not None and theirs is not None
    ]
    return f"{sum(ours < theirs for ours, theirs in pairs)} of {len(pairs)}"


def draw_gaps(lab):
    """The gap at the compared loss by batch size."""
    figure, axes = figures.new(width=9.0, height=4.0)
    for index, (way, label) in enumerate(WAYS.items()):
        found = gaps_of(lab, way)
        means = [np.nan if gaps is None else gaps.mean() for gaps in found]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(range(3), means, marker="os^"[index], label=label, **style)
        for place, gaps in enumerate(found):
            if gaps is not None:
                x = np.full(len(gaps), place + 0.06 * (index - 1))
                axes.plot(x, gaps, ".", color=figures.COLORS[index], label="_")
    axes.set_xticks(range(3), [str(size) for size in SIZES])
    axes.set(xlim=(-0.3, 2.3))
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    title = (
        f"The noise narrows the gap in {narrower(lab, 'reference')} batch sizes, "
        f"normalization in {narrower(lab, 'none')}"
    )
    y = f"test minus training loss at {LEVEL} (nats)"
    figures.describe(axes, title, "batch size (images)", y)
    lab.figure(
        "gaps",
        figure,
        "The gap at equal training loss, with the moments of the batch, with those of "
        "a reference batch, which have no noise, and without normalization; dots are "
        "seeds.",
    )


if __name__ == "__main__":
    main(__file__)
