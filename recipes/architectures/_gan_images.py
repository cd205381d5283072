"""Small images from noise: the DCGAN with both losses, measured as it learns."""

from dataclasses import dataclass
from itertools import pairwise

import keras
import numpy as np

from recipes.architectures._gan_pair import BATCH_SIZE, LOSSES, Pair
from recipes.architectures._sample_quality import Ruler
from recipes.lab import fit, stats
from zoo.dcgan import dcgan_discriminator, dcgan_generator

ROUNDS = 10  # looks at the samples while a GAN trains
SHOWN = 8  # samples in a row of the picture
LEADS = (0, 0.1, 0.3, 1, 1.5, 2, 3, 5, 10)  # looks at gradients, in head starts

# What the verdict asks for, fixed before anything was judged.
LEFT = 0.1  # share of the way from untrained to real that may be left
LEAST = 0.2  # share of its even share that the rarest class must have


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


class Images:
    """Trains the DCGAN on one data set, once for each loss and seed.

    Args:
        data: A `Dataset` of images in [0, 1].
        ruler: What measures the samples.
        steps: Updates of both networks, rounded to a multiple of `ROUNDS`.
        head_start: Updates of D alone at which the generator's gradients are taken,
            among others.
    """

    def __init__(self, data, ruler: Ruler, steps: int, head_start: int):
        self.plan, self.ruler = PLANS[data.name], ruler
        self.images, shape = data.x_train, data.x_train.shape[1:]
        self.steps_a_round = max(1, round(steps / ROUNDS))
        self.leads = sorted({round(head_start * share) for share in LEADS})
        filters = self.plan.filters

        def build():
            generator = dcgan_generator(shape, self.plan.latent_dim, filters=filters)
            return generator, dcgan_discriminator(shape, filters=filters)

        # Radford et al. (2015): what the zoo's DCGAN is compiled with as well.
        self.pair = Pair(build, lambda: keras.optimizers.Adam(2e-4, beta_1=0.5))
        rng = np.random.default_rng(0)
        size = (4 * BATCH_SIZE, self.plan.latent_dim)
        self.latents = rng.standard_normal(size).astype("float32")

    @property
    def looked_at(self) -> list[int]:
        """The steps at which samples are looked at."""
        return [self.steps_a_round * index for index in range(ROUNDS + 1)]

    def train(self, loss: str, seed: int) -> dict:
        """Trains both networks from what the seed decides.

        Returns:
            `looks`, measured at the start and after each round, `pictures`, some
            samples of the same latents at each look, and the `history` of training.
        """
        self.pair.start(seed)
        rng = np.random.default_rng([seed, 3])
        looks, pictures, history = [self._look(loss)], [self._pictures(loss)], {}
        for _ in range(ROUNDS):
            batches = self._draw(rng, self.steps_a_round)
            model = self.pair.models[loss]
            trained = fit(model, batches, batch_size=BATCH_SIZE, shuffle=False)
            for metric, values in trained.history.items():
                history.setdefault(metric, []).extend(values)
            looks.append(self._look(loss))
            pictures.append(self._pictures(loss))
        return {"looks": looks, "pictures": pictures, "history": history}

    def lead(self, _, seed: int) -> dict:
        """Trains the discriminator alone; looks at the generator's gradients."""
        self.pair.start(seed)
        rng = np.random.default_rng([seed, 4])
        looks = [self.pair.look(self.latents)]
        for before, after in pairwise(self.leads):
            self.pair.lead(self._draw(rng, after - before), seed)
            looks.append(self.pair.look(self.latents))
        return {"looks": looks}

    def _draw(self, rng: np.random.Generator, batches: int) -> np.ndarray:
        return self.images[rng.integers(len(self.images), size=batches * BATCH_SIZE)]

    def _look(self, loss: str) -> dict:
        samples = self.pair.models[loss].generate(self.ruler.samples, seed=1)
        return {**self.pair.look(self.latents), **self.ruler.measure(samples)}

    def _pictures(self, loss: str) -> list:
        samples = self.pair.models[loss].generate(SHOWN, seed=1)
        return np.rint(255 * samples).astype(int).tolist()


def learn_images(lab) -> tuple[Images, dict, list[dict]]:
    """Trains both losses with every seed, and the discriminator alone.

    Returns:
        What trained, the runs by loss, and the runs of the discriminator alone.
    """
    data = lab.data()
    # The ruler stays in single precision, whatever the networks that it measures.
    ruler = Ruler(data, 1 if lab.smoke else PLANS[data.name].ruler_epochs)
    lab.precision("convolutional")
    images = Images(data, ruler, lab.settings.steps, lab.settings.head_start)
    seeds = range(lab.settings.image_seeds)
    leads = lab.sweep(images.lead, ["D alone"], seeds=seeds, title="D alone")
    runs = lab.sweep(images.train, LOSSES, seeds=seeds, title="images")
    rows = []
    for step, index in ((0, 0), (images.looked_at[-1], -1)):
        for loss in LOSSES:
            ends = [run["looks"][index] for run in runs[loss]]
            names = ("d_fake", "distance", "least_share", "effective_classes")
            means = [float(np.mean([end[name] for end in ends])) for name in names]
            rows.append([f"{loss}, step {step}", *means])
    rows.append(["other real images", "-", ruler.floor, "-", "-"])
    lab.table(
        f"Samples from noise on {data.name}, means over {len(seeds)} seeds",
        ["training", "D(G(z))", "distance", "least share", "classes"],
        rows,
    )
    return images, runs, leads["D alone"]


def judge_images(lab, ruler: Ruler, runs: dict[str, list[dict]]) -> None:
    """Judges whether images come out: near the real ones, and of every class."""
    least = LEAST / ruler.num_classes
    holds, left, shares = {}, {}, {}
    for loss, several in runs.items():
        left[loss] = [share_left(run["looks"], ruler.floor) for run in several]
        shares[loss] = [run["looks"][-1]["least_share"] for run in several]
        pairs = zip(left[loss], shares[loss], strict=True)
        holds[loss] = unanimous([a <= LEFT and b >= least for a, b in pairs])
    shown = "; ".join(
        f"{loss} {np.mean(left[loss]):.1%} and {np.mean(shares[loss]):.1%}"
        for loss in runs
    )
    lab.verdict(
        "gan-small-image",
        holds,
        evidence={
            "share_of_the_way_to_real_images_left": left,
            "at_most": LEFT,
            "share_of_the_rarest_class": shares,
            "at_least": least,
            "frechet_distance_of_two_halves_of_the_real_images": ruler.floor,
            "looks": {
                loss: [run["looks"] for run in several]
                for loss, several in runs.items()
            },
            "test_accuracy_of_the_LeNet_that_measures": ruler.accuracy,
        },
        note="Of the Fréchet distance from untrained to real samples this much is "
        f"left, and the rarest class gets this share: {shown} (asked for: at most "
        f"{LEFT:.0%}, at least {least:.0%}, with every seed).",
    )


def farther_on_the_way(runs: dict[str, list[dict]]) -> stats.Comparison:
    """Compares the mean logarithm of the distance over all looks after the first.

    Above 0 where the minimax loss was farther from the real images on the way, with
    the same seeds: the non-saturating loss made the generator improve faster.
    """
    means = {
        loss: [np.mean(np.log([k["distance"] for k in run["looks"][1:]])) for run in rs]
        for loss, rs in runs.items()
    }
    return stats.paired(means["minimax"], means["non_saturating"])


def share_left(looks: list[dict], floor: float) -> float:
    """Returns what is left of the first distance at last; 0 is as near as real ones."""
    return (looks[-1]["distance"] - floor) / (looks[0]["distance"] - floor)


def unanimous(outcomes: list[bool]) -> bool | None:
    """Returns what all outcomes say, None where they disagree."""
    return outcomes[0] if len(set(outcomes)) == 1 else None
