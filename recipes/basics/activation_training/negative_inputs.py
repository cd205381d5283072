"""Negative inputs: what leaky ReLU and ELU make of units that are mostly below 0.

A hidden bias of -1 puts five of six inputs of a unit below 0 at the start, a bias of -2
forty-four of forty-five. There ReLU answers 0 and learns from the rest alone. ELU's
slope is e^x: still 0.37 at -1. Leaky ReLU's is the same everywhere, if small.

The notes say that ELU handles negative inputs well and that leaky ReLU gives
inconsistent results for them. Inconsistent is what differs from start to start: the
distance of a network's error from the median of its kind, on logarithms.
"""

import numpy as np
from keras import layers
from scipy.stats import norm

from recipes.basics._side_by_side import Kind
from recipes.basics.activation_training._regressions import arrays, curved_rows, learn
from recipes.lab import Finding, claim, experiment, main, stats

BIASES = (-1.0, -2.0)
LEAKY = ("leaky ReLU 0.01", "leaky ReLU 0.3")
FUNCTIONS = {
    "ReLU": "relu",
    LEAKY[0]: lambda: layers.LeakyReLU(negative_slope=0.01),
    LEAKY[1]: layers.LeakyReLU,  # Keras's default slope
    "ELU": "elu",
}
KINDS = {
    f"{name}, bias {bias:g}": Kind(function, bias=bias)
    for name, function in FUNCTIONS.items()
    for bias in BIASES
}
TIMES = 4  # networks for each that `--seeds` asks for: they differ widely
WIDER = stats.Threshold(
    "a tenth of the error",
    0.1,
    "nats of the error's logarithm",
    "where starts end less than a tenth further apart, one is as good as another.",
)


def train(case, seed, data) -> dict:
    """Trains all kinds on the curved target; last errors by "kind, target".

    Args:
        case: `networks`, the seeds of rows and weights; `epochs`; `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the target is generated.
    """
    return learn(KINDS, case, seed, {"curved": curved_rows})[1]


@experiment
def errors(lab) -> dict[str, np.ndarray]:
    """The last test error by kind, one a network."""
    case = {
        "networks": list(lab.more_seeds(TIMES)),
        "epochs": lab.settings.epochs,
        "learning_rate": 3e-3,
    }
    sweep = lab.sweep(train, {"side by side": case}, seeds=[0], title="negative inputs")
    found = arrays(sweep["side by side"][0])
    return {name: found[f"{name}, curved"]["test_mse"][:, -1] for name in KINDS}


def spread(values) -> np.ndarray:
    """How far each is from the median, on logarithms."""
    logs = np.log(values)
    return np.abs(logs - np.median(logs))


@claim(
    "elu-negative-inputs",
    "ELU handles negative inputs well.",
    notes="003",
    scope="10-10-1 with hidden biases -1 and -2, a curved regression of 800 rows, Adam "
    "0.003, 100 epochs",
)
def elu_learns_there(lab):
    """Compares ELU's test error with ReLU's where most inputs are negative."""
    found = errors(lab)
    return Finding(
        {
            f"bias {bias:g}: less error than ReLU": stats.greater(
                found[f"ReLU, bias {bias:g}"],
                found[f"ELU, bias {bias:g}"],
                by=stats.TENTH,
                scale="log",
            )
            for bias in BIASES
        },
        "Mean test errors: {means:.3f}. Its slope is {slopes[0]:.2f} at -1 and "
        "{slopes[1]:.4f} at -5, and its mean output for inputs from N(0, 1) "
        "{mean_output:.3f} (ReLU 0.399): it saturates far below 0.",
        means={name: found[name].mean() for name in found},
        slopes=np.exp([-1.0, -5.0]),
        # ∫ of x above 0 and of e^x - 1 below, weighted with the normal density.
        mean_output=norm.pdf(0) + np.exp(0.5) * norm.cdf(-1) - 0.5,
    )


@claim(
    "leaky-inconsistent",
    "Leaky ReLU gives inconsistent results for negative inputs.",
    notes="003",
    scope="10-10-1 with hidden biases -1 and -2, a curved regression of 800 rows, Adam "
    "0.003, 100 epochs",
)
def leaky_scatters(lab):
    """Compares the spread over starts of leaky ReLU's and of ReLU's test error."""
    found = errors(lab)
    spreads = {name: spread(values) for name, values in found.items()}
    return Finding(
        {
            f"{name}, bias {bias:g}: a wider spread than ReLU": stats.greater(
                spreads[f"{name}, bias {bias:g}"],
                spreads[f"ReLU, bias {bias:g}"],
                by=WIDER,
            )
            for name in LEAKY
            for bias in BIASES
        },
        "Mean distance of a network's test error from the median of its kind, on "
        "logarithms: {spread:.3f}.",
        spread={name: values.mean() for name, values in spreads.items()},
    )


if __name__ == "__main__":
    main(__file__)
