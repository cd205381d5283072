"""Plateau: a schedule that waits for the loss, and what counts as waiting.

`ReduceLROnPlateau` lowers the rate when the watched loss has brought no new best for
some epochs. Whether the fifth of these epochs is the last one, and how small a gain may
be to count, differs between frameworks. Losses made up for the purpose show it.
"""

from collections.abc import Sequence

import keras
import numpy as np

from recipes.lab import Finding, claim, figures, fit, main

STALL, BEST = [1.0, 0.9, *[0.8] * 18], 3  # the last epoch with a new best
LOSSES = {
    "stalls after epoch 3": STALL,
    "falls by 0.01 an epoch": [1 - 0.01 * epoch for epoch in range(20)],
    "falls by 0.00001 an epoch": [1 - 1e-5 * epoch for epoch in range(20)],
}


def plateau(losses: Sequence[float], patience: int = 5, late: int = 0) -> list[int]:
    """The epochs, from 1, at whose end the rate is lowered.

    Args:
        losses: The watched loss by epoch.
        patience: Epochs without a new best before the rate is lowered.
        late: 0 lowers in epoch `patience` without a new best, 1 one epoch later.
    """
    best, waited, drops = np.inf, 0, []
    for epoch, loss in enumerate(losses, 1):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited >= patience + late:
            drops.append(epoch)
            waited = 0
    return drops


class Script(keras.callbacks.Callback):
    """Says that the held-out loss was what the script says, epoch by epoch."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses

    def on_epoch_end(self, epoch, logs=None):
        """Writes the loss into the logs, where callbacks after this one see it."""
        logs["val_loss"] = self.losses[epoch]


def rates_in_keras(losses, **settings) -> np.ndarray:
    """The rates of a training by epoch, from 0.1, whose loss goes by a script."""
    lowers = keras.callbacks.ReduceLROnPlateau(
        factor=0.1, patience=5, mode="min", **settings
    )
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, callbacks = np.zeros((2, 1), "float32"), [Script(losses), lowers]
    history = fit(model, x, x, epochs=len(losses), callbacks=callbacks)
    return np.array(history.history["learning_rate"])


def drops_in_keras(losses, **settings) -> list[int]:
    """The epochs, from 1, at whose end Keras lowers the rate."""
    rates = rates_in_keras(losses, **settings)
    return [int(i) + 1 for i in np.flatnonzero(rates[1:] < 0.5 * rates[:-1])]


@claim(
    "sched-plateau",
    # The notes call PyTorch's with patience=5, factor=0.1, and say when it lowers the
    # rate, not at which epoch: how each framework counts the 5 is in the finding.
    "A plateau schedule lowers the rate to a tenth when the watched loss has stopped "
    "improving.",
    says="is",
    notes="002",
    scope="three made-up losses of 20 epochs; nothing is learned",
)
def waits_for_the_loss(lab):
    """ReduceLROnPlateau on losses made up so that the epochs are known."""
    found = {name: drops_in_keras(losses) for name, losses in LOSSES.items()}
    rule = {name: plateau(losses) for name, losses in LOSSES.items()}
    stalled, falling, slow = LOSSES
    # PyTorch's rule, which the project's tests run.
    late, calm = (plateau(LOSSES[name], late=1) for name in (stalled, falling))
    return Finding(
        {
            "Keras: once it has stalled": found[stalled] == rule[stalled],
            "Keras: not while it falls": found[falling] == rule[falling] == [],
            # Five epochs without a new best are over, and each fall waits anew.
            "PyTorch, the notes' framework: once it has stalled": bool(
                late and late[0] > BEST + 5 and min(np.diff(late)) > 5
            ),
            "PyTorch, the notes' framework: not while it falls": calm == [],
        },
        "On a loss that stalls after epoch 3 Keras lowers the rate after epochs "
        "{stalled}, in the fifth one without a new best; the notes' framework waits "
        "for more than 5, which gives {late}. A loss that falls by 0.00001 an epoch "
        "counts as stalled in Keras (lowered after {slow}): gains under min_delta = "
        "0.0001 are none.",
        figure=draw_plateau,
        stalled=found[stalled],
        late=late,
        slow=found[slow],
        lowered_at_the_end_of_epochs=found,
        by_the_rule=rule,
        lowered_with_min_delta_0=drops_in_keras(LOSSES[slow], min_delta=0.0),
    )


def draw_plateau(lab):
    """The stalling loss and the rate by the rule and in Keras."""
    losses = [*STALL, *[0.8] * 9]
    epochs = np.arange(1, len(losses) + 1)
    figure, (top, bottom) = figures.new(2, 1, width=7.2, height=5.0)
    top.plot(epochs, losses, "o-", ms=3, color=figures.COLORS[6])
    figures.describe(top, "The loss stalls after epoch 3,", "", "watched loss")
    lowered = (np.array(plateau(losses)) < epochs[:, None]).sum(1)
    rule = 0.1 * 0.1**lowered
    bottom.step(epochs, rule, where="mid", color=figures.COLORS[0], label="rule")
    seen = rates_in_keras(losses)
    bottom.plot(epochs, seen, "o", ms=3, color=figures.COLORS[1], label="Keras")
    bottom.set_yscale("log")
    figures.legend(bottom)
    title = "and every five epochs the rate falls to a tenth"
    figures.describe(bottom, title, "epoch", "learning rate")
    lab.figure(
        "plateau", figure, "A loss that stalls, and the rate by rule and in Keras."
    )


if __name__ == "__main__":
    main(__file__)
