"""What Keras takes is taken by `fit`, and nothing that it is given is dropped."""

import functools
import sys

import keras
import numpy as np
import pytest
import scipy.sparse

from callbacks import GradientNorms
from recipes.lab import LabError, fit
from tests.faults.fit_models import (
    BAD,
    IDS,
    NAN,
    ONES,
    Batches,
    Columns,
    X,
    Y,
    compiled,
    embedding,
    generator,
    net,
    sequence,
    subclassed,
    swapped_names,
    two_outputs,
    unbuilt,
)

Sparse = keras.losses.SparseCategoricalCrossentropy
HALF = np.linspace(0, 1, 40, dtype="float32")


class Padded(keras.losses.Loss):
    """Leaves out the label -100, as many a loss of one's own does."""

    def call(self, y_true, y_pred):
        labels = keras.ops.cast(y_true, "int32")
        known = keras.ops.not_equal(labels, -100)
        labels = keras.ops.where(known, labels, 0)
        losses = keras.ops.sparse_categorical_crossentropy(labels, y_pred)
        return losses * keras.ops.cast(known, losses.dtype)


class Identities(keras.losses.Loss):
    """A loss of embeddings, whose labels are no outputs."""

    def call(self, y_true, y_pred):
        same = keras.ops.equal(y_true[:, None], y_true[None, :])
        distance = keras.ops.matmul(y_pred, keras.ops.transpose(y_pred))
        return keras.ops.mean(distance * keras.ops.cast(same, y_pred.dtype), -1)


class Shown(keras.Sequential):
    """A train step that builds on Keras's."""

    def train_step(self, *arguments):
        return super().train_step(*arguments)


def weights_of(model):
    return [np.array(weight) for weight in model.get_weights()]


def same_start(*models):
    for model in models[1:]:
        model.set_weights(models[0].get_weights())
    return models


def largest_difference(one, other):
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    return max(np.abs(first - second).max() for first, second in pairs)


TAKEN = {
    "ignored class -1": (net, Sparse(ignore_class=-1), np.where(Y == 2, -1, Y)),
    "ignored class 255": (unbuilt, Sparse(ignore_class=255), np.where(Y == 2, 255, Y)),
    "a partial function": (
        net,
        functools.partial(
            keras.losses.sparse_categorical_crossentropy, ignore_class=-1
        ),
        np.where(Y == 2, -1, Y),
    ),
    "a label left out": (net, Padded(), np.where(Y == 2, -100, Y)),
    "identities": (subclassed, Identities(), np.arange(40) * 25),
    "labels in a column": (net, "sparse_categorical_crossentropy", Y[:, None]),
    "labels with a point": (net, Sparse(), Y.astype("float64")),
    "labels of eight bytes": (net, Sparse(), Y.astype("int64").astype("uint64")),
    "labels of another byte order": (net, Sparse(), Y.astype(">i8")),
    "labels of one byte": (net, Sparse(), Y.astype("uint8")),
    "shares": (net, "categorical_crossentropy", np.full((40, 3), 1 / 3)),
    "smooth labels": (
        net,
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        np.eye(3)[Y],
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_targets_that_keras_takes(name):
    build, loss, y = TAKEN[name]
    ours, plain = same_start(*(compiled_on(build, loss) for _ in range(2)))
    fit(ours, X, y, shuffle=False)
    if y.dtype in ("uint64", ">i8"):  # PyTorch has none
        y = y.astype("int64")
    plain.fit(X, y, shuffle=False, verbose=0)
    assert largest_difference(ours, plain) < 1e-6


def compiled_on(build, loss):
    model = build(loss)
    model(X)  # builds it
    return model


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": None},
        {"batch_size": np.int64(16), "epochs": np.int32(2), "seed": np.int64(3)},
        {"batch_size": 10**12},
        {"class_weight": {0.0: 1.0, np.int64(1): 2.0}},
        {"sample_weight": np.ones((40, 1))},
        {"sample_weight": np.ones(40, int)},
        {"validation_data": [X, Y], "validation_steps": 1, "validation_freq": [1]},
        {"callbacks": keras.callbacks.History()},
        {"shuffle": np.False_, "verbose": 0},
    ],
)
def test_options_that_keras_takes(options):
    assert np.isfinite(fit(net(), X, Y, **options).history["loss"]).all()


@pytest.mark.parametrize("form", [list, dict])
def test_several_outputs_in_any_form(form):
    targets = {"a": Y, "b": HALF} if form is dict else [Y, HALF]
    weights = {"a": HALF, "b": ONES} if form is dict else [HALF, ONES]
    ours, plain = same_start(two_outputs(form), two_outputs(form))
    fit(ours, X, targets, sample_weight=weights, shuffle=False)
    plain.fit(X, targets, sample_weight=weights, shuffle=False, verbose=0)
    assert largest_difference(ours, plain) < 1e-6


@pytest.mark.parametrize("resident", [True, False])
def test_names_in_any_order_keep_their_arrays(resident):
    """On PyTorch Keras changes the parts of a dict in another order than it lists."""
    ours, plain = same_start(swapped_names(), swapped_names())
    x = {"q": X, "p": X[::-1] * 2}
    y = {"u": {"z": HALF}, "b": HALF * 3}
    weights = {"u": {"z": ONES}, "b": HALF}
    options = {"sample_weight": weights, "shuffle": False}
    fit(ours, x, y, resident=resident, **options)
    plain.fit(x, y, verbose=0, **options)
    assert largest_difference(ours, plain) < 1e-6


def test_a_generator_is_drawn_as_far_as_is_asked_for():
    batches = (batch for _ in range(3) for batch in generator())
    ours, plain = same_start(net(), net())
    fit(ours, batches, epochs=3, steps_per_epoch=4)
    for _ in range(3):
        plain.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    assert largest_difference(ours, plain) < 1e-6


def test_a_data_set_of_other_processes():
    if keras.backend.backend() == "jax":
        pytest.skip("JAX warns of a process that is forked")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        pytest.skip("CUDA starts in no process that is forked")
    data = Batches(X, Y)
    data.workers, data.use_multiprocessing = 2, True
    assert "loss" in fit(net(), data).history


def test_sparse_targets_train_as_the_array():
    ours, plain = same_start(*(net("categorical_crossentropy") for _ in range(2)))
    fit(ours, X, scipy.sparse.csr_matrix(np.eye(3)[Y]))
    fit(plain, X, np.eye(3)[Y])
    assert largest_difference(ours, plain) == 0


def test_a_loader_with_workers_is_looked_at():
    data = pytest.importorskip("torch.utils.data")
    if keras.backend.backend() == "jax":
        pytest.skip("JAX warns of a process that is forked")

    def loader(x, y):
        pairs = [(row, int(label)) for row, label in zip(x, y, strict=True)]
        return data.DataLoader(pairs, batch_size=10, num_workers=1)

    fit(net(), loader(X, Y))
    with pytest.raises(LabError, match="a batch's y holds labels from 0 to 3"):
        fit(net(), loader(X, BAD))


def test_an_output_without_weights_has_ones():
    ours, plain = same_start(two_outputs(), two_outputs())
    fit(ours, X, [Y, HALF], sample_weight=[HALF, None])
    fit(plain, X, [Y, HALF], sample_weight=[HALF, ONES])
    assert largest_difference(ours, plain) == 0


def test_a_train_step_that_calls_that_of_keras_is_checked():
    parts = [keras.Input((4,)), keras.layers.Dense(3, "softmax")]
    fit(compiled(Shown(parts)), X, Y)
    with pytest.raises(LabError, match="labels from 0 to 3"):
        fit(compiled(Shown(parts)), X, BAD)


@pytest.mark.parametrize("build", [embedding, lambda: compiled(Columns())])
def test_ids_within_the_embeddings(build):
    model = build()
    fit(model, IDS, Y)
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations.value)) == 2


def test_one_weight_a_sample_reaches_all_its_time_steps():
    """Eight samples a batch and eight steps: Keras takes the weights for steps'."""
    x = np.random.default_rng(3).normal(size=(24, 8, 4)).astype("float32")
    y, weights = np.arange(192).reshape(24, 8) % 3, np.linspace(0, 1, 24)
    one, each = same_start(sequence(), sequence())
    fit(one, x, y, batch_size=8, sample_weight=weights)
    fit(each, x, y, batch_size=8, sample_weight=np.repeat(weights[:, None], 8, 1))
    assert largest_difference(one, each) == 0


def test_class_weights_do_not_weigh_validation():
    model = net()
    history = fit(model, X, Y, class_weight={1: 50.0, 2: 0.5}, validation_split=0.25)
    expected = model.evaluate(X[30:], Y[30:], verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(expected, rel=1e-5)


def test_a_sparse_matrix_trains_as_the_array():
    sparse, dense = same_start(net(), net())
    options = {"batch_size": 8, "epochs": 2, "seed": 5, "sample_weight": HALF}
    fit(sparse, scipy.sparse.csr_matrix(X), Y, **options)
    fit(dense, X, Y, resident=False, **options)
    assert largest_difference(sparse, dense) == 0


def test_a_sparse_matrix_keeps_batch_size_and_weights():
    model = net()
    before = weights_of(model)
    x = scipy.sparse.csr_matrix(X[:37])
    fit(model, x, Y[:37], batch_size=4, sample_weight=np.zeros(37))
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations.value)) == 10
    for one, two in zip(before, weights_of(model), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_ragged_tensor_keeps_batch_size_and_order():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("ragged tensors are TensorFlow's")
    import tensorflow as tf

    lengths = [1, 2, 3] * 10
    rows = tf.RaggedTensor.from_row_lengths(np.arange(60) % 5, lengths)
    parts = [keras.Input((None,), dtype="int32"), keras.layers.Embedding(5, 2),
             keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]  # fmt: skip
    model = compiled(keras.Sequential(parts), "mse")
    fit(model, rows, np.ones(30), batch_size=3)
    assert int(model.optimizer.iterations.numpy()) == 10


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize(("steps", "shares"), [(2, (0, 20, 0, 20)), (3, (0, 0))])
def test_epochs_of_few_steps_go_on_in_one_order(steps, shares, resident):
    """The next epoch trains on what the one before left, while there is enough."""
    ours, plain = same_start(net(), net())
    given = {"batch_size": 10, "epochs": len(shares), "steps_per_epoch": steps}
    fit(ours, X, Y, seed=3, resident=resident, **given)
    orders = -1
    for first in shares:
        orders += first == 0
        order = np.random.default_rng([3, orders]).permutation(40)
        rows = order[first : first + 10 * steps]
        plain.fit(X[rows], Y[rows], batch_size=10, shuffle=False, verbose=0)
    assert largest_difference(ours, plain) < 1e-6


@pytest.mark.parametrize("rows", [40, 37])
def test_epochs_of_few_steps_are_keras_s(rows):
    ours, plain = same_start(net(), net())
    given = {"batch_size": 10, "epochs": 3, "steps_per_epoch": 2, "shuffle": False}
    fit(ours, X[:rows], Y[:rows], **given)
    plain.fit(X[:rows], Y[:rows], verbose=0, **given)
    assert largest_difference(ours, plain) < 1e-6


@pytest.mark.parametrize("resident", [True, False])
def test_training_that_is_told_to_stop_as_an_epoch_begins_makes_one_step(resident):
    class Stops(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    ours, plain = same_start(net(), net())
    fit(ours, X, Y, batch_size=10, epochs=9, shuffle=False, resident=resident,
        callbacks=[Stops()])  # fmt: skip
    plain.fit(X, Y, batch_size=10, epochs=9, shuffle=False, callbacks=[Stops()],
              verbose=0)  # fmt: skip
    assert int(ours.optimizer.iterations) == int(plain.optimizer.iterations) == 5
    assert largest_difference(ours, plain) < 1e-6


def test_a_data_set_is_looked_at_and_trained_on_as_it_is():
    ours, plain = same_start(net(), net())
    history = fit(ours, Batches(X, Y), shuffle=False, validation_data=Batches(X, Y))
    plain.fit(Batches(X, Y), shuffle=False, verbose=0)
    assert largest_difference(ours, plain) == 0
    assert set(history.history) == {"loss", "val_loss"}


def test_data_sets_of_tensorflow():
    tf = pytest.importorskip("tensorflow")

    def batches(*arrays):
        return tf.data.Dataset.from_tensor_slices(arrays).batch(10)

    assert len(fit(net(), batches(X, Y), epochs=2).history["loss"]) == 2
    assert "val_loss" in fit(net(), X, Y, validation_data=batches(X, Y)).history
    fit(net(), batches(X, Y), class_weight={0: 2.0})  # the others count once
    with pytest.raises(LabError, match="x has no end: give steps_per_epoch"):
        fit(net(), batches(X, Y).repeat())
    with pytest.raises(LabError, match="a single value: the data set has no batches"):
        fit(net(), batches(X, Y).unbatch())
    for bad, words in ((NAN, Y), "x holds values"), ((X, BAD), "y holds labels"):
        with pytest.raises(LabError, match=f"a batch's {words}"):
            fit(net(), batches(*bad))
        with pytest.raises(LabError, match=f"a batch's validation {words}"):
            fit(net(), X, Y, validation_data=batches(*bad))
    with pytest.raises(LabError, match="sample_weight goes with arrays"):
        fit(net(), batches(X, Y), sample_weight=np.zeros(40))


def test_mistakes_on_purpose():
    model = net(activation=None)
    with pytest.raises(LabError, match="activation is linear"):
        fit(model, X, Y)
    fit(model, X, Y, check_outputs=False, on_divergence="return")


def test_the_history_says_what_compiling_took():
    if keras.backend.backend() == "torch":
        pytest.skip("PyTorch compiles nothing here")
    model = net()
    assert fit(model, X, Y).first_call_seconds > 0
    assert fit(model, X, Y).first_call_seconds == 0


def test_gradient_norms_still_work_in_blocks():
    norms = GradientNorms()
    fit(net(), X, Y, batch_size=4, callbacks=[norms])
    assert len(norms.table.global_norms) == 10
