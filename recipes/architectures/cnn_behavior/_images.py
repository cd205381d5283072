"""Images by seed, how they are moved, and trainings at the rate that suits each."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from recipes.lab import Study, figures

TEST, VALIDATION, MOST = 600, 200, 960  # images to judge on, to choose on, to learn
BATCH = 32
RATES = (0.001, 0.003, 0.01, 0.03)  # of Adam, half a decade apart
TUNED = 2  # seeds on which a rate is chosen; what is judged is trained on others
LARGEST = 10.0  # nats: what a loss counts where training diverged


def study_of(build: Callable[..., keras.Model]) -> Study:
    """Networks of one builder that learn classes with Adam."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return Study(build, loss, "adam", metrics=["accuracy"])


def draw(data, rows: int, seed: int) -> dict[str, tuple]:
    """Returns images to learn, to choose on and to judge on, each as (x, y).

    Args:
        data: A data set of images.
        rows: How many to learn, at most 960.
        seed: Decides which; the test images are the same for every seed.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    order = np.random.default_rng([seed, 122]).permutation(len(x) - TEST)
    chosen, others = order[:rows], order[MOST : MOST + VALIDATION]
    return {
        "training": (x[chosen], y[chosen]),
        "validation": (x[others], y[others]),
        "test": (x[-TEST:], y[-TEST:]),
    }


def learn(
    study: Study,
    case: Mapping[str, Any],
    seed: int,
    sets: Mapping[str, tuple],
    **arguments: Any,
) -> dict[str, Any]:
    """Trains a network on some images; see `Study.train` for what is returned.

    Args:
        study: Builds it.
        case: `epochs`, `learning_rate`, `network` (arguments of the builder) and
            `judge`: the set that is held out.
        seed: Of weights and order.
        sets: As `draw` returns them.
        **arguments: Of `Study.train`.
    """
    arguments = {"score_training": True, "largest": LARGEST, **arguments}
    return study.train(
        sets["training"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network=case["network"],
        held_out=sets[case["judge"]],
        xla=False,  # it would compile longer than these trainings take
        **arguments,
    )


def epochs_of(lab, rows: int) -> int:
    """The setting's epochs, more for fewer images, though with fewer updates."""
    return lab.settings.epochs * round((MOST / rows) ** 0.5)


def at_best(lab, train: Callable, cases: Mapping[str, dict], title: str) -> dict:
    """Trains every case at the rate that is best for it, one result a seed.

    The rate is that of the least mean loss of validation images on tuning seeds; what
    is returned comes from other seeds and is judged on test images.

    Args:
        lab: The bench.
        train: Returns `held_out_loss`, and what else is wanted.
        cases: Without `learning_rate` and `judge`.
        title: Of the progress.

    Returns:
        For each case the results; each holds its `learning_rate`.
    """
    options = {"data": lab.like_digits, "precision": "float32"}
    grid = {
        name: {
            rate: {**case, "learning_rate": rate, "judge": "validation"}
            for rate in RATES
        }
        for name, case in cases.items()
    }
    best = lab.choose(
        train,
        grid,
        score="held_out_loss",
        seeds=TUNED,
        title=f"rates of {title}",
        **options,
    )
    judged = {name: {**grid[name][best[name]], "judge": "test"} for name in cases}
    found = lab.sweep(train, judged, title=title, **options)
    return {
        name: [{**run, "learning_rate": best[name]} for run in runs]
        for name, runs in found.items()
    }


def draw_seeds(panel, place: float, values, index: int, label: str | None = None):
    """Draws one number a seed as dots beside each other, and their mean as a line.

    Args:
        panel: Axes.
        place: Where, on the x axis.
        values: One a seed.
        index: Of the color.
        label: For the legend.
    """
    color = figures.COLORS[index]
    places = place + np.linspace(-0.12, 0.12, len(values))
    panel.plot(places, values, ".", color=color, markersize=5)
    ends = [place - 0.2, place + 0.2]
    panel.plot(ends, [np.mean(values)] * 2, color=color, linewidth=3, label=label)


def view(
    images: np.ndarray,
    size: int,
    margin: int = 0,
    *,
    by: tuple[float, float] = (0.0, 0.0),
    degrees: float = 0.0,
    factor: float = 1.0,
) -> np.ndarray:
    """Takes a picture of images: larger, in a black frame, moved, turned, zoomed.

    All of it in one step, bilinearly, so that a changed picture is as sharp as one that
    isn't: changing a picture again would blur it, and blur is a change of its own.

    Args:
        images: (images, side, side, 1).
        size: Pixels that the side of an image takes.
        margin: Black pixels on each side of that.
        by: Pixels to move it down and right.
        degrees: How far to turn it about its center.
        factor: How much larger it is shown.
    """
    from scipy.ndimage import affine_transform

    side, whole = images.shape[1], size + 2 * margin
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    back = np.array([[cos, -sin], [sin, cos]]) * side / (size * factor)
    center = (side - 1) / 2 - back @ ((whole - 1) / 2 + np.asarray(by))
    taken = [
        affine_transform(image[..., 0], back, center, (whole, whole), order=1,
                         mode="grid-constant")
        for image in images
    ]  # fmt: skip
    return np.stack(taken)[..., None].astype("float32")
