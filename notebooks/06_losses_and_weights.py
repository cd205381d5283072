# %% [markdown]
# # A loss is a price list
#
# A loss says what each mistake costs, and training buys as little as it can. So before
# you look at a network, look at the prices. In this notebook you see what four losses
# take for the best answer to the same numbers, find a classifier with a high accuracy
# that is no use, move its border by a weight, and get the same border without one.
#
# About a minute on two cores. Nothing is downloaded.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from recipes.lab import Study, generators, run
from zoo import mlp

# %% [markdown]
# ## One answer for all
#
# The smallest model there is gives one number, whatever it is asked. Here are twenty
# targets between 0 and 1, and one that is 6. **Guess** before you go on: which of these
# losses puts the best answer where it would be without the 6?

# %%
targets = np.append(np.linspace(0, 1, 20), 6.0)
losses = {
    "squared error": lambda e: e**2,
    "absolute error": np.abs,
    "Huber, δ = 0.3": lambda e: np.where(abs(e) < 0.3, e**2 / 2, 0.3 * (abs(e) - 0.15)),
    "quantile, q = 0.9": lambda e: np.maximum(0.9 * e, -0.1 * e),
}
answers = np.linspace(-0.5, 1.5, 401)

figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), sharex=True, layout="constrained")
best = {}
for panel, (name, loss) in zip(axes, losses.items(), strict=True):
    means = loss(targets[:, None] - answers).mean(axis=0)
    without = loss(targets[:-1, None] - answers).mean(axis=0)
    best[name] = answers[means.argmin()]
    shift = best[name] - answers[without.argmin()]
    panel.plot(answers, means, color="#D55E00")
    panel.plot(answers, without, color="#0072B2", ls="--")
    panel.plot(best[name], means.min(), "o", color="#D55E00")
    panel.set_title(f"{name}\nthe 6 moves it by {shift:.2f}", size=9)
    panel.set(xlabel="the one answer", yticks=())
axes[0].set_ylabel("mean loss")
figure.suptitle("With the 6 (solid, its best answer marked), and without (dashed)",
                size=10)  # fmt: skip
plt.show()
print(f"mean {targets.mean():.2f}, median {np.median(targets):.2f}, "
      f"0.9 quantile {np.quantile(targets, 0.9):.2f}")  # fmt: skip
print("best:", ", ".join(f"{name} {value:.2f}" for name, value in best.items()))

# %% [markdown]
# Squared error asks for the mean, absolute error for the median, and a quantile loss
# for its quantile, because a mistake upward and one downward have the prices *0.9* and
# *0.1*. None of them is wrong. They answer different questions.
#
# A network is many such answers, one for each place, and outliers pull it where its
# loss lets them:

# %%
run("regression/sensitivity", claim="mse-outlier-sensitive", quiet=True)

# %% [markdown]
# ## Nineteen in twenty
#
# Now to classes. One row in twenty is a fraud, and a missed fraud costs ten false
# alarms. A linear classifier is trained with cross-entropy, no weights.
#
# **Guess**: how much more often than "never a fraud" is it right?

# %%
MISS, ALARM = 10, 1
x, y = generators.imbalanced(4000, seed=0)
x_test, y_test = generators.imbalanced(20_000, seed=1)
study = Study(mlp, keras.losses.BinaryCrossentropy(from_logits=True), "adam")


def chances(weight=1.0, seed=0):
    """Trains with a weight of the rare class; returns probabilities of fraud."""
    run = study.train(
        (x, y[:, None]),
        seed,
        epochs=20,
        batch_size=200,
        learning_rate=0.1,
        network={"num_classes": 1, "units": (), "task": "binary"},
        class_weight={0: 1.0, 1: weight},
        measure=lambda model: model.predict(x_test, batch_size=2000, verbose=0)[:, 0],
    )
    return 1 / (1 + np.exp(-np.array(run["measured"])))


def price(says_fraud):
    """The mean cost of a row, and the share of right answers, hits and alarms."""
    missed = (y_test == 1) & ~says_fraud
    alarms = (y_test == 0) & says_fraud
    return {
        "cost": (MISS * missed.sum() + ALARM * alarms.sum()) / len(y_test),
        "accuracy": (says_fraud == y_test).mean(),
        "recall": says_fraud[y_test == 1].mean(),
        "precision": 1 - alarms.sum() / max(says_fraud.sum(), 1),
    }


plain = chances()
answers = {
    "never a fraud": np.zeros(len(y_test), bool),
    "trained, no weights": plain > 0.5,
}
for name, says_fraud in answers.items():
    found = price(says_fraud)
    print(f"{name:20} right in {found['accuracy']:.1%}, finds {found['recall']:.0%} "
          f"of the frauds, costs {found['cost']:.3f} a row")  # fmt: skip

# %% [markdown]
# Accuracy has a price list, too: both mistakes cost the same. Nobody asked for that.
#
# ## Move the weight
#
# A weight of the rare class multiplies the loss of its rows. In five lines:


# %%
def weighted_cross_entropy(y, p, weight):
    """What `class_weight={0: 1, 1: weight}` minimizes."""
    weights = np.where(y == 1, weight, 1.0)
    losses = -np.where(y == 1, np.log(p), np.log(1 - p))
    return np.mean(weights * losses)


for weight in (1, 10):
    print(f"weight {weight:2}: always saying 'one in twenty' costs "
          f"{weighted_cross_entropy(y, 0.05, weight):.2f} nats, 'one in three' "
          f"{weighted_cross_entropy(y, 1 / 3, weight):.2f}")  # fmt: skip

# %% [markdown]
# With a weight of 10 the training believes that frauds are ten times as frequent, and
# its probabilities say so. **Guess**: at which weight is the cost of a row least? And
# where do recall and precision go?

# %%
weights = (1, 2, 5, 10, 20, 50)
by_weight = {weight: chances(weight) for weight in weights}
at_weight = {weight: price(p > 0.5) for weight, p in by_weight.items()}


def draw(panel, horizontal, found, marker="o"):
    """Recall, precision and cost, each with its name at its end."""
    for name, color in (
        ("recall", "#0072B2"),
        ("precision", "#D55E00"),
        ("cost", "black"),
    ):
        values = [one[name] for one in found]
        panel.semilogx(horizontal, values, marker, ls="-", color=color, ms=4)
        panel.annotate(f" {name}", (horizontal[-1], values[-1]), color=color, size=9,
                       va="center")  # fmt: skip
    panel.set_xlim(right=horizontal[-1] * (horizontal[-1] / horizontal[0]) ** 0.25)
    panel.minorticks_off()


figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.2), sharey=True, layout="constrained")
draw(axes[0], weights, list(at_weight.values()))
cheapest = min(at_weight, key=lambda weight: at_weight[weight]["cost"])
axes[0].set(xlabel="weight of the rare class", xticks=weights, xticklabels=weights,
            ylabel="share, or mean cost of a row")  # fmt: skip
axes[0].set_title(f"Of these weights {cheapest} costs least", size=10)

odds = np.array([1, 2, 5, 10, 20, 50])  # a fraud where p > 1 / (1 + odds)
at_odds = [price(plain > 1 / (1 + k)) for k in odds]
draw(axes[1], odds, at_odds, "s")
lowest = odds[int(np.argmin([one["cost"] for one in at_odds]))]
axes[1].set(xlabel="odds k: a fraud where p > 1 / (1 + k)", xticks=odds,
            xticklabels=odds)  # fmt: skip
axes[1].set_title(f"No weights, another threshold: {lowest} costs least", size=10)
plt.show()

# %% [markdown]
# The right picture has one training, without weights, and moves the decision after it.
# A right probability *p* makes "fraud" the cheaper answer where *10 p > 1 − p*.
#
# **Guess** once more: with the weights *and* the threshold from the costs, is it
# cheaper still?

# %%
cheap = 1 / (1 + MISS / ALARM)
ways = {
    "no weights, threshold 1/2": price(plain > 0.5),
    "weight 10, threshold 1/2": price(by_weight[10] > 0.5),
    "no weights, threshold 1/11": price(plain > cheap),
    "weight 10, threshold 1/11": price(by_weight[10] > cheap),
}
for name, found in ways.items():
    print(f"{name:27} {found['cost']:.3f} a row, finds {found['recall']:.0%}, "
          f"and {found['precision']:.0%} of its alarms are frauds")  # fmt: skip
print(
    f"mean probability of a fraud: {plain.mean():.1%} without weights, "
    f"{by_weight[10].mean():.1%} with weight 10; frauds: {y_test.mean():.1%}"
)

# %% [markdown]
# Both move the same border, so both together move it twice. And weights have a side
# effect: the probabilities are no longer those of the world. One seed is an example;
# here is the trial.

# %%
run("weighting/costs", claim="weighted-cost-sensitive", quiet=True)

# %% [markdown]
# ## Exercises
#
# 1. Make a miss cost fifty alarms (`MISS = 50`). Say first where both curves of the
#    cost have their minimum.
# 2. Copy each fraud nine times (`np.repeat(x, np.where(y == 1, 10, 1), axis=0)`, and y
#    alike) and train without weights. What do you expect of the border?
# 3. Take data of your own: a CSV file with one rare class. Put its columns in `x` and
#    its labels in `y`, and half of the rows aside for `x_test`. Does the threshold
#    still do what the weight does?
#
# <details><summary>Answers</summary>
#
# 1. Near 50, the ratio of the costs, on both sides. The cost is flat there, so the
#    grid's neighbor may win by luck.
# 2. Nearly the weighted one. In expectation a copy is a weight; batches and the number
#    of steps differ: `run("weighting/repetition", claim="weighted-vs-resampling")`.
# 3. It does where the probabilities are right. Compare the mean probability with the
#    share of the class first. A network that is too rigid for its data, or one that has
#    learned its rows by heart, gives probabilities that no threshold mends.
#
# </details>
#
# The whole recipes: `recipes run weighting`, `recipes run regression`,
# `recipes run classification`.
