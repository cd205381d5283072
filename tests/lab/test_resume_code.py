"""All code and constants of a class of one's own are described."""

import functools

import keras
import pytest

from recipes.lab.training.checkpoint import described

DECORATED = """
def decorated(function):
    @functools.wraps(function)
    def outer(*given):
        return function(*given)
    return outer

"""


@pytest.mark.parametrize(
    "body",
    [
        "RATE = {}",
        "def call(self, x, factor={}): return x * factor",
        "@staticmethod\n def factor(): return {}",
        "@classmethod\n def factor(cls): return {}",
        "@property\n def factor(self): return {}",
        "@functools.cached_property\n def factor(self): return {}",
        "@decorated\n def call(self, x): return x * {}",
        "class Inner:\n  RATE = {}",
    ],
)
def test_all_that_stands_in_a_class_is_described(body):
    def of(number):
        here = {"keras": keras, "functools": functools, "__name__": "mine"}
        text = f"{DECORATED}class Mine(keras.Model):\n {body}"
        exec(text.format(number), here)
        return described.describe(here["Mine"])

    assert of(1) == of(1) != of(2)


def test_a_train_step_that_tensorflow_wraps_is_described():
    tf = pytest.importorskip("tensorflow")

    def of(factor):
        def train_step(self, data):
            return {"loss": data * factor}

        body = {"train_step": tf.function(train_step)}
        return described.describe(type("Mine", (keras.Model,), body))

    assert of(1) == of(1) != of(2)
