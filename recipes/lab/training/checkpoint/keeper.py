"""Saves a training's state while Keras's `fit` runs, and lets it go on from there."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import callbacks as of_callbacks
from recipes.lab.training.checkpoint import fingerprint
from recipes.lab.training.checkpoint.calls import Calls
from recipes.lab.training.checkpoint.folder import Folder
from recipes.lab.training.checkpoint.interval import Interval
from recipes.lab.training.checkpoint.members import LONG
from recipes.lab.training.checkpoint.state import Kept, Position, gather
from recipes.lab.training.checkpoint.variables import size_of, variables_of
from recipes.lab.training.options import show
from recipes.lab.training.order import ShuffledArrays


class Keeper:
    """Keeps the state of one training in a folder.

    Args:
        checkpoint: The folder.
        every: When to save, as `fit` takes it.

    Raises:
        LabError: One of them can't be.
    """

    def __init__(self, checkpoint: Any, every: Any):
        if not isinstance(checkpoint, str) and not hasattr(checkpoint, "__fspath__"):
            raise LabError(f"checkpoint must be a folder, not {show(checkpoint)}.")
        if not str(checkpoint):
            raise LabError("checkpoint must be a folder; its name is empty.")
        self.folder, self.interval = Folder(checkpoint), Interval(every)

    def block(self, most: int) -> int:
        """Steps in one call of the train function, so that a save can follow."""
        return min(most, self.interval.steps or most)

    def setting(self, name: str) -> Any:
        """A setting that the kept training began with; None where nothing is kept."""
        with self.folder.locked():
            saved = self.folder.newest()
        return saved.state["fingerprint"].get(name) if saved else None

    @contextlib.contextmanager
    def training(
        self,
        model: keras.Model,
        batches: ShuffledArrays,
        callbacks: list,
        arguments: Mapping[str, Any],
        calls: Calls,
    ) -> Iterator["ResumableCallbacks"]:
        """Opens the folder for a training, and yields the callbacks for `model.fit`.

        Args:
            model: A compiled model.
            batches: What it is trained on.
            callbacks: All that `fit` is to have.
            arguments: Of `model.fit`.
            calls: How the train function is called.

        Raises:
            LabError: The training can't be resumed exactly, or is another one.
        """
        of_callbacks.check(callbacks)
        now = fingerprint.of_training(
            model, batches, callbacks, arguments, calls.settings(model)
        )
        _build(model, batches)
        with self.folder.locked():
            saved = self.folder.newest()
            if saved is not None:
                fingerprint.compare(self.folder.path, saved.state["fingerprint"], now)
            run = _Run(self, model, calls, arguments["epochs"], now, saved)
            try:
                yield ResumableCallbacks(run, callbacks, arguments)
            finally:
                model._initial_epoch = None
                run.give_back()


class MemberKeeper(Keeper):
    """Keeps a training of a sweep, if it takes long and can be resumed.

    Nothing of this may cost the sweep a member: what can't be kept is trained all the
    same, and what can't be read is trained again.

    Args:
        folder: For this training.
    """

    def __init__(self, folder: Path):
        super().__init__(folder, "epoch")
        self.interval = Interval("epoch", first=LONG)

    def setting(self, name: str) -> Any:
        """None: a member chooses as it did before, from the same start."""

    @contextlib.contextmanager
    def training(
        self,
        model: keras.Model,
        batches: ShuffledArrays,
        callbacks: list,
        arguments: Mapping[str, Any],
        calls: Calls,
    ) -> Iterator[Any]:
        """Yields the callbacks for `model.fit`, as `Keeper.training` does."""
        with contextlib.ExitStack() as stack:
            saved, lock = None, lambda: stack.enter_context(self.folder.locked())
            try:
                of_callbacks.check(callbacks)
                if self.folder.path.is_dir():
                    lock()
                    lock, saved = None, self.folder.newest()
                if saved is not None:
                    _build(model, batches)
            except LabError as error:
                _say("a member of a sweep is not kept: %s", error)
                yield callbacks
                return
            run = _Run(self, model, calls, arguments["epochs"], {}, saved, lock)
            try:
                yield ResumableCallbacks(run, callbacks, arguments)
            finally:
                model._initial_epoch = None
                run.give_back()


class _Run:
    """One `fit` of a training that is kept.

    Args:
        keeper: Whose it is.
        model: The model.
        calls: How its train function is called.
        epochs: The epochs of the training.
        now: The fingerprint.
        saved: The checkpoint that was found, or None.
        lock: Locks the folder before the first save, where it isn't locked.
    """

    def __init__(self, keeper, model, calls, epochs, now, saved, lock=None):
        self.model, self.calls, self.lock = model, calls, lock
        self.folder, self.interval = keeper.folder, keeper.interval
        self.lenient = isinstance(keeper, MemberKeeper)
        self.epochs, self.fingerprint = epochs, now
        self.saved, self.kept = saved, None
        self.callbacks: list = []
        self._epoch = self._step = self._left = 0
        self._real: Callable | None = None
        self._was_finite, self._gave_up = True, False

    @property
    def passes_over(self) -> bool:
        """Whether steps are being passed over that were done before."""
        return self._real is not None

    def train_begins(self, callbacks: list) -> None:
        """Puts a kept state back, when all callbacks have begun."""
        self.callbacks = callbacks
        if self.saved is not None:
            try:
                self.kept = Kept(self.model, self.saved, self.folder.path)
            except LabError:
                if not self.lenient:
                    raise
        if self.kept is not None:
            self.kept.restore(callbacks)
            epoch, _, stopped = self.kept.position
            self.model.stop_training = stopped
            self.model._initial_epoch = self.epochs if stopped else epoch
            _say("fit goes on after epoch %d and %d steps, from %s.",
                 epoch, self.kept.position.step, self.folder.path)  # fmt: skip
        if not self.lenient:
            named = variables_of(self.model)  # refuses what can't be saved
            self.interval.expect(sum(size_of(one) for _, one in named))
        self.interval.start()

    def epoch_begins(self, epoch: int) -> None:
        """Passes over the steps of this epoch that were done before."""
        self._epoch, self._step = epoch, 0
        if self.kept is None:
            return
        position = self.kept.position
        if position.epoch == epoch and position.step:
            self.kept.restore(self.callbacks)  # what callbacks did to begin the epoch
            if self.calls.rows is not None:
                self.calls.rows.done = position.step
            self._step = position.step
            self._left = self.calls.done(position.step)
            self._real = self.model.train_function
            self.model.train_function = self.calls.passing()
        else:
            self.kept = None

    def batch_begins(self) -> None:
        """Lets the next call train, if all steps of before were passed over."""
        if self.passes_over and not self._left:
            self.give_back()
            self.kept.restore_chance()  # drawing batches has used some up
            self.kept = None

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
        found = gather(self.model, self.callbacks, position)
        if found is None:
            if self._was_finite:
                _say("weights are not finite: no checkpoint is written to %s.",
                     self.folder.path)  # fmt: skip
            self._was_finite = False
        else:
            state, arrays = found
            number = position.epoch * self.calls.steps + position.step
            self.folder.save(number, {**state, "fingerprint": self.fingerprint}, arrays)
        self.interval.saved(time.perf_counter() - started)


class ResumableCallbacks(keras.callbacks.CallbackList):
    """The callbacks of a training that is kept: its state is read behind all of them.

    Args:
        run: Of the keeper.
        callbacks: Those of the training; Keras's history is added.
        arguments: Of `model.fit`.
    """

    def __init__(self, run: _Run, callbacks: list, arguments: Mapping[str, Any]):
        self._run = run
        verbose = arguments.get("verbose", 0)
        super().__init__(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=arguments["epochs"],
            steps=run.calls.steps,
            model=run.model,
        )

    def _configure_async_dispatch(self, callbacks):
        """Never: a state that is read must have seen all steps."""

    def on_train_begin(self, logs=None):
        """Begins, then puts a kept state back."""
        super().on_train_begin(logs)
        self._run.train_begins(self.callbacks)

    def on_epoch_begin(self, epoch, logs=None):
        """Begins an epoch, or the rest of one."""
        super().on_epoch_begin(epoch, logs)
        self._run.epoch_begins(epoch)

    def on_train_batch_begin(self, batch, logs=None):
        """Tells the callbacks of steps that are trained."""
        self._run.batch_begins()
        if not self._run.passes_over:
            super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Tells the callbacks of steps that were trained."""
        if not self._run.passes_over:
            super().on_train_batch_end(batch, logs)
        self._run.batch_ended()

    def on_epoch_end(self, epoch, logs=None):
        """Ends an epoch, then saves."""
        super().on_epoch_end(epoch, logs)
        self._run.epoch_ended(epoch)


def _build(model: keras.Model, batches: ShuffledArrays) -> None:
    """Makes all variables, where `fit` doesn't by itself before it begins."""
    if keras.backend.backend() != "tensorflow":
        return
    try:
        model._symbolic_build(data_batch=batches[0])
    except (TypeError, ValueError, RuntimeError) as error:
        raise LabError(
            f"checkpoint= can't build '{model.name}' before training; leave checkpoint "
            f"out. {error}"
        ) from error


def _say(text: str, *values: Any) -> None:
    logging.getLogger("recipes").info(text, *values)
