"""NoisySampleWeighting: less weight for samples whose loss is among the largest."""

from collections.abc import Iterable
from typing import Any

from keras import ops
from keras.src.backend import get_keras_mask

from callbacks import arguments
from callbacks.loss_weights.base import LossCallback
from callbacks.loss_weights.outputs import places_of


def small_loss_weights(losses: Any, kept: Any, floor: float) -> Any:
    """Weights of mean 1 that favor the smallest losses of a batch.

    Args:
        losses: One loss a sample, (batch,).
        kept: Share of the samples that keep their weight, in (0, 1].
        floor: Weight of the others before normalization, in [0, 1).

    Returns:
        Weights, (batch,); samples that tie with the last one kept are kept.
    """
    count = ops.cast(ops.size(losses), "float32")
    # A hair less, so that 0.7 * 10 = 7.0000001 in float32 keeps 7 and not 8.
    place = ops.cast(ops.ceil(kept * count - 1e-3), "int32") - 1
    limit = ops.take(ops.sort(losses), ops.maximum(place, 0))
    weights = ops.where(losses <= limit, 1.0, floor)
    return ops.stop_gradient(weights / ops.mean(weights))


def loss_of_each_sample(losses: Any, step_weights: Any) -> Any:
    """Means over all axes but the first.

    Args:
        losses: (batch, ...).
        step_weights: Weights of the same shape, such as a mask, or None.
    """
    rows = ops.reshape(losses, (ops.shape(losses)[0], -1))
    if step_weights is None:
        return ops.mean(rows, axis=1)
    weights = ops.reshape(ops.cast(step_weights, rows.dtype), ops.shape(rows))
    total = ops.sum(weights, axis=1)
    sums = ops.sum(rows * weights, axis=1)
    return sums / ops.where(total > 0, total, ops.ones_like(total))


class NoisySampleWeighting(LossCallback):
    """Down-weights the samples of each batch that have the largest losses.

    Networks fit clean labels before they memorize wrong ones, so in the first epochs a
    wrong label shows by its large loss. The share of samples that keep their weight
    falls linearly from 1 to 1 - noise over `ramp_epochs`. Weights have mean 1, and
    multiply sample weights if there are any. Rank is within the batch, so batches of
    less than about 1 / noise samples drop too few or too many. Where classes are
    unbalanced, a rare class has large losses, too, and is dropped with the noise: a
    model may then rank the classes the wrong way round.

    A sample is what stands on the first axis, such as a whole sequence. Its loss is the
    mean over its steps; steps that are masked or have the weight 0 don't count.

    Args:
        noise: Share of the labels that are thought to be wrong, in (0, 1).
        ramp_epochs: Epochs until that share is down-weighted, at least 1.
        floor: Weight of the down-weighted samples against the others, in [0, 1).
        output: Name of the output whose labels are noisy; None for all. It goes by its
            name in Keras's logs, its key in a dict of outputs, or its layer's name.
        outputs: Names of all outputs in their order, for a model whose outputs have
            none, such as a subclassed model that returns a list.
        name: What the logged key begins with; has to differ where one `fit` has two.
        progress_bar: Whether the logged key shows in Keras's progress bar.

    Logged keys:
        kept_share: Share of the samples that kept their weight in this epoch.

    Cost:
        A sort of the batch's losses. On TensorFlow and two CPU cores 1.04 times the CPU
        time for a small MLP with batches of 64.

    Example:
        >>> weighting = NoisySampleWeighting(noise=0.3, ramp_epochs=5)
        >>> model.fit(x, y, callbacks=[weighting])  # doctest: +SKIP

    References:
        Arpit et al., A Closer Look at Memorization in Deep Networks (2017).
        Han et al., Co-teaching: Robust Training of Deep Neural Networks with Extremely
        Noisy Labels (2018).
    """

    def __init__(
        self,
        noise: float,
        ramp_epochs: int = 10,
        *,
        floor: float = 0.0,
        output: str | None = None,
        outputs: Iterable[str] | None = None,
        name: str = "kept",
        progress_bar: bool = True,
    ):
        super().__init__(outputs, progress_bar)
        self.noise = arguments.number(
            "noise", noise, 0.0, 1.0, open_low=True, open_high=True
        )
        self.ramp_epochs = arguments.integer("ramp_epochs", ramp_epochs)
        self.floor = arguments.number("floor", floor, 0.0, 1.0, open_high=True)
        self.output = output if output is None else arguments.label("output", output)
        self.name = arguments.label("name", name)
        self._kept: Any = None

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "_kept": None}

    def kept_in(self, epoch: int) -> float:
        """Share of the samples that keep their weight in an epoch, from 0."""
        return 1.0 - self.noise * min(epoch / self.ramp_epochs, 1.0)

    def on_train_begin(self, logs=None):
        """Makes a variable for the share."""
        super().on_train_begin(logs)
        count = self._session.replicas.count
        if count > 1:
            raise ValueError(
                "NoisySampleWeighting ranks the samples of a whole batch, and each of "
                f"{count} replicas sees its share only; train on one device, or on the "
                "JAX backend under keras.distribution."
            )
        self.check_names("output", [] if self.output is None else [self.output])
        self._kept = self._session.add_variable(value=1.0)

    def on_epoch_begin(self, epoch, logs=None):
        """Moves the share."""
        self._kept.set(self.kept_in(epoch))

    def meet(self, names, entries):
        """Finds the output by its name."""
        if self.output is None:
            return set(range(len(entries)))
        return set(places_of("output", [self.output], names, entries)[self.output])

    def change(self, place, entry):
        """Inside the step: this output's loss with weights for its samples."""
        plain = entry.loss

        def loss(y_true, y_pred, sample_weight=None):
            mask = get_keras_mask(y_pred)
            targets = ops.convert_to_tensor(y_true, dtype=plain.dtype)
            predictions = ops.convert_to_tensor(y_pred, dtype=plain.dtype)
            losses = plain.call(targets, predictions)
            _check_samples(plain, losses, predictions)
            given = _spread(sample_weight, losses)
            steps = _spread(mask, losses)
            if len(losses.shape) > 1 and given is not None:
                # Weights of single steps say which count; those of whole samples
                # cancel in a mean.
                steps = given if steps is None else steps * given
            each = loss_of_each_sample(losses, steps)
            weight = small_loss_weights(each, self._kept.read(), self.floor)
            weight = _spread(weight, losses)
            return plain(y_true, y_pred, weight if given is None else weight * given)

        return entry._replace(loss=loss)

    def write_logs(self, epoch, logs):
        """The share, as the step held it."""
        logs[f"{self.name}_share"] = float(self._kept.get())


def _check_samples(loss: Any, losses: Any, predictions: Any) -> None:
    """Refuses a loss that has taken the mean over the batch already."""
    shape, expected = tuple(losses.shape), tuple(predictions.shape)[:1]
    known = shape[:1] != (None,) and expected != (None,)
    if not shape or (known and shape[:1] != expected):
        raise ValueError(
            f"NoisySampleWeighting needs a loss with a value for each sample, of shape "
            f"{expected}; {getattr(loss, 'name', loss)!r} gives the shape {shape}."
        )


def _spread(weights: Any, losses: Any) -> Any:
    """Weights of samples or of steps, in the shape of the losses."""
    if weights is None:
        return None
    weights = ops.cast(ops.convert_to_tensor(weights), losses.dtype)
    rank = len(losses.shape)
    while len(weights.shape) > rank and weights.shape[-1] == 1:
        weights = ops.squeeze(weights, -1)
    while len(weights.shape) < rank:
        weights = ops.expand_dims(weights, -1)
    return weights * ops.ones_like(losses)
