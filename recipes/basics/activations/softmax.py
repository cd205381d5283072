"""Softmax: probabilities that never stretch a gradient, unless e^1000 overflows.

Softmax turns logits into positive numbers that sum to 1. Its slopes form a matrix,
p_i (δ_ij - p_j), and a gradient on its way back is multiplied by it. How much a matrix
can stretch is its largest eigenvalue; here that never exceeds 1/2. What can explode is
the formula as it is written: e^1000 is infinite. Frameworks subtract the largest logit
first, which changes nothing else. Argmax keeps the winner alone and has no slope.
"""

import numpy as np
from keras import activations, ops

from recipes.basics.activations._functions import softmax, softmax_jacobian
from recipes.basics.activations._numeric import apply, gap
from recipes.lab import Finding, claim, gradients, main, stats

TOLERANCE = 1e-6  # float32 on backends without float64
SIZES = range(2, 11)  # numbers of classes that Jacobians are drawn for


@claim(
    "softmax-sums-to-one",
    "Softmax outputs lie in (0, 1) and sum to 1; a vector that sums to something else "
    "is none.",
    says="is",
    notes="001 002 003",
    scope="200 vectors each of 2, 3, 10 and 100 logits; nothing is trained",
)
def sums_to_one(lab):
    """Checks sums, ranges, shifts and large logits in Keras and by the formula."""
    rng = np.random.default_rng(0)
    logits = [rng.normal(0, 3, (200, n)) for n in (2, 3, 10, 100)]
    outputs = [apply(activations.softmax, z) for z in logits]
    shifted = [apply(activations.softmax, z + 7.5) for z in logits]
    large = np.array([[1000.0, 0.0, -1000.0]])
    with np.errstate(over="ignore", invalid="ignore"):
        naive = softmax(large)
    off = max(abs(p.sum(-1) - 1).max() for p in outputs)
    # The softmax of log(p) is p again, if p can be an output at all.
    vector = np.array([[0.1, 0.5, 0.2]])  # sums to 0.8
    back = apply(activations.softmax, np.log(vector))
    an_output_returns = gap(apply(activations.softmax, np.log(outputs[1])), outputs[1])
    return Finding(
        {
            "sums to 1": stats.below(off, TOLERANCE),
            "each between 0 and 1": all(
                bool(((p > 0) & (p < 1)).all()) for p in outputs
            ),
            "a vector that doesn't sum to 1 is no output": bool(
                an_output_returns < TOLERANCE and gap(back, vector) > 0.01
            ),
        },
        "Sums are 1 to {largest_distance_from_1:.0e}. At logits of ±1000 Keras, which "
        "subtracts the largest logit first, gives {keras_at_1000:g} (rounded to the "
        "ends of the range); the formula as written overflows.",
        largest_distance_from_1=off,
        keras_at_1000=apply(activations.softmax, large)[0],
        formula_is_finite_at_1000=bool(np.isfinite(naive).all()),
        largest_change_by_a_shift=max(
            gap(p, q) for p, q in zip(outputs, shifted, strict=True)
        ),
        softmax_of_log_of_the_vector=back[0],
    )


@claim(
    "softmax-exploding",
    "Softmax can cause exploding gradients.",
    says="can",
    hedge="can",
    notes="003",
    scope="Jacobians at 20,000 draws of 2 to 10 logits; nothing is trained",
)
def explodes(lab):
    """Takes the spectral norms of many Jacobians; the bound is 1/2."""
    rng, norms = np.random.default_rng(0), []
    for n in SIZES:
        draws = -(-lab.settings.draws // len(SIZES))
        scale = np.exp(rng.uniform(-3, 4, (draws, 1)))  # from undecided to certain
        z = scale * rng.normal(size=(draws, n))
        p = softmax(z - z.max(-1, keepdims=True))
        norms.append(np.linalg.eigvalsh(softmax_jacobian(p)).max(-1))
    largest = float(max(n.max() for n in norms))
    even = float(np.linalg.eigvalsh(softmax_jacobian(np.array([0.5, 0.5]))).max())
    with np.errstate(over="ignore", invalid="ignore"):
        overflow = softmax(np.array([1000.0, 0.0]))
    return Finding(
        stats.above(largest, 1),
        "Over {draws} draws no Jacobian stretches a gradient by more than "
        "{largest_norm:.6f}; the bound is 1/2, at two equal outputs. So softmax "
        "shrinks gradients; what can go wrong is e^1000, where the largest logit isn't "
        "subtracted first.",
        draws=sum(map(len, norms)),
        largest_norm=largest,
        norm_at_two_equal_outputs=even,
        within_the_bound=bool(largest <= 0.5 + stats.EXACT),
        formula_at_logits_1000_0=[str(value) for value in overflow],
    )


def gradient_of(function, x) -> float | None:
    """The largest slope of the sum, None where the backend gives none."""
    try:
        (found,) = gradients(lambda values: ops.sum(function(values[0])), [x])
    except RuntimeError:  # PyTorch: "does not require grad"
        return None
    return None if found.dtype == object else float(np.abs(found).max())


@claim(
    "argmax-no-gradient",
    "Argmax has no gradient and loses the probabilities.",
    says="is",
    notes="003",
    scope="two vectors of three logits, 100 small moves of them; nothing is trained",
)
def argmax_is_flat(lab):
    """Differentiates argmax, and compares a sure with an unsure prediction."""
    z = np.array([[0.2, -1.0, 1.5], [0.1, 0.3, -2.0]])
    slope = gradient_of(lambda v: ops.cast(ops.argmax(v, -1), "float32"), z)
    nudge = 1e-6 * np.random.default_rng(0).normal(size=(100, *z.shape))
    moved = int((np.argmax(z + nudge, -1) != np.argmax(z, -1)).sum())
    indices = [int(np.argmax(np.log(p))) for p in ([0.99, 0.01], [0.51, 0.49])]
    return Finding(
        {
            "no gradient": slope in (None, 0.0) and moved == 0,
            "the probabilities are lost": indices[0] == indices[1],
        },
        "Autodiff returns {autodiff}, and (0.99, 0.01) and (0.51, 0.49) give the same "
        "index.",
        autodiff="no gradient at all" if slope is None else "zeros",
        changed_by_small_moves=moved,
        indices=indices,
    )


if __name__ == "__main__":
    main(__file__)
