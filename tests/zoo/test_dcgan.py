import itertools

import numpy as np
import pytest
import zoo_cases

import zoo


def up(channels, filters):
    """A 4x4 transposed convolution without bias and its batch normalization."""
    return 16 * channels * filters + 4 * filters


@pytest.mark.parametrize(
    ("shape", "base", "widths"),
    [
        ((28, 28, 1), 7 * 7, (128, 64)),
        ((32, 32, 3), 4 * 4, (256, 128, 64)),
        ((8, 8, 1), 4 * 4, (64,)),
    ],
)
def test_parameters(shape, base, widths):
    channels = shape[-1]
    generator = 100 * base * widths[0] + 4 * widths[0]
    for wide, narrow in itertools.pairwise(widths):
        generator += up(wide, narrow)
    generator += 16 * widths[-1] * channels + channels
    assert zoo.dcgan_generator(shape).count_params() == generator

    discriminator = 16 * channels * 64 + 64
    for narrow, wide in itertools.pairwise(widths[::-1]):
        discriminator += up(narrow, wide)
    discriminator += base * widths[0] + 1
    assert zoo.dcgan_discriminator(shape).count_params() == discriminator


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (32, 32, 3), (8, 8, 1), (16, 24, 2), (64, 64, 1)]
)
def test_images_have_the_shape_and_range(shape):
    model = zoo.dcgan(shape, latent_dim=3, filters=2)
    images = model.generate(4, seed=0)
    assert images.shape == (4, *shape)
    assert images.dtype == "float32"
    assert images.min() >= 0
    assert images.max() <= 1
    assert zoo_cases.predict(model.discriminator, images).shape == (4, 1)


def transposed(x, kernel, stride):
    """Every pixel stamps its kernel on the output; the borders are cut evenly."""
    batch, height, width, _ = x.shape
    size = kernel.shape[0]
    full = (height - 1) * stride + size, (width - 1) * stride + size
    out = np.zeros((batch, *full, kernel.shape[2]))
    for i in range(height):
        for j in range(width):
            stamp = np.einsum("bc,hwoc->bhwo", x[:, i, j], kernel)
            rows = slice(i * stride, i * stride + size)
            columns = slice(j * stride, j * stride + size)
            out[:, rows, columns] += stamp
    cut = (size - stride) // 2
    return out[:, cut : cut + stride * height, cut : cut + stride * width]


def test_a_transposed_convolution_equals_its_definition():
    model = zoo.dcgan_generator((8, 8, 2), 3, filters=4, normalization=None)
    zoo_cases.fill(model)
    latents = zoo_cases.inputs(model)
    project, bias, kernel, last_bias = (zoo_cases.to_numpy(v) for v in model.weights)
    base = np.maximum(latents @ project + bias, 0).reshape(-1, 4, 4, 4)
    image = np.tanh(transposed(base, kernel, 2) + last_bias)
    np.testing.assert_allclose(
        zoo_cases.predict(model, latents), (image + 1) / 2, rtol=1e-4, atol=1e-5
    )


def test_the_discriminator_sees_minus_one_to_one():
    model = zoo.dcgan_discriminator((8, 8, 1), filters=2)
    rescaled = model.get_layer("discriminator_rescale")
    ends = zoo_cases.to_numpy(rescaled(np.array([0.0, 1.0], "float32")))
    np.testing.assert_array_equal(ends, [-1.0, 1.0])


def test_weights_start_as_in_the_paper():
    model = zoo.dcgan((28, 28, 1))
    for network in (model.generator, model.discriminator):
        kernels = [v for v in network.trainable_variables if len(v.shape) > 1]
        for kernel in kernels:
            values = zoo_cases.to_numpy(kernel)
            assert np.std(values) == pytest.approx(0.02, rel=0.1)
