"""Weights or units: DropConnect drops single weights, and rivals dropout.

DropConnect sets entries of a kernel to zero in training, so that every unit still acts,
on fewer inputs. The zoo's layer draws one mask a step for the whole batch, which costs
no more than dropout. Wan et al. drew one for every example: as many kernels as
examples.

Each is compared at its own best rate, chosen on validation on other seeds, and all
trainings stop where their validation loss is least.
"""

import numpy as np
from keras import ops

from recipes.generalization.dropout._images import WIDTH, at_best, column
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo.layers import DropConnect

DROPPED = (0.1, 0.3, 0.5)
LEARNING_RATE = 0.003
SETS = {"few images": (1, 0.0), "a fifth of the labels wrong": (2, 0.2)}
WAYS = {
    "none": ("units", (0.0,)),
    "dropout": ("units", DROPPED),
    "DropConnect, a mask a batch": ("weights", DROPPED),
    "DropConnect, a mask an example": ("weights of each", DROPPED),
}
SURE = 5  # standard errors: a fair draw is this far off once in a million


def masked(rate: float) -> np.ndarray:
    """A kernel of ones as DropConnect uses it in a training step."""
    layer = DropConnect(WIDTH, rate=rate, use_bias=False, kernel_initializer="ones")
    seen = layer(np.eye(WIDTH, dtype="float32"), training=True)
    return ops.convert_to_numpy(seen)


@experiment
def trainings(lab) -> dict[str, list[dict]]:
    """Every way of dropping on both sets, each at its best rate."""
    cases = {
        f"{name}, {way}": [
            {
                "network": {"drops": drops, "rate": rate},
                "learning_rate": LEARNING_RATE,
                "epochs": lab.settings.epochs,
                "rows": times * lab.settings.rows,
                "wrong": wrong,
                "stopped": True,
            }
            for rate in rates
        ]
        for name, (times, wrong) in SETS.items()
        for way, (drops, rates) in WAYS.items()
    }
    return at_best(lab, cases, lambda run: run["validation_loss"], "DropConnect")


@claim(
    "dropconnect",
    "DropConnect drops weights where dropout deactivates neurons; it is used for "
    "regularization.",
    notes="001",
    scope="a kernel of 64 x 64; digits, 64-64 ReLU units, stopped on validation",
)
def drops_weights(lab):
    """Zeros of a masked kernel, units that are left, and test loss against none."""
    kernel, runs = masked(0.5), trainings(lab)
    share = float((kernel == 0).mean())
    error = SURE * np.sqrt(0.25 / kernel.size)
    batch = "DropConnect, a mask a batch"
    loss = {name: column(of, "test") for name, of in runs.items()}
    return Finding(
        {
            "rate 0.5: half of the weights are zero": stats.close(share, 0.5, error),
            "no unit loses all of its weights": bool((kernel != 0).any(0).all()),
            **{
                f"{name}: a tenth less test loss than without": stats.greater(
                    loss[f"{name}, none"],
                    loss[f"{name}, {batch}"],
                    by=stats.TENTH,
                    scale="log",
                )
                for name in SETS
            },
        },
        "At rate 0.5 {share:.1%} of the weights are zero in a step, and every unit "
        "keeps some. Test loss with it and without: {few:.3f} for few images, "
        "{wrong:.3f} with wrong labels.",
        figure=draw_ways,
        share=share,
        few=[loss[f"few images, {way}"].mean() for way in (batch, "none")],
        wrong=[
            loss[f"a fifth of the labels wrong, {way}"].mean()
            for way in (batch, "none")
        ],
        test_loss=loss,
    )


# "Used less commonly" is a question for a survey, which no training answers. What is
# judged is whether it can be more powerful: more often right on test images.


@claim(
    "dropconnect-stronger",
    "DropConnect can be more powerful than dropout.",
    says="can",
    hedge="can",
    notes="001",
    scope="200 and 400 digits, 64-64 ReLU units, each at its best rate of three",
)
def more_powerful(lab):
    """Test accuracy of both kinds of DropConnect against dropout."""
    runs = trainings(lab)
    right = {name: column(of, "test", 1) for name, of in runs.items()}
    rivals = [way for way in WAYS if way.startswith("DropConnect")]
    lab.table(
        "Test accuracy and loss, each at its best rate",
        ["images, what drops", "rate", "accuracy", "loss"],
        [
            [name, f"{of[0]['chosen']['network']['rate']:g}",
             f"{right[name].mean():.1%}", f"{column(of, 'test').mean():.3f}"]
            for name, of in runs.items()
        ],
    )  # fmt: skip
    return Finding(
        {
            f"{name}: {way}": stats.greater(
                right[f"{name}, {way}"],
                right[f"{name}, dropout"],
                by=stats.ACCURACY_POINT,
            )
            for name in SETS
            for way in rivals
        },
        "Test accuracy with dropout, DropConnect a batch and an example: {few:.1%} for "
        "few images, {wrong:.1%} with wrong labels. Whether it is used less commonly "
        "is for a survey to say: that half of the sentence is not judged.",
        figure=draw_ways,
        few=[right[f"few images, {way}"].mean() for way in ("dropout", *rivals)],
        wrong=[
            right[f"a fifth of the labels wrong, {way}"].mean()
            for way in ("dropout", *rivals)
        ],
        test_accuracy=right,
        rate={name: of[0]["chosen"]["network"]["rate"] for name, of in runs.items()},
    )


def draw_ways(lab):
    """Test accuracy of all ways of dropping."""
    figure, axes = figures.new(width=9.0, height=4.2)
    for index, way in enumerate(WAYS):
        for place, name in enumerate(SETS):
            values = 100 * column(trainings(lab)[f"{name}, {way}"], "test", 1)
            x = place + 0.2 * (index - 1.5)
            label = way if place == 0 else "_"
            color = figures.COLORS[index]
            style = {"color": color, "marker": "_", "ms": 24, "mew": 3, "lw": 0}
            axes.plot([x], [values.mean()], label=label, **style)
            axes.plot(np.full(len(values), x), values, ".", color="#000000", label="_")
    axes.set_xticks(range(len(SETS)), list(SETS))
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0), markerscale=0.5)
    right = {name: column(of, "test", 1).mean() for name, of in trainings(lab).items()}
    ahead = [
        right[f"{name}, {way}"] > right[f"{name}, dropout"]
        for name in SETS
        for way in WAYS
        if way.startswith("DropConnect")
    ]
    title = f"DropConnect is ahead of dropout in {sum(ahead)} of {len(ahead)} cases"
    figures.describe(axes, title, "", "test accuracy (%)")
    lab.figure(
        "ways",
        figure,
        "Test accuracy of networks that were stopped on validation, without anything "
        "dropped, with dropout and with two kinds of DropConnect; dots are seeds.",
    )


if __name__ == "__main__":
    main(__file__)
