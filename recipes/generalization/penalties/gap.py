"""Gap: a penalty always narrows it, which is no merit; it must raise the test accuracy.

A network that learned nothing has no gap between training and test. So a narrower gap
alone is not what one wants from a penalty: what counts is the accuracy on the test.
Here a network learns 300 digits by heart. With right labels it still reads new digits
well, and a penalty has little to gain; with half of the labels wrong it learns those
too, and reads little more than half of the new digits.
"""

import numpy as np

from recipes.generalization.penalties._networks import (
    LABELS,
    RATE,
    STRENGTHS,
    TUNED,
    WIDTH,
    best_strength,
    case_of,
    runs_of,
    train,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

PENALTIES = {"L1": 1.0, "L2": 2.0}


@claim(
    "reg-reduces-gap",
    "L1 and L2 help a model to generalize: they close the gap between training and "
    "test.",
    says="often",
    hedge="helps avoid overfitting",
    notes="001 004",
    scope="300 digits, a network of 128 units, 60 epochs of Adam; strengths chosen on "
    "validation rows of other seeds",
)
def test_accuracy_rises(lab):
    """Test accuracy with each penalty at its best strength and without."""
    rises, gaps, tests, rows = {}, {}, {}, []
    for words, wrong in LABELS.items():
        plain = runs_of(lab, 0.0, 2.0, WIDTH, wrong)
        cases = {"no penalty": (0.0, plain)}
        for name, power in PENALTIES.items():
            strength = best_strength(lab, power, WIDTH, wrong)
            cases[name] = (strength, runs_of(lab, strength, power, WIDTH, wrong))
            rises[f"{name}, {words}: test accuracy rises by a point"] = stats.greater(
                stats.column(cases[name][1], "test"),
                stats.column(plain, "test"),
                by=stats.ACCURACY_POINT,
            )
        for name, (strength, runs) in cases.items():
            training, test = (
                stats.column(runs, n).mean() for n in ("training", "test")
            )
            gaps[f"{words}, {name}"] = training - test
            tests[f"{words}, {name}"] = test
            numbers = (f"{value:.1%}" for value in (training, test, training - test))
            rows.append([words, name, f"{strength:g}", *numbers])
    columns = ("labels", "penalty", "strength", "training", "test", "gap")
    lab.table("Accuracy with penalties of the best strength", columns, rows)
    return Finding(
        rises,
        "With half of the labels wrong the test accuracy is {plain:.0%} without a "
        "penalty and {l2:.0%} with L2. With right labels: {right:.1%} and "
        "{right_l2:.1%}. The gap: {gaps:.2f}.",
        figure=draw_path,
        plain=tests["half of the labels wrong, no penalty"],
        l2=tests["half of the labels wrong, L2"],
        right=tests["right labels, no penalty"],
        right_l2=tests["right labels, L2"],
        gaps=gaps,
    )


# "Can increase or decrease" are two statements, and a claim each; both are tried with
# the same regularizers, those that the notes list beside each other. Training time is a
# number of epochs. For a penalty and for dropout it is that up to the least validation
# loss, where one would stop. Early stopping is about just that, so what counts is the
# epoch in which it ends, of all that are trained without it. A step itself costs next
# to nothing more: a penalty needs one multiplication a weight, where a batch needs one
# a weight and row.

NONE, STOPPING = "no regularizer", "early stopping"
REGULARIZERS = {
    NONE: {"strength": 0.0},
    "L2": {"power": 2.0},
    "L1": {"power": 1.0},
    "dropout 0.5": {"strength": 0.0, "dropout": 0.5},
}
LABEL = "right labels"  # with wrong ones the best epoch is among the first anyway
PATIENCE = 10  # epochs without a lower validation loss, after which training stops


def epochs_run(losses, patience: int = PATIENCE) -> int:
    """How many epochs early stopping runs of a training with these losses."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch + 1
    return len(losses)


@experiment
def times(lab) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Epochs without and with each regularizer, one number a seed."""
    wrong, cases = LABELS[LABEL], {}
    for name, changes in REGULARIZERS.items():
        chosen = dict(changes)
        if "strength" not in chosen:
            chosen["strength"] = best_strength(lab, chosen["power"], WIDTH, wrong)
        cases[name] = case_of(lab, **chosen, wrong=wrong, by_epoch=True)
    runs = lab.sweep(train, cases, title="training time")
    least = {n: 1 + stats.column(r, "losses").argmin(1) for n, r in runs.items()}
    plain = [run["losses"] for run in runs[NONE]]
    seen = {name: (least[NONE], least[name]) for name in least if name != NONE}
    whole, ended = zip(*((len(of), epochs_run(of)) for of in plain), strict=True)
    return seen | {STOPPING: (np.array(whole), np.array(ended))}


def epochs_seen(lab) -> dict:
    """Mean epochs, for a finding."""
    seen = times(lab)
    without, ended = (float(values.mean()) for values in seen[STOPPING])
    least = {NONE: seen["L2"][0]} | {
        n: v for n, (_, v) in seen.items() if n != STOPPING
    }
    return {
        "epochs": {name: float(values.mean()) for name, values in least.items()},
        "ended": ended,
        "whole": without,
        "patience": PATIENCE,
        "rate": RATE,
    }


SEEN = (
    "Epochs up to the least validation loss: {epochs:.0f}. Early stopping with a "
    "patience of {patience} ends a training of {whole:.0f} epochs after {ended:.0f}."
)


@claim(
    "reg-time",
    "Regularization can lengthen the training, depending on the regularizer.",
    says="can",
    hedge="can",
    notes="001",
    scope="300 digits, a network of 128 units, Adam; epochs up to the least validation "
    "loss, and for early stopping those that are run",
)
def training_gets_longer(lab):
    """Epochs with each regularizer and without."""
    return Finding(
        {
            f"{name}: a tenth more epochs": stats.greater(
                with_it, without, by=stats.TENTH, scale="log"
            )
            for name, (without, with_it) in times(lab).items()
        },
        SEEN,
        **epochs_seen(lab),
    )


@claim(
    "reg-time-shorter",
    "Regularization can shorten the training, depending on the regularizer.",
    says="can",
    hedge="can",
    notes="001",
    scope="300 digits, a network of 128 units, Adam; epochs up to the least validation "
    "loss, and for early stopping those that are run",
)
def training_gets_shorter(lab):
    """Epochs without each regularizer and with it."""
    return Finding(
        {
            f"{name}: a tenth fewer epochs": stats.greater(
                without, with_it, by=stats.TENTH, scale="log"
            )
            for name, (without, with_it) in times(lab).items()
        },
        SEEN,
        **epochs_seen(lab),
    )


@experiment
def path(lab, words: str) -> dict[float, list[dict]]:
    """Networks on the tuning seeds by strength of L2, which the figure shows."""
    cases = {s: case_of(lab, s, wrong=LABELS[words]) for s in (0.0, *STRENGTHS)}
    seeds = lab.tuning_seeds[:TUNED]
    return lab.sweep(train, cases, seeds=seeds, title=f"L2, {words}")


def draw_path(lab):
    """Training and test accuracy by the strength of L2."""
    figure, panels = figures.new(1, 2, width=9.6, height=3.9)
    titles = ("Right labels", "Half wrong")
    at = (STRENGTHS[0] / np.sqrt(10), *STRENGTHS)
    for axes, words, title in zip(panels, LABELS, titles, strict=True):
        axes.set_xscale("log")
        axes.set(ylim=(0, 1.03), xlim=(at[0], at[-1]))
        curves = {
            name: np.array(
                [stats.column(runs, key) for runs in path(lab, words).values()]
            ).T
            for name, key in (("training", "training"), ("test", "test"))
        }
        figures.curves(axes, at, curves)
        without, *others = curves["test"].mean(0)
        title += f": test {without:.0%} without L2, {max(others):.0%} at best"
        axes.set_xticks(at, ["0", *(f"{s:g}" for s in STRENGTHS)], rotation=45)
        axes.minorticks_off()
        axes.yaxis.set_major_formatter("{x:.0%}")
        figures.describe(axes, title, "strength of L2", "accuracy")
    lab.figure(
        "gap",
        figure,
        "Training and test accuracy by the strength of an L2 penalty; means, with the "
        "range over the seeds that strengths are chosen on.",
    )


if __name__ == "__main__":
    main(__file__)
