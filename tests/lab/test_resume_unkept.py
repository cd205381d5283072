"""What a checkpoint can't hold: it is refused where it changes, and else it goes on."""

import functools

import keras
import pytest

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint.folder import Folder
from tests.lab.test_resume_state import (
    Remembers,
    X,
    Y,
    assert_goes_on,
    compiled,
    dense,
    train,
)

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
