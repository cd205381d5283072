"""Centers: the same activation learns faster where its outputs lie around 0.

The notes prefer tanh to the sigmoid since its outputs are centered around 0. But tanh
is steeper, too. To part the two, the sigmoid races itself moved down by 1/2, and tanh
races itself moved up by 1: each pair has the same slopes, the center alone differs.

Why should a center matter? A weight's gradient is its input times an error. Inputs that
are all positive push all weights of a unit the same way, up or down together.
"""

import numpy as np
from keras import layers, ops

from recipes.basics._side_by_side import Kind
from recipes.basics.activation_training._regressions import TARGETS, arrays, learn
from recipes.lab import Finding, claim, main, stats

KINDS = {
    "tanh": Kind("tanh"),
    "tanh + 1": Kind(lambda: layers.Activation(lambda x: ops.tanh(x) + 1.0)),
    "sigmoid": Kind("sigmoid"),
    "sigmoid - 1/2": Kind(lambda: layers.Activation(lambda x: ops.sigmoid(x) - 0.5)),
}
PAIRS = (("tanh", "tanh + 1"), ("sigmoid - 1/2", "sigmoid"))  # the centered one first
TIMES = 2  # networks for each that `--seeds` asks for: differences are small


def train(case, seed, data) -> dict:
    """Trains all kinds on both targets; training errors by "kind, target", by epoch.

    Args:
        case: `networks`, the seeds of rows and weights; `epochs`; `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the targets are generated.
    """
    return learn(KINDS, case, seed, by_epoch=["train_mse"])[1]


@claim(
    "zero-centred-helps",
    # "Often preferred over sigmoid because it centers the outputs"; "can help reduce
    # biases"; an "advantage". None says speed: that it helps learning is our reading.
    "Outputs centered around 0 are an advantage in hidden layers: learning is faster.",
    notes="002 003",
    scope="10-10-1, two regressions of 800 rows, Adam 0.001, batch 32, 100 epochs",
)
def centered_is_faster(lab):
    """Compares activations that differ by a constant alone."""
    case = {
        "networks": list(lab.more_seeds(TIMES)),
        "epochs": lab.settings.epochs,
        "learning_rate": 1e-3,
    }
    sweep = lab.sweep(train, {"side by side": case}, seeds=[0], title="centers")
    logs = {
        name: np.log(entry["train_mse"])
        for name, entry in arrays(sweep["side by side"][0]).items()
    }

    def error_ratio(first, second, target, epochs=slice(None)):
        """The second's error over the first's, geometric mean over epochs."""
        errors = (
            np.exp(logs[f"{name}, {target}"][:, epochs].mean(1))
            for name in (second, first)
        )
        return stats.greater(*errors, by=stats.TENTH, scale="log")

    cases = {f"{t}: {a} against {b}": (a, b, t) for t in TARGETS for a, b in PAIRS}
    return Finding(
        {name: error_ratio(*duel) for name, duel in cases.items()},
        "Training error of the centered one as a share of the other's, over all "
        "epochs: {whole:.2f}; at the last epoch: {last:.2f}. Tanh against the sigmoid, "
        "which is less steep, too: {slopes:.2f}.",
        whole={name: 1 / error_ratio(*duel).effect for name, duel in cases.items()},
        last={
            name: 1 / error_ratio(*duel, epochs=slice(-1, None)).effect
            for name, duel in cases.items()
        },
        slopes={t: 1 / error_ratio("tanh", "sigmoid", t).effect for t in TARGETS},
    )


if __name__ == "__main__":
    main(__file__)
