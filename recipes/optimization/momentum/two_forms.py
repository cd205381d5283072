"""Two forms: momentum with (1 − β) is momentum without it at another learning rate.

One note averages the gradients, v ← βv + (1 − β)g; another adds them up,
v ← βv − ηg. In the long run the sum is 1/(1 − β) times the average, so the two take the
same steps where the averaging form gets the rate η/(1 − β): ten times the rate at
β = 0.9. Compared at *one* rate they look like two methods, and that is where the
contradictions of the notes come from.
"""

import numpy as np
from keras.optimizers import SGD
from keras.optimizers.schedules import PiecewiseConstantDecay

from recipes.lab import Finding, claim, main, stats
from recipes.optimization._surfaces import keras_path
from recipes.optimization.momentum._forms import averaged, heavy_ball, velocity

RATE = 0.1
STEPS = 300
SAME = 1e-9  # two paths of 300 steps in float64 that differ by rounding alone


def distance(first, second) -> float:
    """The largest difference of two paths' coordinates."""
    count = min(len(first), len(second))
    return float(np.abs(first[:count] - second[:count]).max())


@claim(
    "momentum-two-forms",
    "Momentum with and without the factor (1 − β) before the gradient is one method.",
    says="is",
    notes="002 003",
    scope="a ravine (x² + y²/condition)/2, rate 0.1; nothing is trained",
)
def one_method(lab):
    """One method where the rate is divided by (1 − β) and never changes."""
    beta, condition = lab.settings.beta, lab.settings.condition
    curvatures = np.array([1.0, 1 / condition])

    def slope(point):
        return curvatures * point

    start, rates = (1.0, 1.0), np.full(100 * condition, RATE)
    reference = velocity(slope, start, rates, beta)
    # Cut the rate on the way: the velocity remembers old steps, with the old rate in
    # them; the average remembers slopes and takes the new rate at once.
    cut = np.repeat([RATE, RATE / 10], [100, 200])
    inside = velocity(slope, start, cut, beta)
    outside = averaged(slope, start, cut / (1 - beta), beta)
    distances = {
        "the same rate": distance(averaged(slope, start, rates, beta), reference),
        "rate/(1 − β)": distance(
            averaged(slope, start, rates / (1 - beta), beta), reference
        ),
        "form with Δθ, the same rate": distance(
            heavy_ball(slope, start, rates, beta), reference
        ),
        "rate/(1 − β), cut to a tenth on the way": distance(outside, inside),
    }
    schedule = PiecewiseConstantDecay([99], [RATE, RATE / 10])
    in_keras = {
        "constant rate": distance(
            keras_path(SGD(RATE, beta), slope, start, STEPS), reference
        ),
        "rate cut": distance(
            keras_path(SGD(schedule, beta), slope, start, STEPS), inside
        ),
    }
    is_velocity = max(in_keras.values()) < stats.CLOSE_FLOAT32
    return Finding(
        {case: stats.below(gap, SAME) for case, gap in distances.items()},
        "The form with (1 − β) takes the steps of the velocity form where its rate is "
        "divided by 1 − β: the paths differ by {distances[rate/(1 − β)]:.0e}, at the "
        "same rate by {distances[the same rate]:.2f}. Where the rate is cut on the way "
        "they part by {parted:.3g}: the velocity keeps the old rate in it. Keras's "
        "SGD is {keras_form}.",
        parted=distances["rate/(1 − β), cut to a tenth on the way"],
        keras_form="the velocity form" if is_velocity else "neither form",
        distances=distances,
        distances_in_keras=in_keras,
    )


if __name__ == "__main__":
    main(__file__)
