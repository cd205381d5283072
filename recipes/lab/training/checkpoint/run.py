"""One `fit` of a training that is kept: it goes on from a checkpoint, and saves."""

import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import held, unkept
from recipes.lab.training.checkpoint.calls import Calls
from recipes.lab.training.checkpoint.folder import Folder, Saved
from recipes.lab.training.checkpoint.interval import Interval
from recipes.lab.training.checkpoint.state import Kept, Position, gather
from recipes.lab.training.checkpoint.variables import size_of, variables_of


class Run:
    """One `fit` of a training that is kept.

    Args:
        model: The model.
        calls: How its train function is called.
        epochs: The epochs of the training.
        folder: Where it is kept.
        interval: When it is saved.

    Attributes:
        saved: The checkpoint that was found, or None.
        fingerprint: What the training is made of.
        lock: Locks the folder before the first save, where it isn't locked.
        lenient: Whether the training goes on where it can't be kept.
    """

    def __init__(
        self,
        model: keras.Model,
        calls: Calls,
        epochs: int,
        folder: Folder,
        interval: Interval,
    ):
        self.model, self.calls, self.epochs = model, calls, epochs
        self.folder, self.interval = folder, interval
        self.saved: Saved | None = None
        self.fingerprint: dict[str, Any] = {}
        self.lock: Callable | None = None
        self.lenient = False
        self._kept: Kept | None = None
        self._callbacks: list = []
        self._at_start: unkept.Look = {}
        self._epoch = self._step = self._left = 0
        self._real: Callable | None = None
        self._was_finite, self._gave_up = True, False

    @property
    def passes_over(self) -> bool:
        """Whether steps are being passed over that were done before."""
        return self._real is not None

    def train_begins(self, callbacks: list) -> None:
        """Puts a kept state back, when all callbacks have begun."""
        self._callbacks = callbacks
        self._at_start = unkept.look(self.model, callbacks)
        if self.saved is not None:
            try:
                self._kept = Kept(self.model, self.saved, self.folder.path)
            except LabError:
                if not self.lenient:
                    raise
        if self._kept is not None:
            self._kept.restore(callbacks)
            epoch, _, stopped = self._kept.position
            self.model.stop_training = stopped
            self.model._initial_epoch = self.epochs if stopped else epoch
            _say("fit goes on after epoch %d and %d steps, from %s.",
                 epoch, self._kept.position.step, self.folder.path)  # fmt: skip
        if not self.lenient:
            held.check(self.model)
            named = variables_of(self.model)  # refuses what can't be saved
            self.interval.expect(sum(size_of(one) for _, one in named))
        self.interval.start()

    def epoch_begins(self, epoch: int) -> None:
        """Passes over the steps of this epoch that were done before."""
        self._epoch, self._step = epoch, 0
        if self._kept is None:
            return
        position = self._kept.position
        if position.epoch == epoch and position.step:
            self._kept.restore(self._callbacks)  # what callbacks did to begin the epoch
            if self.calls.rows is not None:
                self.calls.rows.done = position.step
            self._step = position.step
            self._left = self.calls.done(position.step)
            self._real = self.model.train_function
            self.model.train_function = self.calls.passing()
        else:
            self._kept = None

    def batch_begins(self) -> None:
        """Lets the next call train, if all steps of before were passed over."""
        if self._kept is not None and self.passes_over and not self._left:
            self.give_back()
            self._kept.restore_chance()  # drawing batches has used some up
            self._kept = None

    def give_back(self) -> None:
        """Gives the model its train function back."""
        if self._real is not None:
            self.model.train_function, self._real = self._real, None

    def batch_ended(self) -> None:
        """Counts a call, and saves if it is time to."""
        if self.passes_over:
            self._left -= 1
            return
        steps = min(self.calls.size, self.calls.steps - self._step)
        self._step += steps
        self.interval.passed(steps)
        # The epoch's end comes next after its last step.
        within = self._step < self.calls.steps and not self.model.stop_training
        if within and self.interval.is_due(epoch_ends=False):
            self._save(Position(self._epoch, self._step))

    def epoch_ended(self, epoch: int) -> None:
        """Saves if it is time to, and always after the last one."""
        stopped = bool(self.model.stop_training)
        last = stopped or epoch + 1 == self.epochs
        last = last and self.interval.has_begun
        if last or self.interval.is_due(epoch_ends=True):
            self._save(Position(epoch + 1, 0, stopped))

    def _save(self, position: Position) -> None:
        if self._gave_up:
            return
        try:
            if self.lock is not None:
                self.lock()
                self.lock = None
            self._save_all(position)
        except LabError as error:
            if not self.lenient:
                raise
            _say("a member of a sweep is not kept: %s", error)
            self._gave_up = True

    def _save_all(self, position: Position) -> None:
        started = time.perf_counter()
        now = unkept.look(self.model, self._callbacks)
        unkept.refuse_changes(self._at_start, now)
        found = gather(self.model, self._callbacks, position)
        if found is None:
            self._tell_of_divergence()
        else:
            state, arrays = found
            number = position.epoch * self.calls.steps + position.step
            self.folder.save(number, {**state, "fingerprint": self.fingerprint}, arrays)
        self.interval.saved(time.perf_counter() - started)

    def _tell_of_divergence(self) -> None:
        """Says once that nothing is saved; in a sweep it is nobody's loss."""
        text = (
            f"no checkpoint is written to {self.folder.path}: weights or the "
            "optimizer's numbers are not finite."
        )
        if self._was_finite and self.lenient:
            _say("%s", text)
        elif self._was_finite:
            warnings.warn(text, stacklevel=2)
        self._was_finite = False


def _say(text: str, *values: Any) -> None:
    logging.getLogger("recipes").info(text, *values)
