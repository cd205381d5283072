"""Bad input of `fit`: one clear sentence before anything is trained.

Each case is (what is wrong, the call, words of the sentence). They run on the backend
of the tests; tests/test_other_backends.py runs them again on the others.
"""

import functools

import keras
import numpy as np
import pytest
import scipy.sparse

from recipes.lab.errors import LabError
from tests.faults.fit_models import (
    BAD,
    CROSSENTROPY,
    IDS,
    NAN,
    ONES,
    Batches,
    Columns,
    OwnLoss,
    X,
    Y,
    compiled,
    embedding,
    generator,
    images,
    net,
    sequence,
    sgd,
    speech,
    stateful,
    subclassed,
    swapped_names,
    tried,
    two_inputs,
    two_outputs,
    unbuilt,
)

Sparse = keras.losses.SparseCategoricalCrossentropy
schedules = keras.optimizers.schedules
Binary = keras.losses.BinaryCrossentropy
LABELS = "y holds labels from 0 to 3; the model's 3 outputs allow 0 to 2"
HUGE = X.astype("float64") * 1e300
ROWS = "all need the same number"
SEQUENCES, STEPS = np.zeros((24, 8, 4), "float32"), np.zeros((24, 8), int)


class Inherited(Sparse):
    """A subclass of Keras's loss."""


class Own(keras.losses.Loss):
    """A loss of one's own that calls Keras's cross-entropy."""

    def call(self, y_true, y_pred):
        labels = keras.ops.cast(y_true, "int32")
        return keras.ops.sparse_categorical_crossentropy(labels, y_pred)


class Frac(keras.losses.Loss):
    """A loss of one's own that hands labels on as they are."""

    def call(self, y_true, y_pred):
        return keras.ops.sparse_categorical_crossentropy(y_true, y_pred)


class Endless(Batches):
    """Batches without end."""

    @property
    def num_batches(self):
        return None


class Squares(keras.losses.Loss):
    """A loss that stretches (samples,) against (samples, 1) to a square."""

    def call(self, y_true, y_pred):
        return keras.ops.square(y_true - y_pred)


def one(loss, activation=None):
    return net(loss, activation, units=1)


def changed(array, value):
    array = array.copy()
    array.flat[3] = value
    return array


def with_class_weight(weights, y=Y, model=net):
    return lambda: tried(model(), y=y, class_weight=weights)


def validated(*data, **arguments):
    return lambda: tried(net(), validation_data=data, **arguments)


def with_option(**options):
    return lambda: tried(net(), **options)


def with_optimizer(**settings):
    return lambda: tried(net(optimizer=sgd(**settings)))


CASES = [
    # lengths
    (
        "y is longer",
        lambda: tried(net(), X[:-5]),
        f"x has 35 rows and y has 40: {ROWS}",
    ),
    ("y is shorter", lambda: tried(net(), y=Y[:-5]), "x has 40 rows and y has 35"),
    ("weights are fewer", with_option(sample_weight=ONES[:9]), "sample_weight has 9"),
    (
        "weights are more",
        with_option(sample_weight=np.ones(80)),
        "sample_weight has 80",
    ),
    ("one of two y", lambda: tried(two_outputs(), y=[Y, ONES[:7]]), r"y\[1\] has 7"),
    (
        "one of two x",
        lambda: tried(two_inputs(), {"p": X, "q": X[:9, :2]}, ONES),
        r"x\['q'\] has 9",
    ),
    (
        "weights of one output",
        lambda: tried(two_outputs(), y=[Y, ONES], sample_weight=[ONES, ONES[:5]]),
        r"sample_weight\[1\] has 5",
    ),
    (
        "validation",
        validated(X, Y[:9]),
        "validation x has 40 rows and validation y has",
    ),
    # labels, under each form of loss and model
    ("a string", lambda: tried(net(), y=BAD), LABELS),
    ("a string, unbuilt", lambda: tried(unbuilt(), y=BAD), LABELS),
    ("a string, subclassed", lambda: tried(subclassed(), y=BAD), LABELS),
    (
        "the other spelling",
        lambda: tried(net("SparseCategoricalCrossentropy"), y=BAD),
        LABELS,
    ),
    ("an object", lambda: tried(unbuilt(Sparse()), y=BAD), LABELS),
    (
        "a function",
        lambda: tried(net(keras.losses.sparse_categorical_crossentropy), y=BAD),
        LABELS,
    ),
    ("a subclass", lambda: tried(subclassed(Inherited()), y=BAD), LABELS),
    ("a loss of one's own", lambda: tried(net(Own()), y=BAD), LABELS),
    (
        "a lambda",
        lambda: tried(
            net(lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p)), y=BAD
        ),
        LABELS,
    ),
    ("a list", lambda: tried(net([CROSSENTROPY]), y=BAD), LABELS),
    (
        "a list of two",
        lambda: tried(two_outputs(), y=[BAD, ONES]),
        r"y\[0\] holds labels",
    ),
    (
        "a dict",
        lambda: tried(two_outputs(dict), y={"a": BAD, "b": ONES}),
        r"y\['a'\] holds labels from 0 to 3",
    ),
    ("by shape", lambda: tried(net("crossentropy"), y=BAD), LABELS),
    (
        "generalized",
        lambda: tried(net(keras.losses.CategoricalGeneralizedCrossEntropy()), y=BAD),
        LABELS,
    ),
    ("negative", lambda: tried(unbuilt(), y=np.where(Y == 2, -1, Y)), "from -1 to 1"),
    (
        "beside the ignored",
        lambda: tried(net(Sparse(ignore_class=255)), y=np.where(Y == 2, 255, 4)),
        "from 4 to 4, beside the ignored class 255",
    ),
    ("of 64 bits", lambda: tried(net(), y=changed(Y, 2**32)), "4294967296"),
    ("fractions", lambda: tried(unbuilt(), y=Y + 0.7), "not whole numbers"),
    (
        "text",
        lambda: tried(net(), y=np.array(["cat", "dog"] * 20)),
        "y holds text, such",
    ),
    (
        "objects of text",
        lambda: tried(net(), y=np.array(["1"] * 40, object)),
        "y holds t",
    ),
    ("in a sequence", lambda: tried(sequence(), SEQUENCES, STEPS + 3), "from 3 to 3"),
    (
        "one-hot for sparse",
        lambda: tried(net(), y=np.eye(3)[Y]),
        "For one-hot rows there",
    ),
    (
        "sparse for one-hot",
        lambda: tried(net("categorical_crossentropy")),
        "For labels there is sparse",
    ),
    (
        "in one output",
        lambda: tried(one(CROSSENTROPY, "sigmoid"), y=Y * 0),
        "two or more",
    ),
    (
        "fractions between, in a loss of one's own",
        lambda: tried(net(Frac()), y=np.where(np.arange(40) == 11, 0.7, Y)),
        "not whole numbers, such as 0",
    ),
    (
        "speech",
        lambda: tried(speech(), SEQUENCES, np.full((24, 3), 7)),
        "labels from 7 to 7",
    ),
    (
        "more than there are steps",
        lambda: tried(speech(), SEQUENCES, np.full((24, 5), 2)),
        "takes 9 steps; the output has 8",
    ),
    # targets
    (
        "of names in a list",
        lambda: tried(swapped_names(), {"p": X, "q": X}, [ONES, ONES]),
        "y is a list, but .* names its outputs; give a dict with 'b', 'u'",
    ),
    (
        "weights of names in a list",
        lambda: tried(
            swapped_names(),
            {"p": X, "q": X},
            {"b": ONES, "u": {"z": ONES}},
            sample_weight=[ONES, ONES],
        ),
        "sample_weight is a list, but",
    ),
    (
        "inputs of names in a list",
        lambda: tried(swapped_names(), [X, X], ONES),
        "x is a list, but .* names its inputs; give a dict with 'q', 'p'",
    ),
    (
        "weights of a name",
        with_option(sample_weight={"a": ONES}),
        "sample_weight has other names",
    ),
    (
        "two of a row",
        lambda: tried(net("categorical_hinge", None), y=np.ones((40, 3))),
        "a row that sums to 3.0; categorical_hinge takes",
    ),
    (
        "no shares",
        lambda: tried(net("kl_divergence"), y=np.ones((40, 3))),
        "a row that sums to 3.0; kl_divergence takes",
    ),
    (
        "sparse",
        lambda: tried(
            net("categorical_crossentropy"), y=scipy.sparse.csr_matrix(2 * np.eye(3)[Y])
        ),
        "from 0.0 to 2.0; categorical_crossentropy takes 0 to 1",
    ),
    (
        "smoothed too much",
        lambda: tried(
            net(keras.losses.CategoricalCrossentropy(label_smoothing=2.0)),
            y=np.eye(3)[Y],
        ),
        "label_smoothing=2.0; it must be",
    ),
    (
        "wider than the output",
        lambda: tried(one("mse"), y=X),
        r"y has the shape \(40, 4\)",
    ),
    (
        "narrower than the output",
        lambda: tried(net("mse", None), y=X[:, 0]),
        "both must",
    ),
    (
        "of one output of two",
        lambda: tried(two_outputs(), y=[Y, X]),
        r"y\[1\] has the sha",
    ),
    (
        "every pair",
        lambda: tried(one(Squares()), y=ONES),
        "every target with every output",
    ),
    (
        "above 1",
        lambda: tried(one("binary_crossentropy", "sigmoid")),
        "from 0 to 2; bin",
    ),
    (
        "below 0",
        lambda: tried(one("binary_crossentropy", "sigmoid"), y=Y - 1),
        "from -1 to 1; binary_crossentropy takes 0 to 1",
    ),
    (
        "rows of 2",
        lambda: tried(net("categorical_crossentropy"), y=np.ones((40, 3))),
        "a row that sums to 3.0",
    ),
    ("signs", lambda: tried(one("hinge"), y=Y), "all -1 and 1, or all 0 and 1"),
    ("counts", lambda: tried(one("poisson", "exponential"), y=-ONES), "values from 0"),
    ("none", lambda: tried(net(), y=None), "y is None, but the loss sparse"),
    ("too few", lambda: tried(two_outputs(), y=[Y]), "does not fit the outputs of"),
    (
        "too many",
        lambda: tried(two_outputs(), y=[Y, ONES, ONES]),
        "does not fit the out",
    ),
    (
        "wrong name",
        lambda: tried(two_outputs(dict), y={"a": Y, "c": ONES}),
        "does not fit",
    ),
    (
        "of a sequence",
        lambda: tried(sequence(), SEQUENCES, STEPS[:, 0]),
        "one label, a",
    ),
    # logits and probabilities
    (
        "logits",
        lambda: tried(one("binary_crossentropy"), y=Y % 2),
        "activation is linear",
    ),
    (
        "logits of a subclass",
        lambda: tried(subclassed(function=lambda z: z)),
        "puts out",
    ),
    (
        "twice",
        lambda: tried(one(Binary(from_logits=True), "sigmoid"), y=Y % 2),
        "already",
    ),
    (
        "twice, subclassed",
        lambda: tried(subclassed(Sparse(from_logits=True))),
        "already",
    ),
    (
        "softmax of one",
        lambda: tried(one("binary_crossentropy", "softmax"), y=Y % 2),
        "softmax of one unit",
    ),
    (
        "logits for shares",
        lambda: tried(net("kl_divergence", None), y=np.eye(3)[Y]),
        "kl_divergence takes shares from 0 to 1, but the output's activation is linear",
    ),
    (
        "logits for overlaps",
        lambda: tried(net(keras.losses.Dice(), None), y=np.eye(3)[Y]),
        "dice takes shares",
    ),
    # values
    ("NaN", lambda: tried(net(), NAN), "x holds values that are NaN"),
    (
        "NaN in a dict",
        lambda: tried(two_inputs(), {"p": NAN, "q": X[:, :2]}, ONES),
        r"x\['p'\] holds values",
    ),
    ("too large", lambda: tried(net(), HUGE), "more than float32 can hold"),
    ("empty", lambda: tried(net(), X[:0], Y[:0]), "x is empty"),
    ("masked", lambda: tried(net(), np.ma.masked_less(X, 0)), "masked array"),
    ("complex", lambda: tried(net(), X * 1j), "complex"),
    ("dates", lambda: tried(net(), y=Y.astype("datetime64[D]")), "datetime64"),
    ("objects", lambda: tried(net(), changed(X.astype(object), None)), "such as None"),
    ("ids below 0", lambda: tried(embedding(), changed(IDS, -1)), "ids from -1 to 9"),
    (
        "ids too large",
        lambda: tried(embedding("float32"), changed(IDS, 10)),
        "places 0 to",
    ),
    ("ids of 64 bits", lambda: tried(embedding(), changed(IDS, 2**33)), "8589934592"),
    (
        "ids with fractions",
        lambda: tried(embedding(), IDS + 0.5),
        "takes whole numbers",
    ),
    (
        "ids of one column",
        lambda: tried(compiled(Columns()), changed(IDS, -1)),
        "ids from",
    ),
    (
        "channels first",
        lambda: tried(images(), np.ones((40, 3, 16, 16)), ONES),
        "channels",
    ),
    # forms
    ("lists", lambda: tried(net(), X.tolist()), "list of lists"),
    ("a list of labels", lambda: tried(net(), y=Y.tolist()), "y is a list of numbers"),
    (
        "a list of weights",
        with_option(sample_weight=[1.0] * 40),
        "sample_weight is a list",
    ),
    ("one number", lambda: tried(net(), np.float32(3)), "single value"),
    ("a file", lambda: tried(net(), "data.csv"), "x is 'data.csv', a str"),
    ("nothing", lambda: tried(net(), None), "x is None"),
    ("fewer columns", lambda: tried(net(), X[:, :3]), r"takes \(samples, 4\)"),
    ("a missing input", lambda: tried(two_inputs(), {"p": X}, ONES), "no part 'q'"),
    # weights
    ("below 0", with_option(sample_weight=-ONES), "sample_weight holds -1.0"),
    (
        "NaN weights",
        with_option(sample_weight=ONES * np.nan),
        "sample_weight holds values",
    ),
    ("all 0", with_option(sample_weight=0 * ONES), "is 0 for all samples"),
    (
        "of a wrong shape",
        with_option(sample_weight=np.ones((40, 3))),
        "one weight a sample",
    ),
    ("class below 0", with_class_weight({0: -1.0}), "class 0 the weight -1.0"),
    ("class NaN", with_class_weight({0: float("nan")}), "the weight nan"),
    ("class unknown", with_class_weight({5: 1.0}), "has the class 5"),
    (
        "class unknown to one output",
        lambda: tried(
            one("binary_crossentropy", "sigmoid"), y=Y % 2, class_weight={5: 2.0}
        ),
        "has the class 5; the model's 1 outputs allow 0 to 1",
    ),
    (
        "class unknown, one-hot",
        lambda: tried(
            net("categorical_crossentropy"), y=np.eye(3)[Y], class_weight={-1: 2.0}
        ),
        "has the class -1",
    ),
    ("class by name", with_class_weight({"cat": 1.0}), "has the key 'cat'"),
    ("classes in a list", with_class_weight([1.0, 2.0]), "class_weight must be a dict"),
    (
        "classes of a sequence",
        lambda: tried(sequence(), SEQUENCES, STEPS, class_weight={0: 2.0}),
        "one class a sample",
    ),
    (
        "classes of two outputs",
        with_class_weight({0: 2.0}, [Y, ONES], two_outputs),
        "one target",
    ),
    ("both", with_option(class_weight={0: 2.0}, sample_weight=ONES), "not both"),
    # validation data
    ("NaN", validated(NAN, Y), "validation x holds values that are NaN"),
    ("labels", validated(X, BAD), f"validation {LABELS}"),
    (
        "fractions",
        validated(X, Y + 0.7),
        "validation y holds labels that are not whole",
    ),
    ("empty", validated(X[:0], Y[:0]), "validation x is empty"),
    ("weights", validated(X, Y, -ONES), "validation sample_weight holds -1.0"),
    ("all weights 0", validated(X, Y, 0 * ONES), "validation sample_weight is 0 for"),
    (
        "targets",
        lambda: tried(one("mse"), y=ONES, validation_data=(X, X)),
        "validation y h",
    ),
    ("too large", validated(HUGE, Y), "more than float32"),
    ("four parts", validated(X, Y, ONES, ONES), "it has 4 parts"),
    ("no targets", lambda: tried(net(), validation_data=X), "validation y is None"),
    ("lists", validated(X.tolist(), Y), "validation x is a list of lists"),
    (
        "all of it",
        with_option(validation_split=1.0),
        "validation_split=1.0 leaves nothing",
    ),
    ("NaN of it", with_option(validation_split=float("nan")), "validation_split=nan"),
    (
        "samples that a memory does not fit",
        lambda: tried(stateful(), SEQUENCES[:20], Y[:20], batch_size=8),
        "takes batches of 8; 20 samples of x and batch_size=8 make others",
    ),
    (
        "batches that a memory does not fit",
        lambda: tried(stateful(), SEQUENCES, Y[:24], batch_size=4),
        "takes batches of 8; 24 samples of x and batch_size=4",
    ),
    (
        "validation that a memory does not fit",
        lambda: tried(
            stateful(),
            SEQUENCES,
            Y[:24],
            batch_size=8,
            validation_data=(SEQUENCES[:4], Y[:4]),
        ),
        "takes batches of 8; 4 samples of validation x",
    ),
    # options
    (
        "misspelt",
        with_option(batchsize=4),
        "no argument 'batchsize'. Did you mean 'batch_s",
    ),
    ("misspelt choice", with_option(on_divergence="rase"), "Did you mean 'raise'"),
    ("resident", with_option(resident="x"), "resident must be True or False"),
    ("xla", with_option(xla=3), "xla must be None or True or False, not 3"),
    ("shuffle", with_option(shuffle="batch"), "shuffle must be True or False"),
    ("batch size of 0", with_option(batch_size=0), "batch_size must be a whole number"),
    ("a true batch size", with_option(batch_size=True), "batch_size must be a whole"),
    ("true epochs", with_option(epochs=True), "epochs must be a whole number from 1"),
    ("a seed of text", with_option(seed="a"), "seed must be a whole number from 0"),
    ("no seed", with_option(seed=None), "seed must be a whole number from 0, not None"),
    (
        "a late start",
        with_option(initial_epoch=5),
        "initial_epoch must be a whole number",
    ),
    ("more steps", with_option(steps_per_epoch=1000), "from 1 to 2, not 1000"),
    (
        "steps that leave batches out",
        with_option(steps_per_epoch=3, batch_size=10, shuffle=False),
        "steps_per_epoch=3 does not divide the 4 batches",
    ),
    (
        "a loss weight that is no number",
        lambda: tried(net(loss_weights=[float("nan")])),
        "must be numbers, not nan",
    ),
    (
        "no steps",
        with_option(steps_per_epoch=0),
        "steps_per_epoch must be a whole number",
    ),
    (
        "verbose",
        with_option(verbose="loud"),
        "verbose must be a whole number from 0 to 2",
    ),
    ("frequency", with_option(validation_freq=0), "validation_freq must be a whole"),
    ("no frequency", with_option(validation_freq=[]), "names no epoch"),
    (
        "steps in one call",
        lambda: tried(net(steps_per_execution=0)),
        r"steps_per_execution=\) must be a whole number from 1",
    ),
    ("callbacks of text", with_option(callbacks="x"), "callbacks must hold callbacks"),
    ("no callback", with_option(callbacks=[None]), "callbacks must hold callbacks"),
    ("a class", with_option(callbacks=[keras.callbacks.History]), "the class History"),
    ("rate below 0", with_optimizer(learning_rate=-0.1), "learning_rate=-0.1"),
    ("rate NaN", with_optimizer(learning_rate=float("nan")), "learning_rate=nan"),
    (
        "rate of a schedule",
        with_optimizer(learning_rate=schedules.ExponentialDecay(-0.1, 1, 0.9)),
        "learning_rate=-0.1",
    ),
    (
        "rate of a schedule's end",
        with_optimizer(learning_rate=schedules.PolynomialDecay(0.1, 2, -1.0)),
        "learning_rate=-",
    ),
    ("rate of a function", with_optimizer(learning_rate=lambda: -0.1), "rate=-0.1"),
    ("scale of the loss", with_optimizer(loss_scale_factor=0.0), "loss_scale_factor"),
    ("clipping", with_optimizer(clipnorm=-1.0), "clipnorm=-1.0; it must be"),
    (
        "beta",
        lambda: tried(net(optimizer=keras.optimizers.Adam(beta_1=1.5))),
        "beta_1=1.5",
    ),
    # models
    ("no model", lambda: tried("net"), "fit takes a keras.Model"),
    (
        "not compiled",
        lambda: tried(keras.Sequential([keras.layers.Dense(1)])),
        "compile()",
    ),
    ("no loss", lambda: tried(net(None)), "has no loss"),
    ("no such loss", lambda: tried(net("mean_squared_eror")), "mean_squared_error"),
    # data sets
    (
        "set and y",
        lambda: tried(net(), Batches(X, Y)),
        "y goes with arrays; x is a Batches",
    ),
    (
        "set and weights",
        lambda: tried(net(), Batches(X, Y), None, sample_weight=0 * ONES),
        "sample_weight goes with arrays",
    ),
    (
        "set and size",
        lambda: tried(net(), Batches(X, Y), None, batch_size=4),
        "batch_size",
    ),
    (
        "set and seed",
        lambda: tried(net(), Batches(X, Y), None, seed=5),
        "seed goes with",
    ),
    (
        "set and split",
        lambda: tried(net(), Batches(X, Y), None, validation_split=0.5),
        "validation_split goes with arrays",
    ),
    (
        "generator and classes",
        lambda: tried(net(), generator(), None, class_weight={0: 2.0}),
        "class_weight goes with arrays",
    ),
    (
        "an empty set",
        lambda: tried(net(), Batches(X, Y, empty=True), None),
        "x is empty",
    ),
    (
        "an empty validation set",
        lambda: tried(net(), validation_data=Batches(X, Y, empty=True)),
        "validation x is empty",
    ),
    (
        "more steps than a set has",
        lambda: tried(net(), Batches(X, Y), None, steps_per_epoch=5),
        "steps_per_epoch must be a whole number from 1 to 4, not 5",
    ),
    (
        "more steps than a validation set has",
        lambda: tried(net(), validation_data=Batches(X, Y), validation_steps=5),
        "validation_steps must be a whole number from 1 to 4, not 5",
    ),
    (
        "a set without end",
        lambda: tried(net(), Endless(X, Y), None),
        "has no end: give",
    ),
    ("a set as y", lambda: tried(net(), y=Batches(X, Y)), "a data set stands alone"),
]

DRAWN = [
    ("a loss of the model's own", lambda: tried(compiled(OwnLoss(), None), y=BAD), "3"),
    (
        "a rate that a callback sets",
        with_option(callbacks=[keras.callbacks.LearningRateScheduler(lambda _: -0.1)]),
        "learning_rate=-0.1",
    ),
    (
        "a generator used up",
        lambda: tried(net(), generator(), None, epochs=3),
        "ended after 4 batches and can't begin anew",
    ),
    (
        "a generator too short",
        lambda: tried(net(), generator(), None, epochs=3, steps_per_epoch=3),
        "ended after 4 batches of 9 that steps_per_epoch asks for",
    ),
    (
        "a validation generator used up",
        lambda: tried(net(), validation_data=generator(), epochs=2),
        "validation x is a generator that ended after 4 batches and",
    ),
    (
        "four parts",
        lambda: tried(net(), ((X, Y, ONES, ONES) for _ in range(2)), None),
        "it has 4 parts",
    ),
    (
        "lists",
        lambda: tried(net(), ((X.tolist(), Y.tolist()) for _ in range(2)), None),
        "a batch's x is a list that holds",
    ),
    (
        "text",
        lambda: tried(net(), ((X, np.array(["a"] * 40)) for _ in range(2)), None),
        "a batch's y holds text",
    ),
    (
        "all weights 0",
        lambda: tried(net(), Batches(X, Y, 0 * ONES), None),
        "sample_weight is 0 in every batch",
    ),
    (
        "fewer columns",
        lambda: tried(net(), Batches(X[:, :3], Y), None),
        r"a batch's x has the shape \(10, 3\)",
    ),
    (
        "ids below 0",
        lambda: tried(embedding(), Batches(changed(IDS, -1), Y), None),
        "a batch's x holds ids from -1 to",
    ),
    (
        "ids of one column",
        lambda: tried(compiled(Columns()), Batches(changed(IDS, 10), Y), None),
        "places 0 to 9",
    ),
    (
        "class unknown",
        lambda: tried(net(), Batches(X, Y), None, class_weight={5: 2.0}),
        "has the class 5",
    ),
    (
        "class and weights",
        lambda: tried(net(), Batches(X, Y, ONES), None, class_weight={0: 2.0}),
        "not both",
    ),
    ("NaN", lambda: tried(net(), Batches(NAN, Y), None), "a batch's x holds values"),
    ("labels", lambda: tried(net(), Batches(X, BAD), None), "a batch's y holds labels"),
    ("lengths", lambda: tried(net(), Batches(X, Y[:35]), None), "parts of .* rows"),
    (
        "weights",
        lambda: tried(net(), Batches(X, Y, -ONES), None),
        "sample_weight holds",
    ),
    ("NaN, generated", lambda: tried(net(), generator(NAN), None), "a batch's x holds"),
    ("nothing", lambda: tried(net(), (x for x in ()), None), "gave no batch"),
    (
        "NaN to validate",
        lambda: tried(net(), validation_data=Batches(NAN, Y)),
        "a batch's validation x holds values",
    ),
    (
        "labels to validate",
        lambda: tried(net(), validation_data=Batches(X, BAD)),
        "a batch's validation y holds labels from 0 to 3",
    ),
]


def named(cases):
    return [
        pytest.param(*case[1:], id=f"{i}: {case[0]}") for i, case in enumerate(cases)
    ]


@pytest.mark.parametrize(("call", "words"), named(CASES))
def test_one_sentence_before_anything_is_trained(call, words, monkeypatch):
    @functools.wraps(keras.Model.fit)  # its names of arguments are looked at
    def trained(*_, **__):
        raise AssertionError("training began")

    monkeypatch.setattr(keras.Model, "fit", trained)
    with pytest.raises(LabError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("call", "words"), named(DRAWN))
def test_one_sentence_when_a_batch_is_drawn(call, words):
    with pytest.raises(LabError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
