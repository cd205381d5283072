"""The rates that Keras's optimizers and callbacks really use, and their picture."""

import keras
import numpy as np
from keras.optimizers import schedules

from recipes.lab import figures, fit
from recipes.optimization import _schedules_formulas as formulas


def of_keras(schedule, times) -> np.ndarray:
    """The rates that an optimizer with the schedule uses for some updates."""
    optimizer = keras.optimizers.SGD(schedule)
    rates = []
    for time in times:
        optimizer.iterations.assign(int(time))
        rates.append(float(optimizer.learning_rate))
    return np.array(rates)


class Script(keras.callbacks.Callback):
    """Says that the held-out loss was what it is told, epoch by epoch."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.losses[epoch]


def in_training(epochs: int, *callbacks) -> np.ndarray:
    """The rates of a training by epoch, from 0.1, as its history has them."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.zeros((2, 1), "float32")
    history = fit(model, x, x, epochs=epochs, callbacks=list(callbacks))
    return np.array(history.history["learning_rate"])


def draw(lab) -> None:
    """Draws the curves; dots are what Keras's optimizers use."""
    figure, axes = figures.new(2, 3, width=11.0, height=5.6)
    time, cycle = np.arange(101), np.arange(0, 8001, 50)
    tenths = schedules.ExponentialDecay(0.1, 10, 0.1, staircase=True)
    stall = [1.0, 0.9, *[0.8] * 27]
    lowered = keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=5)
    rates = in_training(29, Script(stall), lowered)
    drops = np.array(formulas.plateau(stall))
    rule = 0.1 ** (1.0 + (drops < np.arange(1, 30)[:, None]).sum(1))
    line = schedules.PolynomialDecay(1.0, 50, end_learning_rate=0.0)
    panels = {
        "Step: a tenth every 10": (time[:40], formulas.step_decay(time[:40]), tenths),
        "Exponential: 0.9 an epoch": (
            time[:41],
            formulas.exponential(time[:41], 0.1, 0.9),
            schedules.ExponentialDecay(0.1, 1, 0.9),
        ),
        "Plateau: a stall from epoch 4 on": (np.arange(1, 30), rule, None),
        "Triangular cycle": (cycle, formulas.triangular(cycle), formulas.Triangular()),
        "Cosine: Keras stays at 0": (
            time,
            formulas.cosine(time, 50),
            schedules.CosineDecay(1.0, 50),
        ),
        "Linear: Keras stays at 0": (time, formulas.linear(time, 50), line),
    }
    for panel, (title, (x, curve, schedule)) in zip(
        axes.flat, panels.items(), strict=True
    ):
        if schedule is None:
            panel.step(x, curve, where="mid", color=figures.COLORS[0])
            panel.plot(x, rates, "o", ms=3, color=figures.COLORS[1])
        else:
            style = "steps-post" if "Step" in title else "default"
            panel.plot(x, curve, color=figures.COLORS[0], label="formula", ds=style)
            shown = x[:: max(1, len(x) // 25)]
            dots = of_keras(schedule, shown)
            panel.plot(shown, dots, "o", ms=3, color=figures.COLORS[1], label="Keras")
        unit = "update" if "cycle" in title else "epoch"
        figures.describe(panel, title, unit, "learning rate")
    for panel in (axes[0, 0], axes[0, 2]):
        panel.set(yscale="log")
    axes[1, 2].set(ylim=(-0.6, 1.05))
    figures.legend(axes[0, 0])
    told = "The schedules by formula (lines) and as Keras's optimizers use them (dots)."
    lab.figure("curves", figure, told)
