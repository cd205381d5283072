"""Sparsity: more zeros in the hidden layers, and what they are worth.

Sparse outputs make a network easier to optimize and "potentially" generalize better,
say the notes. If so, a gain should show where there is something to gain: on 200
training images. ReLU layers are made sparser by a penalty on their activations, L1, the
mean of their absolute values times a strength; and ReLU is compared with its leaky
relative, which has no zeros at all. The first claim asks for test accuracy, the second
for the epochs until the training images are learned.
"""

import keras
import numpy as np
from keras import layers

from recipes.basics._side_by_side import Kind, accuracy
from recipes.basics.activation_depth._start import start
from recipes.lab import Finding, claim, experiment, main, stats

ROWS = 200  # few, so that there is something to gain
HIDDEN = [64, 64]
EPOCHS = 60
LEARNED = 0.95  # of the training images right: 190 of 200
STRENGTHS = (1e-4, 1e-3, 1e-2)


def sparse(strength: float) -> keras.layers.Layer:
    """A ReLU whose activations are penalized by their absolute values."""
    return keras.Sequential([layers.ReLU(), layers.ActivityRegularization(l1=strength)])


KINDS = {
    "ReLU": Kind("relu"),
    "leaky ReLU 0.01": Kind(lambda: layers.LeakyReLU(negative_slope=0.01)),
    **{f"ReLU, L1 {s:g}": Kind(lambda s=s: sparse(s)) for s in STRENGTHS},
}
PAIRS = {  # the sparser one first
    f"{sparser} against {denser}": (sparser, denser)
    for sparser, denser in (
        *((f"ReLU, L1 {strength:g}", "ReLU") for strength in STRENGTHS),
        ("ReLU", "leaky ReLU 0.01"),
    )
}


def train(case, seed, data) -> dict:
    """Trains all kinds on few rows; accuracies, and the share of zeros.

    Args:
        case: `networks`, the seeds of rows and weights; `samples`; `hidden`, the
            widths; `learning_rate`; `epochs`.
        seed: Of the order of the samples, one for all networks.
        data: Images.
    """
    networks, rows, test_rows = start(KINDS, case, data)
    curves = networks.train(
        *rows,
        epochs=case["epochs"],
        seed=seed,
        scores={"test": test_rows, "training": rows},
        measure=accuracy,
    )
    zeros = networks.zeros(test_rows[0])
    return {
        name: {
            "accuracy": curves["test"][name][:, -1].tolist(),
            "training_accuracy": curves["training"][name].tolist(),
            "zeros": zeros[name].tolist(),
        }
        for name in KINDS
    }


@experiment
def trained(lab) -> dict[str, dict[str, np.ndarray]]:
    """By kind what `train` returns; arrays begin with the seeds."""
    case = {
        "networks": list(lab.seeds),
        "samples": ROWS,
        "hidden": HIDDEN,
        "learning_rate": 1e-3,
        "epochs": min(EPOCHS, 3 * lab.settings.epochs),
    }
    # Exact zeros are counted: none may come from rounding.
    sweep = lab.sweep(train, {"side by side": case}, precision="float32", seeds=[0],
                      title="sparsity")  # fmt: skip
    return {
        name: {key: np.array(values) for key, values in entry.items()}
        for name, entry in sweep["side by side"][0].items()
    }


def where_sparser(found, decisions: dict) -> dict:
    """The decision of each pair whose first has more zeros; None of the others."""
    more = {
        pair: stats.greater(found[a]["zeros"], found[b]["zeros"], by=stats.ANY).holds
        for pair, (a, b) in PAIRS.items()
    }
    return {pair: decisions[pair] if more[pair] else None for pair in PAIRS}


@claim(
    "relu-sparsity-generalises",
    # "Potentially improving generalization"; activations "can ... reduce overfitting".
    "Sparse activations can potentially improve generalization.",
    says="can",
    hedge="potentially",
    notes="002",
    scope="200 digits, two hidden layers of 64, Adam 0.001, 60 epochs, L1 from 0.0001 "
    "to 0.01",
)
def sparser_is_better(lab):
    """Compares test accuracies at equal width with more and fewer zeros."""
    found = trained(lab)
    gains = {
        pair: stats.greater(
            found[sparser]["accuracy"],
            found[denser]["accuracy"],
            by=stats.ACCURACY_POINT,
        )
        for pair, (sparser, denser) in PAIRS.items()
    }
    accuracy = {n: float(entry["accuracy"].mean()) for n, entry in found.items()}
    zeros = {n: float(entry["zeros"].mean()) for n, entry in found.items()}
    lab.table(
        f"Test accuracy after training on {ROWS} images, and zeros among activations",
        ["activation", "zeros", "test accuracy"],
        [[n, f"{zeros[n]:.1%}", f"{accuracy[n]:.2%}"] for n in KINDS],
    )
    return Finding(
        where_sparser(found, gains),
        "Test accuracy: {accuracy:.1%}. Share of zeros: {zeros:.0%}. Below one point "
        "of accuracy a gain doesn't count.",
        accuracy=accuracy,
        zeros=zeros,
        network=HIDDEN,
    )


@claim(
    "relu-sparsity-efficient",
    # "Making the neural network easier to optimize", "can lead to more efficient
    # learning", "enhance learning efficiency".
    "Sparse activations make a network easier to optimize.",
    notes="002 003",
    scope="200 digits, two hidden layers of 64, Adam 0.001, 60 epochs, L1 from 0.0001 "
    "to 0.01",
)
def sparser_is_faster(lab):
    """Compares epochs until the training images are learned."""
    found = trained(lab)
    epochs = {}
    for name, entry in found.items():
        reached = entry["training_accuracy"] >= LEARNED
        never = reached.shape[1] + 1
        epochs[name] = np.where(reached.any(1), reached.argmax(1) + 1, never)
    fewer = {
        pair: stats.greater(
            epochs[denser], epochs[sparser], by=stats.TENTH, scale="log"
        )
        for pair, (sparser, denser) in PAIRS.items()
    }
    return Finding(
        where_sparser(found, fewer),
        "Mean epochs until {learned:.0%} of the training images are right: {epochs:.1f}"
        ". Zeros: {zeros:.0%}.",
        learned=LEARNED,
        epochs={name: float(values.mean()) for name, values in epochs.items()},
        zeros={n: float(entry["zeros"].mean()) for n, entry in found.items()},
    )


if __name__ == "__main__":
    main(__file__)
