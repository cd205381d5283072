"""Drift: do a layer's inputs stay put, and is that why training is fast?

"Internal covariate shift" is the drift of a layer's inputs while the layers below it
learn. The notes name it and no more. Behind normalization the moments are fixed, so
asking there decides before it runs. What counts is what the next layer gets, behind γ,
β and ReLU: how far mean and covariance move in a step, relative to their size.

Santurkar et al. (2018) measure what a drift would harm: how much a layer's gradient
changes because the layers below it have taken their step. And they put the drift back:
behind every normalization each unit gets a random factor and offset, drawn anew at
every step. If such a network still trains as fast, drift was not the reason.

A gradient between the parts of a step is nothing that `fit` can show, so network and
step are written out, in `_by_hand`.
"""

import numpy as np

from recipes.gradients.normalization._by_hand import (
    backward,
    cross_entropy,
    draw_layers,
    forward,
    step,
)
from recipes.gradients.normalization._images import at_best, draw
from recipes.lab import Finding, claim, experiment, figures, main, stats

WIDTHS, BATCH = (64, 64, 64), 64
STEPS, EVERY = 150, 5  # of a training, and between the measurements
LEARNING = 50  # first steps, in which all learn: who has learned does not move
PROBE = 200  # images on which moments are taken
JOLT = 0.5  # deviation of the factors (around 1) and offsets: half a unit's spread
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
WAYS = ("plain", "normalized", "normalized, drift put back")


def moments(layers, x, **how) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean and covariance of what every layer behind the first gets as its input."""
    kept = forward(layers, x, **how)
    return [(seen["input"].mean(0), np.cov(seen["input"].T)) for seen in kept[1:]]


def relative(before, after) -> float:
    """The length of a difference over that of what was there before."""
    return float(np.linalg.norm(after - before) / (np.linalg.norm(before) + 1e-12))


def drift_of_step(before, after) -> tuple[float, float]:
    """How far means (in spreads) and covariances moved, averaged over the layers."""
    means = [
        np.linalg.norm(new - old) / np.sqrt(np.trace(cov) + 1e-12)
        for (old, cov), (new, _) in zip(before, after, strict=True)
    ]
    covariances = [
        relative(old, new) for (_, old), (_, new) in zip(before, after, strict=True)
    ]
    return float(np.mean(means)), float(np.mean(covariances))


def change_of_gradients(layers, gradients, x, y, rate, **how) -> float:
    """How much each hidden layer's gradient changes by the step of those below it."""
    stepped, changes = step(layers, gradients, rate), []
    for number in range(1, len(layers)):
        mixed = stepped[:number] + layers[number:]
        kept = forward(mixed, x, **how)
        after = backward(mixed, kept, y, normalize=how["normalize"])
        changes.append(relative(gradients[number]["kernel"], after[number]["kernel"]))
    return float(np.mean(changes))


def train_by_hand(case: dict, seed: int, data) -> dict:
    """Trains one network by plain steps and measures what its layers see.

    Returns:
        `loss`: the training loss, each batch's in training mode, averaged over all
        steps, and `losses` by step; `mean` and `covariance`: drifts a step;
        `gradient`: the change of Santurkar et al.; each the median of the measurements
        in the first `LEARNING` steps.
    """
    (x, y), *_ = draw(data, seed, case["rows"])
    x = x.reshape(len(x), -1).astype(float)
    widths = [x.shape[1], *WIDTHS, data.num_classes]
    layers, normalize = draw_layers(widths, seed), case["way"] != "plain"
    jolted, rate = case["way"] == WAYS[2], case["learning_rate"]
    rng, losses, drifts, changes = np.random.default_rng([seed, 82]), [], [], []

    def draw_jolts():
        if not jolted:
            return None
        return [
            (1 + JOLT * rng.normal(size=width), JOLT * rng.normal(size=width))
            for width in WIDTHS
        ]

    before = None
    with np.errstate(over="ignore", invalid="ignore"):
        for number in range(case["steps"]):
            rows = rng.integers(len(x), size=BATCH)
            how = {"normalize": normalize, "jolts": draw_jolts()}
            measured = number < LEARNING and number % EVERY == 0
            if measured:
                before = moments(layers, x[:PROBE], **how)
            kept = forward(layers, x[rows], **how)
            losses.append(cross_entropy(kept[-1]["output"], y[rows]))
            gradients = backward(layers, kept, y[rows], normalize=normalize)
            if measured:
                # The same jolts below: what changes is the step of the layers below.
                changes.append(
                    change_of_gradients(
                        layers, gradients, x[rows], y[rows], rate, **how
                    )
                )
            layers = step(layers, gradients, rate)
            if measured:
                # The next step's inputs have the next step's jolts.
                then = {**how, "jolts": draw_jolts()}
                drifts.append(drift_of_step(before, moments(layers, x[:PROBE], **then)))
    loss = float(np.mean(losses))
    mean, covariance = np.median(drifts, 0)
    found = {
        "loss": min(loss, 10.0) if np.isfinite(loss) else 10.0,
        "mean": float(mean),
        "covariance": float(covariance),
        "gradient": float(np.median(changes)),
    }
    return found | {"losses": [float(np.nan_to_num(v, nan=10.0)) for v in losses]}


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """The three networks, each at its best rate."""
    cases = {
        way: {
            "way": way,
            "steps": 20 if lab.smoke else STEPS,
            "rows": lab.settings.rows,
        }
        for way in WAYS
    }
    return at_best(
        lab, train_by_hand, cases, RATES, lambda run: run["loss"], title="drift"
    )


def measured(runs: dict[str, list[dict]], name: str) -> list[np.ndarray]:
    """A measure of the three networks, one a seed each."""
    return [stats.column(runs[way], name) for way in WAYS]


# The notes give two keywords, "internal covariate shift" and "faster convergence". The
# second is a claim of `speed`. That the one is the reason of the other they do not say:
# that question is ours.


def less(runs, name: str, more: str, fewer: str) -> stats.Decision:
    """Whether a measure is a tenth smaller one of `WAYS` than another."""
    found = dict(zip(WAYS, measured(runs, name), strict=True))
    return stats.greater(found[more], found[fewer], by=stats.TENTH, scale="log")


@claim(
    "bn-covariate-shift",
    "Batch normalization reduces internal covariate shift, the drift of a layer's "
    "inputs.",
    notes="003",
    scope="500 digits, 3 layers of 64 ReLU units, 150 steps of SGD, best rate each",
)
def less_drift(lab):
    """Drift of inputs and change of gradients; beside them the training loss."""
    runs = trainings(lab)
    plain, normalized, _ = WAYS
    words = {
        "mean": "the mean of the inputs drifts less",
        "covariance": "their covariance drifts less",
        "gradient": "gradients change less by the layers below",
    }
    means = {
        name: [float(v.mean()) for v in measured(runs, name)]
        for name in (*words, "loss")
    }
    return Finding(
        {said: less(runs, name, plain, normalized) for name, said in words.items()},
        "A step moves the mean of a layer's inputs by {moved[0]:.3f} spreads without "
        "normalization, {moved[1]:.3f} with it. The mean training losses are "
        "{losses[0]:.2f} and {losses[1]:.2f}. The notes name the drift as a keyword; "
        "the sentence is ours.",
        figure=draw_trainings,
        moved=means["mean"],
        losses=means["loss"],
        all_measures={
            name: dict(zip(WAYS, values, strict=True)) for name, values in means.items()
        },
        learning_rate={way: of[0]["learning_rate"] for way, of in runs.items()},
    )


@claim(
    "bn-covariate-shift-reason",
    "Batch normalization makes convergence faster not only because it reduces internal "
    "covariate shift: with the drift put back it is still faster.",
    notes="ours",
    scope="500 digits, 3 layers of 64 ReLU units, 150 steps of SGD, best rate each; "
    "random shifts and scales put the drift back behind each normalization",
)
def drift_put_back(lab):
    """If the drift were the only reason, with it nothing would be gained."""
    runs = trainings(lab)
    plain, _, jolted = WAYS
    means = {
        name: [float(v.mean()) for v in measured(runs, name)]
        for name in ("mean", "loss")
    }
    without, alone, put_back = means["loss"]
    back, lost = None, "it gains nothing"
    if alone < without:
        back = (put_back - alone) / (without - alone)
        lost = (
            f"{back:.0%} of the gain is lost with the drift put back, which also "
            "adds noise"
        )
    return Finding(
        {
            "with the drift put back it trains faster than without normalization": (
                less(runs, "loss", plain, jolted)
            )
        },
        "With drift put back a step moves the mean of a layer's inputs by "
        "{moved[2]:.2f} spreads, by {moved[0]:.2f} without normalization. The mean "
        "training losses are {losses[2]:.2f} and {losses[0]:.2f}, and {losses[1]:.2f} "
        "with normalization alone: {lost}.",
        figure=draw_trainings,
        moved=means["mean"],
        losses=means["loss"],
        lost=lost,
        back=back,
    )


def draw_trainings(lab):
    """Training loss by step, and the drift of the inputs."""
    figure, (left, right) = figures.new(1, 2, width=12.0, height=4.0)
    runs, window = trainings(lab), 10
    left.set(yscale="log")
    for index, way in enumerate(WAYS):
        losses = stats.column(runs[way], "losses").mean(0)
        smooth = np.convolve(losses, np.ones(window) / window, "valid")
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        left.plot(np.arange(len(smooth)) + window, smooth, label=way, **style)
    figures.legend(left)
    losses = [values.mean() for values in measured(runs, "loss")]
    slower = "more slowly" if losses[2] > losses[1] else "no more slowly"
    title = f"With drift put back, normalization trains {slower}"
    figures.describe(left, title, "step", "loss of the batches (nats)")
    means = measured(runs, "mean")
    right.bar(range(3), [m.mean() for m in means], color=figures.COLORS[:3], width=0.6)
    for place, values in enumerate(means):
        right.plot(np.full(len(values), place), values, ".", color="#000000")
    right.set(yscale="log")
    right.set_xticks(range(3), ["plain", "normalized", "normalized,\ndrift put back"])
    least = WAYS[int(np.argmin([m.mean() for m in means]))]
    title = f"Layers' inputs drift least: {least}"
    figures.describe(right, title, "", "shift of the mean a step (spreads)")
    lab.figure(
        "drift",
        figure,
        "Left, the mean training loss, a mean over ten steps, each network at its best "
        "rate. Right, how far a step moves the mean of a layer's inputs; dots: seeds.",
    )


if __name__ == "__main__":
    main(__file__)
