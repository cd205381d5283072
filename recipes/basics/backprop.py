"""Back-propagation by hand: the worked numbers, the formulas and their slips.

The forward and the backward pass are written out in NumPy and held against the
backend's autodiff and against finite differences. The same pass then trains: XOR
from many starts, and curves with more and more hidden units.

Notes: 1.2 Forward pass, chain rule, back-propagation by hand
Data: the notes' worked examples; XOR; sin(x) and abs(x) on [-π, π].
Run: recipes run backprop            (about 15 s on 2 CPU cores)
References: Rumelhart, Hinton and Williams (1986); Cybenko (1989).
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from recipes.basics import (
    _backprop_examples,
    _backprop_formulas,
    _backprop_widths,
    _backprop_worked,
)
from recipes.basics import _sigmoid_network as net
from recipes.lab import figures, lab_main, stats

CLAIMS = {
    "forward-2-2-1": "The worked forward pass of a 2-2-1 sigmoid network gives the "
    "printed numbers.",
    "backward-2-2-1": "The worked backward pass of that network gives the printed "
    "gradients.",
    "backward-2-2-1-step-lowers-loss": "A step against those gradients lowers the "
    "loss.",
    "forward-numpy-3-2-2": "The NumPy forward pass of a 3-2-2 network computes what "
    "its formulas say.",
    "bp-one-weight": "For one weight, dE/dw is dE/da · dz/dw with dE/da = -(y - a).",
    "gd-one-step-x2": "On y = x² one step from 2 with rate 0.01 leads to 1.96.",
    "gd-two-steps": "Two steps of gradient descent lead to 2.2 and then to 1.72.",
    "gd-sign": "Gradient descent moves by x ← x + α∇f.",
    "delta-rule-sign": "With δ = (t - y) y (1 - y), w ← w - η δ a trains a network.",
    "sigmoid-slope-beta": "The slope of 1/(1 + e^-βh) is a(1 - a).",
    "chain-rule-scalar-and-sum": "The chain rule multiplies along one path and sums "
    "over all paths.",
    "backprop-vector-form": "δ = (Wᵀ δ of the layer above) ∘ σ'(z), dC/dW = δ aᵀ and "
    "dC/db = δ hold in a network of any depth.",
    "backprop-sum-limit": "z_k of layer m sums over l = 1..N^m.",
    "sigmoid-ce-delta": "With a sigmoid and cross-entropy the output's δ is a - y.",
    "squared-error-derivative": "The derivative of ½‖y - a‖² by a is y - a.",
    "sigmoid-written-with-plus-z": "The sigmoid is 1/(1 + e^z), with slope a(1 - a).",
    "universal-approximation": "A network with a hidden layer can approximate general "
    "functions.",
    "multiple-starts": "Training from several starting points finds solutions that a "
    "single one misses.",
    "backprop-process-loop": "Forward pass, loss, backward pass and update, "
    "repeated, bring the error down until it is small.",
    "weights-and-bias-updated-together": "Weights and biases move at the same time, "
    "and a bias's gradient is δ itself.",
}
SMOKE = {"seeds": 1, "starts": 4, "passes": 50, "units": 4, "fit_steps": 20}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Networks for each curve and width."
    starts: int = 200
    "Starting points for XOR."
    passes: int = 4000
    "Passes over the four patterns of XOR."
    rate: float = 1.0
    "Learning rate for XOR."
    units: int = 64
    "The most hidden units that fit a curve."
    fit_steps: int = 1000
    "The most steps that fit a curve."


XOR_X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
XOR_Y = np.array([[0.0, 1, 1, 0]])
SMALL = 0.05  # a cost that counts as having learned XOR; guessing ½ costs 0.5


def experiment(lab):
    """Judges the examples and formulas exactly, and the training over many starts."""
    _backprop_worked.judge(lab)
    _backprop_examples.judge(lab)
    _backprop_formulas.judge(lab)
    costs = {units: xor_costs(lab, units) for units in (2, 4)}
    uphill = xor_costs(lab, 4, sign=-1)
    judge_signs(lab, uphill, costs[4])
    judge_starts(lab, costs)
    judge_loop(lab, costs)
    _backprop_widths.judge(lab)


def xor_costs(lab, units: int, sign: int = 1) -> np.ndarray:
    """Trains 2-units-1 networks on XOR; costs (passes + 1, starts)."""
    shape, chosen = (2, units, 1), lab.settings
    starts = net.stack([net.random_layers(shape, s) for s in range(chosen.starts)])
    _, costs = net.train(
        starts, XOR_X, XOR_Y, rate=sign * chosen.rate, passes=chosen.passes
    )
    return costs


def judge_signs(lab, printed, corrected) -> None:
    """With δ = (t - y)..., minus η δ a is a step up the gradient, plus a step down."""
    change = stats.paired(printed[-1], printed[0])
    lab.verdict(
        "delta-rule-sign",
        change.negative,
        evidence={
            "cost_change_with_the_printed_sign": change,
            "mean_cost_first": printed[0].mean(),
            "mean_cost_last_printed_sign": printed[-1].mean(),
            "mean_cost_last_corrected_sign": corrected[-1].mean(),
        },
        note=f"With this δ the step must be added: on XOR (2-4-1, {printed.shape[1]} "
        f"starts) the printed minus drives the mean cost from {printed[0].mean():.3f} "
        f"to {printed[-1].mean():.4f}, the plus to {corrected[-1].mean():.4f}.",
    )
    figure, axes = figures.new(1, 2, width=9.0, height=3.8)
    steps = np.arange(101)
    figures.curves(
        axes[0], steps, {"x + α∇f": 2 * 1.02**steps, "x - α∇f": 2 * 0.98**steps}
    )
    figures.describe(
        axes[0], "Adding the gradient climbs: x² from 2", "steps of α = 0.01", "x"
    )
    passes = np.arange(1, len(printed) + 1)
    axes[1].set_xscale("log")
    figures.curves(axes[1], passes, {"w - ηδa": printed.T, "w + ηδa": corrected.T})
    figures.describe(
        axes[1], "The printed sign unlearns XOR", "passes", "cost, ½ Σ (t - y)²"
    )
    lab.figure(
        "signs",
        figure,
        "Both signs of two printed rules; the bands span all starting points.",
    )


def judge_starts(lab, costs) -> None:
    """Asks whether the best of four starts learns XOR where the first does not."""
    learned = {units: values[-1] < SMALL for units, values in costs.items()}
    holds, evidence = {}, {}
    for units, success in learned.items():
        group = min(4, len(success))
        fours = success[: len(success) // group * group].reshape(-1, group)
        gain = stats.paired(fours.any(1), fours[:, 0])
        case = f"{units} hidden units"
        # Where every single start learns, more of them find nothing new.
        holds[case] = False if success.all() else gain.positive
        evidence[case] = {
            "share_of_starts_that_learn": success.mean(),
            "gain_in_share_best_of_four_over_one": gain,
            "share_that_learn_best_of_k": best_of(success),
        }
    two, four = (evidence[f"{units} hidden units"] for units in (2, 4))
    lab.verdict(
        "multiple-starts",
        holds,
        evidence=evidence,
        note=f"With 2 hidden units {two['share_of_starts_that_learn']:.1%} of the "
        "starts learn XOR, and the best of four does in "
        f"{two['share_that_learn_best_of_k'].get(4, 0):.1%}; with 4 hidden units "
        f"{four['share_of_starts_that_learn']:.1%} of single starts do.",
    )
    figure, axes = figures.new(1, 2, width=9.0, height=3.8)
    passes = np.arange(1, len(costs[2]) + 1)
    axes[0].set_xscale("log")
    for index, (name, chosen) in enumerate(
        {"learned": learned[2], "stuck": ~learned[2]}.items()
    ):
        lines = axes[0].plot(
            passes,
            costs[2][:, chosen],
            color=figures.COLORS[index],
            linestyle=figures.LINES[index],
            linewidth=0.6,
            alpha=0.5,
        )
        for line in lines[:1]:
            line.set_label(name)
    figures.label_ends(axes[0])
    figures.describe(
        axes[0], "With 2 hidden units some get stuck", "passes", "cost, ½ Σ (t - y)²"
    )
    axes[1].set_ylim(0, 1.12)
    tries = np.arange(1, 11)
    figures.curves(
        axes[1],
        tries,
        {
            f"{units} units": [best_of(success).get(k, np.nan) for k in tries]
            for units, success in learned.items()
        },
    )
    figures.describe(
        axes[1],
        "A few starts are enough",
        "starts, the best kept",
        "share that learn XOR",
    )
    lab.figure(
        "starts", figure, "XOR with 2 hidden units (left), and the best of k starts."
    )


def best_of(success) -> dict[int, float]:
    """Returns the chance that k of these starts hold a success, for k = 1..10."""
    total, missed = len(success), int((~success).sum())
    most = min(10, total)
    return {k: 1 - comb(missed, k) / comb(total, k) for k in range(1, most + 1)}


def judge_loop(lab, costs) -> None:
    """Asks whether the loop lowers the cost, and whether it always makes it small."""
    falls = {units: stats.paired(c[0], c[-1]) for units, c in costs.items()}
    reached = {units: (c[-1] < SMALL).mean() for units, c in costs.items()}
    holds = {f"the cost falls, {u} units": falls[u].positive for u in costs}
    holds |= {f"until it is small, {u} units": bool(reached[u] == 1) for u in costs}
    lab.verdict(
        "backprop-process-loop",
        holds,
        evidence={
            "fall_of_the_cost": {f"{u} units": falls[u] for u in costs},
            f"share_below_{SMALL}": {f"{u} units": reached[u] for u in costs},
            "share_of_passes_that_lower_the_cost": {
                f"{u} units": (np.diff(c, axis=0) < 0).mean() for u, c in costs.items()
            },
        },
        note=f"On XOR the cost falls from the starts, on average, but after "
        f"{len(costs[2]) - 1} passes it is below {SMALL} in {reached[2]:.1%} of the "
        f"networks with 2 hidden units and {reached[4]:.1%} of those with 4: the loop "
        "also needs a limit on its passes.",
    )


if __name__ == "__main__":
    lab_main(experiment)
