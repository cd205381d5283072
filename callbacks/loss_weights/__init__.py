"""Callbacks that weigh losses and samples inside the compiled step."""

from callbacks.loss_weights.noisy_samples import (
    NoisySampleWeighting as NoisySampleWeighting,
)
from callbacks.loss_weights.schedule import LossWeightSchedule as LossWeightSchedule
from callbacks.loss_weights.uncertainty import (
    UncertaintyWeighting as UncertaintyWeighting,
)

__all__ = ["LossWeightSchedule", "NoisySampleWeighting", "UncertaintyWeighting"]
