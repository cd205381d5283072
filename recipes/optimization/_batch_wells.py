"""A double well made of many samples: who stays in the shallow well."""

import numpy as np

from recipes.lab import stats

SAMPLES, WALKERS, RATE, TILT = 1024, 100, 0.1, 0.1
SIZES = (1, 8, 32, SAMPLES)


def stay(size: int, steps: int, seed: int) -> float:
    """The share of walkers that end in the shallow well, where they began.

    Sample i has the height x⁴/4 − x²/2 + (tilt + s_i)x with slopes s_i of variance 1
    that sum to 0: the mean of all is a double well, the deep one on the left.
    """
    rng = np.random.default_rng([seed, 54])
    slopes = rng.normal(size=SAMPLES)
    slopes = (slopes - slopes.mean()) / slopes.std()
    _, top, shallow = np.sort(np.roots([1, 0, -1, TILT]).real)
    x = np.full(WALKERS, shallow)
    for _ in range(steps):
        kick = 0.0
        if size < SAMPLES:
            kick = slopes[rng.integers(SAMPLES, size=(WALKERS, size))].mean(1)
        x = x - RATE * ((x * x - 1) * x + TILT + kick)
    return float((x > top).mean())


def judge(lab) -> None:
    """Lets walkers go with single samples, two mini-batches and all samples."""
    steps = lab.settings.steps
    shares = {size: [stay(size, steps, seed) for seed in lab.seeds] for size in SIZES}
    stuck = {
        size: stats.paired(shares[size], np.zeros(len(lab.seeds))) for size in (8, 32)
    }
    told = ", ".join(f"{np.mean(share):.0%} ({size})" for size, share in shares.items())
    lab.verdict(
        "gd-minibatch-local-minima",
        {f"batches of {size}": found.positive for size, found in stuck.items()},
        evidence={
            "share_still_in_the_shallow_well": {str(b): v for b, v in shares.items()},
            "steps": steps,
            "rate": RATE,
        },
        note=f"Share of {WALKERS} walkers still in the shallower of two wells after "
        f"{steps} steps, by batch size: {told}.",
    )
