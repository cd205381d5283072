"""Words: synonyms teach words that were never seen; a swap can turn the meaning round.

Two changes of a sentence need no other model: put words of the same meaning in place of
some, and let two words change places. What they are worth depends on who reads. A bag
of words only counts: a swap changes nothing for it, exactly. A recurrent network reads
in order, and in these sentences order decides: behind "but" the second clause counts,
behind "though" the first, and "not" turns a clause round.

Keras has no layers for this, so here are two, of a few lines each. In the model they
draw anew in every epoch, on any backend. The dictionary holds all synonyms of the
generated sentences: it decides about these, not about a thesaurus.
"""

import keras
import numpy as np
from keras import layers, ops

from recipes.generalization.augmentation._strengths import VALIDATION, at_best, learned
from recipes.lab import (
    Finding,
    Study,
    claim,
    experiment,
    figures,
    generators,
    main,
    stats,
)
from zoo import encode_words, gru

SYNONYMS = generators.SYNONYMS
WORDS = sorted({"the", "was", "not", "but", "though"}.union(*map(set, SYNONYMS)))
NUMBER = {word: number for number, word in enumerate(WORDS, 2)}  # as `encode_words`
LENGTH, TOKENS = 11, len(WORDS) + 2  # words of a sentence, and numbers in use
MOST = max(map(len, SYNONYMS))  # words of one meaning
ROWS, TEST = 200, 2000
BATCH, RATE = 25, 0.01
READERS = ("bag of words", "in order")
KINDS = {"synonyms": (0.1, 0.3, 1.0), "swaps": (1, 3, 10)}


class Synonyms(layers.Layer):
    """Puts words of the same meaning in place of a share of the words.

    Args:
        share: Of the words, in [0, 1].
    """

    def __init__(self, share: float, **options):
        super().__init__(**options)
        self.share, self.random = share, keras.random.SeedGenerator()
        table = [[number] * MOST for number in range(TOKENS)]  # itself, where no other
        for group in SYNONYMS:
            for word in group:
                others = [group[i % len(group)] for i in range(MOST)]
                table[NUMBER[word]] = [NUMBER[other] for other in others]
        self.table = np.array(table, "int32")

    def call(self, words, training=False):
        """Words (batch, length) as numbers; the same in a test."""
        if not training:
            return words
        shape = ops.shape(words)
        which = keras.random.randint(shape, 0, MOST, seed=self.random)
        others = ops.take(ops.reshape(self.table, (-1,)), words * MOST + which)
        change = keras.random.uniform(shape, seed=self.random) < self.share
        return ops.where(change, others, words)


class Swaps(layers.Layer):
    """Lets two words, drawn at random, change places, some times over.

    Args:
        times: How often, from 1.
    """

    def __init__(self, times: int, **options):
        super().__init__(**options)
        self.times, self.random = times, keras.random.SeedGenerator()

    def call(self, words, training=False):
        """Words (batch, length) as numbers; the same in a test."""
        if not training:
            return words
        rows, length = ops.shape(words)[0], words.shape[1]
        places = ops.arange(length, dtype="int32")[None]
        for _ in range(self.times):
            one, other = (
                keras.random.randint((rows, 1), 0, length, seed=self.random)
                for _ in range(2)
            )
            source = ops.where(places == one, other, places)
            source = ops.where(places == other, one, source)
            words = ops.take_along_axis(words, source, axis=1)
        return words


def reader(input_shape, kind, change=None, strength=0) -> keras.Model:
    """A bag of words with one layer, or a recurrent network of 16 units; 2 logits."""
    x = words = keras.Input(input_shape, dtype="int32")
    if change:
        x = {"synonyms": Synonyms, "swaps": Swaps}[change](strength)(x)
    if kind == "in order":
        network = gru(
            input_shape, 2, units=(16,), vocabulary_size=TOKENS, embedding_dim=16
        )
        return keras.Model(words, network(x))
    counts = layers.Embedding(TOKENS, 2)(x)  # a weight a word and class, summed
    return keras.Model(words, layers.GlobalAveragePooling1D(dtype="float32")(counts))


network = Study(
    reader,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def train(case, seed, data) -> dict[str, float]:
    """Trains one reader on sentences that are changed in one way.

    Args:
        case: `kind`, one of `READERS`; `change`, None or one of `KINDS`; `strength`;
            `epochs`.
        seed: Decides sentences, weights and changes.
        data: None; the sentences are generated.

    Returns:
        Accuracies "training", "validation" and "test".
    """
    texts, y = generators.opinions(ROWS + VALIDATION + TEST, seed=seed)
    x = encode_words(texts, WORDS, LENGTH)
    return learned(
        network,
        x,
        y,
        seed,
        rows=ROWS,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={k: case[k] for k in ("kind", "change", "strength")},
    )


@experiment
def scores(lab) -> dict[str, np.ndarray]:
    """Test accuracies by "reader, change" at the best strength, one a seed."""
    epochs = max(1, lab.settings.epochs // 2)
    grid = {
        f"{kind}, {change}": {
            strength: {
                "kind": kind,
                "change": None if change == "nothing" else change,
                "strength": strength,
                "epochs": epochs,
            }
            for strength in strengths
        }
        for kind in READERS
        for change, strengths in {"nothing": (0,), **KINDS}.items()
    }
    _, runs = at_best(lab, train, grid, "changes of sentences")
    return {name: stats.column(found, "test") for name, found in runs.items()}


@claim(
    "aug-text",
    "Texts are augmented by synonyms, by words that change places, and by translation "
    "to another language and back: it helps a model with new texts.",
    says="often",
    hedge="helps",
    notes="004",
    scope="200 generated sentences in which order decides, with a dictionary of their "
    "synonyms; a bag of words and a GRU",
)
def changed_sentences_help(lab):
    """Test accuracy of both readers with synonyms and with swaps against nothing."""
    found = scores(lab)
    conditions: dict = {
        f"{change}, read {'as a ' if kind.startswith('bag') else ''}{kind}":
            stats.greater(
                found[f"{kind}, {change}"],
                found[f"{kind}, nothing"],
                by=stats.ACCURACY_POINT,
            )
        for change in KINDS
        for kind in READERS
    }  # fmt: skip
    conditions["back-translation (not judged: no translation model is at hand)"] = None
    means = {name: float(values.mean()) for name, values in found.items()}
    return Finding(
        conditions,
        "Read in order, {order[synonyms]:.1%} of new sentences are judged rightly with "
        "synonyms, {order[swaps]:.1%} with swaps, {order[nothing]:.1%} with neither; "
        "as a bag of words {bag[synonyms]:.1%}, {bag[swaps]:.1%} and "
        "{bag[nothing]:.1%}. A bag of words can't tell which clause counts.",
        figure=draw_words,
        order={c: means[f"in order, {c}"] for c in ("nothing", *KINDS)},
        bag={c: means[f"bag of words, {c}"] for c in ("nothing", *KINDS)},
    )


def draw_words(lab):
    """Test accuracy of both readers by change, a dot a seed."""
    figure, axes = figures.new(width=7.6, height=4.2)
    found, changes = scores(lab), ("nothing", *KINDS)
    for index, kind in enumerate(READERS):
        values = [100 * found[f"{kind}, {change}"] for change in changes]
        places = np.arange(3) + 0.35 * (index - 0.5)
        label = "bag of words" if index == 0 else "GRU, reads in order"
        color = figures.COLORS[index]
        axes.bar(places, [v.mean() for v in values], 0.35, color=color, label=label)
        for place, seen in zip(places, values, strict=True):
            axes.plot([place] * len(seen), seen, ".", color="#000000", markersize=4)
    axes.axhline(50, color="#000000", lw=0.8, ls=":")
    axes.set_xticks(range(3), changes)
    axes.set_ylim(40, 112)
    axes.set_yticks(range(40, 101, 10))
    figures.legend(axes, loc="upper center", ncols=2)
    gains = {c: found[f"in order, {c}"] - found["in order, nothing"] for c in KINDS}
    told = [f"{name} {100 * gain.mean():+.0f} points" for name, gain in gains.items()]
    title = f"Read in order: {' and '.join(told)}"
    figures.describe(axes, title, "change of the training sentences", "accuracy (%)")
    lab.figure(
        "words",
        figure,
        "Accuracy on new sentences of a bag of words and a GRU by how the training "
        "sentences were changed; dots are seeds, the dotted line is guessing.",
    )


if __name__ == "__main__":
    main(__file__)
