# %% [markdown]
# # A unit draws a line
#
# One unit adds up its weighted inputs and fires where the sum is not below zero. That
# is all it can do, and a rule of one line teaches it. In this notebook you write the
# rule, watch the line move, count which of the sixteen gates a line can answer, and
# find out what the rule does where no line will do.
#
# A few seconds, in NumPy alone; the trial at the end takes a few more.

# %%
import matplotlib.pyplot as plt
import numpy as np

from recipes.lab import run

patterns = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
inputs = np.column_stack([np.ones(4), patterns])  # a constant 1 carries the bias
gates = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}

# %% [markdown]
# ## The rule
#
# Show one pattern after the other. Where the answer is right, nothing moves. Else every
# weight moves by its own input, toward the target: *w ← w + η (t − y) x*.
#
# `learn` is this rule and nothing else. Change it, and run the notebook again.


# %%
def learn(targets, rate=0.25, passes=7):
    """Returns the weights after each pass, and the errors of each pass."""
    weights, after, errors = np.zeros(3), [], []
    for _ in range(passes):
        wrong = 0
        for x, target in zip(inputs, targets, strict=True):
            output = int(x @ weights >= 0)
            weights = weights + rate * (target - output) * x
            wrong += output != target
        after.append(weights)
        errors.append(wrong)
    return np.array(after), errors


weights, errors = learn(gates["AND"])
for number, (row, wrong) in enumerate(zip(weights, errors, strict=True), 1):
    print(f"AND, pass {number}: errors {wrong}, then bias {row[0]:+.2f}, "
          f"weights {row[1]:+.2f} {row[2]:+.2f}")  # fmt: skip

# %% [markdown]
# A pass without an error changes nothing, so nothing can change after it.
#
# **Guess** before you go on: the sum is zero on a line in the plane of the two inputs.
# Where does this line lie for AND at the end? And what will it do for XOR?
#
# ## The line, pass by pass
#
# A panel shows where the unit fires after a pass, the border included, and how many
# answers were wrong in it. Squares are to be 1, circles 0.


# %%
def unit(bias, first, second):
    """Returns a unit with these weights: a function of two inputs."""
    return lambda a, b: (bias + first * a + second * b >= 0).astype(int)


def draw(panel, answer_of, targets):
    """Shades where the unit fires; squares are to be 1, circles 0."""
    across = np.linspace(-0.5, 1.5, 300)
    fires = answer_of(*np.meshgrid(across, across))
    colors = ["white", "#F6D5BF"]
    panel.contourf(across, across, fires, [-0.5, 0.5, 1.5], colors=colors)
    for answer, marker, color in ((0, "o", "#0072B2"), (1, "s", "#D55E00")):
        points = patterns[np.array(targets) == answer]
        panel.plot(*points.T, marker, color=color, ms=6)
    panel.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1))
    panel.set_aspect("equal")


figure, axes = plt.subplots(
    3, 7, figsize=(8, 4), sharex=True, sharey=True, layout="constrained"
)
last = {}
for row, (name, targets) in zip(axes, gates.items(), strict=True):
    weights, errors = learn(targets)
    for number, panel in enumerate(row):
        draw(panel, unit(*weights[number]), targets)
        panel.set_title(f"pass {number + 1}: {errors[number]} wrong", size=8)
    row[0].set_ylabel(f"{name}\ninput x2")
    last[name] = errors.index(0) + 1 if 0 in errors else None
for panel in axes[-1]:
    panel.set_xlabel("input x1")
settled = ", ".join(
    f"{name} in pass {number}" for name, number in last.items() if number
)
never = ", ".join(name for name, number in last.items() if not number)
figure.suptitle(f"Free of errors: {settled}. Never: {never}", size=11)
plt.show()

# %% [markdown]
# ## Where no line will do
#
# Follow XOR for longer. All numbers here are exact (a quarter is a power of two), so if
# the same weights come back, everything after them comes back, too.

# %%
weights, errors = learn(gates["XOR"], passes=50)
seen = {}
for number, row in enumerate(map(tuple, weights), 1):
    if row in seen:
        print(f"XOR: the weights after pass {number} are those after pass {seen[row]}")
        break
    seen[row] = number
print("errors by pass:", errors[:12], "...")

# %% [markdown]
# The rule goes round for ever. It is not too slow and the rate is not wrong: there is
# nothing to find.
#
# **Guess**: two inputs have sixteen gates. How many can one unit learn?

# %%
every = [[(code >> bit) & 1 for bit in (3, 2, 1, 0)] for code in range(16)]
figure, axes = plt.subplots(2, 8, figsize=(9, 2.9), layout="constrained")
learned = 0
for panel, targets in zip(axes.flat, every, strict=True):
    weights, errors = learn(targets, passes=50)
    right = errors[-1] == 0
    learned += right
    draw(panel, unit(*weights[-1]), targets)
    panel.set(xticks=(), yticks=())
    text = "".join(map(str, targets)) + (" learned" if right else " never")
    panel.set_title(text, size=8, color="black" if right else "#D55E00")
figure.suptitle(f"One unit learns {learned} of 16 gates (answers to 00, 01, 10, 11)",
                size=11)  # fmt: skip
plt.show()

# %% [markdown]
# The gates that are left put equal answers on opposite corners, and no line cuts a
# square that way.
#
# ## Two lines and a third unit
#
# XOR is OR *and* NAND. Let two units draw two lines, and a third one take the AND of
# their answers. Here the weights are set by hand.

# %%
either, not_both, both = unit(-0.5, 1, 1), unit(1.5, -1, -1), unit(-1.5, 1, 1)


def network(a, b):
    """Two units side by side, and one above them."""
    return both(either(a, b), not_both(a, b))


print("XOR by three units:", network(*patterns.T), "to be", gates["XOR"])

figure, panels = plt.subplots(1, 3, figsize=(7, 2.7), layout="constrained")
parts = {"OR: above a line": either, "NAND: below a line": not_both,
         "AND of both: a strip": network}  # fmt: skip
for panel, (title, function) in zip(panels, parts.items(), strict=True):
    draw(panel, function, gates["XOR"])
    panel.set(title=title, xlabel="input x1")
panels[0].set_ylabel("input x2")
plt.show()

# %% [markdown]
# ## The whole trial
#
# The notes say that a single layer cannot learn XOR, and that a hidden layer can. The
# recipe asks a linear program for *any* line, sets a hidden layer by hand, and trains
# networks from many random starts.

# %%
run("perceptron/xor", claim="perceptron-xor-fails", quiet=True)

# %% [markdown]
# "Cannot" took a proof over all lines; that one rule found none would not have been
# enough. "Can be done" took one example. Which kind of sentence is the other half of
# the notes, that training *converges*? Try
# `run("perceptron/gates", claim="perceptron-convergence-needs-separability")`.
#
# ## Exercises
#
# 1. The notes say that a rate below one is more stable. Run `learn(gates["AND"], rate)`
#    for rates 0.0625, 1 and 4, and compare the errors of each pass.
# 2. Replace the constant 1 in `inputs` by 0, so that there is no bias. Which of the
#    sixteen gates does the unit still learn, and why?
# 3. Find other weights for the three units, so that the network answers 1 where both
#    inputs are equal.
#
# <details><summary>Answers</summary>
#
# 1. From zeros the errors are the same for all these rates: each weight is the rate
#    times a whole number, and the unit only asks for the sign of a sum. The recipe
#    tries random starts, too: `run("perceptron/rate")`.
# 2. Without a bias the sum of the pattern 00 is 0 for all weights, and the unit fires
#    there: every gate that begins with 0 is lost. The gates that are left also need a
#    line through the origin.
# 3. For instance AND and NOR below an OR: `unit(-1.5, 1, 1)`, `unit(0.5, -1, -1)`, and
#    `unit(-0.5, 1, 1)` above them.
#
# </details>
#
# The whole recipe: `recipes run perceptron`. How verdicts are made: `docs/judging.md`.
