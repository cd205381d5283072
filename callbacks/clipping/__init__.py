"""Callbacks that clip gradients inside the compiled step."""

from callbacks.clipping.adaptive import (
    AdaptiveGradientClipping as AdaptiveGradientClipping,
)
from callbacks.clipping.auto_clip import AutoClip as AutoClip
from callbacks.clipping.limits import GradientClipping as GradientClipping

__all__ = ["AdaptiveGradientClipping", "AutoClip", "GradientClipping"]
