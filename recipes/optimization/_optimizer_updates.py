"""Claims about the update rules themselves: Keras's optimizers against NumPy."""

import keras
import numpy as np

from recipes.optimization import _update_rules as _rules

TOLERANCE = 1e-4  # float32; 1 - beta_2**t alone costs Adam five digits in step one


def judge_updates(lab) -> None:
    """States the verdicts on the formulas; nothing here depends on chance."""
    _formulas(lab)
    _bias_correction(lab)
    _adagrad_decay(lab)
    _memory(lab)
    _weight_decay(lab)
    _convex_guarantee(lab)


def replay(optimizer, gradients) -> np.ndarray:
    """Feeds gradients to a Keras optimizer; returns the points that it visits."""
    variable = keras.Variable(np.zeros(gradients.shape[1:], "float32"))
    optimizer.build([variable])
    points = []
    for gradient in gradients.astype("float32"):
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        points.append(keras.ops.convert_to_numpy(variable.value).copy())
    return np.array(points, float)


def follow(rule, gradients) -> np.ndarray:
    """Feeds the same gradients to a rule in NumPy."""
    return np.cumsum([rule(gradient) for gradient in gradients], axis=0)


def difference(optimizer, rule, gradients) -> float:
    """Returns the greatest distance between the two paths, relative to the longest."""
    ours, theirs = follow(rule, gradients), replay(optimizer, gradients)
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())


def _formulas(lab) -> None:
    opt = keras.optimizers
    _compare(lab, "opt-sgd-update", {"": (opt.SGD(0.1), _rules.sgd(0.1))})
    _compare(
        lab,
        "opt-momentum-update",
        {"": (opt.SGD(0.1, momentum=0.9), _rules.momentum(0.1))},
    )
    _compare(
        lab,
        "opt-adagrad-update",
        {
            "G starts at 0, as in the notes": (
                opt.Adagrad(0.1, initial_accumulator_value=0.0),
                _rules.adagrad(0.1),
            ),
            "Keras's default, G starts at 0.1": (opt.Adagrad(0.1), _rules.adagrad(0.1)),
        },
        "Keras starts the accumulator at 0.1 unless initial_accumulator_value=0 is "
        "given, which shortens the first steps.",
    )
    _compare(
        lab,
        "opt-adadelta-update",
        {
            "learning_rate=1": (opt.Adadelta(1.0), _rules.adadelta()),
            "Keras's default learning_rate=0.001": (opt.Adadelta(), _rules.adadelta()),
        },
        "The method has no rate, but Keras multiplies its step by learning_rate, 0.001 "
        "by default: 1.0 gives the notes' step.",
    )
    _compare(
        lab,
        "opt-rmsprop-update",
        {"": (opt.RMSprop(0.1), _rules.rmsprop(0.1))},
        "As in the notes, Keras has rho 0.9 and epsilon inside the root.",
    )
    _compare(
        lab,
        "opt-adam-update",
        {
            "gradients of order 100": (opt.Adam(0.1), _rules.adam(0.1), 100.0),
            "gradients of order 1e-7, as small as epsilon": (
                opt.Adam(0.1),
                _rules.adam(0.1),
                1e-7,
            ),
        },
        "Keras adds epsilon before the bias correction, the notes after it; it shows "
        "only where gradients are as small as epsilon.",
    )


def _compare(lab, claim: str, cases: dict, note: str = "") -> None:
    """Judges one formula from {condition: (optimizer, rule, scale of gradients)}."""
    gradients = np.random.default_rng(0).normal(size=(20, 5))
    found = {
        condition: difference(optimizer, rule, gradients * (scale[0] if scale else 1))
        for condition, (optimizer, rule, *scale) in cases.items()
    }
    holds = {condition: far < TOLERANCE for condition, far in found.items()}
    lab.verdict(
        claim,
        holds if len(holds) > 1 else holds[""],
        evidence={
            "relative_difference": found if len(found) > 1 else found[""],
            "tolerance": TOLERANCE,
            "steps": len(gradients),
        },
        note=note,
    )


def _bias_correction(lab) -> None:
    ones = np.ones((5000, 1))
    keras_step = -float(replay(keras.optimizers.Adam(1.0), ones[:1])[0, 0])
    steps = {
        name: -np.diff(follow(_rules.adam(1.0, corrected=fixed), ones)[:, 0], prepend=0)
        for name, fixed in (("corrected", True), ("uncorrected", False))
    }
    first = {name: float(values[0]) for name, values in steps.items()}
    last = {name: float(values[-1]) for name, values in steps.items()}
    early = abs(first["corrected"] - 1) < 1e-6 and abs(keras_step - 1) < 1e-5
    matters = abs(first["uncorrected"] - 0.1 / np.sqrt(0.001)) < 1e-3
    fades = abs(last["corrected"] - last["uncorrected"]) < 0.01
    lab.verdict(
        "opt-adam-bias-correction",
        bool(early and matters and fades),
        evidence={
            "first_step_in_rates": first | {"keras": keras_step},
            "step_5000_in_rates": last,
        },
        note=f"With a constant gradient the first step is {first['corrected']:.3f} "
        f"rates long with the correction, {first['uncorrected']:.3f} without; by step "
        f"5000 it is {last['corrected']:.3f} and {last['uncorrected']:.3f}.",
    )


def _adagrad_decay(lab) -> None:
    times = (1, 100, 4690)
    ones = np.ones((times[-1], 1))
    optimizer = keras.optimizers.Adagrad(0.01, initial_accumulator_value=0.0)
    theirs = -np.diff(replay(optimizer, ones[: times[1]])[:, 0], prepend=0.0)
    steps = -np.diff(follow(_rules.adagrad(0.01), ones)[:, 0], prepend=0.0)
    found = {f"step {time}": float(steps[time - 1]) for time in times}
    expected = [0.01 / np.sqrt(time) for time in times]
    lab.verdict(
        "opt-adagrad-decay",
        bool(
            np.allclose(list(found.values()), expected, rtol=1e-6)
            and np.allclose(theirs, steps[: len(theirs)], rtol=1e-3)
        ),
        evidence={
            "step_length": found,
            "closed_form": "rate / sqrt(t)",
            "keras_step_length": {
                f"step {time}": float(theirs[time - 1]) for time in times[:2]
            },
        },
        note="A constant gradient of 1 is followed by steps of rate/√t: "
        + ", ".join(f"{length:.3g} at {name}" for name, length in found.items())
        + " (4,690 steps are five epochs of MNIST).",
    )


def _memory(lab) -> None:
    model = keras.Sequential([keras.layers.Input((20,)), keras.layers.Dense(7)])
    parameters = model.count_params()
    opt = keras.optimizers
    slots = {}
    for name, optimizer in {
        "SGD": opt.SGD(),
        "SGD with momentum": opt.SGD(momentum=0.9),
        "AdaGrad": opt.Adagrad(),
        "RMSprop": opt.RMSprop(),
        "Adadelta": opt.Adadelta(),
        "Adam": opt.Adam(),
    }.items():
        optimizer.build(model.trainable_variables)
        numbers = sum(
            int(np.prod(v.shape)) for v in optimizer.variables if len(v.shape)
        )
        slots[name] = numbers / parameters
    lab.verdict(
        "opt-adam-memory",
        slots["Adam"] == 2.0,
        evidence={"numbers_per_parameter": slots, "parameters": parameters},
        note="Numbers kept for each parameter: "
        + ", ".join(f"{name} {count:g}" for name, count in slots.items())
        + ".",
    )


def _weight_decay(lab) -> None:
    left = {}
    for name, optimizer in {
        "Adam": keras.optimizers.Adam(0.1),
        "AdamW": keras.optimizers.AdamW(0.1, weight_decay=0.01),
        "SGD(weight_decay=0.01)": keras.optimizers.SGD(0.1, weight_decay=0.01),
    }.items():
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer.build([variable])
        optimizer.apply([keras.ops.zeros(3)], [variable])
        left[name] = float(keras.ops.convert_to_numpy(variable.value)[0])
    shrunk = abs(left["AdamW"] - 0.999) < 1e-6
    lab.verdict(
        "opt-weight-decay",
        bool(shrunk and left["Adam"] == 1.0),
        evidence={"weight_after_one_step_without_gradient": left, "start": 1.0},
        note="With no gradient at all AdamW shrinks a weight of 1 to "
        f"{left['AdamW']:.4f}, Adam leaves it; in Keras every optimizer takes "
        "weight_decay.",
    )


def _convex_guarantee(lab) -> None:
    def end(rate):
        points = _rules.descend(_rules.sgd(rate), lambda x, _: 2 * x, 2.0, 20)
        return abs(float(points[-1]))

    found = {"rate 0.9, below 2/L = 1": end(0.9), "rate 1.1, above it": end(1.1)}
    lab.verdict(
        "opt-batch-gd-convex-guarantee",
        {name: distance < 0.1 for name, distance in found.items()},
        evidence={"distance_after_20_steps": found, "start": 2.0, "curvature_L": 2.0},
        note="On x² from 2, twenty full-batch steps end "
        + " and ".join(f"{far:.3g} away at {name}" for name, far in found.items())
        + ": the guarantee needs a rate below 2/L.",
    )
