"""Hills: a ball rolls over a hill if it is moving when it gets there.

The notes say that momentum "can" escape shallow minima, and both that it overcomes
saddles and that it gets stuck at them. The start decides: from high up the slope a ball
arrives with speed; at rest inside the shallow well it has none, and exactly on a ridge
nothing pushes it. Compare the dark areas of the picture `wells`.
"""

import numpy as np
from keras.optimizers import SGD

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import (
    DoubleWell,
    first_step,
    keras_path,
    saddle_slope,
)
from recipes.optimization.momentum._forms import averaged, plain, velocity

RATE, STEPS = 0.01, 5000
NEAR = 0.3  # "near the minimum": within this distance of it, at rest
HALF = 0.5  # "overcomes" takes at most half of plain descent's steps


def ends_deep(well, starts, betas, *, scaled: bool) -> np.ndarray:
    """Which starts at rest end in the deeper well, (betas, starts).

    Args:
        well: A `DoubleWell`.
        starts: Positions.
        betas: Momentum; 0 is plain descent.
        scaled: Whether steps have the factor (1 − β).
    """
    beta = np.asarray(betas, float)[:, None]
    rate = RATE * (1 - beta) if scaled else RATE
    points, v = np.tile(np.asarray(starts, float), (len(betas), 1)), 0.0
    for _ in range(STEPS):
        v = beta * v - rate * well.slope(points)
        points = points + v
    return points < well.stations[1]


@experiment
def wells_left(lab) -> tuple[dict, dict]:
    """Shares of starts at rest that leave the shallow well, and the deep one."""
    well, betas = DoubleWell(), (0.0, lab.settings.beta, 0.99)
    starts = np.linspace(-2, 2, lab.settings.starts)
    right, shallow, deep = starts > well.stations[1], {}, {}
    for form, scaled in (("velocity form", False), ("(1 − β) form", True)):
        ends = ends_deep(well, starts, betas, scaled=scaled)
        for beta, ends_left in zip(betas, ends, strict=True):
            name = f"{form}, β = {beta:g}" if beta else "plain"
            shallow[name] = float(ends_left[right].mean())
            deep[name] = float((~ends_left)[~right].mean())
    return shallow, deep


@claim(
    "momentum-escapes-local-minima",
    "Momentum can roll out of shallow local minima.",
    says="can",
    hedge="potential to escape",
    notes="000 001 002 003",
    scope="a double well in one dimension, rate 0.01; nothing is trained",
)
def rolls_out(lab):
    """A ball from the slope rolls through; a ball at rest stays."""
    well, betas = DoubleWell(), (0.0, lab.settings.beta, 0.99)
    shallow, deep = wells_left(lab)
    _, top, minimum = well.stations
    near = minimum + np.linspace(-NEAR, NEAR, lab.settings.starts)
    at_rest = dict(
        zip(
            (f"β = {b:g}" for b in betas),
            ends_deep(well, near, betas, scaled=False).mean(1).tolist(),
            strict=True,
        )
    )
    lab.table(
        f"Double well, rate {RATE}: starts at rest that change wells",
        ["form", "to the deep well", "to the shallow well"],
        [[name, f"{shallow[name]:.1%}", f"{deep[name]:.1%}"] for name in shallow],
    )
    used = f"β = {lab.settings.beta:g}"
    fast, slow = shallow[f"velocity form, {used}"], shallow[f"(1 − β) form, {used}"]
    return Finding(
        {
            "velocity form, from high up the slope": stats.above(
                fast, shallow["plain"]
            ),
            "velocity form, from rest near the minimum": stats.above(at_rest[used], 0),
            "(1 − β) form at the same rate": stats.above(slow, shallow["plain"]),
        },
        "From rest on the shallow side {fast:.1%} of the starts roll over into the "
        "deep well (velocity form, {used}; β = 0.99: {fastest:.1%}; plain {plain:.1%}; "
        "with (1 − β) {slow:.1%}). They bring the height of their start: from within "
        "{near} "
        "of the shallow minimum {at_rest_share:.1%} do; and {wrong_way:.1%} roll the "
        "wrong way at β = 0.99.",
        figure=draw_wells,
        used=used,
        fast=fast,
        slow=slow,
        fastest=shallow["velocity form, β = 0.99"],
        plain=shallow["plain"],
        near=NEAR,
        at_rest_share=at_rest[used],
        wrong_way=deep["velocity form, β = 0.99"],
        leave_the_shallow_well=shallow,
        leave_the_deep_well=deep,
        leave_from_rest_near_the_minimum=at_rest,
        barrier=float(well.height(top) - well.height(minimum)),
    )


# A saddle is flat at its point and falls away on both sides of its ridge. Beside the
# ridge the slope grows with the distance, so every form leaves; the question is when.


def saddle_steps(beta: float) -> dict[str, float]:
    """Steps from (1, 10⁻⁶) until |y| > 0.9, for every form at the same rate."""
    rates, start = np.full(STEPS, RATE), np.array([1.0, 1e-6])
    on_ridge = np.array([1.0, 0.0])
    paths = {
        "plain": plain(saddle_slope, start, rates),
        "velocity form": velocity(saddle_slope, start, rates, beta),
        "(1 − β) form": averaged(saddle_slope, start, rates, beta),
        "velocity form, exactly on the ridge": velocity(
            saddle_slope, on_ridge, rates, beta
        ),
    }
    steps = {name: first_step(np.abs(p[:, 1]) > 0.9) for name, p in paths.items()}
    return {name: np.inf if count is None else count for name, count in steps.items()}


@claim(
    "momentum-saddle",
    "Momentum can overcome saddle points (elsewhere the notes say that it can get "
    "stuck at them).",
    says="can",
    hedge="can",
    notes="002 003",
    scope="x²/2 − y²/2 + y⁴/4, rate 0.01; nothing is trained",
)
def leaves_the_saddle(lab):
    """From a millionth beside the ridge; on the ridge itself, a line, nobody starts."""
    beta = lab.settings.beta
    steps = saddle_steps(beta)
    path = keras_path(SGD(RATE, beta), saddle_slope, [1.0, 1e-6], 300)
    half = HALF * steps["plain"]
    on_ridge = steps["velocity form, exactly on the ridge"]
    return Finding(
        {
            "velocity form, in half of plain descent's steps": steps["velocity form"]
            <= half,
            "(1 − β) form at the same rate, in half": steps["(1 − β) form"] <= half,
        },
        "From 10⁻⁶ beside the ridge of a saddle, at rate {rate}, plain descent leaves "
        "it in {steps[plain]} steps, the velocity form in {steps[velocity form]}, the "
        "form with (1 − β) in {averaged_steps}. Exactly on the ridge, without noise, "
        "momentum {on_ridge}.",
        rate=RATE,
        averaged_steps=steps["(1 − β) form"],
        on_ridge=f"leaves in {on_ridge}" if np.isfinite(on_ridge) else "stays for ever",
        steps=steps,
        steps_in_keras=first_step(np.abs(path[:, 1]) > 0.9),
    )


def draw_wells(lab):
    """The double well, and below it in which well every start ends."""
    well = DoubleWell()
    starts = np.linspace(-2, 2, (lab.settings.starts + 1) // 2)
    memories = np.geomspace(1, 200, 12 if lab.smoke else 60)
    figure, axes = figures.new(2, 2, width=10.0, height=5.9)
    for panel, lower, scaled in zip(*axes, (False, True), strict=True):
        panel.plot(starts, well.height(starts), color=figures.COLORS[6])
        form = "(1 − β) form" if scaled else "velocity form"
        share = wells_left(lab)[0][f"{form}, β = 0.99"]
        title = f"{form}: at β = 0.99\n{share:.0%} leave the right well"
        figures.describe(panel, title, "", "height of the double well")
        deep = ends_deep(well, starts, 1 - 1 / memories, scaled=scaled)
        lower.set(yscale="log")
        lower.pcolormesh(starts, memories, deep, cmap="Blues", vmin=-0.3, vmax=1.5)
        lower.axvline(well.stations[1], color="#000000", lw=1, ls="--")
        marks = {1: "0", 2: "0.5", 10: "0.9", 100: "0.99"}
        lower.set_yticks(list(marks), labels=list(marks.values()))
        lower.minorticks_off()
        lower.grid(visible=False)
        lower.set_xlabel("start at rest (dashed: the top between the wells)")
        lower.set_ylabel("momentum β (dark: ends\nin the deep, left well)")
    lab.figure(
        "wells",
        figure,
        f"Where starts at rest in a double well end, by momentum, at rate {RATE}; the "
        "left well is the deeper one.",
    )


if __name__ == "__main__":
    main(__file__)
