"""Scrambled: a CNN against an MLP, and both on images whose pixels are shuffled.

CNNs are said to suit images because they look at local patterns. If that is the reason,
it has a test: put the pixels of all images in one other order. Nothing is lost, and an
MLP can't even notice, for it has never known which pixels are neighbors. A CNN finds no
local patterns any more, so its advantage should go.

Both have about 6,090 weights, and each has the learning rate that suits it.
"""

import keras
import numpy as np

from recipes.architectures.cnn_behavior._images import (
    MOST,
    at_best,
    draw,
    draw_seeds,
    epochs_of,
    learn,
    study_of,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import lenet, mlp

FEW = 100
ROWS = (FEW, MOST)
NETWORKS = {"CNN": {"filters": [16, 32]}, "MLP": {"units": [81]}}
PIXELS = ("as they are", "scrambled")


def either(input_shape, num_classes: int, **arguments) -> keras.Model:
    """A CNN, or where it has `units` a network of dense layers."""
    build = mlp if "units" in arguments else lenet
    return build(input_shape, num_classes, **arguments)


networks = study_of(either)


def scrambled(images: np.ndarray, seed: int) -> np.ndarray:
    """The same pixels in another order, one order for all images."""
    flat = images.reshape(len(images), -1)
    order = np.random.default_rng([seed, 124]).permutation(flat.shape[1])
    return flat[:, order].reshape(images.shape)


def train(case: dict, seed: int, data) -> dict:
    """Trains a CNN or an MLP on images as they are, or on scrambled ones.

    Args:
        case: `kind`, `pixels`, `rows`, `epochs`, `learning_rate` and `judge`.
        seed: Of images, order of pixels, weights and order of images.
        data: Images.
    """
    sets = draw(data, case["rows"], seed)
    if case["pixels"] == "scrambled":
        sets = {name: (scrambled(x, seed), y) for name, (x, y) in sets.items()}
    network = {"num_classes": data.num_classes, **NETWORKS[case["kind"]]}
    run = learn(networks, {**case, "network": network}, seed, sets)
    names = ("held_out_loss", "held_out_accuracy")
    return {name: run[name] for name in names}


@experiment
def duels(lab) -> dict[tuple[str, str, int], list[dict]]:
    """The runs of both networks on both kinds of images, each at its best rate."""
    keys = [(kind, pixels, rows) for kind in NETWORKS for pixels in PIXELS
            for rows in ROWS]  # fmt: skip
    cases = {
        f"{kind}, {rows} images {pixels}": {
            "kind": kind,
            "pixels": pixels,
            "rows": rows,
            "epochs": epochs_of(lab, rows),
        }
        for kind, pixels, rows in keys
    }
    return dict(zip(keys, at_best(lab, train, cases, "duels").values(), strict=True))


def right(lab, kind: str, pixels: str, rows: int) -> np.ndarray:
    """Test accuracies, one a seed."""
    return stats.column(duels(lab)[kind, pixels, rows], "held_out_accuracy")


def lead(lab, pixels: str, rows: int) -> np.ndarray:
    """The CNN's test accuracy less the MLP's, one a seed."""
    return right(lab, "CNN", pixels, rows) - right(lab, "MLP", pixels, rows)


@claim(
    "cnn-beats-mlp-images",
    "CNNs are effective for images.",
    says="always",
    notes="001",
    scope="100 and 960 digits, a CNN of two blocks and an MLP of about 6,090 weights "
    "each, Adam at its best rate",
)
def better_than_dense(lab):
    """The CNN's advantage over the MLP."""
    gains = {rows: lead(lab, PIXELS[0], rows) for rows in ROWS}
    nothing = np.zeros(len(lab.seeds))
    lab.table(
        "Test accuracy",
        ["network", "images", "pixels", "rate", "accuracy"],
        [
            [kind, rows, pixels, f"{runs[0]['learning_rate']:g}",
             f"{stats.column(runs, 'held_out_accuracy').mean():.1%}"]
            for (kind, pixels, rows), runs in duels(lab).items()
        ],
    )  # fmt: skip
    shape, classes = lab.data(lab.like_digits).x_train.shape[1:], 10
    return Finding(
        {
            f"{rows} images: better than an MLP as large": stats.greater(
                gains[rows], nothing, by=stats.ACCURACY_POINT
            )
            for rows in ROWS
        },
        "With {rows} images the CNN's accuracy less the MLP's is {gains}.",
        figure=draw_duels,
        rows=list(ROWS),
        gains=[f"{gains[rows].mean():+.1%}" for rows in ROWS],
        gain_by_seed={str(rows): values for rows, values in gains.items()},
        parameters={
            kind: either(shape, classes, **arguments).count_params()
            for kind, arguments in NETWORKS.items()
        },
    )


# The notes give a reason for the lead. So it is asked where there is one, after the
# larger number of images; what scrambling does after few stands in the note.


@claim(
    "cnn-local-features",
    "CNNs suit images because they capture local features.",
    says="always",
    notes="001",
    scope="960 digits, a CNN of two blocks and an MLP of about 6,090 weights each, "
    "Adam at its best rate; one order of the pixels for all images of a seed",
)
def local_features(lab):
    """What scrambling the pixels takes of the CNN's lead over the MLP."""
    leads = {(p, rows): lead(lab, p, rows) for p in PIXELS for rows in ROWS}
    return Finding(
        {
            f"{MOST} images: scrambled pixels take of its lead": stats.greater(
                *(leads[pixels, MOST] for pixels in PIXELS), by=stats.ACCURACY_POINT
            )
        },
        "The CNN's accuracy less the MLP's, with pixels as they are and scrambled: "
        "{many} after 960 images, {few} after 100.",
        figure=draw_duels,
        few=[f"{leads[pixels, FEW].mean():+.1%}" for pixels in PIXELS],
        many=[f"{leads[pixels, MOST].mean():+.1%}" for pixels in PIXELS],
        lead_by_seed={f"{p}, {rows}": values for (p, rows), values in leads.items()},
    )


def draw_duels(lab):
    """Accuracy of both networks, on images as they are and scrambled."""
    figure, axes = figures.new(1, 2, width=9.6, height=4.0)
    for panel, rows in zip(axes, ROWS, strict=True):
        for index, kind in enumerate(NETWORKS):
            for place, pixels in enumerate(PIXELS):
                values = 100 * right(lab, kind, pixels, rows)
                at = place + 0.45 * (index - 0.5)
                label = kind if place == 0 else None
                draw_seeds(panel, at, values, index, label)
        panel.set_xticks(range(2), PIXELS)
        panel.set_xlim(-0.6, 1.6)
        gain, lost = (
            100 * np.mean(right(lab, "CNN", p, rows) - right(lab, "MLP", p, rows))
            for p in PIXELS
        )
        title = f"{rows} images: CNN {gain:+.1f} points, scrambled {lost:+.1f}"
        figures.describe(panel, title, "pixels", "test accuracy (%)")
    figures.legend(axes[0], loc="lower left")
    lab.figure(
        "scrambled",
        figure,
        "Test accuracy of a CNN and an MLP of equally many weights, on images as they "
        "are and on images whose pixels are in another order; dots are seeds, titles "
        "give the CNN's lead.",
    )


if __name__ == "__main__":
    main(__file__)
