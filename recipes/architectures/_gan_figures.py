"""The pictures of the GAN recipe."""

import numpy as np

from recipes.architectures import _gan_line as line
from recipes.architectures._gan_formulas import logit_gradients
from recipes.architectures._gan_images import Images
from recipes.architectures._gan_pair import LOSSES
from recipes.lab import figures

NAMES = {"non_saturating": "-log D", "minimax": "log(1-D)"}
STYLES = {
    loss: {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
    for index, loss in enumerate(LOSSES)
}


def draw_losses(lab) -> None:
    """Both losses of the generator, and what they send back, against D."""
    figure, (left, right) = figures.new(1, 2, width=9.0, height=3.8)
    logits = np.linspace(-9.2, 9.2, 300).astype("float32")
    d = 1 / (1 + np.exp(-logits.astype("float64")))
    values = {"non_saturating": -np.log(d), "minimax": np.log1p(-d)}
    slopes = logit_gradients(logits)
    for loss in LOSSES:
        left.plot(d, values[loss], label=NAMES[loss], **STYLES[loss])
        right.plot(d, np.abs(slopes[loss]), label=NAMES[loss], **STYLES[loss])
    left.set(ylim=(-6, 6), xlim=(0, 1))
    right.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-4, 2))
    figures.describe(left, "The two losses", "D(G(z))", "loss of one sample")
    title = "The gradient that reaches the sample's logit"
    figures.describe(right, title, "D(G(z))", "size of the gradient")
    for axes in (left, right):
        figures.legend(axes)
    caption = (
        "Both generator losses, and their gradients in the logit, against D(G(z))."
    )
    lab.figure("losses", figure, caption)


def draw_line(lab, runs: dict[line.Case, list[dict]]) -> None:
    """The mean of the samples on their way to the data, one panel a way to train."""
    figure, grid = figures.new(2, 2, width=9.0, height=6.0)
    for row, optimizer in zip(grid, line.OPTIMIZERS, strict=True):
        for axes, start in zip(row, line.STARTS, strict=True):
            curves = {
                NAMES[loss]: [
                    run["mean"] for run in runs[line.Case(optimizer, start, loss)]
                ]
                for loss in LOSSES
            }
            steps = line.EVERY * np.arange(len(next(iter(curves.values()))[0]))
            axes.axhline(line.MEAN, color="black", linewidth=0.8)
            axes.set_xlim(0, steps[-1])  # names stand clear of the black line
            figures.curves(axes, steps, curves)
            title = f"{optimizer}, {start}"
            figures.describe(axes, title, "step", "mean of the samples")
    lab.figure(
        "line",
        figure,
        "Mean of the generated numbers by step, with the range over seeds; the black "
        "line is the data's mean.",
    )


def draw_gradients(lab, images: Images, leads: list[dict], runs: dict) -> None:
    """The generator's gradient norm against D(G(z)), both losses at equal weights."""
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    for loss, marker in zip(LOSSES, "os", strict=True):
        color = STYLES[loss]["color"]
        for index, run in enumerate(leads):
            x, y = ([look[key] for look in run["looks"]] for key in ("d_fake", loss))
            label = f"{NAMES[loss]}, D trained alone" if not index else None
            axes.plot(x, y, marker=marker, label=label, **STYLES[loss])
        looks = [look for run in runs[loss] for look in run["looks"]]
        x, y = ([look[key] for look in looks] for key in ("d_fake", loss))
        label = f"{NAMES[loss]}, both trained"
        axes.plot(x, y, marker, mfc="none", color=color, alpha=0.6, label=label)
    title = "What reaches the generator, from an unsure D (right) to a sure one (left)"
    figures.describe(axes, title, "mean D(G(z))", "norm of the generator's gradient")
    figures.legend(axes)
    lab.figure(
        "gradients",
        figure,
        "Norm of the generator's gradient against D(G(z)): joined points while only D "
        "trains, open ones while both do.",
    )


def draw_samples(lab, images: Images, runs: dict) -> None:
    """Samples of the same latents as training goes on, above real images."""
    shown = len(runs[LOSSES[0]][0]["pictures"][0])
    real = np.rint(255 * images.images[: 2 * shown]).astype(int)
    figure, panels = figures.new(1, 2, width=9.0, height=6.4)
    steps = [str(step) for step in images.looked_at] + ["real"]
    for index, (loss, axes) in enumerate(zip(LOSSES, panels, strict=True)):
        rows = [*runs[loss][0]["pictures"], real[index * shown :][:shown]]
        picture = mosaic(np.array([np.array(row) for row in rows]))
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        height = picture.shape[0] / len(rows)
        axes.set(xticks=[], yticks=height * (np.arange(len(rows)) + 0.5) - 0.5)
        axes.set_yticklabels(steps)
        axes.grid(False)
        axes.spines[:].set_visible(False)
        title = f"Trained with {NAMES[loss]}"
        figures.describe(axes, title, "", "step" if not index else "")
    lab.figure(
        "samples",
        figure,
        "Generated images by step (rows), from the same noise in each column; the last "
        "row is real.",
    )


def mosaic(pictures: np.ndarray, gap: int = 1) -> np.ndarray:
    """Joins pictures (rows, columns, H, W, channels) to one, with white gaps."""
    gray = pictures.mean(-1)
    padded = np.pad(gray, ((0, 0), (0, 0), (gap, gap), (gap, gap)))
    rows, columns, height, width = padded.shape
    return padded.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def draw_quality(lab, images: Images, runs: dict) -> None:
    """The distance to real images and the classes covered, by step."""
    figure, (left, right) = figures.new(1, 2, width=9.0, height=3.8)
    left.set(yscale="log")
    for axes, key in ((left, "distance"), (right, "effective_classes")):
        curves = {
            NAMES[loss]: [[look[key] for look in run["looks"]] for run in runs[loss]]
            for loss in LOSSES
        }
        best = images.ruler.floor if key == "distance" else images.ruler.num_classes
        axes.axhline(best, color="black", linewidth=0.8)
        axes.set_xlim(0, images.looked_at[-1])
        figures.curves(axes, images.looked_at, curves)
    figures.describe(left, "Distance to real images", "step", "Fréchet distance")
    figures.describe(right, "Classes covered", "step", "effective classes")
    lab.figure(
        "quality",
        figure,
        "Fréchet distance to real images (black: between two halves of them) and "
        "effective number of classes (black: all), with the range over seeds.",
    )
