"""Starts: what the first weights are worth in training.

All ones is the worst start: the units are alike, and a unit that adds up all pixels
with weights of 1 gets a sum of 20, where the sigmoid is flat.

He's weights then race three bad starts: zeros (all units alike), N(0, 0.01²) (signals
vanish) and N(0, 1) (signals explode). With one hidden layer every start but zeros gets
there. With five layers no bad one does in twenty epochs, and an optimizer that rescales
its steps, Adam, does not help. He must beat the best of the bad starts, seed by seed.
"""

import keras
import numpy as np
from scipy.special import expit

from recipes.basics.initialization._rules import draw
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp

BATCH_SIZE = 64
STUDY = Study(mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True))


def start_weights(model: keras.Model, rule: str, seed: int) -> list[np.ndarray]:
    """Draws all kernels by one rule; "ones" sets the biases to 1 as well."""
    rng = np.random.default_rng([seed, 14])
    weights = []
    for weight in model.weights:
        shape = tuple(weight.shape)
        if rule == "ones":
            weights.append(np.ones(shape))
        elif len(shape) == 2:
            weights.append(draw(rule, shape, rng))
        else:
            weights.append(np.zeros(shape))
    return weights


def train(case, seed, data) -> dict:
    """Trains one network from one start; returns its losses and test accuracy.

    Args:
        case: `units`, `activation`, `optimizer`, `learning_rate`, `start` (a rule of
            `start_weights`), `standardized`, `epochs`, `samples`.
        seed: Decides the weights and the order of the samples.
        data: The `Dataset`.
    """
    count = case["samples"]
    x, x_test, y = data.x_train[:count], data.x_test, data.y_train[:count]
    if case["standardized"]:
        mean, spread = x.mean(), x.std()
        x, x_test = (x - mean) / spread, (x_test - mean) / spread

    def measure(model):
        logits = model.predict_on_batch(x_test)
        # Logits that are no numbers say nothing, and argmax would say class 0.
        right = (logits.argmax(1) == data.y_test) & np.isfinite(logits).all(1)
        return {"accuracy": float(right.mean())}

    run = STUDY.train(  # bounded where it diverges: large weights are tried on purpose
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH_SIZE,
        network={
            "num_classes": data.num_classes,
            "units": case["units"],
            "activation": case["activation"],
        },
        optimizer={
            "class_name": case["optimizer"],
            "config": {"learning_rate": case["learning_rate"]},
        },
        weights=lambda model: start_weights(model, case["start"], seed),
        measure=measure,
    )
    return {"history": run["history"], **run["measured"]}


# Widths of the hidden layers, and the optimizer with its learning rate.
SIGMOIDS = {"SGD": ([128], "SGD", 0.1), "Adam": ([128], "Adam", 0.001)}
RELUS = {
    "1 hidden layer, SGD": ([128], "SGD", 0.1),
    "5 hidden layers, SGD": ([64] * 5, "SGD", 0.1),
    "5 hidden layers, Adam": ([64] * 5, "Adam", 0.001),
}


def cases(settings, networks, rules, **shared) -> dict[str, dict]:
    """What `train` is called with, for every network from every start."""
    shared |= {"epochs": settings.epochs, "samples": settings.samples}
    return {
        f"{name}, {rule}": {
            "units": units,
            "optimizer": optimizer,
            "learning_rate": rate,
            "start": rule,
            **shared,
        }
        for name, (units, optimizer, rate) in networks.items()
        for rule in rules
    }


@claim(
    "init-ones-bad",
    "Setting all weights and biases to 1 is a bad start.",
    says="often",
    hedge="generally",
    notes="001",
    scope="digits, one hidden layer of 128 sigmoid units, 20 epochs",
)
def ones_are_bad(lab):
    """From ones and from Xavier's weights, with two optimizers."""
    chosen = cases(
        lab.settings,
        SIGMOIDS,
        ("ones", "Xavier"),
        activation="sigmoid",
        standardized=False,
    )
    runs = lab.sweep(train, chosen, precision="float32", title="all ones")
    accuracy = {name: [run["accuracy"] for run in rows] for name, rows in runs.items()}
    gains = {
        optimizer: stats.greater(
            accuracy[f"{optimizer}, Xavier"],
            accuracy[f"{optimizer}, ones"],
            by=stats.ACCURACY_POINT,
        )
        for optimizer in SIGMOIDS
    }
    data = lab.data()
    x = data.x_train[: lab.settings.samples]
    z = x.reshape(len(x), -1).astype(float).sum(1) + 1  # every unit gets this
    slopes = expit(z) * expit(-z)
    return Finding(
        gains,
        "A hidden unit gets {mean_input:.1f} on average, where the sigmoid's slope is "
        "{slope:.1g}, and all units are alike. Test accuracy: {test_accuracy:.1%} (the "
        "commonest class is {common:.1%}).",
        mean_input=z.mean(),
        slope=expit(z.mean()) * expit(-z.mean()),
        test_accuracy={name: np.mean(values) for name, values in accuracy.items()},
        common=np.bincount(data.y_test).max() / len(data.y_test),
        accuracy_that_Xavier_gains=gains,
        mean_slope_of_a_hidden_unit=slopes.mean(),
        largest_slope_of_a_hidden_unit=slopes.max(),
    )


GOAL = 0.1 * Study.loss_of_guessing(10)  # nats: a tenth of a guess among ten classes
GOOD, BAD = ("He", "Xavier"), ("zeros", "N(0, 0.01²)", "N(0, 1)")


@experiment
def races(lab) -> dict[str, dict[str, list[dict]]]:
    """Every ReLU network from every start, on standardized images."""
    rules = (*GOOD, *BAD)
    chosen = cases(lab.settings, RELUS, rules, activation="relu", standardized=True)
    runs = lab.sweep(train, chosen, precision="float32", title="good and bad starts")
    return {n: {rule: runs[f"{n}, {rule}"] for rule in rules} for n in RELUS}


def epochs_to_goal(runs: list[dict]) -> np.ndarray:
    """Returns each run's first epoch with the goal's loss, or one more than it had."""
    losses = np.array([run["history"]["loss"] for run in runs])
    reached = losses <= GOAL
    return np.where(reached.any(1), reached.argmax(1) + 1, losses.shape[1] + 1)


@claim(
    "init-faster-convergence",
    "Good initial weights make training faster and models better.",
    # "can lead to quicker convergence", "helps in reaching better-performing models".
    says="often",
    hedge="helps",
    notes="001 002",
    scope="digits, ReLU networks of 1 and 5 hidden layers, 20 epochs",
)
def good_weights_are_faster(lab):
    """He's weights against the best of three bad starts, seed by seed."""
    runs, never = races(lab), lab.settings.epochs + 1
    epochs = {
        network: {rule: epochs_to_goal(rows) for rule, rows in by_rule.items()}
        for network, by_rule in runs.items()
    }
    accuracy = {
        network: {r: np.array([run["accuracy"] for run in by_rule[r]]) for r in by_rule}
        for network, by_rule in runs.items()
    }
    lab.table(
        f"Epochs to a tenth of guessing's loss ({never}: never); test accuracy at "
        "the end",
        ["network and start", "epochs", "accuracy"],
        [
            [f"{n}, {rule}", float(found.mean()), float(accuracy[n][rule].mean())]
            for n in RELUS
            for rule, found in epochs[n].items()
        ],
    )
    conditions = {}
    for network, found in epochs.items():
        soonest = np.min([found[rule] for rule in BAD], axis=0)
        conditions[f"faster: {network}"] = stats.greater(
            soonest, found["He"], by=stats.TENTH, scale="log"
        )
    for network, found in accuracy.items():
        best = np.max([found[rule] for rule in BAD], axis=0)
        conditions[f"better: {network}"] = stats.greater(
            found["He"], best, by=stats.ACCURACY_POINT
        )
    return Finding(
        conditions,
        "Mean epochs from He's weights to a training loss of {goal:.2f}: {he:.1f}; "
        "from the best bad start: {bad:.1f} ({never} is never). Test accuracy from "
        "He's: {he_accuracy:.1%}; from the best bad start: {bad_accuracy:.1%}.",
        figure=draw_losses,
        goal=GOAL,
        never=never,
        he={n: e["He"].mean() for n, e in epochs.items()},
        bad={n: min(e[rule].mean() for rule in BAD) for n, e in epochs.items()},
        he_accuracy={n: a["He"].mean() for n, a in accuracy.items()},
        bad_accuracy={n: max(a[r].mean() for r in BAD) for n, a in accuracy.items()},
        epochs_by_seed=epochs,
        epochs_that_He_saves={
            n: {rule: (e[rule] - e["He"]).mean() for rule in (*BAD, "Xavier")}
            for n, e in epochs.items()
        },
        accuracy_that_He_gains={
            n: {rule: (a["He"] - a[rule]).mean() for rule in BAD}
            for n, a in accuracy.items()
        },
    )


def draw_losses(lab):
    """Training losses by epoch, start by start."""
    figure, axes = figures.new(1, 3, width=14.0, height=4.2)
    for panel, (network, rows) in zip(axes, races(lab).items(), strict=True):
        lines = {  # medians: a single diverged seed would be all of a mean
            rule: np.median([run["history"]["loss"] for run in seeds], axis=0)
            for rule, seeds in rows.items()
        }
        panel.set_yscale("log")
        panel.set_ylim(1e-3, 1e3)
        panel.axhline(GOAL, color="black", linewidth=0.8)
        panel.text(1, GOAL / 1.2, "goal", va="top")
        figures.curves(panel, np.arange(1, lab.settings.epochs + 1), lines)
        at = {rule: epochs_to_goal(seeds).mean() for rule, seeds in rows.items()}
        title = f"{network}: {winner(at, lab.settings.epochs)}"
        figures.describe(panel, title, "epoch", "training loss, nats")
    lab.figure(
        "losses",
        figure,
        "Training loss by the weights at the start, medians over the seeds; the black "
        "line is the goal, a tenth of guessing's loss. Losses above the frame are "
        "beyond 1000 nats.",
    )


def winner(at: dict[str, float], epochs: int) -> str:
    """Says which start gets to the goal first on average, if one does."""
    least = min(at.values())
    if least > epochs:
        return "none gets there"
    first = [rule for rule, epoch in at.items() if epoch == least]
    return f"{' and '.join(first)} first"


if __name__ == "__main__":
    main(__file__)
