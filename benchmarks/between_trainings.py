"""What a sweep pays between its trainings and epochs: weights, scores and metrics.

Run: python benchmarks/between_trainings.py [--pairs N] [NAME ...]

`recipes.lab` against the calls of Keras that do the same with equal numbers:
`clone_model(model).get_weights()` of a compiled model, `model.evaluate`, and Keras's
way to reset and to read metrics in `EPOCHS` epochs of `STEPS` steps, each scored on as
many rows. The two take turns. Printed are medians of the paired ratios with their
quartiles; below 1 the lab is faster.
"""

import argparse
import contextlib
import time
from unittest import mock

from recipes.lab.training import quiet

quiet.load_backend()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from _kept import Kept  # noqa: E402

import zoo  # noqa: E402
from recipes.lab import fit  # noqa: E402
from recipes.lab.training import resident, scores  # noqa: E402
from recipes.lab.training.initial_weights import InitialWeights  # noqa: E402
from recipes.lab.training.scores import ROWS, Scores  # noqa: E402
from recipes.lab.training.seeding import reseed  # noqa: E402

SCORED = 2 * ROWS + 448
EPOCHS, STEPS, BATCH = 50, 10, 32
CASES = {
    "mlp": (lambda: zoo.mlp((64,), 10), (64,)),
    "lenet": (lambda: zoo.lenet(), (28, 28, 1)),
    "resnet20": (lambda: zoo.resnet20(), (32, 32, 3)),
}


def compiled(build) -> keras.Model:
    """A network as a sweep trains it."""
    model = build()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def ways_to_draw(model) -> dict:
    """Two ways to draw the weights of a seed."""
    weights = InitialWeights(model)
    return {
        "Keras": lambda: keras.models.clone_model(model).get_weights(),
        "lab": weights.draw,
    }


def ways_to_score(model, shape) -> dict:
    """Two ways to score rows that go through in several batches."""
    rng = np.random.default_rng(0)
    x, y = rng.random((SCORED, *shape), "float32"), rng.integers(0, 10, SCORED)
    watch = Scores({"all": (x, y)}, set(), 1e9, stops=False)
    watch.set_model(model)
    return {
        "Keras": lambda: model.evaluate(x, y, batch_size=ROWS, verbose=0),
        "lab": lambda: watch.of(model),
    }


def ways_to_end_epochs(model, shape) -> dict:
    """Two ways to reset and read metrics, in one training of many epochs."""
    rng = np.random.default_rng(0)
    rows = STEPS * BATCH
    x, y = rng.random((rows, *shape), "float32"), rng.integers(0, 10, rows)

    def train():
        watch = Scores({"all": (x, y)}, {*range(1, EPOCHS + 1)}, 1e9, stops=False)
        fit(model, x, y, batch_size=BATCH, epochs=EPOCHS, seed=0, callbacks=[watch])

    def train_as_keras():
        plain = "metrics_in_graph", contextlib.nullcontext
        with mock.patch.object(resident, *plain), mock.patch.object(scores, *plain):
            train()

    return {"Keras": train_as_keras, "lab": train}


def ratios(ways: dict, pairs: int) -> list[float]:
    """The quartiles of lab over Keras, pair by pair."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for pair in range(-3, pairs):  # the first ones trace, and look at a copy
        for name in list(ways) if pair % 2 else list(ways)[::-1]:
            reseed(pair + 3)
            start = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - start)
    keras_times, ours = (np.array(times[name][3:]) for name in ("Keras", "lab"))
    print(f"  {1e3 * np.median(keras_times):.1f} and {1e3 * np.median(ours):.1f} ms")
    return np.percentile(ours / keras_times, [25, 50, 75]).tolist()


def main() -> None:
    """Measures the chosen networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    kept = Kept("between_trainings")
    for name in arguments.names:
        build, shape = CASES[name]
        model = compiled(build)
        works = {"draw weights": ways_to_draw(model)}
        if name != "resnet20":  # whose passes take so long that nothing else shows
            works["score"] = ways_to_score(model, shape)
        if name == "mlp":
            works["many epochs"] = ways_to_end_epochs(model, shape)
        for work, ways in works.items():
            low, middle, high = ratios(ways, arguments.pairs)
            print(f"{name}, {work}: {middle:.2f} ({low:.2f} to {high:.2f})", flush=True)
            kept.row(f"{name}, {work}", wall=middle)
    kept.end()


if __name__ == "__main__":
    main()
