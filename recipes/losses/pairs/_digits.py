"""Networks that learn digits with one pair each, from two starts, by two optimizers."""

from collections.abc import Sequence

import keras
import numpy as np

from recipes.lab import Study, experiment, figures, stats
from recipes.losses.pairs._derivatives import LOSSES, hidden

# Two to a factor of ten. For SGD 30 was tried as well, and is no better anywhere.
RATES = {"SGD": (0.1, 0.3, 1.0, 3.0, 10.0), "Adam": (0.001, 0.003, 0.01, 0.03, 0.1)}
USUAL, WRONG, WRONGER = "Keras's start", "sure and wrong", "surer and wrong"
STARTS = {USUAL: 0.0, WRONG: 10.0, WRONGER: 20.0}  # logits of a wrong answer
WAYS = [(start, optimizer) for start in (USUAL, WRONG) for optimizer in RATES]

# Pairs, as loss and what the network ends in, with the starts and optimizers tried.
PAIRS = {
    "bce logits": [*WAYS, (WRONGER, "SGD")],
    "bce sigmoid": [(USUAL, "SGD"), (WRONGER, "SGD")],
    "bce relu": [(USUAL, optimizer) for optimizer in RATES],
    "mse sigmoid": WAYS,
    "cce logits": WAYS,
    "cce softmax": [(USUAL, optimizer) for optimizer in RATES],  # from logits, too
    "mse softmax": WAYS,
}
TEN = ("cce logits", "cce softmax", "mse softmax")  # ten outputs: which digit?
FROM_LOGITS = ("bce logits", "cce logits", "cce softmax")
NAMES = {"bce": "cross-entropy", "cce": "cross-entropy", "mse": "squared error"}

# A network has learned if it has a linear model's accuracy, rounded down to a multiple
# of this: 90 % of the digits, 80 % of MNIST as small.
STEP = 0.1
MARGIN = stats.Threshold(
    "two points of balanced accuracy",
    0.02,
    "balanced accuracy",
    "the rates are two to a factor of ten: a finer choice moves accuracy by a point.",
)


class Head(keras.layers.Layer):
    """An activation whose output the loss can't trace back to the logits."""

    def __init__(self, activation: str, **arguments):
        super().__init__(**arguments)
        self.activation = keras.activations.get(activation)

    def call(self, logits):
        """Returns the activation of the logits."""
        return hidden(self.activation(logits))

    def get_config(self):
        """The arguments that make the same layer."""
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "activation": activation}


def network(input_shape, outputs: int, end: str) -> keras.Model:
    """One hidden layer of 64 units; one output says odd, ten say which digit."""
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(outputs, dtype="float32"),
        ]
    )
    if end != "logits":
        model.add(Head(end, dtype="float32"))
    return model


STUDIES = {
    pair: Study(
        network,
        LOSSES[pair[:3]](**({"from_logits": True} if pair in FROM_LOGITS else {})),
    )
    for pair in PAIRS
}


def draw_weights(model, start: str, seed: int) -> list[np.ndarray]:
    """Draws weights as Keras does; the first output's bias makes answers wrong.

    One output starts sure of "even", ten outputs start sure of "zero".
    """
    glorot = keras.initializers.GlorotUniform
    weights = []
    for index, weight in enumerate(model.weights):
        shape = tuple(weight.shape)
        kernel = len(shape) == 2
        drawn = glorot(seed=1000 * seed + index)(shape) if kernel else np.zeros(shape)
        weights.append(keras.ops.convert_to_numpy(drawn).copy())
    weights[-1][0] = STARTS[start] * (-1 if len(weights[-1]) == 1 else 1)
    return weights


def train(case, seed, data) -> dict:
    """Trains one network; returns its history and the balanced accuracy on the test."""
    pair, start = case["pair"], case["start"]
    outputs = 10 if pair in TEN else 1
    y, y_test = (
        labels if outputs == 10 else labels % 2
        for labels in (data.y_train, data.y_test)
    )

    def balanced_accuracy(model) -> float:
        found = keras.ops.convert_to_numpy(model(data.x_test))
        border = 0.0 if pair.endswith("logits") else 0.5
        answers = found.argmax(1) if outputs == 10 else found[:, 0] > border
        recalls = [(answers[y_test == label] == label).mean() for label in set(y_test)]
        return float(np.mean(recalls))

    run = STUDIES[pair].train(
        (data.x_train, np.eye(10, dtype="float32")[y] if outputs == 10 else y[:, None]),
        seed,
        epochs=case["epochs"],
        batch_size=64,
        learning_rate=case["rate"],  # the largest is too large for some
        optimizer=case["optimizer"].lower(),
        network={"outputs": outputs, "end": pair.split()[1]},
        weights=lambda model: draw_weights(model, start, seed),
        measure=balanced_accuracy,
        check_outputs=False,  # some pairs are mistakes: that is what is tried
    )
    return {"history": run["history"], "balanced_accuracy": run["measured"]}


@experiment
def learn(lab, pair: str) -> dict[tuple[str, str], np.ndarray]:
    """Balanced accuracies of a pair, one a seed, by start and optimizer.

    Each start and optimizer takes the rate of least last loss on another seed.
    """
    epochs = lab.settings.epochs
    grid = {
        f"{start}, {optimizer}": {
            rate: {"pair": pair, "start": start, "optimizer": optimizer,
                   "rate": rate, "epochs": epochs}
            for rate in RATES[optimizer]
        }
        for start, optimizer in PAIRS[pair]
    }  # fmt: skip
    best = lab.choose(
        train,
        grid,
        score=lambda run: run["history"]["loss"][-1],
        data=lab.like_digits,
        title=f"{pair}: choosing rates",
    )
    cases = {way: grid[way][rate] for way, rate in best.items()}
    runs = lab.sweep(train, cases, data=lab.like_digits, title=f"{pair}: digits")
    scores = {
        way: stats.column(runs[", ".join(way)], "balanced_accuracy")
        for way in PAIRS[pair]
    }
    rows = [
        [*way, f"{best[', '.join(way)]:g}", f"{found.mean():.3f}"]
        for way, found in scores.items()
    ]
    columns = ["start", "optimizer", "rate", "balanced accuracy"]
    lab.table(f"Digits after {epochs} epochs: {pair}", columns, rows)
    return scores


def learned(lab, pair: str) -> dict[str, stats.Decision]:
    """Whether a pair learns at all: conditions by start and optimizer."""
    good = lab.data(lab.like_digits).linear_bar(STEP)
    return {
        f"training, {start}, {optimizer}": stats.against(
            found, good, by=stats.ANY, scale="log"
        )
        for (start, optimizer), found in learn(lab, pair).items()
        if start != WRONGER
    }


def ahead(
    lab, rival: str, pair: str, ways: Sequence[tuple[str, str]] = WAYS
) -> dict[str, stats.Decision]:
    """Whether a rival gets ahead of a pair: conditions by start and optimizer."""
    first, second = learn(lab, rival), learn(lab, pair)
    return {
        f"training, {', '.join(way)}": stats.greater(first[way], second[way], by=MARGIN)
        for way in ways
    }


def means(lab, pair: str, ways: Sequence[tuple[str, str]] = WAYS) -> dict[str, float]:
    """A pair's mean balanced accuracies by start and optimizer."""
    return {", ".join(way): float(learn(lab, pair)[way].mean()) for way in ways}


def draw_training(lab, name: str, pairs: tuple[str, str]) -> None:
    """Draws the balanced accuracies of a pair and of its rival, a mark a seed."""
    figure, axes = figures.new(width=7.2, height=4.2)
    for index, pair in enumerate(pairs):
        for place, way in enumerate(WAYS):
            values = learn(lab, pair)[way]
            across = np.full(len(values), place + (-0.12, 0.12)[index])
            label = NAMES[pair[:3]] if not place else None
            axes.plot(across, values, "os"[index], color=figures.COLORS[index],
                      mfc="none", label=label)  # fmt: skip
    axes.set(ylim=(0, 1.03))
    axes.set_xticks(range(len(WAYS)), labels=[",\n".join(way) for way in WAYS])
    rival, second = (list(means(lab, pair).values()) for pair in pairs)
    behind = np.count_nonzero(np.subtract(rival, second) >= MARGIN.value)
    title = f"{NAMES[pairs[1][:3]].capitalize()} is two points behind, or more, in "
    title += f"{behind} of {len(WAYS)} cases"
    figures.describe(axes, title, "start and optimizer", "balanced accuracy")
    figures.legend(axes, loc="lower left")
    lab.figure(
        name,
        figure,
        "Balanced accuracy on digits after training with either loss, one mark a seed.",
    )
