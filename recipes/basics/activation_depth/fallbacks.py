"""Fallbacks: ELU cures dead units and vanishing gradients; a leak cures only one.

Where units die or gradients vanish, the notes send the reader to leaky ReLU, ELU or
SELU. Ten narrow layers are such a place: in ReLU networks the first layer's gradient is
a few hundredths of the last one's, and a learning rate of 0.03 kills most units. Each
fallback is judged by both ailments. Neither is accuracy: leaky networks keep every unit
alive and still end below ReLU's (picture `dead_units`).
"""

import keras
import numpy as np
from keras import layers

from recipes.basics._side_by_side import Kind, accuracy
from recipes.basics.activation_depth._start import start
from recipes.lab import Finding, claim, experiment, figures, main, stats

KINDS = {
    "ReLU": Kind("relu"),
    "leaky ReLU 0.01": Kind(lambda: layers.LeakyReLU(negative_slope=0.01)),
    "leaky ReLU 0.3": Kind(layers.LeakyReLU),  # Keras's default slope
    "ELU": Kind("elu"),
    "SELU, LeCun normal": Kind("selu", initializer=keras.initializers.LecunNormal),
}
JUDGED = ("leaky ReLU 0.01", "ELU", "SELU, LeCun normal")  # one for each that is named
WIDTH = 32
RATE = 0.03  # Adam's; thirty times the default, so that units may die
EPOCHS = 12
FEWER_DEAD = stats.Threshold(
    "one unit in ten",
    0.1,
    "of the hidden units",
    "a network with a tenth of its units dead is hardly narrower.",
)


def train(case, seed, data) -> dict:
    """Measures all networks at the start, trains them, counts what died.

    Args:
        case: `networks`, the seeds of rows and weights; `samples`; `hidden`, the
            widths; `learning_rate`; `epochs`; `batch_size`.
        seed: Of the order of the samples, one for all networks.
        data: Images.
    """
    networks, rows, test_rows = start(KINDS, case, data)
    batch = rows[0][:256], rows[1][:256]
    gradients = networks.gradients_at_units(*batch)
    outputs = networks.hidden(batch[0])
    curves = networks.train(
        *rows,
        epochs=case["epochs"],
        batch_size=case["batch_size"],
        seed=seed,
        scores={"test": test_rows},
        measure=accuracy,
    )["test"]
    died = networks.dead(batch[0])
    return {
        name: {
            # How much of the last hidden layer's gradient reaches the first one.
            "gradient_ratio": (gradients[0][name] / gradients[-1][name]).tolist(),
            "variance_ratio": [
                float(last.var() / first.var())
                for first, last in zip(outputs[0][name], outputs[-1][name], strict=True)
            ],
            "dead": died[name].tolist(),
            "accuracy": curves[name][:, -1].tolist(),
        }
        for name in KINDS
    }


@experiment
def trained(lab) -> dict[str, dict[str, np.ndarray]]:
    """By kind what `train` returns, one number a seed."""
    case = {
        "networks": list(lab.seeds),
        "samples": lab.settings.samples,
        "hidden": [WIDTH] * lab.settings.layers,
        "learning_rate": RATE,
        "epochs": min(EPOCHS, lab.settings.epochs),
        "batch_size": 64,
    }
    # Sizes of gradients are compared: none may be rounded away.
    sweep = lab.sweep(train, {"side by side": case}, precision="float32", seeds=[0],
                      title="deep networks")  # fmt: skip
    (run,) = sweep["side by side"]
    return {
        name: {key: np.array(values) for key, values in run[name].items()}
        for name in KINDS
    }


def geometric_mean(values) -> float:
    """Of ratios, which differ by factors."""
    return float(np.exp(np.log(values).mean()))


@claim(
    "selu-alternative",
    # "In which case Leaky ReLU or other alternatives (like ELU or SELU) might be
    # considered."
    "Where units die or gradients vanish, leaky ReLU, ELU or SELU help.",
    says="can",
    hedge="might",
    notes="003",
    scope="digits, 1400 images, ten hidden layers of 32, Adam 0.03, batch "
    "64, 12 epochs",
)
def fallbacks_help(lab):
    """Compares each fallback with ReLU: dead units after, gradients before training."""
    found = trained(lab)
    relu = found["ReLU"]
    fewer_dead = {
        name: stats.greater(relu["dead"], run["dead"], by=FEWER_DEAD)
        for name, run in found.items()
        if name != "ReLU"
    }
    # A ratio of gradients is a product over layers: compared as a logarithm.
    vanish_less = {
        name: stats.greater(
            run["gradient_ratio"], relu["gradient_ratio"], by=stats.TENTH, scale="log"
        )
        for name, run in found.items()
        if name != "ReLU"
    }
    numbers = {
        "gradient_ratio": {
            n: geometric_mean(r["gradient_ratio"]) for n, r in found.items()
        },
        "variance_ratio": {
            n: geometric_mean(r["variance_ratio"]) for n, r in found.items()
        },
        "dead": {n: float(run["dead"].mean()) for n, run in found.items()},
        "accuracy": {n: float(run["accuracy"].mean()) for n, run in found.items()},
    }
    lab.table(
        f"{lab.settings.layers} hidden layers: at the start, and trained at {RATE:g}",
        ["activation", "gradient ratio", "variance ratio", "dead units", "accuracy"],
        [
            [
                name,
                numbers["gradient_ratio"][name],
                numbers["variance_ratio"][name],
                f"{numbers['dead'][name]:.1%}",
                f"{numbers['accuracy'][name]:.1%}",
            ]
            for name in KINDS
        ],
    )
    return Finding(
        {f"{name}: fewer dead units": fewer_dead[name] for name in JUDGED}
        | {f"{name}: gradients vanish less": vanish_less[name] for name in JUDGED},
        "ELU has {dead[ELU]:.0%} dead units after training (ReLU {dead[ReLU]:.0%}), "
        "and {gradient_ratio[ELU]:.2g} of the last layer's gradient in the first (ReLU "
        "{gradient_ratio[ReLU]:.2g}). Test accuracy: {accuracy:.0%}.",
        figure=draw_dead_units,
        **numbers,
        fewer_dead_than_relu=fewer_dead,
        gradient_ratio_over_relu=vanish_less,
        more_accurate_than_relu={
            name: stats.greater(
                run["accuracy"], relu["accuracy"], by=stats.ACCURACY_POINT
            )
            for name, run in found.items()
            if name != "ReLU"
        },
    )


def draw_dead_units(lab):
    """Dead units against test accuracy, one point a network."""
    figure, axes = figures.new(width=7.2, height=4.2)
    found = trained(lab)
    for index, (name, run) in enumerate(found.items()):
        axes.plot(
            100 * run["dead"],
            100 * run["accuracy"],
            "os^Dv"[index],
            color=figures.COLORS[index],
            label=name,
        )
    axes.set_ylim(0, 102)
    dead = {name: run["dead"].mean() for name, run in found.items()}
    score = {name: run["accuracy"].mean() for name, run in found.items()}
    figures.describe(
        axes,
        f"{max(dead, key=dead.__getitem__)} has most dead units, "
        f"{max(score, key=score.__getitem__)} is most accurate",
        "dead hidden units (%)",
        "test accuracy (%)",
    )
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1, 1))
    lab.figure(
        "dead_units",
        figure,
        "Dead units and test accuracy of every network with "
        f"{lab.settings.layers} hidden layers, after training with Adam at {RATE:g}.",
    )


if __name__ == "__main__":
    main(__file__)
