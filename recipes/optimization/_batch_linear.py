"""A linear model of Gaussian rows, where the noise of batches can be worked out.

With rows x of independent standard normal entries, labels x·w + noise and batches of
B, a step at rate η turns the expected squared distance q of the weights into
(1 − 2η + η²(1 + (d + 1)/B))q + η²dσ²/B.
"""

import numpy as np

from recipes.lab import stats
from recipes.optimization._batch_digits import LARGE, SMALL
from recipes.optimization._batch_runs import RATES

DIMENSIONS, NOISE = 10, 0.5  # standard deviation of the labels' noise
RATE, TOO_MUCH = 0.05, 0.5
STEPS, CHAINS = 600, 40  # simulated at once for each seed
GOAL, SAMPLES = 0.01, 1000  # expected squared distance from 1; rows of a full batch


def factors(rate, size: float, noise: float = NOISE):
    """The factor and the addend of one step, as above."""
    grow = 1 - 2 * rate + rate**2 * (1 + (DIMENSIONS + 1) / size)
    return grow, rate**2 * DIMENSIONS * noise**2 / size


def floor(rate, size: float, noise: float = NOISE) -> float:
    """The expected squared distance at which a held rate ends; inf if it diverges."""
    grow, add = factors(rate, size, noise)
    return float(add / (1 - grow)) if grow < 1 else np.inf


def limit(size: float) -> float:
    """The rate from which the expected squared distance grows."""
    return 2 / (1 + (DIMENSIONS + 1) / size)


def fewest_updates(size: float) -> int:
    """Updates to `GOAL` at the best held rate, from a squared distance of 1."""
    rates = np.geomspace(1e-3, 1.0, 400)
    rates = rates[factors(rates, size)[0] <= 1]
    grow, add = factors(rates, size)
    left = np.ones_like(rates)
    for update in range(1, 100_000):
        left = grow * left + add
        if left.min() <= GOAL:
            return update
    raise ArithmeticError("no rate reaches the goal")


def simulate(rates, size: int, seed: int, noise: float = NOISE) -> np.ndarray:
    """Squared distances (steps, chains) of weights trained on fresh batches."""
    rng = np.random.default_rng([seed, size])
    far = np.zeros((CHAINS, DIMENSIONS))
    far[:, 0] = 1.0
    path = []
    for rate in rates:
        x = rng.normal(size=(CHAINS, size, DIMENSIONS))
        error = np.einsum("cbd,cd->cb", x, far)
        error -= noise * rng.normal(size=(CHAINS, size))
        far = far - rate * np.einsum("cbd,cb->cd", x, error) / size
        path.append((far**2).sum(1))
    return np.array(path)


def measure(lab) -> dict:
    """Simulates what the formulas say, for every seed."""
    held, large = np.full(STEPS, RATE), np.full(100, TOO_MUCH)
    falling = RATE / (1 + RATE * np.arange(4 * STEPS) / 2)  # as 1/t in the long run
    found = {"held, 1": [], "held, 32": [], "falling, 1": [], "exact fit, 1": [],
             "too much, 1": [], "too much, 32": []}  # fmt: skip
    for seed in lab.seeds:
        for size in (1, 32):
            late = simulate(held, size, seed)[STEPS // 2 :]
            found[f"held, {size}"].append(float(late.mean()))
            end = simulate(large, size, seed)[-1]
            found[f"too much, {size}"].append(float(np.median(end)))
        found["falling, 1"].append(float(simulate(falling, 1, seed)[-1].mean()))
        exact = simulate(np.tile(held, 2), 1, seed, noise=0.0)[-1]
        found["exact fit, 1"].append(float(exact.mean()))
    return found


def judge_single(lab, found: dict) -> None:
    """Updates to a goal, and where a single sample's descent ends."""
    updates = {str(b): fewest_updates(b) for b in (1, 32)}
    updates["all"] = fewest_updates(np.inf)
    samples = {"1": updates["1"], "all": SAMPLES * updates["all"]}
    expected, seen = floor(RATE, 1), float(np.mean(found["held, 1"]))
    falling, exact = (
        float(np.mean(found[f"{n}, 1"])) for n in ("falling", "exact fit")
    )
    lab.verdict(
        "gd-single-many-iterations",
        {
            "more updates than the full batch": updates["1"] > updates["all"],
            f"more samples than a full batch of {SAMPLES}": samples["1"]
            > samples["all"],
            "rate held: ends at a floor above the minimum": abs(seen / expected - 1)
            < 0.2,
            "falling rate: does not get below a quarter of that floor": falling
            > expected / 4,
            "every sample can be fitted exactly: does not reach it": exact > 1e-6,
        },
        evidence={
            "fewest_updates_by_batch_size": updates,
            "samples": samples,
            "squared_distance_at_the_end": found,
            "floor_by_formula": expected,
        },
        note=f"A linear model with noisy labels, to a squared distance of {GOAL} from "
        f"1, each at its best rate: {updates['1']} updates with single samples, "
        f"{updates['32']} with 32, {updates['all']} with all {SAMPLES}, which is "
        f"{samples['1']} samples against {samples['all']}. At rate {RATE} held a "
        f"squared distance of {seen:.4f} stays (formula {expected:.4f}); a falling "
        f"rate gets to {falling:.4f} in {4 * STEPS} steps; without noise in the "
        f"labels the rate held gets to {exact:.0e}.",
    )


def judge_oscillation(lab, found: dict, runs) -> None:
    """Wander and divergence of the linear model, and rising losses on digits.

    Args:
        lab: The run.
        found: What `measure` returned.
        runs: The sweep of batch sizes on digits.
    """
    more = stats.paired(np.log(found["held, 1"]), np.log(found["held, 32"]))
    rate, rises = RATES[1], {}
    for size in (SMALL, LARGE):
        curves = [
            run["training_loss"][: runs.epochs] for run in runs.results[size, rate]
        ]
        rises[size] = (np.diff(curves) > 0).mean(1)
    often = stats.paired(rises[SMALL], rises[LARGE])
    ends = {size: float(np.median(found[f"too much, {size}"])) for size in (1, 32)}
    lab.verdict(
        "batch-noise-sgd-oscillates",
        {
            "one sample wanders more than 32": more.positive,
            f"one sample diverges at rate {TOO_MUCH}": ends[1] > 1e3,
            f"batches of 32 diverge at rate {TOO_MUCH}": ends[32] > 1e3,
            f"digits, rate {rate}: the loss rises more often with {SMALL} than with "
            f"{LARGE}": often.positive,
        },
        evidence={
            "squared_distance": found,
            "floor_by_formula": {str(b): floor(RATE, b) for b in (1, 32)},
            "limit_of_the_rate_by_formula": {str(b): limit(b) for b in (1, 32)}
            | {"all": 2.0},
            "share_of_epochs_in_which_the_loss_rises": {
                str(size): value for size, value in rises.items()
            },
            "rises_16_minus_528": often,
        },
        note=f"A linear model at rate {RATE} wanders at a squared distance of "
        f"{np.mean(found['held, 1']):.4f} with single samples and "
        f"{np.mean(found['held, 32']):.4f} with 32. Its rate must stay below "
        f"{limit(1):.3f} with single samples, {limit(32):.2f} with 32 and 2 with all: "
        f"at {TOO_MUCH} it ends {ends[1]:.0e} and {ends[32]:.0e} away. On digits at "
        f"rate {rate} the training loss rises in {rises[SMALL].mean():.0%} of the "
        f"epochs with {SMALL}, in {rises[LARGE].mean():.0%} with {LARGE}.",
    )
