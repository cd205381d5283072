"""Trained weights that come with the package, and the cards that describe them."""

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Container
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

import keras

from zoo import _checks
from zoo._checksums import SHA256

P = ParamSpec("P")
Model = TypeVar("Model", bound=keras.Model, covariant=True)

FOLDER = Path(__file__).with_name("weights")
# Whether the weights fit these is seen by their shapes.
_SHAPES = ("input_shape", "image_shape", "timesteps")
# These change no number that the trained network predicts from its inputs' values.
_FREE = frozenset(
    {"batch_size", "bias_initializer", "discriminator_loss", "discriminator_steps"}
    | {"dropconnect", "dropout", "forget_bias", "generator_loss", "include_top"}
    | {"kernel_initializer", "l1", "l2", "lp", "momentum", "name", "power"}
    | {"recurrent_dropout", "rescale", "seed", "smoothing", "stateful", "unroll"}
    | {"updates", "use_cudnn", *_SHAPES}
)


class Loads(Protocol[P, Model]):
    """A builder to a type checker: all its arguments, or `weights` and any others."""

    __name__: str

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Model: ...

    @overload
    def __call__(self, *, weights: str, **kwargs: Any) -> Model: ...


def list_weights(pattern: str = "*") -> list[str]:
    """The trained weights that come with the package, in alphabetical order.

    `"lenet/mnist"` is what `lenet(weights="mnist")` loads.

    Args:
        pattern: Which ones, with `*`, `?` and `[...]` as in a shell.

    Raises:
        ValueError: The pattern is no string.

    Example:
        >>> "lenet/digits" in list_weights("lenet*")
        True
    """
    if not isinstance(pattern, str):
        raise _checks.fail("pattern", pattern, "a string such as 'lenet/*'")
    return sorted(name for name in SHA256 if fnmatchcase(name, pattern))


def card(name: str) -> dict[str, Any]:
    """What is known of trained weights: data, license, command, metric and size.

    Args:
        name: One of `list_weights()`.

    Returns:
        Plain data: `arguments` of the builder, `parameters`, `multiply_adds` for one
        example, `metric` (of each seed, their `mean`, the interval from `low` to
        `high` that holds 95 % of further trainings, and that of the `file`), `dtype`,
        `license` of the weights, `data` with theirs, the `command` that trains them,
        `preprocessing`, `bytes`, `sha256`, and what a network needs besides, such as
        `characters` or `words`.

    Raises:
        ValueError: There are no such weights, or their file is damaged.

    Example:
        >>> card("lenet/digits")["data"]["license"]
        'CC BY 4.0'
    """
    content = _content(name)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    return {
        **json.loads(header["__metadata__"]["card"]),
        "bytes": len(content),
        "sha256": SHA256[name],
    }


def file_name(name: str) -> str:
    """The file of weights, such as lenet-mnist.safetensors for "lenet/mnist"."""
    return name.replace("/", "-") + ".safetensors"


def loads_weights(builder: Callable[P, Model]) -> Loads[P, Model]:
    """Gives a builder's argument `weights` its meaning.

    Where it is given, arguments that are not take the values that the weights were
    trained with, and all but a few that are given must have them.
    """
    signature = inspect.signature(builder)
    name = builder.__name__

    @functools.wraps(builder)
    def build(*given_first: Any, weights: str | None = None, **given_by: Any) -> Any:
        arguments: Any = [_checks.plain(value) for value in given_first]
        settings: Any = {key: _checks.plain(value) for key, value in given_by.items()}
        if weights is None:
            return builder(*arguments, **settings)
        try:
            given = signature.bind_partial(*arguments, **settings).arguments
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        _check_offer(name, weights)
        trained = card(f"{name}/{weights}")["arguments"]
        _check_arguments(name, weights, trained, given, signature)
        model = builder(**{**trained, **given})  # type: ignore[call-arg]
        shape = next(key for key in _SHAPES if key in signature.parameters)
        fitting = trained.get(shape, signature.parameters[shape].default)
        refusal = (shape, given.get(shape), fitting)
        _load(model, f"{name}/{weights}", given.get("include_top", True), refusal)
        return model

    return cast(Loads[P, Model], build)


def safetensors() -> ModuleType:
    """The package's part for NumPy, which reads the files.

    Raises:
        ImportError: It is missing; the message says how to get it.
    """
    try:
        import safetensors.numpy as found
    except ImportError as error:
        raise ImportError("A .safetensors file needs `pip install safetensors`.") from (
            error
        )
    return found


def _check_offer(builder: str, weights: object) -> None:
    offered = [name.partition("/")[2] for name in list_weights(f"{builder}/*")]
    if isinstance(weights, str) and weights in offered:
        return
    others = [name for name in list_weights() if name.endswith(f"/{weights}")]
    hint = f"; there are {', '.join(others)}" if others else ""
    allowed = ", ".join(["None", *map(repr, offered)])
    raise _checks.fail("weights", weights, f"one of {allowed} for {builder}{hint}")


def _check_arguments(
    name: str,
    weights: str,
    trained: dict[str, Any],
    given: dict[str, Any],
    signature: inspect.Signature,
) -> None:
    """Refuses what would be another network than the trained one."""
    top = given.get("include_top", True)
    for key, value in given.items():
        wanted = trained.get(key, signature.parameters[key].default)
        headless = key in ("num_classes", "task") or (key == "pooling" and not wanted)
        if key in _FREE or _plain(value) == _plain(wanted) or (headless and not top):
            continue
        hint = ""
        if key == "num_classes":
            hint = f" (zoo.with_head gives {name}(weights={weights!r}) another head)"
        raise _checks.fail(key, value, f"{wanted!r} for weights={weights!r}{hint}")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else value


def _load(
    model: Any, name: str, whole: bool, refusal: tuple[str, object, object]
) -> None:
    """Puts the weights into the network once all names and shapes were checked."""
    arrays = safetensors().load(_content(name))
    places = {_name_of(variable, arrays): variable for variable in model.weights}
    left = places.keys() - arrays.keys() or (whole and arrays.keys() - places.keys())
    if left:
        raise ValueError(f"{min(left)} is not both in the network and in {name}.")
    for path, variable in places.items():
        if tuple(variable.shape) != arrays[path].shape:
            key, value, fitting = refusal
            fitting = tuple(fitting) if isinstance(fitting, list) else fitting
            allowed = (
                f"{fitting}, or fit the weights {name}: {path} has the shape "
                f"{arrays[path].shape} there and {tuple(variable.shape)} here"
            )
            raise _checks.fail(key, value, allowed)
    for path, variable in places.items():
        variable.assign(arrays[path].astype("float32"))


def _name_of(variable: Any, names: Container[str]) -> str:
    """Its path, without the scopes (`keras.name_scope`) that the network lies in."""
    parts = variable.path.split("/")
    paths = ["/".join(parts[start:]) for start in range(len(parts))]
    return next((path for path in paths if path in names), variable.path)


def _content(name: str) -> bytes:
    """The bytes of a file, compared with the checksum in the code."""
    if not isinstance(name, str) or name not in SHA256:
        hint = _checks.nearest(name, SHA256)
        options = ", ".join(list_weights())
        raise _checks.fail("name", name, f"one of {options}{hint}")
    path = FOLDER / file_name(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"The weights {name} can't be read: {error}") from None
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise ValueError(
            f"{path} is damaged: its SHA-256 is not the one of the weights {name}. "
            "Install the package anew."
        )
    return content
