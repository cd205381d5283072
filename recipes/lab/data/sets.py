"""Data sets by name: embedded in scikit-learn, generated, or prepared on disk."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.lab.data import generators
from recipes.lab.errors import UsageError, nearest

EMBEDDED = {
    "digits": "1,797 handwritten digits, 8x8 gray, 10 classes",
    "iris": "150 flowers, 4 measures, 3 classes",
    "wine": "178 wines, 13 measures, 3 classes",
    "breast_cancer": "569 tumors, 30 measures, 2 classes",
    "diabetes": "442 patients, 10 measures, a score to predict",
    "linnerud": "20 men, 3 exercises, 3 body measures to predict",
}
PREPARED = {
    "mnist": "70,000 handwritten digits, 28x28 gray, 10 classes",
    "fashion_mnist": "70,000 articles of clothing, 28x28 gray, 10 classes",
    "cifar10": "60,000 photographs, 32x32 color, 10 classes",
    "imdb_reviews": "50,000 film reviews, 2 classes",
    "tiny_shakespeare": "a million characters of Shakespeare",
}
# Prepared images as the digits are: as few, and as small by means of 3x3 pixels.
SMALL = {f"{name}_8x8": name for name in ("mnist", "fashion_mnist")}
SMALL_ROWS = 1437, 360  # to learn from and to test with, the first of each


@dataclass(frozen=True)
class Dataset:
    """Training and test arrays.

    Attributes:
        name: The set's name.
        x_train: Inputs (samples, ...): float32, images in [0, 1] with a channel
            axis; texts as an object array of str.
        y_train: int32 classes (samples,) or float32 targets; None for plain text.
        x_test: Inputs for the test, disjoint from training.
        y_test: Their targets.
        num_classes: Classes, None for regression and plain text.
        checksum: "sha256:" and 16 hexadecimal digits of the arrays.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray | None
    num_classes: int | None
    checksum: str

    def linear_bar(self, step: float) -> float:
        """Returns an accuracy that a network must reach to have learned the set.

        It is what a linear model, scikit-learn's logistic regression, gets right in the
        test, rounded down: one number for all sets would be nothing on an easy one, and
        out of reach on a hard one.

        Args:
            step: The accuracy is rounded down to a multiple of this.
        """
        from sklearn.linear_model import LogisticRegression

        x, x_test = (x.reshape(len(x), -1) for x in (self.x_train, self.x_test))
        linear = LogisticRegression(max_iter=1000).fit(x, self.y_train)
        right = linear.score(x_test, self.y_test)
        return round(step * int(right / step + 1e-9), 6)


def load(name: str, data_dir: str | None = None, download: bool = False) -> Dataset:
    """Loads a data set by name.

    Args:
        name: A key of `EMBEDDED`, `generators.GENERATED`, `PREPARED` or `SMALL`.
        data_dir: Where prepared sets are; else `TFDS_DATA_DIR`, else the default
            folder of tensorflow-datasets.
        download: Whether a prepared set that is absent is fetched.

    Returns:
        The set; the same call always gives the same arrays.

    Raises:
        UsageError: No such name; the message says the nearest.
        LabError: A prepared set is absent, or can't be fetched.
    """
    known = [*EMBEDDED, *generators.GENERATED, *PREPARED, *SMALL]
    if name not in known:
        hint = nearest(name, known) or f" There are: {', '.join(known)}."
        raise UsageError(f"there is no data set '{name}'.{hint}")
    if name in PREPARED or name in SMALL:
        from recipes.lab.data import prepared

        arrays = prepared.load(SMALL.get(name, name), data_dir, download)
        arrays = _small(*arrays) if name in SMALL else arrays
    elif name in EMBEDDED:
        arrays = _embedded(name)
    else:
        arrays = split(*generators.GENERATED[name](seed=0))
    return _dataset(name, *arrays)


def like_digits(name: str) -> str:
    """Returns the name of a set whose images are as few and as small as the digits.

    Args:
        name: Of a set of images: "digits" itself, or one that `SMALL` has smaller.

    Raises:
        UsageError: There is none.
    """
    if name == "digits":
        return name
    smaller = {whole: small for small, whole in SMALL.items()}
    if name not in smaller:
        have = ", ".join(["digits", *smaller])
        raise UsageError(f"'{name}' has no set as small as the digits; {have} have.")
    return smaller[name]


def described(name: str) -> str:
    """Returns a set's name as a scope says it, with its size where it is a part."""
    if name not in SMALL:
        return name
    train, test = SMALL_ROWS
    return f"{SMALL[name]} ({train:,} and {test} images of 8x8 pixels)"


def split(x, y, *, test_size: float = 0.2, seed: int = 0):
    """Splits into training and test rows; classes keep their proportions.

    Returns:
        x_train, y_train, x_test, y_test.
    """
    from sklearn.model_selection import train_test_split

    classes = y if y.dtype.kind == "i" else None
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_size, random_state=seed, stratify=classes
    )
    return x_train, y_train, x_test, y_test


def inventory(data_dir: str | None) -> tuple[Path, list[tuple[str, str, str, str]]]:
    """Returns the folder searched, and (name, kind, here, what) for every set."""
    from recipes.lab.data import prepared

    rows = [(name, "embedded", "yes", what) for name, what in EMBEDDED.items()]
    for name, function in generators.GENERATED.items():
        what = (function.__doc__ or "").splitlines()[0].rstrip(".")
        rows.append((name, "generated", "yes", what))
    for name, what in PREPARED.items():
        here = "yes" if prepared.is_here(name, data_dir) else "no"
        rows.append((name, "prepared", here, what))
    for name, whole in SMALL.items():
        here = "yes" if prepared.is_here(whole, data_dir) else "no"
        rows.append((name, "made of it", here, described(name)))
    return prepared.folder(data_dir), rows


def _embedded(name: str):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    x, y = bunch.data.astype("float32"), bunch.target
    if name == "digits":
        x = (x / 16.0).reshape(-1, 8, 8, 1)
    regression = name in ("diabetes", "linnerud")
    return split(x, y.astype("float32" if regression else "int32"))


def _small(x_train, y_train, x_test, y_test):
    """The first rows, each image as the means of 3x3 pixels of the middle 24x24.

    The digits were made like that: means of blocks, with the ink out to the edges.
    """

    def means(images: np.ndarray) -> np.ndarray:
        blocks = images[:, 2:26, 2:26].reshape(len(images), 8, 3, 8, 3, -1)
        return (blocks.mean((2, 4)) / 255).astype("float32")

    train, test = SMALL_ROWS
    return means(x_train[:train]), y_train[:train], means(x_test[:test]), y_test[:test]


def _dataset(name, x_train, y_train, x_test, y_test) -> Dataset:
    digest = hashlib.sha256()
    for array in (x_train, y_train, x_test, y_test):
        if array is None:
            continue
        if array.dtype == object:
            digest.update("\0".join(array).encode("utf-8"))
        else:
            digest.update(np.ascontiguousarray(array).data)
    whole = y_train is not None and y_train.dtype.kind == "i"
    if x_train.dtype == np.uint8:
        x_train, x_test = (_unit(images) for images in (x_train, x_test))
    return Dataset(
        name=name,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        num_classes=int(y_train.max()) + 1 if whole else None,
        checksum=f"sha256:{digest.hexdigest()[:16]}",
    )


def _unit(images: np.ndarray) -> np.ndarray:
    return np.multiply(images, np.float32(1 / 255), dtype=np.float32)
