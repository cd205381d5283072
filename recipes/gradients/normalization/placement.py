"""Placement: before or behind the activation, everywhere or once.

The notes ask when batch normalization should be applied, and leave it open. So no
verdict can agree with them; what is judged is the advice of the paper that introduced
it: in every hidden layer, between the affine map and the activation. Its rivals are the
same layer behind the activation, which gives the next layer inputs of mean 0, and a
single one in the first hidden layer.
"""

from recipes.gradients.normalization._images import at_best, train
from recipes.lab import Finding, claim, experiment, main, stats

RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
PLACES = ("before", "behind", "first")
UNITS = (64, 64, 64)
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that of the rival less a point",
    "people choose between methods by whole points: less is no reason to change.",
)


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """Two activations with normalization at each place, at its best rate."""
    cases = {
        f"{activation}, {place}": {
            "network": {
                "units": list(UNITS),
                "activation": activation,
                "place": place,
            },
            "batch_size": 32,
            "epochs": lab.settings.epochs,
            "rows": lab.settings.rows,
        }
        for activation in ("relu", "sigmoid")
        for place in PLACES
    }
    return at_best(
        lab,
        train,
        cases,
        RATES,
        lambda run: run["held_out_loss"][-1],
        title="placement",
    )


@claim(
    "bn-when-to-apply",
    "When to apply batch normalization? Judged in place of an answer: in every layer, "
    "before its activation.",
    says="advice",
    notes="003",
    scope="500 digits, 3 layers of 64 units, ReLU and sigmoid, SGD, best rates",
)
def before_the_activation(lab):
    """Test accuracy of the paper's placement against two rivals."""
    runs = trainings(lab)
    right = {
        name: stats.column(of, "held_out_accuracy")[:, -1] for name, of in runs.items()
    }
    names = {"relu": "ReLU", "sigmoid": "sigmoid"}
    rivals = {"behind": "behind the activation", "first": "in the first layer alone"}
    lab.table(
        "Test accuracy by place of batch normalization, each at its best rate",
        ["activation, place", "rate", "accuracy"],
        [
            [name, f"{of[0]['learning_rate']:g}", f"{right[name].mean():.2%}"]
            for name, of in runs.items()
        ],
    )
    return Finding(
        {
            f"{shown}: no worse than {words}": stats.greater(
                right[f"{activation}, before"] + stats.ACCURACY_POINT.value,
                right[f"{activation}, {place}"],
                by=NO_WORSE,
            )
            for activation, shown in names.items()
            for place, words in rivals.items()
        },
        "Test accuracy before the activation, behind it and in the first layer alone: "
        "{relu:.1%} with ReLU, {sigmoid:.1%} with sigmoids.",
        relu=[right[f"relu, {place}"].mean() for place in PLACES],
        sigmoid=[right[f"sigmoid, {place}"].mean() for place in PLACES],
        test_accuracy=right,
        learning_rate={name: of[0]["learning_rate"] for name, of in runs.items()},
    )


if __name__ == "__main__":
    main(__file__)
