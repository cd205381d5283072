"""Parts: a squared error is bias, variance and noise, added up.

Fit a model to many training sets of the same kind. At every place its predictions have
a mean and a spread. How far the mean lies from the truth is the bias; the spread is the
variance; and what is to be predicted has noise, which no model knows. The three are
independent, so their squares add up to the expected squared error.

For polynomials bias and variance follow from the places of the rows alone, without
fitting anything. So the sum can be tested: one side is computed, the other one is
measured on fits to data.
"""

import numpy as np

from recipes.generalization.bias_variance._curve import CURVES, NOISE, ROWS, hat
from recipes.lab import Finding, claim, experiment, figures, main, stats

DEGREES = (1, 4, 15)
SHOWN = range(23)
ERRORS = 4.0  # standard errors of a measured mean: beyond them lies 1 in 16,000
PLACES = np.linspace(-1, 1, ROWS)  # the same in every training set
AT = np.linspace(-1, 1, 201)  # where predictions are judged


def computed(degree: int) -> dict[str, float]:
    """Bias², variance and noise of a polynomial through 30 rows of a noisy sine.

    The prediction is H y. Its mean is H f, and independent noise of variance s² in y
    makes the variance s² ΣH² over each row of H.
    """
    matrix, truth = hat(PLACES, degree, AT), CURVES["sine"]
    bias = matrix @ truth(PLACES) - truth(AT)
    return {
        "bias²": float((bias**2).mean()),
        "variance": float(NOISE**2 * (matrix**2).sum(1).mean()),
        "noise": NOISE**2,
    }


def measured(degree: int, seed: int, sets: int) -> dict[str, np.ndarray]:
    """The errors of fits to so many training sets: the mean over places, (sets,)."""
    rng, truth = np.random.default_rng([seed, 64]), CURVES["sine"]
    targets = truth(PLACES) + rng.normal(0, NOISE, (sets, ROWS))
    fits = targets @ hat(PLACES, degree, AT).T
    new = truth(AT) + rng.normal(0, NOISE, (sets, len(AT)))
    return {"squared": ((fits - new) ** 2).mean(1), "absolute": abs(fits - new).mean(1)}


@experiment
def sums(lab) -> dict[int, dict[str, float]]:
    """The computed sum and the measured error with its standard error, by degree."""
    found = {}
    for degree in DEGREES:
        runs = [measured(degree, seed, lab.settings.sets) for seed in lab.seeds]
        squared = np.concatenate([run["squared"] for run in runs])
        absolute = np.concatenate([run["absolute"] for run in runs])
        found[degree] = {
            "sum": sum(computed(degree).values()),
            "measured": float(squared.mean()),
            "standard error": float(squared.std(ddof=1) / len(squared) ** 0.5),
            "absolute": float(absolute.mean()),
        }
    return found


@claim(
    "bv-decomposition",
    # The notes call both "the error introduced by"; the sum is their reading.
    "Bias is the error of too simple a model and variance that of its sensitivity to "
    "the training data; bias², variance and noise add up to the squared error.",
    says="is",
    notes="004",
    scope="polynomials of degree 1, 4 and 15 through 30 rows, 1,000 training sets",
)
def error_is_a_sum(lab):
    """Asks for each degree whether the measured error is the computed sum."""
    found = sums(lab)
    parts = {degree: computed(degree) for degree in DEGREES}
    lab.table(
        "Expected squared error of polynomials: computed parts and measured error",
        ["degree", "bias²", "variance", "noise", "sum", "measured", "standard error"],
        [
            [degree, *parts[degree].values(), *list(found[degree].values())[:3]]
            for degree in DEGREES
        ],
    )
    return Finding(
        {
            f"degree {degree}": stats.close(
                seen["measured"], seen["sum"], ERRORS * seen["standard error"]
            )
            for degree, seen in found.items()
        },
        "Degree {most} has a computed sum of {last_sum:.4f} and a measured error of "
        "{last_error:.4f}. By degree the sums are {sums:.4f}, the errors {errors:.4f}. "
        "Bias² makes up {bias:.0%} of a line's error, variance {variance:.0%} of that "
        "of degree {most}. The sum is one of squares; mean absolute errors are "
        "{absolute:.3f}.",
        figure=draw_parts,
        sums={degree: seen["sum"] for degree, seen in found.items()},
        errors={degree: seen["measured"] for degree, seen in found.items()},
        standard_errors={d: seen["standard error"] for d, seen in found.items()},
        absolute={degree: seen["absolute"] for degree, seen in found.items()},
        parts=parts,
        most=DEGREES[-1],
        last_sum=found[DEGREES[-1]]["sum"],
        last_error=found[DEGREES[-1]]["measured"],
        bias=parts[1]["bias²"] / found[1]["sum"],
        variance=parts[DEGREES[-1]]["variance"] / found[DEGREES[-1]]["sum"],
    )


def draw_parts(lab):
    """The three parts by degree, on top of each other, with the measured errors."""
    figure, axis = figures.new(width=8.4, height=4.4)
    parts = [computed(degree) for degree in SHOWN]
    below = np.zeros(len(parts))
    for index, name in enumerate(("noise", "bias²", "variance")):
        heights = np.array([part[name] for part in parts])
        color = figures.COLORS[(6, 0, 1)[index]]
        look = {"color": color, "alpha": 0.35 if name == "noise" else 0.85}
        axis.bar(SHOWN, heights, bottom=below, width=0.8, label=name, **look)
        below = below + heights
    found = sums(lab)
    shown = [found[degree]["measured"] for degree in DEGREES]
    axis.plot(
        DEGREES, shown, "D", ms=7, color=figures.COLORS[2], label="measured error"
    )
    best = int(np.argmin(below))
    title = f"Bias falls, variance climbs: degree {best} has the least error"
    figures.describe(axis, title, "degree of the polynomial", "expected squared error")
    axis.set(ylim=(0, 1.1 * max(*shown, below[1])), xticks=list(SHOWN))
    figures.legend(axis, loc="upper center")
    lab.figure(
        "parts",
        figure,
        "Noise, bias² and variance of polynomials through 30 rows of a noisy sine, as "
        "computed, with the errors that fits to data have.",
    )


if __name__ == "__main__":
    main(__file__)
