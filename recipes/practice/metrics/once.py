"""Once: a test set that chose the best of many is no test of it.

Of k equally good networks one is luckiest on the test set, and its score there is above
what it is worth. The luck of the best of k on n rows grows like √(2 ln k / n) times the
standard deviation of one answer: slowly, but from the first look on. Choose by other
rows, and the test is unbiased however many there were to choose from.

Twenty small networks learn the same few images side by side. The best is chosen once by
the test rows themselves and once by validation rows; each time its test score is held
against a thousand images that nobody looked at. What all candidates have in common, an
easy or a hard test set, is taken off.
"""

from itertools import pairwise

import keras
import numpy as np
from scipy.stats import binom

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats

CANDIDATES, WIDTH = 20, 8
TRAINED, TESTED = 300, 100  # rows; as many as are tested choose
TRIALS = tuple(range(1, CANDIDATES + 1))
COINS, FLIPS = 100, 100  # useless classifiers of two classes, test rows


def side_by_side(input_shape, classes: int) -> keras.Model:
    """Twenty networks of one hidden layer that share nothing but their input."""
    normal = keras.initializers.RandomNormal
    images = keras.Input(input_shape)
    x = keras.layers.Flatten()(images)
    x = keras.layers.Dense(CANDIDATES * WIDTH, "relu", kernel_initializer="he_normal")(
        x
    )
    x = keras.layers.Reshape((CANDIDATES, WIDTH))(x)
    logits = keras.layers.EinsumDense(
        "bnw,nwc->bnc", (CANDIDATES, classes), bias_axes="nc",
        kernel_initializer=normal(stddev=WIDTH**-0.5),
    )(x)  # fmt: skip
    return keras.Model(images, logits)


STUDY = Study(
    side_by_side, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "adam"
)


def train(case, seed, data) -> dict[str, list[float]]:
    """Trains the candidates; returns their accuracy on three kinds of new images.

    Args:
        case: `epochs`.
        seed: Decides which images are learned, choose and test, and the weights.
        data: Images.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    order = np.random.default_rng([seed, 100]).permutation(len(x))
    ends = (0, TRAINED, TRAINED + TESTED, TRAINED + 2 * TESTED, len(x))
    learned, *others = (order[a:b] for a, b in pairwise(ends))

    def judge(model) -> dict[str, list[float]]:
        found = {}
        for name, rows in zip(("chose", "tested", "fresh"), others, strict=True):
            logits = model.predict_on_batch(x[rows])
            found[name] = (logits.argmax(-1) == y[rows, None]).mean(0).tolist()
        return found

    return STUDY.train(
        (x[learned], np.repeat(y[learned, None], CANDIDATES, 1)),
        seed,
        epochs=case["epochs"],
        batch_size=20,
        learning_rate=0.01,
        network={"classes": data.num_classes},
        measure=judge,
    )["measured"]


@experiment
def candidates(lab) -> dict[str, np.ndarray]:
    """Accuracies of all candidates on the three kinds of images: (seeds, networks)."""
    cases = {"twenty networks": {"epochs": lab.settings.epochs}}
    runs = lab.sweep(train, cases, data=lab.like_digits, title="twenty networks")
    (found,) = runs.values()
    return stats.columns(found)


def optimism(chose, tested, fresh, first: int = CANDIDATES) -> np.ndarray:
    """By how much the test score of the chosen of the first few is too high, by seed.

    Args:
        chose: Accuracies that choose, (seeds, networks).
        tested: Those that are reported.
        fresh: Those on images that nobody looked at.
        first: Of how many networks.
    """
    best = chose[:, :first].argmax(1)
    above = tested - fresh
    above = above - above.mean(1, keepdims=True)  # an easy test set is nobody's merit
    return above[np.arange(len(best)), best]


def lucky_coins(count: int = COINS, flips: int = FLIPS) -> float:
    """The expected share of right answers of the best of many coin flippers, exactly.

    The best of k has at most s right answers with probability F(s) to the power of k.
    """
    below = binom.cdf(np.arange(flips), flips, 0.5) ** count
    return float((flips - below.sum()) / flips)


@claim(
    "eval-test-once",
    "The test set is to be used only for the final score.",
    says="is",
    notes="001",
    scope="twenty networks of 8 units, 300 digits, 15 epochs, 100 test rows; a hundred "
    "coin flippers",
)
def used_once(lab):
    """How far off the score of the best of twenty is, if the test chose it or not."""
    found = candidates(lab)
    chose, tested, fresh = found["chose"], found["tested"], found["fresh"]
    by_test = optimism(tested, tested, fresh)
    by_others = optimism(chose, tested, fresh)
    coins = lucky_coins()
    law = float(np.sqrt(2 * np.log(COINS) / FLIPS) / 2)
    return Finding(
        {
            "twenty trained networks: too high where the test chose": stats.greater(
                by_test, by_others, by=stats.ACCURACY_POINT
            ),
            "a hundred coin flippers: the best seems to know something": stats.above(
                coins, 0.5 + stats.ACCURACY_POINT.value
            ),
        },
        "The best of twenty networks by {rows} test rows scores {by_test:+.1%} above "
        "what it is worth, the best by other rows {by_others:+.1%}. The best of "
        "{coins} coin flippers is expected to be right {lucky:.1%} of the time (the "
        "law √(2 ln k / n)/2 says {law:.1%} above one half).",
        figure=draw_optimism,
        rows=TESTED,
        by_test=by_test.mean(),
        by_others=by_others.mean(),
        coins=COINS,
        lucky=coins,
        law=law,
        accuracy_on_fresh_images=fresh.mean(),
        optimism_by_test=by_test,
        optimism_by_others=by_others,
    )


def draw_optimism(lab):
    """How much too high the chosen network's test score is, by the number to choose."""
    found = candidates(lab)
    chose, tested, fresh = found["chose"], found["tested"], found["fresh"]
    runs = {
        name: np.array([optimism(by, tested, fresh, k) for k in TRIALS]).T
        for name, by in {"by the test rows": tested, "by other rows": chose}.items()
    }
    figure, axes = figures.new(width=8.0, height=4.2)
    axes.axhline(0, color="#000000", lw=0.8)
    axes.set(xlim=(1, CANDIDATES), xticks=(1, 5, 10, 15, 20))
    axes.yaxis.set_major_formatter("{x:+.1%}")
    for index, (name, values) in enumerate(runs.items()):
        mean, color = values.mean(0), figures.COLORS[index]
        error = values.std(0) / np.sqrt(max(1, len(values)))
        axes.plot(TRIALS, mean, figures.LINES[index], color=color, label=name)
        axes.fill_between(TRIALS, mean - error, mean + error, color=color, alpha=0.15,
                          lw=0)  # fmt: skip
    figures.label_ends(axes)
    too_much = runs["by the test rows"][:, -1].mean() > 0
    title = f"Rows that choose report {'too much' if too_much else 'no more'}"
    x, y = "networks to choose from", "test score above its worth"
    figures.describe(axes, title, x, y)
    lab.figure(
        "optimism",
        figure,
        "By how much the test score of the chosen network is above its accuracy on "
        "fresh images, by the number of networks and by the rows that chose it: means "
        "over seeds, with their standard errors.",
    )


if __name__ == "__main__":
    main(__file__)
