"""Sigmoid: cross-entropy takes the slope out of the gradient, squared error keeps it.

With σ = 1/(1 + e⁻ᶻ), cross-entropy −log σ (or −log(1 − σ)) has the derivative σ − y in
the logit z. Half the squared error, (σ − y)²/2, has (σ − y)σ(1 − σ): the same times the
sigmoid's slope. Where the network is sure, the slope is next to 0, and where it is sure
of a *wrong* answer that is the one place where a gradient is needed.

From Keras's usual start no network is that sure, so both losses learn.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.pairs._derivatives import by_logit
from recipes.losses.pairs._digits import ahead, draw_training, learned, means

WRONG_LOGITS = (-5.0, -10.0)  # of a positive: how sure the wrong answer is
SAME = 1e-6  # derivatives of size 1 in single precision
VANISHES = 0.01  # a gradient vanishes where it is a hundredth of its rival


def logistic(z):
    """The logistic function in double precision."""
    return np.exp(-np.logaddexp(0, -np.asarray(z, float)))


@experiment
def derivatives(lab) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Distances from the formulas, and what a positive at -5 and -10 sends back."""
    z = np.linspace(-15, 15, 121)[:, None]
    s, gaps = logistic(z), {}
    for y in (0.0, 1.0):
        formulas = {
            "bce from logits": s - y,
            "bce after sigmoid": s - y,
            "mse after sigmoid": 2 * (s - y) * s * (1 - s),  # of (σ - y)², not of half
        }
        for pair, formula in formulas.items():
            gap = np.abs(by_logit(pair, z, np.full_like(z, y))[1] - formula).max()
            gaps[pair] = max(gaps.get(pair, 0.0), float(gap))
    wrong = np.array(WRONG_LOGITS)[:, None]
    bce, mse = (
        by_logit(pair, wrong, np.ones_like(wrong))[1][:, 0]
        for pair in ("bce from logits", "mse after sigmoid")
    )
    return gaps, {"cross-entropy": bce, "half the squared error": mse / 2}


@claim(
    "pair-sigmoid-bce",
    "A sigmoid output goes well with binary cross-entropy.",
    says="always",
    notes="002",
    scope="odd or even of the 8 × 8 digits, 64 hidden units, 10 epochs, the best of "
    "five learning rates",
)
def with_cross_entropy(lab):
    """The derivative, and whether networks learn from either start."""
    gaps, sent = derivatives(lab)
    return Finding(
        {
            "the gradient is σ(z) - y": stats.below(gaps["bce from logits"], SAME),
            **learned(lab, "bce logits"),
        },
        "The derivative in the logit is σ(z) − y to {gap:.0e}: {at_minus_5:.5f} for a "
        "positive at −5. Balanced accuracy on odd against even: {accuracy:.3f}.",
        figure=(draw_gradients, draw_digits),
        gap=gaps["bce from logits"],
        at_minus_5=sent["cross-entropy"][0],
        accuracy=means(lab, "bce logits"),
        largest_distance_from_the_formula=gaps,
        derivative_in_the_logit=sent,
        logits_of_a_positive=WRONG_LOGITS,
    )


# Cross-entropy has a weak spot, too. As a function of the logit its derivative is near
# -1 wherever a positive is taken for a negative. But a loss that is handed the
# probability clips it, and a clipped number has no derivative.

FAR = -20.0  # a logit of a positive beyond the clipping


@claim(
    "pair-sigmoid-ce-vanishes",
    "Sigmoid cross-entropy can suffer from vanishing gradients.",
    says="can",
    hedge="can suffer",
    notes="003",
    scope="the derivative in the logit of a positive at −20; nothing is trained",
)
def entropy_vanishes(lab):
    """The derivative at a sure wrong answer, from logits and from probabilities."""
    z = np.array([[FAR]])
    logits, clipped = (
        abs(float(by_logit(pair, z, np.ones_like(z))[1][0, 0]))
        for pair in ("bce from logits", "bce after sigmoid")
    )
    right = abs(float(by_logit("bce from logits", -z, np.ones_like(z))[1][0, 0]))
    return Finding(
        {
            "at a sure wrong answer, from logits": stats.below(logits, VANISHES),
            "at a sure wrong answer, from probabilities": stats.below(
                clipped, VANISHES
            ),
        },
        "For a positive at logit −20 the derivative is {logits:.4g} in size if the "
        "loss takes logits, and {clipped:g} if it takes the sigmoid's probabilities, "
        "which Keras clips to at least 10⁻⁷. (At 20, a sure right answer, it is "
        "{right:.0e}, as it should be.) With from_logits=True it never vanishes where "
        "it is needed.",
        logits=logits,
        clipped=clipped,
        right=right,
    )


# A start that is sure and wrong: the output's bias is −10, so that every image is taken
# for even. The rates are chosen anew for it, on seeds of their own.


@claim(
    "pair-sigmoid-mse-vanishes",
    "A sigmoid output with squared error is a problem: it can saturate, and gradients "
    "vanish.",
    says="can",
    hedge="can saturate",
    notes="002",
    scope="odd or even of the 8 × 8 digits, 64 hidden units, 10 epochs, the best of "
    "five learning rates",
)
def with_squared_error(lab):
    """The derivative at a sure wrong answer, and the accuracy that it costs."""
    gaps, sent = derivatives(lab)
    bce, mse = (np.abs(slopes) for slopes in sent.values())
    vanishes = (mse < VANISHES * bce).all() and mse[1] < VANISHES * mse[0]
    lost = ahead(lab, "bce logits", "mse sigmoid")
    return Finding(
        {
            "the gradient at a sure wrong answer": bool(
                gaps["mse after sigmoid"] < SAME and vanishes
            ),
            **lost,
        },
        "For a positive at logit −5 the derivative of half the squared error is "
        "{sent_back:.2g}, {times:.0f} times less than that of cross-entropy, and "
        "{further:.2g} at −10. Balanced accuracy with it: {squared:.3f}; with "
        "cross-entropy: {entropy:.3f}.",
        figure=(draw_gradients, draw_digits),
        sent_back=mse[0],
        times=bce[0] / mse[0],
        further=mse[1],
        squared=means(lab, "mse sigmoid"),
        entropy=means(lab, "bce logits"),
        largest_distance_from_the_formula=gaps,
        derivative_in_the_logit=sent,
    )


def draw_gradients(lab):
    """What a positive sends back, by its logit."""
    names = {
        "bce from logits": "cross-entropy\nfrom logits",
        "bce after sigmoid": "cross-entropy of probabilities:\n"
        "Keras clips them left of −16",
        "mse after sigmoid": "squared error",
    }
    figure, axes = figures.new(width=8.4, height=4.2)
    z = np.linspace(-20, 6, 300)[:, None]
    axes.set(yscale="log", ylim=(1e-8, 3), xlim=(-20, 6))
    for index, (pair, name) in enumerate(names.items()):
        size = np.abs(by_logit(pair, z, np.ones_like(z))[1][:, 0])
        size[size == 0] = np.nan
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(z, size, lw=2.4 - 0.4 * index, **style)
        spot = [(-19.5, 0.4), (-14.5, 0.4), (-10, 5e-6)][index]
        axes.text(*spot, name, color=style["color"], va="top")
    title = "Where a positive is taken for a negative, squared error sends nothing"
    figures.describe(axes, title, "logit", "size of the derivative in the logit")
    lab.figure(
        "gradients",
        figure,
        "Derivative of three losses in the logit of a positive; where a line ends the "
        "derivative is 0.",
    )


def draw_digits(lab):
    """Balanced accuracy on odd against even, by start and optimizer."""
    draw_training(lab, "odd_or_even", ("bce logits", "mse sigmoid"))


if __name__ == "__main__":
    main(__file__)
