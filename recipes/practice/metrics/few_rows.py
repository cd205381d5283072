"""Few rows: what the accuracy on 200 of them tells about all others.

The notes train a 20-32-16-1 network on 1,000 made-up rows, keep 200 for the test and
print scikit-learn's accuracy on them. 200 answers can only be right in steps of half a
point, and chance moves their share by √(p(1 − p)/200), two to three points. Is that a
look at how well the network generalizes? It is compared with the accuracy on 20,000
rows more, and with the other number that costs nothing: the accuracy on the rows that
were learned.
"""

from itertools import pairwise

import keras
import numpy as np
from sklearn.metrics import accuracy_score

from recipes.lab import (
    Finding,
    Study,
    claim,
    experiment,
    figures,
    generators,
    main,
    stats,
)
from zoo import metrics_for, mlp_binary

TRAINED, TESTED, FRESH = 800, 200, 20_000
STUDY = Study(mlp_binary, keras.losses.BinaryCrossentropy(from_logits=True), "adam")


def train(case, seed, data) -> dict[str, float]:
    """Trains the notes' network; returns its accuracy on three kinds of rows.

    Args:
        case: `passes`.
        seed: Decides which rows of one made-up problem are learned and tested.
        data: Not used.
    """
    x, y = generators.classification(TRAINED + TESTED + FRESH, 20, seed=42)
    order = np.random.default_rng([seed, 200]).permutation(len(x))
    ends = (0, TRAINED, TRAINED + TESTED, len(x))
    learned, tested, fresh = ((x[order[a:b]], y[order[a:b]]) for a, b in pairwise(ends))

    def judge(model) -> dict[str, float]:
        found = {}
        for name, (rows, right) in {
            "learned": learned, "tested": tested, "fresh": fresh
        }.items():  # fmt: skip
            logits = model.predict_on_batch(rows)
            # 0.5 on the probability is 0 on the logit.
            decided = (logits[:, 0] > 0).astype(int)
            found[name] = float(accuracy_score(right, decided))
            if name == "tested":
                found["right answers"] = int((decided == right).sum())
                metric = metrics_for(model)[0]
                metric.update_state(right[:, None], logits)
                found["in Keras"] = float(metric.result())
        return found

    return STUDY.train(
        (learned[0], learned[1][:, None].astype("float32")),
        seed,
        epochs=case["passes"],
        batch_size=32,
        learning_rate=0.001,
        measure=judge,
    )["measured"]


@experiment
def accuracies(lab) -> dict[str, np.ndarray]:
    """Accuracies by kind of rows, one a seed."""
    cases = {"the notes' network": {"passes": lab.settings.passes}}
    (runs,) = lab.sweep(train, cases, title="200 test rows").values()
    return stats.columns(runs)


@claim(
    "binary-run-accuracy",
    "The accuracy on the test split, by scikit-learn's accuracy_score, gives insight "
    "into how well the network generalizes.",
    says="is",
    notes="002",
    scope="make_classification with 20 features, a 20-32-16-1 network, 800 rows, 20 "
    "epochs of Adam; 200 rows tested, 20,000 fresh ones",
)
def tells_about_new_rows(lab):
    """Steps of the accuracy, and how far off fresh rows it is."""
    found = accuracies(lab)
    tested, fresh = found["tested"], found["fresh"]
    counted = np.array_equal(tested, found["right answers"] / TESTED)
    off = {name: np.abs(found[name] - fresh) for name in ("learned", "tested")}
    expected = float(np.sqrt(fresh * (1 - fresh) / TESTED).mean())
    lab.table(
        "Accuracy of the notes' network",
        ["rows", "mean", "least", "greatest", "off fresh rows, mean"],
        [
            [name, *(f"{f(found[name]):.1%}" for f in (np.mean, np.min, np.max))]
            + [f"{np.abs(found[name] - fresh).mean():.2%}"]
            for name in ("learned", "tested", "fresh")
        ],
    )
    return Finding(
        {
            "a count of 200, in steps of half a point": bool(
                counted and np.abs(found["in Keras"] - tested).max() < 1e-6
            ),
            "nearer to the accuracy on fresh rows than that on learned rows": (
                stats.greater(off["learned"], off["tested"], by=stats.ACCURACY_POINT)
            ),
        },
        "On 200 test rows accuracy is {tested:.1%}, on 20,000 fresh ones {fresh:.1%}, "
        "on the learned ones {learned:.1%}. Single test scores range from {least:.1%} "
        "to {greatest:.1%} and are off by {off:.1%} on average; chance alone has a "
        "standard deviation of {expected:.1%}.",
        figure=draw_scores,
        tested=tested.mean(),
        fresh=fresh.mean(),
        learned=found["learned"].mean(),
        least=tested.min(),
        greatest=tested.max(),
        off=off["tested"].mean(),
        off_learned=off["learned"].mean(),
        expected=expected,
        in_keras=found["in Keras"],
    )


def draw_scores(lab):
    """Accuracy on learned, tested and fresh rows, one repetition beside the other."""
    found = accuracies(lab)
    figure, axes = figures.new(width=8.0, height=4.2)
    order = np.argsort(found["tested"])
    places = np.arange(1, len(order) + 1)
    names = {
        "learned": "800 learned rows",
        "tested": "200 test rows",
        "fresh": "20,000 fresh rows",
    }
    for index, (name, label) in enumerate(names.items()):
        size, width = ((7, 1), (7, 1), (16, 3))[index]
        color = figures.COLORS[index]
        style = {"ms": size, "mew": width, "color": color, "label": label}
        axes.plot(places, found[name][order], "os_"[index], **style)
    axes.set_xticks(places)
    axes.yaxis.set_major_formatter("{x:.0%}")
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    title = "200 test rows scatter about what fresh rows say"
    figures.describe(axes, title, "repetition, by its test score", "accuracy")
    lab.figure(
        "few_rows",
        figure,
        "Accuracy on the rows that were learned, on 200 test rows and on 20,000 fresh "
        "rows, by repetition.",
    )


if __name__ == "__main__":
    main(__file__)
