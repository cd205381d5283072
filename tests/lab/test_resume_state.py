"""What a kept training remembers: numbers that Keras doesn't list, callbacks' state.

Trainings are two epochs of two steps, run as Python; deaths are an exception.
"""

import collections

import keras
import numpy as np
import pytest

from recipes.lab import fit
from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint.folder import Folder

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
Y = X[:, :1] * 2


class Remembers(keras.callbacks.Callback):
    """A callback that keeps what a test gives it."""

    def __init__(self, given=None):
        super().__init__()
        self.state = given

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = state


class Dies(Remembers):
    """Raises after so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == -1:
            raise KeyboardInterrupt


def train(model, folder=None, steps=99, callbacks=(), every=1, **given):
    arguments = {"x": X, "y": Y, "batch_size": 2, "epochs": 2, "shuffle": False}
    kept = {} if folder is None else {"checkpoint": folder, "every": every}
    fit(model, callbacks=[Dies(steps), *callbacks], **{**arguments, **kept, **given})
    return [np.asarray(weight) for weight in model.get_weights()]


def assert_goes_on(folder, make, callbacks=list, deaths=(3,), **given):
    """A death in the fourth step, or after so many steps, changes no bit."""
    whole = train(make(), callbacks=callbacks(), **given)
    for steps in deaths:
        kept = folder / str(steps)
        with pytest.raises(KeyboardInterrupt):
            train(make(), kept, steps, callbacks(), **given)
        assert len(list(kept.glob("*.json"))) == min(steps, 2)
        again = train(make(), kept, callbacks=callbacks(), **given)
        for one, other in zip(whole, again, strict=True):
            np.testing.assert_array_equal(one, other)


def compiled(model, loss="mse"):
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    return model


def dense(loss="mse"):
    keras.utils.set_random_seed(5)
    layers = [keras.Input((3,)), keras.layers.Dense(1)]
    return compiled(keras.Sequential(layers), loss)


def test_states_of_recurrent_layers_go_on(tmp_path):
    def make():
        keras.utils.set_random_seed(5)
        layers = keras.layers
        return compiled(
            keras.Sequential(
                [
                    keras.Input((3, 1), batch_size=2),
                    layers.RNN([layers.SimpleRNNCell(2), layers.GRUCell(2)],
                               stateful=True),
                    layers.Dense(1),
                ]
            )
        )  # fmt: skip

    assert_goes_on(tmp_path, make, deaths=(1, 3), x=X[:, :, None])


class Grows(keras.losses.Loss):
    """A loss that weighs more each time, by variables of its own."""

    def __init__(self):
        super().__init__()
        self.held = {"weight": [keras.Variable(1.0)]}
        self.seed = keras.random.SeedGenerator(3)

    def call(self, y_true, y_pred):
        weight = self.held["weight"][0]
        weight.assign(weight * 1.5)
        drawn = keras.random.uniform((), seed=self.seed)
        return keras.ops.mean((y_true - y_pred) ** 2) * weight * drawn


def test_variables_of_losses_go_on(tmp_path):
    assert_goes_on(tmp_path, lambda: dense(Grows()))


def test_variables_of_regularizers_go_on(tmp_path):
    class Heavier(keras.regularizers.Regularizer):
        def __init__(self):
            self.weight = keras.Variable(0.1)

        def __call__(self, x):
            self.weight.assign(self.weight * 2)
            return keras.ops.sum(x**2) * self.weight

    def make():
        keras.utils.set_random_seed(5)
        layer = keras.layers.Dense(1, kernel_regularizer=Heavier())
        return compiled(keras.Sequential([keras.Input((3,)), layer]))

    assert_goes_on(tmp_path, make)


class CountsEpochs(Remembers):
    """Counts in place, in an array that it was given."""

    def __init__(self):
        super().__init__({"begun": np.zeros(3, "int64")})

    def on_epoch_begin(self, epoch, logs=None):
        self.state["begun"][epoch] += 1


def test_set_state_gives_copies(tmp_path):
    counts = CountsEpochs()
    with pytest.raises(KeyboardInterrupt):
        train(dense(), tmp_path, 3, [CountsEpochs()])
    train(dense(), tmp_path, callbacks=[counts], every=1)
    assert counts.state["begun"].tolist() == [1, 1, 0]


def test_the_order_of_bytes_is_kept(tmp_path):
    given = [np.array([1, 2], kind) for kind in (">i4", "<i4", ">f8", ">u2")]
    train(dense(), tmp_path, callbacks=[Remembers(given)])
    back = Remembers()
    train(dense(), tmp_path, callbacks=[back])
    for one, other in zip(given, back.state, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (collections.Counter("ab"), r"state\['seen'\] is of the type Counter"),
        (collections.defaultdict(list), "type defaultdict"),
        (collections.OrderedDict(a=1), "type OrderedDict"),
        ([0, {1, 2}], r"state\['seen'\]\[1\] is of the type set"),
        ({("a", frozenset()): 1}, r"key .* of state\['seen'\]\[1\] .* frozenset"),
        (np.ma.array([1]), "type MaskedArray"),
        (np.array(["a"]), "an array of the type <U1"),
        (np.array([b"a"]), "array of the type [|]S1"),
        (np.str_("a"), "a number of the type <U1"),
        (np.ones(1, "complex64"), "array of the type complex64"),
        (np.complex128(1), "number of the type complex128"),
        (np.datetime64("2020-01-01"), "type datetime64"),
        (np.zeros(1, "f4,i4"), "an array of the type"),
        (np.array([None]), "array of the type object"),
    ],
)
def test_what_would_come_back_otherwise_is_refused(tmp_path, value, says):
    with pytest.raises(LabError, match=rf"get_state\(\) of Remembers must.*{says}"):
        train(dense(), tmp_path, callbacks=[Remembers({"seen": value})])
    assert not list(tmp_path.glob("*.json"))


def test_numbers_that_training_does_not_move_may_be_infinite(tmp_path):
    class Best(keras.layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.least = keras.Variable(np.inf, trainable=False)

        def call(self, inputs):
            return super().call(inputs) * keras.ops.tanh(self.least)

    def make():
        keras.utils.set_random_seed(5)
        return compiled(keras.Sequential([keras.Input((3,)), Best(1)]))

    assert_goes_on(tmp_path, make, on_divergence="return")


def test_a_save_that_is_refused_is_told_once(tmp_path):
    class Overflows(Remembers):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[0].kernel.assign([[np.inf], [0], [0]])

    with pytest.warns(UserWarning, match="weights or .* are not finite") as warned:
        train(dense(), tmp_path, callbacks=[Overflows()], on_divergence="return")
    assert [one.category for one in warned].count(UserWarning) == 1
    assert Folder(tmp_path).newest().state["position"] == [0, 1, False]
