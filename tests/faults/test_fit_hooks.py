"""Whatever way a callback gets its hooks, it is called as often as in plain `fit`."""

import dis

import keras
import pytest

from callbacks import GradientNorms
from recipes.lab import LabError, fit
from tests.faults.fit_models import X, Y, net

HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin",
         "on_test_batch_end")  # fmt: skip
OLD_HOOKS = ("on_batch_begin", "on_batch_end")


class Counter(keras.callbacks.Callback):
    """Counts its calls by a method called `count`."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def count(self, batch, logs=None):
        self.calls.append(batch)


def in_class(hook, base=Counter, *arguments, **settings):
    made = type("Made", (Counter, base) if base is not Counter else (Counter,),
                {hook: Counter.count})  # fmt: skip
    counter = made.__new__(made)
    base.__init__(counter, *arguments, **settings)
    counter.calls = []
    return counter, counter


def on_instance(hook):
    counter = Counter()
    setattr(counter, hook, counter.count)
    return counter, counter


def in_lambda(hook):
    counter = Counter()
    return counter, keras.callbacks.LambdaCallback(**{hook: counter.count})


def while_it_begins(hook):
    class Late(Counter):
        def on_train_begin(self, logs=None):
            if hook == "on_train_batch_end":
                self.on_train_batch_end = self.count
            else:
                setattr(self, "on_train_batch_begin", self.count)  # noqa: B010

    counter = Late()
    return counter, counter


def in_nested_lists(hook):
    counter, _ = on_instance(hook)
    return counter, [[counter], []]


def in_callback_list(hook):
    counter, _ = on_instance(hook)
    return counter, keras.callbacks.CallbackList([counter], add_history=True)


def in_list_of_ones_own(hook):
    class Own(keras.callbacks.CallbackList):
        pass

    counter, _ = on_instance(hook)
    return counter, Own([counter], add_history=True)


def of_gradient_norms(hook):
    return in_class(hook, GradientNorms)


def counted(callbacks, train=fit, **options):
    counter, given = callbacks
    given = (
        given if isinstance(given, (list, keras.callbacks.CallbackList)) else [given]
    )
    train(net(), X, Y, batch_size=4, epochs=2, callbacks=given,
          validation_data=(X[:12], Y[:12]), **options)  # fmt: skip
    return counter.calls


def keras_fit(model, *arguments, **options):
    return model.fit(*arguments, verbose=0, **options)


WAYS = [in_class, on_instance, in_nested_lists, in_callback_list, in_list_of_ones_own]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("way", WAYS)
def test_as_often_as_there_are_batches(way, hook):
    batches = 10 if "train" in hook else 3
    assert counted(way(hook)) == [*range(batches)] * 2


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("way", [in_class, on_instance])
def test_as_often_as_in_plain_fit(way, hook):
    assert counted(way(hook)) == counted(way(hook), keras_fit)


@pytest.mark.parametrize("hook", HOOKS[:2])
@pytest.mark.parametrize("way", [in_lambda, while_it_begins, of_gradient_norms])
def test_hooks_of_training(way, hook):
    # Keras calls a late hook from another thread on JAX, in any order.
    assert sorted(counted(way(hook))) == sorted([*range(10)] * 2)


@pytest.mark.parametrize("hook", OLD_HOOKS)
@pytest.mark.parametrize("way", [in_class, on_instance])
def test_hooks_of_old_names(way, hook):
    assert counted(way(hook), fit)[:10] == [*range(10)]


@pytest.mark.parametrize("hook", HOOKS[:2])
def test_a_subclass_of_a_checkpoint(hook, tmp_path):
    """Its own hook counts, though Keras's does nothing between epochs."""
    made = in_class(hook, keras.callbacks.ModelCheckpoint, tmp_path / "a.keras")
    assert counted(made, fit) == [*range(10)] * 2


def test_a_warm_up_by_a_lambda_trains_as_in_plain_fit():
    def trained(train):
        model, calls = net(optimizer=keras.optimizers.SGD(0.1)), []

        def warm_up(batch, logs):
            calls.append(batch)
            model.optimizer.learning_rate = 0.01 * len(calls)

        hook = keras.callbacks.LambdaCallback(on_train_batch_begin=warm_up)
        train(model, X[:37], Y[:37], batch_size=4, epochs=2, callbacks=[hook])
        rate = keras.ops.convert_to_numpy(model.optimizer.learning_rate.value)
        return len(calls), float(rate)

    assert trained(fit) == trained(keras_fit)
    if keras.backend.backend() != "jax":  # which keeps a state of its own meanwhile
        assert trained(fit) == (20, pytest.approx(0.2))


def test_a_hook_that_comes_from_elsewhere_and_too_late_is_refused():
    if keras.backend.backend() == "torch":
        pytest.skip("PyTorch runs every step by itself")
    late = Counter()

    def give(logs):
        setattr(late, "on_train_batch_end", late.count)  # noqa: B010

    giver = keras.callbacks.LambdaCallback(on_train_begin=give)
    with pytest.raises(LabError, match="Counter got a hook for batches after"):
        fit(net(), X, Y, callbacks=[late, giver])


def test_callbacks_are_told_the_number_of_batches():
    class Steps(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.steps = self.params["steps"]

    fit(net(), X, Y, batch_size=4, callbacks=[steps := Steps()])
    assert steps.steps == 10


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="its steps aren't compiled"
)
def test_the_code_of_a_callback_is_read_once(monkeypatch):
    read = []
    instructions = dis.get_instructions
    monkeypatch.setattr(
        dis, "get_instructions", lambda code: read.append(code) or instructions(code)
    )

    class Own(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.last = epoch

    model = net()
    for epochs in (1, 3):
        fit(model, X, Y, epochs=epochs, callbacks=[Own()])
        assert read.count(Own.on_epoch_end.__code__) == 1
