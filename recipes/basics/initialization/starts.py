"""Starts: what the first weights are worth in training.

All ones is the worst start: the units are alike, and a unit that adds up all pixels
with weights of 1 gets a sum of 20, where the sigmoid is flat.

He's weights then race two bad starts: N(0, 0.01²), with which signals vanish, and
N(0, 1), with which they explode (zeros, where all units are alike, are in the lesson
`symmetry`). With one hidden layer each start gets there. With five layers the bad ones
hardly do in twenty epochs, and an optimizer that rescales its steps, Adam, does not
help. He's weights must beat the better one of the two.
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
    accuracy = {name: stats.column(rows, "accuracy") for name, rows in runs.items()}
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
        test_accuracy={name: values.mean() for name, values in accuracy.items()},
        common=np.bincount(data.y_test).max() / len(data.y_test),
        accuracy_that_Xavier_gains=gains,
        largest_slope_of_a_hidden_unit=slopes.max(),
    )


GOAL = 0.1 * Study.loss_of_guessing(10)  # nats: a tenth of a guess among ten classes
BAD = ("N(0, 0.01²)", "N(0, 1)")
TIMES = 2  # trainings for each that `--seeds` asks for: some differences are small


@experiment
def races(lab) -> dict[str, dict[str, list[dict]]]:
    """Every ReLU network from every start, on standardized images."""
    rules = ("He", *BAD)
    chosen = cases(lab.settings, RELUS, rules, activation="relu", standardized=True)
    seeds = lab.more_seeds(TIMES)
    title = "good and bad starts"
    runs = lab.sweep(train, chosen, precision="float32", seeds=seeds, title=title)
    return {n: {rule: runs[f"{n}, {rule}"] for rule in rules} for n in RELUS}


def epochs_to_goal(runs: list[dict]) -> np.ndarray:
    """Returns each run's first epoch with the goal's loss, or one more than it had."""
    losses = np.array([run["history"]["loss"] for run in runs])
    reached = losses <= GOAL
    return np.where(reached.any(1), reached.argmax(1) + 1, losses.shape[1] + 1)


@claim(
    "init-faster-convergence",
    "Good initial weights can make training faster and models better.",
    # "Can lead to quicker convergence", "helps in reaching better-performing models".
    says="can",
    hedge="can",
    notes="001 002",
    scope="digits, ReLU networks of 1 and 5 hidden layers, 20 epochs",
)
def good_weights_are_faster(lab):
    """He's weights against the better one of two bad starts."""
    runs, never = races(lab), lab.settings.epochs + 1
    epochs, accuracy, conditions, bad = {}, {}, {}, {}
    for network, by_rule in runs.items():
        epochs[network] = e = {r: epochs_to_goal(rows) for r, rows in by_rule.items()}
        accuracy[network] = a = {
            rule: stats.column(rows, "accuracy") for rule, rows in by_rule.items()
        }
        soonest = min(BAD, key=lambda rule: e[rule].mean())
        best = max(BAD, key=lambda rule: a[rule].mean())
        conditions[f"faster: {network}"] = stats.greater(
            e[soonest], e["He"], by=stats.TENTH, scale="log"
        )
        conditions[f"better: {network}"] = stats.greater(
            a["He"], a[best], by=stats.ACCURACY_POINT
        )
        bad[network] = e[soonest].mean(), a[best].mean()
    lab.table(
        f"Epochs to a tenth of guessing's loss ({never}: never); test accuracy at "
        "the end",
        ["network and start", "epochs", "accuracy"],
        [
            [f"{n}, {rule}", found.mean(), accuracy[n][rule].mean()]
            for n in RELUS
            for rule, found in epochs[n].items()
        ],
    )
    return Finding(
        conditions,
        "Mean epochs from He's weights to a training loss of {goal:.2f}: {he:.1f}; "
        "from the better bad start: {bad:.1f} ({never} is never). Test accuracy from "
        "He's: {he_accuracy:.1%}; from the better bad start: {bad_accuracy:.1%}.",
        figure=draw_losses,
        goal=GOAL,
        never=never,
        he={n: e["He"].mean() for n, e in epochs.items()},
        bad={network: found[0] for network, found in bad.items()},
        he_accuracy={n: a["He"].mean() for n, a in accuracy.items()},
        bad_accuracy={network: found[1] for network, found in bad.items()},
        epochs_by_seed=epochs,
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
    first = [rule for rule, epoch in at.items() if epoch == min(at.values())]
    there = min(at.values()) <= epochs
    return f"{' and '.join(first)} first" if there else "none gets there"


if __name__ == "__main__":
    main(__file__)
