"""A source with many images, a target with few, and every way from one to the other."""

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from recipes.lab import Study, experiment, figures, stats
from zoo import freeze, lenet, with_head

FIVE, PAIR = (5, 6, 7, 8, 9), (3, 5)  # target classes; in CIFAR-10 3 and 5 are cat, dog
FEW, MORE = 5, 20  # images a class
BATCH, SOURCE_BATCH, SOURCE_RATE = 20, 32, 0.003
MOST, MOST_SOURCE, VALIDATION, MOST_TEST = 5000, 4000, 200, 1000  # images at most
TUNED = 2  # seeds on which rates are chosen; what is judged is trained on others

# Where each way starts, and the first part of the network that learns; None: the new
# head alone. The rates are half a decade apart; a head alone takes larger ones.
WAYS = {
    "from scratch": ("random", "block1"),
    "random features": ("random", None),
    "head alone": ("source", None),
    "top two layers": ("source", "dense_1"),
    "top three layers": ("source", "block2"),
    "all layers": ("source", "block1"),
}
PARTS = (None, "dense_1", "block2", "block1")  # the order in which they are let go
HEAD_RATES, SCRATCH_RATES = (1e-2, 3.2e-2, 1e-1), (3.2e-3, 1e-2, 3.2e-2)
FINE_RATES, STRENGTHS = (1e-3, 3.2e-3, 1e-2), (0.1, 1.0, 10.0)
RATES = {
    "from scratch": SCRATCH_RATES,
    "random features": HEAD_RATES,
    "linear model": STRENGTHS,  # the inverse of its penalty
    "head alone": HEAD_RATES,
    "top two layers": SCRATCH_RATES,
    "top three layers": FINE_RATES,
    "all layers": FINE_RATES,
    "let go in turn": FINE_RATES,
    "MNIST's LeNet": STRENGTHS,
}
NEW = ("from scratch", "random features", "linear model")
TRANSFERRED = ("head alone", "top two layers", "all layers")


def network(input_shape, classes: int, until: str | None = "block1") -> keras.Model:
    """Two convolutions, 32 units and a head: four layers that can learn or be frozen.

    Args:
        input_shape: Of an image.
        classes: Outputs of the head, which replaces one for ten classes.
        until: The first part that learns; None lets the head learn alone.
    """
    model = lenet(input_shape, 10, filters=(16, 32), units=(32,))
    model = with_head(model, classes)
    freeze(model, until)
    return model


study = Study(
    network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)
squares = Study(network, "mse", "adam")  # the same networks with another loss


def images_of(lab) -> str:
    """The set of the setting `data`: small, or photographs."""
    chosen = lab.settings.data
    return chosen if chosen == "cifar10" else lab.like_digits


def draw(data, seed: int, target, per_class: int, source: str = "related") -> dict:
    """Draws images: `source`, `training`, `validation` and `test`, each as (x, y).

    Args:
        data: Images of ten classes.
        seed: Decides which of the target's images are trained on.
        target: Its classes; all others are the source's.
        per_class: Images of each to train on.
        source: "related", "shuffled labels" or "noise images" (labels at random).
    """
    x = np.concatenate([data.x_train[:MOST], data.x_test[:MOST]])
    y = np.concatenate([data.y_train[:MOST], data.y_test[:MOST]])
    rng = np.random.default_rng([seed, 81])

    def numbered(rows, classes):
        images = x[rows]
        if x.shape[1] == 32:  # photographs at half the size train four times as fast
            images = images.reshape(len(rows), 16, 2, 16, 2, 3).mean((2, 4))
        return images, np.searchsorted(classes, y[rows]).astype("int32")

    others = [number for number in range(10) if number not in target]
    x_source, y_source = numbered(np.isin(y, others).nonzero()[0][:MOST_SOURCE], others)
    if source == "noise images":
        x_source = rng.random(x_source.shape, dtype="float32")
    if source != "related":
        y_source = rng.permutation(y_source)
    mine = np.isin(y, target).nonzero()[0]
    tests = min(MOST_TEST, int(0.45 * len(mine)))
    pool = rng.permutation(mine[:-tests])
    few = np.concatenate([pool[y[pool] == number][:per_class] for number in target])
    rest = pool[~np.isin(pool, few)][:VALIDATION]
    return {
        "source": (x_source, y_source),
        "training": numbered(few, target),
        "validation": numbered(rest, target),
        "test": numbered(mine[-tests:], target),
    }


pretrained: dict = {}  # what a process has learned from a source


def source_weights(pair, epochs: int, seed: int, key: tuple) -> list[np.ndarray]:
    """Weights of the layers below the head after training on the source."""
    key = (*key, epochs, seed, keras.config.dtype_policy().name)
    if key not in pretrained:
        kept = {}

        def measure(model):
            kept["weights"] = model.get_weights()[:-2]
            return None

        study.train(
            pair,
            seed,
            epochs=epochs,
            batch_size=SOURCE_BATCH,
            learning_rate=SOURCE_RATE,
            network={"classes": int(pair[1].max()) + 1},
            measure=measure,
        )
        pretrained[key] = kept["weights"]
    return pretrained[key]


def starts_from_source(way: str) -> bool:
    """Whether a way begins with what was learned from the source."""
    return way == "let go in turn" or WAYS.get(way, ("random",))[0] == "source"


def right(model, x, y) -> float:
    """Share of images that a network names rightly."""
    logits = keras.ops.convert_to_numpy(model(x, training=False))
    return float((logits.argmax(1) == y).mean())


def as_rows(images: np.ndarray) -> np.ndarray:
    """Images as rows of pixels."""
    return images.reshape(len(images), -1)


def mnist_features(images: np.ndarray) -> np.ndarray:
    """What the zoo's LeNet, which learned 60,000 digits of MNIST, makes of images.

    Its frozen layers are read once; a linear model on them is a new head. Images of 8x8
    pixels get the size of MNIST's the way the lab makes small images of those.
    """
    large = images.repeat(3, 1).repeat(3, 2)
    large = np.pad(large, ((0, 0), (2, 2), (2, 2), (0, 0)))
    maps = lenet(weights="mnist", include_top=False)(large, training=False)
    rows = as_rows(keras.ops.convert_to_numpy(maps).astype("float32"))
    return rows / np.sqrt((rows**2).mean())


def adapt(parts, below, way: str, rate: float, steps: int, seed: int, loss=""):
    """Goes one way from the source to the target.

    Args:
        parts: What `draw` gives.
        below: Weights below the head, for ways that start from the source.
        way: One of `RATES`.
        rate: Adam's; the inverse penalty of the linear model.
        steps: Updates, at least.
        seed: Decides the new weights and the order of the images.
        loss: "squares" for the squared error in place of the cross-entropy.

    Returns:
        Accuracies: `validation` and `test`.
    """
    (x, y), classes = parts["training"], int(parts["training"][1].max()) + 1
    if way in ("linear model", "MNIST's LeNet"):
        features = as_rows if way == "linear model" else mnist_features
        linear = LogisticRegression(C=rate, max_iter=1000).fit(features(x), y)
        return {
            name: float(linear.score(features(parts[name][0]), parts[name][1]))
            for name in ("validation", "test")
        }
    batch = min(BATCH, len(x))
    epochs = max(1, round(steps * batch / len(x)))
    stages = PARTS if way == "let go in turn" else (WAYS[way][1],)
    weights = None
    if starts_from_source(way):
        head = np.random.default_rng([seed, 82]).uniform(-1, 1, (32, classes))
        head = (head * np.sqrt(6 / (32 + classes))).astype("float32")  # as Glorot did
        weights = [*below, head, np.zeros(classes, "float32")]
    found, kept = {}, {"weights": weights}

    def measure(model):
        kept["weights"] = model.get_weights()
        return {name: right(model, *parts[name]) for name in ("validation", "test")}

    targets = np.eye(classes, dtype="float32")[y] if loss == "squares" else y
    for stage, until in enumerate(stages):
        found = (squares if loss == "squares" else study).train(
            (x, targets),
            seed + 1000 * stage,
            epochs=max(1, epochs // len(stages)),
            batch_size=batch,
            learning_rate=rate,
            network={"classes": classes, "until": until},
            weights=kept["weights"],
            measure=measure,
        )["measured"]
    return found


def train(case: dict, seed: int, data) -> dict:
    """Goes one way from the source, which a process learns once, to the target.

    Args:
        case: `source`, `target`, `per_class`, `source_epochs`, `steps`, `way`, `rate`
            and `loss`.
        seed: Decides everything that is drawn.
        data: Images.

    Returns:
        Accuracies: `validation` and `test`.
    """
    parts = draw(data, seed, case["target"], case["per_class"], case["source"])
    below, way = None, case["way"]
    if starts_from_source(way):
        key = (data.checksum, case["source"], *case["target"])
        below = source_weights(parts["source"], case["source_epochs"], seed, key)
    return adapt(parts, below, way, case["rate"], case["steps"], seed, case["loss"])


def results(lab, source: str, target, per_class: int, runs, seeds, of="") -> dict:
    """Trains runs (way, rate) or (way, rate, loss): run to its results by seed."""
    shared = {
        "source": source,
        "target": list(target),
        "per_class": per_class,
        "steps": lab.settings.steps,
        "source_epochs": lab.settings.source_epochs,
    }
    cases = {
        run: {"way": run[0], "rate": run[1], "loss": "".join(run[2:]), **shared}
        for run in runs
    }
    title = f"{per_class} images a class, source {source}{of}"
    return lab.sweep(
        train,
        cases,
        data=images_of(lab),
        seeds=seeds,
        precision="convolutional",
        title=title,
    )


@experiment
def validated(lab, source: str, target: tuple, per_class: int, runs: tuple) -> dict:
    """Mean validation accuracy of runs on the tuning seeds."""
    seeds = lab.tuning_seeds[:TUNED]
    found = results(lab, source, target, per_class, runs, seeds, ": rates")
    return {run: stats.column(found[run], "validation").mean() for run in runs}


@experiment
def accuracies(
    lab, source: str, target: tuple, per_class: int, runs: tuple, times: int = 1
) -> dict:
    """Test accuracy of runs, one a seed, of `times` as many seeds."""
    seeds = lab.more_seeds(times)
    found = results(lab, source, target, per_class, runs, seeds)
    return {run: stats.column(found[run], "test") for run in runs}


@experiment
def ways(
    lab, source: str, target: tuple, per_class: int, names: tuple, times: int = 1
) -> dict:
    """Each way at its best rate: (rate, mean validation, test accuracy by seed).

    Rate and validation accuracy are those of the tuning seeds. A smoke run tries one.
    """
    count = 1 if lab.smoke else None
    grid = tuple((name, rate) for name in names for rate in RATES[name][:count])
    seen = validated(lab, source, target, per_class, grid)
    best = {
        name: max((run for run in grid if run[0] == name), key=lambda run: seen[run])
        for name in names
    }
    found = accuracies(lab, source, target, per_class, tuple(best.values()), times)
    return {name: (run[1], seen[run], found[run]) for name, run in best.items()}


def best_of(found: dict, names) -> str:
    """The way with the highest validation accuracy on the tuning seeds."""
    return max(names, key=lambda name: found[name][1])


def draw_dots(lab, name: str, panels: dict, titles, caption: str) -> None:
    """Test accuracies of all seeds by way, one panel a size of the target."""
    height = 1.4 + 0.42 * max(map(len, panels.values()))
    figure, axes = figures.new(
        1, len(panels), width=2.8 + 3.9 * len(panels), height=height
    )
    for place, (axis, rows) in enumerate(
        zip(np.atleast_1d(axes), panels.values(), strict=True)
    ):
        for row, (label, values) in enumerate(rows.items()):
            color = figures.COLORS[0 if label in NEW else 1]
            seen = 100 * np.asarray(values)
            axis.plot(seen, np.full(len(seen), row), "o", color=color, alpha=0.35)
            axis.plot(seen.mean(), row, "|", color=color, markersize=18, mew=3)
        axis.set_yticks(range(len(rows)), list(rows) if not place else [""] * len(rows))
        axis.set(ylim=(len(rows) - 0.5, -0.5))
        figures.describe(axis, titles[place], "test accuracy (%)", "")
    lab.figure(name, figure, caption)
