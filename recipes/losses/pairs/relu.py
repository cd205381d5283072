"""ReLU: good inside a network; at the output it needs targets from 0, and no log.

The notes pair ReLU with squared error for regression, "given that ReLU produces
non-negative outputs", and warn of ReLU with binary cross-entropy. A hidden ReLU is fine
for any target; an output that is never negative cannot give a negative answer. And
cross-entropy takes a logarithm of outputs that may be 0 or above 1: the formula has no
value there, and Keras's clipping no gradient.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, main, stats
from recipes.losses.pairs._derivatives import by_logit
from recipes.losses.pairs._digits import RATES, USUAL, ahead, means

FEATURES, ROWS, HIDDEN = 10, 1000, 32
COLUMNS = ("explained", "possible")
GOOD = 0.9  # share of the target's variance that a useful network explains
SIGNED, POSITIVE = "targets of both signs", "targets from 0"
CASES = {
    f"{output} output, {kind}": {"output": output, "kind": kind}
    for output, kind in (
        ("linear", SIGNED),
        ("linear", POSITIVE),
        ("relu", SIGNED),
        ("relu", POSITIVE),
        ("softplus", POSITIVE),  # a smooth output that is never negative
    )
}


def draw_rows(seed: int, rows: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """A linear function of unit variance with a little noise, or its size."""
    rng = np.random.default_rng([seed, 17])
    x = rng.normal(size=(rows, FEATURES))
    y = x.sum(1) / np.sqrt(FEATURES) + rng.normal(0, 0.1, rows)
    y = np.abs(y) if kind == POSITIVE else y
    return x.astype("float32"), y[:, None].astype("float32")


def network(input_shape, output: str) -> keras.Model:
    """ReLU in the hidden layer, and an activation at the output."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Dense(HIDDEN, "relu"),
            keras.layers.Dense(1, output, dtype="float32"),
        ]
    )


REGRESSION = Study(network, "mean_squared_error", "adam")


def possible(y: np.ndarray) -> float:
    """The share of the variance that answers from 0 can explain."""
    return float(1 - (np.minimum(y, 0) ** 2).mean() / y.var())


def train(case, seed, data) -> dict:
    """Trains one network; returns the explained share of new targets' variance."""
    x, y = draw_rows(seed + 500, 5000, case["kind"])

    def explained(model) -> dict:
        answers = keras.ops.convert_to_numpy(model(x))
        return {
            "explained": float(1 - ((answers - y) ** 2).mean() / y.var()),
            "always_zero": bool((answers == 0).all()),
        }

    return REGRESSION.train(
        draw_rows(seed, ROWS, case["kind"]),
        seed,
        epochs=case["passes"],
        batch_size=50,
        learning_rate=0.01,
        network={"output": case["output"]},
        measure=explained,
    )["measured"] | {"possible": possible(y) if case["output"] == "relu" else 1.0}


@experiment
def regressions(lab) -> dict[str, list[dict]]:
    """The networks by output and targets, with a table of what they explain."""
    cases = {n: {**case, "passes": lab.settings.passes} for n, case in CASES.items()}
    runs = lab.sweep(train, cases, title="regression")
    rows = [
        [name, *(f"{stats.column(found, k).mean():.3f}" for k in COLUMNS)]
        for name, found in runs.items()
    ]
    title = "Hidden ReLU: explained share of the variance, by the output"
    lab.table(title, ["output", *COLUMNS], rows)
    return runs


def dead_starts(draws: int) -> float:
    """Share of fresh networks whose ReLU output is 0 for every row: no gradient."""
    x, _ = draw_rows(0, ROWS, SIGNED)
    dead = 0
    for seed in range(draws):
        first, last = (
            keras.ops.convert_to_numpy(
                keras.initializers.GlorotUniform(seed=2 * seed + layer)(shape)
            )
            for layer, shape in enumerate([(FEATURES, HIDDEN), (HIDDEN, 1)])
        )
        dead += int((np.maximum(x @ first, 0) @ last <= 0).all())
    return dead / draws


# What is left unexplained is positive and skewed, so it is compared by its logarithm: a
# useful network leaves at most a tenth of the variance.


@claim(
    "pair-relu-mse",
    "ReLU goes well with squared error in regression.",
    says="always",
    notes="002",
    scope="a linear target of 10 features, 32 hidden units, 1000 rows, 30 passes of "
    "Adam",
)
def with_squared_error(lab):
    """Whether ReLU, hidden or at the output, explains the target."""
    runs = regressions(lab)
    explained = {n: stats.column(found, "explained") for n, found in runs.items()}
    left = {
        name: stats.greater(
            np.full(len(share), 1 - GOOD), 1 - share, by=stats.ANY, scale="log"
        )
        for name, share in explained.items()
    }
    share = {name: float(values.mean()) for name, values in explained.items()}
    most = {n: float(stats.column(r, "possible").mean()) for n, r in runs.items()}
    return Finding(
        {
            f"ReLU {where}, {kind}": left[f"{output} output, {kind}"]
            for where, output in (("hidden", "linear"), ("output", "relu"))
            for kind in (SIGNED, POSITIVE)
        },
        "Share of the targets' variance that is explained: {linear:.3f} with hidden "
        "ReLU and a linear output, where targets have both signs; {clipped:.3f} with "
        "a ReLU output, of {most:.3f} that are possible without negative answers. "
        "Targets from 0: {fitting:.3f} with a ReLU output, {smooth:.3f} with softplus. "
        "Of fresh networks with a ReLU output {dead:.0%} answer 0 to everything and "
        "get no gradient.",
        linear=share[f"linear output, {SIGNED}"],
        clipped=share[f"relu output, {SIGNED}"],
        most=most[f"relu output, {SIGNED}"],
        fitting=share[f"relu output, {POSITIVE}"],
        smooth=share[f"softplus output, {POSITIVE}"],
        dead=dead_starts(20 * len(lab.seeds)),
        explained=explained,
        possible=most,
        a_tenth_of_the_variance_over_what_is_left=left,
        networks_that_always_answer_0={
            name: sum(run["always_zero"] for run in found)
            for name, found in runs.items()
        },
    )


# Cross-entropy is −log p for label 1 and −log(1 − p) for label 0. At p = 3 and label 0
# that is the logarithm of −2; at p = 0 and label 1 that of 0.


@experiment
def cross_entropy_of_relu(lab) -> dict:
    """The formula's values, and Keras's losses and derivatives, at 3 and −2."""
    outputs, labels = np.array([3.0, -2.0]), np.array([0.0, 1.0])
    p = np.maximum(outputs, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        formula = np.where(labels == 1, -np.log(p), -np.log(1 - p))
    losses, slopes = by_logit("bce after relu", outputs[:, None], labels[:, None])
    inside = by_logit("bce after relu", np.array([[0.5]]), np.array([[1.0]]))[1]
    return {
        "formula": formula,
        "keras_loss": losses,
        "keras_derivative": slopes[:, 0],
        "keras_derivative_at_p_of_one_half": float(inside[0, 0]),
    }


@claim(
    "pair-relu-bce-undefined",
    "A ReLU output does not go with binary cross-entropy: the loss is undefined "
    "outside of (0, 1), and training suffers.",
    says="can",
    hedge="can lead to",
    notes="002",
    scope="odd or even of the 8 × 8 digits, 64 hidden units, 10 epochs, the best of "
    "five learning rates",
)
def with_cross_entropy(lab):
    """The loss outside of (0, 1), and networks that end in ReLU and in a sigmoid."""
    found = cross_entropy_of_relu(lab)
    ways = [(USUAL, optimizer) for optimizer in RATES]
    lost = ahead(lab, "bce logits", "bce relu", ways)
    flat = bool((found["keras_derivative"] == 0).all())
    return Finding(
        {
            "the formula has no finite value": not np.isfinite(found["formula"]).any(),
            "no gradient outside of (0, 1)": flat,
            **lost,
        },
        "At output 3 with label 0 and output 0 with label 1 the formula gives "
        "{formula}; Keras clips the outputs and gives {keras_loss:.2f}, with {a} "
        "gradient. Balanced accuracy with ReLU: {relu:.3f}; with a sigmoid: "
        "{sigmoid:.3f}.",
        a="no" if flat else "a",
        relu=means(lab, "bce relu", ways),
        sigmoid=means(lab, "bce logits", ways),
        outputs_and_labels=[[3.0, 0], [0.0, 1]],
        **found,
    )


if __name__ == "__main__":
    main(__file__)
