"""The callback that sees gradient norms, and what it makes of them."""

from callbacks.gradient_norms.callback import GradientNorms as GradientNorms
from callbacks.gradient_norms.nonfinite import NonFinite as NonFinite

__all__ = ["GradientNorms", "NonFinite"]
