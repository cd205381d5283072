"""Every family leaves Keras: ONNX, SavedModel and LiteRT give the same numbers."""

import keras
import numpy as np
import pytest
import zoo_cases

import zoo

FAMILIES = (
    *("mlp_residual", "mlp_maxout", "lenet", "lenet_reduced", "resnet"),
    "lenet_any_size",
    *("resnet_v2", "resnet_large_stem", "dcgan_generator", "dcgan_discriminator"),
    "unet_plain",
)
# LiteRT needs to know the size of what is doubled.
ANY_SIZE = ("unet_any_size",)
# A loop over steps is no part of LiteRT.
LOOPS = ("lstm", "lstm_tokens", "gru_both_ways", "simple_rnn", "char_lm")
FIXED = {"unroll": True, "batch_size": 3}
UNROLLED = {
    "lstm": lambda: zoo.lstm((5, 3), 2, units=(4,), **FIXED),
    "gru_both_ways": lambda: zoo.gru(
        (5, 3), 2, units=(4, 4), bidirectional=True, **FIXED
    ),
    "simple_rnn": lambda: zoo.simple_rnn(
        (6,), 2, vocabulary_size=9, units=(4,), **FIXED
    ),
    "char_lm": lambda: zoo.char_lm(9, 6, units=(4,), embedding_dim=3, **FIXED),
}

pytestmark = [
    # Deprecations inside of TensorFlow's and tf2onnx's own converters.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow",
        reason="SavedModel and LiteRT are TensorFlow's",
    ),
]


def filled(model):
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model, examples=3)
    return model, x, zoo_cases.predict(model, x)


def in_onnx_runtime(path, x):
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra 'export'")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (only,) = session.get_inputs()
    return session.run(None, {only.name: x})[0]


def in_litert(path, x):
    tf = pytest.importorskip("tensorflow")
    interpreter = tf.lite.Interpreter(str(path))
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [*FAMILIES, *LOOPS, *ANY_SIZE])
def test_onnx(name, tmp_path):
    pytest.importorskip("tf2onnx", reason="needs the extra 'export'")
    model, x, y = filled(zoo_cases.CASES[name]())
    path = tmp_path / "model.onnx"
    model.export(path, format="onnx", verbose=False)
    close(in_onnx_runtime(path, x), y)
    close(in_onnx_runtime(path, x[:1]), y[:1])


@pytest.mark.parametrize("name", [*FAMILIES, *LOOPS, *ANY_SIZE])
def test_saved_model(name, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, x, y = filled(zoo_cases.CASES[name]())
    model.export(tmp_path, format="tf_saved_model", verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    close(loaded.serve(x).numpy(), y)


@pytest.mark.parametrize("name", [*FAMILIES, *UNROLLED])
def test_litert(name, tmp_path):
    model, x, y = filled(UNROLLED.get(name, zoo_cases.CASES[name])())
    path = tmp_path / "model.tflite"
    model.export(path, format="litert", verbose=False)
    close(in_litert(path, x), y)


def test_a_gan_leaves_its_generator(tmp_path):
    pytest.importorskip("tf2onnx", reason="needs the extra 'export'")
    gan = zoo.dcgan((8, 8, 1), 5, filters=4, seed=0)
    zoo_cases.fill(gan.generator)
    latents = zoo_cases.inputs(gan.generator, examples=3)
    path = tmp_path / "generator.onnx"
    gan.export(path, format="onnx", verbose=False)
    close(in_onnx_runtime(path, latents), zoo_cases.predict(gan.generator, latents))
