"""Speed: epochs are saved in large batches, and a step costs more.

Whether batch normalization is faster depends on what is counted. An epoch with it takes
longer, because it adds operations to every step. A batch of 2 has hardly a mean to
speak of. And each network has a learning rate of its own: with the plain network's
rate, the normalized one is held back, and the other way round.

So each has the best of its rates, chosen on other seeds, and what counts is when the
training loss, measured after each epoch in inference mode, first comes down to a goal.
"""

import time

import keras
import numpy as np

from recipes.gradients.normalization._images import at_best, draw, study, train
from recipes.lab import Finding, claim, experiment, figures, fit, main, stats

GOAL = 0.1  # nats: the classes are learned by then, with room left above 0
# Half a decade apart.
RATES = {2: (0.001, 0.003, 0.01, 0.03, 0.1, 0.3), 32: (0.03, 0.1, 0.3, 1.0, 3.0)}
DEEP = 10
NETWORKS = {
    "batches of 32": ((64, 64), 32),
    "batches of 32, ten layers": ((64,) * DEEP, 32),
    "batches of 2": ((64, 64), 2),
}
ROUNDS = 5  # of timings
SOONER = stats.Threshold(
    "a tenth fewer",
    float(np.log(1.1)),
    "logarithm of the ratio",
    "a tenth of a training's time changes no decision.",
)


def network_of(units, normalized: bool) -> dict:
    """Arguments of the builder."""
    return {"units": list(units), "place": "before" if normalized else None}


def epochs_to_goal(losses: np.ndarray) -> float:
    """Epochs until the loss is down to `GOAL`, with straight lines on logarithms.

    One more than there are, where it never gets there.
    """
    below = np.flatnonzero(np.asarray(losses) <= GOAL)
    if not len(below):
        return len(losses) + 1.0
    at = int(below[0])
    if at == 0:
        return 1.0
    before, after = np.log(losses[at - 1]), np.log(max(losses[at], 1e-9))
    return float(at + (before - np.log(GOAL)) / (before - after))


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """All networks with and without normalization at their best rates."""
    found = {}
    for size, rates in RATES.items():
        cases = {
            f"{name}, {way}": {
                "network": network_of(units, way == "normalized"),
                "batch_size": batch,
                # Batches of 2 make sixteen times as many updates an epoch.
                "epochs": max(2, lab.settings.epochs // (2 if batch == 2 else 1)),
                "rows": lab.settings.rows,
            }
            for name, (units, batch) in NETWORKS.items()
            for way in ("normalized", "plain")
            if batch == size
        }
        found |= at_best(
            lab,
            train,
            cases,
            rates,
            # Where no rate gets there, the one that comes nearest.
            lambda run: (
                epochs_to_goal(run["training_loss"]) + run["training_loss"][-1] / 100
            ),
            title=f"speed in batches of {size}",
        )
    return found


class Clock(keras.callbacks.Callback):
    """Takes the time of every epoch."""

    def on_train_begin(self, logs=None):
        """Begins anew."""
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Keeps the epoch's time."""
        self.seconds.append(time.perf_counter() - self.start)


@experiment(alone=True)
def seconds_an_epoch(lab) -> dict[str, float]:
    """The median time of an epoch, without scoring, of every network.

    The networks take turns, so that a machine that is busy for a while slows all.
    """
    data = lab.data(lab.settings.data)
    training = draw(data, 0, lab.settings.rows)[0]
    taken = {f"{name}, {w}": [] for name in NETWORKS for w in ("normalized", "plain")}
    for _ in range(1 if lab.smoke else ROUNDS):
        for name, (units, batch) in NETWORKS.items():
            for way in ("normalized", "plain"):
                network = network_of(units, way == "normalized")
                network["classes"] = data.num_classes
                model = study.start(training, 0, learning_rate=0.01, network=network)
                clock = Clock()
                fit(model, *training, batch_size=batch, epochs=4, seed=0,
                    callbacks=[clock], xla=False)  # fmt: skip
                taken[f"{name}, {way}"].append(min(clock.seconds[1:]))
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


@experiment
def to_goal(lab) -> dict[str, np.ndarray]:
    """Epochs to the goal of every network, one a seed."""
    return {
        name: np.array([epochs_to_goal(run["training_loss"]) for run in runs])
        for name, runs in trainings(lab).items()
    }


@claim(
    "bn-speeds-up",
    "Batch normalization helps a network to converge faster.",
    says="often",
    hedge="helps",
    notes="001 002 003",
    scope="500 digits, 2 or 10 layers of 64 ReLU units, SGD, best rate each, this CPU",
)
def sooner_at_the_goal(lab):
    """Epochs and seconds to a training loss of 0.1, by batch size and depth."""
    epochs, seconds = to_goal(lab), seconds_an_epoch(lab)
    conditions, shown = {}, {}
    for name in NETWORKS:
        ways = [f"{name}, {way}" for way in ("plain", "normalized")]
        counted = [np.log(epochs[way]) for way in ways]
        timed = [np.log(epochs[way] * seconds[way]) for way in ways]
        # Some trainings never get there: medians, by ranks.
        for what, pair in (("epochs", counted), ("seconds", timed)):
            conditions[f"{name}: {what}"] = stats.greater(
                *pair, by=SOONER, scale="ranks"
            )
        shown[name] = [float(np.median(epochs[way])) for way in reversed(ways)]
    cost = {
        name: seconds[f"{name}, normalized"] / seconds[f"{name}, plain"]
        for name in NETWORKS
    }
    lab.table(
        f"Epochs to a training loss of {GOAL} nats (medians), and an epoch's time",
        ["network", "rate", "epochs", "ms an epoch"],
        [
            [way, f"{runs[0]['learning_rate']:g}", f"{np.median(epochs[way]):.1f}",
             f"{1e3 * seconds[way]:.1f}"]
            for way, runs in trainings(lab).items()
        ],
    )  # fmt: skip
    return Finding(
        conditions,
        "In batches of 32 a training loss of {goal} nats takes {two[0]:.1f} epochs "
        "with normalization, {two[1]:.1f} without. With ten layers it takes "
        "{ten[0]:.1f} and {ten[1]:.1f}, in batches of 2 {pairs[0]:.1f} and "
        "{pairs[1]:.1f} (medians, one more than there are where it never gets there). "
        "An epoch takes {cost:.1f} times as long.",
        figure=draw_losses,
        goal=GOAL,
        two=shown["batches of 32"],
        ten=shown["batches of 32, ten layers"],
        pairs=shown["batches of 2"],
        cost=list(cost.values()),
        epochs_to_goal=epochs,
        seconds_an_epoch=seconds,
        learning_rate={n: of[0]["learning_rate"] for n, of in trainings(lab).items()},
    )


def draw_losses(lab):
    """Training loss by epoch, each at its best rate."""
    figure, panels = figures.new(1, 3, width=13.0, height=4.0)
    for axes, name in zip(panels, NETWORKS, strict=True):
        axes.set(yscale="log", ylim=(1e-3, 4))
        for index, way in enumerate(("normalized", "plain")):
            values = np.median(
                stats.column(trainings(lab)[f"{name}, {way}"], "training_loss"), 0
            )
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            steps = range(1, len(values) + 1)
            axes.plot(steps, np.maximum(values, 1e-3), label=way, **style)
        axes.axhline(GOAL, color="#000000", lw=0.8, ls=":")
        figures.describe(axes, name.capitalize(), "epoch", "training loss (nats)")
        figures.legend(axes)
    ratios = {
        name: np.median(to_goal(lab)[f"{name}, plain"])
        / np.median(to_goal(lab)[f"{name}, normalized"])
        for name in NETWORKS
    }
    sooner = [name for name, ratio in ratios.items() if ratio > 1]
    figure.suptitle(
        f"Normalized networks need fewer epochs: {'; '.join(sooner) or 'nowhere'}",
        fontweight="bold",
    )
    lab.figure(
        "losses",
        figure,
        "Training loss in inference mode by epoch, medians over the seeds, each at its "
        f"best rate. Dotted: the goal of {GOAL} nats.",
    )


if __name__ == "__main__":
    main(__file__)
