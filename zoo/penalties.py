"""The weight penalty that Keras lacks."""

from typing import Any

import keras
from keras import ops

from zoo import _checks


@keras.saving.register_keras_serializable(package="zoo")
class Lp(keras.regularizers.Regularizer):
    """Penalty strength * sum |w|^power; 1 is L1, 2 is L2.

    Below power 1 the slope at 0 is infinite. There, weights closer to 0 than 1e-6
    count as 0 and get no gradient, which keeps the step finite and leaves them.

    Args:
        strength: Weight of the penalty, at least 0.
        power: Exponent, above 0.

    Raises:
        ValueError: strength or power is out of its range.

    Example:
        >>> float(Lp(0.5, power=2.0)(keras.ops.array([1.0, -2.0])))
        2.5

    References:
        Frank and Friedman, A Statistical View of Some Chemometrics Regression Tools
        (1993), who call it the bridge penalty.
    """

    FLOOR = 1e-6

    def __init__(self, strength: float, power: float = 0.5):
        self.strength = _checks.number("strength", strength, 0.0)
        self.power = _checks.number("power", power, 0.0, open_low=True)

    def __call__(self, x):
        """The penalty of one weight tensor."""
        weights: Any = ops.convert_to_tensor(x)
        # |x| with slope 0 at 0 everywhere; that of JAX's own abs is 1 there.
        size: Any = weights * ops.stop_gradient(ops.sign(weights))
        if self.power < 1.0:
            raised = ops.power(ops.maximum(size, self.FLOOR), self.power)
            return self.strength * ops.sum(raised - self.FLOOR**self.power)
        return self.strength * ops.sum(ops.power(size, self.power))

    def get_config(self):
        """The arguments that make the same object."""
        return {"strength": self.strength, "power": self.power}
