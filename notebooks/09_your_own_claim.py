# %% [markdown]
# # A claim of your own
#
# *"Deeper is better."* Is it? In this notebook you first see three ways to answer
# wrong, all of them common. Then you state the claim so that it can fail, in one cell
# of fifty lines, and the lab tries it: seeds in pairs, an interval, a smallest
# difference that matters, a card.
#
# A minute or two on two cores. Nothing is downloaded.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from recipes.lab import Study, run, split, verdicts
from zoo import mlp

x, y = load_digits(return_X_y=True)
x_train, y_train, x_test, y_test = split((x / 16).astype("float32"), y)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
study = Study(mlp, loss, "adam", metrics=["accuracy"])


def accuracy(units, seed, epochs=20):
    """Trains from a seed's weights; returns the test accuracy in %."""
    run = study.train(
        (x_train, y_train),
        seed,
        epochs=epochs,
        batch_size=32,
        network={"num_classes": 10, "units": units},
        held_out=(x_test, y_test),
    )
    return 100 * run["held_out_accuracy"]


print(f"one layer  {accuracy((32,), 0):.1f} %")
print(f"two layers {accuracy((32, 32), 0):.1f} %")

# %% [markdown]
# ## Wrong in the first way: one seed
#
# There is an answer, from one pair of trainings. **Guess**: of twelve seeds, for how
# many do two layers win?

# %%
seeds = range(12)
one = np.array([accuracy((32,), seed) for seed in seeds])
two = np.array([accuracy((32, 32), seed) for seed in seeds])


def draw(panel, gains):
    """One bar a seed; returns for how many seeds two layers win."""
    colors = ["#0072B2" if gain > 0 else "#D55E00" for gain in gains]
    panel.bar(seeds, gains, color=colors)
    panel.axhline(0, color="black", lw=0.8)
    panel.set(xlabel="seed", xticks=seeds[::2])
    return int((gains > 0).sum())


figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
wins = draw(axes, two - one)
axes.set_ylabel("two layers minus one (points)")
axes.set_title(f"Two layers win with {wins} of {len(seeds)} seeds", size=10)
plt.show()

# %% [markdown]
# Whoever trains once reports one of these bars.
#
# ## Wrong in the second way: too short a race
#
# These were 20 passes over the data. **Guess** what the bars look like after four.

# %%
early = {units: np.array([accuracy(units, seed, epochs=4) for seed in seeds])
         for units in ((32,), (32, 32))}  # fmt: skip
figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for panel, passes, gains in (
    (axes[0], 4, early[32, 32] - early[32,]),
    (axes[1], 20, two - one),
):
    wins = draw(panel, gains)
    panel.set_title(f"After {passes} passes: {wins} of {len(seeds)} seeds, "
                    f"{gains.mean():+.1f} points", size=10)  # fmt: skip
axes[0].set_ylabel("two layers minus one (points)")
plt.show()

# %% [markdown]
# The left picture answers "which is faster?". It looks like an answer to "which is
# better?".
#
# ## Wrong in the third way: the best of five
#
# Somebody tries five tricks, keeps the best on the test data, and compares it with a
# baseline that was trained once. Here all five "tricks" do **nothing**: they are the
# same network with other seeds. **Guess** what the best one gains on average.

# %%
rng = np.random.default_rng(0)
found = []
for _ in range(2000):
    baseline, *tricks = rng.choice(one, 6, replace=False)
    found.append(max(tricks) - baseline)
print(f"the best of five tricks that do nothing gains {np.mean(found):+.2f} points")
print(f"and it looks like a gain in {np.mean(np.array(found) > 0):.0%} of such reports")

# %% [markdown]
# ## A claim that can fail
#
# A claim needs five things: who is compared, on what, by which number, how large a
# difference matters, and how sure the sentence is (`says`: "can", "often", "always").
# All of it stands in one cell, so that the lab can run it in processes of its own.
#
# **Guess** the verdict: supported, refuted, conditional (it depends on the data), or
# inconclusive?

# %%
from dataclasses import dataclass

import keras

from recipes.lab import Finding, Study, claim, stats
from zoo import mlp

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
NETWORK = Study(mlp, LOSS, "adam", metrics=["accuracy"])


@dataclass(frozen=True)
class Settings:
    """What a run can change: they are arguments of `run`."""

    seeds: int = 15
    epochs: int = 40


SMOKE = {"seeds": 2, "epochs": 1}  # where only the code is tried


def train(case, seed, data):
    """Trains one network. Every setting that matters is in its case."""
    network = {"num_classes": data.num_classes, "units": case["units"]}
    return NETWORK.train(
        data, seed, epochs=case["epochs"], batch_size=32, network=network
    )


@claim(
    "deeper-better",
    "Two hidden layers beat one.",
    says="always",
    notes="ours",
    scope="digits and spirals, layers of 32 ReLU units",
)
def deeper_is_better(lab):
    """Test accuracy in pairs, on two sets of data."""
    gains = {}
    for data in ("digits", "spirals"):
        epochs = lab.settings.epochs
        cases = {name: {"units": [32] * n, "epochs": epochs}
                 for n, name in ((1, "one"), (2, "two"))}  # fmt: skip
        runs = lab.sweep(train, cases, data=data)
        one, two = ([r["held_out_accuracy"] for r in runs[n]] for n in cases)
        gains[data] = stats.greater(two, one, by=stats.ACCURACY_POINT)
    return Finding(
        gains,
        "Accuracy with two layers minus with one: digits {gains[digits]}, spirals "
        "{gains[spirals]}.",
        gains=gains,
    )


# %%
result = run(deeper_is_better, quiet=True)
result

# %% [markdown]
# A verdict follows from the outcomes of all circumstances by rules that are fixed
# before the run: `docs/judging.md`. What a program reads is plain data:

# %%
card = result.verdicts["deeper-better"]
print("verdict:    ", card["verdict"])
print("holds:      ", card["holds"])
print("fails:      ", card["fails"])
print("not decided:", card["undecided"])
table = verdicts()
print(f"\nof {len(table)} claims of the notes:")
for word in ("supported", "conditional", "refuted", "inconclusive"):
    print(f"{word:13}{sum(row['verdict'] == word for row in table):4}")

# %% [markdown]
# ## From the cell to a file
#
# Put the cell in `mine.py`, with a docstring above and these lines below, and it is a
# recipe as all others are:
#
# ```python
# if __name__ == "__main__":
#     main(__file__)  # from recipes.lab import main
# ```
#
# `recipes run mine.py --seeds 20 --epochs 10` tries it, `recipes new mine` writes such
# a file for you, and `recipes copy momentum/hills mine.py` begins with a lesson.
#
# ## Exercises
#
# 1. Ask for a short race: `run(deeper_is_better, epochs=4, quiet=True)`. Does the
#    verdict change, and is it still the same claim?
# 2. Change `says` to "can". Which verdicts become possible, and which impossible?
# 3. Is the comparison fair? Count the parameters of both sides
#    (`mlp((64,), 10, units=(32,)).count_params()`), and change the claim so that they
#    have about as many.
#
# <details><summary>Answers</summary>
#
# 1. Read its card: it may. A claim has a scope, and the number of passes belongs to it.
#    Say "after four passes" in the statement, and both are right.
# 2. "Can" asks for one circumstance that holds. Then the claim is supported, whatever
#    the others do. It is never conditional.
# 3. Two layers of 32 have another 32 × 32 + 32 parameters. Give the single layer more
#    units, until both counts are close, and state the claim for "as many parameters".
#    It is another claim, with a verdict of its own.
#
# </details>
#
# The words of a recipe and its rules: `CONTRIBUTING.md`.
