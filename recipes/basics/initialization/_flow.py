"""Variance through depth: what random layers make of signals and of gradients."""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from recipes.basics.initialization._rules import RULES

INPUTS = 32  # samples that go through each network
FUNNEL = (1024, 512, 256, 128, 64, 32)
TINIEST = 1e-300
KINDS = ("activations", "between inputs", "gradients")

# Name to the function, and its slope from what it gets and what it gives.
ACTIVATIONS = {
    "linear": (lambda z: z, lambda z, a: np.ones_like(z)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "sigmoid": (expit, lambda z, a: a * (1 - a)),
    "ReLU": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
}


@dataclass(frozen=True)
class Case:
    """An activation with a rule for its weights.

    Attributes:
        activation: A key of `ACTIVATIONS`.
        rule: A key of `RULES`.
        gain: Factor on the standard deviation.
        funnel: Whether widths halve from layer to layer instead of being equal.
    """

    activation: str
    rule: str
    gain: float = 1.0
    funnel: bool = False


def flow(activations, scales, kernels, x: np.ndarray, gradient: np.ndarray) -> dict:
    """Sends samples forward and gradients back through several networks at once.

    The networks have the same kernels but for their scales, and no biases.

    Args:
        activations: One key of `ACTIVATIONS` a network.
        scales: What multiplies each kernel (layers, networks).
        kernels: One (inputs, units) a layer.
        x: Samples (samples, inputs), the same for every network.
        gradient: dL/da at the last layer (samples, units).

    Returns:
        By network and layer, first to last: the variance of the activations over
        samples and units (`activations`), their variance over samples alone, a mean
        over units (`between inputs`), and the mean square of dL/dz (`gradients`).
    """
    functions, derivatives = zip(*map(ACTIVATIONS.get, activations), strict=True)
    scales = np.asarray(scales)[:, :, None, None]
    signals, slopes = [], []
    a = np.stack([x] * len(activations))  # (networks, samples, units)
    for scale, kernel in zip(scales, kernels, strict=True):
        z = scale * times(a, kernel)
        a = np.stack([f(part) for f, part in zip(functions, z, strict=True)])
        parts = zip(derivatives, z, a, strict=True)
        signals.append(a)
        slopes.append(np.stack([f(before, after) for f, before, after in parts]))
    squares = []
    layers = list(zip(scales, kernels, slopes, strict=True))
    for scale, kernel, slope in layers[::-1]:
        delta = gradient * slope
        squares.append((delta**2).mean((1, 2)))
        gradient = scale * times(delta, kernel.T)
    return {
        "activations": np.stack([a.var((1, 2)) for a in signals], 1),
        "between inputs": np.stack([a.var(1).mean(1) for a in signals], 1),
        "gradients": np.stack(squares[::-1], 1),
    }


def times(arrays: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Multiplies the last axis by a kernel, in one product for all networks."""
    flat = arrays.reshape(-1, arrays.shape[-1]) @ kernel
    return flat.reshape(*arrays.shape[:-1], -1)


def simulate(
    cases: dict[str, Case], width: int, depth: int, draws: int
) -> dict[str, dict[str, np.ndarray]]:
    """Sends Gaussian inputs of variance 1 through every case's random networks.

    All cases of one shape share their draws: their weights differ in scale only.

    Args:
        cases: By name.
        width: Units of each layer, but of a funnel's.
        depth: Layers, but of a funnel.
        draws: Random networks for each case.

    Returns:
        For each case what `flow` returns, as arrays (draws, layers).
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    for funnel, widths in ((False, (width,) * (depth + 1)), (True, FUNNEL)):
        chosen = {name: case for name, case in cases.items() if case.funnel == funnel}
        if not chosen:
            continue
        shapes = list(itertools.pairwise(widths))
        scales = [
            [case.gain * RULES[case.rule](*shape) for case in chosen.values()]
            for shape in shapes
        ]
        runs = []
        for number in range(draws):
            rng = np.random.default_rng([number, funnel])
            x = rng.normal(size=(INPUTS, widths[0]))
            gradient = rng.normal(size=(INPUTS, widths[-1]))
            kernels = [rng.normal(size=shape) for shape in shapes]
            names = [case.activation for case in chosen.values()]
            runs.append(flow(names, scales, kernels, x, gradient))
        for index, name in enumerate(chosen):
            found[name] = {
                kind: np.stack([run[kind][index] for run in runs]) for kind in runs[0]
            }
    return found


def change(profiles: dict[str, np.ndarray], kind: str) -> np.ndarray:
    """How a variance changes on its way through each network, in powers of ten.

    Signals go from the first layer to the last, gradients from the last to the first.
    """
    logs = np.log10(np.maximum(profiles[kind], TINIEST))
    gain = logs[:, -1] - logs[:, 0]
    return -gain if kind == "gradients" else gain


def factor(profiles: dict[str, np.ndarray], kind: str) -> float:
    """The factor of that change, a geometric mean over the networks."""
    return float(10 ** change(profiles, kind).mean())


def factors(found, names) -> dict[str, dict[str, float]]:
    """The factors by which variances change in some cases, kind by kind."""
    return {n: {kind: factor(found[n], kind) for kind in found[n]} for n in names}


def both_ways(found, names) -> str:
    """The factors of activations and of gradients in some cases, in words."""
    return "; ".join(
        f"{name} × {factor(found[name], 'activations'):.2g} and × "
        f"{factor(found[name], 'gradients'):.2g}"
        for name in names
    )
