"""Rectified: ReLU in a recurrent network is as good as its start.

The notes' table recommends ReLU for recurrent networks. A tanh keeps the state between
-1 and 1; a ReLU lets it grow, step after step, by the same matrix. From Keras's
orthogonal start half of the signals are cut at every step. From the identity a state
that is not negative stays what it was, and a ReLU can carry it over many steps (Le,
Jaitly and Hinton, 2015).
"""

import numpy as np

from recipes.architectures.recurrent._sequences import (
    ERROR_OF_THE_MEAN,
    IDENTITY,
    RELU,
    TANH,
    lengths,
    scores,
    trainings,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

STARTS = {"Keras's start": RELU, "from the identity": IDENTITY}
NAMES = {"tanh": TANH, "ReLU (Keras's start)": RELU, "ReLU (identity)": IDENTITY}


@experiment
def longest_scores(lab) -> dict[str, dict[str, np.ndarray]]:
    """Scores over the longest sequences of each task, by network and seed."""
    return {
        task: scores(lab)[task, max(lengths(lab, task))]
        for task in ("recall", "adding")
    }


# The recommendation names no start, so both are tried. What is compared is what a user
# would get: each network at its own best rate, on sequences that chose nothing.


@claim(
    "rnn-relu-vs-tanh",
    "Use ReLU as the activation in deep learning with recurrent networks.",
    says="advice",
    notes="003",
    scope="SimpleRNN of 34 units: recall over 100 steps, adding over 50; tanh is the "
    "rival",
)
def relu_against_tanh(lab):
    """ReLU from two starts against tanh, Keras's default."""
    found, conditions, means = longest_scores(lab), {}, {}
    for task, row in found.items():
        length = max(lengths(lab, task))
        for words, network in STARTS.items():
            place = f"{words}: {task} over {length}"
            if task == "recall":
                conditions[place] = stats.greater(
                    row[network], row[TANH], by=stats.ACCURACY_POINT
                )
            else:
                conditions[place] = stats.greater(
                    row[TANH], row[network], by=stats.TENTH, scale="log"
                )
        means[task] = {
            name: float(row[network].mean()) for name, network in NAMES.items()
        }
    rates = {
        f"{task} over {length}": {name: rates[n] for name, n in NAMES.items()}
        for (task, length), (_, rates) in trainings(lab).items()
        if length == max(lengths(lab, task))
    }
    return Finding(
        conditions,
        "Recall: {recalled:.0%}. Squared error of adding ({guess:.3f} for the mean): "
        "{added:.2g}.",
        figure=draw_activations,
        guess=ERROR_OF_THE_MEAN,
        recalled=means["recall"],
        added=means["adding"],
        best_rates=rates,
        scores=found,
    )


def draw_activations(lab):
    """Every seed's score by activation and start."""
    figure, axes = figures.new(1, 2, width=11.0, height=4.0)
    found = longest_scores(lab)
    labels = {"recall": "test accuracy", "adding": "squared error (1/6: the mean)"}
    for axis, (task, row) in zip(axes, found.items(), strict=True):
        for position, network in enumerate(NAMES.values()):
            values = row[network]
            shift = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else [0.0]
            style = {"color": figures.COLORS[position], "alpha": 0.8}
            axis.plot(position + np.array(shift), values, "o", **style)
            axis.plot(position, values.mean(), "_", color="black", markersize=34)
        axis.set(xlim=(-0.5, len(NAMES) - 0.5), xticks=range(len(NAMES)))
        axis.set_xticklabels([name.replace(" (", "\n(") for name in NAMES])
        sign = 1 if task == "recall" else -1
        best = max(NAMES, key=lambda name: sign * row[NAMES[name]].mean())
        if task == "adding":
            axis.set(yscale="log")
        steps = max(lengths(lab, task))
        title = f"{task.capitalize()} over {steps} steps, best: {best}"
        figures.describe(axis, title, "activation and start", labels[task])
    lab.figure(
        "activations",
        figure,
        "SimpleRNNs with tanh and with ReLU, each at its best rate, a dot a seed; the "
        "bar is the mean.",
    )


if __name__ == "__main__":
    main(__file__)
