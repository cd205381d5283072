"""Worked: the notes' 2-2-1 network, line by line beside what it should read.

One sample, two sigmoid units, one sigmoid output, cost ½(y − ŷ)². The forward pass goes
line by line to the cost; the backward pass goes the same lines back. δ = dJ/dz of a
layer is what came back from above times the sigmoid's slope a(1 − a), and a weight's
gradient is its unit's δ times its input.

A printed number counts as right where it follows from the line printed before it, to
half a unit of its last digit: rounding may be carried on, but not a slip.
"""

import numpy as np

from recipes.basics._sigmoid_network import backward, cost, forward, sigmoid, step
from recipes.basics.backprop._checks import difference, keras_step, numeric_gradients
from recipes.lab import Finding, claim, experiment, main, stats

X, TARGET = np.array([0.5, 0.8]), 1.0
W1, B1 = np.array([[0.2, 0.4], [0.3, 0.7]]), np.array([0.1, 0.2])
W2, B2 = np.array([0.5, 0.6]), 0.3
NETWORK = [(W1, B1[:, None]), (W2[None], np.array([[B2]]))]
X_COLUMN, Y_COLUMN = X[:, None], np.array([[TARGET]])

# What the notes print, digit for digit.
FORWARD = {
    "z2": ("0.52", "0.91"),
    "a2": ("0.627", "0.713"),
    "z3": ("1.0413",),
    "a3": ("0.739",),
    "J": ("0.03406",),
}
BACKWARD = {
    "slope at z3": ("0.1929",),
    "dJ/dz3": ("-0.0503",),
    "dJ/dw2": ("-0.03155", "-0.03587"),
    "dJ/db2": ("-0.0503",),
    "w2 dJ/dz3": ("-0.02515", "-0.03018"),
    "slope at z2": ("0.2339", "0.2047"),
    "dJ/dz2": ("-0.00588", "-0.00617"),
    "dJ/dW1": ("-0.00294", "-0.00308"),  # its first column; the second is missing
}
PRINTED = FORWARD | BACKWARD

# Each line from the lines before it: `q` holds either exact or printed values.
RULES = {
    "z2": lambda q: W1 @ X + B1,
    "a2": lambda q: sigmoid(q["z2"]),
    "z3": lambda q: W2 @ q["a2"] + B2,
    "a3": lambda q: sigmoid(q["z3"]),
    "J": lambda q: (TARGET - q["a3"]) ** 2 / 2,
    "slope at z3": lambda q: q["a3"] * (1 - q["a3"]),
    "dJ/dz3": lambda q: (q["a3"] - TARGET) * q["slope at z3"],
    "dJ/dw2": lambda q: q["dJ/dz3"] * q["a2"],
    "dJ/db2": lambda q: q["dJ/dz3"],
    "w2 dJ/dz3": lambda q: W2 * q["dJ/dz3"],
    "slope at z2": lambda q: q["a2"] * (1 - q["a2"]),
    "dJ/dz2": lambda q: q["w2 dJ/dz3"] * q["slope at z2"],
    "dJ/dW1": lambda q: np.outer(q["dJ/dz2"], X).T,  # by columns, as they are printed
}
AGREE = 1e-7  # the gradients here, autodiff and finite differences, all in float64


def lines() -> tuple[dict, dict]:
    """Returns every line exactly, and as it follows from the printed lines."""
    printed = {name: np.array(texts, float) for name, texts in PRINTED.items()}
    exact, carried = {}, {}
    for name, rule in RULES.items():
        exact[name] = rule(exact)
        carried[name] = np.ravel(rule(printed))
    return {name: np.ravel(value) for name, value in exact.items()}, carried


def rounds_to(value: float, text: str) -> bool:
    """Returns whether the value, rounded to the text's digits, gives the text."""
    digits = len(text.partition(".")[2])
    return abs(value - float(text)) <= 0.5 * 10**-digits + 1e-12


def status(text: str | None, exact: float, carried: float) -> str:
    """Says how a printed number stands: right, rounding carried on, or wrong."""
    if text is None:
        return "missing"
    if rounds_to(exact, text):
        return "right"
    if rounds_to(carried, text):
        return "rounding carried on"
    return f"wrong: {exact:.{len(text.partition('.')[2])}f}"


def stands(name: str, exact: dict, carried: dict) -> list[str]:
    """Returns the status of each number of a line."""
    texts = (*PRINTED[name], *[None] * (len(exact[name]) - len(PRINTED[name])))
    return [
        status(*three) for three in zip(texts, exact[name], carried[name], strict=True)
    ]


@experiment
def compared(lab) -> tuple[dict, dict, dict]:
    """Each line exactly, how its print stands, and whether the gradients are right."""
    exact, carried = lines()
    found = {name: stands(name, exact, carried) for name in PRINTED}
    rows = []
    for name, words in found.items():
        texts = [*PRINTED[name], *["-"] * (len(words) - len(PRINTED[name]))]
        numbers = zip(texts, exact[name], words, strict=True)
        for entry, (text, value, word) in enumerate(numbers, 1):
            label = f"{name} [{entry}]" if len(words) > 1 else name
            rows.append((label, text, f"{value:.8f}", word))
    columns = ("line", "printed", "exact", "so the print is")
    lab.table("The worked 2-2-1 network beside exact arithmetic", columns, rows)
    ours = gradients()
    by_keras, _ = keras_step(NETWORK, X_COLUMN, Y_COLUMN)
    numeric = numeric_gradients(NETWORK, X_COLUMN, Y_COLUMN)
    agreement = {
        "largest_difference_to_autodiff": difference(ours, by_keras),
        "largest_difference_to_finite_differences": difference(ours, numeric),
    }
    return exact, found, agreement


def gradients() -> list:
    """Returns (dJ/dW, dJ/db) of both layers."""
    return backward(NETWORK, forward(NETWORK, X_COLUMN), Y_COLUMN)


def right_lines(names, found, agreement) -> dict[str, bool | None]:
    """Whether all numbers of a line are there and right; None if gradients disagree."""
    agrees = max(agreement.values()) < AGREE
    return {
        name: not any(word.startswith(("wrong", "missing")) for word in found[name])
        if agrees
        else None
        for name in names
    }


@claim(
    "forward-2-2-1",
    "The worked forward pass of a 2-2-1 sigmoid network gives the printed numbers.",
    says="is",
    notes="003",
    scope="the notes' example, exact",
)
def forward_pass(lab):
    """Five lines of numbers."""
    exact, found, agreement = compared(lab)
    return Finding(
        right_lines(FORWARD, found, agreement),
        "Every line follows from the printed line before; in exact arithmetic z3 is "
        "{exact[z3]:.5f} and J is {exact[J]:.5f}, so 1.0413 and 0.03406 carry the "
        "rounding of a2 and ŷ on.",
        exact={name: exact[name] for name in FORWARD},
        printed_numbers={name: found[name] for name in FORWARD},
        **agreement,
    )


# One worked example is one claim. As in the forward pass each printed line is a part of
# it, so that the verdict names the lines that a reader may trust.


@claim(
    "backward-2-2-1",
    "The worked backward pass of that network gives the printed gradients.",
    says="is",
    notes="003",
    scope="the notes' example, exact",
)
def backward_pass(lab):
    """Eight lines of numbers; a column of dJ/dW1 is not printed at all."""
    exact, found, agreement = compared(lab)
    dW1, column = gradients()[0][0], W2[:, None]
    a2 = np.ones((2, 1))  # only its shape matters
    return Finding(
        right_lines(BACKWARD, found, agreement),
        "Right up to what the output layer hands down, wrong from the slopes of the "
        "hidden layer on. Slips in the last digit: slope {slope:.4f} (not 0.2047), "
        "dJ/dz2 {delta:.5f} (not -0.00617), and with it dJ/dW1 {first:.5f} (not "
        "-0.00308). Half of dJ/dW1 is missing, the column for x2: {missing:.5f}. The "
        "output weights must be a row, not a column.",
        slope=exact["slope at z2"][1],
        delta=exact["dJ/dz2"][1],
        first=exact["dJ/dW1"][1],
        missing=exact["dJ/dW1"][2:],
        exact={name: exact[name] for name in BACKWARD},
        printed_numbers={name: found[name] for name in BACKWARD},
        **agreement,
        printed_share_of_the_squared_gradient_of_W1=(dW1[:, 0] ** 2).sum()
        / (dW1**2).sum(),
        output_weights_as_a_column_multiply_a2=column.shape[1] == len(a2),
        output_weights_as_a_row_multiply_a2=column.T.shape[1] == len(a2),
    )


# The notes give no rate. A gradient is right where a small step lowers the cost; a
# step of rate 10 shows how far the slope leads on.


@claim(
    "backward-2-2-1-step-lowers-loss",
    "A step against those gradients lowers the loss.",
    says="is",
    notes="003",
    scope="the notes' example, one step at four rates, exact",
)
def step_lowers_the_cost(lab):
    """One step at four rates, two steps the other way, and the printed half of dW1."""
    whole = gradients()

    def after(rate, gradients):
        layers = step(NETWORK, gradients, rate)
        return float(cost(forward(layers, X_COLUMN)[-1], Y_COLUMN))

    start = after(0, whole)
    descent = {f"rate {rate}": after(rate, whole) for rate in (0.1, 0.5, 1, 10)}
    still = [(np.zeros_like(W2[None]), np.zeros((1, 1)))]  # the output layer stays
    half = np.array([whole[0][0][:, 0], [0, 0]]).T  # the second column is missing
    gains = {
        name: start - after(1, [(dW, np.zeros((2, 1))), *still])
        for name, dW in (("whole", whole[0][0]), ("as_printed", half))
    }
    return Finding(
        {rate: stats.below(loss, start) for rate, loss in descent.items()},
        "J falls from {start:.5f} to {descent[rate 1]:.5f} with rate 1; the printed "
        "half of dJ/dW1 gains {gains[as_printed]:.2e} where the whole gains "
        "{gains[whole]:.2e}.",
        start=start,
        descent=descent,
        ascent={f"rate {rate}": after(-rate, whole) for rate in (0.1, 1)},
        gains=gains,
    )


if __name__ == "__main__":
    main(__file__)
