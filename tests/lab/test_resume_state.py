"""What a kept training remembers: numbers that Keras doesn't list, callbacks' state.

Trainings are two epochs of two steps, run as Python; deaths are an exception.
"""

import collections
import functools

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


CALLED = [0]


def counts_outside(epoch, rate):
    CALLED[0] += 1
    return 0.1 * 0.7 ** CALLED[0]


def counts_by_its_default(epoch, rate, called=[0]):  # noqa: B006 - that is the test
    called[0] += 1
    return 0.1 * 0.7 ** called[0]


def counts_by_an_attribute(epoch, rate):
    counts_by_an_attribute.called = getattr(counts_by_an_attribute, "called", 0) + 1
    return 0.1 * 0.7**counts_by_an_attribute.called


def counts_in_a_closure():
    called = 0

    def schedule(epoch, rate):
        nonlocal called
        called += 1
        return 0.1 * 0.7**called

    return schedule


class CountsCalls:
    called = 0

    def __call__(self, epoch, rate):
        self.called += 1
        return 0.1 * 0.7**self.called


def draws_from_an_iterator():
    rates = iter([0.1, 0.2, 0.3])
    return lambda epoch, rate: next(rates)


@pytest.mark.parametrize(
    "schedule",
    [
        lambda: counts_outside,
        lambda: counts_by_its_default,
        lambda: counts_by_an_attribute,
        lambda: functools.partial(counts_outside),
        lambda: CountsCalls().__call__,
        counts_in_a_closure,
        CountsCalls,
        draws_from_an_iterator,
    ],
)
def test_schedules_that_count_by_themselves_are_refused(tmp_path, schedule):
    callback = keras.callbacks.LearningRateScheduler(schedule())
    with pytest.raises(LabError, match=r"the schedule of LearningRateScheduler rem"):
        train(dense(), tmp_path, callbacks=[callback])


def test_schedules_of_the_epoch_go_on(tmp_path):
    rates = {"first": [0.1, 0.05]}

    def callbacks():
        return [
            keras.callbacks.LearningRateScheduler(lambda e, r: rates["first"][e]),
            keras.callbacks.LearningRateScheduler(lambda e, rate: float(rate) * 0.5),
        ]

    assert_goes_on(tmp_path, dense, callbacks)


class CountsSteps(keras.Sequential):
    count = None

    def __init__(self, layers):
        super().__init__(layers)
        self.limit = float("nan")  # equal to nothing, and constant

    def train_step(self, data):
        self.count = 1 + (self.count or 0)
        self.optimizer.learning_rate = 0.1 / self.count
        return super().train_step(data)


def counting_loss():
    called = [0]

    def loss(y_true, y_pred):
        called[0] += 1
        return called[0] * (y_true - y_pred) ** 2

    return loss


def counting_model():
    return compiled(CountsSteps([keras.Input((3,)), keras.layers.Dense(1)]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (counting_model, r"the attribute count of 'counts_steps\w*', .*\(missing, n"),
        (lambda: dense(counting_loss()), "what a function of .* remembers"),
    ],
)
def test_what_steps_count_in_python_is_refused(tmp_path, make, says):
    with pytest.raises(LabError, match=says):
        train(make(), tmp_path)


class CountingRate(keras.optimizers.schedules.LearningRateSchedule):
    called = 0

    def __call__(self, step):
        self.called += 1
        return 0.1 / self.called

    def get_config(self):
        return {}


def test_rates_that_count_in_python_are_refused(tmp_path):
    model = dense()
    model.compile(keras.optimizers.SGD(CountingRate()), "mse", run_eagerly=True)
    with pytest.raises(LabError, match="the attribute called of 'CountingRate'"):
        train(model, tmp_path)


def test_layers_that_freeze_while_they_train_are_refused(tmp_path):
    class Freezes(Remembers):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.layers[0].trainable = epoch == 0

    layers = keras.layers
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    with pytest.raises(LabError, match=r"trainable of 'dense\w*', which has changed"):
        train(compiled(model), tmp_path, callbacks=[Freezes()])
    assert Folder(tmp_path).newest().state["position"] == [1, 0, False]


def test_variables_that_are_not_of_keras_are_refused(tmp_path):
    tensorflow = pytest.importorskip("tensorflow")

    class Counts(keras.layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.kept = {"steps": [tensorflow.Variable(0.0)]}

    model = compiled(keras.Sequential([keras.Input((3,)), Counts(1, name="mine")]))
    with pytest.raises(LabError, match=r"keep a tf\.Variable, which 'mine' holds"):
        train(model, tmp_path)
    assert not list(tmp_path.glob("*.json"))


class Doubles(keras.layers.Layer):
    """A layer of one's own with settings of every kind."""

    def __init__(self, inner=None):
        super().__init__()
        self.factor, self.word, self.width, self.inner = 2.0, "twice", None, inner

    def build(self, input_shape):
        self.width = input_shape[-1]

    def call(self, inputs, training=False):
        return self.factor * (self.inner(inputs) if self.inner else inputs)


class Own(keras.Model):
    """A model of one's own."""

    def __init__(self, inner=None):
        super().__init__()
        self.parts = [Doubles(inner), keras.layers.Dense(1)]

    def call(self, inputs, training=False):
        for part in self.parts:
            inputs = part(inputs)
        return inputs


def test_models_of_ones_own_go_on(tmp_path):
    """Also on PyTorch, which has attributes of its own on each."""

    def make():
        keras.utils.set_random_seed(5)
        return compiled(Own())

    assert_goes_on(tmp_path, make, validation_data=(X, Y))


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="modules of PyTorch")
def test_modules_with_buffers_are_refused(tmp_path):
    import torch

    model = compiled(Own(torch.nn.BatchNorm1d(3)))
    with pytest.raises(LabError, match=r"keep a module of PyTorch with buffers"):
        train(model, tmp_path)
