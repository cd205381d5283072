"""Figures: labels apart, equal bytes for equal figures."""

import itertools

from recipes.lab import figures

import numpy as np


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


def test_curves_differ_without_color():
    _, axes = drawn()
    styles = {str(line._dash_pattern) for line in axes.get_lines()}
    assert len(styles) == 5
