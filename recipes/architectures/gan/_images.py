"""The DCGAN with both losses, and how good its images are."""

from dataclasses import dataclass
from itertools import pairwise

import keras
import numpy as np

from recipes.architectures.gan._networks import BATCH_SIZE, LOSSES, Pair
from recipes.lab import experiment, fit
from zoo import lenet
from zoo.dcgan import dcgan_discriminator, dcgan_generator

ROUNDS = 10  # measurements of the samples while a GAN trains
SHOWN = 8  # samples in a row of the picture
LEADS = (0, 0.1, 0.3, 1, 1.5, 2, 3, 5, 10)  # measured gradients, in head starts
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

    It computes in single precision, whatever the networks that it measures.

    Half of the real images are the reference. The other half, just as many, says
    how near two samples of the same images come: the floor of the distance. The same
    pixels, shuffled between the images, say how near one comes without any image.

    Args:
        data: A `Dataset` of images.
        epochs: Passes over the training images.
    """

    def __init__(self, data, epochs: int):
        self.num_classes = data.num_classes
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy("float32")
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
        keras.config.set_dtype_policy(policy)
        self._model = keras.Model(model.input, [model.layers[-1].input, model.output])

        images = np.concatenate([data.x_train, data.x_test])
        order = np.random.default_rng(0).permutation(len(images))
        self.samples = min(len(images) // 2, MOST)
        half, other = order[: self.samples], order[self.samples : 2 * self.samples]
        self._reference = self._read(images[half])[0]
        # Real in every pixel, and no images: each pixel comes from an image of its own.
        pixels = images[half].reshape(self.samples, -1)
        mixed = np.random.default_rng(1).permuted(pixels, axis=0)
        self.no_images = self.measure(mixed.reshape(images[half].shape))["distance"]
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


@dataclass(frozen=True)
class Plan:
    """What goes with a data set.

    Attributes:
        filters: Filters of the DCGAN's widest image stage.
        latent_dim: Size of the noise.
        ruler_epochs: Passes over the data for the LeNet that measures.
    """

    filters: int
    latent_dim: int
    ruler_epochs: int


PLANS = {
    "digits": Plan(filters=64, latent_dim=32, ruler_epochs=15),
    "mnist": Plan(filters=32, latent_dim=64, ruler_epochs=1),
    "fashion_mnist": Plan(filters=32, latent_dim=64, ruler_epochs=2),
}


def train_images(case, seed, data):
    """Trains the DCGAN with both losses, and the discriminator alone.

    Args:
        case: `steps` (updates of both networks, in `ROUNDS` rounds), `head_start`
            and `ruler_epochs`.
        seed: Where all three trainings begin.
        data: Images in [0, 1].

    Returns:
        `runs`: for each loss `looks`, measured at the start and after each round,
        `pictures`, samples of the same latents each time, and `losses`, the history;
        `lead`: what is measured as D trains alone, after `lead_steps`; `looked_at`,
        the steps of the looks; the ruler's `floor`, `no_images` and `accuracy`.
    """
    plan, shape = PLANS[data.name], data.x_train.shape[1:]
    ruler = Ruler(data, case["ruler_epochs"])

    def build():
        generator = dcgan_generator(shape, plan.latent_dim, filters=plan.filters)
        return generator, dcgan_discriminator(shape, filters=plan.filters)

    # Radford et al. (2015): what the zoo's DCGAN is compiled with as well.
    pair = Pair(build, lambda: keras.optimizers.Adam(2e-4, beta_1=0.5))
    size = (4 * BATCH_SIZE, plan.latent_dim)
    latents = np.random.default_rng(0).standard_normal(size).astype("float32")
    steps = max(1, round(case["steps"] / ROUNDS))
    lead_steps = sorted({round(case["head_start"] * share) for share in LEADS})

    def draw(rng, batches: int) -> np.ndarray:
        rows = rng.integers(len(data.x_train), size=batches * BATCH_SIZE)
        return data.x_train[rows]

    def look(loss: str) -> dict:
        samples = pair.models[loss].generate(ruler.samples, seed=1)
        return {**pair.measure(latents), **ruler.measure(samples)}

    def pictures(loss: str) -> list:
        samples = pair.models[loss].generate(SHOWN, seed=1)
        return np.rint(255 * samples).astype(int).tolist()

    pair.start(seed)
    rng = np.random.default_rng([seed, 4])
    lead = [pair.measure(latents)]
    for before, after in pairwise(lead_steps):
        pair.lead(draw(rng, after - before), seed)
        lead.append(pair.measure(latents))
    runs = {}
    for loss in LOSSES:
        pair.start(seed)
        rng = np.random.default_rng([seed, 3])
        run = {"looks": [look(loss)], "pictures": [pictures(loss)], "losses": {}}
        for _ in range(ROUNDS):
            batches, model = draw(rng, steps), pair.models[loss]
            trained = fit(model, batches, batch_size=BATCH_SIZE, shuffle=False)
            for metric, values in trained.history.items():
                run["losses"].setdefault(metric, []).extend(values)
            run["looks"].append(look(loss))
            run["pictures"].append(pictures(loss))
        runs[loss] = run
    return {
        "runs": runs,
        "lead": lead,
        "lead_steps": lead_steps,
        "looked_at": [steps * index for index in range(ROUNDS + 1)],
        "floor": ruler.floor,
        "no_images": ruler.no_images,
        "accuracy": ruler.accuracy,
    }


@experiment
def image_runs(lab) -> list[dict]:
    """Trains with every seed; one result a seed."""
    chosen, name = lab.settings, lab.settings.data
    case = {
        "steps": chosen.steps,
        "head_start": chosen.head_start,
        "ruler_epochs": 1 if lab.smoke else PLANS[name].ruler_epochs,
    }
    return lab.sweep(
        train_images,
        {"DCGAN": case},
        seeds=range(lab.seeds.start, lab.seeds.start + chosen.image_seeds),
        precision="convolutional",
        title="images",
    )["DCGAN"]


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features = np.asarray(features, "float64")
    return features.mean(0), np.atleast_2d(np.cov(features, rowvar=False))


def _square_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
