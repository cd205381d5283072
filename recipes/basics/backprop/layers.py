"""Layers: the same three lines, layer after layer, whatever the depth.

In vectors back-propagation is δ = dC/dz of the output, and then for each layer from the
last to the first: dC/dW = δ aᵀ with the layer's input a, dC/db = δ, and for the layer
below δ ← (Wᵀ δ) ∘ σ'(z). `backward` in `_sigmoid_network` is these lines.

The shapes decide most slips: z = W a sums over the layer's inputs, not its units.
"""

import keras
import numpy as np

from recipes.basics._sigmoid_network import (
    backward,
    forward,
    random_layers,
    sigmoid,
    step,
)
from recipes.basics.backprop._checks import difference, keras_step, numeric_gradients
from recipes.lab import Finding, claim, main, stats

SHAPES = ((2, 1), (3, 4, 2), (5, 8, 8, 3), (4, 3, 3, 3, 2), (1, 6, 1))
SAME_AUTODIFF = 1e-6  # also where a backend computes in float32
SAME_NUMERIC = 1e-7  # central differences in float64


# The notes' example, in the layout of Keras: samples are rows.
X = np.array([[0.5, 0.2, 0.1]])
LAYERS = [
    (np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.array([0.1, 0.2])),
    (np.array([[0.7, 0.8], [0.9, 1.0]]), np.array([0.3, 0.4])),
]


def outputs_of_keras() -> list[np.ndarray]:
    """What each of the two layers gives, as `Dense` layers of Keras."""
    found, a = [], X.astype("float32")
    for W, b in LAYERS:
        dense = keras.layers.Dense(2, "sigmoid")
        dense.build(a.shape)
        dense.set_weights([W, b])
        a = dense(a)
        found.append(keras.ops.convert_to_numpy(a))
    return found


@claim(
    "forward-numpy-3-2-2",
    "The NumPy forward pass of a 3-2-2 network computes what its formulas say.",
    says="is",
    notes="002",
    scope="the notes' example, one sample",
)
def rows_and_columns(lab):
    """Samples as rows, X W + b; as columns, W x + b; and Keras's Dense layers."""
    rows, by_keras = X, outputs_of_keras()[-1]
    for W, b in LAYERS:
        rows = sigmoid(rows @ W + b)
    columns = forward([(W.T, b[:, None]) for W, b in LAYERS], X.T)[-1]
    to_columns = np.abs(rows - columns.T).max()
    to_keras = np.abs(rows - by_keras).max()
    return Finding(
        {
            "as with samples in columns": stats.below(to_columns, SAME_AUTODIFF),
            "as in Keras": stats.below(to_keras, SAME_AUTODIFF),
        },
        "The output that the notes leave out is [{outputs:.10f}]; the two are "
        "independent sigmoids and sum to {total:.4f}.",
        outputs=rows[0],
        total=rows.sum(),
        to_columns=to_columns,
        to_keras=to_keras,
    )


@claim(
    "forward-bias-multiplied",
    # "O/p of 1st layer is * by weights and biases of 2nd layer."
    "The output of the first layer is multiplied by the weights and biases of the "
    "second.",
    says="is",
    notes="001",
    scope="the notes' 3-2-2 network, one sample",
)
def multiplied_or_added(lab):
    """The second layer with its biases as factors and as terms, beside Keras."""
    first, second = outputs_of_keras()
    W, b = LAYERS[-1]
    multiplied, added = sigmoid(first @ W * b), sigmoid(first @ W + b)
    return Finding(
        {
            "by the weights and by the biases": stats.below(
                np.abs(multiplied - second).max(), SAME_AUTODIFF
            )
        },
        "Biases are added: σ(a W + b) is [{added:.4f}], as in Keras. With biases as "
        "factors it would be [{multiplied:.4f}].",
        added=added[0],
        multiplied=multiplied[0],
        keras=second[0],
    )


@claim(
    "backprop-vector-form",
    "δ = (Wᵀ δ of the layer above) ∘ σ'(z), dC/dW = δ aᵀ and dC/db = δ hold in a "
    "network of any depth.",
    says="is",
    notes="003",
    scope="five random sigmoid networks of 1 to 4 layers, 7 samples",
)
def vector_form(lab):
    """Five shapes against autodiff and against finite differences."""
    rows, gaps, into_hidden = [], [], []
    for seed, sizes in enumerate(SHAPES):
        rng = np.random.default_rng([seed, 1])
        x, y = rng.normal(size=(sizes[0], 7)), rng.random((sizes[-1], 7))
        layers = random_layers(sizes, seed)
        activations = forward(layers, x)
        ours = backward(layers, activations, y)
        a = activations[-1]
        into_hidden.append(np.abs(layers[-1][0].T @ ((a - y) * a * (1 - a))).min())
        gap = (
            difference(ours, keras_step(layers, x, y)[0]),
            difference(ours, numeric_gradients(layers, x, y)),
        )
        gaps.append(gap)
        rows.append(("-".join(map(str, sizes)), *(f"{value:.0e}" for value in gap)))
    lab.table(
        "Back-propagation by hand: largest difference over all weights",
        ("network", "to autodiff", "to finite differences"),
        rows,
    )
    autodiff, numeric = np.max(gaps, axis=0)
    return Finding(
        {
            "as autodiff": stats.below(autodiff, SAME_AUTODIFF),
            "as finite differences": stats.below(numeric, SAME_NUMERIC),
        },
        "{count} random networks agree with autodiff to {autodiff:.0e}. The sums "
        "collapse because z_k depends on W_ij only for k = i, not, as the notes argue, "
        "because dC/da_k is 0: none is.",
        count=len(SHAPES),
        networks=[row[0] for row in rows],
        autodiff=autodiff,
        numeric=numeric,
        smallest_dC_da_below_the_output=min(into_hidden),
    )


def summed(W, a, limit: int) -> list[float]:
    """Returns z_k = Σ over l = 1..limit of W_kl a_l, number by number."""
    return [sum(row[index] * a[index] for index in range(limit)) for row in W.tolist()]


@claim(
    "backprop-sum-limit",
    "z_k of layer m sums over l = 1..N^m.",
    says="is",
    notes="003",
    scope="random layers from 2 to 3, 3 to 2 and 3 to 3 units",
)
def sum_limit(lab):
    """Sums to the printed limit, the number of units, and compares with W a."""
    outcomes, right = {}, []
    for units, inputs in ((3, 2), (2, 3), (3, 3)):
        rng = np.random.default_rng(units)
        W, a = rng.normal(size=(units, inputs)), rng.normal(size=inputs)
        try:
            gap = float(np.abs(summed(W, a, units) - W @ a).max())
        except IndexError:
            gap = None
        right.append(gap is not None and gap < stats.EXACT)
        outcomes[f"{inputs} to {units}"] = "index out of range" if gap is None else gap
    return Finding(
        all(right),
        "The sum runs over the layer's inputs, N^(m-1): the printed N^m reads past "
        "them from 2 to 3 units, drops one from 3 to 2 (z off by {dropped:.2f}), and "
        "is right only where both sizes are equal.",
        dropped=outcomes["3 to 2"],
        largest_error_in_z=outcomes,
    )


@claim(
    "weights-and-bias-updated-together",
    "Weights and biases move at the same time, and a bias's gradient is δ itself.",
    says="is",
    notes="003",
    scope="a random 2-2-1 sigmoid network, one sample, one step at rate 1",
)
def moved_together(lab):
    """Keras's step, all at once, and the biases first."""
    x, y, rate = np.array([[0.5], [0.8]]), np.array([[1.0]]), 1.0
    layers = random_layers((2, 2, 1), seed=0)
    activations = forward(layers, x)
    gradients = backward(layers, activations, y)
    a = activations[-1]
    delta = (a - y) * a * (1 - a)
    by_keras, moved = keras_step(layers, x, y, rate)
    together = step(layers, gradients, rate)
    # One after the other: the biases first, the weights from gradients taken after.
    half = [
        (W, b - rate * db) for (W, b), (_, db) in zip(layers, gradients, strict=True)
    ]
    later = backward(half, forward(half, x), y)
    in_turn = [(W - rate * dW, b) for (W, b), (dW, _) in zip(half, later, strict=True)]
    bias = abs(by_keras[-1][1] - delta).max()
    simultaneous, sequential = difference(moved, together), difference(moved, in_turn)
    return Finding(
        {
            "a bias's gradient is δ": stats.below(bias, SAME_AUTODIFF),
            "one step moves all": stats.below(simultaneous, SAME_AUTODIFF),
            "the biases first is another step": stats.above(sequential, SAME_AUTODIFF),
        },
        "The bias's gradient is δ itself; updating the biases first and the weights "
        "with new gradients ends up to {sequential:.3f} elsewhere.",
        bias=bias,
        simultaneous=simultaneous,
        sequential=sequential,
    )


if __name__ == "__main__":
    main(__file__)
