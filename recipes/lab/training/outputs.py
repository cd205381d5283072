"""What a model puts out, and which loss compares which target with it."""

import functools
import re
import weakref
from typing import Any, NamedTuple

import keras
from keras.src import backend
from keras.src.losses import ALL_OBJECTS_DICT
from keras.src.losses.losses import LossFunctionWrapper
from keras.src.models import Functional
from keras.src.trainers.compile_utils import CompileLoss, get_loss

from recipes.lab.errors import LabError, nearest
from recipes.lab.training.arrays import Data, change, leaves
from recipes.lab.training.conversion import is_dense
from recipes.lab.training.options import show

# The last output of models that have to be called to know it, by their inputs.
_CALLED: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class Pair(NamedTuple):
    """A loss with what it compares.

    Attributes:
        loss: The loss, as Keras resolves it.
        target: The place of the target among the parts of y.
        weight: The place of its weights among the parts of sample_weight, or None.
        output: What the model puts out, a `KerasTensor`.
        place: The place of the output among all outputs.
    """

    loss: keras.losses.Loss
    target: int
    weight: int | None
    output: Any
    place: int


def own_step(model: keras.Model, *names: str) -> bool:
    """Whether the model has such a method that does not build on Keras's own.

    What it does with the targets can't be known.
    """
    for name in names:
        owner = next(cls for cls in type(model).__mro__ if name in vars(cls))
        code = getattr(vars(owner)[name], "__code__", None)
        keras_own = owner.__module__.split(".")[0] == "keras"
        if not keras_own and (code is None or "super" not in code.co_names):
            return True
    return False


def pairs(model: keras.Model, data: Data, prefix: str = "") -> list[Pair]:
    """Finds what each compiled loss compares, by Keras's own rules.

    Args:
        model: A compiled model; it is built by this if it was not.
        data: Checked arrays.
        prefix: Stands before y in an error.

    Raises:
        LabError: Inputs don't fit the model, or targets its outputs.
    """
    if model.loss is None or own_step(model, "train_step", "compute_loss"):
        return []
    if data.y is None:
        raise LabError(
            f"{prefix}y is None, but the loss {_named(model.loss)} needs targets."
        )
    if graph_of(model) is None and not _numbers(data.x):
        return []  # what it puts out can't be found out without real batches
    output = output_of(model, data)
    if output is None:
        return []
    _refuse_lists(model, data, output, prefix)
    output = change(_one_batch, output)
    targets = change(_spec, data.y)
    weights = change(_spec, data.sample_weight)
    found: list[tuple] = []
    loss = keras.tree.map_structure(
        lambda one: None if one is None else _Seen(one, found), model.loss
    )
    names = getattr(model, "output_names", None)
    loss_weights = model._compile_loss._user_loss_weights
    try:
        CompileLoss(loss, loss_weights, output_names=names)(targets, output, weights)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _misfit(model, data, output, prefix, _first(error)) from error
    places = {id(spec): i for i, (_, spec) in enumerate(leaves(targets))}
    weighted = {id(spec): i for i, (_, spec) in enumerate(leaves(weights))}
    outputs = {id(spec): i for i, (_, spec) in enumerate(leaves(output))}
    resolved = []
    for one, y, out, weight in found:
        if id(y) not in places:  # Keras would take a name of y for a target
            raise _misfit(model, data, output, prefix, "other names or no target")
        if weight is not None and id(weight) not in weighted:
            raise _misfit(model, data, output, prefix, "sample_weight has other names")
        weight = weighted.get(id(weight))
        one = _resolved(one, y, out)
        resolved.append(Pair(one, places[id(y)], weight, out, outputs[id(out)]))
    return resolved


def _refuse_lists(model: keras.Model, data: Data, output: Any, prefix: str) -> None:
    """Refuses lists that Keras would match with names in the order of the alphabet."""
    weights = model._compile_loss._user_loss_weights
    lists = (
        (f"{prefix}y", data.y, output, "outputs"),
        (f"{prefix}sample_weight", data.sample_weight, output, "outputs"),
        ("loss_weights", weights, model.loss, "losses"),
    )
    for name, given, named, what in lists:
        if not isinstance(given, (list, tuple)) or not isinstance(named, dict):
            continue
        # On JAX the order in which a model's call puts them is not known.
        known = what == "losses" or graph_of(model) is not None
        if len(named) > 1 and not (known and [*named] == sorted(named)):
            keys = ", ".join(sorted(map(repr, named)))
            raise LabError(
                f"{name} is a {type(given).__name__}, but '{model.name}' names its "
                f"{what}; give a dict with {keys}."
            )


def _misfit(
    model: keras.Model, data: Data, output: Any, prefix: str, why: str
) -> LabError:
    weights = "" if data.sample_weight is None else " or sample_weight"
    return LabError(
        f"{prefix}y{weights} does not fit the outputs of '{model.name}' and its "
        f"losses: y is {_shapes(data.y)}, the outputs are {_shapes(output)} ({why})."
    )


def describe(loss: Any) -> tuple[str, dict]:
    """The name of Keras's function behind a loss, and its settings.

    Returns:
        "" for a loss that is not Keras's own; settings may hold `from_logits`.
    """
    if isinstance(loss, LossFunctionWrapper) and (
        type(loss).call is LossFunctionWrapper.call
        and type(loss).__call__ is keras.losses.Loss.__call__
    ):
        function, settings = loss.fn, dict(loss._fn_kwargs)
        while isinstance(function, functools.partial):
            settings = {**function.keywords, **settings}
            function = function.func if not function.args else None
        module = getattr(function, "__module__", "") or ""
        if module.startswith("keras.src.losses"):
            return getattr(function, "__name__", ""), settings
        return "", settings
    own = getattr(loss, "from_logits", None)
    return "", {} if own is None else {"from_logits": own}


def output_of(model: keras.Model, data: Data) -> Any:
    """The model's output as `KerasTensor`s; the model is called where it must be.

    None for a model that runs eagerly and can't be called without real batches.
    """
    known = _structure(model)
    if known is not None:
        return known
    inputs = change(lambda array: _spec(array, None), _as_tuple(data.x))
    key = str(inputs)
    if _CALLED.get(model, ("",))[0] == key:
        return _CALLED[model][1]
    try:
        try:
            output = backend.compute_output_spec(model, inputs, training=False)
        except Exception:  # some layers have to know the size of a batch
            inputs = change(_spec, _as_tuple(data.x))
            output = backend.compute_output_spec(model, inputs, training=False)
    except Exception as error:
        if model.run_eagerly:
            return None
        raise LabError(
            f"'{model.name}' can't be called with x of {_shapes(data.x)}: "
            f"{_first(error)}"
        ) from error
    known = _structure(model)  # a Sequential knows its layers' outputs from now on
    if known is not None:
        return known
    _CALLED[model] = key, output
    return output


def graph_of(model: keras.Model) -> Functional | None:
    """The model's graph of layers, if it is made of one and built."""
    if isinstance(model, keras.Sequential):
        own = type(model).call is not keras.Sequential.call
        return None if own else model._functional
    if isinstance(model, Functional) and type(model).call is Functional.call:
        return model
    return None


def _structure(model: keras.Model) -> Any:
    graph = graph_of(model)
    if graph is None:
        return None
    structure = graph._outputs_struct
    if isinstance(model, keras.Sequential) and isinstance(structure, list):
        return structure[0] if len(structure) == 1 else structure
    return structure


class _Seen(keras.losses.Loss):
    """Stands for a loss and remembers what it was called with."""

    def __init__(self, loss: Any, found: list):
        super().__init__(name="seen")
        self.one, self.found = loss, found

    def __call__(self, y_true, y_pred, sample_weight=None):
        self.found.append((self.one, y_true, y_pred, sample_weight))
        return 0.0


def _resolved(identifier: Any, target: Any, output: Any) -> keras.losses.Loss:
    try:
        return get_loss(identifier, target, output)
    except ValueError as error:
        text = isinstance(identifier, str)
        hint = nearest(identifier, [*ALL_OBJECTS_DICT]) if text else ""
        raise LabError(
            f"the loss {show(identifier)} is none that Keras knows.{hint}"
        ) from error


def _spec(array: Any, rows: int | None = 2) -> Any:
    return keras.KerasTensor((rows, *array.shape[1:]), _dtype(array))


def _numbers(x: Any) -> bool:
    return all(is_dense(array) and array.dtype.kind in "fiub" for _, array in leaves(x))


def _dtype(array: Any) -> str:
    name = str(getattr(array.dtype, "name", array.dtype))
    return "string" if name.startswith(("str", "bytes", "object")) else name


def _one_batch(tensor: Any) -> Any:
    """The output of a batch of two; its history stays known."""
    batch = keras.KerasTensor((2, *tensor.shape[1:]), tensor.dtype)
    if hasattr(tensor, "_keras_history"):
        batch._keras_history = tensor._keras_history
    return batch


def _as_tuple(x: Any) -> Any:
    return tuple(x) if isinstance(x, list) else x


def _shapes(tree: Any) -> str:
    """The shapes of a structure's parts, without the number of samples."""
    shapes = change(lambda part: (None, *part.shape[1:]), tree)
    return " ".join(f"{shapes}".split())


def _first(error: Exception) -> str:
    """What an error says, on one line and not too long."""
    plain = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras prints some in bold
    text = " ".join(plain.split()) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:297]}..."


def _named(loss: Any) -> str:
    if isinstance(loss, keras.losses.Loss):
        return loss.name
    return loss if isinstance(loss, str) else getattr(loss, "__name__", show(loss))
