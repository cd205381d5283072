"""Universal approximation: curves fitted with more and more hidden units."""

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from recipes.basics import _sigmoid_network as net
from recipes.lab import figures, stats

CURVES = {"sin": np.sin, "abs": np.abs}


def approximate(case: tuple[str, int], seed: int, fit_steps: int) -> dict:
    """Fits a curve with a hidden layer of sigmoids, by the gradients of `backward`."""
    name, units = case
    curve, x = CURVES[name], np.linspace(-np.pi, np.pi, 101)[None]
    layers = net.random_layers((1, units, 1), seed)

    def objective(vector):
        network = net.unpack(vector, layers)
        activations = net.forward(network, x, output=net.LINEAR)
        gradients = net.backward(network, activations, curve(x), output=net.LINEAR)
        return net.cost(activations[-1], curve(x)), net.pack(gradients)

    found = minimize(
        objective,
        net.pack(layers),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": fit_steps,
            "maxfun": 2 * fit_steps,
            "ftol": 0,
            "gtol": 1e-9,
        },
    )
    network = net.unpack(found.x, layers)

    def error(points):
        fitted = net.forward(network, points[None], output=net.LINEAR)[-1]
        return float(np.sqrt(np.mean((fitted - curve(points)) ** 2)))

    return {
        "rmse": error(np.linspace(-np.pi, np.pi, 1000)),
        "rmse_beyond": error(np.linspace(np.pi, 2 * np.pi, 500)),
    }


def judge(lab) -> None:
    """Asks whether width brings the error down, to 1 % of each curve's range."""
    widths = [2**k for k in range(12) if 2**k <= lab.settings.units]
    cases = {f"{name}, {w} units": (name, w) for name in CURVES for w in widths}
    with threadpool_limits(1):  # one thread is faster where matrices are this small
        found = lab.sweep(
            lambda case, seed: approximate(case, seed, lab.settings.fit_steps),
            cases,
            title="curves",
        )
    holds, evidence, told, rmse = {}, {}, [], {}
    for name, curve in CURVES.items():
        runs = [found[f"{name}, {width} units"] for width in widths]
        rmse[name] = np.array([[run["rmse"] for run in seeds] for seeds in runs])
        beyond = np.mean([run["rmse_beyond"] for run in runs[-1]])
        few, many = rmse[name][0], rmse[name][-1]
        gain = stats.paired(np.log10(few), np.log10(many))
        close = many.max() < 0.01 * np.ptp(curve(np.linspace(-np.pi, np.pi, 101)))
        holds[name] = gain.positive if close else False
        evidence[name] = {
            "mean_rmse_by_units": dict(zip(widths, rmse[name].mean(1), strict=True)),
            "fall_of_log10_rmse_from_fewest_to_most_units": gain,
            "mean_rmse_beyond_the_fitted_interval": beyond,
        }
        told.append(
            f"{name}: root mean square error {few.mean():.2g} with {widths[0]}, "
            f"{many.mean():.2g} with {widths[-1]} hidden units, but {beyond:.2g} "
            "beyond the fitted interval"
        )
    lab.verdict(
        "universal-approximation",
        holds,
        evidence=evidence,
        note="; ".join(told) + ".",
    )
    _draw(lab, widths, rmse)


def _draw(lab, widths, rmse) -> None:
    figure, axes = figures.new()
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    figures.curves(axes, widths, {f"{name}(x)": rmse[name].T for name in CURVES})
    figures.describe(
        axes,
        "Width helps, until the fit itself is the limit",
        "hidden units",
        "root mean square error",
    )
    lab.figure("widths", figure, "Error on [-π, π] by width; the bands span the seeds.")
