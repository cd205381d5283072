"""Four ways to train seeds times settings, against one after the other.

Run: python benchmarks/sweep.py   (--data digits|mnist, --members N, --rounds N)

Every way trains the same members: the network of the optimizers recipe, on digits
(batch 8, 5 epochs) or MNIST (batch 64, 2 epochs; TFDS_DATA_DIR). In turn: one model,
restarted, by `recipes.lab.fit`. One program: a model of all members side by side,
which see the samples in one order. Two threads: half of the members each, a model
each. Two processes: half of the members each, with half of the cores each, once with
their start-up counted and once after it. A line is the time as a ratio to training in
turn in the same round: the median of the rounds and their range.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time

from recipes.lab import fit
from recipes.lab.running import threads
from recipes.lab.training import quiet

SIZES = {"digits": (8, 5), "mnist": (64, 2)}  # batch size, epochs


def rows(name: str):
    """Returns images as rows, and their labels."""
    from recipes.lab.data.sets import load

    found = load(name)
    return found.x_train.reshape(len(found.x_train), -1), found.y_train


def one_after_the_other(name: str):
    """Returns a function that trains members with the seeds it is given."""
    quiet.load_backend()
    import keras

    from recipes.lab.training.restart import Restart
    from recipes.lab.training.seeding import reseed
    from zoo import mlp

    (x, y), (size, epochs) = rows(name), SIZES[name]
    model = mlp(x.shape[1:], 10, units=(128, 64))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss)
    restart = Restart(model)

    def train(seeds):
        for seed in seeds:
            reseed(seed)
            restart()
            fit(model, x, y, batch_size=size, epochs=epochs, seed=seed, xla=True)

    return train


def in_one_program(name: str, count: int):
    """Returns a function that trains them as one model with one output each."""
    import keras

    from zoo import mlp

    (x, y), (size, epochs) = rows(name), SIZES[name]
    inputs = keras.Input(x.shape[1:])
    parts = [mlp(x.shape[1:], 10, units=(128, 64), name=f"m{i}") for i in range(count)]
    model = keras.Model(inputs, [part(inputs) for part in parts])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), [loss] * count)

    def train():
        fit(model, x, [y] * count, batch_size=size, epochs=epochs, xla=True)

    return train


def in_two_threads(name: str, count: int):
    """Returns a function that trains half of them in each of two threads."""
    halves = [one_after_the_other(name) for _ in range(2)]

    def train():
        threads = [
            threading.Thread(target=half, args=(range(first, count, 2),))
            for first, half in enumerate(halves)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return train


def child(name: str, count: int) -> None:
    """Trains when it is told to: one round for each line that it reads."""
    train = one_after_the_other(name)
    train(range(count))
    print("ready", flush=True)
    for _ in sys.stdin:
        train(range(count))
        print("done", flush=True)


class Pair:
    """Two processes with half of the cores each."""

    def __init__(self, name: str, count: int):
        started = time.perf_counter()
        self.children = [
            subprocess.Popen(
                [sys.executable, __file__, "--child", str(part), "--data", name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **dict.fromkeys(threads.VARIABLES, "1")},
            )
            for part in (count // 2, count - count // 2)
        ]
        self.wait()
        self.start_up = time.perf_counter() - started

    def wait(self) -> None:
        for one in self.children:
            assert one.stdout.readline()

    def __call__(self) -> None:
        for one in self.children:
            one.stdin.write("go\n")
            one.stdin.flush()
        self.wait()

    def close(self) -> None:
        for one in self.children:
            one.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=list(SIZES), default="digits")
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    name, count = arguments.data, arguments.members
    if arguments.child is not None:
        child(name, arguments.child)
        return
    from _kept import Kept

    kept = Kept("sweep")
    pair = Pair(name, count)
    in_turn = one_after_the_other(name)
    ways = {
        "in turn": lambda: in_turn(range(count)),
        "one program": in_one_program(name, count),
        "two threads": in_two_threads(name, count),
        "two processes": pair,
    }
    first = {}
    for way, train in ways.items():
        started = time.perf_counter()
        train()
        first[way] = time.perf_counter() - started
    times = {way: [] for way in ways}
    for _ in range(arguments.rounds):
        for way, train in ways.items():
            started = time.perf_counter()
            train()
            times[way].append(time.perf_counter() - started)
    pair.close()
    base = times["in turn"]
    times["two processes, started anew"] = [
        seconds + pair.start_up for seconds in times["two processes"]
    ]
    ratios = {
        way: sorted(a / b for a, b in zip(found, base, strict=True))
        for way, found in times.items()
    }
    print(f"{count} members on {name}; in turn {min(base):.2f} s at best")
    for way, found in ratios.items():
        middle = found[len(found) // 2]
        print(f"{way:<28}{middle:6.2f}  [{found[0]:.2f}, {found[-1]:.2f}]")
    seconds = {way: round(value, 1) for way, value in first.items()}
    print(json.dumps({"first_round": seconds, "start_up": round(pair.start_up, 1)}))
    middles = {way: found[len(found) // 2] for way, found in ratios.items()}
    kept.row(f"{count} members on {name}", **middles)
    kept.end()


if __name__ == "__main__":
    main()
