"""Pointwise: a 1×1 convolution is one dense layer, applied to every pixel.

It mixes channels and leaves pixels apart. So its kernel has one weight for each channel
that comes in, and the number of filters is the number of channels that come out. Two
of the notes' numbers forget one or the other: 4097 counts pixels in place of channels,
and "remains 7×7×64" needs 64 filters, not one that is 64 deep.
"""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_arithmetic._layers import accepts, built, times
from recipes.lab import Finding, claim, main


@claim(
    "cnn-1x1-params",
    "One 1×1 filter on a 64×64×16 input has 4097 parameters.",
    says="is",
    notes="001",
    scope="one Keras layer; nothing is trained",
)
def one_filter(lab):
    """A weight a channel and a bias, beside one dense unit on the pixels."""
    count = built(layers.Conv2D(1, 1), 64, 64, 16).count_params()
    unit = built(layers.Dense(1), 64 * 64).count_params()
    return Finding(
        count == 4097,
        "It has {parameters}: 16 weights, one a channel, and a bias. {dense_unit:,} is "
        "one dense unit on 64×64 pixels.",
        parameters=count,
        dense_unit=unit,
    )


@claim(
    "cnn-1x1-channels",
    "1×1 filters set the number of channels: 4×4×64 becomes 4×4×32 or 4×4×128.",
    says="is",
    notes="001",
    scope="two Keras layers; nothing is trained",
)
def channels_out(lab):
    """The shapes that 32 and 128 filters make."""
    made = {}
    for filters in (32, 128):
        conv = layers.Conv2D(filters, 1)
        shape = tuple(conv(keras.Input((4, 4, 64))).shape[1:])
        made[times(shape)] = conv.count_params()
    return Finding(
        list(made) == ["4×4×32", "4×4×128"],
        "4×4×64 becomes as many channels as there are filters; parameters: "
        "{parameters_by_output:,}.",
        parameters_by_output=made,
    )


# Small whole numbers: every sum is exact in float32, in whatever order it is added, so
# that the layers must agree to the last bit.


@claim(
    "cnn-1x1-is-dense-per-pixel",
    "A 1×1 convolution is one linear map applied to every pixel.",
    says="is",
    notes="001",
    scope="random whole numbers, 1 to 64 channels; nothing is trained",
)
def dense_per_pixel(lab):
    """The convolution, a matrix product by hand, and a dense layer on each pixel."""
    rng = np.random.default_rng(0)
    differences = {}
    for channels, filters in ((1, 5), (16, 1), (64, 32)):
        x = rng.integers(-8, 9, (2, 6, 5, channels)).astype("float32")
        kernel = rng.integers(-8, 9, (channels, filters)).astype("float32")
        bias = rng.integers(-8, 9, filters).astype("float32")
        conv, dense = layers.Conv2D(filters, 1), layers.Dense(filters)
        for layer in (conv, dense):
            layer.build(x.shape)
            layer.set_weights([kernel.reshape(layer.kernel.shape), bias])
        mapped = keras.ops.convert_to_numpy(conv(x))
        by_hand = np.einsum("bhwc,cf->bhwf", x, kernel) + bias
        per_pixel = keras.ops.convert_to_numpy(dense(x))
        differences[f"{channels} to {filters} channels"] = {
            "from_the_matrix_product": float(np.abs(mapped - by_hand).max()),
            "from_a_dense_layer": float(np.abs(mapped - per_pixel).max()),
        }
    worst = max(max(row.values()) for row in differences.values())
    return Finding(
        worst == 0.0,
        "On whole numbers it differs by {worst:g} from one matrix applied to every "
        "pixel.",
        worst=worst,
        greatest_difference=differences,
    )


@claim(
    "cnn-1x1-depth-must-match",
    "A 1×1 filter is as deep as its input has channels.",
    says="is",
    notes="001",
    scope="Keras layers on 1 to 128 channels; nothing is trained",
)
def depth_matches(lab):
    """The depth that Keras builds, and the inputs that a built kernel refuses."""
    depths = {
        channels: built(layers.Conv2D(1, 1), 7, 7, channels).kernel.shape[2]
        for channels in (1, 3, 16, 64)
    }
    conv = built(layers.Conv2D(1, 1), 7, 7, 64)
    accepted = [c for c in (1, 32, 63, 64, 65, 128) if accepts(conv, (7, 7, c))]
    grouped = built(layers.Conv2D(2, 1, groups=2), 7, 7, 64).kernel.shape[2]
    return Finding(
        {
            "the kernel is as deep as the input": all(
                depth == channels for channels, depth in depths.items()
            ),
            "another number of channels is refused": accepted == [64],
        },
        "A kernel of depth 64 takes 64 channels and refuses 63 or 65. (In a grouped "
        "convolution the depth is that of a group: {grouped} of 64.)",
        kernel_depth_by_input_channels={str(c): depth for c, depth in depths.items()},
        channels_that_a_kernel_of_depth_64_takes=accepted,
        grouped=grouped,
    )


@claim(
    "cnn-1x1-output-stays-64",
    "A 1×1×64 convolution leaves 7×7×64 as 7×7×64.",
    says="is",
    notes="001",
    scope="Keras layers of 1 to 128 filters; nothing is trained",
)
def output_stays(lab):
    """The output of one filter that is 64 deep, and of 64 of them."""
    one, many = (
        tuple(layers.Conv2D(filters, 1)(keras.Input((7, 7, 64))).shape[1:])
        for filters in (1, 64)
    )
    return Finding(
        {
            "7×7 remains": one[:2] == many[:2] == (7, 7),
            "64 channels remain, with one filter": one[2] == 64,
            "64 channels remain, with 64 filters": many[2] == 64,
        },
        "One 1×1×64 filter makes {one}: the number of filters is the number of "
        "channels that come out, so only 64 filters keep 64.",
        one=times(one),
        output_of_1_filter=one,
        output_of_64_filters=many,
    )


# A convolution multiplies and adds k·k·channels numbers for each number that it makes.
# So fewer channels make what comes next cheaper; the 1×1 convolution itself costs
# something, too. Whether the key features are kept is a question of training.


def multiply_adds(*convolutions, size: int = 28, channels: int = 64) -> int:
    """Multiply-adds of convolutions in turn, on size×size pixels, padded.

    Args:
        *convolutions: (filters, kernel) of each.
        size: Pixels a side.
        channels: Of the input.
    """
    x, total = keras.Input((size, size, channels)), 0
    for filters, kernel in convolutions:
        conv = layers.Conv2D(filters, kernel, padding="same", use_bias=False)
        x = conv(x)
        total += x.shape[1] * x.shape[2] * conv.count_params()
    return total


@claim(
    "cnn-1x1-bottleneck",
    "A 1×1 convolution that decreases the channels reduces the computation.",
    says="is",
    notes="001",
    scope="multiply-adds up to 64 channels of 28×28 pixels; nothing is trained",
)
def bottleneck(lab):
    """Counts multiply-adds with and without, in front of 3×3 and of 1×1."""
    plain, pointwise = multiply_adds((64, 3)), multiply_adds((64, 1))
    halved = multiply_adds((32, 1), (64, 3))
    narrow = multiply_adds((16, 1), (16, 3), (64, 1))
    before_pointwise = multiply_adds((32, 1), (64, 1))
    return Finding(
        {
            "64 to 32 channels, then 3×3": halved < plain,
            "64 to 16 channels, 3×3, back to 64": narrow < plain,
        },
        "A 3×3 convolution from 64 to 64 channels takes {plain:,} multiply-adds; with "
        "a 1×1 convolution to 32 channels in front {halved:,}, between two to 16 and "
        "back {narrow:,}. In front of another 1×1 convolution nothing is saved: "
        "{before_pointwise:,} against {pointwise:,}. Whether features are kept is "
        "another claim, cnn-1x1-keeps-features.",
        plain=plain,
        halved=halved,
        narrow=narrow,
        before_pointwise=before_pointwise,
        pointwise=pointwise,
    )


if __name__ == "__main__":
    main(__file__)
