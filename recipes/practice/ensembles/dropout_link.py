"""Dropout link: is one network with dropout worth an ensemble?

The notes call dropping different sets of neurons equivalent to training different
networks, and say that the net effect is to reduce overfitting. The other recipe,
`dropout`, judges both: it averages over every mask, and measures overfitting. How much
the likeness is worth is our question. Dropout meets a real ensemble: one network of 128
units that drops half of them, so that 64 are left, against five networks of 64 units
trained apart. One network of 64 and one of 128 units without dropout stand beside them.
Each has its best rate. A fifth of the labels is wrong.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.practice.ensembles._members import (
    UNITS,
    ensembles,
    mean_member,
    singles,
    together,
)

WRONG, DROPOUT = 0.2, 0.5
TIMES = 4  # as many seeds: the differences are small
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that of the ensemble less a point",
    "people choose between methods by whole points.",
)


def all_accuracies(lab) -> dict[str, np.ndarray]:
    """Test accuracy by network, one a seed."""
    five, wide = ensembles(lab, WRONG, times=TIMES), 2 * UNITS
    return {
        "one of 64 units": mean_member(five),
        "one of 128 units": singles(lab, WRONG, wide, times=TIMES),
        "one of 128, dropout": singles(lab, WRONG, wide, DROPOUT, times=TIMES),
        "five of 64 units": together(five),
    }


@claim(
    "ens-dropout-link",
    "One network with dropout does as well as the average of five networks.",
    notes="ours",
    scope="300 digits, a fifth of the labels wrong; 128 hidden units with dropout 0.5 "
    "against five networks of 64",
)
def as_good_as_five(lab):
    """The network with dropout against the ensemble; plain networks beside it."""
    found = all_accuracies(lab)
    five, dropped = found["five of 64 units"], found["one of 128, dropout"]
    point = stats.ACCURACY_POINT
    return Finding(
        {
            "at most a point behind five networks": stats.greater(
                dropped + point.value, five, by=NO_WORSE
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
        against_one_as_wide=stats.greater(dropped, found["one of 128 units"], by=point),
        five_against_one_of_them=stats.greater(
            five, found["one of 64 units"], by=point
        ),
    )


def draw_link(lab):
    """Accuracies of all networks."""
    figure, axes = figures.new(width=8.4, height=3.6)
    found = all_accuracies(lab)
    for row, values in enumerate(found.values()):
        color = figures.COLORS[1 if row == 2 else 0]
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
