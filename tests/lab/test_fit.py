"""`fit`: other orders every epoch, same results, and no silent failure."""

import keras
import numpy as np
import pytest

from recipes.lab import fit
from recipes.lab.errors import LabError
from recipes.lab.training.order import ShuffledArrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4)).astype("float32")
Y = RNG.integers(0, 3, 50).astype("int32")


def model(loss="sparse_categorical_crossentropy", **compile_arguments):
    keras.utils.set_random_seed(1)
    made = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")]
    )
    made.compile(keras.optimizers.SGD(0.1), loss, **compile_arguments)
    return made


class Seen(keras.layers.Layer):
    """Passes its input through and remembers the first column, batch by batch."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def call(self, x):
        self.rows.append(np.array(x)[:, 0].tolist())
        return x


def test_every_epoch_has_an_order_of_its_own():
    keras.utils.set_random_seed(0)
    seen = Seen()
    watched = keras.Sequential([seen, keras.layers.Dense(1)])
    watched.compile("sgd", "mse", run_eagerly=True)
    numbers = np.arange(12, dtype="float32")[:, None]
    watched.build((None, 1))
    seen.rows.clear()
    fit(watched, numbers, numbers, batch_size=4, epochs=3, seed=7)
    epochs = [[*a, *b, *c] for a, b, c in (seen.rows[i : i + 3] for i in (0, 3, 6))]
    assert len({tuple(order) for order in epochs}) == 3
    for order in epochs:
        assert sorted(order) == list(range(12))


def test_order_is_a_function_of_seed_and_epoch():
    def orders(seed):
        batches = ShuffledArrays(X, Y, None, 16, seed)
        found = []
        for epoch in range(3):
            batches.start(epoch)
            found.append(batches.order.tolist())
        return found

    assert orders(3) == orders(3)
    assert orders(3) != orders(4)


def test_last_batch_may_be_smaller_and_all_rows_come():
    batches = ShuffledArrays({"a": X}, [Y], None, 16, 0)
    sizes = [len(batches[i][0]["a"]) for i in range(batches.num_batches)]
    assert sizes == [16, 16, 16, 2]


def test_equals_plain_fit_on_the_same_order():
    """One epoch of `fit` is plain Keras on the permuted arrays."""
    ours, plain = model(), model()
    plain.set_weights(ours.get_weights())
    weights = RNG.random(50).astype("float32")
    order = ShuffledArrays(X, Y, None, 16, 5).order
    fit(ours, X, Y, batch_size=16, epochs=1, seed=5, sample_weight=weights)
    plain.fit(X[order], Y[order], sample_weight=weights[order], batch_size=16,
              shuffle=False, verbose=0)  # fmt: skip
    for one, two in zip(ours.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_a_trained_model_sees_the_same_order_as_a_new_one():
    """Keras draws batches before the first epoch only of a model that isn't built."""
    new, used = model(), model()
    fit(used, X, Y, batch_size=16, epochs=2, seed=9)
    used.set_weights(new.get_weights())
    for one in (new, used):
        fit(one, X, Y, batch_size=16, epochs=3, seed=5)
    for one, two in zip(new.get_weights(), used.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_run_taken_up_at_a_later_epoch_goes_on_in_order():
    whole, parts = model(), model()
    fit(whole, X, Y, batch_size=16, epochs=4, seed=5)
    fit(parts, X, Y, batch_size=16, epochs=2, seed=5)
    fit(parts, X, Y, batch_size=16, epochs=4, initial_epoch=2, seed=5)
    for one, two in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_callbacks_see_every_batch():
    class Count(keras.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1

    count = Count()
    fit(model(), X, Y, batch_size=10, epochs=2, callbacks=[count])
    assert count.batches == 10


def test_validation_and_history_keys():
    history = fit(model(metrics=["accuracy"]), X, Y, epochs=2, validation_data=(X, Y))
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"x": np.where(X > 2, np.nan, X)}, "x holds values that are NaN"),
        ({"y": np.full(50, 3)}, "the model's 3 outputs allow 0 to 2"),
        ({"y": np.full(50, -1)}, "labels from -1"),
        ({"y": np.full(50, 0.7)}, "not whole numbers"),
        ({"x": X[:0], "y": Y[:0]}, "x is empty"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"epochs": 1.5}, "epochs must be"),
        ({"sample_weight": np.full(50, -1.0)}, "sample_weight holds -1.0"),
    ],
)
def test_data_that_would_train_silently_wrong(arguments, told):
    assert (X > 2).any()
    with pytest.raises(LabError, match=told):
        fit(model(), **{"x": X, "y": Y, **arguments})


def test_divergence_raises_or_returns():
    def made():
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
        net.compile(keras.optimizers.SGD(1e12), "mse")
        return net

    target = X[:, :1]
    with pytest.raises(LabError, match="diverged: the loss of"):
        fit(made(), X, target, epochs=5, batch_size=5)
    history = fit(made(), X, target, epochs=5, batch_size=5, on_divergence="return")
    assert not np.isfinite(history.history["loss"][-1])


def test_a_gan_refuses_images_of_another_range_in_memory():
    from zoo import dcgan

    model = dcgan((8, 8, 1), latent_dim=4, filters=8)
    images = np.random.default_rng(0).random((64, 8, 8, 1), dtype="float32")
    fit(model, images, batch_size=32, seed=0)
    with pytest.raises(LabError, match=r"254\.986"):
        fit(model, 255 * images, batch_size=32, seed=0)
