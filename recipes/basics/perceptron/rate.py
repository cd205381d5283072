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
from recipes.lab import Finding, claim, experiment, main, stats

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


# "More stable ... though ... traded off against" showing the data more often: two
# statements. The notes' algorithm starts from small random weights, and so do both
# claims; starts from zeros are shown beside them.


@experiment
def two_rates(lab) -> dict[str, dict[str, tuple[list, list]]]:
    """Passes, and rises of the error, by gate at either rate, by random start."""
    starts = lab.settings.starts
    found = {
        gate: {
            name: from_random(gate, rate, starts)
            for name, rate in (("slow", SLOW), ("fast", FAST))
        }
        for gate in GATES
    }
    lab.table(
        f"Rate 1/16 and rate 1 from {starts} random starts, means",
        ["gate", "passes, 1/16", "passes, 1", "rises, 1/16", "rises, 1"],
        [
            [gate, *(float(np.mean(seen[n][k])) for k in (0, 1) for n in seen)]
            for gate, seen in found.items()
        ],
    )
    return found


@claim(
    "perceptron-lr-passes",
    "A learning rate below one needs more passes over the data.",
    notes="002 003",
    scope="AND and OR, one unit, 100 random starts; rates 1/16 and 1",
)
def smaller_takes_longer(lab):
    """Passes at two rates from the same random weights."""
    found = two_rates(lab)
    # Passes are positive and skewed: a ratio.
    return Finding(
        {
            gate: stats.greater(
                seen["slow"][0], seen["fast"][0], by=stats.TENTH, scale="log"
            )
            for gate, seen in found.items()
        },
        "From random weights rate 1/16 takes {passes[AND]:.1f} passes for AND (rate "
        "1/16, rate 1) and {passes[OR]:.1f} for OR. From zeros every rate takes as "
        "many.",
        passes={
            gate: [np.mean(seen[name][0]) for name in seen]
            for gate, seen in found.items()
        },
    )


@claim(
    "perceptron-lr-invariance",
    "A learning rate below one is more stable.",
    notes="002 003",
    scope="AND and OR, one unit, 100 random starts; rates 1/16 and 1; 8 rates from "
    "zeros",
)
def smaller_is_calmer(lab):
    """Rises of the error at two rates; all rates from zeros, exactly."""
    found = two_rates(lab)
    exact = {g: {r: learn_gate(g, rate=r) for r in RATES} for g in GATES}
    same = {
        gate: len({tuple(run.outputs) for run in runs.values()}) == 1
        for gate, runs in exact.items()
    }
    # Rises may be 0: a difference.
    return Finding(
        {
            f"{gate}: the error of a pass rises less often": stats.greater(
                seen["fast"][1], seen["slow"][1], by=stats.ANY
            )
            for gate, seen in found.items()
        },
        "From random weights the error rises {rises[AND]:.2f} times for AND (rate "
        "1/16, rate 1) and {rises[OR]:.2f} times for OR. From zeros the outputs are "
        "the same for all {rates} rates: a rate only scales the weights.",
        rates=len(RATES),
        rises={
            gate: [np.mean(seen[name][1]) for name in seen]
            for gate, seen in found.items()
        },
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
