"""Three ways to train seeds times settings: in turn, in one program, in two processes.

Run: python benchmarks/sweep.py   (--members N, --rounds N)

Every way trains the same members: the network of the optimizers recipe on digits,
batch 8, 5 epochs. In turn: one model, restarted, by `recipes.lab.fit`. One program:
a model of all members side by side, which see the samples in one order. Two
processes: half of the members each, one thread each, once with their start-up counted
and once after it. A line is the time as a ratio to training in turn in the same
round: the median of the rounds and their range.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from recipes.lab import fit, quiet

EPOCHS, SIZE = 5, 8


def digits():
    from recipes.lab.data import load

    found = load("digits")
    return found.x_train.reshape(-1, 64), found.y_train


def members_in_turn(count: int):
    """Returns a function that trains so many members."""
    quiet.load_backend()
    from recipes.lab.restart import Restart
    from recipes.lab.seeding import reseed
    from zoo import mlp

    import keras

    x, y = digits()
    model = mlp((64,), 10, units=(128, 64))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss)
    restart = Restart(model)

    def train():
        for seed in range(count):
            reseed(seed)
            restart()
            fit(model, x, y, batch_size=SIZE, epochs=EPOCHS, seed=seed, xla=True)

    return train


def members_in_one_program(count: int):
    """Returns a function that trains them as one model with one output each."""
    from zoo import mlp

    import keras

    x, y = digits()
    inputs = keras.Input((64,))
    parts = [mlp((64,), 10, units=(128, 64), name=f"m{i}") for i in range(count)]
    model = keras.Model(inputs, [part(inputs) for part in parts])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), [loss] * count)
    targets = [y] * count

    def train():
        fit(model, x, targets, batch_size=SIZE, epochs=EPOCHS, xla=True)

    return train


def child(count: int) -> None:
    """Trains when it is told to: one round for each line that it reads."""
    train = members_in_turn(count)
    train()
    print("ready", flush=True)
    for _ in sys.stdin:
        train()
        print("done", flush=True)


class Pair:
    """Two processes with one thread each."""

    def __init__(self, count: int):
        started = time.perf_counter()
        threads = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1",
                   "TF_NUM_INTEROP_THREADS": "1"}  # fmt: skip
        self.children = [
            subprocess.Popen(
                [sys.executable, __file__, "--child", str(part)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **threads},
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
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        child(arguments.child)
        return
    count = arguments.members
    pair = Pair(count)
    in_turn, together = members_in_turn(count), members_in_one_program(count)
    in_turn()
    together()
    ways = {"in turn": in_turn, "one program": together, "two processes": pair}
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
    print(f"{count} members; in turn {min(base):.2f} s at best")
    for way, found in ratios.items():
        middle = found[len(found) // 2]
        print(f"{way:<28}{middle:6.2f}  [{found[0]:.2f}, {found[-1]:.2f}]")
    print(json.dumps({"start_up_seconds": round(pair.start_up, 1)}))


if __name__ == "__main__":
    main()
