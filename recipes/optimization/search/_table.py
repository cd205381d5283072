"""A network's losses at 54 pairs of rate and momentum, and what lies between them."""

import keras
import numpy as np
from scipy.interpolate import RegularGridInterpolator

from recipes.lab import Study, experiment
from zoo import mlp

RATES = (0.001, 0.0032, 0.01, 0.032, 0.1, 0.32, 1.0, 3.2, 10.0)
BETAS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
VALIDATION = 300  # rows on which a search chooses; it is judged on others
BATCH_SIZE = 64
LARGEST = 10.0  # nats: what a loss counts at most, also one that is not finite


def small_network(input_shape):
    """One hidden layer of 32 units, and a logit for each of the ten classes."""
    return mlp(input_shape, 10, units=(32,))


network = Study(
    small_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)


def split(data, rows: int, seed: int) -> list[tuple]:
    """Rows to train on, for validation, and for the test: (x, y) of each.

    Every seed deals the images anew; the test has a thousand at most.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    order = np.random.default_rng([seed, 81]).permutation(len(x))
    ends = np.cumsum([rows, VALIDATION, 1000])
    return [(x[part], y[part]) for part in np.split(order, ends)[:3]]


def losses(model, rows) -> np.ndarray:
    """The cross-entropy of every row, bounded."""
    logits = keras.ops.convert_to_numpy(model(rows[0])).astype(float)
    if not np.isfinite(logits).all():
        return np.full(len(logits), LARGEST)
    top = logits.max(1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(1)) + top[:, 0]
    return np.minimum(total - logits[np.arange(len(logits)), rows[1]], LARGEST)


def train(case: dict, seed: int, data) -> dict:
    """Trains at one pair.

    Args:
        case: `learning_rate`, `momentum`, `epochs` and `rows`.
        seed: Decides the rows, the weights and their order.
        data: Images of ten classes.

    Returns:
        `validation`, the loss after each epoch; `by_row`, the last loss of every
        validation row; `test`, the last loss on the test rows.
    """
    rows, validation, test = split(data, case["rows"], seed)
    momentum = {"class_name": "SGD", "config": {"momentum": case["momentum"]}}
    run = network.train(
        rows,
        seed,
        epochs=case["epochs"],
        batch_size=BATCH_SIZE,
        learning_rate=case["learning_rate"],
        optimizer=momentum,
        held_out=validation,
        score_epochs=range(1, case["epochs"] + 1),
        measure=lambda model: [
            [round(float(loss), 6) for loss in losses(model, validation)],
            float(losses(model, test).mean()),
        ],
        largest=LARGEST,
    )
    by_row, tested = run["measured"]
    last = run["history"]["held_out_loss"]
    return {"validation": last, "by_row": by_row, "test": min(tested, LARGEST)}


@experiment
def tables(lab) -> dict[str, np.ndarray]:
    """All pairs for every seed.

    Returns:
        `validation` (seeds, rates, betas, epochs), `by_row` (seeds, rates, betas,
        rows), `test` (seeds, rates, betas).
    """
    size = {"epochs": lab.settings.epochs, "rows": lab.settings.rows}
    cases = {
        (rate, beta): {"learning_rate": rate, "momentum": beta, **size}
        for beta in BETAS  # one network is compiled for each
        for rate in RATES
    }
    runs = lab.sweep(train, cases, title="pairs of rate and momentum")
    return {
        name: np.array(
            [
                [[runs[rate, beta][at][name] for beta in BETAS] for rate in RATES]
                for at, _ in enumerate(lab.seeds)
            ]
        )
        for name in ("validation", "by_row", "test")
    }


def surface(table: np.ndarray):
    """Reads a table (rates, betas, ...) between its pairs.

    Returns:
        A function of places in the unit square, (n, 2): the first coordinate goes
        through the rates in equal factors, the second one from beta to beta. What is
        read is straight in the logarithm of the loss.
    """
    axes = [np.linspace(0, 1, count) for count in table.shape[:2]]
    read = RegularGridInterpolator(axes, np.log(np.maximum(table, 1e-6)))
    return lambda places: np.exp(read(np.atleast_2d(places)))


def surfaces(lab) -> list:
    """The last validation loss by place, a function a seed."""
    return [surface(table[..., -1]) for table in tables(lab)["validation"]]
