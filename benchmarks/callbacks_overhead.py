"""What the callbacks cost: step time with against without, alternated in one process.

Run: KERAS_BACKEND=tensorflow python benchmarks/callbacks_overhead.py
     (or jax, torch; --rounds N; --only WORD picks rows)

Two models of a kind are trained by two `fit` calls at once, of which only one runs:
they hand over after every epoch. Each round, an epoch of either, gives one ratio;
first epochs (tracing) are left out. A row shows the median of the rounds and their
quartiles, and the ratio of the fastest epochs, which other load on the machine, that
comes and goes, touches least; of wall and of CPU time. On TensorFlow the last row is
the way that is copied all over the web: a second tape in `on_train_batch_end`. With
PyTorch there, a hand-written loop shows what `clip_grad_norm_` and a norm for each
parameter cost there.
"""

import argparse
import threading
import time

from recipes.lab.training import quiet

quiet.load_backend()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from _kept import Kept  # noqa: E402
from keras import layers  # noqa: E402

from callbacks import (  # noqa: E402
    AdaptiveGradientClipping,
    AutoClip,
    GradientClipping,
    GradientNorms,
    LossWeightSchedule,
    NoisySampleWeighting,
    UncertaintyWeighting,
)


class Turns(keras.callbacks.Callback):
    """Lets an epoch run when it is its turn, and times it.

    First in the list of callbacks it sees all that others do between two epochs.
    """

    def __init__(self, mine: threading.Semaphore, other: threading.Semaphore):
        super().__init__()
        self.mine, self.other = mine, other
        self.epochs: list[np.ndarray] = []

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self._end()
        self.mine.acquire()
        self.start = now()

    def on_train_end(self, logs=None):
        self._end()

    def _end(self):
        self.epochs.append(now() - self.start)
        self.other.release()


def now() -> np.ndarray:
    """Seconds of wall and of CPU time."""
    return np.array([time.perf_counter(), time.process_time()])


class SecondTape(keras.callbacks.Callback):
    """The copied way: the forward and backward pass once more, outside the step."""

    def __init__(self, x, y, batch):
        super().__init__()
        self.x, self.y, self.batch, self.norms = x, y, batch, []

    def on_train_batch_end(self, batch, logs=None):
        import tensorflow as tf

        rows = slice(batch * self.batch, (batch + 1) * self.batch)
        with tf.GradientTape() as tape:
            loss = self.model.compute_loss(
                y=self.y[rows], y_pred=self.model(self.x[rows], training=True)
            )
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.norms.append([float(tf.norm(g)) for g in gradients])


def lenet():
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )
    return model, 128, 60


def mlp():
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    return model, 64, 300


def alternate(build, make_callback, rounds, **compiled):
    """Times of the epochs without and with, (rounds, wall and CPU), and steps."""
    steps = build()[2]
    first, second = threading.Semaphore(1), threading.Semaphore(0)
    turns = [Turns(first, second), Turns(second, first)]
    threads = [
        threading.Thread(target=train, args=(build, turn, make, rounds, compiled))
        for turn, make in zip(turns, (None, make_callback), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return *(np.array(turn.epochs[1:]) for turn in turns), steps


def train(build, turn, make_callback, rounds, compiled):
    """Trains a new model, an epoch whenever it is its turn."""
    model, batch, steps = build()
    model.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        **compiled,
    )
    generator = np.random.default_rng(0)
    x = generator.normal(size=(batch * steps, 28, 28, 1)).astype("float32")
    y = generator.integers(0, 10, size=batch * steps)
    callbacks = [make_callback(model, x, y, batch)] if make_callback else []
    model.fit(
        x,
        y,
        batch_size=batch,
        epochs=rounds + 1,
        shuffle=False,
        verbose=0,
        callbacks=[turn, *callbacks],
    )


def torch_loop(rounds):
    """A hand-written loop, with clipping and a norm for each parameter, or neither."""
    import torch

    model = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(784, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    x, y = torch.randn(64 * 300, 1, 28, 28), torch.randint(0, 10, (64 * 300,))

    def epoch(watched):
        norms, start = [], now()
        for begin in range(0, len(x), 64):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                model(x[begin : begin + 64]), y[begin : begin + 64]
            )
            loss.backward()
            if watched:
                norms.append([float(p.grad.norm()) for p in model.parameters()])
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return now() - start

    pairs = [(epoch(False), epoch(True)) for _ in range(rounds + 1)][1:]
    return *(np.array(times) for times in zip(*pairs, strict=True)), 300


def rows():
    """Label, model, callback, compile arguments."""
    norms = lambda *_: GradientNorms()  # noqa: E731
    yield "LeNet 128, GradientNorms", lenet, norms, {}
    yield "MLP 64, GradientNorms", mlp, norms, {}
    if keras.backend.backend() == "tensorflow":
        xla = {"jit_compile": True}
        yield "LeNet 128, GradientNorms, XLA", lenet, norms, xla
        yield "MLP 64, GradientNorms, XLA", mlp, norms, xla
    full = {"zero_share": True, "update_ratio": True}
    yield "MLP 64, GradientNorms, all", mlp, lambda *_: GradientNorms(**full), {}
    yield "MLP 64, every batch", mlp, lambda *_: GradientNorms(log_every="batch"), {}
    yield "MLP 64, GradientClipping", mlp, lambda *_: GradientClipping(1.0), {}
    yield "MLP 64, AutoClip", mlp, lambda *_: AutoClip(), {}
    yield "MLP 64, AdaptiveGradientClipping", mlp, _agc, {}
    yield "MLP 64, NoisySampleWeighting", mlp, lambda *_: NoisySampleWeighting(0.2), {}
    yield "MLP 64, UncertaintyWeighting", mlp, lambda *_: UncertaintyWeighting(), {}
    yield "MLP 64, LossWeightSchedule", mlp, _schedule, {}
    if keras.backend.backend() == "tensorflow":
        yield "MLP 64, a second tape", mlp, _second_tape, {}


def _agc(*_):
    return AdaptiveGradientClipping(0.01)


def _schedule(model, *_):
    return LossWeightSchedule({model.layers[-1].name: lambda epoch: 0.9**epoch})


def _second_tape(_, x, y, batch):
    return SecondTape(x, y, batch)


def show(label, plain, watched, steps):
    """Prints a row; returns its ratios of wall and of CPU time."""
    ratios, best = watched / plain, watched.min(0) / plain.min(0)
    low, high = np.percentile(ratios[:, 0], [25, 75])
    wall, cpu = np.median(ratios, 0)
    numbers = f"{wall:6.3f}  {low:.2f} to {high:.2f}  {best[0]:6.3f} {cpu:6.3f} "
    step = 1e3 * plain[:, 0].min() / steps
    print(f"{label:34}{numbers}{best[1]:6.3f} {step:6.2f} ms", flush=True)
    return {"cpu": cpu, "wall": wall, "wall_low": low, "wall_high": high}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="")
    flags = parser.parse_args()
    backend = keras.backend.backend()
    heads = f"{'wall':>6}  quartiles       best {'CPU':>6}   best   step without"
    print(f"{backend:34}{heads}")
    kept = Kept(f"callbacks_overhead-{backend}")
    for label, build, make, compiled in rows():
        if flags.only in label:
            times = alternate(build, make, flags.rounds, **compiled)
            kept.row(label, **show(label, *times))
    if backend == "torch" and flags.only in "hand-written loop":
        label = "hand-written loop, MLP 64"
        kept.row(label, **show(label, *torch_loop(flags.rounds)))
    kept.end()


if __name__ == "__main__":
    main()
