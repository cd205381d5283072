# %% [markdown]
# # Two networks that train each other
#
# A GAN turns noise into data. One network makes samples, the other says which are real,
# and each is the other's loss. In this notebook you write that down in five lines,
# watch noise walk to its place on a line, see which of two losses speaks when nothing
# is right yet, and then let the same five lines draw digits.
#
# About a minute on two cores. Nothing is downloaded.

# %%
from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops
from sklearn.datasets import load_digits

from recipes.lab import fit, gradients, run
from zoo import dcgan

# %% [markdown]
# ## Five lines
#
# The discriminator *D* is a classifier like any other: real is 1, generated is 0, and
# its loss is a cross-entropy. The generator *G* gets the same cross-entropy with the
# label swapped. With *l* for the logit that D gives a sample:


# %%
def d_loss(real, made):
    """Cross-entropy: −log D(x) for real samples, −log (1 − D) for generated ones."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(made))


def g_loss(made):
    """The label swapped: −log D(G(z))."""
    return ops.mean(ops.softplus(-made))


for said in (0.01, 0.5, 0.99):
    logit = ops.convert_to_tensor([np.log(said / (1 - said))])
    to_g, to_d = float(g_loss(logit)), float(d_loss(logit * 0 + 9, logit))
    print(f"D says {said:4} of a generated sample: it costs G {to_g:.2f} nats, "
          f"and D {to_d:.2f}")  # fmt: skip

# %% [markdown]
# ## Noise on its way to 4
#
# The smallest case there is: real data are numbers around 4, and G shifts and stretches
# noise, *G(z) = a + b z*. D is *σ(w x + c)*, a slope and a border. Two weights each,
# and each gradient fits on a line.
#
# **Guess** before you go on: does *a* walk to 4 and stop? And *b*, whose true value
# is 1?


# %%
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def play(steps=3000, rate=0.05, batch=64, seed=0):
    """Both learn by turns from small batches; returns a, b, w and c after each step."""
    rng = np.random.default_rng(seed)
    a, b, w, c, path = 0.0, 0.3, 0.0, 0.0, []
    for _ in range(steps):
        real, z = rng.normal(4, 1, batch), rng.normal(size=batch)
        made = a + b * z
        on_real, on_made = sigmoid(w * real + c) - 1, sigmoid(w * made + c)
        w -= rate * (np.mean(on_real * real) + np.mean(on_made * made))
        c -= rate * (np.mean(on_real) + np.mean(on_made))
        pull = w * (sigmoid(w * made + c) - 1)  # −log D, back through D's weight
        a, b = a - rate * np.mean(pull), b - rate * np.mean(pull * z)
        path.append((a, b, w, c))
    return np.array(path).T


a, b, w, c = play()
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
axes[0].plot(a, color="#0072B2", lw=1)
axes[0].axhline(4, color="black", lw=0.8, ls=":")
axes[0].set(xlabel="step", ylabel="a, the mean of the samples")
last = a[len(a) // 2 :]
axes[0].set_title(f"Second half: between {last.min():.1f} and {last.max():.1f}", size=9)
axes[1].plot(a, w, color="#D55E00", lw=0.7)
axes[1].plot(4, 0, "k+", ms=10)
axes[1].set(xlabel="a, the generator's mean", ylabel="w, the discriminator's slope")
first = int(np.argmax(a > 4))
axes[1].set_title(f"Past the goal (+) at step {first}, and around it", size=9)
axes[2].plot(b, color="#009E73", lw=1)
axes[2].axhline(1, color="black", lw=0.8, ls=":")
axes[2].set(xlabel="step", ylabel="b, the spread of the samples")
axes[2].set_title(f"At the end {abs(b[-1]):.2f}; the data's is 1", size=9)
plt.show()

# %% [markdown]
# When the samples are too low, D learns that large is real; G follows the slope, runs
# past 4, and D has to turn around. Two descents that chase each other circle around
# their goal. This is no failure of the code: D's slope is the only thing that G ever
# sees. Whether the circles shrink depends on both networks and on the data.
#
# And the spread? A D that is a straight line in *x* asks for the mean alone. A
# generator learns what its discriminator can see.
#
# The trial gives both networks a hidden layer and tries two optimizers:

# %%
run("gan/line", claim="gan-roles", quiet=True)

# %% [markdown]
# ## Who speaks when nothing is right yet?
#
# The game as it was first written down has G minimize *log (1 − D)*. It falls where
# *−log D* falls. **Guess**: at the start D is sure, say D = 0.001. How many times
# larger is the gradient of one than that of the other, in D's logit?

# %%
generator_losses = {
    "−log D": lambda made: ops.sum(ops.softplus(-made)),
    "log (1 − D)": lambda made: -ops.sum(ops.softplus(made)),
}
said = np.geomspace(1e-4, 0.999, 200)
logits = np.log(said / (1 - said))
sizes = {
    name: np.abs(gradients(lambda v, f=loss: f(v[0]), [logits])[0])
    for name, loss in generator_losses.items()
}
sure = [np.array([np.log(0.001 / 0.999)])]
loud, quiet = (
    abs(gradients(lambda v, f=loss: f(v[0]), sure)[0][0])
    for loss in generator_losses.values()
)

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for (name, size), color in zip(sizes.items(), ("#0072B2", "#D55E00"), strict=True):
    axes.loglog(said, size, color=color)
    axes.text(2e-3, 0.35 if name == "−log D" else 4e-4, name, color=color)
axes.set(xlabel="D(G(z)): how real D finds a sample", ylabel="gradient in D's logit")
axes.set_title(
    f"Where D says 0.001, −log D speaks {loud / quiet:.0f} times as loud", size=10
)
plt.show()

# %% [markdown]
# Both losses have the same goal. That the loud one is the steeper one where training
# starts is `gan-saturating-vs-not`; whether it also makes a *better* generator is
# another claim, `gan-strong-early-signal`: there it depends on the optimizer, since
# Adam divides a gradient by its size.
#
# ## The same five lines, in images
#
# `dcgan` puts two convolutional networks in one model for `fit`. Real data are 1,797
# digits of 8 × 8 pixels. Keep the noise, and look at the same samples as training goes
# on.
#
# **Guess**: will you recognize the first digit before step 100, or after step 500?

# %%
images = (load_digits().images[..., None] / 16).astype("float32")
keras.utils.set_random_seed(0)
gan = dcgan((8, 8, 1), latent_dim=32, filters=32, seed=0)
looks = (0, 100, 300, 600, 1000)
order = np.random.default_rng(0).integers(len(images), size=(looks[-1], 32))

rows, history = [gan.generate(10, seed=1)], []
for before, after in pairwise(looks):
    batches = images[order[before:after].ravel()]
    done = fit(gan, batches, batch_size=32, shuffle=False)
    history.append({name: values[-1] for name, values in done.history.items()})
    rows.append(gan.generate(10, seed=1))
    print(f"steps to {after:4}: D says {history[-1]['d_real']:.2f} of real images, "
          f"{history[-1]['d_fake']:.2f} of generated ones")  # fmt: skip

# %%
names = [f"step {look}" for look in looks] + ["real"]
shown = [*rows, images[order[0, :10]]]
size = (7, 0.72 * len(shown))
figure, axes = plt.subplots(len(shown), 10, figsize=size, layout="constrained")
for row, name, line in zip(shown, names, axes, strict=True):
    for picture, panel in zip(row, line, strict=True):
        panel.imshow(picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
        panel.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center", size=9)
figure.suptitle("A column is one noise vector; the last row is real", size=10)
plt.show()

# %% [markdown]
# The losses won't tell you that it works: a perfect generator leaves D at one half,
# and so does a D that has learned nothing. Look at samples, or measure them. The recipe
# does, with features of a LeNet that was trained on the real images:

# %%
from recipes.lab import verdicts

published = {row["id"]: row for row in verdicts()}
for id in ("gan-small-image", "gan-equilibrium", "gan-strong-early-signal"):
    print(f"{published[id]['verdict']:12} {id}: {published[id]['statement']}")

# %% [markdown]
# ## Exercises
#
# 1. Let D see the spread: give it a second weight for the square of *x − 4*, with its
#    gradient. Does *b* find its place?
# 2. Let D learn five times in a row for each step of G. Does the walk run further past
#    4, or less far?
# 3. Train the images with `dcgan(..., generator_loss="minimax")`. Compare the rows at
#    step 100.
#
# <details><summary>Answers</summary>
#
# 1. Take *σ(w x + v (x − 4)² + c)*. G's pull is then *(w + 2 v (made − 4))* times what
#    came back. What D can tell apart is what G learns.
# 2. Put another loop around D's five lines, and compare `a.max()`. D is nearer to its
#    best answer at each step of G, so that it turns around sooner.
#    `dcgan(..., updates="alternating", discriminator_steps=5)` does the same.
# 3. `dcgan` trains with Adam, whose steps are nearly as long for a quiet gradient as
#    for a loud one. `run("gan/early_signal")` compares both losses with SGD as well,
#    and with a D that learned alone first.
#
# </details>
#
# The whole recipe: `recipes run gan`.
