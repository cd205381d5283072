"""Rules: one factor for the whole gradient keeps its direction; other rules turn it.

A gradient is a list of arrays, one a variable. Clipping by the global norm multiplies
all of them by one factor, so the step becomes shorter and still points downhill.
Keras's `clipnorm` takes a factor for each variable: each keeps its own direction, and
the whole turns. `clipvalue` cuts every entry by itself and turns both.

Plain gradient descent at rate 1 moves the weights by exactly the gradient that it was
handed. So one step shows what a way to clip makes of a gradient. Compare the three
clouds of the picture `direction`.
"""

import keras
import numpy as np

from callbacks import GradientClipping
from recipes.gradients._watch import Start, draw_weights, watch
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import mlp

LIMIT, BOUND = 1.0, 0.1  # of a norm; of an entry
GAINS = np.geomspace(0.3, 3.0, 6)  # on the weights: gradients of many sizes
CLOSE = 1e-4  # a step is the difference of two float32 weights


def norm(gradient: list[np.ndarray]) -> float:
    """The norm of several arrays taken together."""
    return float(np.sqrt(sum((part**2).sum() for part in gradient)))


def cosine(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The cosine of the angle between two gradients."""
    inner = sum((a * b).sum() for a, b in zip(one, other, strict=True))
    return float(inner / (norm(one) * norm(other)))


# The three rules. Keras and the callback offer each of them.


def by_whole(gradient: list[np.ndarray]) -> list[np.ndarray]:
    """One factor for all."""
    factor = min(1, LIMIT / norm(gradient))
    return [factor * part for part in gradient]


def by_variable(gradient: list[np.ndarray]) -> list[np.ndarray]:
    """A factor for each variable."""
    return [min(1, LIMIT / norm([part])) * part for part in gradient]


def by_value(gradient: list[np.ndarray]) -> list[np.ndarray]:
    """Each entry by itself."""
    return [np.clip(part, -BOUND, BOUND) for part in gradient]


# Arguments of the optimizer, those of the callback, and the rule that both follow.
METHODS = {
    "global_clipnorm": ({"global_clipnorm": LIMIT}, {}, by_whole),
    "GradientClipping(norm)": ({}, {"norm": LIMIT}, by_whole),
    "clipnorm": ({"clipnorm": LIMIT}, {}, by_variable),
    "GradientClipping(per_variable)": ({}, {"per_variable": LIMIT}, by_variable),
    "clipvalue": ({"clipvalue": BOUND}, {}, by_value),
    "GradientClipping(value)": ({}, {"value": BOUND}, by_value),
}


class Steps(keras.callbacks.Callback):
    """Keeps the change of the weights of every epoch, here one step of rate 1."""

    def __init__(self, starts: list[Start]):
        super().__init__()
        self.starts = [start.weights for start in starts]
        self.found: list[list[np.ndarray]] = []

    def on_epoch_end(self, epoch, logs=None):
        """Subtracts: with rate 1 the change is the gradient that was used."""
        pairs = zip(self.starts[epoch], self.model.get_weights(), strict=True)
        self.found.append([np.asarray(before - now, float) for before, now in pairs])


def steps(optimizer: dict, clipping: dict, seeds) -> list[list[np.ndarray]]:
    """The gradients as a way to clip leaves them, from the same starts for all."""
    model = mlp((6,), 1, units=(16,), task="regression")
    model.compile(keras.optimizers.SGD(1.0, **optimizer), "mse")
    starts = [
        Start(
            # As float32, because the weights are rounded to it.
            [w.astype("float32") for w in draw_weights(model, seed, "he", gain)],
            rates=(1.0,),
        )
        for seed in seeds
        for gain in GAINS
    ]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6)), rng.normal(size=(64, 1))
    kept = Steps(starts)
    callbacks = [GradientClipping(**clipping)] if clipping else []
    watch(model, starts, x, y, batch_size=64, callbacks=[*callbacks, kept])
    return kept.found


@experiment
def gradients(lab) -> dict[str, list[list[np.ndarray]]]:
    """The same gradients as they came ("raw") and as each way to clip leaves them."""
    found = {"raw": steps({}, {}, lab.seeds)}
    for name, (optimizer, clipping, _) in METHODS.items():
        found[name] = steps(optimizer, clipping, lab.seeds)
    return found


def measure(raw, clipped, formula) -> dict:
    """Compares clipped gradients with raw ones.

    Returns:
        The greatest difference from the formula, in shares of the gradient's norm;
        how many norms were over the limit; of those the largest norm and entry that
        are left, and the least cosine.
    """
    pairs = list(zip(raw, clipped, strict=True))
    over = [(a, b) for a, b in pairs if norm(a) > LIMIT]
    parts = [([a], [b]) for pair in over for a, b in zip(*pair, strict=True)]
    return {
        "difference_from_the_formula": max(
            norm([a - b for a, b in zip(found, formula(gradient), strict=True)])
            / norm(gradient)
            for gradient, found in pairs
        ),
        "over_the_limit": len(over),
        "largest_norm": max((norm(b) for _, b in over), default=0.0),
        "largest_variable": max((norm(b) for _, b in parts), default=0.0),
        "largest_entry": max(
            (float(abs(part).max()) for _, b in over for part in b), default=0.0
        ),
        "least_cosine": min((cosine(a, b) for a, b in over), default=1.0),
    }


@experiment
def reports(lab) -> dict[str, dict]:
    """What every way to clip did to the same gradients."""
    found = gradients(lab)
    measured = {
        name: measure(found["raw"], found[name], formula)
        for name, (_, _, formula) in METHODS.items()
    }
    columns = ("largest_norm", "least_cosine", "difference_from_the_formula")
    lab.table(
        f"{measured['clipnorm']['over_the_limit']} gradients with a norm above "
        f"{LIMIT:g}, clipped at norm {LIMIT:g} or value {BOUND:g}",
        ["way to clip", *(name.replace("_", " ") for name in columns)],
        [[name, *(row[key] for key in columns)] for name, row in measured.items()],
    )
    return measured


# What each rule promises, and by which of the numbers above. Keras's argument and the
# callback's follow the same rule and must both keep it.
PROMISES = {
    "the norm of all (global_clipnorm)": (by_whole, "largest_norm", LIMIT),
    "the norm of each variable (clipnorm)": (by_variable, "largest_variable", LIMIT),
    "each entry (clipvalue)": (by_value, "largest_entry", BOUND),
}


def followers(measured: dict[str, dict], rule) -> list[dict]:
    """What was measured of the two ways that follow a rule."""
    return [measured[name] for name, (_, _, own) in METHODS.items() if own is rule]


def kept(report: dict, what: str, limit: float) -> bool | None:
    """Whether gradients over the limit came back to it, as the formula says."""
    return (
        report["over_the_limit"] > 0
        and stats.below(report["difference_from_the_formula"], CLOSE)
        and stats.below(report[what], limit * (1 + CLOSE))
    )


@claim(
    "clip-by-norm",
    "Clipping scales a gradient that exceeds a threshold back to a manageable range.",
    says="is",
    notes="004",
    scope="gradients of a network 6-16-1 of many sizes; thresholds 1 and 0.1",
)
def scales_down(lab):
    """Whether what each rule bounds is bounded, by Keras and by the callback."""
    measured = reports(lab)
    left = {
        words: max(row["largest_norm"] for row in followers(measured, rule))
        for words, (rule, _, _) in PROMISES.items()
    }
    return Finding(
        {
            words: all(kept(row, what, limit) for row in followers(measured, rule))
            for words, (rule, what, limit) in PROMISES.items()
        },
        "Gradients of norm up to {largest:.0f} are left with norms up to: {left:.2f}. "
        "The limit is {limit:g} for a norm and {bound:g} for an entry, so that several "
        "variables or many entries can still add up to more than {limit:g}.",
        figure=draw_direction,
        largest=max(map(norm, gradients(lab)["raw"])),
        left=left,
        limit=LIMIT,
        bound=BOUND,
        by_method=measured,
    )


# The optimizer walks along the whole gradient, whatever was scaled. So the direction is
# asked of the whole.


@claim(
    "clip-direction",
    "Clipped by the norm of all its variables a gradient points where it pointed "
    "before; clipped by the norm of each variable, or entry by entry, it is turned.",
    says="always",
    notes="ours",
    scope="gradients of a network 6-16-1 of many sizes; thresholds 1 and 0.1",
)
def keeps_direction(lab):
    """The cosine between a gradient before and after each rule."""
    measured = reports(lab)
    cosines = {
        words: min(row["least_cosine"] for row in followers(measured, rule))
        for words, (rule, _, _) in PROMISES.items()
    }
    whole, *parts = cosines
    return Finding(
        {f"kept: {whole}": stats.above(cosines[whole], 1 - CLOSE)}
        | {
            f"turned: {words}": stats.below(cosines[words], 1 - CLOSE)
            for words in parts
        },
        "Cosine of the angle by which a gradient is turned, at worst (1: not at all): "
        "{cosines:.3f}. One factor for everything keeps the direction; a factor for "
        "each variable, or for each entry, does not.",
        figure=draw_direction,
        cosines=cosines,
    )


def draw_direction(lab):
    """The angle by which each way to clip turns a gradient, by the gradient's norm."""
    found = gradients(lab)
    norms = list(map(norm, found["raw"]))
    figure, axes = figures.new(width=7.6)
    axes.set(xscale="log", ylim=(0.48, 1.03))
    axes.axvline(LIMIT, color="#000000", lw=0.8)
    axes.annotate(f"limit {LIMIT:g}", (LIMIT, 0.5), (5, 0), textcoords="offset points")
    for index, name in enumerate(("global_clipnorm", "clipnorm", "clipvalue")):
        cosines = list(map(cosine, found["raw"], found[name]))
        style = {"color": figures.COLORS[index], "alpha": 0.7, "label": name}
        axes.plot(norms, cosines, "os^"[index], **style)
    title = "Only one factor for the whole gradient keeps its direction"
    y = "cosine of before and after (1: not turned)"
    figures.describe(axes, title, "norm of the gradient before clipping", y)
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    lab.figure("direction", figure, "Cosine of a gradient before and after clipping.")


if __name__ == "__main__":
    main(__file__)
