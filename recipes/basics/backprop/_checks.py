"""What gradients by hand are held against: finite differences and autodiff."""

import keras
import numpy as np

from recipes.basics._sigmoid_network import cost, forward, pack, unpack


def slopes(function, point, width: float = 1e-5) -> np.ndarray:
    """Returns the gradient of a function of a vector by central differences."""
    point = np.asarray(point, float)
    moves = width * np.eye(len(point))
    return np.array(
        [(function(point + m) - function(point - m)) / (2 * width) for m in moves]
    )


def slope(function, x: float) -> float:
    """Returns the derivative of a function of one number."""
    return float(slopes(lambda point: function(point[0]), [x])[0])


def numeric_gradients(layers, x, y) -> list:
    """Returns the gradients by central differences of the cost."""

    def cost_at(vector):
        return cost(forward(unpack(vector, layers), x)[-1], y)

    return unpack(slopes(cost_at, pack(layers)), layers)


def keras_step(layers, x, y, rate: float = 1.0) -> tuple[list, list]:
    """Lets Keras differentiate the same network and take one step.

    The first step of SGD with momentum leaves -rate times the gradient in the velocity:
    there it can be read on every backend. TensorFlow computes in float64 throughout; on
    the other backends the accuracy is float32's.

    Returns:
        The gradients by the backend's autodiff, and the layers after the step.
    """
    dtype = "float32" if keras.backend.backend() == "jax" else "float64"
    model = keras.Sequential(
        [keras.layers.Dense(len(b), "sigmoid", dtype=dtype) for _, b in layers]
    )
    model.build((None, len(x)))
    model.set_weights([array for W, b in layers for array in (W.T, b[:, 0])])
    model.compile(  # Keras's mean over outputs is 2 / outputs times half the sum
        keras.optimizers.SGD(rate * len(y) / 2, momentum=0.5),
        keras.losses.MeanSquaredError(reduction="sum", dtype=dtype),
        run_eagerly=True,
    )
    model.train_on_batch(x.T, y.T)
    velocities = map(keras.ops.convert_to_numpy, model.optimizer.momentums)
    gradients = [np.divide(velocity, -rate) for velocity in velocities]
    return _layers(gradients), _layers(model.get_weights())


def difference(first, second) -> float:
    """Returns the greatest difference between two lists of layers."""
    return float(np.abs(pack(first) - pack(second)).max())


def _layers(arrays) -> list:
    pairs = zip(arrays[::2], arrays[1::2], strict=True)
    return [(kernel.T, bias[:, None]) for kernel, bias in pairs]
