"""Stuck: why the loss of a CNN may not fall, and whether undoing the cause helps.

The notes name three causes: wrong weights at the start, too small a learning rate, and
inputs that have nothing to do with the targets. Each is put into a network that learns
well without it. A cause is found guilty if two things are seen: with it the training
loss stays at that of guessing, and once it alone is undone the network learns.

The third differs. A network that is large enough learns any labels by heart, so its
training loss falls although nothing can be learned; what stays is the test loss.
"""

import keras
import numpy as np

from recipes.architectures.cnn_behavior._images import (
    draw,
    epochs_of,
    learn,
    study_of,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import lenet

ROWS, RATE = 300, 0.003
FALLS_LESS, FALLS_MORE = 0.1, 0.5  # shares of the loss of guessing: stuck, and learning
SIZES = {"small": [4, 8], "large": [32, 64]}  # filters
# What is wrong: a factor on the weights, the rate, and whether labels are shuffled.
CAUSES = {
    "weights of 0": {"weights_times": 0.0},
    "weights a hundredth": {"weights_times": 0.01},
    "rate a thousandth": {"rate_times": 0.001},
    "labels unrelated, small network": {"shuffled": True},
    "labels unrelated, large network": {"shuffled": True, "size": "large"},
}

networks = study_of(lenet)


def train(case: dict, seed: int, data) -> dict:
    """Trains with something wrong, then goes on without it.

    Where the weights were wrong there is nothing to go on from: it begins anew.

    Args:
        case: `epochs`; `weights_times`, `rate_times`, `shuffled` and `size` where they
            are not as they should be.
        seed: Of images, weights and order.
        data: Images.
    """
    sets = draw(data, ROWS, seed)
    x, y = sets["training"]
    wrong = dict(sets)
    if case.get("shuffled"):
        order = np.random.default_rng([seed, 125]).permutation(len(y))
        wrong["training"] = (x, y[order])
    filters = SIZES[case.get("size", "small")]
    settings = {
        "epochs": case["epochs"],
        "judge": "test",
        "network": {"num_classes": data.num_classes, "filters": filters},
        "learning_rate": RATE * case.get("rate_times", 1.0),
    }
    times = case.get("weights_times", 1.0)

    def scaled(model) -> list[np.ndarray]:
        return [times * weight for weight in drawn(model)]

    first = learn(
        networks,
        settings,
        seed,
        wrong,
        weights=scaled if times != 1 else None,
        measure=lambda model: [weight.tolist() for weight in model.get_weights()],
    )
    ended = [np.array(weight, "float32") for weight in first["measured"]]
    second = learn(
        networks,
        {**settings, "learning_rate": RATE},
        seed,
        sets,
        weights=None if times != 1 else ended,
    )
    return {
        "losses": [*first["history"]["loss"], *second["history"]["loss"]],
        "ends": [run["training_loss"] for run in (first, second)],
        "test": [run["held_out_loss"] for run in (first, second)],
        "guessing": float(np.log(data.num_classes)),
    }


def drawn(model) -> list[np.ndarray]:
    """New weights, as the layers' initializers draw them."""
    return keras.models.clone_model(model).get_weights()


@experiment
def runs_of(lab) -> dict[str, list[dict]]:
    """Every cause, and what follows after it is undone."""
    epochs = epochs_of(lab, ROWS)
    cases = {name: {"epochs": epochs, **wrong} for name, wrong in CAUSES.items()}
    return lab.sweep(train, cases, data=lab.like_digits, precision="float32",
                     title="causes")  # fmt: skip


def fallen(runs: list[dict], name: str = "ends") -> np.ndarray:
    """The share of the loss of guessing that is gone, (seeds, with and undone)."""
    return 1 - stats.column(runs, name) / stats.column(runs, "guessing")[:, None]


def guilty(shares: np.ndarray) -> np.ndarray:
    """By how much a loss is stuck with a cause and falls without it, the lesser."""
    return np.minimum(FALLS_LESS - shares[:, 0], shares[:, 1] - FALLS_MORE)


@claim(
    "cnn-no-learning-causes",
    "Where the loss of a CNN does not fall, the weights may be wrongly initialized, "
    "the learning rate too low, or the inputs unrelated to the targets.",
    says="can",
    hedge="possible",
    notes="001",
    scope="300 digits, CNNs of two blocks, Adam, 24 epochs with the cause, 24 without",
)
def causes(lab):
    """Loss with each cause and after it is undone, as shares of that of guessing."""
    found = runs_of(lab)
    shares = {name: fallen(runs) for name, runs in found.items()}
    test = fallen(found["labels unrelated, large network"], "test")
    lab.table(
        "Share of the loss of guessing that is gone",
        ["cause", "with it", "once undone"],
        [
            [name, *(f"{value:.0%}" for value in rows.mean(0))]
            for name, rows in (
                *shares.items(),
                ("labels unrelated, large network: test loss", test),
            )
        ],
    )
    conditions = {
        name: stats.against(guilty(rows), 0.0, by=stats.ANY)
        for name, rows in shares.items()
    }
    conditions["labels unrelated, large network: test loss"] = stats.against(
        guilty(test), 0.0, by=stats.ANY
    )
    return Finding(
        conditions,
        "The loss stays where it was, and falls once the cause is undone, with: "
        "{holding}. Unrelated labels: a small network's training loss falls by "
        "{small:.0%}, a large one's by {large:.0%}, and its test loss by {test:.0%}.",
        figure=draw_losses,
        small=shares["labels unrelated, small network"][:, 0].mean(),
        large=shares["labels unrelated, large network"][:, 0].mean(),
        test=test[:, 0].mean(),
        fallen={name: rows.mean(0) for name, rows in shares.items()},
    )


def draw_losses(lab):
    """Training loss by epoch, with each cause and after it is undone."""
    found = runs_of(lab)
    figure, axes = figures.new(1, 2, width=11.0, height=4.4)
    losses = {name: stats.column(of, "losses") for name, of in found.items()}
    half = next(iter(losses.values())).shape[1] // 2
    for panel, part in zip(axes, (slice(half), slice(half, None)), strict=True):
        rows = {name: values[:, part] for name, values in losses.items()}
        epochs = np.arange(1, half + 1)
        panel.set_ylim(0, 3)
        if part.start is None:
            figures.curves(panel, epochs, rows)
            continue
        for index, values in enumerate(rows.values()):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            panel.plot(epochs, values.mean(0), **style)
    stuck = [name for name, of in found.items()
             if np.median(fallen(of)[:, 0]) < FALLS_LESS]  # fmt: skip
    title = f"With the cause: stuck with {len(stuck)} of {len(found)}"
    figures.describe(axes[0], title, "epoch", "training loss (nats)")
    least = min(fallen(of)[:, 1].mean() for of in found.values())
    title = f"Undone: the loss falls by at least {least:.0%}"
    figures.describe(axes[1], title, "epoch", "training loss (nats)")
    lab.figure(
        "stuck",
        figure,
        "Training loss with something wrong, and after it is undone, by cause: means, "
        "on the left with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
