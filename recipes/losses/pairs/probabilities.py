"""Probabilities: squared error is least at the true ones, and finds them as well.

The notes say that squared error does not fit the probabilities that a sigmoid or a
softmax puts out. There are two sides to that. Where a label is 1 with probability p,
the expected squared error (q − y)² of an answer q is least at q = p, as cross-entropy
is: it asks for the right probabilities (Brier, 1950). But cross-entropy is the
likelihood, which makes the most of many labels. Does it of a few hundred?
"""

import numpy as np
from scipy import optimize

from recipes.lab import Finding, claim, experiment, main, stats

ROWS, FEATURES = 400, 5
NEAR = 1e-3  # of the true probability: the step of the grid


def expected(q: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The expected squared error of answers q (rows, classes) where p is true."""
    right = ((1 - q) ** 2 + (q**2).sum(1, keepdims=True) - q**2) * p
    return right.sum(1)


def best_answer(p: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The softmax of least expected squared error where p is true."""

    def softmax(z):
        e = np.exp(z - z.max())
        return e / e.sum()

    found = optimize.minimize(
        lambda z: expected(softmax(z)[None], p[None])[0], start, tol=1e-12
    )
    return softmax(found.x)


def sigmoid(z):
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def off_by(seed: int) -> dict[str, float]:
    """How far two losses end from the true probabilities, of a logistic model.

    Returns:
        By loss the rms difference to the true probabilities of new rows.
    """
    rng = np.random.default_rng([seed, 19])
    x, new_x = (rng.normal(size=(n, FEATURES)) for n in (ROWS, 20_000))
    true = 2 * rng.normal(size=FEATURES) / np.sqrt(FEATURES)
    y = (rng.random(ROWS) < sigmoid(x @ true)).astype(float)
    losses = {
        "cross-entropy": lambda w: np.logaddexp(0, (1 - 2 * y) * (x @ w)).mean(),
        "squared error": lambda w: ((sigmoid(x @ w) - y) ** 2).mean(),
    }
    found = {}
    for name, loss in losses.items():
        w = optimize.minimize(loss, np.zeros(FEATURES), tol=1e-10).x
        gap = sigmoid(new_x @ w) - sigmoid(new_x @ true)
        found[name] = float(np.sqrt((gap**2).mean()))
    return found


@experiment
def distances(lab) -> dict[str, np.ndarray]:
    """Distances to the true probabilities by loss; four draws for each seed."""
    # No training: they are fast.
    return stats.columns([off_by(seed) for seed in lab.more_seeds(4)])


@claim(
    "pair-mse-probabilities",
    "Squared error does not properly account for the probabilities that a sigmoid or "
    "softmax puts out.",
    says="is",
    notes="002",
    scope="expected losses in closed form; a logistic model of 5 inputs on 400 rows, "
    "solved exactly",
)
def accounts_for_probabilities(lab):
    """Where the expected loss is least; and how near a fit gets to the truth."""
    q = np.linspace(0, 1, 1001)
    two = np.column_stack([q, 1 - q])
    chances = (0.1, 0.5, 0.9)
    sigmoids = [
        float(q[expected(two, np.array([p, 1 - p])[None]).argmin()]) for p in chances
    ]
    rng = np.random.default_rng(0)
    true = rng.dirichlet(np.ones(5))
    softmaxes = best_answer(true, rng.normal(size=5))
    off = distances(lab)
    return Finding(
        {
            "a sigmoid's best answer is not the true probability": not np.allclose(
                sigmoids, chances, atol=NEAR
            ),
            "a softmax's best answer is not the true probabilities": not np.allclose(
                softmaxes, true, atol=NEAR
            ),
            "fitted to 400 rows, it ends farther from them than cross-entropy": (
                stats.greater(
                    off["squared error"], off["cross-entropy"], by=stats.TENTH,
                    scale="log",
                )
            ),
        },
        "Where a label has chances of {chances:g} the answers of least expected "
        "squared error are {answers:g}; for five classes they are right to {gap:.0e}. "
        "So squared error asks for the true probabilities. A logistic model fitted to "
        "400 rows ends so far from them (root mean square): {off:.3f}.",
        chances=chances,
        answers=sigmoids,
        gap=float(np.abs(softmaxes - true).max()),
        off={name: float(values.mean()) for name, values in off.items()},
    )  # fmt: skip


if __name__ == "__main__":
    main(__file__)
