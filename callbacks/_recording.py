"""A look inside the compiled train step of one `fit`.

Keras hands gradients from the tape straight to the optimizer, where no callback sees
them. While a recording is open, the model's train function is one that was built anew
from a train step during whose tracing the optimizers' `apply` and
`_backend_update_step` are replaced on the instance, and put back right after. Model
and optimizer are therefore as they were between any two steps; saving in mid-training
finds nothing. The train function itself is put back when training ends. After a
crash, when no callback hears of the end, the first call that no open `fit` announced
puts it back.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from callbacks import _carry
from callbacks._leaves import Leaf, apply_if, find_leaves, replaced
from callbacks._state import Slot

_KEY = "gradient_recording"


class Recording:
    """What the callbacks of one `fit` share: the train function and its slots.

    Args:
        model: A compiled model.
    """

    def __init__(self, model: Any):
        _refuse_distribution(model)
        self.model = model
        self.taps: list[Any] = []
        self.leaves: list[Leaf] = []
        self.slots: list[Slot] = []
        self.steps = self.slot(dtype="int32")
        self.hooked: Callable | None = None
        self._original: Callable | None = None
        self._announced = False
        self._calls = 0
        self._budget = 1
        # Largest share of a ring that one call of the train function has filled.
        self._filled = 1 / 1024

    @classmethod
    def join(cls, model: Any, params: dict, tap: Any) -> "Recording":
        """The recording of this `fit`, which its first callback opens.

        Keras gives one `params` dictionary to all callbacks of a `fit`, and a new one
        to the next, so that is where callbacks meet.
        """
        recording = params.get(_KEY)
        if recording is None or tap in recording.taps:
            recording = params[_KEY] = cls(model)
        recording.taps.append(tap)
        return recording

    def slot(self, shape: tuple = (), value: Any = 0, dtype: str = "float32") -> Slot:
        """A slot that belongs to the whole step, not to an optimizer."""
        slot = Slot(shape, value, dtype)
        self.slots.append(slot)
        return slot

    def announce(self) -> None:
        """Says that the next call of the train function belongs to this `fit`."""
        if self._announced:
            return
        self._announced = True
        if self.hooked is None or self.model.train_function is not self.hooked:
            self._install()
        elif self._calls >= self._budget:
            self.drain()

    def used_leaves(self) -> list[Leaf]:
        """The optimizers that the train step calls."""
        built = [leaf for leaf in self.leaves if leaf.paths]
        return [leaf for leaf in built if leaf.applies] or built

    def drain(self) -> None:
        """Lets every callback read its rings before they run over."""
        for leaf in self.leaves:
            before = {ring: ring.drained for ring in leaf.rings}
            for tap in self.taps:
                tap.drain(leaf)
            for ring, start in before.items():
                filled = (ring.drained - start) / ring.capacity / max(self._calls, 1)
                self._filled = max(self._filled, filled)
        # So many calls, and at twice the rate seen so far a ring would be full.
        self._budget = max(1, int(0.5 / self._filled))
        self._calls = 0

    def close(self, params: dict | None = None) -> None:
        """Gives the model its own train function back."""
        if self.hooked is not None and self.model.train_function is self.hooked:
            self.model.train_function = self._original
        self.hooked = None
        if params is not None:
            params.pop(_KEY, None)

    def _install(self) -> None:
        """Builds a train function that is traced with the hooks in place.

        Also after another callback compiled the model anew in mid-training.
        """
        model = self.model
        if self.leaves:
            self.drain()
        if model.train_function is None:
            model.make_train_function()
        self._original = model.train_function
        self.leaves = find_leaves(model)
        for leaf in self.leaves:
            # On TensorFlow the optimizer may be built later, while it is traced; on
            # JAX it is built by now, and a pure function could make no variables.
            if leaf.optimizer.built:
                leaf.build(self.taps, leaf.optimizer._trainable_variables)
        step = _untraced(model.train_step)
        if keras.backend.backend() == "jax":
            slots = self._all_slots()
            step = _carry.carrying(step, self._hooked_step, model, self.slots, slots)
        else:
            step = self._hooked_step(step)
        with replaced(model, "train_step", step):
            model.make_train_function(force=True)
        built = model.train_function
        self.hooked = model.train_function = self._hooked_function(built, step)
        self._calls, self._budget = 0, 1

    def _hooked_function(self, built: Callable, step: Callable) -> Callable:
        """The train function of this `fit`, which stands aside for any other."""
        jax = keras.backend.backend() == "jax"

        original = self._original or built

        def train_function(*args):
            if not self._announced or self.hooked is not train_function:
                if self.model.train_function is train_function:
                    self.model.train_function = original
                return original(*args)
            self._announced = False
            self._calls += 1
            with replaced(self.model, "train_step", step):
                if jax:
                    return _carry.call(built, self._all_slots(), *args)
                return built(*args)

        return train_function

    def _all_slots(self) -> list[Slot]:
        return self.slots + [slot for leaf in self.leaves for slot in leaf.slots]

    def _hooked_step(self, step: Callable) -> Callable:
        def train_step(*arguments):
            with self._hooks():
                result = step(*arguments)
            self.steps.increment()
            for leaf in self.leaves:
                leaf.end_step()
            return result

        return train_step

    @contextlib.contextmanager
    def _hooks(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for leaf in self.leaves:
                stack.enter_context(self._hook(leaf))
            for tap in self.taps:
                stack.enter_context(tap.step_scope(self.model))
            yield

    @contextlib.contextmanager
    def _hook(self, leaf: Leaf) -> Iterator[None]:
        optimizer = leaf.optimizer
        with contextlib.ExitStack() as stack:
            if keras.backend.backend() == "jax":
                stack.enter_context(leaf.as_optimizer_variables())
            apply = self._hooked_apply(leaf, optimizer.apply)
            stack.enter_context(replaced(optimizer, "apply", apply))
            if any(tap.sees_updates for tap in self.taps):
                update = self._hooked_update(leaf, optimizer._backend_update_step)
                stack.enter_context(replaced(optimizer, "_backend_update_step", update))
            yield

    def _hooked_apply(self, leaf: Leaf, original: Callable) -> Callable:
        def apply(grads, trainable_variables=None):
            grads = list(grads)
            variables = trainable_variables
            if variables is None:
                variables = leaf.optimizer._trainable_variables
            variables = list(variables)
            leaf.build(self.taps, variables)
            leaf.begin_apply()
            verdicts = [tap.on_gradients(leaf, grads, variables) for tap in self.taps]
            verdicts = [verdict for verdict in verdicts if verdict is not None]
            if not verdicts:
                return original(grads, variables)
            allowed = ops.all(ops.stack(verdicts))
            return apply_if(allowed, leaf, original, grads, variables)

        return apply

    def _hooked_update(self, leaf: Leaf, original: Callable) -> Callable:
        taps = [tap for tap in self.taps if tap.sees_updates]

        def update(grads, variables, learning_rate):
            grads, variables = list(grads), list(variables)
            for tap in taps:
                grads = tap.on_update(leaf, grads, variables)
            memos = [tap.before_update(leaf, variables) for tap in taps]
            result = original(grads, variables, learning_rate)
            for tap, memo in zip(taps, memos, strict=True):
                tap.after_update(leaf, variables, memo)
            return result

        return update


def _untraced(step: Callable) -> Callable:
    """A step decorated with `tf.function`, without the traces of earlier calls."""
    if not hasattr(step, "python_function"):
        return step
    import tensorflow as tf

    return tf.function(step.python_function, jit_compile=step._jit_compile)


def _refuse_distribution(model: Any) -> None:
    """One clear sentence where a replica would see its own share only."""
    if keras.backend.backend() == "tensorflow":
        replicas = model.distribute_strategy.num_replicas_in_sync
    else:
        replicas = 1 if keras.distribution.distribution() is None else 2
    if replicas > 1:
        raise ValueError(
            "This callback sees the gradients of one replica only, so it does not "
            "run under tf.distribute strategies with several replicas or under "
            "keras.distribution; train on one device, or leave the callback out."
        )
