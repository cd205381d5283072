"""Keras on TensorFlow clips the gradient of an Embedding to a wrong norm.

Run: python benchmarks/tensorflow_clipping_fault.py

A token that occurs twice in a batch has two rows in the gradient that TensorFlow hands
to the optimizer (`tf.IndexedSlices`). The gradient is their sum, but `clipnorm`,
`global_clipnorm` and `clipvalue` are applied to the rows one by one. So the step is
longer than the limit allows. The same script on JAX, which gets a dense gradient,
stays within the limit. Needs Keras and both backends, nothing of this project.
"""

import os
import subprocess
import sys

LIMITS = {"clipnorm": 1e-3, "global_clipnorm": 1e-3, "clipvalue": 1e-5}


def measure():
    """Prints what one step of SGD with learning rate 1 does to the weights."""
    import keras
    import numpy as np

    tokens = np.array([[1, 1, 1, 2, 2, 3]] * 8, "int32")
    targets = np.arange(8, dtype="float32")[:, None]
    for name, limit in LIMITS.items():
        inputs = keras.Input((6,), dtype="int32")
        embedded = keras.layers.Embedding(5, 4, embeddings_initializer="ones")(inputs)
        outputs = keras.ops.sum(embedded, axis=(1, 2))[:, None]
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.SGD(1.0, **{name: limit}), "mse")
        before = model.get_weights()[0]
        model.fit(tokens, targets, batch_size=8, verbose=0)
        step = model.get_weights()[0] - before
        size = np.abs(step).max() if name == "clipvalue" else np.linalg.norm(step)
        verdict = (
            "within" if size <= limit * 1.01 else f"{size / limit:.1f} x the limit"
        )
        print(f"  {name:16} limit {limit:.0e}  step {size:.2e}  {verdict}")


def main():
    for backend in ("tensorflow", "jax"):
        print(backend, flush=True)
        environment = {
            **os.environ,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        done = subprocess.run(
            [sys.executable, __file__, "measure"],
            env=environment,
            capture_output=True,
            text=True,
        )
        print(done.stdout if done.returncode == 0 else done.stderr[-500:], end="")


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["measure"] else main()
