"""Random states, set for each training of a sweep without slowing it."""

import contextlib
import random
import sys
from collections.abc import Iterator

import numpy as np


def reseed(seed: int) -> None:
    """Sets what `keras.utils.set_random_seed` sets, but TensorFlow's own seed.

    Setting that one empties TensorFlow's cache of kernels, so that every compiled
    train function is set up again: for a deep network that took as long as several
    epochs. Keras's layers and initializers don't draw from it. A sweep sets it once,
    and this before each training. Where Keras isn't loaded, NumPy's and Python's
    states are all there is.

    Args:
        seed: A non-negative integer.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - Keras and users may draw from it
    if "keras" in sys.modules:
        _reseed_keras(seed)


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Puts the random states back at the end, as far as `reseed` changes them."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    keras_before = _keras_state()
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        if "keras" in sys.modules:
            from keras.src.backend.common import global_state

            for name, value in keras_before.items():
                global_state.set_global_attribute(name, value)


def _keras_state() -> dict[str, object]:
    from_keras = sys.modules.get("keras")
    if from_keras is None:
        return {"global_random_seed": None, "global_seed_generator": None}
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
    from keras.src.utils.rng_utils import GLOBAL_RANDOM_SEED

    names = (GLOBAL_RANDOM_SEED, GLOBAL_SEED_GENERATOR)
    return {name: global_state.get_global_attribute(name) for name in names}


def _reseed_keras(seed: int) -> None:
    import keras
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
    from keras.src.utils.rng_utils import GLOBAL_RANDOM_SEED

    global_state.set_global_attribute(GLOBAL_RANDOM_SEED, seed)
    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, None)
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(seed)
