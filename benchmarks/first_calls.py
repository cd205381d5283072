"""What the first and the second call of a `fit` take, with all that they compile.

Run: python benchmarks/first_calls.py   (some 10 minutes on 2 quiet CPU cores)
     [--only mlp|lenet] [--rounds N]   (KERAS_BACKEND=jax for JAX)

Each measurement is a process of its own that has done one small `fit` of another
model. Then a model is trained by two calls of one epoch, and a new one by two calls of
five, as plain `model.fit` does it or as `recipes.lab.fit` does by default. The two take
turns; ratios are taken within a round, of seconds and of processor time, which other
load touches less. JAX keeps programs in files: it has a third contender, which finds
none. On a busy machine nothing is compiled beside a training; --as-if-quiet does it all
the same.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from _kept import Kept

EPOCHS = (1, 5)
WORKS = {"mlp": "MLP, 938 steps an epoch", "lenet": "LeNet, 80 steps an epoch"}
CALLS = [f"{epochs} epoch{'s' * (epochs > 1)}, {call} call"
         for epochs in EPOCHS for call in ("first", "second")]  # fmt: skip


def measure(name: str, ours: bool, quiet_machine: bool) -> list[list[float]]:
    """Seconds and processor time of all calls, in this process."""
    from recipes.lab import fit
    from recipes.lab.training import quiet

    quiet.load_backend()
    from recipes.lab.training import xla

    if quiet_machine:
        xla.has_a_core_to_spare = lambda: True
    import _peer_works as works
    import keras
    from _peer_keras_models import compiled

    work = works.named(name)
    x, y = works.arrays(work)
    small = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Flatten(),
                              keras.layers.Dense(10)])  # fmt: skip
    small.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def seconds(model, epochs: int, rows: int | None = None) -> list[float]:
        settings = {"batch_size": work.batch, "epochs": epochs}
        started, used = time.perf_counter(), time.process_time()
        if ours:
            fit(model, x[:rows], y[:rows], **settings)
        else:
            model.fit(x[:rows], y[:rows], verbose=0, **settings)
        return [time.perf_counter() - started, time.process_time() - used]

    seconds(small, 1, 10 * work.batch)  # so few that nothing is compiled ahead
    found = []
    for epochs in EPOCHS:
        model = compiled(name)
        found += [seconds(model, epochs) for _ in range(2)]
    return found


def in_a_process(name: str, way: str, kept: str, flags: list[str]) -> list:
    """Runs `measure` in a fresh process."""
    with tempfile.TemporaryDirectory() as empty:
        folder = empty if way == "ours, nothing kept" else kept
        own = ["--ours"] * (way != "Keras's fit")
        command = [sys.executable, __file__, "--measure", name, *own, *flags]
        environment = {**os.environ, "RECIPES_CACHE_DIR": folder}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, rounds: int, ways: list[str], flags: list[str]) -> None:
    """Prints and keeps the table of one model."""
    kept_rows = Kept(f"first_calls-{os.environ.get('KERAS_BACKEND', 'tensorflow')}")
    times: dict[str, list] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as kept:
        if len(ways) > 2:  # a process before these, which kept its programs
            in_a_process(name, "ours", kept, flags)
        for number in range(rounds):
            shift = number % len(ways)
            for way in ways[shift:] + ways[:shift]:
                times[way].append(in_a_process(name, way, kept, flags))
    print(f"\n{WORKS[name]}; load {os.getloadavg()[0]:.1f}")
    row: dict[str, float] = {}
    for way in ways[1:]:
        print(f"  {way} over {ways[0]}")
        for index, call in enumerate(CALLS):
            cells = []
            for kind in (0, 1):
                pairs = zip(times[way], times[ways[0]], strict=True)
                ratios = [one[index][kind] / two[index][kind] for one, two in pairs]
                middle = statistics.median(ratios)
                row[f"{way}, {call}, {('seconds', 'CPU')[kind]}"] = middle
                cells.append(f"{middle:.2f} [{min(ratios):.2f}, {max(ratios):.2f}]")
            took = statistics.median(found[index][0] for found in times[way])
            print(f"    {call:<22}{cells[0]:<22}CPU {cells[1]:<22}{took:6.2f} s",
                  flush=True)  # fmt: skip
    kept_rows.row(f"{WORKS[name]}, over {ways[0]}", **row)
    kept_rows.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=list(WORKS), help="one model")
    parser.add_argument("--as-if-quiet", action="store_true")
    parser.add_argument("--measure", choices=list(WORKS), help=argparse.SUPPRESS)
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        how = arguments.ours, arguments.as_if_quiet
        print(json.dumps(measure(arguments.measure, *how)))
        return
    ways = ["Keras's fit", "ours"]
    if os.environ.get("KERAS_BACKEND") == "jax":
        ways.append("ours, nothing kept")
    for name in WORKS:
        if arguments.only in (None, name):
            flags = ["--as-if-quiet"] * arguments.as_if_quiet
            compare(name, arguments.rounds, ways, flags)


if __name__ == "__main__":
    main()
