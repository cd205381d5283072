"""High first or low first: the same rates in both orders."""

import numpy as np

from recipes.lab import stats
from recipes.optimization._schedules_network import column


def gains_on_digits(falling, rising) -> dict[str, stats.Comparison]:
    """What falling rates gain over rising ones; losses are compared as logarithms."""
    return {
        "training loss": stats.paired(
            np.log(column(rising, "training_loss")),
            np.log(column(falling, "training_loss")),
        ),
        "held-out loss": stats.paired(
            np.log(column(rising, "held_out_loss")),
            np.log(column(falling, "held_out_loss")),
        ),
        "held-out accuracy": stats.paired(
            column(falling, "accuracy"), column(rising, "accuracy")
        ),
    }


def judge(lab, bowl, runs) -> None:
    """Compares a falling with a rising cosine on the bowl and on digits.

    Args:
        lab: The run.
        bowl: What `_schedules_bowl.measure` returned.
        runs: Results by schedule, all from one rate.
    """
    falling, rising = runs["cosine"], runs["rising cosine"]
    calm, noisy = bowl["without_noise"], bowl["expected_square_at_the_end"]
    ratio = calm["rising cosine"] / calm["falling cosine"]
    better = gains_on_digits(falling, rising)
    simulated = stats.paired(
        np.log(bowl["simulated"]["rising cosine"]),
        np.log(bowl["simulated"]["falling cosine"]),
    )
    means = {
        name: [float(column(run, name).mean()) for run in (falling, rising)]
        for name in ("training_loss", "held_out_loss", "accuracy")
    }
    lab.verdict(
        "lr-high-early-low-late",
        {
            "bowl without noise": ratio > 1 + 1e-9,
            "noisy bowl": simulated.positive
            if bowl["formula_and_simulation_agree"]
            else None,
            **{f"digits, {name}": gain.positive for name, gain in better.items()},
        },
        evidence={
            "square_without_noise_rising_over_falling": ratio,
            "expected_square_with_noise": noisy,
            "log_square_simulated_rising_minus_falling": simulated,
            "gain_of_falling_on_digits": better,
            "falling_and_rising_on_digits": means,
        },
        note="Without noise a bowl of one curvature does not mind the order: a step at "
        "rate η leaves 1 − η of the distance, and factors commute (rising over "
        f"falling: {ratio:.6f}). With noise {noisy['falling cosine']:.4f} is left if "
        f"the rate falls, {noisy['rising cosine']:.4f} if it rises. Digits, falling "
        f"and rising: training loss {means['training_loss'][0]:.3g} and "
        f"{means['training_loss'][1]:.3g}, accuracy {means['accuracy'][0]:.1%} and "
        f"{means['accuracy'][1]:.1%}.",
    )
