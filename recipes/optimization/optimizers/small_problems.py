"""Small problems: adaptive rates help with rare features and odd scales, not always.

Each claim about a kind of problem gets the smallest problem of that kind, raced in
NumPy. Every optimizer gets the best rate of one grid, the same for all, chosen by the
mean over seeds of what is compared: none loses by an unlucky rate.
"""

import numpy as np

from recipes.lab import Finding, claim, main, stats
from recipes.optimization._update_rules import RULES

RATES = np.logspace(-4, 1, 16)  # three a decade
CUT = 20_000  # steps after which a race is called off
WEIGHT = stats.Threshold(
    "a hundredth of a weight", 0.01, "weights", "the true weights are 1 or -1."
)
LOSS = stats.Threshold(
    "a thousandth of a nat", 0.001, "nats", "the losses compared are 0.2 to 0.5."
)


def race(names, problem, seeds, choose=0) -> dict[str, np.ndarray]:
    """Runs optimizers on a problem, each with its best rate.

    Args:
        names: Keys of `RULES`.
        problem: `problem(rule, seed)` follows a rule that holds all `RATES` at once,
            (rates, 1), and returns (rates,) or (rates, k) scores, lower is better.
        seeds: One problem each.
        choose: Which of k scores decides the rate.

    Returns:
        For each name the scores (seeds,) or (seeds, k) at its best rate.
    """
    found = {}
    for name in names:
        with np.errstate(over="ignore", invalid="ignore"):
            scores = np.array(
                [problem(RULES[name](RATES[:, None]), seed) for seed in seeds]
            )
        scores = np.where(np.isfinite(scores), scores, np.inf)
        deciding = scores if scores.ndim == 2 else scores[:, :, choose]
        best = int(np.argmin(deciding.mean(0)))
        found[name] = scores[:, best]
    return found


# Rare words: their weights get a gradient once in 200 texts. AdaGrad divides by the
# root of what a weight has seen, so that a rare one still moves by a whole rate.


def bag_of_words(rule, seed: int) -> np.ndarray:
    """Linear regression on 50 words, in 1 text of 2 down to 1 of 200."""
    rng = np.random.default_rng([seed, 1])
    often = np.geomspace(0.5, 0.005, 50)
    truth = rng.choice([-1.0, 1.0], 50)
    weights = np.zeros((len(RATES), 50))
    for _ in range(1000):
        x = (rng.random((10, 50)) < often).astype(float)
        error = weights @ x.T - (truth @ x.T + rng.normal(0, 0.1, 10))
        weights = weights + rule(error @ x / 10)
    loss = (often * (weights - truth) ** 2).sum(1)
    rare = np.abs(weights - truth)[:, often < 0.02].mean(1)
    return np.stack([loss, rare], 1)


@claim(
    "opt-adagrad-sparse",
    "AdaGrad is good on sparse features.",
    notes="002 003",
    scope="linear regression on 50 words, 1000 batches of 10; nothing is trained",
)
def adagrad_learns_rare_words(lab):
    """The weights of rare words after the same steps, each at its best rate."""
    found = race(("SGD", "AdaGrad"), bag_of_words, lab.seeds)
    rare = {name: scores[:, 1] for name, scores in found.items()}
    gain = stats.greater(rare["SGD"], rare["AdaGrad"], by=WEIGHT)
    return Finding(
        gain,
        "Mean error of the weights of rare words after the same steps, each at its "
        "best rate: {means:.3f}; difference {gain}.",
        means={name: float(errors.mean()) for name, errors in rare.items()},
        gain=gain,
        rare=rare,
    )


# A minimum that wanders: what was seen long ago is of no use. AdaGrad remembers all of
# it, RMSprop forgets.


def moving_target(rule, seed: int) -> np.ndarray:
    """A minimum that wanders at random, seen through noisy gradients."""
    rng = np.random.default_rng([seed, 2])
    target, point = np.zeros(5), np.zeros((len(RATES), 5))
    distances = []
    for _ in range(2000):
        target = target + rng.normal(0, 0.05, 5)
        point = point + rule(point - target + rng.normal(0, 0.5, 5))
        distances.append(((point - target) ** 2).mean(1))
    return np.mean(distances[200:], axis=0)


@claim(
    "opt-rmsprop-nonstationary",
    "RMSprop suits objectives that move.",
    notes="002 003",
    scope="a minimum in 5 dimensions that wanders, 2000 steps; nothing is trained",
)
def rmsprop_follows(lab):
    """Mean squared distance to the minimum, each at its best rate."""
    found = race(("SGD", "AdaGrad", "RMSprop"), moving_target, lab.seeds)
    gains = {
        f"against {name}": stats.greater(
            found[name], found["RMSprop"], by=stats.TENTH, scale="log"
        )
        for name in ("AdaGrad", "SGD")
    }
    return Finding(
        gains,
        "Mean squared distance to a minimum that wanders, each at its best rate: "
        "{means:.3g}.",
        means={name: float(errors.mean()) for name, errors in found.items()},
        gains=gains,
        distances=found,
    )


def steps_with_scale(rule, seed: int, scale: float) -> np.ndarray:
    """Steps to 1/1000 of the loss in linear regression with one odd feature."""
    rng = np.random.default_rng([seed, 3])
    x = rng.normal(size=(200, 5))
    y = x @ rng.normal(size=5)
    x = x * np.array([scale, 1, 1, 1, 1])
    gram, cross = x.T @ x / 200, x.T @ y / 200
    weights = np.zeros((len(RATES), 5))
    steps = np.full(len(RATES), float(CUT))
    for time in range(1, CUT):
        weights = weights + rule(weights @ gram - cross)
        loss = np.einsum("ri,ij,rj->r", weights, gram, weights) - 2 * weights @ cross
        loss = 1 + loss / (y @ y / 200)
        steps[(steps == CUT) & (loss < 1e-3)] = time
        if (steps < CUT).any() and time > 3 * steps.min() + 100:
            break  # slower rates can't be the best any more
    return steps


@claim(
    "opt-feature-scales",
    "Adaptive optimizers cope with features of different scales; SGD is sensitive to "
    "them.",
    notes="002",
    scope="linear regression on 5 features, one 100 times larger; nothing is trained",
)
def adaptive_rates_cope(lab):
    """How many times more steps one feature of another scale costs."""
    names = ("SGD", "AdaGrad", "RMSprop", "Adam")
    steps = {
        scale: race(
            names,
            lambda rule, seed, scale=scale: steps_with_scale(rule, seed, scale),
            lab.seeds,
        )
        for scale in (1.0, 100.0)
    }
    slowed = {name: steps[100.0][name] / steps[1.0][name] for name in names}
    gains = {
        f"{name} against SGD": stats.greater(
            slowed["SGD"], slowed[name], by=stats.TWICE, scale="log"
        )
        for name in names[1:]
    }
    return Finding(
        gains,
        "With one feature 100 times larger, the steps to a thousandth of the first "
        "loss multiply by {means:.3g}; runs are cut off at {cut} steps.",
        means={name: float(np.mean(ratio)) for name, ratio in slowed.items()},
        cut=CUT,
        gains=gains,
        slowed=slowed,
    )


TASKS = {  # the notes' table: what they recommend, and so what should lose
    "much data, many features": (5000, 100, ("Adam", "RMSprop"), "SGD"),
    "much data, few features": (5000, 5, ("Adam", "RMSprop"), "SGD"),
    "little data, many features": (100, 100, ("Adam", "RMSprop"), "SGD"),
    "little data, few features": (100, 5, ("Adam", "SGD"), "RMSprop"),
}


def sigmoid(z):
    """The logistic function, without overflow."""
    return 0.5 * (1 + np.tanh(z / 2))


def tabular(rule, seed: int, rows: int, features: int) -> np.ndarray:
    """Logistic regression, ten epochs of batches of 32; loss on fresh rows."""
    rng = np.random.default_rng([seed, 4])
    truth = 3 * rng.normal(size=features) / np.sqrt(features)
    x = rng.normal(size=(rows + 2000, features))
    y = (rng.random(rows + 2000) < sigmoid(x @ truth)).astype(float)
    weights = np.zeros((len(RATES), features))
    for _ in range(10):
        for batch in np.array_split(rng.permutation(rows), max(rows // 32, 1)):
            error = sigmoid(weights @ x[batch].T) - y[batch]
            weights = weights + rule(error @ x[batch] / len(batch))
    logits = weights @ x[rows:].T
    return (np.logaddexp(0, logits) - y[rows:] * logits).mean(1)


@claim(
    "opt-task-table",
    "Many features or much data ask for Adam or RMSprop, few or little for Adam or "
    "SGD.",
    says="advice",
    notes="002",
    scope="logistic regression on 100 or 5000 rows of 5 or 100 features",
)
def table_of_tasks(lab):
    """The better of what the table recommends against what it leaves out."""
    rows, gains = [], {}
    for task, (count, features, recommended, other) in TASKS.items():
        found = race(
            ("SGD", "RMSprop", "Adam"),
            lambda rule, seed, n=count, d=features: tabular(rule, seed, n, d),
            range(4 * len(lab.seeds)),  # cheap, and the differences are small
        )
        best = min(recommended, key=lambda name: found[name].mean())
        case = f"{task}: {best} against {other}"
        gains[case] = stats.greater(found[other], found[best], by=LOSS)
        rows.append([task, *(float(found[k].mean()) for k in found), best, other])
    columns = ["task", "SGD", "RMSprop", "Adam", "recommended", "left out"]
    lab.table("Test loss by task, each optimizer at its best rate", columns, rows)
    return Finding(
        gains,
        "Test loss of what the table leaves out minus that of what it recommends, in "
        "nats: {gains}.",
        gains=gains,
    )


if __name__ == "__main__":
    main(__file__)
