"""Remedies: what raises the test accuracy of a network at 98 % and 54 %.

Any gap closes if a network learns less. So a remedy has to raise the *test* accuracy,
and it has to be tried fairly: each has the strength that is best on validation rows, on
seeds that it is not judged on, and the test is read once. The validation rows have
wrong labels as well, as they would have if the training rows did.

The last remedy of the notes is "model architecture", without a direction. It can mean a
smaller network, which has less room to learn by heart, or one that suits the data:
convolutions with a mean over all places, which look for the same strokes everywhere.
"""

import numpy as np

from recipes.generalization.overfitting._base import base_case, train
from recipes.lab import Finding, claim, experiment, figures, main, stats

# Each remedy's strengths, about half a decade or a factor of two apart, as changes of
# the base's case.
REMEDIES = {
    "augmentation": {
        f"moves up to {moves:g} of the side": {"network": {"moves": moves}}
        for moves in (0.03, 0.1, 0.3)
    },
    "L2": {f"L2 {l2:g}": {"network": {"l2": l2}} for l2 in (1e-3, 3e-3, 1e-2, 3e-2)},
    "dropout": {
        f"dropout {rate:g}": {"network": {"dropout": rate}} for rate in (0.3, 0.5, 0.7)
    },
    "early stopping": {
        f"patience {patience}": {"patience": patience} for patience in (3, 10, 30)
    },
    "a smaller network": {
        f"{units} units": {"network": {"units": [units]}} for units in (4, 8, 16, 32)
    },
    "convolutions": {
        f"{first} and {2 * first} filters": {"network": {"filters": [first, 2 * first]}}
        for first in (4, 8, 16)
    },
}
TUNED = 2  # seeds on which strengths are chosen


def precision_of(remedy: str) -> str:
    """The family of a remedy's networks."""
    return "convolutional" if remedy == "convolutions" else "dense"


@experiment
def best_strengths(lab) -> dict[str, str]:
    """Each remedy's strength of best validation accuracy, on the tuning seeds."""
    chosen = {}
    for remedy, strengths in REMEDIES.items():
        chosen |= lab.choose(
            train,
            {remedy: {name: base_case(lab, **of) for name, of in strengths.items()}},
            score="validation",
            largest=True,
            seeds=TUNED,
            precision=precision_of(remedy),
            title=f"choosing: {remedy}",
        )
    return chosen


@experiment
def judged(lab) -> dict[str, dict[str, np.ndarray]]:
    """What `train` finds without a remedy and with each at its best, one a seed."""
    found = lab.sweep(train, {"none": base_case(lab)}, title="none")
    for remedy, strength in best_strengths(lab).items():
        case = base_case(lab, **REMEDIES[remedy][strength])
        found |= lab.sweep(
            train, {remedy: case}, precision=precision_of(remedy), title=remedy
        )
    return {remedy: stats.columns(runs) for remedy, runs in found.items()}


@claim(
    "aug-98-54-remedies",
    "Where training accuracy is 98 % and test accuracy 54 %, help comes from "
    "augmentation, regularization, dropout, early stopping and another architecture.",
    says="advice",
    notes="001",
    scope="300 digits of which half have a wrong label, 128 units, 60 epochs of Adam; "
    "strengths chosen on validation rows of other seeds",
)
def test_accuracy_rises(lab):
    """Test accuracy with each remedy at its best strength, against none."""
    seen, strengths = judged(lab), best_strengths(lab)
    plain = seen["none"]
    rows = [
        [
            remedy,
            strengths.get(remedy, "-"),
            *(f"{found[name].mean():.1%}" for name in ("training", "test")),
            f"{found['epochs'].mean():.0f}",
        ]
        for remedy, found in seen.items()
    ]
    columns = ("remedy", "best strength", "training", "test", "epochs")
    lab.table(
        "Accuracy without a remedy, and with each at its best strength", columns, rows
    )
    tests = {remedy: found["test"].mean() for remedy, found in seen.items()}
    return Finding(
        {
            f"{remedy}: test accuracy rises by a point": stats.greater(
                seen[remedy]["test"], plain["test"], by=stats.ACCURACY_POINT
            )
            for remedy in REMEDIES
        },
        "From {training:.0%} in training and {test:.0%} on the test the remedies reach "
        "{least:.0%} to {most:.0%} on the test. Test accuracy: {tests:.1%}.",
        figure=draw_remedies,
        training=plain["training"].mean(),
        test=tests["none"],
        least=min(tests[remedy] for remedy in REMEDIES),
        most=max(tests[remedy] for remedy in REMEDIES),
        tests=tests,
        strengths=strengths,
    )


def draw_remedies(lab):
    """Training and test accuracy of every remedy."""
    figure, axes = figures.new(width=8.4, height=4.4)
    seen = judged(lab)
    for place, found in enumerate(seen.values()):
        means = [found[name].mean() for name in ("training", "test")]
        low, high = sorted(means)
        axes.plot([low, high], [place, place], color="#BBBBBB", lw=2, zorder=1)
        for index, mean in enumerate(means):
            axes.plot(
                mean,
                place,
                "so"[index],
                ms=8,
                color=figures.COLORS[index],
                label=("training rows", "test rows")[index] if not place else None,
            )
    axes.set_yticks(range(len(seen)), ["no remedy", *list(seen)[1:]])
    axes.set(xlim=(0, 1.02))
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:.0%}")
    figures.legend(axes, loc="lower left")
    plain = seen["none"]["test"].mean()
    better = sum(found["test"].mean() > plain for found in seen.values())
    title = f"{better} of {len(seen) - 1} remedies raise the mean test accuracy"
    figures.describe(axes, title, "accuracy", "")
    lab.figure(
        "remedies",
        figure,
        "Accuracy on training and test rows without a remedy and with each at its best "
        "strength; means over the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
