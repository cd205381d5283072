"""The notes' printed run: 1000 samples, 20 features, a 32-16-1 network."""

import keras
import numpy as np
from keras import layers
from sklearn.model_selection import train_test_split

from recipes.lab import Restart, fit, generators

BATCH = 32
# What the notes print of epochs 1 and 6, and of validation accuracy from 1 to 6.
PRINTED = {
    "accuracy": {1: 0.5766, 6: 0.8732},
    "loss": {1: 0.6659, 6: 0.3691},
    "val_accuracy": {1: 0.7000, 2: 0.7812, 3: 0.8125, 4: 0.8188, 5: 0.8375, 6: 0.8375},
    "val_loss": {1: 0.6075, 6: 0.3677},
}


def samples() -> dict[str, tuple]:
    """Splits as the notes do: a fifth to test, the rest's last fifth to validate."""
    x, y = generators.classification(1000, 20, seed=42)
    x, new_x, y, new_y = train_test_split(x, y, test_size=0.2, random_state=42)
    cut = round(0.8 * len(x))
    return {"train": (x[:cut], y[:cut]), "validate": (x[cut:], y[cut:]),
            "test": (new_x, new_y)}  # fmt: skip


def network() -> keras.Model:
    """The network of the notes, compiled as there."""
    model = keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(32, "relu"),
            layers.Dense(16, "relu"),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def judge(lab) -> None:
    """Runs it with every seed and holds the printed numbers against the runs."""
    data, epochs, model = samples(), lab.settings.epochs, network()
    restart = Restart(model)

    def train(case, seed):
        restart()
        history = fit(
            model, *data["train"], epochs=epochs, batch_size=BATCH, seed=seed,
            validation_data=data["validate"], validation_batch_size=160,
        )  # fmt: skip
        x, y = data["test"]
        test = float(((model.predict_on_batch(x)[:, 0] > 0.5) == y).mean())
        return {"history": history.history, "test_accuracy": test}

    runs = lab.sweep(train, ["1000 x 20"], title="the notes' run")["1000 x 20"]
    compared, rows = compare([run["history"] for run in runs])
    columns = ("number", "epoch", "notes", "least", "greatest")
    lab.table("The notes' run", columns, rows)
    _verdict(lab, data, compared, [run["test_accuracy"] for run in runs])


def _verdict(lab, data, compared: dict, tests: list[float]) -> None:
    samples = len(data["train"][0])
    steps = -(-samples // BATCH)
    inside = [row["inside"] for row in compared.values()]
    counts = [value * 160 for value in PRINTED["val_accuracy"].values()]
    lab.verdict(
        "bce-run-1000x20",
        {
            "20 steps an epoch": steps == 20,
            "printed validation accuracies are counts of 160": bool(
                np.allclose(counts, np.round(counts), rtol=0, atol=0.5e-4 * 160)
            ),
            # None where a run is too short to show them all.
            "printed numbers are those of such a run": all(inside)
            if len(inside) == sum(map(len, PRINTED.values()))
            else None,
        },
        evidence={
            "printed_training_accuracies_times_640": [
                value * 640 for value in PRINTED["accuracy"].values()
            ],
            "parameters": network().count_params(),
            "samples": {name: len(y) for name, (_, y) in data.items()},
            "share_of_positives": {name: y.mean() for name, (_, y) in data.items()},
            "printed_and_measured": compared,
            "test_accuracy": tests,
        },
        note=f"{samples} samples in batches of {BATCH} are {steps} steps, and "
        f"{sum(inside)} of {len(inside)} printed numbers are within 3 standard "
        f"deviations of the range over {len(tests)} seeds. The notes' log ends in "
        f"epoch 7; after {lab.settings.epochs} the test accuracy is {min(tests):.3f} "
        f"to {max(tests):.3f}.",
    )


def compare(histories: list[dict]) -> tuple[dict, list]:
    """Holds every printed number against the range over the seeds, widened.

    Returns:
        For each number what is printed and measured, and the rows of a table.
    """
    compared, rows = {}, []
    for metric, printed in PRINTED.items():
        for epoch, value in printed.items():
            if epoch > len(histories[0][metric]):
                continue
            ours = np.array([history[metric][epoch - 1] for history in histories])
            reach = 3 * ours.std(ddof=1) if len(ours) > 1 else np.inf
            compared[f"{metric}, epoch {epoch}"] = {
                "printed": value,
                "least": ours.min(),
                "greatest": ours.max(),
                "inside": bool(ours.min() - reach <= value <= ours.max() + reach),
            }
            rows.append((metric, epoch, value, float(ours.min()), float(ours.max())))
    return compared, rows
