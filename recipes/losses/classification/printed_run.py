"""Printed run: the notes' log of binary cross-entropy is one that anybody gets.

The notes train a 32-16-1 network on 1000 generated samples of 20 features and print the
log. How many steps an epoch takes follows from the split. Whether the printed numbers
are those of such a run is a question of chance: each is compared with the interval in
which one more run of ours is expected.
"""

import keras
import numpy as np
from scipy.special import stdtrit
from sklearn.model_selection import train_test_split

from recipes.lab import Finding, Study, claim, experiment, figures, generators, main

BATCH = 32
# What the notes print of epochs 1 and 6, and of validation accuracy from 1 to 6.
PRINTED = {
    "accuracy": {1: 0.5766, 6: 0.8732},
    "loss": {1: 0.6659, 6: 0.3691},
    "val_accuracy": {1: 0.7000, 2: 0.7812, 3: 0.8125, 4: 0.8188, 5: 0.8375, 6: 0.8375},
    "val_loss": {1: 0.6075, 6: 0.3677},
}
VALIDATED = 160  # samples: a fifth of the 800 that are not for the test
HALF_DIGIT = 0.5e-4  # half a unit of the last digit that the notes print


def split_samples() -> dict[str, tuple]:
    """Splits as the notes do: a fifth to test, the rest's last fifth to validate."""
    x, y = generators.classification(1000, 20, seed=42)
    x, new_x, y, new_y = train_test_split(x, y, test_size=0.2, random_state=42)
    cut = round(0.8 * len(x))
    return {"train": (x[:cut], y[:cut]), "validate": (x[cut:], y[cut:]),
            "test": (new_x, new_y)}  # fmt: skip


def network(input_shape) -> keras.Model:
    """The network of the notes."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Dense(32, "relu"),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )


RUN = Study(network, "binary_crossentropy", "adam", ["accuracy"])


def train(case, seed, data) -> dict:
    """Trains as the notes do; returns the log and the accuracy on the test samples."""
    parts = split_samples()
    x, y = parts["test"]

    def accuracy(model) -> float:
        return float(((model.predict_on_batch(x)[:, 0] > 0.5) == y).mean())

    run = RUN.train(
        parts["train"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        validation_data=parts["validate"],
        validation_batch_size=VALIDATED,
        measure=accuracy,
    )
    return {"history": run["history"], "test_accuracy": run["measured"]}


def compare(histories: list[dict]) -> dict[str, dict]:
    """Compares every printed number with where one more run of ours would be.

    A prediction interval: the mean, and Student's t times the standard deviation of a
    new run about it. The level is such that all twelve hold together with 95 %.
    """
    compared, count = {}, len(histories)
    level = 1 - 0.05 / sum(map(len, PRINTED.values())) / 2
    for metric, printed in PRINTED.items():
        for epoch, value in printed.items():
            if epoch > len(histories[0][metric]):
                continue
            ours = np.array([history[metric][epoch - 1] for history in histories])
            reach = (
                stdtrit(count - 1, level) * ours.std(ddof=1) * np.sqrt(1 + 1 / count)
                if count > 1
                else np.inf
            )
            compared[f"{metric}, epoch {epoch}"] = {
                "printed": value,
                "least": float(ours.mean() - reach),
                "greatest": float(ours.mean() + reach),
                "inside": bool(abs(value - ours.mean()) <= reach),
            }
    return compared


@experiment
def runs_of_the_notes(lab) -> list[dict]:
    """The notes' run with every seed."""
    cases = {"1000 x 20": {"epochs": lab.settings.epochs}}
    return lab.sweep(train, cases, title="the notes' run")["1000 x 20"]


@claim(
    "bce-run-1000x20",
    "A Keras run on 1000 samples of 20 features takes 20 steps an epoch and gives the "
    "printed losses and accuracies.",
    says="is",
    notes="002",
    scope="make_classification(1000, 20), a 32-16-1 network, Adam at 0.001, 20 epochs",
)
def gives_the_printed_numbers(lab):
    """Steps and counts from the split; printed numbers against the runs."""
    runs, parts = runs_of_the_notes(lab), split_samples()
    compared = compare([run["history"] for run in runs])
    columns = ("number", "notes", "least", "greatest")
    rows = [(n, f["printed"], f["least"], f["greatest"]) for n, f in compared.items()]
    lab.table("The notes' run", columns, rows)
    tests = [run["test_accuracy"] for run in runs]
    samples = len(parts["train"][0])
    steps = -(-samples // BATCH)
    inside = [found["inside"] for found in compared.values()]
    printed = np.array(list(PRINTED["val_accuracy"].values()))
    counts = np.round(printed * VALIDATED)
    return Finding(
        {
            "20 steps an epoch": steps == 20,
            "printed validation accuracies are counts of 160": bool(
                (np.abs(printed - counts / VALIDATED) <= HALF_DIGIT + 1e-9).all()
            ),
            # None where a run is too short to show them all.
            "printed numbers are those of such a run": all(inside)
            if len(inside) == sum(map(len, PRINTED.values()))
            else None,
        },
        "{samples} samples in batches of {batch} are {steps} steps, and {inside} of "
        "{shown} printed numbers are where one more run is expected after {count} of "
        "ours (all twelve with 95 %). The notes' log ends in epoch 7; after {epochs} "
        "the test accuracy is {least:.3f} to {greatest:.3f}.",
        figure=draw_log,
        samples=samples,
        batch=BATCH,
        steps=steps,
        inside=sum(inside),
        shown=len(inside),
        count=len(tests),
        epochs=lab.settings.epochs,
        least=min(tests),
        greatest=max(tests),
        test_accuracy=tests,
        printed_training_accuracies_times_640=[
            value * 640 for value in PRINTED["accuracy"].values()
        ],
        parameters=network((20,)).count_params(),
        sizes={name: len(y) for name, (_, y) in parts.items()},
        share_of_positives={name: y.mean() for name, (_, y) in parts.items()},
        printed_and_measured=compared,
    )


def draw_log(lab):
    """The runs' losses and accuracies, with the printed numbers as points."""
    histories = [run["history"] for run in runs_of_the_notes(lab)]
    compared = compare(histories)
    figure, panels = figures.new(1, 2, width=9.6, height=4.0)
    for axes, name in zip(panels, ("loss", "accuracy"), strict=True):
        for index, metric in enumerate((name, f"val_{name}")):
            values = np.array([history[metric] for history in histories])
            epochs, color = np.arange(1, values.shape[1] + 1), figures.COLORS[index]
            label = ("training", "validation")[index]
            axes.plot(epochs, values.mean(0), figures.LINES[index], color=color,
                      label=label)  # fmt: skip
            axes.fill_between(epochs, values.min(0), values.max(0), color=color,
                              alpha=0.15, lw=0)  # fmt: skip
            axes.plot(*zip(*PRINTED[metric].items(), strict=True), "o", color=color)
        figures.legend(axes)
        axes.xaxis.get_major_locator().set_params(integer=True)
        inside = [one["inside"] for key, one in compared.items() if name in key]
        noun, y = {
            "loss": ("losses (points)", "cross-entropy (nats)"),
            "accuracy": ("accuracies", "accuracy"),
        }[name]
        title = f"{sum(inside)} of {len(inside)} printed {noun} are those of a run"
        figures.describe(axes, title, "epoch", y)
    lab.figure(
        "printed_run",
        figure,
        "The notes' run with every seed, mean and range, and the printed numbers.",
    )


if __name__ == "__main__":
    main(__file__)
