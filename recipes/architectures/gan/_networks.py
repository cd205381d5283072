"""A generator and a discriminator, trained many times; the smallest in NumPy."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from recipes.lab import experiment, figures, fit, gradients
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
        logits = ops.convert_to_numpy(ops.stop_gradient(self._logits(latents)))
        found = {"d_fake": float(probability(logits).mean())}
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


# The smallest GAN: numbers from a normal distribution, learned from noise. All seeds
# train at once in NumPy, where every gradient can be read.

MEAN, DEVIATION = 4.0, 1.0  # the real numbers
EVERY = 10  # steps between two measurements of the samples
EARLY = 100  # steps in which D(G(z)) is watched
SAMPLES = 1000  # generated each time, always from the same latents
STARTS = ("even start", "D ahead")  # ahead by the setting `head_start`
NAMES = {"non_saturating": "-log D", "minimax": "log(1-D)"}
STYLES = {
    loss: {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
    for index, loss in enumerate(LOSSES)
}
# What each loss of a generator sends back from D(G(z)), by the logit.
SLOPES = {"non_saturating": lambda d: d - 1, "minimax": lambda d: -d}


class Network:
    """Numbers to numbers through one layer of ReLUs; a copy for each seed.

    Args:
        units: Of the hidden layer.
        rngs: A generator of random numbers a seed; it draws as the zoo's `mlp` does.
    """

    def __init__(self, units: int, rngs: list):
        edge = (6 / (1 + units)) ** 0.5  # Glorot's, for the output; He's for the other
        kernel = np.stack([rng.normal(0, 2**0.5, (1, units)) for rng in rngs])
        out = np.stack([rng.uniform(-edge, edge, (1, units)) for rng in rngs])
        offset = np.zeros((len(rngs), 1, 1))
        self.weights = [kernel, np.zeros_like(kernel), out, offset]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """(seeds, n, 1) to (seeds, n, 1); remembers what `back` needs."""
        kernel, bias, out, offset = self.weights
        self.x, self.hidden = x, np.maximum(x * kernel + bias, 0)
        return (self.hidden * out).sum(2, keepdims=True) + offset

    def back(self, slope: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """The chain rule, from the loss's slope by the outputs.

        Returns:
            The gradients of the weights, and the slope by the inputs.
        """
        kernel, _, out, _ = self.weights
        inner = slope * out * (self.hidden > 0)
        sums = (self.x * inner, inner, self.hidden * slope, slope)
        gradient = [part.sum(1, keepdims=True) for part in sums]
        return gradient, (inner * kernel).sum(2, keepdims=True)


class SGD:
    """Plain gradient descent; `step` changes the weights in place."""

    def step(self, weights: list, gradient: list) -> None:
        for weight, slope in zip(weights, gradient, strict=True):
            weight -= 0.05 * slope


class Adam:
    """Adam of rate 0.005 with beta_1 = 0.5, as for GANs, else as in Keras."""

    def __init__(self):
        self.count, self.means, self.squares = 0, [0.0] * 4, [0.0] * 4

    def step(self, weights: list, gradient: list) -> None:
        self.count += 1
        rate = 5e-3 * (1 - 0.999**self.count) ** 0.5 / (1 - 0.5**self.count)
        for i, (weight, slope) in enumerate(zip(weights, gradient, strict=True)):
            self.means[i] = 0.5 * self.means[i] + 0.5 * slope
            self.squares[i] = 0.999 * self.squares[i] + 0.001 * slope**2
            weight -= rate * self.means[i] / (np.sqrt(self.squares[i]) + 1e-7)


OPTIMIZERS = {"SGD": SGD, "Adam": Adam}


def probability(logit: np.ndarray) -> np.ndarray:
    """D, from its logit."""
    return 0.5 * (1 + np.tanh(logit / 2))


def train_line(case, seed, data):
    """Trains a GAN on the line with one loss, from all seeds at once.

    Each step moves both networks, or D alone, from their gradients at the same weights:
    D's cross-entropy with the true labels, G's loss through a D that stands still.

    Args:
        case: `optimizer`, `loss`, `lead` (steps of D alone), `steps` and `seeds`.
        seed: Not used: the case holds the seeds, which share the arrays.
        data: None.

    Returns:
        For each seed what D says of the first samples (`d_fake`), how many numbers it
        sorts rightly (`accuracy`), mean D(G(z)) in the first steps (`early`), and by 10
        steps the samples' `mean`, `deviation` and `distance` (1-Wasserstein).
    """
    rngs = [np.random.default_rng([one, 1]) for one in case["seeds"]]
    generator, discriminator = Network(16, rngs), Network(32, rngs)
    optimizers = [OPTIMIZERS[case["optimizer"]]() for _ in range(2)]
    latents = np.random.default_rng(0).standard_normal((SAMPLES, 1))

    def draw(count: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
        return np.stack([rng.normal(mean, deviation, (count, 1)) for rng in rngs])

    reals, said, looks = np.sort(draw(SAMPLES, MEAN, DEVIATION), 1), [], []
    first = {}
    for step in range(-case["lead"], case["steps"] + 1):
        if step >= 0 and step % EVERY == 0:
            samples = np.sort(generator(latents[None]), 1)
            distance = abs(samples - reals).mean((1, 2))
            looks.append([samples.mean((1, 2)), samples.std((1, 2)), distance])
        if step == 0:
            d_real, d_fake = map(probability, map(discriminator, (reals, samples)))
            right = ((d_real > 0.5).mean((1, 2)) + (d_fake <= 0.5).mean((1, 2))) / 2
            first = {"d_fake": d_fake.mean((1, 2)), "accuracy": right}
        if step == case["steps"]:
            break
        real, made = draw(BATCH_SIZE, MEAN, DEVIATION), generator(draw(BATCH_SIZE))
        d = probability(discriminator(real))
        on_real, _ = discriminator.back((d - 1) / BATCH_SIZE)
        d = probability(discriminator(made))
        on_made, _ = discriminator.back(d / BATCH_SIZE)
        _, slope = discriminator.back(SLOPES[case["loss"]](d) / BATCH_SIZE)
        if step >= 0:
            said.append(d.mean((1, 2)))
            optimizers[0].step(generator.weights, generator.back(slope)[0])
        both = [one + other for one, other in zip(on_real, on_made, strict=True)]
        optimizers[1].step(discriminator.weights, both)
    first["early"] = np.mean(said[:EARLY], 0)
    table = np.array(looks).transpose(2, 1, 0).tolist()
    return {
        "runs": [
            {name: float(row[number]) for name, row in first.items()}
            | dict(zip(("mean", "deviation", "distance"), table[number], strict=True))
            for number in range(len(rngs))
        ]
    }


@experiment
def line_runs(lab) -> dict[str, list[dict]]:
    """Trains every case with every seed: "SGD, even start, minimax" to runs."""
    chosen = lab.settings
    leads = dict(zip(STARTS, (0, chosen.head_start), strict=True))
    shared = {"steps": chosen.line_steps, "seeds": list(lab.seeds)}
    cases = {
        f"{optimizer}, {start}, {loss}": {
            "optimizer": optimizer, "loss": loss, "lead": lead, **shared,
        }
        for optimizer in OPTIMIZERS
        for start, lead in leads.items()
        for loss in LOSSES
    }  # fmt: skip
    found = lab.sweep(train_line, cases, seeds=[0], title="line")
    return {name: one["runs"] for name, (one,) in found.items()}
