"""Several labels: one sigmoid for each, and their outputs need not sum to 1.

A picture can show a dog and a cat. One note sums the binary cross-entropies of the
labels; Keras averages over them, so that gradients are smaller by their number. Another
note wants a sigmoid, and outputs that sum to 1. The first is needed only if the loss
reads outputs as probabilities; the second is true of p and 1 − p, and not of labels
that do not exclude each other.
"""

import keras
import numpy as np
from keras import losses

from recipes.lab import Finding, Study, claim, experiment, main, stats
from recipes.losses.classification._formulas import cross_entropy, sigmoid

FEATURES, LABELS, SAMPLES = 10, 3, 600
FEW = 5  # seeds: the differences are tens of points
OUTPUTS = {
    "sigmoid": {"activation": "sigmoid", "from_logits": False},
    "softmax": {"activation": "softmax", "from_logits": False},
    "linear, read as probabilities": {"activation": None, "from_logits": False},
    "linear, read as logits": {"activation": None, "from_logits": True},
}


def draw_labels(seed: int) -> tuple[np.ndarray, ...]:
    """Draws three labels that are independent given the inputs; the third is rarer.

    Returns:
        Inputs and labels to train on, and as many to test.
    """
    rng = np.random.default_rng([seed, 6])
    x = rng.normal(size=(2 * SAMPLES, FEATURES))
    logits = 2 * x @ rng.normal(size=(FEATURES, LABELS)) / np.sqrt(FEATURES / 4)
    chance = sigmoid(logits + [0.0, 0.0, -3.0])
    y = (rng.random(chance.shape) < chance).astype("float32")
    x = x.astype("float32")
    return x[:SAMPLES], y[:SAMPLES], x[SAMPLES:], y[SAMPLES:]


def network(input_shape, activation: str | None) -> keras.Model:
    """A 10-16-3 network."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dense(LABELS, activation),
        ]
    )


STUDIES = {
    from_logits: Study(
        network, losses.BinaryCrossentropy(from_logits=from_logits), "adam"
    )
    for from_logits in (False, True)
}


def train(case, seed, data) -> dict:
    """Trains a network; returns what its outputs are and how often they are right."""
    x, y, new_x, new_y = draw_labels(seed)

    def judge(model) -> dict:
        outputs = keras.ops.convert_to_numpy(model(new_x))
        threshold = 0 if case["from_logits"] else 0.5
        sums = outputs.sum(-1)
        return {
            "accuracy": float(((outputs > threshold) == new_y).mean()),
            "majority": float(np.maximum(new_y.mean(0), 1 - new_y.mean(0)).mean()),
            "sums": [float(sums.min()), float(sums.max())],
            "outputs": [float(outputs.min()), float(outputs.max())],
        }

    return STUDIES[case["from_logits"]].train(
        (x, y),
        seed,
        epochs=case["passes"],
        batch_size=32,
        learning_rate=0.01,
        network={"activation": case["activation"]},
        measure=judge,
        check_outputs=False,  # one case reads logits as probabilities on purpose
    )["measured"]


@experiment
def by_outputs(lab) -> dict[str, list[dict]]:
    """The networks of each kind of outputs, with a table."""
    passes = lab.settings.passes
    cases = {name: {**case, "passes": passes} for name, case in OUTPUTS.items()}
    runs = lab.sweep(train, cases, seeds=lab.seeds[:FEW], title="three labels")
    lab.table(
        "Three labels, four kinds of outputs",
        ("outputs", "accuracy", "least", "greatest", "least sum", "greatest sum"),
        [
            (name, stats.column(found, "accuracy").mean(),
             *extent(found, "outputs"), *extent(found, "sums"))
            for name, found in runs.items()
        ],
    )  # fmt: skip
    return runs


def extent(runs: list[dict], key: str) -> tuple[float, float]:
    """The least and the greatest number over the seeds."""
    return min(run[key][0] for run in runs), max(run[key][1] for run in runs)


@claim(
    "loss-bce-multilabel",
    "Binary cross-entropy works for several labels: it is summed over the labels and "
    "averaged over the samples.",
    says="is",
    notes="001",
    scope="50 rows of three random probabilities; a 10-16-3 network on 600 rows, 20 "
    "passes of Adam",
)
def summed_over_labels(lab):
    """The sum against Keras's loss; and networks that learn three labels by it."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, (50, LABELS)).astype("float32")
    y = rng.integers(0, 2, p.shape).astype("float32")
    summed = float(cross_entropy(y.astype(float), p.astype(float)).sum(1).mean())
    ratio = summed / float(losses.BinaryCrossentropy()(y, p))
    runs = by_outputs(lab)["sigmoid"]
    right, majority = (stats.column(runs, name) for name in ("accuracy", "majority"))
    return Finding(
        {
            "the sum is Keras's loss times the labels": stats.close(
                ratio, LABELS, within=1e-5 * LABELS
            ),
            "three labels are learned": stats.greater(
                right, majority, by=stats.ACCURACY_POINT
            ),
        },
        "{right:.1%} of three labels are right, against {majority:.1%} for the more "
        "frequent answer to each. The sum has the same minimum as Keras's loss, which "
        "is the mean over the labels; but it is {ratio:.3g} times as large for three "
        "labels, and so are its gradients.",
        ratio=ratio,
        right=right.mean(),
        majority=majority.mean(),
    )


# Three ways around a sigmoid: a softmax, whose outputs sum to 1; linear outputs that
# Keras clips to (0, 1); and linear outputs that are read as logits.


def ahead(lab, first: str, second: str) -> stats.Decision:
    """Whether one kind of outputs gets more labels right than another."""
    runs = by_outputs(lab)
    one, other = (stats.column(runs[name], "accuracy") for name in (first, second))
    return stats.greater(one, other, by=stats.ACCURACY_POINT)


@claim(
    "bce-needs-sigmoid",
    "Binary cross-entropy requires a sigmoid at the end of the network.",
    says="always",
    notes="002",
    scope="three labels, a 10-16-3 network on 600 rows, 20 passes of Adam",
)
def needs_probabilities(lab):
    """The share of right labels with a sigmoid and with linear outputs."""
    z = np.linspace(-8, 8, 33, dtype="float32")[:, None]
    y = (np.arange(33) % 2).astype("float32")[:, None]
    of_logits = float(losses.BinaryCrossentropy(from_logits=True)(y, z))
    of_sigmoids = float(losses.BinaryCrossentropy()(y, sigmoid(z.astype(float))))
    runs = by_outputs(lab)
    names = ("sigmoid", "linear, read as probabilities", "linear, read as logits")
    return Finding(
        {
            "where the loss reads probabilities": ahead(lab, *names[:2]),
            "where the loss reads logits (from_logits=True)": ahead(
                lab, names[0], names[2]
            ),
        },
        "Labels right: {accuracy:.1%}. With from_logits=True the sigmoid is in the "
        "loss; the outputs go from {least:.1f} to {most:.1f}.",
        accuracy={n: stats.column(runs[n], "accuracy").mean() for n in names},
        least=extent(runs[names[2]], "outputs")[0],
        most=extent(runs[names[2]], "outputs")[1],
        loss_of_logits_and_of_their_sigmoids=[of_logits, of_sigmoids],
    )


@claim(
    "bce-outputs-sum",
    "Binary cross-entropy is best with outputs that are probabilities whose sum is 1.",
    says="always",
    notes="002",
    scope="two classes by one output; three labels, a 10-16-3 network on 600 rows, 20 "
    "passes of Adam",
)
def sum_to_one(lab):
    """Two classes, whose probabilities are p and 1 − p; and three labels."""
    p = np.linspace(0.01, 0.99, 99)
    # The cross-entropy of both classes' probabilities is that of p alone.
    both = -np.log(np.where(np.arange(99) % 2, p, 1 - p))
    alone = cross_entropy(np.arange(99) % 2, p)
    runs = by_outputs(lab)
    least, most = extent(runs["sigmoid"], "sums")
    return Finding(
        {
            "two classes that exclude each other": bool(np.allclose(both, alone)),
            "several labels that do not": ahead(lab, "softmax", "sigmoid"),
        },
        "One output p stands for the two probabilities p and 1 − p, which sum to 1. "
        "Labels that do not exclude each other have no such sum: sigmoids, whose "
        "outputs sum to {least:.2f} to {most:.2f}, get {sigmoid:.1%} of them right, a "
        "softmax, whose outputs sum to 1, {softmax:.1%}.",
        least=least,
        most=most,
        sigmoid=stats.column(runs["sigmoid"], "accuracy").mean(),
        softmax=stats.column(runs["softmax"], "accuracy").mean(),
    )


if __name__ == "__main__":
    main(__file__)
