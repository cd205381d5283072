"""A training over several devices or processes; each rank writes what came of it.

`python parallel_training.py FOLDER [alone] [WHAT]`: WHAT is how a rank ends too early.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import keras
import numpy as np

import zoo
from callbacks import AutoClip, GradientNorms
from recipes.lab import LabError, fit, reseed
from recipes.lab.training.parallel import store

FOLDER, WHAT = Path(sys.argv[1]), {*sys.argv[2:]} - {"alone"}
ALONE = "alone" in sys.argv
RANK = int(os.environ.get("RECIPES_RANK", 0))
# What rank 1 has of its own, one after the other; then all have the same.
DIFFERENCES = ("row", "data", "seed", "nan", "weights", "callback", "")


class Ends(keras.callbacks.Callback):
    """Ends one rank in the middle of an epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if f"kill{RANK}" in WHAT and batch == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if f"raise{RANK}" in WHAT and batch == 2:
            raise RuntimeError("the disk is full")
        (FOLDER / f"trains{RANK}").touch()
        if "forever" in WHAT:
            time.sleep(0.05)


class Clock(keras.callbacks.Callback):
    """Ends training by what only one rank sees."""

    def on_epoch_end(self, epoch, logs=None):
        if RANK == 1 and epoch == 1:
            self._model.stop_training = True


def network():
    reseed(1)
    model = zoo.mlp((6,), 3, units=(16,), dropout=0.2)
    model.compile(
        keras.optimizers.Adam(0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def train(differs=""):
    """Trains; returns the model, the callback that watched and the history."""
    word = differs if RANK == 1 else ""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(72, 6)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype("int32") + (x[:, 2] > 1)
    weights = rng.uniform(0.5, 2.0, 72).astype("float32")
    if word == "row":
        x, y, weights = x[:64], y[:64], weights[:64]
    if word == "data":
        weights[3] += 1e-6
    if word == "nan":
        x[3, 2] = np.nan
    norms = GradientNorms()
    callbacks = [
        norms,
        AutoClip(50.0),
        keras.callbacks.CSVLogger(FOLDER / "log.csv"),
        keras.callbacks.ModelCheckpoint(FOLDER / "newest.keras", save_freq=2),
        Clock(),
    ]
    if word == "callback":
        callbacks.append(keras.callbacks.TerminateOnNaN())
    if WHAT:
        callbacks = [Ends()]
    model = network()
    if word == "weights":
        bias = model.trainable_variables[1]
        bias._value = bias.value + 1.0  # no exchange between the ranks
    if "absent" in WHAT:
        store.LIMIT = 3.0
        time.sleep(60 * RANK)  # in which the other gives up
    history = fit(
        model,
        x,
        y,
        sample_weight=weights,
        batch_size=16,  # the last batch has 8 rows
        epochs=2 if ALONE else 1000,  # the clock ends it
        seed=6 if word == "seed" else 5,
        validation_data=(x[:44], y[:44]),
        callbacks=callbacks,
        verbose=2,
    )
    return model, norms, history


class OwnLoss(keras.Model):
    """One whose labels only training sees."""

    def __init__(self):
        super().__init__()
        self.noise = keras.layers.GaussianNoise(0.1, seed=4)
        self.dense = keras.layers.Dense(3)

    def build(self, shape):
        self.dense.build(shape)

    def call(self, inputs, training=None):
        return self.dense(self.noise(inputs, training=training))

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        losses = keras.ops.sparse_categorical_crossentropy(y, y_pred, from_logits=True)
        return keras.ops.mean(losses)


def train_others():
    """Batch normalization, two networks in one, a loss of one's own: their weights."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (32, 6)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    images = rng.uniform(size=(32, 8, 8, 1)).astype("float32")
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    reseed(1)
    own = OwnLoss()
    own.build((None, 6))
    own.compile(keras.optimizers.SGD(0.1))
    resnet = zoo.resnet((8, 8, 1), 2, depths=(1, 1), widths=(4, 8))
    resnet.compile(keras.optimizers.SGD(0.1), crossentropy)
    line = {"task": "regression", "units": (8,)}
    gan = zoo.GAN(zoo.mlp((2,), 6, **line), zoo.mlp((6,), 1, **line), seed=0)
    gan.compile(generator_optimizer="adam", discriminator_optimizer="sgd")
    for model, data in ((own, (x, y)), (resnet, (images, y)), (gan, (x,))):
        fit(model, *data, batch_size=16, epochs=2, callbacks=[GradientNorms()])
    return {
        f"{model.name} {i}": array
        for model in (own, resnet, gan)
        for i, array in enumerate(model.get_weights())
    }


def main():
    if not ALONE:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    if "others" in WHAT:
        np.savez(FOLDER / f"rank{RANK}.npz", **train_others())
        return
    said = {}
    for differs in ("",) if ALONE or WHAT else DIFFERENCES:
        try:
            model, norms, history = train(differs)
        except LabError as error:
            if not differs:
                raise
            said[differs] = str(error)
    (FOLDER / f"said{RANK}.json").write_text(json.dumps(said))
    norms.to_csv(FOLDER / "norms.csv")
    arrays = {f"weight{i}": w for i, w in enumerate(model.get_weights())}
    logs = {f"log {key}": values for key, values in history.history.items()}
    np.savez(FOLDER / f"rank{RANK}.npz", rows=norms.table.norms, **arrays, **logs)


main()
