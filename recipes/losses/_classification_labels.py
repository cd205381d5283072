"""Several labels at once: what the outputs of a network must be, and what not."""

import keras
import numpy as np
from keras import layers, losses

from recipes.lab import Restart, fit, stats
from recipes.losses import _classification_formulas as formulas

FEATURES, LABELS, SAMPLES = 10, 3, 600
CASES = {  # activation of the outputs, and whether the loss takes logits
    "sigmoid": ("sigmoid", False),
    "softmax": ("softmax", False),
    "linear, read as probabilities": (None, False),
    "linear, read as logits": (None, True),
}


def draw(seed: int) -> tuple[np.ndarray, ...]:
    """Draws three labels that are independent given the inputs; the third is rarer.

    Returns:
        Inputs and labels to train on, and as many to test.
    """
    rng = np.random.default_rng([seed, 6])
    x = rng.normal(size=(2 * SAMPLES, FEATURES))
    logits = 2 * x @ rng.normal(size=(FEATURES, LABELS)) / np.sqrt(FEATURES / 4)
    chance = formulas.sigmoid(logits + [0.0, 0.0, -3.0])
    y = (rng.random(chance.shape) < chance).astype("float32")
    x = x.astype("float32")
    return x[:SAMPLES], y[:SAMPLES], x[SAMPLES:], y[SAMPLES:]


def network(activation: str | None, from_logits: bool) -> Restart:
    """Compiles a 10-16-3 network, to be trained many times."""
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            layers.Dense(16, "relu"),
            layers.Dense(LABELS, activation),
        ]
    )
    loss = losses.BinaryCrossentropy(from_logits=from_logits)
    model.compile(keras.optimizers.Adam(0.01), loss)
    return Restart(model)


def train(restart: Restart, seed: int, passes: int) -> dict:
    """Trains it anew; says what its outputs are and how often they are right."""
    restart()
    model = restart.model
    x, y, new_x, new_y = draw(seed)
    # One of the cases is a mistake on purpose: logits read as probabilities.
    fit(model, x, y, epochs=passes, seed=seed, check_outputs=False)
    outputs = keras.ops.convert_to_numpy(model(new_x))
    threshold = 0 if model.loss.from_logits else 0.5
    sums = outputs.sum(-1)
    return {
        "accuracy": float(((outputs > threshold) == new_y).mean()),
        "majority": float(np.maximum(new_y.mean(0), 1 - new_y.mean(0)).mean()),
        "sums": [float(sums.min()), float(sums.max())],
        "outputs": [float(outputs.min()), float(outputs.max())],
    }


def judge(lab) -> None:
    """Trains all four, and judges the two claims on several labels."""
    networks = {name: network(*case) for name, case in CASES.items()}
    passes = lab.settings.passes
    runs = lab.sweep(
        lambda case, seed: train(case, seed, passes), networks, title="three labels"
    )
    accuracy = {name: [run["accuracy"] for run in r] for name, r in runs.items()}
    rows = [
        (
            name,
            float(np.mean(accuracy[name])),
            *_range(r, "outputs"),
            *_range(r, "sums"),
        )
        for name, r in runs.items()
    ]
    columns = ("outputs", "accuracy", "least", "greatest", "least sum", "greatest sum")
    lab.table("Three labels, four kinds of outputs", columns, rows)
    _multilabel(lab, runs, accuracy)
    _needs_sigmoid(lab, runs, accuracy)


def _range(runs, key: str) -> tuple[float, float]:
    return min(run[key][0] for run in runs), max(run[key][1] for run in runs)


def _multilabel(lab, runs, accuracy) -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, (50, LABELS)).astype("float32")
    y = rng.integers(0, 2, p.shape).astype("float32")
    summed = float(
        formulas.cross_entropy(y.astype(float), p.astype(float)).sum(1).mean()
    )
    keras_loss = float(losses.BinaryCrossentropy()(y, p))
    ratio = summed / keras_loss
    majority = [run["majority"] for run in runs["sigmoid"]]
    gain = stats.paired(accuracy["sigmoid"], majority)
    least, most = _range(runs["sigmoid"], "sums")
    lab.verdict(
        "loss-bce-multilabel",
        {
            "Keras's loss is that sum": bool(np.isclose(ratio, 1, rtol=1e-5)),
            "Keras's loss times the labels is that sum": bool(
                np.isclose(ratio, LABELS, rtol=1e-5)
            ),
            "sigmoids learn labels whose outputs do not sum to 1": gain.positive
            if least < 0.9 or most > 1.1
            else False,
        },
        evidence={
            "the_sum_over_Keras_loss": ratio,
            "sums_of_sigmoid_outputs": [least, most],
            "accuracy_above_the_majority": gain,
        },
        note=f"Keras averages over the labels: the sum is {ratio:.3g} times its value "
        f"for {LABELS} labels, and so are the gradients. Outputs that sum to "
        f"{least:.2f} to {most:.2f} get {np.mean(accuracy['sigmoid']):.1%} of the "
        f"labels right, against {np.mean(majority):.1%} for the majority of each.",
    )


def _needs_sigmoid(lab, runs, accuracy) -> None:
    z = np.linspace(-8, 8, 33, dtype="float32")[:, None]
    y = (np.arange(33) % 2).astype("float32")[:, None]
    from_logits = float(losses.BinaryCrossentropy(from_logits=True)(y, z))
    from_sigmoid = float(
        losses.BinaryCrossentropy()(y, formulas.sigmoid(z.astype(float)))
    )
    same = bool(np.isclose(from_logits, from_sigmoid, rtol=1e-4))
    sigmoid = accuracy["sigmoid"]
    raw = stats.paired(sigmoid, accuracy["linear, read as probabilities"])
    softmax = stats.paired(accuracy["softmax"], sigmoid)
    least, most = _range(runs["linear, read as logits"], "outputs")
    means = {name: float(np.mean(values)) for name, values in accuracy.items()}
    lab.verdict(
        "bce-needs-sigmoid",
        {
            "outputs must be in (0, 1), read as probabilities": raw.positive,
            "outputs must be in (0, 1), read as logits": not same,
            "outputs of several labels should sum to 1": softmax.positive,
        },
        evidence={
            "accuracy": means,
            "sigmoid_minus_linear_read_as_probabilities": raw,
            "softmax_minus_sigmoid": softmax,
            "loss_of_logits_and_of_their_sigmoids": [from_logits, from_sigmoid],
        },
        note="Share of labels right: "
        + ", ".join(f"{mean:.1%} ({name})" for name, mean in means.items())
        + f". With from_logits=True outputs from {least:.1f} to {most:.1f} are fine: "
        "the sigmoid is in the loss. A single output makes p and 1 − p, which sum to "
        "1; labels that do not exclude each other have no such sum.",
    )
