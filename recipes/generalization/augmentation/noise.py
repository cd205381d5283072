"""Noise: noisy inputs shrink a linear model's weights as ridge regression does.

Add noise of variance s² to the n inputs of a linear regression, over and over. The
squared error then has a second part, s² times the squared length of the weights, for
each row: in expectation this is ridge regression with penalty n·s² (Bishop, 1995). So
noise in the inputs is a penalty in disguise, and it helps where ridge helps: few rows,
many features. A network on digits shows whether that carries over.
"""

import numpy as np

from recipes.generalization.augmentation._images import scores, strength_of
from recipes.lab import Finding, claim, experiment, figures, main, stats

ROWS, FEATURES, LABEL_NOISE, COPIES = 30, 20, 1.0, 200
DEVIATIONS = (0.03, 0.1, 0.3, 1.0)
TIMES = 4  # regressions for each that `--seeds` asks for: they cost nothing


def regression(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian rows, targets with noise, and the true weights, of length 1."""
    rng = np.random.default_rng([seed, 85])
    weights = rng.normal(size=FEATURES)
    weights /= np.linalg.norm(weights)
    x = rng.normal(size=(ROWS, FEATURES))
    return x, x @ weights + LABEL_NOISE * rng.normal(size=ROWS), weights


def fitted(seed: int, deviation: float, copies: int = COPIES) -> np.ndarray:
    """The weights that fit many noisy copies of the rows best."""
    x, y, _ = regression(seed)
    if not deviation:
        return np.linalg.lstsq(x, y, rcond=None)[0]
    rng = np.random.default_rng([seed, 86])
    noisy = np.tile(x, (copies, 1))
    noisy += deviation * rng.normal(size=noisy.shape)
    return np.linalg.lstsq(noisy, np.tile(y, copies), rcond=None)[0]


def ridge(seed: int, deviation: float) -> np.ndarray:
    """Ridge regression with the penalty that noise of a deviation stands for."""
    x, y, _ = regression(seed)
    penalty = ROWS * deviation**2 * np.eye(FEATURES)
    return np.linalg.solve(x.T @ x + penalty, x.T @ y)


def new_error(seed: int, weights: np.ndarray) -> float:
    """The mean squared error on new rows: label noise, and the weights' error."""
    return LABEL_NOISE**2 + float(((weights - regression(seed)[2]) ** 2).sum())


@experiment
def linear(lab) -> dict[str, list[float]]:
    """Errors on new rows without noise, with it, and with ridge, one a seed."""
    tuning = lab.tuning_seeds
    best = min(
        DEVIATIONS,
        key=lambda d: np.mean([new_error(seed, fitted(seed, d)) for seed in tuning]),
    )
    seeds = lab.more_seeds(TIMES)
    return {
        "without": [new_error(seed, fitted(seed, 0.0)) for seed in seeds],
        "with": [new_error(seed, fitted(seed, best)) for seed in seeds],
        "ridge": [new_error(seed, ridge(seed, best)) for seed in seeds],
        "deviation": [best],
    }


@claim(
    "aug-noise-injection",
    "Adding noise to the inputs in training helps against overfitting.",
    says="advice",
    hedge="listed as a remedy",
    notes="000 001 004",
    scope="a linear model, 30 rows of 20 features; 100 images of digits, a small CNN",
)
def noise_helps(lab):
    """Errors of the linear model, and accuracy on digits as they are and noisy."""
    errors, plain, noisy = linear(lab), scores(lab, None), scores(lab, "noise")
    return Finding(
        {
            "linear model: error on new rows": stats.greater(
                errors["without"], errors["with"], by=stats.TENTH, scale="log"
            ),
            **{
                f"digits {name}": stats.greater(
                    noisy[name], plain[name], by=stats.ACCURACY_POINT
                )
                for name in ("as they are", "noisy")
            },
        },
        "The linear model's squared error on new rows is {with_it:.2f} with noise, "
        "{without:.2f} without and {ridge:.2f} with the ridge penalty that noise "
        "stands for. On digits as they are accuracy is {same:.1%} with noise and "
        "without, on noisy digits {noisy:.1%}.",
        figure=draw_noise,
        with_it=np.mean(errors["with"]),
        without=np.mean(errors["without"]),
        ridge=np.mean(errors["ridge"]),
        same=[seen["as they are"].mean() for seen in (noisy, plain)],
        noisy=[seen["noisy"].mean() for seen in (noisy, plain)],
        deviation_of_the_noise={
            "linear model": errors["deviation"][0],
            "digits": strength_of(lab, "noise"),
        },
    )


def draw_noise(lab):
    """The length of the weights, and the error, by the noise's deviation."""
    figure, axes = figures.new(1, 2, width=10.5, height=4.0)
    grid, seeds = np.geomspace(0.03, 1.5, 12), list(lab.seeds)
    for panel, measure, name in (
        (axes[0], lambda seed, w: np.linalg.norm(w), "length of the weights"),
        (axes[1], new_error, "squared error on new rows"),
    ):
        panel.set_xscale("log")
        for index, (label, fit) in enumerate((("noise", fitted), ("ridge", ridge))):
            values = [[measure(s, fit(s, d)) for d in grid] for s in seeds]
            style = {"ls": "", "marker": "o"} if label == "noise" else {"ls": "-"}
            panel.plot(grid, np.mean(values, 0), label=label,
                       color=figures.COLORS[index], **style)  # fmt: skip
        plain = np.mean([measure(s, fitted(s, 0.0)) for s in seeds])
        panel.axhline(plain, color="#000000", lw=0.8, ls=":")
        title = (
            "Noisy inputs give the weights of ridge regression"
            if panel is axes[0]
            else "and its error (dotted: without noise)"
        )
        figures.describe(panel, title, "standard deviation of the noise", name)
    figures.legend(axes[0])
    lab.figure(
        "noise",
        figure,
        "Length of the weights and error on new rows of a linear model, fitted to "
        "noisy copies of 30 rows or by ridge regression: means over the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
