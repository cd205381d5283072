"""What decides how a training goes on and can't be kept: it must not change.

Numbers in Python objects begin anew in a resumed training. They are looked at when
training begins and at each save; one that changed is refused before a death can make a
difference.
"""

from typing import Any, NamedTuple

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import held
from recipes.lab.training.checkpoint.code_of import is_keras
from recipes.lab.training.checkpoint.functions import remembered_by
from recipes.lab.training.options import optimizers_of, show

# By Keras or PyTorch, whenever they like.
SET_ELSEWHERE = ("built", "training", "stop_training", "stop_evaluating",
                 "stop_predicting", "train_function", "test_function",
                 "predict_function")  # fmt: skip
PLAIN = (bool, int, float, str, type(None))


class Seen(NamedTuple):
    """One thing that must not change.

    Attributes:
        what: For a message.
        value: As plain data.
        instead: What to do about it.
    """

    what: str
    value: Any
    instead: str


Look = dict[tuple[int, str], Seen]  # by the object's id and the attribute


def look(model: keras.Model, callbacks: list) -> Look:
    """Returns what must stay as it is while a training is kept.

    Attributes count where steps run as Python; in a compiled program they are constant.

    Args:
        model: A compiled model.
        callbacks: All of the training.
    """
    found = {}
    for callback in callbacks:
        if type(callback) is keras.callbacks.LearningRateScheduler:
            found[id(callback), "schedule"] = Seen(
                "what the schedule of LearningRateScheduler remembers",
                remembered_by(callback.schedule),
                "let it depend on the epoch and the rate alone, or write a callback "
                "with get_state() and set_state(state)",
            )
    as_python = model.run_eagerly or keras.backend.backend() == "torch"
    for part in [*(part for part, _ in held.by_part(model)), *_optimizing(model)]:
        if isinstance(part, keras.Layer):
            flags = (bool(v.trainable) for v in part._trainable_variables)
            found[id(part), "trainable"] = Seen(
                f"trainable of '{part.name}'",
                [bool(part.trainable), *flags],
                "change it between two calls of fit",
            )
        if as_python:
            found |= _attributes(part)
    return found


def _optimizing(model: keras.Model) -> list[Any]:
    """The optimizers, and what gives them their rates."""
    found = optimizers_of(model)
    return [*found, *(vars(one).get("_learning_rate", one) for one in found)]


def _attributes(part: Any) -> Look:
    """Numbers, text and truth values of an object, and what its functions remember."""
    name = getattr(part, "name", type(part).__name__)
    own = not is_keras(type(part))
    found = {}
    for attribute, value in vars(part).items():
        instead = "hold it in a keras.Variable"
        if held.is_own_function(value) and not isinstance(part, keras.Model):
            what, value = f"what a function of '{name}' remembers", remembered_by(value)
        elif own and attribute[0] != "_" and type(value) in PLAIN:
            what = f"the attribute {attribute} of '{name}'"
        else:
            continue
        if attribute not in SET_ELSEWHERE:
            found[id(part), attribute] = Seen(what, value, instead)
    return found


def refuse_changes(before: Look, now: Look) -> None:
    """Refuses to save what a resumed training would have otherwise.

    Raises:
        LabError: Something has changed.
    """
    known = {place for place, _ in before}
    for key, seen in now.items():
        first = before.get(key)
        # As text, in which NaN is equal to itself.
        same = first is not None and repr(first.value) == repr(seen.value)
        if same or key[0] not in known:
            continue
        values = ""
        if type(seen.value) in PLAIN:
            was = "missing" if first is None else show(first.value)
            values = f" ({was}, now {show(seen.value)})"
        raise LabError(
            f"checkpoint= can't keep {seen.what}, which has changed since training "
            f"began{values} and would begin anew after a death; {seen.instead}."
        )
