"""Balance: a penalty trades variance for bias, and the trade pays where data is short.

An error on new rows has two parts beside the noise. *Bias* is how far the mean fit,
over all draws of the noise, lies from the truth; *variance* is how much the fits
scatter around their mean. Ridge makes the second smaller and the first larger, and both
have a formula. From it follows when a penalty is worth anything: where there is
variance to take. A model that underfits has none, and with enough rows there is none
left either.
"""

import itertools

import numpy as np

from recipes.generalization.penalties._linear import (
    STRENGTHS,
    USEFUL,
    Problem,
    problem,
    ridge,
    ridge_by_folds,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

FEW = 30  # rows for 20 features: enough for one fit, and for much variance
TIMES = 10  # problems a seed: a fit is one line of algebra
NOISE = 2.0  # standard deviation; at 1 there is little to regularize
ROWS = (30, 60, 200, 2000)


def bias_and_variance(given: Problem, strength: float) -> tuple[float, float]:
    """Squared bias and variance of ridge's predictions on new rows, by formula.

    Args:
        given: Rows; over draws of their noise the fit has a mean and a spread.
        strength: Of the penalty.
    """
    x, features = given.x, given.x.shape[1]
    solve = np.linalg.solve(x.T @ x + strength * np.eye(features), x.T)
    bias = given.excess(solve @ x @ given.truth)
    variance = NOISE**2 * np.trace(solve.T @ given.covariance @ solve)
    return bias, float(variance)


@experiment
def parts(lab) -> np.ndarray:
    """Bias² and variance by problem and strength, (problems, strengths, 2)."""
    drawn = [problem(seed, FEW, noise=NOISE) for seed in lab.more_seeds(TIMES)]
    return np.array([[bias_and_variance(d, s) for s in STRENGTHS] for d in drawn])


@claim(
    "reg-bias-variance",
    "Regularization lowers the variance at the price of bias, and helps to find the "
    "strength at which the two are balanced.",
    says="often",
    hedge="helps",
    notes="004",
    scope="ridge regression of 20 features on 30 rows, by formula, 100 draws",
)
def variance_falls(lab):
    """Bias and variance by formula over the strength."""
    seen = parts(lab)
    total = seen.sum(2)
    mean = total.mean(0)
    best = int(mean.argmin())
    return Finding(
        {
            "variance falls with every strength": bool(
                (np.diff(seen[..., 1], axis=1) < 0).all()
            ),
            "bias rises with every strength": bool(
                (np.diff(seen[..., 0], axis=1) > 0).all()
            ),
            "the least error lies between": 0 < best < len(STRENGTHS) - 1,
            "one strength for all draws beats none by a tenth": stats.greater(
                total[:, 0], total[:, best], by=stats.TENTH, scale="log"
            ),
        },
        "Almost without a penalty the error is {plain:.2f} of variance and {none:.2f} "
        "of bias; at the best strength, {best:g}, it is {variance:.2f} and {bias:.2f}.",
        figure=draw_balance,
        plain=seen[:, 0, 1].mean(),
        none=seen[:, 0, 0].mean(),
        best=STRENGTHS[best],
        variance=seen[:, best, 1].mean(),
        bias=seen[:, best, 0].mean(),
    )


def folds_and_none(given: Problem) -> tuple[float, float]:
    """Excess error with the strength that the rows choose, and without a penalty."""
    return (
        given.excess(ridge_by_folds(given.x, given.y)[0]),
        given.excess(ridge(given.x, given.y, 0.0)),
    )


def with_three_features(seed: int) -> tuple[float, float]:
    """Errors of a model that is too simple: it is shown 3 of the 5 useful features."""
    given = problem(seed, 300, noise=NOISE)
    x, shown = given.x[:, :3], given.truth[:3]
    # The features are independent: what the other two explain is lost to any weights.
    lost = float((given.truth[3:USEFUL] ** 2).sum())
    fits = ridge_by_folds(x, given.y)[0], ridge(x, given.y, 0.0)
    with_it, without = (lost + float(((w - shown) ** 2).sum()) for w in fits)
    return with_it, without


# A model underfits if its error is high on training rows, too. So two things are asked
# of a penalty that "prevents underfitting": less error on the training rows, which by
# the formula can't be, and less on new rows.


@claim(
    "reg-prevents-overfitting",
    "Regularization prevents overfitting.",
    says="always",
    notes="001",
    scope="ridge regression, 20 features on 30 rows (overfits); strength by 5-fold "
    "cross-validation",
)
def overfitting_is_prevented(lab):
    """Error on new rows with and without a penalty, of a model that overfits."""
    seeds = lab.more_seeds(TIMES)
    over = np.array([folds_and_none(problem(s, FEW, noise=NOISE)) for s in seeds])
    return Finding(
        {
            "a tenth less error on new rows": stats.greater(
                over[:, 1], over[:, 0], by=stats.TENTH, scale="log"
            )
        },
        "Excess error on new rows without a penalty and with it: {over:.2f}.",
        over=over.mean(0)[::-1],
    )


@claim(
    "reg-prevents-underfitting",
    "Regularization prevents underfitting.",
    says="always",
    notes="001",
    scope="ridge regression, 3 of 5 useful features on 300 rows (underfits); strength "
    "by 5-fold cross-validation",
)
def underfitting_is_prevented(lab):
    """Errors with and without a penalty, of a model that is too simple."""
    seeds = lab.more_seeds(TIMES)
    under = np.array([with_three_features(s) for s in seeds])
    given = problem(seeds[0], 300, noise=NOISE)
    training = [
        float(
            ((given.y - given.x[:, :3] @ ridge(given.x[:, :3], given.y, s)) ** 2).mean()
        )
        for s in (0.0, *STRENGTHS)
    ]
    return Finding(
        {
            "a tenth less error on new rows": stats.greater(
                under[:, 1], under[:, 0], by=stats.TENTH, scale="log"
            ),
            "less error on training rows at some strength": bool(
                min(training[1:]) < training[0] - 1e-12
            ),
        },
        "Excess error on new rows without a penalty and with it: {under:.2f}. On "
        "training rows the error only rises with the strength: from {first:.2f} to "
        "{last:.2f}.",
        under=under.mean(0)[::-1],
        first=training[0],
        last=training[-1],
    )


@experiment
def by_rows(lab) -> dict[int, np.ndarray]:
    """Excess errors with a penalty and without, by the number of rows."""
    return {
        rows: np.array(
            [
                folds_and_none(problem(s, rows, noise=NOISE))
                for s in lab.more_seeds(TIMES)
            ]
        )
        for rows in ROWS
    }


# The strength is chosen anew for each number of rows, by folds within them: one that is
# fitted to 30 rows would be unfair to 2,000. What it gains is skewed, so its median
# is judged.


@claim(
    "reg-more-data-better",
    "Regularization generally works better with sufficient data.",
    says="often",
    hedge="generally",
    notes="001",
    scope="ridge regression of 20 features on 30 to 2,000 rows; strength by 5-fold "
    "cross-validation",
)
def gain_grows_with_rows(lab):
    """What the penalty gains, in error and as a ratio, from one size to the next."""
    seen = by_rows(lab)
    gained = {rows: errors[:, 1] - errors[:, 0] for rows, errors in seen.items()}
    times = {rows: errors[:, 1] / errors[:, 0] for rows, errors in seen.items()}
    conditions = {}
    for fewer, more in itertools.pairwise(ROWS):
        conditions[f"{more:,} rows against {fewer:,}: gains more"] = stats.greater(
            gained[more], gained[fewer], by=stats.ANY, scale="ranks"
        )
        conditions[f"{more:,} rows against {fewer:,}: a larger ratio"] = stats.greater(
            times[more], times[fewer], by=stats.TENTH, scale="log"
        )
    return Finding(
        conditions,
        "The error without a penalty is {few:.2f} times that with it on 30 rows, and "
        "{many:.2f} times on 2,000. What it takes off the error: {gained:.2g}.",
        few=np.median(times[ROWS[0]]),
        many=np.median(times[ROWS[-1]]),
        figure=draw_rows,
        gained={f"{rows:,} rows": np.median(value) for rows, value in gained.items()},
        times={f"{rows:,} rows": np.median(value) for rows, value in times.items()},
    )


def draw_balance(lab):
    """Bias, variance and their sum over the strength."""
    figure, axes = figures.new(width=7.6, height=4.0)
    seen = parts(lab).mean(0)
    axes.set_xscale("log")
    axes.set(xlim=(STRENGTHS[0], STRENGTHS[-1]))
    curves = {"bias²": seen[:, 0], "variance": seen[:, 1], "both": seen.sum(1)}
    figures.curves(axes, STRENGTHS, curves)
    title = "The least error has some of both"
    figures.describe(axes, title, "strength of the penalty", "error on new rows")
    lab.figure(
        "balance",
        figure,
        "Squared bias, variance and their sum of ridge regression on 30 rows, by "
        "formula, means over the draws.",
    )


def draw_rows(lab):
    """Errors with a penalty and without over the number of rows."""
    figure, axes = figures.new(width=7.6, height=4.0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlim=(ROWS[0], ROWS[-1]))
    for index, name in enumerate(("strength by cross-validation", "no penalty")):
        median = [np.median(by_rows(lab)[rows][:, index]) for rows in ROWS]
        axes.plot(
            ROWS,
            median,
            marker="os"[index],
            color=figures.COLORS[index],
            linestyle=figures.LINES[index],
            label=name,
        )
    axes.set_xticks(ROWS, [f"{rows:,}" for rows in ROWS])
    axes.minorticks_off()
    figures.legend(axes)
    gains = [np.median(by_rows(lab)[rows], 0) @ (-1, 1) for rows in ROWS]
    title = "With more rows there is less for a penalty to gain"
    if not (np.diff(gains) < 0).all():
        title = f"A penalty takes off {gains[0]:.2g} on {ROWS[0]} rows"
        title += f", {gains[-1]:.2g} on {ROWS[-1]:,}"
    figures.describe(axes, title, "training rows", "excess error on new rows (median)")
    lab.figure("rows", figure, "Error with a penalty and without, by training rows.")


if __name__ == "__main__":
    main(__file__)
