"""What the first and the second call of a `fit` take, with all that they compile.

Run: python benchmarks/first_calls.py   (some 10 minutes on 2 quiet CPU cores)
     [--only mlp|lenet] [--rounds N]   (KERAS_BACKEND=jax for JAX)

Each measurement is a process of its own that has done one small `fit` of another
model. Then a model is trained by two calls of one epoch, and a new one by two calls of
five, as plain `model.fit` does it or as `recipes.lab.fit` does by default. The two take
turns; ratios are taken within a round. JAX keeps programs in files: it has a third
contender, which finds none.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

EPOCHS = (1, 5)
WORKS = {"mlp": "MLP, 938 steps an epoch", "lenet": "LeNet, 80 steps an epoch"}
CALLS = [f"{epochs} epoch{'s' * (epochs > 1)}, {call} call"
         for epochs in EPOCHS for call in ("first", "second")]  # fmt: skip


def measure(name: str, ours: bool) -> list[float]:
    """Seconds of all calls, in this process."""
    from recipes.lab import fit
    from recipes.lab.training import quiet

    quiet.load_backend()
    import _peer_works as works
    import keras
    from _peer_keras_models import compiled

    work = works.named(name)
    x, y = works.arrays(work)
    small = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Flatten(),
                              keras.layers.Dense(10)])  # fmt: skip
    small.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def seconds(model, epochs: int) -> float:
        settings = {"batch_size": work.batch, "epochs": epochs}
        started = time.perf_counter()
        if ours:
            fit(model, x, y, **settings)
        else:
            model.fit(x, y, verbose=0, **settings)
        return time.perf_counter() - started

    seconds(small, 1)
    found = []
    for epochs in EPOCHS:
        model = compiled(name)
        found += [seconds(model, epochs) for _ in range(2)]
    return found


def in_a_process(name: str, way: str, kept: str) -> list[float]:
    """Runs `measure` in a fresh process."""
    with tempfile.TemporaryDirectory() as empty:
        folder = empty if way == "ours, nothing kept" else kept
        command = [sys.executable, __file__, "--measure", name, *["--ours"] * (
            way != "Keras's fit")]  # fmt: skip
        environment = {**os.environ, "RECIPES_CACHE_DIR": folder}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, rounds: int, ways: list[str]) -> None:
    """Prints the table of one model."""
    times: dict[str, list] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as kept:
        if len(ways) > 2:  # a process before these, which kept its programs
            in_a_process(name, "ours", kept)
        for number in range(rounds):
            shift = number % len(ways)
            for way in ways[shift:] + ways[:shift]:
                times[way].append(in_a_process(name, way, kept))
    print(f"\n{WORKS[name]}; load {os.getloadavg()[0]:.1f}")
    for way in ways[1:]:
        print(f"  {way} over {ways[0]}")
        for index, call in enumerate(CALLS):
            pairs = zip(times[way], times[ways[0]], strict=True)
            ratios = [one[index] / other[index] for one, other in pairs]
            took = statistics.median(found[index] for found in times[way])
            print(
                f"    {call:<22}{statistics.median(ratios):5.2f}  [{min(ratios):.2f}, "
                f"{max(ratios):.2f}]   {took:5.2f} s",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=list(WORKS), help="one model")
    parser.add_argument("--measure", choices=list(WORKS), help=argparse.SUPPRESS)
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.ours)))
        return
    ways = ["Keras's fit", "ours"]
    if os.environ.get("KERAS_BACKEND") == "jax":
        ways.append("ours, nothing kept")
    for name in WORKS:
        if arguments.only in (None, name):
            compare(name, arguments.rounds, ways)


if __name__ == "__main__":
    main()
