"""Network size: what a penalty is worth to a small network and to a large one.

A network of 8 hidden units cannot learn 300 wrong labels by heart; one of 512 can. So a
penalty should be worth more to the larger one, which has more to unlearn. Each width
has the strength that is best for it on validation rows, on other seeds: a strength that
suits 8 units would not suit 512.
"""

import numpy as np

from recipes.generalization.penalties._networks import LABELS, best_strength, runs_of
from recipes.lab import Finding, claim, experiment, figures, main, stats

WIDTHS = (8, 32, 128, 512)


@experiment
def accuracies(lab) -> dict[str, np.ndarray]:
    """Test accuracy by labels: (widths, 2, seeds), without a penalty and with it."""
    return {
        words: np.array(
            [
                [
                    stats.column(runs_of(lab, strength, 2.0, units, wrong), "test")
                    for strength in (0.0, best_strength(lab, 2.0, units, wrong))
                ]
                for units in WIDTHS
            ]
        )
        for words, wrong in LABELS.items()
    }


@claim(
    "reg-larger-network",
    "Regularization generally works better for a larger network.",
    says="often",
    hedge="generally",
    notes="001",
    scope="300 digits, 8 to 512 hidden units, 60 epochs of Adam; the best L2 for each "
    "width, chosen on other seeds",
)
def gain_grows_with_width(lab):
    """What the best L2 gains in test accuracy: the widest network against others."""
    seen = accuracies(lab)
    gains = {words: found[:, 1] - found[:, 0] for words, found in seen.items()}
    widest = {
        f"{words}: gains a point more at {WIDTHS[-1]} units than at {WIDTHS[place]}": (
            stats.greater(gain[-1], gain[place], by=stats.ACCURACY_POINT)
        )
        for words, gain in gains.items()
        for place in (0, 1)
    }
    rows = [
        [words, units, f"{best_strength(lab, 2.0, units, LABELS[words]):g}",
         *(f"{value:.1%}" for value in found[place].mean(1))]
        for words, found in seen.items()
        for place, units in enumerate(WIDTHS)
    ]  # fmt: skip
    columns = ("labels", "hidden units", "best L2", "without", "with it")
    lab.table("Test accuracy by width, without a penalty and with it", columns, rows)
    return Finding(
        widest,
        "With half of the labels wrong the best L2 gains {wrong:.1%}, with right ones "
        "{right:.1%} (networks of {widths} units).",
        figure=draw_gains,
        wrong=gains["half of the labels wrong"].mean(1),
        right=gains["right labels"].mean(1),
        widths=", ".join(map(str, WIDTHS)),
    )


def draw_gains(lab):
    """The test accuracy by width, without a penalty and with it."""
    figure, panels = figures.new(1, 2, width=9.6, height=3.9)
    for axes, (words, seen) in zip(panels, accuracies(lab).items(), strict=True):
        axes.set_xscale("log", base=2)
        axes.set(xlim=(WIDTHS[0], WIDTHS[-1]))
        names = ("no penalty", "the best L2")
        curves = {name: seen[:, place].T for place, name in enumerate(names)}
        figures.curves(axes, WIDTHS, curves)
        axes.set_xticks(WIDTHS, list(map(str, WIDTHS)))
        axes.yaxis.set_major_formatter("{x:.0%}")
        gain = seen[:, 1].mean(1) - seen[:, 0].mean(1)
        name = words[0].upper() + words[1:]
        title = f"{name}: L2 gains {min(gain):.0%} to {max(gain):.0%}"
        figures.describe(axes, title, "hidden units", "test accuracy")
    lab.figure(
        "widths",
        figure,
        "Test accuracy by hidden units without a penalty and with the best L2; means, "
        "with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
