# %% [markdown]
# # Learning rate and momentum
#
# How large may a step be, and what does momentum change? Everything about both is in a
# valley with a steep side and a shallow one. In this notebook you walk down it, find
# the rate at which descent diverges, add momentum, and find that the notes' two ways to
# write it are not the same at the same rate. Then a network on digits has its say.
#
# Half a minute on two cores. Nothing is downloaded.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from recipes.lab import Study, run
from zoo import mlp

curvatures = np.array([1.0, 0.02])  # f = ½ (1.0 x₁² + 0.02 x₂²): steep, and shallow
start = np.array([1.0, 1.0])


def slope(point):
    """The gradient of f."""
    return curvatures * point


# %% [markdown]
# ## Five lines
#
# Plain descent takes a step against the gradient. Momentum keeps a velocity: a share
# *β* of the last step is added to the next one. With *β = 0* it is plain descent.


# %%
def descend(rate, beta=0.0, steps=60):
    """Walks from the start; returns all points. v ← βv − ηg, θ ← θ + v."""
    points, v = [start], 0.0
    for _ in range(steps):
        v = beta * v - rate * slope(points[-1])
        points.append(points[-1] + v)
    return np.array(points)


print("one step at rate 0.5:", descend(0.5, steps=1)[1])

# %% [markdown]
# ## Too small, too large
#
# **Guess** before you go on: on the steep side (curvature 1), at which rate does a step
# land exactly at the bottom? At which one does it land as far away on the other side?

# %%
rates = (0.1, 0.5, 1.0, 1.9, 2.05)
x1, x2 = np.meshgrid(np.linspace(-1.6, 1.6, 80), np.linspace(-0.5, 1.2, 80))
height = (curvatures[0] * x1**2 + curvatures[1] * x2**2) / 2


def draw(panel, path, color):
    """The valley from above, and a path in it."""
    panel.contour(
        x1, x2, height, [0.002, 0.01, 0.05, 0.2, 0.6], colors="#BBBBBB", linewidths=0.6
    )
    panel.plot(*path.T, ".-", color=color, ms=3, lw=0.8)
    panel.set(xlim=(-1.6, 1.6), ylim=(-0.5, 1.2), xticks=(-1, 0, 1), yticks=(0, 1))


figure, axes = plt.subplots(1, 5, figsize=(9, 2.2), sharey=True, layout="constrained")
for panel, rate in zip(axes, rates, strict=True):
    path = descend(rate)
    draw(panel, path, "#0072B2")
    left = np.abs(path[-1])
    panel.set_title(f"rate {rate}\nleft {left[0]:.2g}, {left[1]:.2g}", size=8)
    panel.set_xlabel("steep x₁")
axes[0].set_ylabel("shallow x₂")
largest = max(rate for rate in rates if abs(descend(rate)[-1, 0]) < 1)
figure.suptitle(f"Of these rates {largest} is the largest that does not diverge; the "
                "shallow side is slow at all of them", size=10)  # fmt: skip
plt.show()

# %% [markdown]
# A step multiplies the distance along a side of curvature *c* by *1 − ηc*. So the steep
# side sets the limit, *2/c*, and the shallow side pays for it.
#
# ## Momentum
#
# **Guess**: at the same rate of 0.1, does momentum make the way along the shallow side
# shorter, and the way across calmer?

# %%
betas = (0.0, 0.5, 0.9, 0.97)
figure, axes = plt.subplots(1, 4, figsize=(9, 2.4), sharey=True, layout="constrained")
ends = {}
for panel, beta in zip(axes, betas, strict=True):
    path = descend(0.1, beta)
    draw(panel, path, "#D55E00")
    ends[beta] = abs(path[-1, 1])
    crossed = int((path[1:, 0] * path[:-1, 0] < 0).sum())
    panel.set_title(f"β {beta}: crosses {crossed} times,\n{ends[beta]:.2f} of x₂ left",
                    size=8)  # fmt: skip
    panel.set_xlabel("steep x₁")
axes[0].set_ylabel("shallow x₂")
best = min(ends, key=ends.get)
figure.suptitle(f"After 60 steps at rate 0.1 nearest to the bottom: β = {best}",
                size=10)  # fmt: skip
plt.show()

# %% [markdown]
# The gain along the valley is paid across it, where plain descent at this rate does not
# swing at all.
#
# ## How large a rate does each stand?
#
# Ask the walk itself: try many rates, and call a walk stable that ends nearer than it
# began. The notes write momentum in a second way, with a factor *(1 − β)* before the
# gradient: *v ← βv − (1 − β)ηg*. That is the first form at a rate of *(1 − β)η*.

# %%
tried = np.geomspace(0.5, 60, 300)


def largest_stable(beta, factor=1.0):
    """The largest of the tried rates at which the steep side does not diverge."""
    with np.errstate(all="ignore"):  # what diverges overflows
        stable = [r for r in tried if abs(descend(factor * r, beta, 800)[-1, 0]) < 1]
    return max(stable)


limits = {"plain": largest_stable(0)}
for beta in (0.5, 0.9):
    limits[f"β {beta}"] = largest_stable(beta)
    limits[f"β {beta}, with (1 − β)"] = largest_stable(beta, 1 - beta)
for name, limit in limits.items():
    print(f"{name:20} stands rates up to {limit:5.2f}")
print("formulas: 2, 2 (1 + β), and 2 (1 + β) / (1 − β)")

# %% [markdown]
# So "momentum stands larger rates" hides two claims, and a third for Nesterov's
# variant. **Guess** what the trial says of that one:

# %%
run("momentum/limits", claim="momentum-larger-lr-stable", quiet=True)

# %% [markdown]
# ## Does a network know?
#
# A network has no single curvature. Train one on digits for a few passes, over rates
# from a thousandth to ten, without momentum and with.

# %%
x, y = load_digits(return_X_y=True)
x = (x / 16).astype("float32")
study = Study(mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True))


def final_loss(rate, beta):
    """The training loss of the third pass, at most that of guessing twice over."""
    optimizer = {"class_name": "SGD", "config": {"momentum": beta}}
    run = study.train(
        (x, y),
        0,
        epochs=3,
        batch_size=32,
        learning_rate=rate,
        optimizer=optimizer,
        network={"num_classes": 10, "units": (32,)},
    )
    loss = run["history"]["loss"][-1]
    return min(loss, 2 * np.log(10)) if np.isfinite(loss) else 2 * np.log(10)


network_rates = np.geomspace(1e-3, 10, 9)
losses = {
    beta: [final_loss(rate, beta) for rate in network_rates] for beta in (0.0, 0.9)
}
at = {beta: network_rates[int(np.argmin(found))] for beta, found in losses.items()}

figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for (beta, found), color in zip(losses.items(), ("#0072B2", "#D55E00"), strict=True):
    axes[0].loglog(network_rates, found, "o-", color=color, label=f"β = {beta}")
    axes[1].loglog(network_rates / (1 - beta), found, "o-", color=color)
axes[0].set(xlabel="learning rate η", ylabel="training loss, pass 3 (nats)")
axes[0].set_yticks([0.3, 1, 3], ["0.3", "1", "3"])
axes[0].minorticks_off()
axes[1].set(xlabel="η / (1 − β), the long-run step")
axes[0].set_title(f"With β = 0.9 the best rate is {at[0] / at[0.9]:.1f} times smaller",
                  size=10)  # fmt: skip
ratio = np.array(losses[0.9][:-2]) / np.array(losses[0][2:])  # at equal long-run steps
same = int((np.abs(np.log(ratio)) < np.log(1.2)).sum())
title = f"At {same} of {len(ratio)} equal long-run steps\nthe losses agree to a fifth"
axes[1].set_title(title, size=10)
axes[0].legend()
plt.show()

# %% [markdown]
# A velocity that is fed the same gradient for long grows to *1/(1 − β)* steps. Where
# the curves of the right picture lie on each other, momentum is a larger learning rate
# by another name. Where they part, it is more.
#
# ## Exercises
#
# 1. Make the valley steeper: `curvatures = np.array([4.0, 0.02])`. Which rates diverge
#    now? Say it before you run.
# 2. Write Nesterov's form: take the slope at `points[-1] + beta * v`. Find its largest
#    stable rate for *β = 0.9* on the steep side.
# 3. Which *β* leaves the least way after 60 steps at rate 1.0? Why is it another one
#    than at rate 0.1?
#
# <details><summary>Answers</summary>
#
# 1. All from *2/c = 0.5* on; at 0.5 itself the walk neither grows nor shrinks.
# 2. It is smaller than that of plain descent: *2 (1 + β) / (1 + 2β)* on a curvature of
#    1. On a network that is no harm where the best rate lies far below the limit.
# 3. A larger rate needs less help along the valley, while swings last as long as *β*
#    says: after *k* steps about *β^(k/2)* of them is left.
#
# </details>
#
# The whole recipes: `recipes run momentum`, `recipes run gradient_descent`.
