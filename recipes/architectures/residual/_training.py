"""Deep plain and residual networks on digits, each at the best of three rates."""

import keras
import numpy as np

from recipes.lab import Study, experiment, stats
from zoo import mlp

RATES = (0.01, 0.03, 0.1)
CHOOSING = 1000  # the seed that decides the rate; it is none of those judged
BATCH_SIZE = 64
GUESSING = Study.loss_of_guessing(10)
STARTS = {
    "He": "He's weights",
    "small": "weights / √depth",
    "batch": "batch normalization",
}
NATS = stats.Threshold(
    "a tenth of a nat",
    0.1,
    "nats",
    "of the 2.3 nats between guessing and certainty; networks that differ by less "
    "train about equally well.",
)

DEEP = Study(mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "sgd")


def draw_weights(model, case, seed: int) -> list[np.ndarray]:
    """Draws kernels of variance 2/n (He), or 2/(n·depth) where the start is "small".

    Twins of one seed, plain and residual, start alike.
    """
    rng = np.random.default_rng([seed, 6])
    variance = 2 / case["depth"] if case["start"] == "small" else 2.0
    weights = []
    for weight in model.weights:
        if weight.path.endswith("kernel"):
            inputs, outputs = weight.shape
            scale = variance if inputs == outputs else 1.0  # the logits' stays small
            weights.append(rng.normal(0, (scale / inputs) ** 0.5, (inputs, outputs)))
        else:
            ones = weight.path.endswith(("gamma", "variance"))
            weights.append(np.full(weight.shape, float(ones)))
    return weights


def train(case, seed, data) -> dict:
    """Trains one network with plain SGD; returns its history and when it diverged."""
    # As wide as an image has pixels: no layer changes the width.
    width = int(np.prod(data.x_train.shape[1:]))
    run = DEEP.train(
        (data.x_train, data.y_train),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH_SIZE,
        learning_rate=case["rate"],
        network={
            "num_classes": data.num_classes,
            "units": [width] * case["depth"],
            "residual": case["residual"],
            "normalization": "batch" if case["start"] == "batch" else None,
        },
        weights=lambda model: draw_weights(model, case, seed),
    )
    return {"history": run["history"], "diverged": run["diverged"]}


def named(residual: bool, depth: int, start: str) -> str:
    """The name of a network in tables and numbers."""
    return f"{'residual' if residual else 'plain'} {depth}, {STARTS[start]}"


@experiment
def learn(lab) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Chooses each network's rate, then trains with every seed.

    The rate is that of the least loss after half the epochs on a seed of its own:
    no network is judged by the runs that its rate was chosen from.

    Returns:
        The rates {network: rate} and the training losses {network: (seeds, epochs)}.
    """
    depth, epochs = lab.settings.depth, lab.settings.epochs
    cases = {
        named(residual, layers, start): {
            "residual": residual, "depth": layers, "start": start,
        }
        for start in STARTS
        for residual in (False, True)
        for layers in (depth // 2, depth)
        # Weights that are small for the branches' sake would only starve a plain net.
        if residual or start != "small"
    }  # fmt: skip
    half = -(-epochs // 2)
    tried = lab.sweep(
        train,
        {
            f"{name}, {rate:g}": {**case, "rate": rate, "epochs": half}
            for name, case in cases.items()
            for rate in RATES
        },
        data=lab.like_digits,
        seeds=[CHOOSING],
        title="choosing rates",
    )
    rates = {
        name: min(
            RATES, key=lambda rate, name=name: losses(tried[f"{name}, {rate:g}"])[0, -1]
        )
        for name in cases
    }
    runs = lab.sweep(
        train,
        {n: {**c, "rate": rates[n], "epochs": epochs} for n, c in cases.items()},
        data=lab.like_digits,
        title="training",
    )
    found = {name: losses(row) for name, row in runs.items()}
    rows = [
        [name, f"{rates[name]:g}", float(final(table).mean()),
         f"{np.isinf(table[:, -1]).sum()} of {len(table)}"]
        for name, table in found.items()
    ]  # fmt: skip
    columns = ["network", "rate", "loss", "diverged"]
    lab.table(f"Training loss after {epochs} epochs", columns, rows)
    return rates, found


def losses(runs: list[dict]) -> np.ndarray:
    """Returns training losses (seeds, epochs), inf from where a training diverged."""
    table = np.array([run["history"]["loss"] for run in runs])
    for row, run in zip(table, runs, strict=True):
        if run["diverged"] is not None:
            row[run["diverged"] - 1 :] = np.inf
    return table


def final(table: np.ndarray) -> np.ndarray:
    """Returns the last losses (seeds,), none above that of guessing.

    A network that diverged has learned as much as one that guesses; its loss says
    no more than that, and differences of infinities say nothing at all.
    """
    return np.minimum(table[:, -1], GUESSING)


def draw_losses(axis, epochs: int, curves: dict[str, np.ndarray]) -> None:
    """Draws the median training loss of networks, with the range over seeds."""
    styles = zip(("#0072B2", "#D55E00"), ("-", "--"), strict=True)
    at = range(1, epochs + 1)
    axis.set(yscale="log", ylim=(0.05, 50))
    for (name, table), (color, line) in zip(curves.items(), styles, strict=True):
        axis.plot(at, np.median(table, 0), line, color=color, label=name)
        axis.fill_between(at, table.min(0), table.max(0), color=color, alpha=0.12, lw=0)
