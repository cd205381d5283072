"""Networks stopped at one accuracy, and what a unit or a pixel of them is worth."""

import keras
import numpy as np

from recipes.generalization.dropout._images import BATCH, draw, score, study
from recipes.lab import experiment, stats

UNITS, LEVEL = 32, 0.9  # hidden units; the validation accuracy at which all stop
DROPPED = (0.0, 0.3, 0.5)
LEARNING_RATE = 0.003


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
    """Trains to the level and takes parts away, on test images.

    Args:
        case: `dropout` (of hidden units), `pixels` (dropout of the inputs), `epochs`
            and `rows`.
        seed: Of images, weights, masks and order.
        data: Images.
    """
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
            "input_rate": case["pixels"],
        },
        held_out=validation,
        score_epochs=range(1, case["epochs"] + 1),
        callbacks=[StopAt()],
        measure=measure,
        xla=False,
    )
    return run["measured"]


@experiment
def ablations(lab, pixels: bool) -> dict[float, list[dict]]:
    """Networks at the same validation accuracy, by dropout rate.

    Args:
        lab: The lab.
        pixels: Whether pixels are dropped as hidden units are.
    """
    cases = {
        f"dropout {rate:g}": {
            "dropout": rate,
            "pixels": rate if pixels else 0.0,
            "epochs": 2 * lab.settings.epochs,
            "rows": 2 * lab.settings.rows,
        }
        for rate in (DROPPED[1:] if pixels else DROPPED)
    }
    title = "reliance, pixels dropped, too" if pixels else "reliance"
    found = lab.sweep(train_and_ablate, cases, title=title)
    return {rate: found[f"dropout {rate:g}"] for rate in DROPPED if rate or not pixels}


def of(lab, rate: float, name: str, pixels: bool = False) -> np.ndarray:
    """One of the measures of `train_and_ablate`, one a seed."""
    return stats.column(ablations(lab, pixels)[rate], name)
