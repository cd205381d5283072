"""Fields: what one output can see, found by lighting one pixel at a time.

From an output back to the image, m pixels of a map need (m − 1)s + k pixels of the map
before it. Four layers of stride 2 with kernels of 3, 2, 3 and 2 need 1, 2, 5, 10, 21.
The picture `fields` shows the 21×21 pixels grow. It also shows what the sum hides:
through max pooling a single image opens few of the paths, and its gradient reaches only
some of the pixels.
"""

import keras
import numpy as np
from keras import layers

from recipes.lab import Finding, claim, figures, gradients, main

SIZE = 41  # pixels a side of the image that is probed
STRIDE = 2
KERNELS = (3, 2, 3, 2)  # convolution, pooling, convolution, pooling
NOTES_CHAIN = (1, 2, 5, 10, 21)  # from one output back to the image
NOTES_PIXELS = 441
IMAGES = (1, 3, 10, 100)
SHOWN = slice(14, 39)  # the rows and columns of the image around every field drawn


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


def apply(made: list, x):
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
    out = keras.ops.convert_to_numpy(apply(made, impulses))
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
        return keras.ops.sum(apply(made, values[0])[:, 1, 1, 0])

    return gradients(output, [x.astype("float32")])[0][..., 0]


def forward_sizes(size: int) -> list[int]:
    """Side of the map after every layer; ends where Keras refuses."""
    x, found = keras.Input((size, size, 1)), [size]
    for layer in stack():
        try:
            x = layer(x)
        except ValueError:
            break
        found.append(x.shape[1])
    return found


def backward_sizes() -> tuple[int, ...]:
    """Side of what one output needs in every layer below, by m → (m − 1)s + k."""
    found = [1]
    for kernel in reversed(KERNELS):
        found.append((found[-1] - 1) * STRIDE + kernel)
    return tuple(found)


# Three ways to the same number: the notes' chain backward, the map sizes that Keras
# makes forward, and the pixels that an output answers to.


@claim(
    "cnn-receptive-field",
    "After 3×3 and 2×2, twice, all of stride 2, one output sees 21×21 pixels.",
    says="is",
    notes="001",
    scope="four Keras layers with weights of 1 on 41×41 pixels; nothing is trained",
)
def receptive_field(lab):
    """The printed chain, the box and the number of pixels that each output sees."""
    growth = [side(middle(responses(stack(depth=depth)))) for depth in range(1, 5)]
    pixels, boxes = {}, {}
    for pooling in ("average", "max"):
        seen = responses(stack(pooling))
        pixels[pooling] = np.count_nonzero(seen, axis=(0, 1)).ravel().tolist()
        boxes[pooling] = side(middle(seen))
    reached = through_max(IMAGES[-1]) != 0
    counts = {str(n): int(reached[:n].any(0).sum()) for n in IMAGES}
    return Finding(
        {
            "the chain 1, 2, 5, 10, 21": backward_sizes() == NOTES_CHAIN,
            "21 pixels a side": set(boxes.values()) == {(NOTES_CHAIN[-1],) * 2},
            "441 pixels": {n for row in pixels.values() for n in row} == {NOTES_PIXELS},
        },
        "Each of the {outputs} outputs on 41×41 pixels sees {seen}, {box} a side, with "
        "either pooling. Through max pooling a single image's gradient reaches "
        "{reached} of them.",
        figure=draw_fields,
        outputs=len(pixels["max"]),
        seen=pixels["max"][0],
        box=boxes["max"][0],
        reached=counts["1"],
        side_through_1_to_4_layers=growth,
        sides_backward=backward_sizes(),
        sides_forward_from_21=forward_sizes(21),
        sides_forward_from_20_until_refused=forward_sizes(20),
        pixels_seen_by_each_output=pixels,
        pixels_with_a_gradient_through_max_pooling_by_images=counts,
    )


@claim(
    "cnn-local-connectivity",
    "An output of a 3×3 convolution sees 9 pixels.",
    says="is",
    notes="001 002",
    scope="one Keras layer on 9×9 pixels; nothing is trained",
)
def local_connectivity(lab):
    """Pixels seen inside, at an edge and in a corner, beside a dense unit's."""
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
    return Finding(
        bool((inner == 9).all()) and int(seen.max()) == 9 < counts["dense unit"],
        "Of 81 pixels an output of a 3×3 convolution sees {inside}, {at_an_edge} at an "
        "edge and {in_a_corner} in a corner; a dense unit sees {dense_unit}.",
        inside=counts["inside"],
        at_an_edge=counts["at an edge"],
        in_a_corner=counts["in a corner"],
        dense_unit=counts["dense unit"],
    )


def draw_fields(lab):
    """What one output sees, layer by layer and through max pooling."""
    figure, axes = figures.new(2, 4, width=8.0, height=4.3)
    title = "One output sees 21×21 pixels; through max pooling an image reaches some"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    titles = ("3×3 conv", "2×2 pool", "3×3 conv", "2×2 pool")
    for depth, axis in enumerate(axes[0], start=1):
        field = middle(responses(stack(depth=depth)))
        height, width = side(field)
        show(axis, field, f"+ {titles[depth - 1]}: {height}×{width}")
    reached = through_max(IMAGES[-1]) != 0
    for images, axis in zip(IMAGES, axes[1], strict=True):
        share = reached[:images].mean(0)
        noun = "image" if images == 1 else "images"
        drawn = show(axis, share, f"{images} {noun}: {np.count_nonzero(share)} px")
    axes[0, 0].set_ylabel("average pooling,\nlayer by layer")
    axes[1, 0].set_ylabel("max pooling,\nall four layers")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, boundaries=np.linspace(0, 1, 65))
    bar.set_ticks([0, 1], labels=["0", "most"])
    bar.set_label("weight (above), share of images (below)")
    lab.figure(
        "fields",
        figure,
        "Pixels, of 25×25 around them, that one output has a gradient for; gray pixels "
        "have none. Above: through one to four layers with average pooling. Below: "
        "through all four with max pooling, where each image opens other paths to the "
        "same 21×21 pixels.",
    )


def show(axis, field, title: str):
    """Shows a field in blue on gray, in its share of the greatest value."""
    masked = np.ma.masked_equal(field[SHOWN, SHOWN] / field.max(), 0)
    axis.set_facecolor("#EEEEEE")
    drawn = axis.imshow(masked, cmap="Blues", vmin=-0.5, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_title(title, fontsize=10, fontweight="normal")
    return drawn


if __name__ == "__main__":
    main(__file__)
