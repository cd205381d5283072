"""What `GradientNorms` and the recording under it must hold, on every backend."""

import csv
import logging
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from callbacks import GradientNorms
from callbacks.in_step import variables
from tests.callbacks.helpers import (
    TARGETS,
    KeepWeights,
    assert_same,
    assert_untouched,
    data,
    dense,
    embedding,
    everything,
    fit,
    noisy,
    numpy,
    on,
    slow_on,
    weights,
)

BACKEND = keras.backend.backend()


def test_rows_are_the_steps_of_sgd():
    model, kept, norms = dense(), KeepWeights(), GradientNorms()
    history = fit(model, *data(), kept, norms, epochs=2)
    changes = kept.changes() / 0.5
    np.testing.assert_allclose(norms.table.norms, changes, rtol=1e-5)
    overall = np.sqrt(np.square(changes).sum(1))
    np.testing.assert_allclose(norms.table.global_norms, overall, rtol=1e-5)
    np.testing.assert_allclose(history["grad_norm"][1], overall[10:].mean(), rtol=1e-5)
    np.testing.assert_allclose(
        history["grad_norm_max"][0], overall[:10].max(), rtol=1e-5
    )
    hidden = np.sqrt(np.square(changes[:, :2]).sum(1))
    np.testing.assert_allclose(
        history["grad_norm/hidden"][0], hidden[:10].mean(), rtol=1e-5
    )
    assert norms.table.layers == ["hidden", "out"]
    assert norms.table.epochs.tolist() == [0] * 10 + [1] * 10
    assert history["grad_nonfinite"] == [0, 0]
    assert history["grad_skipped"] == [0, 0]


def test_training_is_bit_equal():
    runs = []
    everything_on = GradientNorms(zero_share=True, update_ratio=True)
    for callbacks in ([], [GradientNorms()], [everything_on]):
        model = noisy()
        fit(model, *data(), *callbacks, epochs=2)
        runs.append(everything(model))
    assert_same(runs[0], runs[1])
    assert_same(runs[0], runs[2])


def test_a_traced_model_is_left_as_it_was():
    model, norms = dense(keras.optimizers.Adam(0.1)), GradientNorms()
    fit(model, *data())
    function, count = model.train_function, len(model.optimizer.variables)
    fit(model, *data(), norms)
    assert norms.table.norms.shape == (10, 4)
    assert model.train_function is function
    assert_untouched(model, count)
    fit(model, *data())
    assert norms.batches == 10
    assert len(norms.table.norms) == 10


@on(
    "tensorflow",
    "jax",
    because="Keras says that steps_per_execution must be 1 on PyTorch",
)
def test_several_steps_per_execution():
    plain, packed = GradientNorms(), GradientNorms()
    fit(dense(), *data(), plain)
    fit(dense(steps_per_execution=3), *data(), packed)
    assert packed.table.norms.shape == (10, 4)
    np.testing.assert_allclose(packed.table.norms, plain.table.norms, rtol=1e-5)


def test_no_row_is_lost_in_a_small_ring():
    roomy, tight = GradientNorms(), GradientNorms()
    fit(dense(), *data(100), roomy, epochs=2)
    before, variables.CAPACITY = variables.CAPACITY, 4
    try:
        fit(dense(), *data(100), tight, epochs=2)
    finally:
        variables.CAPACITY = before
    assert roomy.table.norms.shape == (50, 4)
    np.testing.assert_allclose(tight.table.norms, roomy.table.norms, rtol=1e-6)


def test_loss_scaling():
    exact, half = GradientNorms(), GradientNorms()
    fit(dense(), *data(), exact)
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5), 2.0**8)
    fit(dense(scaled, dtype="mixed_float16"), *data(), half)
    assert half.table.norms.shape == (10, 4)
    np.testing.assert_allclose(half.table.norms, exact.table.norms, rtol=0.01)
    static = keras.optimizers.SGD(0.5, loss_scale_factor=64.0)
    fixed = GradientNorms()
    fit(dense(static), *data(), fixed)
    np.testing.assert_allclose(fixed.table.norms, exact.table.norms, rtol=1e-5)


def test_skipped_steps_are_counted():
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.5), initial_scale=2.0**40
    )
    model, norms = dense(optimizer, dtype="mixed_float16"), GradientNorms()
    history = fit(model, *data(400), norms)
    rows = len(norms.table.norms)
    assert 0 < rows < 100
    assert norms.batches == 100
    assert rows + norms.skipped == 100
    assert history["grad_skipped"] == [100 - rows]


def test_an_epoch_without_rows_logs_nan():
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.5), initial_scale=2.0**127
    )
    model, norms = dense(optimizer), GradientNorms()
    history = fit(model, np.ones((8, 5)) * 1e6, np.full((8, 1), 1e6), norms)
    assert np.isnan(history["grad_norm"][0])
    assert np.isnan(history["grad_norm_max"][0])
    assert np.isnan(history["grad_norm/hidden"][0])
    assert history["grad_skipped"] == [2]


def test_gradient_accumulation():
    optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=4)
    model, kept = dense(optimizer), KeepWeights()
    batches, updates = GradientNorms(), GradientNorms(stage="update", name="update")
    fit(model, *data(48), kept, batches, updates)
    assert batches.table.norms.shape == (12, 4)
    assert updates.table.norms.shape == (3, 4)
    changes = kept.changes()[3::4] / 0.5
    np.testing.assert_allclose(updates.table.norms, changes, rtol=1e-5)


class Twice(keras.Model):
    """A GAN's shape: two optimizers, the discriminator stepped twice a batch."""

    def __init__(self):
        super().__init__()
        self.generator = layers.Dense(1, name="generator")
        self.discriminator = layers.Dense(1, name="discriminator")
        self.generator.build((None, 5))
        self.discriminator.build((None, 5))
        self.generator_optimizer = keras.optimizers.SGD(0.1)
        self.discriminator_optimizer = keras.optimizers.SGD(0.1)

    def call(self, x):
        return self.generator(x)

    def train_step(self, batch):
        x, y = batch
        for _ in range(2):
            self._turn(self.discriminator, self.discriminator_optimizer, x, y)
        return {"loss": self._turn(self.generator, self.generator_optimizer, x, y)}

    def _turn(self, part, optimizer, x, y):
        variables = part.trainable_variables
        if BACKEND == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                loss = ops.mean(ops.square(part(x) - y))
            grads = tape.gradient(loss, variables)
        else:
            for variable in variables:
                variable.value.grad = None
            loss = ops.mean(ops.square(part(x) - y))
            loss.backward()
            grads = [variable.value.grad for variable in variables]
            loss = loss.detach()
        optimizer.apply(grads, variables)
        return loss


@on(
    "tensorflow",
    "torch",
    because="Keras's JAX trainer carries the state of one optimizer",
)
def test_two_optimizers_in_a_train_step():
    keras.utils.set_random_seed(0)
    model, norms = Twice(), GradientNorms()
    model.compile(optimizer="sgd", loss="mse")
    history = fit(model, *data(), norms)
    tables = norms.tables
    assert len(tables["discriminator"].norms) == 2 * len(tables["generator"].norms)
    assert len(tables["generator"].norms) == 10
    assert history["generator_grad_norm"][0] > 0
    assert history["discriminator_grad_skipped"] == [0]


def test_optimizers_by_layer():
    slow = keras.optimizers.SGD(0.1, name="slow")
    fast = keras.optimizers.SGD(0.5, name="fast")
    mapping = keras.optimizers.OptimizerMap(slow, {"hidden/.*": fast})
    model = dense(keras.optimizers.MultiOptimizer(mapping))
    kept, norms = KeepWeights(), GradientNorms()
    count = len(model.optimizer.variables)
    fit(model, *data(), kept, norms)
    changes = kept.changes()
    np.testing.assert_allclose(
        norms.tables["fast"].norms, changes[:, :2] / 0.5, rtol=1e-5
    )
    np.testing.assert_allclose(
        norms.tables["slow"].norms, changes[:, 2:] / 0.1, rtol=1e-5
    )
    assert_untouched(model, count)


@slow_on("jax")
def test_checkpoints_know_nothing_of_it():
    with tempfile.TemporaryDirectory() as folder:
        saved = []
        for name, callbacks in (("plain", []), ("seen", [GradientNorms()])):
            path = Path(folder, f"{name}.keras")
            saver = keras.callbacks.ModelCheckpoint(path, save_freq=7)
            model = dense(keras.optimizers.Adam(0.1))
            fit(model, *data(), saver, *callbacks)
            saved.append(everything(keras.saving.load_model(path)))
        assert_same(*saved)
        code = (
            "import sys; sys.modules['callbacks'] = None; import warnings, keras;"
            "warnings.simplefilter('error', UserWarning);"
            "model = keras.saving.load_model(sys.argv[1]);"
            "print(len(model.optimizer.variables), int(model.optimizer.iterations))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            text=True,
            cwd=folder,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.split() == [str(len(model.optimizer.variables)), "7"]


class Crash(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise KeyError("on purpose")


def test_a_crash_leaves_nothing():
    model, norms = dense(keras.optimizers.Adam(0.1)), GradientNorms()
    fit(model, *data())
    function, count = model.train_function, len(model.optimizer.variables)
    with pytest.raises(KeyError, match="on purpose"):
        fit(model, *data(), norms, Crash())
    steps = int(norms._session.steps.get())
    assert steps == 3
    model.fit(*data(4), verbose=0)
    assert model.train_function is function
    assert_untouched(model, count)
    fit(model, *data())
    assert int(norms._session.steps.get()) == steps
    fit(model, *data(), norms)
    assert len(norms.table.norms) == 10


class Broken(layers.Layer):
    """Fails while a step is traced."""

    def call(self, x, training=False):
        if training:
            raise KeyError("while tracing")
        return x


def test_a_crash_in_the_step_leaves_nothing():
    inputs = layers.Input((5,))
    model = keras.Model(inputs, layers.Dense(1)(Broken()(inputs)))
    model.compile("sgd", "mse")
    with pytest.raises(Exception, match="while tracing"):
        fit(model, *data(), GradientNorms())
    assert_untouched(model, len(model.optimizer.variables))


def test_repeated_tokens_count_as_their_sum():
    tables = []
    for as_matrix in (False, True):
        model, x = embedding(keras.optimizers.SGD(0.01), as_matrix)
        norms = GradientNorms(zero_share=True)
        history = fit(model, x, TARGETS, norms, batch=2, epochs=2)
        tables.append((norms.table.norms, history["grad_zeros"]))
    np.testing.assert_allclose(tables[0][0], tables[1][0], rtol=1e-5)
    np.testing.assert_allclose(tables[0][1], tables[1][1], rtol=1e-6)
    assert tables[0][1][0] > 0


class Counter(layers.Layer):
    def build(self, shape):
        self.calls = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="calls"
        )

    def call(self, x):
        self.calls.assign(self.calls + 1.0)
        return x


def test_one_forward_pass_a_batch():
    inputs = layers.Input((5,))
    counter = Counter()
    model = keras.Model(inputs, layers.Dense(1)(counter(inputs)))
    model.compile("sgd", "mse")
    fit(model, *data(), GradientNorms(zero_share=True, update_ratio=True), epochs=2)
    assert float(numpy(counter.calls)) == 20


@on("tensorflow", because="tf.function belongs to TensorFlow")
def test_a_step_with_its_own_tf_function():
    import tensorflow as tf

    class Decorated(keras.Model):
        @tf.function
        def train_step(self, batch):
            return super().train_step(batch)

    keras.utils.set_random_seed(0)
    inputs = layers.Input((5,))
    model = Decorated(inputs, layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(0.5), "mse")
    fit(model, *data())
    kept, norms = KeepWeights(), GradientNorms()
    fit(model, *data(), kept, norms)
    np.testing.assert_allclose(norms.table.norms, kept.changes() / 0.5, rtol=1e-5)
    fit(model, *data())
    assert len(norms.table.norms) == 10
    assert int(norms._session.steps.get()) == 10


def test_eager_and_compiled_steps_agree():
    tables = []
    ways = [{"run_eagerly": True}]
    if BACKEND != "torch":
        ways += [{"jit_compile": True}, {"jit_compile": False}]
    for way in ways:
        norms = GradientNorms(update_ratio=True)
        fit(dense(**way), *data(12), norms)
        tables.append(norms.table)
    reference = GradientNorms(update_ratio=True)
    fit(dense(), *data(12), reference)
    for table in tables:
        np.testing.assert_allclose(table.norms, reference.table.norms, rtol=1e-4)
        np.testing.assert_allclose(
            table.update_ratios, reference.table.update_ratios, rtol=1e-3
        )


def test_frozen_layers_have_no_column():
    model = dense()
    model.get_layer("hidden").trainable = False
    model.compile(keras.optimizers.SGD(0.5), "mse")
    kept, norms = KeepWeights(), GradientNorms()
    fit(model, *data(), kept, norms)
    assert norms.table.variables == ["out/kernel", "out/bias"]
    np.testing.assert_allclose(norms.table.norms, kept.changes() / 0.5, rtol=1e-5)


class Recompile(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.model.compile(keras.optimizers.SGD(0.25), "mse")
            self.model.optimizer.build(self.model.trainable_variables)
            self.model.make_train_function()


def test_a_recompile_in_mid_fit():
    model, kept, norms = dense(), KeepWeights(), GradientNorms()
    fit(model, *data(), Recompile(), kept, norms, epochs=2)
    assert norms.table.norms.shape == (20, 4)
    rates = np.repeat([0.5, 0.25], 10)[:, None]
    np.testing.assert_allclose(norms.table.norms, kept.changes() / rates, rtol=1e-5)
    assert_untouched(model, len(model.optimizer.variables))
    fit(model, *data())
    assert len(norms.table.norms) == 20


def test_pickles():
    norms = GradientNorms(zero_share=True, log_every="batch")
    norms = pickle.loads(pickle.dumps(norms))
    fit(dense(), *data(), norms)
    copy = pickle.loads(pickle.dumps(norms))
    np.testing.assert_array_equal(copy.table.norms, norms.table.norms)
    assert copy.table.norms.shape == (10, 4)


class Batches(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.logs = []

    def on_train_batch_end(self, batch, logs=None):
        self.logs.append(logs["grad_norm"])


def test_logs_every_batch():
    norms, batches = GradientNorms(log_every="batch"), Batches()
    fit(dense(), *data(), norms, batches, epochs=2)
    np.testing.assert_allclose(batches.logs, norms.table.global_norms, rtol=1e-6)


def test_backup_and_restore():
    ends = []
    for callbacks in (lambda: [], lambda: [GradientNorms()]):
        with tempfile.TemporaryDirectory() as folder:
            backup = keras.callbacks.BackupAndRestore(folder, save_freq="epoch")
            model = dense(keras.optimizers.Adam(0.1))
            stop = keras.callbacks.LambdaCallback(on_epoch_begin=_stop_in_epoch_two)
            with pytest.raises(KeyError, match="power cut"):
                fit(model, *data(), backup, *callbacks(), stop, epochs=4)
            model = dense(keras.optimizers.Adam(0.1), seed=9)
            backup = keras.callbacks.BackupAndRestore(folder, save_freq="epoch")
            history = fit(model, *data(), backup, *callbacks(), epochs=4)
            ends.append((len(history["loss"]), everything(model)))
    assert ends[0][0] == ends[1][0] == 2
    assert_same(ends[0][1], ends[1][1])


def _stop_in_epoch_two(epoch, logs):
    if epoch == 2:
        raise KeyError("power cut")


def test_swapped_averages():
    ends = []
    for callbacks in ([], [GradientNorms()]):
        optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
        model = dense(optimizer)
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        fit(model, *data(), *callbacks, swap, epochs=2, validation_data=data(seed=5))
        ends.append(everything(model))
    assert_same(*ends)


@on("tensorflow", "jax", because="Keras's export from PyTorch needs other packages")
def test_export_after_training():
    model, norms = dense(), GradientNorms()
    fit(model, *data(), norms)
    expected = numpy(model(data()[0]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        np.testing.assert_array_equal(
            numpy(keras.saving.load_model(path)(data()[0])), expected
        )
        if BACKEND == "tensorflow":
            import tensorflow as tf

            model.export(Path(folder, "exported"), verbose=False)
            loaded = tf.saved_model.load(Path(folder, "exported"))
            np.testing.assert_allclose(
                loaded.serve(data()[0]).numpy(), expected, rtol=1e-6
            )


def test_update_ratios():
    model, kept, norms = dense(), KeepWeights(), GradientNorms(update_ratio=True)
    history = fit(model, *data(), kept, norms)
    changes = np.sqrt(np.square(kept.changes()).sum(1))
    sizes = [np.sqrt(sum((w**2).sum() for w in row)) for row in kept.rows]
    np.testing.assert_allclose(norms.table.update_ratio, changes / sizes, rtol=1e-5)
    np.testing.assert_allclose(
        history["update_ratio"][0], (changes / sizes).mean(), rtol=1e-5
    )


def test_dead_units_show_as_zeros():
    model = dense()
    hidden = model.get_layer("hidden")
    model.get_layer("out").kernel.assign(np.array([[0.0], [0.0], [1.0], [1.0]]))
    hidden.trainable = True
    norms = GradientNorms(zero_share=True)
    fit(model, *[a[:4] for a in data()], norms)
    # Two of four hidden units get no gradient; the output layer gets all of its own.
    np.testing.assert_allclose(norms.table.zero_shares, [[0.5, 0.5, 0.0, 0.0]])
    np.testing.assert_allclose(norms.table.layer_zero_shares, [[0.5, 0.0]])


def test_norms_far_from_one():
    def times(size):
        model, norms = dense(), GradientNorms()
        model.compile(
            keras.optimizers.SGD(0.0), lambda y, p: ops.sum(p * size, axis=-1)
        )
        fit(model, *data(), norms, batch=40)
        return norms.table.norms / size

    plain = times(1.0)
    assert (plain > 0.01).all()
    for size in (1e-25, 1e-15, 1e25):
        np.testing.assert_allclose(times(size), plain, rtol=1e-5)


def _poisoned():
    x, y = data()
    x[14, 2] = np.nan
    return x, y


def test_nonfinite_is_named():
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logging.getLogger("callbacks").addHandler(handler)
    logging.getLogger("callbacks").propagate = False
    try:
        norms = GradientNorms()
        history = fit(dense(), *_poisoned(), norms)
    finally:
        logging.getLogger("callbacks").removeHandler(handler)
    found = norms.first_nonfinite
    assert (found.step, found.epoch, found.layer, found.value) == (3, 0, "out", "nan")
    assert found.affected == ("hidden/kernel", "hidden/bias", "out/kernel", "out/bias")
    assert len(records) == 1
    assert history["grad_nonfinite"] == [7]
    assert np.isnan(history["grad_norm"][0])


def test_nonfinite_is_skipped():
    model, norms = dense(), GradientNorms(on_nonfinite="skip")
    history = fit(model, *_poisoned(), norms)
    assert history["grad_nonfinite"] == [1]
    x, y = data()
    clean, rest = dense(), [i for i in range(40) if not 12 <= i < 16]
    fit(clean, x[rest], y[rest])
    assert_same(weights(model), weights(clean))
    assert int(numpy(model.optimizer.iterations)) == 9


def test_nonfinite_stops():
    model, norms = dense(), GradientNorms(on_nonfinite="stop")
    history = fit(model, *_poisoned(), norms, epochs=5)
    clean = dense()
    fit(clean, *[a[:12] for a in data()])
    assert_same(weights(model), weights(clean))
    assert len(history["loss"]) == 1
    assert norms.first_nonfinite.step == 3
    assert len(norms.table.norms) == 5


def test_nonfinite_raises():
    model, norms = dense(), GradientNorms(on_nonfinite="raise")
    message = r"layer 'out' \(out/bias\) became nan at step 3 \(epoch 1\)"
    with pytest.raises(FloatingPointError, match=message):
        fit(model, *_poisoned(), norms)
    assert_untouched(model, 2)
    clean = dense()
    fit(clean, *[a[:12] for a in data()])
    assert_same(weights(model), weights(clean))
    fit(model, *data())
    assert len(norms.table.norms) == 4


def test_files_and_picture():
    norms = GradientNorms(zero_share=True, update_ratio=True, keep=15)
    fit(dense(), *data(), norms, epochs=2)
    assert norms.table.norms.shape == (15, 4)
    assert norms.table.dropped == 5
    with tempfile.TemporaryDirectory() as folder:
        norms.to_npz(Path(folder, "norms.npz"))
        with np.load(Path(folder, "norms.npz"), allow_pickle=False) as arrays:
            np.testing.assert_array_equal(arrays["norms"], norms.table.norms)
            np.testing.assert_array_equal(
                arrays["update_ratios"], norms.table.update_ratios
            )
            assert arrays["layers"].tolist() == ["hidden", "out"]
        norms.to_csv(Path(folder, "norms.csv"))
        with Path(folder, "norms.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [int(row["row"]) for row in rows] == list(range(5, 20))
        np.testing.assert_allclose(
            [float(row["out/bias"]) for row in rows], norms.table.norms[:, 3]
        )
        figure = norms.plot()
        figure.savefig(Path(folder, "norms.png"))
        assert sorted(p.name for p in Path(folder).iterdir()) == [
            "norms.csv",
            "norms.npz",
            "norms.png",
        ]
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["hidden", "out"]
    last = norms.table.layer_norms[norms.table.epochs == 1].mean(0)
    np.testing.assert_allclose(axes.lines[-1].get_ydata(), last)


def test_early_stopping_reads_it():
    early = keras.callbacks.EarlyStopping("grad_norm", mode="min", patience=0)
    schedule = keras.callbacks.ReduceLROnPlateau("grad_norm", mode="min")
    norms = GradientNorms(per_layer=False)
    history = fit(dense(), *data(), norms, early, schedule, epochs=30)
    assert "grad_norm/hidden" not in history
    stopped = history["grad_norm"]
    assert len(stopped) < 30
    assert stopped[-1] >= min(stopped[:-1])
