"""Wide and deep networks before training: one fit for each, with all weights."""

import keras
import numpy as np

from recipes.gradients._watch import Start, draw_weights, middle, standardized, watch
from recipes.lab import experiment
from zoo import mlp

WIDTH, ROWS = 256, 256

NETWORKS = {  # arguments of `zoo.mlp`
    "ReLU": {"activation": "relu"},
    "ReLU6": {"activation": "relu6"},
    "tanh": {"activation": "tanh"},
    "sigmoid": {"activation": "sigmoid"},
    "ReLU, batch normalization": {"activation": "relu", "normalization": "batch"},
}
GAINS = (1.0, 1.5, 2.0, 3.0, 6.0, 12.0, 20.0)  # on He's weights
TOO_LARGE = "N(0, 1)"  # 11 times He's, in a layer of 256 units
WEIGHTS = {  # arguments of `draw_weights`
    **{f"{gain:g} × He's": ("he", gain) for gain in GAINS},
    TOO_LARGE: (1.0, 1.0),
}


def measure(case, seed, data):
    """Measures a network's gradients before training, with all weights in one fit.

    Args:
        case: `network` (arguments of `zoo.mlp`), `depth`, `weights` (arguments of
            `draw_weights`) and `seeds`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: Images.

    Returns:
        For each of the weights and each seed, what `watch` reports.
    """
    model = mlp(
        data.x_train.shape[1:],
        data.num_classes,
        units=(WIDTH,) * case["depth"],
        **case["network"],
    )
    model.compile(
        keras.optimizers.SGD(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    starts = [
        Start(draw_weights(model, one, *weights), rates=(0.0,))
        for weights in case["weights"].values()
        for one in case["seeds"]
    ]
    x, y = standardized(data)[0][:ROWS], data.y_train[:ROWS]
    reports = iter(watch(model, starts, x, y, batch_size=ROWS))
    return {
        "runs": {
            name: [next(reports) for _ in case["seeds"]] for name in case["weights"]
        }
    }


@experiment
def networks(lab) -> dict[tuple[str, str], list[dict]]:
    """What flows through each network with each kind of weights, by seed."""
    shared = {
        "depth": lab.settings.depth,
        "weights": {name: list(drawn) for name, drawn in WEIGHTS.items()},
        "seeds": list(lab.seeds),
    }
    cases = {name: {"network": chosen, **shared} for name, chosen in NETWORKS.items()}
    found = lab.sweep(
        measure,
        cases,
        data=lab.like_digits,
        precision="float32",
        seeds=[0],
        title="networks before training",
    )
    return {
        (name, weights): found[name][0]["runs"][weights]
        for name in NETWORKS
        for weights in WEIGHTS
    }


def growth(runs: list[dict], kind: str = "signal") -> np.ndarray:
    """The first hidden layer's gradient over that of the last, (seeds,)."""
    norms = np.array([run[kind][0] for run in runs], float)
    return norms[:, 0] / norms[:, -2]  # the last column is the output layer's


@experiment
def ratios(lab) -> dict[tuple[str, str], np.ndarray]:
    """How much gradients grow from the last layer to the first, by seed."""
    rows = []
    for (network, weights), runs in networks(lab).items():
        norm = np.mean([run["history"]["grad_norm"][0] for run in runs])
        pair = (middle(growth(runs, kind)) for kind in ("signal", "kernel"))
        rows.append([network, weights, *pair, float(norm)])
    lab.table(
        "Gradients before training: first hidden layer over last, and norm of all",
        ["network", "weights", "signal", "kernel", "norm"],
        rows,
    )
    return {key: growth(runs) for key, runs in networks(lab).items()}
