# %% [markdown]
# # The arithmetic of a CNN
#
# How large is the map that a convolution makes, how many numbers does it learn, and how
# much of the image does one of its outputs see? Three short formulas answer. In this
# notebook you predict, a cell says right or wrong, and in the end you light an image
# pixel by pixel to see what an output sees.
#
# A few seconds on two cores. Nothing is trained, nothing is downloaded.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

from recipes.lab import run
from zoo import lenet

# %% [markdown]
# ## Three formulas
#
# A kernel of *k* pixels a side walks over *n + 2p* pixels (*p* of padding on each side)
# in strides of *s*. It starts wherever it fits. A filter has one weight for each pixel
# of the kernel and each channel that comes in, and a bias.


# %%
def size(n, k, s=1, p=0):
    """Pixels a side of the map that comes out."""
    return (n - k + 2 * p) // s + 1


def parameters(k, channels, filters):
    """Weights and biases of a convolution."""
    return filters * (k * k * channels + 1)


def field(seen, k, s=1):
    """Pixels below that `seen` neighboring outputs need together, a side."""
    return (seen - 1) * s + k


# %% [markdown]
# ## Predict
#
# The network of the study notes: images of 28 × 28 with one channel; a padded 3 × 3
# convolution with 32 filters, 2 × 2 pooling; the same again with 64 filters; then a
# dense layer to 10 classes.
#
# **Guess** before you look: which layer has the most parameters, and by how far? Write
# the parameters that you predict in place of None; the cell says right or wrong, to you
# and to the formulas.

# %%
yours = {"conv_1": None, "pool_1": None, "conv_2": None, "pool_2": None, "logits": None}

formulas = {
    "conv_1": (size(28, 3, p=1), parameters(3, 1, 32)),
    "pool_1": (size(28, 2, s=2), 0),
    "conv_2": (size(14, 3, p=1), parameters(3, 32, 64)),
    "pool_2": (size(14, 2, s=2), 0),
    "logits": (1, 10 * (7 * 7 * 64 + 1)),
}
model = lenet()
for name, (side, count) in formulas.items():
    layer = model.get_layer(name)
    shape, truth = layer.output.shape[1:], layer.count_params()
    right = count == truth and side in (shape[0], 1)
    words = f"the formulas are {'right' if right else 'WRONG'}"
    if yours[name] is not None:
        words += f", you are {'right' if yours[name] == truth else 'wrong'}"
    print(f"{name:7} {'×'.join(map(str, shape)):9} {truth:6,} parameters; {words}")

# %% [markdown]
# ## Where it costs
#
# Parameters are not work. A filter's weights are used once for each pixel of its map; a
# dense layer's once.

# %%
names = ["conv_1", "conv_2", "logits"]
weights = np.array([formulas[name][1] for name in names])
uses = np.array([formulas[name][0] ** 2 for name in names])
biases = np.array([32, 64, 10])
work = (weights - biases) * uses  # multiply-adds for one image

figure, axes = plt.subplots(1, 2, figsize=(7, 2.4), sharey=True, layout="constrained")
for panel, values, color, what in (
    (axes[0], weights, "#0072B2", "parameters"),
    (axes[1], work, "#D55E00", "multiply-adds an image"),
):
    panel.barh(names, values / 1000, color=color)
    panel.set_xlabel(f"thousand {what}")
    most, share = names[int(values.argmax())], values.max() / values.sum()
    panel.set_title(f"{most} has {share:.0%} of the {what.split()[0]}", size=10)
axes[0].invert_yaxis()
plt.show()

# %% [markdown]
# Pooling has no parameters itself. **Guess**: does it save any? And what happens to
# your guess if the dense layer gets averages of the maps, not all their pixels?

# %%
for head in ("flatten", "global_average"):
    for pooling in ("max", None):
        count = lenet(head=head, pooling=pooling).count_params()
        print(f"head {head:14} pooling {pooling!s:5} {count:8,} parameters")

# %% [markdown]
# The notes say that pooling reduces a network's parameters. The trial:

# %%
run("cnn_arithmetic", claim="cnn-pool-reduces-params", quiet=True)

# %% [markdown]
# ## What does one output see?
#
# Four layers of stride 2, with kernels of 3, 2, 3 and 2 pixels. Go back from one
# output: `field` is how much of the map below it needs, layer by layer.

# %%
kernels = (3, 2, 3, 2)
chain = [1]
for kernel in reversed(kernels):
    chain.append(field(chain[-1], kernel, s=2))
print(
    "from one output back to the image:", " → ".join(map(str, chain)), "pixels a side"
)

# %% [markdown]
# Now ask the layers themselves. Make all weights 1, light one pixel of a dark image at
# a time, and paint the pixels to which the output in the middle answers. **Guess**:
# does the output see all pixels of its field equally well?

# %%
stack = [
    layers.Conv2D(1, k, strides=2, use_bias=False, kernel_initializer="ones")
    if number % 2 == 0
    else layers.AveragePooling2D(k, strides=2)
    for number, k in enumerate(kernels)
]
side = 41
lit = np.eye(side * side, dtype="float32").reshape(-1, side, side, 1)  # one pixel each

figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), layout="constrained")
found, maps = [], lit
for depth, panel in enumerate(axes, 1):
    maps = stack[depth - 1](maps)
    height, width = maps.shape[1:3]
    seen = keras.ops.convert_to_numpy(maps)[:, height // 2, width // 2, 0]
    seen = seen.reshape(side, side) / seen.max()
    rows = np.flatnonzero(seen.any(axis=1))
    found.append(int(rows[-1] - rows[0] + 1))
    panel.imshow(seen, cmap="Blues", vmin=0, vmax=1)
    panel.set(xticks=(0, 20, 40), yticks=(0, 20, 40))
    panel.set_title(
        f"{depth} layer{'s' * (depth > 1)}: {found[-1]} × {found[-1]}", size=9
    )
    panel.set_xlabel("pixel of the image")
axes[0].set_ylabel("pixel of the image")
figure.suptitle(f"The middle output sees {found[-1] ** 2} of {side**2} pixels "
                f"({seen.max() / seen[seen > 0].min():.0f} times better in some "
                "than in others)", size=10)  # fmt: skip
plt.show()
print("the formula's", chain[-1], "is" if chain[-1] == found[-1] else "is NOT", "right")

# %% [markdown]
# A field is a bound on what an output can see, not on what it looks at.
# `run("cnn_arithmetic", claim="cnn-receptive-field")` shows what max pooling adds: a
# single image's gradient reaches only some of these pixels.
#
# ## Exercises
#
# 1. Three 3 × 3 convolutions of stride 1, one after the other: how many pixels does an
#    output see? How many parameters do they have with 64 channels throughout, and how
#    many has one convolution with a kernel as large as this field?
# 2. The notes say that one 1 × 1 filter on 64 × 64 pixels with 16 channels has 4097
#    parameters. Correct it.
# 3. For which of the strides 1, 2 and 3 does a 3 × 3 kernel without padding use all 28
#    pixels of a row?
#
# <details><summary>Answers</summary>
#
# 1. `field(field(field(1, 3), 3), 3)` is 7. `3 * parameters(3, 64, 64)` beside
#    `parameters(7, 64, 64)`: a little over half, and two more activations between them.
# 2. `parameters(1, 16, 1)` is 17. The size of the image doesn't matter: the same
#    weights are used at every pixel. (`64 * 64 + 1` counts pixels, not channels.)
# 3. Only for 1: `(28 - 3) % s` is 0 there. With 2 and 3 the last pixel is left out,
#    which the rounding in `size` hides.
#
# </details>
#
# The whole recipe: `recipes run cnn_arithmetic`. How verdicts are made:
# `docs/judging.md`.
