"""A network with batch normalization written out: what flows forward and back."""

import itertools

import numpy as np

EPSILON = 1e-3  # Keras's own


def draw_layers(widths, seed: int, variance: float = 2.0) -> list[dict]:
    """Layers with Gaussian kernels of variance `variance`/fan_in, γ = 1 and β = 0.

    The last has 1/fan_in: it puts out logits.
    """
    rng = np.random.default_rng([seed, 72])
    layers = []
    for number, (before, after) in enumerate(itertools.pairwise(widths)):
        last = number == len(widths) - 2
        spread = ((1.0 if last else variance) / before) ** 0.5
        kernel = rng.normal(0, spread, (before, after))
        layers.append(
            {"kernel": kernel, "gamma": np.ones(after), "beta": np.zeros(after)}
        )
    return layers


def activate(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The activation and its slope."""
    if name == "relu":
        return np.maximum(z, 0), (z > 0).astype(float)
    value = 0.5 * (1 + np.tanh(z / 2))  # the sigmoid, without overflow
    return value, value * (1 - value)


def forward(
    layers, x, *, normalize: bool, activation: str = "relu", jolts=None
) -> list[dict]:
    """Runs a batch through the network.

    Args:
        layers: As `draw_layers` returns them.
        x: A batch, (rows, features).
        normalize: Whether hidden layers normalize by the batch. Without it they have
            their β as a bias, and no γ.
        activation: "relu" or "sigmoid".
        jolts: For each hidden layer a factor and an offset of each unit, behind the
            normalization; None for none.

    Returns:
        For each layer what `backward` needs; the last one's "output" are the logits.
    """
    kept = []
    for number, layer in enumerate(layers):
        seen = {"input": x}
        z = x @ layer["kernel"]
        if number == len(layers) - 1:
            kept.append({**seen, "output": z + layer["beta"]})
            break
        if normalize:
            seen["spread"] = np.sqrt(z.var(0) + EPSILON)
            z = seen["normal"] = (z - z.mean(0)) / seen["spread"]
            if jolts is not None:
                factor, offset = jolts[number]
                z = seen["normal_out"] = z * factor + offset
                seen["factor"] = factor
            z = z * layer["gamma"]
        x, seen["slope"] = activate(activation, z + layer["beta"])
        kept.append({**seen, "output": x})
    return kept


def backward(layers, kept, y, *, normalize: bool) -> list[dict]:
    """Gradients of the mean cross-entropy by every layer's kernel, γ and β."""
    slope = probabilities(kept[-1]["output"])
    slope[np.arange(len(y)), y] -= 1
    slope /= len(y)
    found = []
    for number in reversed(range(len(layers))):
        layer, seen = layers[number], kept[number]
        if number < len(layers) - 1:
            slope = slope * seen["slope"]
        gradient = {"beta": slope.sum(0), "gamma": np.zeros_like(layer["gamma"])}
        if normalize and number < len(layers) - 1:
            normal = seen["normal"]
            gradient["gamma"] = (slope * seen.get("normal_out", normal)).sum(0)
            slope = slope * layer["gamma"] * seen.get("factor", 1.0)
            # The batch's mean and deviation depend on every row, too.
            slope = slope - slope.mean(0) - normal * (slope * normal).mean(0)
            slope = slope / seen["spread"]
        gradient["kernel"] = seen["input"].T @ slope
        found.insert(0, gradient)
        slope = slope @ layer["kernel"].T
    return found


def probabilities(logits) -> np.ndarray:
    """Softmax."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def cross_entropy(logits, y) -> float:
    """The mean cross-entropy in nats."""
    chance = probabilities(logits)[np.arange(len(y)), y]
    return float(-np.log(np.maximum(chance, 1e-300)).mean())


def step(layers, gradients, rate: float) -> list[dict]:
    """The layers after one step of gradient descent."""
    return [
        {name: value - rate * gradient[name] for name, value in layer.items()}
        for layer, gradient in zip(layers, gradients, strict=True)
    ]
