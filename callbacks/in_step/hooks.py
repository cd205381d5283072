"""What is in place while a train step is traced: hooks on the model's optimizers."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from callbacks.in_step import multi_optimizer as multi
from callbacks.in_step.attributes import replaced
from callbacks.in_step.optimizers import TrackedOptimizer, apply_if, find_optimizers
from callbacks.in_step.variables import within_step


class StepHooks:
    """Lets the callbacks of a session act in a train step.

    Args:
        session: The session of the `fit`.
    """

    def __init__(self, session: Any):
        self._session = session
        self._callbacks = session.callbacks
        self._updating = [c for c in self._callbacks if c.sees_updates]
        self._lock = threading.Lock()
        self._entered = 0
        self._stack = contextlib.ExitStack()
        self._in_step = threading.local()

    def around(self, step: Callable) -> Callable:
        """The step, with hooks in place while it is traced (or run eagerly)."""

        def train_step(*arguments):
            self._in_step.applies, self._in_step.permissions = {}, {}
            with self._in_place(), within_step(arguments[-1]):
                result = step(*arguments)
                self._session.steps.increment()
            for tracked, applies in self._in_step.applies.items():
                tracked.applies = max(tracked.applies, applies)
            return result

        return train_step

    @contextlib.contextmanager
    def _in_place(self) -> Iterator[None]:
        # Replicas are traced in threads that take turns, so one is still inside when
        # the next enters: the first puts the hooks in place, the last takes them off.
        with self._lock:
            self._entered += 1
            if self._entered == 1:
                self._enter()
        try:
            yield
        finally:
            with self._lock:
                self._entered -= 1
                if not self._entered:
                    self._stack.close()

    def _enter(self) -> None:
        self._stack = contextlib.ExitStack()
        try:
            for tracked in list(self._session.optimizers):
                self._hook(tracked)
            self._hook_wrapper()
            for callback in self._callbacks:
                self._stack.enter_context(callback.step_scope(self._session.model))
        except BaseException:
            self._stack.close()
            self._entered -= 1
            raise

    def _hook_wrapper(self) -> None:
        """Notes calls of an optimizer that may skip the step of the one inside."""
        optimizer = self._session.model.optimizer
        if all(one.optimizer is not optimizer for one in self._session.optimizers):
            original = optimizer.apply

            def apply(*arguments, **named):
                self._session.saw_optimizer = True
                return original(*arguments, **named)

            self._stack.enter_context(replaced(optimizer, "apply", apply))

    def _hook(self, tracked: TrackedOptimizer) -> None:
        optimizer, enter = tracked.optimizer, self._stack.enter_context
        if keras.backend.backend() == "jax":
            enter(tracked.as_optimizer_variables())
        if tracked.is_whole:
            apply = self._apply_of_whole(tracked, optimizer.apply)
            enter(replaced(optimizer, "apply", apply))
            return
        apply = self._apply(tracked, optimizer.apply)
        enter(replaced(optimizer, "apply", apply))
        if not self._updating:
            return
        update = self._update(tracked, optimizer._backend_update_step)
        enter(replaced(optimizer, "_backend_update_step", update))
        if self._session.replicas.count > 1:
            reduce = self._reduce(tracked, optimizer._all_reduce_sum_gradients)
            enter(replaced(optimizer, "_all_reduce_sum_gradients", reduce))

    def _apply(self, tracked: TrackedOptimizer, original: Callable) -> Callable:
        def apply(grads, trainable_variables=None):
            grads = list(grads)
            variables = trainable_variables
            if variables is None:
                variables = tracked.optimizer._trainable_variables
            variables = list(variables)
            if not multi.gradients_of(grads, variables):
                return original(grads, variables)
            tracked.build(self._callbacks, variables)
            self._session.saw_optimizer = True
            applies = self._in_step.applies
            applies[tracked] = applies.get(tracked, 0) + 1
            permissions = self._in_step.permissions.pop(tracked, None)
            if permissions is None:
                permissions = self._show(tracked, grads, variables)
            if not permissions:
                return original(grads, variables)
            allowed = ops.all(ops.stack(permissions))
            return apply_if(allowed, tracked, original, grads, variables)

        return apply

    def _show(self, tracked: TrackedOptimizer, grads: list, variables: list) -> list:
        """Shows a batch's gradients to the callbacks; returns what they say."""
        answers = [
            callback.on_gradients(tracked, grads, variables)
            for callback in self._callbacks
        ]
        return [answer for answer in answers if answer is not None]

    def _update(self, tracked: TrackedOptimizer, original: Callable) -> Callable:
        several = self._session.replicas.count > 1

        def update(grads, variables, learning_rate):
            grads, variables = list(grads), list(variables)
            if not several and not self._acts_on_whole(tracked):
                grads = self._change(tracked, grads, variables)
            kept = [one.before_update(tracked, variables) for one in self._updating]
            result = original(grads, variables, learning_rate)
            for callback, memory in zip(self._updating, kept, strict=True):
                callback.after_update(tracked, variables, memory)
            return result

        return update

    def _change(self, tracked: TrackedOptimizer, grads: list, variables: list) -> list:
        for callback in self._updating:
            grads = callback.on_update(tracked, grads, variables)
        return grads

    def _reduce(self, tracked: TrackedOptimizer, original: Callable) -> Callable:
        """Under several replicas: gradients are whole once they are summed up."""

        def reduce(grads_and_vars):
            reduced = list(original(grads_and_vars))
            if self._acts_on_whole(tracked):
                return reduced
            present = [pair for pair in reduced if pair[0] is not None]
            variables = [tracked.variables[tracked.column(v)] for _, v in present]
            grads = self._change(tracked, [g for g, _ in present], variables)
            changed = iter(grads)
            return [(g if g is None else next(changed), v) for g, v in reduced]

        return reduce

    def _apply_of_whole(self, whole: TrackedOptimizer, original: Callable) -> Callable:
        """`apply` of a `MultiOptimizer`, where all gradients are still together."""

        def apply(grads, trainable_variables=None):
            optimizer, grads = whole.optimizer, list(grads)
            variables = trainable_variables
            if variables is None:
                variables = optimizer._trainable_variables
            variables = list(variables)
            if not optimizer.built:
                optimizer.build(variables)
            if not whole.parts:
                self._hook_parts(whole)
            whole.build(self._callbacks, variables)
            for part in whole.parts:
                if part.optimizer.built:
                    known = part.optimizer._trainable_variables
                    part.build(self._callbacks, known)
            if self._updating and multi.acts_together(
                whole, self._session, self._updating
            ):
                gradients = multi.Gradients(whole, grads, variables)
                for part, shown, of in gradients.parts():
                    # Before any clipping, so not when its own `apply` is reached.
                    self._in_step.permissions[part] = self._show(part, shown, of)
                grads = gradients.changed(self._updating)
            return original(grads, variables)

        return apply

    def _hook_parts(self, whole: TrackedOptimizer) -> None:
        """Hooks optimizers that came into being only now, as they were built."""
        session = self._session
        found = find_optimizers(session.model, session.replicas)
        known = {id(one.optimizer) for one in session.optimizers}
        new = [one for one in found if id(one.optimizer) not in known]
        inner = {id(o) for o in whole.optimizer._inner_optimizers}
        whole.parts = [one for one in new if id(one.optimizer) in inner]
        session.optimizers.extend(whole.parts)
        for part in whole.parts:
            self._hook(part)

    def _acts_on_whole(self, part: TrackedOptimizer) -> bool:
        wholes = [one for one in self._session.optimizers if part in one.parts]
        return any(
            multi.acts_together(whole, self._session, self._updating)
            for whole in wholes
        )
