"""A generator and a discriminator, trained many times; the smallest, on numbers."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops
from scipy.stats import wasserstein_distance

from recipes.lab import experiment, figures, fit, gradients
from zoo import mlp
from zoo.gan import GAN, GENERATOR_LOSSES

LOSSES = ("non_saturating", "minimax")
BATCH_SIZE = 64


class Pair:
    """One generator and one discriminator, compiled once for every way to train.

    The same two networks stand behind three models: one for each generator loss,
    and one whose turns are the discriminator's alone. A seed decides the weights and
    the latents, whichever loss is trained, so that two losses with one seed start
    from the same place.

    Args:
        build: Returns a new generator and a new discriminator.
        optimizer: Returns a new optimizer; every network gets one of its own.
    """

    def __init__(self, build: Callable, optimizer: Callable):
        self.build = build
        self.generator, self.discriminator = build()
        self.latent_dim = self.generator.input_shape[-1]
        ways = {loss: {"generator_loss": loss} for loss in LOSSES}
        # A million turns for the discriminator before one for the generator.
        ways["lead"] = {"updates": "alternating", "discriminator_steps": 10**6}
        self.models, self._fresh = {}, {}
        for name, way in ways.items():
            model = GAN(self.generator, self.discriminator, seed=0, **way)
            model.compile(optimizer(), optimizer())
            model.optimizer.build(model.trainable_variables)
            self.models[name] = model
            self._fresh[name] = _values(model.optimizer.variables)

    def start(self, seed: int) -> None:
        """Puts weights, optimizers and latents back to where the seed begins."""
        keras.utils.set_random_seed(seed)
        for network, new in zip(
            (self.generator, self.discriminator), self.build(), strict=True
        ):
            network.set_weights(new.get_weights())
        for name, model in self.models.items():
            model.latents.state.assign(keras.random.SeedGenerator(seed).state)
            variables = model.optimizer.variables
            for variable, value in zip(variables, self._fresh[name], strict=True):
                variable.assign(value)

    def lead(self, examples: np.ndarray, seed: int) -> None:
        """Trains the discriminator alone, one step on every batch of the examples."""
        fit(self.models["lead"], examples, batch_size=BATCH_SIZE, seed=seed)

    def measure(self, latents: np.ndarray) -> dict[str, float]:
        """Measures what reaches the generator at its present weights.

        Both losses are differentiated at the same weights and latents, whichever of
        them is trained, and nothing is changed: the networks run statelessly.

        Args:
            latents: A batch (n, latent_dim), in training mode as one batch.

        Returns:
            `d_fake`, the mean D(G(z)), and for each loss the norm of its gradient
            in all weights of the generator.
        """
        found = {"d_fake": float(np.mean(_sigmoid(self._logits(latents))))}
        weights = _values(self.generator.trainable_variables)
        for name in LOSSES:

            def loss(weights, function=GENERATOR_LOSSES[name]):
                return function(self._logits(latents, weights))

            squares = [
                np.sum(g.astype("float64") ** 2) for g in gradients(loss, weights)
            ]
            found[name] = float(np.sqrt(np.sum(squares)))
        return found

    def _logits(self, latents: np.ndarray, weights: list | None = None):
        """D's logits on G's samples, both in training mode."""
        x = ops.convert_to_tensor(latents)
        for network in (self.generator, self.discriminator):
            trainable = [variable.value for variable in network.trainable_variables]
            if network is self.generator and weights is not None:
                trainable = weights
            others = [variable.value for variable in network.non_trainable_variables]
            x, _ = network.stateless_call(trainable, others, x, training=True)
        return x


def _values(variables) -> list[np.ndarray]:
    return [ops.convert_to_numpy(variable) for variable in variables]


def _sigmoid(logits) -> np.ndarray:
    return ops.convert_to_numpy(ops.stop_gradient(ops.sigmoid(logits)))


# The smallest GAN: numbers from a normal distribution, learned from noise.

MEAN, DEVIATION = 4.0, 1.0  # the real numbers
EVERY = 10  # steps between two measurements of the samples
SAMPLES = 1000  # generated each time, always from the same latents
OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.05),
    "Adam": lambda: keras.optimizers.Adam(5e-3, beta_1=0.5),
}
STARTS = ("even start", "D ahead")  # ahead by the setting `head_start`
NAMES = {"non_saturating": "-log D", "minimax": "log(1-D)"}
STYLES = {
    loss: {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
    for index, loss in enumerate(LOSSES)
}


def build_line():
    """Returns a generator and a discriminator of numbers, 16 and 32 hidden units."""
    generator = mlp((1,), 1, units=(16,), task="regression", name="generator")
    discriminator = mlp((1,), 1, units=(32,), task="binary", name="discriminator")
    return generator, discriminator


def real_numbers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws what the generator has to learn."""
    return rng.normal(MEAN, DEVIATION, (count, 1)).astype("float32")


def train_line(case, seed, data):
    """Trains a GAN on the line: with either start and either loss, one compilation.

    Args:
        case: `optimizer` (a key of `OPTIMIZERS`), `steps` and `head_start`.
        seed: Where all four trainings begin.
        data: None.

    Returns:
        For each start and loss: what D says of the first samples, D's accuracy and
        both losses' gradients there, and the samples' mean, deviation and distance
        (1-Wasserstein) from the real numbers, at the start and every 10 steps.
    """
    pair = Pair(build_line, OPTIMIZERS[case["optimizer"]])
    for model in pair.models.values():
        model.steps_per_execution = EVERY
    latents = np.random.default_rng(0).standard_normal((SAMPLES, 1)).astype("float32")
    return {
        f"{start}, {loss}": _train_line(pair, latents, case, start, loss, seed)
        for start in STARTS
        for loss in LOSSES
    }


def _train_line(pair: Pair, latents, case, start: str, loss: str, seed: int) -> dict:
    def generate() -> np.ndarray:
        return pair.generator.predict_on_batch(latents)[:, 0]

    pair.start(seed)
    rng = np.random.default_rng([seed, 1])
    if start == "D ahead":
        pair.lead(real_numbers(rng, case["head_start"] * BATCH_SIZE), seed)
    real = real_numbers(rng, SAMPLES)
    accuracy = _accuracy(pair.discriminator, real, generate()[:, None])
    first = {**pair.measure(latents), "accuracy": accuracy}
    samples = [generate()]
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: samples.append(generate())
    )
    numbers = real_numbers(rng, case["steps"] * BATCH_SIZE)
    fit(
        pair.models[loss],
        numbers,
        batch_size=BATCH_SIZE,
        shuffle=False,
        callbacks=[watch],
    )
    samples = samples[: case["steps"] // EVERY + 1]
    return {
        "first": first,
        "mean": [float(sample.mean()) for sample in samples],
        "deviation": [float(sample.std()) for sample in samples],
        "distance": [wasserstein_distance(sample, real[:, 0]) for sample in samples],
        "last_d_fake": pair.measure(latents)["d_fake"],
    }


def _accuracy(discriminator, real: np.ndarray, generated: np.ndarray) -> float:
    """Share of real and generated numbers that D sorts rightly."""
    says_real = [
        ops.convert_to_numpy(ops.stop_gradient(discriminator(numbers))) > 0
        for numbers in (real, generated)
    ]
    return float((says_real[0].mean() + 1 - says_real[1].mean()) / 2)


@experiment
def line_runs(lab) -> dict[str, list[dict]]:
    """Trains every case with every seed: "SGD, even start, minimax" to runs."""
    chosen = lab.settings
    sizes = {"steps": chosen.line_steps, "head_start": chosen.head_start}
    cases = {name: {"optimizer": name, **sizes} for name in OPTIMIZERS}
    runs = lab.sweep(train_line, cases, precision="float32", title="line")
    return {
        f"{optimizer}, {start}, {loss}": [
            run[f"{start}, {loss}"] for run in runs[optimizer]
        ]
        for optimizer in OPTIMIZERS
        for start in STARTS
        for loss in LOSSES
    }
