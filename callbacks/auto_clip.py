"""AutoClip: the limit is a percentile of the gradient norms seen so far."""

from typing import Any

import numpy as np
from keras import ops

from callbacks import _checks, _clipping, _gradients
from callbacks._clipping import Clipped, ClippingCallback
from callbacks._leaves import Leaf


def percentile(values: Any, count: Any, percent: float) -> Any:
    """Percentile of the first `count` values, as NumPy's linear rule defines it."""
    places = ops.arange(values.shape[0])
    known = ops.where(places < count, values, np.float32(np.inf))
    ordered = ops.sort(known)
    place = ops.cast(count - 1, "float32") * (percent / 100.0)
    low = ops.cast(ops.floor(place), "int32")
    high = ops.minimum(low + 1, count - 1)
    below, above = ops.take(ordered, low), ops.take(ordered, high)
    return below + (above - below) * (place - ops.cast(low, "float32"))


class AutoClip(ClippingCallback):
    """Clips to a percentile of the norms of the gradients of the updates so far.

    The norm of the current update belongs to the history, too. Norms that are inf or
    NaN don't enter it. The history begins anew with each `fit`.

    Args:
        percent: The percentile, in (0, 100]; 100 clips nothing. The paper's advice
            is 10.
        history: How many of the latest norms count, at least 1. The paper takes all.
        name: What the logged keys begin with.

    Logged keys:
        autoclip_norm_before, autoclip_norm_after: Mean norm over the epoch's updates.
        autoclip_share: Share of the updates that were clipped.
        autoclip_part: The same.
        autoclip_limit: Mean limit.

    Cost:
        On TensorFlow and two CPU cores 1.2 to 1.3 for a small MLP with batches of 64,
        whose step takes 0.9 ms.

    Example:
        >>> model.fit(x, y, callbacks=[AutoClip(10)])  # doctest: +SKIP

    References:
        Seetharaman et al., AutoClip: Adaptive Gradient Clipping for Source Separation
        Networks (2020).
    """

    def __init__(
        self, percent: float = 10.0, history: int = 1000, name: str = "autoclip"
    ):
        super().__init__(1.0, "limit", name)
        self.percent = _checks.number("percent", percent, 0.0, 100.0, open_low=True)
        self.history = _checks.integer("history", history)

    def build(self, leaf: Leaf) -> dict[str, Any]:
        """Slots for the history of norms."""
        norms, seen = leaf.slot((self.history,)), leaf.slot(dtype="int32")
        return {**super().build(leaf), "norms": norms, "seen": seen}

    def clip(self, leaf: Leaf, gradients: list, variables: list) -> tuple[Clipped, Any]:
        """Enters the norm into the history, then clips to its percentile."""
        norms, seen = leaf.state[self]["norms"], leaf.state[self]["seen"]
        norm = _gradients.global_norm(_gradients.norms(gradients))
        finite = ops.isfinite(norm)
        place = ops.reshape(ops.mod(seen.read(), self.history), (1, 1))
        entered = ops.scatter_update(norms.read(), place, ops.reshape(norm, (1,)))
        norms.write(ops.where(finite, entered, norms.read()))
        seen.write(seen.read() + ops.cast(finite, "int32"))
        count = ops.minimum(seen.read(), self.history)
        known = ops.maximum(count, 1)
        limit = percentile(norms.read(), known, self.percent)
        return _clipping.by_global_norm(gradients, limit, norm), limit
