"""Margin: the hinge loss stops at a score of 1, and its scores are no probabilities.

The margin is the distance of the nearest point from the border. Of all lines between
two classes a support vector machine takes the one of largest margin: it minimizes the
weights' square with the hinge loss at 0. The hinge loss alone is 0 for every line whose
scores reach 1, and large weights get there with any margin. And where a point is of
class 1 with probability 0.6 or 0.9, the best score is 1 for both.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from recipes.lab import Finding, claim, experiment, generators, main, stats

POINTS, TESTS = 100, 20_000
NEARLY = 0.95
WITHIN = stats.Threshold(
    "a twentieth below the largest margin", 0.0, "share of the largest margin",
    "a margin nearer to the largest than that is as good; the twentieth is taken off "
    "before.",
)  # fmt: skip
RATE, STEPS = 0.1, 5000
EDGES = np.linspace(-8, 8, 9)  # of ten intervals of the first input
ALONE = {"zero weights": 0.0, "Keras's start": 1.0}  # and no penalty
PENALTIES = (1e-3, 1e-2, 1e-1)  # of the weights' square; 0.01 is Keras's default


def blobs(seed: int, spread: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two blobs four units from their border, with labels −1 and 1."""
    x, y = generators.blobs(count, 2, spread, seed)
    return x.astype(float), 2.0 * y - 1


def margin(w: np.ndarray, b: float, x, y) -> float:
    """The distance of the nearest point from the border; below 0 if it is wrong."""
    return float((y * (x @ w + b)).min() / np.linalg.norm(w))


def largest(x, y, penalty: float = 1e-9) -> float:
    """The margin of the exact minimum of the mean hinge loss plus a penalty."""
    model = SVC(kernel="linear", C=1 / (2 * len(y) * penalty)).fit(x, y)
    return margin(model.coef_[0], model.intercept_[0], x, y)


def descend(x, y, w: np.ndarray) -> float:
    """The margin after descent on the mean hinge loss alone, from weights `w`."""
    b = 0.0
    for _ in range(STEPS):
        short = y * (x @ w + b) < 1  # only points short of a score of 1 pull
        if not short.any():
            break
        w = w + RATE * (y[short] @ x[short]) / len(y)
        b = b + RATE * y[short].sum() / len(y)
    return margin(w, b, x, y)


@experiment
def margins(lab) -> dict[str, np.ndarray]:
    """Margins over the largest possible, one a seed, by what is minimized."""
    found: dict[str, list[float]] = {}
    for seed in lab.seeds:
        x, y = blobs(seed, 1.0, POINTS)
        best = largest(x, y)
        start = np.random.default_rng([seed, 9]).uniform(-1, 1, 2) * np.sqrt(6 / 3)
        for name, scale in ALONE.items():
            share = descend(x, y, scale * start) / best
            found.setdefault(f"hinge alone, from {name}", []).append(share)
        for penalty in PENALTIES:
            share = largest(x, y, penalty) / best
            found.setdefault(f"hinge and L2 penalty {penalty:g}", []).append(share)
    return {name: np.array(shares) for name, shares in found.items()}


@claim(
    "hinge-margin",
    "The hinge loss maximizes the margin.",
    says="always",
    notes="003",
    scope="a linear model on 100 points of two blobs that a line separates",
)
def maximizes_the_margin(lab):
    """Margins by the loss alone, and with three penalties."""
    shares = margins(lab)
    return Finding(
        {
            name: stats.against(share - NEARLY, 0.0, by=WITHIN)
            for name, share in shares.items()
        },
        "Mean margin, as a share of the largest possible: {mean:.0%}; the least over "
        "the seeds: {least:.0%}. The loss alone is content with any line whose scores "
        "reach 1. A small penalty makes it prefer small weights, and with that a large "
        "margin; a large one lets the nearest points into the margin.",
        mean={name: share.mean() for name, share in shares.items()},
        least={name: share.min() for name, share in shares.items()},
    )


# Probabilities: first without any model, then with one. If a point is of class 1 with
# probability p, a score s costs p max(0, 1 − s) + (1 − p) max(0, 1 + s) on average.


def best_score(p: float) -> float:
    """The score of least expected hinge loss, of 6001 from −3 to 3."""
    s = np.linspace(-3, 3, 6001)
    cost = p * np.maximum(0, 1 - s) + (1 - p) * np.maximum(0, 1 + s)
    return float(s[cost.argmin()])


def sigmoid(z):
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def by_interval(x, y, least: bool) -> np.ndarray:
    """A score for each of ten intervals of the first input: a model that bends freely.

    Args:
        x: Inputs.
        y: Labels.
        least: Whether scores have least hinge loss, or least cross-entropy.
    """
    place = np.digitize(x[:, 0], EDGES)
    # A right and a wrong label are added to each interval, so that no chance is 0 or 1.
    p = np.array([(1 + (y[place == k] == 1).sum()) / (2 + (place == k).sum())
                  for k in range(len(EDGES) + 1)])  # fmt: skip
    return np.array([best_score(q) for q in p]) if least else np.log(p / (1 - p))


def log_losses(seed: int) -> dict[str, float]:
    """Test log loss of σ(score), by loss and model; no score of a line can bend."""
    (x, y), (new_x, new_y) = (blobs(2 * seed + k, 4.0, n)
                              for k, n in enumerate((4 * POINTS, TESTS)))  # fmt: skip
    lines = {"hinge": SVC(kernel="linear", C=1.0),
             "cross-entropy": LogisticRegression(C=1e3)}  # fmt: skip
    place, found = np.digitize(new_x[:, 0], EDGES), {}
    for loss, model in lines.items():
        line = model.fit(x, y).decision_function(new_x)
        steps = by_interval(x, y, loss == "hinge")[place]
        for name, scores in ((f"{loss}, a line", line), (f"{loss}, intervals", steps)):
            found[name] = float(np.logaddexp(0, -new_y * scores).mean())
    return found


@claim(
    "hinge-not-probabilistic",
    "The hinge loss is not probabilistic: its scores are no probabilities.",
    says="is",
    notes="003",
    scope="expected losses in closed form; a line, and scores of ten intervals, on 400 "
    "points of two blobs that overlap",
)
def no_probabilities(lab):
    """What the best score says of the probability; and σ(score) as a probability."""
    scores = {f"{p:g}": best_score(p) for p in (0.6, 0.75, 0.9)}
    loss = stats.columns([log_losses(seed) for seed in lab.seeds])
    worse = {
        model: stats.greater(loss[f"hinge, {model}"], loss[f"cross-entropy, {model}"],
                             by=stats.TENTH, scale="log")
        for model in ("intervals", "a line")
    }  # fmt: skip
    # What the sentence says is that a score holds no probability. How bad the sigmoid
    # of it is, which nobody offers as one, is shown beside that.
    return Finding(
        {
            "the best score is the same for chances 0.6 and 0.9": scores["0.6"]
            == scores["0.9"]
        },
        "The score of least expected hinge loss is {scores:g} for chances {chances}; "
        "that of least cross-entropy is log(p / (1 − p)), from which p can be read. "
        "Log loss of the sigmoid of the score: {loss:.3f}. A line can't bend to scores "
        "of −1 and 1.",
        scores=list(scores.values()),
        chances=list(scores),
        loss={name: float(values.mean()) for name, values in loss.items()},
        log_loss_over_that_of_cross_entropy=worse,
    )


if __name__ == "__main__":
    main(__file__)
