"""One training's seconds and memory, in a process of its own with one thread.

Started by `scaling.py` for each size: the memory that a process took at most can't be
asked for twice. Prints a line of JSON.
"""

import argparse
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from recipes.lab.running import threads

ROUNDS = 3
FEATURES, CLASSES, BATCH = 64, 10, 64


def measure(**sizes: int) -> dict:
    """What a training of these sizes takes, in a fresh process.

    Args:
        **sizes: `rows`, `units` and `layers`; `saves` for that many checkpoints.
    """
    words = [word for name, n in sizes.items() for word in (f"--{name}", str(n))]
    done = subprocess.run(
        [sys.executable, __file__, *words],
        env={**os.environ, **dict.fromkeys(threads.VARIABLES, "1")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {**sizes, **json.loads(done.stdout.splitlines()[-1])}


def peak() -> float:
    """Bytes that this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def network(units: int, layers: int):
    import keras

    keras.utils.set_random_seed(1)
    hidden = [keras.layers.Dense(units, activation="relu") for _ in range(layers - 1)]
    inputs = keras.layers.Input((FEATURES,))
    model = keras.Sequential([inputs, *hidden, keras.layers.Dense(CLASSES)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    return model


def units_for(parameters: int, layers: int = 3) -> int:
    """Units with which a network of so many layers has about so many weights."""
    inner, linear = layers - 2, FEATURES + CLASSES + layers - 1
    return int((math.sqrt(linear**2 + 4 * inner * parameters) - linear) / (2 * inner))


def trainings(rows: int, units: int, layers: int) -> dict:
    """Processor seconds of an epoch without and with GradientNorms, in turn."""
    import numpy as np

    from callbacks import GradientNorms
    from recipes.lab import fit

    rng = np.random.default_rng(0)
    before = peak()
    x = rng.normal(size=(rows, FEATURES)).astype("float32")
    y = rng.integers(0, CLASSES, rows).astype("int32")
    models = {False: network(units, layers), True: network(units, layers)}
    seconds = {False: [], True: []}
    found = {"parameters": models[False].count_params(), "before": before}
    for turn in range(ROUNDS + 1):
        for watched, model in models.items():
            callbacks = [GradientNorms()] if watched else []
            began = time.process_time()
            fit(model, x, y, batch_size=BATCH, xla=False, callbacks=callbacks)
            took = time.process_time() - began
            if turn:
                seconds[watched].append(took)
            elif not watched:
                found |= {"first": took, "memory": peak() - before}
    return {
        **found,
        "seconds": statistics.median(seconds[False]),
        "watched": statistics.median(seconds[True]),
    }


def checkpoints(rows: int, units: int, layers: int, saves: int) -> dict:
    """Seconds of a checkpoint, by the clock and of the processor."""
    import numpy as np

    from recipes.lab import fit
    from recipes.lab.training.checkpoint.folder import Folder
    from recipes.lab.training.checkpoint.interval import Interval
    from recipes.lab.training.checkpoint.state import Kept

    costs, used, folder = [], [], tempfile.mkdtemp()
    is_due, saved = Interval.is_due, Interval.saved

    def begins(interval, epoch_ends):
        used.append(-time.process_time())
        return is_due(interval, epoch_ends)

    def ends(interval, cost):
        costs.append(cost)
        used[-1] += time.process_time()
        saved(interval, cost)

    Interval.is_due, Interval.saved = begins, ends
    x, y = np.zeros((rows, FEATURES), "float32"), np.zeros(rows, "int32")
    model = network(units, layers)
    fit(model, x, y, batch_size=BATCH, xla=False)
    before = peak()
    steps = -(-rows // BATCH)
    fit(model, x, y, batch_size=BATCH, xla=False, epochs=-(-saves // steps),
        checkpoint=folder, every=1)  # fmt: skip
    memory, newest = peak() - before, Folder(folder).newest()
    began = time.perf_counter()
    found = Folder(folder).newest()
    found.state["callbacks"] = []
    Kept(model, found, folder).restore([])
    read = time.perf_counter() - began
    size = newest.path.stat().st_size
    shutil.rmtree(folder)
    return {
        "parameters": model.count_params(),
        "seconds": statistics.median(costs),
        "processor": statistics.median(one for one in used if one > 0),
        "read": read,
        "bytes": size,
        "memory": memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("rows", "units", "layers"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--saves", type=int, default=0)
    given = vars(parser.parse_args())
    from recipes.lab.training import quiet

    quiet.load_backend()
    if not given["saves"]:
        del given["saves"]
        print(json.dumps(trainings(**given)))
    else:
        print(json.dumps(checkpoints(**given)))


if __name__ == "__main__":
    main()
