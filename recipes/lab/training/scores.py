"""What a training is worth: losses and metrics, bounded where it diverged."""

import math
from collections.abc import Mapping

import keras
import numpy as np

from recipes.lab.training import arrays
from recipes.lab.training.metrics_in_graph import metrics_in_graph

ROWS = 4000  # scored by one call


class Scores(keras.callbacks.Callback):
    """Scores a model at the ends of epochs; stops where no weight can recover.

    Args:
        sets: Name to the arrays (x, y) to score on.
        epochs: Those at whose ends scores are taken, counted from 1.
        largest: What a loss counts at most, also one that is not finite.
        stops: Whether training ends with an epoch that leaves no finite weights.
    """

    def __init__(
        self, sets: dict[str, tuple], epochs: set[int], largest: float, stops: bool
    ):
        super().__init__()
        self.sets, self.epochs, self.largest, self.stops = sets, epochs, largest, stops
        self.kept: dict[str, list[float]] = {}
        self.stopped = False
        self._batches: dict[str, list] = {}

    def on_epoch_end(self, epoch, logs=None):
        """Adds the scores to the epoch's logs, where other callbacks find them."""
        logs = {} if logs is None else logs
        if epoch + 1 in self.epochs:
            logs.update(self._keep(self.of(self.model)))
        lost = self.stops and not math.isfinite(logs.get("loss", 0.0))
        if lost and not finite(self.model):
            self.stopped = self.model.stop_training = True

    def get_state(self) -> dict:
        """What was scored so far."""
        return {"kept": self.kept, "stopped": self.stopped}

    def set_state(self, state: dict) -> None:
        """Puts back what `get_state` returned."""
        self.kept, self.stopped = state["kept"], state["stopped"]

    def of(self, model: keras.Model) -> dict[str, float]:
        """Returns each set's loss and metrics, `held_out_loss` for instance."""
        found = {}
        with metrics_in_graph(model):
            for name in self.sets:
                logs = self._logs(model, name)
                found |= {f"{name}_{key}": v for key, v in self._bounded(logs).items()}
        return found

    def _logs(self, model: keras.Model, name: str) -> dict:
        """What `model.evaluate` finds in batches of `ROWS`.

        TensorFlow's evaluate builds a pipeline at each call, which takes longer than to
        score a small network: its batches are called one by one, and metrics add them
        up.
        """
        x, y = self.sets[name]
        samples = len(next(arrays.leaves(x))[1])
        tensors = keras.backend.backend() == "tensorflow"
        by_hand = tensors and not (
            model.jit_compile
            or model.steps_per_execution > 1
            or model.distribute_strategy.num_replicas_in_sync > 1
        )
        if samples > ROWS and not by_hand:
            return model.evaluate(x, y, batch_size=ROWS, verbose=0, return_dict=True)
        if name not in self._batches:
            firsts = range(0, samples, ROWS)
            self._batches[name] = [_rows((x, y), first, tensors) for first in firsts]
        first, *others = self._batches[name]
        logs = model.test_on_batch(*first, return_dict=True)  # resets metrics
        for batch in others:
            logs = model.test_function(iter([(*batch, None)]))  # type: ignore[misc]
        return dict(sorted(logs.items()))

    def whole(self, history: dict[str, list], epochs: int) -> dict[str, list[float]]:
        """Returns a history in plain, bounded numbers.

        Args:
            history: Keras's, of a training that this watched.
            epochs: Where this stopped the training, the last values stand for all
                epochs that it would have had.
        """
        ran = len(history["loss"])
        names = [n for n in history if n not in self.kept and len(history[n]) == ran]
        rows = [
            self._bounded({name: history[name][row] for name in names})
            for row in range(ran)
        ]
        if self.stopped:
            rows += rows[-1:] * (epochs - ran)
            for _ in filter(lambda epoch: epoch > ran, self.epochs):
                self._keep(self.of(self.model))
        table = {name: [row[name] for row in rows] for name in names}
        sparse = {  # of `validation_freq`, for instance
            name: [self._bounded({name: value})[name] for value in values]
            for name, values in history.items()
            if name not in names and name not in self.kept
        }
        return table | sparse | self.kept

    def _keep(self, scores: dict[str, float]) -> dict[str, float]:
        for name, value in scores.items():
            self.kept.setdefault(name, []).append(value)
        return scores

    def _bounded(self, logs: Mapping) -> dict[str, float]:
        """Losses up to the largest; accuracies of guessing where the loss is lost."""
        lost, bounded = not math.isfinite(logs.get("loss", 0.0)), {}
        outputs = getattr(self.model, "outputs", ())
        classes = outputs[0].shape[-1] if len(outputs) == 1 else None
        for name, value in ((name, float(value)) for name, value in logs.items()):
            if name == "loss" or name.endswith("_loss"):
                value = self.largest if math.isnan(value) else min(value, self.largest)
            elif lost and classes and name.endswith("accuracy"):
                value = 1 / max(classes, 2)
            elif not math.isfinite(value):
                value = self.largest
            bounded[name] = value
        return bounded


def _rows(pair: tuple, first: int, as_tensors: bool) -> tuple:
    """The rows of a batch: TensorFlow would make tensors of arrays at each call."""
    rows = keras.tree.map_structure(lambda array: array[first : first + ROWS], pair)
    if as_tensors:
        return keras.tree.map_structure(keras.ops.convert_to_tensor, rows)
    return rows


def finite(model: keras.Model) -> bool:
    """Whether all weights are numbers."""
    return all(np.isfinite(weight).all() for weight in model.get_weights())
