"""All masks: ten hidden units make 1,024 thinned networks; here is their average.

Every mask leaves another network, and they share their weights. At test time one
network with all units stands for their average. With ten hidden units and a rate of one
half the average needn't be estimated: all masks are equally likely, and all are tried.

Behind one hidden layer the *geometric* mean of the networks' probabilities, made to sum
to 1, is exactly the network with all units: logits are linear in the mask. The ordinary
mean is something else, which Monte-Carlo dropout estimates by chance masks.

"Different networks overfit in different ways" is asked of their errors: how much they
agree, beside networks of five units that were trained each on its own.
"""

import itertools

import keras
import numpy as np

from recipes.generalization.dropout._images import draw
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp, monte_carlo_predictions

HIDDEN, ALONE, NETWORKS = 10, 5, 4  # a mask keeps five of ten on average
RATE = 0.01
SAMPLES = (10, 100)  # passes of Monte-Carlo dropout
SAME = 1e-4  # of a probability in float32, through exponentials
NO_WORSE = stats.Threshold(
    "no worse by a point",
    0.0,
    "accuracy above that of the average less a point",
    "people choose between methods by whole points.",
)
CORRELATION = stats.Threshold(
    "a twentieth",
    0.05,
    "correlation of errors",
    "averaging many networks gains by what their errors do not share; less than a "
    "twentieth more sharing changes the gain by as little.",
)

study = Study(
    mlp,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def thinned(hidden, kernel, bias) -> np.ndarray:
    """Logits of every thinned network, (masks, rows, classes), as in training."""
    masks = np.array(list(itertools.product((0, 2), repeat=hidden.shape[1])), "float32")
    return np.stack([(hidden * mask) @ kernel + bias for mask in masks])


def agreement(wrong: np.ndarray) -> float:
    """The mean correlation of errors, (networks, rows), over pairs of networks."""
    wrong = wrong[wrong.std(1) > 0]
    if len(wrong) < 2:
        return float("nan")
    table = np.corrcoef(wrong)
    return float(table[np.triu_indices(len(table), 1)].mean())


def quality(chances: np.ndarray, y) -> list[float]:
    """Cross-entropy and accuracy of probabilities."""
    chosen = np.maximum(chances[np.arange(len(y)), y], 1e-12)
    return [float(-np.log(chosen).mean()), float((chances.argmax(1) == y).mean())]


def train_and_enumerate(case: dict, seed: int, data) -> dict:
    """Trains one network with dropout and some without, and compares averages."""
    training, _, (x, y) = draw(data, seed, case["rows"])
    shared = {
        "epochs": case["epochs"],
        "batch_size": 32,
        "learning_rate": RATE,
        "held_out": (x, y),
        "xla": False,
    }
    network = {"num_classes": data.num_classes, "units": [HIDDEN], "dropout": 0.5}

    def enumerate_masks(model):
        below = keras.Model(model.input, model.get_layer("hidden_1_dropout").output)
        hidden = keras.ops.convert_to_numpy(below(x, training=False))
        kernel, bias = model.get_layer("logits").get_weights()
        logits = thinned(hidden, kernel, bias)
        chances = softmax(logits)
        average = chances.mean(0)
        geometric = softmax(np.log(np.maximum(chances, 1e-30)).mean(0))
        scaled = softmax(keras.ops.convert_to_numpy(model(x, training=False)))
        some = np.random.default_rng([seed, 96]).permutation(len(logits))[:64]
        few, estimates = x[:100], {}
        for samples in SAMPLES:
            mean, deviation = monte_carlo_predictions(
                model, few, samples=samples, seed=seed, activation="softmax"
            )
            off = np.sqrt(((mean - average[: len(few)]) ** 2).mean())
            expected = np.sqrt((deviation**2).mean() / samples)
            estimates[str(samples)] = [float(off), float(expected)]
        members = (logits.argmax(-1) == y).mean(1)
        return {
            "average": quality(average, y),
            "scaled": quality(scaled, y),
            "geometric_off": float(np.abs(geometric - scaled).max()),
            "arithmetic_off": float(np.abs(average - scaled).max()),
            "members": [float(members.mean()), float(members.max())],
            "member_losses": float(
                np.mean([quality(one, y)[0] for one in chances[some]])
            ),
            "agreement": agreement(logits[some].argmax(-1) != y),
            "monte_carlo": estimates,
        }

    run = study.train(
        training, seed, network=network, measure=enumerate_masks, **shared
    )
    alone = {"num_classes": data.num_classes, "units": [ALONE]}

    def predict(model):
        return keras.ops.convert_to_numpy(model(x, training=False)).tolist()

    singles = np.array(
        [
            study.train(
                training, 1000 * seed + k, network=alone, measure=predict, **shared
            )["measured"]
            for k in range(1, NETWORKS + 1)
        ]
    )
    return {
        **run["measured"],
        "alone": {
            "members": float((singles.argmax(-1) == y).mean()),
            "average": quality(softmax(singles).mean(0), y),
            "agreement": agreement(singles.argmax(-1) != y),
        },
    }


@experiment
def enumerated(lab) -> list[dict]:
    """The comparison, one a seed."""
    case = {
        "rows": 2 * lab.settings.rows,
        "epochs": max(2, 2 * lab.settings.epochs // 5),
    }
    return lab.sweep(train_and_enumerate, {"all masks": case}, title="all masks")[
        "all masks"
    ]


@claim(
    "dropout-as-ensemble",
    "Dropping different sets of neurons is equivalent to training different networks "
    "that overfit in different ways, and the output is like their average.",
    notes="000",
    scope="400 digits, 10 hidden ReLU units with dropout 0.5, all 1,024 masks",
)
def average_of_all(lab):
    """The network with all units against the exact averages, and agreement."""
    runs = enumerated(lab)

    def of(name, which=1):
        return stats.column(runs, name)[:, which]

    geometric = max(run["geometric_off"] for run in runs)
    together = stats.column(runs, "agreement")
    separate = [run["alone"] for run in runs]
    apart = stats.column(separate, "agreement")
    alone = stats.column(separate, "members")
    averaged_alone = stats.column(separate, "average")[:, 1]
    estimates = {
        samples: np.mean([run["monte_carlo"][samples] for run in runs], 0)
        for samples in map(str, SAMPLES)
    }
    return Finding(
        {
            "all units: the geometric mean of all masks": stats.below(geometric, SAME),
            "all units: as right as the ordinary mean, to a point": stats.greater(
                of("scaled") + stats.ACCURACY_POINT.value, of("average"), by=NO_WORSE
            ),
            "the average is more often right than one thinned network": stats.greater(
                of("average"), of("members", 0), by=stats.ACCURACY_POINT
            ),
            "thinned networks share no more errors than others": stats.greater(
                apart + CORRELATION.value, together, by=stats.ANY
            ),
        },
        "The network with all units is right on {scaled:.1%}, the mean of all 1,024 "
        "on {average:.1%}, one of them on {member:.1%}. Their errors correlate at "
        "{together:.2f}; those of separate networks of five units at {apart:.2f} "
        "({alone:.1%} right, {averaged_alone:.1%} averaged). Monte-Carlo dropout with "
        "100 passes is {off:.4f} from the exact mean.",
        figure=draw_averages,
        scaled=of("scaled").mean(),
        average=of("average").mean(),
        member=of("members", 0).mean(),
        together=together.mean(),
        apart=apart.mean(),
        alone=alone.mean(),
        averaged_alone=averaged_alone.mean(),
        off=estimates["100"][0],
        monte_carlo_off_and_expected=estimates,
        largest_difference_from_the_geometric_mean=geometric,
        largest_difference_from_the_mean=max(run["arithmetic_off"] for run in runs),
        test_loss={
            "all units": of("scaled", 0),
            "mean of all masks": of("average", 0),
            "one thinned network": [run["member_losses"] for run in runs],
        },
    )


def draw_averages(lab):
    """Accuracy of members and averages, for thinned and for separate networks."""
    figure, axes = figures.new(width=8.4, height=4.0)
    runs = enumerated(lab)
    bars = {
        "one thinned\nnetwork": [run["members"][0] for run in runs],
        "mean of all\n1,024": [run["average"][1] for run in runs],
        "all units": [run["scaled"][1] for run in runs],
        "one of five\nunits, alone": [run["alone"]["members"] for run in runs],
        f"mean of\n{NETWORKS} of those": [run["alone"]["average"][1] for run in runs],
    }
    colors = [figures.COLORS[number] for number in (0, 0, 0, 1, 1)]
    for place, (values, color) in enumerate(zip(bars.values(), colors, strict=True)):
        axes.bar(place, 100 * np.mean(values), color=color, width=0.6)
        spots = np.full(len(values), place)
        axes.plot(spots, 100 * np.array(values), ".", color="#000000")
    axes.set_xticks(range(len(bars)), list(bars))
    axes.set(ylim=(0, 100))
    whole, mean = (np.mean(bars[name]) for name in ("all units", "mean of all\n1,024"))
    title = f"All units are right on {whole:.0%}, the mean of all masks on {mean:.0%}"
    figures.describe(axes, title, "", "test accuracy (%)")
    lab.figure(
        "averages",
        figure,
        "Test accuracy of thinned networks, of their exact average and of the network "
        "with all units; beside them networks that were trained alone. Dots: seeds.",
    )


if __name__ == "__main__":
    main(__file__)
