"""What `recipes.lab.fit` gains: epochs of several ways, alternated in one process.

Run: python benchmarks/fit.py   (KERAS_BACKEND=jax for JAX; --rounds N, --only WORD;
     --slow also runs convolutions under XLA, which takes minutes)

Each row is a model. Its ways take turns, round after round; a cell is the median over
the rounds of the time for an epoch, as a ratio to plain `model.fit` in the same round,
with the range. Below, the same for the number of steps that one call runs. The first
round traces and compiles and isn't counted; its seconds are in the second table.
"""

import argparse
import time

from recipes.lab import fit
from recipes.lab.training import quiet

quiet.load_backend()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from _kept import Kept  # noqa: E402

from recipes.lab.training import resident  # noqa: E402
from zoo import lenet, lstm, mlp, resnet20  # noqa: E402

WORKS = {  # model, samples, batch size, shape of a sample (int: token ids below it)
    "MLP 784-128-64-10, batch 64": (
        lambda: mlp((784,), 10, units=(128, 64)), 12_800, 64, (784,)
    ),
    "MLP 64-128-64-10, batch 8": (
        lambda: mlp((64,), 10, units=(128, 64)), 1_440, 8, (64,)
    ),
    "LeNet, batch 128": (lambda: lenet((28, 28, 1), 10), 1_280, 128, (28, 28, 1)),
    "ResNet-20, batch 128": (lambda: resnet20(), 384, 128, (32, 32, 3)),
    "LSTM(64), 100 steps, batch 64": (
        lambda: lstm((100,), 10, vocabulary_size=5000, units=(64,)), 640, 64, 100
    ),
}  # fmt: skip
WAYS = {
    "resident": {"xla": False},
    "resident, XLA": {"xla": True},
    "as Keras brings batches": {"resident": False},
}
SLOW = ("LeNet", "ResNet")  # under XLA, and long to compile


def data(samples: int, shape):
    rng = np.random.default_rng(0)
    if isinstance(shape, int):
        x = rng.integers(0, 5000, (samples, shape)).astype("int32")
    else:
        x = rng.random((samples, *shape), dtype="float32")
    return x, rng.integers(0, 10, samples).astype("int32")


def compiled(build):
    model = build()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def seconds(train) -> float:
    started = time.perf_counter()
    train()
    return time.perf_counter() - started


def compare(name: str, rounds: int, slow: bool) -> None:
    build, samples, size, shape = WORKS[name]
    x, y = data(samples, shape)
    plain = compiled(build)
    ways = {"plain fit": lambda: plain.fit(x, y, batch_size=size, verbose=0)}
    for way, settings in WAYS.items():
        if settings.get("xla") and name.startswith(SLOW) and not slow:
            continue
        model = compiled(build)

        def train(model=model, settings=settings):
            fit(model, x, y, batch_size=size, **settings)

        ways[way] = train
    first = {way: seconds(train) for way, train in ways.items()}
    show(name, ways, first, rounds)


def blocks(rounds: int) -> None:
    """The MLP with few samples: where a call of the program costs most."""
    build, samples, size, shape = WORKS["MLP 64-128-64-10, batch 8"]
    x, y = data(samples, shape)
    ways = {}
    for steps in (1, 8, 32, 128, 512):
        model = compiled(build)

        def train(model=model, steps=steps):
            resident.BLOCK = steps
            fit(model, x, y, batch_size=size, xla=True)

        ways[f"{steps} steps a call"] = train
    first = {way: seconds(train) for way, train in ways.items()}
    show("MLP 64-128-64-10, batch 8, XLA", ways, first, rounds)


def show(name: str, ways: dict, first: dict, rounds: int) -> None:
    kept = Kept("fit")
    base = next(iter(ways))
    times = {way: [] for way in ways}
    for _ in range(rounds):
        for way, train in ways.items():
            times[way].append(seconds(train))
    print(f"\n{name} (ratios to: {base})")
    for way, found in times.items():
        ratios = np.array(found) / np.array(times[base])
        print(
            f"  {way:<26}{np.median(ratios):6.2f}  [{ratios.min():.2f}, "
            f"{ratios.max():.2f}]   first epoch {first[way]:5.1f} s"
        )
    middles = {way: np.median(np.divide(times[way], times[base])) for way in ways}
    kept.row(name, **middles)
    kept.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="rows that hold this word")
    parser.add_argument("--slow", action="store_true", help="convolutions under XLA")
    arguments = parser.parse_args()
    print(f"Keras {keras.__version__} on {keras.backend.backend()}")
    for name in WORKS:
        if arguments.only.lower() in name.lower():
            compare(name, arguments.rounds, arguments.slow)
    if arguments.only.lower() in "blocks":
        blocks(arguments.rounds)


if __name__ == "__main__":
    main()
