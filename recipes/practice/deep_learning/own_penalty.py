"""Own penalty: does a network do by itself what ridge and lasso do?

The notes say that deep learning automates ridge and lasso. Nobody adds a penalty here.
Gradient descent from zero still has a preference: it grows large directions first, so
stopping early is much like ridge, and where the rows are too few to decide, it ends at
the least weights that fit. That is ridge's part. Lasso's part would be exact zeros for
what is not needed. So descent is tried on targets that use all features and on targets
that use three of sixty; each method chooses its strength, or its time, on the same
validation rows. Then a network is looked at: do its weights shrink, and do those of
inputs that are noise?
"""

import numpy as np
from sklearn.linear_model import Lasso, Ridge

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.deep_learning._networks import BATCH, classifier
from zoo import mlp

ROWS, FEATURES, USED, NOISE = 40, 60, 3, 0.5
PENALTIES = np.logspace(-4, 3, 36)  # of ridge and lasso
STEPS = np.unique(np.logspace(0, 5, 36).astype(int))  # updates of descent
NOISE_INPUTS, UNITS, RATE = 32, 64, 3.2e-3
TARGETS = {"all features used": FEATURES, "three of sixty used": USED}
WITHIN = stats.Threshold(
    "within a tenth",
    1.0,
    "times",
    "an error that is less than a tenth larger changes no decision.",
)

study = classifier(mlp)


def problem(used: int, seed: int) -> tuple[tuple, tuple, np.ndarray]:
    """Rows to learn from, rows to choose by, and the true weights, of length 1."""
    rng = np.random.default_rng([seed, used, 88])
    truth = np.zeros(FEATURES)
    truth[:used] = rng.normal(size=used)
    truth /= np.linalg.norm(truth)
    pairs = []
    for _ in range(2):
        x = rng.normal(size=(ROWS, FEATURES))
        pairs.append((x, x @ truth + NOISE * rng.normal(size=ROWS)))
    return pairs[0], pairs[1], truth


def descend(x, y) -> np.ndarray:
    """Weights of gradient descent from zero after each of `STEPS`.

    In the eigenvectors of the curvature every weight is a geometric sum: after t steps
    of rate r the share 1 - (1 - r λ)^t of the least-squares fit is there.
    """
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    curvature = singular**2 / len(x)
    rate = 1 / curvature.max()
    shares = 1 - (1 - rate * curvature) ** STEPS[:, None]
    return (shares * (left.T @ y) / singular) @ right


def compare(used: int, seed: int) -> dict[str, float]:
    """Squared distances to the truth, each method at its best on validation."""
    (x, y), (x_new, y_new), truth = problem(used, seed)
    paths = {
        "descent": descend(x, y),
        "ridge": np.array(
            [Ridge(alpha=a, fit_intercept=False).fit(x, y).coef_ for a in PENALTIES]
        ),
        "lasso": np.array(
            [
                Lasso(alpha=a, fit_intercept=False, max_iter=3000, tol=1e-3)
                .fit(x, y)
                .coef_
                for a in PENALTIES[PENALTIES > 5e-3]
            ]
        ),
    }
    found = {}
    for name, path in paths.items():
        best = path[np.argmin(((x_new @ path.T - y_new[:, None]) ** 2).mean(0))]
        found[name] = float(((best - truth) ** 2).sum())
        found[f"{name}, zeros"] = float((best == 0).mean())
    found["descent to the end"] = float(((paths["descent"][-1] - truth) ** 2).sum())
    return found


@experiment
def distances(lab) -> dict[str, dict[str, np.ndarray]]:
    """Target to method to squared distances by seed."""
    found = {}
    for words, used in TARGETS.items():
        runs = [compare(used, seed) for seed in lab.more_seeds(4)]
        found[words] = stats.columns(runs)
    return found


def train(case: dict, seed: int, data) -> dict:
    """A network on images with noise inputs: lengths of its kernels, before and after.

    Args:
        case: `rows` and `epochs`.
        seed: Decides the rest.
        data: Images.
    """
    (x, y) = draw(data, seed, case["rows"])["training"]
    rng = np.random.default_rng([seed, 89])
    pixels = x.reshape(len(x), -1)
    noise = rng.normal(0, pixels.std(), (len(x), NOISE_INPUTS))
    x = np.concatenate([pixels, noise], 1).astype("float32")
    network = {"num_classes": 10, "units": [UNITS]}

    def lengths(model):
        first, _, second, _ = model.get_weights()
        return {
            "all": float(np.sqrt((first**2).sum() + (second**2).sum())),
            "noise": float(np.sqrt((first[-NOISE_INPUTS:] ** 2).sum())),
        }

    before = lengths(study.start((x, y), seed, network=network))
    after = study.train(
        (x, y),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network=network,
        measure=lengths,
    )["measured"]
    return {"before": before, "after": after}


@experiment
def kernels(lab) -> dict[str, np.ndarray]:
    """Length after over length before, of all kernels and of the noise inputs'."""
    case = {"rows": lab.settings.rows, "epochs": lab.settings.epochs}
    runs = lab.sweep(train, {"no penalty": case}, data=lab.like_digits, title="kernels")
    return {
        name: np.array(
            [r["after"][name] / r["before"][name] for r in runs["no penalty"]]
        )
        for name in ("all", "noise")
    }


@claim(
    "dl-automates-ridge",
    "Deep learning automates ridge and lasso in its neurons.",
    notes="003",
    scope="descent on 40 rows of 60 features; 64 hidden units on 300 digits with 32 "
    "noise inputs; no penalty anywhere",
)
def no_penalty(lab):
    """Descent against ridge and lasso, and what becomes of a network's weights."""
    found, grown = distances(lab), kernels(lab)
    dense, sparse = found.values()

    def within(method, rival):
        return stats.greater(1.1 * rival, method, by=WITHIN, scale="log")

    ones = np.ones(len(grown["all"]))
    return Finding(
        {
            "stopped early, all features used: as good as ridge": within(
                dense["descent"], dense["ridge"]
            ),
            "stopped early, three features used: as good as lasso": within(
                sparse["descent"], sparse["lasso"]
            ),
            "not stopped, all features used: as good as ridge": within(
                dense["descent to the end"], dense["ridge"]
            ),
            "weights that are not needed become zero": bool(
                sparse["descent, zeros"].max() > 0
            ),
            "a network's weights shrink": stats.greater(
                ones, grown["all"], by=stats.TENTH, scale="log"
            ),
            "a network's weights of noise inputs shrink": stats.greater(
                ones, grown["noise"], by=stats.TENTH, scale="log"
            ),
        },
        "These hold: {holding}. Squared distances to the true weights where all "
        "features are used: {dense:.2f}; where three are: {sparse:.2f}. A network's "
        "kernels become {grown:.2f} times as long, those of noise inputs {noise:.2f} "
        "times.",
        figure=draw_distances,
        dense={name: dense[name].mean() for name in ("descent", "ridge", "lasso")},
        sparse={name: sparse[name].mean() for name in ("descent", "ridge", "lasso")},
        grown=grown["all"].mean(),
        noise=grown["noise"].mean(),
        not_stopped=dense["descent to the end"].mean(),
        zeros={name: sparse[f"{name}, zeros"].mean() for name in ("descent", "lasso")},
    )


def draw_distances(lab):
    """Distances by method and target."""
    figure, panels = figures.new(1, 2, width=10.0, height=3.2)
    names = ("descent", "ridge", "lasso", "descent to the end")
    for axes, (words, seen) in zip(panels, distances(lab).items(), strict=True):
        for row, name in enumerate(names):
            color = figures.COLORS[1 if name.startswith("descent") else 0]
            values = seen[name]
            axes.plot(values, [row] * len(values), "o", color=color, alpha=0.25)
            axes.plot(values.mean(), row, "|", color=color, markersize=18, mew=3)
        ticks = ("descent, stopped", "ridge", "lasso", "descent to the end")
        axes.set_yticks(range(4), ticks if axes is panels[0] else [""] * 4)
        axes.set(ylim=(3.5, -0.5))
        nearest = min(names, key=lambda name, seen=seen: seen[name].mean())
        title = f"{words[0].upper()}{words[1:]}: nearest is {nearest}"
        figures.describe(axes, title, "squared distance to the true weights", "")
    lab.figure(
        "distances",
        figure,
        "Squared distance to the true weights (of length 1) by method, each at its "
        "best on validation rows; bars are means, dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
