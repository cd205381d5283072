"""Penalty: for a linear model dropout is an L2 penalty that knows the inputs' scale.

Drop inputs of a linear model and average the squared error over all masks: what comes
out is the plain error plus p/(1 − p) · Σ (mean of x²) · w². That is an L2 penalty with
a weight of its own for each input. On inputs of one scale it is ridge regression, and
like ridge it gives two equal inputs equal weights. On inputs of different scales it
isn't: ridge asks in which unit an input was measured, dropout doesn't.

Networks are asked, too: those of `reliance`, all stopped at the same validation
accuracy, because one that trained longer has larger weights. How even the weights
behind their dropped units are says the participation ratio (Σ|w|)²/(n Σw²): 1 where all
have one size, 1/n where only one is not zero.
"""

import itertools

import numpy as np

from recipes.generalization.dropout._ablation import DROPPED, of
from recipes.lab import Finding, claim, main, stats

ROWS, FEATURES, RATE = 60, 8, 0.3
EXACT = 1e-10  # relative, float64: sums over 256 masks
UNIT = 100.0  # an input in centimeters instead of meters
EVENER = stats.Threshold(
    "a tenth", 1.1, "times", "the ratio is a share of weights that matter; see TENTH."
)


def problem(seed: int = 0, *, standardized: bool = True):
    """Inputs of mean 0 (and mean square 1), of which the last repeats the first."""
    rng = np.random.default_rng([seed, 97])
    x = rng.normal(size=(ROWS, FEATURES))
    x[:, -1] = x[:, 0]
    x -= x.mean(0)
    if standardized:
        x /= np.sqrt((x**2).mean(0))
    y = x[:, 0] + x[:, 1] - 0.5 * x[:, 2] + 0.5 * rng.normal(size=ROWS)
    return x, y - y.mean()


def expected_loss(x, y, weights, rate: float = RATE) -> float:
    """The mean squared error, averaged over all masks of the inputs."""
    total = 0.0
    for mask in itertools.product((0, 1), repeat=x.shape[1]):
        kept = sum(mask)
        chance = (1 - rate) ** kept * rate ** (len(mask) - kept)
        error = (x * mask / (1 - rate)) @ weights - y
        total += chance * (error**2).mean()
    return float(total)


def penalized_loss(x, y, weights, rate: float = RATE) -> float:
    """The plain error with the penalty of the formula."""
    penalty = rate / (1 - rate) * ((x**2).mean(0) * weights**2).sum()
    return float(((x @ weights - y) ** 2).mean() + penalty)


def dropout_fit(x, y, rate: float = RATE) -> np.ndarray:
    """The weights of the least expected loss."""
    gram = x.T @ x
    return np.linalg.solve(gram + rate / (1 - rate) * np.diag(np.diag(gram)), x.T @ y)


def ridge_fit(x, y, strength: float) -> np.ndarray:
    """The weights of the least squared error plus strength · Σ w²."""
    return np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)


def largest(first, second) -> float:
    """The largest difference, relative to the largest value."""
    return float(np.abs(first - second).max() / np.abs(second).max())


def linear() -> tuple[dict, dict]:
    """The conditions of the linear model, and the numbers of its finding.

    They are the expected loss, the best weights, twins, and an input in another unit.
    """
    x, y = problem()
    weights = np.random.default_rng(98).normal(size=FEATURES)
    by_masks, by_formula = expected_loss(x, y, weights), penalized_loss(x, y, weights)
    strength = RATE / (1 - RATE) * ROWS
    ours, ridge = dropout_fit(x, y), ridge_fit(x, y, strength)
    plain = np.linalg.lstsq(x[:, :-1], y, rcond=None)[0]
    # The same data, one input in another unit; predictions are what counts.
    other = x * np.where(np.arange(FEATURES) == 1, UNIT, 1.0)
    moved = {
        "dropout": largest(other @ dropout_fit(other, y), x @ ours),
        "L2": largest(other @ ridge_fit(other, y, strength), x @ ridge),
    }
    return (
        {
            "the mean over all masks is loss plus penalty": stats.close(
                by_masks / by_formula, 1, EXACT
            ),
            "inputs of one scale: the weights of ridge": stats.below(
                largest(ours, ridge), EXACT
            ),
            "two equal inputs share their weight": stats.close(
                ours[0], ours[-1], EXACT
            ),
            "an input in another unit: as with L2": stats.close(
                moved["dropout"], moved["L2"], 0.01
            ),
        },
        {
            "by_masks": by_masks,
            "by_formula": by_formula,
            "first": ours[0],
            "second": ours[-1],
            "alone": plain[0],
            "ridge_moves": moved["L2"],
            "moved": moved,
            "weights": {"dropout": ours, "L2": ridge},
        },
    )


@claim(
    "dropout-like-l2",
    "Dropout distributes the weight over the features, acting like an L2 penalty.",
    notes="000",
    scope="linear regression, 60 rows, 8 inputs of which two are equal, all 256 masks; "
    "400 digits, 32 hidden ReLU units, Adam, all stopped at 90 % on validation",
)
def like_ridge(lab):
    """The linear model, and how even the weights behind dropped units are."""
    exact, numbers = linear()
    even = {
        name: [of(lab, rate, name).mean() for rate in DROPPED]
        for name in ("evenness", "evenness_below")
    }
    return Finding(
        exact
        | {
            f"a network, dropout {rate:g}: weights a tenth more even": stats.greater(
                of(lab, rate, "evenness"),
                of(lab, 0.0, "evenness"),
                by=EVENER,
                scale="log",
            )
            for rate in DROPPED[1:]
        },
        "It is like L2 in a linear model whose inputs have one scale. Averaged over "
        "all masks the loss is {by_masks:.5f}, by formula {by_formula:.5f}. Two equal "
        "inputs get {first:.3f} and {second:.3f}; one of them alone would get "
        "{alone:.3f}. With one input in hundredths the predictions of L2 change by "
        "{ridge_moves:.1%}, those of dropout not at all. In a network the "
        "participation ratio of the last weights is {even:.2f} with dropout 0, 0.3 and "
        "0.5, that of the first {below:.2f}.",
        even=even["evenness"],
        below=even["evenness_below"],
        **numbers,
    )


if __name__ == "__main__":
    main(__file__)
