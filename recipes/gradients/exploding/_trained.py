"""Networks that start with too large weights, trained: one fit for all of them."""

import keras

from recipes.gradients._watch import Start, Test, draw_weights, standardized, watch
from recipes.lab import experiment
from zoo import mlp

WIDTH, BATCH_SIZE = 64, 64
ROWS = 320  # few enough to be learned by heart
BRIEF = 3  # epochs that are enough to see a loss rise

# Does the loss rise? Weights of 2 × He's; He's stand beside them.
RATES = {f"rate {rate:g}": rate for rate in (0.1, 0.01, 1e-4)}
HE = "He's, rate 0.01"
# Is it overfitting? Fewer layers, so that one rate lets all weights learn by heart.
SHALLOW, RATE = 3, 0.03
GAINS = (1.0, 1.5, 2.0, 3.0)  # on He's weights
FACTORS = (3, 10)  # on the gradients: for plain SGD, on the rate


def started(gain: float, factor: int = 1) -> str:
    """The name of a training from gain × He's weights with gradients × a factor."""
    return f"{gain:g} × He's, gradients × {factor}"


def train(case, seed, data):
    """Trains from all starts and seeds in one fit; each one's first epoch measures.

    Args:
        case: `layers`, `seeds`, and `trainings`: each with a `name`, a `gain` on He's
            weights, `learning_rate` and `epochs`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: Images.

    Returns:
        For each name and seed the `history`, and the `accuracies` in training and test.
    """
    model = mlp(
        data.x_train.shape[1:], data.num_classes, units=(WIDTH,) * case["layers"]
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


def cases_of(layers: int, seeds, trainings: list[tuple]) -> dict:
    """A case: trainings are (name, gain, learning rate, epochs)."""
    keys = ("name", "gain", "learning_rate", "epochs")
    rows = [dict(zip(keys, one, strict=True)) for one in trainings]
    return {"layers": layers, "seeds": list(seeds), "trainings": rows}


@experiment
def trained(lab) -> dict[str, list[dict]]:
    """All trainings: the names to the runs, by seed."""
    epochs = lab.settings.epochs
    brief = min(BRIEF, epochs)
    deep = [(name, 2.0, rate, brief) for name, rate in RATES.items()]
    deep.append((HE, 1.0, 0.01, brief))
    shallow = [(started(gain), gain, RATE, epochs) for gain in GAINS]
    shallow += [
        (started(1.0, factor), 1.0, factor * RATE, epochs) for factor in FACTORS
    ]
    found = lab.sweep(
        train,
        {
            "deep": cases_of(lab.settings.depth, lab.seeds, deep),
            "shallow": cases_of(SHALLOW, lab.seeds, shallow),
        },
        data=lab.like_digits,
        precision="float32",
        seeds=[0],
        title="networks with large weights",
    )
    return found["deep"][0]["runs"] | found["shallow"][0]["runs"]
