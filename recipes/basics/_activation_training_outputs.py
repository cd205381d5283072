"""ReLU as the output where a number is to be predicted."""

import numpy as np

from recipes.basics._activation_data import ROWS, linear_rows, stacked
from recipes.basics._activation_measures import Watch, mean_square, sweep_together
from recipes.basics._activation_networks import Kind, SideBySide
from recipes.lab import stats

RATE = 0.01
MARGIN = 0.05  # of the target's variance: what still counts as equally good
OUTPUTS = {
    "linear": Kind("relu", output="linear"),
    "ReLU": Kind("relu", output="relu"),
}
SIGNED, SHIFTED = "target with both signs", "the same target, shifted above 0"


def judge(lab) -> None:
    """Compares a linear with a ReLU output on targets with and without negatives."""
    targets, epochs = (SIGNED, SHIFTED), max(1, lab.settings.epochs // 2)
    cases = [f"{out} output, {target}" for out in OUTPUTS for target in targets]
    found = sweep_together(
        lab, lambda seeds: train_outputs(seeds, epochs), cases, "outputs"
    )

    def values(output, target, key="test_mse"):
        return np.array([run[key] for run in found[f"{output} output, {target}"]])

    excess = {
        t: stats.paired(values("ReLU", t), values("linear", t) + MARGIN)
        for t in targets
    }
    floor = values("ReLU", SIGNED, "floor_of_outputs_from_0")
    lab.verdict(
        "relu-output-for-regression",
        {target: found.negative for target, found in excess.items()},
        evidence={
            "test_mse": {
                case: float(np.mean([run["test_mse"] for run in runs]))
                for case, runs in found.items()
            },
            "floor_of_any_output_from_0": floor.mean(),
            f"excess_over_the_linear_output_and_{MARGIN}": excess,
            "networks_that_answer_0_to_everything": {
                target: int(values("ReLU", target, "answers_0").sum())
                for target in targets
            },
        },
        note="With both signs a ReLU output ends at MSE "
        f"{values('ReLU', SIGNED).mean():.3f} (no output from 0 up can have less than "
        f"{floor.mean():.3f}), a linear one at "
        f"{values('linear', SIGNED).mean():.3f}. On the shifted target it is "
        f"{values('ReLU', SHIFTED).mean():.3f} against "
        f"{values('linear', SHIFTED).mean():.3f}.",
    )


def train_outputs(seeds, epochs: int) -> dict[str, list[dict]]:
    """Trains 10-10-1 networks with both outputs on both targets."""
    signed = [linear_rows(seed) for seed in seeds]
    x, y = stacked(signed + [(x, y - y.min()) for x, y in signed])
    networks = SideBySide(OUTPUTS, 10, (10,), 1, [*seeds, *seeds], rate=RATE)
    test = Watch(networks, x[ROWS:], y[ROWS:], mean_square)
    networks.train(x[:ROWS], y[:ROWS], epochs=epochs, watch=[test])
    outputs = networks.model.predict_on_batch(x[ROWS:])
    zero = networks.split((np.asarray(outputs) == 0).all((0, 2)))
    floor = (np.minimum(y[ROWS:], 0) ** 2).mean((0, 2))
    return {
        f"{name} output, {target}": [
            {
                "test_mse": float(test.curves()[name][i, -1]),
                "floor_of_outputs_from_0": float(floor[i]),
                "answers_0": bool(zero[name][i]),
            }
            for i in range(index * len(seeds), (index + 1) * len(seeds))
        ]
        for name in OUTPUTS
        for index, target in enumerate((SIGNED, SHIFTED))
    }
