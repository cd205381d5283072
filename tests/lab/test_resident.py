"""Resident training is plain Keras on the same order of samples, only faster.

tests/test_other_backends.py runs these tests on JAX, too.
"""

import logging

import keras
import numpy as np
import pytest

from callbacks import GradientNorms
from recipes.lab import fit
from recipes.lab.errors import LabError
from recipes.lab.training import conversion
from zoo import dcgan

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 8)).astype("float32")
Y = RNG.integers(0, 3, 300).astype("int32")
IMAGES = RNG.random((90, 8, 8, 1)).astype("float32")
LABELS = RNG.integers(0, 3, 90).astype("int32")
WEIGHTS = RNG.random(300).astype("float32")
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def dense(optimizer=None, dropout=0.0, **compile_arguments):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.layers.Input((8,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(3),
        ]
    )
    compile_arguments.setdefault("metrics", ["accuracy"])
    model.compile(optimizer or keras.optimizers.Adam(0.01), CROSSENTROPY,
                  **compile_arguments)  # fmt: skip
    return model


def images():
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.layers.Input((8, 8, 1)),
            keras.layers.RandomFlip("horizontal", seed=5),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), CROSSENTROPY)
    return model


def plain_keras(model, x, y, *, batch_size, epochs, seed, sample_weight=None, **given):
    """Plain `model.fit`, one epoch after the other, on rows put in order before."""
    history: dict[str, list] = {}
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        weight = None if sample_weight is None else sample_weight[order]
        logs = model.fit(x[order], y[order], sample_weight=weight, epochs=1, verbose=0,
                         batch_size=batch_size, shuffle=False, **given)  # fmt: skip
        for key, values in logs.history.items():
            history.setdefault(key, []).extend(values)
    return history


def assert_same_weights(one, two, tolerance=1e-6):
    for first, second in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, atol=tolerance)


@pytest.mark.parametrize(
    ("given", "batch_size"),
    [
        ({}, 32),  # a last batch of 12
        ({}, 50),  # whole batches only
        ({}, 400),  # one batch, smaller than asked for
        ({"sample_weight": WEIGHTS}, 32),
        ({"class_weight": {0: 2.0, 2: 0.5}}, 32),
        ({"validation_data": (X[:40], Y[:40])}, 32),
    ],
)
def test_equals_plain_fit_with_dropout_and_batch_normalization(given, batch_size):
    run = {"batch_size": batch_size, "epochs": 3, "seed": 4, **given}
    ours, plain = dense(dropout=0.3), dense(dropout=0.3)
    history = fit(ours, X, Y, **run).history
    expected = plain_keras(plain, X, Y, **run)
    assert_same_weights(ours, plain)
    assert list(history) == list(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(history[key], values, rtol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX's compiler alone")
@pytest.mark.parametrize("nested", [False, True])
def test_no_convolution_is_put_into_a_loop(nested, monkeypatch):
    """There JAX compiles them, for a processor, to code many times slower."""
    import jax

    def made():
        model = images()
        if nested:
            inner = model
            model = keras.Sequential([keras.layers.Input((8, 8, 1)), inner])
            model.compile(keras.optimizers.SGD(0.1), CROSSENTROPY)
        return model

    loops, loop = [], jax.lax.fori_loop
    monkeypatch.setattr(
        jax.lax, "fori_loop", lambda *a, **k: loops.append(a) or loop(*a, **k)
    )
    run = {"batch_size": 20, "epochs": 2, "seed": 4}
    ours, plain = made(), made()
    fit(ours, IMAGES, LABELS, **run)
    assert bool(loops) == (jax.default_backend() != "cpu")
    plain_keras(plain, IMAGES, LABELS, **run)
    assert_same_weights(ours, plain, 1e-5)
    fit(dense(), X, Y, batch_size=32, epochs=1, seed=4)
    assert loops


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX always uses XLA")
def test_xla_equals_plain_fit():
    ours, plain = dense(), dense()
    fit(ours, X, Y, batch_size=32, epochs=2, seed=4, xla=True)
    plain_keras(plain, X, Y, batch_size=32, epochs=2, seed=4)
    assert_same_weights(ours, plain)


def test_convolutions_and_augmentation_equal_plain_fit():
    ours, plain = images(), images()
    fit(ours, IMAGES, LABELS, batch_size=16, epochs=2, seed=1)
    plain_keras(plain, IMAGES, LABELS, batch_size=16, epochs=2, seed=1)
    assert_same_weights(ours, plain)


def test_many_blocks_equal_one_step_a_call():
    """More steps than a block holds, and a last block that is not full."""
    ours, single = dense(), dense()
    fit(ours, X, Y, batch_size=1, epochs=1, seed=2)

    class Look(keras.callbacks.Callback):
        seen = 0

        def on_train_batch_end(self, batch, logs=None):
            self.seen += 1

    look = Look()
    fit(single, X, Y, batch_size=1, epochs=1, seed=2, callbacks=[look])
    assert look.seen == 300
    assert_same_weights(ours, single)


def test_several_steps_an_execution_as_compiled():
    class Look(keras.callbacks.Callback):
        ends = []

        def on_train_batch_end(self, batch, logs=None):
            self.ends.append(batch)

    ours, plain = dense(steps_per_execution=4), dense()
    fit(ours, X, Y, batch_size=32, epochs=1, seed=2, callbacks=[look := Look()])
    plain_keras(plain, X, Y, batch_size=32, epochs=1, seed=2)
    assert look.ends == [3, 7, 11]
    assert_same_weights(ours, plain)


class Traced(keras.layers.Layer):
    """Counts how often a train step is traced."""

    times = 0

    def call(self, x, training=None):
        Traced.times += bool(training)
        return x


def traced_classifier(kind: type = keras.Model, **compile_arguments):
    inputs = keras.Input((8,))
    model = kind(inputs, keras.layers.Dense(3)(Traced()(inputs)))
    given = {"optimizer": "adam", "metrics": ["accuracy"], **compile_arguments}
    model.compile(loss=CROSSENTROPY, **given)
    return model


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's way")
@pytest.mark.parametrize(
    "compiled",
    [
        {},
        {"optimizer": lambda: keras.optimizers.Adam(use_ema=True)},
        {
            "optimizer": lambda: keras.optimizers.LossScaleOptimizer(
                keras.optimizers.SGD()
            )
        },
        {"weighted_metrics": ["accuracy"]},
    ],
)
@pytest.mark.parametrize("resident", [True, False])
def test_a_step_is_traced_once(compiled, resident):
    """Where it makes variables while it is traced, TensorFlow traces it again."""
    made = {key: it() if callable(it) else it for key, it in compiled.items()}
    model = traced_classifier(**made)
    before = Traced.times
    fit(model, X, Y, batch_size=50, callbacks=[GradientNorms()], resident=resident)
    assert Traced.times == before + 1


def test_a_model_with_a_step_of_its_own_makes_its_state_in_it():
    class Own(keras.Model):
        """Its optimizer knows the last layer alone."""

        def train_step(self, data):
            import tensorflow as tf

            x, y = data
            with tf.GradientTape() as tape:
                loss = CROSSENTROPY(y, self(x, training=True))
            last = self.layers[-1].trainable_variables
            self.optimizer.apply(tape.gradient(loss, last), last)
            return {"loss": loss}

    if keras.backend.backend() != "tensorflow":
        pytest.skip("the step is written for TensorFlow")
    model = traced_classifier(Own, optimizer="sgd", metrics=None)
    fit(model, X, Y, batch_size=50)
    assert len(model.optimizer.variables) == 2  # iteration, learning rate
    assert int(model.optimizer.iterations) == 6


def test_a_second_fit_traces_nothing_again():
    class Counting(keras.layers.Layer):
        traces = 0

        def call(self, x):
            Counting.traces += 1
            return x

    model = keras.Sequential(
        [keras.layers.Input((8,)), Counting(), keras.layers.Dense(3)]
    )
    model.compile("sgd", CROSSENTROPY)
    fit(model, X, Y, batch_size=50)
    first = Counting.traces
    fit(model, X, Y, batch_size=50, epochs=3, seed=1)
    assert Counting.traces == first


def test_with_and_without_xla_in_turn_compiles_each_once():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("JAX always compiles with XLA")
    traces = []

    class Counting(keras.Sequential):
        def train_step(self, data):
            traces.append(1)
            return super().train_step(data)

    model = Counting([keras.layers.Input((8,)), keras.layers.Dense(3)])
    model.compile("sgd", CROSSENTROPY)
    for xla in (False, True):
        fit(model, X, Y, batch_size=50, xla=xla)
    first = len(traces)
    for xla in (False, True, False):
        fit(model, X, Y, batch_size=50, xla=xla)
    assert len(traces) == first


def test_arrays_that_were_changed_in_place_are_seen():
    x, y = X.copy(), Y.copy()
    changed, plain = dense("sgd"), dense("sgd")
    fit(changed, x, y, batch_size=50, epochs=1)
    fit(plain, X, Y, batch_size=50, epochs=1)
    x[7] = 3.0
    y[[0, 1]] = y[[1, 0]]
    fit(changed, x, y, batch_size=50, epochs=1)
    fit(plain, x.copy(), y.copy(), batch_size=50, epochs=1, resident=False)
    assert_same_weights(changed, plain)


def test_plain_fit_and_compile_afterwards():
    ours, plain = dense(), dense()
    for model, train in ((ours, fit), (plain, plain_keras)):
        train(model, X, Y, batch_size=32, epochs=1, seed=0)
        model.fit(X, Y, batch_size=32, epochs=1, shuffle=False, verbose=0)
        train(model, X, Y, batch_size=32, epochs=1, seed=1)
        model.compile(keras.optimizers.SGD(0.5), CROSSENTROPY)
        train(model, X, Y, batch_size=32, epochs=1, seed=2)
    assert_same_weights(ours, plain)


def test_predict_and_evaluate_see_all_rows_before_and_after():
    """Many steps in a call of training must not reach the other functions."""
    model = dense()
    before = model.evaluate(X, Y, verbose=0)
    assert model.predict(X, verbose=0).shape == (300, 3)
    history = fit(model, X, Y, batch_size=10, validation_data=(X, Y))
    after = model.evaluate(X, Y, verbose=0)
    assert before != after
    np.testing.assert_allclose(history.history["val_loss"][-1], after[0], rtol=1e-5)
    logits = model.predict(X, verbose=0)
    assert logits.shape == (300, 3)
    np.testing.assert_allclose((logits.argmax(1) == Y).mean(), after[1], rtol=1e-6)
    assert model.steps_per_execution == 1


def test_a_crash_leaves_nothing_behind():
    class Crash(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("on purpose")

    model = dense()
    with pytest.raises(RuntimeError, match="on purpose"):
        fit(model, X, Y, callbacks=[Crash()])
    assert "make_train_function" not in vars(model)
    assert not [name for name in vars(model) if "_resident" in name]
    model.fit(X, Y, verbose=0)


def test_keras_callbacks_work_unchanged(tmp_path):
    def callbacks(name):
        return [
            keras.callbacks.EarlyStopping("loss", patience=1, min_delta=0.02),
            keras.callbacks.ModelCheckpoint(tmp_path / f"{name}.{{epoch}}.keras"),
            keras.callbacks.CSVLogger(tmp_path / f"{name}.csv"),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        ]

    run = {"batch_size": 32, "epochs": 30, "seed": 4}
    ours, plain = dense(), dense()
    history = fit(ours, X, Y, callbacks=callbacks("ours"), **run).history
    expected = fit(plain, X, Y, callbacks=callbacks("plain"), resident=False, **run)
    assert 2 < len(history["loss"]) < 30
    assert_same_weights(ours, plain)
    assert list(history) == list(expected.history)
    ours_csv, plain_csv = (
        (tmp_path / f"{name}.csv").read_text().splitlines()
        for name in ("ours", "plain")
    )
    assert ours_csv[0] == plain_csv[0]
    assert len(ours_csv) == len(history["loss"]) + 1
    last = len(history["loss"])
    saved = keras.models.load_model(tmp_path / f"ours.{last}.keras")
    assert_same_weights(saved, ours)


def test_gradient_norms_sees_every_step_of_a_block():
    seen = {}
    for resident in (True, False):
        norms, model = GradientNorms(), dense()
        history = fit(model, X, Y, batch_size=2, epochs=2, callbacks=[norms],
                      resident=resident)  # fmt: skip
        seen[resident] = norms.table.global_norms, history.history["grad_norm"]
    assert len(seen[True][0]) == 300
    np.testing.assert_allclose(*(norms for norms, _ in seen.values()), rtol=1e-4)
    np.testing.assert_allclose(*(means for _, means in seen.values()), rtol=1e-4)


def test_a_model_with_two_optimizers_and_an_own_loss():
    def trained(resident):
        keras.utils.set_random_seed(0)
        gan = dcgan((8, 8, 1), latent_dim=4, filters=4, seed=1)
        x = np.random.default_rng(1).random((24, 8, 8, 1)).astype("float32")
        history = fit(gan, x, batch_size=8, epochs=1, seed=1, resident=resident)
        return gan, history.history

    (ours, history), (plain, expected) = trained(True), trained(False)
    assert list(history) == list(expected)
    assert_same_weights(ours, plain, 1e-5)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="a step of TensorFlow's")
def test_a_train_step_of_ones_own_and_its_logs():
    import tensorflow as tf

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = keras.layers.Dense(1)

        def call(self, x):
            return self.layer(x)

        def train_step(self, data):
            x = data[0] if isinstance(data, tuple) else data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self(x) ** 2)
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"own": loss, "rows": tf.shape(x)[0]}

    def trained(resident):
        keras.utils.set_random_seed(0)
        model = Own()
        model.compile("sgd")
        return model, fit(model, X, batch_size=32, epochs=2, resident=resident).history

    (ours, history), (plain, expected) = trained(True), trained(False)
    assert_same_weights(ours, plain)
    assert history["rows"] == expected["rows"] == [12, 12]
    np.testing.assert_allclose(history["own"], expected["own"], rtol=1e-5)


def test_mixed_precision_trains_in_the_compute_type():
    def trained(resident):
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            model = dense()
            fit(model, X, Y, batch_size=32, epochs=2, seed=4, resident=resident)
        finally:
            keras.config.set_dtype_policy("float32")
        return model

    assert_same_weights(trained(True), trained(False), 2e-2)


def test_inputs_by_name_and_several_outputs():
    def made():
        keras.utils.set_random_seed(2)
        a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
        both = keras.layers.Concatenate()([a, b])
        outputs = [keras.layers.Dense(3, name="one")(both),
                   keras.layers.Dense(1, name="two")(both)]  # fmt: skip
        model = keras.Model({"a": a, "b": b}, outputs)
        model.compile("sgd", [CROSSENTROPY, "mse"])
        return model

    ours, plain = made(), made()
    inputs, targets = {"a": X, "b": X[::-1]}, [Y, X[:, :1]]
    fit(ours, inputs, targets, batch_size=32, epochs=2)
    fit(plain, inputs, targets, batch_size=32, epochs=2, resident=False)
    assert_same_weights(ours, plain)


@pytest.mark.parametrize("in_memory", [True, False])
def test_double_precision_arrays_train_as_floatx(in_memory):
    ours, plain = dense(), dense()
    fit(ours, X.astype("float64"), Y, epochs=1, resident=in_memory)
    fit(plain, X, Y, epochs=1)
    assert_same_weights(ours, plain, 0)


def test_labels_of_64_bits_train_as_others():
    ours, plain = dense(), dense()
    fit(ours, X, Y.astype("int64"), epochs=1)
    fit(plain, X, Y.astype("int32"), epochs=1)
    assert_same_weights(ours, plain, 0)
    labels = conversion.as_array(Y.astype("int64"), "y")
    kept = {"jax": "int32"}.get(keras.backend.backend(), "int64")
    assert labels.dtype == kept


@pytest.mark.parametrize("weighted", [False, True])
def test_validation_in_memory_equals_that_of_plain_fit(weighted):
    held_out = (X[:53], Y[:53], WEIGHTS[:53])[: 3 if weighted else 2]
    model, plain = dense(dropout=0.3), dense(dropout=0.3)
    given = {"epochs": 3, "batch_size": 16, "seed": 4}
    history = fit(model, X, Y, validation_data=held_out, **given).history
    expected = plain_keras(plain, X, Y, validation_data=held_out, **given)
    assert set(history) == set(expected)
    for key in ("val_loss", "val_accuracy"):
        np.testing.assert_allclose(history[key], expected[key], rtol=1e-5)


def test_validation_traces_once_for_many_fits():
    traces = []

    class Counting(keras.Sequential):
        def test_step(self, *arguments):
            traces.append(1)
            return super().test_step(*arguments)

    model = Counting([keras.layers.Input((8,)), keras.layers.Dense(3)])
    model.compile("sgd", CROSSENTROPY)

    class Other(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(X[40:80], Y[40:80], verbose=0)

    given = {"validation_data": (X[:40], Y[:40]), "callbacks": [Other()]}
    fit(model, X, Y, epochs=2, **given)
    model.evaluate(X, Y, verbose=0)
    first = len(traces)
    for _ in range(2):
        fit(model, X, Y, epochs=2, **given)
        model.evaluate(X, Y, verbose=0)
    assert len(traces) == first


def test_a_callback_evaluates_other_data_between_validations():
    found = []

    class Other(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs = self.model.evaluate(X[100:], Y[100:], verbose=0, return_dict=True)
            found.append(logs["loss"])

    model, plain = dense("sgd"), dense("sgd")
    given = {"epochs": 3, "batch_size": 32, "seed": 1, "callbacks": [Other()]}
    given["validation_data"] = (X[:100], Y[:100])
    history = fit(model, X, Y, **given).history
    expected = fit(plain, X, Y, resident=False, **given).history
    np.testing.assert_allclose(history["val_loss"], expected["val_loss"], rtol=1e-5)
    np.testing.assert_allclose(found[:3], found[3:], rtol=1e-5)
    logs = model.evaluate(X[:50], Y[:50], verbose=0, return_dict=True)
    by_hand = CROSSENTROPY(Y[:50], model.predict(X[:50], verbose=0))
    assert logs["loss"] == pytest.approx(float(by_hand), rel=1e-5)


def test_a_callback_sees_every_batch_of_a_validation():
    seen = []

    class Batches(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            seen.append(batch)

    fit(dense(), X, Y, batch_size=64, validation_data=(X, Y),
        validation_batch_size=100, callbacks=[Batches()])  # fmt: skip
    assert seen == [0, 1, 2]


def test_validation_split_keeps_the_last_rows():
    ours, plain = dense(), dense()
    history = fit(ours, X, Y, epochs=2, validation_split=0.2).history
    fit(plain, X[:240], Y[:240], epochs=2)
    assert_same_weights(ours, plain, 0)
    assert len(history["val_loss"]) == 2


def test_data_that_does_not_fit_goes_the_ordinary_way_and_says_so(caplog, monkeypatch):
    caplog.set_level(logging.INFO, "recipes")
    monkeypatch.setattr("recipes.lab.training.resident.LARGEST", 1000)
    fit(dense(), X, Y)
    assert "the arrays take 0.0 GiB, over" in caplog.text
    eager, same = dense(run_eagerly=True), dense()
    fit(eager, X[:64], Y[:64])
    assert "the model is run eagerly" in caplog.text
    monkeypatch.undo()
    fit(same, X[:64], Y[:64])
    assert_same_weights(eager, same)
    batches = [(X[i : i + 50], Y[i : i + 50]) for i in range(0, 300, 50)]

    class Batches(keras.utils.PyDataset):
        num_batches = 6

        def __getitem__(self, index):
            return batches[index]

    history = fit(dense(), Batches(), epochs=2)
    assert len(history.history["loss"]) == 2
    assert "x is a Batches, not arrays" in caplog.text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"class_weight": {0: 1}, "sample_weight": WEIGHTS}, "not both"),
        ({"class_weight": {"cat": 1}}, "has the key 'cat'"),
        ({"validation_split": 1.0}, "validation_split=1.0 leaves nothing"),
        ({"y": None, "sample_weight": WEIGHTS}, "sample_weight needs targets"),
    ],
)
def test_arguments_that_exclude_each_other(given, told):
    with pytest.raises(LabError, match=told):
        fit(dense(), X, **{"y": Y, **given})


def trained(train, loss, y, **given):
    """The weights after an epoch of a small network, and its loss."""
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Input((8,)), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.1), loss)
    history = train(model, X, y, batch_size=32, shuffle=False, **given)
    return [*model.get_weights(), np.array(history.history["loss"])]


class Series:
    """As a table's column is: it has items and a get, and is no dict."""

    def __init__(self, values):
        self.items, self.get = values.items, values.get

    def __iter__(self):
        return iter([])


@pytest.mark.parametrize(
    ("loss", "y", "given"),
    [
        (CROSSENTROPY, Y, {"class_weight": {False: 1.0, True: 5.0}}),
        (CROSSENTROPY, Y, {"class_weight": Series({0: 1.0, 1: 5.0})}),
        (CROSSENTROPY, Y, {"sample_weight": (WEIGHTS,)}),
        (
            keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255),
            np.where(Y == 2, 255, Y),
            {"class_weight": {0: 1.0, 1: 5.0, 255: 0.0}},
        ),
    ],
)
def test_weights_in_the_forms_that_keras_takes(loss, y, given):
    def plain(model, *data, **arguments):
        return model.fit(*data, verbose=0, **arguments)

    ours, kept = trained(fit, loss, y, **given), trained(plain, loss, y, **given)
    for one, other in zip(ours, kept, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize(("dtype", "classes"), [("bfloat16", 258), ("float16", 2050)])
def test_labels_that_the_type_of_the_loss_would_round(dtype, classes):
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(True, dtype=dtype)
    model.compile("sgd", loss)
    labels = np.full(300, classes - 1)
    with pytest.raises(LabError, match=f"holds labels to {classes - 1}; .*{dtype}"):
        fit(model, X, labels)
    fit(model, X, labels - 1, on_divergence="return")
