"""Deep networks on the digits: one model for each architecture, one fit for each."""

import keras
import numpy as np

from callbacks import GradientNorms
from recipes.gradients._watch import Start, draw_weights, standardized, watch
from recipes.lab import experiment
from zoo import mlp

WIDTH = 64  # as many units as an image has pixels: all hidden kernels have one shape
BATCH_SIZE = 128
RATE = 0.1
GUESSING = float(np.log(10))  # the loss of ten equal chances

# Arguments of `zoo.mlp`; `times` multiplies the depth. `closely`: whether updates are
# measured, too, which costs time.
NETWORKS = {
    "sigmoid": {"activation": "sigmoid", "closely": True},
    "tanh": {"activation": "tanh", "closely": True},
    "ReLU": {"activation": "relu", "closely": True},
    "sigmoid, Adam": {"activation": "sigmoid", "optimizer": "Adam", "closely": True},
    "sigmoid, half as deep": {"activation": "sigmoid", "times": 0.5},
    "tanh, 3 times as deep": {"activation": "tanh", "times": 3},
    "leaky ReLU": {"activation": "leaky_relu"},
    "batch normalization": {"activation": "sigmoid", "normalization": "batch"},
    "skip connections": {"activation": "sigmoid", "residual": True},
}

# The network, the rule of `draw_weights` and its further arguments, and the learning
# rate; where there is none, the network is measured at its start only. Plain SGD,
# Glorot's weights where not said. Pixels from 0 to 16 have a deviation of 6.
CASES = {
    "sigmoid": ("sigmoid", "glorot", {}, RATE),
    "sigmoid, rate 1": ("sigmoid", "glorot", {}, 10 * RATE),
    "sigmoid, Adam": ("sigmoid, Adam", "glorot", {}, 0.001),
    "sigmoid, half as deep": ("sigmoid, half as deep", "glorot", {}, None),
    "sigmoid, N(0, 0.01²)": ("sigmoid", 0.01, {}, None),
    "tanh": ("tanh", "glorot", {}, RATE),
    "tanh, N(0, 0.01²)": ("tanh", 0.01, {}, None),
    "tanh, 3 times as deep": ("tanh, 3 times as deep", "glorot", {}, None),
    "tanh, inputs of deviation 6": ("tanh", "glorot", {"inputs": 6.0}, None),
    "ReLU, Glorot": ("ReLU", "glorot", {}, None),
    "ReLU, N(0, 0.01²)": ("ReLU", 0.01, {}, None),
    # The remedies.
    "ReLU, He": ("ReLU", "he", {}, RATE),
    "leaky ReLU, He": ("leaky ReLU", "he", {}, RATE),
    "sigmoid, 4 × Glorot": ("sigmoid", "glorot", {"gain": 4.0}, None),
    "sigmoid, batch normalization": ("batch normalization", "glorot", {}, RATE),
    "sigmoid, skip connections": ("skip connections", "glorot", {}, RATE),
}


def train(case, seed, data):
    """Trains one network from all its starts in one fit; first epochs only measure.

    Args:
        case: `network` (see `NETWORKS`), `depth`, `epochs`, `seeds` and `starts`, each
            with a `name`, `rule`, `arguments` and `learning_rate`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: Images.

    Returns:
        For each start's name and each seed what `watch` reports.
    """
    network = {"closely": False, "times": 1, "optimizer": "SGD"} | case["network"]
    depth = int(case["depth"] * network.pop("times"))
    closely, optimizer = network.pop("closely"), network.pop("optimizer")
    model = mlp(
        data.x_train.shape[1:], data.num_classes, units=(WIDTH,) * depth, **network
    )
    model.compile(
        keras.optimizers.get(optimizer),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    starts = []
    for chosen in case["starts"]:
        rate = chosen["learning_rate"]
        rates = (0.0,) if rate is None else (0.0, *[rate] * case["epochs"])
        arguments = {"inputs": 1.0} | chosen["arguments"]
        inputs = arguments.pop("inputs")
        for one in case["seeds"]:
            weights = draw_weights(model, one, chosen["rule"], **arguments)
            # The first layer gets the same from inputs k times as large.
            weights[0] = inputs * weights[0]
            starts.append(Start(weights, rates))
    norms = GradientNorms(per_layer=True, update_ratio=closely)
    x, y = standardized(data)[0], data.y_train
    reports = iter(watch(model, starts, x, y, batch_size=BATCH_SIZE, norms=norms))
    return {
        "runs": {
            chosen["name"]: [next(reports) for _ in case["seeds"]]
            for chosen in case["starts"]
        }
    }


@experiment
def networks(lab) -> dict[str, list[dict]]:
    """The runs of all cases, by seed."""
    shared = {
        "depth": lab.settings.depth,
        "epochs": lab.settings.epochs,
        "seeds": list(lab.seeds),
    }
    starts: dict[str, list] = {network: [] for network in NETWORKS}
    for name, (network, rule, arguments, rate) in CASES.items():
        starts[network].append(
            {
                "name": name,
                "rule": rule,
                "arguments": arguments,
                "learning_rate": rate,
            }
        )
    cases = {
        network: {"network": NETWORKS[network], "starts": starts[network], **shared}
        for network in NETWORKS
    }
    found = lab.sweep(
        train,
        cases,
        data=lab.like_digits,
        precision="float32",
        seeds=[0],
        title="deep networks",
    )
    return {
        name: found[network][0]["runs"][name] for name, (network, *_) in CASES.items()
    }


def at_start(runs: list[dict], kind: str) -> np.ndarray:
    """Norms before the first update, (seeds, layers): "kernel" or "signal"."""
    return np.array([run[kind][0] for run in runs], float)


def first_to_last(runs: list[dict], kind: str = "signal") -> np.ndarray:
    """The first hidden layer's norm over that of the last, (seeds,), at the start."""
    norms = at_start(runs, kind)
    with np.errstate(invalid="ignore"):  # 0/0, where all units are dead
        return norms[:, 0] / norms[:, -2]  # the last column is the output layer's


def losses(runs: list[dict]) -> np.ndarray:
    """The training losses, (seeds, epochs); the first is that of the start."""
    return np.array([run["history"]["loss"] for run in runs], float)


def changes(runs: list[dict]) -> np.ndarray:
    """Mean share by which an update changes the weights, (seeds, hidden layers)."""
    return np.array(
        [
            [
                np.mean(run["history"][f"update_ratio/{name}"][1:])
                for name in hidden(run)
            ]
            for run in runs
        ]
    )


def hidden(run: dict) -> list[str]:
    """The names of the hidden layers, first to last."""
    return [f"hidden_{number}" for number in range(1, len(run["kernel"][0]))]
