"""`Study`: networks that are compiled once a process and trained many times."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import keras

from recipes.lab.errors import LabError
from recipes.lab.training import arrays, checks
from recipes.lab.training.compiled import Compiled, as_plain, forget
from recipes.lab.training.fit import fit
from recipes.lab.training.scores import Scores, finite
from recipes.lab.training.seeding import reseed

if TYPE_CHECKING:
    from recipes.lab.data.sets import Dataset


class Study:
    """Trains networks of one kind, each from the weights that a seed draws.

    It is made where a lesson's constants are: it holds no data and builds nothing
    before it is used. A network is compiled once for each architecture, optimizer and
    precision in a process; every training puts it back to its start.

    Args:
        build: `build(input_shape, **network)` returns a built `keras.Model` that is
            not compiled: a builder of the zoo, for instance. `input_shape` is that of
            one sample.
        loss: As `compile` takes it.
        optimizer: A name, Keras's configuration `{"class_name": "SGD", "config":
            {"momentum": 0.9}}`, or a function without arguments that makes one: an
            optimizer object would run an op where the lesson is imported.
        metrics: Names, or functions without arguments that make a metric.
        **compile_arguments: Anything else that `compile` takes (`loss_weights`, ...).

    Example:
        >>> import numpy as np
        >>> from zoo import mlp
        >>> study = Study(mlp, "mse", "sgd")
        >>> x = np.ones((8, 2), "float32")
        >>> network = {"num_classes": 1, "units": [4], "task": "regression"}
        >>> run = study.train((x, x[:, :1]), 0, epochs=3, batch_size=4, network=network)
        >>> len(run["history"]["loss"]), run["diverged"]
        (3, None)
    """

    # What a loss counts at most, also one that is not finite: far above every loss
    # of a network that learns, and still a number with a mean and a logarithm.
    LARGEST_LOSS = 1e6

    @staticmethod
    def loss_of_guessing(classes: int) -> float:
        """The cross-entropy of equal chances, in nats: log(classes).

        A network that diverged has learned as much as one that guesses. As `largest`
        this keeps one diverged training from deciding a mean by itself.
        """
        return math.log(classes)

    def __init__(
        self,
        build: Callable[..., keras.Model],
        loss: Any,
        optimizer: str | Mapping | Callable[[], keras.optimizers.Optimizer] = "sgd",
        metrics: Sequence[str | Callable[[], keras.metrics.Metric]] = (),
        **compile_arguments: Any,
    ):
        self._compiled = Compiled(build, loss, optimizer, metrics, compile_arguments)

    def start(
        self,
        data: "Dataset | tuple",
        seed: int,
        *,
        learning_rate: float | None = None,
        network: Mapping[str, Any] | None = None,
        optimizer: str | Mapping | None = None,
        weights: Sequence | Callable[[keras.Model], Sequence] | None = None,
    ) -> keras.Model:
        """Returns the compiled network as a training begins with it.

        It is for what `train` does not do, and the next training's: keep it no longer.

        Args:
            data: As for `train`, like all others. Only the shape of x matters.
            seed: Decides weights and random layers.
            learning_rate: None for the optimizer's own.
            network: The arguments of `build` behind the shape.
            optimizer: None for the study's own.
            weights: None draws them.

        Raises:
            LabError: The arguments make no network.
        """
        (x, _), _ = _arrays(data)
        shape = keras.tree.map_structure(lambda array: tuple(array.shape[1:]), x)
        restart = self._compiled(shape, dict(network or {}), optimizer)
        model = restart.model
        reseed(seed)
        if callable(weights):
            restart()  # The function sees drawn weights, not those of a training.
            reseed(seed)
            weights = weights(model)
        restart(weights)
        if learning_rate is not None:
            if not (math.isfinite(learning_rate) and learning_rate >= 0):
                raise LabError(
                    f"learning_rate must be a number from 0, not {learning_rate}."
                )
            try:
                model.optimizer.learning_rate = learning_rate
            except TypeError:
                raise LabError(
                    f"learning_rate={learning_rate} can't be set: the optimizer has a "
                    "schedule of its own."
                ) from None
        return model

    def train(
        self,
        data: "Dataset | tuple",
        seed: int,
        *,
        epochs: int,
        batch_size: int,
        learning_rate: float | None = None,
        network: Mapping[str, Any] | None = None,
        optimizer: str | Mapping | None = None,
        weights: Sequence | Callable[[keras.Model], Sequence] | None = None,
        held_out: tuple | None = None,
        score_epochs: Collection[int] = (),
        score_training: bool = False,
        measure: Callable[[keras.Model], Any] | None = None,
        largest: float = LARGEST_LOSS,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        on_divergence: Literal["return", "raise"] = "return",
        **arguments: Any,
    ) -> dict[str, Any]:
        """Trains from the seed's weights, whatever was trained before.

        Args:
            data: A `Dataset`, for its training arrays, or arrays (x, y).
            seed: Decides weights, random layers and the order of the samples.
            epochs: Passes over the data, at least 1.
            batch_size: Samples a step, at least 1.
            learning_rate: From 0; None for the optimizer's own.
            network: The arguments of `build` behind the shape: plain data.
            optimizer: A name or a configuration; None for the study's own.
            weights: The start as `model.get_weights` returns it, or a function of the
                model, with weights as drawn, that returns it; None draws as the
                initializers do.
            held_out: Arrays (x, y) to score on; None for the `Dataset`'s test set.
            score_epochs: Epochs, counted from 1, at whose ends scores are taken, too.
            score_training: Whether the training arrays are scored, too: the history's
                loss is a mean over an epoch, in which the weights move.
            measure: What else is wanted of the trained model: returns plain data.
            largest: What a loss counts at most, in the history too, and what one counts
                that is not finite.
            callbacks: New ones for each training. Their logs hold the scores.
            on_divergence: "return" bounds a training that diverges, and ends it where
                no weight can recover; "raise" makes it an error.
            **arguments: Anything else that `fit` takes (`shuffle`, `sample_weight`,
                `class_weight`, `xla`, ...).

        Returns:
            Plain data: `history`, for each metric one number an epoch (for each score
            one at each of `score_epochs`); the scores at the end, `held_out_loss`,
            `training_loss` and the like for each metric; `measured`, where there is
            something to measure; and `diverged`, the epoch in which it did, counted
            from 1, or None. From there on losses are `largest` and accuracies those
            of guessing, 1 / classes.

        Raises:
            LabError: The arguments make no network, or the data can't be trained on.
        """
        (x, y), test = _arrays(data)
        for epoch in score_epochs:
            if not 1 <= epoch <= epochs:
                raise LabError(f"score_epochs holds {epoch}; epochs={epochs}.")
        model = self.start(
            data,
            seed,
            learning_rate=learning_rate,
            network=network,
            optimizer=optimizer,
            weights=weights,
        )
        sets = {"held_out": held_out or test, "training": score_training and (x, y)}
        sets = {
            name: _checked(model, name, pair) for name, pair in sets.items() if pair
        }
        scores = Scores(sets, set(score_epochs), largest, on_divergence == "return")
        try:
            history = fit(
                model,
                x,
                y,
                batch_size=batch_size,
                epochs=epochs,
                seed=seed,
                callbacks=[scores, *callbacks],
                on_divergence=on_divergence,
                **arguments,
            ).history
            ends = scores.of(model)
            if measure is not None:
                ends["measured"] = as_plain("what measure returns", measure(model))
        except BaseException:  # Ctrl-C, too
            forget(model)
            raise
        lost = [number for number, loss in enumerate(history["loss"], 1)
                if not math.isfinite(loss)]  # fmt: skip
        if not lost and not finite(model):  # by the last step
            lost = [len(history["loss"])]
        diverged = lost[0] if lost else None
        return {"history": scores.whole(history, epochs), **ends, "diverged": diverged}


def _arrays(data) -> tuple[tuple, tuple | None]:
    """The arrays to train on, and those of the test where there are any."""
    if getattr(data, "y_train", None) is not None:
        return (data.x_train, data.y_train), (data.x_test, data.y_test)
    if isinstance(data, tuple) and len(data) == 2 and not arrays.is_stream(data[0]):
        parts = [part for _, part in arrays.leaves(data[0])]
        if parts and all(hasattr(part, "shape") for part in parts):
            return data, None
    kind = type(data).__name__
    raise LabError(f"data must be a Dataset with targets or (x, y), not this {kind}.")


def _checked(model: keras.Model, name: str, pair: tuple) -> tuple:
    """Arrays to score on, checked and of the types that `fit` trains on."""
    try:
        (x, y), _ = _arrays(tuple(pair))
        data, _ = checks.check_data(model, arrays.checked(arrays.Data(x, y)))
    except LabError as error:
        raise LabError(f"{name}: {error}") from None
    return data.x, data.y
