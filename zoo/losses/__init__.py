"""Losses and penalties that Keras lacks.

Example:
    >>> Quantile(0.9).name
    'quantile'
"""

from zoo.losses.adversarial import discriminator_loss as discriminator_loss
from zoo.losses.adversarial import minimax_generator_loss as minimax_generator_loss
from zoo.losses.adversarial import (
    non_saturating_generator_loss as non_saturating_generator_loss,
)
from zoo.losses.class_balance import ClassBalancedLoss as ClassBalancedLoss
from zoo.losses.class_balance import class_balanced_weights as class_balanced_weights
from zoo.losses.cost_sensitive import CostSensitiveLoss as CostSensitiveLoss
from zoo.losses.cost_sensitive import cheapest_class as cheapest_class
from zoo.losses.cost_sensitive import cost_weights as cost_weights
from zoo.losses.detection import GridDetectionLoss as GridDetectionLoss
from zoo.losses.ordinal import OrdinalCrossentropy as OrdinalCrossentropy
from zoo.losses.robust import Barron as Barron
from zoo.losses.robust import Quantile as Quantile
from zoo.losses.robust import barron as barron
from zoo.losses.robust import quantile_loss as quantile_loss
from zoo.penalties import Lp as Lp

__all__ = [
    "Barron",
    "ClassBalancedLoss",
    "CostSensitiveLoss",
    "GridDetectionLoss",
    "Lp",
    "OrdinalCrossentropy",
    "Quantile",
    "barron",
    "cheapest_class",
    "class_balanced_weights",
    "cost_weights",
    "discriminator_loss",
    "minimax_generator_loss",
    "non_saturating_generator_loss",
    "quantile_loss",
]
