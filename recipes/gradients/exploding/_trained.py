"""Networks that start with too large weights, trained: one fit for all of them."""

import keras

from recipes.gradients._watch import Start, Test, draw_weights, standardized, watch
from recipes.lab import experiment
from zoo import mlp

WIDTH, BATCH_SIZE = 64, 64
ROWS = 320  # few enough to be learned by heart
FACTORS = (1, 3, 10, 30)
BRIEF = 3  # epochs that are enough to see a loss rise

# Does the loss rise? Weights of 2 × He's.
RATES = {f"rate {rate:g}": rate for rate in (0.1, 0.01, 1e-4)}
# Is it overfitting? For plain SGD a gradient times ten is a rate times ten. The base
# rates let both starts learn: larger weights need a smaller one.
BASES = {"He's": (1.0, 0.01), "1.5 × He's": (1.5, 0.003)}


def gap_case(start: str, factor: int) -> str:
    """The name of a training from a start with gradients times a factor."""
    return f"{start}, gradients × {factor}"


def train(case, seed, data):
    """Trains from all starts and seeds in one fit; each one's first epoch measures.

    Args:
        case: `depth`, `seeds`, and `trainings`: each with a `name`, a `gain` on He's
            weights, `learning_rate` and `epochs`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: Images.

    Returns:
        For each name and seed the `history`, and the `accuracies` in training and test.
    """
    model = mlp(
        data.x_train.shape[1:], data.num_classes, units=(WIDTH,) * case["depth"]
    )
    model.compile(
        keras.optimizers.SGD(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    starts = [
        Start(
            draw_weights(model, one, "he", chosen["gain"]),
            (0.0, *[chosen["learning_rate"]] * chosen["epochs"]),
        )
        for chosen in case["trainings"]
        for one in case["seeds"]
    ]
    x, x_test = standardized(data)
    rows = x[:ROWS], data.y_train[:ROWS]
    tests = [Test(starts, *rows), Test(starts, x_test, data.y_test)]
    reports = watch(model, starts, *rows, batch_size=BATCH_SIZE, callbacks=tests)
    accuracies = zip(*(test.accuracies for test in tests), strict=True)
    runs = iter(
        [
            {"history": report["history"], "accuracies": list(pair)}
            for report, pair in zip(reports, accuracies, strict=True)
        ]
    )
    return {
        "runs": {
            chosen["name"]: [next(runs) for _ in case["seeds"]]
            for chosen in case["trainings"]
        }
    }


@experiment
def trained(lab) -> dict[str, list[dict]]:
    """All trainings: the names to the runs, by seed."""
    epochs = lab.settings.epochs
    chosen = [(name, 2.0, rate, min(BRIEF, epochs)) for name, rate in RATES.items()]
    chosen += [
        (gap_case(start, factor), gain, base * factor, epochs)
        for start, (gain, base) in BASES.items()
        for factor in FACTORS
    ]
    keys = ("name", "gain", "learning_rate", "epochs")
    case = {
        "depth": lab.settings.depth,
        "seeds": list(lab.seeds),
        "trainings": [dict(zip(keys, one, strict=True)) for one in chosen],
    }
    cases, title = {"all": case}, "networks with large weights"
    found = lab.sweep(
        train, cases, data="digits", precision="float32", seeds=[0], title=title
    )
    return found["all"][0]["runs"]
