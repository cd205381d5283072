"""Batch normalization in one kernel: time of a train step against Keras's layer.

Run: python benchmarks/batch_normalization.py [--pairs N] [NAME ...]

Both kinds of a network live in one process and take turns. Printed are medians of
the paired ratios with their quartiles; below 1 `zoo`'s layer is faster. Only the
TensorFlow backend has the kernel.
"""

import argparse
from unittest import mock

from recipes.lab.training import quiet

quiet.load_backend()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from _kept import Kept  # noqa: E402
from _pairs import compare  # noqa: E402

import zoo  # noqa: E402
from zoo import _blocks  # noqa: E402

CASES = {
    "resnet20": (lambda: zoo.resnet20(), (128, 32, 32, 3)),
    "lenet": (lambda: zoo.lenet(normalization="batch"), (128, 28, 28, 1)),
    "dcgan": (lambda: zoo.dcgan(seed=0), (128, 28, 28, 1)),
}


def compiled(build, layer, policy):
    """A network with one of the two layers."""
    keras.config.set_dtype_policy(policy)
    with mock.patch.object(_blocks, "FusedBatchNormalization", layer):
        model = build()
    keras.config.set_dtype_policy("float32")
    if not model.compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(), loss=loss)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    layers = {
        "Keras": keras.layers.BatchNormalization,
        "zoo": _blocks.FusedBatchNormalization,
    }
    rng, kept = np.random.default_rng(0), Kept("batch_normalization")
    for name in arguments.names:
        build, shape = CASES[name]
        x = rng.random(shape, "float32")
        y = None if name == "dcgan" else rng.integers(0, 10, shape[0])
        for policy in ("float32", "mixed_bfloat16"):
            models = {k: compiled(build, layer, policy) for k, layer in layers.items()}
            found = compare(models, x, y, arguments.pairs, repeats=2)
            low, high = found["quartiles"]
            print(
                f"{name:9}{policy:15} Keras {found['Keras']:7.1f} ms  zoo "
                f"{found['zoo']:7.1f} ms  ratio {found['ratio']:.2f} "
                f"({low:.2f} to {high:.2f})",
                flush=True,
            )
            kept.row(f"{name} {policy}", wall=found["ratio"])
    kept.end()


if __name__ == "__main__":
    main()
