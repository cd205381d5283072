"""Figures: labels apart, equal bytes for equal figures."""

import itertools

import numpy as np

from recipes.lab import figures


def drawn():
    figure, axes = figures.new()
    x = np.arange(1, 6)
    runs = {f"case {i}": np.tile(1.0 / x, (3, 1)) + 1e-3 * i for i in range(5)}
    figures.curves(axes, x, runs)
    figures.describe(axes, "Five curves that end together", "epoch", "loss (nats)")
    return figure, axes


def test_labels_at_the_ends_do_not_overlap():
    figure, axes = drawn()
    figure.draw_without_rendering()
    boxes = sorted(
        (text.get_window_extent() for text in axes.texts), key=lambda box: box.y0
    )
    assert len(boxes) == 5
    for low, high in itertools.pairwise(boxes):
        assert high.y0 >= low.y1 - 1.0


def test_equal_figures_are_equal_bytes():
    assert figures.png(drawn()[0]) == figures.png(drawn()[0])


def test_titles_stay_in_the_figure_and_off_their_neighbors():
    long = "26% escape by the cycle, and 4% to 79% of all the others do, too"
    figure, axes = figures.new(2, 2, width=8.0)
    for one in axes.flat:
        figures.describe(one, long, "x", "y")
    figures.describe(axes[0, 0], "short", "x", "y")
    figures.png(figure, dpi=150)
    figure.dpi = 150
    figure.draw_without_rendering()
    titles = [one.set_title(one.get_title(loc="left"), loc="left") for one in axes.flat]
    assert titles[0].get_text() == "short"
    assert all(" ".join(one.get_text().split()) == long for one in titles[1:])
    boxes = [one.get_window_extent() for one in titles]
    assert boxes[2].x1 < boxes[3].x0  # side by side
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(box.y1 <= figure.bbox.y1 for box in boxes)


def test_curves_differ_without_color():
    _, axes = drawn()
    styles = {str(line._dash_pattern) for line in axes.get_lines()}
    assert len(styles) == 5


def test_labels_stay_inside_the_axes_and_outside_lines_are_named_at_the_edge():
    figure, axes = figures.new()
    axes.set_ylim(0, 1)
    runs = {"far above": [0.5, 9.0], "at the top": [0.5, 1.0], "inside": [0.5, 0.99]}
    figures.curves(axes, [1, 2], runs)
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    centers = sorted(
        (box.y0 + box.y1) / 2 for box in (t.get_window_extent() for t in axes.texts)
    )
    assert centers[-1] <= frame.y1 + 2
    for low, high in itertools.pairwise(centers):
        assert high - low >= 12
