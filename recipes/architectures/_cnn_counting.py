"""Shapes and parameter counts, read off real Keras layers."""

import keras
import numpy as np
from keras import layers

from zoo import lenet

SHAPES = {  # as the notes print them: height, width, channels; then units
    "conv_1": (28, 28, 32),
    "pool_1": (14, 14, 32),
    "conv_2": (14, 14, 64),
    "pool_2": (7, 7, 64),
    "flatten": (3136,),
    "logits": (10,),
}
PARAMETERS = {  # likewise
    "conv_1": 320,
    "pool_1": 0,
    "conv_2": 18_496,
    "pool_2": 0,
    "flatten": 0,
    "logits": 31_370,
}
TOTAL = 50_186


def judge(lab) -> None:
    """States the verdicts on the notes' network and on single layers."""
    _notes_network(lab)
    _one_layer(lab)
    _sharing(lab)
    _pointwise(lab)
    _kernel_depth(lab)


def times(shape) -> str:
    """Writes a shape as the notes do: 28×28×32."""
    return "×".join(map(str, shape))


def built(layer, *input_shape: int):
    """Builds a layer for one image of this shape."""
    layer.build((None, *input_shape))
    return layer


def _notes_network(lab) -> None:
    model = lenet()
    shapes = {name: tuple(model.get_layer(name).output.shape[1:]) for name in SHAPES}
    counts = {name: model.get_layer(name).count_params() for name in PARAMETERS}
    rows = [
        [name, times(shapes[name]), times(SHAPES[name]), counts[name], PARAMETERS[name]]
        for name in SHAPES
    ]
    rows.append(["total", "", "", model.count_params(), TOTAL])
    columns = ["layer", "output", "notes", "parameters", "notes"]
    lab.table("The notes' network, as Keras builds it", columns, rows)
    wrong = [name for name in SHAPES if shapes[name] != SHAPES[name]]
    lab.verdict(
        "cnn-shapes-28",
        not wrong,
        evidence={"output_shape": shapes},
        note=f"{len(SHAPES) - len(wrong)} of {len(SHAPES)} printed shapes are right.",
    )
    lab.verdict(
        "cnn-params-28",
        counts == PARAMETERS and model.count_params() == sum(counts.values()) == TOTAL,
        evidence={"parameters": counts, "total": model.count_params()},
        note=f"The layers have {', '.join(f'{n:,}' for n in counts.values())}; "
        f"together {model.count_params():,}.",
    )


def _one_layer(lab) -> None:
    count = built(layers.Conv2D(20, 3), 32, 32, 3).count_params()
    lab.verdict(
        "cnn-params-560",
        count == 560,
        evidence={"parameters": count},
        note=f"20 kernels of 3×3×3 and 20 biases: {count}.",
    )


def _sharing(lab) -> None:
    shared = built(layers.Conv2D(32, 3, padding="same"), 28, 28, 1).count_params()
    # Zeros: nothing is asked of these 20 million weights but their number.
    dense = built(layers.Dense(28 * 28 * 32, kernel_initializer="zeros"), 28 * 28)
    weights, biases = (int(np.prod(weight.shape)) for weight in dense.weights)
    nonzero, distinct = _as_matrix(8)
    lab.verdict(
        "cnn-param-sharing",
        shared < weights + biases,
        evidence={
            "convolution": shared,
            "dense_weights": weights,
            "dense_biases": biases,
            "nonzero_entries_of_an_8x8_convolution_as_a_64x64_matrix": nonzero,
            "distinct_numbers_among_them": distinct,
        },
        note=f"From 28×28×1 to 28×28×32 a 3×3 convolution has {shared} parameters, a "
        f"dense layer {weights:,} weights and {biases:,} biases. Written as a matrix, "
        f"one 3×3 filter on 8×8 pixels fills {nonzero} entries with {distinct} "
        "numbers.",
    )


def _as_matrix(size: int) -> tuple[int, int]:
    """Counts nonzero and distinct entries of the matrix that is one 3×3 filter."""
    conv = layers.Conv2D(1, 3, padding="same", use_bias=False)
    impulses = np.eye(size**2, dtype="float32").reshape(-1, size, size, 1)
    conv.build(impulses.shape)
    conv.set_weights([np.arange(1.0, 10.0).reshape(3, 3, 1, 1)])
    matrix = keras.ops.convert_to_numpy(conv(impulses)).round()
    nonzero = matrix[matrix != 0]
    return int(nonzero.size), len(np.unique(nonzero))


def _pointwise(lab) -> None:
    count = built(layers.Conv2D(1, 1), 64, 64, 16).count_params()
    unit = built(layers.Dense(1), 64 * 64).count_params()
    lab.verdict(
        "cnn-1x1-params",
        count == 4097,
        evidence={"parameters": count, "a_dense_unit_on_64x64_pixels": unit},
        note=f"It has {count}: 16 weights, one a channel, and a bias. {unit:,} is one "
        "dense unit on 64×64 pixels.",
    )
    made = {}
    for filters in (32, 128):
        conv = layers.Conv2D(filters, 1)
        shape = tuple(conv(keras.Input((4, 4, 64))).shape[1:])
        made[times(shape)] = conv.count_params()
    lab.verdict(
        "cnn-1x1-channels",
        list(made) == ["4×4×32", "4×4×128"],
        evidence={"parameters_by_output": made},
        note="4×4×64 becomes "
        + " or ".join(
            f"{shape} ({count:,} parameters)" for shape, count in made.items()
        )
        + ".",
    )
    widths = {
        filters: tuple(layers.Conv2D(filters, 1)(keras.Input((7, 7, 64))).shape[1:])
        for filters in (1, 32, 64, 128)
    }
    lab.verdict(
        "cnn-1x1-output-stays-64",
        {
            "1 filter" if filters == 1 else f"{filters} filters": shape == (7, 7, 64)
            for filters, shape in widths.items()
        },
        evidence={"output_by_filters": widths},
        note=f"One 1×1×64 filter makes {times(widths[1])}: the number of filters is "
        "the number of channels that come out, so only 64 filters keep 64.",
    )


def _kernel_depth(lab) -> None:
    depths = {
        channels: built(layers.Conv2D(1, 1), 7, 7, channels).kernel.shape[2]
        for channels in (1, 3, 16, 64)
    }
    conv = built(layers.Conv2D(1, 1), 7, 7, 64)
    accepted = [c for c in (1, 32, 63, 64, 65, 128) if accepts(conv, (7, 7, c))]
    grouped = built(layers.Conv2D(2, 1, groups=2), 7, 7, 64).kernel.shape[2]
    lab.verdict(
        "cnn-1x1-depth-must-match",
        all(depth == channels for channels, depth in depths.items())
        and accepted == [64],
        evidence={
            "kernel_depth_by_input_channels": depths,
            "channels_that_a_kernel_of_depth_64_takes": accepted,
            "kernel_depth_on_64_channels_in_2_groups": grouped,
        },
        note="A kernel of depth 64 takes 64 channels and refuses 63 or 65. (In a "
        f"grouped convolution the depth is that of a group: {grouped} of 64.)",
    )


def accepts(layer, *shapes: tuple[int, ...]) -> bool:
    """Says whether a layer takes inputs of these shapes, without computing."""
    inputs = [keras.Input(shape) for shape in shapes]
    try:
        layer(inputs if len(inputs) > 1 else inputs[0])
    except ValueError:
        return False
    return True
