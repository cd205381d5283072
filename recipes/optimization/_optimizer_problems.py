"""Claims about optimizers on small problems, raced in NumPy.

Every optimizer gets the best rate of one grid, the same for all, chosen by the
mean over seeds of what is compared: none loses by an unlucky rate.
"""

import numpy as np

from recipes.lab import stats
from recipes.optimization._update_rules import RULES

RATES = np.logspace(-4, 1, 16)  # three a decade


def judge_problems(lab) -> None:
    """States the verdicts on sparse, drifting, badly scaled and tabular problems."""
    _sparse(lab)
    _drifting(lab)
    _feature_scales(lab)
    _task_table(lab)


def race(names, problem, seeds, choose=0) -> dict[str, np.ndarray]:
    """Runs optimizers on a problem, each with its best rate.

    Args:
        names: Keys of `RULES`.
        problem: `problem(rule, seed)` follows a rule that holds all `RATES` at
            once, (rates, 1), and returns (rates,) or (rates, k) scores, lower
            is better.
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


def _sparse(lab) -> None:
    names = ("SGD", "AdaGrad")
    found = race(names, _bag_of_words, lab.seeds)
    rare = {name: scores[:, 1] for name, scores in found.items()}
    gain = stats.paired(rare["SGD"], rare["AdaGrad"])
    means = {name: float(errors.mean()) for name, errors in rare.items()}
    lab.verdict(
        "opt-adagrad-sparse",
        gain.positive,
        evidence={"rare_weight_error": means, "SGD_minus_AdaGrad": gain},
        note="Mean error of the weights of rare words after the same steps, each at "
        f"its best rate: SGD {means['SGD']:.3f}, AdaGrad {means['AdaGrad']:.3f}; "
        f"difference {gain}.",
    )


def _bag_of_words(rule, seed: int) -> np.ndarray:
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


def _drifting(lab) -> None:
    found = race(("SGD", "AdaGrad", "RMSprop"), _moving_target, lab.seeds)
    means = {name: float(errors.mean()) for name, errors in found.items()}
    gains = {
        f"against {name}": stats.paired(found[name], found["RMSprop"])
        for name in ("AdaGrad", "SGD")
    }
    lab.verdict(
        "opt-rmsprop-nonstationary",
        {name: gain.positive for name, gain in gains.items()},
        evidence={"mean_squared_distance": means, "gain_of_RMSprop": gains},
        note="Mean squared distance to a minimum that wanders, each at its best rate: "
        + ", ".join(f"{name} {error:.3g}" for name, error in means.items())
        + ".",
    )


def _moving_target(rule, seed: int) -> np.ndarray:
    """A minimum that wanders at random, seen through noisy gradients."""
    rng = np.random.default_rng([seed, 2])
    target, point = np.zeros(5), np.zeros((len(RATES), 5))
    distances = []
    for _ in range(2000):
        target = target + rng.normal(0, 0.05, 5)
        point = point + rule(point - target + rng.normal(0, 0.5, 5))
        distances.append(((point - target) ** 2).mean(1))
    return np.mean(distances[200:], axis=0)


def _feature_scales(lab) -> None:
    names = ("SGD", "AdaGrad", "RMSprop", "Adam")
    steps = {
        scale: race(
            names, lambda rule, seed, s=scale: _scaled(rule, seed, s), lab.seeds
        )
        for scale in (1.0, 100.0)
    }
    slowed = {name: steps[100.0][name] / steps[1.0][name] for name in names}
    means = {name: float(np.mean(ratio)) for name, ratio in slowed.items()}
    gains = {
        f"{name} against SGD": stats.paired(np.log(slowed["SGD"]), np.log(slowed[name]))
        for name in names[1:]
    }
    lab.verdict(
        "opt-feature-scales",
        {name: gain.positive for name, gain in gains.items()},
        evidence={"steps_with_over_steps_without": means, "log_ratio": gains},
        note="With one feature 100 times larger, the steps to a thousandth of the "
        "first loss multiply by "
        + ", ".join(f"{ratio:.3g} ({name})" for name, ratio in means.items())
        + f"; runs are cut off at {CUT} steps.",
    )


CUT = 20_000


def _scaled(rule, seed: int, scale: float) -> np.ndarray:
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


TASKS = {  # the notes' table: what they recommend, and so what should lose
    "much data, many features": (5000, 100, ("Adam", "RMSprop"), "SGD"),
    "much data, few features": (5000, 5, ("Adam", "RMSprop"), "SGD"),
    "little data, many features": (100, 100, ("Adam", "RMSprop"), "SGD"),
    "little data, few features": (100, 5, ("Adam", "SGD"), "RMSprop"),
}


def _task_table(lab) -> None:
    rows, gains = [], {}
    for task, (n, features, recommended, other) in TASKS.items():
        found = race(
            ("SGD", "RMSprop", "Adam"),
            lambda rule, seed, n=n, d=features: _tabular(rule, seed, n, d),
            range(4 * len(lab.seeds)),  # cheap, and the differences are small
        )
        best = min(recommended, key=lambda name: found[name].mean())
        gains[f"{task}: {best} against {other}"] = stats.paired(
            found[other], found[best]
        )
        rows.append([task, *(float(found[k].mean()) for k in found), best, other])
    columns = ["task", "SGD", "RMSprop", "Adam", "noted best", "noted loser"]
    lab.table("Test loss by task, each optimizer at its best rate", columns, rows)
    lab.verdict(
        "opt-task-table",
        {name: gain.positive for name, gain in gains.items()},
        evidence={"test_loss_of_loser_minus_recommended": gains},
        note="Test loss of what the table leaves out minus that of what it recommends: "
        + "; ".join(f"{name}: {gain}" for name, gain in gains.items())
        + ".",
    )


def _tabular(rule, seed: int, n: int, features: int) -> np.ndarray:
    """Logistic regression, ten epochs of batches of 32; loss on fresh rows."""
    rng = np.random.default_rng([seed, 4])
    truth = 3 * rng.normal(size=features) / np.sqrt(features)
    x = rng.normal(size=(n + 2000, features))
    y = (rng.random(n + 2000) < _sigmoid(x @ truth)).astype(float)
    weights = np.zeros((len(RATES), features))
    for _ in range(10):
        for rows in np.array_split(rng.permutation(n), max(n // 32, 1)):
            error = _sigmoid(weights @ x[rows].T) - y[rows]
            weights = weights + rule(error @ x[rows] / len(rows))
    logits = weights @ x[n:].T
    return (np.logaddexp(0, logits) - y[n:] * logits).mean(1)


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))
