"""Dead units: a ReLU that is 0 for every input stays so; a slope below 0 may wake it.

A unit's weights move by its slope times what comes back. Where a ReLU is negative for
every sample, that slope is 0, so nothing moves, for ever. Such starts are made here on
purpose, with hidden biases of -5 and -20; a learning rate that is a hundred times too
large makes them, too.

The cures give the negative side a slope. A slope is not enough, it has to be large
enough for the epochs that there are: 0.3 wakes every network, 0.01 some of them. The
cures are judged from biases of -5, where every ReLU unit is dead already. Nobody starts
at -20; the picture `dead_starts` shows that ELU, with a slope of e^-20, doesn't wake.
"""

import keras
import numpy as np
from keras import layers

from recipes.basics._side_by_side import Kind, SideBySide, squared_error
from recipes.basics.activation_training._regressions import linear_rows, side_by_side
from recipes.lab import Finding, claim, experiment, figures, main, stats

RATE, LARGE = 0.01, 1.0  # Adam's learning rates: ten times its default, and much more
EPOCHS = 50
BIASES = (-5.0, -20.0)
JUDGED = "bias -5"  # where the cures are judged
FUNCTIONS = {
    "ReLU": "relu",
    "leaky ReLU 0.01": lambda: layers.LeakyReLU(negative_slope=0.01),
    "leaky ReLU 0.3": layers.LeakyReLU,  # Keras's default slope
    "PReLU from 0": layers.PReLU,  # as Keras starts it
    "PReLU from 0.25": lambda: layers.PReLU(keras.initializers.Constant(0.25)),
    "ELU": "elu",
}
STARTS = {
    f"{name}, bias {bias:g}": Kind(function, bias=bias)
    for name, function in FUNCTIONS.items()
    for bias in BIASES
}
USUAL = "ReLU, bias 0"
KINDS = {USUAL: Kind("relu"), **STARTS}
STUCK = 0.9  # who explains less than a tenth of the variance has learned nothing
LEARNED = 0.5  # who explains half of it has woken up
KILLED = stats.Threshold(
    "one unit in ten",
    0.1,
    "of the hidden units",
    "networks of ten hidden units: fewer is less than one unit.",
)


def train(case, seed, data) -> dict:
    """Trains 10-10-1 on the linear target; says what lives and what has moved.

    Args:
        case: `kinds`, names of `KINDS`; `networks`, the seeds of rows and weights;
            `epochs`; `learning_rate`.
        seed: Of the order of the samples, one for all networks.
        data: None; the target is generated.
    """
    seeds = case["networks"]
    rows, test_rows = side_by_side(linear_rows(number) for number in seeds)
    networks = SideBySide(
        {name: KINDS[name] for name in case["kinds"]},
        seeds,
        (10, 10, 1),
        squared_error,
        learning_rate=case["learning_rate"],
    )
    born, first = networks.dead(rows[0]), networks.kernels()[0]
    errors = networks.train(
        *rows, epochs=case["epochs"], seed=seed, scores={"test": test_rows}
    )["test"]
    died, last = networks.dead(rows[0]), networks.kernels()[0]
    return {
        name: {
            "dead_at_the_start": born[name].tolist(),
            "dead_at_the_end": died[name].tolist(),
            "largest_move": np.abs(last[name] - first[name]).max((1, 2)).tolist(),
            "variance": [float(y.var()) for y in test_rows[1].swapaxes(0, 1)],
            "test_mse": errors[name].tolist(),
        }
        for name in case["kinds"]
    }


@experiment
def from_dead_starts(lab) -> dict[str, dict[str, np.ndarray]]:
    """What became of each start, one entry a seed."""
    return trained(lab, list(KINDS), RATE, "dead starts")


@experiment
def at_a_large_rate(lab) -> dict[str, np.ndarray]:
    """What became of usual ReLU networks at the large rate."""
    return trained(lab, [USUAL], LARGE, "large rate")[USUAL]


def trained(lab, kinds, learning_rate, title) -> dict[str, dict[str, np.ndarray]]:
    """One training of all networks; arrays begin with the seeds."""
    case = {
        "kinds": kinds,
        "networks": list(lab.seeds),
        "epochs": min(EPOCHS, lab.settings.epochs),
        "learning_rate": learning_rate,
    }
    (run,) = lab.sweep(train, {"side by side": case}, seeds=[0], title=title).values()
    return {
        name: {key: np.array(values) for key, values in entry.items()}
        for name, entry in run[0].items()
    }


@claim(
    "dying-relu",
    # Units "can become inactive"; but "the gradient becomes zero, no training happens".
    "ReLU units can become inactive in training (at a large rate); once they are 0 for "
    "every input, they get no gradient and stay dead.",
    says="can",
    hedge="can",
    notes="000 001 002 003",
    scope="10-10-1, a linear regression of 800 rows, Adam 0.01 and 1, 50 epochs",
)
def dead_stay_dead(lab):
    """ReLU from dead starts, and at a rate a hundred times larger."""
    found = from_dead_starts(lab)
    conditions, numbers = {}, {}
    for bias in BIASES:
        run = found[f"ReLU, bias {bias:g}"]
        error, variance = run["test_mse"][:, -1], run["variance"]
        stuck = stats.greater(error, STUCK * variance, by=stats.ANY, scale="log")
        still = (run["largest_move"] == 0).all() and (
            run["dead_at_the_start"] == 1
        ).all()
        conditions[f"all units dead, bias {bias:g}"] = stuck if still else False
        numbers[f"bias_minus_{-bias:g}"] = {
            "largest_move": run["largest_move"].max(),
            "test_mse": error.mean(),
            "variance": variance.mean(),
        }
    died = {
        f"{RATE:g}": found[USUAL]["dead_at_the_end"],
        f"{LARGE:g}": at_a_large_rate(lab)["dead_at_the_end"],
    }
    conditions["a large rate kills units"] = stats.greater(
        *reversed(died.values()), by=KILLED
    )
    return Finding(
        conditions,
        "From bias -20 hidden weights move by {bias_minus_20[largest_move]:g} and the "
        "test MSE ends at {bias_minus_20[test_mse]:.3f} (variance "
        "{bias_minus_20[variance]:.3f}). From bias 0 {dead_at_large_rate:.0%} of the "
        "units are dead in the end with Adam's rate at {large_rate:g}, and "
        "{dead_at_usual_rate:.0%} at {usual_rate:g}.",
        figure=draw_dead_starts,
        **numbers,
        large_rate=LARGE,
        dead_at_large_rate=died[f"{LARGE:g}"].mean(),
        usual_rate=RATE,
        dead_at_usual_rate=died[f"{RATE:g}"].mean(),
    )


# A unit that runs away leaves errors of several variances: skewed, so compared as
# logarithms.


def half_explained(run) -> stats.Decision:
    """Whether the last test error is below half of the variance."""
    return stats.greater(
        LEARNED * run["variance"], run["test_mse"][:, -1], by=stats.ANY, scale="log"
    )


@claim(
    "leaky-fixes-dying",
    "Leaky ReLU, PReLU and ELU keep gradients alive where ReLU units are dead.",
    notes="000 001 002 003",
    scope="10-10-1 with hidden biases of -5, a linear regression of 800 rows, Adam "
    "0.01, 50 epochs",
)
def cures_wake_units(lab):
    """Asks who explains half of the variance from the same dead starts."""
    found = from_dead_starts(lab)
    outcomes = {
        start: {
            "dead_at_the_start": found[start]["dead_at_the_start"].mean(),
            "dead_at_the_end": found[start]["dead_at_the_end"].mean(),
            "test_mse": found[start]["test_mse"][:, -1].mean(),
        }
        for start in STARTS
    }
    lab.table(
        "Starting with negative biases: dead units, and the test error in the end",
        ("activation and bias", "dead at start", "dead at end", "test MSE"),
        [
            (start, f"{born:.0%}", f"{died:.0%}", error)
            for start, (born, died, error) in (
                (start, outcome.values()) for start, outcome in outcomes.items()
            )
        ],
    )
    return Finding(
        {
            start.removesuffix(f", {JUDGED}"): half_explained(found[start])
            for start in STARTS
            if start.endswith(JUDGED) and not start.startswith("ReLU")
        },
        "From starts where every ReLU unit is dead, half of the variance is explained "
        "by: {holding}; undecided: {undecided}. PReLU from 0, as Keras starts it, has "
        "{prelu_dead:.0%} dead units at first: only its slope learns until it is "
        "above 0. From biases of -20 these explain half in the mean: {far}; ELU's "
        "slope there is {slope_of_elu:.0e}.",
        figure=draw_dead_starts,
        prelu_dead=outcomes["PReLU from 0, bias -20"]["dead_at_the_start"],
        slope_of_elu=np.exp(BIASES[1]),
        far=[
            name
            for name in FUNCTIONS
            if outcomes[f"{name}, bias {BIASES[1]:g}"]["test_mse"] < LEARNED
        ],
        outcomes=outcomes,
        half_explained_by_relu={
            start: half_explained(found[start])
            for start in STARTS
            if start.startswith("ReLU")
        },
    )


def draw_dead_starts(lab):
    """The test errors from both starts."""
    figure, axes = figures.new(1, 2, width=11.0, height=4.2)
    found = from_dead_starts(lab)
    for panel, bias in zip(axes, BIASES, strict=True):
        panel.set_yscale("log")
        lines = {
            name: found[f"{name}, bias {bias:g}"]["test_mse"] for name in FUNCTIONS
        }
        epochs = np.arange(1, lines["ReLU"].shape[1] + 1)
        panel.axhline(LEARNED, color="black", linewidth=0.8)
        figures.curves(panel, epochs, lines)
        woken = sum(
            bool((found[f"{n}, bias {bias:g}"]["test_mse"][:, -1] < LEARNED).all())
            for n in FUNCTIONS
        )
        title = f"Biases {bias:g}: {woken} of {len(lines) - 1} cures wake every network"
        figures.describe(panel, title, "epoch", "test MSE (target variance 1)")
    lab.figure(
        "dead_starts",
        figure,
        "Test error of 10-10-1 networks whose hidden biases start negative; bands span "
        "the seeds, the line is half of the variance.",
    )


if __name__ == "__main__":
    main(__file__)
