"""Keeps a training in a folder: what `fit` opens before it trains."""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import callbacks as of_callbacks
from recipes.lab.training.checkpoint import fingerprint
from recipes.lab.training.checkpoint.callback_list import ResumableCallbacks
from recipes.lab.training.checkpoint.calls import Calls
from recipes.lab.training.checkpoint.folder import Folder, path_of
from recipes.lab.training.checkpoint.interval import Interval
from recipes.lab.training.checkpoint.members import LONG
from recipes.lab.training.checkpoint.run import Run
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
        self.folder, self.interval = Folder(path_of(checkpoint)), Interval(every)

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
    ) -> Iterator[ResumableCallbacks]:
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
            run = Run(model, calls, arguments["epochs"], self.folder, self.interval)
            run.saved, run.fingerprint = saved, now
            self.interval.prepared()
            try:
                yield ResumableCallbacks(run, callbacks, arguments)
            finally:
                fingerprint.leave(model, callbacks)
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
                logging.getLogger("recipes").info(
                    "a member of a sweep is not kept: %s", error
                )
                yield callbacks
                return
            run = Run(model, calls, arguments["epochs"], self.folder, self.interval)
            run.saved, run.lock, run.lenient = saved, lock, True
            try:
                yield ResumableCallbacks(run, callbacks, arguments)
            finally:
                model._initial_epoch = None
                run.give_back()


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
