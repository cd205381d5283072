# %% [markdown]
# # Pick a model
#
# You have a few dozen labeled images and no time to train from nothing. In this
# notebook you choose a network of the zoo, load trained weights, ask what they know
# about *your* images, fine-tune them, measure what they were worth, and hand the result
# to a program that knows no Keras.
#
# About a minute on two cores. Nothing is downloaded: the weights come with the package.

# %%
import logging
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import zoo
from recipes.lab import Study, split

keras.utils.set_random_seed(0)
print(len(zoo.list_models()), "builders; those of residual networks:")
print(", ".join(zoo.list_models("resnet*")))

# %% [markdown]
# A builder is a function that returns an ordinary, uncompiled `keras.Model` with logits
# as outputs: `zoo.resnet20(num_classes=3)`, or `zoo.create("resnet20", num_classes=3)`.
# Some come with trained weights, and each of these has a card:

# %%
print(f"{'weights':25}{'parameters':>11}{'kB':>5}  on test data: mean, "
      "and where 95 % of trainings end")  # fmt: skip
for name in zoo.list_weights():
    card = zoo.card(name)
    metric = card["metric"]
    what = metric["name"].split(" of ")[0].split(" on ")[0]
    print(f"{name:25}{card['parameters']:11,}{card['bytes'] // 1000:5}  "
          f"{what} {metric['mean']:.4g}, {metric['low']:.4g} to "
          f"{metric['high']:.4g} {metric['unit']}")  # fmt: skip

# %% [markdown]
# ## What does it know about your images?
#
# Take the LeNet that learned MNIST. "Your" images are digits of another kind: 8 × 8
# pixels, written by other people in another country, from scikit-learn. Enlarge them
# and put them in the middle, as MNIST does.
#
# **Guess**: on MNIST's own test images it is right in about 99 of 100. And here?

# %%
x, y = load_digits(return_X_y=True)
x = (x / 16).reshape(-1, 8, 8, 1).astype("float32")
x = keras.ops.image.resize(x, (20, 20), interpolation="bilinear")
x = np.pad(keras.ops.convert_to_numpy(x), ((0, 0), (4, 4), (4, 4), (0, 0)))
x_train, y_train, x_test, y_test = split(x, y)

trained = zoo.lenet(weights="mnist")
answers = trained.predict(x_test, verbose=0).argmax(axis=1)
as_it_is = float((answers == y_test).mean())

figure, axes = plt.subplots(2, 10, figsize=(8, 2.1), layout="constrained")
for row, right in zip(axes, (True, False), strict=True):
    chosen = np.flatnonzero((answers == y_test) == right)[:10]
    for panel, index in zip(row, chosen, strict=False):
        panel.imshow(x_test[index, ..., 0], cmap="gray_r")
        panel.set_title(f"{y_test[index]} → {answers[index]}", size=8,
                        color="black" if right else "#D55E00")  # fmt: skip
    for panel in row:
        panel.set_axis_off()
figure.suptitle(f"As it is: {as_it_is:.0%} right (digit → answer)", size=10)
plt.show()

# %% [markdown]
# A test accuracy belongs to its data. It does not travel.
#
# ## Fine-tune
#
# Forty labels are all you have. `with_head` puts a new last layer on the trained
# network, `freeze` holds everything below it, and `unfreeze_gradually` lets one part
# after the other train, from the head to the input.

# %%
few = slice(0, 40)
model = zoo.with_head(trained, num_classes=10)
print("parts:", ", ".join(zoo.endpoints(model)))

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=zoo.metrics_for(model))
for part in zoo.unfreeze_gradually(model):
    model.fit(x_train[few], y_train[few], epochs=10, batch_size=8, verbose=0)
    count = sum(weight.numpy().size for weight in model.trainable_weights)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    print(f"trains from {part:7} {count:6,} weights: {accuracy:.1%} right")

# %% [markdown]
# (A frozen layer is one trap of Keras: `trainable = False` after `compile` changes
# nothing until the model is compiled again. `freeze` compiles again.)
#
# ## What were the trained weights worth?
#
# Forty labels and no trained weights would have given something, too. Train the same
# LeNet from nothing and from MNIST's weights, on as many labels, with three seeds, as
# many steps on both sides. **Guess**: how many labels does a fresh network need to be
# as good as the trained one with twenty?

# %%
study = Study(zoo.lenet, loss, "adam", metrics=["accuracy"])
weights = zoo.lenet(weights="mnist").get_weights()
labels, steps, batch, seeds = (20, 80, 320), 40, 16, range(3)


def accuracy_of(count, seed, start):
    """Trains on some labels, drawn by the seed; returns the test accuracy in %."""
    rows = np.random.default_rng(seed).permutation(len(x_train))[:count]
    rows = np.resize(rows, steps * batch)  # the same number of steps for all
    run = study.train((x_train[rows], y_train[rows]), seed, epochs=1, batch_size=batch,
                      weights=start, held_out=(x_test, y_test))  # fmt: skip
    return 100 * run["held_out_accuracy"]


found = {
    name: np.array([[accuracy_of(n, s, start) for s in seeds] for n in labels])
    for name, start in (("fresh", None), ("from MNIST's weights", weights))
}

# %%
figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
for (name, values), color in zip(found.items(), ("#D55E00", "#0072B2"), strict=True):
    axes.semilogx(labels, values.mean(axis=1), "o-", color=color, label=name)
    axes.semilogx(labels, values, ".", color=color, ms=4)
gain = found["from MNIST's weights"] - found["fresh"]
axes.set(xlabel="labeled images", ylabel="right on test images (%)",
         xticks=labels, xticklabels=labels)  # fmt: skip
axes.minorticks_off()
first, last = gain[0].mean(), gain[-1].mean()
axes.set_title(f"Trained weights: {first:+.0f} points with {labels[0]} labels, "
               f"{last:+.0f} with {labels[-1]}", size=10)  # fmt: skip
axes.legend()
plt.show()
print("points gained, seed by seed:")
for count, row in zip(labels, gain, strict=True):
    print(f"{count:4} labels: " + ", ".join(f"{value:+.1f}" for value in row))

# %% [markdown]
# Three seeds are an indication and no verdict. `09_your_own_claim` shows how this
# becomes a claim that a run decides.
#
# ## Hand it over
#
# A model is exported to a file that runs without this package, and without Keras. The
# program at the other end must see the same numbers:

# %%
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # exporters talk
warnings.simplefilter("ignore", FutureWarning)

expected = model.predict(x_test[:5], verbose=0)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "digits.keras"
    model.save(path)
    print("Keras file:", f"{path.stat().st_size // 1000} kB")

    model.export(f"{folder}/saved", format="tf_saved_model", verbose=False)
    served = keras.layers.TFSMLayer(f"{folder}/saved", call_endpoint="serve")
    gap = np.abs(np.asarray(served(x_test[:5])) - expected).max()
    print(f"SavedModel: largest difference {gap:.0e}")

    if find_spec("onnxruntime") and find_spec("onnx"):
        import onnxruntime

        model.export(f"{folder}/digits.onnx", format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(f"{folder}/digits.onnx")
        name = session.get_inputs()[0].name
        gap = np.abs(session.run(None, {name: x_test[:5]})[0] - expected).max()
        print(f"ONNX: largest difference {gap:.0e}")
    else:
        print("ONNX: install the extra 'export' to try it")

# %% [markdown]
# ## Exercises
#
# 1. Load `zoo.resnet20(weights="mnist")` in place of the LeNet (its images are of the
#    same size). It is better on MNIST. Is it better on your images as it is?
# 2. Both sides had as many steps, and few. Set `steps` to 160. How much of the gain is
#    left with 20 labels, and how much with 320?
# 3. Replace the enlarging to 20 × 20 by 28 × 28, without a margin. Why does the
#    unchanged network get worse, and does the fine-tuned one?
#
# <details><summary>Answers</summary>
#
# 1. Compare `as_it_is` of both. A ranking on one data set is one, too, and a point on
#    MNIST says little about images of another kind.
# 2. A fresh network lacks labels *and* steps. What more steps take away from the gain
#    was the price of a short training; what is left, the labels could not give.
# 3. Strokes become wider than any that it has seen: the filters of its first layer were
#    fitted to thin ones. Fine-tuning fits what follows to the new strokes; how much of
#    the loss that makes good, your run says.
#
# </details>
#
# More: `docs/guides/weights.md`, `docs/guides/export.md`, `docs/zoo.md`.
