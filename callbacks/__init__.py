"""Callbacks for any Keras `fit`: see, clip and weigh gradients and losses.

They work inside the compiled train step on TensorFlow, JAX and PyTorch, with any
compiled model, and leave the model as they found it. `in_step/README.md` says how.
`training_report` is no callback: it sums up the history that `fit` returns.
"""

from typing import Any

# Of zoo only its losses, which were here once; zoo loads Keras quietly.
from zoo.losses import ClassBalancedLoss as ClassBalancedLoss
from zoo.losses import CostSensitiveLoss as CostSensitiveLoss
from zoo.losses import cheapest_class as cheapest_class
from zoo.losses import class_balanced_weights as class_balanced_weights
from zoo.losses import cost_weights as cost_weights

# isort: split
from callbacks.clipping import AdaptiveGradientClipping as AdaptiveGradientClipping
from callbacks.clipping import AutoClip as AutoClip
from callbacks.clipping import GradientClipping as GradientClipping
from callbacks.gradient_norms import GradientNorms as GradientNorms
from callbacks.gradient_norms import NonFinite as NonFinite
from callbacks.loss_weights import LossWeightSchedule as LossWeightSchedule
from callbacks.loss_weights import NoisySampleWeighting as NoisySampleWeighting
from callbacks.loss_weights import UncertaintyWeighting as UncertaintyWeighting
from callbacks.training_report import TrainingReport as TrainingReport
from callbacks.training_report import training_report as training_report

__all__ = [
    "AdaptiveGradientClipping",
    "AutoClip",
    "ClassBalancedLoss",
    "CostSensitiveLoss",
    "GradientClipping",
    "GradientNorms",
    "LossWeightSchedule",
    "NoisySampleWeighting",
    "NonFinite",
    "TrainingReport",
    "UncertaintyWeighting",
    "cheapest_class",
    "class_balanced_weights",
    "cost_weights",
    "training_report",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("keras-proving-ground")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
