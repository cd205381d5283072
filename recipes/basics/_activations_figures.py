"""The curves of the notes' table, and two ways in which slopes fall."""

import numpy as np

from recipes.basics import _activations_negative as negative
from recipes.basics import _activations_sigmoids as sigmoids
from recipes.basics import _activations_table as formulas
from recipes.lab import figures

TWICE = ("ELU, α = 0.5", "swish, β = 2")  # one of each is enough for a picture


def draw(lab, table) -> None:
    """Draws both figures."""
    draw_curves(lab, table)
    draw_slopes(lab, table)


def draw_curves(lab, table) -> None:
    """Draws every function with its slope; dots are Keras's own."""
    rows = {name: row for name, row in table.items() if name not in TWICE}
    figure, axes = figures.new(2, 4, width=12.0, height=5.6)
    x, dots = np.linspace(-4, 4, 401), np.arange(-3.75, 4, 0.5)
    for panel, (name, row) in zip(axes.flat, rows.items(), strict=True):
        lines = {"function": row.function(x), "slope": row.slope(x)}
        found = formulas.apply(row.keras, dots), formulas.autodiff(row.keras, dots)
        for index, (label, values) in enumerate(lines.items()):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            panel.plot(x, values, label=label, **style)
            panel.plot(dots, found[index], "o", markersize=3, color=style["color"])
        panel.set_ylim(-1.3, 2.3)
        figures.describe(panel, name, "x", "f(x), f'(x)")
    figures.legend(axes[0, 0], loc="upper left")
    lab.figure(
        "curves",
        figure,
        "The notes' formulas (lines); dots are Keras's functions and their autodiff.",
    )


def draw_slopes(lab, table) -> None:
    """Draws the slopes of tanh and sigmoid, and a gradient on its way back."""
    figure, axes = figures.new(1, 2, width=10.0, height=4.0)
    x = np.linspace(0, 7, 351)
    slopes = {"sigmoid": sigmoids.sigmoid_slope(x), "tanh": sigmoids.tanh_slope(x)}
    axes[0].set_yscale("log")
    figures.curves(axes[0], x, slopes)
    cross = sigmoids.crossing()
    axes[0].plot(cross, sigmoids.sigmoid_slope(cross), "ko", markersize=6)
    title = f"Which of the two is steeper changes at x = {cross:.2f}"
    figures.describe(axes[0], title, "x", "slope")
    units = np.arange(negative.CHAIN + 1)
    names = [name for name in negative.NAMES if name != "ReLU"]
    left = {
        name.split(",")[0]: [
            abs(negative.through(table[name].function, table[name].slope, units=n))
            for n in units
        ]
        for name in names
    }
    axes[1].set_yscale("log")
    figures.curves(axes[1], units, left)
    title = "What negative units leave of a gradient"
    told = f"units in a row, {negative.START:g} into the first"
    figures.describe(axes[1], title, told, "share of the gradient")
    lab.figure(
        "slopes",
        figure,
        "Slopes of sigmoid and tanh, and what a row of negative units leaves of a "
        "gradient.",
    )
