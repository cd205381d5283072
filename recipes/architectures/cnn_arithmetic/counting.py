"""Counting: a convolution's parameters depend on channels, not on pixels.

A filter of k×k on c channels has k·k·c weights and one bias, whatever the size of the
image, since the same weights are used at every place. So the notes' network of two
convolutions has 18,816 parameters in them and 31,370 in its one dense layer. A dense
layer in place of the first convolution would have 20 million: most of them are gone
because an output sees nine pixels only, the rest because all places share weights.

The notes print every shape and count of the network; each is compared with what Keras
builds.
"""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_arithmetic._layers import built, times
from recipes.lab import Finding, claim, experiment, main
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
TOTAL = 50_186  # their sum


@experiment
def network(lab) -> tuple[dict[str, tuple[int, ...]], dict[str, int], int]:
    """Output shapes and parameters by layer, and all parameters, as Keras has them."""
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
    return shapes, counts, model.count_params()


@claim(
    "cnn-shapes-28",
    "28×28×1 through two rounds of 3×3 convolution (32, then 64 filters, padded) and "
    "2×2 pooling becomes 7×7×64, then 3136, then 10.",
    says="is",
    notes="001",
    scope="the notes' network, built by Keras; nothing is trained",
)
def shapes_of_the_network(lab):
    """Each printed shape is compared with the layer's."""
    shapes, _, _ = network(lab)
    right = {name: shapes[name] == printed for name, printed in SHAPES.items()}
    return Finding(
        right,
        "{right} of {printed} printed shapes are right.",
        right=sum(right.values()),
        printed=len(right),
        output_shape=shapes,
    )


@claim(
    "cnn-params-28",
    "The layers of the notes' 28×28 network have 320, 0, 18,496, 0, 0 and 31,370 "
    "parameters.",
    says="is",
    notes="001",
    scope="the notes' network, built by Keras; nothing is trained",
)
def parameters_of_the_network(lab):
    """Each printed count is compared with the layer's, and their sum."""
    _, counts, total = network(lab)
    right = {name: counts[name] == printed for name, printed in PARAMETERS.items()}
    return Finding(
        {**right, "together": total == sum(counts.values()) == TOTAL},
        "The layers have {parameters:,}; together {total:,}.",
        parameters=counts,
        total=total,
    )


@claim(
    "cnn-params-560",
    "20 filters of 3×3 on 3 channels have 560 parameters.",
    says="is",
    notes="001",
    scope="one Keras layer; nothing is trained",
)
def twenty_filters(lab):
    """20 · (3·3·3 + 1)."""
    count = built(layers.Conv2D(20, 3), 32, 32, 3).count_params()
    return Finding(
        count == 560,
        "20 kernels of 3×3×3 and 20 biases: {parameters}.",
        parameters=count,
    )


# A convolution is a dense layer in which most weights are 0 and the rest are the same
# few numbers, once for each place. Written as that matrix, both savings can be counted:
# the zeros are local connectivity, the repeated numbers are parameter sharing.


def count_matrix_entries(size: int) -> tuple[int, int]:
    """Counts nonzero and distinct entries of the matrix that is one 3×3 filter."""
    conv = layers.Conv2D(1, 3, padding="same", use_bias=False)
    impulses = np.eye(size**2, dtype="float32").reshape(-1, size, size, 1)
    conv.build(impulses.shape)
    conv.set_weights([np.arange(1.0, 10.0).reshape(3, 3, 1, 1)])
    matrix = keras.ops.convert_to_numpy(conv(impulses)).round()
    nonzero = matrix[matrix != 0]
    return int(nonzero.size), len(np.unique(nonzero))


# So what sharing saves is the step from a layer that is local and does not share.


@claim(
    "cnn-param-sharing",
    "Using the same weights at every place reduces the number of parameters.",
    says="is",
    notes="001 002",
    scope="3×3 filters from 28×28×1 to 28×28×32, and layers without sharing; nothing "
    "is trained",
)
def shared_weights(lab):
    """Parameters of three layers between the same shapes."""
    shared = built(layers.Conv2D(32, 3, padding="same"), 28, 28, 1).count_params()
    # Zeros: nothing is asked of these 20 million weights but their number.
    dense = built(layers.Dense(28 * 28 * 32, kernel_initializer="zeros"), 28 * 28)
    weights, biases = (int(np.prod(weight.shape)) for weight in dense.weights)
    nonzero, distinct = count_matrix_entries(28)
    local = 32 * nonzero + biases
    return Finding(
        {
            "against a layer as local that does not share": shared < local,
            "against a dense layer": shared < weights + biases,
        },
        "From 28×28×1 to 28×28×32 a dense layer has {dense:,} parameters, a layer "
        "whose outputs see 3×3 pixels each with weights of their own {local:,}, and a "
        "convolution {convolution}.",
        convolution=shared,
        local=local,
        dense=weights + biases,
        dense_weights=weights,
        dense_biases=biases,
        nonzero_entries_of_a_filter=nonzero,
        distinct_numbers_of_a_filter=distinct,
    )


if __name__ == "__main__":
    main(__file__)
