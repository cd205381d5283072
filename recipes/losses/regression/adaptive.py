"""Adaptive: the printed loss costs most at error 0; Barron's is what was meant.

|e|^p/p with p = 2 − 2/(1 + (e/c)²) is to adapt between L1 and L2. Its p goes to 0 where
the error does, so that 1/p has no bound there, and to 2 for outliers, so that they
count in full. Barron's ρ(e, α, c) has α as a parameter of its own: the square at 2, a
smooth absolute error at 1, and below 1 a pull that fades with the distance.
"""

import math
from functools import partial

import keras
import numpy as np

from recipes.lab import Finding, claim, figures, gradients, main, stats
from recipes.losses.regression._formulas import (
    absolute,
    barron,
    huber,
    notes_adaptive,
    pinball,
)
from zoo import losses as zoo_losses

ALPHAS = (2.0, 1.5, 1.0, 0.0, -2.0, -math.inf)
LINEAR = 1.01  # grows at most linearly: with a power of 1, and 1 % for the slope's step
NO_HARDER = 1.05  # a loss is robust if large errors pull no harder, 5 % allowed


def growth(loss, at: float) -> float:
    """The power with which a loss grows at a residual: 2 for a square, 1 for a line."""
    near = at * (1 + np.array([-1e-4, 1e-4]))
    below, above = np.log(loss(near))
    return float((above - below) / np.log(near[1] / near[0]))


@claim(
    "loss-adaptive",
    "The adaptive loss |e|^p / p with p = 2 − 2/(1 + (e/c)²) is robust to outliers.",
    says="always",
    notes="003",
    scope="9001 errors from 10⁻⁶ to 1000, c = 1 and 2; nothing is trained",
)
def as_printed(lab):
    """A robust loss is least at 0 and grows at most linearly: neither is true."""
    x, holds, least, growths = np.logspace(-6, 3, 9001), {}, {}, {}
    for c in (1.0, 2.0):
        values = notes_adaptive(x, c)
        least[f"c = {c:g}"] = float(x[values.argmin()])
        growths[f"c = {c:g}"] = growth(lambda e, c=c: notes_adaptive(e, c), 100)
        holds[f"least at error 0, c = {c:g}"] = bool(values.argmin() == 0)
        holds[f"grows at most linearly at error 100, c = {c:g}"] = stats.below(
            growths[f"c = {c:g}"], LINEAR
        )
    at = {f"{e:g}": float(notes_adaptive(e)) for e in (0.01, 1.0, 10.0, 100.0)}
    return Finding(
        holds,
        "As printed the loss is {near_0:.1f} at error 0.01 and {at_1:g} at 1: an error "
        "of {least_1:.3g} costs least for c = 1, one of {least_2:.3g} for c = 2. At "
        "100 it is {at_100:.1f} and grows with the power {power:.2f} of the error, as "
        "the square does; a robust loss is least at 0 and grows with the power 1 at "
        "most.",
        figure=draw_losses,
        near_0=at["0.01"],
        at_1=at["1"],
        at_100=at["100"],
        loss_at_error_with_c_1=at,
        least_1=least["c = 1"],
        least_2=least["c = 2"],
        power=growths["c = 1"],
        growth_exponent_at_100=growths,
    )


# An error of 1000 against one of 10: where the first pulls no harder on the fit than
# the second, the loss bears outliers.


ABOVE = [f"α = {alpha:g}" for alpha in ALPHAS if alpha > 1]  # shown, not claimed


@claim(
    "loss-adaptive-barron",
    "Barron's ρ(e, α, c), probably the loss that was meant, is robust to outliers for "
    "an α of 1 or less.",
    says="always",
    notes="ours",
    scope="errors from 0 to 1000, six values of α, c = 1; nothing is trained",
)
def by_barron(lab):
    """Values against the formula, and how hard large errors pull, by α."""
    x = np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1000.0])
    holds, pull, agrees = {}, {}, {}
    for alpha in ALPHAS:
        name = f"α = {alpha:g}"
        value = keras.ops.convert_to_numpy(
            zoo_losses.barron(x.astype("float32"), alpha)
        )
        slope = gradients(
            lambda t, alpha=alpha: keras.ops.sum(zoo_losses.barron(t[0], alpha)),
            [x.astype("float32")],
        )[0]
        agrees[name] = np.allclose(value, barron(x, alpha), rtol=1e-5, atol=1e-7)
        pull[name] = float(slope[-1] / slope[3]) if slope[3] else 0.0
        holds[name] = agrees[name] and stats.below(pull[name], NO_HARDER)
    return Finding(
        {name: held for name, held in holds.items() if name not in ABOVE},
        "An error of 1000 pulls on the fit so many times as hard as one of 10: "
        "{pull:.2g}. Robust means that it pulls no harder (5 % allowed): α decides. "
        "Up to 1 the loss is robust, and below 1 far errors pull less than near ones.",
        figure=draw_losses,
        pull=pull,
        agrees_with_the_written_out_formula=agrees,
        loss_with_alpha_1=dict(zip(x.tolist(), barron(x, 1.0).tolist(), strict=True)),
    )


def draw_losses(lab):
    """Each loss, and its slope, over the residual."""
    e = np.linspace(-5, 5, 1001)
    shown = {
        "half squared": lambda e: 0.5 * e**2,
        "absolute": absolute,
        "Huber, δ = 1": huber,
        "quantile 0.9": partial(pinball, quantile=0.9),
        "Barron, α = −2": partial(barron, alpha=-2.0),
        "as printed, c = 1": notes_adaptive,
    }
    figure, (left, right) = figures.new(1, 2, width=9.6, height=4.2)
    for index, (name, loss) in enumerate(shown.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        values = np.where(np.abs(e) < 1e-9, np.nan, loss(e))
        left.plot(e, values, label=name, **style)
        right.plot(e, np.gradient(values, e), label=name, **style)
    left.set(ylim=(0, 6))
    right.set(ylim=(-4, 4))
    title = "As printed, the loss is greatest at 0"
    figures.describe(left, title, "residual y − ŷ", "loss")
    title = "The square and the printed loss pull most"
    figures.describe(right, title, "residual y − ŷ", "slope of the loss")
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=6, frameon=False)
    lab.figure(
        "losses",
        figure,
        "Six regression losses and their slopes over the residual.",
    )


if __name__ == "__main__":
    main(__file__)
