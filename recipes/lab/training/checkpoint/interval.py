"""When a checkpoint is due; it never changes what is trained."""

import math
import re
import time
from typing import Any

from recipes.lab.errors import LabError
from recipes.lab.training.options import show, whole

# Seconds to train for each second of keeping: a save's own time is 2 %, and what it
# leaves behind (cold caches, files still on their way) about as much. What comes
# before the first step counts as keeping, too, and so does the save at the end, which
# is allowed for beforehand.
SHARE = 50
RATE = 3e8  # bytes a second that a first save is expected to write
LEAST = 0.01  # seconds that it is expected to take at least


def _seconds(every: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?s", every)
    seconds = float(found[1]) if found else 0.0
    if not seconds or not math.isfinite(seconds):
        raise _refused(every)
    return seconds


def _steps(every: Any) -> int:
    try:
        return whole("every", every, 1)
    except LabError:
        raise _refused(every) from None


def _refused(every: Any) -> LabError:
    return LabError(
        "every must be 'epoch', a whole number of steps from 1 or seconds such as "
        f"'30 s', not {show(every)}."
    )


class Interval:
    """Counts steps and seconds since the last save.

    Args:
        every: "epoch", a number of steps from 1, or seconds as in "30 s".
        first: Seconds before the first save.

    Attributes:
        steps: Steps between saves, or None.
        seconds: Seconds between saves, or None.

    Raises:
        LabError: It is none of these.
    """

    def __init__(self, every: Any, first: float = 0.0):
        self._first = first
        self.steps: int | None = None
        self.seconds: float | None = None
        if isinstance(every, str) and every != "epoch":
            self.seconds = _seconds(every)
        elif every != "epoch":
            self.steps = _steps(every)
        self.by_epoch = self.steps is None and self.seconds is None
        self._cost = self._spent = 0.0
        self._begun = time.monotonic()
        self.start()

    def expect(self, size: int) -> None:
        """Takes a guess at what a save of so many bytes costs, until one was made."""
        self._cost = LEAST + size / RATE

    def prepared(self) -> None:
        """Says that all is done that comes before training."""
        self._spent = time.monotonic() - self._begun

    def start(self) -> None:
        """Counts from now on."""
        self._since, self._done = time.monotonic(), 0

    def saved(self, cost: float) -> None:
        """Counts anew after a save that took so many seconds."""
        self._cost, self._first = cost, 0.0
        self._spent += cost
        self.start()

    def passed(self, steps: int) -> None:
        """Adds steps that were trained."""
        self._done += steps

    def is_due(self, epoch_ends: bool) -> bool:
        """Whether it is time to save, within an epoch or at its end."""
        passed = time.monotonic() - self._since
        if self.steps is not None:
            return self._done >= self.steps
        if self.seconds is not None:
            return passed >= self.seconds
        trained = time.monotonic() - self._begun - self._spent
        pays = trained >= SHARE * (self._spent + 2 * self._cost)  # this one, the last
        recent = passed < max(self._first, SHARE * self._cost)
        return epoch_ends and pays and not recent

    @property
    def has_begun(self) -> bool:
        """Whether there may have been a save."""
        return not self._first
