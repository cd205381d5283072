"""Which calls of `fit` XLA compiles, which decides bits; when it does, decides none."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from callbacks import GradientNorms
from recipes.lab import fit
from recipes.lab.training import machine, xla
from recipes.lab.training.compiled_beside import compile_beside
from recipes.lab.training.restart import Restart
from tests.lab.dying import Dies

RNG = np.random.default_rng(0)
X = RNG.normal(size=(330, 8)).astype("float32")  # a last batch of 10
Y = RNG.integers(0, 3, 330).astype("int32")
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(autouse=True)
def _short_calls(monkeypatch):
    monkeypatch.setattr(xla, "ENOUGH_AGAIN", 11)
    monkeypatch.setattr(xla, "ENOUGH", 44)
    monkeypatch.setattr(xla, "has_a_core_to_spare", lambda: True)


class Counting(keras.Sequential):
    traces = 0

    def train_step(self, *arguments):
        self.traces += 1
        return super().train_step(*arguments)


def network(layer=lambda: keras.layers.Dense(16, "relu")):
    keras.utils.set_random_seed(3)
    model = Counting(
        [
            keras.Input((8,)),
            layer(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), CROSSENTROPY, metrics=["accuracy"])
    return model


def train(model, *calls, **given):
    """Trains call by call; returns the bits of all that a step changes."""
    for epochs, chosen in calls:
        fit(model, X, Y, epochs=epochs, seed=1, xla=chosen, **given)
    return bits(model)


def bits(model):
    state = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.asarray(variable.value).tobytes() for variable in state]


def test_the_two_ways_differ_in_bits():
    """Else the tests below could not fail."""
    assert train(network(), (1, False)) != train(network(), (1, True))


def test_a_second_call_has_xla_compiled_beside_the_first_or_not(monkeypatch):
    expected = train(network(), (3, False), (1, True))
    for beside in (True, False):
        monkeypatch.setattr(xla, "has_a_core_to_spare", lambda free=beside: free)
        assert train(network(), (3, None), (1, None)) == expected


def test_a_first_call_of_many_steps_has_xla():
    assert train(network(), (4, None)) == train(network(), (4, True))


def test_a_short_call_stays_a_graph():
    few = {"steps_per_epoch": 10}
    chosen = train(network(), (1, None), (1, None), **few)
    assert chosen == train(network(), (1, False), (1, False), **few)


def test_layers_that_are_not_dense_stay_a_graph():
    def other():
        return network(lambda: keras.layers.EinsumDense("bi,io->bo", 16))

    chosen = train(other(), (1, None), (4, None))
    assert chosen == train(other(), (1, False), (4, False))


def test_the_second_call_traces_nothing():
    model = network()
    train(model, (1, None))
    traces = model.traces
    train(model, (1, None), (4, None))
    assert model.traces == traces


def test_a_callback_inside_the_step_has_it_traced_anew_and_needs_many_steps():
    def trained(*calls):
        model = network()
        for epochs, chosen in calls:
            train(model, (epochs, chosen), callbacks=[GradientNorms(per_layer=False)])
        return bits(model)

    assert trained((1, None), (1, None)) == trained((1, False), (1, False))


def test_a_restarted_model_is_a_new_one():
    model = network()
    restart = Restart(model)
    start = model.get_weights()
    ends = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        restart(start)
        ends.append(train(model, (1, None)))
    assert ends[0] == ends[1]


def test_a_kept_training_goes_on_as_it_began(tmp_path):
    model, callback = network(), Dies()
    given = {"checkpoint": tmp_path, "every": 5, "callbacks": [callback]}
    callback.at = 2
    with pytest.raises(KeyboardInterrupt):
        train(model, (3, None), **given)
    callback.at = None  # the same model, which has made steps by now
    assert train(model, (3, None), **given) == train(network(), (3, False))


def test_what_is_compiled_beside_leaves_the_variables_alone():
    import tensorflow as tf

    variable = tf.Variable([1.0, 2.0])

    @tf.function(jit_compile=True)
    def add(value):
        return variable.assign_add([value, value])

    compile_beside(add, (tf.constant(5.0),))()
    np.testing.assert_array_equal(variable, [1.0, 2.0])
    np.testing.assert_array_equal(add(tf.constant(3.0)), [4.0, 5.0])
    np.testing.assert_array_equal(variable, [4.0, 5.0])


def test_what_cannot_be_compiled_is_found_when_it_is_needed(caplog):
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def reads(value):
        return tf.strings.length(tf.strings.as_string(value))

    with caplog.at_level("INFO", "recipes"):
        compile_beside(reads, (tf.constant(5.0),))()
    assert "nothing is compiled ahead" in caplog.text
    with pytest.raises(tf.errors.InvalidArgumentError):
        reads(tf.constant(5.0))


@pytest.mark.skipif(not Path("/proc/loadavg").exists(), reason="Linux counts them")
def test_a_program_that_runs_beside_is_seen_at_once():
    says_so = "print(flush=True)\nwhile True: pass"
    busy = [sys.executable, "-c", says_so]
    with subprocess.Popen(busy, stdout=subprocess.PIPE) as program:
        assert program.stdout
        program.stdout.readline()
        try:
            assert max(machine.running_beside() for _ in range(50)) >= 1
        finally:
            program.kill()
