"""What a start is worth in training: all ones, and how fast good and bad ones learn."""

import keras
import numpy as np
from scipy.special import expit

from recipes.basics._initialization_rules import draw
from recipes.lab import Restart, fit, stats
from zoo import mlp

BATCH_SIZE = 64
GUESSING = float(np.log(10))  # nats: ten classes, all equally likely
GOAL = 0.1 * GUESSING
LARGEST = 1e6  # what a loss counts at most, also one that is not finite

GOOD, BAD = ("He", "Xavier"), ("zeros", "N(0, 0.01²)", "N(0, 1)")
# Widths of the ReLU layers, and the optimizer with its learning rate.
NETWORKS = {
    "1 hidden layer, SGD": ((128,), keras.optimizers.SGD, 0.1),
    "5 hidden layers, SGD": ((64,) * 5, keras.optimizers.SGD, 0.1),
    "5 hidden layers, Adam": ((64,) * 5, keras.optimizers.Adam, 0.001),
}
SIGMOIDS = {
    "SGD": ((128,), keras.optimizers.SGD, 0.1),
    "Adam": ((128,), keras.optimizers.Adam, 0.001),
}


class Trainings:
    """Trains networks from any start; each is compiled once.

    Args:
        x: Training images, as the networks get them.
        y: Their classes.
        x_test: Test images.
        y_test: Their classes.
        classes: How many classes there are.
        activation: Of the hidden layers.
        epochs: Passes over the data.
    """

    def __init__(self, x, y, x_test, y_test, classes, activation, epochs):
        self.x, self.y, self.x_test, self.y_test = x, y, x_test, y_test
        self.classes, self.activation, self.epochs = classes, activation, epochs
        self.restarts: dict[tuple, Restart] = {}

    def train(self, case, seed: int) -> dict:
        """Trains one network from one start.

        Args:
            case: A value of `NETWORKS` or `SIGMOIDS`, and a rule of `start_weights`.
            seed: Decides the weights and the order of the samples.
        """
        network, rule = case
        if network not in self.restarts:
            self.restarts[network] = Restart(self.compiled(*network))
        restart = self.restarts[network]
        restart(start_weights(restart.model, rule, seed))
        history = fit(
            restart.model,
            self.x,
            self.y,
            batch_size=BATCH_SIZE,
            epochs=self.epochs,
            seed=seed,
            on_divergence="return",  # too large weights are tried on purpose
        )
        logits = restart.model.predict_on_batch(self.x_test)
        # Logits that are no numbers tell nothing, and argmax would say class 0.
        right = (logits.argmax(1) == self.y_test) & np.isfinite(logits).all(1)
        losses = np.nan_to_num(history.history["loss"], nan=LARGEST, posinf=LARGEST)
        losses = np.minimum(losses, LARGEST).tolist()
        return {"history": {"loss": losses}, "accuracy": float(right.mean())}

    def compiled(self, units, optimizer, rate) -> keras.Model:
        """Makes a model."""
        model = mlp(
            self.x.shape[1:], self.classes, units=units, activation=self.activation
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer(rate), loss)
        return model


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


def judge_ones(lab, data, x, y) -> None:
    """Starts a sigmoid network with all weights and biases at 1."""
    trainings = Trainings(
        x, y, data.x_test, data.y_test, data.num_classes, "sigmoid", lab.settings.epochs
    )
    cases = {
        f"{optimizer}, {rule}": (network, rule)
        for optimizer, network in SIGMOIDS.items()
        for rule in ("ones", "Xavier")
    }
    runs = lab.sweep(trainings.train, cases, title="all ones")
    accuracy = {name: [run["accuracy"] for run in rows] for name, rows in runs.items()}
    behind = {
        optimizer: stats.paired(
            accuracy[f"{optimizer}, ones"], accuracy[f"{optimizer}, Xavier"]
        )
        for optimizer in SIGMOIDS
    }
    z = x.reshape(len(x), -1).astype(float).sum(1) + 1  # every unit gets this
    slopes = expit(z) * expit(-z)
    common = np.bincount(data.y_test).max() / len(data.y_test)
    means = {name: np.mean(values) for name, values in accuracy.items()}
    lab.verdict(
        "init-ones-bad",
        {optimizer: gap.negative for optimizer, gap in behind.items()},
        evidence={
            "test_accuracy": means,
            "accuracy_minus_that_from_Xavier": behind,
            "test_share_of_the_commonest_class": common,
            "mean_input_of_a_hidden_unit": z.mean(),
            "mean_slope_of_a_hidden_unit": slopes.mean(),
            "largest_slope_of_a_hidden_unit": slopes.max(),
        },
        note=f"A hidden unit gets {z.mean():.1f} on average, where the sigmoid's slope "
        f"is {expit(z.mean()) * expit(-z.mean()):.1g}, and all units are alike. Test "
        "accuracy from ones and from Xavier's weights: "
        + "; ".join(
            f"{optimizer} {means[f'{optimizer}, ones']:.1%} and "
            f"{means[f'{optimizer}, Xavier']:.1%}"
            for optimizer in SIGMOIDS
        )
        + f" (the commonest class is {common:.1%}).",
    )


def epochs_to_goal(runs: list[dict]) -> np.ndarray:
    """Returns each run's first epoch with the goal's loss, or one more than it had."""
    losses = np.array([run["history"]["loss"] for run in runs])
    reached = losses <= GOAL
    return np.where(reached.any(1), reached.argmax(1) + 1, losses.shape[1] + 1)


def sweep(lab, data, x, y) -> dict[str, list[dict]]:
    """Trains every ReLU network from every start, on standardized images."""
    mean, spread = x.mean(), x.std()
    trainings = Trainings(
        (x - mean) / spread,
        y,
        (data.x_test - mean) / spread,
        data.y_test,
        data.num_classes,
        "relu",
        lab.settings.epochs,
    )
    cases = {
        f"{name}, {rule}": (network, rule)
        for name, network in NETWORKS.items()
        for rule in (*GOOD, *BAD)
    }
    return lab.sweep(trainings.train, cases, title="good and bad starts")


def count(comparisons: dict[str, stats.Comparison]) -> str:
    """Says how many comparisons are clearly above 0, and which are not."""
    others = [case for case, found in comparisons.items() if not found.positive]
    told = f"{len(comparisons) - len(others)} of {len(comparisons)}"
    return told + (f" (not clearly {', '.join(others)})" if others else "")


def judge_speed(lab, runs) -> None:
    """Compares He's weights with the bad starts, in speed and in what is learned."""
    epochs = {name: epochs_to_goal(rows) for name, rows in runs.items()}
    accuracy = {name: [run["accuracy"] for run in rows] for name, rows in runs.items()}
    pairs = {
        f"{network}, {rule}": (f"{network}, He", f"{network}, {rule}")
        for network in NETWORKS
        for rule in BAD
    }
    sooner = {
        f"faster than {case}": stats.paired(epochs[bad], epochs[good])
        for case, (good, bad) in pairs.items()
    }
    better = {
        f"better than {case}": stats.paired(accuracy[good], accuracy[bad])
        for case, (good, bad) in pairs.items()
    }
    never = lab.settings.epochs + 1
    lab.table(
        f"Epochs to a tenth of guessing's loss ({never}: never); test accuracy at "
        "the end",
        ["network and start", "epochs", "accuracy"],
        [[name, epochs[name].mean(), np.mean(accuracy[name])] for name in runs],
    )
    lab.verdict(
        "init-faster-convergence",
        {case: gap.positive for case, gap in {**sooner, **better}.items()},
        evidence={
            f"epochs_to_loss_{GOAL:.2f}_by_seed_{never}_is_never": epochs,
            "epochs_that_He_saves": sooner,
            "accuracy_that_He_gains": better,
            "epochs_of_Xavier_minus_He": {
                network: stats.paired(
                    epochs[f"{network}, Xavier"], epochs[f"{network}, He"]
                )
                for network in NETWORKS
            },
        },
        note=f"Mean epochs to a training loss of {GOAL:.2f} ({never} is never): "
        + "; ".join(
            f"{network}: "
            + ", ".join(
                f"{rule} {epochs[f'{network}, {rule}'].mean():.1f}"
                for rule in (*GOOD, *BAD)
            )
            for network in NETWORKS
        )
        + f". He is clearly ahead in {count(sooner)} comparisons of speed and "
        f"{count(better)} of test accuracy.",
    )
