"""Gradient flow: nonlinear layers pass gradients on, but no better than linear ones.

Among the reasons for nonlinear activations the notes give their help with gradients on
the way back. What an activation does to a gradient is to multiply it by its slope. A
linear one has slope 1, with which Xavier's weights keep gradients as they are. A
nonlinear one has smaller slopes somewhere, which better weights (He's, for ReLU) can
make up for. So the reason for nonlinear layers is what they can represent.

Compared is the gradient that reaches the first of ten layers, over that at the last
one, at the start of a training, each activation with the weights made for it.
"""

import keras
import numpy as np

from recipes.basics._side_by_side import Kind
from recipes.basics.activation_depth._start import start
from recipes.lab import Finding, claim, main, stats

KINDS = {  # weights by Xavier's rule where nothing is said
    "linear": Kind("linear"),
    "tanh": Kind("tanh"),
    "sigmoid": Kind("sigmoid"),
    "ReLU, He": Kind("relu", initializer=keras.initializers.HeNormal),
}
WIDTH = 64
BATCH = 256  # images whose gradients are taken


def measure(case, seed, data) -> dict:
    """The first layer's gradient over the last one's, by kind, one a network.

    Args:
        case: `networks`, the seeds of rows and weights; `samples`; `hidden`, the
            widths; `learning_rate`, which is not used: nothing is trained.
        seed: Not used.
        data: Images.
    """
    networks, rows, _ = start(KINDS, case, data)
    gradients = networks.gradients_at_units(*rows)
    return {n: (gradients[0][n] / gradients[-1][n]).tolist() for n in KINDS}


@claim(
    "act-nonlinear-gradient-flow",
    "Nonlinear activations can help gradients to get through, compared with linear "
    "ones.",
    says="can",
    hedge="can help",
    notes="002",
    scope="digits, ten hidden layers of 64 units, at the start; nothing is trained",
)
def nonlinear_helps(lab):
    """Compares the ratio of gradients with that of linear layers."""
    case = {
        "networks": list(lab.seeds),
        "samples": min(BATCH, lab.settings.samples),
        "hidden": [WIDTH] * lab.settings.layers,
        "learning_rate": 1e-3,
    }
    # Sizes of gradients are compared: none may be rounded away.
    sweep = lab.sweep(measure, {"start": case}, precision="float32", seeds=[0],
                      title="gradient flow")  # fmt: skip
    ratios = {name: np.array(values) for name, values in sweep["start"][0].items()}
    return Finding(
        {
            name: stats.greater(
                ratios[name], ratios["linear"], by=stats.TENTH, scale="log"
            )
            for name in KINDS
            if name != "linear"
        },
        "Of the last layer's gradient this arrives at the first one, in {layers} "
        "layers: {arrives:.2g}.",
        layers=lab.settings.layers,
        arrives={n: float(np.exp(np.log(r).mean())) for n, r in ratios.items()},
    )


if __name__ == "__main__":
    main(__file__)
