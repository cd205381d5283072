"""How far results may be apart that differ by rounding alone."""

import keras

from recipes.lab import stats


def rounding() -> float:
    """Returns what counts as equal on this backend.

    The exact lessons ask for float64. JAX computes in float32 all the same, unless it
    was told otherwise, and with PyTorch some of Keras's loops do in part.
    """
    exact = keras.backend.backend() == "tensorflow"
    return stats.EXACT if exact else stats.CLOSE_FLOAT32
