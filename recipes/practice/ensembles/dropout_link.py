"""Dropout link: is one network with dropout worth an ensemble?

The notes call dropping different sets of neurons equivalent to training different
networks, and say that the net effect is to reduce overfitting. The other recipe,
`dropout`, averages over every mask. Here dropout meets a real ensemble: one network of
128 units that drops half of them, so that 64 are left, against five networks of 64
units trained apart; and against one network of 64 and one of 128 units without dropout.
Each has its best rate. A fifth of the labels is wrong.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice._images import draw
from recipes.practice.ensembles._members import (
    UNITS,
    best_rate,
    case_of,
    ensembles,
    learned,
    mean_member,
    share_right,
    singles,
    together,
)

WRONG, DROPOUT, PASSES = 0.2, 0.5, 50
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that of the ensemble less a point",
    "people choose between methods by whole points.",
)


def train_with_dropout(case: dict, seed: int, data) -> dict:
    """Test accuracies of a network with dropout: off, and the mean of 50 passes."""
    parts = draw(data, seed, case["rows"], case["wrong"])
    found = learned(case, 100 * seed, parts, parts["training"], passes=PASSES)
    y = parts["test"][1]
    return {"off": share_right(found["test"], y), "on": share_right(found["passes"], y)}


@experiment
def with_dropout(lab) -> dict[str, np.ndarray]:
    """Accuracies of the network with dropout, one a seed."""
    rate = best_rate(lab, WRONG, 2 * UNITS, DROPOUT)
    case = case_of(lab, WRONG, rate, units=2 * UNITS, dropout=DROPOUT)
    runs = lab.sweep(
        train_with_dropout, {"dropout": case}, data=lab.like_digits, title="dropout"
    )["dropout"]
    return {name: np.array([run[name] for run in runs]) for name in ("off", "on")}


def all_accuracies(lab) -> dict[str, np.ndarray]:
    """Test accuracy by network."""
    runs, dropped = ensembles(lab, WRONG), with_dropout(lab)
    return {
        "one of 64 units": mean_member(runs),
        "one of 128 units": singles(lab, WRONG, 2 * UNITS),
        "one of 128, dropout": dropped["off"],
        "the same, mean of 50 passes": dropped["on"],
        "five of 64 units": together(runs),
    }


@claim(
    "ens-dropout-link",
    "Dropout is equivalent to training different networks, and reduces overfitting as "
    "their average does.",
    notes="000",
    scope="300 digits, a fifth of the labels wrong; 128 hidden units with dropout 0.5 "
    "against five networks of 64",
)
def as_good_as_five(lab):
    """The network with dropout against the ensemble and against plain networks."""
    found = all_accuracies(lab)
    five, dropped = found["five of 64 units"], found["one of 128, dropout"]
    point = stats.ACCURACY_POINT
    return Finding(
        {
            "at most a point behind five networks": stats.greater(
                dropped + point.value, five, by=NO_WORSE
            ),
            "better than one network as wide": stats.greater(
                dropped, found["one of 128 units"], by=point
            ),
            "five networks: better than one of them": stats.greater(
                five, found["one of 64 units"], by=point
            ),
        },
        "With dropout one network is right on {dropped:.1%}, five together on "
        "{five:.1%}; one of 128 units without dropout on {plain:.1%}, one of 64 on "
        "{small:.1%}.",
        figure=draw_link,
        dropped=dropped.mean(),
        five=five.mean(),
        plain=found["one of 128 units"].mean(),
        small=found["one of 64 units"].mean(),
        passes=found["the same, mean of 50 passes"].mean(),
    )


def draw_link(lab):
    """Accuracies of all networks."""
    figure, axes = figures.new(width=8.4, height=3.6)
    found = all_accuracies(lab)
    for row, values in enumerate(found.values()):
        color = figures.COLORS[1 if row in (2, 3) else 0]
        axes.plot(100 * values, [row] * len(values), "o", color=color, alpha=0.35)
        axes.plot(100 * values.mean(), row, "|", color=color, markersize=18, mew=3)
    axes.set_yticks(range(len(found)), list(found))
    axes.set(ylim=(len(found) - 0.5, -0.5))
    ahead = 100 * (found["one of 128, dropout"] - found["five of 64 units"]).mean()
    where = "ahead of" if ahead > 0 else "behind"
    title = f"One network with dropout is {abs(ahead):.1f} points {where} five without"
    figures.describe(axes, title, "test accuracy (%)", "")
    lab.figure(
        "dropout_link",
        figure,
        "Test accuracy of networks with dropout (orange) and without; bars are means, "
        "dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
