"""Metrics that TensorFlow resets and reads in one call each, as long as `fit` runs.

Keras resets and reads them variable by variable, outside of any graph, in every epoch
and evaluation: up to a third of what many epochs of a small network take.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from recipes.lab.training.resident_program import OPTIONS

# Calls until a graph is traced: of fewer it would cost more than it saves.
CALLS = 24
NAMES = ("reset_metrics", "get_metrics_result")


@contextlib.contextmanager
def metrics_in_graph(model: keras.Model) -> Iterator[None]:
    """Has the model reset and read its metrics in graphs, to the same last digit.

    Metrics of one's own, and a model that has its own way with them, stay as they are:
    what they do as Python a graph would do once.

    Args:
        model: A compiled model.
    """
    # By the `fit` around this, or set on the model by its user.
    is_open = any(name in vars(model) for name in NAMES)
    graphs = None if is_open else _kept(model)
    if graphs is None:
        yield
        return
    # Not as Keras sets attributes: it would track them as a part of the model.
    for name in NAMES:
        object.__setattr__(model, name, getattr(graphs, name))
    try:
        yield
    finally:
        for name in NAMES:
            object.__delattr__(model, name)


class _Graphs:
    """Graphs for a model's metrics of now.

    Args:
        model: The model.
        metrics: All of its metrics, built.
    """

    def __init__(self, model: keras.Model, metrics: list):
        import tensorflow as tf

        self.model, self.metrics = model, metrics
        self._compiled = model._compile_loss, model._compile_metrics
        self._eagerly = tf.executing_eagerly
        self._calls = 0
        self._plain = {name: getattr(type(model), name) for name in NAMES}
        self._graphs: dict[str, Callable] = {}

    def reset_metrics(self) -> None:
        """As `keras.Model.reset_metrics`."""
        self._call("reset_metrics")

    def get_metrics_result(self) -> dict:
        """As `keras.Model.get_metrics_result`."""
        return self._call("get_metrics_result")

    def _call(self, name: str) -> Any:
        now = self.model._compile_loss, self.model._compile_metrics
        same = all(a is b for a, b in zip(now, self._compiled, strict=True))
        if not self._eagerly() or not same:  # in a step's graph; compiled anew
            return self._plain[name](self.model)
        self._calls += 1
        if self._calls <= CALLS:
            return self._plain[name](self.model)
        if name not in self._graphs:
            self._graphs[name] = self._traced(name)
        return self._graphs[name]()

    def _traced(self, name: str) -> Callable:
        import tensorflow as tf

        function = tf.function(lambda: self._plain[name](self.model), **OPTIONS)
        # Called itself it needs no look at its arguments, which takes as long again.
        return function.get_concrete_function()


def _kept(model: keras.Model) -> _Graphs | None:
    """The model's graphs, made when they are first wanted; None where there are none.

    They stay with the model for the next `fit`, until its metrics are others.
    """
    own = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in (*NAMES, "metrics")
    )
    if keras.backend.backend() != "tensorflow" or model.run_eagerly or own:
        return None
    if getattr(model, "_distribute_strategy", None) is not None:
        return None
    found = model.metrics
    if not all(map(_is_built_and_keras_s, found)):
        return None
    graphs = vars(model).get("_metrics_in_graph")
    if graphs is None or graphs.metrics != found:
        graphs = _Graphs(model, found)
        object.__setattr__(model, "_metrics_in_graph", graphs)
    return graphs


def _is_built_and_keras_s(metric: keras.metrics.Metric) -> bool:
    """Whether a metric, with those that it holds, is Keras's and has its variables."""
    if not type(metric).__module__.startswith("keras."):
        return False
    if not getattr(metric, "built", True):
        return False
    held = getattr(metric, "metrics", ())
    return all(map(_is_built_and_keras_s, held))
