"""What `fit` is told beside the data: types and ranges, before anything is trained."""

import inspect
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError, nearest

LARGEST = 1 << 30  # a batch size above it means the same: all samples in one batch
DEFAULT_BATCH_SIZE = 32  # Keras's own


def show(value: Any) -> str:
    """The value as it stands in an error, on one line and not too long."""
    if isinstance(value, np.generic):
        value = value.item()
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Returns a whole number; NumPy's integers are taken, truth values are not."""
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        limits = f"from {least}" if most is None else f"from {least} to {most}"
        raise LabError(f"{name} must be a whole number {limits}, not {show(value)}.")
    return number


def choice(name: str, value: Any, allowed: tuple) -> None:
    """Refuses what is none of the allowed values; True is not 1 here."""
    if not any(type(value) is type(one) and value == one for one in allowed):
        words = " or ".join(repr(one) for one in allowed)
        hint = nearest(value, [a for a in allowed if isinstance(a, str)]) if (
            isinstance(value, str)) else ""  # fmt: skip
        raise LabError(f"{name} must be {words}, not {show(value)}.{hint}")


def check_model(model: Any) -> None:
    """Refuses what can't be trained: no model, or one that was not compiled."""
    if not isinstance(model, keras.Model):
        raise LabError(f"fit takes a keras.Model, not {show(model)}.")
    if not model.compiled:
        raise LabError(f"'{model.name}' is not compiled: call its compile() first.")
    steps = getattr(model, "steps_per_execution", None)
    if steps is not None and steps != "auto":
        whole("compile(steps_per_execution=)", steps, 1)
    weights = getattr(getattr(model, "_compile_loss", None), "_user_loss_weights", None)
    for weight in keras.tree.flatten(weights):
        number = isinstance(weight, (int, float, np.number))
        if number and not np.isfinite(weight):
            raise LabError(f"compile(loss_weights=) must be numbers, not {weight}.")


def check_names(model: keras.Model, own: Callable, given: Mapping) -> None:
    """Refuses arguments that neither `fit` here nor the model's own `fit` has."""
    keras_has = inspect.signature(model.fit).parameters
    if any(p.kind is p.VAR_KEYWORD for p in keras_has.values()):
        return
    ours = [n for n, p in inspect.signature(own).parameters.items()
            if p.kind is not p.VAR_KEYWORD and n != "model"]  # fmt: skip
    known = [*ours, *keras_has]
    for name in given:
        if name not in known:
            hint = nearest(name, known)
            raise LabError(f"fit has no argument '{name}'.{hint}")


def check_flag(name: str, value: Any) -> None:
    """Refuses what is neither True nor False."""
    choice(name, _plain(value), (True, False))


def check_fit_options(seed: Any, on_divergence: Any, xla: Any) -> int:
    """Checks what only this `fit` has; returns the seed as a plain int."""
    choice("on_divergence", on_divergence, ("raise", "return"))
    choice("xla", _plain(xla), (None, True, False))
    return whole("seed", seed, 0)


def batch_size_of(given: Any) -> int:
    """The batch size; None is Keras's default."""
    if given is None:
        return DEFAULT_BATCH_SIZE
    return min(whole("batch_size", given, 1), LARGEST)


def checked_arguments(arguments: Mapping, epochs: Any) -> dict:
    """Checks what goes on to `model.fit`; numbers come back as plain ints."""
    checked = {"verbose": 0, **arguments, "epochs": whole("epochs", epochs, 1)}
    verbose = checked["verbose"]
    if verbose is None or (verbose != "auto" and not isinstance(verbose, bool)):
        checked["verbose"] = whole("verbose", verbose, 0, 2)
    if "initial_epoch" in checked:
        first, last = checked["initial_epoch"], checked["epochs"] - 1
        checked["initial_epoch"] = whole("initial_epoch", first, 0, last)
    for name in ("steps_per_epoch", "validation_steps", "validation_batch_size"):
        if checked.get(name) is not None:
            checked[name] = whole(name, checked[name], 1)
    frequency = checked.get("validation_freq", 1)
    if isinstance(frequency, (list, tuple, set)):
        frequency = [whole("validation_freq", epoch, 1) for epoch in frequency]
        if not frequency:
            raise LabError("validation_freq names no epoch: it is empty.")
        checked["validation_freq"] = frequency
    elif "validation_freq" in checked:
        checked["validation_freq"] = whole("validation_freq", frequency, 1)
    return checked


def checked_steps(
    arguments: dict, batches: int, held_out: int | None, shuffle: bool
) -> int | None:
    """Takes `steps_per_epoch` out of the arguments; it and another must have batches.

    Args:
        arguments: For `model.fit`, changed in place.
        batches: Those of an epoch.
        held_out: Those of the validation data, if it is in arrays.
        shuffle: Whether each pass has an order of its own.
    """
    if held_out is not None and arguments.get("validation_steps") is not None:
        whole("validation_steps", arguments["validation_steps"], 1, held_out)
    steps = arguments.pop("steps_per_epoch", None)
    if steps is None:
        return None
    steps = whole("steps_per_epoch", steps, 1, batches)
    if batches % steps and not shuffle:
        raise LabError(
            f"steps_per_epoch={steps} does not divide the {batches} batches: without "
            f"shuffle the last {batches % steps} would never be trained. Give a "
            "divisor, or only the rows that are to be trained."
        )
    return steps


def share(name: str, value: Any) -> float:
    """Returns a share from 0 to below 1; None is 0."""
    if value is None:
        return 0.0
    number = as_number(value)
    if number is None or not 0 <= number < 1:
        raise LabError(
            f"{name}={show(value)} leaves nothing to train on or to validate with; it "
            "must be a number from 0 to below 1."
        )
    return number


def as_number(value: Any) -> float | None:
    """The value as a float where it is one real number, else None."""
    if isinstance(value, (bool, np.bool_, str, bytes)) or np.ndim(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def checked_class_weight(class_weight: Any) -> dict[int, float]:
    """Returns {class: weight} with whole classes and finite weights from 0."""
    if not isinstance(class_weight, Mapping) and not hasattr(class_weight, "items"):
        raise LabError(
            "class_weight must be a dict from class to weight, such as {0: 1.0, 1: "
            f"2.0}}, not {show(class_weight)}."
        )
    checked = {}
    for key, weight in class_weight.items():
        truth = isinstance(key, (bool, np.bool_))  # the classes of labels that are
        label, number = float(key) if truth else as_number(key), as_number(weight)
        if label is None or not label.is_integer():
            raise LabError(
                f"class_weight has the key {show(key)}; classes are numbers 0, 1, 2, "
                "... as in y."
            )
        if number is None or not math.isfinite(number) or number < 0:
            raise LabError(
                f"class_weight gives class {int(label)} the weight {show(weight)}; a "
                "weight is a finite number from 0."
            )
        if int(label) in checked:
            raise LabError(f"class_weight has class {int(label)} twice.")
        checked[int(label)] = number
    return checked


def check_optimizers(model: keras.Model, steps: int | None = None) -> None:
    """Refuses settings with which every optimizer of Keras goes wrong silently.

    Args:
        model: A compiled model.
        steps: Those to come, for which schedules of the learning rate are looked at;
            None looks at the next one only.

    Raises:
        LabError: A setting is out of bounds.
    """
    for optimizer in optimizers_of(model):
        for rate in _rates(optimizer, steps):
            _require(optimizer, "learning_rate", rate, 0 <= rate < math.inf, "from 0")
        for name in ("beta", "beta_1", "beta_2", "beta_3", "rho", "ema_momentum"):
            _require_number(optimizer, name, lambda value: 0 <= value < 1,
                            "from 0 to below 1")  # fmt: skip
        _require_number(optimizer, "momentum", lambda value: 0 <= value <= 1,
                        "from 0 to 1")  # fmt: skip
        for name in ("clipnorm", "clipvalue", "global_clipnorm", "loss_scale_factor",
                     "initial_scale", "clip_threshold"):  # fmt: skip
            _require_number(optimizer, name, lambda value: 0 < value < math.inf,
                            "above 0")  # fmt: skip
        for name in (
            "weight_decay",
            "epsilon",
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
        ):
            _require_number(optimizer, name, lambda value: 0 <= value < math.inf,
                            "from 0")  # fmt: skip


def _rates(optimizer: Any, steps: int | None) -> list[float]:
    """The learning rate, or a schedule's rates at some of the steps to come."""
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is None:
        return []
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        first = int(_host(optimizer.iterations)) if optimizer.built else 0
        places = np.linspace(first, first + max(steps or 1, 1) - 1, 9).astype(int)
        return [float(_host(rate(int(place)))) for place in np.unique(places)]
    if callable(rate) and not hasattr(rate, "value"):
        rate = rate()
    return [float(_host(rate))]


def _host(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def _require_number(optimizer, name: str, allows: Callable, limits: str) -> None:
    value = as_number(getattr(optimizer, name, None))
    if value is not None:
        _require(optimizer, name, value, allows(value), limits)


def _require(optimizer, name: str, value: float, holds: bool, limits: str) -> None:
    if not holds:  # also where it is NaN
        raise LabError(
            f"the optimizer '{optimizer.name}' has {name}={show(value)}; it must be a "
            f"finite number {limits}."
        )


def optimizers_of(model: keras.Model) -> list:
    """All optimizers that the model holds, also wrapped ones and several."""
    found, waiting = [], [*vars(model).values()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple)):
            waiting += value
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, keras.optimizers.Optimizer) and not any(
            value is one for one in found
        ):
            found.append(value)
            inner = getattr(value, "inner_optimizer", None)
            waiting += [inner, getattr(value, "_inner_optimizers", None)]
    return found


def _plain(value: Any) -> Any:
    return bool(value) if isinstance(value, np.bool_) else value
