"""Which pixels an output can see: found by lighting them one at a time."""

import keras
import numpy as np
from keras import layers

from recipes.lab import gradients

SIZE = 41  # pixels a side of the image that is probed
STRIDE = 2
KERNELS = (3, 2, 3, 2)  # convolution, pooling, convolution, pooling
NOTES_CHAIN = (1, 2, 5, 10, 21)  # from one output back to the image
NOTES_PIXELS = 441
IMAGES = (1, 3, 10, 100)


def judge(lab) -> None:
    """States the verdicts on what one output sees."""
    _receptive_field(lab)
    _local_connectivity(lab)


def stack(pooling: str = "average", depth: int = 4) -> list:
    """The notes' four layers, with kernels of ones and no biases.

    Where every weight is positive no two paths cancel, so whatever can reach the
    output does.
    """
    pool = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}[pooling]
    made = [
        layers.Conv2D(
            1, kernel, strides=STRIDE, use_bias=False, kernel_initializer="ones"
        )
        if index % 2 == 0
        else pool(kernel, strides=STRIDE)
        for index, kernel in enumerate(KERNELS)
    ]
    return made[:depth]


def run(made: list, x):
    """Passes a tensor through layers in turn."""
    for layer in made:
        x = layer(x)
    return x


def responses(made: list, size: int = SIZE) -> np.ndarray:
    """Lights each pixel of a black image in turn.

    Without biases the output is 0 in the dark, so that a pixel is seen where its
    response is not 0. For layers that are linear as well (average pooling) the
    response is the derivative by that pixel.

    Returns:
        (size, size, height, width): pixel by output.
    """
    impulses = np.eye(size * size, dtype="float32").reshape(-1, size, size, 1)
    out = keras.ops.convert_to_numpy(run(made, impulses))
    return out.reshape(size, size, *out.shape[1:3])


def side(field: np.ndarray) -> tuple[int, int]:
    """Height and width of the smallest box around what is not 0."""
    rows, columns = np.nonzero(field)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def middle(seen: np.ndarray) -> np.ndarray:
    """The field of the output in the middle, from what `responses` returns."""
    height, width = seen.shape[2:]
    return seen[:, :, height // 2, width // 2]


def through_max(images: int) -> np.ndarray:
    """Gradients of the middle output by random images, with max pooling.

    Returns:
        (images, size, size).
    """
    made = stack("max")
    x = np.random.default_rng(0).random((images, SIZE, SIZE, 1))

    def output(values):
        # Images don't meet, so the gradient of the sum holds every image's own.
        return keras.ops.sum(run(made, values[0])[:, 1, 1, 0])

    return gradients(output, [x.astype("float32")])[0][..., 0]


def forward_sizes(size: int) -> list[int]:
    """Side of the map behind every layer; ends where Keras refuses."""
    x, found = keras.Input((size, size, 1)), [size]
    for layer in stack():
        try:
            x = layer(x)
        except ValueError:
            break
        found.append(x.shape[1])
    return found


def backward_sizes() -> tuple[int, ...]:
    """Side of what one output needs in every layer below, by m → (m - 1)s + k."""
    found = [1]
    for kernel in reversed(KERNELS):
        found.append((found[-1] - 1) * STRIDE + kernel)
    return tuple(found)


def _receptive_field(lab) -> None:
    growth = [side(middle(responses(stack(depth=depth)))) for depth in range(1, 5)]
    pixels, boxes = {}, {}
    for pooling in ("average", "max"):
        seen = responses(stack(pooling))
        pixels[pooling] = np.count_nonzero(seen, axis=(0, 1)).ravel().tolist()
        boxes[pooling] = side(middle(seen))
    reached = through_max(IMAGES[-1]) != 0
    counts = {n: int(reached[:n].any(0).sum()) for n in IMAGES}
    exact, short = forward_sizes(21), forward_sizes(20)
    lab.verdict(
        "cnn-receptive-field",
        backward_sizes() == NOTES_CHAIN
        and set(boxes.values()) == {(NOTES_CHAIN[-1],) * 2}
        and {n for row in pixels.values() for n in row} == {NOTES_PIXELS},
        evidence={
            "side_through_1_to_4_layers": growth,
            "sides_backward": backward_sizes(),
            "sides_forward_from_21": exact,
            "sides_forward_from_20_until_refused": short,
            "pixels_seen_by_each_output_of_41x41": pixels,
            "pixels_with_a_gradient_through_max_pooling_by_images": counts,
        },
        note=f"Each of the {len(pixels['max'])} outputs on {SIZE}×{SIZE} pixels sees "
        f"{pixels['max'][0]}, {boxes['max'][0]} a side, with either pooling. Through "
        f"max pooling a single image's gradient reaches {counts[1]} of them.",
    )


def _local_connectivity(lab) -> None:
    ones = {"use_bias": False, "kernel_initializer": "ones"}
    conv = layers.Conv2D(1, 3, padding="same", **ones)
    seen = np.count_nonzero(responses([conv], size=9), axis=(0, 1))
    dense = layers.Dense(1, **ones)
    everything = keras.ops.convert_to_numpy(dense(np.eye(81, dtype="float32")))
    counts = {
        "inside": int(seen[4, 4]),
        "at an edge": int(seen[0, 4]),
        "in a corner": int(seen[0, 0]),
        "dense unit": int(np.count_nonzero(everything)),
    }
    inner = seen[1:-1, 1:-1]
    lab.verdict(
        "cnn-local-connectivity",
        bool((inner == 9).all()) and int(seen.max()) == 9 < counts["dense unit"],
        evidence={"pixels_seen_of_81": counts},
        note=f"Of 81 pixels an output of a 3×3 convolution sees {counts['inside']}, "
        f"{counts['at an edge']} at an edge and {counts['in a corner']} in a corner; a "
        f"dense unit sees {counts['dense unit']}.",
    )
