"""The formulas of back-propagation, each against finite differences and autodiff."""

import numpy as np

from recipes.basics import _sigmoid_network as net

SHAPES = ((2, 1), (3, 4, 2), (5, 8, 8, 3), (4, 3, 3, 3, 2), (1, 6, 1))


def judge(lab) -> None:
    """States the verdicts on the formulas; nothing here depends on chance."""
    _sigmoid(lab)
    _cost_and_output(lab)
    _chain_rule(lab)
    _vector_form(lab)
    _sum_limit(lab)
    _together(lab)


def slope(function, x: float) -> float:
    """Returns the derivative of a function of one number."""
    return float(net.slopes(lambda point: function(point[0]), [x])[0])


def _sigmoid(lab) -> None:
    beta, h = 2.0, 0.3
    a = net.sigmoid(beta * h)
    true, printed = slope(lambda h: net.sigmoid(beta * h), h), a * (1 - a)
    lab.verdict(
        "sigmoid-slope-beta",
        bool(abs(printed - true) < 1e-8),
        evidence={
            "derivative_by_finite_differences": true,
            "printed_a_times_1_minus_a": printed,
            "beta_times_a_times_1_minus_a": beta * printed,
        },
        note=f"The derivative is β a(1 - a): with β = 2 at h = 0.3 it is {true:.5f}, "
        f"twice the {printed:.5f} of the printed a(1 - a).",
    )

    def plus(z):
        return 1 / (1 + np.exp(z))

    a = plus(1.0)
    true, printed = slope(plus, 1.0), a * (1 - a)
    lab.verdict(
        "sigmoid-written-with-plus-z",
        bool(abs(printed - true) < 1e-8),
        evidence={
            "printed_function_at_1": a,
            "sigmoid_at_1": net.sigmoid(1.0),
            "slope_of_the_printed_function_at_1": true,
            "printed_slope_at_1": printed,
        },
        note=f"The sigmoid is 1/(1 + e^-z), {net.sigmoid(1.0):.4f} at z = 1; the "
        f"printed 1/(1 + e^z) is {a:.4f} there and falls: its slope {true:.4f} is "
        "-a(1 - a).",
    )


def _cost_and_output(lab) -> None:
    a, y = 0.7, 1.0
    true = slope(lambda a: (y - a) ** 2 / 2, a)
    lab.verdict(
        "squared-error-derivative",
        bool(abs((y - a) - true) < 1e-8),
        evidence={"derivative_by_finite_differences": true, "printed_y_minus_a": y - a},
        note=f"The derivative is a - y: at a = 0.7, y = 1 it is {true:.4f}, not the "
        f"printed {y - a:+.4f}.",
    )
    z = np.linspace(-8, 8, 161)
    a, gaps, numeric = net.sigmoid(z), [], []
    for y in (0.0, 1.0):
        delta = (a - y) / (a * (1 - a)) * (a * (1 - a))  # dC/da · da/dz
        gaps.append(np.abs(delta - (a - y)).max())

        def cross_entropy(z, y=y):
            return -y * np.log(net.sigmoid(z)) - (1 - y) * np.log(1 - net.sigmoid(z))

        numeric.append(
            max(abs(slope(cross_entropy, p) - (net.sigmoid(p) - y)) for p in z)
        )
    lab.verdict(
        "sigmoid-ce-delta",
        bool(max(gaps) < 1e-12 and max(numeric) < 1e-7),
        evidence={
            "largest_difference_of_the_product_to_a_minus_y": max(gaps),
            "largest_difference_of_finite_differences_to_a_minus_y": max(numeric),
            "logits": [z.min(), z.max()],
        },
    )


def _chain_rule(lab) -> None:
    x = np.linspace(-1.5, 1.5, 31)
    scalar = np.exp(np.sin(x)) * np.cos(x)
    one = max(
        abs(slope(lambda x: np.exp(np.sin(x)), p) - d)
        for p, d in zip(x, scalar, strict=True)
    )
    inner = np.array([np.sin(x), x**2, np.exp(x)])  # z1, z2, z3
    inner_slopes = np.array([np.cos(x), 2 * x, np.exp(x)])
    outer_slopes = np.array([inner[1], inner[0], 2 * inner[2]])  # of C = z1 z2 + z3²
    total = (outer_slopes * inner_slopes).sum(0)
    many = max(
        abs(slope(lambda x: np.sin(x) * x**2 + np.exp(x) ** 2, p) - d)
        for p, d in zip(x, total, strict=True)
    )
    lab.verdict(
        "chain-rule-scalar-and-sum",
        {"one variable": bool(one < 1e-7), "a sum over three": bool(many < 1e-7)},
        evidence={
            "points": len(x),
            "largest_difference_one_variable": one,
            "largest_difference_sum_over_three": many,
        },
    )


def _vector_form(lab) -> None:
    rows, gaps, into_hidden = [], [], []
    for seed, sizes in enumerate(SHAPES):
        rng = np.random.default_rng([seed, 1])
        x, y = rng.normal(size=(sizes[0], 7)), rng.random((sizes[-1], 7))
        layers = net.random_layers(sizes, seed)
        activations = net.forward(layers, x)
        ours = net.backward(layers, activations, y)
        a = activations[-1]
        into_hidden.append(np.abs(layers[-1][0].T @ ((a - y) * a * (1 - a))).min())
        gap = (
            net.difference(ours, net.keras_step(layers, x, y)[0]),
            net.difference(ours, net.numeric_gradients(layers, x, y)),
        )
        gaps.append(gap)
        rows.append(("-".join(map(str, sizes)), *(f"{value:.0e}" for value in gap)))
    lab.table(
        "Back-propagation by hand: largest difference over all weights",
        ("network", "to autodiff", "to finite differences"),
        rows,
    )
    autodiff, numeric = np.max(gaps, axis=0)
    lab.verdict(
        "backprop-vector-form",
        bool(autodiff < 1e-6 and numeric < 1e-7),
        evidence={
            "networks": [row[0] for row in rows],
            "largest_difference_to_autodiff": autodiff,
            "largest_difference_to_finite_differences": numeric,
            "smallest_dC_da_below_the_output": min(into_hidden),
        },
        note=f"{len(SHAPES)} random networks; the sums collapse because z_k depends on "
        "W_ij only for k = i, not, as the notes argue, because dC/da_k is 0: none is.",
    )


def summed(W, a, limit: int) -> list[float]:
    """Returns z_k = Σ over l = 1..limit of W_kl a_l, number by number."""
    return [sum(row[index] * a[index] for index in range(limit)) for row in W.tolist()]


def _sum_limit(lab) -> None:
    outcomes, right = {}, []
    for units, inputs in ((3, 2), (2, 3), (3, 3)):
        rng = np.random.default_rng(units)
        W, a = rng.normal(size=(units, inputs)), rng.normal(size=inputs)
        assert np.allclose(summed(W, a, inputs), W @ a)  # the limit N^(m-1)
        try:
            gap = float(np.abs(summed(W, a, units) - W @ a).max())
        except IndexError:
            gap = None
        right.append(gap is not None and gap < 1e-12)
        outcomes[f"{inputs} to {units}"] = "index out of range" if gap is None else gap
    lab.verdict(
        "backprop-sum-limit",
        all(right),
        evidence={"largest_error_in_z": outcomes},
        note="The sum runs over the layer's inputs, N^(m-1): the printed N^m reads "
        f"past them from 2 to 3 units, drops one from 3 to 2 (z off by "
        f"{outcomes['3 to 2']:.2f}), and is right only where both sizes are equal.",
    )


def _together(lab) -> None:
    x, y, rate = np.array([[0.5], [0.8]]), np.array([[1.0]]), 1.0
    layers = net.random_layers((2, 2, 1), seed=0)
    activations = net.forward(layers, x)
    gradients = net.backward(layers, activations, y)
    a = activations[-1]
    delta = (a - y) * a * (1 - a)
    by_keras, moved = net.keras_step(layers, x, y, rate)
    together = net.step(layers, gradients, rate)
    # One after the other: the biases first, the weights from gradients taken after.
    half = [
        (W, b - rate * db) for (W, b), (_, db) in zip(layers, gradients, strict=True)
    ]
    later = net.backward(half, net.forward(half, x), y)
    in_turn = [(W - rate * dW, b) for (W, b), (dW, _) in zip(half, later, strict=True)]
    gaps = {
        "bias_gradient_by_autodiff_minus_delta": abs(by_keras[-1][1] - delta).max(),
        "keras_step_minus_all_together": net.difference(moved, together),
        "keras_step_minus_biases_first": net.difference(moved, in_turn),
    }
    bias, simultaneous, sequential = gaps.values()
    lab.verdict(
        "weights-and-bias-updated-together",
        bool(bias < 1e-6 and simultaneous < 1e-6 < sequential),
        evidence=gaps,
        note="The bias's gradient is δ itself; updating the biases first and the "
        f"weights with new gradients ends up to {sequential:.3f} elsewhere.",
    )
