"""Noise: a batch's gradient is a guess at the gradient of all samples.

A batch of B samples, drawn from N without replacement, has a gradient that is right on
average and scatters around the gradient of all with the variance

    S²/B · (1 − B/N),

where S² is the variance of single samples' gradients. Batches of 32 have 1/32 of the
noise of single samples, and all samples have none. In exchange an epoch of small
batches has many updates. At one low learning rate that decides: in three epochs single
samples come furthest, the full batch hardly moves.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.batch_size._digits import (
    MIDDLE,
    SIZES,
    TRAINED,
    train,
    train_and_held_out,
)
from recipes.optimization.batch_size._gradients import backward, initial_weights

DRAWS = 150  # batches of each size for each seed
AGREE = 0.1  # the formula holds if the variance measured is within a tenth of it
NONE = 1e-20  # of one sample's variance: what rounding leaves of a zero


def each_gradient(x, y, seed: int, classes: int = 10) -> np.ndarray:
    """The gradient of every sample, one row each, for new weights.

    A dense kernel's gradient for one sample is the outer product of what comes in and
    the slope by what goes out.
    """
    weights = initial_weights((x.shape[1], 64, classes), seed)
    inputs, slopes = backward(weights, x.astype(float), y)
    rows = [
        (seen[:, :, None] * slope[:, None, :]).reshape(len(x), -1)
        for seen, slope in zip(inputs, slopes, strict=True)
    ]
    return np.concatenate(rows, 1)


def variance(gradients, size: int, seed: int) -> float:
    """The mean squared distance of a batch's gradient from the gradient of all."""
    rng = np.random.default_rng([seed, 52])
    count = len(gradients)
    shares = np.zeros((DRAWS, count))
    for row in shares:
        row[rng.permutation(count)[:size]] = 1 / size
    # Centered first: the batch of all then gives 0 up to rounding.
    distances = shares @ (gradients - gradients.mean(0))
    return float((distances**2).sum(1).mean())


def by_formula(gradients, size: int) -> float:
    """S²/B·(1 − B/N), for B of N samples drawn without replacement."""
    count = len(gradients)
    spread = gradients.var(0, ddof=1).sum()
    return float(spread / size * (1 - size / count))


@experiment
def noise_by_size(lab) -> dict[int, tuple[float, float]]:
    """Batch size to the noise measured and by formula, in shares of one sample's."""
    measured, formula = {}, {}
    (x, y), _ = train_and_held_out(lab.data(lab.like_digits))
    for seed in lab.seeds[:5]:
        gradients = each_gradient(x.reshape(len(x), -1), y, seed)
        single = by_formula(gradients, 1)
        for size in (1, *SIZES, TRAINED):
            share = variance(gradients, size, seed) / single
            measured.setdefault(size, []).append(share)
            formula[size] = by_formula(gradients, size) / single  # of N and B alone
    means = {size: float(np.mean(shares)) for size, shares in measured.items()}
    # What rounding leaves differs with the number of threads.
    return {size: (m if m > NONE else 0.0, formula[size]) for size, m in means.items()}


# What the noise buys. All three variants of the notes train at one rate: a low one,
# because single samples diverge at the rates that suit large batches.
LOW_RATE, FEW = 0.05, 3  # and so many epochs


@experiment
def losses_after_few_epochs(lab) -> dict[int, np.ndarray]:
    """Batch size to the training loss after `FEW` epochs, one a seed."""
    sizes = (1, MIDDLE, TRAINED)
    names = {size: f"batches of {size}, rate {LOW_RATE:g}" for size in sizes}
    cases = {
        names[size]: {
            "batch_size": size,
            "learning_rate": LOW_RATE,
            "epochs": FEW,
            "score_epochs": [FEW],
        }
        for size in sizes
    }
    runs = lab.sweep(
        train,
        cases,
        data=lab.like_digits,
        seeds=lab.seeds[:5],  # losses differ by factors, and single samples are slow
        title="three variants on digits",
    )
    return {b: stats.column(runs[names[b]], "training_loss")[:, -1] for b in sizes}


@claim(
    "gd-variants",
    "Full-batch descent is stable but slow, single-sample descent is noisy, "
    "mini-batches are between.",
    notes="001 003",
    scope="1,056 digits, a network of 64 hidden units, one rate, 3 epochs",
)
def between_noisy_and_slow(lab):
    """Compares the gradient's noise with its formula, and progress an epoch."""
    noise, losses = noise_by_size(lab), losses_after_few_epochs(lab)
    error = max(abs(seen / known - 1) for seen, known in noise.values() if known)
    gains = {
        fast: stats.greater(losses[slow], losses[fast], by=stats.TENTH, scale="log")
        for fast, slow in ((1, MIDDLE), (MIDDLE, TRAINED))
    }
    return Finding(
        {
            "noise falls as 1/B, to 0 with all": stats.below(error, AGREE)
            and noise[TRAINED][0] == 0,
            "an epoch of 32s gets further than one of the full batch": gains[MIDDLE],
            "an epoch of single samples gets further than one of 32s": gains[1],
        },
        "The variance of a batch's gradient follows S²/B·(1 − B/N) to {error:.1%}: "
        "{of_middle:.4f} of one sample's with {middle}, {of_all:.2g} with all "
        "{trained}. Training loss after {epochs} epochs at rate {rate}, by batch size: "
        "{mean_loss:.3g}.",
        figure=draw_noise,
        error=error,
        middle=MIDDLE,
        of_middle=noise[MIDDLE][0],
        trained=TRAINED,
        of_all=noise[TRAINED][0],
        epochs=FEW,
        rate=LOW_RATE,
        mean_loss={str(size): values.mean() for size, values in losses.items()},
        variance_over_that_of_one_sample_and_by_formula={
            str(size): pair for size, pair in noise.items()
        },
        training_loss={str(size): values for size, values in losses.items()},
    )


def draw_noise(lab):
    """The gradient's variance by batch size, beside what the noise buys."""
    noise, losses = noise_by_size(lab), losses_after_few_epochs(lab)
    figure, (left, right) = figures.new(1, 2, width=10.0, height=4.0)
    left.set(xscale="log", yscale="log")
    sizes = np.geomspace(1, 0.98 * TRAINED, 200)
    formula = (1 / sizes - 1 / TRAINED) / (1 - 1 / TRAINED)  # one sample's is 1
    left.plot(sizes, formula, color=figures.COLORS[0], label="S²/B·(1 − B/N)")
    seen = [size for size in noise if size < TRAINED]  # the noise of all is 0
    left.plot(
        seen,
        [noise[size][0] for size in seen],
        "o",
        color=figures.COLORS[1],
        label="measured",
    )
    left.set_xticks(seen, [str(size) for size in seen])
    left.minorticks_off()
    figures.legend(left)
    title = "Noise falls as 1/B, to none with all samples"
    y = "variance of the gradient\n(1 = of one sample's)"
    figures.describe(left, title, "batch size (samples)", y)
    for index, values in enumerate(losses.values()):
        style = {"color": figures.COLORS[index], "marker": "os^"[index]}
        right.plot([index] * len(values), values, linestyle="none", **style)
    names = [f"{size}\n({TRAINED // size})" for size in losses]
    right.set_xticks(range(len(losses)), names)
    right.set(xlim=(-0.5, len(losses) - 0.5), ylim=(0, None))
    means = [losses[size].mean() for size in sorted(losses)]
    title = f"In {FEW} epochs small batches come further"
    if not (np.diff(means) > 0).all():
        title = f"After {FEW} epochs: {means[0]:.2g} with 1, {means[-1]:.2g} with all"
    x = "batch size (samples), below it the updates of an epoch"
    figures.describe(right, title, x, f"training loss at rate {LOW_RATE} (nats)")
    lab.figure(
        "noise",
        figure,
        f"The noise of a batch's gradient by batch size, and the loss after {FEW} "
        "epochs at one rate, a mark a seed.",
    )


if __name__ == "__main__":
    main(__file__)
