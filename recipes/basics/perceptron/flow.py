"""Flow: numbers go through a network to an answer, and one step moves most weights.

Three features of a mail (is the word "free" in it, how many "!", how long is it), two
hidden units, one output: h = σ(W₁x + b₁), o = σ(W₂h + b₂), spam where o > 0.5. All
that is learned are weights and biases, 3·2 + 2 + 2 + 1 of them.

A weight's gradient is its input times the error that comes back to its unit. Where it
is 0 the weight stays: where its input (a black pixel) or its unit (a ReLU that is off)
was 0 for every sample of the batch. Being weak is no reason to stay.

How much a unit contributes to the loss L is taken to first order: a dL/da, what L would
lose if the unit's output a were cut off. Summed over the batch it is Σ W dL/dW over the
unit's outgoing weights, since L depends on a only through them.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, main, stats

BATCH = 32


def three_two_one(input_shape) -> keras.Model:
    """Two sigmoid units between three features and one probability."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Dense(2, "sigmoid"),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )


ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.05}}
SPAM = Study(three_two_one, "binary_crossentropy", ADAM)


def features(counts) -> np.ndarray:
    """Presence of the word (0 or 1), number of "!", length; from counts of all."""
    return np.column_stack([np.minimum(counts[:, 0], 1), counts[:, 1:]])


def learn_spam(case, seed, data) -> dict:
    """Trains on standardized features; returns what it scores and what it learns."""
    x, x_test = features(data.x_train), features(data.x_test)
    mean, spread = x.mean(0), x.std(0)
    x, x_test = (x - mean) / spread, (x_test - mean) / spread

    def measure(model):
        output = keras.ops.convert_to_numpy(model(x_test))[:, 0]
        return {
            "accuracy": float(((output > 0.5) == data.y_test).mean()),
            "parameters": model.count_params(),
            "shapes": [list(weight.shape) for weight in model.trainable_variables],
            "penalties": len(model.losses),
        }

    # A number of steps: one long epoch over the samples, repeated.
    rows = np.resize(np.arange(len(x)), case["steps"] * BATCH)
    samples = x[rows], data.y_train[rows, None]
    run = SPAM.train(samples, seed, epochs=1, batch_size=BATCH, measure=measure)
    return run["measured"]


@claim(
    "neuron-flow-spam",
    "A 3-2-1 network sorts mail by the presence of a word, the number of exclamation "
    "marks and the length.",
    says="is",
    notes="002",
    scope="synthetic mail, a 3-2-1 sigmoid network, 600 steps of Adam at rate 0.05",
)
def sorts_mail(lab):
    """Accuracy on new mail, beside always guessing the more common kind."""
    y = lab.data("spam").y_test
    majority = max(y.mean(), 1 - y.mean())
    case = {"steps": lab.settings.steps}
    runs = lab.sweep(
        learn_spam, {"3-2-1": case}, data="spam", precision="float32", title="spam"
    )["3-2-1"]
    accuracy = stats.column(runs, "accuracy")
    parameters = runs[0]["parameters"]
    gain = stats.against(accuracy, majority, by=stats.TENTH, scale="log")
    return Finding(
        {
            "it has 11 parameters": parameters == 3 * 2 + 2 + 2 + 1,
            "it beats guessing the more common kind": gain,
        },
        "{parameters} parameters, all of them weights and biases (no activation is "
        "learned, no penalty added), sort {accuracy:.1%} of the mail; always guessing "
        "the more common kind sorts {majority:.1%}.",
        parameters=parameters,
        accuracy=accuracy.mean(),
        majority=majority,
        times_the_majority=gain,
        gain=accuracy.mean() - majority,
        shapes_of_all_that_is_learned=runs[0]["shapes"],
        penalties_unless_added=runs[0]["penalties"],
    )


def two_hidden(input_shape, classes: int) -> keras.Model:
    """The notes' shape for images: 128 and 64 ReLU units, one logit a class."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Dense(128, "relu"),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(classes),
        ]
    )


# The velocity of the first step is -1 times the gradient: there it can be read.
VELOCITY = {"class_name": "SGD", "config": {"learning_rate": 1.0, "momentum": 0.5}}
IMAGES = Study(
    two_hidden,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    VELOCITY,
    run_eagerly=True,
)


def one_step(x, y, classes: int, seed: int = 0) -> list[dict]:
    """Takes one step of SGD; says for each layer which weights it moves.

    Args:
        x: Images (samples, pixels).
        y: Their classes.
        classes: How many there are.
        seed: Draws the weights.
    """
    model = IMAGES.start((x, y), seed, network={"classes": classes})
    before = model.get_weights()
    model.train_on_batch(x, y)
    velocities = model.optimizer.momentums
    found, a = [], x
    for index in range(3):
        kernel, bias = before[2 * index : 2 * index + 2]
        moved = keras.ops.convert_to_numpy(velocities[2 * index]) != 0
        z = a @ kernel + bias
        active = z > 0 if index < 2 else np.ones_like(z, bool)
        # Whether an input and a unit are ever active for the same sample.
        met = (a != 0).T.astype(int) @ active.astype(int) > 0
        still = 1.0 if moved.all() else (~met[~moved]).mean()
        entry = {"moved": moved.mean(), "still_without_ever_meeting": still}
        if index < 2:
            outgoing = keras.ops.convert_to_numpy(velocities[2 * index + 2])
            share = np.abs((before[2 * index + 2] * outgoing).sum(1))  # |Σ a dL/da|
            weak = share <= np.median(share)
            entry["weak_units_moved"] = moved[:, weak].any(0).mean()
        found.append(entry)
        a = np.where(active, z, 0)
    return found


def step_once(case, seed, data) -> dict:
    """One step on some of the training images."""
    rows = np.random.default_rng(seed).permutation(len(data.x_train))[: case["images"]]
    flat = data.x_train[rows].reshape(len(rows), -1)
    return {"layers": one_step(flat, data.y_train[rows], data.num_classes, seed)}


@claim(
    "all-weights-update",
    "Only the weights of neurons that contribute significantly to the error are "
    "updated.",
    says="is",
    notes="003",
    scope="digits, 64-128-64-10 ReLU network, one step of SGD on 64 images",
)
def strong_ones_alone_move(lab):
    """Which weights one step moves; do units that contribute little stay?"""
    data, cases = lab.data(), {"one step": {"images": 64}}
    runs = lab.sweep(step_once, cases, precision="float32", title="updates")["one step"]
    names = ("moved", "still_without_ever_meeting", "weak_units_moved")
    moved, still, weak = (
        np.mean([[e[n] for e in run["layers"] if n in e] for run in runs], axis=0)
        for n in names
    )
    return Finding(
        {
            "first hidden layer": weak[0] == 0,
            "second hidden layer": weak[1] == 0,
        },
        "One step on 64 images moves {moved:.1%} of the weights layer by layer, and "
        "{weak:.0%} of those hidden units that contribute less than the median to the "
        "loss; a weight stays where its input and its unit are never active for the "
        "same image.",
        moved=moved,
        weak=weak,
        share_of_still_weights_whose_ends_are_never_active_together=still,
        share_of_the_weaker_half_of_units_that_move_by_layer=weak,
        network=[data.x_train[0].size, 128, 64, data.num_classes],
        seeds=len(runs),
    )


if __name__ == "__main__":
    main(__file__)
