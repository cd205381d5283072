"""Classical methods against a small convolutional network, by the number of samples."""

import keras
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from recipes.basics._perceptron_networks import BATCH, train_steps
from recipes.lab import Restart, figures, stats

SIZES = (20, 60, 200, 600, 2000, 6000)
CLASSICAL = {
    "logistic regression": lambda seed: LogisticRegression(max_iter=1000),
    "random forest": lambda seed: RandomForestClassifier(100, random_state=seed),
    "support vectors": lambda seed: SVC(C=10),
}
NETWORK = "small CNN"
PASSES = 3  # at least, where they take more steps than the setting


class Network:
    """A small convolutional network that can start afresh without compiling again."""

    def __init__(self, shape, classes: int):
        layers = keras.layers
        self.model = keras.Sequential(
            [
                keras.Input(shape),
                layers.Conv2D(16, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(32, 3, padding="same", activation="relu"),
                layers.Flatten(),
                layers.Dense(classes),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.Adam(2e-3), loss)
        self.restart = Restart(self.model)

    def score(self, x, y, x_test, y_test, steps: int, seed: int) -> float:
        """Trains from new random weights; returns the test accuracy."""
        self.restart()
        train_steps(self.model, x, y, max(steps, PASSES * len(x) // BATCH), seed)
        logits = self.model.predict(x_test, batch_size=500, verbose=0)
        return float((logits.argmax(1) == y_test).mean())


def judge(lab) -> None:
    """Asks who wins with the fewest and with the most samples."""
    data = lab.data()
    most = min(lab.settings.most, len(data.x_train))
    sizes = [*(n for n in SIZES if n < most), most]
    lab.precision("convolutional")
    network = Network(data.x_train.shape[1:], data.num_classes)

    def train(case, seed):
        method, n = case
        rows = np.random.default_rng(seed).permutation(len(data.x_train))[:n]
        x, y = data.x_train[rows], data.y_train[rows]
        if method == NETWORK:
            test = data.x_test, data.y_test
            return {"accuracy": network.score(x, y, *test, lab.settings.steps, seed)}
        with threadpool_limits(1):
            model = CLASSICAL[method](seed).fit(x.reshape(n, -1), y)
            test = data.x_test.reshape(len(data.x_test), -1)
            return {"accuracy": float(model.score(test, data.y_test))}

    methods = [*CLASSICAL, NETWORK]
    cases = {f"{m}, {n} samples": (m, n) for m in methods for n in sizes}
    found = lab.sweep(train, cases, title="samples")
    accuracy = {
        method: np.array(
            [
                [run["accuracy"] for run in found[f"{method}, {n} samples"]]
                for n in sizes
            ]
        )
        for method in methods
    }
    _verdict(lab, sizes, accuracy, network.model.count_params())
    _draw(lab, sizes, accuracy)


def _verdict(lab, sizes, accuracy, parameters: int) -> None:
    cnn, leads, best = accuracy[NETWORK], [], []
    for index in range(len(sizes)):
        best.append(max(CLASSICAL, key=lambda m: accuracy[m][index].mean()))
        leads.append(stats.paired(cnn[index], accuracy[best[-1]][index]))
    ahead = [str(n) for n, lead in zip(sizes, leads, strict=True) if lead.mean > 0]
    lab.table(
        "Test accuracy by training samples, mean over seeds",
        ("samples", *accuracy),
        [
            (str(n), *(f"{a[i].mean():.1%}" for a in accuracy.values()))
            for i, n in enumerate(sizes)
        ],
    )
    lab.verdict(
        "ml-small-dl-big-data",
        {
            f"classical wins with {sizes[0]} samples": leads[0].negative,
            f"the network wins with {sizes[-1]} samples": leads[-1].positive,
        },
        evidence={
            "test_accuracy_by_samples": {
                method: dict(zip(sizes, values.mean(1), strict=True))
                for method, values in accuracy.items()
            },
            "lead_of_the_network_over_the_best_classical": {
                f"{n} samples, {name}": lead
                for n, name, lead in zip(sizes, best, leads, strict=True)
            },
            "samples_where_the_network_is_ahead_on_average": ahead,
            "parameters_of_the_network": parameters,
        },
        note=f"On {lab.settings.data} the network's lead in accuracy over the best "
        "classical method is "
        + "; ".join(
            f"{lead} with {n} samples ({name})"
            for n, name, lead in zip(sizes, best, leads, strict=True)
            if n in (sizes[0], sizes[-1])
        )
        + f"; on average ahead with {', '.join(ahead) or 'no number of'} samples.",
    )


def _draw(lab, sizes, accuracy) -> None:
    figure, axes = figures.new()
    axes.set_xscale("log")
    axes.axhline(0, color="black", linewidth=0.8)
    leads = {name: 100 * (accuracy[NETWORK] - accuracy[name]).T for name in CLASSICAL}
    figures.curves(axes, sizes, {f"over {name}": lead for name, lead in leads.items()})
    figures.describe(
        axes,
        "The lead of a small CNN over classical methods",
        "training samples",
        "lead in test accuracy, percentage points",
    )
    lab.figure(
        "data_size", figure, "Above 0 the network wins; the bands span the seeds."
    )
