"""The outputs of a model that have a loss, and the names that they go by."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from callbacks import arguments


def check_loss(model: Any) -> None:
    """Refuses a model without a loss."""
    if model._compile_loss is None:
        raise ValueError(
            f"{model.name!r} is compiled without a loss, so there is none to weigh."
        )


def names_before_training(model: Any) -> set[str] | None:
    """Names of outputs; None if they show only in the first step."""
    losses = model._compile_loss
    if losses.built:
        return set().union(*names_of_each(model, losses._flat_losses))
    structure = getattr(model, "_outputs_struct", None)
    if structure is None:
        return None
    names = _layer_names(model)
    if isinstance(structure, dict):
        names += structure
    return {*names, "loss"}


def names_of_each(
    model: Any, entries: Sequence[Any], given: Sequence[str] | None = None
) -> list[list[str]]:
    """For each compiled loss the names that its output goes by, the usual one first.

    These are the name in Keras's logs, the key in a dict of outputs, and the name of
    the output's layer.

    Args:
        model: A model whose losses are built.
        entries: Its compiled losses (path, loss, weight, name).
        given: The user's names of all outputs, or None.

    Raises:
        ValueError: `given` doesn't fit the outputs.
    """
    known = [_names_of(model, entry, len(entries)) for entry in entries]
    if given is None:
        return known
    paths = list(dict.fromkeys(entry.path for entry in entries))
    matched = [[n for n in given if n in names] for names in known]
    if all(len(found) == 1 for found in matched) and len(given) == len(paths):
        return [[*found, *names] for found, names in zip(matched, known, strict=True)]
    nameless = not getattr(model, "output_names", None) and all(
        path and isinstance(path[-1], int) for path in paths
    )
    if nameless and len(given) == len(paths) == len(set(given)):
        return [[given[paths.index(entry.path)]] for entry in entries]
    if nameless:
        allowed = f"a name for each of the {len(paths)} outputs, in their order"
    else:
        allowed = f"the names of all outputs: {[names[0] for names in known]}"
    raise arguments.fail("outputs", list(given), allowed)


def places_of(
    argument: str, wanted: Iterable[str], names: list[list[str]], entries: Sequence[Any]
) -> dict[str, list[int]]:
    """Which compiled losses each name means.

    Args:
        argument: The argument that holds the names, for messages.
        wanted: Names of outputs.
        names: Names of each compiled loss.
        entries: The compiled losses; one output may have several.

    Raises:
        ValueError: A name is unknown, or means several outputs.
    """
    places = {w: [i for i, n in enumerate(names) if w in n] for w in wanted}
    unknown = [name for name, found in places.items() if not found]
    if unknown:
        known = sorted({one for each in names for one in each})
        raise arguments.fail(argument, unknown, f"names of outputs among {known}")
    for name, found in places.items():
        if len({entries[i].path for i in found}) > 1:
            raise ValueError(
                f"{argument} names {name!r}, which {len(found)} outputs are called; "
                "give outputs=[...] with a name for each, in their order."
            )
    return places


def _names_of(model: Any, entry: Any, count: int) -> list[str]:
    names = [entry.name]
    if entry.path and not isinstance(entry.path[-1], int):
        names.append("/".join(map(str, entry.path)))
    layers = _layer_names(model)
    place = _place(model, entry.path)
    if place is not None and place < len(layers):
        # A lone loss goes by its output: Keras may call it by the name of the loss.
        names.insert(0 if count == 1 else len(names), layers[place])
    if count == 1:
        names.append("loss")
    return list(dict.fromkeys(name for name in names if name))


def _place(model: Any, path: tuple) -> int | None:
    """Where an output stands among the model's flat outputs."""
    if not path:
        return 0
    if len(path) == 1 and isinstance(path[0], int):
        return path[0]
    structure = getattr(model, "_outputs_struct", None)
    if len(path) == 1 and isinstance(structure, dict) and path[0] in structure:
        return sorted(structure).index(path[0])
    names = _layer_names(model)
    return names.index(path[0]) if len(path) == 1 and path[0] in names else None


def _layer_names(model: Any) -> list[str]:
    if isinstance(model, keras.Sequential):
        return [model.layers[-1].name] if model.layers else []
    return list(getattr(model, "output_names", None) or ())
