# %% [markdown]
# # Activations: their slopes decide
#
# What a layer learns is what comes back through its slope. So look at an activation
# twice: at its values, and at its slopes. Here you plot both for any formula that you
# type in, find the point where tanh becomes flatter than the sigmoid, kill a
# network of ReLUs, and try to wake it.
#
# About a minute on two cores. Nothing is downloaded.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq

from recipes.lab import Study, run
from zoo import mlp

# %% [markdown]
# ## Any formula, and its slope
#
# A slope is a difference over a small step. That is all it takes to look at a formula;
# change one of these, or add your own.


# %%
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


functions = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "leaky ReLU": lambda x: np.where(x > 0, x, 0.1 * x),
    "ELU": lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1),
    "swish": lambda x: x * sigmoid(x),
}


def slope(f, x, step=1e-5):
    """How much f gains a unit of x."""
    return (f(x + step) - f(x - step)) / (2 * step)


points = np.linspace(-4, 4, 400)  # none of them is 0, where two have a kink
figure, axes = plt.subplots(2, 3, figsize=(8, 4), sharex=True, sharey=True,
                            layout="constrained")  # fmt: skip
steepest = {}
for panel, (name, f) in zip(axes.flat, functions.items(), strict=True):
    slopes = slope(f, points)
    steepest[name] = slopes.max()
    panel.plot(points, f(points), color="#0072B2")
    panel.plot(points, slopes, color="#D55E00", ls="--")
    panel.set_title(f"{name}: slope {slopes.min():.2f} to {slopes.max():.2f}", size=9)
    panel.set_ylim(-1.2, 2)
axes[0, 0].text(-3.9, -0.75, "value", color="#0072B2", size=9)
axes[0, 0].text(-3.9, 0.35, "slope", color="#D55E00", size=9)
for panel in axes[1]:
    panel.set_xlabel("input x")
plt.show()
low = min(steepest, key=steepest.get)
print(f"The flattest is the {low}: its slope is {steepest[low]:.2f} at most.")
print(
    f"Ten such slopes in a row leave {steepest[low] ** 10:.0e} of a gradient, at best."
)

# %% [markdown]
# ## Where does tanh become the flatter one?
#
# Tanh is four times as steep as the sigmoid at 0. The notes conclude that it is the
# steeper one far from 0, too, and that it saturates later.
#
# **Guess** before you go on: at an input of 3, which of the two has the larger slope?

# %%
gap = lambda x: slope(np.tanh, x) - slope(sigmoid, x)  # noqa: E731
crossing = brentq(gap, 0.5, 4)
at = 3.0
flat = {
    name: brentq(lambda x, f=f: slope(f, x) - slope(f, 0.0) / 100, 0.5, 9)
    for name, f in (("tanh", np.tanh), ("sigmoid", sigmoid))
}

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
inputs = np.linspace(0, 6, 300)
for name, f, color in (("tanh", np.tanh, "#0072B2"), ("sigmoid", sigmoid, "#D55E00")):
    axes.semilogy(inputs, slope(f, inputs), color=color)
    axes.text(4.1, 1.6 * slope(f, 4.1), name, color=color)
axes.axvline(crossing, color="black", lw=0.8, ls=":")
axes.set(xlabel="input x", ylabel="slope")
axes.set_title(f"From x = {crossing:.2f} on tanh is the flatter one", size=10)
plt.show()
print(f"slopes at {at:g}: tanh {slope(np.tanh, at):.4f}, "
      f"sigmoid {slope(sigmoid, at):.4f}")  # fmt: skip
for name, x in flat.items():
    print(f"{name} has lost 99 % of its slope at x = {x:.2f}")

# %% [markdown]
# Tanh is a sigmoid that is twice as fast, and arrives at its ceiling in half the
# distance. Is it ever the steeper one far out? The trial asks in two ways, at equal
# inputs and at equal outputs:

# %%
run("activations/sigmoids", claim="tanh-vs-sigmoid-slope", quiet=True)

# %% [markdown]
# ## A unit that died
#
# A unit's weight moves by *what comes back × its slope × its input*. Here is one ReLU
# unit that is to answer *2x* for inputs from 0 to 1. Its bias begins at 0.5, or at −2.


# %%
def descend(bias, below=0.0, rate=0.5, steps=200):
    """One unit's weight and bias; `below` is its slope for negative sums."""
    x, weight = np.linspace(0, 1, 50), 1.0
    for _ in range(steps):
        s = weight * x + bias
        error = np.where(s > 0, s, below * s) - 2 * x
        back = error * np.where(s > 0, 1, below)
        weight, bias = weight - rate * np.mean(back * x), bias - rate * np.mean(back)
    return weight, bias, np.mean(error**2)


for start, below in ((0.5, 0), (-2, 0), (-2, 0.1)):
    weight, bias, error = descend(start, below)
    print(f"bias from {start:4}, slope {below:3} below 0: ends at weight {weight:.2f}, "
          f"bias {bias:+.2f}, squared error {error:.3f}")  # fmt: skip

# %% [markdown]
# Where the sum is negative for *every* sample, a ReLU sends nothing back, so nothing
# moves, so the sum stays negative. No error is large enough to change that.
#
# **Guess**: a network of ten such units starts with all biases at −5. The target is one
# that a single ReLU could answer without error. Which of these wake up within 50
# passes: ReLU, leaky ReLU (in Keras its slope below 0 is 0.2), ELU, swish?

# %%
rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (800, 10)).astype("float32")
y = np.maximum(x @ rng.normal(size=(10, 1)), 0).astype("float32")
study = Study(mlp, "mse", "adam")


def dead_start(model):
    """The weights of a seed, with hidden biases of -5."""
    kernel, bias, *output = model.get_weights()
    return [kernel, bias - 5, *output]


def below(model):
    """The share of hidden units whose sum is negative for every sample."""
    kernel, bias, *_ = model.get_weights()
    return float((x @ kernel + bias < 0).all(axis=0).mean())


trained = {}
for name, activation in {
    "ReLU": "relu",
    "leaky ReLU": "leaky_relu",
    "ELU": "elu",
    "swish": "silu",
}.items():
    network = {"num_classes": 1, "units": (10,), "activation": activation,
               "task": "regression"}  # fmt: skip
    start = below(study.start((x, y), 0, network=network, weights=dead_start))
    trained[name] = study.train(
        (x, y), 0, epochs=50, batch_size=32, learning_rate=0.01, network=network,
        weights=dead_start, measure=below,
    )  # fmt: skip
    print(f"{name:10} units that are negative for every sample: {start:.0%} at the "
          f"start, {trained[name]['measured']:.0%} at the end")  # fmt: skip

figure, axes = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
variance = float(y.var())
colors = ("black", "#0072B2", "#D55E00", "#009E73")
woken = []
for (name, one), color in zip(trained.items(), colors, strict=True):
    losses = one["history"]["loss"]
    woken += [name] if losses[-1] < variance / 2 else []
    axes.semilogy(range(1, len(losses) + 1), losses, color=color,
                  label=name)  # fmt: skip
axes.axhline(variance, color="#888888", lw=0.8, ls=":")
axes.set(xlabel="pass", ylabel="training error, squared")
axes.set_title(f"Wakes from biases of −5: {', '.join(woken) or 'none'}\n"
               "(dotted: always the mean)", size=10)  # fmt: skip
axes.legend(fontsize=8)
plt.show()

# %% [markdown]
# Compare the errors with the shares. A unit that is negative for every sample may still
# learn, where it has a slope. But leaky units that are all on one side of their kink
# are lines, and a sum of lines is a line.
#
# One seed and one start are an example. The trial has several networks, and the slopes
# that the notes name:

# %%
run("activation_training/dead_units", claim="leaky-fixes-dying", quiet=True)

# %% [markdown]
# Nobody starts at −5. What *makes* dead units in practice is a step that is too long:
# `run("activation_training/dead_units", claim="dying-relu")` trains at a rate a hundred
# times too large, and counts.
#
# ## Exercises
#
# 1. Add GELU, *x Φ(x)* (`from scipy.special import ndtr`), to the functions. Is its
#    slope ever above 1? Ever below 0?
# 2. Start the single unit at a bias of −0.5 with a slope of 0 below. It is asleep for
#    half of the samples. Say first whether it recovers.
# 3. Start the networks at −20 in place of −5. Which of the three that were not ReLU
#    still wakes, and what do its competitors' slopes at −20 have to do with it?
#
# <details><summary>Answers</summary>
#
# 1. Both: add `"GELU": lambda x: x * ndtr(x)` and read the title of its panel. Like
#    swish it falls a little before it rises.
# 2. It recovers: the awake half sends its errors back, and they move the bias for all
#    samples. Dead means negative for *every* sample.
# 3. A slope that is the same everywhere below 0 lets a gradient through, however far
#    away. That of ELU is *e* to the input, and swish's has fallen as far.
#
# </details>
#
# The whole recipes: `recipes run activations`, `recipes run activation_training`.
