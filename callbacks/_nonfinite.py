"""Says where a gradient first went inf or NaN."""

from typing import NamedTuple

import numpy as np


class NonFinite(NamedTuple):
    """The first gradient that went inf or NaN.

    Attributes:
        step: The row, counted from 0: the batch, or the update if stage="update".
        epoch: The epoch, counted from 0.
        layer: The layer nearest the output among those affected. A backward pass
            reaches it first, so this is where the value arose.
        variable: Path of that layer's variable.
        value: "inf" or "nan".
        affected: Paths of all variables with a non-finite gradient in that step.
    """

    step: int
    epoch: int
    layer: str
    variable: str
    value: str
    affected: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"The gradient of layer {self.layer!r} ({self.variable}) became "
            f"{self.value} at step {self.step} (epoch {self.epoch + 1}); "
            f"{len(self.affected)} variable(s) are affected."
        )


def find(
    norms: np.ndarray, paths: list[str], step: int, epoch: int
) -> NonFinite | None:
    """The first row with an inf or NaN, if there is one.

    Args:
        norms: Rows of norms, (rows, variables).
        paths: Paths of the variables, from input to output.
        step: Number of the first row.
        epoch: The epoch, from 0.
    """
    rows, columns = np.nonzero(~np.isfinite(norms))
    if not len(rows):
        return None
    affected = columns[rows == rows[0]]
    path = paths[affected[-1]]
    value = "nan" if np.isnan(norms[rows[0], affected[-1]]) else "inf"
    layer = path.rpartition("/")[0] or path
    names = tuple(paths[column] for column in affected)
    return NonFinite(step + int(rows[0]), epoch, layer, path, value, names)
