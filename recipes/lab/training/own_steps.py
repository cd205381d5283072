"""Labels in train steps and losses of one's own, which are seen in training only."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.outputs import own_step
from recipes.lab.training.own_losses import check_classes, watched

# What TensorFlow and PyTorch say of a label, and of an id, that has no place.
OUT_OF_RANGE = (
    (r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)",
     "a label is {0}; the loss takes 0 to {most}."),
    (r"Target (-?\d+) is out of bounds",
     "a label is {0}, which the loss has no output for."),
    (r"indices\[[\d, ]*\] = (-?\d+) is not in \[0, (\d+)\)",
     "an id is {0}; the layer that looks it up has places 0 to {most}."),
    (r"index out of range in self",
     "an id is below 0, or above the last place of the layer that looks it up."),
)  # fmt: skip
_FOUND: list[tuple] = []  # labels out of range, with the number of classes


@contextlib.contextmanager
def labels_in_range(model: keras.Model) -> Iterator[None]:
    """Has one sentence for a label out of range that only training comes upon.

    What a train step of one's own makes of the targets can't be known before. JAX
    would train on, and PyTorch on a GPU breaks the whole process; there the labels are
    looked at inside the step.

    Args:
        model: A compiled model, trained in this context.

    Raises:
        LabError: A label has no output, or an id no place.
    """
    look = _LOOKS.get(keras.backend.backend())
    looks = look is not None and own_step(model, "train_step", "compute_loss")
    _FOUND.clear()
    try:
        with watched(look) if looks else contextlib.nullcontext():
            yield
    except Exception as error:
        told = _sentence(str(error))
        if told is None or isinstance(error, LabError):
            raise
        raise LabError(f"'{model.name}' can't be trained on this: {told}") from error
    finally:
        if looks and look is _look_in_jax:
            _wait()
    for low, high, classes in _FOUND:
        check_classes(low, high, classes, "a batch's y")


def _sentence(error: str) -> str | None:
    for pattern, words in OUT_OF_RANGE:
        found = re.search(pattern, error)
        if found is not None:
            most = int(found[2]) - 1 if found.re.groups > 1 else None
            return words.format(*found.groups(), most=most)
    return None


def _look_in_torch(target: Any, output: Any, axis: int = -1) -> None:
    """Refuses labels that have no output; it waits for the device."""
    classes, labels = output.shape[axis], target.detach()
    check_classes(labels.min().item(), labels.max().item(), classes, "a batch's y")


def _look_in_jax(target: Any, output: Any, axis: int = -1) -> None:
    """Inside of a step that JAX compiles: notes labels that have no output."""
    import jax

    labels, classes = jax.numpy.asarray(target), output.shape[axis]
    low, high = labels.min(), labels.max()
    jax.lax.cond(
        (low < 0) | (high >= classes),
        lambda: jax.debug.callback(_note, low, high, classes),
        lambda: None,
    )


_LOOKS = {"jax": _look_in_jax, "torch": _look_in_torch}


def _note(low: Any, high: Any, classes: Any) -> None:
    _FOUND.append((low, high, int(classes)))


def _wait() -> None:
    import jax

    jax.effects_barrier()
