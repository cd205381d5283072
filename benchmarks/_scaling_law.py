"""Power laws through measured points, and how they are drawn and written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from recipes.lab.evidence import figures

LEVEL = 0.95
FITTED = 4  # of the largest sizes, where fixed costs matter least


@dataclass
class Law:
    """y = factor * x ** exponent.

    Attributes:
        factor: In the unit of y.
        exponent: The slope of a line through logarithms.
        low: The exponent's interval of 95 %, by Student's t.
        high: Its other end.
    """

    factor: float
    exponent: float
    low: float
    high: float

    def __call__(self, x):
        return self.factor * np.asarray(x, float) ** self.exponent

    def __str__(self):
        return f"x^{self.exponent:.2f} ({self.low:.2f} to {self.high:.2f})"


def power(x: Sequence[float], y: Sequence[float]) -> Law:
    """Fits a power law by least squares of logarithms; at least three points."""
    found = stats.linregress(np.log(x), np.log(y))
    half = stats.t.ppf((1 + LEVEL) / 2, len(x) - 2) * found.stderr
    return Law(np.exp(found.intercept), found.slope, found.slope - half,
               found.slope + half)  # fmt: skip


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """What y is at 0 and what each x adds, by least squares of relative errors."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    weighted = np.stack([1 / y, x / y], 1)
    start, each = np.linalg.lstsq(weighted, np.ones(len(y)), rcond=None)[0]
    return float(start), float(each)


def panel(axes, title: str, x: str, y: str, measured: dict) -> None:
    """Draws measured points on logarithmic axes, with the laws of the largest ones.

    Args:
        axes: Where.
        title: What was found.
        x: The quantity below.
        y: The quantity at the side.
        measured: Name to (x, y).
    """
    for place, (name, (places, values)) in enumerate(measured.items()):
        style = {"color": figures.COLORS[place], "marker": "os^Dv"[place % 5]}
        law = power(places[-FITTED:], values[-FITTED:])
        axes.loglog(places, values, linestyle="", label=f"{name}: {law}", **style)
        axes.loglog(places, law(places), color=style["color"], linewidth=1,
                    linestyle=figures.LINES[place])  # fmt: skip
    figures.describe(axes, title, x, y)
    figures.legend(axes, fontsize=8)


def table(columns: Sequence[str], rows: Sequence[Sequence]) -> str:
    """Rows as a table in Markdown, numbers of three digits."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(_short, line))} |" for line in lines)


def _short(value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
