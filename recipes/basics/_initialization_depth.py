"""Variance through depth: what random layers make of signals and of gradients."""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from recipes.basics._initialization_rules import RULES
from recipes.lab import stats

INPUTS = 32  # samples that go through each network
KEPT = np.log10(2)  # from first to last layer a kept variance changes by less
EXPLODES = 2.0  # powers of ten: variance times 100, standard deviation times 10
FUNNEL = (1024, 512, 256, 128, 64, 32)
TINIEST = 1e-300

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


CASES = {
    **{f"{name}, Xavier": Case(name, "Xavier") for name in ACTIVATIONS},
    "ReLU, He": Case("ReLU", "He"),
    "sigmoid, 4 × Xavier": Case("sigmoid", "Xavier", gain=4.0),
    "linear, Xavier, halving widths": Case("linear", "Xavier", funnel=True),
    "ReLU, He, halving widths": Case("ReLU", "He", funnel=True),
    **{
        f"{name}, {rule}": Case(name, rule)
        for rule in ("N(0, 1)", "N(0, 0.01²)")
        for name in ACTIVATIONS
    },
}


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


def simulate(width: int, depth: int, draws: int) -> dict[str, dict[str, np.ndarray]]:
    """Sends Gaussian inputs of variance 1 through every case's random networks.

    All cases of one shape share their draws: their weights differ in scale only.

    Returns:
        For each case what `flow` returns, as arrays (draws, layers).
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    for funnel, widths in ((False, (width,) * (depth + 1)), (True, FUNNEL)):
        cases = {name: case for name, case in CASES.items() if case.funnel == funnel}
        shapes = list(itertools.pairwise(widths))
        scales = [
            [case.gain * RULES[case.rule](*shape) for case in cases.values()]
            for shape in shapes
        ]
        runs = []
        for number in range(draws):
            rng = np.random.default_rng([number, funnel])
            x = rng.normal(size=(INPUTS, widths[0]))
            gradient = rng.normal(size=(INPUTS, widths[-1]))
            kernels = [rng.normal(size=shape) for shape in shapes]
            names = [case.activation for case in cases.values()]
            runs.append(flow(names, scales, kernels, x, gradient))
        for index, name in enumerate(cases):
            found[name] = {
                kind: np.stack([run[kind][index] for run in runs]) for kind in runs[0]
            }
    return found


def change(profiles: dict[str, np.ndarray], kind: str) -> np.ndarray:
    """How a variance changes on its way through the network, in powers of ten.

    Signals go from the first layer to the last, gradients from the last to the
    first.
    """
    logs = np.log10(np.maximum(profiles[kind], TINIEST))
    gain = logs[:, -1] - logs[:, 0]
    return -gain if kind == "gradients" else gain


def factor(profiles: dict[str, np.ndarray], kind: str) -> float:
    """The factor of that change, a geometric mean over the networks."""
    return float(10 ** change(profiles, kind).mean())


def kept(profiles: dict[str, np.ndarray], kind: str) -> bool | None:
    """Whether a variance changes by less than a factor of 2, by its 95 % interval."""
    powers = change(profiles, kind)
    mean = stats.paired(powers, np.zeros(len(powers)))
    if mean.low > -KEPT and mean.high < KEPT:
        return True
    return False if mean.high < -KEPT or mean.low > KEPT else None


def explodes(profiles: dict[str, np.ndarray]) -> bool | None:
    """Whether signals or gradients grow a hundredfold in variance or more."""
    limit = np.full(len(profiles["gradients"]), EXPLODES)
    found = [
        stats.paired(change(profiles, kind), limit).positive
        for kind in ("activations", "gradients")
    ]
    if True in found:
        return True
    return None if None in found else False
