"""Flat parts: what a small slope leaves of a gradient on its way back.

On its way back a gradient is multiplied by the slope of every unit. Leaky ReLU never
has slope 0; but its 0.01 ten times over is 1e-20, which is as good as nothing (picture
`chain`). Softplus and swish bend smoothly and still flatten out to the left.

The extreme is a step, flat everywhere. The notes blame its jump, the one point without
a derivative. ReLU has such a point, too, and learns: what stops the step is that its
slope is 0 at all the other points.
"""

import warnings

import keras
import numpy as np
from keras import activations, layers, ops
from scipy.optimize import brentq
from scipy.special import lambertw

from recipes.basics.activations._functions import (
    elu,
    elu_slope,
    leaky,
    leaky_slope,
    relu,
    relu_slope,
    softplus,
    swish,
    swish_slope,
)
from recipes.basics.activations._numeric import (
    apply,
    autodiff,
    central_difference,
    gap,
)
from recipes.lab import (
    Finding,
    claim,
    experiment,
    figures,
    fit,
    generators,
    main,
    stats,
)

CHAIN = 10  # units in a row
START = -1.0  # what reaches the first of them
VANISHED = 1e-3  # a gradient a thousand times smaller moves nothing
UNITS = {
    "leaky ReLU": (lambda x: leaky(x, 0.01), lambda x: leaky_slope(x, 0.01)),
    "PReLU": (lambda x: leaky(x, 0.25), lambda x: leaky_slope(x, 0.25)),
    "ELU": (elu, elu_slope),
    "swish": (swish, swish_slope),
    "ReLU": (relu, relu_slope),
}
CURES = ("PReLU", "ELU", "swish")


def gradient_through(function, slope, units: int = CHAIN) -> float:
    """What is left of a gradient after units in a row with weight 1."""
    z, product = np.float64(START), 1.0
    for _ in range(units):
        product *= float(slope(z))
        z = function(z)
    return product


@claim(
    "leaky-not-complete-fix",
    "Leaky ReLU does not wholly remove vanishing gradients; PReLU, ELU and swish do "
    "better.",
    notes="001",
    scope="ten units in a row with weights 1, first input -1, α = 0.01 (PReLU 0.25, "
    "ELU 1); nothing is trained",
)
def leaky_gradient_vanishes(lab):
    """Sends a gradient back through ten units whose inputs are all negative."""
    left = {name: abs(gradient_through(*unit)) for name, unit in UNITS.items()}
    return Finding(
        {"leaky ReLU's gradient vanishes": stats.below(left["leaky ReLU"], VANISHED)}
        | {
            f"{name} keeps more": stats.above(left[name], left["leaky ReLU"])
            for name in CURES
        },
        "Ten units in a row, weights 1, first input -1: leaky ReLU leaves "
        "{gradient_left[leaky ReLU]:.0e} of a gradient (0.01 to the tenth), ReLU "
        "{gradient_left[ReLU]:g}; {cures:.1e}. More is not always enough.",
        figure=draw_chain,
        gradient_left=left,
        cures={name: left[name] for name in CURES},
        larger_slopes={f"leaky ReLU, α = {a}": a**CHAIN for a in (0.2, 0.3)},
        vanished_below=VANISHED,
    )


@claim(
    "swish-nonmonotonic",
    "Swish is smooth and not monotonic.",
    says="is",
    notes="003",
    scope="1601 points from -8 to 8, β = 0.5, 1 and 2; nothing is trained",
)
def swish_turns(lab):
    """Finds swish's minimum, where its slope is 0, and its second derivative."""
    minimum = {beta: swish_minimum(beta) for beta in (0.5, 1.0, 2.0)}
    lambert = float(lambertw(np.exp(-1)).real)
    x = np.linspace(-8, 8, 1601)
    steps = np.diff(swish(x))
    bends = central_difference(swish_slope, x)
    return Finding(
        {
            "not monotonic": bool((steps < 0).any() and (steps > 0).any()),
            "smooth": gap(bends[1:], bends[:-1]) < 0.01,  # no jump in f'' either
        },
        "With β = 1 it falls to {minimum[1.0][1]:.5f} at x = {minimum[1.0][0]:.5f} and "
        "rises from there on; with β = 2 to {minimum[2.0][1]:.5f} at "
        "{minimum[2.0][0]:.5f}.",
        minimum={f"{beta}": found for beta, found in minimum.items()},
        closed_form_for_beta_1=[-1 - lambert, -lambert],  # with Lambert's W(1/e)
        largest_step_of_the_second_derivative=np.abs(np.diff(bends)).max(),
    )


def swish_minimum(beta: float) -> list[float]:
    """Where swish is least, and its value there: the root of its slope."""
    at = brentq(lambda x: swish_slope(x, beta), -3 / beta, 0, xtol=1e-14)
    return [at, float(swish(at, beta))]


@claim(
    "softplus-positive-vanishes",
    # The notes: "always positive output" and "can suffer from vanishing gradient".
    "Softplus is always positive and its gradient can vanish.",
    says="can",
    hedge="can",
    notes="003",
    scope="601 points from -30 to 30, Keras's slope at -10; nothing is trained",
)
def softplus_flattens(lab):
    """Takes the slope at -10, and where float32 rounds the value to 0."""
    slopes = autodiff(activations.softplus, [-10.0, 10.0]).tolist()
    deep = np.arange(-200.0, 0, dtype="float32")
    zero = deep[apply(activations.softplus, deep) == 0]
    return Finding(
        {
            "positive": bool((softplus(np.linspace(-30, 30, 601)) > 0).all()),
            "its slope vanishes to the left": stats.below(slopes[0], 1e-4),
        },
        "At x = -10 the slope, which is σ(x), is {slope_at_minus_10:.1e}. Only "
        "rounding makes the value itself 0, in float32 up to x = "
        "{float32_0_up_to:.0f}.",
        slope_at_minus_10=slopes[0],
        slope_at_10=slopes[1],
        float32_0_up_to=zero.max(initial=-np.inf),
    )


# A step of 0 and 10, and ReLU, in one small network: which weights before it move?


def train(case, seed, data) -> dict:
    """Trains 10-8-1; says which kernels moved, and the loss.

    Args:
        case: `activation` of the hidden layer ("step" or a name of Keras's), `steps`,
            `rows`.
        seed: Decides weights and order.
        data: None; the regression is generated.
    """
    hidden = case["activation"]
    if hidden == "step":
        hidden = lambda v: 10.0 * ops.cast(v > 0, v.dtype)  # noqa: E731
    x, y = generators.regression(case["rows"])
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(8),
            layers.Activation(hidden),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    before = model.get_weights()
    with warnings.catch_warnings():
        # "Gradients do not exist for variables": which is what is shown here.
        warnings.simplefilter("ignore")
        epochs = case["steps"] // 10
        history = fit(model, x, y[:, None], batch_size=20, epochs=epochs, seed=seed)
    moved = [
        float(abs(new - old).max())
        for new, old in zip(model.get_weights(), before, strict=True)
    ]
    return {"before": moved[0], "after": moved[2], "history": history.history}


@experiment
def step_and_kink(lab) -> dict[str, dict]:
    """Trains with the step, and with ReLU, whose kink does no harm."""
    steps = lab.settings.steps
    cases = {
        name: {"activation": name, "steps": steps, "rows": 200}
        for name in ("step", "relu")
    }
    runs = lab.sweep(train, cases, seeds=[0], precision="float32", title="step")
    return {name: run for name, (run,) in runs.items()}


# The notes' sentence is a conclusion and its reason. Each is a claim.


@claim(
    "step-0-10-unsuitable",
    "A function with the values 0 and 10 is unsuitable as an activation.",
    notes="001",
    scope="a 10-8-1 regression of 200 rows, 200 steps of Adam",
)
def step_stops_learning(lab):
    """The weights before the step, and those after it."""
    step = step_and_kink(lab)["step"]
    return Finding(
        {
            "the weights before it never learn": bool(
                step["before"] == 0 and step["after"] > 0
            )
        },
        "The weights before the step moved by {before:g}, those after it by up to "
        "{after:.2g}.",
        before=step["before"],
        after=step["after"],
    )


@claim(
    "step-0-10-no-gradient",
    "A function with the values 0 and 10 is unsuitable because it is not "
    "differentiable at its jump.",
    says="is",
    notes="001",
    scope="a 10-8-1 regression of 200 rows, 200 steps of Adam",
)
def jump_is_the_reason(lab):
    """If one point without a derivative stopped learning, ReLU would not learn."""
    x = np.linspace(-2, 2, 40) + 0.01  # none within 1e-5 of the jump
    slope = (np.where(x + 1e-5 > 0, 10, 0) - np.where(x - 1e-5 > 0, 10, 0)) / 2e-5
    step, kink = (step_and_kink(lab)[name] for name in ("step", "relu"))
    return Finding(
        {"one such point stops ReLU, too": kink["before"] == 0},
        "The jump is not the reason: ReLU has a point without a derivative too, and "
        "the weights before it moved by up to {moved_relu[0]:.2g}, those before the "
        "step by {moved_step[0]:g}. The step's slope is 0 everywhere else.",
        moved_step=[step["before"], step["after"]],
        moved_relu=[kink["before"], kink["after"]],
        largest_slope_away_from_the_jump=float(np.abs(slope).max()),
        last_loss={
            name: run["history"]["loss"][-1]
            for name, run in (("step", step), ("ReLU", kink))
        },
    )


def draw_chain(lab):
    """What is left of a gradient after each unit."""
    figure, axes = figures.new()
    units = np.arange(CHAIN + 1)
    axes.set_yscale("log")
    left = {
        name: [abs(gradient_through(*UNITS[name], units=n)) for n in units]
        for name in UNITS
        if name != "ReLU"  # 0 from the first unit on: not on a logarithmic axis
    }
    figures.curves(axes, units, left)
    title = "Each negative leaky ReLU divides a gradient by 100; ELU leaves most"
    figures.describe(
        axes, title, f"units in a row (first input {START:g})", "gradient that is left"
    )
    lab.figure("chain", figure, "What a row of negative units leaves of a gradient.")


if __name__ == "__main__":
    main(__file__)
