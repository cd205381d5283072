"""Sparsity: more zeros in the hidden layers, and no point of test accuracy is gained.

Sparse outputs "potentially" generalize better, say the notes. If so, a gain should show
where there is something to gain: on 200 training images. ReLU layers are made sparser
by a penalty on their activations, L1, the mean of their absolute values times a
strength; and ReLU is compared with its leaky relative, which has no zeros at all. The
gains that are seen are a third of a point at most; five seeds rule a point out for one
of the four pairs.
"""

import keras
import numpy as np
from keras import layers

from recipes.basics._side_by_side import Kind, accuracy
from recipes.basics.activation_depth._start import start
from recipes.lab import Finding, claim, main, stats

ROWS = 200  # few, so that there is something to gain
HIDDEN = [64, 64]
EPOCHS = 60
STRENGTHS = (1e-4, 1e-3, 1e-2)


def sparse(strength: float) -> keras.layers.Layer:
    """A ReLU whose activations are penalized by their absolute values."""
    return keras.Sequential([layers.ReLU(), layers.ActivityRegularization(l1=strength)])


KINDS = {
    "ReLU": Kind("relu"),
    "leaky ReLU 0.01": Kind(lambda: layers.LeakyReLU(negative_slope=0.01)),
    **{f"ReLU, L1 {s:g}": Kind(lambda s=s: sparse(s)) for s in STRENGTHS},
}
PAIRS = (  # the sparser one first
    *((f"ReLU, L1 {strength:g}", "ReLU") for strength in STRENGTHS),
    ("ReLU", "leaky ReLU 0.01"),
)


def train(case, seed, data) -> dict:
    """Trains all kinds on few rows; the last test accuracy and the share of zeros.

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
        scores={"test": test_rows},
        measure=accuracy,
    )["test"]
    zeros = networks.zeros(test_rows[0])
    return {
        name: {"accuracy": curves[name][:, -1].tolist(), "zeros": zeros[name].tolist()}
        for name in KINDS
    }


@claim(
    "relu-sparsity-generalises",
    # "Potentially improving generalization"; activations "can ... reduce overfitting".
    "Sparse activations improve generalization.",
    says="can",
    hedge="potentially",
    notes="002",
    scope="200 digits, two hidden layers of 64, Adam 0.001, 60 epochs, L1 from 0.0001 "
    "to 0.01",
)
def sparser_is_better(lab):
    """Compares test accuracies at equal width with more and fewer zeros."""
    case = {
        "networks": list(lab.seeds),
        "samples": ROWS,
        "hidden": HIDDEN,
        "learning_rate": 1e-3,
        "epochs": min(EPOCHS, 3 * lab.settings.epochs),
    }
    sweep = lab.sweep(train, {"side by side": case}, seeds=[0], title="sparsity")
    found = sweep["side by side"][0]
    score = {name: np.array(found[name]["accuracy"]) for name in KINDS}
    share = {name: np.array(found[name]["zeros"]) for name in KINDS}
    gains, more = {}, {}
    for sparser, denser in PAIRS:
        pair = f"{sparser} against {denser}"
        gains[pair] = stats.greater(
            score[sparser], score[denser], by=stats.ACCURACY_POINT
        )
        more[pair] = stats.greater(share[sparser], share[denser], by=stats.ANY)
    lab.table(
        f"Test accuracy after training on {ROWS} images, and zeros among activations",
        ["activation", "zeros", "test accuracy"],
        [[n, f"{share[n].mean():.1%}", f"{score[n].mean():.2%}"] for n in KINDS],
    )
    return Finding(
        # What is not sparser at all decides nothing.
        {pair: gains[pair] if more[pair].holds else None for pair in gains},
        "Test accuracy: {accuracy:.1%}. Share of zeros: {zeros:.0%}. Below one point "
        "of accuracy a gain doesn't count.",
        accuracy={name: float(values.mean()) for name, values in score.items()},
        zeros={name: float(values.mean()) for name, values in share.items()},
        gain_in_test_accuracy=gains,
        more_zeros=more,
        network=HIDDEN,
    )


if __name__ == "__main__":
    main(__file__)
