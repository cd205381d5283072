"""Losses: a sure discriminator silences one generator loss, not the other.

Both networks are trained with binary cross-entropies: D with the true labels, G with
the labels swapped. G can minimize log(1 − D(G(z))), the minimax loss, or −log D(G(z)),
the non-saturating one. They want the same, but not equally loudly: in the
discriminator's logit l their slopes are −σ(l) and −σ(−l). Where D is sure that a sample
is generated, l is far below 0, and only the second slope is left. Compare the right
panel of `losses`.
"""

import keras
import numpy as np
from keras import ops

from recipes.architectures.gan._networks import LOSSES, NAMES, STYLES
from recipes.lab import Finding, claim, figures, gradients, main
from zoo.gan import GENERATOR_LOSSES
from zoo.losses import discriminator_loss

EARLY = 1e-4  # D(G(z)) where the discriminator is sure
TOLERANCE = 1e-5  # single precision, relative
VANISHED, STRONG = 0.01, 0.5  # of the largest gradient in a logit that there can be


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


@claim(
    "gan-objectives",
    "The generator is trained to fool the discriminator, the discriminator to tell "
    "real from generated.",
    says="is",
    notes="002",
    scope="the three losses on 200 random logits; nothing is trained",
)
def labels_are_swapped(lab):
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
    separates = bool(on_real.max() < 0 < on_fake.min())  # descending parts the logits
    fools = all(slopes.max() < 0 for slopes in logit_gradients(fake).values())
    largest = max(differences.values())
    return Finding(
        bool(largest < TOLERANCE and separates and fools),
        "All three losses are binary cross-entropies, the generator's with the labels "
        "swapped; the largest difference, of means over 200 logits, is {largest:.1g}.",
        largest=largest,
        loss_minus_cross_entropy=differences,
        a_step_of_d_parts_the_logits=separates,
        a_step_of_g_raises_generated_logits=fools,
    )


@claim(
    "gan-saturating-vs-not",
    "Early on the gradient of log(1-D(G(z))) vanishes, that of -log D(G(z)) does not.",
    says="is",
    notes="000",
    scope="the gradient in one logit where D is 1e-4; nothing is trained",
)
def one_loss_saturates(lab):
    """Compares what reaches a logit of which the discriminator is sure."""
    logits = np.linspace(-10, 10, 201)
    seen, formula = logit_gradients(logits.astype("float32")), closed_forms(logits)
    error = max(np.max(np.abs(seen[n] / formula[n] - 1)) for n in LOSSES)
    early = np.log(EARLY / (1 - EARLY))
    sizes = {
        name: float(-slope[0])
        for name, slope in logit_gradients(np.array([early], "float32")).items()
    }
    return Finding(
        bool(
            error < TOLERANCE
            and sizes["minimax"] < VANISHED
            and sizes["non_saturating"] > STRONG
        ),
        "Where D is {early:g}, a logit's gradient is {sizes[minimax]:.4g} with "
        "log(1-D) and {sizes[non_saturating]:.4g} with -log D, {ratio:.0f} times as "
        "much.",
        figure=draw_losses,
        early=EARLY,
        sizes=sizes,
        ratio=sizes["non_saturating"] / sizes["minimax"],
        ratio_by_formula=(1 - EARLY) / EARLY,
        largest_relative_error_of_the_formulas=error,
    )


# The notes call the curve of −log D the more subtle one, and praise it for the start of
# training. If that is to say flatter, slopes in D itself tell: 1/D against 1/(1 − D).
# They cross at one half. Above it no generator starts, so that stands in the note only.


@claim(
    "gan-curve-subtle",
    "At the start of training -log D(G(z)) is the more subtle, that is flatter, curve.",
    says="is",
    notes="000",
    scope="slopes in D from 1e-4 to 0.999; nothing is trained",
)
def which_curve_is_flatter(lab):
    """Compares the slopes in D itself, below one half and above."""
    d = np.concatenate([np.logspace(-4, -1, 31), np.linspace(0.15, 0.999, 60)])
    log_d, log_one_minus_d = (
        np.abs(gradients(lambda x, f=f: ops.sum(f(x[0])), [d.astype("float32")])[0])
        for f in (lambda x: -ops.log(x), lambda x: ops.log(1 - x))
    )
    flatter, below, above = log_d < log_one_minus_d, d < 0.499, d > 0.501
    return Finding(
        bool(flatter[below].all()),
        "At D = {first_d:g} the slope of -log D is {slope:.5g} and that of log(1-D) "
        "{other:.5g}: the first is the steeper one wherever D < 1/2, where a generator "
        "starts, and the flatter one only above. To be steep is its advantage.",
        figure=draw_losses,
        first_d=d[0],
        slope=log_d[0],
        other=log_one_minus_d[0],
        ratio=log_d[0] / log_one_minus_d[0],
        flatter_above_one_half=bool(flatter[above].all()),
        largest_relative_error_of_the_formulas=max(
            np.max(np.abs(log_d * d - 1)),
            np.max(np.abs(log_one_minus_d * (1 - d) - 1)),
        ),
    )


def draw_losses(lab):
    """Both losses of the generator, and what they send back, against D."""
    figure, (left, right) = figures.new(1, 2, width=9.0, height=3.8)
    logits = np.linspace(-9.2, 9.2, 300).astype("float32")
    d = 1 / (1 + np.exp(-logits.astype("float64")))
    values = {"non_saturating": -np.log(d), "minimax": np.log1p(-d)}
    slopes = logit_gradients(logits)
    for loss in LOSSES:
        left.plot(d, values[loss], label=NAMES[loss], **STYLES[loss])
        right.plot(d, np.abs(slopes[loss]), label=NAMES[loss], **STYLES[loss])
    left.set(ylim=(-6, 6), xlim=(0, 1))
    right.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-4, 2))
    figures.describe(left, "Both losses fall with D", "D(G(z))", "loss of one sample")
    title = "Where D is sure, only -log D speaks"
    figures.describe(right, title, "D(G(z))", "gradient in the logit")
    for axes in (left, right):
        figures.legend(axes)
    lab.figure(
        "losses",
        figure,
        "Both generator losses, and their gradients in the logit, against D(G(z)).",
    )


if __name__ == "__main__":
    main(__file__)
