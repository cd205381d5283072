"""Units that start dead, activations that may wake them, and rates that kill."""

import keras
import numpy as np
from keras import layers

from recipes.basics._activation_data import ROWS, linear_rows, stacked
from recipes.basics._activation_measures import Watch, mean_square, sweep_together
from recipes.basics._activation_networks import Kind, SideBySide
from recipes.lab import figures, stats

RATE, LARGE = 0.01, 1.0  # Adam's learning rates
EPOCHS = 50
BIASES = (-5.0, -20.0)
FUNCTIONS = {
    "ReLU": "relu",
    "leaky ReLU 0.01": lambda: layers.LeakyReLU(negative_slope=0.01),
    "leaky ReLU 0.3": layers.LeakyReLU,  # Keras's default slope
    "PReLU from 0": layers.PReLU,  # as Keras starts it
    "PReLU from 0.25": lambda: layers.PReLU(keras.initializers.Constant(0.25)),
    "ELU": "elu",
}
STARTED = {
    f"{name}, bias {bias:g}": Kind(function, bias=bias)
    for name, function in FUNCTIONS.items()
    for bias in BIASES
}
USUAL, LARGE_RATE = "ReLU, bias 0", f"ReLU, rate {LARGE:g}"


def train(kinds, seeds, rate: float, epochs: int) -> dict[str, list[dict]]:
    """Trains 10-10-1 networks on the linear target; says what lives and what moved."""
    x, y = stacked(linear_rows(seed) for seed in seeds)
    networks = SideBySide(kinds, 10, (10,), 1, seeds, rate=rate)
    test = Watch(networks, x[ROWS:], y[ROWS:], mean_square)
    born, first = networks.dead(x[:ROWS]), networks.kernels()[0]
    networks.train(x[:ROWS], y[:ROWS], epochs=epochs, watch=[test])
    died, last = networks.dead(x[:ROWS]), networks.kernels()[0]
    curves = test.curves()
    return {
        name: [
            {
                "dead_at_the_start": float(born[name][i]),
                "dead_at_the_end": float(died[name][i]),
                "largest_move_of_a_hidden_weight": float(
                    np.abs(last[name][i] - first[name][i]).max()
                ),
                "variance": float(y[ROWS:, i].var()),
                "history": {"test_mse": curves[name][i].tolist()},
            }
            for i in range(len(seeds))
        ]
        for name in kinds
    }


def judge(lab) -> None:
    """Trains from dead starts and at a large rate; states both verdicts."""
    epochs, found = min(EPOCHS, lab.settings.epochs), {}
    for title, rate, chosen in (
        ("dead starts", RATE, {USUAL: Kind("relu"), **STARTED}),
        ("large rate", LARGE, {LARGE_RATE: Kind("relu")}),
    ):
        found |= sweep_together(
            lab,
            lambda seeds, rate=rate, chosen=chosen: train(chosen, seeds, rate, epochs),
            chosen,
            title,
        )
    judge_dying(lab, found)
    draw(lab, found, judge_cures(lab, found))


def column(runs: list[dict], key: str) -> np.ndarray:
    """Returns one number a seed."""
    return np.array([run[key] for run in runs])


def error(runs: list[dict]) -> np.ndarray:
    """Returns the last test error of each seed."""
    return np.array([run["history"]["test_mse"][-1] for run in runs])


def judge_dying(lab, found) -> None:
    """ReLU from dead starts, and at a rate a hundred times larger."""
    holds, evidence, told = {}, {}, []
    for bias in BIASES:
        runs = found[f"ReLU, bias {bias:g}"]
        moved = column(runs, "largest_move_of_a_hidden_weight")
        stuck = stats.paired(error(runs), 0.9 * column(runs, "variance"))
        dead = column(runs, "dead_at_the_start") == 1
        still = bool((moved == 0).all() and dead.all())
        holds[f"all units dead, bias {bias:g}"] = stuck.positive if still else False
        evidence[f"bias {bias:g}"] = {
            "largest_move_of_a_hidden_weight": moved.max(),
            "test_mse": error(runs).mean(),
            "variance_of_the_target": column(runs, "variance").mean(),
            "test_mse_above_0.9_of_the_variance": stuck,
        }
        told.append(
            f"From bias {bias:g} hidden weights move by {moved.max():g} and the test "
            f"MSE ends at {error(runs).mean():.3f} (variance "
            f"{column(runs, 'variance').mean():.3f})"
        )
    died = {
        rate: column(found[case], "dead_at_the_end")
        for rate, case in ((RATE, USUAL), (LARGE, LARGE_RATE))
    }
    more = stats.paired(died[LARGE], died[RATE])
    holds["a large rate kills units"] = more.positive
    evidence["share_dead_at_the_end_by_rate"] = {r: d.mean() for r, d in died.items()}
    evidence["more_dead_at_the_large_rate"] = more
    lab.verdict(
        "dying-relu",
        holds,
        evidence=evidence,
        note=f"{'. '.join(told)}. In the end {died[LARGE].mean():.0%} of the units are "
        f"dead with Adam's rate at {LARGE:g}, and {died[RATE].mean():.0%} at {RATE:g}.",
    )


def judge_cures(lab, found) -> dict[str, bool | None]:
    """Asks who explains half of the variance from the same dead starts."""
    evidence = {case: outcome(found[case]) for case in STARTED}
    lab.table(
        "Starting with negative biases: dead units, and the test error in the end",
        ("activation and bias", "dead at start", "dead at end", "test MSE"),
        [
            (
                case,
                *(f"{share:.0%}" for share in entry["share_dead_at_start_and_end"]),
                entry["test_mse"],
            )
            for case, entry in evidence.items()
        ],
    )
    holds = {
        case: entry["half_of_the_variance_above_test_mse"].positive
        for case, entry in evidence.items()
        if not case.startswith("ReLU")
    }
    said = {True: "learned", False: "not learned", None: "not settled"}
    groups = {
        word: "; ".join(case for case, learned in holds.items() if learned is answer)
        for answer, word in said.items()
    }
    first = evidence[f"PReLU from 0, bias {BIASES[1]:g}"]["share_dead_at_start_and_end"]
    lab.verdict(
        "leaky-fixes-dying",
        holds,
        evidence=evidence,
        note="From starts where every ReLU unit is dead, to learn is to explain half "
        "of the variance. "
        + " ".join(
            f"{word.capitalize()}: {cases}." for word, cases in groups.items() if cases
        )
        + f" PReLU from 0, as Keras starts it, has {first[0]:.0%} dead units at first; "
        f"ELU's slope at {BIASES[1]:g} is {np.exp(BIASES[1]):.0e}.",
    )
    return holds


def outcome(runs: list[dict]) -> dict:
    """Returns what became of one kind from one start."""
    return {
        "share_dead_at_start_and_end": [
            column(runs, f"dead_at_the_{end}").mean() for end in ("start", "end")
        ],
        "test_mse": float(error(runs).mean()),
        "half_of_the_variance_above_test_mse": stats.paired(
            0.5 * column(runs, "variance"), error(runs)
        ),
    }


def draw(lab, found, learned) -> None:
    """Draws the test errors from both starts."""
    figure, axes = figures.new(1, 2, width=11.0, height=4.2)
    for panel, bias in zip(axes, BIASES, strict=True):
        panel.set_yscale("log")
        lines = {
            name: np.array(
                [r["history"]["test_mse"] for r in found[f"{name}, bias {bias:g}"]]
            )
            for name in FUNCTIONS
        }
        epochs = np.arange(1, len(lines["ReLU"][0]) + 1)
        figures.curves(panel, epochs, lines)
        cures = [learned[f"{name}, bias {bias:g}"] for name in lines if name != "ReLU"]
        title = f"Biases at {bias:g}: {cures.count(True)} of {len(cures)} cures learn"
        figures.describe(panel, title, "epoch", "test MSE (target variance 1)")
    lab.figure(
        "dead_starts",
        figure,
        "Test error of 10-10-1 networks whose hidden biases start negative; bands span "
        "the seeds. To learn is to end below half of the variance for certain.",
    )
