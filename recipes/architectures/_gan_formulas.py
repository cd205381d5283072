"""What can be said of a GAN's losses without training one."""

import keras
import numpy as np
from keras import ops
from scipy.integrate import trapezoid
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from recipes.architectures._gan_pair import LOSSES
from recipes.lab import gradients
from zoo.gan import GENERATOR_LOSSES
from zoo.losses import discriminator_loss

EARLY = 1e-4  # D(G(z)) where the discriminator is sure
TOLERANCE = 1e-5  # single precision, relative
VANISHED, STRONG = 0.01, 0.5  # of the largest gradient in a logit that there can be
CLOSE_TO_ONE = 0.9  # what "close to 1" is taken to say
OPTIMUM = -np.log(4.0)


def judge_formulas(lab) -> None:
    """Judges the claims that need no training."""
    judge_objectives(lab)
    judge_saturation(lab)
    judge_subtlety(lab)
    judge_equilibrium(lab)


def judge_objectives(lab) -> None:
    """Compares the losses with cross-entropies whose labels are swapped."""
    real, fake = np.random.default_rng(0).normal(0, 3, (2, 200)).astype("float32")
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    one, zero = np.ones_like(fake), np.zeros_like(fake)
    ours = {
        "D: real is 1, generated is 0": discriminator_loss(real, fake),
        "G, non-saturating: generated is 1": GENERATOR_LOSSES[LOSSES[0]](fake),
        "G, minimax: minus (generated is 0)": GENERATOR_LOSSES[LOSSES[1]](fake),
    }
    swapped = (
        entropy(one, real) + entropy(zero, fake),
        entropy(one, fake),
        -entropy(zero, fake),
    )
    differences = {
        name: float(abs(loss - other))
        for (name, loss), other in zip(ours.items(), swapped, strict=True)
    }
    on_real, on_fake = gradients(lambda x: discriminator_loss(*x), [real, fake])
    separates = on_real.max() < 0 < on_fake.min()  # descending parts the logits
    fools = all(slopes.max() < 0 for slopes in logit_gradients(fake).values())
    lab.verdict(
        "gan-objectives",
        bool(max(differences.values()) < TOLERANCE and separates and fools),
        evidence={
            "loss_minus_cross_entropy": differences,
            "a_step_of_D_raises_real_and_lowers_generated_logits": separates,
            "a_step_of_G_raises_generated_logits": fools,
        },
        note="All three losses are binary cross-entropies, the generator's with the "
        "labels swapped; the largest difference, of means over 200 logits, is "
        f"{max(differences.values()):.1g}.",
    )


def logit_gradients(logits: np.ndarray) -> dict[str, np.ndarray]:
    """Each generator loss differentiated in each logit, times their number."""
    return {
        name: len(logits) * gradients(lambda x, f=f: f(x[0]), [logits])[0]
        for name, f in GENERATOR_LOSSES.items()
    }


def closed_forms(logits: np.ndarray) -> dict[str, np.ndarray]:
    """The same by formula: -σ(-l) and -σ(l)."""
    return {
        "non_saturating": -1 / (1 + np.exp(logits)),
        "minimax": -1 / (1 + np.exp(-logits)),
    }


def judge_saturation(lab) -> None:
    """Compares what reaches a logit of which the discriminator is sure."""
    logits = np.linspace(-10, 10, 201)
    seen, formula = logit_gradients(logits.astype("float32")), closed_forms(logits)
    error = max(np.max(np.abs(seen[n] / formula[n] - 1)) for n in LOSSES)
    early = np.log(EARLY / (1 - EARLY))
    sizes = {
        name: float(-slope[0])
        for name, slope in logit_gradients(np.array([early], "float32")).items()
    }
    ratio = sizes["non_saturating"] / sizes["minimax"]
    lab.verdict(
        "gan-saturating-vs-not",
        bool(
            error < TOLERANCE
            and sizes["minimax"] < VANISHED
            and sizes["non_saturating"] > STRONG
        ),
        evidence={
            "D_of_a_sample": EARLY,
            "gradient_size_in_its_logit": sizes,
            "ratio": ratio,
            "by_formula": (1 - EARLY) / EARLY,
            "largest_relative_error_of_-σ(l)_and_-σ(-l)": error,
        },
        note=f"Where D is {EARLY:g}, a logit's gradient is {sizes['minimax']:.4g} with "
        f"log(1-D) and {sizes['non_saturating']:.4g} with -log D, {ratio:.0f} times "
        "as much.",
    )


def judge_subtlety(lab) -> None:
    """Compares the slopes in D itself, on both sides of one half."""
    d = np.concatenate([np.logspace(-4, -1, 31), np.linspace(0.15, 0.999, 60)])
    blue, orange = (
        np.abs(gradients(lambda x, f=f: ops.sum(f(x[0])), [d.astype("float32")])[0])
        for f in (lambda x: -ops.log(x), lambda x: ops.log(1 - x))
    )
    below, above = d < 0.499, d > 0.501
    lab.verdict(
        "gan-curve-subtle",
        {
            "D < 1/2, where a generator starts": bool((blue < orange)[below].all()),
            "D > 1/2": bool((blue < orange)[above].all()),
        },
        evidence={
            "D": d[0],
            "slope_of_-log_D": blue[0],
            "slope_of_log(1-D)": orange[0],
            "ratio": blue[0] / orange[0],
            "largest_relative_error_of_1/D_and_1/(1-D)": max(
                np.max(np.abs(blue * d - 1)), np.max(np.abs(orange * (1 - d) - 1))
            ),
        },
        note=f"At D = {d[0]:g} the slope of -log D is {blue[0]:.5g} and that of "
        f"log(1-D) {orange[0]:.5g}: the curve called subtle is the steeper one "
        "wherever D < 1/2, and the flatter one only above.",
    )


def judge_equilibrium(lab) -> None:
    """Fits discriminators to equal data; computes the value of the game around it."""
    fits = [fitted_discriminator(seed) for seed in lab.seeds]
    means = [fitted["mean"] for fitted in fits]
    low, high = min(f["least"] for f in fits), max(f["greatest"] for f in fits)
    lab.verdict(
        "gan-equilibrium",
        bool(min(means) > CLOSE_TO_ONE),
        evidence={"fitted_D": fits, "close_to_1_would_be_above": CLOSE_TO_ONE},
        note="Where P_G = P_data the best discriminator is p/(p+q) = 1/2: fitted on "
        f"equal data it says {np.mean(means):.4f} on average, from {low:.3f} to "
        f"{high:.3f}. Close to 1 it would be fooled; here it cannot tell.",
    )
    values = [fitted["value"] for fitted in fits]
    curve = {shift: game_value(shift) for shift in (0.0, 0.5, 1.0, 2.0, 4.0)}
    exact = abs(curve[0.0] - OPTIMUM) < 1e-9 and min(curve, key=curve.get) == 0.0
    lab.verdict(
        "gan-log4",
        bool(exact and max(abs(value - OPTIMUM) for value in values) < 0.01),
        evidence={
            "minus_log_4": OPTIMUM,
            "value_of_fitted_D_on_equal_data": values,
            "value_of_the_best_D_by_distance_of_the_means": curve,
        },
        note=f"-log 4 = {OPTIMUM:.5f}; fitted on equal data {np.mean(values):.5f}; "
        f"with the means one deviation apart the best D gets {curve[1.0]:.5f}.",
    )


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
