"""CNN arithmetic: shapes, parameters, and how far an output sees.

Nothing is trained and nothing is estimated: every number is read off real Keras
layers, and what an output depends on is found by lighting pixels one at a time.

Notes: 1.21 CNN arithmetic
Data: none; images of zeros, single lit pixels and random whole numbers.
Run: recipes run cnn_arithmetic   (about 8 s on 2 CPU cores)
References: LeCun et al. (1998); Lin, Chen and Yan (2013); Dumoulin and Visin (2016);
    Luo et al. (2016).
"""

from dataclasses import dataclass

import numpy as np

from recipes.architectures import _cnn_counting, _cnn_fields, _cnn_maps, _cnn_pooling
from recipes.lab import figures, lab_main

CLAIMS = {
    "cnn-shapes-28": "28×28×1 through two rounds of 3×3 convolution (32, then 64 "
    "filters, padded) and 2×2 pooling becomes 7×7×64, then 3136, then 10.",
    "cnn-params-28": "The layers of that network have 320, 0, 18,496, 0, 0 and 31,370 "
    "parameters.",
    "cnn-params-560": "20 filters of 3×3 on 3 channels have 560 parameters.",
    "cnn-1x1-params": "One 1×1 filter on a 64×64×16 input has 4097 parameters.",
    "cnn-1x1-channels": "1×1 filters set the number of channels: 4×4×64 becomes "
    "4×4×32 or 4×4×128.",
    "cnn-1x1-is-dense-per-pixel": "A 1×1 convolution is one linear map applied to "
    "every pixel.",
    "cnn-1x1-depth-must-match": "A 1×1 filter is as deep as its input has channels.",
    "cnn-1x1-output-stays-64": "A 1×1×64 convolution leaves 7×7×64 as 7×7×64.",
    "cnn-output-formula": "A convolution's output has (n - k + 2p)/s + 1 pixels a "
    "side.",
    "cnn-pool-five-times": "16×16 pixels can't be max-pooled five times.",
    "cnn-pool-keeps-channels": "Pooling keeps the number of channels.",
    "cnn-pool-no-params": "Pooling layers have no parameters.",
    "cnn-pool-reduces-params": "Pooling reduces a network's parameters.",
    "cnn-receptive-field": "Behind 3×3 and 2×2, twice, all of stride 2, one output "
    "sees 21×21 pixels.",
    "cnn-concat-feature-maps": "Maps of different sizes are concatenated after "
    "down-sampling or a 1×1 convolution.",
    "cnn-param-sharing": "Sharing makes a convolution's weights far fewer than a "
    "dense layer's.",
    "cnn-local-connectivity": "An output of a 3×3 convolution sees 9 pixels.",
}
SMOKE = {"draws": 10}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    draws: int = 200
    "Random convolutions on which the output formula is tried."


def experiment(lab):
    """Judges every claim of the chapter."""
    _cnn_counting.judge(lab)
    variants = _cnn_pooling.judge(lab)
    _cnn_maps.judge(lab)
    _cnn_fields.judge(lab)
    draw_fields(lab)
    draw_parameters(lab, variants)
    draw_sizes(lab)


def draw_fields(lab) -> None:
    """Draws what one output sees, layer by layer and through max pooling."""
    figure, axes = figures.new(2, 4, height=4.6)
    title = "What one output can see of 41×41 pixels"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    titles = ("3×3 conv", "2×2 pool", "3×3 conv", "2×2 pool")
    for depth, axis in enumerate(axes[0], start=1):
        seen = _cnn_fields.responses(_cnn_fields.stack(depth=depth))
        field = _cnn_fields.middle(seen)
        height, width = _cnn_fields.side(field)
        show(axis, field, f"+ {titles[depth - 1]}: {height}×{width}")
    gradients = _cnn_fields.through_max(_cnn_fields.IMAGES[-1]) != 0
    for images, axis in zip(_cnn_fields.IMAGES, axes[1], strict=True):
        share = gradients[:images].mean(0)
        noun = "image" if images == 1 else "images"
        show(axis, share, f"{images} {noun}: {np.count_nonzero(share)} px")
    axes[0, 0].set_ylabel("average pooling,\nlayer by layer")
    axes[1, 0].set_ylabel("max pooling,\nall four layers")
    lab.figure(
        "fields",
        figure,
        "Pixels of a 41×41 image that one output has a gradient for. Above: through "
        "one to four layers with average pooling. Below: through all four with max "
        "pooling, where each image opens other paths to the same 21×21 pixels. Darker "
        "pixels weigh more, or are reached by more of the images.",
    )


def show(axis, field, title: str) -> None:
    """Shows a field in blue on gray, in its share of the greatest value."""
    masked = np.ma.masked_equal(field / field.max(), 0)
    axis.set_facecolor("#EEEEEE")
    axis.imshow(masked, cmap="Blues", vmin=-0.5, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_title(title, fontsize=10, fontweight="normal")


def draw_parameters(lab, variants: dict[str, dict[str, int]]) -> None:
    """Draws where the parameters are, with and without pooling."""
    shown = {
        name: row for name, row in variants.items() if "average pooling" not in name
    }
    parts = {"convolutions": ("conv_1", "conv_2"), "dense layer": ("logits",)}
    figure, axis = figures.new(height=2.8)
    start = np.zeros(len(shown))
    for (label, names), color in zip(parts.items(), figures.COLORS, strict=False):
        counts = np.array([sum(row[name] for name in names) for row in shown.values()])
        axis.barh(list(shown), counts / 1000, left=start, color=color, label=label)
        start += counts / 1000
    for row, total in enumerate(start):
        axis.text(total + 6, row, f"{total * 1000:,.0f}", va="center")
    axis.invert_yaxis()
    axis.set_xlim(0, 1.15 * start.max())
    axis.grid(axis="y", visible=False)
    figures.legend(axis, loc="lower right")
    title = "Pooling shrinks a dense layer behind a flatten only"
    figures.describe(axis, title, "parameters (thousands)", "")
    lab.figure("parameters", figure, "Parameters of the notes' network by layer.")


def draw_sizes(lab) -> None:
    """Draws the size that Keras makes over the formula's straight lines."""
    figure, axis = figures.new(height=3.6)
    inputs = np.arange(3, 21)
    for index, stride in enumerate((1, 2, 3)):
        color = figures.COLORS[index]
        made = [_cnn_maps.sizes(int(n), int(n), 3, 0, stride)[0] for n in inputs]
        line = [float(_cnn_maps.formula(int(n), 3, 0, stride)) for n in inputs]
        axis.plot(inputs, line, lw=1, color=color, label=f"stride {stride}")
        axis.plot(inputs, made, "o", ms=4, color=color)
    figures.label_ends(axis)
    axis.set(xticks=range(3, 21, 2), yticks=range(1, 19, 2))
    title = "What a 3×3 convolution makes (dots) is the formula (lines), rounded down"
    figures.describe(axis, title, "pixels a side in", "pixels a side out")
    lab.figure(
        "sizes",
        figure,
        "Output size of a 3×3 convolution without padding: dots as Keras makes it, "
        "lines by the notes' formula.",
    )


if __name__ == "__main__":
    lab_main(experiment)
