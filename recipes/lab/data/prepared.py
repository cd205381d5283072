"""Sets that tensorflow-datasets has prepared on disk; fetched only on request."""

import contextlib
import os
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

from recipes.lab.data.cache import cached
from recipes.lab.errors import LabError
from recipes.lab.training import quiet

# Where each set comes from: asked first, because tensorflow-datasets itself
# tries ten times over three silent minutes where there is no network.
SOURCES = {
    "mnist": "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "cifar10": "https://www.cs.toronto.edu/~kriz/",
    "imdb_reviews": "https://ai.stanford.edu/~amaas/data/sentiment/",
    "tiny_shakespeare": "https://raw.githubusercontent.com/",
}
TEXTS = ("imdb_reviews", "tiny_shakespeare")
CONFIGS = {"imdb_reviews": "plain_text"}
WAIT_SECONDS = 5.0


def folder(data_dir: str | None) -> Path:
    """Returns where prepared sets are looked for: flag, variable, default."""
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(chosen).expanduser()


def is_here(name: str, data_dir: str | None) -> bool:
    """Returns whether some version of the set is prepared in the folder."""
    root = folder(data_dir) / name / CONFIGS.get(name, "")
    return any(root.glob("*/dataset_info.json"))


def require(name: str, data_dir: str | None, download: bool) -> None:
    """Raises LabError for a set that is absent and can't or mustn't be fetched."""
    if is_here(name, data_dir):
        return
    if not download:
        raise LabError(
            f"the data set '{name}' is not in {folder(data_dir)}. Point to a folder "
            "that has it with --data-dir DIR or TFDS_DATA_DIR=DIR, or fetch it with "
            "--download."
        )
    _ask(name)


def load(name: str, data_dir: str | None, download: bool):
    """Loads a prepared set into memory.

    Returns:
        x_train, y_train, x_test, y_test: uint8 images or str objects, and int32
        classes (None for `tiny_shakespeare`).

    Raises:
        LabError: The set is absent, broken, or can't be fetched.
    """
    require(name, data_dir, download)
    source = folder(data_dir) / name
    return cached(name, source, lambda: _read(name, data_dir, download))


def _read(name: str, data_dir: str | None, download: bool) -> list:
    """Reads the records, which takes seconds."""
    quiet.load_backend()  # else TensorFlow is loaded below, with its log
    with _quiet(progress=download):
        import tensorflow_datasets as tfds

        if not download:
            tfds.disable_progress_bar()
        try:
            return _arrays(tfds, name, data_dir, download)
        except LabError:
            raise
        except Exception as error:  # whatever a half-copied folder or network does
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            what = "fetch" if download else "read"
            raise LabError(
                f"cannot {what} '{name}' in {folder(data_dir)}: {first}"
            ) from error


def _arrays(tfds, name: str, data_dir: str | None, download: bool):
    loaded = []
    for part in ("train", "test"):
        dataset = tfds.load(
            name, split=part, data_dir=folder(data_dir), download=download
        )
        rows = dataset.batch(1000).as_numpy_iterator()
        batches = list(rows)
        key = "image" if name not in TEXTS else "text"
        x = np.concatenate([batch[key] for batch in batches])
        if name in TEXTS:
            x = np.array([text.decode("utf-8") for text in x], dtype=object)
        y = None
        if "label" in batches[0]:
            y = np.concatenate([batch["label"] for batch in batches]).astype("int32")
        loaded += [x, y]
    return loaded


def _ask(name: str) -> None:
    request = urllib.request.Request(SOURCES[name], method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=WAIT_SECONDS).close()
    except urllib.error.HTTPError:
        pass  # it answered: there is a network
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise LabError(
            f"cannot fetch '{name}': {SOURCES[name]} does not answer ({reason}). "
            "Is there a network? A prepared copy can be used with --data-dir DIR."
        ) from None


@contextlib.contextmanager
def _quiet(progress: bool):
    """Keeps TensorFlow's end-of-sequence log lines off a plain reading."""
    import logging

    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.INFO if progress else logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
