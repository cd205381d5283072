"""How many flat points are minima: random curvatures, and a network's."""

from itertools import combinations, pairwise

import numpy as np

from recipes.lab import figures, stats

SIZES = (1, 2, 3, 4, 5, 6)


def judge(lab) -> None:
    """Counts minima among random Hessians and among an autoencoder's flat points."""
    shares = {
        n: np.array([share_of_minima(n, lab.settings.matrices, s) for s in lab.seeds])
        for n in SIZES
    }
    # From five rows on there are too few minima to compare.
    falls = {
        f"{n} to {m}": stats.paired(shares[n], shares[m])
        for n, m in pairwise(SIZES[:4])
    }
    counts, minima, higher = autoencoders(lab.settings.inputs)
    rarer = [minima[n] / counts[n] for n in counts]
    outcomes = {fall.positive for fall in falls.values()}
    last = max(counts)
    lab.verdict(
        "saddle-high-dimension",
        {
            "random symmetric matrices": outcomes.pop() if len(outcomes) == 1 else None,
            "a linear autoencoder": min(minima.values()) >= 1
            and rarer[-1] < 0.5
            and all(a > b for a, b in pairwise(rarer)),
        },
        evidence={
            "share_of_minima_by_size": shares,
            "by_formula": {1: 1 / 2, 2: (2 - 2**0.5) / 4,
                           3: 1 / 4 - 2**0.5 / (2 * np.pi)},
            "fall_of_the_share": falls,
            "flat_points_of_an_autoencoder_by_inputs": counts,
            "minima_among_them": minima,
            "correlation_of_loss_and_directions_down": higher,
        },
        note="The share of random symmetric matrices whose eigenvalues are all above 0 "
        "is "
        + ", ".join(f"{share.mean():.2g}" for share in shares.values())
        + f" for {SIZES[0]} to {SIZES[-1]} rows. Of a linear autoencoder's "
        f"{counts[last]} families of flat points ({last} inputs, {last // 2} hidden "
        f"units) {minima[last]} is minimal; the higher the loss of one, the more "
        f"directions lead down (correlation {higher[last]:.2f}).",
    )  # fmt: skip
    _draw(lab, shares, dict(zip(counts, rarer, strict=True)))


def share_of_minima(size: int, count: int, seed: int) -> float:
    """The share of random symmetric matrices with positive eigenvalues only."""
    entries = np.random.default_rng([seed, size]).normal(size=(count, size, size))
    lowest = np.linalg.eigvalsh(entries + entries.transpose(0, 2, 1))[:, 0]
    return float((lowest > 0).mean())


def autoencoders(most: int) -> tuple[dict, dict, dict]:
    """Flat points, minima, and how loss and directions down go together, by inputs."""
    counts, minima, correlations = {}, {}, {}
    for inputs in range(2, most + 1, 2):
        points = flat_points(np.arange(1.0, inputs + 1), inputs // 2)
        counts[inputs] = len(points)
        minima[inputs] = sum(down == 0 for _, down in points)
        together = np.corrcoef(*np.array(points, float).T)
        correlations[inputs] = float(together[0, 1])
    return counts, minima, correlations


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


def _draw(lab, shares, network) -> None:
    """Draws the shares of minima over the dimension."""
    figure, axes = figures.new()
    axes.set(yscale="log", ylim=(1e-5, 1.5))
    sizes = [n for n in SIZES if shares[n].min() > 0]
    runs = np.array([shares[n] for n in sizes]).T
    style = {"color": figures.COLORS[0], "marker": "o"}
    axes.plot(sizes, runs.mean(0), label="random matrices", **style)
    axes.fill_between(
        sizes, runs.min(0), runs.max(0), color=figures.COLORS[0], alpha=0.2
    )
    style = {"color": figures.COLORS[1], "marker": "s", "linestyle": "--"}
    axes.plot(list(network), list(network.values()), label="autoencoder", **style)
    figures.label_ends(axes)
    title = "The share of flat points that are minima"
    figures.describe(axes, title, "rows of the matrix; inputs of the network", "share")
    lab.figure(
        "dimension",
        figure,
        "Share of minima among random symmetric matrices (with the range over seeds, "
        "as far as every seed has one) and among a linear autoencoder's flat points.",
    )
