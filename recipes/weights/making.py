"""Trains over seeds, keeps seed 0 in one file, and writes the card into it."""

import hashlib
import importlib
import json
import math
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors.numpy import save
from scipy.special import stdtrit

import zoo
from recipes.lab import files
from recipes.lab.data import sets
from recipes.lab.errors import LabError
from recipes.lab.training.seeding import reseed
from recipes.weights import TRAININGS, table
from recipes.weights.cost import multiply_adds
from zoo._checksums import SHA256
from zoo.pretrained import FOLDER, file_name

LEVEL = 0.95
LARGEST = 2_000_000  # bytes of one file
LICENSE = "Apache-2.0"
# Where the data come from and what one may do with them, as their owners say.
ORIGINS = {
    "digits": (
        "Alpaydin and Kaynak, Optical Recognition of Handwritten Digits (1998); the "
        "copy inside scikit-learn",
        "CC BY 4.0",
    ),
    "mnist": (
        "LeCun, Cortes and Burges, The MNIST Database of Handwritten Digits (1998)",
        "CC BY-SA 3.0",
    ),
    "imdb_reviews": (
        "Maas et al., Learning Word Vectors for Sentiment Analysis (2011)",
        "none stated; its authors ask to be cited",
    ),
    "tiny_shakespeare": (
        "Karpathy, char-rnn (2015): lines of Shakespeare's plays",
        "public domain",
    ),
}


def make(
    name: str,
    *,
    seeds: int | None = None,
    data_dir: str | None = None,
    download: bool = False,
    say: Callable[[str], None] = print,
) -> tuple[bytes, dict[str, Any]]:
    """Trains one entry of `TRAININGS`.

    Args:
        name: The entry.
        seeds: How many trainings, at least 2; None for as many as the entry says.
        data_dir: Where prepared data are.
        download: Whether absent data are fetched.
        say: Gets a line of text after each training.

    Returns:
        A safetensors file with the weights of seed 0 and the card, and the card.

    Raises:
        LabError: The data are absent, or the file would be too large.
    """
    how = TRAININGS[name]
    family = importlib.import_module(f"recipes.weights.{how.how}")
    data = sets.load(how.data, data_dir, download)
    train, test, extras = family.prepare(data)
    builder, _, weights = name.partition("/")

    def built(seed: int) -> keras.Model:
        reseed(seed)
        own = {"seed": seed} if how.how == "samples" else {}
        return zoo.create(builder, **how.arguments, **own)

    values, arrays = [], {}
    for seed in range(seeds or how.seeds):
        model = built(seed)
        family.train(model, train, how, seed)
        values.append(family.score(model, test))
        say(f"{name}, seed {seed}: {family.METRIC} {values[-1]:.4f} {family.UNIT}")
        if seed == 0:
            arrays = {v.path: keras.ops.convert_to_numpy(v) for v in model.weights}
    metric = {
        "name": family.METRIC,
        "unit": family.UNIT,
        "better": family.BETTER,
        "seeds": values,
        **spread(values),
    }
    model = built(0)
    halves = {path: array.astype("float16") for path, array in arrays.items()}
    put(model, halves)
    metric["file"] = family.score(model, test)
    half = fits(metric, family.HALF_MAY_COST)
    if not half:
        metric["file"] = values[0]
    source, data_license = ORIGINS[how.data]
    card = {
        "name": name,
        "builder": builder,
        "weights": weights,
        "arguments": how.arguments,
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model),
        "metric": metric,
        "dtype": "float16" if half else "float32",
        "license": LICENSE,
        "data": {
            "name": how.data,
            "source": source,
            "license": data_license,
            "checksum": data.checksum,
            "trained_on": len(train[0]),
        },
        "command": f"recipes train {name}",
        "training": {
            "epochs": how.epochs,
            "batch_size": how.batch_size,
            "learning_rate": how.learning_rate,
            "optimizer": "Adam",
            "seed": 0,
        },
        "versions": {
            "python": platform.python_version(),
            **{each: metadata.version(each) for each in ("keras", "tensorflow")},
        },
        **extras,
    }
    text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
    content = save(halves if half else arrays, metadata={"card": text})
    if len(content) > LARGEST:
        raise LabError(f"{name} has {len(content)} bytes; {LARGEST} are allowed.")
    return content, card


def spread(values: list[float]) -> dict[str, float]:
    """Mean, and the interval in which the next seed ends, by Student's t.

    One more training falls in mean ± t s sqrt(1 + 1/n) with probability `level`. It is
    wider than an interval of the mean, because it has to hold for the file itself.
    """
    count = len(values)
    if count < 2:
        raise LabError(f"an interval needs at least 2 seeds, not {count}.")
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    t = float(stdtrit(count - 1, (1.0 + LEVEL) / 2.0))
    half = t * deviation * math.sqrt(1.0 + 1.0 / count)
    return {"mean": mean, "low": mean - half, "high": mean + half, "level": LEVEL}


def fits(metric: dict[str, Any], may_cost: float | None) -> bool:
    """Whether half precision is good enough: `file` against the float32 of seed 0."""
    if may_cost is None:
        return metric["low"] <= metric["file"] <= metric["high"]
    return abs(metric["file"] - metric["seeds"][0]) < may_cost


def put(model: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Gives a model the weights of these paths."""
    for variable in model.weights:
        variable.assign(arrays[variable.path].astype("float32"))


def keep(folder: Path, content: bytes, card: dict[str, Any]) -> list[Path]:
    """Writes the weights, and the card where a person can read it."""
    path = folder / file_name(card["name"])
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    files.write(path, content)
    files.write(path.with_suffix(".json"), text)
    return [path, path.with_suffix(".json")]


def publish(name: str, content: bytes) -> Path:
    """Puts a file into the package `zoo`, with its checksum and its row in the docs."""
    package = Path(zoo.__file__).parent
    module = package / "_checksums.py"
    before, start, rest = module.read_text("utf-8").partition('SUMS = """\\\n')
    known, end, after = rest.partition('"""')
    words = known.split()
    sums = dict(zip(words[::2], words[1::2], strict=True))
    sums[name] = hashlib.sha256(content).hexdigest()
    lines = [f"{key}\n    {value}\n" for key, value in sorted(sums.items())]
    path = FOLDER / file_name(name)
    files.write(path, content)
    files.write(module, "".join([before, start, *lines, end, after]))
    SHA256.update(sums)
    table.refresh([zoo.card(each) for each in zoo.list_weights()])
    return path
