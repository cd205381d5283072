"""The losses of a generative adversarial network, from its logits."""

from typing import Any

from keras import ops

from zoo import _checks


def _tensor(values: Any) -> Any:
    return ops.convert_to_tensor(values)


def discriminator_loss(
    real_logits: Any, fake_logits: Any, smoothing: float = 0.0
) -> Any:
    """Cross-entropy of a discriminator: real is 1, generated is 0.

    Shapes: two tensors of logits, of any shape -> scalar

    Args:
        real_logits: The discriminator's logits on real examples.
        fake_logits: The discriminator's logits on generated examples.
        smoothing: One-sided label smoothing in [0, 0.5): real becomes
            1 - smoothing. Generated stays 0, because a label above 0 there rewards
            the samples that the generator already makes (Salimans et al., 2016).

    Returns:
        mean softplus(-real) + mean softplus(fake) without smoothing.

    Raises:
        ValueError: smoothing is out of its range.

    References:
        Goodfellow et al., Generative Adversarial Networks (2014).
    """
    _checks.number("smoothing", smoothing, 0.0, 0.5, open_high=True)
    real = _tensor(real_logits)
    # -log sigmoid(l) = softplus(-l), and -log(1 - sigmoid(l)) = softplus(-l) + l.
    on_real: Any = ops.mean(ops.softplus(-real) + smoothing * real)
    return on_real + ops.mean(ops.softplus(_tensor(fake_logits)))


def minimax_generator_loss(fake_logits: Any) -> Any:
    """Mean of log(1 - D(G(z))), the generator's loss of the two-player game.

    Its derivative in one of n logits l is -sigmoid(l) / n: next to nothing where
    the discriminator is sure that the sample is generated.

    Shapes: logits of any shape -> scalar

    Args:
        fake_logits: The discriminator's logits on generated examples.

    Returns:
        -mean softplus(l), which goes down as the generator improves.

    References:
        Goodfellow et al., Generative Adversarial Networks (2014).
    """
    mean: Any = ops.mean(ops.softplus(_tensor(fake_logits)))
    return -mean


def non_saturating_generator_loss(fake_logits: Any) -> Any:
    """Minus the mean of log D(G(z)): the same fixed point, a strong early gradient.

    Its derivative in one of n logits l is -sigmoid(-l) / n: largest where the
    discriminator is sure that the sample is generated.

    Shapes: logits of any shape -> scalar

    Args:
        fake_logits: The discriminator's logits on generated examples.

    Returns:
        mean softplus(-l).

    References:
        Goodfellow et al., Generative Adversarial Networks (2014), section 3.
    """
    return ops.mean(ops.softplus(-_tensor(fake_logits)))
