"""An embedding whose table gets one gradient a row, on every backend."""

from types import MethodType
from typing import Any

import keras
from keras import ops


def dense_embedding(
    input_dim: int, output_dim: int, **arguments: Any
) -> keras.layers.Embedding:
    """A `keras.layers.Embedding` whose repeated ids count once, as their sum.

    TensorFlow hands an embedding's gradient over as one piece for each occurrence
    of an id. Keras's optimizers square the pieces before they are summed, which
    makes the first step of Adam sqrt(n) times too large for an id that occurs n
    times, and clipping by norm wrong as well; JAX and PyTorch sum first. Here the
    gradient is a dense array, summed, on every backend.

    The layer is Keras's own and so are its files. Built here, its `call` looks ids
    up in a copy of the table. Made from a file or a config it is plain, so that its
    config carries a penalty of strength 0, whose gradient (zero, dense) makes
    TensorFlow sum.

    Shapes: ids (batch, ...) int -> (batch, ..., output_dim)

    Args:
        input_dim: How many ids there are, at least 1.
        output_dim: Size of an id's vector, at least 1.
        **arguments: The other arguments of `keras.layers.Embedding`.

    Returns:
        The layer.

    Example:
        >>> layer = dense_embedding(5, 3)
        >>> layer(keras.ops.array([[0, 4]])).shape[-1]
        3
    """
    layer = keras.layers.Embedding(input_dim, output_dim, **arguments)
    if layer.embeddings_regularizer is None:
        layer.get_config = MethodType(_config, layer)
    if keras.backend.backend() == "tensorflow":
        layer.call = MethodType(_call, layer)
    return layer


def _call(layer: Any, inputs: Any) -> Any:
    if keras.backend.standardize_dtype(inputs.dtype) not in ("int32", "int64"):
        inputs = ops.cast(inputs, "int32")
    table: Any = ops.convert_to_tensor(layer.embeddings)
    return ops.cast(ops.take(table * 1.0, inputs, axis=0), layer.compute_dtype)


def _config(layer: Any) -> dict[str, Any]:
    penalty = keras.regularizers.serialize(keras.regularizers.L2(0.0))
    return {**type(layer).get_config(layer), "embeddings_regularizer": penalty}
