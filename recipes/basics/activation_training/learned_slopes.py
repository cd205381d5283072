"""Learned slopes: PReLU finds its own, at no cost that 50 rows would show.

PReLU is a leaky ReLU whose negative slope is a parameter: each unit has one, and
gradients move it like a weight. The notes warn that more parameters may overfit small
data. Here the data is small on purpose, 50 rows for a curved target, and what counts is
by how much the test error exceeds the training error, with PReLU and with ReLU.
"""

import keras
import numpy as np
from keras import layers, ops

from recipes.basics._side_by_side import Kind, SideBySide, squared_error
from recipes.basics.activation_training._regressions import curved_rows, side_by_side
from recipes.lab import Finding, claim, main, stats

STARTS = {"PReLU from 0": 0.0, "PReLU from 0.25": 0.25}  # Keras's, and He et al.'s
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
MORE_OVERFITTING = stats.Threshold(
    "a twentieth of the variance",
    0.05,
    "of the target's variance",
    "on 50 rows the gap itself is half of the variance; a tenth of it is worth naming.",
)


def train(case, seed, data) -> dict:
    """Trains 10-10-1 on few rows; says errors and how far the slopes moved.

    Args:
        case: `networks`, the seeds of rows and weights; `rows`; `epochs`;
            `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the target is generated.
    """
    seeds = case["networks"]
    rows, test_rows = side_by_side(curved_rows(number) for number in seeds)
    few = tuple(array[: case["rows"]] for array in rows)
    networks = SideBySide(
        KINDS, seeds, (10, 10, 1), squared_error, learning_rate=case["learning_rate"]
    )
    errors = networks.train(
        *few,
        epochs=case["epochs"],
        seed=seed,
        scores={"train_mse": few, "test_mse": test_rows},
    )
    moves = {"ReLU": np.zeros(len(seeds))}
    for name, layer in zip(KINDS, networks.activations[0], strict=True):
        if name in STARTS:  # alpha is (networks, units)
            alpha = ops.convert_to_numpy(layer.alpha)
            moves[name] = np.abs(alpha - STARTS[name]).mean(1)
    return {
        name: {
            "train_mse": errors["train_mse"][name][:, -1].tolist(),
            "test_mse": errors["test_mse"][name][:, -1].tolist(),
            "mean_move_of_the_slopes": moves[name].tolist(),
        }
        for name in KINDS
    }


def parameters() -> dict[str, int]:
    """Parameters of a small network, and of slopes on feature maps."""

    def network(activation):
        return [keras.Input((10,)), layers.Dense(10), activation, layers.Dense(1)]

    maps = keras.Input((8, 8, 16))
    models = {
        "10-10-1, ReLU": network(layers.ReLU()),
        "10-10-1, PReLU": network(layers.PReLU()),
        "8x8x16 maps, PReLU": [maps, layers.PReLU()],
        "8x8x16 maps, shared_axes": [maps, layers.PReLU(shared_axes=[1, 2])],
    }
    return {
        name: keras.Sequential(parts).count_params() for name, parts in models.items()
    }


@claim(
    "prelu-learns-slope",
    # Two parts: "learns the optimal slope" and "can overfit on small datasets". Both
    # have to be seen.
    "PReLU learns its slope, and may overfit small data.",
    says="is",
    hedge="learns",
    notes="001 003",
    scope="10-10-1, 50 rows of a curved regression, Adam 0.01, 200 epochs",
)
def slopes_are_learned(lab):
    """Trains on few rows; compares what training and test errors say."""
    case = {
        "networks": list(lab.seeds),
        "rows": SMALL,
        "epochs": 2 * lab.settings.epochs,
        "learning_rate": RATE,
    }
    sweep = lab.sweep(train, {"side by side": case}, seeds=[0], title="learned slopes")
    values = {
        name: {key: np.array(found) for key, found in entry.items()}
        for name, entry in sweep["side by side"][0].items()
    }
    gaps = {n: found["test_mse"] - found["train_mse"] for n, found in values.items()}
    moved = {name: values[name]["mean_move_of_the_slopes"] for name in STARTS}
    sizes = parameters()
    return Finding(
        {f"{n}: the slopes move": bool((m > MOVED).all()) for n, m in moved.items()}
        | {
            f"{name}: overfits more than ReLU": stats.greater(
                gaps[name], gaps["ReLU"], by=MORE_OVERFITTING
            )
            for name in STARTS
        },
        "Slopes moved by {moved[PReLU from 0]:.2f} from 0 and {moved[PReLU from "
        "0.25]:.2f} from 0.25 on average. On {rows} rows the test error exceeds the "
        "training error by {gap[ReLU]:.3f} (ReLU), {gap[PReLU from 0]:.3f} and "
        "{gap[PReLU from 0.25]:.3f}. PReLU adds {added} parameters here; on "
        "8x8x16 feature maps Keras's adds {parameters[8x8x16 maps, PReLU]}, or "
        "{parameters[8x8x16 maps, shared_axes]} with shared_axes.",
        moved={name: float(m.mean()) for name, m in moved.items()},
        rows=SMALL,
        gap={name: float(gap.mean()) for name, gap in gaps.items()},
        added=sizes["10-10-1, PReLU"] - sizes["10-10-1, ReLU"],
        parameters=sizes,
        mean_over_seeds={
            name: {key: float(found.mean()) for key, found in entry.items()}
            for name, entry in values.items()
        },
    )


if __name__ == "__main__":
    main(__file__)
