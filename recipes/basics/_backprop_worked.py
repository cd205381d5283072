"""The worked 2-2-1 network of the notes, line by line beside what it should read."""

import numpy as np

from recipes.basics import _sigmoid_network as net

# The 2-2-1 network: one sample, sigmoids, cost ½ (y - ŷ)².
X, Y = np.array([0.5, 0.8]), 1.0
W1, B1 = np.array([[0.2, 0.4], [0.3, 0.7]]), np.array([0.1, 0.2])
W2, B2 = np.array([0.5, 0.6]), 0.3

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
    "a2": lambda q: net.sigmoid(q["z2"]),
    "z3": lambda q: W2 @ q["a2"] + B2,
    "a3": lambda q: net.sigmoid(q["z3"]),
    "J": lambda q: (Y - q["a3"]) ** 2 / 2,
    "slope at z3": lambda q: q["a3"] * (1 - q["a3"]),
    "dJ/dz3": lambda q: (q["a3"] - Y) * q["slope at z3"],
    "dJ/dw2": lambda q: q["dJ/dz3"] * q["a2"],
    "dJ/db2": lambda q: q["dJ/dz3"],
    "w2 dJ/dz3": lambda q: W2 * q["dJ/dz3"],
    "slope at z2": lambda q: q["a2"] * (1 - q["a2"]),
    "dJ/dz2": lambda q: q["w2 dJ/dz3"] * q["slope at z2"],
    "dJ/dW1": lambda q: np.outer(q["dJ/dz2"], X).T,  # by columns, as they are printed
}


def judge(lab) -> None:
    """States the verdicts on its three claims; nothing here depends on chance."""
    exact, carried = lines()
    found = {name: stands(name, exact, carried) for name in PRINTED}
    _table(lab, exact, found)
    _digits(lab, exact, found)
    _lower_loss(lab)


def network() -> list:
    """Returns the 2-2-1 network as layers."""
    return [(W1, B1[:, None]), (W2[None], np.array([[B2]]))]


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


def _table(lab, exact, found) -> None:
    rows = []
    for name, told in found.items():
        texts = [*PRINTED[name], *["-"] * (len(told) - len(PRINTED[name]))]
        for entry, (text, value, word) in enumerate(
            zip(texts, exact[name], told, strict=True), 1
        ):
            label = f"{name} [{entry}]" if len(told) > 1 else name
            rows.append((label, text, f"{value:.8f}", word))
    lab.table(
        "The worked 2-2-1 network beside exact arithmetic",
        ("line", "printed", "exact", "so the print is"),
        rows,
    )


def _digits(lab, exact, found) -> None:
    x, y, layers = X[:, None], np.array([[Y]]), network()
    ours = net.backward(layers, net.forward(layers, x), y)
    numeric, by_keras = (
        net.numeric_gradients(layers, x, y),
        net.keras_step(layers, x, y),
    )
    agreement = {
        "largest_difference_to_autodiff": net.difference(ours, by_keras[0]),
        "largest_difference_to_finite_differences": net.difference(ours, numeric),
    }
    notes = {"forward-2-2-1": _forward_note, "backward-2-2-1": _backward_note}
    for claim, names in (("forward-2-2-1", FORWARD), ("backward-2-2-1", BACKWARD)):
        # A number counts as right if it follows exactly or from the printed lines.
        right = {
            name: not any(told.startswith(("wrong", "missing")) for told in found[name])
            for name in names
        }
        evidence = {
            "printed_numbers": {name: found[name] for name in names},
            "exact": {name: exact[name] for name in names},
            **agreement,
        }
        if claim == "backward-2-2-1":
            evidence |= _shapes_and_shares(ours)
        lab.verdict(
            claim,
            right if max(agreement.values()) < 1e-7 else None,
            evidence=evidence,
            note=notes[claim](exact),
        )


def _shapes_and_shares(gradients) -> dict:
    dW1 = gradients[0][0]
    column = W2[:, None]  # the notes write the output weights as a column
    try:
        fits = (column @ np.ones((2, 1))).shape == (1, 1)
    except ValueError:
        fits = False
    return {
        "printed_share_of_the_squared_gradient_of_W1": (dW1[:, 0] ** 2).sum()
        / (dW1**2).sum(),
        "output_weights_as_a_column_multiply_a2": fits,
        "output_weights_as_a_row_multiply_a2": (column.T @ np.ones((2, 1))).shape
        == (1, 1),
    }


def _forward_note(exact) -> str:
    return (
        "Every line follows from the printed line before; in exact arithmetic z3 is "
        f"{exact['z3'][0]:.5f} and J is {exact['J'][0]:.5f}, so 1.0413 and 0.03406 "
        "carry the rounding of a2 and ŷ on."
    )


def _backward_note(exact) -> str:
    first, second = exact["dJ/dW1"][:2], exact["dJ/dW1"][2:]
    return (
        f"Slips in the last digit: slope {exact['slope at z2'][1]:.4f} (not 0.2047), "
        f"dJ/dz2 {exact['dJ/dz2'][1]:.5f} (not -0.00617), dJ/dW1 {first[1]:.5f} (not "
        f"-0.00308); half of dJ/dW1 is missing, the column for x2: {second[0]:.5f}, "
        f"{second[1]:.5f}. The output weights must be a row, not a column."
    )


def _lower_loss(lab) -> None:
    x, y, layers = X[:, None], np.array([[Y]]), network()
    gradients = net.backward(layers, net.forward(layers, x), y)
    half = np.array([gradients[0][0][:, 0], [0, 0]]).T

    def after(rate, gradients):
        return float(net.cost(net.forward(net.step(layers, gradients, rate), x)[-1], y))

    start, still = after(0, gradients), [(np.zeros_like(W2[None]), np.zeros((1, 1)))]
    descent = {f"rate {rate}": after(rate, gradients) for rate in (0.1, 0.5, 1, 10)}
    gains = {
        name: start - after(1, [(dW, np.zeros((2, 1))), *still])
        for name, dW in (("whole", gradients[0][0]), ("as_printed", half))
    }
    lab.verdict(
        "backward-2-2-1-step-lowers-loss",
        {rate: loss < start for rate, loss in descent.items()},
        evidence={
            "J_before": start,
            "J_after_a_step": descent,
            "J_after_a_step_uphill": {
                f"rate {r}": after(-r, gradients) for r in (0.1, 1)
            },
            "gain_in_J_by_W1_alone_at_rate_1": gains,
        },
        note=f"J falls from {start:.5f} to {descent['rate 1']:.5f} with rate 1; the "
        f"printed half of dJ/dW1 gains {gains['as_printed']:.2e} where the whole gains "
        f"{gains['whole']:.2e}.",
    )
