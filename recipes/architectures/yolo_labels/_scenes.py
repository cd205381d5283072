"""Scenes: squares, disks and crosses on a noisy ground, with their boxes."""

import numpy as np

SIDE, GRID = 40, 5  # pixels, and cells a side: 8 pixels a cell
KINDS = ("square", "disk", "cross")
MOST = 4  # objects of a scene
NOISE = 0.1  # of every pixel; objects have a brightness of 0.5 to 1


def stamp(kind: int, size: int) -> np.ndarray:
    """Which pixels of its box an object of a kind covers, (size, size)."""
    away = np.abs(np.arange(size) - (size - 1) / 2)
    if kind == 0:
        return np.ones((size, size), bool)
    if kind == 1:
        return away[:, None] ** 2 + away**2 <= (size / 2) ** 2
    return np.minimum(away[:, None], away) <= size / 6


def scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws a scene: the image (40, 40, 1), boxes (n, 4), kinds (n,).

    Objects lie inside the image and may hide each other in part; a later one is in
    front. Their centers are anywhere, also two in one cell.
    """
    image = rng.normal(0, NOISE, (SIDE, SIDE))
    boxes, kinds = [], []
    for _ in range(rng.integers(1, MOST + 1)):
        kind, size = int(rng.integers(len(KINDS))), int(rng.integers(7, 13))
        left, top = rng.integers(0, SIDE - size + 1, 2)
        part = image[top : top + size, left : left + size]
        part[stamp(kind, size)] = rng.uniform(0.5, 1)
        center = (left + size / 2) / SIDE, (top + size / 2) / SIDE
        boxes.append((*center, size / SIDE, size / SIDE))
        kinds.append(kind)
    return image[..., None].astype("float32"), np.array(boxes), np.array(kinds)


def scenes(seed, count: int) -> list[tuple]:
    """Draws so many scenes."""
    rng = np.random.default_rng(seed)
    return [scene(rng) for _ in range(count)]


def cells_of(boxes) -> np.ndarray:
    """The cell of each center, numbered row by row."""
    columns, rows = np.minimum((boxes[:, :2] * GRID).astype(int), GRID - 1).T
    return rows * GRID + columns
