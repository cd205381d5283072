"""Rules: what EarlyStopping counts, shown losses that are made up.

`EarlyStopping` keeps the best value so far and counts epochs that did not beat it. With
the count at `patience` it stops. From that follows what the words of the notes leave
open. What is counted are epochs *without improvement*, whether the loss rises, falls a
little, or stands still. The first of them counts, so `patience=0` and `patience=1` stop
at the same place. And `min_delta` says what counts as an improvement; it stops nothing
by itself.
"""

from recipes.generalization.early_stopping._stopping import stop
from recipes.lab import Finding, claim, figures, main

PATIENCE = 3  # the notes' example
DELTA = 0.05
# Validation losses by epoch. Each goes on to fall far in its last epoch: a rule that
# stops before never sees it.
CURVES = {
    "rises after epoch 3": (1.0, 0.9, 0.8, 0.85, 0.9, 0.95, 1.0, 0.1),
    "stands still after epoch 2": (1.0, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.1),
    "rises, falls below its best, rises": (1.0, 0.8, 0.9, 0.7, 0.8, 0.9, 1.0, 0.1),
    "rises, falls a little, rises": (1.0, 0.8, 0.9, 0.85, 0.9, 0.95, 1.0, 0.1),
}
SLOW = (1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92, 0.91)
ONE_SMALL_STEP = (1.0, 0.9, 0.89, 0.7, 0.6, 0.5)


def waited(values, patience: int) -> int:
    """Epochs run after the best one."""
    ran, best = stop(values, patience=patience)
    return ran - best


# The notes: patience is the number of epochs to wait after the performance starts
# degrading. A loss that stands still has not degraded; whether it counts is asked
# apart.


@claim(
    "es-patience",
    "Patience is how many epochs training goes on after the validation loss starts to "
    "rise: with a patience of 3, 3 more.",
    says="is",
    notes="004",
    scope="Keras's EarlyStopping, shown made-up losses",
)
def patience_counts(lab):
    """Counts the epochs after the best one."""
    after = {name: waited(values, PATIENCE) for name, values in CURVES.items()}
    one = [stop(values, patience=1)[0] for values in CURVES.values()]
    none = [stop(values, patience=0)[0] for values in CURVES.values()]
    flat = after["stands still after epoch 2"]
    return Finding(
        {
            "the loss rises: 3 epochs more": after["rises after epoch 3"] == PATIENCE,
            "a new best starts the count again": (
                after["rises, falls below its best, rises"] == PATIENCE
            ),
            "a dip that is no new best does not": (
                after["rises, falls a little, rises"] == PATIENCE
            ),
        },
        "Epochs run after the best one: {after}. A loss that only stands still is "
        "counted as well ({flat} epochs): patience counts epochs without a new best, "
        "as the notes say elsewhere. A patience of 0 "
        "and of 1 stop at the same epochs: {none} and {one}.",
        figure=draw_patience,
        after=after,
        flat=flat,
        none=none,
        one=one,
    )


@claim(
    "es-min-delta",
    "Training stops if the validation loss does not improve by at least min_delta.",
    says="is",
    notes="004",
    scope="Keras's EarlyStopping with min_delta 0.05, shown made-up losses",
)
def small_improvements(lab):
    """Epochs run where improvements are smaller than min_delta."""
    ran = {
        "one small step, patience 0": stop(ONE_SMALL_STEP, min_delta=DELTA),
        "one small step, patience 3": stop(
            ONE_SMALL_STEP, min_delta=DELTA, patience=PATIENCE
        ),
        "slow fall, patience 3": stop(SLOW, min_delta=DELTA, patience=PATIENCE),
    }
    stopped = {
        name: epochs < (len(SLOW) if "slow" in name else len(ONE_SMALL_STEP))
        for name, (epochs, _) in ran.items()
    }
    # Counted against the best of all, small steps add up: 0.02 an epoch is 0.06 in
    # three, which is an improvement.
    adds_up = [1 - 0.02 * epoch for epoch in range(20)]
    # Patience, which the notes name just before, forgives one small step: that it does
    # not stop is patience at work, and no failure of min_delta.
    return Finding(
        {
            f"{name}: stops": stopped[name]
            for name in ("one small step, patience 0", "slow fall, patience 3")
        },
        "Epochs run: {epochs}. One small step is forgiven by patience; a slow fall is "
        "stopped although it falls. Steps of 0.02 run {added} of {all} epochs: they "
        "are measured from the best one, and three make 0.06.",
        figure=draw_delta,
        epochs={name: epochs for name, (epochs, _) in ran.items()},
        added=stop(adds_up, min_delta=DELTA, patience=PATIENCE)[0],
        all=len(adds_up),
    )


def draw_curve(axes, values, **rule):
    """Draws losses, the best epoch and where training stops."""
    ran, best = stop(values, **rule)
    epochs = range(1, len(values) + 1)
    axes.plot(epochs, values, color="#BBBBBB", marker="o", ms=4, label="never seen")
    axes.plot(
        epochs[:ran], values[:ran], marker="o", color=figures.COLORS[0], label="run"
    )
    axes.plot(best, values[best - 1], "*", ms=14, color=figures.COLORS[1], label="best")
    if ran < len(values):
        axes.axvline(ran, color="#000000", lw=1, ls="--")
    axes.set_xticks(epochs)


def draw_patience(lab):
    """Where a patience of 3 stops on each of the curves."""
    figure, axes = figures.new(2, 2, width=9.6, height=6.0)
    for panel, (name, values) in zip(axes.flat, CURVES.items(), strict=True):
        draw_curve(panel, values, patience=PATIENCE)
        ran, _ = stop(values, patience=PATIENCE)
        title = f"{name[0].upper()}{name[1:]}: stops at {ran}"
        figures.describe(panel, title, "epoch", "validation loss")
        panel.set(ylim=(0, 1.1))
    figures.legend(axes[0, 0], loc="lower left")
    lab.figure(
        "patience",
        figure,
        "Made-up validation losses, the best epoch and where a patience of 3 stops.",
    )


def draw_delta(lab):
    """Where min_delta stops a slow fall, and one small step."""
    figure, panels = figures.new(1, 2, width=9.6, height=3.6)
    for axes, values, patience, title in (
        (panels[0], SLOW, PATIENCE, "A slow fall is stopped"),
        (panels[1], ONE_SMALL_STEP, PATIENCE, "One small step is forgiven"),
    ):
        draw_curve(axes, values, patience=patience, min_delta=DELTA)
        figures.describe(axes, title, "epoch", "validation loss")
        axes.set(ylim=(0, 1.1))
    figures.legend(panels[0], loc="lower left")
    lab.figure(
        "min_delta",
        figure,
        "Made-up validation losses and where training stops with min_delta 0.05 and a "
        "patience of 3.",
    )


if __name__ == "__main__":
    main(__file__)
