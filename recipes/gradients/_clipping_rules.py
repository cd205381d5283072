"""What each way to clip makes of a gradient, read off one step of plain SGD."""

import keras
import numpy as np

from callbacks import GradientClipping
from recipes.gradients._watch import Start, draw_weights, watch
from recipes.lab import figures
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


# Arguments of the optimizer, callbacks, and the formula that both should follow.
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


def measure(raw, clipped, formula) -> dict:
    """Compares clipped gradients with raw ones, as a whole and by variable.

    Returns:
        The greatest difference from the formula, and for gradients over the limit,
        the whole ones and each variable's, the least cosine and the largest norm.
    """
    differences = [
        norm([a - b for a, b in zip(found, formula(gradient), strict=True)])
        / norm(gradient)
        for gradient, found in zip(raw, clipped, strict=True)
    ]
    report: dict = {"difference_from_the_formula": max(differences)}
    wholes = list(zip(raw, clipped, strict=True))
    parts = [([a], [b]) for pair in wholes for a, b in zip(*pair, strict=True)]
    for name, pairs in (("whole", wholes), ("each variable", parts)):
        over = [(a, b) for a, b in pairs if norm(a) > LIMIT]
        report[name] = {
            "over_the_limit": len(over),
            "least_cosine": min((cosine(a, b) for a, b in over), default=1.0),
            "largest_norm": max((norm(b) for _, b in over), default=0.0),
        }
    return report


def rescaled(report: dict, part: str) -> bool:
    """Whether the norm was brought to the limit and the direction kept."""
    found = report[part]
    return (
        report["difference_from_the_formula"] < CLOSE
        and found["over_the_limit"] > 0
        and found["least_cosine"] > 1 - CLOSE
        and abs(found["largest_norm"] - LIMIT) < CLOSE
    )


def judge(lab) -> None:
    """Clips the same gradients in every way."""
    raw = steps({}, {}, lab.seeds)
    clipped = {name: steps(*way[:2], lab.seeds) for name, way in METHODS.items()}
    reports = {
        name: measure(raw, clipped[name], way[2]) for name, way in METHODS.items()
    }
    holds = {}
    for name, (_, _, formula) in METHODS.items():
        holds[f"{name}, the whole gradient"] = rescaled(reports[name], "whole")
        if formula is not by_whole:
            each = rescaled(reports[name], "each variable")
            holds[f"{name}, each variable"] = each
    tell(lab, reports)
    wide, one, cut = (
        reports[name]["whole"] for name in ("global_clipnorm", "clipnorm", "clipvalue")
    )
    lab.verdict(
        "clip-by-norm",
        holds,
        evidence={"largest_norm_before": max(map(norm, raw)), "by_method": reports},
        note=f"Gradients of norm up to {max(map(norm, raw)):.0f}, clipped at "
        f"{LIMIT:g}: global_clipnorm leaves norms up to {wide['largest_norm']:.2f} and "
        f"cosines from {wide['least_cosine']:.3f}; clipnorm, which scales each "
        f"variable by itself, {one['largest_norm']:.2f} and {one['least_cosine']:.3f}; "
        f"clipvalue at {BOUND:g} {cut['largest_norm']:.2f} and "
        f"{cut['least_cosine']:.3f}.",
    )
    draw(lab, raw, clipped)


def tell(lab, reports: dict[str, dict]) -> None:
    """Prints what every way to clip did to the gradients over the limit."""
    lab.table(
        f"{reports['clipnorm']['whole']['over_the_limit']} gradients with a norm above "
        f"{LIMIT:g}, clipped at norm {LIMIT:g} or value {BOUND:g}: largest norm, least "
        "cosine of the whole and of a variable, distance from the formula",
        ["way to clip", "norm", "whole", "variable", "formula"],
        [
            [
                name,
                report["whole"]["largest_norm"],
                f"{report['whole']['least_cosine']:.5f}",
                f"{report['each variable']['least_cosine']:.5f}",
                f"{report['difference_from_the_formula']:.0e}",
            ]
            for name, report in reports.items()
        ],
    )


def draw(lab, raw, clipped) -> None:
    """Draws how far each way to clip turns a gradient, by the gradient's norm."""
    figure, axes = figures.new()
    axes.set(xscale="log")
    for index, name in enumerate(("global_clipnorm", "clipnorm", "clipvalue")):
        axes.plot(
            list(map(norm, raw)),
            list(map(cosine, raw, clipped[name])),
            "os^"[index],
            color=figures.COLORS[index],
            alpha=0.7,
            label=name,
        )
    axes.axvline(LIMIT, color="#000000", lw=0.8)
    title = "How far clipping turns a gradient (cosine 1: not at all)"
    label = f"norm of the gradient (the line: the limit of {LIMIT:g})"
    figures.describe(axes, title, label, "cosine of before and after")
    figures.legend(axes)
    lab.figure("direction", figure, "Cosine of a gradient before and after clipping.")
