"""Every formula of the notes beside the schedule or callback that Keras has for it."""

import keras
import numpy as np
from keras.optimizers import schedules

from recipes.optimization import _schedules_formulas as formulas
from recipes.optimization._schedules_keras import Script, draw, in_training, of_keras

CLOSE = 1e-6  # of the first rate: Keras computes in float32
PER_EPOCH = 32  # updates an epoch, where both are counted


def apart(first, second, scale: float) -> float:
    """The greatest difference of two curves, as a share of the first rate."""
    return float(np.abs(np.asarray(first) - np.asarray(second)).max() / scale)


def judge(lab) -> None:
    """Judges the six curves and draws them."""
    judge_step(lab)
    judge_exponential(lab)
    judge_plateau(lab)
    judge_cyclical(lab)
    judge_cosine(lab)
    judge_ratio(lab)
    draw(lab)


def judge_step(lab) -> None:
    """Step decay as a callback, and as two schedules that count updates."""
    epochs = np.arange(40)
    expected = formulas.step_decay(epochs)
    callback = keras.callbacks.LearningRateScheduler(
        lambda epoch: float(formulas.step_decay(epoch))
    )
    tenths = [0.1, 0.01, 0.001, 0.0001]
    pieces = schedules.PiecewiseConstantDecay([9, 19, 29], tenths)
    late = schedules.PiecewiseConstantDecay([10, 20, 30], tenths)
    staircase = schedules.ExponentialDecay(0.1, 10, 0.1, staircase=True)
    found = {
        "LearningRateScheduler": apart(in_training(40, callback), expected, 0.1),
        "ExponentialDecay, staircase": apart(
            of_keras(staircase, epochs), expected, 0.1
        ),
        "PiecewiseConstantDecay": apart(of_keras(pieces, epochs), expected, 0.1),
    }
    first = int(epochs[of_keras(late, epochs) < 0.05][0])
    lab.verdict(
        "sched-step",
        {name: far < CLOSE for name, far in found.items()},
        evidence={
            "rate_at_0_9_10_20_30": expected[[0, 9, 10, 20, 30]],
            "difference_over_the_first_rate": found,
            "first_small_rate_with_boundaries_10_20_30": first,
        },
        note="The largest difference from the formula over 40 epochs is "
        f"{max(found.values()):.0e} of the first rate. Keras's schedules count "
        "updates, not epochs, and PiecewiseConstantDecay with boundaries at 10, 20, 30 "
        f"lowers the rate at {first}.",
    )


def judge_exponential(lab) -> None:
    """By epoch or by update: the factor means another thing."""
    rate, factor, epochs = 0.1, 0.9, np.arange(11)
    expected = formulas.exponential(epochs, rate, factor)
    ends = epochs * PER_EPOCH
    decay = schedules.ExponentialDecay
    keras_rates = {
        "each epoch (staircase)": decay(rate, PER_EPOCH, factor, staircase=True),
        "each update, the factor spread over an epoch": decay(rate, PER_EPOCH, factor),
        "each update, the factor as it is": decay(rate, 1, factor),
    }
    found = {
        name: apart(of_keras(schedule, ends), expected, rate)
        for name, schedule in keras_rates.items()
    }
    after = float(of_keras(keras_rates["each update, the factor as it is"], ends)[1])
    lab.verdict(
        "sched-exponential",
        {f"lowered {name}": far < CLOSE for name, far in found.items()},
        evidence={
            "difference_at_the_epochs_starts_over_the_first_rate": found,
            "rate_after_one_epoch_by_formula": expected[1],
            "rate_after_one_epoch_lowered_each_update": after,
            "updates_an_epoch": PER_EPOCH,
        },
        note=f"From 0.1 with factor 0.9 the formula gives {expected[1]:.3g} after one "
        f"epoch; lowering by 0.9 with each of its {PER_EPOCH} updates leaves "
        f"{after:.3g}. Lowered each update by factor^(1/updates an epoch), Keras's "
        "ExponentialDecay with decay_steps set to the updates of an epoch, both agree "
        "at the start of every epoch.",
    )


def judge_plateau(lab) -> None:
    """ReduceLROnPlateau on losses made up so that the epochs are known."""
    stall = [1.0, 0.9, *[0.8] * 18]
    losses = {
        "stalls after epoch 3": stall,
        "falls by 0.01 an epoch": [1 - 0.01 * epoch for epoch in range(20)],
        "falls by 0.00001 an epoch": [1 - 1e-5 * epoch for epoch in range(20)],
    }

    def drops(series, **settings):
        callback = keras.callbacks.ReduceLROnPlateau(
            factor=0.1, patience=5, mode="min", **settings
        )
        rates = in_training(len(series), Script(series), callback)
        return [int(i) + 1 for i in np.flatnonzero(rates[1:] < 0.5 * rates[:-1])]

    found = {name: drops(series) for name, series in losses.items()}
    rule = {name: formulas.plateau(series) for name, series in losses.items()}
    exact = drops(losses["falls by 0.00001 an epoch"], min_delta=0.0)
    late = formulas.plateau(stall, late=1)
    lab.verdict(
        "sched-plateau",
        {f"a loss that {name}": found[name] == rule[name] for name in losses},
        evidence={
            "lowered_at_the_end_of_epochs": found,
            "by_the_rule": rule,
            "lowered_with_min_delta_0": exact,
            "by_the_rule_that_waits_for_more_than_5": late,
        },
        note="On a loss that stalls after epoch 3 Keras lowers the rate at the end of "
        f"epochs {found['stalls after epoch 3']}; the notes' framework waits for more "
        f"than 5 epochs, which gives {late}. A loss that falls by 0.00001 an epoch "
        f"does not stall, and is lowered at {found['falls by 0.00001 an epoch']}, "
        f"with min_delta=0 at {exact}: gains under Keras's min_delta of 0.0001 "
        "count as none.",
    )


def judge_cyclical(lab) -> None:
    """Keras has no cycle, but takes any schedule."""
    times = np.arange(0, 8001, 250)
    expected = formulas.triangular(times)
    corners = np.array([1e-5, 0.005005, 0.01, 0.005005, 1e-5])
    found = {
        "formula at 0, 1000, ... 4000": apart(expected[:17:4], corners, 0.01),
        "as a Keras schedule": apart(
            of_keras(formulas.Triangular(), times), expected, 0.01
        ),
    }
    lab.verdict(
        "sched-cyclical",
        {name: far < CLOSE for name, far in found.items()},
        evidence={
            "rate_at_0_1000_2000_3000_4000": expected[:17:4],
            "difference_over_the_highest_rate": found,
        },
        note="Keras has no cyclical schedule; eight lines make one that its optimizers "
        f"take, {max(found.values()):.0e} of the highest rate from the formula.",
    )


def judge_cosine(lab) -> None:
    """The same up to the end, and something else after it."""
    fall, after = np.arange(51), np.arange(51, 101)
    keras_rates = schedules.CosineDecay(1.0, 50)
    restarts = schedules.CosineDecayRestarts(1.0, 50, t_mul=1.0, m_mul=1.0)
    found = {
        "up to step 50": apart(
            of_keras(keras_rates, fall), formulas.cosine(fall, 50), 1
        ),
        "from 50 to 100": apart(
            of_keras(keras_rates, after), formulas.cosine(after, 50), 1
        ),
    }
    ends = {
        "formula": formulas.cosine([50, 75, 100], 50),
        "CosineDecay": of_keras(keras_rates, [50, 75, 100]),
        "CosineDecayRestarts": of_keras(restarts, [50, 75, 100]),
    }
    told = "; ".join(
        f"{name} " + ", ".join(f"{share:.2f}" for share in shares)
        for name, shares in ends.items()
    )
    lab.verdict(
        "sched-cosine",
        {f"CosineDecay, {name}": far < CLOSE for name, far in found.items()},
        evidence={
            "share_at_0_10_25_40_50": formulas.cosine([0, 10, 25, 40, 50], 50),
            "difference_from_CosineDecay": found,
            "share_at_50_75_100": ends,
        },
        note=f"Shares of the first rate at 50, 75 and 100 of 50 steps: {told}. A "
        "training that goes on after the end needs to know which one it has.",
    )


def judge_ratio(lab) -> None:
    """The two decays that a formula cut off before "number / total epochs)" can be."""
    total = 30
    epochs, half = np.arange(total + 1), np.arange(0, 2 * total + 1, 2)
    line = schedules.PolynomialDecay(1.0, total, end_learning_rate=0.0, power=1.0)
    readings = {
        "1 − t/T": (formulas.linear, line),
        "½(1 + cos(πt/T))": (formulas.cosine, schedules.CosineDecay(1.0, total)),
    }
    found, holds = {}, {}
    for name, (formula, schedule) in readings.items():
        curve = formula(epochs, total)
        found[name] = {
            "difference_from_Keras": apart(of_keras(schedule, epochs), curve, 1),
            "change_where_all_is_twice_as_long": apart(
                formula(half, 2 * total), curve, 1
            ),
            "share_at_start_and_end": [float(curve[0]), float(curve[-1])],
        }
        holds[name] = bool(
            found[name]["difference_from_Keras"] < CLOSE
            and found[name]["change_where_all_is_twice_as_long"] < 1e-12
            and abs(curve[0] - 1) + abs(curve[-1]) < 1e-12
            and (np.diff(curve) < 0).all()
        )
    ratio = np.linspace(0, 1, 1001)
    gap = np.abs(formulas.cosine(ratio, 1) - formulas.linear(ratio, 1))
    widest = float(ratio[gap.argmax()])
    lab.verdict(
        "sched-epoch-ratio",
        holds,
        evidence={**found, "widest_gap": gap.max(), "widest_gap_at_t/T": widest},
        note="The notes' formula is cut off; both readings fall from the first rate "
        "to 0 by t/T alone, and Keras has them as PolynomialDecay and CosineDecay. "
        f"They are {gap.max():.3f} of the first rate apart at most. Which one was "
        "meant can't be told.",
    )
