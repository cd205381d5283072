"""A saved model is Keras's: it opens without this package, and weights interchange."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.normalization import FusedBatchNormalization

# What Keras has no class for needs `import zoo`, and the message says so.
OURS = ("mlp_residual_maxout", "mlp_maxout", "unet_any_size")
MODELS = {
    **{name: build for name, build in zoo_cases.CASES.items() if name not in OURS},
    "resnet20": lambda: zoo.resnet20((8, 8, 1)),
    "lstm_forget_bias": lambda: zoo.lstm((5, 3), 2, units=(4,), forget_bias=3.0),
    "masked": lambda: zoo.gru(
        (6,), 2, vocabulary_size=11, mask_zero=True, bidirectional=True, units=(4,)
    ),
    "unrolled": lambda: zoo.lstm((5, 3), 2, units=(4,), unroll=True, mask_value=0.0),
    "tokens_stateful": lambda: zoo.lstm(
        (6,), 2, vocabulary_size=11, units=(4,), stateful=True, batch_size=6
    ),
}
OPEN = """
import sys, keras, numpy as np
files = dict(np.load(sys.argv[1]))
for name in [key[2:] for key in files if key.startswith("x_")]:
    path = f"{sys.argv[2]}/{name}.keras"
    y = keras.models.load_model(path).predict(files[f"x_{name}"], verbose=0,
                                              batch_size=6)
    np.testing.assert_allclose(y, files[f"y_{name}"], rtol=1e-4, atol=1e-5,
                               err_msg=name)
assert "zoo" not in sys.modules
print("equal")
"""


def without_zoo(code, *arguments):
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_every_family_opens_in_a_process_without_the_package(tmp_path):
    arrays = {}
    for name, build in MODELS.items():
        model = build()
        zoo_cases.fill(model)
        model.compile("adam", "mse")
        x = zoo_cases.inputs(model)
        arrays[f"x_{name}"] = x
        arrays[f"y_{name}"] = model.predict(x, verbose=0, batch_size=6)
        if "stateful" in name:
            for layer in model.layers:
                if hasattr(layer, "reset_state"):
                    layer.reset_state()
        model.save(tmp_path / f"{name}.keras")
    np.savez(tmp_path / "arrays.npz", **arrays)
    done = without_zoo(OPEN, tmp_path / "arrays.npz", tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "equal" in done.stdout


NEED = """
import sys, keras
def load():
    for name in sys.argv[2].split():
        try: keras.models.load_model(f"{sys.argv[1]}/{name}.keras"); print("opened")
        except TypeError as error: print("zoo>" in str(error) and "'zoo." in str(error))
load()
import zoo
load()
"""


def test_the_message_names_the_package_where_it_is_needed(tmp_path):
    models = {
        "maxout": zoo.mlp((4,), 2, activation="maxout"),
        "dropconnect": zoo.mlp((4,), 2, dropconnect=0.1),
        "lp": zoo.mlp((4,), 2, lp=0.1),
        "gan": zoo.dcgan((8, 8, 1), 2, filters=2),
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    said = without_zoo(NEED, tmp_path, " ".join(models)).stdout
    assert said.split() == ["True"] * 4 + ["opened"] * 4


def network(layer):
    inputs = keras.Input((6, 6, 2))
    x = layer(momentum=0.8, epsilon=1e-4, name="norm")(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, name="conv")(x))


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("kind", ["weights.h5", "keras", "json", "config"])
def test_normalization_interchanges_with_the_layer_of_keras(to_keras, kind, tmp_path):
    layers = (FusedBatchNormalization, keras.layers.BatchNormalization)
    here, there = layers if to_keras else layers[::-1]
    model, other = network(here), network(there)
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model)
    path = tmp_path / f"model.{kind}"
    if kind == "weights.h5":
        model.save_weights(path)
        other.load_weights(path)
    elif kind == "keras":
        model.save(path)
        other = keras.models.load_model(path)
    else:
        if kind == "json":
            other = keras.models.model_from_json(model.to_json())
        else:
            other = keras.Model.from_config(model.get_config())
        other.set_weights(model.get_weights())
    assert type(other.get_layer("norm")) is keras.layers.BatchNormalization
    assert other.get_layer("norm").epsilon == 1e-4
    np.testing.assert_array_equal(
        zoo_cases.predict(model, x), zoo_cases.predict(other, x)
    )


def test_a_resnet_interchanges_with_its_twin_of_keras_layers(tmp_path):
    model = zoo.resnet20((8, 8, 1))
    twin = keras.Model.from_config(model.get_config())
    zoo_cases.fill(model)
    model.save_weights(tmp_path / "a.weights.h5")
    twin.load_weights(tmp_path / "a.weights.h5")
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    zoo_cases.fill(twin, seed=1)
    twin.save_weights(tmp_path / "b.weights.h5")
    model.load_weights(tmp_path / "b.weights.h5")
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("bias", [3.0, -1.5, 0.0, 1.0])
def test_a_clone_starts_with_the_same_forget_bias(bias):
    model = zoo.lstm((5, 3), 2, units=(4,), forget_bias=bias)
    clone = keras.models.clone_model(model)
    np.testing.assert_array_equal(
        clone.layers[1].get_weights()[2], np.repeat([0.0, bias, 0.0, 0.0], 4)
    )
