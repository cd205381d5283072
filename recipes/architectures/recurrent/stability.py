"""Stability: which part of an LSTM keeps its gradients in bounds.

The notes give three reasons why an LSTM's gradients do not vanish; the third is that
sigmoid and tanh are smooth and so help to keep gradients stable. Two questions take
this apart. Are trainings less stable if another function stands in their place: a
linear one, a ReLU, a sigmoid with corners? And are these functions enough: do gradients
arrive if they stay, but the forget gate is shut, so that nothing is carried along the
cell?

Plain SGD without clipping shows what a gradient does: a step is as long as it is.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import (
    Finding,
    Study,
    claim,
    experiment,
    figures,
    generators,
    gradients,
    main,
    stats,
)

UNITS, BATCH = 16, 32
SEQUENCES, EPOCHS = 800, 4  # so 100 updates
# From rate 1 on the output layer diverges by itself: its bias has a curvature of 2.
RATES = (0.01, 0.03, 0.1, 0.3)
MEASURED = RATES[2]  # the rate at which gradients are measured after training
ANSWERING_ZERO = 1 / 6 + 1  # the squared error of it; no training need be worse
FLOWS = (0.1, 10.0)  # the first step's gradient over the last one's: within, it flows
LARGEST = 1e100  # what that counts at most, also one that is no number
EDGE = 1e-12  # what is smaller is drawn there
SHUT, OPEN = -30.0, 30.0  # biases: σ(-30) is 1e-13, σ(30) is 1 in float32

LOG = "log T"  # the forget bias that lets gradients through at the start

# What stands for tanh (candidate and cell state) and for the sigmoid of the gates, and
# the bias of the forget gate. With Keras's bias of 1 gradients vanish whatever the
# functions are, and nothing can become unstable: so functions are compared at log T.
USUAL = "tanh and sigmoid"
FUNCTIONS = {
    USUAL: ("tanh", "sigmoid", LOG),
    "linear for tanh": ("linear", "sigmoid", LOG),
    "ReLU for tanh": ("relu", "sigmoid", LOG),
    "hard sigmoid for the sigmoid": ("tanh", "hard_sigmoid", LOG),
}
PATHS = {
    "forget gate shut": ("tanh", "sigmoid", SHUT),
    "forget bias 1, Keras's": ("tanh", "sigmoid", 1.0),
    "forget bias log T": FUNCTIONS[USUAL],
    "forget gate held open": ("tanh", "sigmoid", OPEN),
}
HELD = "forget gate held open"  # nobody trains like this: it stands in the note
# To lose one rate of a grid of four narrows what can be chosen.
ONE_RATE = stats.Threshold(
    "one of four rates",
    1 / len(RATES),
    "share",
    "a function that makes trainings stable should save at least one rate of the grid.",
)


def lstm(input_shape, activation: str, recurrent_activation: str) -> keras.Model:
    """An LSTM with functions of one's choice, and one output."""
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            keras.layers.LSTM(
                UNITS, activation=activation, recurrent_activation=recurrent_activation
            ),
            keras.layers.Dense(1),
        ]
    )


STUDY = Study(lstm, "mse", "sgd")


def first_over_last(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """The gradient's norm in the first input over that in the last one."""
    target = ops.convert_to_tensor(y)

    def loss(values):
        return ops.mean((model(values[0]) - target) ** 2)

    (slope,) = gradients(loss, [x])
    norms = np.sqrt((slope.astype(float) ** 2).sum((0, 2)))
    if not np.isfinite(norms).all():
        return LARGEST  # the training diverged
    tiny = 1 / LARGEST  # where nothing at all arrives
    return float(max(norms[0], tiny) / max(norms[-1], tiny))


def train(case, seed, data):
    """Trains an LSTM by SGD without clipping on the adding problem.

    Args:
        case: `functions` (tanh's place, the sigmoid's, forget bias), `learning_rate`,
            `length`, `sequences`, `epochs`, `measured` and `xla`.
        seed: Decides weights, sequences and their order.
        data: None: the sequences are generated.

    Returns:
        `stable`: whether no epoch's loss was worse than that of answering 0;
        `losses`; and `reach`, where it is measured: the gradient of the first step
        over that of the last, at the end.
    """
    activation, recurrent_activation, bias = case["functions"]
    x, y = generators.adding(case["sequences"], case["length"], seed=seed)
    y = y[:, None]

    def start(model):
        # The model itself still has the weights that it was trained to before.
        new = keras.models.clone_model(model).get_weights()
        kernel, recurrent_kernel, biases, *head = (array.copy() for array in new)
        biases[UNITS : 2 * UNITS] = bias
        return [kernel, recurrent_kernel, biases, *head]

    run = STUDY.train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={
            "activation": activation,
            "recurrent_activation": recurrent_activation,
        },
        weights=start,
        measure=(lambda model: first_over_last(model, x[:BATCH], y[:BATCH]))
        if case["measured"]
        else None,
        xla=case["xla"],
    )
    losses = run["history"]["loss"]
    stable = run["diverged"] is None and max(losses) <= ANSWERING_ZERO
    return {"stable": stable, "losses": losses, "reach": run.get("measured")}


@experiment
def trainings(lab) -> dict[tuple[str, float], list[dict]]:
    """The runs by kind and rate: functions at all rates, paths at the measured one."""
    kinds = {(kind, rate): FUNCTIONS[kind] for kind in FUNCTIONS for rate in RATES}
    kinds |= {(kind, MEASURED): functions for kind, functions in PATHS.items()}
    length = lab.settings.length // 2
    cases = {
        f"{kind}, rate {rate:g}": {
            "functions": [
                float(np.log(length)) if part == LOG else part for part in functions
            ],
            "learning_rate": rate,
            "length": length,
            "sequences": 100 if lab.smoke else SEQUENCES,
            "epochs": 1 if lab.smoke else EPOCHS,
            "measured": kind in PATHS,
            "xla": not lab.smoke,
        }
        for (kind, rate), functions in kinds.items()
    }
    found = lab.sweep(train, cases, precision="float32", title="LSTMs by SGD")
    return dict(zip(kinds, found.values(), strict=True))


def stable_shares(lab) -> dict[str, np.ndarray]:
    """By function: the share of the rates at which a seed's training was stable."""
    runs = trainings(lab)
    return {
        kind: np.mean([stats.column(runs[kind, r], "stable") for r in RATES], axis=0)
        for kind in FUNCTIONS
    }


def reaches(lab) -> dict[str, np.ndarray]:
    """By path: the first step's gradient over the last one's after training."""
    runs = trainings(lab)
    return {kind: stats.column(runs[kind, MEASURED], "reach") for kind in PATHS}


# Two kinds of conditions: another function costs rates at which trainings are stable;
# and with these functions the gradient flows, whatever the forget gate does.


@claim(
    "lstm-nonlinear-stability",
    "Sigmoid and tanh make the states of an LSTM change smoothly, which helps to keep "
    "its gradients stable during training.",
    says="often",
    hedge="helps",
    notes="002",
    scope="LSTM of 16 units, the adding problem over 50 steps, 100 updates of SGD",
)
def functions_or_path(lab):
    """Puts other functions in their place; then shuts and opens the cell's path."""
    shares, arrives = stable_shares(lab), reaches(lab)
    conditions = {
        f"more stable than with {kind}": stats.greater(
            shares[USUAL], shares[kind], by=ONE_RATE
        )
        for kind in FUNCTIONS
        if kind != USUAL
    }
    # Up or down, the change must be less than tenfold.
    conditions |= {
        f"gradients arrive, {kind}": stats.greater(
            np.full(len(row), FLOWS[1]),
            np.exp(np.abs(np.log(row))),
            by=stats.ANY,
            scale="log",
        )
        for kind, row in arrives.items()
        if kind != HELD
    }
    return Finding(
        conditions,
        "With tanh {usual:.0%} of the trainings stay stable, with linear functions in "
        "its place {linear:.0%}, with ReLU {relu:.0%}. Rates {low:g} to {high:g}; with "
        "a hard sigmoid {hard:.0%}. After training with tanh and sigmoid the first of "
        "{steps} steps gets this much of the last one's gradient: {arrives:.1e}.",
        figure=draw_stability,
        low=RATES[0],
        high=RATES[-1],
        **dict(
            zip(
                ("usual", "linear", "relu", "hard"),
                (float(row.mean()) for row in shares.values()),
                strict=True,
            )
        ),
        steps=lab.settings.length // 2,
        arrives={kind: geometric(row) for kind, row in arrives.items()},
        stable_share_by_seed=shares,
        gradient_of_the_first_step_over_the_last=arrives,
    )


def geometric(row: np.ndarray) -> float:
    """The geometric mean: gradients differ by powers of ten."""
    return float(np.exp(np.log(row).mean()))


def draw_stability(lab):
    """Stable trainings by rate and function; gradients by path."""
    figure, (left, right) = figures.new(1, 2, width=14.0, height=4.2)
    runs = trainings(lab)
    left.set(xscale="log", ylim=(-0.04, 1.04), xlim=(RATES[0], RATES[-1]))
    left.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
    left.minorticks_off()
    rows = {
        kind: [stats.column(runs[kind, rate], "stable").mean() for rate in RATES]
        for kind in FUNCTIONS
    }
    figures.curves(left, RATES, rows)
    worst = min(rows, key=lambda kind: np.mean(rows[kind]))
    title = f"Least stable at these rates: {worst}"
    figures.describe(left, title, "learning rate of SGD", "share of stable trainings")
    arrives = reaches(lab)
    for position, row in enumerate(arrives.values()):
        shift = np.linspace(-0.15, 0.15, len(row)) if len(row) > 1 else np.zeros(1)
        style = {"color": figures.COLORS[position], "alpha": 0.8}
        right.plot(position + shift, np.maximum(row, EDGE), "o", **style)
    right.axhspan(*FLOWS, color="#DDDDDD", zorder=0)
    right.set(yscale="log", xlim=(-0.5, len(arrives) - 0.5), ylim=(EDGE / 10, 1e3))
    right.set_xticks(
        range(len(arrives)),
        [
            kind.replace("gate ", "gate\n").replace("bias ", "bias\n")
            for kind in arrives
        ],
    )
    flowing = sum(FLOWS[0] < geometric(row) < FLOWS[1] for row in arrives.values())
    title = (
        f"Same functions: the gradient arrives with {flowing} of {len(arrives)} paths"
    )
    label = "gradient of the first step over the last"
    figures.describe(right, title, "path along the cell", label)
    lab.figure(
        "stability",
        figure,
        "Left: share of trainings whose loss was never worse than that of answering 0. "
        "Right: after training at rate 0.1, a dot a seed; gray: between a tenth and "
        "ten times; dots at 10⁻¹² are that small or smaller.",
    )


if __name__ == "__main__":
    main(__file__)
