"""Noise: averaging beats it, a maximum selects it, and both depend on the signal.

Whether pooling suppresses noise can't be said of noise alone. What counts is whether a
signal can still be told from no signal, and statistics has a number for that:
d' = (mean with the signal - mean without it) / deviation. Four pixels hold noise of
deviation 1, and a signal is added to one of them or to all four. One pixel that holds a
signal of 2 has d' = 2 by itself: pooling helps where it makes more of that.

The four numbers are exact up to integration: the largest of four independent numbers is
below t where all four are. Networks that learned clean digits and meet noisy ones
follow.
"""

import numpy as np

from recipes.architectures.cnn_behavior._pooled import NOISES, POOLINGS, accuracy
from recipes.lab import Finding, claim, experiment, figures, main, stats

PIXELS = 4  # that a window of 2×2 pools
SIGNALS = (2.0, 4.0)  # in deviations of the noise
PLACES = {"one pixel": (1, 0, 0, 0), "all four": (1, 1, 1, 1)}
KINDS = ("max", "average")


def moments_of_largest(means) -> tuple[float, float]:
    """Mean and variance of the largest of independent Gaussians of deviation 1."""
    from scipy.stats import norm

    t = np.linspace(min(means) - 10, max(means) + 10, 20_001)
    below = np.prod([norm.cdf(t - mean) for mean in means], axis=0)
    density = np.gradient(below, t)
    mean = np.trapezoid(t * density, t)
    return float(mean), float(np.trapezoid((t - mean) ** 2 * density, t))


def moments(kind: str, means) -> tuple[float, float]:
    """Mean and variance of a pooled window of independent Gaussians of deviation 1.

    Args:
        kind: "max", "average", or "one of four": the upper left one, when the signal
            may be in each of them.
        means: Of the four pixels.
    """
    if kind == "max":
        return moments_of_largest(means)
    if kind == "average":
        return float(np.mean(means)), 1 / PIXELS
    return float(np.mean(means)), 1 + float(np.var(means))


def detectability(kind: str, place: str, signal: float) -> float:
    """The d' of a signal behind a pooling."""
    mean, variance = moments(kind, signal * np.array(PLACES[place], float))
    mean_0, variance_0 = moments(kind, np.zeros(PIXELS))
    return (mean - mean_0) / np.sqrt((variance + variance_0) / 2)


@experiment
def found(lab) -> dict[str, dict[tuple[str, float], float]]:
    """The d' by pooling, where the signal is, and its size."""
    return {
        kind: {
            (place, signal): detectability(kind, place, signal)
            for place in PLACES
            for signal in SIGNALS
        }
        for kind in (*KINDS, "one of four")
    }


@claim(
    "pool-noise-suppression",
    "Pooling helps to mitigate the impact of noise in the input.",
    says="often",
    hedge="helps",
    notes="002",
    scope="2×2 windows of Gaussian noise with a signal; CNNs of two blocks that "
    "learned 300 clean digits, tested with noise of deviation 0.4",
)
def noise_is_mitigated(lab):
    """Noise alone, a signal in noise, and noisy digits."""
    seen = found(lab)
    alone = {kind: moments(kind, np.zeros(PIXELS)) for kind in KINDS}
    lab.table(
        "d' behind a 2×2 window; without pooling it is the signal",
        ["pooling", "noise alone: mean", "deviation",
         *(f"{signal:g} in {place}" for place in PLACES for signal in SIGNALS)],
        [
            [kind, *(f"{value:.2f}" for value in (alone[kind][0],
                                                  np.sqrt(alone[kind][1]))),
             *(f"{value:.2f}" for value in seen[kind].values())]
            for kind in KINDS
        ],
    )  # fmt: skip
    name = f"noise, {NOISES[-1]}"
    right = {pooling: accuracy(lab, pooling, name) for pooling in POOLINGS}
    lab.table(
        "Test accuracy of networks that learned clean digits",
        ["pooling", "clean", *(f"noise of {deviation}" for deviation in NOISES)],
        [
            [
                pooling,
                *(
                    f"{accuracy(lab, pooling, column).mean():.1%}"
                    for column in ("as they are", *(f"noise, {d}" for d in NOISES))
                ),
            ]
            for pooling in POOLINGS
        ],
    )
    return Finding(
        {
            **{f"{kind}: noise alone shrinks": alone[kind][1] < 1 for kind in KINDS},
            **{
                f"{kind}: signal in {place}": all(
                    seen[kind][place, signal] > signal for signal in SIGNALS
                )
                for place in PLACES
                for kind in KINDS
            },
            **{
                f"{kind}: noisy digits, against no pooling": stats.greater(
                    right[kind], right["none"], by=stats.ACCURACY_POINT
                )
                for kind in KINDS
            },
        },
        "What counts is how many pixels of a window hold the signal. A signal of 4 "
        "in all four pixels has d' {everywhere:.2f} behind max and average pooling; "
        "in one pixel it has {alone:.2f}. Noise alone keeps a deviation of "
        "{deviation:.2f}, and its maximum is {bias:.2f} in the mean, not 0. Noisy "
        "digits: {right:.1%}.",
        figure=draw_detectability,
        everywhere=[seen[kind]["all four", 4.0] for kind in KINDS],
        alone=[seen[kind]["one pixel", 4.0] for kind in KINDS],
        deviation=[np.sqrt(alone[kind][1]) for kind in KINDS],
        bias=alone["max"][0],
        right={pooling: values.mean() for pooling, values in right.items()},
    )


# "Retain the strongest signals" asks what is left of a pixel that stands out. The rival
# is a map of the same size that keeps one pixel of four and forgets the others.


@claim(
    "pool-keeps-strongest",
    "Pooling can retain the strongest signals and discard less relevant information.",
    says="can",
    hedge="can",
    notes="002",
    scope="2×2 windows of Gaussian noise with a signal in one pixel, of 2 and 4 "
    "deviations; nothing is trained",
)
def strongest_is_kept(lab):
    """The d' of a signal in one pixel, against a map that keeps one pixel of four."""
    seen = found(lab)
    one = {
        kind: [values["one pixel", signal] for signal in SIGNALS]
        for kind, values in seen.items()
    }
    return Finding(
        {
            f"{kind} pooling, against keeping one of four": all(
                stats.above(*pair)
                for pair in zip(one[kind], one["one of four"], strict=True)
            )
            for kind in KINDS
        },
        "Of d' = 2 and 4 of one pixel a maximum keeps {largest:.2f}, an average "
        "{mean:.2f}, and one pixel of four {control:.2f}.",
        figure=draw_detectability,
        largest=one["max"],
        mean=one["average"],
        control=one["one of four"],
    )


def draw_detectability(lab):
    """Draws d' behind a pooling by the size of the signal, for both places of it."""
    figure, axes = figures.new(1, 2, width=9.6, height=4.0)
    signals = np.linspace(0.5, 5, 19)
    for panel, place in zip(axes, PLACES, strict=True):
        curves = {
            f"{kind} pooling": [detectability(kind, place, s) for s in signals]
            for kind in KINDS
        }
        ends = {name: values[-1] for name, values in curves.items()}
        panel.set_ylim(0, 11)
        figures.curves(panel, signals, {"no pooling": signals, **curves})
        best = max({**ends, "no pooling": signals[-1]}.items(), key=lambda end: end[1])
        title = f"In {place}: most is kept by {best[0]}"
        figures.describe(panel, title, "signal (deviations of the noise)", "d'")
    lab.figure(
        "noise",
        figure,
        "How well a signal in Gaussian noise can be told (d') by its size, without "
        "pooling and behind 2×2 pooling, for a signal in one pixel and in all four.",
    )


if __name__ == "__main__":
    main(__file__)
