"""Reliable: five folds beat one split, and five random splits, too, but by less.

One split of 80 and 20 % tests on a fifth of the samples. Five folds test on all of
them, with five fits. Of course five tests are surer than one; so a rival gets as much
work: five random splits of 80 and 20 %, averaged. They may test one sample five times
and another never, and that is the whole difference.

An estimate is as good as it is near to the truth: the accuracy, on many new samples, of
the model that is fitted to all samples in the end. It is measured for a stable learner
and for one that a few samples can change.
"""

import numpy as np
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.tree import DecisionTreeClassifier

from recipes.lab import Finding, claim, experiment, figures, main, stats

ROWS, FEATURES, NEW, GAP = 100, 5, 4000, 1.5


# A learner predicts the classes of new samples from samples with classes.


def linear(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Least squares on the classes 0 and 1, cut at 1/2."""
    ones, new_ones = (np.column_stack([a, np.ones(len(a))]) for a in (x, new))
    return new_ones @ np.linalg.lstsq(ones, y, rcond=None)[0] > 0.5


def tree(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A tree that splits until each leaf has one class."""
    return DecisionTreeClassifier(random_state=0).fit(x, y).predict(new)


LEARNERS = {"linear": linear, "tree": tree}
ESTIMATES = {
    "one split": lambda seed: ShuffleSplit(1, test_size=0.2, random_state=seed),
    "five random splits": lambda seed: ShuffleSplit(
        5, test_size=0.2, random_state=seed
    ),
    "five folds": lambda seed: KFold(5, shuffle=True, random_state=seed),
}


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussians, whose means differ in the first feature."""
    rng = np.random.default_rng([seed, 92])
    y = rng.integers(2, size=count)
    x = rng.normal(size=(count, FEATURES))
    x[:, 0] += GAP * y
    return x, y


def misses(learner: str, seed: int) -> dict[str, float]:
    """By how much each estimate misses the accuracy on new samples."""
    (x, y), (new_x, new_y) = rows(ROWS, 2 * seed), rows(NEW, 2 * seed + 1)
    predict, found = LEARNERS[learner], {}
    truth = (predict(x, y, new_x) == new_y).mean()
    for name, make in ESTIMATES.items():
        scores = [
            (predict(x[training], y[training], x[test]) == y[test]).mean()
            for training, test in make(seed).split(x)
        ]
        found[name] = float(np.mean(scores) - truth)
    return found


@experiment
def errors(lab, learner: str) -> dict[str, np.ndarray]:
    """What `misses` finds by estimate: (seeds, data sets)."""
    repeats = lab.settings.repeats
    found = [
        [misses(learner, 1000 * seed + repeat) for repeat in range(repeats)]
        for seed in lab.seeds
    ]
    return {
        name: np.array([[miss[name] for miss in row] for row in found])
        for name in ESTIMATES
    }


def typical(values: np.ndarray) -> np.ndarray:
    """Root mean square over the data sets, one a seed."""
    return np.sqrt((values**2).mean(1))


@claim(
    "cv-reliable",
    "Cross-validation gives a more reliable estimate of a model's performance than a "
    "train and test split.",
    notes="004",
    scope="100 Gaussian samples of 5 features, two classes; 20 data sets a seed",
)
def folds_miss_by_less(lab):
    """Compares how far estimates are from the accuracy on new samples."""
    found = {name: errors(lab, name) for name in LEARNERS}
    rms = {
        learner: {name: float(typical(v).mean()) for name, v in seen.items()}
        for learner, seen in found.items()
    }
    lab.table(
        "Root mean square error of estimates of the accuracy",
        ["learner", *ESTIMATES],
        [[learner, *seen.values()] for learner, seen in rms.items()],
    )
    return Finding(
        {
            f"{learner}, against {rival}": stats.greater(
                typical(seen[rival]),
                typical(seen["five folds"]),
                by=stats.TENTH,
                scale="log",
            )
            for rival in ("one split", "five random splits")
            for learner, seen in found.items()
        },
        "Five folds miss the accuracy of a linear model by {linear[five folds]:.3f}, "
        "one split by {linear[one split]:.3f}. Five random splits, as much work as "
        "five folds: {linear[five random splits]:.3f}. For a tree: {tree:.3f}.",
        figure=draw_reliable,
        linear=rms["linear"],
        tree=rms["tree"],
    )


def draw_reliable(lab):
    """The errors of each estimate over all data sets."""
    figure, axes = figures.new(1, 2, width=10.5, height=3.8)
    for panel, learner in zip(axes, LEARNERS, strict=True):
        found = errors(lab, learner)
        for index, (name, values) in enumerate(found.items()):
            flat = np.sort(100 * np.abs(values).ravel())
            shares = 100 * (np.arange(len(flat)) + 1) / len(flat)
            style = {"color": figures.COLORS[index], "ls": figures.LINES[index]}
            panel.plot(flat, shares, label=name, **style)
        one, five = (
            100 * typical(found[n]).mean() for n in ("one split", "five folds")
        )
        title = (
            f"{learner.capitalize()}: one split misses by {one:.1f}, folds {five:.1f}"
        )
        figures.describe(panel, title, "error at most (points)", "data sets (%)")
    figures.legend(axes[0], loc="lower right")
    lab.figure(
        "reliable",
        figure,
        "Share of data sets in which an estimate of the accuracy misses the truth by "
        "at most so much, for a linear model and a tree.",
    )


if __name__ == "__main__":
    main(__file__)
