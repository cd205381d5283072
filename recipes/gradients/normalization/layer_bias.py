"""Layer bias: layer normalization doesn't cancel a bias, and doesn't need one.

Layer normalization takes mean and variance over the units of one image. A bias that is
the same for all units disappears in that mean. Any other stays, mixed with the image's
own spread, and no γ and β can put it back once it is gone. So a bias in front of layer
normalization does something. Whether a network learns less without it is another
question, and that is the one a builder asks.
"""

import keras
import numpy as np
from keras import ops

from recipes.gradients.normalization._images import at_best, train
from recipes.lab import Finding, claim, experiment, main, stats

RATES = (0.03, 0.1, 0.3, 1.0)
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that with biases less a point",
    "people choose between methods by whole points.",
)
NO_WORSE_LOSS = stats.Threshold(
    "no worse by a tenth",
    1.0,
    "times less than a tenth above the loss with biases",
    "a loss that is less than a tenth larger changes no decision.",
)


def share_that_cancels() -> float:
    """How much of the effect of a random bias no γ and β can undo, as a share.

    The outputs with the bias are fitted, unit by unit, with a factor and an offset on
    the outputs without it; what is left is compared with what the bias changed.
    """
    rng = np.random.default_rng(78)
    x, bias = rng.normal(size=(512, 32)), rng.normal(size=32)
    layer = keras.layers.LayerNormalization()
    plain, shifted = (
        ops.convert_to_numpy(layer(v.astype("float32"))) for v in (x, x + bias)
    )
    left = 0.0
    for before, after in zip(plain.T, shifted.T, strict=True):
        columns = np.stack([before, np.ones_like(before)], 1)
        fit = columns @ np.linalg.lstsq(columns, after, rcond=None)[0]
        left += float(((fit - after) ** 2).sum())
    return left / float(((shifted - plain) ** 2).sum())


@experiment
def with_and_without(lab) -> dict[str, list[dict]]:
    """Networks with layer normalization, with and without biases in front of it."""
    cases = {
        name: {
            "network": {"kind": "layer", "use_bias": bias},
            "batch_size": 32,
            "epochs": lab.settings.epochs,
            "rows": lab.settings.rows,
        }
        for name, bias in (("with biases", True), ("without", False))
    }
    return at_best(
        lab, train, cases, RATES, lambda run: run["held_out_loss"][-1], title="biases"
    )


@claim(
    "ln-bias-note",
    "With layer normalization one may decide to omit the bias.",
    says="can",
    hedge="may",
    notes="003",
    scope="digits, 64-64 units with layer normalization before ReLU, SGD, 20 epochs",
)
def biases_are_left_out(lab):
    """Test accuracy and loss of networks with and without biases."""
    runs, left = with_and_without(lab), share_that_cancels()
    loss, accuracy = (
        {name: stats.column(of, measure)[:, -1] for name, of in runs.items()}
        for measure in ("held_out_loss", "held_out_accuracy")
    )
    return Finding(
        {
            "accuracy without: no worse by a point": stats.greater(
                accuracy["without"] + stats.ACCURACY_POINT.value,
                accuracy["with biases"],
                by=NO_WORSE,
            ),
            "loss without: no worse by a tenth": stats.greater(
                stats.TENTH.value * loss["with biases"],
                loss["without"],
                by=NO_WORSE_LOSS,
                scale="log",
            ),
        },
        "Networks without the bias reach {without:.1%} test accuracy, with it "
        "{with_biases:.1%}. A random bias does not cancel, but γ and β of 32 units can "
        "do all of its work but {left:.0%}.",
        without=accuracy["without"].mean(),
        with_biases=accuracy["with biases"].mean(),
        left=left,
        test_loss=loss,
        test_accuracy=accuracy,
        learning_rate={name: of[0]["learning_rate"] for name, of in runs.items()},
    )


if __name__ == "__main__":
    main(__file__)
