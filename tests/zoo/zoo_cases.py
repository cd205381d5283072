"""Small models of every family and option, for the tests that all of them share."""

import keras
import numpy as np

import zoo

IMAGE = (8, 8, 1)


def _lm(**settings):
    return zoo.char_lm(11, 6, units=(8,), embedding_dim=4, **settings)


def _members(**settings):
    return [zoo.mlp(IMAGE, 10, units=(width,), **settings) for width in (4, 6)]


def _early_fusion():
    """Two encoders that are fed the same images: the tests give one input."""
    fused = zoo.early_fusion(_members(include_top=False), 10, units=(5,))
    images = keras.Input(IMAGE)
    return keras.Model(images, fused([images, images]))


CASES = {
    "mlp": lambda: zoo.mlp(IMAGE, 10, units=(16, 8)),
    "mlp_residual": lambda: zoo.mlp(
        IMAGE, 10, units=(16,) * 3, residual=True, normalization="layer", l1=1e-4
    ),
    "mlp_maxout": lambda: zoo.mlp(
        IMAGE, 10, units=(8,), activation="maxout", dropconnect=0.1, lp=1e-4
    ),
    "mlp_prelu": lambda: zoo.mlp(
        IMAGE, 10, units=(8,), activation="prelu", normalization="batch", dropout=0.1
    ),
    "lenet": lambda: zoo.lenet(IMAGE, 10, filters=(4, 8)),
    "lenet_reduced": lambda: zoo.lenet(
        IMAGE,
        10,
        filters=(4, 8),
        pooling="average",
        pointwise=(2, 0),
        head="global_average",
        units=(6,),
        activation="prelu",
        normalization="batch",
    ),
    "lenet_any_size": lambda: zoo.lenet(
        (None, None, 1), 10, filters=(4,), head="global_average"
    ),
    "lenet5": lambda: zoo.lenet5((12, 12, 1), 10, padding="same"),
    "resnet": lambda: zoo.resnet(IMAGE, 10, depths=(1, 1), widths=(4, 8)),
    "resnet_plain": lambda: zoo.resnet(
        IMAGE, 10, depths=(1, 1), widths=(4, 8), residual=False
    ),
    "resnet_v2": lambda: zoo.resnet(
        (9, 7, 1),
        10,
        depths=(1, 1),
        widths=(4, 8),
        block="bottleneck",
        pre_activation=True,
        shortcut="projection",
    ),
    "resnet_large_stem": lambda: zoo.resnet(
        (33, 33, 3),
        10,
        depths=(1, 1),
        widths=(4, 8),
        shortcut="projection",
        stem="large",
        normalization="layer",
    ),
    "lstm": lambda: zoo.lstm((8, 8), 10, units=(8,)),
    "lstm_tokens": lambda: zoo.lstm(
        (6,), 1, vocabulary_size=11, units=(8,), task="binary", forget_bias=2.5
    ),
    "gru_both_ways": lambda: zoo.gru((None, 3), 10, units=(4, 4), bidirectional=True),
    "simple_rnn": lambda: zoo.simple_rnn(
        (8, 8), 2, units=(8,), normalization="layer", task="regression"
    ),
    "char_lm": _lm,
    "mlp_ordinal": lambda: zoo.mlp(IMAGE, 5, units=(8,), task="ordinal"),
    "unet": lambda: zoo.unet(
        (8, 12, 1), 3, filters=(3, 4, 6), normalization="batch", dropout=0.1
    ),
    "unet_plain": lambda: zoo.unet(IMAGE, 1, filters=(3, 4), l2=1e-4, task="binary"),
    "unet_any_size": lambda: zoo.unet((None, None, 1), 2, filters=(2, 3, 4)),
    "late_fusion": lambda: zoo.late_fusion(_members()),
    "late_fusion_binary": lambda: zoo.late_fusion(
        _members(task="binary"), task="binary"
    ),
    "early_fusion": _early_fusion,
    "grid_detector": lambda: zoo.grid_detector((16, 16, 1), 3, filters=(4, 8)),
    "dcgan_generator": lambda: zoo.dcgan_generator((16, 16, 3), 5, filters=4),
    "dcgan_discriminator": lambda: zoo.dcgan_discriminator((16, 16, 3), filters=4),
}


def inputs(model, examples=6, seed=0):
    """Random inputs of the shape and kind that the model takes."""
    rng = np.random.default_rng(seed)
    shape = [examples, *(size or 5 for size in model.input_shape[1:])]
    if model.inputs[0].dtype == "int32":
        known = model.get_layer("embedding").input_dim
        return rng.integers(0, known, shape, dtype="int32")
    return rng.standard_normal(shape).astype("float32")


def fill(model, seed=0, scale=0.3):
    """Sets every weight to numbers that depend on the seed only."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "seed" in variable.path or not variable.dtype.startswith("float"):
            continue
        value = scale * rng.standard_normal(tuple(variable.shape))
        if "variance" in variable.path:
            value = 0.5 + np.abs(value)
        variable.assign(value.astype("float32"))


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor))


def predict(model, x):
    return to_numpy(model(x, training=False))


def gradient(function, array):
    """d function / d array with the active backend's own differentiation."""
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(array))
    if keras.backend.backend() == "torch":
        import torch

        tensor = torch.tensor(array, requires_grad=True)
        function(tensor).backward()
        return tensor.grad.numpy()
    import tensorflow as tf

    tensor = tf.convert_to_tensor(array)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = function(tensor)
    return tape.gradient(value, tensor).numpy()
