"""How good generated images are: a distance to real ones, and the classes covered."""

import keras
import numpy as np

from recipes.lab import fit
from zoo import lenet

MOST = 2000  # images of each half of the real data; more only cost time


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance of two samples, taken as Gaussians.

    |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½). The trace of the last root is the sum of
    the roots of the eigenvalues of C1^½ C2 C1^½, a symmetric matrix, which spares
    the root of one that is not.

    Args:
        first: Features (samples, dimensions).
        second: The same of the other sample; their number may differ.

    Returns:
        The distance, 0 or more, in squared units of the features.

    References:
        Dowson and Landau, The Fréchet Distance between Multivariate Normal
        Distributions (1982).
    """
    mean_1, covariance_1 = _moments(first)
    mean_2, covariance_2 = _moments(second)
    root = _square_root(covariance_1)
    mixed = np.linalg.eigvalsh(root @ covariance_2 @ root)
    shift = np.sum((mean_1 - mean_2) ** 2)
    spread = np.trace(covariance_1) + np.trace(covariance_2)
    cross = np.sum(np.sqrt(np.maximum(mixed, 0.0)))  # rounding may dip below 0
    return max(float(shift + spread - 2.0 * cross), 0.0)


def coverage(classes: np.ndarray, num_classes: int) -> dict[str, float]:
    """How evenly samples fall into classes.

    Args:
        classes: The class of each sample.
        num_classes: How many there are.

    Returns:
        `least_share`, the share of the rarest class, and `effective_classes`, the
        exponential of the entropy: num_classes where all are equally frequent, 1
        where only one ever comes.
    """
    shares = np.bincount(classes, minlength=num_classes) / len(classes)
    present = shares[shares > 0]
    entropy = -np.sum(present * np.log(present))
    return {
        "least_share": float(shares.min()),
        "effective_classes": float(np.exp(entropy)),
    }


class Ruler:
    """A LeNet trained on real images, in whose features samples are measured.

    Half of the real images are the reference. The other half, just as many, says
    how near two samples of the same images come: the floor of the distance.

    Args:
        data: A `Dataset` of images.
        epochs: Passes over the training images.
    """

    def __init__(self, data, epochs: int):
        self.num_classes = data.num_classes
        keras.utils.set_random_seed(0)
        model = lenet(
            data.x_train.shape[1:], data.num_classes, filters=(16, 32), units=(32,)
        )
        model.compile(
            keras.optimizers.Adam(2e-3),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        fit(model, data.x_train, data.y_train, batch_size=64, epochs=epochs)
        test = model.evaluate(data.x_test, data.y_test, batch_size=500, verbose=0)
        self.accuracy = float(test[1])
        self._model = keras.Model(model.input, [model.layers[-1].input, model.output])

        images = np.concatenate([data.x_train, data.x_test])
        order = np.random.default_rng(0).permutation(len(images))
        self.samples = min(len(images) // 2, MOST)
        half, other = order[: self.samples], order[self.samples : 2 * self.samples]
        self._reference = self._read(images[half])[0]
        self.floor = frechet(self._reference, self._read(images[other])[0])

    def measure(self, images: np.ndarray) -> dict[str, float]:
        """Returns the distance of images from the real ones, and their coverage.

        Args:
            images: As many as `samples`, so that the floor holds for them.
        """
        features, logits = self._read(images)
        return {
            "distance": frechet(self._reference, features),
            **coverage(logits.argmax(-1), self.num_classes),
        }

    def _read(self, images: np.ndarray) -> list[np.ndarray]:
        return self._model.predict(images, batch_size=500, verbose=0)


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features = np.asarray(features, "float64")
    return features.mean(0), np.atleast_2d(np.cov(features, rowvar=False))


def _square_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
