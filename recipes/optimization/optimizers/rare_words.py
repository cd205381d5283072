"""Rare words: who learns weights whose gradient is nearly always zero.

In texts most words are rare: a weight that belongs to one gets a gradient once in 200
texts, and zero in between. AdaGrad divides by the root of what a weight has seen, so a
rare one still moves by a whole rate. RMSprop and Adam divide by a mean that fades while
the word is away. Every optimizer gets the best of 16 rates, chosen on other texts than
those that are judged.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.optimization.optimizers._races import race

WORDS, BATCHES, TEXTS = 50, 1000, 10  # TEXTS a batch
OFTEN = np.geomspace(0.5, 0.005, WORDS)  # shares of the texts with each word
RARE = OFTEN < 0.02
QUIET, NOISY = 0.1, 1.0  # standard deviations of the targets' noise; weights are 1, -1
WEIGHT = stats.Threshold(
    "a hundredth of a weight", 0.01, "weights", "the true weights are 1 or -1."
)


def bag_of_words(rule, seed: int, noise: float) -> np.ndarray:
    """Linear regression on words; the loss, and the mean error of rare weights."""
    rng = np.random.default_rng([seed, 1])
    truth = rng.choice([-1.0, 1.0], WORDS)
    weights = np.zeros((1, WORDS))
    for _ in range(BATCHES):
        x = (rng.random((TEXTS, WORDS)) < OFTEN).astype(float)
        error = weights @ x.T - (truth @ x.T + rng.normal(0, noise, TEXTS))
        weights = weights + rule(error @ x / TEXTS)
    loss = (OFTEN * (weights - truth) ** 2).sum(1)
    return np.stack([loss, np.abs(weights - truth)[:, RARE].mean(1)], 1)


@experiment
def rare_errors(lab, noise: float) -> dict[str, np.ndarray]:
    """The mean error of rare words' weights by optimizer, one a seed."""
    names = ("SGD", "momentum", "AdaGrad", "RMSprop", "Adam")
    found = race(lab, names, lambda rule, seed: bag_of_words(rule, seed, noise))
    means = {name: seen.mean(0) for name, seen in found.items()}
    rows = [[name, *map(float, seen)] for name, seen in means.items()]
    title = f"Words, noise {noise:g}: each optimizer at its best rate"
    lab.table(title, ["optimizer", "loss", "error of rare weights"], rows)
    return {name: seen[:, 1] for name, seen in found.items()}


def beats_sgd(lab, name: str) -> Finding:
    """The errors of rare words' weights beside SGD's, with little and much noise."""
    levels = {"little noise": QUIET, "ten times the noise": NOISY}
    error = {level: rare_errors(lab, noise) for level, noise in levels.items()}
    return Finding(
        {
            level: stats.greater(seen["SGD"], seen[name], by=WEIGHT)
            for level, seen in error.items()
        },
        "Mean error of the weights of rare words after the same steps, SGD's and "
        f"{name}'s: {{means:.3f}}.",
        means={level: [s["SGD"].mean(), s[name].mean()] for level, s in error.items()},
    )


@claim(
    "opt-adagrad-sparse",
    "AdaGrad works well on sparse data and features.",
    notes="002 003",
    scope="linear regression on 50 words, 1,000 batches of 10, each at its best rate",
)
def adagrad_learns_rare_words(lab):
    """AdaGrad against SGD."""
    return beats_sgd(lab, "AdaGrad")


@claim(
    "opt-rmsprop-sparse",
    "RMSprop performs well on sparse data.",
    notes="003",
    scope="linear regression on 50 words, 1,000 batches of 10, each at its best rate",
)
def rmsprop_learns_rare_words(lab):
    """RMSprop against SGD."""
    return beats_sgd(lab, "RMSprop")


@claim(
    "opt-adam-sparse",
    "Adam is well suited to sparse gradients and noisy data.",
    notes="002",
    scope="linear regression on 50 words, 1,000 batches of 10, each at its best rate",
)
def adam_learns_rare_words(lab):
    """Adam against SGD."""
    return beats_sgd(lab, "Adam")


# "Poorly" needs somebody who does better: plain descent, which momentum is added to,
# and AdaGrad, which is made for such data.


@claim(
    "momentum-sparse",
    "SGD with momentum may perform poorly on sparse data.",
    says="can",
    hedge="may",
    notes="003",
    scope="linear regression on 50 words, 1,000 batches of 10, each at its best rate",
)
def momentum_on_rare_words(lab):
    """Momentum against SGD without it, and against AdaGrad."""
    error = rare_errors(lab, QUIET)
    return Finding(
        {
            f"worse than {name}": stats.greater(
                error["momentum"], error[name], by=WEIGHT
            )
            for name in ("SGD", "AdaGrad")
        },
        "Mean error of the weights of rare words after the same steps: {means:.3f}.",
        means={name: error[name].mean() for name in ("momentum", "SGD", "AdaGrad")},
    )


if __name__ == "__main__":
    main(__file__)
