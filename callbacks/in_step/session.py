"""What the callbacks of one `fit` share: its train function and what is in the step.

README.md has a picture of one step and says why it is done this way.
"""

import warnings
from collections.abc import Callable
from typing import Any

import keras

from callbacks.in_step import callback_list, jax_state
from callbacks.in_step.attributes import replaced
from callbacks.in_step.hooks import StepHooks
from callbacks.in_step.optimizers import TrackedOptimizer, find_optimizers
from callbacks.in_step.replicas import replicas_of
from callbacks.in_step.variables import RowBuffer, StepVariable

_KEY = "_in_step_session"


class FitSession:
    """The train function of one `fit`, with the step variables of its callbacks.

    Args:
        model: A compiled model.
        found: The `CallbackList` of the `fit`, or None where a loop of one's own
            calls the callbacks.

    Attributes:
        optimizers: The optimizers that the step may call.
        steps: Counts the steps.
        saw_optimizer: Whether a step has called an optimizer.
        is_open: Whether the `fit` goes on, as far as is known.
    """

    def __init__(self, model: Any, found: Any = None):
        self.replicas = replicas_of(model)
        self.model = model
        self.callbacks: list[Any] = []
        self.optimizers: list[TrackedOptimizer] = []
        self.step_variables: list[StepVariable] = []
        self.steps = self.add_variable(dtype="int32")
        self.saw_optimizer = False
        self.is_open = True
        self._list = found
        self._in_fit = found is not None and callback_list.list_of_fit(10) is found
        self._hooked: Callable | None = None
        self._original: Callable | None = None
        self._expected = False
        self._checked = False
        self._logged_epoch: int | None = None
        self._calls = 0
        self._budget = 1
        # Largest share of a buffer that one call of the train function has filled.
        self._filled = 1 / 1024

    @classmethod
    def join(cls, model: Any, callback: Any) -> "FitSession":
        """The session of this `fit`, which its first callback opens."""
        found = callback_list.list_of_callers()
        session = None if found is None else vars(found).get(_KEY)
        if found is not None and found.callbacks.count(callback) > 1:
            raise ValueError(
                f"The same {type(callback).__name__} stands twice in the callbacks of "
                "this fit; give it once."
            )
        if session is None or not session.is_open or callback in session.callbacks:
            session = cls(model, found)
            if found is not None:
                vars(found)[_KEY] = session
                callback_list.write_logs_first(found)
        callback.check_others(session.callbacks)
        session.callbacks.append(callback)
        return session

    @property
    def keys_kept_from_bar(self) -> set[str]:
        """Logged keys that the progress bar leaves out."""
        return {k for c in self.callbacks if not c.progress_bar for k in c.logged_keys}

    def add_variable(
        self, shape: tuple[int, ...] = (), value: Any = 0, dtype: str = "float32"
    ) -> StepVariable:
        """A variable that belongs to the whole step, not to an optimizer."""
        added = StepVariable(shape, value, dtype, self.replicas)
        self.step_variables.append(added)
        return added

    def expect_step(self) -> None:
        """Says that the next call of the train function belongs to this `fit`."""
        if self._expected:
            return
        self._expected = True
        if self._hooked is None or self.model.train_function is not self._hooked:
            self._install()
        elif self._calls >= self._budget:
            self.read_rows()

    def get_state(self) -> dict[str, Any]:
        """The step variables, between two steps; rows that wait are read first."""
        self.read_rows()
        return {
            "variables": [variable.get() for variable in self._kept_variables()],
            "read": [rows.read for rows in self._row_buffers()],
            "applies": [one.applies for one in self.optimizers],
            "saw_optimizer": self.saw_optimizer,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts back what `get_state` returned, before the first step or between two."""
        if self._hooked is None or self.model.train_function is not self._hooked:
            self._install()
        for variable, value in zip(
            self._kept_variables(), state["variables"], strict=True
        ):
            variable.set(value)
        for rows, read in zip(self._row_buffers(), state["read"], strict=True):
            rows.read = read
        for one, applies in zip(self.optimizers, state["applies"], strict=True):
            one.applies = applies
        self.saw_optimizer = state["saw_optimizer"]

    def _row_buffers(self) -> list[RowBuffer]:
        return [rows for one in self.optimizers for rows in one.row_buffers]

    def _kept_variables(self) -> list[StepVariable]:
        """All but the rows of buffers, which were read."""
        rows = {id(buffer.rows) for buffer in self._row_buffers()}
        return [one for one in self.all_step_variables() if id(one) not in rows]

    def used_optimizers(self) -> list[TrackedOptimizer]:
        """The optimizers that the train step calls and that update variables."""
        built = [one for one in self.optimizers if one.paths and not one.is_whole]
        return [one for one in built if one.applies] or built

    def read_rows(self) -> None:
        """Lets every callback read its buffers before they run over."""
        for tracked in self.optimizers:
            before = {rows: rows.read for rows in tracked.row_buffers}
            for callback in self.callbacks:
                callback.read_rows(tracked)
            for rows, start in before.items():
                filled = (rows.read - start) / rows.capacity / max(self._calls, 1)
                self._filled = max(self._filled, filled)
        # So many calls, and at twice the rate seen so far a buffer would be full.
        self._budget = max(1, int(0.5 / self._filled))
        self._calls = 0

    def complete_logs(self, epoch: int, logs: dict) -> None:
        """Adds the keys of every callback to the logs of an epoch."""
        for callback in self.callbacks:
            self._log(callback, epoch, logs)
        self._logged_epoch = epoch

    def log_alone(self, callback: Any, epoch: int, logs: dict | None) -> None:
        """Writes a callback's keys where no `CallbackList` has asked for them."""
        if self._logged_epoch != epoch and logs is not None:
            self._log(callback, epoch, logs)

    def _log(self, callback: Any, epoch: int, logs: dict) -> None:
        for tracked in self.optimizers:
            callback.read_rows(tracked)
        new: dict[str, Any] = {}
        callback.write_logs(epoch, new)
        callback.logged_keys.update(new)
        logs.update(new)

    def close(self) -> None:
        """Gives the model its own train function back."""
        if self._hooked is not None and self.model.train_function is self._hooked:
            self.model.train_function = self._original
        self._hooked = None
        self._expected = False
        self.is_open = False

    def _install(self) -> None:
        """Builds a train function that is traced with the hooks in place.

        Also after another callback compiled the model anew in mid-training.
        """
        model = self.model
        if self.optimizers:
            self.read_rows()
        if model.train_function is None:
            model.make_train_function()
        # What a crashed `fit` left behind stands for the function below it.
        self._original = getattr(
            model.train_function, "_in_step_original", model.train_function
        )
        jax = keras.backend.backend() == "jax"
        if jax and model.built and not model.optimizer.built:
            # As `train_on_batch` is about to do, which is too late for variables.
            model.optimizer.build(model.trainable_variables)
        self.optimizers = find_optimizers(model, self.replicas)
        _warn_of_frozen(model)
        for callback in self.callbacks:
            callback.prepare(model)
        for tracked in self.optimizers:
            # On TensorFlow the optimizer may be built later, while it is traced; on
            # JAX it is built by now, and a pure function could make no variables.
            if tracked.optimizer.built:
                tracked.build(self.callbacks, tracked.optimizer._trainable_variables)
        hooks = StepHooks(self)
        step = _untraced(model.train_step)
        if jax:
            built, step = jax_state.build(self, hooks, step)
        else:
            step = hooks.around(step)
            with replaced(model, "train_step", step):
                model.make_train_function(force=True)
            built = model.train_function
        self._hooked = model.train_function = self._hooked_function(built, step)
        self._calls, self._budget, self._checked = 0, 1, False
        self.saw_optimizer = False

    def _hooked_function(self, built: Callable, step: Callable) -> Callable:
        """The train function of this `fit`, which stands aside for any other."""
        jax = keras.backend.backend() == "jax"
        original = self._original or built

        def train_function(*args):
            if not self._is_ours(train_function):
                if self.model.train_function is train_function:
                    self.model.train_function = original
                return original(*args)
            self._calls += 1
            with replaced(self.model, "train_step", step):
                if jax:
                    result = jax_state.call(built, self.all_step_variables(), *args)
                else:
                    result = built(*args)
            if not self._checked:
                self._checked = True
                for callback in self.callbacks:
                    callback.check_effect(self.model)
            return result

        setattr(train_function, "_in_step_original", original)  # noqa: B010
        return train_function

    def _is_ours(self, function: Callable) -> bool:
        """Whether the call was announced, and by the `fit` that makes it.

        A callback that raises after ours has spoken leaves an announcement behind.
        """
        expected, self._expected = self._expected, False
        if not expected or self._hooked is not function:
            return False
        caller = callback_list.list_of_fit(3)
        return caller is self._list if caller is not None else not self._in_fit

    @property
    def may_have_skipped(self) -> bool:
        """Whether the step ran as Python does, so that a branch was left out in it."""
        eager = keras.backend.backend() == "torch" or self.model.run_eagerly
        return self.saw_optimizer and eager

    def all_step_variables(self) -> list[StepVariable]:
        """All variables, in the order in which they travel on JAX."""
        of_optimizers = [v for one in self.optimizers for v in one.step_variables]
        return self.step_variables + of_optimizers


def _untraced(step: Callable) -> Callable:
    """A step decorated with `tf.function`, without the traces of earlier calls."""
    if not hasattr(step, "python_function"):
        return step
    import tensorflow as tf

    return tf.function(step.python_function, jit_compile=step._jit_compile)


def _warn_of_frozen(model: Any) -> None:
    """On TensorFlow: a step that is traced anew sees what was frozen since."""
    known = getattr(model.optimizer, "_trainable_variables", None) or ()
    frozen = [v.path for v in known if not getattr(v, "trainable", True)]
    if keras.backend.backend() == "tensorflow" and frozen:
        warnings.warn(
            f"{frozen[0]!r} was frozen after {model.name!r} was compiled. With this "
            "callback that takes effect at once, without it only once the model is "
            "compiled again; compile it.",
            stacklevel=2,
        )
