"""Momentum among hills: out of a shallow well, and off a saddle."""

import numpy as np
from keras.optimizers import SGD

from recipes.lab import figures
from recipes.optimization._descent_paths import (
    DoubleWell,
    first_step,
    keras_path,
    roll,
    saddle_slope,
)
from recipes.optimization._momentum_forms import averaged, plain, velocity
from recipes.optimization._rules import momentum

RATE, STEPS = 0.01, 5000


def judge(lab) -> None:
    """States the verdicts on the double well and on the saddle."""
    _wells(lab)
    _saddle(lab)


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
    points = np.tile(starts, (len(betas), 1))
    return roll(momentum(rate, beta), well.slope, points, STEPS) < well.stations[1]


def _leave(well, starts, betas) -> tuple[dict, dict]:
    """Shares of starts at rest that leave the shallow well, and the deep one."""
    right, out, back = starts > well.stations[1], {}, {}
    for form, scaled in (("velocity form", False), ("(1 − β) form", True)):
        ends = ends_deep(well, starts, betas, scaled=scaled)
        for beta, deep in zip(betas, ends, strict=True):
            name = f"{form}, β = {beta:g}" if beta else "plain"
            out[name] = float(deep[right].mean())
            back[name] = float((~deep)[~right].mean())
    return out, back


def _wells(lab) -> None:
    well, betas, count = (
        DoubleWell(),
        (0.0, lab.settings.beta, 0.99),
        lab.settings.starts,
    )
    _, top, shallow = well.stations
    out, back = _leave(well, np.linspace(-2, 2, count), betas)
    near = shallow + np.linspace(-0.3, 0.3, count)
    gentle = ends_deep(well, near, betas, scaled=False).mean(1)
    gentle = {f"β = {b:g}": float(s) for b, s in zip(betas, gentle, strict=True)}
    rows = [[name, f"{out[name]:.1%}", f"{back[name]:.1%}"] for name in out]
    lab.table(
        f"Double well, rate {RATE}: starts at rest that change wells",
        ["form", "to the deep well", "to the shallow well"],
        rows,
    )
    used = f"β = {lab.settings.beta:g}"
    lab.verdict(
        "momentum-escapes-local-minima",
        {
            "velocity form, from high up the slope": out[f"velocity form, {used}"]
            > out["plain"],
            "velocity form, from rest near the minimum": gentle[used] > 0,
            "(1 − β) form at the same rate": out[f"(1 − β) form, {used}"]
            > out["plain"],
        },
        evidence={
            "share_of_starts_that_leave_the_shallow_well": out,
            "share_of_starts_that_leave_the_deep_well": back,
            "share_that_leave_it_from_rest_within_0.3_of_its_minimum": gentle,
            "barrier": float(well.height(top) - well.height(shallow)),
        },
        note=f"From rest on the shallow side {out[f'velocity form, {used}']:.1%} of "
        f"the starts roll over into the deep well (velocity form, {used}; β = 0.99: "
        f"{out['velocity form, β = 0.99']:.1%}; plain {out['plain']:.1%}; with (1 − β) "
        f"{out[f'(1 − β) form, {used}']:.1%}). They bring the height of their start: "
        f"from within 0.3 of the shallow minimum {gentle[used]:.1%} do; and "
        f"{back['velocity form, β = 0.99']:.1%} roll the wrong way at β = 0.99.",
    )
    _draw(lab, well)


def saddle_steps(beta: float) -> dict[str, float]:
    """Steps from (1, 10⁻⁶) until |y| > 0.9, for every form at the same rate."""
    rates, start = np.full(5000, RATE), np.array([1.0, 1e-6])
    paths = {
        "plain": plain(saddle_slope, start, rates),
        "velocity form": velocity(saddle_slope, start, rates, beta),
        "(1 − β) form": averaged(saddle_slope, start, rates, beta),
        "velocity form, exactly on the ridge": velocity(
            saddle_slope, np.array([1.0, 0.0]), rates, beta
        ),
    }
    steps = {name: first_step(np.abs(p[:, 1]) > 0.9) for name, p in paths.items()}
    return {n: np.inf if count is None else count for n, count in steps.items()}


def _saddle(lab) -> None:
    beta = lab.settings.beta
    steps = saddle_steps(beta)
    path = keras_path(SGD(RATE, beta), saddle_slope, [1.0, 1e-6], 300)
    in_keras = first_step(np.abs(path[:, 1]) > 0.9)
    half = steps["plain"] / 2
    on_ridge = steps["velocity form, exactly on the ridge"]
    lab.verdict(
        "momentum-saddle",
        {
            "velocity form, in half of plain descent's steps": steps["velocity form"]
            <= half,
            "(1 − β) form at the same rate, in half": steps["(1 − β) form"] <= half,
            "exactly on the ridge, without noise": bool(np.isfinite(on_ridge)),
        },
        evidence={
            "steps_until_off_the_saddle": {**steps, "velocity form in Keras": in_keras},
            "rate": RATE,
        },
        note=f"From 10⁻⁶ beside the ridge of a saddle, at rate {RATE}, plain descent "
        f"leaves it in {steps['plain']} steps, the velocity form in "
        f"{steps['velocity form']}, the form with (1 − β) in {steps['(1 − β) form']}. "
        "Exactly on the ridge, without noise, momentum "
        + (f"leaves in {on_ridge}." if np.isfinite(on_ridge) else "stays for ever."),
    )


def _draw(lab, well) -> None:
    """Draws in which well every start ends, for every momentum."""
    starts = np.linspace(-2, 2, (lab.settings.starts + 1) // 2)
    memories = np.geomspace(1, 200, 12 if lab.smoke else 60)
    figure, axes = figures.new(1, 2, width=10.0, height=3.8)
    for panel, scaled in zip(axes, (False, True), strict=True):
        deep = ends_deep(well, starts, 1 - 1 / memories, scaled=scaled)
        panel.set(yscale="log")
        panel.pcolormesh(starts, memories, deep, cmap="Blues", vmin=-0.3, vmax=1.5)
        panel.axvline(well.stations[1], color="#000000", lw=1, ls="--")
        marks = {1: "0", 2: "0.5", 10: "0.9", 100: "0.99"}
        panel.set_yticks(list(marks), labels=list(marks.values()))
        panel.minorticks_off()
        panel.grid(visible=False)
        figures.describe(
            panel,
            "Dark ends in the deep well: "
            + ("(1 − β) form" if scaled else "velocity form"),
            "start at rest (dashed: the top between the wells)",
            "momentum β",
        )
    lab.figure(
        "wells",
        figure,
        f"Where starts at rest in a double well end, by momentum, at rate {RATE}; the "
        "left well is the deeper one.",
    )
