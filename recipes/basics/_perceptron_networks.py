"""Claims of the perceptron's chapter that need networks in Keras."""

import keras
import numpy as np

from recipes.lab import fit, stats

BATCH = 32


def judge(lab) -> None:
    """States the verdicts on networks; they depend on chance."""
    _all_weights(lab)
    _spam(lab)


def train_steps(model, x, y, steps: int, seed: int) -> None:
    """Trains for a number of steps: one long epoch over the samples, repeated."""
    rows = np.resize(np.arange(len(x)), steps * BATCH)
    fit(model, x[rows], y[rows], batch_size=BATCH, epochs=1, seed=seed)


def one_step(x, y, classes: int) -> list[dict]:
    """Takes one step of SGD; says for each layer which weights it moves."""
    layers = [
        keras.layers.Dense(128, "relu"),
        keras.layers.Dense(64, "relu"),
        keras.layers.Dense(classes),
    ]
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # The velocity of the first step is -1 times the gradient.
    model.compile(keras.optimizers.SGD(1.0, momentum=0.5), loss, run_eagerly=True)
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
        output = np.where(active, z, 0)
        weak = output.mean(0) <= np.median(output.mean(0))
        found.append(
            {
                "moved": moved.mean(),
                "still_without_ever_meeting": (~met[~moved]).mean()
                if not moved.all()
                else 1.0,
                "weak_units_moved": moved[:, weak].any(0).mean(),
            }
        )
        a = output
    return found


def _all_weights(lab) -> None:
    data = lab.data()
    flat = data.x_train.reshape(len(data.x_train), -1)

    def train(case, seed):
        rows = np.random.default_rng(seed).permutation(len(flat))[:64]
        return {"layers": one_step(flat[rows], data.y_train[rows], data.num_classes)}

    runs = lab.sweep(train, ["one step"], title="updates")["one step"]
    names = list(runs[0]["layers"][0])
    table = np.array(
        [[[layer[name] for name in names] for layer in run["layers"]] for run in runs]
    )  # seeds, layers, measures
    moved, explained, weak = np.moveaxis(table.mean(0), -1, 0)
    lab.verdict(
        "all-weights-update",
        bool(weak[0] == 0 and weak[1] == 0),
        evidence={
            "share_of_weights_that_move_by_layer": moved,
            "share_of_still_weights_whose_ends_are_never_active_together": explained,
            "share_of_the_weaker_half_of_units_that_move_by_layer": weak,
            "network": [flat.shape[1], 128, 64, data.num_classes],
            "seeds": len(runs),
        },
        note="One step on 64 images moves "
        + ", ".join(f"{share:.1%}" for share in moved)
        + " of the weights layer by layer, and also "
        + " and ".join(f"{share:.0%}" for share in weak[:2])
        + " of the hidden units with the weaker half of activations; a weight stays "
        "where its input and its unit are never active for the same image.",
    )


def _spam(lab) -> None:
    data = lab.data("spam")
    mean, spread = data.x_train.mean(0), data.x_train.std(0)
    x_train, x_test = ((x - mean) / spread for x in (data.x_train, data.x_test))
    majority = max(data.y_test.mean(), 1 - data.y_test.mean())

    def train(case, seed):
        model = keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(2, "sigmoid"),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )
        model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
        train_steps(model, x_train, data.y_train[:, None], lab.settings.steps, seed)
        output = keras.ops.convert_to_numpy(model(x_test))[:, 0]
        return {
            "accuracy": float(((output > 0.5) == data.y_test).mean()),
            "parameters": model.count_params(),
            "shapes": [list(weight.shape) for weight in model.trainable_variables],
            "penalties": len(model.losses),
        }

    runs = lab.sweep(train, ["3-2-1"], title="spam")["3-2-1"]
    gain = stats.paired([run["accuracy"] for run in runs], [majority] * len(runs))
    accuracy = np.mean([run["accuracy"] for run in runs])
    parameters = runs[0]["parameters"]
    lab.verdict(
        "neuron-flow-spam",
        gain.positive if parameters == 3 * 2 + 2 + 2 + 1 else False,
        evidence={
            "parameters": parameters,
            "shapes_of_all_that_is_learned": runs[0]["shapes"],
            "penalties_unless_added": runs[0]["penalties"],
            "test_accuracy": accuracy,
            "majority_share": majority,
            "accuracy_above_the_majority": gain,
        },
        note=f"{parameters} parameters, all of them weights and biases (no activation "
        f"is learned, no penalty added), sort {accuracy:.1%} of the mail; always "
        f"guessing the more common kind sorts {majority:.1%}.",
    )
