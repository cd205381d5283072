"""Rows, keys and state are those of the steps that were made, and of no others."""

import keras
import numpy as np
import pytest
from keras import layers

from callbacks import (
    AutoClip,
    GradientClipping,
    GradientNorms,
    LossWeightSchedule,
    NoisySampleWeighting,
    UncertaintyWeighting,
)
from tests.callbacks.helpers import (
    KeepWeights,
    assert_untouched,
    data,
    dense,
    everything,
    fit,
    numpy,
    on,
)


def _generator(x, y):
    for start in range(0, len(x), 8):
        yield x[start : start + 8], y[start : start + 8]


def _unknown_length(kind, x, y):
    if kind == "generator":
        return _generator(x, y)
    import tensorflow as tf

    whole = tf.data.Dataset.from_tensor_slices((x, y))
    return whole.filter(lambda a, b: True).batch(8)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("kind", ["data set", "generator"])
@pytest.mark.parametrize("eagerly", [False, True])
def test_data_of_unknown_length_gives_a_row_a_batch(kind, eagerly):
    epochs = 1 if kind == "generator" else 3
    if kind == "data set":
        pytest.importorskip("tensorflow")
    (x, y), steps = data(24), 3 * epochs
    model = dense(keras.optimizers.SGD(0.1), run_eagerly=eagerly)
    norms = GradientNorms()
    update = GradientNorms(stage="update", name="update")
    clips = [GradientClipping(100.0), AutoClip(50.0)]
    history = model.fit(
        _unknown_length(kind, x, y),
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[norms, update, *clips],
    ).history
    reference = GradientNorms()
    plain = dense(keras.optimizers.SGD(0.1))
    expected = fit(plain, x, y, reference, GradientClipping(100.0), AutoClip(50.0),
                   batch=8, epochs=epochs)  # fmt: skip
    assert norms.table.norms.shape == (steps, 4)
    assert update.table.norms.shape == (steps, 4)
    assert norms.batches == steps
    np.testing.assert_allclose(norms.table.norms, reference.table.norms, rtol=1e-5)
    for key, values in expected.items():
        np.testing.assert_allclose(history[key], values, rtol=1e-5, err_msg=key)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@on("tensorflow", because="elsewhere a batch that isn't there runs nothing")
def test_many_epochs_of_unknown_length_stay_in_step():
    """Two in three batches are the last: a write too early would show every time."""
    x, y = data(6)
    source = _unknown_length("data set", x, y)
    norms, weighting = GradientNorms(keep=1000), UncertaintyWeighting(0.1)
    model = dense(keras.optimizers.SGD(0.0))
    history = model.fit(
        source, epochs=40, shuffle=False, verbose=0, callbacks=[norms, weighting]
    ).history
    assert norms.table.epochs.tolist() == list(range(40))
    other = fit(dense(keras.optimizers.SGD(0.0)), x, y, UncertaintyWeighting(0.1),
                batch=8, epochs=40)  # fmt: skip
    np.testing.assert_allclose(history["sigma/out"], other["sigma/out"], rtol=1e-5)


class Unfreeze(keras.callbacks.Callback):
    def __init__(self, trainable, at=1):
        super().__init__()
        self.trainable, self.at = trainable, at

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            self.model.get_layer("hidden").trainable = self.trainable
            self.model.compile(keras.optimizers.SGD(0.5), "mse")
            self.model.optimizer.build(self.model.trainable_variables)
            self.model.make_train_function()


@pytest.mark.parametrize("trainable", [True, False])
def test_a_layer_that_is_unfrozen_or_frozen_in_mid_training(trainable):
    model = dense()
    model.get_layer("hidden").trainable = not trainable
    model.compile(keras.optimizers.SGD(0.5), "mse")
    norms, clip = GradientNorms(update_ratio=True, zero_share=True), AutoClip(50.0)
    history = fit(model, *data(), norms, clip, Unfreeze(trainable), epochs=2)
    table = norms.table
    assert table.norms.shape == (20, 4)
    assert set(table.layers) == {"hidden", "out"}
    columns = [i for i, v in enumerate(table.variables) if v.startswith("hidden")]
    seen = ~np.isnan(table.norms[:, columns])
    assert seen[10:].all() == trainable
    assert seen[:10].any() == (not trainable)
    assert np.isfinite(table.global_norms).all()
    assert len(history["grad_norm"]) == 2
    assert len(history["grad_norm/hidden"]) == 1
    np.testing.assert_allclose(
        history["grad_norm"][1], table.global_norms[10:].mean(), rtol=1e-5
    )
    assert_untouched(model, len(model.optimizer.variables))


def _towers(names=("left", "right")):
    keras.utils.set_random_seed(0)

    def tower(name):
        inputs = keras.Input((5,))
        return keras.Model(inputs, layers.Dense(3, name="hidden")(inputs), name=name)

    inputs = keras.Input((5,))
    sides = [tower(name)(inputs) for name in names]
    outputs = layers.Dense(1, name="out")(layers.Add()(sides))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def test_layers_of_equal_name_have_rows_of_their_own(tmp_path):
    kept, norms, model = KeepWeights(), GradientNorms(), _towers()
    history = fit(model, *data(), kept, norms)
    assert norms.table.layers == ["left/hidden", "right/hidden", "out"]
    changes = kept.changes() / 0.05
    by_layer = np.sqrt(np.square(changes).reshape(-1, 3, 2).sum(-1))
    np.testing.assert_allclose(norms.table.layer_norms, by_layer, rtol=1e-5)
    np.testing.assert_allclose(
        history["grad_norm/right/hidden"], by_layer[:, 1].mean(), rtol=1e-5
    )
    norms.to_csv(tmp_path / "norms.csv")
    head = (tmp_path / "norms.csv").read_text().splitlines()[0].split(",")
    assert len(head) == len(set(head)) == 3 + 6


class Alike(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(3, name="same")
        self.second = layers.Dense(3, name="same")
        self.third = layers.Dense(1, name="same_1")

    def call(self, x):
        return self.third(self.first(x) + self.second(x))


def test_layers_that_only_the_order_tells_apart_are_numbered():
    model, kept, norms = Alike(), KeepWeights(), GradientNorms()
    model.compile(keras.optimizers.SGD(0.05), "mse")
    model(data()[0])
    fit(model, *data(), kept, norms)
    assert norms.table.layers == ["same", "same_2", "same_1"]
    np.testing.assert_allclose(norms.table.norms, kept.changes() / 0.05, rtol=1e-4)


class TwoWeights(layers.Layer):
    def build(self, shape):
        self.a = self.add_weight(shape=(5, 1), name="w")
        self.b = self.add_weight(shape=(5, 1), name="w")

    def call(self, x):
        return x @ self.a + (x**2) @ self.b


def test_weights_of_equal_name_stay_in_their_layer():
    model = keras.Sequential([layers.Input((5,)), TwoWeights(name="pair")])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    kept, norms = KeepWeights(), GradientNorms()
    fit(model, *data(), kept, norms)
    assert norms.table.layers == ["pair"]
    assert norms.table.variables == ["pair/w", "pair/w_1"]
    np.testing.assert_allclose(norms.table.norms, kept.changes() / 0.01, rtol=1e-4)


def test_two_callbacks_of_one_class_have_keys_of_their_own():
    first = GradientNorms(update_ratio=True)
    second = GradientNorms(stage="update", update_ratio=True, name="after")
    history = fit(dense(), *data(), first, GradientClipping(0.01), second)
    assert history["grad_norm"][0] > 0.02
    np.testing.assert_allclose(history["after_norm"], 0.01, rtol=1e-4)
    np.testing.assert_allclose(history["after_norm_max"], 0.01, rtol=1e-4)
    assert history["update_ratio"] == history["after_update_ratio"]
    assert {"after_norm/hidden", "after_nonfinite"} <= set(history)


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        ([GradientNorms(), GradientNorms(stage="update")], "grad"),
        ([AutoClip(), AutoClip(20)], "autoclip"),
        ([NoisySampleWeighting(0.1), NoisySampleWeighting(0.2)], "kept"),
        ([GradientClipping(1.0, name="x"), AutoClip(name="x")], "x"),
        ([GradientClipping(1.0, name="x"), GradientNorms(name="x")], "x"),
    ],
)
def test_equal_names_in_one_fit_are_refused(pair, name):
    with pytest.raises(ValueError, match=f"name must differ .* got '{name}' twice"):
        fit(dense(), *data(), *pair)


def test_one_callback_given_twice_is_refused():
    norms = GradientNorms()
    with pytest.raises(ValueError, match="same GradientNorms stands twice"):
        fit(dense(), *data(), norms, norms)


class Boom(keras.callbacks.Callback):
    """Raises from one of its hooks."""

    def __init__(self, hook, error=RuntimeError):
        super().__init__()

        def fail(at, logs=None):
            if at == 1:
                raise error("on purpose")

        setattr(self, hook, fail)


HOOKS = ["on_train_batch_begin", "on_train_batch_end", "on_epoch_begin", "on_epoch_end"]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("error", "ours_first", "after"),
    [
        (RuntimeError, True, "train_on_batch"),
        (KeyboardInterrupt, True, "fit"),
        (RuntimeError, False, "another fit"),
    ],
)
def test_nothing_acts_after_an_exception(hook, error, ours_first, after):
    x, y = data(8)
    model = dense(keras.optimizers.SGD(0.1))
    fit(model, x, y)
    function, count = model.train_function, len(model.optimizer.variables)
    ours = [GradientClipping(1e-6), NoisySampleWeighting(0.5)]
    boom = Boom(hook, error)
    with pytest.raises(error):
        fit(model, x, y, *(ours if ours_first else []), boom,
            *([] if ours_first else ours), epochs=3)  # fmt: skip
    before = numpy(model.get_layer("out").bias)
    if after == "train_on_batch":
        model.train_on_batch(x, y)
    elif after == "fit":
        fit(model, x, y)
    else:
        fit(model, x, y, keras.callbacks.LambdaCallback())
    assert np.abs(numpy(model.get_layer("out").bias) - before).max() > 1e-4
    assert model.train_function is function
    assert_untouched(model, count)
    fit(model, x, y, *ours)
    assert model.train_function is function


def test_a_fit_within_a_fit_is_its_own():
    class Inner(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            before = numpy(other.get_layer("out").bias)
            fit(other, *data(4))
            other.train_on_batch(*data(4))
            moved.append(np.abs(numpy(other.get_layer("out").bias) - before).max())

    other, moved = dense(keras.optimizers.SGD(0.1)), []
    norms = GradientNorms()
    fit(dense(), *data(8), norms, GradientClipping(1e-6), Inner())
    assert len(norms.table.norms) == 2
    assert min(moved) > 1e-4


def test_a_loop_of_ones_own_calls_the_callbacks():
    x, y = data(12)
    model, kept, norms = dense(), KeepWeights(), GradientNorms()
    each = [kept, norms, GradientClipping(0.1)]
    run = keras.callbacks.CallbackList(each, model=model, add_history=True)
    run.on_train_begin()
    for epoch in range(2):
        run.on_epoch_begin(epoch)
        for batch in range(3):
            run.on_train_batch_begin(batch)
            rows = slice(4 * batch, 4 * batch + 4)
            logs = model.train_on_batch(x[rows], y[rows], return_dict=True)
            run.on_train_batch_end(batch, logs)
        run.on_epoch_end(epoch, logs)
    run.on_train_end()
    assert norms.table.epochs.tolist() == [0] * 3 + [1] * 3
    steps = np.sqrt(np.square(kept.changes()).sum(1)) / 0.5
    np.testing.assert_allclose(
        steps, np.minimum(norms.table.global_norms, 0.1), rtol=1e-4
    )
    assert "grad_norm" in run._history.history
    model.train_on_batch(x, y)
    assert len(norms.table.norms) == 6


def test_every_key_is_logged_in_every_epoch_and_validation_is_as_compiled():
    x, y = data(8)
    all_of_them = [
        GradientNorms(update_ratio=True),
        GradientClipping(0.1),
        AutoClip(),
        NoisySampleWeighting(0.5),
        LossWeightSchedule({"out": 0.0}),
    ]
    model, plain = dense(), dense()
    weights = {"class_weight": None, "sample_weight": np.full(8, 5.0)}
    history = fit(model, x, y, *all_of_them, epochs=3, validation_data=(x, y),
                  **weights)  # fmt: skip
    assert {len(values) for values in history.values()} == {3}
    expected = plain.evaluate(x, y, verbose=0)
    # A weight of 0 moves nothing, so validation is what it was.
    np.testing.assert_allclose(history["val_loss"], expected, rtol=1e-5)
    for one, other in zip(everything(model)[:4], everything(plain)[:4], strict=True):
        np.testing.assert_array_equal(one, other)


def test_class_weights_weigh_the_norms():
    x, _ = data(12)
    labels = np.arange(12) % 3
    tables = []
    for weights in ({0: 1.0, 1: 50.0, 2: 0.5}, None):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([layers.Input((5,)), layers.Dense(3, "softmax")])
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        norms, kept = GradientNorms(), KeepWeights()
        fit(model, x, labels, norms, kept, class_weight=weights)
        changes = kept.changes() / 0.1
        np.testing.assert_allclose(norms.table.norms, changes, rtol=1e-4)
        tables.append(norms.table.norms)
    assert (tables[0][0] > 5 * tables[1][0]).all()


@on("tensorflow", because="elsewhere it takes effect with and without a callback")
def test_a_layer_that_is_frozen_without_compiling_is_a_warning():
    model = dense()
    fit(model, *data(8))
    model.get_layer("hidden").trainable = False
    with pytest.warns(UserWarning, match="'hidden/kernel' was frozen after"):
        fit(model, *data(8), GradientNorms())
