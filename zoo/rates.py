"""The learning rate schedule that Keras lacks."""

from typing import Any

import keras
from keras import ops

from zoo import _checks

_MODES = ("triangular", "triangular2", "exp_range")


@keras.saving.register_keras_serializable(package="zoo")
class CyclicalRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that climbs to a peak and falls back, over and over.

    Update t of a cycle (counted from 0) has the rate base + (peak - base) * height *
    scale, where height goes in a straight line from 0 to 1 in steps_up updates and back
    to 0 in steps_down. The scale is 1 ("triangular"), halves with every cycle
    ("triangular2"), or is gamma to the power of all updates so far ("exp_range").

    Args:
        base: The lowest rate, at least 0; the first update has it.
        peak: The highest rate, above base.
        steps_up: Updates from base to peak, at least 1. Smith takes 2 to 10 epochs.
        mode: "triangular", "triangular2" or "exp_range".
        steps_down: Updates from peak to base, at least 1; None for as many as up.
        gamma: The factor of each update in mode "exp_range", in (0, 1]; else 1.
        name: Name of the schedule.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> rate = CyclicalRate(0.1, 0.5, steps_up=4)
        >>> [round(float(rate(step)), 2) for step in (0, 2, 4, 6, 8)]
        [0.1, 0.3, 0.5, 0.3, 0.1]
        >>> optimizer = keras.optimizers.SGD(rate, momentum=0.9)

    References:
        Smith, Cyclical Learning Rates for Training Neural Networks (2017).
    """

    def __init__(
        self,
        base: float,
        peak: float,
        steps_up: int,
        mode: str = "triangular",
        *,
        steps_down: int | None = None,
        gamma: float = 1.0,
        name: str = "cyclical_rate",
    ):
        super().__init__()
        self.base = _checks.number("base", base, 0.0)
        self.peak = _checks.number("peak", peak, self.base, open_low=True)
        self.steps_up = _checks.integer("steps_up", steps_up)
        _checks.choice("mode", mode, _MODES)
        self.mode = mode
        self.steps_down = steps_down
        if steps_down is not None:
            self.steps_down = _checks.integer("steps_down", steps_down)
        self.gamma = _checks.number("gamma", gamma, 0.0, 1.0, open_low=True)
        if self.gamma != 1.0 and mode != "exp_range":
            raise _checks.fail("gamma", gamma, f"1 in mode {mode!r}")
        self.name = _checks.text("name", name)

    def __call__(self, step: Any) -> Any:
        """Returns the rate of an update, counted from 0."""
        base: Any = ops.convert_to_tensor(self.base)
        up, down = self.steps_up, self.steps_down or self.steps_up
        # In whole numbers: a float32 can't tell updates beyond 16 million apart.
        step = ops.cast(step, "int32")
        within: Any = ops.cast(ops.mod(step, up + down), base.dtype)
        height = ops.minimum(within / up, (up + down - within) / down)
        if self.mode == "triangular2":
            cycles = ops.cast(ops.floor_divide(step, up + down), base.dtype)
            height = height * ops.power(ops.cast(0.5, base.dtype), cycles)
        elif self.mode == "exp_range":
            count = ops.cast(step, base.dtype)
            height = height * ops.power(ops.cast(self.gamma, base.dtype), count)
        return base + (self.peak - self.base) * height

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same object."""
        return {
            "base": self.base,
            "peak": self.peak,
            "steps_up": self.steps_up,
            "mode": self.mode,
            "steps_down": self.steps_down,
            "gamma": self.gamma,
            "name": self.name,
        }
