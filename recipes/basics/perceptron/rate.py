"""Rate: from zeros the learning rate of the perceptron changes nothing but a scale.

From w = 0 every weight is the rate times a whole number, and a unit asks only for the
sign of its sum: another rate multiplies all weights and leaves every answer, every
error and every pass as it was. So there is nothing to trade off.

Random weights break this: they are on a scale of their own, and a small rate takes more
passes to move away from them. The notes promise more stability for those passes. Here
the errors of a pass rise again *more* often at the small rate.
"""

from fractions import Fraction

import numpy as np

from recipes.basics.perceptron._rule import inputs, learn, learn_gate, targets
from recipes.lab import Finding, claim, main, stats

RATES = [Fraction(n, 16) for n in (1, 4, 8, 16, 32, 160)] + [
    Fraction(1, 10),  # the ends of the notes' typical range
    Fraction(4, 10),
]
SLOW, FAST = 1 / 16, 1.0  # both exact in floating point
GATES = ("AND", "OR")


def from_random(gate: str, rate: float, starts: int) -> tuple[list, list]:
    """Learns from weights in [-1, 1]: passes, and how often errors rise, by start."""
    x, answers, passes, rises = inputs(kind=float), targets(gate), [], []
    for start in range(starts):
        weights = np.random.default_rng(start).uniform(-1, 1, (3, 1))
        run = learn(x, answers, rate, weights=weights, passes=1000)
        passes.append(len(run.errors))
        rises.append(int((np.diff(run.errors) > 0).sum()))
    return passes, rises


@claim(
    "perceptron-lr-invariance",
    # "More stable ... though ... traded off against" showing the data more often.
    "A learning rate below one is more stable but needs more passes over the data.",
    notes="002 003",
    scope="AND and OR, one unit; 8 rates from zeros, 100 random starts",
)
def smaller_is_calmer(lab):
    """All rates from zeros, exactly; two rates from the same random weights."""
    starts = lab.settings.starts
    exact = {g: {r: learn_gate(g, rate=r) for r in RATES} for g in GATES}
    same = {
        gate: len({tuple(run.outputs) for run in runs.values()}) == 1
        for gate, runs in exact.items()
    }
    conditions, passes, rises, extra = {}, {}, {}, {}
    for gate in GATES:
        slow, slow_rises = from_random(gate, SLOW, starts)
        fast, fast_rises = from_random(gate, FAST, starts)
        # Passes are positive and skewed: a ratio. Rises may be 0: a difference.
        more = stats.greater(slow, fast, by=stats.TENTH, scale="log")
        fewer = stats.greater(fast_rises, slow_rises, by=stats.ANY)
        conditions |= {
            f"{gate} from zeros: any difference": not same[gate],
            f"{gate} from random weights: more passes": more,
            f"{gate} from random weights: fewer rises of the error": fewer,
        }
        passes[gate] = [np.mean(slow), np.mean(fast)]
        rises[gate] = [np.mean(slow_rises), np.mean(fast_rises)]
        extra[gate] = float(np.mean(slow) - np.mean(fast))
    lab.table(
        f"Rate 1/16 and rate 1 from {starts} random starts, means",
        ["gate", "passes, 1/16", "passes, 1", "rises, 1/16", "rises, 1"],
        [[gate, *map(float, (*passes[gate], *rises[gate]))] for gate in GATES],
    )
    return Finding(
        conditions,
        "From zeros the outputs are the same for all {rates} rates: a rate only scales "
        "the weights. From random weights rate 1/16 takes {passes[AND]:.1f} passes for "
        "AND (rate 1/16, rate 1) and {passes[OR]:.1f} for OR, and its errors rise "
        "more often.",
        rates=len(RATES),
        passes=passes,
        rises=rises,
        extra_passes_at_the_small_rate=extra,
        same_outputs_for_all_rates_from_zeros=same,
        passes_from_zeros={
            gate: {str(rate): run.passes for rate, run in runs.items()}
            for gate, runs in exact.items()
        },
        # Other counts than 6 are ties at 0 that rounding decides.
        AND_passes_in_float64_from_zeros={
            str(rate): learn(inputs(kind=float), targets("AND"), rate).passes
            for rate in (0.1, 0.25, 0.4)
        },
    )


if __name__ == "__main__":
    main(__file__)
