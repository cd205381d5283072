"""Where chance is kept outside of a model, and how it is put back."""

import random
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random import seed_generator


def gather() -> dict[str, Any]:
    """Returns the states as plain data and arrays."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    found: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": (kind, np.array(keys), *(int(rest[0]), int(rest[1]), float(rest[2]))),
        "keras": None,
    }
    generator = global_state.get_global_attribute(seed_generator.GLOBAL_SEED_GENERATOR)
    if generator is not None:
        found["keras"] = np.array(keras.ops.convert_to_numpy(generator.state.value))
    if keras.backend.backend() == "torch":
        import torch

        found["torch"] = torch.get_rng_state().numpy().copy()
        found["cuda"] = [s.numpy().copy() for s in torch.cuda.get_rng_state_all()]
    return found


def restore(found: dict[str, Any]) -> None:
    """Puts back what `gather` returned."""
    if found["keras"] is not None:
        # A new one draws its seed from Python, whose state is put back below.
        seed_generator.global_seed_generator().state.assign(found["keras"])
    if "torch" in found:
        import torch

        torch.set_rng_state(torch.from_numpy(found["torch"].copy()))
        if found["cuda"]:
            states = [torch.from_numpy(state.copy()) for state in found["cuda"]]
            torch.cuda.set_rng_state_all(states)
    random.setstate(found["python"])
    np.random.set_state(found["numpy"])  # noqa: NPY002
