"""One optimizer that gives each network its own, and may make them take turns."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


class Turns(keras.optimizers.MultiOptimizer):
    """Keras's MultiOptimizer, split by network instead of by the paths of variables.

    Every call computes both networks' updates. Where they take turns, whatever an
    optimizer changed out of turn is put back as it was: weights, moments and step
    count alike. A selection, not a branch, does it, so that one code path serves
    eager and compiled steps of every backend.

    Args:
        variables: The trainable variables of the "generator" and "discriminator".
        optimizers: The optimizer of each.
        discriminator_steps: None for no turns, or how many steps in a row are the
            discriminator's before one is the generator's.
    """

    def __init__(
        self,
        variables: Mapping[str, Sequence[Any]],
        optimizers: Mapping[str, Any],
        discriminator_steps: int | None,
    ):
        owners = {id(v): key for key, group in variables.items() for v in group}
        super().__init__(lambda variable: optimizers[owners[id(variable)]])
        self.discriminator_steps = discriminator_steps

        # Behind a function, because Keras would take the weights in an attribute
        # for the optimizer's own: saved with it, and donated twice by JAX.
        def states() -> dict[str, list[Any]]:
            return {
                key: [*group, *optimizers[key].variables]
                for key, group in variables.items()
            }

        self._states = states

    def apply(self, grads, trainable_variables=None):
        """Updates both networks, or the one whose turn it is."""
        if self.discriminator_steps is None:
            super().apply(grads, trainable_variables)
            return
        if not self.built:
            self.build(list(trainable_variables))
        cycle = self.discriminator_steps + 1
        position: Any = ops.mod(ops.convert_to_tensor(self.iterations), cycle)
        discriminator_turn = position < self.discriminator_steps
        states = self._states()
        before = {
            key: [ops.copy(variable.value) for variable in state]
            for key, state in states.items()
        }
        super().apply(grads, trainable_variables)
        for key, state in states.items():
            turn = discriminator_turn
            if key == "generator":
                turn = ops.logical_not(discriminator_turn)
            for variable, old in zip(state, before[key], strict=True):
                variable.assign(ops.where(turn, variable.value, old))
