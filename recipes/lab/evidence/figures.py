"""Figures: one style, direct labels, readable without color.

Colors are those of Okabe and Ito (2008), which color-blind readers can tell
apart; every curve also has a line style of its own for black and white.
"""

import io

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from recipes.lab.evidence import titles

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
}


def new(rows: int = 1, columns: int = 1, *, width: float = 7.2, height: float = 4.2):
    """Makes a figure in the house style.

    Args:
        rows: Rows of axes.
        columns: Columns of axes.
        width: Inches.
        height: Inches.

    Returns:
        The figure, and its axes: one, or an array as `Figure.subplots` returns.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns)
    return figure, axes


def png(figure: Figure, dpi: int = 150) -> bytes:
    """Returns the figure as a PNG without dates: equal figures give equal bytes.

    Titles that are too long for their place are broken into lines.
    """
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        titles.fit(figure, dpi)
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def legend(axes, **arguments) -> None:
    """Adds a legend in the house style, where names at the ends would not do."""
    with mpl.rc_context(STYLE):
        axes.legend(**arguments)


def describe(axes, title: str, x: str, y: str) -> None:
    """Sets what to see (the title) and the axes' quantities with their units."""
    with mpl.rc_context(STYLE):
        axes.set_title(title, loc="left")
        axes.set_xlabel(x)
        axes.set_ylabel(y)


def curves(axes, x, runs: dict, *, band: bool = True) -> None:
    """Draws one curve a case with a band over its seeds, labeled at its end.

    Args:
        axes: Where to draw.
        x: The positions, as many as each run has values.
        runs: Case name to values (seeds, positions), or to (positions,).
        band: Whether to shade from the least to the greatest seed.
    """
    x = np.asarray(x)
    for index, (name, values) in enumerate(runs.items()):
        values = np.atleast_2d(np.asarray(values, float))
        style = {"color": COLORS[index % 7], "linestyle": LINES[index % 7]}
        axes.plot(x, values.mean(0), label=name, **style)
        if band and len(values) > 1:
            low, high = values.min(0), values.max(0)
            axes.fill_between(x, low, high, color=style["color"], alpha=0.15, lw=0)
    label_ends(axes)


def label_ends(axes, gap: float = 13.0) -> None:
    """Writes each labeled line's name at its right end, moved apart where close.

    Args:
        axes: Axes whose limits and scale are final.
        gap: The least distance between two names, in points.
    """
    axes.figure.draw_without_rendering()
    scale = axes.figure.dpi / 72
    frame = axes.get_window_extent()
    ends = []
    for line in axes.get_lines():
        if line.get_label().startswith("_"):
            continue
        points = np.column_stack([line.get_xdata(), line.get_ydata()]).astype(float)
        points = points[np.isfinite(points).all(1)]
        if len(points):
            right, height = axes.transData.transform(points[-1])
            # A line that leaves the axes is named where it leaves them.
            ends.append((np.clip(height, frame.y0, frame.y1), right, line))
    ends.sort(key=lambda end: end[0])
    placed = _apart([height for height, _, _ in ends], gap * scale, frame.y1)
    for (_, right, line), place in zip(ends, placed, strict=True):
        axes.annotate(
            line.get_label(),
            ((right - frame.x0) / frame.width, (place - frame.y0) / frame.height),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            color=line.get_color(),
            va="center",
            annotation_clip=False,
        )


def _apart(heights: list[float], gap: float, top: float) -> list[float]:
    """Moves ascending heights apart by a gap: up, and down again from the top."""
    placed = list(heights)
    for index in range(1, len(placed)):
        placed[index] = max(placed[index], placed[index - 1] + gap)
    ceiling = top
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return placed
