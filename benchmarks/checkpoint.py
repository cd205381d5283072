"""What keeping a training costs: `fit(checkpoint=)` at its default interval.

Run: KERAS_BACKEND=tensorflow python benchmarks/checkpoint.py (or jax, torch;
     --seconds N, --rounds N, --sizes 10000,500000)

One training, with and without, in turn in one process. Each round gives a ratio of
wall and of CPU times; a row shows their medians and ranges, the saves made, what one
save took, and the share of the time that went into saves, which other load on the
machine touches less. Trainings last some --seconds, and at least 120 times what a save
took before: the last save always comes, so that no interval keeps a training
cheap that lasts less than 20 saves (the column "floor").
"""

import argparse
import shutil
import statistics
import tempfile
import time

from recipes.lab.training import quiet

quiet.load_backend()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from _kept import Kept  # noqa: E402

from recipes.lab import fit  # noqa: E402
from recipes.lab.training.checkpoint.interval import Interval  # noqa: E402

SIZES = (10_000, 500_000, 5_000_000, 20_000_000)
FEATURES, CLASSES, BATCH = 64, 10, 64
LENGTH = 120  # times a save's seconds that a training lasts, at least
SAVES: list[float] = []  # seconds of each


def network(parameters: int) -> keras.Model:
    """A network of three dense layers with about so many weights."""
    units = int((-75 + (75**2 + 4 * parameters) ** 0.5) / 2)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Input((FEATURES,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(CLASSES),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    return model


def timed(model, x, y, epochs, folder=None) -> np.ndarray:
    """Seconds, by the clock and of the processor."""
    began = now()
    kept = {} if folder is None else {"checkpoint": folder}
    fit(model, x, y, epochs=epochs, batch_size=BATCH, xla=False, **kept)
    return now() - began


def now() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def watch_saves() -> None:
    plain = Interval.saved

    def saved(interval, cost):
        SAVES.append(cost)
        plain(interval, cost)

    Interval.saved = saved


def row(parameters: int, seconds: float, rounds: int) -> tuple[str, dict]:
    """A line to print, and the ratios in it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH * 40, FEATURES)).astype("float32")
    y = rng.integers(0, CLASSES, len(x))
    model = network(parameters)
    timed(model, x, y, 1)  # traces
    folder = tempfile.mkdtemp()
    timed(model, x, y, 1, folder)
    shutil.rmtree(folder)
    seconds = max(seconds, LENGTH * SAVES[-1])
    epoch = timed(model, x, y, 2)[0] / 2
    epoch = timed(model, x, y, several := 2 + int(1 / epoch))[0] / several
    epochs = max(2, int(seconds / epoch))
    ratios, saves, each, shares = [], [], [], []
    for place in range(rounds):
        times = {}
        for kept in (True, False) if place % 2 else (False, True):
            SAVES.clear()
            folder = tempfile.mkdtemp() if kept else None
            model.optimizer.learning_rate = 0.001
            times[kept] = timed(model, x, y, epochs, folder)
            if folder:
                shutil.rmtree(folder)
                saves.append(len(SAVES))
                each += SAVES
                shares.append(sum(SAVES) / times[kept][0])
        ratios.append(times[True] / times[False])
    wall, processor = np.transpose(ratios)
    line = (
        f"{model.count_params():12,} {epochs:7} {times[False][0]:7.1f} s "
        f"{statistics.median(saves):6.0f} {1000 * statistics.median(each):8.1f} ms "
        f"{100 * statistics.median(shares):6.2f} % "
        f"{20 * statistics.median(each):6.1f} s "
        f"{np.median(wall):7.3f} ({wall.min():.3f} to {wall.max():.3f})"
        f"{np.median(processor):7.3f} ({processor.min():.3f} to {processor.max():.3f})"
    )
    ratios = {"cpu": np.median(processor), "wall": np.median(wall)}
    return line, {**ratios, "share_in_saves": statistics.median(shares)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    given = parser.parse_args()
    watch_saves()
    print(f"Keras {keras.__version__} on {keras.backend.backend()}")
    print(
        "  parameters  epochs   training  saves    a save  in saves    floor"
        "  ratio (range)        of CPU time"
    )
    kept = Kept(f"checkpoint-{keras.backend.backend()}")
    for size in map(int, given.sizes.split(",")):
        line, ratios = row(size, given.seconds, given.rounds)
        print(line, flush=True)
        kept.row(f"{size:,} parameters", **ratios)
    kept.end()


if __name__ == "__main__":
    main()
