"""Dimension: a minimum must curve up in every direction, and directions are many.

A flat point is a minimum where all its curvatures are positive. Were each a fair coin,
a point with n curvatures would be one with probability 2⁻ⁿ. Random symmetric matrices
are even stricter, because their eigenvalues repel each other. Real losses are not
random; but where all flat points are known, as for a linear autoencoder, it is the
same: one family of them is minimal, all others are saddles.
"""

from itertools import combinations, pairwise

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats

SIZES = (1, 2, 3, 4, 5, 6)
# For 1, 2 and 3 rows the probability is known (Dean and Majumdar, 2006).
KNOWN = {1: 1 / 2, 2: (2 - 2**0.5) / 4, 3: 1 / 4 - 2**0.5 / (2 * np.pi)}


def share_of_minima(size: int, count: int, seed: int) -> float:
    """The share of random symmetric matrices with positive eigenvalues only."""
    entries = np.random.default_rng([seed, size]).normal(size=(count, size, size))
    lowest = np.linalg.eigvalsh(entries + entries.transpose(0, 2, 1))[:, 0]
    return float((lowest > 0).mean())


@experiment
def shares(lab) -> dict[int, list[float]]:
    """Rows of a random matrix to the share that are minima, one a seed."""
    count = lab.settings.matrices
    return {n: [share_of_minima(n, count, seed) for seed in lab.seeds] for n in SIZES}


def flat_points(variances, hidden: int) -> list[tuple[float, int]]:
    """All flat points of a linear autoencoder: losses, and directions that lead down.

    A network x → A B x of `hidden` units has a gradient of zero exactly where it
    projects on some of the principal axes, `hidden` of them or fewer (Baldi and
    Hornik, 1989). With uncorrelated inputs these are the axes of the inputs.

    Args:
        variances: Of the inputs, all different.
        hidden: Units, fewer than inputs.
    """
    points = []
    for kept in range(hidden + 1):
        for axes in combinations(range(len(variances)), kept):
            decoder = np.zeros((len(variances), hidden))
            decoder[list(axes), range(kept)] = 1.0
            curvature = np.linalg.eigvalsh(hessian(decoder, decoder.T, variances))
            loss = (np.sum(variances) - np.sum(variances[list(axes)])) / 2
            points.append((float(loss), int((curvature < -1e-9).sum())))
    return points


def hessian(decoder, encoder, variances) -> np.ndarray:
    """Second derivatives of half the mean squared error of x → decoder encoder x."""
    inputs, hidden = decoder.shape
    basis = np.eye(2 * inputs * hidden)
    a = basis[:, : inputs * hidden].reshape(-1, inputs, hidden)
    b = basis[:, inputs * hidden :].reshape(-1, hidden, inputs)
    first = (a @ encoder + decoder @ b).reshape(len(basis), -1)  # of the product
    weighted = first * np.tile(variances, inputs)
    error = (np.eye(inputs) - decoder @ encoder) * variances
    second = np.einsum("iab,jbc,ac->ij", a, b, error, optimize=True)
    return weighted @ first.T - second - second.T


@experiment
def autoencoders(lab) -> tuple[dict, dict, dict]:
    """Flat points, minima, and how loss and directions down go together, by inputs."""
    counts, minima, correlations = {}, {}, {}
    for inputs in range(2, lab.settings.inputs + 1, 2):
        points = flat_points(np.arange(1.0, inputs + 1), inputs // 2)
        counts[inputs] = len(points)
        minima[inputs] = sum(down == 0 for _, down in points)
        together = np.corrcoef(*np.array(points, float).T)
        correlations[inputs] = float(together[0, 1])
    return counts, minima, correlations


@claim(
    "saddle-high-dimension",
    "In high dimension nearly all flat points are saddles.",
    says="is",
    notes="001",
    scope="random matrices of 1 to 6 rows; linear autoencoders of 2 to 6 inputs",
)
def minima_become_rare(lab):
    """Counts minima among random Hessians and among an autoencoder's flat points."""
    found = shares(lab)
    # From five rows on there are too few minima to compare.
    falls = {
        f"random symmetric matrices, {n} to {m} rows": stats.greater(
            found[n], found[m], by=stats.ANY
        )
        for n, m in pairwise(SIZES[:4])
    }
    counts, minima, correlations = autoencoders(lab)
    rarer = [minima[inputs] / counts[inputs] for inputs in counts]
    last = max(counts)
    return Finding(
        {
            **falls,
            "a linear autoencoder": min(minima.values()) >= 1
            and rarer[-1] < 0.5
            and all(a > b for a, b in pairwise(rarer)),
        },
        "Of random symmetric matrices of 1 to 6 rows the share whose eigenvalues are "
        "all positive is {mean_share:.2g}. Of a linear autoencoder's {families} "
        "families of flat points ({inputs} inputs) {minimal} is minimal; the higher "
        "the loss of one, the more directions lead down (correlation "
        "{correlation:.2f}).",
        figure=draw_dimension,
        mean_share=[float(np.mean(share)) for share in found.values()],
        families=counts[last],
        inputs=last,
        minimal=minima[last],
        correlation=correlations[last],
        share_of_minima_by_size={str(n): share for n, share in found.items()},
        by_formula={str(n): share for n, share in KNOWN.items()},
        flat_points_of_an_autoencoder_by_inputs={str(n): c for n, c in counts.items()},
        minima_among_them={str(n): m for n, m in minima.items()},
        correlation_of_loss_and_directions_down={
            str(n): c for n, c in correlations.items()
        },
    )


def draw_dimension(lab):
    """The shares of minima over the dimension."""
    figure, axes = figures.new()
    axes.set(yscale="log", ylim=(1e-5, 1.5))
    found = {n: share for n, share in shares(lab).items() if min(share) > 0}
    sizes, runs = list(found), np.array(list(found.values()))
    style = {"color": figures.COLORS[0], "marker": "o"}
    axes.plot(sizes, runs.mean(1), label="random matrices", **style)
    low, high = runs.min(1), runs.max(1)
    axes.fill_between(sizes, low, high, color=figures.COLORS[0], alpha=0.2)
    axes.plot(list(KNOWN), list(KNOWN.values()), "kx", ms=9, label="_by formula")
    counts, minima, _ = autoencoders(lab)
    rarer = [minima[inputs] / counts[inputs] for inputs in counts]
    style = {"color": figures.COLORS[1], "marker": "s", "linestyle": "--"}
    axes.plot(list(counts), rarer, label="autoencoder", **style)
    figures.label_ends(axes)
    title = "Minima become rare among flat points (crosses: by formula)"
    x = "rows of the matrix, or inputs of the network"
    figures.describe(axes, title, x, "share of flat points that are minima")
    lab.figure(
        "dimension",
        figure,
        "Share of minima among random symmetric matrices (with the range over seeds, "
        "as long as every seed has one) and among a linear autoencoder's flat points.",
    )


if __name__ == "__main__":
    main(__file__)
