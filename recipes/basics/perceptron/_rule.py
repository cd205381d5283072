"""Rosenblatt's error-correction rule, for numbers of any kind.

Samples are rows (samples, inputs), units are columns: the weights are (inputs, units),
whatever the number of samples. Arrays of `Fraction` learn exactly.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

PATTERNS = ((0, 0), (0, 1), (1, 0), (1, 1))
QUARTER = Fraction(1, 4)  # a typical rate of the notes is 0.1 to 0.4
GATES = {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "XOR": (0, 1, 1, 0)}


def fires_from_zero(h):
    """Steps up at 0: 1 where h ≥ 0."""
    return (h >= 0).astype(int)


def fires_above_zero(h):
    """Steps up beyond 0: 1 where h > 0."""
    return (h > 0).astype(int)


@dataclass(frozen=True)
class Learned:
    """What a training leaves.

    Attributes:
        weights: (inputs, units), the last ones.
        errors: Wrong outputs in each pass.
        outputs: Every output, in order.
        states: The weights after each sample, as tuples.
    """

    weights: np.ndarray
    errors: list[int]
    outputs: list[tuple[int, ...]]
    states: list[tuple]

    @property
    def passes(self) -> int | None:
        """The number of the first pass without an error, None if there was none."""
        return len(self.errors) if self.errors[-1] == 0 else None


def learn(
    x, targets, rate, *, weights=None, passes=50, fires=fires_from_zero, stop=True
) -> Learned:
    """Shows sample after sample: w ← w + rate (target − output) input.

    Args:
        x: Inputs (samples, inputs), the bias's constant input among them.
        targets: 0 or 1, (samples, units).
        rate: The learning rate, of the numbers' kind.
        weights: Where to start (inputs, units); zeros by default.
        passes: The most passes over the samples.
        fires: The step from weighted sums to outputs.
        stop: Whether the first pass without an error is the last.
    """
    if weights is None:
        weights = 0 * np.outer(x[0], targets[0])
    errors, outputs, states = [], [], []
    for _ in range(passes):
        wrong = 0
        for sample, target in zip(x, targets, strict=True):
            output = fires(sample @ weights)
            error = target - output
            weights = weights + np.outer(sample, rate * error)
            wrong += int(np.abs(error).sum())
            outputs.append(tuple(output.tolist()))
            states.append(tuple(weights.ravel().tolist()))
        errors.append(wrong)
        if stop and not wrong:
            break
    return Learned(weights, errors, outputs, states)


def inputs(constant=1, kind=Fraction) -> np.ndarray:
    """Returns the four patterns with the bias's constant in front, (4, 3)."""
    return numbers([(constant, *pattern) for pattern in PATTERNS], kind)


def targets(*names: str) -> np.ndarray:
    """Returns what gates answer to the four patterns, (4, gates)."""
    return np.array([GATES[name] for name in names]).T


def learn_gate(name: str, rate=QUARTER, constant=1, **options) -> Learned:
    """Learns a gate in exact fractions, from zeros, for at most 50 passes."""
    return learn(inputs(constant), targets(name), rate, **options)


def numbers(values, kind) -> np.ndarray:
    """Returns an array of Python numbers of one kind, of floats for `float`."""
    values = np.asarray(values)
    if kind is float:
        return values.astype(float)
    flat = [kind(value) for value in values.ravel().tolist()]
    return np.array(flat, dtype=object).reshape(values.shape)
