"""YOLO labels: a grid of cells, five numbers a box, and what finds no place in it.

A grid detector divides an image into S x S cells and asks each for the objects whose
center it holds. `size` counts the numbers of a label, against the formula in the notes.
`cells` asks who owns a center on a border, on the image's edge, and two at once. A
small detector is trained there on such labels, and finds what it finds.

Notes: 1.29 YOLO labels
Data: generated scenes of squares, disks and crosses.
Run: recipes run yolo_labels         (about 35 s on 2 CPU cores)
References: Redmon et al. (2016); Redmon and Farhadi, YOLO9000 (2017).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = ("size", "cells")
SMOKE = {"seeds": 2, "epochs": 1, "scenes": 32}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 6
    "Independent detectors, each with scenes of its own."
    epochs: int = 15
    "Passes over the scenes, at most 1000."
    scenes: int = 1000
    "Scenes to train on: 16 to 100000."

    def __post_init__(self):
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
        if not 16 <= self.scenes <= 100_000:
            raise UsageError(f"--scenes must be 16 to 100000, not {self.scenes}.")
