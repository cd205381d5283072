"""Plain data without what Keras numbers or draws anew in every process."""

from typing import Any


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Returns plain data with the layers' names by their places."""
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, dict):
        # A cropping layer without a seed draws one, and shows it; the state of its
        # generator is restored.
        drawn = value.get("class_name") == "RandomCrop"
        value = {**value, "config": seedless(value["config"])} if drawn else value
        return {key: renamed(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def seedless(config: dict) -> dict:
    """A configuration without a seed that the layer may have drawn."""
    return {key: item for key, item in config.items() if key != "seed"}


def nameless(value: Any) -> Any:
    """Returns plain data without the names of optimizers, losses and the like."""
    if isinstance(value, list):
        return [nameless(item) for item in value]
    if isinstance(value, dict):
        return {k: nameless(item) for k, item in value.items() if k != "name"}
    return value
