"""Figures for pages: the same picture in a fifth of the bytes."""

import io
from dataclasses import dataclass

COLORS = 64  # of a palette: our figures have some ten, and their blends at edges


@dataclass(frozen=True)
class Picture:
    """A PNG file.

    Attributes:
        data: Its bytes.
        width: Pixels.
        height: Pixels.
    """

    data: bytes
    width: int
    height: int


def small(data: bytes) -> Picture | None:
    """Returns a figure with a palette; None where it can't be read as a picture.

    Args:
        data: A PNG file's bytes.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as found:
            palette = found.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    except (OSError, SyntaxError, ValueError):
        return None
    buffer = io.BytesIO()
    palette.save(buffer, "PNG", optimize=True)
    return Picture(min(buffer.getvalue(), data, key=len), *palette.size)
