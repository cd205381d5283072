"""Deep convolutional generative adversarial networks for small images."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo import _blocks, _checks, _ranges
from zoo._gan_settings import GANSettings, Loss
from zoo.gan import GAN
from zoo.pretrained import loads_weights

KERNEL = 4
SMALLEST = 8
SLOPE = 0.2


@loads_weights
def dcgan(
    image_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 100,
    *,
    filters: int = 64,
    generator_loss: Loss = "non_saturating",
    discriminator_loss: Loss = "cross_entropy",
    updates: str = "simultaneous",
    discriminator_steps: int = 1,
    smoothing: float = 0.0,
    normalization: str | None = "batch",
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    value_range: tuple[float, float] = (0.0, 1.0),
    seed: int | None = None,
    weights: str | None = None,
    name: str = "dcgan",
) -> GAN:
    """A generator and a discriminator in one compiled model: `dcgan().fit(images)`.

    Each stage of the discriminator halves height and width, until at most 7 pixels
    are left; the generator goes the same way back. Its metrics and settings are
    described at `zoo.gan.GAN`. `compile` again to set the optimizers, by default
    Adam with learning rate 2e-4 and beta_1 0.5 for both.

    Shapes:
        images (batch, height, width, channels) float in value_range
        -> dict of logits (batch, 1)

    Args:
        image_shape: (height, width, channels); height and width must be even, at
            least 8, and stay even in every stage: 8, 16, 28, 32, 64, ...
        latent_dim: Size of the standard normal latent vectors, at least 1.
        filters: Filters of the discriminator's first convolution, at least 1; each
            further stage has twice as many.
        generator_loss: "non_saturating", "minimax" or a function, as in `zoo.GAN`.
        discriminator_loss: "cross_entropy" or a function, as in `zoo.GAN`.
        updates: "simultaneous" or "alternating".
        discriminator_steps: Batches in a row for the discriminator, at least 1;
            above 1 only with updates="alternating".
        smoothing: One-sided label smoothing of the real images, in [0, 0.5).
        normalization: "batch", "layer" or None, in both networks.
        momentum: Share of the old moving averages that batch normalization keeps a
            step, in [0, 1).
        epsilon: What the normalization adds to the variance, above 0.
        value_range: (low, high) of the images, made and seen. Images outside of it
            are refused.
        seed: Integer seed of the latents drawn in training, or None.
        weights: None draws them. A name loads those of `zoo.list_weights()` for this
            builder; arguments that are not given are then the trained network's.
        name: Name of the model.

    Returns:
        A compiled `zoo.gan.GAN` with `generator`, `discriminator` and `generate`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> gan = dcgan((8, 8, 1), latent_dim=16, filters=32, seed=0)
        >>> gan.generator.count_params(), gan.discriminator.count_params()
        (8833, 1057)
        >>> gan.generate(2, seed=0).shape
        (2, 8, 8, 1)

    References:
        Radford et al., Unsupervised Representation Learning with Deep Convolutional
        Generative Adversarial Networks (2015).
    """
    settings = GANSettings(
        generator_loss,
        discriminator_loss,
        updates,
        discriminator_steps,
        smoothing,
        value_range,
        seed,
    )
    _ranges.check_range("value_range", value_range)
    _checks.text("name", name)
    shared: dict[str, Any] = {
        "filters": filters,
        "normalization": normalization,
        "momentum": momentum,
        "epsilon": epsilon,
        "value_range": value_range,
    }
    generator = dcgan_generator(image_shape, latent_dim, **shared)
    discriminator = dcgan_discriminator(image_shape, **shared)
    model = GAN(generator, discriminator, **vars(settings), name=name)
    model.compile()
    return model


@_checks.takes_numpy
def dcgan_generator(
    image_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 100,
    *,
    filters: int = 64,
    normalization: str | None = "batch",
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    value_range: tuple[float, float] = (0.0, 1.0),
    name: str = "generator",
) -> keras.Model:
    """Latent vectors to images, by transposed convolutions with stride 2.

    Shapes: latents (batch, latent_dim) -> images (batch, H, W, C) in value_range

    Args:
        image_shape: As in `dcgan`.
        latent_dim: As in `dcgan`.
        filters: Filters in front of the last transposed convolution, at least 1;
            each earlier stage has twice as many.
        normalization: "batch", "layer" or None; behind all but the last.
        momentum: As in `dcgan`.
        epsilon: As in `dcgan`.
        value_range: As in `dcgan`.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> dcgan_generator((28, 28, 1)).count_params()
        760065

    References:
        Radford et al. (2015); its tanh in [-1, 1] is rescaled to [0, 1] here.
    """
    height, width, channels = _checks.image_shape("image_shape", image_shape)
    _checks.integer("latent_dim", latent_dim)
    stages = _stages("image_shape", (height, width))
    _check_width(filters, name)
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    low, high = _ranges.check_range("value_range", value_range)

    base = (height >> stages, width >> stages, filters << (stages - 1))
    bias = normalization is None
    inputs = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(
        base[0] * base[1] * base[2],
        use_bias=bias,
        kernel_initializer=_gaussian(),
        name="generator_project",
    )(inputs)
    x = layers.Reshape(base, name="generator_reshape")(x)
    x = _react(x, normalize, "relu", "generator_project")
    for stage in range(1, stages):
        title = f"generator_up{stage}"
        x = _up(x, filters << (stages - 1 - stage), bias, title)
        x = _react(x, normalize, "relu", title)
    x = _up(x, channels, True, f"generator_up{stages}")
    # tanh and what follows in float32 at least: half precision has too few levels.
    exact = {"dtype": _blocks.precise()}
    x = layers.Activation("tanh", name="generator_tanh", **exact)(x)
    half, middle = (high - low) / 2.0, (high + low) / 2.0
    x = layers.Rescaling(half, middle, name="generator_images", **exact)(x)
    return keras.Model(inputs, x, name=name)


@_checks.takes_numpy
def dcgan_discriminator(
    image_shape: Sequence[int] = (28, 28, 1),
    *,
    filters: int = 64,
    normalization: str | None = "batch",
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    value_range: tuple[float, float] = (0.0, 1.0),
    include_top: bool = True,
    name: str = "discriminator",
) -> keras.Model:
    """Images to one logit, by convolutions with stride 2 and leaky rectifiers.

    Shapes:
        images (batch, H, W, C) float in value_range -> logits (batch, 1), or without
        the top -> feature maps (batch, H', W', C')

    Args:
        image_shape: As in `dcgan`.
        filters: Filters of the first convolution, at least 1; each further stage has
            twice as many.
        normalization: "batch", "layer" or None; behind all but the first.
        momentum: As in `dcgan`.
        epsilon: As in `dcgan`.
        value_range: As in `dcgan`.
        include_top: Whether the dense output follows.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> dcgan_discriminator((28, 28, 1)).count_params()
        138945

    References:
        Radford et al. (2015).
    """
    shape = _checks.image_shape("image_shape", image_shape)
    stages = _stages("image_shape", shape[:2])
    _check_width(filters, name)
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    low, high = _ranges.check_range("value_range", value_range)
    _checks.flag("include_top", include_top)

    inputs = keras.Input(shape, name="images")
    scale, offset = 2.0 / (high - low), -(high + low) / (high - low)
    x = layers.Rescaling(scale, offset, name="discriminator_rescale")(inputs)
    for stage in range(1, stages + 1):
        here = _blocks.Normalization(None) if stage == 1 else normalize
        title = f"discriminator_down{stage}"
        x = layers.Conv2D(
            filters << (stage - 1),
            KERNEL,
            strides=2,
            padding="same",
            use_bias=here.kind is None,
            kernel_initializer=_gaussian(),
            name=title,
            **_blocks.IMAGES,
        )(x)
        x = _react(x, here, "leaky_relu", title)
    if not include_top:
        return keras.Model(inputs, x, name=name)
    x = layers.Flatten(name="discriminator_flatten", **_blocks.IMAGES)(x)
    x = _blocks.head(x, 1, "binary", kernel_initializer=_gaussian())
    return keras.Model(inputs, x, name=name)


def _up(x: Any, filters: int, bias: bool, name: str) -> Any:
    return layers.Conv2DTranspose(
        filters,
        KERNEL,
        strides=2,
        padding="same",
        use_bias=bias,
        kernel_initializer=_gaussian(),
        name=name,
        **_blocks.IMAGES,
    )(x)


def _react(x: Any, normalize: _blocks.Normalization, activation: str, name: str) -> Any:
    x = normalize(x, f"{name}_normalization")
    if activation == "leaky_relu":
        return layers.LeakyReLU(SLOPE, name=f"{name}_activation")(x)
    return _blocks.activate(x, activation, f"{name}_activation")


def _gaussian() -> keras.initializers.Initializer:
    """The paper's N(0, 0.02), new for every layer."""
    return keras.initializers.RandomNormal(stddev=0.02)


def _check_width(filters: object, name: object) -> None:
    _checks.integer("filters", filters)
    _checks.text("name", name)


def _stages(name: str, size: tuple[int, int]) -> int:
    """How often both sides can be halved until the smaller has at most 7 pixels."""
    stages, sides = 0, size
    while min(sides) >= SMALLEST:
        if sides[0] % 2 or sides[1] % 2:
            stages = 0
            break
        stages, sides = stages + 1, (sides[0] // 2, sides[1] // 2)
    if not stages:
        raise _checks.fail(
            name,
            size,
            "of a height and width of at least 8 that stay even while halved down to "
            "7 or less, such as 8, 16, 28, 32 or 64",
        )
    return stages
