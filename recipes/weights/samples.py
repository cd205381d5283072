"""A DCGAN, measured by what a classifier makes of its samples."""

import keras
import numpy as np

import zoo
from recipes.lab.training.fit import fit
from recipes.weights import Training

METRIC = "Fréchet distance of samples to test images, in the logits of lenet"
UNIT, BETTER = "squared logits", "lower"
HALF_MAY_COST = None  # what the seeds make: half precision stays in their interval
MOST = 10_000  # samples


def prepare(data) -> tuple[tuple, tuple, dict]:
    """Images alone, the classifier's logits of the test images, and the floor."""
    judge = zoo.create("lenet", weights=data.name)
    logits = judge.predict(data.x_test, batch_size=500, verbose=0)
    others = judge.predict(data.x_train[:MOST], batch_size=500, verbose=0)
    extras = {
        "preprocessing": "images in [0, 1], channels last",
        "measured": "the distance of training images to test images is "
        f"{frechet(others, logits):.2f}",
    }
    return (data.x_train,), (judge, logits), extras


def train(model, arrays: tuple, how: Training, seed: int) -> None:
    """Trains both networks, each with its own Adam at the same rate."""
    (x,) = arrays
    model.compile(
        keras.optimizers.Adam(how.learning_rate, beta_1=0.5),
        keras.optimizers.Adam(how.learning_rate, beta_1=0.5),
    )
    fit(model, x, batch_size=how.batch_size, epochs=how.epochs, seed=seed)


def score(model, arrays: tuple) -> float:
    """The distance of as many samples as there are test images, from fixed latents."""
    judge, logits = arrays
    images = model.generate(min(len(logits), MOST), seed=0)
    return frechet(judge.predict(images, batch_size=500, verbose=0), logits)


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance of two samples (n, features), taken as Gaussians.

    References:
        Dowson and Landau, The Fréchet Distance between Multivariate Normal
        Distributions (1982).
    """
    first, second = first.astype("float64"), second.astype("float64")
    means = first.mean(axis=0) - second.mean(axis=0)
    spreads = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    # The trace of the root of a product is the sum of the roots of its eigenvalues.
    roots = np.sqrt(np.linalg.eigvals(spreads[0] @ spreads[1]).real.clip(0.0))
    traces = sum(float(np.trace(spread)) for spread in spreads)
    return float(means @ means + traces - 2.0 * roots.sum())
