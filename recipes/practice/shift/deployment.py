"""Deployment: what a dev set promises is kept only by images like its own.

The notes name two reasons why a model does well on the dev set and fails in
deployment: classes that are uneven in the dev set, and a distribution that shifts
between the two. Each is brought about by itself. The control is a deployment like the
dev set: what falls there falls by chance, and is taken off.

Where only the shares of the classes differ there is a remedy that needs no training:
the shares are factors of what the network learned, and can be exchanged.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.practice.shift._shifts import (
    CORNER,
    DARK,
    MOVED,
    NOISY,
    NONE,
    SHARES,
    deployed,
    drop,
)

CAUSES = (SHARES, NOISY, MOVED, DARK)
FAILS = stats.Threshold(
    "five points of accuracy",
    0.05,
    "accuracy",
    "a model whose errors grow by five in a hundred is taken back; a point or two is "
    "what dev sets of a few hundred rows are off by anyway.",
)
WITHIN = stats.Threshold(
    "within one point",
    0.0,
    "accuracy above one point less",
    "people choose between models by whole points.",
)


@claim(
    "shift-dev-deploy",
    "A model that does well on the dev set fails in deployment where classes are "
    "imbalanced in the dev set, or the distribution shifts between the two.",
    says="always",
    notes="001",
    scope="digits, a network of 64 units, 600 images learned, 400 in the dev set; one "
    "in ten kept of half of the classes, noise of 0.3, a pixel, 30 % of the light",
)
def fails_in_deployment(lab):
    """The fall from the dev set to deployment, by cause, less the control's."""
    found, control = deployed(lab), drop(lab, NONE)
    falls = {cause: drop(lab, cause) for cause in (NONE, *CAUSES, CORNER)}
    lab.table(
        "Accuracy on the dev set and in deployment",
        ["shift", "dev", "deployed", "fall"],
        [
            [cause]
            + [f"{found[cause][key].mean():.1%}" for key in ("dev", "deployed")]
            + [f"{values.mean():+.1%}"]
            for cause, values in falls.items()
        ],
    )
    means = {cause: float(values.mean()) for cause, values in falls.items()}
    return Finding(
        {cause: stats.greater(falls[cause], control, by=FAILS) for cause in CAUSES},
        "Accuracy falls by {control:.1%} where nothing shifts. It falls by "
        "{imbalance:.1%} where one half of the classes is rare in the dev set, by "
        "{noise:.1%} with noise, by {moved:.1%} where images move by a pixel, and by "
        "{dark:.1%} where they are dimmed.",
        figure=draw_falls,
        control=means[NONE],
        imbalance=means[SHARES],
        noise=means[NOISY],
        moved=means[MOVED],
        dark=means[DARK],
        falls=means,
    )


# With the classes' shares of deployment known, decisions are moved by them. "All of the
# fall" means within a point of a network that learned from even classes: it had more
# images of the rare ones, which no decision makes up for.


@claim(
    "shift-decision-moved",
    "Where only the shares of the classes differ, moving the decision by the shares "
    "restores a part of the accuracy.",
    says="always",
    notes="ours",
    scope="digits, a network of 64 units, 600 images before one in ten was kept of "
    "half of the classes; the shares of deployment are known",
)
def decision_moved(lab):
    """Accuracy in deployment with and without the shares, and of even classes."""
    uneven, even = deployed(lab)[SHARES], deployed(lab)[NONE]["deployed"]
    return Finding(
        {
            "a point or more": stats.greater(
                uneven["moved"], uneven["deployed"], by=stats.ACCURACY_POINT
            )
        },
        "In deployment {plain:.1%} are right as the network was trained, {moved:.1%} "
        "with decisions moved by the shares, and {even:.1%} after learning from even "
        "classes.",
        plain=uneven["deployed"].mean(),
        moved=uneven["moved"].mean(),
        even=even.mean(),
        dev=uneven["dev"].mean(),
        all_of_it=stats.greater(
            uneven["moved"] + stats.ACCURACY_POINT.value, even, by=WITHIN
        ),
    )


def draw_falls(lab):
    """Accuracy on the dev set and in deployment, by cause."""
    found = deployed(lab)
    causes = (NONE, *CAUSES)
    figure, axes = figures.new(width=8.4, height=4.0)
    places = np.arange(len(causes))
    names = {"dev": "dev set", "deployed": "deployment"}
    for index, (key, name) in enumerate(names.items()):
        values = np.array([found[cause][key] for cause in causes])
        bars = axes.bar(places + 0.38 * index - 0.19, values.mean(1), 0.36,
                        color=figures.COLORS[index], label=name)  # fmt: skip
        for bar in bars:
            bar.set_hatch("//" if index else "")
        spread = [values.mean(1) - values.min(1), values.max(1) - values.mean(1)]
        axes.errorbar(places + 0.38 * index - 0.19, values.mean(1), spread, fmt="none",
                      ecolor="#000000", elinewidth=1, capsize=3)  # fmt: skip
    axes.set_xticks(places, [cause.replace(" in dev", "\nin dev") for cause in causes])
    axes.set(ylim=(0, 1.18))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter("{x:.0%}")
    figures.legend(axes, loc="upper right", ncols=2)
    control, *falls = (100 * drop(lab, cause).mean() for cause in causes)
    title = (
        f"Shifts cost {min(falls):.0f} to {max(falls):.0f} points of accuracy, "
        f"none {control:.1f}"
    )
    figures.describe(axes, title, "what differs in deployment", "accuracy")
    lab.figure(
        "falls",
        figure,
        "Accuracy of one network on its dev set and in deployment, by what differs "
        "between them: mean and range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
