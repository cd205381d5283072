"""Diagnosis: what loss curves, gradients and weights tell of an unknown network.

Networks of eight layers get one of six conditions: they are healthy, or one thing is
wrong with their weights, biases or learning rate. How much is drawn at random. Each
reading (the loss by epoch, the sizes of the gradients, the weights and how they change)
is turned into a few numbers. Nobody writes rules for these: a decision tree learns them
from some networks, and is asked about others, which it has never seen.

So every reading can give every answer, and none knows what was put in. Compare the
rows of the table: what a reading takes for something else.
"""

import keras
import numpy as np

from callbacks import GradientNorms
from recipes.gradients._watch import Start, draw_weights, standardized, watch
from recipes.lab import Finding, claim, experiment, main, stats
from zoo import mlp

DEPTH, UNITS, ROWS, BATCH_SIZE, EPOCHS = 8, 32, 256, 64, 3
RULES = {"relu": "he", "tanh": "glorot"}  # activation to its usual weights
AILMENTS = (
    "healthy",
    "weights too small",
    "weights too large",
    "dead units",
    "rate too small",
    "rate too large",
)
READINGS = ("loss curves", "gradient sizes", "weights")
HALF_WAY = stats.Threshold(
    "half way from guessing to knowing",
    (1 - 1 / len(AILMENTS)) / 2,
    "share named rightly",
    "a reading that is nearer to guessing than to knowing does not show the ailment.",
)
FAR = 1e9  # a number that is none, or larger, counts as this


def ail(activation: str, ailment: str, seed: int) -> dict:
    """Draws how strongly a network ails: arguments of `draw_weights`, and a rate."""
    rng = np.random.default_rng([seed, 51, AILMENTS.index(ailment)])
    drawn = {"rule": RULES[activation], "rate": 10 ** rng.uniform(-1.5, -0.8)}
    if ailment == "weights too small":
        drawn["rule"] = 10 ** rng.uniform(-2.3, -1.5)  # a deviation; Glorot's is 0.18
    elif ailment == "weights too large":
        drawn["gain"] = rng.uniform(3, 8)
    elif ailment == "dead units":  # tanh's are saturated
        drawn["bias"] = -rng.uniform(8, 20)
    elif ailment == "rate too small":
        drawn["rate"] = 10 ** rng.uniform(-7, -5)
    elif ailment == "rate too large":
        drawn["rate"] = 10 ** rng.uniform(0.7, 1.7)
    return drawn


def powers(values) -> list[float]:
    """Powers of ten, from -9 to 9."""
    finite = np.nan_to_num(np.array(values, float), nan=FAR, posinf=FAR)
    return np.log10(np.clip(finite, 1 / FAR, FAR)).tolist()


def readings(report: dict, weights: list[np.ndarray]) -> dict[str, list[float]]:
    """Turns what was seen of a training into the numbers of each reading.

    Args:
        report: From `watch`; the first epoch only measures.
        weights: Those of the start: a kernel and a bias a layer.
    """
    history = report["history"]
    first, last = (np.array(report["kernel"][epoch], float) for epoch in (0, -1))
    changes = [
        history[f"update_ratio/hidden_{layer}"][1:] for layer in (1, DEPTH // 2, DEPTH)
    ]
    hidden = slice(0, 2 * DEPTH, 2)
    sizes = [np.sqrt(len(kernel)) * kernel.std() for kernel in weights[hidden]]
    return {
        "loss curves": powers(history["loss"]),
        "gradient sizes": powers([*first[[0, DEPTH // 2, DEPTH - 1]], *last[[0, -2]]]),
        "weights": [
            *powers([np.mean(sizes), *map(np.mean, changes)]),
            float(np.mean(weights[1 : 2 * DEPTH : 2])),
        ],
    }


def train(case, seed, data):
    """Trains ailing networks of one activation, all in one fit.

    Args:
        case: `activation`, `seeds` and `epochs`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: Images.

    Returns:
        For each seed, in the order of `AILMENTS`, what each reading saw.
    """
    activation = case["activation"]
    shape, classes = data.x_train.shape[1:], data.num_classes
    model = mlp(shape, classes, units=(UNITS,) * DEPTH, activation=activation)
    model.compile(
        keras.optimizers.SGD(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    starts = []
    for one in case["seeds"]:
        for number, ailment in enumerate(AILMENTS):
            drawn = ail(activation, ailment, one)
            rates = (0.0, *[drawn.pop("rate")] * case["epochs"])
            weights = draw_weights(model, 10 * one + number, **drawn)
            starts.append(Start(weights, rates))
    x, y = standardized(data)[0][:ROWS], data.y_train[:ROWS]
    norms = GradientNorms(per_layer=True, update_ratio=True)
    reports = watch(model, starts, x, y, batch_size=BATCH_SIZE, norms=norms)
    seen = iter(
        [
            readings(report, start.weights)
            for start, report in zip(starts, reports, strict=True)
        ]
    )
    return {"networks": [[next(seen) for _ in AILMENTS] for _ in case["seeds"]]}


@experiment
def rounds(lab) -> tuple[list, list]:
    """Networks to learn the rules from, and others: each a list of rounds of six."""
    shared = {
        "seeds": [*lab.tuning_seeds, *lab.seeds],
        "epochs": 1 if lab.smoke else EPOCHS,
    }
    found = lab.sweep(
        train,
        {activation: {"activation": activation, **shared} for activation in RULES},
        data=lab.like_digits,
        precision="float32",
        seeds=[0],
        title="ailing networks",
    )
    known, unknown = [], []
    for (one,) in found.values():
        known += one["networks"][: len(lab.tuning_seeds)]
        unknown += one["networks"][len(lab.tuning_seeds) :]
    return known, unknown


def named(known: list, unknown: list, chosen: tuple[str, ...]) -> np.ndarray:
    """What a tree learned from known networks calls unknown ones, (rounds, six).

    Args:
        known: Rounds of networks whose ailment the tree is told.
        unknown: Rounds of others.
        chosen: The readings that it gets.
    """
    from sklearn.tree import DecisionTreeClassifier

    def table(some: list) -> list:
        seen = [one for six in some for one in six]
        return [[number for name in chosen for number in one[name]] for one in seen]

    tree = DecisionTreeClassifier(random_state=0)
    tree.fit(table(known), AILMENTS * len(known))
    return tree.predict(table(unknown)).reshape(len(unknown), len(AILMENTS))


@claim(
    "grad-diagnosis",
    "Loss curves, the sizes of gradients and plots of the weights show what ails a "
    "network.",
    says="advice",
    notes="001",
    scope="six conditions of ReLU and tanh networks of 8 layers on 256 digits, 3 "
    "epochs; rules learned from other networks",
)
def diagnosis(lab):
    """Lets every reading name the ailment of networks that it has not seen."""
    known, unknown = rounds(lab)
    chosen = {name: (name,) for name in READINGS} | {"all three": READINGS}
    right, by_ailment = {}, {}
    for words, names in chosen.items():
        hits = named(known, unknown, names) == AILMENTS
        right[words] = hits.mean(1)
        by_ailment[words] = dict(zip(AILMENTS, hits.mean(0).tolist(), strict=True))
    rows = [[words, *shares.values()] for words, shares in by_ailment.items()]
    lab.table("Share of networks named rightly", ["reading", *AILMENTS], rows)
    guessing = np.full(len(unknown), 1 / len(AILMENTS))
    return Finding(
        {
            words: stats.greater(shares, guessing, by=HALF_WAY)
            for words, shares in right.items()
        },
        "Named rightly, of {n} networks that the rules had not seen: {shares:.0%} "
        "(guessing: {guess:.0%}). Hardest to name by the loss alone: {hardest}.",
        shares={words: float(row.mean()) for words, row in right.items()},
        n=len(unknown) * len(AILMENTS),
        guess=guessing[0],
        hardest=min(by_ailment["loss curves"], key=by_ailment["loss curves"].get),
        share_named_rightly=by_ailment,
    )


if __name__ == "__main__":
    main(__file__)
