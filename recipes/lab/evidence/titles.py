"""Titles of a figure's axes that tell numbers vary in length: long ones get lines."""

import textwrap

GAP = 8.0  # points between a title and that of the axes on its right


def fit(figure, dpi: int) -> None:
    """Breaks titles that would run over a neighbor's title, or out of the figure.

    Args:
        figure: A finished figure, whose titles stand at the left of their axes.
        dpi: Of its file: letters are not as wide, in proportion, at every one.
    """
    before, figure.dpi = figure.dpi, dpi
    figure.get_layout_engine().execute(figure)  # places alone, nothing is drawn
    for axes in figure.axes:
        text = axes.get_title(loc="left")
        if text:
            title = axes.set_title(text, loc="left")
            _break(title, _right_of(axes) - title.get_window_extent().x0)
    figure.dpi = before


def _right_of(axes) -> float:
    """Where the room for a title ends, in pixels."""
    frame, figure = axes.get_window_extent(), axes.figure
    ends = [figure.bbox.x1]
    for other in figure.axes:
        place = other.get_window_extent()
        beside = place.y0 < frame.y1 and frame.y0 < place.y1
        if beside and place.x0 >= frame.x1 and other.get_title(loc="left"):
            ends.append(place.x0 - GAP * figure.dpi / 72)
    return min(ends)


def _break(title, room: float) -> None:
    """Gives a title as many lines as it needs."""
    text, size = title.get_text(), len(title.get_text())
    while title.get_window_extent().width > room and size > 10:
        longest = max(map(len, title.get_text().split("\n")))
        size = min(size - 1, int(longest * room / title.get_window_extent().width))
        lines = (textwrap.fill(one, size, break_long_words=False)
                 for one in text.split("\n"))  # fmt: skip
        title.set_text("\n".join(lines))
