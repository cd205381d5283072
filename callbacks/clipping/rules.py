"""Rules that clip a list of gradients: pure functions, the same on every backend.

Each takes gradients and a limit and returns `Clipped`. A list with an inf or a NaN in
it is handed back as it came: scaling can't mend it, and
`GradientNorms(on_nonfinite=...)` deals with it.
"""

import math
from typing import Any, NamedTuple

from keras import ops

from callbacks.in_step import arithmetic
from callbacks.in_step.norms import global_norm, norms, together


class Clipped(NamedTuple):
    """Gradients after clipping.

    Attributes:
        gradients: The new list.
        before: Norm of all gradients together, before.
        after: The same, after.
        share: Share of the parts (the whole, variables, entries, units) that were
            over the limit, in [0, 1].
    """

    gradients: list
    before: Any
    after: Any
    share: Any


def by_global_norm(gradients: list, limit: Any, before: Any = None) -> Clipped:
    """Scales all gradients by one factor, so that their joint norm is the limit.

    Args:
        gradients: One for each variable.
        limit: Largest joint norm.
        before: Their joint norm, where it is known.
    """
    if before is None:
        before = global_norm(gradients)
    over = ops.logical_and(before > limit, before < math.inf)
    factor = ops.where(over, limit / before, 1.0)
    clipped = [arithmetic.scale(gradient, factor) for gradient in gradients]
    return Clipped(clipped, before, before * factor, ops.cast(over, "float32"))


def by_each_norm(gradients: list, limit: Any) -> Clipped:
    """Scales each gradient whose own norm is over the limit."""
    each = norms(gradients)
    over = ops.logical_and(each > limit, each < math.inf)
    factors = ops.where(over, limit / each, 1.0)
    clipped = [arithmetic.scale(g, factors[i]) for i, g in enumerate(gradients)]
    before, after = together(each), together(each * factors)
    return Clipped(clipped, before, after, ops.mean(ops.cast(over, "float32")))


def by_value(gradients: list, limit: Any) -> Clipped:
    """Cuts each entry off at plus and minus the limit."""
    merged = [arithmetic.add_repeats(gradient) for gradient in gradients]
    clipped, over, size = [], 0.0, 0
    for gradient in merged:
        entries = arithmetic.entries(gradient)
        bound = ops.cast(limit, entries.dtype)
        kept = ops.where(
            ops.isfinite(entries), ops.clip(entries, -bound, bound), entries
        )
        clipped.append(arithmetic.with_entries(gradient, kept))
        over += ops.sum(ops.cast(ops.not_equal(kept, entries), "float32"))
        size += ops.cast(ops.size(entries), "float32")
    return Clipped(clipped, global_norm(merged), global_norm(clipped), over / size)
