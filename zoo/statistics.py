"""The moving averages of batch normalization, measured anew."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from zoo import _checks
from zoo.gan import GAN


def reestimate_statistics(
    model: keras.Model, data: Any, *, batch_size: int = 128
) -> None:
    """Sets every moving average of batch normalization to that of the data.

    After a short training, or where momentum is close to 1, the moving averages lag
    behind the weights, and a network that fits its training set predicts at chance.
    One pass over some batches of the training set, in training mode, mends it. No
    weight changes, and no random state does. Normalizations that are frozen
    (`trainable=False`) stay as they are.

    Args:
        model: Any built model with `keras.layers.BatchNormalization`; for a GAN,
            both networks.
        data: An array of inputs (a list or dict of arrays where the model has
            several), or an iterable of batches: inputs, or tuples that begin with
            them.
        batch_size: How many examples make a batch of an array, at least 2.

    Raises:
        ValueError: There is no batch normalization that trains, or no data.

    Example:
        >>> import numpy as np
        >>> from zoo import mlp
        >>> model = mlp((2,), 2, units=(4,), normalization="batch")
        >>> reestimate_statistics(model, np.ones((8, 2), "float32"))

    References:
        Wu and Johnson, Rethinking "Batch" in BatchNorm (2021).
    """
    _checks.integer("batch_size", batch_size, low=2)
    if not isinstance(model, keras.Model) or not model.built:
        raise _checks.fail("model", model, "a built keras.Model")
    found = [layer for layer in model._flatten_layers() if _trains(layer)]
    if not found:
        raise _checks.fail(
            "model",
            model.name,
            "a model with batch normalization that trains; none was found in it",
        )
    ours = {id(v) for layer in found for v in layer.non_trainable_variables}
    others = [v for v in model.non_trainable_variables if id(v) not in ours]
    before = [keras.ops.copy(v.value) for v in others]
    taken = "output_shape" if isinstance(model, GAN) else "input_shape"
    wanted = getattr(getattr(model, "generator", model), taken, None)
    averages = [v for layer in found for v in layer.non_trainable_variables]
    learned = [keras.ops.copy(v.value) for v in averages]
    counters = [_Counter(layer) for layer in found]
    batches = 0
    try:
        for inputs in _batches(
            data, batch_size, len(getattr(model, "inputs", None) or [0])
        ):
            _check_batch(inputs, wanted)
            if isinstance(model, GAN):
                model.check_examples(inputs)
            model(inputs, training=True)
            batches += 1
        if not all(np.isfinite(keras.ops.convert_to_numpy(v)).all() for v in averages):
            raise ValueError("data must be finite, and so must what layers make of it.")
    except BaseException:
        for variable, value in zip(averages, learned, strict=True):
            variable.assign(value)
        raise
    finally:
        for counter in counters:
            counter.remove()
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)
    if not batches:
        raise ValueError("data must hold at least one batch; it is empty.")


class _Counter:
    """Makes a layer's moving averages plain averages over all that it sees."""

    def __init__(self, layer: Any):
        self.layer, self.momentum, self.examples = layer, layer.momentum, 0
        self.own = vars(layer).get("call")
        self.normalize = layer.call
        layer.call = self

    def __call__(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        count = int(inputs.shape[0])
        self.examples += count
        self.layer.momentum = 1.0 - count / self.examples
        return self.normalize(inputs, training=training, mask=mask)

    def remove(self) -> None:
        """Leaves the layer as it was."""
        self.layer.momentum = self.momentum
        if self.own is None:
            del self.layer.call
        else:
            self.layer.call = self.own


def _trains(layer: Any) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization) and layer.trainable


def _batches(data: Any, size: int, inputs: int) -> Iterable[Any]:
    """Inputs for one call each."""
    if hasattr(data, "shape") or (isinstance(data, (list, dict)) and inputs > 1):
        count = int(keras.tree.flatten(data)[0].shape[0])
        return (
            keras.tree.map_structure(lambda a, s=start: a[s : s + size], data)
            for start in range(0, count, size)
        )
    if isinstance(data, keras.utils.PyDataset):
        data = _each_batch(data)
    if isinstance(data, (str, bytes, dict)) or not hasattr(data, "__iter__"):
        raise ValueError(
            "data must be an array of inputs, or an iterable of batches; got "
            f"{type(data).__name__}."
        )
    several = inputs > 1
    return (
        batch[0]
        if isinstance(batch, tuple) or (isinstance(batch, list) and not several)
        else batch
        for batch in data
    )


def _each_batch(data: keras.utils.PyDataset) -> Iterable[Any]:
    try:
        count = data.num_batches
    except NotImplementedError:
        count = None
    if count is None:
        raise _checks.fail("data", type(data).__name__, "a data set with num_batches")
    return (data[index] for index in range(count))


def _check_batch(inputs: Any, wanted: Any) -> None:
    """Refuses one example, or anything else, where a batch of them is due."""
    for part in keras.tree.flatten(inputs):
        if getattr(getattr(part, "dtype", None), "kind", "f") not in "biuf":
            raise _checks.fail("data", part.dtype, "batches of numbers")
    if not isinstance(wanted, tuple) or any(isinstance(s, tuple) for s in wanted):
        return  # several inputs, which Keras checks by name
    shape = getattr(inputs, "shape", None)
    sizes, got = wanted[1:], None if shape is None else tuple(shape)[1:]
    if got is not None:
        longer = (*got, 1) if len(got) < len(sizes) else got
        pairs = list(zip(sizes, longer, strict=False))
        if len(longer) == len(sizes) and all(a in (None, b) for a, b in pairs):
            return
    text = ", ".join("any" if size is None else str(size) for size in sizes)
    raise ValueError(
        f"data must hold batches of the shape (n, {text}); got "
        f"{type(inputs).__name__ if shape is None else tuple(shape)}."
    )
