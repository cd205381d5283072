"""Images: a DCGAN makes digits of every class from noise, and how near they come.

The zoo's DCGAN is trained on small images with either generator loss, from the same
seeds. A LeNet trained on the real images measures the samples: the Fréchet distance of
its features says how near they come, the classes that it sees say whether all are made.
Two halves of the real images are not at distance 0 either: that is the floor.

What would not be images? Take the real pixels, and shuffle each place's between the
images: every pixel is as it should be, and none belongs with its neighbors. A GAN that
makes images must come clearly nearer to the real ones than that.
"""

import numpy as np

from recipes.architectures.gan._images import image_runs
from recipes.architectures.gan._networks import LOSSES, NAMES
from recipes.lab import Finding, claim, figures, main, stats


@claim(
    "gan-small-image",
    "A GAN turns noise into images that resemble real ones.",
    notes="002",
    scope="small images, a DCGAN of 64 filters, 1500 updates, three seeds",
)
def noise_becomes_images(lab):
    """Whether samples are nearer to real images than shuffled real pixels are."""
    results, classes = image_runs(lab), lab.data().num_classes
    floor, no_images = results[0]["floor"], results[0]["no_images"]
    looks = {loss: [r["runs"][loss]["looks"] for r in results] for loss in LOSSES}
    last = {loss: last_distances(lab, loss) for loss in LOSSES}
    rarest = {loss: [one[-1]["least_share"] for one in looks[loss]] for loss in LOSSES}
    rows = []
    for name, index in (("untrained", 0), ("trained", -1)):
        for loss in LOSSES:
            ends = [one[index] for one in looks[loss]]
            keys = ("d_fake", "distance", "least_share", "effective_classes")
            means = [float(np.mean([end[key] for end in ends])) for key in keys]
            rows.append([f"{loss}, {name}", *means])
    rows.append(["other real images", "-", floor, "-", "-"])
    rows.append(["shuffled real pixels", "-", no_images, "-", "-"])
    lab.table(
        f"Samples from noise on {lab.settings.data}, means over {len(results)} seeds",
        ["training", "D(G(z))", "distance", "least share", "classes"],
        rows,
    )
    return Finding(
        {
            NAMES[loss]: stats.greater(
                np.full(len(found), no_images), found, by=stats.TWICE, scale="log"
            )
            for loss, found in last.items()
        },
        "Fréchet distance to real images: untrained {untrained:.0f}, shuffled real "
        "pixels {no_images:.1f}, trained {trained:.2f}, other real images {floor:.2f}. "
        "The rarest of {classes} classes has {share:.1%} of the samples.",
        figure=(draw_samples, draw_quality),
        untrained=np.mean([one[0]["distance"] for one in looks[LOSSES[0]]]),
        no_images=no_images,
        trained={NAMES[loss]: float(np.mean(row)) for loss, row in last.items()},
        floor=floor,
        classes=classes,
        share=min(min(row) for row in rarest.values()),
        rarest=rarest,
        looks=looks,
        accuracy_of_the_lenet_that_measures=results[0]["accuracy"],
    )


def mosaic(pictures: np.ndarray, gap: int = 1) -> np.ndarray:
    """Joins pictures (rows, columns, H, W, channels) to one, with white gaps."""
    gray = pictures.mean(-1)
    padded = np.pad(gray, ((0, 0), (0, 0), (gap, gap), (gap, gap)))
    rows, columns, height, width = padded.shape
    return padded.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def last_distances(lab, loss: str) -> list[float]:
    """How far samples are from real images after the last step, one a seed."""
    runs = [result["runs"][loss] for result in image_runs(lab)]
    return [run["looks"][-1]["distance"] for run in runs]


def draw_samples(lab):
    """Samples of the same latents as training goes on, above real images."""
    result, data = image_runs(lab)[0], lab.data()
    shown = len(result["runs"][LOSSES[0]]["pictures"][0])
    real = np.rint(255 * data.x_train[: 2 * shown]).astype(int)
    figure, panels = figures.new(1, 2, width=9.0, height=6.4)
    steps = [str(step) for step in result["looked_at"]] + ["real"]
    for index, (loss, axes) in enumerate(zip(LOSSES, panels, strict=True)):
        rows = [*result["runs"][loss]["pictures"], real[index * shown :][:shown]]
        picture = mosaic(np.array([np.array(row) for row in rows]))
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        height = picture.shape[0] / len(rows)
        axes.set(xticks=[], yticks=height * (np.arange(len(rows)) + 0.5) - 0.5)
        axes.set_yticklabels(steps)
        axes.grid(False)
        axes.spines[:].set_visible(False)
        distance = np.mean(last_distances(lab, loss))
        far = distance > result["no_images"] / stats.TWICE.value
        title = f"Noise becomes {'no ' if far else ''}images with {NAMES[loss]}"
        figures.describe(axes, title, "", "step" if not index else "")
    lab.figure(
        "samples",
        figure,
        "Generated images by step (rows), from the same noise in each column; the last "
        "row is real.",
    )


def draw_quality(lab):
    """The distance to real images and the classes covered, by step."""
    results, classes = image_runs(lab), lab.data().num_classes
    steps = results[0]["looked_at"]
    figure, (left, right) = figures.new(1, 2, width=9.0, height=3.8)
    left.set(yscale="log")
    for axes, key, best in (
        (left, "distance", results[0]["floor"]),
        (right, "effective_classes", classes),
    ):
        curves = {
            NAMES[loss]: [
                [one[key] for one in r["runs"][loss]["looks"]] for r in results
            ]
            for loss in LOSSES
        }
        axes.axhline(best, color="black", linewidth=0.8)
        axes.set_xlim(0, steps[-1])
        covered = min(np.mean(runs, 0)[-1] for runs in curves.values())
        figures.curves(axes, steps, curves)
    most = max(np.mean(last_distances(lab, loss)) for loss in LOSSES)
    title = f"In the end {most:.3g}, real images {results[0]['floor']:.2g}"
    figures.describe(left, title, "step", "Fréchet distance")
    left.text(steps[-1], 1.1 * results[0]["floor"], "other real images", ha="right")
    title = f"In the end {covered:.1f} of {classes} classes are covered"
    figures.describe(right, title, "step", "effective classes")
    lab.figure(
        "quality",
        figure,
        "Fréchet distance to real images (black: between two halves of them) and "
        "effective number of classes (black: all), with the range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
