"""Recall of a sequence's first symbol: what a recurrent network learns by distance."""

import keras
import numpy as np
from keras import ops

from recipes.gradients._watch import Start, Test, middle, watch
from recipes.lab import figures, gradients, stats
from zoo import recurrent

SYMBOLS = 4  # two to be recalled, two that only pass the time
UNITS = 32
SAMPLES, BATCH_SIZE, EPOCHS = 512, 64, 12
RATE = 0.01
LENGTHS = (5, 20)  # of the short sequences; the setting is that of the long ones
LEARNED = 0.75  # half way between guessing and knowing


def recall(samples: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences whose first symbol is to be told at their end.

    Returns:
        One-hot symbols (samples, length, 4): first one of two, then random ones of
        the two others; and which it was, (samples, 1).
    """
    rng = np.random.default_rng([seed, length])
    symbols = rng.integers(2, SYMBOLS, (samples, length))
    symbols[:, 0] = rng.integers(0, 2, samples)
    one_hot = np.eye(SYMBOLS, dtype="float32")[symbols]
    return one_hot, symbols[:, :1].astype("float32")


class Memory:
    """A simple recurrent network, compiled once and trained at every length.

    Args:
        seeds: Those of the run.
        epochs: Passes over the data.
    """

    def __init__(self, seeds, epochs: int):
        self.seeds, self.epochs = seeds, epochs
        self.model = build("simple_rnn")
        self.model.compile(
            keras.optimizers.Adam(RATE),
            keras.losses.BinaryCrossentropy(from_logits=True),
        )
        self._reports: dict[int, list[dict]] = {}

    def train(self, length: int, seed: int) -> dict:
        """Trains on sequences of one length.

        Returns:
            The `history`, and the `accuracy` on sequences that were not trained on.
        """
        if length not in self._reports:
            self._reports[length] = self._watch(length)
        return self._reports[length][list(self.seeds).index(seed)]

    def _watch(self, length: int) -> list[dict]:
        starts = [
            Start(initial_weights(self.model, seed), (RATE,) * self.epochs)
            for seed in self.seeds
        ]
        test = Test(starts, *recall(SAMPLES, length, seed=1))
        reports = watch(
            self.model,
            starts,
            *recall(SAMPLES, length, seed=0),
            batch_size=BATCH_SIZE,
            callbacks=[test],
        )
        return [
            {"history": report["history"], "accuracy": accuracy}
            for report, accuracy in zip(reports, test.accuracies, strict=True)
        ]


def build(cell: str) -> keras.Model:
    """Makes a recurrent network for sequences of any length."""
    return recurrent((None, SYMBOLS), 1, cell=cell, units=(UNITS,), task="binary")


def initial_weights(model: keras.Model, seed: int) -> list[np.ndarray]:
    """Draws weights as Keras does: an orthogonal recurrent kernel among them."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model).get_weights()


def reach(model: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Norm of the loss's gradient in the input of each step, (steps,)."""

    def loss(values):
        return ops.mean(ops.binary_crossentropy(y, model(values[0]), from_logits=True))

    (slope,) = gradients(loss, [x])
    return np.sqrt((slope.astype(float) ** 2).sum((0, 2)))


def reaches(cell: str, seeds, length: int) -> np.ndarray:
    """The same before training, for every seed: (seeds, steps)."""
    model, rows = build(cell), []
    for seed in seeds:
        model.set_weights(initial_weights(model, seed))
        rows.append(reach(model, *recall(BATCH_SIZE, length, seed)))
    return np.array(rows)


def fails(short: np.ndarray, long: np.ndarray) -> bool | None:
    """Whether networks recall worse over long sequences than over short ones.

    Args:
        short: Accuracies by seed.
        long: The same; False where all of them learned.
    """
    if (long > LEARNED).all():
        return False
    return stats.paired(short, long).positive


def judge(lab) -> None:
    """Asks at every length whether a simple recurrent network learns to recall."""
    longest = lab.settings.length
    network = Memory(lab.seeds, 1 if lab.smoke else EPOCHS)
    cases = {f"{length} steps": length for length in (*LENGTHS, longest)}
    runs = lab.sweep(network.train, cases, title="first-symbol recall")
    scores = {n: np.array([run["accuracy"] for run in row]) for n, row in runs.items()}
    reached = {
        name: reaches(cell, lab.seeds, longest)
        for name, cell in (("SimpleRNN", "simple_rnn"), ("LSTM", "lstm"))
    }
    ends = {name: middle(row[:, 0] / row[:, -1]) for name, row in reached.items()}
    (_, easy), *rest = scores.items()
    long = dict(rest)
    able = {name: f"{(row > LEARNED).sum()}" for name, row in scores.items()}
    lab.verdict(
        "vanish-long-range",
        {f"over {name}": fails(easy, row) for name, row in long.items()},
        evidence={
            "test_accuracy_of_SimpleRNN": scores,
            "updates": EPOCHS * SAMPLES // BATCH_SIZE,
            "gradient_of_the_first_step_over_the_last": ends,
        },
        note=f"After the same training {', '.join(able.values())} of {len(lab.seeds)} "
        f"SimpleRNNs recall the first symbol over {', '.join(able)}. Before training "
        f"the first of {longest} steps gets {ends['SimpleRNN']:.0e} of the last one's "
        f"gradient; in an LSTM with Keras's forget bias of 1 {ends['LSTM']:.0e}.",
    )
    draw(lab, reached)


def draw(lab, reached: dict[str, np.ndarray]) -> None:
    """Draws how much gradient each step of a long sequence gets."""
    figure, axes = figures.new()
    steps = range(1, lab.settings.length + 1)
    axes.set(yscale="log", xlim=(1, lab.settings.length))
    figures.curves(axes, steps, reached)
    title = "Gradient that reaches each step of a sequence, before training"
    figures.describe(axes, title, "step; the loss is behind the last", "gradient norm")
    lab.figure(
        "reach",
        figure,
        "Norm of the loss's gradient in the input of each step, with the range over "
        "seeds.",
    )
