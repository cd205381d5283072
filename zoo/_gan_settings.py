"""How a GAN trains: the settings that `GAN` and `dcgan` share, checked once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from zoo import _checks, _ranges
from zoo.losses import (
    discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)

Loss = str | Callable[..., Any]

GENERATOR_LOSSES: dict[str | None, Callable[..., Any]] = {
    "non_saturating": non_saturating_generator_loss,
    "minimax": minimax_generator_loss,
}
DISCRIMINATOR_LOSSES: dict[str | None, Callable[..., Any]] = {
    "cross_entropy": discriminator_loss
}
UPDATES = ("simultaneous", "alternating")


@dataclass(frozen=True)
class GANSettings:
    """What `zoo.GAN` documents, one field an argument.

    Raises:
        ValueError: A setting is out of its range, or two do not go together.
    """

    generator_loss: Loss = "non_saturating"
    discriminator_loss: Loss = "cross_entropy"
    updates: str = "simultaneous"
    discriminator_steps: int = 1
    smoothing: float = 0.0
    value_range: tuple[float, float] | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        """Checks every setting."""
        for key, value in vars(self).items():
            object.__setattr__(self, key, _checks.plain(value))
        _check_loss("generator_loss", self.generator_loss, GENERATOR_LOSSES)
        _check_loss("discriminator_loss", self.discriminator_loss, DISCRIMINATOR_LOSSES)
        _checks.choice("updates", self.updates, UPDATES)
        steps = self.discriminator_steps
        _checks.integer("discriminator_steps", steps)
        if steps != 1 and self.updates == "simultaneous":
            raise _checks.fail(
                "discriminator_steps", steps, "1 for simultaneous updates"
            )
        _checks.number("smoothing", self.smoothing, 0.0, 0.5, open_high=True)
        if self.smoothing and callable(self.discriminator_loss):
            raise _checks.fail(
                "smoothing", self.smoothing, "0 with a discriminator_loss of one's own"
            )
        if self.value_range is not None:
            limits = _ranges.check_range("value_range", self.value_range)
            object.__setattr__(self, "value_range", limits)
        if self.seed is not None:
            _checks.integer("seed", self.seed, low=0)

    def losses(self, real: Any, fake: Any, judged: Any) -> tuple[Any, Any]:
        """The discriminator's loss and the generator's, two scalars, from logits."""
        if callable(self.discriminator_loss):
            of_discriminator = ops.mean(self.discriminator_loss(real, fake))
        else:
            of_discriminator = discriminator_loss(real, fake, self.smoothing)
        if callable(self.generator_loss):
            return of_discriminator, ops.mean(self.generator_loss(judged))
        return of_discriminator, GENERATOR_LOSSES[self.generator_loss](judged)

    def to_config(self) -> dict[str, Any]:
        """Plain data; a callable loss by its registered name."""
        return {
            key: keras.saving.serialize_keras_object(value)
            if callable(value)
            else value
            for key, value in vars(self).items()
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any) -> "GANSettings":
        """The inverse of to_config."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value, custom_objects)
                if isinstance(value, dict)
                else value
                for key, value in config.items()
            }
        )


def _check_loss(name: str, value: object, known: dict[str | None, Any]) -> None:
    if callable(value) and not isinstance(value, (type, keras.losses.Loss)):
        return
    if isinstance(value, str):
        _checks.choice(name, value, known)
        return
    names = ", ".join(map(repr, known))
    raise _checks.fail(name, value, f"one of {names}, or a function of logits")
