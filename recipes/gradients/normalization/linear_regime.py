"""Linear regime: a sigmoid of normalized inputs is nearly a straight line.

The sigmoid bends at about ±2. Inputs of mean 0 and variance 1 rarely get there, and
what they see of it is almost a line: two such layers are almost one linear layer. A
factor γ in front of the sigmoid brings the bends back, and with γ = √var and β = mean
the normalization is undone altogether.

How straight it is says R², the share of the sigmoid's variance that the best line
explains. Whether that matters is asked of networks with and without γ and β. The next
layer's weights can stretch what comes out, not what goes in.
"""

import keras
import numpy as np
from keras import ops

from recipes.gradients.normalization._images import at_best, draw, study
from recipes.lab import Finding, claim, experiment, figures, generators, main, stats

GAMMAS = (1.0, 2.0, 4.0, 8.0)
STRAIGHT = 0.95  # R²: the line leaves a twentieth of the variance, a bend of little use
IDENTITY = 1e-4  # float32, relative to a deviation of 1
RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
UNITS, BATCH = (32, 32), 32
SPIRAL_EPOCHS = 4  # times as many epochs: the spirals are hard, and 2 numbers a row


def sigmoid(z):
    """1/(1 + e^-z)."""
    return 1 / (1 + np.exp(-z))


def straightness(gamma: float) -> float:
    """R² of the best line through sigmoid(z) for z from N(0, γ²)."""
    z = np.linspace(-8, 8, 4001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    value = sigmoid(gamma * z)
    value = value - weight @ value
    covariance = weight @ (z * value)
    return float(covariance**2 / (weight @ value**2))


def undone() -> float:
    """The largest difference that γ = √(var + ε) and β = mean leave of a batch."""
    x = np.random.default_rng(77).normal(2.0, 3.0, (256, 8)).astype("float32")
    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    layer.gamma.assign(np.sqrt(x.var(0) + layer.epsilon))
    layer.beta.assign(x.mean(0))
    seen = ops.convert_to_numpy(layer(x, training=True))
    return float(np.abs(seen - x).max() / x.std())


def train_sigmoids(case: dict, seed: int, data) -> dict:
    """Trains a sigmoid network on images, or on spirals drawn from the seed."""
    if case["problem"] == "spirals":
        parts = [
            generators.spirals(case["rows"], seed=10 * seed + number)
            for number in range(3)
        ]
        classes = 2
    else:
        parts, classes = draw(data, seed, case["rows"]), data.num_classes
    run = study.train(
        parts[0],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={
            "classes": classes,
            "units": list(UNITS),
            "activation": "sigmoid",
            "affine": case["affine"],
        },
        held_out=parts[2 if case["judge"] == "test" else 1],
        score_epochs=[case["epochs"]],
        score_training=True,
        xla=False,
    )
    names = ("training_loss", "held_out_loss", "held_out_accuracy")
    return {name: run["history"][name] for name in names}


@experiment
def trained(lab) -> dict[str, list[dict]]:
    """Both problems with and without γ and β, each at its best rate."""
    epochs, cases = lab.settings.epochs, {}
    for problem, times in (("images", 1), ("spirals", SPIRAL_EPOCHS)):
        for affine in (True, False):
            cases[f"{problem}, {'with' if affine else 'without'}"] = {
                "problem": problem,
                "affine": affine,
                "epochs": times * epochs,
                "rows": lab.settings.rows,
            }
    return at_best(
        lab,
        train_sigmoids,
        cases,
        RATES,
        lambda run: run["held_out_loss"][-1],
        title="sigmoids",
    )


@claim(
    "bn-gamma-beta-why",
    "Normalizing alone may change what a layer can represent: a sigmoid's inputs would "
    "stay in its linear regime. The learned γ and β restore its power.",
    hedge="may change",
    notes="001",
    scope="a formula, one batch, and sigmoid networks 32-32 on digits and spirals",
)
def gamma_and_beta_restore(lab):
    """R² of a line, the identity, and networks with and without γ and β."""
    straight = {f"{gamma:g}": straightness(gamma) for gamma in GAMMAS}
    left, runs = undone(), trained(lab)
    loss = {name: stats.column(of, "held_out_loss")[:, -1] for name, of in runs.items()}
    right = {
        name: stats.column(of, "held_out_accuracy")[:, -1] for name, of in runs.items()
    }
    return Finding(
        {
            "normalized: a line fits the sigmoid": stats.above(straight["1"], STRAIGHT),
            "γ of 4: no line does": stats.below(straight["4"], STRAIGHT),
            "γ and β can undo the normalization": stats.below(left, IDENTITY),
            **{
                f"{problem}: a tenth less test loss with them": stats.greater(
                    loss[f"{problem}, without"],
                    loss[f"{problem}, with"],
                    by=stats.TENTH,
                    scale="log",
                )
                for problem in ("images", "spirals")
            },
        },
        "For inputs of variance 1 the best line explains {one:.1%} of the sigmoid, "
        "with γ = 4 {four:.1%}. Test loss with and without γ and β: "
        "{images:.3f} on images, {spirals:.3f} on spirals.",
        figure=draw_sigmoid,
        one=straight["1"],
        four=straight["4"],
        images=[loss[f"images, {way}"].mean() for way in ("with", "without")],
        spirals=[loss[f"spirals, {way}"].mean() for way in ("with", "without")],
        straightness_by_gamma=straight,
        largest_difference_from_the_identity=left,
        test_accuracy=right,
        learning_rate={name: of[0]["learning_rate"] for name, of in runs.items()},
    )


def draw_sigmoid(lab):
    """The sigmoid where normalized inputs see it, and with γ = 4."""
    figure, panels = figures.new(1, 2, width=10.0, height=4.0)
    z = np.linspace(-3, 3, 301)
    weight = np.exp(-(z**2) / 2)
    for axes, gamma in zip(panels, (1.0, 4.0), strict=True):
        value = sigmoid(gamma * z)
        slope = (weight * z * value).sum() / (weight * z * z).sum()
        axes.fill_between(z, 0, 0.4 * weight, color="#BBBBBB", alpha=0.5, lw=0)
        axes.plot(z, value, color=figures.COLORS[0], label="sigmoid(γz)")
        style = {"color": figures.COLORS[1], "linestyle": "--"}
        axes.plot(z, 0.5 + slope * z, label="the best line", **style)
        axes.set(ylim=(-0.1, 1.1), xlim=(-3, 3))
        title = f"γ = {gamma:g}: a line explains {straightness(gamma):.0%}"
        figures.describe(axes, title, "z, normalized (gray: how often)", "output")
        figures.legend(axes, loc="upper left")
    lab.figure(
        "sigmoid",
        figure,
        "The sigmoid and the best line through it for inputs of mean 0 and variance 1, "
        "with a factor of 1 and of 4 in front of it.",
    )


if __name__ == "__main__":
    main(__file__)
