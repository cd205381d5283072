"""How far results may be apart that differ by rounding alone."""

import keras
import numpy as np
from keras import ops

from recipes.lab import stats


def rounding() -> float:
    """Returns what counts as equal on this backend.

    The exact lessons ask for float64. JAX computes in float32 all the same, unless it
    was told otherwise.
    """
    kept = ops.convert_to_tensor(np.ones(1), dtype="float64").dtype
    double = keras.backend.standardize_dtype(kept) == "float64"
    return stats.EXACT if double else stats.CLOSE_FLOAT32
