"""The smallest GAN: numbers from a normal distribution, learned from noise."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from scipy.stats import wasserstein_distance

from recipes.architectures._gan_pair import BATCH_SIZE, LOSSES, Pair
from recipes.lab import fit, stats
from zoo import mlp

MEAN, DEVIATION = 4.0, 1.0  # the real numbers
NEAR = 0.1  # "the mean is right": within this of the real one
EVERY = 10  # steps between two looks at the samples
LOOKED_AT = 1000  # samples, always from the same latents
OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.05),
    "Adam": lambda: keras.optimizers.Adam(5e-3, beta_1=0.5),
}
STARTS = ("even start", "D ahead")  # ahead by the setting `head_start`

# What the verdicts ask for, fixed before anything was judged.
NEAR_ZERO = 0.1  # D(G(z)) "near 0"
TAUGHT = 0.2  # "maps noise to data": share of the first distance that may be left
TOLD_APART = 0.9  # "a classifier": share of numbers that D must sort rightly


@dataclass(frozen=True)
class Case:
    """One way to train: an optimizer, who starts ahead, the generator's loss."""

    optimizer: str
    start: str
    loss: str

    def __str__(self) -> str:
        return f"{self.optimizer}, {self.start}, {self.loss}"


CASES = [
    Case(optimizer, start, loss)
    for optimizer in OPTIMIZERS
    for start in STARTS
    for loss in LOSSES
]


def build_line():
    """Returns a generator and a discriminator of numbers, 16 and 32 hidden units."""
    generator = mlp((1,), 1, units=(16,), task="regression", name="generator")
    discriminator = mlp((1,), 1, units=(32,), task="binary", name="discriminator")
    return generator, discriminator


class Line:
    """Trains a GAN on the line, once for each case and seed.

    Args:
        steps: Updates of both networks.
        head_start: Updates of D before them, where it starts ahead.
    """

    def __init__(self, steps: int, head_start: int):
        self.steps, self.head_start = steps, head_start
        self.pairs = {
            name: Pair(build_line, optimizer) for name, optimizer in OPTIMIZERS.items()
        }
        for pair in self.pairs.values():
            for model in pair.models.values():
                model.steps_per_execution = EVERY
        rng = np.random.default_rng(0)
        self.latents = rng.standard_normal((LOOKED_AT, 1)).astype("float32")

    def train(self, case: Case, seed: int) -> dict:
        """Trains anew from what the seed decides.

        Returns:
            What D says of the first samples, D's accuracy and both losses'
            gradients there, and the samples' mean, deviation and distance (1-
            Wasserstein) from the real numbers, at the start and every 10 steps.
        """
        pair = self.pairs[case.optimizer]
        pair.start(seed)
        rng = np.random.default_rng([seed, 1])
        if case.start == "D ahead":
            pair.lead(real_numbers(rng, self.head_start * BATCH_SIZE), seed)
        real = real_numbers(rng, LOOKED_AT)
        first = {**pair.look(self.latents), "accuracy": self._accuracy(pair, real)}

        samples = [self._samples(pair)]
        look = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda step, logs: samples.append(self._samples(pair))
        )
        numbers = real_numbers(rng, self.steps * BATCH_SIZE)
        fit(
            pair.models[case.loss],
            numbers,
            batch_size=BATCH_SIZE,
            shuffle=False,
            callbacks=[look],
        )
        samples = samples[: self.steps // EVERY + 1]
        return {
            "first": first,
            "mean": [float(sample.mean()) for sample in samples],
            "deviation": [float(sample.std()) for sample in samples],
            "distance": [
                wasserstein_distance(sample, real[:, 0]) for sample in samples
            ],
            "last_d_fake": pair.look(self.latents)["d_fake"],
        }

    def _samples(self, pair: Pair) -> np.ndarray:
        return pair.generator.predict_on_batch(self.latents)[:, 0]

    def _accuracy(self, pair: Pair, real: np.ndarray) -> float:
        """Share of real and generated numbers that D sorts rightly."""
        made = self._samples(pair)[:, None]
        verdicts = [
            ops.convert_to_numpy(ops.stop_gradient(pair.discriminator(numbers))) > 0
            for numbers in (real, made)
        ]
        return float((verdicts[0].mean() + 1 - verdicts[1].mean()) / 2)


def real_numbers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws what the generator has to learn."""
    return rng.normal(MEAN, DEVIATION, (count, 1)).astype("float32")


def steps_until_near(means: list[float], steps: int) -> int:
    """Returns the first step looked at whose mean is right, else all the steps."""
    for index, mean in enumerate(means):
        if abs(mean - MEAN) < NEAR:
            return index * EVERY
    return steps


def learn_line(lab) -> dict[Case, list[dict]]:
    """Trains every case with every seed."""
    line = Line(lab.settings.line_steps, lab.settings.head_start)
    cases = {str(case): case for case in CASES}
    runs = lab.sweep(line.train, cases, title="line")
    found = {case: runs[name] for name, case in cases.items()}
    rows = [
        [
            name,
            np.mean([run["first"]["d_fake"] for run in found[case]]),
            np.mean(hits(found[case], line.steps)),
            np.mean(last(found[case], "mean")),
            np.mean(last(found[case], "deviation")),
        ]
        for name, case in cases.items()
    ]
    lab.table(
        f"Learning N({MEAN:g}, {DEVIATION:g}²) from noise, means over seeds",
        ["training", "first D(G(z))", "near after", "mean", "sd"],
        [[row[0], *map(float, row[1:])] for row in rows],
    )
    return found


def hits(runs: list[dict], steps: int) -> list[int]:
    """Returns for each seed the steps until the mean is right."""
    return [steps_until_near(run["mean"], steps) for run in runs]


def last(runs: list[dict], what: str) -> list[float]:
    """Returns for each seed the mean over the last tenth of the looks.

    Training goes in circles around its goal, so that a single look is a matter of
    luck.
    """
    tail = max(1, len(runs[0][what]) // 10)
    return [float(np.mean(run[what][-tail:])) for run in runs]


def judge_roles(lab, runs: dict[Case, list[dict]]) -> None:
    """Judges what the two networks are: does noise become data, is D a classifier."""
    left, told = {}, {}
    for case in CASES:
        if case.start == STARTS[0]:
            before = [run["distance"][0] for run in runs[case]]
            after = last(runs[case], "distance")
            left[f"{case.optimizer}, {case.loss}"] = [
                a / b for a, b in zip(after, before, strict=True)
            ]
        elif case.loss == LOSSES[0]:  # D's head start comes before any loss of G's
            told[case.optimizer] = [run["first"]["accuracy"] for run in runs[case]]
    holds = {
        f"noise to data: {name}": stats.paired(shares, [TAUGHT] * len(shares)).negative
        for name, shares in left.items()
    }
    for name, shares in told.items():
        against = stats.paired(shares, [TOLD_APART] * len(shares))
        holds[f"D a classifier: {name}"] = against.positive
    shown = ", ".join(f"{name} {np.mean(v):.0%}" for name, v in left.items())
    accuracy = np.mean(list(told.values()))
    ends = {
        str(case): {what: last(runs[case], what) for what in ("mean", "deviation")}
        for case in CASES
    }
    lab.verdict(
        "gan-roles",
        holds,
        evidence={
            "share_of_the_first_distance_left": left,
            "at_most": TAUGHT,
            "accuracy_of_D_after_a_head_start": told,
            "at_least": TOLD_APART,
            "samples_at_the_end": ends,
        },
        note=f"Of the first distance to the data this much is left: {shown}; after "
        f"{lab.settings.head_start} steps alone D sorts {accuracy:.1%} rightly.",
    )


def judge_speed(lab, runs: dict[Case, list[dict]], on_images) -> None:
    """Judges whether the non-saturating loss makes the generator improve faster.

    Args:
        lab: The bench.
        runs: The runs on the line, judged by the steps until the mean is near.
        on_images: The comparison of both losses' distances on the way to images.
    """
    steps = lab.settings.line_steps
    holds, gaps, found, ratios, farthest = {}, {}, {}, {}, {}
    for optimizer in OPTIMIZERS:
        for start in STARTS:
            name = f"{optimizer}, {start}"
            cases = {loss: Case(optimizer, start, loss) for loss in LOSSES}
            found[name] = {loss: hits(runs[cases[loss]], steps) for loss in LOSSES}
            gaps[name] = stats.paired(
                found[name]["minimax"], found[name]["non_saturating"]
            )
            holds[name] = gaps[name].positive
            firsts = [run["first"] for run in runs[cases["minimax"]]]
            ratios[name] = [f["non_saturating"] / f["minimax"] for f in firsts]
            farthest[name] = {
                loss: [max(run["mean"]) for run in runs[case]]
                for loss, case in cases.items()
            }
    shown = "; ".join(f"{name}: {gap}" for name, gap in gaps.items())
    overshoot = ", ".join(
        f"{name}, {loss} {np.mean(peaks):.1f}"
        for name, by_loss in farthest.items()
        for loss, peaks in by_loss.items()
    )
    holds["images, Adam, even start"] = on_images.positive
    lab.verdict(
        "gan-strong-early-signal",
        holds,
        evidence={
            "steps_until_the_mean_is_near": found,
            "minimax_minus_non_saturating": gaps,
            "mean_log_distance_of_images_minimax_minus_non_saturating": on_images,
            "counted_as": f"{steps} where it never was",
            "gradient_norm_non_saturating_over_minimax_at_first": ratios,
            "largest_mean_on_the_way": farthest,
        },
        note="Steps that the minimax loss takes longer until the samples' mean is "
        f"within {NEAR:g}: {shown}. The farthest that the mean goes on its way to "
        f"{MEAN:g}, on average: {overshoot}. On images the minimax loss's "
        f"mean logarithm of the distance to real ones is larger by {on_images}.",
    )
