"""Definitions: two words for two ends of a sweep, and a third for what lies between.

By the notes a model overfits that does well on its training data and poorly on unseen
data, and one underfits that does poorly on both. A definition can't be true or false;
what can be asked is whether it sorts: whether a sweep from stiff to flexible has models
of the first kind at one end, of the second at the other, and neither between them.

"Well" and "poorly" need a number. A fifth of the labels is wrong here, at random, so
that no model has less than 20 % of errors on these labels but by luck, and the best
possible model is known: the number can be stated before the run.
"""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from recipes.lab import Finding, claim, experiment, figures, main

WRONG = 0.2  # share of labels that are wrong, in training rows and new ones
ROWS, NEW_ROWS = 200, 2000
NEIGHBORS = (1, 3, 9, 27, 81, 199)
# Of the error of the best possible model, 0.2, beyond which a model does poorly. The
# worst error of a guess is 0.5; halfway there a choice of model has been wasted.
POORLY = 0.3


def labeled(seed, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of a square, and whether they lie above a sine; a fifth is wrong."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (count, 2))
    above = points[:, 1] > np.sin(np.pi * points[:, 0]) / 2
    return points, (above ^ (rng.random(count) < WRONG)).astype(int)


@experiment
def errors(lab) -> dict[str, np.ndarray]:
    """Errors on training rows and new rows, (seeds, numbers of neighbors)."""
    found: dict[str, list] = {"training": [], "new": []}
    for seed in lab.seeds:
        x, y = labeled([seed, 65], ROWS)
        new_x, new_y = labeled([seed, 66], NEW_ROWS)
        models = [KNeighborsClassifier(count).fit(x, y) for count in NEIGHBORS]
        found["training"].append([1 - model.score(x, y) for model in models])
        found["new"].append([1 - model.score(new_x, new_y) for model in models])
    return {name: np.array(seen) for name, seen in found.items()}


def word_for(training: float, new: float) -> str:
    """What a model is by the notes' definitions."""
    if new <= POORLY:
        return "neither"
    return "underfits" if training > POORLY else "overfits"


@claim(
    "over-under-definitions",
    "A model overfits that performs well on training data and poorly on unseen data; "
    "one underfits that performs poorly on both.",
    says="is",
    notes="003",
    scope="a stand-in for a definition: nearest neighbors, 200 rows, a fifth wrong",
)
def words_sort_a_sweep(lab):
    """Whether both words are needed, each for one end of a sweep of complexity."""
    found = {name: seen.mean(0) for name, seen in errors(lab).items()}
    words = [word_for(*pair) for pair in zip(*found.values(), strict=True)]
    lab.table(
        "Mean errors by number of neighbors (the best possible model: 0.2)",
        ["neighbors", "on training rows", "on new rows", "by the definitions"],
        [list(row) for row in zip(NEIGHBORS, *found.values(), words, strict=True)],
    )
    named = dict(zip(NEIGHBORS, words, strict=True))
    runs = [word for word, last in zip(words, [None, *words], strict=False)
            if word != last]  # fmt: skip
    return Finding(
        {
            "the most flexible model overfits": words[0] == "overfits",
            "the stiffest model underfits": words[-1] == "underfits",
            "between them lies neither, and no word comes twice": runs
            == ["overfits", "neither", "underfits"],
        },
        "From 1 to {most} neighbors the words sort the models: {runs}. "
        " One neighbor has {training:.0%} of errors on its own rows and "
        "{new:.0%} on new ones, {most} have {stiff_training:.0%} and {stiff_new:.0%}; "
        '20 % is the least possible. The words leave open where "poorly" begins '
        "({poorly:.0%} here).",
        figure=draw_sweep,
        most=NEIGHBORS[-1],
        runs=runs,
        training=found["training"][0],
        new=found["new"][0],
        stiff_training=found["training"][-1],
        stiff_new=found["new"][-1],
        poorly=POORLY,
        words=named,
        errors=found,
    )


def draw_sweep(lab):
    """Both errors along the sweep, from stiff to flexible."""
    figure, axis = figures.new(width=7.6, height=4.2)
    places = np.arange(len(NEIGHBORS))
    found = {
        f"error on {name} rows": seen[:, ::-1] for name, seen in errors(lab).items()
    }
    axis.set(ylim=(-0.02, 0.56), xlim=(-0.2, len(NEIGHBORS) - 1))
    axis.axhline(WRONG, color="#000000", lw=1, ls="--")
    axis.text(0, WRONG - 0.03, "the best possible model", fontsize=9)
    axis.axhspan(POORLY, 0.56, color="#000000", alpha=0.05, lw=0)
    axis.text(0.6, 0.52, '"poorly": above this edge', fontsize=9)
    figures.curves(axis, places, found)
    axis.set_xticks(places, [str(count) for count in NEIGHBORS[::-1]])
    axis.yaxis.set_major_formatter("{x:.0%}")
    means = [seen.mean(0) for seen in errors(lab).values()]
    flexible, *_, stiff = (word_for(*pair) for pair in zip(*means, strict=True))
    title = f"With {NEIGHBORS[0]} neighbor: {flexible}; with {NEIGHBORS[-1]}: {stiff}"
    if (flexible, stiff) == ("overfits", "underfits"):
        title = "Stiff models do poorly on both, flexible ones on new rows only"
    figures.describe(axis, title, "neighbors (right: more flexible)", "wrong answers")
    lab.figure(
        "sweep",
        figure,
        "Errors of nearest neighbors on 200 training rows and on new rows, of which a "
        "fifth has a wrong label; bands span the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
