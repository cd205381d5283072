"""Late fusion: the mean of several networks' predictions, and its fair rivals.

For the squared error and the cross-entropy the mean prediction is never worse than the
mean member: both are convex. That is a theorem, no finding. So accuracy is compared,
and with rivals that a user has: the member that is best on validation, and one network
with as many parameters as all members, trained for as many epochs at its own best rate.

`zoo.late_fusion` makes such an average one Keras model.
"""

from recipes.lab import Finding, claim, figures, main, stats
from recipes.practice.ensembles._members import (
    AS_LARGE,
    LABELS,
    best_member,
    ensembles,
    mean_member,
    singles,
    together,
)


def accuracies(lab) -> dict:
    """Labels to test accuracies: the mean prediction, and its rivals."""
    found = {}
    for words, wrong in LABELS.items():
        runs = ensembles(lab, wrong)
        found[words] = {
            "five together": together(runs),
            "the mean member": mean_member(runs),
            "the best member": best_member(runs),
            "one network as large": singles(lab, wrong),
        }
    return found


@claim(
    "ens-late-fusion",
    "Against overfitting, aggregate the predictions of several base models (late "
    "fusion).",
    says="advice",
    notes="000",
    scope="300 digits, five networks of 64 hidden units or one of 320, Adam, 40 epochs",
)
def five_together(lab):
    """The mean prediction against three rivals."""
    found = accuracies(lab)
    rivals = tuple(next(iter(found.values())))[1:]
    return Finding(
        {
            f"{words}: better than {rival}": stats.greater(
                seen["five together"], seen[rival], by=stats.ACCURACY_POINT
            )
            for words, seen in found.items()
            for rival in rivals
        },
        "Five together gain in test accuracy over their rivals with right labels "
        "{right:+.1%}; with a fifth wrong {wrong:+.1%}.",
        figure=draw_rivals,
        **{
            name: {
                rival: (seen["five together"] - seen[rival]).mean() for rival in rivals
            }
            for name, seen in zip(("right", "wrong"), found.values(), strict=True)
        },
        units_of_the_one_network=AS_LARGE,
        accuracy={
            words: {name: values.mean() for name, values in seen.items()}
            for words, seen in found.items()
        },
    )


def draw_rivals(lab):
    """Test accuracies of the mean prediction and its rivals."""
    figure, panels = figures.new(1, 2, width=10.4, height=3.2)
    for axes, (words, seen) in zip(panels, accuracies(lab).items(), strict=True):
        for row, values in enumerate(seen.values()):
            color = figures.COLORS[1 if row == 0 else 0]
            axes.plot(100 * values, [row] * len(values), "o", color=color, alpha=0.35)
            axes.plot(100 * values.mean(), row, "|", color=color, markersize=18, mew=3)
        named = axes is panels[0]
        axes.set_yticks(range(len(seen)), list(seen) if named else [""] * len(seen))
        axes.set(ylim=(len(seen) - 0.5, -0.5))
        best = max(seen, key=lambda name, seen=seen: seen[name].mean())
        title = f"{words[0].upper()}{words[1:]}: best is {best}"
        figures.describe(axes, title, "test accuracy (%)", "")
    lab.figure(
        "rivals",
        figure,
        "Test accuracy of five networks together and of their rivals; bars are means, "
        "dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
