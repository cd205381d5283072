# %% [markdown]
# # Back-propagation by hand
#
# A network of two inputs, two hidden units and one output has nine weights and biases.
# How much does the cost change with each of them? You work it out line by line, are
# checked against autodiff at once, and find the slips in the numbers that the study
# notes print. Then the same lines train a network.
#
# About a quarter of a minute on two cores.

# %%
import matplotlib.pyplot as plt
import numpy as np
from keras import ops

from recipes.lab import gradients, run

x, y = np.array([0.5, 0.8]), 1.0  # one sample and its target
W1, b1 = np.array([[0.2, 0.4], [0.3, 0.7]]), np.array([0.1, 0.2])
w2, b2 = np.array([0.5, 0.6]), np.array(0.3)

# %% [markdown]
# ## Forward
#
# Every layer is a sum and a sigmoid, *σ(z) = 1/(1 + e⁻ᶻ)*. The cost is *½ (y − a₃)²*.


# %%
def sigmoid(z):
    """Returns 1 / (1 + e^-z)."""
    return 1 / (1 + np.exp(-z))


z2 = W1 @ x + b1
a2 = sigmoid(z2)
z3 = w2 @ a2 + b2
a3 = sigmoid(z3)
cost = (y - a3) ** 2 / 2
print(f"z2 {z2.round(4)}, a2 {a2.round(4)}, z3 {z3:.4f}, a3 {a3:.4f}, cost {cost:.5f}")

# %% [markdown]
# The output is below its target. **Guess** before you go on:
#
# 1. Which of the nine should grow, and which should shrink?
# 2. Which one moves the cost most: a weight of the first layer, a weight of the second,
#    or the last bias?
#
# ## Backward
#
# Go the same lines back. *δ* is the slope of the cost by a layer's *z*: what comes from
# above, times the sigmoid's slope, *a (1 − a)*. A weight's slope is its unit's *δ*
# times its input, and a bias's slope is *δ* itself. These lines are the whole method:

# %%
delta3 = (a3 - y) * a3 * (1 - a3)
dw2, db2 = delta3 * a2, delta3
delta2 = w2 * delta3 * a2 * (1 - a2)
dw1 = np.outer(delta2, x)
db1 = delta2

# %% [markdown]
# Is it right? `gradients` asks the backend's autodiff for the same five arrays. Break a
# line above on purpose, run both cells, and see the check fail.


# %%
def as_a_network(arrays):
    """The forward pass again, in operations that autodiff follows."""
    W1, b1, w2, b2 = arrays
    hidden = ops.sigmoid(ops.matmul(W1, x) + b1)
    return (y - ops.sigmoid(ops.sum(w2 * hidden) + b2)) ** 2 / 2


by_hand = {"W1": dw1, "b1": db1, "w2": dw2, "b2": db2}
by_machine = gradients(as_a_network, [W1, b1, w2, b2])
for (name, ours), theirs in zip(by_hand.items(), by_machine, strict=True):
    right = "right" if np.allclose(ours, theirs, atol=1e-7) else "WRONG"
    print(f"dJ/d{name}: {right:6}", np.round(ours, 5).tolist())

# %% [markdown]
# ## What a slope promises
#
# Move one of the nine at a time, and draw the cost. The line through the middle has the
# slope that you worked out: one backward pass found all nine.

# %%
values = {"W1": W1, "b1": b1, "w2": w2, "b2": b2}


def cost_of(values):
    """The forward pass once more, from a dictionary."""
    hidden = sigmoid(values["W1"] @ x + values["b1"])
    return (y - sigmoid(values["w2"] @ hidden + values["b2"])) ** 2 / 2


places = [(name, where) for name, a in values.items() for where in np.ndindex(a.shape)]
moves = np.linspace(-3, 3, 61)
figure, axes = plt.subplots(
    1, 9, figsize=(9, 2.4), sharex=True, sharey=True, layout="constrained"
)
for panel, (name, where) in zip(axes, places, strict=True):
    costs = []
    for move in moves:
        changed = values[name].copy()
        changed[where] += move
        costs.append(cost_of({**values, name: changed}))
    slope = by_hand[name][where]
    panel.plot(moves, costs, color="#0072B2")
    panel.plot(moves, cost + slope * moves, "--", color="#D55E00", lw=1)
    index = "".join(str(number + 1) for number in where)
    panel.set_title(f"{name} {index}\n{slope:+.4f}", size=8)
    panel.set(ylim=(0, 0.15), xticks=(-3, 0, 3))
axes[0].set_ylabel("cost")
axes[4].set_xlabel("move of one weight or bias, all others as they were")
steepest = max(places, key=lambda place: abs(by_hand[place[0]][place[1]]))
signs = {np.sign(by_hand[name][where]) for name, where in places}
agree = "All nine slopes have one sign" if len(signs) == 1 else "The signs differ"
figure.suptitle(f"{agree}; the steepest is {steepest[0]}", size=11)
plt.show()

# %% [markdown]
# A slope is a promise about small moves. Where curve and line part, the promise ends.
#
# ## What the notes print
#
# The notes work through this very network. These are their numbers, digit for digit. A
# number may carry the rounding of the line above on; anything more is a slip.

# %%
printed = {
    "slope at z3": (["0.1929"], a3 * (1 - a3)),
    "dJ/dz3": (["-0.0503"], delta3),
    "dJ/dw2": (["-0.03155", "-0.03587"], dw2),
    "slope at z2": (["0.2339", "0.2047"], a2 * (1 - a2)),
    "dJ/dz2": (["-0.00588", "-0.00617"], delta2),
    "dJ/dW1": (["-0.00294", "-0.00308"], dw1),
}
for line, (texts, exact) in printed.items():
    exact = np.ravel(np.asarray(exact).T)
    digits = len(texts[0].partition(".")[2])
    shown = [f"{value:.{digits}f}" for value in exact]
    missing = len(exact) - len(texts)
    print(f"{line:12} notes {', '.join(texts):20} exact {', '.join(shown)}"
          + (f"   ({missing} not printed)" if missing else ""))  # fmt: skip

# %% [markdown]
# Which of these are slips, and which carry a rounding on? The recipe goes through the
# lines and decides each, beside autodiff and finite differences:

# %%
run("backprop/worked", claim="backward-2-2-1", quiet=True)

# %% [markdown]
# The last digits are harmless. What is not: half of *dJ/dW1* is missing. A step with
# that half alone still lowers the cost, and so nobody notices.
#
# ## The same lines for any network
#
# In matrices the lines become three, and a loop over layers. Samples are columns.
# Here they train a network of four hidden units on XOR.


# %%
def train(sign=-1, rate=1.0, passes=3000, seed=0):
    """Trains 2-4-1 sigmoid units on XOR; returns the cost of each pass."""
    rng = np.random.default_rng(seed)
    x, y = np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    sizes = [(4, 2), (1, 4)]
    layers = [[rng.uniform(-1, 1, s), rng.uniform(-1, 1, (s[0], 1))] for s in sizes]
    costs = []
    for _ in range(passes):
        a = [x]
        for W, b in layers:
            a.append(sigmoid(W @ a[-1] + b))
        costs.append(((y - a[-1]) ** 2).sum() / 2)
        delta = (a[-1] - y) * a[-1] * (1 - a[-1])
        for layer, below in zip(layers[::-1], a[-2::-1], strict=True):
            d_W, d_b = delta @ below.T, delta.sum(axis=1, keepdims=True)
            delta = (layer[0].T @ delta) * below * (1 - below)
            layer[0] += sign * rate * d_W
            layer[1] += sign * rate * d_b
    return costs


# %% [markdown]
# The notes also print the rule of the step, and there *δ* is *(t − y) y (1 − y)*, which
# is *minus* the slope. They then subtract it: *w ← w − η δ a*. Two minuses add the
# gradient. **Guess** what the cost of such a training does.

# %%
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
ends = {}
for label, sign, color in (
    ("subtract the gradient", -1, "#0072B2"),
    ("add it, as printed", 1, "#D55E00"),
):
    costs = train(sign)
    ends[label] = costs[-1] / costs[0]
    axes.loglog(range(1, len(costs) + 1), costs, color=color)
    axes.text(20, 1.3 if sign > 0 else 0.25, label, color=color)
axes.set(
    xlabel="pass over the four patterns", ylabel="cost, ½ Σ (y − a)²", ylim=(None, 3)
)
down, up = ends.values()
axes.set_title(
    f"The cost ends at {down:.3f} of its start, or at {up:.1f} times", size=10
)
plt.show()

# %% [markdown]
# One start is an example. The verdict on the printed sign rests on two hundred:
# `run("backprop/descent", claim="delta-rule-sign")`.
#
# ## Exercises
#
# 1. Replace the cost by cross-entropy, *−y log a₃ − (1 − y) log(1 − a₃)*. Which of the
#    lines changes, and to what? Let autodiff check you.
# 2. In `delta2`, leave `a2 * (1 - a2)` out. Which checks still pass?
# 3. Draw both inner weights and all biases of `train` as zeros. What do the four hidden
#    units learn, and why?
#
# <details><summary>Answers</summary>
#
# 1. Only the first: the slope of the cost by *a₃* times *a₃ (1 − a₃)* becomes *a₃ − y*.
#    In `as_a_network` let the output be `a` and return
#    `-(y * ops.log(a) + (1 - y) * ops.log(1 - a))`.
# 2. Those of `w2` and `b2`: they don't use `delta2`. A fault in a layer reaches the
#    layers below it and none above.
# 3. All four get the same *δ* in each pass, so they stay equal, and the network is no
#    better than one with a single hidden unit: `run("initialization/symmetry")`.
#
# </details>
#
# The whole recipe: `recipes run backprop`. How verdicts are made: `docs/judging.md`.
