"""Callbacks for any Keras `fit`: see, clip and weigh gradients and losses.

They work inside the compiled train step on TensorFlow, JAX and PyTorch, with any
compiled model, and leave the model as they found it.
"""

from callbacks._nonfinite import NonFinite as NonFinite
from callbacks.adaptive_clipping import (
    AdaptiveGradientClipping as AdaptiveGradientClipping,
)
from callbacks.auto_clip import AutoClip as AutoClip
from callbacks.class_balance import ClassBalancedLoss as ClassBalancedLoss
from callbacks.class_balance import class_balanced_weights as class_balanced_weights
from callbacks.cost_sensitive import CostSensitiveLoss as CostSensitiveLoss
from callbacks.cost_sensitive import cheapest_class as cheapest_class
from callbacks.cost_sensitive import cost_weights as cost_weights
from callbacks.gradient_clipping import GradientClipping as GradientClipping
from callbacks.gradient_norms import GradientNorms as GradientNorms
from callbacks.loss_weight_schedule import LossWeightSchedule as LossWeightSchedule
from callbacks.noisy_sample_weighting import (
    NoisySampleWeighting as NoisySampleWeighting,
)
from callbacks.uncertainty_weighting import (
    UncertaintyWeighting as UncertaintyWeighting,
)
