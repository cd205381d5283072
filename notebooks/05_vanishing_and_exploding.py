# %% [markdown]
# # Gradients that vanish, gradients that explode
#
# On its way back through a network a gradient is multiplied once a layer. Ten factors
# of a fifth leave a ten-millionth; a hundred factors of 1.2 make eighty million. In
# this notebook you measure it in your own `fit`, try the remedies side by side, and
# then let a recurrent network explode and hold it back.
#
# A minute on two cores. Nothing is downloaded.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from callbacks import GradientClipping, GradientNorms
from recipes.lab import generators, run
from zoo import mlp, simple_rnn

x, y = load_digits(return_X_y=True)
x = ((x - x.mean()) / x.std()).astype("float32")

# %% [markdown]
# ## Ten layers by hand
#
# This is a network's backward pass without the network: start with a gradient of length
# 1, and multiply by each layer's weights and slopes. A sigmoid's slope is at most a
# quarter. Weights of spread 1 are those that keep a length, on average.

# %%
rng = np.random.default_rng(0)
width = 64


def what_is_left(slope, spread, layers=10):
    """The length of the gradient after all layers on its way back."""
    gradient = np.ones(width) / np.sqrt(width)
    for _ in range(layers):
        weights = rng.normal(0, spread / np.sqrt(width), (width, width))
        gradient = weights.T @ gradient * slope
    return np.linalg.norm(gradient)


for slope, spread in ((0.25, 1), (0.25, 4), (1.0, 1), (1.0, 1.5)):
    left = what_is_left(slope, spread)
    print(f"slope {slope:<4}, weights of spread {spread:<3}: {left:.1e} is left")

# %% [markdown]
# Slope times weights decides. Where their product is near 1 a gradient arrives; on
# either side the number of layers is a power.
#
# ## In your own `fit`
#
# `GradientNorms` is a callback that measures the gradients that the optimizer gets. Add
# it to any training.

# %%
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def watch(**network):
    """Trains ten layers for four passes; returns norms at the start, and the loss."""
    keras.utils.set_random_seed(0)
    model = mlp((64,), 10, units=(width,) * 10, **network)
    model.compile(keras.optimizers.SGD(0.1), loss)
    norms = GradientNorms()
    history = model.fit(x, y, batch_size=128, epochs=4, verbose=0, callbacks=[norms])
    hidden = [norms.table.layers.index(f"hidden_{n}") for n in range(1, 11)]
    return norms.table.layer_norms[0, hidden], history.history["loss"][-1]


norms, final = watch(activation="sigmoid")
print(f"layer 10: {norms[-1]:.1e}, layer 1: {norms[0]:.1e}, "
      f"a factor of {(norms[0] / norms[-1]) ** (1 / 9):.2f} a layer")  # fmt: skip
print(f"loss after four passes {final:.2f} nats; guessing costs {np.log(10):.2f}")

# %% [markdown]
# **Guess** before you go on. The remedies of the textbooks: another activation, weights
# that suit it, batch normalization, skip connections. Which bring the gradient to the
# first of these ten layers? And which networks *learn* in four passes?

# %%
remedies = {
    "sigmoid": {"activation": "sigmoid"},
    "tanh": {"activation": "tanh"},
    "ReLU, Glorot": {"activation": "relu", "kernel_initializer": "glorot_uniform"},
    "ReLU, He": {"activation": "relu", "kernel_initializer": "he_normal"},
    "sigmoid, batch norm.": {"activation": "sigmoid", "normalization": "batch"},
    "sigmoid, skip": {"activation": "sigmoid", "residual": True},
}
watched = {name: watch(**network) for name, network in remedies.items()}

figure, axes = plt.subplots(
    1, 6, figsize=(9, 2.6), sharex=True, sharey=True, layout="constrained"
)
learned = 0
for panel, (name, (norms, final)) in zip(axes, watched.items(), strict=True):
    learns = final < 0.9 * np.log(10)
    learned += int(learns)
    color = "#0072B2" if learns else "#D55E00"
    panel.semilogy(range(1, 11), norms, "o-", ms=3, color=color)
    panel.set_title(f"{name}\nloss {final:.2f}", size=8, color=color)
    panel.set_xticks((1, 10))
axes[0].set_ylabel("gradient's norm at the start")
figure.supxlabel("hidden layer", size=10)
figure.suptitle(f"{learned} of {len(watched)} end a tenth below guessing "
                f"({np.log(10):.2f} nats) after four passes", size=10)  # fmt: skip
plt.show()

# %% [markdown]
# One start of each is an example, and a gradient that arrives is not yet a network that
# learns. The trial measures several starts of each:

# %%
run("vanishing", claim="vanish-fixes", quiet=True)

# %% [markdown]
# ## The other way: explode, and clip
#
# A recurrent network multiplies by *the same* matrix at every step. Here it reads
# twenty pairs and is to add two of the numbers; its recurrent weights are half as large
# again as usual. Clipping keeps a gradient's direction and bounds its length:


# %%
def clip(gradient, most=1.0):
    """Scales a gradient that is longer than `most` back to this length."""
    length = np.linalg.norm(gradient)
    return gradient * min(1.0, most / length)


for gradient in (np.array([30.0, 40.0]), np.array([0.3, 0.4])):
    print(gradient, "becomes", clip(gradient))

# %% [markdown]
# In a `fit`, `GradientClipping(norm=1.0)` does this with the gradient of all weights
# together. **Guess**: how do the losses of these three trainings end?

# %%
pairs, sums = generators.adding(320, 20, seed=0)


def train(rate, callbacks):
    """Trains the recurrent network for ten passes; returns norms and losses."""
    keras.utils.set_random_seed(1)
    model = simple_rnn((20, 2), 1, units=(32,), task="regression")
    kernel, recurrent, *rest = model.get_weights()
    large = np.random.default_rng(3).normal(0, 1.5 / np.sqrt(32), recurrent.shape)
    model.set_weights([kernel, large, *rest])
    model.compile(keras.optimizers.SGD(rate), "mse")
    norms = GradientNorms(per_layer=False)
    history = model.fit(pairs, sums, batch_size=64, epochs=10, verbose=0,
                        callbacks=[norms, *callbacks])  # fmt: skip
    return norms.table.global_norms, np.array(history.history["loss"])


runs = {
    "rate 0.1": train(0.1, []),
    "rate 0.1, clipped to 1": train(0.1, [GradientClipping(norm=1.0)]),
    "rate 1, clipped to 1": train(1.0, [GradientClipping(norm=1.0)]),
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
colors = ("#D55E00", "#0072B2", "#E69F00")
for (name, (norms, losses)), color in zip(runs.items(), colors, strict=True):
    axes[0].semilogy(range(1, len(norms) + 1), norms, color=color, lw=1)
    axes[1].semilogy(range(1, len(losses) + 1), losses, "o-", ms=3, color=color,
                     label=name)  # fmt: skip
guess = float(np.var(sums))
axes[1].axhline(guess, color="black", lw=0.8, ls=":")
axes[0].set(xlabel="update", ylabel="gradient's norm, before clipping")
axes[1].set(xlabel="pass", ylabel="training loss, squared error")
axes[1].legend(fontsize=8)
ends = {
    name: np.nan_to_num(losses[-1], nan=np.inf) for name, (_, losses) in runs.items()
}
longest = max(np.nanmax(norms) for norms, _ in runs.values())
axes[0].set_title(f"The longest gradient: {longest:.1g}", size=10)
axes[1].set_title(f"Lowest at the end: {min(ends, key=ends.get)}\n"
                  "(dotted: always the mean)", size=10)  # fmt: skip
plt.show()

# %% [markdown]
# A clipped step is never longer than rate times threshold. It is this product that must
# be small: `run("clipping", claim="clip-rescues-rnn")` tries rates and thresholds, from
# many starts.
#
# Look at the dotted line, too. A stable training has not yet learned anything: who
# always answers the mean is stable as well.
#
# ## Exercises
#
# 1. Give the sigmoid network weights four times as large:
#    `kernel_initializer=keras.initializers.VarianceScaling(16, "fan_avg")`. Does the
#    gradient arrive? Does the network learn?
# 2. Clip to 100 in place of 1 at rate 0.1. Say the longest possible step first.
# 3. How many sigmoid layers can this network have, until it is no better than guessing
#    after four passes?
#
# <details><summary>Answers</summary>
#
# 1. Slope times weights comes nearer to 1, as long as the units are not saturated;
#    large weights saturate them, and the slope falls. Compare both numbers with those
#    of the first panel: `run("vanishing", claim="vanish-sigmoid-depth")` has this case.
# 2. Rate times threshold: 10. The weights are of order one, so that bounds nothing.
# 3. Change the tens in `watch`. The answer belongs to this rate and these four passes;
#    with Adam, whose steps don't shrink with the gradient, it is another.
#
# </details>
#
# The whole recipes: `recipes run vanishing`, `recipes run exploding`,
# `recipes run clipping`.
