"""Sizes: (n − k + 2p)/s + 1, rounded down.

A window of k pixels has n − k + 2p places left to move to after its first, and takes
every s-th of them. Where the stride does not divide, the formula gives a fraction, and
the last pixels are not used: the size is rounded down. That is also why 16×16 pixels
can't be pooled five times without padding: the formula's fifth size is 0.5.

Maps of different sizes can't be concatenated along their channels. A stride makes the
sizes agree; a 1×1 convolution changes channels only, which need not agree.
"""

import math
from fractions import Fraction

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_arithmetic._layers import accepts, times
from recipes.lab import Finding, claim, figures, main

POOLED = (16, 8, 4, 2, 1)  # four poolings; the notes go on with 0.5
COUNTS = (
    *("whole", "whole_as_printed", "whole_rounded_down"),
    *("broken", "broken_as_printed", "broken_rounded_down"),
    *("small", "small_refused"),
)


def formula(n: int, k: int, p: int, s: int) -> Fraction:
    """The notes' output size, (n − k + 2p)/s + 1, not rounded."""
    return Fraction(n - k + 2 * p, s) + 1


def output_size(
    height: int, width: int, k: int, p: int, s: int
) -> tuple[int, int] | None:
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
        made = output_size(*shape, k, p, s)
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


def count_same_padding(draws: int, seed: int = 1) -> int:
    """Counts random convolutions with padding="same" whose size is ⌈n/s⌉."""
    rng = np.random.default_rng(seed)
    right = 0
    for _ in range(draws):
        n, k, s = (int(rng.integers(1, high)) for high in (33, 8, 5))
        conv = layers.Conv2D(1, k, strides=s, padding="same")
        right += conv(keras.Input((n, n, 1))).shape[1] == -(-n // s)
    return right


# The notes round nothing. In each of their own convolutions the stride divides, and
# there the formula is right as it stands: so that is a condition of it.


@claim(
    "cnn-output-formula",
    "A convolution's output has (n - k + 2p)/s + 1 pixels a side.",
    says="is",
    notes="001",
    scope="200 random convolutions, both axes of each; nothing is trained",
)
def output_formula(lab):
    """Keras's sizes against the formula, where the stride divides and where not."""
    found = compare(lab.settings.draws)
    tried = max(lab.settings.draws // 4, 1)
    whole, broken = found["whole"], found["broken"]
    return Finding(
        {
            "the stride divides n - k + 2p": whole == found["whole_as_printed"],
            "it does not": broken == found["broken_as_printed"],
        },
        "Where the stride divides, the formula is right {axes[whole_as_printed]} times "
        "in {axes[whole]}; elsewhere it gives a fraction, and rounded down it is right "
        "{axes[broken_rounded_down]} times in {axes[broken]}.",
        figure=draw_sizes,
        axes=found,
        padding_same_tried=tried,
        padding_same_gives_n_over_s_rounded_up=count_same_padding(tried),
    )


def pooled(padding: str, often: int = 5) -> list[int]:
    """Max-pools 16×16 pixels again and again.

    Returns:
        The sides, from 16 on; fewer than asked for where Keras refuses.
    """
    x, found = keras.Input((16, 16, 1)), [16]
    for _ in range(often):
        try:
            x = layers.MaxPooling2D(2, padding=padding)(x)
        except ValueError:
            break
        found.append(x.shape[1])
    return found


# The notes' pooling has no padding, so that is what is judged; that padding makes a
# fifth pooling possible stands in the note.


@claim(
    "cnn-pool-five-times",
    "16×16 pixels can't be max-pooled five times by 2: 16, 8, 4, 2, 1, then 0.5.",
    says="is",
    notes="001",
    scope="Keras's 2×2 max pooling without padding; nothing is trained",
)
def five_times(lab):
    """Pools five times, or as often as Keras does it."""
    valid, same = pooled("valid"), pooled("same")
    fifth = formula(1, 2, 0, 2)
    return Finding(
        {
            "the sizes up to the fourth": tuple(valid[:5]) == POOLED,
            "the formula's fifth size is 0.5": fifth == Fraction(1, 2),
            "the fifth is refused": len(valid) == 5,
        },
        "The sizes are {sizes_valid}, and Keras refuses the fifth pooling: the "
        "formula's {fifth_by_formula:g} rounds down to {rounded_down}. With "
        "padding='same', which the notes don't speak of, the fifth leaves "
        "{side_after_five}×{side_after_five}.",
        sizes_valid=valid,
        sizes_same=same,
        fifth_by_formula=float(fifth),
        rounded_down=math.floor(fifth),
        side_after_five=same[-1],
    )


# The notes reshape maps for concatenation by down-sampling or by a 1×1 convolution,
# so that they align in the axis of concatenation. It is the other axes that count.


def concatenated(first, second) -> tuple[int, ...] | None:
    """The shape of two maps joined along their channels; None where Keras refuses."""
    if not accepts(layers.Concatenate(), first, second):
        return None
    maps = [keras.Input(shape) for shape in (first, second)]
    return tuple(layers.Concatenate()(maps).shape[1:])


@claim(
    "cnn-concat-feature-maps",
    "Maps of different sizes can be concatenated after down-sampling or a 1×1 "
    "convolution.",
    says="can",
    hedge="can",
    notes="001",
    scope="28×28×32 with 14×14×64, joined along the channels; nothing is trained",
)
def join_maps(lab):
    """Joins the maps as they are, and after each remedy."""
    large, small = (28, 28, 32), (14, 14, 64)
    remedies = {
        "after 2×2 max pooling": layers.MaxPooling2D(),
        "after a 1×1 convolution to 64 channels": layers.Conv2D(64, 1),
        "after a 1×1 convolution of stride 2": layers.Conv2D(64, 1, strides=2),
    }
    made = {"as they are": concatenated(large, small)} | {
        name: concatenated(tuple(layer(keras.Input(large)).shape[1:]), small)
        for name, layer in remedies.items()
    }
    refused = made["as they are"] is None
    return Finding(
        {name: refused and made[name] is not None for name in remedies},
        "28×28×32 with 14×14×64: {joined}. A 1×1 convolution changes channels, which "
        "may differ; only its stride changes height and width, which may not.",
        joined={name: times(shape) if shape else "refused"
                for name, shape in made.items()},
        joined_shape=made,
    )  # fmt: skip


@claim(
    "cnn-concat-axis",
    "Maps can be concatenated if their dimensions align in the axis of concatenation.",
    says="is",
    notes="001",
    scope="pairs of maps, joined along the channels; nothing is trained",
)
def axis_of_joining(lab):
    """Joins maps that agree in that axis only, and maps that differ in it only."""
    only = concatenated((28, 28, 32), (14, 14, 32))
    other = concatenated((28, 28, 32), (28, 28, 64))
    return Finding(
        {
            "enough: only that axis agrees": only is not None,
            "needed: only that axis differs": other is None,
        },
        "Joined along the channels, 28×28×32 and 14×14×32 are {only}, 28×28×32 and "
        "28×28×64 give {other}: all axes but the one of concatenation must agree.",
        only=times(only) if only else "refused",
        other=times(other) if other else "refused",
    )


def draw_sizes(lab):
    """The size that Keras makes over the formula's straight lines."""
    figure, axis = figures.new(height=3.6)
    inputs = range(3, 21)
    for index, stride in enumerate((1, 2, 3)):
        color = figures.COLORS[index]
        made = [output_size(n, n, 3, 0, stride)[0] for n in inputs]
        line = [float(formula(n, 3, 0, stride)) for n in inputs]
        axis.plot(inputs, line, lw=1, color=color, label=f"stride {stride}")
        axis.plot(inputs, made, "o", ms=4, color=color)
    figures.label_ends(axis)
    axis.set(xticks=range(3, 21, 2), yticks=range(1, 19, 2))
    title = "What a 3×3 convolution makes (dots) is the formula (lines), rounded down"
    figures.describe(axis, title, "input side (pixels)", "output side (pixels)")
    lab.figure(
        "sizes",
        figure,
        "Output size of a 3×3 convolution without padding: dots as Keras makes it, "
        "lines by the notes' formula.",
    )


if __name__ == "__main__":
    main(__file__)
