"""What a checkpoint compares: another training is refused, the same one never is."""

import functools

import keras
import numpy as np
import pytest

from recipes.lab import fit
from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import described, fingerprint

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X[:, :1]
layers, ops = keras.layers, keras.ops


def sequential(*inside):
    return keras.Sequential([layers.Input((3,)), *inside])


def refuses(folder, made, says):
    """Trains what `made` returns for 1; it goes on with 1, and is refused with 9."""

    def train(value):
        model, callbacks = made(value)
        fit(model, X, Y, epochs=1, checkpoint=folder, callbacks=callbacks)

    train(1.0)
    train(1.0)
    with pytest.raises(LabError, match=f"these differ: {says}[.]"):
        train(9.0)


def compiled(optimizer="sgd", loss="mse", **more):
    model = sequential(layers.Dense(1))
    model.compile(optimizer, loss, run_eagerly=True, **more)
    return model


# ---- Classes of one's own, without a configuration.


class Scaled(keras.losses.Loss):
    def __init__(self, factor):
        super().__init__()
        self.by = factor

    def call(self, y_true, y_pred):
        return self.by * ops.mean((y_true - y_pred) ** 2, -1)


class Warm(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, peak):
        self.highest = peak

    def __call__(self, step):
        return self.highest * 0.001 / (1 + ops.cast(step, "float32"))


class Falls:
    def __init__(self, factor):
        self.by = factor

    def __call__(self, epoch, rate):
        return rate * self.by


class Stops(keras.callbacks.Callback):
    def __init__(self, limit):
        super().__init__()
        self.stop_at = limit
        self.begun = id(self)  # another one each time

    def get_state(self):
        return None

    def set_state(self, state):
        pass


def test_what_a_loss_was_given_is_compared(tmp_path):
    says = "what the model was compiled with"
    refuses(tmp_path, lambda value: (compiled(loss=Scaled(value)), []), says)


def test_what_a_schedule_was_given_is_compared(tmp_path):
    def made(value):
        return compiled(keras.optimizers.Adam(Warm(value))), []

    refuses(tmp_path, made, "what the model was compiled with")


def test_an_optimizer_is_compared_that_has_a_schedule_without_a_configuration(tmp_path):
    def made(value):
        return compiled(keras.optimizers.Adam(Warm(1), beta_1=value / 10)), []

    refuses(tmp_path, made, "what the model was compiled with")


@pytest.mark.parametrize(
    "callback",
    [lambda value: keras.callbacks.LearningRateScheduler(Falls(value / 10)), Stops],
)
def test_what_a_callback_was_given_is_compared(tmp_path, callback):
    refuses(tmp_path, lambda value: (compiled(), [callback(value)]), "the callbacks")


class Counted(keras.metrics.MeanAbsoluteError):
    def __init__(self, factor):
        super().__init__()
        self.by = factor


class Steps(keras.optimizers.SGD):
    def __init__(self, factor):
        super().__init__(0.1)
        self.by = factor


class Both(keras.losses.Loss):
    def __init__(self, factor):
        super().__init__()
        self.reduced, self.by = "sum", factor


def outer(factor):
    def loss(y_true, y_pred):
        return factor * ops.mean((y_true - y_pred) ** 2)

    return loss


@pytest.mark.parametrize(
    "made",
    [
        lambda value: compiled(metrics=[Counted(value)]),
        lambda value: compiled(Steps(value)),
        lambda value: compiled(loss=Both(value)),
        lambda value: compiled(loss=outer(value)),
        lambda value: compiled(loss=functools.partial(outer(1), factor=value)),
    ],
)
def test_what_is_given_to_compile_is_described(made):
    def of(value):
        model = made(value)
        return described.compiled(model, [model.optimizer], lambda one: 0.1)

    assert of(1.0) == of(1.0) != of(9.0)


def test_what_a_function_of_tensorflow_closes_over_is_described():
    tf = pytest.importorskip("tensorflow")
    one, same, other = (described.describe(tf.function(outer(n))) for n in (1, 1, 9))
    assert one == same != other


class Clipped(keras.constraints.Constraint):
    def __init__(self, limit):
        self.by = limit


class Costs(keras.regularizers.Regularizer):
    def __init__(self, factor):
        self.by = factor


class Scales(layers.Layer):
    def __init__(self, factor):
        super().__init__()
        self.by = factor

    def get_config(self):
        return {}


class Wide(keras.Model):
    def __init__(self, rate):
        super().__init__()
        self.inner = layers.Dropout(rate / 10)

    def get_config(self):
        return {}


@pytest.mark.filterwarnings("ignore:.*lambda")
@pytest.mark.parametrize(
    "made",
    [
        lambda value: layers.Dense(1, kernel_constraint=Clipped(value)),
        lambda value: layers.Dense(1, kernel_regularizer=Costs(value)),
        lambda value: layers.Dense(1, activation=lambda x: x * value),
        lambda value: layers.Lambda(lambda x: x * value),
        Scales,
        Wide,
        lambda value: Scales(np.full(3, value)),
        lambda value: Scales(lambda x: x * value),
    ],
)
def test_what_a_layer_was_given_is_described(made):
    one, same, other = (described.model(sequential(made(n))) for n in (1.0, 1.0, 9.0))
    assert one == same != other


def test_how_layers_follow_on_each_other_is_described_without_a_configuration():
    class Bare(layers.Layer):
        def __init__(self, function):
            super().__init__()
            self.function = function

        def call(self, inputs):
            return self.function(inputs)

    def of(around, factor):
        start = keras.Input((3,))
        first = layers.Dense(3)(start)
        bare = Bare(ops.tanh)(first)
        return described.model(
            keras.Model(
                start, layers.Add()([start if around else first, bare * factor])
            )
        )

    assert of(False, 2) == of(False, 2)
    assert of(False, 2) != of(True, 2)
    assert of(False, 2) != of(False, 3)


def test_what_is_set_in_a_layer_later_is_described():
    one, other = sequential(Scales(1)), sequential(Scales(1))
    other.layers[0].by = 9
    assert described.model(one) != described.model(other)


def test_building_and_training_change_no_description():
    """What Keras and a step set by themselves is no setting."""

    class Mine(keras.Model):
        def __init__(self, rate):
            super().__init__()
            self.inner, self.rate, self.count = layers.Dense(1), rate, 0

        def call(self, inputs):
            self.count += 1
            return self.inner(inputs) * self.rate

    model = Mine(2.0)
    model.compile("sgd", Scaled(2), metrics=[Counted(3)], run_eagerly=True)
    model(X)
    before = described.model(model)
    model.fit(X, Y, verbose=0)
    assert model.count
    assert described.model(model) == before


def test_no_depth_hides_a_setting():
    def nested(levels, rate):
        layer = layers.Dropout(rate)
        for _ in range(levels):
            layer = sequential(layer)
        return described.model(layer)

    deep = [0.1]
    for _ in range(50):
        deep = {"in": [deep]}
    for levels in (1, 6):
        assert nested(levels, 0.1) == nested(levels, 0.1) != nested(levels, 0.9)
    assert "0.1" in str(described.describe(deep))


def test_values_that_hold_themselves_are_described():
    def circle(end):
        ring = [1, {}]
        ring[1]["back"] = [ring, end]
        return described.describe(ring)

    assert circle(2) == circle(2) != circle(3)


# ---- The same call in one process.


def test_a_rate_that_a_callback_moved_is_no_other_training(tmp_path):
    model = compiled(keras.optimizers.SGD(0.1))

    def train():
        halves = keras.callbacks.LearningRateScheduler(lambda _, rate: rate / 2)
        return fit(model, X, Y, epochs=2, checkpoint=tmp_path, callbacks=[halves])

    first = train()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.025)
    assert train().history == first.history
    model.optimizer.learning_rate = 0.1  # as it was given
    train()
    model.optimizer.learning_rate = 0.05
    with pytest.raises(LabError, match="these differ: what the model was compiled"):
        train()


@pytest.mark.parametrize("least", [1, 0.5, np.float32(0.5)])
def test_early_stopping_is_used_again(tmp_path, least):
    stops = keras.callbacks.EarlyStopping("loss", min_delta=least, patience=5)
    for _ in range(2):
        fit(compiled(), X, Y, epochs=1, checkpoint=tmp_path, callbacks=[stops])
    stops.patience = 6
    with pytest.raises(LabError, match="these differ: the callbacks"):
        fit(compiled(), X, Y, epochs=1, checkpoint=tmp_path, callbacks=[stops])


def test_what_a_callback_moves_is_its_state(tmp_path):
    class Moves(Stops):
        def __init__(self, rate):
            super().__init__(3)
            self.rate = rate

        def on_epoch_end(self, epoch, logs=None):
            self.rate /= 2

    moves = Moves(1.0)
    for _ in range(2):
        fit(compiled(), X, Y, epochs=1, checkpoint=tmp_path, callbacks=[moves])
    assert fingerprint.of_callback(moves) == fingerprint.of_callback(Moves(1.0))
    moves.rate = 3.0
    with pytest.raises(LabError, match="these differ: the callbacks"):
        fit(compiled(), X, Y, epochs=1, checkpoint=tmp_path, callbacks=[moves])
