"""PReLU: slopes that are learned, and what they cost on small data."""

import keras
import numpy as np
from keras import layers, ops

from recipes.basics._activation_data import ROWS, curved_rows, stacked
from recipes.basics._activation_measures import (
    Watch,
    larger,
    mean_square,
    sweep_together,
)
from recipes.basics._activation_networks import Kind, SideBySide
from recipes.lab import stats

STARTS = {"PReLU from 0": 0.0, "PReLU from 0.25": 0.25}
KINDS = {
    "ReLU": Kind("relu"),
    **{
        name: Kind(lambda a=start: layers.PReLU(keras.initializers.Constant(a)))
        for name, start in STARTS.items()
    },
}
SMALL = 50  # training rows
RATE = 0.01
MOVED = 0.01  # a mean change of the slopes that counts
WORTH = 0.05  # of the target's variance: a gap worth naming


def judge(lab) -> None:
    """Trains on few rows; compares what training and test errors say."""
    epochs = 2 * lab.settings.epochs
    found = sweep_together(
        lab, lambda seeds: train(seeds, epochs), KINDS, "learned slopes"
    )
    values = {
        name: {key: np.array([run[key] for run in runs]) for key in runs[0]}
        for name, runs in found.items()
    }
    gaps = {n: v["test_mse"] - v["train_mse"] for n, v in values.items()}
    wider = {name: stats.paired(gaps[name], gaps["ReLU"]) for name in STARTS}
    moved = {name: values[name]["mean_move_of_the_slopes"] for name in STARTS}
    holds = {f"{n}: the slopes move": bool((m > MOVED).all()) for n, m in moved.items()}
    for name in STARTS:
        more = larger(gaps[name], gaps["ReLU"], WORTH)
        holds[f"{name}: overfits more than ReLU"] = more
    sizes = parameters()
    lab.verdict(
        "prelu-learns-slope",
        holds,
        evidence={
            "mean_over_seeds": {
                name: {key: v.mean() for key, v in entry.items()}
                for name, entry in values.items()
            },
            "test_minus_training_error_over_ReLU": wider,
            "parameters": sizes,
            "training_rows": SMALL,
        },
        note="Slopes moved by "
        + " and ".join(f"{m.mean():.2f} ({name})" for name, m in moved.items())
        + f" on average. On {SMALL} rows the test error exceeds the training error by "
        + ", ".join(f"{gap.mean():.3f} ({name})" for name, gap in gaps.items())
        + f". PReLU adds {sizes['10-10-1, PReLU'] - sizes['10-10-1, ReLU']} parameters "
        f"here; on 8x8x16 feature maps Keras's adds {sizes['8x8x16 maps, PReLU']}, or "
        f"{sizes['8x8x16 maps, PReLU, shared_axes=(1, 2)']} with shared_axes.",
    )


def train(seeds, epochs: int) -> dict[str, list[dict]]:
    """Trains all networks; says their errors and how far their slopes moved."""
    x, y = stacked(curved_rows(seed) for seed in seeds)
    networks = SideBySide(KINDS, 10, (10,), 1, seeds, rate=RATE)
    train = Watch(networks, x[:SMALL], y[:SMALL], mean_square)
    test = Watch(networks, x[ROWS:], y[ROWS:], mean_square)
    networks.train(x[:SMALL], y[:SMALL], epochs=epochs, watch=(train, test))
    slopes = dict(zip(KINDS, networks.activations[0], strict=True))
    moves = {"ReLU": np.zeros(len(seeds))}
    for name, start in STARTS.items():
        alpha = ops.convert_to_numpy(slopes[name].alpha)
        moves[name] = np.abs(alpha - start).mean(1)
    return {
        name: [
            {
                "train_mse": float(train.curves()[name][i, -1]),
                "test_mse": float(test.curves()[name][i, -1]),
                "mean_move_of_the_slopes": float(moves[name][i]),
            }
            for i in range(len(seeds))
        ]
        for name in KINDS
    }


def parameters() -> dict[str, int]:
    """Counts parameters of a small network and of slopes on feature maps."""

    def network(activation):
        return keras.Sequential(
            [keras.Input((10,)), layers.Dense(10), activation, layers.Dense(1)]
        )

    def maps(activation):
        return keras.Sequential([keras.Input((8, 8, 16)), activation])

    models = {
        "10-10-1, ReLU": network(layers.ReLU()),
        "10-10-1, PReLU": network(layers.PReLU()),
        "8x8x16 maps, PReLU": maps(layers.PReLU()),
        "8x8x16 maps, PReLU, shared_axes=(1, 2)": maps(
            layers.PReLU(shared_axes=[1, 2])
        ),
    }
    return {name: model.count_params() for name, model in models.items()}
