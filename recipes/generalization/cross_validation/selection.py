"""Selection: choosing by folds is fairer than by one split; a fit is not changed by it.

"Prevents overfitting" has two meanings. One: a model that was cross-validated overfits
less. It can't: cross-validation fits other models on other rows, and the one that is
used in the end is fitted to all rows as it would have been without. Two: whoever tries
many models and keeps the best on one small test set fits that test set. The best of a
hundred is the best by luck as well, so its score is too good, and it may not be the
best at all. Choosing by the mean over all folds leaves luck less room.
"""

import keras
import numpy as np
from sklearn.model_selection import KFold

from recipes.lab import (
    Finding,
    Restart,
    claim,
    cross_validate,
    experiment,
    figures,
    fit,
    main,
    reseed,
    stats,
)
from zoo import mlp

FOLDS, ROWS, FEATURES, MODELS = 5, 100, 20, 100
TIMES = 4  # data sets for each that `--seeds` asks for: they cost little
DEGREES, POINTS, NOISE = tuple(range(13)), 30, 0.3
CHOICES = ("the training error", "one split", "5 folds")
CHOSEN = ("one split", "5 folds")


def validation_errors(
    designs: list[np.ndarray], y: np.ndarray, seed: int
) -> np.ndarray:
    """Squared errors of least squares on held-out rows: (models, folds)."""
    splits = list(KFold(FOLDS, shuffle=True, random_state=seed).split(y))
    return np.array(
        [
            [
                ((x[test] @ solved(x[rows], y[rows]) - y[test]) ** 2).mean()
                for rows, test in splits
            ]
            for x in designs
        ]
    )


def solved(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares."""
    return np.linalg.lstsq(x, y, rcond=None)[0]


def choose_features(seed: int) -> dict[str, dict[str, float]]:
    """Chooses among models that see random halves of the features.

    Returns:
        For one split and for the folds: "reported", the validation error of the chosen
        model, and "true", its squared error on new rows when fitted to all rows.
    """
    rng = np.random.default_rng([seed, 95])
    weights = rng.normal(size=FEATURES) / np.sqrt(FEATURES)
    x = rng.normal(size=(ROWS, FEATURES))
    y = x @ weights + rng.normal(size=ROWS)
    halves = [rng.permutation(FEATURES)[: FEATURES // 2] for _ in range(MODELS)]
    errors = validation_errors([x[:, half] for half in halves], y, seed)
    found = {}
    for name, scores in (("one split", errors[:, 0]), ("5 folds", errors.mean(1))):
        best = int(scores.argmin())
        fitted = np.zeros(FEATURES)
        fitted[halves[best]] = solved(x[:, halves[best]], y)
        true = 1 + float(((fitted - weights) ** 2).sum())  # rows of unit variance
        found[name] = {"reported": float(scores[best]), "true": true}
    return found


@experiment
def chosen_models(lab) -> dict[str, dict[str, np.ndarray]]:
    """What `choose_features` finds, one a seed."""
    runs = [choose_features(seed) for seed in lab.more_seeds(TIMES)]
    return {
        name: {key: np.array([run[name][key] for run in runs])
               for key in ("reported", "true")}
        for name in CHOSEN
    }  # fmt: skip


def gaps(seed: int, data) -> dict[str, float]:
    """The gap of a network, trained as it is, and after a cross-validation of it."""
    x, y = data.x_train[:ROWS], data.y_train[:ROWS]
    reseed(seed)
    model = mlp(x.shape[1:], data.num_classes, units=(32,))
    model.compile(
        keras.optimizers.Adam(0.003),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    restart, start, found = Restart(model), model.get_weights(), {}
    for name in ("without", "with"):
        restart(start)
        if name == "with":
            cross_validate(model, x, y, folds=2, seed=seed, epochs=2, stratified=False)
        fit(model, x, y, epochs=20, batch_size=20, seed=seed)
        accuracy = [
            model.evaluate(*pair, verbose=0, return_dict=True)["accuracy"]
            for pair in ((x, y), (data.x_test, data.y_test))
        ]
        found[name] = float(accuracy[0] - accuracy[1])
    return found


@claim(
    "cv-prevents-overfitting",
    "Cross-validation helps to prevent overfitting, also that to one train and test "
    "split.",
    says="often",
    hedge="reduces the risk",
    notes="000 004",
    scope="100 linear models on 100 rows of 20 features; a network on 100 digits",
)
def prevents_overfitting(lab):
    """The gap of one network, and the best of a hundred models by split and folds."""
    found = chosen_models(lab)
    split, folds = (found[name] for name in CHOSEN)
    optimism = {name: seen["true"] - seen["reported"] for name, seen in found.items()}
    gap = gaps(lab.seeds.start, lab.data())
    return Finding(
        {
            "one model: its gap is smaller after it": stats.below(
                gap["with"], gap["without"]
            ),
            "the best of 100: its error on new rows is lower": stats.greater(
                split["true"], folds["true"], by=stats.TENTH, scale="log"
            ),
            "the best of 100: its reported error is less too good": stats.greater(
                optimism["one split"], optimism["5 folds"], by=OPTIMISM
            ),
        },
        "It can change the choice among many models and its report, no single model. "
        "Chosen by 5 folds the best of {models} models has a true squared "
        "error of {true[5 folds]:.2f}, chosen by one split {true[one split]:.2f}. "
        "The report is too good by {optimism[5 folds]:.2f} and "
        "{optimism[one split]:.2f}. The gap of one network is {gap[without]:.1%} "
        "without cross-validation and {gap[with]:.1%} with it.",
        figure=draw_selection,
        models=MODELS,
        true={name: seen["true"].mean() for name, seen in found.items()},
        optimism={name: values.mean() for name, values in optimism.items()},
        gap=gap,
    )


OPTIMISM = stats.Threshold(
    "a tenth of the noise",
    0.1,
    "of the variance of the noise",
    "no model has an error below that variance, 1; a tenth of it changes a choice.",
)


# Degrees of a polynomial are the oldest example of models to choose from. Who chooses
# by the training error takes the highest degree.


def curve(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sine with noise on [−1, 1]."""
    rng = np.random.default_rng([seed, 96])
    x = rng.uniform(-1, 1, count)
    return x, np.sin(np.pi * x) + NOISE * rng.normal(size=count)


def choose_degree(seed: int) -> dict[str, tuple[int, float]]:
    """By way of choosing the degree, and its squared error on new points."""
    x, y = curve(POINTS, seed)
    designs = [np.polynomial.legendre.legvander(x, degree) for degree in DEGREES]
    errors = validation_errors(designs, y, seed)
    training = [((d @ solved(d, y) - y) ** 2).mean() for d in designs]
    new = np.linspace(-1, 1, 1001)
    true = np.array(
        [
            ((np.polynomial.legendre.legvander(new, degree) @ solved(d, y)
              - np.sin(np.pi * new)) ** 2).mean()
            for degree, d in zip(DEGREES, designs, strict=True)
        ]
    ) + NOISE**2  # fmt: skip
    ways = (training, errors[:, 0], errors.mean(1), true)
    return {
        name: (int(np.argmin(scores)), float(true[np.argmin(scores)]))
        for name, scores in zip((*CHOICES, "the true error"), ways, strict=True)
    }


@experiment
def chosen_degrees(lab) -> dict[str, dict[str, np.ndarray]]:
    """What `choose_degree` finds, one a seed."""
    runs = [choose_degree(seed) for seed in lab.more_seeds(TIMES)]
    return {
        name: {
            key: np.array([run[name][place] for run in runs])
            for place, key in enumerate(("degree", "error"))
        }
        for name in (*CHOICES, "the true error")
    }


@claim(
    "cv-model-selection",
    "Cross-validation helps to choose between models: take the one that does best over "
    "all folds.",
    says="often",
    hedge="helps",
    notes="002 004",
    scope="polynomials of degree 0 to 12 on 30 points of a sine with noise",
)
def folds_choose_well(lab):
    """The error of the chosen degree, by training error, one split and folds."""
    found = chosen_degrees(lab)
    means = {name: float(np.median(seen["error"])) for name, seen in found.items()}
    return Finding(
        {
            f"better than by {name}": stats.greater(
                found[name]["error"],
                found["5 folds"]["error"],
                by=stats.TENTH,
                scale="log",
            )
            for name in CHOICES[:2]
        },
        "Chosen by 5 folds the median squared error is {means[5 folds]:.3f}, by the "
        "training error {means[the training error]:.2g}, by one split "
        "{means[one split]:.3f}; the best degree has {means[the true error]:.3f}. "
        "Degrees on average: {degrees:.1f}.",
        figure=draw_selection,
        means=means,
        degrees={name: seen["degree"].mean() for name, seen in found.items()},
    )


def draw_selection(lab):
    """Reported and true errors of the best of a hundred; degrees that were chosen."""
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.2)
    found = chosen_models(lab)
    for index, (name, seen) in enumerate(found.items()):
        style = {"color": figures.COLORS[index], "alpha": 0.7, "ls": ""}
        left.plot(seen["reported"], seen["true"], "os"[index], label=name, **style)
    ends = [min(left.get_xlim()[0], left.get_ylim()[0]), left.get_ylim()[1]]
    left.plot(ends, ends, color="#000000", lw=0.8, ls=":")
    figures.legend(left, loc="lower right")
    split, folds = ((one["true"] - one["reported"]).mean() for one in found.values())
    title = f"Reports too good by {split:.2f} (split), {folds:.2f} (folds)"
    x = "reported squared error of the best of 100"
    figures.describe(left, title, x, "true squared error")
    degrees = chosen_degrees(lab)
    for index, name in enumerate(CHOICES):
        counts = np.bincount(degrees[name]["degree"], minlength=len(DEGREES))
        places = np.array(DEGREES) + 0.28 * (index - 1)
        right.bar(places, 100 * counts / counts.sum(), 0.28, label=f"by {name}",
                  color=figures.COLORS[(2, 0, 1)[index]])  # fmt: skip
    right.set_xticks(DEGREES)
    figures.legend(right, loc="upper center")
    title = "The training error chooses the highest degrees"
    figures.describe(right, title, "degree that was chosen", "data sets (%)")
    lab.figure(
        "selection",
        figure,
        "Left, reported and true error of the best of 100 models, chosen by one split "
        "or 5 folds, a mark a data set: above the dotted line the report is too good. "
        "Right, how often each degree is chosen.",
    )


if __name__ == "__main__":
    main(__file__)
