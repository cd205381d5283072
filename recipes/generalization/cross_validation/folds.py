"""Folds: every sample is tested once, and classes keep their shares if one asks.

Counting comes first. In k-fold cross-validation each sample is in k − 1 training sets
and in one test set. Plain folds leave to chance how many of a rare class each gets: of
200 samples with 10 of the rare class a fold may get none, and then nothing can be said
of that class. Stratified folds share them out. scikit-learn does the splitting here as
anywhere.
"""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import KFold, StratifiedKFold

from recipes.lab import Finding, claim, experiment, figures, generators, main, stats

FOLDS = 5
RARE, ROWS, GAP = 0.05, 200, 2.0  # share of the rare class, samples, distance of means
SHARES = {"one in twenty": (0.05,), "three classes, 70, 20 and 10 %": (0.7, 0.2)}


@claim(
    "cv-kfold-sizes",
    "With 1,000 samples and 5 folds each of 5 rounds tests on 200 samples and trains "
    "on the other 800, and every sample is tested once.",
    says="is",
    notes="004",
    scope="scikit-learn's KFold, counted",
)
def sizes(lab):
    """Counts the samples of every round, and how often each is tested."""
    rounds = list(KFold(FOLDS, shuffle=True, random_state=0).split(np.empty(1000)))
    tested = np.bincount(np.concatenate([test for _, test in rounds]), minlength=1000)
    pairs = [(len(training), len(test)) for training, test in rounds]
    return Finding(
        {
            "5 rounds": len(rounds) == 5,
            "800 to train on and 200 to test on in each": {*pairs} == {(800, 200)},
            "every sample tested once": bool((tested == 1).all()),
            "none in both": all(not {*one} & {*other} for one, other in rounds),
        },
        "In each of {count} rounds {training} samples train and {test} test.",
        count=len(rounds),
        training=pairs[0][0],
        test=pairs[0][1],
    )


def members(labels: np.ndarray, splitter) -> np.ndarray:
    """How many of each class a fold has: (folds, classes)."""
    classes = np.unique(labels)
    splits = splitter.split(np.empty(len(labels)), labels)
    return np.array(
        [[(labels[test] == c).sum() for c in classes] for _, test in splits]
    )


def labels_of(shares: tuple, rows: int = ROWS) -> np.ndarray:
    """Labels in fixed shares; the last class has what the others leave."""
    counts = [round(share * rows) for share in shares]
    return np.repeat(range(len(shares) + 1), [*counts, rows - sum(counts)])


def recall_error(splitter, seed: int) -> float:
    """By how much the mean recall over the folds misses that on many new samples.

    A fold without a sample of the rare class has no recall and is left out.
    """
    x, y = generators.imbalanced(ROWS, positive=RARE, gap=GAP, seed=seed)
    new_x, new_y = generators.imbalanced(4000, positive=0.5, gap=GAP, seed=seed + 1)
    learner, recalls = LinearDiscriminantAnalysis(), []
    for training, test in splitter.split(x, y):
        rare = test[y[test] == 1]
        if len(rare):
            fitted = learner.fit(x[training], y[training])
            recalls.append(fitted.predict(x[rare]).mean())
    truth = learner.fit(x, y).predict(new_x[new_y == 1]).mean()
    return float(np.mean(recalls) - truth)


@experiment
def recall_errors(lab) -> dict[str, list[float]]:
    """Root mean square of `recall_error` with both kinds of folds, one a seed."""
    found: dict[str, list[float]] = {"plain": [], "stratified": []}
    for seed in lab.seeds:
        errors: dict[str, list[float]] = {name: [] for name in found}
        for repeat in range(lab.settings.repeats):
            number = 1000 * seed + repeat
            for name, kind in (("plain", KFold), ("stratified", StratifiedKFold)):
                splitter = kind(FOLDS, shuffle=True, random_state=number)
                errors[name].append(recall_error(splitter, 2 * number))
        for name, values in errors.items():
            found[name].append(float(np.sqrt(np.mean(np.square(values)))))
    return found


@claim(
    "cv-stratified",
    "Stratified folds have a similar distribution of the classes each, which is useful "
    "for imbalanced data.",
    says="is",
    notes="004",
    scope="200 Gaussian samples, 1 in 20 of the rare class, 5 folds; and counts",
)
def classes_keep_shares(lab):
    """Counts the members of each class in each fold; errors of the recall."""
    stratified = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    plain = KFold(FOLDS, shuffle=True, random_state=0)
    counted = {name: members(labels_of(s), stratified) for name, s in SHARES.items()}
    errors = recall_errors(lab)
    labels, splits = labels_of((RARE,)), range(1000)
    shuffled = [KFold(FOLDS, shuffle=True, random_state=split) for split in splits]
    empty = np.mean([(members(labels, kind)[:, 0] == 0).any() for kind in shuffled])
    return Finding(
        {
            **{
                f"{name}: folds differ by one sample at most": bool(
                    (np.ptp(counts, axis=0) <= 1).all()
                )
                for name, counts in counted.items()
            },
            "useful: the recall of the rare class is estimated better": stats.greater(
                errors["plain"], errors["stratified"], by=stats.TENTH, scale="log"
            ),
        },
        "Of 10 rare samples each stratified fold gets {each}; plain folds get "
        "{plain}, and in {empty:.0%} of all splits one gets none. The mean recall "
        "misses the true one by {by[stratified]:.3f} with stratified folds, by "
        "{by[plain]:.3f} with plain ones.",
        figure=draw_folds,
        each=counted["one in twenty"][:, 0].tolist(),
        plain=members(labels_of((RARE,)), plain)[:, 0].tolist(),
        empty=empty,
        by={name: float(np.mean(values)) for name, values in errors.items()},
    )


def draw_folds(lab):
    """How many of the rare class a fold gets, over many splits."""
    figure, axes = figures.new(width=7.2, height=3.8)
    labels, splits, most = labels_of((RARE,)), 400, 0
    for index, (name, kind) in enumerate(
        (("plain folds", KFold), ("stratified folds", StratifiedKFold))
    ):
        counts = [
            members(labels, kind(FOLDS, shuffle=True, random_state=seed))[:, 0]
            for seed in range(splits)
        ]
        most = max(most, int(np.max(counts)))
        shares = np.bincount(np.ravel(counts), minlength=9) / (FOLDS * splits)
        places = np.arange(len(shares)) + 0.4 * (index - 0.5)
        axes.bar(places, 100 * shares, 0.4, label=name, color=figures.COLORS[index])
    figures.legend(axes)
    axes.set_xlim(-0.6, most + 0.6)
    title = f"Stratified folds get 2 of 10 rare samples each, plain ones 0 to {most}"
    x = "samples of the rare class in a fold of 40"
    figures.describe(axes, title, x, "folds (%)")
    lab.figure(
        "folds",
        figure,
        f"How many of 10 rare samples a fold of 40 gets, in {splits} splits.",
    )


if __name__ == "__main__":
    main(__file__)
