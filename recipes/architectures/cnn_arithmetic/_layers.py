"""Shapes of Keras layers: how they are written, built and refused."""

import keras


def times(shape) -> str:
    """Writes a shape as the notes do: 28×28×32."""
    return "×".join(map(str, shape))


def built(layer, *input_shape: int):
    """Builds a layer for one image of this shape."""
    layer.build((None, *input_shape))
    return layer


def accepts(layer, *shapes: tuple[int, ...]) -> bool:
    """Says whether a layer takes inputs of these shapes, without computing."""
    inputs = [keras.Input(shape) for shape in shapes]
    try:
        layer(inputs if len(inputs) > 1 else inputs[0])
    except ValueError:
        return False
    return True
