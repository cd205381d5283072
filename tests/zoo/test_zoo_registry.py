"""Names and doctests of the package."""

import doctest
import importlib
import pkgutil

import keras
import pytest

import zoo

NEEDED = {
    "mlp": {"input_shape": (4,), "num_classes": 2},
    "resnet": {"input_shape": (4, 4, 1), "num_classes": 2},
    "recurrent": {"input_shape": (4, 2), "num_classes": 2},
    "lstm": {"input_shape": (4, 2), "num_classes": 2},
    "gru": {"input_shape": (4, 2), "num_classes": 2},
    "simple_rnn": {"input_shape": (4, 2), "num_classes": 2},
    "char_lm": {"vocabulary_size": 5},
}
LARGE = ("resnet110",)


def test_the_list_is_sorted_and_every_name_is_public():
    names = zoo.list_models()
    assert names == sorted(names)
    assert {"mlp_mnist", "lenet5", "resnet20", "lstm", "char_lm", "dcgan"} <= set(names)
    assert all(callable(getattr(zoo, name)) for name in names)


@pytest.mark.parametrize("name", [n for n in zoo.list_models() if n not in LARGE])
def test_every_name_can_be_created_under_its_own_name(name):
    model = zoo.create(name, **NEEDED.get(name, {}))
    assert isinstance(model, keras.Model)
    assert model.name == name.removeprefix("dcgan_")


def test_settings_reach_the_builder_also_through_a_variant():
    model = zoo.create("mlp_mnist", num_classes=3, activation="tanh", name="mine")
    assert model.output_shape == (None, 3)
    assert model.name == "mine"


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("resnet20x", {}, r"name must be one of .*mean 'resnet20'.*'resnet20x'"),
        ("LeNet", {}, "did you mean 'lenet'"),
        ("zzzz", {}, r"name must be one of char_lm, .*; got 'zzzz'\.$"),
        (None, {}, "name must be one of .*; got None"),
        ("lenet", {"filter": (2,)}, "filter is no setting of 'lenet'.*'filters'"),
        ("resnet20", {"shortcuts": "x"}, "shortcuts is no setting.*'shortcut'"),
        ("mlp", {"num_classes": 2}, "input_shape is missing"),
        ("mlp_mnist", {"units": (0,)}, r"units\[0\] must be .*; got 0"),
    ],
)
def test_create_refuses_unknown_names(name, settings, message):
    with pytest.raises(ValueError, match=message):
        zoo.create(name, **settings)


MODULES = [
    "zoo",
    *(f"zoo.{entry.name}" for entry in pkgutil.iter_modules(zoo.__path__)),
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module):
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0
    expected = not module.rpartition(".")[2].startswith("_")
    assert bool(results.attempted) == expected
