"""Says where a gradient first went inf or NaN, and what is done about it."""

import logging
from typing import Any, NamedTuple

import numpy as np

from callbacks import arguments


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


class NonFinitePolicy:
    """What an inf or NaN in a gradient does, and the first one that was found.

    Args:
        name: "log", "skip", "stop" or "raise", as in `GradientNorms(on_nonfinite=)`.

    Attributes:
        first: The first gradient that went inf or NaN, or None.
    """

    def __init__(self, name: str):
        choices = ("log", "skip", "stop", "raise")
        self.name = arguments.choice("on_nonfinite", name, choices)
        self.first: NonFinite | None = None

    @property
    def forbids_updates(self) -> bool:
        """Whether an update with an inf or NaN is left out."""
        return self.name != "log"

    @property
    def ends_training(self) -> bool:
        """Whether no update follows such a one."""
        return self.name in ("stop", "raise")

    def look_at(
        self, norms: np.ndarray, paths: list[str], step: int, epoch: int
    ) -> None:
        """Looks for the first inf or NaN among new rows, and reports it once.

        Args:
            norms: Rows of norms, (rows, variables).
            paths: Paths of the variables, from input to output.
            step: Number of the first row.
            epoch: The epoch, from 0.
        """
        if self.first is not None:
            return
        self.first = find(norms, paths, step, epoch)
        if self.first is not None and self.name != "raise":
            logging.getLogger("callbacks").warning("%s", self.first)

    def end(self, model: Any, session: Any) -> None:
        """Ends training, if the policy says so and there was an inf or NaN."""
        if self.first is None or not self.ends_training:
            return
        if self.name == "raise":
            session.close()
            raise FloatingPointError(str(self.first))
        model.stop_training = True

    def check_replicas(self, count: int) -> None:
        """Refuses to leave out updates where several replicas make them together."""
        if count > 1 and self.forbids_updates:
            raise ValueError(
                f"on_nonfinite={self.name!r} does not work where several replicas "
                "train a model under tf.distribute; use on_nonfinite='log'."
            )
