import itertools

import numpy as np
import pytest
import zoo_cases

import zoo


def conv(channels, filters, size=3):
    """Weights of a convolution without bias, and its batch normalization's 4."""
    return filters * size * size * channels + 4 * filters


def small_images(blocks):
    total, channels = conv(3, 16), 16
    for width in (16, 32, 64):
        total += conv(channels, width) + (2 * blocks - 1) * conv(width, width)
        channels = width
    return total + 65 * 10


@pytest.mark.parametrize(
    ("builder", "blocks", "millions"),
    [
        (zoo.resnet20, 3, 0.27),
        (zoo.resnet32, 5, 0.46),
        (zoo.resnet44, 7, 0.66),
        (zoo.resnet56, 9, 0.85),
        (zoo.resnet110, 18, 1.7),
    ],
)
def test_parameters_for_small_images(builder, blocks, millions):
    model = builder()
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert model.count_params() == small_images(blocks)
    # He et al. (2015), table 6, which counts no moving statistics.
    assert trainable / 1e6 == pytest.approx(millions, abs=0.05 if blocks > 9 else 0.01)
    weighted = [n for n in (layer.name for layer in model.layers) if "_conv" in n]
    convolutions = [n for n in weighted if n[-1].isdigit()]
    assert len(convolutions) + 2 == 6 * blocks + 2


def test_parameters_of_resnet18():
    total, channels = conv(3, 64, 7), 64
    for stage, width in enumerate((64, 128, 256, 512)):
        total += conv(channels, width) + 3 * conv(width, width)
        total += conv(channels, width, 1) if stage else 0
        channels = width
    model = zoo.resnet18()
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert model.count_params() == total + 513 * 1000
    assert trainable == 11_689_512


def test_parameters_of_resnet50():
    total, channels = conv(3, 64, 7), 64
    for depth, width in zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True):
        out = 4 * width
        total += conv(channels, out, 1)  # the projection of the stage's first block
        for _ in range(depth):
            total += conv(channels, width, 1) + conv(width, width)
            total += conv(width, out, 1)
            channels = out
    model = zoo.resnet50()
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert model.count_params() == total + 2049 * 1000
    assert trainable == 25_557_032


@pytest.mark.parametrize(
    ("block", "pre_activation", "normalization"),
    list(itertools.product(("basic", "bottleneck"), (False, True), ("batch", None))),
)
def test_the_plain_twin_has_equal_parameters(block, pre_activation, normalization):
    settings = {"block": block, "pre_activation": pre_activation}
    settings |= {"normalization": normalization, "depths": (2, 1), "widths": (4, 8)}
    nets = [zoo.resnet((8, 8, 1), 3, residual=r, **settings) for r in (True, False)]
    residual, plain = nets
    assert [v.shape for v in residual.weights] == [v.shape for v in plain.weights]
    assert [v.path for v in residual.weights] == [v.path for v in plain.weights]
    adds = [sum("_add" in layer.name for layer in net.layers) for net in nets]
    assert adds == [3, 0]


def test_a_projection_adds_its_convolution_and_normalization():
    settings = {"depths": (1, 1), "widths": (4, 8)}
    sizes = [
        zoo.resnet((8, 8, 1), 3, shortcut=kind, **settings).count_params()
        for kind in ("identity", "projection")
    ]
    assert sizes[1] - sizes[0] == 4 * 8 + 4 * 8


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (5, 7, 2), (1, 1, 1)])
@pytest.mark.parametrize("shortcut", ["identity", "projection"])
@pytest.mark.parametrize("stem", ["small", "large"])
def test_any_small_input(shape, shortcut, stem):
    settings = {"shortcut": shortcut, "stem": stem, "depths": (1,) * 3}
    model = zoo.resnet(shape, 4, widths=(4, 8, 16), **settings)
    assert zoo_cases.predict(model, zoo_cases.inputs(model)).shape == (6, 4)


def test_without_the_top():
    model = zoo.resnet20(include_top=False)
    assert model.output_shape == (None, 8, 8, 64)
    assert model.count_params() == small_images(3) - 650


def same_conv(x, kernel):
    """3x3 convolution with stride 1, zero padded, written as its definition."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.zeros((*x.shape[:3], kernel.shape[-1]))
    for row, column in itertools.product(range(3), range(3)):
        window = padded[:, row : row + height, column : column + width]
        out += window @ kernel[row, column]
    return out


def normalized(x, gamma, beta, mean, variance):
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("pre_activation", [True, False])
def test_a_block_equals_its_definition(residual, pre_activation):
    model = zoo.resnet(
        (5, 4, 2),
        3,
        depths=(1,),
        widths=(2,),
        pre_activation=pre_activation,
        residual=residual,
        include_top=False,
    )
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model).astype("float64")

    def norm(value, name):
        return normalized(
            value, *model.get_layer(f"{name}_normalization").get_weights()
        )

    def convolve(value, name):
        return same_conv(value, model.get_layer(name).get_weights()[0])

    def relu(value):
        return np.maximum(value, 0)

    first, second = "stage1_block1_conv1", "stage1_block1_conv2"
    stem = convolve(x, "stem")
    if pre_activation:
        inside = convolve(relu(norm(stem, first)), first)
        inside = convolve(relu(norm(inside, second)), second)
        expected = relu(norm(inside + residual * stem, "final"))
    else:
        stem = relu(norm(stem, "stem"))
        inside = relu(norm(convolve(stem, first), first))
        inside = norm(convolve(inside, second), second)
        expected = relu(inside + residual * stem)
    got = zoo_cases.predict(model, x.astype("float32"))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_the_identity_shortcut_subsamples_and_pads_with_zeros():
    model = zoo.resnet(
        (4, 6, 1),
        2,
        depths=(1, 1),
        widths=(2, 5),
        normalization=None,
        include_top=False,
    )
    zoo_cases.fill(model)
    # With its last convolution at zero, the block is its shortcut.
    last = model.get_layer("stage2_block1_conv2")
    last.set_weights([np.zeros_like(w) for w in last.get_weights()])
    before = zoo_cases.keras.Model(
        model.input, model.get_layer("stage1_block1_activation").output
    )
    x = zoo_cases.inputs(model)
    kept = zoo_cases.to_numpy(before(x))[:, ::2, ::2]
    expected = np.concatenate([kept, np.zeros((*kept.shape[:3], 3))], axis=-1)
    np.testing.assert_array_equal(zoo_cases.predict(model, x), expected)
