"""Equilibrium: when the generator has won, the discriminator says one half, not one.

For any generator the best discriminator is p/(p + q), where p and q are the densities
of the data and of what is generated. Where they are equal that is 1/2 everywhere, and
the value of the game, E log D + E log(1 − D), is −log 4, its least. Nothing has to be
trained adversarially to see it: a discriminator is fitted to two equal samples.
"""

import numpy as np
from scipy.integrate import trapezoid
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from recipes.lab import Finding, claim, experiment, main

CLOSE_TO_ONE = 0.9  # what "close to 1" is taken to say
NEAR = 0.01  # of −log 4: what 4000 samples leave to chance
OPTIMUM = -np.log(4.0)


def fitted_discriminator(seed: int, shift: float = 0.0, count: int = 4000) -> dict:
    """Fits a logistic discriminator in x and x² to two normal samples.

    Args:
        seed: Decides the samples.
        shift: Distance of the two means, in standard deviations.
        count: Numbers in each sample.

    Returns:
        D on the second, "generated", sample (mean, least, greatest), and the value
        mean log D(x) + mean log(1 - D(G(z))).
    """
    rng = np.random.default_rng([seed, 2])
    real, made = rng.normal(0, 1, count), rng.normal(shift, 1, count)
    both = np.concatenate([real, made])
    features = np.column_stack([both, both**2])
    labels = np.repeat([1, 0], count)
    model = LogisticRegression(C=1e9, tol=1e-8, max_iter=1000).fit(features, labels)
    d = model.predict_proba(features)[:, 1]
    on_real, on_made = d[:count], d[count:]
    return {
        "mean": float(on_made.mean()),
        "least": float(on_made.min()),
        "greatest": float(on_made.max()),
        "value": float(np.log(on_real).mean() + np.log1p(-on_made).mean()),
    }


def game_value(shift: float) -> float:
    """The best discriminator's value between N(0, 1) and N(shift, 1), integrated."""
    x = np.linspace(-12.0, 12.0 + shift, 20001)
    p, q = norm.pdf(x), norm.pdf(x - shift)
    # log p/(p+q) by logarithms of densities, which do not underflow in the tails.
    difference = norm.logpdf(x) - norm.logpdf(x - shift)
    inner = -p * np.logaddexp(0, -difference) - q * np.logaddexp(0, difference)
    return float(trapezoid(inner, x))


@experiment
def fitted(lab) -> list[dict]:
    """Discriminators fitted on equal data, one a seed."""
    return [fitted_discriminator(seed) for seed in lab.seeds]


@claim(
    "gan-equilibrium",
    "D(G(z)) comes close to 1 once the generated distribution equals the data's.",
    says="is",
    notes="000",
    scope="logistic discriminators of two equal normal samples of 4000",
)
def it_cannot_tell(lab):
    """What a fitted discriminator says where both samples are alike."""
    fits = fitted(lab)
    means = [one["mean"] for one in fits]
    return Finding(
        bool(min(means) > CLOSE_TO_ONE),
        "Where P_G = P_data the best discriminator is p/(p+q) = 1/2: fitted on equal "
        "data it says {mean:.4f} on average, from {least:.3f} to {greatest:.3f}. Close "
        "to 1 it would be fooled; here it cannot tell.",
        mean=np.mean(means),
        least=min(one["least"] for one in fits),
        greatest=max(one["greatest"] for one in fits),
        fits=fits,
        close_to_1_would_be_above=CLOSE_TO_ONE,
    )


@claim(
    "gan-log4",
    "The value of the game at its optimum is -log 4.",
    says="is",
    notes="ours",
    scope="two normal distributions, integrated and sampled; nothing is trained",
)
def value_is_minus_log_4(lab):
    """Integrates the game's value around equality, and samples it there."""
    values = [one["value"] for one in fitted(lab)]
    curve = {shift: game_value(shift) for shift in (0.0, 0.5, 1.0, 2.0, 4.0)}
    exact = abs(curve[0.0] - OPTIMUM) < 1e-9 and min(curve, key=curve.get) == 0.0
    return Finding(
        bool(exact and max(abs(value - OPTIMUM) for value in values) < NEAR),
        "-log 4 = {optimum:.5f}; fitted on equal data {fitted:.5f}; with the means one "
        "deviation apart the best D gets {apart:.5f}.",
        optimum=OPTIMUM,
        fitted=np.mean(values),
        apart=curve[1.0],
        values=values,
        value_by_distance_of_the_means={str(k): v for k, v in curve.items()},
    )


if __name__ == "__main__":
    main(__file__)
