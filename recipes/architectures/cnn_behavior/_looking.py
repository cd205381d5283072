"""A network of three blocks, and what can be seen of its layers with plain tools."""

import keras
import numpy as np
from keras import layers

from recipes.architectures.cnn_behavior._images import (
    MOST,
    draw,
    learn,
    study_of,
    view,
)
from recipes.lab import experiment

SIZE, BLOCKS = 16, 3  # pixels a side; blocks of a convolution and its pooling
KERNELS = (3, 7)  # sides of the first filters
LEARNED = MOST // 2  # images; probes are fitted to others
PROBED = 100  # few, so that what is easy to read differs from what can be read at all
RIDGES = (1.0, 10.0, 100.0, 1000.0)  # strengths of the probes' penalty
ANGLES = np.pi * np.arange(12) / 12
PERIODS = (2, 3, 4, 6, 8, 12, 16)  # of stripes, in pixels


def three_blocks(input_shape, num_classes: int, kernel_size: int) -> keras.Model:
    """Convolutions of 8, 16 and 32 filters, each with its pooling, and the outputs."""
    x = images = keras.Input(input_shape)
    for block in range(1, BLOCKS + 1):
        side = kernel_size if block == 1 else 3
        x = layers.Conv2D(4 * 2**block, side, padding="same", activation="relu",
                          kernel_initializer="he_normal",
                          name=f"conv_{block}")(x)  # fmt: skip
        x = layers.MaxPooling2D(name=f"pool_{block}")(x)
    return keras.Model(images, layers.Dense(num_classes)(layers.Flatten()(x)))


networks = study_of(three_blocks)


def outputs_of(model: keras.Model, images: np.ndarray) -> dict[str, list[np.ndarray]]:
    """What each block makes of images in front of its pooling, "conv", and behind."""
    names = {
        kind: [f"{kind}_{block}" for block in range(1, BLOCKS + 1)]
        for kind in ("conv", "pool")
    }
    outputs = {
        kind: [model.get_layer(name).output for name in of]
        for kind, of in names.items()
    }
    found = keras.Model(model.input, outputs).predict_on_batch(images)
    return {kind: [np.asarray(maps) for maps in of] for kind, of in found.items()}


def probe(parts: list[np.ndarray], targets: list[np.ndarray]) -> np.ndarray:
    """Predicts targets linearly, by ridge regression, for the last part.

    Args:
        parts: Features (images, ...) to fit, to choose the penalty on, and to judge.
        targets: For each part (images, outputs); each output has a penalty of its own.
    """
    flat = [part.reshape(len(part), -1).astype(float) for part in parts]
    mean, size = flat[0].mean(0), np.sqrt(flat[0].var(0).mean())
    x, choose, judge = ((part - mean) / size for part in flat)
    middle = targets[0].mean(0)
    values, vectors = np.linalg.eigh(x @ x.T)
    turned = vectors.T @ (targets[0] - middle)
    known = [part @ x.T @ vectors for part in (choose, judge)]
    fits = [turned / (np.maximum(values, 0)[:, None] + ridge) for ridge in RIDGES]
    errors = [((known[0] @ fit + middle - targets[1]) ** 2).mean(0) for fit in fits]
    predicted = np.array([known[1] @ fit + middle for fit in fits])
    best = np.argmin(errors, axis=0)
    return np.take_along_axis(predicted, best[None, None], 0)[0]


def local_edge(images: np.ndarray) -> np.ndarray:
    """How much brighter the right of the four middle columns is than the left."""
    middle = images[:, SIZE // 2 - 2 : SIZE // 2 + 2, :, 0]
    right = middle[:, :, SIZE // 2 : SIZE // 2 + 2].mean((1, 2))
    return right - middle[:, :, SIZE // 2 - 2 : SIZE // 2].mean((1, 2))


def orientation(kernels: np.ndarray) -> float:
    """How much filters prefer stripes of one direction: from 0, none, to 1, it alone.

    Args:
        kernels: (height, width, filters).
    """
    rows, columns = np.indices(kernels.shape[:2]) - (kernels.shape[0] - 1) / 2
    strength = []
    for angle in ANGLES:
        along = rows * np.sin(angle) + columns * np.cos(angle)
        waves = [np.exp(2j * np.pi * f * along) for f in np.linspace(0.1, 0.5, 9)]
        seen = [np.abs(np.einsum("hw,hwf->f", wave, kernels)) for wave in waves]
        strength.append(np.max(seen, axis=0))
    strength = np.array(strength)
    twice = np.exp(2j * ANGLES)[:, None]
    return float((np.abs((strength * twice).sum(0)) / strength.sum(0)).mean())


def edge_share(kernels: np.ndarray) -> float:
    """The share of filters' variance that is a plain edge: a slope across the filter.

    Args:
        kernels: (height, width, filters).
    """
    rows, columns = np.indices(kernels.shape[:2]) - (kernels.shape[0] - 1) / 2
    slopes = np.stack([rows.ravel(), columns.ravel()], 1)
    flat = kernels.reshape(len(slopes), -1)
    flat = flat - flat.mean(0)
    along = slopes.T @ flat / np.sqrt((slopes**2).sum(0))[:, None]
    return float(((along**2).sum(0) / (flat**2).sum(0)).mean())


def stripes() -> np.ndarray:
    """Gratings (period, angle, phase, height, width, 1) of full contrast."""
    rows, columns = np.indices((SIZE, SIZE))
    drawn = [
        [
            [
                np.sin(2 * np.pi * (along / period + phase / 4))
                for phase in range(4)
            ]
            for along in (rows * np.sin(a) + columns * np.cos(a) for a in ANGLES[::2])
        ]
        for period in PERIODS
    ]  # fmt: skip
    return (0.5 + 0.5 * np.array(drawn, "float32"))[..., None]


def preferred_periods(convolutions: list[np.ndarray]) -> list[list[float]]:
    """For each convolution the period of stripes that moves each unit most.

    A unit's answer to stripes is how much its outputs vary over places and phases, at
    its best angle. Units that answer to none are left out.

    Args:
        convolutions: What each makes of `stripes()`, (images, ..., units).
    """
    found = []
    for maps in convolutions:
        maps = maps.reshape(*stripes().shape[:3], *maps.shape[1:])
        answers = maps.std((2, 3, 4)).max(1)  # (periods, units)
        heard = answers.max(0) > 1e-6
        best = answers.argmax(0)[heard]
        found.append([float(PERIODS[index]) for index in best])
    return found


def look(model: keras.Model, sets: list[tuple[np.ndarray, np.ndarray]]) -> dict:
    """All that is measured of a network.

    Args:
        model: From `three_blocks`.
        sets: Images and labels to fit probes, to choose their penalty and to judge.
    """
    striped = stripes().reshape(-1, SIZE, SIZE, 1)
    whole = outputs_of(model, np.concatenate([*(x for x, _ in sets), striped]))
    ends = np.cumsum([len(x) for x, _ in sets])
    classes, edges = [], []
    for maps in (
        [x for x, _ in sets],
        *(np.split(of, ends)[:3] for of in whole["pool"]),
    ):
        right, explained = read(maps, sets)
        classes.append(right)
        edges.append(explained)
    kernels = np.asarray(model.get_layer("conv_1").get_weights()[0], float)[:, :, 0]
    return {
        "classes": classes[1:],
        "edge": edges[1:],
        "pixels": [classes[0], edges[0]],
        "orientation": orientation(kernels),
        "edge_share": edge_share(kernels),
        "kernels": kernels.transpose(2, 0, 1).tolist(),
        "periods": preferred_periods([of[ends[-1] :] for of in whole["conv"]]),
    }


def read(parts: list[np.ndarray], sets: list[tuple]) -> tuple[float, float]:
    """What probes read from features: digits named rightly, an edge's variance."""
    edges = [local_edge(x)[:, None] for x, _ in sets]
    labels = [np.eye(10)[y] for _, y in sets]
    targets = [np.hstack(pair) for pair in zip(labels, edges, strict=True)]
    seen = probe(parts, targets)
    left = edges[-1][:, 0] - seen[:, -1]
    right = seen[:, :-1].argmax(1) == sets[-1][1]
    return float(right.mean()), float(1 - left.var() / edges[-1].var())


def train(case: dict, seed: int, data) -> dict:
    """Looks at a network before and after it has learned half of the images.

    Args:
        case: `kernel_size`, `epochs` and `learning_rate`.
        seed: Of images, weights and order.
        data: Images of 8×8 pixels.
    """
    drawn = {
        name: (view(x, SIZE), y) for name, (x, y) in draw(data, MOST, seed).items()
    }
    x, y = drawn["training"]
    sets = {**drawn, "training": (x[:LEARNED], y[:LEARNED])}
    others = slice(LEARNED, LEARNED + PROBED)
    probed = [(x[others], y[others]), drawn["validation"], drawn["test"]]
    network = {"num_classes": data.num_classes, "kernel_size": case["kernel_size"]}
    whole = {**case, "network": network, "judge": "test"}
    run = learn(networks, whole, seed, sets, measure=lambda model: look(model, probed))
    start = networks.start(sets["training"], seed, network=network)
    accuracy = run["held_out_accuracy"]
    return {"accuracy": accuracy, "learned": run["measured"],
            "random": look(start, probed)}  # fmt: skip


@experiment
def looks(lab) -> dict[int, list[dict]]:
    """What is seen of networks with small and with large first filters."""
    shared = {"epochs": lab.settings.epochs, "learning_rate": 0.003}
    cases = {
        f"{side}×{side} filters": {"kernel_size": side, **shared} for side in KERNELS
    }
    runs = lab.sweep(train, cases, data=lab.like_digits, precision="float32",
                     title="three blocks")  # fmt: skip
    return dict(zip(KERNELS, runs.values(), strict=True))


def seen_of(lab, side: int, which: str, name: str) -> np.ndarray:
    """What was measured of the "learned" or the "random" network, a row a seed."""
    return np.array([run[which][name] for run in looks(lab)[side]], float)
