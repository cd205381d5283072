"""A ResNet trained over several devices or processes, with gradient norms beside.

Each gives the same weights, as far as rounding goes:

    python examples/data_parallel.py
    XLA_FLAGS=--xla_force_host_platform_device_count=2 python examples/data_parallel.py
    recipes launch -n 2 examples/data_parallel.py

It makes small images by itself. `--data cifar10` takes CIFAR-10 as tensorflow-datasets
has prepared it, from the folder that TFDS_DATA_DIR names. Several processes need JAX,
the extra `jax`. docs/guides/several_devices.md has the rest, such as several hosts.
"""

import argparse
import os

os.environ["KERAS_BACKEND"] = "jax"  # elsewhere Keras ignores keras.distribution

import jax
import keras

import zoo
from callbacks import GradientNorms
from recipes.lab import fit, generators


def images(name, count):
    """Images (samples, height, width, 3) in [0, 1], and their classes."""
    if name == "generated":
        return generators.stripes(count, side=16)
    import tensorflow_datasets as tfds

    folder = os.environ.get("TFDS_DATA_DIR")
    pixels, labels = tfds.as_numpy(
        tfds.load(
            "cifar10",
            split=f"train[:{count}]",
            batch_size=-1,
            as_supervised=True,
            data_dir=folder,
            download=False,
        )
    )
    return (pixels / 255).astype("float32"), labels.astype("int32")


def main():
    """Builds under the distribution, trains, and says what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", choices=("generated", "cifar10"), default="generated")
    parser.add_argument("--samples", type=int, default=320)
    parser.add_argument("--batch-size", type=int, default=64, help="over all devices")
    parser.add_argument("--epochs", type=int, default=3)
    chosen = parser.parse_args()

    # Before the model: its weights lie on all devices from the start, equal on each.
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    keras.utils.set_random_seed(0)
    x, y = images(chosen.data, chosen.samples)
    classes = int(y.max()) + 1
    model = zoo.resnet(x.shape[1:], classes, depths=(1, 1), widths=(8, 16))
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    norms = GradientNorms()
    fit(  # every process gives all rows, and takes its own of each batch
        model,
        x,
        y,
        batch_size=chosen.batch_size,
        epochs=chosen.epochs,
        seed=1,
        callbacks=[norms],
    )
    if jax.process_index() == 0:
        devices, processes = jax.device_count(), jax.process_count()
        print(f"{devices} devices in {processes} processes")
        losses = model.history.history["loss"]
        for loss, norm in zip(losses, model.history.history["grad_norm"], strict=True):
            print(f"loss {loss:.4f}, mean gradient norm {norm:.4f}")


if __name__ == "__main__":
    main()
