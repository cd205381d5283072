"""Data size: what many, few, repeated and never-ending rows do to each variant.

The full batch pays for every row before it takes a step. If rows are many, or say the
same thing over and over, most of that is wasted: a batch of 32 already knows the way.
If they arrive one by one, there is no full batch at all. If they are few, batches are
said to struggle. A linear model with d weights shows it in NumPy: what is counted is
rows processed, or the error on rows that are new. Each variant has the best of its
rates, half a decade apart, chosen on seeds that are not judged.
"""

import numpy as np

from recipes.lab import Finding, claim, main, stats

WEIGHTS, NOISE = 10, 0.5  # d, and the standard deviation of the labels' noise
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
GOAL, MOST = 0.1, 5000  # share of the first squared distance; updates at most
TUNED = 3


def rows(count: int, seed: int, copies: int = 1) -> tuple[np.ndarray, ...]:
    """Rows, labels, and the weights that fit them best."""
    rng = np.random.default_rng([seed, count, 61])
    x = rng.normal(size=(count, WEIGHTS))
    truth = rng.normal(size=WEIGHTS)
    y = x @ truth + NOISE * rng.normal(size=count)
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    return np.tile(x, (copies, 1)), np.tile(y, copies), best


def samples_to_goal(rate: float, size: int, count: int, copies: int, seed: int):
    """Rows processed until a tenth of the squared distance to the best fit is left."""
    x, y, best = rows(count, seed, copies)
    rng, w = np.random.default_rng([seed, 62]), np.zeros(WEIGHTS)
    for update in range(1, MOST + 1):
        picked = slice(None) if size == len(x) else rng.integers(len(x), size=size)
        error = x[picked] @ w - y[picked]
        w = w - rate * (error @ x[picked]) / size
        left = ((w - best) ** 2).sum()
        if left <= GOAL * (best**2).sum():
            return update * size
        if not left < 1e6:  # diverged
            break
    return MOST * size


def at_best_rate(lab, size: int, count: int, copies: int = 1) -> np.ndarray:
    """`samples_to_goal` at the best rate of the tuning seeds, one a seed."""

    def found(rate, seeds):
        return [samples_to_goal(rate, size, count, copies, seed) for seed in seeds]

    tuning = lab.tuning_seeds[:TUNED]
    best = min(RATES, key=lambda rate: np.mean(found(rate, tuning)))
    return np.array(found(best, lab.seeds), float)


@claim(
    "gd-redundant-examples",
    "Single-sample descent suits problems with redundant examples.",
    notes="003",
    scope="a linear model of 10 weights, 100 rows, each of them 5 or 20 times",
)
def redundant_rows_cost_nothing(lab):
    """Rows processed to a goal, by how often each row is repeated."""
    needed = {
        copies: [at_best_rate(lab, size, 100, copies) for size in (1, 100 * copies)]
        for copies in (1, 5, 20)
    }
    return Finding(
        {
            f"every row {copies} times: half the rows of the full batch, or fewer":
                stats.greater(full, single, by=stats.TWICE, scale="log")
            for copies, (single, full) in needed.items()
            if copies > 1
        },
        "Rows processed until a tenth of the distance is left, single samples and the "
        "full batch, where every row is there 1, 5 and 20 times: {once:.0f}; "
        "{five:.0f}; {twenty:.0f}. The full batch pays for each copy.",
        once=[seen.mean() for seen in needed[1]],
        five=[seen.mean() for seen in needed[5]],
        twenty=[seen.mean() for seen in needed[20]],
    )  # fmt: skip


@claim(
    "gd-minibatch-large-data",
    "Mini-batches are suitable for large data sets.",
    notes="001 003",
    scope="a linear model of 10 weights, 2,000 and 20,000 rows, batches of 32",
)
def batches_suit_large_data(lab):
    """Rows processed to a goal in batches of 32 and with the full batch."""
    needed = {
        count: [at_best_rate(lab, size, count) for size in (32, count)]
        for count in (2000, 20_000)
    }
    return Finding(
        {
            f"{count:,} rows: half the rows of the full batch, or fewer": stats.greater(
                full, batches, by=stats.TWICE, scale="log"
            )
            for count, (batches, full) in needed.items()
        },
        "Rows processed until a tenth of the distance is left, in batches of 32 and "
        "with the full batch: {two:.0f} of 2,000, {twenty:.0f} of 20,000.",
        two=[seen.mean() for seen in needed[2000]],
        twenty=[seen.mean() for seen in needed[20_000]],
    )


# "Struggle" is judged by the error on new rows after the same 100 epochs.
EPOCHS = 100


def new_error(rate: float, size: int, count: int, seed: int) -> float:
    """The mean squared error on new rows after `EPOCHS` in batches of a size."""
    x, y, _ = rows(count, seed)
    rng, w = np.random.default_rng([seed, 63]), np.zeros(WEIGHTS)
    for _ in range(EPOCHS):
        order = rng.permutation(count)
        for start in range(0, count, size):
            picked = order[start : start + size]
            w = w - rate * ((x[picked] @ w - y[picked]) @ x[picked]) / len(picked)
    truth = rows_truth(count, seed)
    error = NOISE**2 + ((w - truth) ** 2).sum()
    return float(min(error, 1e6)) if np.isfinite(error) else 1e6


def rows_truth(count: int, seed: int) -> np.ndarray:
    """The true weights of `rows`."""
    rng = np.random.default_rng([seed, count, 61])
    rng.normal(size=(count, WEIGHTS))
    return rng.normal(size=WEIGHTS)


@claim(
    "gd-minibatch-small-data",
    "Mini-batches may struggle with very small data sets.",
    says="can",
    hedge="may",
    notes="003",
    scope="a linear model of 10 weights, 20 and 40 rows, 100 epochs, batches of 8",
)
def batches_struggle_with_few_rows(lab):
    """The error on new rows in batches of 8 and with the full batch."""
    errors = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for count in (20, 40):
            errors[count] = []
            for size in (8, count):
                tuning = lab.tuning_seeds[:TUNED]
                best = min(
                    RATES,
                    key=lambda rate, size=size, count=count: np.mean(
                        [new_error(rate, size, count, seed) for seed in tuning]
                    ),
                )
                found = [new_error(best, size, count, seed) for seed in lab.seeds]
                errors[count].append(np.array(found))
    return Finding(
        {
            f"{count} rows: a tenth more error than with the full batch": stats.greater(
                batches, full, by=stats.TENTH, scale="log"
            )
            for count, (batches, full) in errors.items()
        },
        "Mean squared error on new rows in batches of 8 and with the full batch: "
        "{twenty:.3f} with 20 rows, {forty:.3f} with 40 (the noise alone: {noise:g}).",
        twenty=[seen.mean() for seen in errors[20]],
        forty=[seen.mean() for seen in errors[40]],
        noise=NOISE**2,
    )


# A stream: every row is predicted first and learned from then, once. The rival fits all
# rows so far anew. Where the truth drifts, old rows mislead it.
STREAM, DRIFT = 2000, 0.03  # rows; what each weight moves by a row


def stream_errors(drift: float, seed: int) -> dict[str, np.ndarray]:
    """Mean squared errors on the last half of a stream: SGD by rate, and the refit."""
    rng = np.random.default_rng([seed, 64])
    truth = rng.normal(size=WEIGHTS)
    w = np.zeros((len(RATES), WEIGHTS))
    gram, cross = 1e-3 * np.eye(WEIGHTS), np.zeros(WEIGHTS)
    squares, refit = np.zeros(len(RATES)), 0.0
    for step in range(STREAM):
        truth = truth + drift * rng.normal(size=WEIGHTS)
        x = rng.normal(size=WEIGHTS)
        y = x @ truth + NOISE * rng.normal()
        errors = w @ x - y
        if step >= STREAM // 2:
            squares = squares + errors**2
            refit += float((np.linalg.solve(gram, cross) @ x - y) ** 2)
        w = w - np.array(RATES)[:, None] * errors[:, None] * x
        gram, cross = gram + np.outer(x, x), cross + y * x
    half = STREAM // 2
    return {"SGD": squares / half, "refit": np.array([refit / half])}


@claim(
    "gd-online-learning",
    "Single-sample descent is suitable for online learning.",
    notes="003",
    scope="a stream of 2,000 rows of 10 numbers, with and without drift, seen once",
)
def single_samples_follow_a_stream(lab):
    """Prediction errors of SGD and of a model that is fitted anew to all rows."""
    errors = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for name, drift in (("no drift", 0.0), ("drift", DRIFT)):
            tuning = [stream_errors(drift, seed) for seed in lab.tuning_seeds[:TUNED]]
            means = stats.column(tuning, "SGD").mean(0)
            best = int(np.nanargmin(np.where(np.isfinite(means), means, np.inf)))
            runs = [stream_errors(drift, seed) for seed in lab.seeds]
            errors[name] = [
                stats.column(runs, "SGD")[:, best],
                stats.column(runs, "refit")[:, 0],
            ]
    (sgd, refit), (drifting, misled) = errors.values()
    return Finding(
        {
            "no drift: not a tenth more error than the refit": stats.greater(
                1.1 * refit, sgd, by=stats.ANY, scale="log"
            ),
            "drift: a tenth less error than the refit": stats.greater(
                misled, drifting, by=stats.TENTH, scale="log"
            ),
        },
        "Mean squared error on the second half of the stream, SGD's and that of a "
        "model fitted anew to all rows so far: {errors:.3f} (the noise alone: "
        "{noise:g}). SGD keeps no row.",
        errors={name: [seen.mean() for seen in pair] for name, pair in errors.items()},
        noise=NOISE**2,
    )


if __name__ == "__main__":
    main(__file__)
