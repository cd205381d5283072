"""Memory: what a divisor remembers, what it forgets, and where that goes wrong.

The adaptive rules divide each gradient by a mean of squares of earlier ones. Such a
mean has to start somewhere, and it fades. One huge gradient stays in it for a while;
one that is rare is forgotten before it comes again. Then Adam divides the rare gradient
by its own size and the common ones by theirs, so that all count alike: the larger one
no longer outweighs the others as it should.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization._surfaces import replay
from recipes.optimization._update_rules import (
    adadelta,
    adam,
    changes,
    descend,
    rmsprop,
    sgd,
)

ONES = np.ones(1000)  # a constant gradient


# RMSprop's mean of squares starts at 0 in the notes, in Keras and in PyTorch. If it
# started elsewhere, how long would it show? With ρ = 0.9 a start weighs 0.9ᵗ after t
# steps; PyTorch's default of ρ = 0.99 remembers it ten times as long.
STARTS = (0.0, 1.0, 100.0)  # squares of the gradient
FROM_ZERO = 0.1**-0.5  # rates: what the first step of ρ = 0.9 is from 0


@claim(
    "opt-rmsprop-accumulator",
    "RMSprop is sensitive to how its accumulator is initialized.",
    notes="003",
    scope="a constant gradient of 1, 1,000 steps, starts 0, 1 and 100; nothing trained",
)
def start_of_the_mean_shows(lab):
    """Steps and the way traveled from three starts of the mean of squares."""

    def spread(rho, measure):
        seen = [
            measure(-changes(rmsprop(1.0, rho=rho, start=start), ONES))
            for start in STARTS
        ]
        return [float(value) for value in seen]

    # Single steps show how the start is forgotten. What a training would notice is the
    # way: that is judged.
    steps = {
        "ρ = 0.9, the first step": spread(0.9, lambda steps: steps[0]),
        "ρ = 0.9, step 100": spread(0.9, lambda steps: steps[99]),
    }
    ways = {
        "ρ = 0.9, Keras's: the way of 1,000 steps": spread(0.9, np.sum),
        "ρ = 0.99, PyTorch's: the way of 1,000 steps": spread(0.99, np.sum),
    }
    in_keras = -float(replay(keras.optimizers.RMSprop(1.0), ONES[:1])[0])
    return Finding(
        {
            f"{name} differs by more than a tenth": max(seen) > 1.1 * min(seen)
            for name, seen in ways.items()
        },
        "The longer its memory, the more of the start is seen: in rates, where the "
        "mean of squares starts at 0, at the gradient's square and at 100 times that, "
        "{ways:.3g}; {steps:.3g}. From 0, as in Keras ({in_keras:.3f}), the "
        "first step is {from_zero:.3f} rates long.",
        ways=ways,
        steps=steps,
        in_keras=in_keras,
        from_zero=FROM_ZERO,
    )


# Adadelta's steps are a ratio of two sizes times the gradient: in a loss that is
# multiplied by a constant the constant cancels. A single huge gradient moves it by
# little as well, but it is remembered: until it has faded, steps are small.
WALK, KICK = 1000, 500  # steps, and the one whose gradient is multiplied
HUGE, THROWN, SAME = 1000.0, 10.0, 0.01  # usual steps; of the first distance


def adadelta_path(loss_times: float = 1.0, kick: float = 1.0) -> np.ndarray:
    """Adadelta on x²/2 from 1, with a loss and one gradient that are multiplied."""

    def slope(x, time):
        return loss_times * x * (kick if time == KICK else 1.0)

    return descend(adadelta(), slope, 1.0, WALK)


@claim(
    "opt-adadelta-robust",
    "Adadelta is robust to large gradients.",
    notes="003",
    scope="x²/2 from 1, 1,000 steps; nothing is trained",
)
def large_gradients_are_borne(lab):
    """A loss times 1,000, and one gradient times 1,000 on the way."""
    usual, scaled, kicked = adadelta_path(), adadelta_path(HUGE), adadelta_path(1, HUGE)
    small = adadelta_path(1 / HUGE)
    apart = float(np.abs(scaled - usual).max())
    jump, step = (abs(p[KICK + 1] - p[KICK]) for p in (kicked, usual))
    later = [float(path[KICK + 100]) for path in (usual, kicked)]
    return Finding(
        {
            "the loss times 1,000: the same path": stats.below(apart, SAME),
            "one gradient times 1,000: moves by less than ten usual steps": stats.below(
                jump / step, THROWN
            ),
            "100 steps after it: as far as without it": stats.close(
                later[1], later[0], within=SAME
            ),
        },
        "A large gradient does not throw it far, but holds it up afterward. "
        "Multiplying the loss by 1,000 moves the path by {apart:.0e}; one gradient "
        "1,000 times as large moves it by {thrown:.1f} usual steps (SGD: 1,000). But "
        "100 steps later the distance is {later:.3f} without and with it: the huge "
        "square is still in the divisor. A loss times 0.001 is not the same "
        "(difference {small:.2f}): there epsilon is as large as the squares.",
        apart=apart,
        thrown=float(jump / step),
        later=later,
        small=float(np.abs(small - usual).max()),
    )


# A stream of slopes, the same for every weight x in [-1, 1]: one large slope up, then
# many small ones down. The mean slope is above 0, so -1 is the best x. With a memory
# shorter than the period Adam goes to 1, the worst (Reddi et al., 2018). All rules get
# rates that fall as 1/√t, with which plain descent is sure to arrive.
STREAM = 30_000  # slopes
CASES = {  # period, slopes up and down, β₁, β₂
    "the paper's β₁ = 0, β₂ = 0.1, one slope in 3 is large": (3, 3.0, -1.0, 0.0, 0.1),
    "RMSprop, ρ = 0.9, one slope in 101": (101, 1.0, -0.005, 0.0, 0.9),
    "Adam, β₂ = 0.99, one slope in 1,001": (1001, 1.0, -0.0005, 0.9, 0.99),
    "Adam's defaults, one slope in 101": (101, 1.0, -0.005, 0.9, 0.999),
}


def slope_at(case: str, time: int) -> float:
    """The slope of the stream at time 0, 1, ..."""
    period, up, down, *_ = CASES[case]
    return down if time % period else up


def walk(case: str, rule, steps: int = STREAM) -> np.ndarray:
    """Follows a rule of rate 1 with rates 1/√t, kept in [-1, 1]; all points."""
    x, points = 0.0, []
    for time in range(steps):
        change = float(rule(slope_at(case, time)))
        x = min(1.0, max(-1.0, x + change / (time + 1) ** 0.5))
        points.append(x)
    return np.array(points)


def walk_in_keras(case: str, steps: int, amsgrad: bool) -> np.ndarray:
    """The same with Keras's Adam, whose steps alone are taken."""
    *_, beta_1, beta_2 = CASES[case]
    optimizer = keras.optimizers.Adam(
        1.0, beta_1=beta_1, beta_2=beta_2, amsgrad=amsgrad
    )
    taken = iter(replay(optimizer, np.array([slope_at(case, t) for t in range(steps)])))
    return walk(case, lambda _: next(taken), steps)


@claim(
    "opt-adam-suboptimal",
    "Adam and RMSprop can converge to a suboptimal solution in some cases.",
    says="can",
    hedge="can, in some cases",
    notes="002 003",
    scope="a stream of 30,000 slopes for one weight in [-1, 1]; nothing is trained",
)
def adam_goes_the_wrong_way(lab):
    """Where Adam ends, beside plain descent and AMSGrad, which does not forget."""
    ends, rows = {}, []
    for case, (*_, beta_1, beta_2) in CASES.items():
        made = {
            "Adam": adam(1.0, beta_1, beta_2),
            "AMSGrad": adam(1.0, beta_1, beta_2, amsgrad=True),
            "SGD": sgd(1.0),
        }
        ends[case] = {
            name: float(walk(case, rule)[-1000:].mean()) for name, rule in made.items()
        }
        rows.append([case, *(f"{end:+.3f}" for end in ends[case].values())])
    lab.table("Mean of the last 1,000 points (best -1)", ["case", *made], rows)
    first = next(iter(CASES))
    in_keras = {
        name: float(walk_in_keras(first, 300, amsgrad)[-1])
        for name, amsgrad in (("Adam", False), ("amsgrad=True", True))
    }
    return Finding(
        {case: bool(end["Adam"] > 0 > end["SGD"]) for case, end in ends.items()},
        "Adam ends at {adam:+.2f}, on the wrong side of 0 where it forgets the large "
        "slope before the next one comes; SGD ends at {sgd:+.2f}, AMSGrad, which "
        "divides by the largest mean so far, at {amsgrad:+.2f}. In Keras after 300 "
        "slopes, in the first case: {in_keras:+.2f}. With β₁ = 0 Adam is RMSprop but "
        "for its bias correction.",
        figure=draw_wrong_way,
        adam=[end["Adam"] for end in ends.values()],
        sgd=[end["SGD"] for end in ends.values()],
        amsgrad=[end["AMSGrad"] for end in ends.values()],
        in_keras=in_keras,
        ends=ends,
    )


def draw_wrong_way(lab):
    """The weight under the first two streams."""
    figure, panels = figures.new(1, 2, width=10.0, height=3.8)
    for panel, case in zip(panels, list(CASES)[:2], strict=True):
        *_, beta_1, beta_2 = CASES[case]
        ends = {}
        for index, (name, rule) in enumerate(
            {
                "Adam": adam(1.0, beta_1, beta_2),
                "AMSGrad": adam(1.0, beta_1, beta_2, amsgrad=True),
                "SGD": sgd(1.0),
            }.items()
        ):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            path = walk(case, rule)
            ends[name] = f"{name} at {path[-1]:+.1f}"
            panel.plot(path[::100], label=name, **style)
        told = f"{ends['Adam']}, {ends['SGD']}:"
        title = f"{told}\n{case}"
        figures.describe(panel, title, "hundreds of slopes", "weight (best: -1)")
    figures.legend(panels[0])
    lab.figure("wrong_way", figure, "Adam, AMSGrad and SGD on two streams of slopes.")


if __name__ == "__main__":
    main(__file__)
