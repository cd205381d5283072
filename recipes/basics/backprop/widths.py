"""Widths: one hidden layer comes close to any curve, with units enough.

A sigmoid unit is a smooth step; a sum of many steps follows any continuous curve on an
interval (Cybenko, 1989). The theorem says that weights exist, not that training finds
them, nor what happens beyond the interval. Here back-propagation's gradients go to
L-BFGS, a method that needs no learning rate, so that the width is what limits the fit.
"""

import numpy as np
from scipy.optimize import minimize

from recipes.basics._sigmoid_network import (
    LINEAR,
    backward,
    cost,
    forward,
    pack,
    random_layers,
    unpack,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

CURVES = {"sin": np.sin, "abs": np.abs}  # a smooth one, and one with a corner
CLOSE = 0.01  # "approximates": off by less than 1 % of the curve's range, in every run


def approximate(case, seed, data=None) -> dict:
    """Fits a curve with a hidden layer of sigmoids, by the gradients of `backward`."""
    curve, x = CURVES[case["curve"]], np.linspace(-np.pi, np.pi, 101)[None]
    layers = random_layers((1, case["units"], 1), seed)

    def objective(vector):
        network = unpack(vector, layers)
        activations = forward(network, x, output=LINEAR)
        gradients = backward(network, activations, curve(x), output=LINEAR)
        return cost(activations[-1], curve(x)), pack(gradients)

    steps = case["fit_steps"]
    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 0, "gtol": 1e-9}
    found = minimize(
        objective, pack(layers), jac=True, method="L-BFGS-B", options=options
    )
    network = unpack(found.x, layers)

    def error(points):
        fitted = forward(network, points[None], output=LINEAR)[-1]
        return float(np.sqrt(np.mean((fitted - curve(points)) ** 2)))

    return {
        "rmse": error(np.linspace(-np.pi, np.pi, 1000)),
        "rmse_beyond": error(np.linspace(np.pi, 2 * np.pi, 500)),
    }


@experiment
def errors(lab) -> tuple[list[int], dict[str, np.ndarray], dict[str, float]]:
    """Widths, errors by curve (widths, seeds), and the widest ones' errors beyond."""
    widths = [2**k for k in range(12) if 2**k <= lab.settings.units]
    cases = {
        f"{name}, {width} units": {
            "curve": name,
            "units": width,
            "fit_steps": lab.settings.fit_steps,
        }
        for name in CURVES
        for width in widths
    }
    found = lab.sweep(approximate, cases, precision="float32", title="curves")
    runs = {n: [found[f"{n}, {width} units"] for width in widths] for n in CURVES}
    rmse = {
        name: np.array([stats.column(seeds, "rmse") for seeds in rows])
        for name, rows in runs.items()
    }
    beyond = {
        name: float(stats.column(rows[-1], "rmse_beyond").mean())
        for name, rows in runs.items()
    }
    return widths, rmse, beyond


@claim(
    "universal-approximation",
    # "Universal approximation capability": of general functions, so each one tried has
    # to be approximated.
    "A network with a hidden layer can approximate general functions.",
    says="is",
    notes="003",
    scope="sin(x) and abs(x) on [-π, π], 1 to 64 sigmoid units, 1000 steps of L-BFGS",
)
def width_helps(lab):
    """Whether width brings the error down, to 1 % of each curve's range."""
    widths, rmse, beyond = errors(lab)
    x = np.linspace(-np.pi, np.pi, 101)
    conditions, falls = {}, {}
    for name, curve in CURVES.items():
        few, many = rmse[name][0], rmse[name][-1]
        falls[name] = stats.greater(few, many, by=stats.TENTH, scale="log")
        close = many.max() < CLOSE * np.ptp(curve(x))
        conditions[name] = falls[name] if close else False
    return Finding(
        conditions,
        "The root mean square error goes from {fewest:.2g} with one hidden unit to "
        "{most:.2g} with {widest}; beyond the fitted interval it is {beyond:.2g}.",
        figure=draw_widths,
        fewest={name: errors[0].mean() for name, errors in rmse.items()},
        most={name: errors[-1].mean() for name, errors in rmse.items()},
        widest=widths[-1],
        beyond=beyond,
        mean_rmse_by_units={
            name: dict(zip(map(str, widths), errors.mean(1).tolist(), strict=True))
            for name, errors in rmse.items()
        },
        fall_of_log10_rmse={
            name: (np.log10(errors[0]) - np.log10(errors[-1])).mean()
            for name, errors in rmse.items()
        },
    )


def draw_widths(lab):
    """The error by width."""
    widths, rmse, _ = errors(lab)
    figure, axes = figures.new()
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(widths, [str(width) for width in widths])
    figures.curves(axes, widths, {f"{name}(x)": rmse[name].T for name in CURVES})
    helped = all(many.mean() < few.mean() for few, *_, many in rmse.values())
    figures.describe(
        axes,
        "Width helps" if helped else "Width does not help every curve",
        "hidden units",
        "root mean square error on [-π, π]",
    )
    lab.figure(
        "widths", figure, "Error of fitted curves by width; the bands span the seeds."
    )


if __name__ == "__main__":
    main(__file__)
