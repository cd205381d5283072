"""The gradients of a `MultiOptimizer`, while they are still together."""

from collections.abc import Iterator
from typing import Any

from callbacks.in_step.optimizers import TrackedOptimizer


class Gradients:
    """What a `MultiOptimizer` is about to hand on to other optimizers.

    Args:
        whole: The `MultiOptimizer`.
        grads: One gradient for each variable, or None; scaled as the loss is.
        variables: The variables.
    """

    def __init__(self, whole: TrackedOptimizer, grads: list, variables: list):
        self._whole = whole
        self._grads = list(grads)
        self._places = gradients_of(grads, variables)
        self._variables = [variables[i] for i in self._places]
        optimizer = whole.optimizer
        owners = [
            optimizer._inner_optimizers[
                optimizer._var_to_optimizer_idx[optimizer._var_key(variable)]
            ]
            for variable in self._variables
        ]
        of_parts = {
            part: [i for i, owner in enumerate(owners) if owner is part.optimizer]
            for part in whole.parts
        }
        self._of_parts = {part: at for part, at in of_parts.items() if at}

    def parts(self) -> Iterator[tuple[TrackedOptimizer, list, list]]:
        """For each optimizer its gradients, as they came, and its variables."""
        for part, at in self._of_parts.items():
            shown = [self._grads[self._places[i]] for i in at]
            yield part, shown, [self._variables[i] for i in at]

    def changed(self, callbacks: list) -> list:
        """The gradients after the callbacks, in their order, have acted on all.

        A callback that belongs to each optimizer sees the part of each.
        """
        scale = self._whole.optimizer.loss_scale_factor
        chosen = [self._grads[place] for place in self._places]
        if scale is not None:
            chosen = [gradient / scale for gradient in chosen]
        for callback in callbacks:
            if callback in self._whole.state:
                chosen = callback.on_update(self._whole, chosen, self._variables)
                continue
            for part, at in self._of_parts.items():
                of = [self._variables[i] for i in at]
                callback.on_update(part, [chosen[i] for i in at], of)
        result = list(self._grads)
        for place, gradient in zip(self._places, chosen, strict=True):
            result[place] = gradient if scale is None else gradient * scale
        return result


def acts_together(whole: TrackedOptimizer, session: Any, callbacks: list) -> bool:
    """Whether callbacks may act before the gradients part.

    Not where an optimizer clips or accumulates by itself: that comes first.

    Args:
        whole: The `MultiOptimizer`.
        session: The session of the `fit`.
        callbacks: Those that see updates.

    Raises:
        ValueError: They may not, and one of them needs all gradients.
    """
    if session.replicas.count > 1:
        alone = "several replicas train the model"
    elif any(map(_accumulates_or_clips, whole.parts)):
        alone = "these accumulate or clip gradients themselves"
    else:
        return True
    for callback in callbacks:
        if callback.needs_whole:
            raise ValueError(
                f"{type(callback).__name__} can't clip the gradients of a "
                f"MultiOptimizer's optimizers together where {alone}; clip by "
                "value or per variable, or use one optimizer."
            )
    return False


def gradients_of(grads: list, variables: list) -> list[int]:
    """Places of what is a gradient at all; float8 scales travel as gradients, too."""
    return [
        i
        for i, (gradient, variable) in enumerate(zip(grads, variables, strict=False))
        if gradient is not None
        and not getattr(variable, "overwrite_with_gradient", False)
    ]


def _accumulates_or_clips(part: TrackedOptimizer) -> bool:
    optimizer = part.optimizer
    names = ("gradient_accumulation_steps", "clipnorm", "global_clipnorm", "clipvalue")
    return any(getattr(optimizer, name, None) is not None for name in names)
