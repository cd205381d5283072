"""Small problems: adaptive rates help where scales differ, not everywhere.

Each claim about a kind of problem gets the smallest problem of that kind, raced in
NumPy. Every optimizer gets the best of 16 rates, the same for all, chosen on other
seeds than those that are judged: none loses by an unlucky rate.
"""

import numpy as np

from recipes.lab import Finding, claim, main, stats
from recipes.optimization.optimizers._races import best_rates, race, scores

CUT = 10_000  # steps after which a race is called off
LOSS = stats.Threshold(
    "a thousandth of a nat", 0.001, "nats", "the losses compared are 0.2 to 0.5."
)


# Objectives that move. A minimum wanders at random: what was seen long ago is of no
# use, and AdaGrad remembers all of it. In the second problem the loss is also
# multiplied by 10 in every other stretch of 500 steps: one rate of SGD must do for
# both. To "handle well" is to follow nearer than AdaGrad, from which RMSprop was made,
# and no farther than SGD at the best rate for this very movement.
MOVES, STRETCH = 4000, 500


def moving_target(rule, seed: int, times: float) -> np.ndarray:
    """Mean squared distance to a minimum that wanders, in the last half of the steps.

    Args:
        rule: Holds many rates at once.
        seed: Decides the movement and the noise.
        times: What the loss is multiplied by in every other stretch.
    """
    rng = np.random.default_rng([seed, 2])
    target, point, distance = np.zeros(5), np.zeros((1, 5)), 0.0
    for step in range(MOVES):
        target = target + rng.normal(0, 0.05, 5)
        slope = point - target + rng.normal(0, 0.5, 5)
        point = point + rule(slope * (times if step // STRETCH % 2 else 1.0))
        if step >= MOVES // 2:
            distance = distance + ((point - target) ** 2).mean(1)
    return distance / (MOVES // 2)


@claim(
    "opt-rmsprop-nonstationary",
    "RMSprop handles objectives that move well.",
    notes="002 003",
    scope="a minimum in 5 dimensions that wanders, 4,000 steps; nothing is trained",
)
def rmsprop_follows(lab):
    """Mean squared distance to the minimum, each at its best rate."""
    conditions, means = {}, {}
    for name, times in (("a minimum that wanders", 1.0), ("scales that change", 10.0)):
        found = race(
            lab,
            ("SGD", "AdaGrad", "RMSprop"),
            lambda rule, seed, times=times: moving_target(rule, seed, times),
        )
        ours = found["RMSprop"]
        conditions[f"{name}: a tenth nearer than AdaGrad"] = stats.greater(
            found["AdaGrad"], ours, by=stats.TENTH, scale="log"
        )
        conditions[f"{name}: not a tenth farther than SGD"] = stats.greater(
            1.1 * found["SGD"], ours, by=stats.ANY, scale="log"
        )
        means[name] = {rule: float(seen.mean()) for rule, seen in found.items()}
    first, second = means
    return Finding(
        conditions,
        "Mean squared distance in the last half of the steps, each at its best rate. "
        "Where the minimum wanders: {wanders:.3g}; where the "
        "loss is also multiplied by 10 in every other stretch: {scales:.3g}.",
        wanders=means[first],
        scales=means[second],
    )


# Features of different scales make the loss steep in one direction and flat in others.
# The steep one limits SGD's only rate; adaptive rules have a rate for each weight.


def steps_with_scale(rule, seed: int, scale: float) -> np.ndarray:
    """Steps to 1/1000 of the loss in linear regression with one odd feature."""
    rng = np.random.default_rng([seed, 3])
    x = rng.normal(size=(200, 5))
    y = x @ rng.normal(size=5)
    x = x * np.array([scale, 1, 1, 1, 1])
    gram, cross = x.T @ x / 200, x.T @ y / 200
    weights = rule(-cross[None])  # the first step, from zeros: (rates, 5)
    steps = np.full(len(weights), float(CUT))
    for time in range(2, CUT):
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
    notes="003",
    scope="linear regression on 5 features, one 100 times larger; nothing is trained",
)
def adaptive_rates_cope(lab):
    """How many times more steps one feature of another scale costs."""
    names = ("SGD", "AdaGrad", "RMSprop", "Adam")
    steps = {
        scale: race(
            lab,
            names,
            lambda rule, seed, scale=scale: steps_with_scale(rule, seed, scale),
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
        "loss multiply by (medians) {means:.3g}; runs are cut off at {cut} steps.",
        means={name: float(np.median(ratio)) for name, ratio in slowed.items()},
        cut=CUT,
        gains=gains,
        slowed=slowed,
    )


# The notes' table has a row for many and few features, and one for much and little
# data; each recommends two optimizers. Where the two rows agree, the better of the two
# is judged against the one that is left out; where they don't, Adam, which both rows
# have, against the better of the others. The tuning seeds say which is better.
TASKS = {  # rows, features, what is recommended, what is left out
    "much data, many features": (2000, 100, ("Adam", "RMSprop"), ("SGD",)),
    "little data, few features": (100, 5, ("Adam", "SGD"), ("RMSprop",)),
    "much data, few features": (2000, 5, ("Adam",), ("RMSprop", "SGD")),
    "little data, many features": (100, 100, ("Adam",), ("RMSprop", "SGD")),
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
    weights = np.zeros((1, features))
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
    notes="003",
    scope="logistic regression on 100 or 2,000 rows of 5 or 100 features",
)
def table_of_tasks(lab):
    """The better of what the table recommends against what it leaves out."""
    rows, gains = [], {}
    names, seeds = (
        ("SGD", "RMSprop", "Adam"),
        lab.more_seeds(2),
    )
    for task, (count, features, *choices) in TASKS.items():

        def problem(rule, seed, count=count, features=features):
            return tabular(rule, seed, count, features)

        tuned = best_rates(lab, names, problem)
        found = {
            name: scores(name, np.array([tuned[name][0]]), problem, seeds)[:, 0]
            for name in names
        }
        best, other = (min(group, key=lambda name: tuned[name][1]) for group in choices)
        case = f"{task}: {best} against {other}"
        gains[case] = stats.greater(found[other], found[best], by=LOSS)
        rows.append([task, *(float(found[k].mean()) for k in names), best, other])
    columns = ["task", "SGD", "RMSprop", "Adam", "recommended", "left out"]
    lab.table("Test loss by task, each optimizer at its best rate", columns, rows)
    return Finding(
        gains,
        "Test loss of what the table leaves out minus that of what it recommends, in "
        "nats: {effects:+.5f}. These problems are convex, and each optimizer has its "
        "best rate; networks may differ.",
        effects={case: gain.effect for case, gain in gains.items()},
    )


if __name__ == "__main__":
    main(__file__)
