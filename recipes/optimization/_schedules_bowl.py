"""A bowl of curvature 1 with noisy slopes: what each schedule leaves of a distance.

A step x ← x − η(x + noise) turns the expected square q of the distance into
(1 − η)²q + η²: everything here can be worked out, and is simulated as well.
"""

import numpy as np

from recipes.optimization._schedules_formulas import cosine

RATE, STEPS, START = 0.1, 400, 10.0  # noise of variance 1 on every slope
CHAINS = 500  # simulated at once for each seed
GOAL = 0.01  # expected square of the distance, from 100 at the start
LONGEST = 2000


def squares(rates, noise: float = 1.0, start: float = START) -> np.ndarray:
    """The expected square of the distance before and after each step.

    Args:
        rates: (steps, ...): one rate a step, for any number of cases.
        noise: Variance of what is added to every slope.
        start: The first distance.

    Returns:
        (steps + 1, ...).
    """
    path = [np.full(np.shape(rates)[1:], start**2, float)]
    for rate in np.asarray(rates, float):
        path.append((1 - rate) ** 2 * path[-1] + rate**2 * noise)
    return np.array(path)


def simulate(rates, seed: int, start: float = START) -> np.ndarray:
    """Many chains under noise; the mean square of their distance at the end."""
    rng = np.random.default_rng([seed, 42])
    x = np.full(CHAINS, start)
    for rate in rates:
        x = x - rate * (x + rng.normal(size=CHAINS))
    return float((x**2).mean())


def fewest_steps(scheduled: bool) -> int:
    """Fewest steps to an expected square of `GOAL`, at the best rate of 200.

    Args:
        scheduled: Whether the rate falls to 0 on a cosine over just these steps,
            or stays.
    """
    rates = np.geomspace(1e-3, 1.0, 200)
    if not scheduled:
        return int((squares(np.tile(rates, (LONGEST, 1))).min(1) <= GOAL).argmax())
    few, enough = 1, LONGEST  # more steps never do worse, so halving finds the least
    while few < enough:
        steps = (few + enough) // 2
        shares = cosine(np.arange(steps), steps)
        reached = squares(shares[:, None] * rates)[-1].min() <= GOAL
        few, enough = (few, steps) if reached else (steps + 1, enough)
    return enough


def poor_rates() -> dict:
    """Expected squares at the end, held and falling, from rates that are off."""
    rates = np.geomspace(1e-4, 1.9, 400)
    ends = squares(np.tile(rates, (STEPS, 1)))[-1]
    best, shares = rates[ends.argmin()], cosine(np.arange(STEPS), STEPS)
    found = {"best rate to hold": float(best), "its end": float(ends.min())}
    for name, factor in (("ten times the best", 10.0), ("a tenth of the best", 0.1)):
        held = squares(np.full(STEPS, factor * best))[-1]
        found[name] = [float(held), float(squares(factor * best * shares)[-1])]
    return found


def measure(lab) -> dict:
    """Works the bowl out, with a simulation beside every number."""
    falling = RATE * cosine(np.arange(STEPS), STEPS)
    plans = {
        "constant": np.full(STEPS, RATE),
        "a tenth, constant": np.full(STEPS, RATE / 10),
        "falling cosine": falling,
        "rising cosine": falling[::-1],
    }
    exact = {name: float(squares(rates)[-1]) for name, rates in plans.items()}
    calm = {name: float(squares(rates, 0.0)[-1]) for name, rates in plans.items()}
    simulated = {
        name: [simulate(rates, seed) for seed in lab.seeds]
        for name, rates in plans.items()
    }
    # Relative error of a mean of squares over chains is √(2 / chains).
    bound = 5 * np.sqrt(2 / (CHAINS * len(lab.seeds)))
    off = max(abs(np.mean(simulated[name]) / exact[name] - 1) for name in plans)
    lab.table(
        f"A bowl with noisy slopes from distance {START:g}, after {STEPS} steps",
        ["rate", "by formula", "simulated", "no noise"],
        [
            [name, exact[name], float(np.mean(simulated[name])), f"{calm[name]:.3e}"]
            for name in plans
        ],
    )
    return {
        "expected_square_at_the_end": exact,
        "simulated": simulated,
        "without_noise": calm,
        "floor_by_formula": {str(r): r / (2 - r) for r in (RATE, RATE / 10)},
        "formula_and_simulation_agree": bool(off < bound),
        "poor_rates_held_and_falling": poor_rates(),
        "fewest_steps": {
            "constant": fewest_steps(False),
            "falling cosine": fewest_steps(True),
        },
    }
