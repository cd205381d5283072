"""Depth: normalization mends bad weights, and makes gradients grow with depth.

Sigmoid layers with usual weights let a gradient vanish. Normalization multiplies what
flows back by 1/deviation of each layer, and so makes up for the flat slopes. That same
factor acts where nothing was wrong: with ReLU and He's weights a gradient passes any
depth, and normalization lets it grow by a constant factor in every layer. Ten layers
hide that; fifty show it.

The forward and backward pass is written out in `_by_hand`, in float64: a sigmoid's
gradient after fifty layers is too small for float32.
"""

import numpy as np

from recipes.gradients.normalization._by_hand import backward, draw_layers, forward
from recipes.lab import Finding, claim, experiment, figures, main, stats

WIDTH, ROWS, CLASSES = 128, 64, 10
DEPTHS = (10, 30, 50)
# Name to activation and variance of the weights times fan_in.
STARTS = {
    "ReLU, He's weights": ("relu", 2.0),
    "sigmoid, Glorot's weights": ("sigmoid", 1.0),
}


def gradient_norms(start: str, depth: int, normalize: bool, seed: int) -> np.ndarray:
    """The norms of the hidden kernels' gradients before training, first to last."""
    activation, variance = STARTS[start]
    rng = np.random.default_rng([seed, 79])
    x, y = rng.normal(size=(ROWS, WIDTH)), rng.integers(CLASSES, size=ROWS)
    layers = draw_layers([WIDTH] * (depth + 1) + [CLASSES], seed, variance)
    kept = forward(layers, x, normalize=normalize, activation=activation)
    found = backward(layers, kept, y, normalize=normalize)
    return np.array([np.linalg.norm(one["kernel"]) for one in found[:-1]])


@experiment
def norms(lab) -> dict[str, np.ndarray]:
    """Norms (seeds, layers) of every start and depth, with and without."""
    return {
        f"{start}, {depth} layers, {'with' if normalize else 'without'}": np.array(
            [gradient_norms(start, depth, normalize, seed) for seed in lab.seeds]
        )
        for start in STARTS
        for depth in DEPTHS
        for normalize in (True, False)
    }


def change(values: np.ndarray) -> np.ndarray:
    """How many times larger or smaller the first gradient is than the last."""
    return np.exp(np.abs(np.log(values[:, 0] / values[:, -1])))


@claim(
    "bn-allows-flow",
    "Batch normalization reduces the risk of vanishing and exploding gradients.",
    says="often",
    hedge="reduces the risk",
    notes="002",  # 004 says "can help", of vanishing alone: see `vanish-fixes`
    scope="10, 30 and 50 layers of 128 units on Gaussian rows, before training",
)
def gradients_flow(lab):
    """The first layer's gradient over the last's, with and without normalization."""
    found, ratios = norms(lab), {}
    for name, values in found.items():
        ratio = np.log(values[:, 0] / values[:, -1]).mean()
        ratios[name] = float(np.exp(ratio))
    shown = {
        (start, way): [ratios[f"{start}, {depth} layers, {way}"] for depth in DEPTHS]
        for start in STARTS
        for way in ("with", "without")
    }
    relu, sigmoid = STARTS
    lab.table(
        "The first hidden layer's gradient over the last one's, before training",
        ["network", "first over last"],
        [[name, f"{ratio:.2g}"] for name, ratio in ratios.items()],
    )
    return Finding(
        {
            f"{start}, {depth} layers": stats.greater(
                change(found[f"{start}, {depth} layers, without"]),
                change(found[f"{start}, {depth} layers, with"]),
                by=stats.TWICE,
                scale="log",
            )
            for start in STARTS
            for depth in DEPTHS
        },
        "With ReLU and He's weights the first layer's gradient is {relu_with:,.0f} "
        "times the last's at {depths} layers, without normalization {relu_without:.2f}."
        " With sigmoids it is {sigmoid_with:.1f}, without {sigmoid_without:.0e}.",
        figure=draw_depths,
        depths=list(DEPTHS),
        relu_with=shown[relu, "with"],
        relu_without=shown[relu, "without"],
        sigmoid_with=shown[sigmoid, "with"],
        sigmoid_without=shown[sigmoid, "without"],
        first_over_last=ratios,
    )


def what_it_does(lab) -> str:
    """What normalization does to gradients of the deepest networks, in words."""
    found = [
        norms(lab)[f"{start}, {DEPTHS[-1]} layers, {way}"]
        for start in STARTS
        for way in ("with", "without")
    ]
    logs = [np.log(values[:, 0] / values[:, -1]).mean() for values in found]
    relu, relu_without, sigmoid, sigmoid_without = logs
    saves = "saves" if abs(sigmoid) < abs(sigmoid_without) else "does not save"
    lets = "lets" if relu > max(0, relu_without) else "does not let"
    return f"Normalization {saves} the sigmoid's gradient and {lets} ReLU's grow"


def draw_depths(lab):
    """Gradient norms by layer in the deepest networks."""
    figure, panels = figures.new(1, 2, width=11.0, height=4.0)
    deepest = DEPTHS[-1]
    for axes, start in zip(panels, STARTS, strict=True):
        axes.set(yscale="log", xlim=(deepest, 1))
        for index, way in enumerate(("with", "without")):
            values = norms(lab)[f"{start}, {deepest} layers, {way}"]
            values = np.exp(np.log(values / values[:, -1:]).mean(0))
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axes.plot(
                range(1, deepest + 1), values, label=f"{way} normalization", **style
            )
        figures.describe(axes, start, "layer, last to first", "gradient, last = 1")
        figures.legend(axes)
    figure.suptitle(what_it_does(lab), fontweight="bold")
    lab.figure(
        "depths",
        figure,
        f"Gradients of {deepest} layers before training, as multiples of the last "
        "hidden layer's: geometric means over the seeds.",
    )


if __name__ == "__main__":
    main(__file__)
