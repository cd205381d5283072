"""Biases everywhere: what a network loses in which no unit has a bias.

The notes advise a bias in each layer, in most cases. Without any, a ReLU network scales
with its input, f(c x) = c f(x) for c > 0, so that it decides the same all along a ray
from the origin. That is fatal where the classes alternate along rays (spirals), and may
hardly matter for images, which are all about as bright.

Batch normalization before the activation has a shift of its own, β, so that a bias is
left to the output layer alone. Networks with it are compared, too.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, main, stats
from zoo import mlp

# Networks for every one that `--seeds` asks for: on images differences are small, on
# two classes that alternate along rays they are not.
ON_IMAGES, ON_SPIRALS = 2, 1
UNITS = [32, 32]
BATCH = 32
STUDY = Study(
    mlp,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    {"class_name": "Adam", "config": {"learning_rate": 3e-3}},
)


def train(case, seed, data) -> dict:
    """Trains one network; returns its test accuracy.

    Args:
        case: `use_bias`, `normalization` ("batch" or None), `units`, `steps`.
        seed: Decides the weights and the order of the samples.
        data: Two or more classes.
    """
    x, y = data.x_train, data.y_train

    def measure(model):
        logits = model.predict(data.x_test, batch_size=500, verbose=0)
        return {"accuracy": float((logits.argmax(1) == data.y_test).mean())}

    # A number of steps, the same for each set: one long epoch over the samples.
    rows = np.resize(np.arange(len(x)), case["steps"] * BATCH)
    run = STUDY.train(
        (x[rows], y[rows]),
        seed,
        epochs=1,
        batch_size=BATCH,
        network={
            "num_classes": data.num_classes,
            **{name: case[name] for name in ("units", "use_bias", "normalization")},
        },
        measure=measure,
    )
    return run["measured"]


@claim(
    "bias-everywhere-helps",
    "In most scenarios a bias in each layer makes learning better.",
    says="often",
    hedge="in most scenarios, it is advisable",
    notes="003",
    scope="digits and spirals; two hidden layers of 32 ReLU units, 600 steps of Adam "
    "at 0.003",
)
def biases_help(lab):
    """Test accuracy with biases in all layers and in none, on two sets."""
    shared = {"units": UNITS, "steps": lab.settings.steps}
    cases = {
        (bias, normalization): {
            "use_bias": bias,
            "normalization": normalization,
            **shared,
        }
        for normalization in (None, "batch")
        for bias in (True, False)
    }
    gains, accuracy = {}, {}
    for name, times in ((lab.settings.data, ON_IMAGES), ("spirals", ON_SPIRALS)):
        runs = lab.sweep(
            train,
            {f"{name}, bias {b}, {n}": case for (b, n), case in cases.items()},
            data=name,
            precision="float32",
            seeds=lab.more_seeds(times),
            title="biases",
        )
        for normalization, words in ((None, ""), ("batch", ", batch normalization")):
            with_bias, without = (
                stats.column(runs[f"{name}, bias {b}, {normalization}"], "accuracy")
                for b in (True, False)
            )
            gains[name + words] = stats.greater(
                with_bias, without, by=stats.ACCURACY_POINT
            )
            accuracy[name + words] = [with_bias.mean(), without.mean()]
    lab.table(
        "Test accuracy with biases in all layers, and in none",
        ["set", "with", "without"],
        [[n, f"{a:.1%}", f"{b:.1%}"] for n, (a, b) in accuracy.items()],
    )
    return Finding(
        gains,
        "Biases in all layers gain a point of test accuracy or more: {holding}; less: "
        "{failing}; not decided: {undecided}. Without them the spirals are right in "
        "{spirals[1]:.0%} (with: {spirals[0]:.0%}).",
        spirals=accuracy["spirals"],
        accuracy_with_and_without=accuracy,
    )


if __name__ == "__main__":
    main(__file__)
