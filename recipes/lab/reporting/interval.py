"""An effect and its interval as a small picture: plain SVG, no script."""

import math
from typing import Any

from recipes.lab.evidence.brackets import METHODS
from recipes.lab.evidence.numbers import digits

WIDTH, HEIGHT, EDGE = 180, 18, 6  # pixels


def interval_svg(decision: dict[str, Any]) -> str:
    """Draws an effect with its interval, no effect, and the smallest that matters.

    Args:
        decision: As a result keeps it: `effect`, `interval`, `smallest`, `method`.

    Returns:
        An SVG element with a text for readers who can't see it; "" where a number
        that is needed is not finite.
    """
    ratio = decision["method"] == METHODS["log"]
    none = 1.0 if ratio else 0.0
    marks = [decision["effect"], *decision["interval"], decision["smallest"], none]
    numbers = [_scaled(float(mark), ratio) for mark in marks]
    effect, low, high, smallest, zero = numbers
    if not all(map(math.isfinite, (effect, smallest, zero))):
        return ""
    known = [number for number in numbers if math.isfinite(number)]
    left, right = min(known), max(known)
    span = (right - left) or 1.0
    left, right = left - 0.06 * span, right + 0.06 * span

    def place(number: float) -> float:
        share = (min(max(number, left), right) - left) / (right - left)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    middle = HEIGHT / 2
    told = [digits(float(mark)) for mark in marks[:3]]
    spoken = f"effect {told[0]}, interval {told[1]} to {told[2]}"
    return (
        f'<svg class="interval" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{spoken}"><title>{spoken}</title>'
        f'<line class="none" x1="{place(zero)}" x2="{place(zero)}" y1="1" y2="17"/>'
        f'<line class="least" x1="{place(smallest)}" x2="{place(smallest)}" y1="1" '
        'y2="17"/>'
        f'<line class="range" x1="{place(low)}" x2="{place(high)}" y1="{middle}" '
        f'y2="{middle}"/>'
        f'<circle cx="{place(effect)}" cy="{middle}" r="4"/></svg>'
    )


def _scaled(number: float, ratio: bool) -> float:
    """A ratio by its logarithm, so that 2 times and half are equally far from none."""
    if not ratio:
        return number
    return math.log(number) if number > 0 else -math.inf
