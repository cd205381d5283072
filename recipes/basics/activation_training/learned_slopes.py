"""Learned slopes: PReLU finds slopes of its own; are they the best ones?

PReLU is a leaky ReLU whose negative slope is a parameter: each unit has one, and
gradients move it like a weight. If it learns the optimal slope, no fixed one should end
at a lower training error. Six fixed slopes from 0 (ReLU) to 1 (a straight line) are
tried; the best is picked with networks of their own, on a linear and a curved target.

The notes also warn that more parameters may overfit small data. So the data is made
small on purpose, 20 and 50 rows for a curved target, and what counts is by how much the
test error exceeds the training error, with PReLU and with ReLU.
"""

import keras
import numpy as np
from keras import layers, ops

from recipes.basics._side_by_side import Kind
from recipes.basics.activation_training._regressions import (
    TARGETS,
    arrays,
    learn,
)
from recipes.lab import Finding, claim, experiment, main, stats

STARTS = {"PReLU from 0": 0.0, "PReLU from 0.25": 0.25}  # Keras's, and He et al.'s
FIXED = {f"slope {s:g}": s for s in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)}
LEARNING = {
    name: Kind(lambda a=start: layers.PReLU(keras.initializers.Constant(a)))
    for name, start in STARTS.items()
}
KINDS = LEARNING | {
    name: Kind(lambda s=slope: layers.LeakyReLU(negative_slope=s))
    for name, slope in FIXED.items()
}
FEW = (20, 50)  # training rows
CHOOSING = 5  # networks that pick the best of the fixed slopes
TIMES = 6  # networks on few rows for each that `--seeds` asks for: they differ widely
MOVED = 0.01  # a mean change of the slopes that counts
AS_GOOD = 1.1  # an error that is less than a tenth above the best is as good
NO_WORSE = stats.Threshold(
    "no worse by a tenth",
    1.0,
    "times less than the best fixed slope's error and a tenth",
    "an error that is less than a tenth larger changes no decision.",
)
MORE_OVERFITTING = stats.Threshold(
    "a twentieth of the variance",
    0.05,
    "of the target's variance",
    "on 50 rows the gap itself is half of the variance; a tenth of it is worth naming.",
)


def train(case, seed, data) -> dict:
    """Trains the kinds; errors by "kind, target", and how far slopes moved.

    Args:
        case: `kinds`, names of `KINDS`; `targets`, names of `TARGETS`; `networks`, the
            seeds of rows and weights; `rows`; `epochs`; `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the targets are generated.
    """
    kinds = {name: KINDS[name] for name in case["kinds"]}
    targets = {name: TARGETS[name] for name in case["targets"]}
    networks, errors = learn(kinds, case, seed, targets)
    for name, layer in zip(kinds, networks.activations[0], strict=True):
        if name in STARTS:  # alpha is (networks, units)
            alpha = ops.convert_to_numpy(layer.alpha)
            parts = np.split(alpha, len(targets))
            for target, slopes in zip(targets, parts, strict=True):
                entry = errors[f"{name}, {target}"]
                entry["slopes"] = slopes.mean(1).tolist()
                entry["moves"] = np.abs(slopes - STARTS[name]).mean(1).tolist()
    return errors


@experiment
def trained(lab) -> dict[str, dict[str, np.ndarray]]:
    """All kinds on both targets; networks of the seeds, then those that choose."""
    case = {
        "kinds": list(KINDS),
        "targets": list(TARGETS),
        "networks": [*lab.seeds, *list(lab.tuning_seeds)[:CHOOSING]],
        "epochs": lab.settings.epochs,
        "learning_rate": 0.01,
    }
    sweep = lab.sweep(train, {"side by side": case}, seeds=[0], title="slopes")
    return arrays(sweep["side by side"][0])


@claim(
    "prelu-learns-slope",
    "PReLU learns its negative slope.",
    says="is",
    notes="001 003",
    scope="10-10-1, two regressions of 800 rows, Adam 0.01, 100 epochs",
)
def slopes_are_learned(lab):
    """How far the slopes are from where they started."""
    found = trained(lab)
    moves = {
        f"{name}, {target}": found[f"{name}, {target}"]["moves"]
        for name in STARTS
        for target in TARGETS
    }
    return Finding(
        {case: bool((values > MOVED).all()) for case, values in moves.items()},
        "Slopes move on average by {moves:.2f}.",
        moves={case: values.mean() for case, values in moves.items()},
    )


@claim(
    "prelu-optimal-slope",
    "PReLU learns the optimal slope for negative inputs.",
    notes="003",
    scope="10-10-1, two regressions of 800 rows, Adam 0.01, 100 epochs",
)
def slopes_are_optimal(lab):
    """Compares training errors with those of the best of six fixed slopes."""
    found, judged = trained(lab), len(lab.seeds)
    best, conditions, errors = {}, {}, {}
    for target in TARGETS:
        last = {n: found[f"{n}, {target}"]["train_mse"][:, -1] for n in KINDS}
        chosen = {n: np.log(last[n][judged:]).mean() for n in FIXED}
        best[target] = min(chosen, key=chosen.__getitem__)
        for name in STARTS:
            conditions[f"{target}: {name}"] = stats.greater(
                AS_GOOD * last[best[target]][:judged],
                last[name][:judged],
                by=NO_WORSE,
                scale="log",
            )
        for name in (best[target], *STARTS):
            errors[f"{target}, {name}"] = last[name][:judged].mean()
    return Finding(
        conditions,
        "Best of the fixed slopes: {best}. Mean training errors: {errors:.4f}. Learned "
        "slopes are {slopes:.2f} on average.",
        best=best,
        errors=errors,
        slopes={
            f"{target}, {name}": found[f"{name}, {target}"]["slopes"][:judged].mean()
            for target in TARGETS
            for name in STARTS
        },
    )


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
    "prelu-overfits",
    "PReLU can overfit on small data sets.",
    says="can",
    hedge="can",
    notes="003",
    scope="10-10-1, 20 and 50 rows of a curved regression, Adam 0.01, 200 epochs",
)
def more_slopes_overfit(lab):
    """Trains on few rows; compares by how much test exceeds training error."""
    kinds = ("slope 0", *STARTS)
    cases = {
        f"{rows} rows": {
            "kinds": kinds,
            "targets": ["curved target"],
            "networks": list(lab.more_seeds(TIMES)),
            "rows": rows,
            "epochs": 2 * lab.settings.epochs,
            "learning_rate": 0.01,
        }
        for rows in FEW
    }
    sweep = lab.sweep(train, cases, seeds=[0], title="few rows")
    gaps = {}
    for size, (run,) in sweep.items():
        for name in kinds:
            entry = arrays(run)[f"{name}, curved target"]
            gaps[size, name] = (entry["test_mse"] - entry["train_mse"])[:, -1]
    sizes = parameters()
    return Finding(
        {
            f"{size}, {name}: overfits more than ReLU": stats.greater(
                gaps[size, name], gaps[size, "slope 0"], by=MORE_OVERFITTING
            )
            for size in cases
            for name in STARTS
        },
        "Test minus training error: {gap:.3f}. PReLU adds {added} parameters here; on "
        "8x8x16 feature maps Keras's adds {parameters[8x8x16 maps, PReLU]}, or "
        "{parameters[8x8x16 maps, shared_axes]} with shared_axes.",
        gap={
            f"{size}, {name.replace('slope 0', 'ReLU')}": gap.mean()
            for (size, name), gap in gaps.items()
        },
        added=sizes["10-10-1, PReLU"] - sizes["10-10-1, ReLU"],
        parameters=sizes,
    )


if __name__ == "__main__":
    main(__file__)
