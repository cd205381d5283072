"""Names of variables that tell layers apart, also layers of equal name."""

from collections.abc import Iterator
from typing import Any

import keras


def walk(model: Any) -> Iterator[tuple[Any, str]]:
    """Every layer below a model, each once, with the names of those around it.

    A layer in the submodel "left" is at "left/NAME"; the model's own name is left out.
    """
    seen = {id(model)}

    def below(layer: Any, prefix: str) -> Iterator[tuple[Any, str]]:
        for child in layer._flatten_layers(recursive=False, include_self=False):
            if id(child) in seen:
                continue
            seen.add(id(child))
            yield child, prefix + child.name
            yield from below(child, f"{prefix}{child.name}/")

    yield from below(model, "")


def own_variables(layer: Any) -> list[Any]:
    """The variables that a layer made itself, not those of layers in it."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def unique_paths(model: Any, variables: list) -> list[str]:
    """A path for each variable: that of Keras, unless two layers would share it.

    Then the layers are named with the submodels that they are in, and numbered where
    that doesn't tell them apart.

    Args:
        model: The model, whose own name is left out.
        variables: Its variables, or some of them.
    """
    owners: dict[int, tuple[int, str]] = {}
    for layer, path in walk(model):
        for variable in own_variables(layer):
            owners.setdefault(_key(variable), (id(layer), path))
    prefix = f"{model.name}/"
    plain = []
    for variable in variables:
        path = getattr(variable, "path", variable.name).removeprefix(prefix)
        layer, _, name = path.rpartition("/")
        plain.append((layer, name))
    layers = [owners.get(_key(v), (None, ""))[0] for v in variables]
    labels = [layer for layer, _ in plain]
    for label in _shared(labels, layers):
        for i, (variable, owner) in enumerate(zip(variables, layers, strict=True)):
            if labels[i] == label and owner is not None:
                labels[i] = owners[_key(variable)][1]
    _number(labels, layers)
    pairs = zip(labels, plain, strict=True)
    return _numbered([f"{label}/{name}".lstrip("/") for label, (_, name) in pairs])


def _key(variable: Any) -> int:
    # An optimizer on TensorFlow may hand on the raw variable of a Keras variable.
    value = getattr(variable, "_value", None)
    return id(value if keras.backend.backend() == "tensorflow" and value is not None
              else variable)  # fmt: skip


def _shared(labels: list[str], layers: list) -> list[str]:
    """Labels that several layers have."""
    by_label: dict[str, set] = {}
    for label, layer in zip(labels, layers, strict=True):
        by_label.setdefault(label, set()).add(layer)
    return [label for label, found in by_label.items() if len(found) > 1]


def _number(labels: list[str], layers: list) -> None:
    """Appends _1, _2 to labels that several layers still share."""
    for label in _shared(labels, layers):
        new: dict[Any, str] = {}
        for i, layer in enumerate(layers):
            if labels[i] != label:
                continue
            if layer not in new:
                number, candidate = 0, label
                while candidate in new.values() or (number and candidate in labels):
                    number += 1
                    candidate = f"{label}_{number}"
                new[layer] = candidate
            labels[i] = new[layer]


def _numbered(paths: list[str]) -> list[str]:
    result: list[str] = []
    for path in paths:
        number, candidate = 0, path
        while candidate in result:
            number += 1
            candidate = f"{path}_{number}"
        result.append(candidate)
    return result
