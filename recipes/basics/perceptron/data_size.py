"""Data size: who wins with few samples, a classical method or a network?

Deep networks are said to need much data, classical methods little. Whether that holds
depends on what each one knows before it sees data. A convolutional network knows that
neighboring pixels belong together and that a stroke may lie anywhere; support vectors,
a forest and a logistic regression know nothing of images. With 20 samples that
knowledge counts most.

The claim sets small data against big data, so it is judged only on a set that has both:
MNIST, with `--data mnist`. The digits are few at their most.
"""

import keras
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats

SIZES = (20, 60, 200, 600, 2000, 6000)  # about three times more each time
NETWORK = "small CNN"
BATCH = 32
PASSES = 3  # at least, where they take more steps than the setting
BIG = 10_000  # training samples: support vectors still take them, in minutes
CLASSICAL = {
    "logistic regression": lambda seed: LogisticRegression(max_iter=1000),
    "random forest": lambda seed: RandomForestClassifier(100, random_state=seed),
    "support vectors": lambda seed: SVC(C=10),
}


def small_cnn(input_shape, classes: int) -> keras.Model:
    """Two convolutions and a dense layer: one logit a class."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(classes),
        ]
    )


CNN = Study(
    small_cnn,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    {"class_name": "Adam", "config": {"learning_rate": 2e-3}},
)


def learn(case, seed, data) -> dict:
    """Learns from some of the samples; returns the test accuracy."""
    n = case["samples"]
    rows = np.random.default_rng(seed).permutation(len(data.x_train))[:n]
    x, y = data.x_train[rows], data.y_train[rows]
    if case["method"] == NETWORK:
        return learn_network(x, y, case["steps"], seed, data)
    model = CLASSICAL[case["method"]](seed).fit(x.reshape(n, -1), y)
    x_test = data.x_test.reshape(len(data.x_test), -1)
    return {"accuracy": float(model.score(x_test, data.y_test))}


def learn_network(x, y, steps: int, seed: int, data) -> dict:
    """Trains the network for a number of steps: one long epoch over the samples."""

    def measure(model):
        logits = model.predict(data.x_test, batch_size=500, verbose=0)
        accuracy = float((logits.argmax(1) == data.y_test).mean())
        return {"accuracy": accuracy, "parameters": model.count_params()}

    steps = max(steps, PASSES * len(x) // BATCH)
    repeated = np.resize(np.arange(len(x)), steps * BATCH)
    run = CNN.train(
        (x[repeated], y[repeated]),
        seed,
        epochs=1,
        batch_size=BATCH,
        network={"classes": data.num_classes},
        measure=measure,
    )
    return run["measured"]


def sizes(lab) -> list[int]:
    """The numbers of samples that are tried, the most last."""
    most = min(lab.settings.most, len(lab.data().x_train))
    return [*(n for n in SIZES if n < most), most]


@experiment
def accuracies(lab) -> tuple[dict[str, np.ndarray], int]:
    """Test accuracy by method, (sizes, seeds), and the network's parameters."""
    methods = [*CLASSICAL, NETWORK]
    cases = {
        f"{method}, {n} samples": {"method": method, "samples": n}
        | ({"steps": lab.settings.steps} if method == NETWORK else {})
        for method in methods
        for n in sizes(lab)
    }
    found = lab.sweep(learn, cases, precision="convolutional", title="samples")
    accuracy = {
        method: np.array(
            [
                stats.column(found[f"{method}, {n} samples"], "accuracy")
                for n in sizes(lab)
            ]
        )
        for method in methods
    }
    return accuracy, found[f"{NETWORK}, {sizes(lab)[0]} samples"][0]["parameters"]


def best_classical(accuracy: dict[str, np.ndarray], index: int) -> str:
    """The classical method with the highest mean accuracy at one size."""
    return max(CLASSICAL, key=lambda method: accuracy[method][index].mean())


@claim(
    "ml-small-dl-big-data",
    # "ML models ... can often extract meaningful patterns from smaller datasets" stands
    # beside "ml works good with small data ... dl works good with big data".
    "Classical methods work better on small data, deep learning on big data.",
    notes="003",
    scope="from 20 training images to all 1437 of the digits, or 10,000 of a larger "
    "set; a CNN with two convolutions, 600 steps or three passes",
)
def small_and_big(lab):
    """The network against the best classical method, with the fewest and the most."""
    tried, (accuracy, parameters) = sizes(lab), accuracies(lab)
    best = [best_classical(accuracy, index) for index in range(len(tried))]
    network = accuracy[NETWORK]
    point = stats.ACCURACY_POINT
    classical_ahead = stats.greater(accuracy[best[0]][0], network[0], by=point)
    network_ahead = stats.greater(network[-1], accuracy[best[-1]][-1], by=point)
    leads = {
        n: float((network[i] - accuracy[best[i]][i]).mean())
        for i, n in enumerate(tried)
    }
    lab.table(
        "Test accuracy by training samples, mean over seeds",
        ("samples", *accuracy),
        [
            (str(n), *(f"{a[i].mean():.1%}" for a in accuracy.values()))
            for i, n in enumerate(tried)
        ],
    )
    judged = {
        f"classical ahead with {tried[0]} samples": classical_ahead,
        f"the network ahead with {tried[-1]} samples": network_ahead,
    }
    big = tried[-1] >= BIG
    return Finding(
        judged if big else {f"small against big data (at least {BIG} samples)": None},
        "The network's lead in accuracy over the best classical method is "
        "{lead_with_fewest:+.1%} with {fewest} samples ({best_with_fewest}) and "
        "{lead_with_most:+.1%} with {most} ({best_with_most}). On average it is ahead "
        "with {ahead} samples.{judged}",
        figure=draw_leads,
        judged="" if big else f" No size here is big data ({BIG} samples).",
        ends=judged,
        fewest=tried[0],
        most=tried[-1],
        best_with_fewest=best[0],
        best_with_most=best[-1],
        lead_with_fewest=leads[tried[0]],
        lead_with_most=leads[tried[-1]],
        ahead=[n for n, lead in leads.items() if lead > 0],
        test_accuracy={
            method: dict(zip(map(str, tried), values.mean(1).tolist(), strict=True))
            for method, values in accuracy.items()
        },
        lead_over_the_best_classical={str(n): lead for n, lead in leads.items()},
        parameters_of_the_network=parameters,
    )


def draw_leads(lab):
    """The network's lead over each classical method, by the number of samples."""
    tried, (accuracy, _) = sizes(lab), accuracies(lab)
    figure, axes = figures.new(width=8.0)
    axes.set_xscale("log")
    axes.set_xticks(tried, [f"{n:,}" for n in tried])
    axes.minorticks_off()
    axes.axhline(0, color="black", linewidth=0.8)
    best = [best_classical(accuracy, index) for index in range(len(tried))]
    gaps = {m: 100 * (accuracy[NETWORK] - accuracy[m]) for m in CLASSICAL}
    for name, color, marker in zip(CLASSICAL, figures.COLORS, "os^", strict=False):
        axes.errorbar(
            tried,
            gaps[name].mean(1),
            [
                gaps[name].mean(1) - gaps[name].min(1),
                gaps[name].max(1) - gaps[name].mean(1),
            ],
            color=color,
            marker=marker,
            capsize=3,
            linewidth=1.5,
            label=f"over {name}",
        )
    figures.legend(axes, loc="upper right")
    winners = ["the CNN" if gaps[best[i]][i].mean() > 0 else best[i] for i in (0, -1)]
    figures.describe(
        axes,
        f"Most accurate with {tried[0]} samples: {winners[0]}; "
        f"with {tried[-1]:,}: {winners[1]}",
        "training samples",
        "lead of a small CNN in test accuracy,\npercentage points",
    )
    lab.figure(
        "data_size",
        figure,
        "Above 0 the network is more accurate. Points are means over the seeds, bars "
        "reach from the least to the greatest seed.",
    )


if __name__ == "__main__":
    main(__file__)
