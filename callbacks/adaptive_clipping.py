"""AdaptiveGradientClipping: the limit of each unit follows its weights."""

import math
from collections.abc import Iterable
from typing import Any

from keras import ops

from callbacks import _checks, _gradients
from callbacks._clipping import Clipped, ClippingCallback, Limit
from callbacks._leaves import Leaf


def unit_axes(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Axes over which the norm of one unit runs; None is the whole variable.

    A unit is an output channel: a column of a Dense kernel, a filter of a
    convolution. Biases and scales count as one unit.
    """
    if sum(length != 1 for length in shape) <= 1:
        return None
    return {2: (0,), 3: (0,), 4: (0, 1, 2), 5: (0, 1, 2, 3)}.get(len(shape))


def clip_units(
    gradients: list, weights: list, clipping: Any, eps: float
) -> tuple[list, Any]:
    """Scales each unit's gradient to at most `clipping` times its weights' norm.

    Args:
        gradients: One for each variable.
        weights: The variables' values.
        clipping: Largest ratio of the norms.
        eps: Least norm that a unit's weights are taken to have.

    Returns:
        The new gradients, and the share of units that were over their limit.
    """
    clipped, over, units = [], 0.0, 0
    for gradient, weight in zip(gradients, weights, strict=True):
        gradient = _gradients.add_repeats(gradient)
        entries, axes = _gradients.entries(gradient), unit_axes(tuple(weight.shape))
        norm = _unit_norm(entries, axes)
        limit = clipping * ops.maximum(_unit_norm(weight, axes), eps)
        above = ops.logical_and(ops.isfinite(norm), norm > limit)
        factor = ops.where(above, limit / ops.maximum(norm, 1e-6), 1.0)
        entries = entries * ops.cast(factor, entries.dtype)
        clipped.append(_gradients.with_entries(gradient, entries))
        over += ops.sum(ops.cast(above, "float32"))
        units += _units(tuple(weight.shape), axes)
    return clipped, over / units


def _units(shape: tuple[int, ...], axes: tuple[int, ...] | None) -> int:
    kept = () if axes is None else set(range(len(shape))) - set(axes)
    return math.prod(shape[axis] for axis in kept)


def _unit_norm(values: Any, axes: tuple[int, ...] | None) -> Any:
    squares = ops.square(ops.cast(values, "float32"))
    return ops.sqrt(ops.sum(squares, axis=axes, keepdims=True))


class AdaptiveGradientClipping(ClippingCallback):
    """Clips each unit's gradient relative to the norm of the unit's own weights.

    Args:
        clipping: Largest ratio of gradient norm to weight norm, above 0; a number, a
            function of the epoch (from 0), or a `LearningRateSchedule`. The paper
            uses 0.01 to 0.16, smaller for larger batches.
        eps: Least norm that a unit's weights are taken to have, above 0, so that
            weights that begin at zero can move.
        exclude: Names of layers that are left alone. The paper leaves out the last
            linear layer.
        name: What the logged keys begin with.

    Logged keys:
        agc_norm_before, agc_norm_after: Mean norm of all gradients together.
        agc_share: Share of the updates in which a unit was clipped.
        agc_part: Mean share of the units that were clipped.
        agc_limit: Mean of `clipping`.

    Cost:
        On TensorFlow and two CPU cores 1.3 for a small MLP with batches of 64, whose
        step takes 1.2 ms.

    Example:
        >>> agc = AdaptiveGradientClipping(0.01, exclude=["logits"])
        >>> model.fit(x, y, callbacks=[agc])  # doctest: +SKIP

    References:
        Brock et al., High-Performance Large-Scale Image Recognition Without
        Normalization (2021).
    """

    def __init__(
        self,
        clipping: Limit = 0.01,
        eps: float = 1e-3,
        *,
        exclude: Iterable[str] = (),
        name: str = "agc",
    ):
        super().__init__(clipping, "clipping", name)
        self.eps = _checks.number("eps", eps, 0.0, open_low=True)
        if isinstance(exclude, str):
            raise _checks.fail("exclude", exclude, "a list of names of layers")
        self.exclude = tuple(_checks.label("exclude", layer) for layer in exclude)

    def on_train_begin(self, logs=None):
        """Refuses names of layers that the model doesn't have."""
        layers = {layer.name for layer in self._trained_model._flatten_layers()}
        unknown = [layer for layer in self.exclude if layer not in layers]
        if unknown:
            raise _checks.fail("exclude", unknown, f"names among {sorted(layers)}")
        super().on_train_begin(logs)

    def clip(self, leaf: Leaf, gradients: list, variables: list) -> tuple[Clipped, Any]:
        """Clips the variables of the layers that aren't excluded."""
        clipping = self.limit(leaf)
        before = _gradients.global_norm(_gradients.norms(gradients))
        free = [i for i, v in enumerate(variables) if not self._is_excluded(v)]
        result = list(gradients)
        share: Any = 0.0
        if free:
            chosen = [gradients[i] for i in free]
            weights = [variables[i].value for i in free]
            clipped, share = clip_units(chosen, weights, clipping, self.eps)
            for i, gradient in zip(free, clipped, strict=True):
                result[i] = gradient
        after = _gradients.global_norm(_gradients.norms(result))
        return Clipped(result, before, after, share), clipping

    def _is_excluded(self, variable: Any) -> bool:
        return any(layer in self.exclude for layer in variable.path.split("/")[:-1])
