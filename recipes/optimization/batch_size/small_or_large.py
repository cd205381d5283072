"""Small or large: what a batch size is worth depends on what is held equal.

A network learns digits in batches of 16, 32 and 528. After equally many *epochs* the
small batches have made 33 times as many updates as the large ones; after equally many
*updates* the large batches have seen 33 times as many samples. Each comparison is fair
in its own way, and they disagree. The learning rate comes on top: at a rate that suits
small batches, large ones are slow, and they bear a higher one.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.batch_size._digits import (
    LARGE,
    MIDDLE,
    RATES,
    SIZES,
    SMALL,
    at_best,
    at_rate,
    best_rates,
)

ONE_RATE = 0.2  # where all sizes have the same: the lowest, each learns at it
LEAST = 1e-9  # nats: a loss of 0 has no logarithm


# The notes ask whether 528 or "16 or 32" is better. 16 is compared in all four ways, 32
# only where each size has its best rate: more conditions would make every interval
# wider.


@claim(
    "batch-528-vs-16",
    "Small batches (16, 32) generalize better than large ones (528).",
    says="often",
    hedge="often",
    notes="001",
    scope="1,056 digits, a network of 64 hidden units, 12 epochs or 264 updates, SGD",
)
def small_batches_generalize(lab):
    """Held-out accuracy of small and large batches, compared in four ways."""
    gains, accuracy = {}, {}
    for equal in ("epochs", "updates"):
        for choice in ("one rate", "each at its best"):
            values = {}
            one = choice == "one rate"
            for size in (SMALL, LARGE) if one else SIZES:
                rate = ONE_RATE if one else best_rates(lab, equal)[size]
                values[size] = at_rate(lab, size, rate, equal, "held_out_accuracy")
            way = f"equal {equal}, {choice}"
            accuracy[way] = {str(size): seen.mean() for size, seen in values.items()}
            for small in (SMALL,) if choice == "one rate" else (SMALL, MIDDLE):
                gains[f"{small} against {LARGE}, {way}"] = stats.greater(
                    values[small], values[LARGE], by=stats.ACCURACY_POINT
                )
    columns = ["compared at", *map(str, SIZES)]
    rows = [
        [way, *(f"{shares[str(b)]:.1%}" if str(b) in shares else "-" for b in SIZES)]
        for way, shares in accuracy.items()
    ]
    lab.table("Held-out accuracy by batch size", columns, rows)
    show_best(lab)
    return Finding(
        gains,
        "Each at its best of {rates} rates, batches of 16, 32 and {large} reach "
        "{at_epochs:.1%} after {epochs} epochs and {at_updates:.1%} after {updates} "
        "updates, for which batches of {large} take {share} times the samples of 16.",
        figure=draw_sizes,
        rates=len(RATES),
        large=LARGE,
        at_epochs=list(accuracy["equal epochs, each at its best"].values()),
        epochs=lab.settings.epochs,
        at_updates=list(accuracy["equal updates, each at its best"].values()),
        updates=lab.settings.updates,
        share=LARGE // SMALL,
        accuracy=accuracy,
    )


def show_best(lab) -> None:
    """Prints losses and accuracy of every size at its best rate."""
    rows = []
    for size in SIZES:
        for equal in ("epochs", "updates"):
            training, held_out, accuracy = (
                at_best(lab, size, equal, measure).mean()
                for measure in ("training_loss", "held_out_loss", "held_out_accuracy")
            )
            count, rate = getattr(lab.settings, equal), best_rates(lab, equal)[size]
            row = [size, f"{count} {equal}", f"{rate:g}", f"{training:.4f}"]
            rows.append([*row, f"{held_out:.4f}", f"{accuracy:.2%}"])
    columns = ["batch", "after", "best rate", "training", "held out", "accuracy"]
    lab.table("Digits by batch size, each at its best rate", columns, rows)


# Converging faster is a lower training loss at the same time. Losses are compared as
# ratios: they are skewed, and a tenth matters anywhere.


@claim(
    "batch-large-faster",
    "A larger batch size may converge faster.",
    says="can",
    hedge="may",
    notes="001",
    scope="1,056 digits, a network of 64 hidden units, 12 epochs or 264 updates, SGD",
)
def large_batches_are_faster(lab):
    """Training loss by epochs and by updates, each size at its best rate."""
    losses = {
        equal: [
            np.maximum(at_best(lab, size, equal, "training_loss"), LEAST)
            for size in (MIDDLE, LARGE)
        ]
        for equal in ("epochs", "updates")
    }
    return Finding(
        {
            f"equal {equal}: a tenth less training loss": stats.greater(
                *pair, by=stats.TENTH, scale="log"
            )
            for equal, pair in losses.items()
        },
        "Training loss with batches of {middle} and of {large}, each at its best rate: "
        "{by_epochs:.3g} after {epochs} epochs, {by_updates:.3g} after {updates} "
        "updates, for which the large batch takes {share:.1f} times the samples.",
        figure=draw_sizes,
        middle=MIDDLE,
        large=LARGE,
        by_epochs=[loss.mean() for loss in losses["epochs"]],
        epochs=lab.settings.epochs,
        by_updates=[loss.mean() for loss in losses["updates"]],
        updates=lab.settings.updates,
        share=LARGE / MIDDLE,
    )


def who_is_ahead(lab, equal: str, measure: str) -> str:
    """Which batches are ahead in the mean, each size at its best rate, in words."""
    small, large = (at_best(lab, b, equal, measure).mean() for b in (SMALL, LARGE))
    if measure == "training_loss":
        small, large = -small, -large
    if small == large:
        return "none are ahead"
    return f"{'small' if small > large else 'large'} batches are ahead"


def draw_sizes(lab):
    """Accuracy and training loss by batch size, at equal epochs and equal updates."""
    figure, axes = figures.new(2, 2, width=10.0, height=7.0)
    for column, equal in zip(axes.T, ("epochs", "updates"), strict=True):
        draw_measure(lab, column[0], equal, "held_out_accuracy")
        ahead = who_is_ahead(lab, equal, "held_out_accuracy")
        title = f"After {getattr(lab.settings, equal)} {equal} {ahead}"
        figures.describe(column[0], title, "", "held-out accuracy")
        column[0].yaxis.set_major_formatter("{x:.0%}")
        column[1].set_yscale("log")
        draw_measure(lab, column[1], equal, "training_loss")
        same = who_is_ahead(lab, equal, "training_loss") == ahead
        title = f"The training loss {'says the same' if same else 'says otherwise'}"
        x, y = "batch size (samples)", "training loss (nats)"
        figures.describe(column[1], title, x, y)
    for row in axes:  # one scale for both, so that heights can be compared
        limits = np.array([panel.get_ylim() for panel in row])
        for panel in row:
            panel.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    figures.legend(axes[0, 0])
    lab.figure(
        "sizes",
        figure,
        "Held-out accuracy and training loss by batch size at equal epochs and at "
        "equal updates: means, with the range over seeds.",
    )


def draw_measure(lab, panel, equal: str, measure: str) -> None:
    """Draws a measure by batch size, at one rate and at each size's best."""
    panel.set_xscale("log")
    for index, choice in enumerate((f"rate {ONE_RATE}", "best rate")):
        sizes = SIZES if index else (SMALL, LARGE)
        rates = best_rates(lab, equal) if index else dict.fromkeys(sizes, ONE_RATE)
        seen = [at_rate(lab, size, rates[size], equal, measure) for size in sizes]
        low, mean, high = np.min(seen, 1), np.mean(seen, 1), np.max(seen, 1)
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        panel.plot(sizes, mean, marker="os"[index], label=choice, **style)
        panel.fill_between(sizes, low, high, color=style["color"], alpha=0.15, lw=0)
    panel.set_xticks(SIZES, [str(size) for size in SIZES])
    panel.minorticks_off()


if __name__ == "__main__":
    main(__file__)
