"""What a convolution does to the size and the content of a map."""

import math
from fractions import Fraction

import keras
import numpy as np
from keras import layers

from recipes.architectures._cnn_counting import accepts, times

COUNTS = (
    *("whole", "whole_as_printed", "whole_rounded_down"),
    *("broken", "broken_as_printed", "broken_rounded_down"),
    *("small", "small_refused"),
)


def judge(lab) -> None:
    """States the verdicts on the output formula, 1×1 and joining maps."""
    _output_formula(lab)
    _dense_per_pixel(lab)
    _joining(lab)


def formula(n: int, k: int, p: int, s: int) -> Fraction:
    """The notes' output size, (n - k + 2p)/s + 1, not rounded."""
    return Fraction(n - k + 2 * p, s) + 1


def sizes(height: int, width: int, k: int, p: int, s: int) -> tuple[int, int] | None:
    """Runs a convolution on an image of zeros.

    Returns:
        Height and width of what comes out; None where Keras refuses the image.
    """
    image = np.zeros((1, height, width, 1), "float32")
    padded = layers.ZeroPadding2D(p)(image)
    conv = layers.Conv2D(1, k, strides=s, kernel_initializer="zeros")
    try:
        return tuple(conv(padded).shape[1:3])
    except ValueError:
        return None


def compare(draws: int, seed: int = 0) -> dict[str, int]:
    """Tries the formula on random convolutions, both axes of each.

    Returns:
        How many axes there were where the stride divides ("whole") and where not
        ("broken"), with how many of them the formula fits as printed and rounded
        down; how many images were too small for the kernel, and were refused.
    """
    rng = np.random.default_rng(seed)
    found = dict.fromkeys(COUNTS, 0)
    for _ in range(draws):
        shape = [int(n) for n in rng.integers(1, 33, 2)]
        k, p, s = (int(n) for n in rng.integers((1, 0, 1), (8, 4, 5)))
        made = sizes(*shape, k, p, s)
        if min(shape) + 2 * p < k:
            found["small"] += 1
            found["small_refused"] += made is None
            continue
        for n, size in zip(shape, made or (None, None), strict=True):
            wanted = formula(n, k, p, s)
            kind = "whole" if wanted.denominator == 1 else "broken"
            found[kind] += 1
            found[f"{kind}_as_printed"] += size == wanted
            found[f"{kind}_rounded_down"] += size == math.floor(wanted)
    return found


def same_padding(draws: int, seed: int = 1) -> tuple[int, int]:
    """Counts random convolutions with padding="same", and those of size ⌈n/s⌉."""
    rng = np.random.default_rng(seed)
    right = 0
    for _ in range(draws):
        n, k, s = (int(rng.integers(1, high)) for high in (33, 8, 5))
        conv = layers.Conv2D(1, k, strides=s, padding="same")
        right += conv(keras.Input((n, n, 1))).shape[1] == -(-n // s)
    return draws, right


def _output_formula(lab) -> None:
    found = compare(lab.settings.draws)
    tried, right = same_padding(max(lab.settings.draws // 4, 1))
    lab.verdict(
        "cnn-output-formula",
        {
            "the stride divides n - k + 2p": found["whole"]
            == found["whole_as_printed"],
            "it does not, as printed": found["broken"] == found["broken_as_printed"],
            "it does not, rounded down": found["broken"]
            == found["broken_rounded_down"],
        },
        evidence={
            **{f"axes_{name}": count for name, count in found.items()},
            "padding_same_tried": tried,
            "padding_same_gives_n_over_s_rounded_up": right,
        },
        note="Where the stride divides, the formula is right "
        f"{found['whole_as_printed']} times in {found['whole']}; elsewhere it gives a "
        f"fraction, and rounded down it is right {found['broken_rounded_down']} times "
        f"in {found['broken']}.",
    )


def _dense_per_pixel(lab) -> None:
    rng = np.random.default_rng(0)
    differences = {}
    for channels, filters in ((1, 5), (16, 1), (64, 32)):
        # Small whole numbers: every sum is exact in float32, in whatever order.
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
    lab.verdict(
        "cnn-1x1-is-dense-per-pixel",
        worst == 0.0,
        evidence={"greatest_difference": differences},
        note=f"On whole numbers it differs by {worst:g} from one matrix applied to "
        "every pixel.",
    )


def _joining(lab) -> None:
    large, small = (28, 28, 32), (14, 14, 64)

    def joined(first, second) -> tuple[int, ...] | None:
        if not accepts(layers.Concatenate(), first, second):
            return None
        maps = [keras.Input(shape) for shape in (first, second)]
        return tuple(layers.Concatenate()(maps).shape[1:])

    def after(layer) -> tuple[int, ...]:
        return tuple(layer(keras.Input(large)).shape[1:])

    made = {
        "as they are": joined(large, small),
        "after 2×2 max pooling": joined(after(layers.MaxPooling2D()), small),
        "after a 1×1 convolution to 64 channels": joined(
            after(layers.Conv2D(64, 1)), small
        ),
        "after a 1×1 convolution of stride 2": joined(
            after(layers.Conv2D(64, 1, strides=2)), small
        ),
    }
    works = {name: shape is not None for name, shape in made.items()}
    refused = not works.pop("as they are")
    told = [
        f"{name}, {times(shape) if shape else 'refused'}"
        for name, shape in made.items()
    ]
    lab.verdict(
        "cnn-concat-feature-maps",
        {name: refused and held for name, held in works.items()},
        evidence={"joined_shape": made},
        note=f"{times(large)} with {times(small)}: "
        + "; ".join(told)
        + ". A 1×1 convolution changes channels, which may differ; only its stride "
        "changes height and width, which may not.",
    )
