"""Where a training starts: a sweep of first rates, with and without a schedule."""

from dataclasses import dataclass

import numpy as np

from recipes.lab import stats
from recipes.optimization._schedules_network import Plan, column

MARGIN = np.log(1.1)  # to make up for a rate is to end at least 10 % lower
CENTERS = {"SGD": -0.5, "SGD, cosine": -0.5, "Adam": -2.5}  # decades of the rates


@dataclass(frozen=True)
class Rates:
    """What the sweep found.

    Attributes:
        losses: Training loss at the end: case to rate to one number a seed.
        accuracies: Held-out accuracy likewise.
    """

    losses: dict[str, dict[float, np.ndarray]]
    accuracies: dict[str, dict[float, np.ndarray]]

    def best(self, case: str) -> float:
        """The rate with the least mean training loss; held-out digits don't choose."""
        table = self.losses[case]
        return min(table, key=lambda rate: table[rate].mean())

    def near(self, case: str, steps: int) -> float | None:
        """The rate so many half decades from the best one, or None."""
        rates = sorted(self.losses[case])
        place = rates.index(self.best(case)) + steps
        return rates[place] if 0 <= place < len(rates) else None


def sweep(lab, learner) -> Rates:
    """Trains with every rate; the three cases of `CENTERS`."""
    epochs, count = lab.settings.epochs, lab.settings.rates
    plans, grid = {}, {}
    for case, center in CENTERS.items():
        decades = center + (np.arange(count) - (count - 1) / 2) / 2
        grid[case] = [float(f"{rate:.2g}") for rate in 10.0**decades]
        optimizer, _, shape = case.partition(", ")
        for rate in grid[case]:
            plan = Plan(rate, shape or "constant", epochs, optimizer)
            plans[f"{case}, {rate:g}"] = plan
    runs = lab.sweep(learner.train, plans, title="first rates on digits")

    def table(name):
        return {
            case: {rate: column(runs[f"{case}, {rate:g}"], name) for rate in rates}
            for case, rates in grid.items()
        }

    found = Rates(table("training_loss"), table("accuracy"))
    rows = [
        [case, f"{rate:g}", f"{found.losses[case][rate].mean():.4f}",
         f"{found.accuracies[case][rate].mean():.2%}"]
        for case, rates in grid.items()
        for rate in rates
    ]  # fmt: skip
    columns = ["case", "first rate", "training loss", "held-out accuracy"]
    lab.table(f"Digits after {epochs} epochs", columns, rows)
    return found


def judge(lab, bowl, rates: Rates) -> None:
    """Judges what a schedule does for a poor rate, and how much Adam minds one."""
    judge_poor_rates(lab, bowl, rates)
    judge_adaptive(lab, rates)


DISTANCES = {
    "a tenth of the best": -2,
    "a third of the best": -1,
    "three times the best": 1,
    "ten times the best": 2,
}


def judge_poor_rates(lab, bowl, rates: Rates) -> None:
    """Cosine against constant, from rates too small and too large by known factors."""
    best, constant = rates.best("SGD"), rates.losses["SGD"]
    falling = rates.losses["SGD, cosine"]
    gains, losses = {}, {}
    for name, steps in DISTANCES.items():
        rate = rates.near("SGD", steps)
        if rate is None:
            gains[name] = None
            continue
        # Between two networks that guess, one is always a little better.
        gains[name] = stats.paired(
            np.log(constant[rate]) - MARGIN, np.log(falling[rate])
        )
        losses[name] = [float(constant[rate].mean()), float(falling[rate].mean())]
    poor = bowl["poor_rates_held_and_falling"]
    helped = {
        f"noisy bowl, {name}": bool(np.log(poor[name][0] / poor[name][1]) > MARGIN)
        for name in ("ten times the best", "a tenth of the best")
    }
    told = "; ".join(
        f"{held:.3g} and {fell:.3g} from {name}"
        for name, (held, fell) in losses.items()
    )
    large, small = poor["ten times the best"], poor["a tenth of the best"]
    lab.verdict(
        "sched-mitigates-bad-lr",
        {
            **helped,
            **{
                f"digits, {name}": gain and gain.positive
                for name, gain in gains.items()
            },
        },
        evidence={
            "expected_square_on_the_bowl_held_and_falling": poor,
            "log_training_loss_constant_minus_cosine_beyond_10_%": gains,
            "training_loss_constant_and_cosine": losses,
            "training_loss_at_the_best_constant_rate": constant[best].mean(),
            "best_constant_rate": best,
        },
        note="Held and falling on a cosine, the noisy bowl ends at an expected square "
        f"of {large[0]:.3g} and {large[1]:.3g} from ten times the best rate to hold, "
        f"{small[0]:.3g} and {small[1]:.3g} from a tenth of it (best: "
        f"{poor['its end']:.3g}). Digits end at a training loss of "
        f"{constant[best].mean():.3g} at the best rate, {best:g}; held and falling: "
        f"{told or 'none in the sweep'}.",
    )


def judge_adaptive(lab, rates: Rates) -> None:
    """What a rate ten times off costs SGD and Adam, each counted from its own best."""
    found, costs, accuracies = {}, {}, {}
    for name, steps in (("too large", 2), ("too small", -2)):
        off = {case: rates.near(case, steps) for case in ("SGD", "Adam")}
        if None in off.values():
            found |= {
                f"ten times {name}, loss": None,
                f"ten times {name}, accuracy": None,
            }
            continue
        loss = {
            case: np.log(
                rates.losses[case][rate] / rates.losses[case][rates.best(case)]
            )
            for case, rate in off.items()
        }
        points = {
            case: rates.accuracies[case][rates.best(case)]
            - rates.accuracies[case][rate]
            for case, rate in off.items()
        }
        found[f"ten times {name}, loss"] = stats.paired(loss["SGD"], loss["Adam"])
        found[f"ten times {name}, accuracy"] = stats.paired(
            points["SGD"], points["Adam"]
        )
        costs[name] = {
            case: float(np.exp(value.mean())) for case, value in loss.items()
        }
        accuracies[name] = {case: float(v.mean()) for case, v in points.items()}
    told = "; ".join(
        f"ten times {name}: training loss {costs[name]['SGD']:.3g} times as high with "
        f"SGD, {costs[name]['Adam']:.3g} with Adam, {accuracies[name]['SGD']:.1%} and "
        f"{accuracies[name]['Adam']:.1%} of the held-out digits lost"
        for name in costs
    )
    best = {case: rates.best(case) for case in ("SGD", "Adam")}
    lab.verdict(
        "lr-adaptive-moderated",
        {name: gap and gap.positive for name, gap in found.items()},
        evidence={
            "SGD_minus_Adam": found,
            "loss_over_that_of_the_best_rate": costs,
            "accuracy_lost": accuracies,
            "best_rate": best,
        },
        note=f"Beside the best rates ({best['SGD']:g} for SGD, {best['Adam']:g} for "
        f"Adam), {told or 'nothing ten times off was tried'}.",
    )
