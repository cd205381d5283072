"""How long an epoch of each trained network takes here, for the table of docs/zoo.md.

Run: TFDS_DATA_DIR=... python benchmarks/epochs.py [NAME ...] [--steps N] [--rounds N]

Each network is trained by its own recipe (`recipes train NAME`) on as many samples as
make --steps steps, for one epoch and for three; the difference is two epochs without
what is compiled before them. Their seconds a step, the median of the rounds, times the
steps of a whole epoch, are what the table shows. Seconds belong to the machine that the
kept row names: take their ratios.
"""

import argparse
import dataclasses
import importlib
import statistics
import time

from recipes.lab.training import quiet

quiet.load_backend()

from _kept import Kept  # noqa: E402

import zoo  # noqa: E402
from recipes.lab.data import sets  # noqa: E402
from recipes.lab.training.seeding import reseed  # noqa: E402
from recipes.weights import TRAININGS, table  # noqa: E402


def measure(name: str, steps: int, rounds: int) -> float:
    """Seconds of a whole epoch."""
    how = TRAININGS[name]
    family = importlib.import_module(f"recipes.weights.{how.how}")
    arrays = family.prepare(sets.load(how.data))[0]
    whole = -(-len(arrays[0]) // how.batch_size)
    steps = min(steps, whole)
    part = tuple(array[: steps * how.batch_size] for array in arrays)

    def seconds(epochs: int) -> float:
        reseed(0)
        model = zoo.create(name.partition("/")[0], **how.arguments)
        started = time.perf_counter()
        family.train(model, part, dataclasses.replace(how, epochs=epochs), 0)
        return time.perf_counter() - started

    seconds(1)
    found = [(seconds(3) - seconds(1)) / 2 for _ in range(rounds)]
    return statistics.median(found) / steps * whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(TRAININGS))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    kept = Kept("epochs")
    for name in flags.names:
        took = measure(name, flags.steps, flags.rounds)
        print(f"{name:28s}{took:8.2f} s an epoch", flush=True)
        kept.row(name, seconds=took)
    kept.end()
    table.refresh([zoo.card(name) for name in zoo.list_weights()])


if __name__ == "__main__":
    main()
