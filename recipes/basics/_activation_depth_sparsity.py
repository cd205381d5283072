"""Does sparsity generalize? Sparser ReLU layers, and a dense relative."""

import keras
import numpy as np
from keras import layers

from recipes.basics._activation_data import copies
from recipes.basics._activation_measures import Watch, accuracy, larger, sweep_together
from recipes.basics._activation_networks import Kind, SideBySide, cross_entropy
from recipes.lab import stats

ROWS = 200  # few, so that there is something to gain
HIDDEN = (64, 64)
EPOCHS = 60
STRENGTHS = (1e-4, 1e-3, 1e-2)
POINT = 0.01  # of accuracy: a gain that would be worth naming


def sparse(strength: float) -> keras.layers.Layer:
    """Makes a ReLU whose activations are penalized by their absolute values."""
    return keras.Sequential([layers.ReLU(), layers.ActivityRegularization(l1=strength)])


KINDS = {
    "ReLU": Kind("relu"),
    "leaky ReLU 0.01": Kind(lambda: layers.LeakyReLU(negative_slope=0.01)),
    **{f"ReLU, L1 {s:g}": Kind(lambda s=s: sparse(s)) for s in STRENGTHS},
}


def train(data, seeds, epochs: int) -> dict[str, list[dict]]:
    """Trains all kinds on few rows; says accuracies and shares of zeros."""
    x, y, x_test, y_test = copies(data, seeds, ROWS)
    networks = SideBySide(
        KINDS, x.shape[2], HIDDEN, data.num_classes, seeds, cross_entropy
    )
    watch = Watch(networks, x_test, y_test, accuracy)
    networks.train(x, y, epochs=epochs, watch=[watch])
    share, curves = networks.zeros(x_test), watch.curves()
    return {
        name: [
            {
                "zeros": float(share[name][i]),
                "history": {"test_accuracy": curves[name][i].tolist()},
            }
            for i in range(len(seeds))
        ]
        for name in KINDS
    }


def judge(lab) -> None:
    """Compares test accuracies at equal width with more and fewer zeros."""
    data, epochs = lab.data(), min(EPOCHS, 3 * lab.settings.epochs)
    found = sweep_together(
        lab, lambda seeds: train(data, seeds, epochs), KINDS, "sparsity"
    )
    score = {
        name: np.array([run["history"]["test_accuracy"][-1] for run in runs])
        for name, runs in found.items()
    }
    share = {n: np.array([run["zeros"] for run in runs]) for n, runs in found.items()}
    pairs = [(f"ReLU, L1 {s:g}", "ReLU") for s in STRENGTHS]
    pairs.append(("ReLU", "leaky ReLU 0.01"))
    holds, evidence = {}, {}
    for sparser, denser in pairs:
        gain = stats.paired(score[sparser], score[denser])
        more = stats.paired(share[sparser], share[denser])
        better = larger(score[sparser], score[denser], worth=POINT)
        case = f"{sparser} against {denser}"
        holds[case] = better if more.positive else None  # is it sparser at all?
        evidence[case] = {
            "gain_in_test_accuracy": gain,
            "more_zeros": more,
        }
    lab.table(
        f"Test accuracy after training on {ROWS} images, and zeros among activations",
        ("activation", "zeros", "test accuracy"),
        [(n, f"{share[n].mean():.1%}", f"{score[n].mean():.2%}") for n in KINDS],
    )
    lab.verdict(
        "relu-sparsity-generalises",
        holds,
        evidence={"network": [*HIDDEN], **evidence},
        note="Test accuracy (share of zeros): "
        + ", ".join(
            f"{name} {score[name].mean():.1%} ({share[name].mean():.0%})"
            for name in KINDS
        )
        + f". Below {100 * POINT:g} point of accuracy a gain doesn't count.",
    )
