"""Deep networks: whether leaky ReLU, ELU or SELU help where ReLU suffers."""

import keras
import numpy as np
from keras import layers

from recipes.basics._activation_data import copies
from recipes.basics._activation_measures import Watch, accuracy, larger, sweep_together
from recipes.basics._activation_networks import Kind, SideBySide, cross_entropy
from recipes.lab import figures, stats

KINDS = {
    "ReLU": Kind("relu"),
    "leaky ReLU 0.01": Kind(lambda: layers.LeakyReLU(negative_slope=0.01)),
    "leaky ReLU 0.3": Kind(layers.LeakyReLU),  # Keras's default slope
    "ELU": Kind("elu"),
    "SELU, LeCun normal": Kind("selu", initializer=keras.initializers.LecunNormal),
}
WIDTH = 32
RATE = 0.03  # Adam's; thirty times the default, so that units may die
EPOCHS = 12
TENTH = float(np.log10(1.1))  # of a gradient: a gain that would be worth naming


def train(data, seeds, settings) -> dict[str, list[dict]]:
    """Measures all networks at the start, trains them, counts what died."""
    x, y, x_test, y_test = copies(data, seeds, settings.samples)
    hidden = (WIDTH,) * settings.layers
    networks = SideBySide(
        KINDS, x.shape[2], hidden, data.num_classes, seeds, cross_entropy, RATE
    )
    batch = x[:256], y[:256]
    norms = networks.gradients_at_units(*batch)
    outputs = networks.hidden(batch[0])
    watch = Watch(networks, x_test, y_test, accuracy)
    networks.train(
        x, y, epochs=min(EPOCHS, settings.epochs), batch_size=64, watch=[watch]
    )
    died, curves = networks.dead(batch[0]), watch.curves()
    return {
        name: [
            {
                "gradient_ratio": float(norms[0][name][i] / norms[-1][name][i]),
                "variance_ratio": float(
                    outputs[-1][name][i].var() / outputs[0][name][i].var()
                ),
                "dead_at_the_end": float(died[name][i]),
                "history": {"test_accuracy": curves[name][i].tolist()},
            }
            for i in range(len(seeds))
        ]
        for name in KINDS
    }


def judge(lab) -> None:
    """Compares each fallback with ReLU."""
    data = lab.data()
    found = sweep_together(
        lab, lambda seeds: train(data, seeds, lab.settings), KINDS, "deep networks"
    )
    holds, evidence = {}, {}
    for name in list(KINDS)[1:]:
        pair = found[name], found["ReLU"]
        fewer = stats.paired(*(values(runs, "dead_at_the_end") for runs in pair))
        ratios = [np.log10(values(runs, "gradient_ratio")) for runs in pair]
        holds[f"{name}: fewer dead units"] = fewer.negative
        holds[f"{name}: gradients vanish less"] = larger(*ratios, worth=TENTH)
        evidence[name] = {
            "dead_units_minus_ReLU": fewer,
            "log10_of_the_gradient_ratio_minus_ReLU": stats.paired(*ratios),
            "test_accuracy_minus_ReLU": stats.paired(*map(last_accuracy, pair)),
        }
    rows = summary(found)
    lab.table(
        f"{lab.settings.layers} hidden layers: at the start, and trained at {RATE:g}",
        ("activation", "gradient ratio", "variance ratio", "dead units", "accuracy"),
        rows,
    )
    lab.verdict(
        "selu-alternative",
        holds,
        evidence={
            "gradient_ratio_first_over_last_hidden_layer": {r[0]: r[1] for r in rows},
            "variance_ratio_last_over_first_hidden_layer": {r[0]: r[2] for r in rows},
            **evidence,
        },
        note="Gradient in the first hidden layer over that in the last, at the start; "
        f"dead units and test accuracy after training at rate {RATE:g}: "
        + "; ".join(
            f"{name} {ratio:.2g}, {dead}, {score}"
            for name, ratio, _, dead, score in rows
        )
        + ".",
    )
    draw(lab, found)


def values(runs: list[dict], key: str) -> np.ndarray:
    """Returns one number a seed."""
    return np.array([run[key] for run in runs])


def summary(found) -> list[tuple]:
    """Returns a row a kind; ratios are geometric means over seeds."""
    return [
        (
            name,
            float(np.exp(np.log(values(runs, "gradient_ratio")).mean())),
            float(np.exp(np.log(values(runs, "variance_ratio")).mean())),
            f"{values(runs, 'dead_at_the_end').mean():.1%}",
            f"{last_accuracy(runs).mean():.1%}",
        )
        for name, runs in found.items()
    ]


def last_accuracy(runs: list[dict]) -> np.ndarray:
    """Returns the last test accuracy of each seed."""
    return np.array([run["history"]["test_accuracy"][-1] for run in runs])


def draw(lab, found) -> None:
    """Draws dead units against test accuracy, one point a network."""
    figure, axes = figures.new(width=7.2, height=4.2)
    for index, (name, runs) in enumerate(found.items()):
        axes.plot(
            [100 * run["dead_at_the_end"] for run in runs],
            100 * last_accuracy(runs),
            "os^Dv"[index],
            color=figures.COLORS[index],
            label=name,
        )
    axes.set_ylim(0, 102)
    dead = {n: values(runs, "dead_at_the_end").mean() for n, runs in found.items()}
    score = {name: last_accuracy(runs).mean() for name, runs in found.items()}
    figures.describe(
        axes,
        f"{max(dead, key=dead.__getitem__)} has most dead units, "
        f"{max(score, key=score.__getitem__)} is most accurate",
        "dead hidden units (%)",
        "test accuracy (%)",
    )
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1, 1))
    lab.figure(
        "dead_units",
        figure,
        "Dead units and test accuracy of every network with "
        f"{lab.settings.layers} hidden layers, after training with Adam at {RATE:g}.",
    )
