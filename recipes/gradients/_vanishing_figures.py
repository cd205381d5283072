"""The pictures of the deep networks: gradients by layer, and what is learned."""

from recipes.gradients._vanishing_networks import at_start, losses
from recipes.lab import figures

SHOWN = ("ReLU, He", "tanh", "tanh, N(0, 0.01²)", "sigmoid")


def draw_layers(lab, runs) -> None:
    """Draws the norms of the gradients from the first to the last layer."""
    figure, axes = figures.new(2, 1, height=6.6)
    depth = lab.settings.depth
    layers = range(1, depth + 2)
    for axis, kind, title in zip(
        axes,
        ("signal", "kernel"),
        ("Gradient that flows into each layer", "Gradient of each layer's weights"),
        strict=True,
    ):
        axis.set(yscale="log", xlim=(1, depth + 1), xticks=list(layers))
        axis.set_xticklabels([*map(str, layers[:-1]), "out"])
        norms = {name: at_start(runs[name], kind) for name in SHOWN}
        figures.curves(axis, layers, norms)
        what = "biases" if kind == "signal" else "kernels"
        figures.describe(axis, title, "", f"gradient norm ({what})")
    axes[1].set_xlabel("layer, first to last")
    lab.figure(
        "layers",
        figure,
        "Gradient norms by layer before training, with the range over seeds: above of "
        "the biases, which is what flows into a layer; below of the kernels, where it "
        "has met the layer's inputs.",
    )


def draw_fixes(lab, runs, fixes) -> None:
    """Draws each remedy's gradients by layer, and its training loss."""
    figure, axes = figures.new(1, 2, width=9.6, height=4.4)
    depth, epochs = lab.settings.depth, range(lab.settings.epochs + 1)
    names = ("sigmoid", *fixes)
    for index, name in enumerate(names):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        signal = at_start(runs[name], "signal").mean(0)
        axes[0].plot(range(1, depth + 2), signal, label=name, **style)
        axes[1].plot(epochs, losses(runs[name]).mean(0), **style)
    axes[0].set(yscale="log", xlim=(1, depth + 1))
    axes[1].set(yscale="log")
    title = "Gradient that flows into each layer"
    figures.describe(axes[0], title, "layer, first to last", "gradient norm (biases)")
    figures.describe(axes[1], "Training loss", "epoch", "mean loss (nats)")
    figures.legend(axes[0], fontsize=8)
    lab.figure("fixes", figure, "Remedies: gradients before training, and loss.")
