"""How the perceptron's rule depends on its rate, its bias, its size."""

from fractions import Fraction

import numpy as np

from recipes.basics import _perceptron_rule as rule
from recipes.lab import stats

RATES = [Fraction(n, 16) for n in (1, 4, 8, 16, 32, 160)] + [
    Fraction(1, 10),
    Fraction(4, 10),
]


def judge(lab) -> None:
    """States the verdicts; only the random starts depend on chance."""
    _rates(lab)
    _bias_input(lab)
    _units(lab)
    _cost(lab)


def _rates(lab) -> None:
    """From zeros the rate only scales the weights; from elsewhere it does not."""
    gates, chosen = ("AND", "OR"), lab.settings
    exact = {gate: {r: rule.learn_gate(gate, rate=r) for r in RATES} for gate in gates}
    same = {
        g: len({tuple(e.outputs) for e in by.values()}) == 1 for g, by in exact.items()
    }
    floats = {
        rate: rule.learn(rule.inputs(kind=float), rule.targets("AND"), rate).passes
        for rate in (0.1, 0.25, 0.4)
    }

    def from_random(gate, rate):
        runs = []
        for start in range(chosen.starts):
            weights = np.random.default_rng(start).uniform(-1, 1, (3, 1))
            x = rule.inputs(kind=float)
            runs.append(
                rule.learn(x, rule.targets(gate), rate, weights=weights, passes=1000)
            )
        rises = [int((np.diff(run.errors) > 0).sum()) for run in runs]
        return [len(run.errors) for run in runs], rises

    holds, evidence, told = {}, {}, []
    for gate in gates:
        (slow, slow_rises), (fast, fast_rises) = (
            from_random(gate, r) for r in (1 / 16, 1.0)
        )
        more, calmer = stats.paired(slow, fast), stats.paired(fast_rises, slow_rises)
        holds[f"{gate} from zeros: any difference"] = not same[gate]
        holds[f"{gate} from random weights: more passes"] = more.positive
        holds[f"{gate} from random weights: fewer rises of the error"] = calmer.positive
        evidence[gate] = {
            "same_outputs_for_all_rates_from_zeros": same[gate],
            "passes_from_zeros": {str(r): e.passes for r, e in exact[gate].items()},
            "extra_passes_rate_1/16_over_rate_1_from_random": more,
            "rises_of_the_error_saved_by_rate_1/16_from_random": calmer,
        }
        told.append(
            f"{gate} {np.mean(slow):.1f} against {np.mean(fast):.1f} passes, with "
            f"{np.mean(slow_rises):.1f} against {np.mean(fast_rises):.1f} rises of the "
            "error"
        )
    lab.verdict(
        "perceptron-lr-invariance",
        holds,
        evidence={**evidence, "AND_passes_in_float64_from_zeros": floats},
        note=f"From zeros the outputs are the same for all {len(RATES)} rates (a rate "
        "only scales the weights; other counts in floating point are ties at 0 that "
        "rounding decides); only from random weights does rate 1/16 take longer than "
        f"rate 1: {'; '.join(told)}.",
    )


def _bias_input(lab) -> None:
    """The constant may be anything but 0."""
    passes = {c: rule.learn_gate("AND", constant=c).passes for c in (-1, 0, 1)}
    lab.verdict(
        "perceptron-bias-constant",
        {f"constant {c}": count is not None for c, count in passes.items()},
        evidence={"first_pass_without_error_on_AND": passes},
        note="A constant 0 is no intercept, 0 · w = 0: AND is never learned with it; "
        f"with -1 and 1 it takes {passes[-1]} and {passes[1]} passes.",
    )


def _units(lab) -> None:
    """Units trained together and one by one end with the same weights, exactly."""
    rng, options = np.random.default_rng(0), {"passes": 10, "stop": False}
    problems = {
        "AND and OR": (rule.inputs(), rule.targets("AND", "OR")),
        "10 random units": (
            rng.integers(-9, 10, (50, 20)),
            rng.integers(0, 2, (50, 10)),
        ),
    }
    equal, shapes = {}, {}
    for name, (x, targets) in problems.items():
        together = rule.learn(x, targets, 1, **options).weights
        alone = [
            rule.learn(x, unit[:, None], 1, **options).weights for unit in targets.T
        ]
        equal[name] = bool((together == np.hstack(alone)).all())
        shapes[f"{name}, {len(x)} samples"] = together.shape
    lab.verdict(
        "perceptron-units-independent",
        equal,
        evidence={"shape_of_the_weights": shapes},
        note="Equal exactly; the weights are inputs x units, whatever the number of "
        "samples.",
    )


def _cost(lab) -> None:
    """Counts multiplications while each factor is doubled in turn."""
    base = {"passes": 3, "samples": 8, "inputs": 6, "units": 4}
    count = rule.count_multiplications(**base)
    ratios = {
        name: rule.count_multiplications(**{**base, name: 2 * value}) / count
        for name, value in base.items()
    }
    holds = {
        f"in {n}": bool(1.8 <= ratios[n] <= 2) for n in ("passes", "inputs", "units")
    }
    holds["whatever the samples"] = ratios["samples"] == 1
    lab.verdict(
        "perceptron-cost",
        holds,
        evidence={"base": base, "multiplications": count, "ratio_when_doubled": ratios},
        note="Doubling passes, inputs or units multiplies the cost by "
        f"{ratios['passes']:g}, {ratios['inputs']:.2f} and {ratios['units']:g}, but "
        f"doubling the samples by {ratios['samples']:g}: a pass is over all N samples, "
        "so it is O(T N m n).",
    )
