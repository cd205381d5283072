"""Reliance: take one unit or pixel away, and see how much a network leaned on it.

A unit that may be gone in the next step is nothing to rely on. So networks with dropout
should bear the loss of a single unit better, and spread their weights more evenly. But
a better network bears everything better, and one that trained longer has larger
weights. So all stop at the same validation accuracy, and then one unit after the other
is set to zero, and one pixel after the other.

How even weights are says the participation ratio (Σ|w|)²/(n Σw²): 1 where all have one
size, 1/n where only one is not zero.
"""

import keras
import numpy as np

from recipes.generalization.dropout._images import BATCH, column, draw, score, study
from recipes.lab import Finding, claim, experiment, figures, main, stats

UNITS, LEVEL = 32, 0.9  # hidden units; the validation accuracy at which all stop
DROPPED = (0.0, 0.3, 0.5)
LEARNING_RATE = 0.003
LOST = stats.Threshold(
    "half a point",
    0.005,
    "accuracy lost with one part",
    "four of 797 test images: less is one part more or less by chance.",
)
EVENER = stats.Threshold(
    "a tenth", 1.1, "times", "the ratio is a share of weights that matter; see TENTH."
)


class StopAt(keras.callbacks.Callback):
    """Ends a training where the validation accuracy gets to a level."""

    def on_epoch_end(self, epoch, logs=None):
        """Looks at the score of the epoch."""
        if (logs or {}).get("held_out_accuracy", 0) >= LEVEL:
            self.model.stop_training = True


def participation(weights: np.ndarray) -> float:
    """How even weights are: (Σ|w|)²/(n Σw²)."""
    sizes = np.abs(weights).ravel()
    return float(sizes.sum() ** 2 / (sizes.size * (sizes**2).sum()))


def ablate(weights, x, y) -> dict:
    """Accuracy of a one-layer ReLU network, whole and with one part away.

    Args:
        weights: Hidden kernel and bias, output kernel and bias.
        x: Images as rows.
        y: Classes.
    """
    first, offset, second, bias = (np.asarray(w, "float64") for w in weights)
    before = x @ first + offset
    hidden = np.maximum(before, 0)
    logits = hidden @ second + bias
    whole = (logits.argmax(1) == y).mean()
    units = [
        whole - ((logits - np.outer(h, row)).argmax(1) == y).mean()
        for h, row in zip(hidden.T, second, strict=True)
    ]
    pixels = [
        whole
        - (
            (np.maximum(before - np.outer(pixel, row), 0) @ second + bias).argmax(1)
            == y
        ).mean()
        for pixel, row in zip(x.T, first, strict=True)
    ]
    return {"accuracy": float(whole), "units": list(units), "pixels": list(pixels)}


def train_and_ablate(case: dict, seed: int, data) -> dict:
    """Trains to the level and takes parts away, on test images."""
    training, validation, (x, y) = draw(data, seed, case["rows"])

    def measure(model):
        weights = model.get_weights()
        found = ablate(weights, x.reshape(len(x), -1).astype("float64"), y)
        return {
            "lost_unit": max(found["units"]),
            "lost_unit_on_average": float(np.mean(found["units"])),
            "lost_pixel": max(found["pixels"]),
            "evenness": participation(weights[2]),
            "evenness_below": participation(weights[0]),
            "validation": score(model, *validation),
            "test": score(model, x, y),
        }

    run = study.train(
        training,
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        network={
            "classes": data.num_classes,
            "units": [UNITS],
            "rate": case["dropout"],
        },
        held_out=validation,
        score_epochs=range(1, case["epochs"] + 1),
        callbacks=[StopAt()],
        measure=measure,
        xla=False,
    )
    return run["measured"]


@experiment
def ablations(lab) -> dict[float, list[dict]]:
    """Networks at the same validation accuracy, by dropout rate."""
    cases = {
        f"dropout {rate:g}": {
            "dropout": rate,
            "epochs": 2 * lab.settings.epochs,
            "rows": 2 * lab.settings.rows,
        }
        for rate in DROPPED
    }
    found = lab.sweep(train_and_ablate, cases, title="reliance")
    return {rate: found[f"dropout {rate:g}"] for rate in DROPPED}


def of(lab, rate: float, name: str) -> np.ndarray:
    """One of the measures of `train_and_ablate`, one a seed."""
    return np.array([run[name] for run in ablations(lab)[rate]])


def lost_with(lab, name: str) -> dict[str, stats.Decision]:
    """Whether dropout lessens what the most important part's loss costs, by rate."""
    return {
        f"dropout {rate:g}": stats.greater(
            of(lab, 0.0, name), of(lab, rate, name), by=LOST
        )
        for rate in DROPPED[1:]
    }


def means(lab, name: str) -> list[float]:
    """The means of a measure, by rate."""
    return [of(lab, rate, name).mean() for rate in DROPPED]


# The notes say three things at once: of neurons, of features, and of weights. Each is a
# claim.


@claim(
    "dropout-spreads-reliance",
    "Dropout makes a network not rely too heavily on any one neuron.",
    notes="000 004",
    scope="400 digits, 32 hidden ReLU units, Adam, all stopped at 90 % on validation",
)
def leans_on_no_single_unit(lab):
    """The largest loss of accuracy by one unit."""
    runs = ablations(lab)
    return Finding(
        lost_with(lab, "lost_unit"),
        "Without the most important unit networks with dropout 0, 0.3 and 0.5 lose "
        "{unit:.1%} of accuracy. All were {accuracy:.0%} right on validation.",
        figure=draw_lost,
        unit=means(lab, "lost_unit"),
        accuracy=[column(runs[rate], "validation", 1).mean() for rate in DROPPED],
        lost_on_average=means(lab, "lost_unit_on_average"),
        test_accuracy=[column(runs[rate], "test", 1).mean() for rate in DROPPED],
    )


@claim(
    "dropout-spreads-reliance-features",
    "Dropout of hidden units makes a network not rely too heavily on any one feature.",
    notes="000 004",
    scope="400 digits, 32 hidden ReLU units, Adam, all stopped at 90 % on validation",
)
def leans_on_no_single_pixel(lab):
    """The largest loss of accuracy by one pixel."""
    return Finding(
        lost_with(lab, "lost_pixel"),
        "Without the most important pixel networks with dropout 0, 0.3 and 0.5 lose "
        "{pixel:.1%} of accuracy.",
        figure=draw_lost,
        pixel=means(lab, "lost_pixel"),
    )


@claim(
    "dropout-distributes-weight",
    "Dropout makes a network distribute its weight.",
    notes="000",
    scope="400 digits, 32 hidden ReLU units, Adam, all stopped at 90 % on validation",
)
def weights_are_more_even(lab):
    """How even the weights behind the dropped units are."""
    return Finding(
        {
            f"dropout {rate:g}": stats.greater(
                of(lab, rate, "evenness"),
                of(lab, 0.0, "evenness"),
                by=EVENER,
                scale="log",
            )
            for rate in DROPPED[1:]
        },
        "The participation ratio of the last weights is {even:.2f} with dropout 0, 0.3 "
        "and 0.5, that of the first {below:.2f}.",
        even=means(lab, "evenness"),
        below=means(lab, "evenness_below"),
    )


def draw_lost(lab):
    """What one part costs, by dropout rate."""
    figure, panels = figures.new(1, 2, width=10.0, height=4.0)
    runs = ablations(lab)
    for axes, name, what in zip(
        panels, ("lost_unit", "lost_pixel"), ("hidden unit", "pixel"), strict=True
    ):
        for place, rate in enumerate(DROPPED):
            values = 100 * np.array([run[name] for run in runs[rate]])
            color = figures.COLORS[place]
            axes.bar(place, values.mean(), color=color, width=0.6)
            axes.plot(np.full(len(values), place), values, ".", color="#000000")
        axes.set_xticks(range(3), [f"{rate:g}" for rate in DROPPED])
        title = f"Without the one {what} that costs most"
        figures.describe(axes, title, "dropout rate", "accuracy lost (points)")
    lab.figure(
        "lost",
        figure,
        "Test accuracy that is lost with the most important hidden unit and pixel, of "
        "networks that were stopped at the same validation accuracy; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
