"""Layer: units side by side learn as if alone, and what a pass over the data costs.

A layer of perceptrons has one column of weights a unit. The rule changes a column by
the error of its own unit alone, so units share their inputs and nothing else: trained
together or one by one, they end with the same weights.

The weights are inputs × units, whatever the number of samples. The cost is not: a pass
shows all N samples, and each takes m n multiplications for the sums and as many for the
update. The notes say "iterations", which may mean samples or passes.
"""

import numpy as np

from recipes.basics.perceptron._rule import inputs, learn, numbers, targets
from recipes.lab import Finding, claim, main


@claim(
    "perceptron-units-independent",
    "The units of a layer learn independently of each other.",
    says="is",
    notes="003",
    scope="AND with OR, and 10 units on 50 random samples; 10 passes, exact",
)
def units_are_independent(lab):
    """Units trained together and one by one end with the same weights, exactly."""
    rng = np.random.default_rng(0)
    problems = {
        "AND and OR": (inputs(), targets("AND", "OR")),
        "10 random units": (
            rng.integers(-9, 10, (50, 20)),
            rng.integers(0, 2, (50, 10)),
        ),
    }
    equal, shapes = {}, {}
    for name, (x, answers) in problems.items():
        together = learn(x, answers, 1, passes=10, stop=False).weights
        alone = [
            learn(x, unit[:, None], 1, passes=10, stop=False).weights
            for unit in answers.T
        ]
        equal[name] = bool((together == np.hstack(alone)).all())
        shapes[f"{name}, {len(x)} samples"] = together.shape
    return Finding(
        equal,
        "Equal exactly; the weights are inputs × units, however many the samples.",
        shape_of_the_weights=shapes,
    )


class Counted:
    """A number that counts the multiplications of its kind."""

    multiplications = 0

    def __init__(self, value):
        self.value = float(value)

    def __mul__(self, other):
        if isinstance(other, np.ndarray):
            return NotImplemented  # the array multiplies number by number
        Counted.multiplications += 1
        return Counted(self.value * getattr(other, "value", other))

    __rmul__ = __mul__

    def __add__(self, other):
        return Counted(self.value + getattr(other, "value", other))

    __radd__ = __add__

    def __ge__(self, other):
        return self.value >= getattr(other, "value", other)


def count_multiplications(passes: int, samples: int, inputs: int, units: int) -> int:
    """Counts the multiplications of a training on random bits."""
    rng = np.random.default_rng(0)
    x = numbers(rng.integers(0, 2, (samples, inputs)), Counted)
    answers = rng.integers(0, 2, (samples, units))
    before = Counted.multiplications
    start = numbers(np.zeros((inputs, units)), Counted)
    learn(x, answers, Counted(1), weights=start, passes=passes, stop=False)
    return Counted.multiplications - before


# Rate times error costs one multiplication a unit, whatever the inputs: doubling the
# inputs may fall a little short of doubling the cost.
NEARLY_DOUBLE = 1.8


@claim(
    "perceptron-cost",
    "Training costs O(T m n) for T iterations, m inputs and n units.",
    says="is",
    notes="003",
    scope="random bits: 3 passes, 8 samples, 6 inputs, 4 units, and each doubled",
)
def cost_of_training(lab):
    """Counts multiplications while each factor is doubled in turn."""
    base = {"passes": 3, "samples": 8, "inputs": 6, "units": 4}
    count = count_multiplications(**base)
    ratios = {
        name: count_multiplications(**{**base, name: 2 * value}) / count
        for name, value in base.items()
    }
    linear = {name: NEARLY_DOUBLE <= ratio <= 2 for name, ratio in ratios.items()}
    return Finding(
        {
            # Then passes and samples are factors of T, both alike.
            "an iteration shows one sample": all(linear.values()),
            # Then the samples are no factor of T m n at all.
            "an iteration is a pass over all samples": ratios["samples"] == 1,
        },
        "It does if T counts samples shown, and not passes over them. Doubled, each "
        "factor multiplies the cost: {ratios:.3g}. With T passes over N samples it "
        "is O(T N m n); O(T m n) is right where T counts samples shown.",
        base=base,
        multiplications=count,
        ratios=ratios,
    )


if __name__ == "__main__":
    main(__file__)
