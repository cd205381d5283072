"""Overshooting: a high momentum needs a lower rate.

The notes warn that a high momentum may overshoot, above all with a high rate. On a bowl
that can be computed: a ball of momentum 0.9 runs past the minimum, further the higher
the rate, and at low rates not at all.

On a bowl of curvature λ the velocity form is stable up to a rate of 2(1 + β)/λ:
momentum allows a *higher* rate there. So the bowl's limit can't be the reason if the
best rate of a network falls with momentum. What can is the length of a step, which adds
up to 1/(1 − β) gradients.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.search._table import BETAS, LARGEST, RATES, tables

HIGH = 0.98  # the momentum
HIGH_AT = BETAS.index(HIGH)
LOWER = 4  # steps of the table: two decades
BOWL_RATES, STEPS = (0.001, 0.01, 0.1, 1.0), 3000


def beyond(rate: float, beta: float) -> float:
    """How far a ball on x²/2, at rest at 1, runs past the minimum at 0."""
    x, velocity, least = 1.0, 0.0, 0.0
    for _ in range(STEPS):
        velocity = beta * velocity - rate * x
        x += velocity
        least = min(least, x)
    return abs(least)


@experiment
def final(lab) -> np.ndarray:
    """The test loss of every pair, (seeds, rates, betas)."""
    return tables(lab)["test"]


def best_rates(lab) -> np.ndarray:
    """For each seed and beta the rate with the least validation loss."""
    chosen = tables(lab)["validation"][..., -1].argmin(1)
    return np.array(RATES)[chosen]


def cost(lab, lower: int) -> np.ndarray:
    """Losses with high momentum over those without, so many rates below the best.

    The best is that of plain descent, on the validation rows of the same seed.
    """
    found, plain = final(lab), best_rates(lab)[:, 0]
    rows = [max(0, RATES.index(float(rate)) - lower) for rate in plain]
    at = np.arange(len(rows))
    return found[at, rows, HIGH_AT] / found[at, rows, 0]


@claim(
    "hp-lr-momentum-interact",
    "A high momentum can speed up convergence but may overshoot, above all together "
    "with a high learning rate.",
    says="can",
    hedge="may overshoot",
    notes="002",
    scope="a bowl; a network on 512 digits, 54 pairs of rate and momentum, 27 epochs",
)
def overshoots(lab):
    """The bowl, and what a high momentum costs at high and low rates."""
    runs = {rate: beyond(rate, 0.9) for rate in BOWL_RATES}
    best, high, low = best_rates(lab), cost(lab, 0), cost(lab, LOWER)
    middle = np.exp(np.log(best).mean(0))
    lab.table(
        "Best rate by momentum, geometric means over seeds",
        ["momentum", "best rate", "times 1/(1 − momentum)"],
        [
            [beta, float(rate), float(rate / (1 - beta))]
            for beta, rate in zip(BETAS, middle, strict=True)
        ],
    )
    return Finding(
        {
            "bowl: momentum 0.9 runs further beyond, the higher the rate": bool(
                (np.diff(list(runs.values())) >= 0).all()
                and runs[BOWL_RATES[-1]] > runs[BOWL_RATES[0]]
            ),
            f"network: momentum {HIGH} costs loss at plain descent's best rate": (
                stats.against(high, 1.0, by=stats.TENTH, scale="log")
            ),
            "network: it costs more there than at a hundredth of it": stats.greater(
                high, low, by=stats.TENTH, scale="log"
            ),
            "network: the best rate is lower with it": stats.greater(
                best[:, 0], best[:, HIGH_AT], by=stats.TWICE, scale="log"
            ),
        },
        "At plain descent's best rate momentum {beta} has {high:.1f} times the test "
        "loss, at a hundredth of it {low:.2f} times. The best rate goes from "
        "{first:.2g} to {last:.2g}. On the bowl momentum 0.9 runs past the minimum, by "
        "rate: {runs:.2f}; its limit of stability would allow a higher rate.",
        figure=draw_map,
        beta=HIGH,
        high=float(np.exp(np.log(high).mean())),
        low=float(np.exp(np.log(low).mean())),
        first=float(middle[0]),
        last=float(middle[HIGH_AT]),
        runs=runs,
        best_rates={
            beta: float(rate) for beta, rate in zip(BETAS, middle, strict=True)
        },
    )


def plain_limit(lab) -> float:
    """The highest rate at which plain descent ends below the loss of guessing."""
    ends = np.exp(np.log(final(lab)).mean(0))[:, 0]
    learned = [rate for rate, loss in zip(RATES, ends, strict=True) if loss < 2.3]
    return max(learned, default=RATES[0])


def draw_map(lab):
    """The heat map, the best rate by momentum, and the bowl's line."""
    figure, axis = figures.new(width=8.6, height=4.8)
    heights = np.log10(np.exp(np.log(final(lab)).mean(0))).T
    x, y = np.arange(len(RATES)), np.arange(len(BETAS))
    shown = axis.pcolormesh(x, y, heights, cmap="viridis", shading="nearest",
                            vmax=np.log10(LARGEST))  # fmt: skip
    bar = figure.colorbar(shown, ax=axis, label="test loss (nats)")
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10) if heights.min() <= np.log10(t)]
    bar.set_ticks(np.log10(ticks), labels=[f"{t:g}" for t in ticks])

    def place(rates):
        return np.interp(np.log10(rates), np.log10(RATES), x)

    middle = np.exp(np.log(best_rates(lab)).mean(0))
    axis.plot(place(middle), y, "o-", color="white", ms=8, label="best rate")
    rule = middle[0] * (1 - np.array(BETAS))
    axis.plot(place(rule), y, ":", color="white", lw=2, label="in proportion to 1 − β")
    line = plain_limit(lab) * (1 + np.array(BETAS))
    axis.plot(place(line), y, "--", color=figures.COLORS[1], lw=2,
              label="2(1 + β)/λ, through plain descent's limit")  # fmt: skip
    axis.grid(visible=False)
    axis.set_xticks(x, [f"{rate:g}" for rate in RATES])
    axis.set_yticks(y, [f"{beta:g}" for beta in BETAS])
    title = "The more momentum, the lower the best rate"
    if not (np.diff(middle) < 0).all():
        title = f"The best rate goes from {middle[0]:.2g} to {middle[-1]:.2g}"
    figures.describe(axis, title, "learning rate", "momentum β")
    figures.legend(axis, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3,
                   labelcolor="black", facecolor="#AAAAAA", frameon=True)  # fmt: skip
    lab.figure(
        "map",
        figure,
        "Test loss of a network by rate and momentum (geometric mean over seeds), the "
        "best rate of each momentum, and the limit that a bowl would have.",
    )


if __name__ == "__main__":
    main(__file__)
