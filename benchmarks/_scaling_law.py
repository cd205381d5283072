"""Power laws through measured points, and how they are drawn and written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import NullFormatter
from scipy import optimize, stats

from recipes.lab.evidence import figures

LEVEL = 0.95
NEGLIGIBLE = 0.01  # of the least value: a fixed cost below that counts as none


@dataclass
class Law:
    """y = fixed + factor * x ** exponent.

    Attributes:
        fixed: In the unit of y, from 0.
        factor: In the unit of y.
        exponent: How fast the rest grows.
        low: The exponent's interval of 95 %, by Student's t.
        high: Its other end.
    """

    fixed: float
    factor: float
    exponent: float
    low: float
    high: float

    def __call__(self, x):
        return self.fixed + self.factor * np.asarray(x, float) ** self.exponent

    def __str__(self):
        grows = f"x^{self.exponent:.2f} ({self.low:.2f} to {self.high:.2f})"
        return f"{self.fixed:.2g} + {grows}" if self.fixed else grows


def power(x: Sequence[float], y: Sequence[float]) -> Law:
    """Fits a power law above a fixed cost, by least squares of relative errors.

    Where the fixed cost comes out as none it is left out: a line through logarithms.
    At least four points.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)

    def law(x, fixed, scale, exponent):
        return fixed + scale * (x / x.max()) ** exponent

    start = (y.min() / 2, y.max(), 1.0)
    bounds = ((0, 0, 0), (np.inf, np.inf, 4))
    (fixed, scale, exponent), spread = optimize.curve_fit(
        law, x, y, start, sigma=y, bounds=bounds
    )
    error, free = np.sqrt(spread[2, 2]), len(x) - 3
    if fixed < NEGLIGIBLE * y.min():
        found = stats.linregress(np.log(x / x.max()), np.log(y))
        fixed, scale, exponent = 0.0, np.exp(found.intercept), found.slope
        error, free = found.stderr, len(x) - 2
    half = stats.t.ppf((1 + LEVEL) / 2, free) * error
    factor = scale / x.max() ** exponent
    return Law(fixed, factor, exponent, exponent - half, exponent + half)


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """What y is at 0 and what each x adds, by least squares of relative errors."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    weighted = np.stack([1 / y, x / y], 1)
    start, each = np.linalg.lstsq(weighted, np.ones(len(y)), rcond=None)[0]
    return float(start), float(each)


def panel(axes, title: str, x: str, y: str, measured: dict) -> None:
    """Draws measured points on logarithmic axes, with their laws.

    Args:
        axes: Where.
        title: What was found.
        x: The quantity below.
        y: The quantity at the side.
        measured: Name to (x, y).
    """
    for place, (name, (places, values)) in enumerate(measured.items()):
        style = {"color": figures.COLORS[place], "marker": "os^Dv"[place % 5]}
        law = power(places, values)
        axes.loglog(places, values, linestyle="", label=f"{name}: {law}", **style)
        smooth = np.geomspace(places[0], places[-1])
        axes.loglog(smooth, law(smooth), color=style["color"], linewidth=1,
                    linestyle=figures.LINES[place])  # fmt: skip
    sizes = next(iter(measured.values()))[0]
    axes.set_xticks(sizes[::2], [_short_size(size) for size in sizes[::2]])
    low, high = axes.get_ylim()
    axes.set_ylim(10 ** np.floor(np.log10(low)), high * 4 ** len(measured))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter("{x:g}")
    figures.describe(axes, title, x, y)
    figures.legend(axes, fontsize=8, loc="upper left")


def _short_size(size: float) -> str:
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if size >= unit:
            return f"{size / unit:.3g}{name}"
    return f"{size:g}"


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
