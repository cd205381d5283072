"""Regression outputs: ReLU at the end is as good as none, but never below 0.

One note lists ReLU for linear regression, another "none / ReLU". A ReLU output cannot
answer below 0. Where the target has both signs, its best answer to every negative one
is 0, and the mean square of those targets is a floor that no training gets under. The
same target shifted above 0 has no such floor, and there both outputs are alike.
"""

import numpy as np

from recipes.basics._side_by_side import Kind, SideBySide, squared_error
from recipes.basics.activation_training._regressions import linear_rows, side_by_side
from recipes.lab import Finding, claim, main, stats

RATE = 0.01
MARGIN = 0.05  # what still counts as equally good
NO_WORSE = stats.Threshold(
    "no worse by the margin",
    0.0,
    "of the target's variance below the linear output's error and 0.05",
    "an error that is larger by less than a twentieth of the variance is as good.",
)
OUTPUTS = {
    "linear": Kind("relu", output="linear"),
    "ReLU": Kind("relu", output="relu"),
}
SIGNED, SHIFTED = "target with both signs", "the same target, shifted above 0"


def train(case, seed, data) -> dict:
    """Trains 10-10-1 with both outputs on both targets.

    Args:
        case: `networks`, the seeds of rows and weights; `epochs`; `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the targets are generated.
    """
    seeds = case["networks"]
    signed = [linear_rows(number) for number in seeds]
    rows, test_rows = side_by_side(signed + [(x, y - y.min()) for x, y in signed])
    networks = SideBySide(
        OUTPUTS,
        [*seeds, *seeds],
        (10, 10, 1),
        squared_error,
        learning_rate=case["learning_rate"],
    )
    errors = networks.train(
        *rows, epochs=case["epochs"], seed=seed, scores={"test": test_rows}
    )["test"]
    outputs = np.asarray(networks.model.predict_on_batch(test_rows[0]))
    answers_0 = networks.split((outputs == 0).all((0, 2)))
    # The squares of the negative targets: what an answer of 0 leaves.
    floor = (np.minimum(test_rows[1], 0) ** 2).mean((0, 2))
    count = len(seeds)
    return {
        f"{name} output, {target}": {
            "test_mse": errors[name][copies, -1].tolist(),
            "floor": floor[copies].tolist(),
            "answers_0": answers_0[name][copies].tolist(),
        }
        for name in OUTPUTS
        for target, copies in (
            (SIGNED, slice(0, count)),
            (SHIFTED, slice(count, 2 * count)),
        )
    }


@claim(
    "relu-output-for-regression",
    "ReLU suits as the output of a regression.",
    says="advice",
    hedge="recommended",
    notes="001 003",
    scope="10-10-1, a linear regression of 800 rows, Adam 0.01, 50 epochs",
)
def relu_is_no_worse(lab):
    """Compares a linear with a ReLU output on targets with and without negatives."""
    case = {
        "networks": list(lab.seeds),
        "epochs": max(1, lab.settings.epochs // 2),
        "learning_rate": RATE,
    }
    sweep = lab.sweep(train, {"side by side": case}, seeds=[0], title="outputs")
    found = sweep["side by side"][0]

    def values(output, target, key="test_mse"):
        return np.array(found[f"{output} output, {target}"][key])

    return Finding(
        {
            target: stats.greater(
                values("linear", target) + MARGIN, values("ReLU", target), by=NO_WORSE
            )
            for target in (SIGNED, SHIFTED)
        },
        "A ReLU output is as good as a linear one on: {holding}. With both signs a "
        "ReLU output ends at MSE {signed[ReLU]:.3f} (no output from 0 up can have less "
        "than {floor:.3f}), a linear one at {signed[linear]:.3f}. On the shifted "
        "target it is {shifted[ReLU]:.3f} against {shifted[linear]:.3f}.",
        signed={name: float(values(name, SIGNED).mean()) for name in OUTPUTS},
        shifted={name: float(values(name, SHIFTED).mean()) for name in OUTPUTS},
        floor=values("ReLU", SIGNED, "floor").mean(),
        margin=MARGIN,
        networks_that_answer_0={
            target: int(values("ReLU", target, "answers_0").sum())
            for target in (SIGNED, SHIFTED)
        },
    )


if __name__ == "__main__":
    main(__file__)
