"""NoisySampleWeighting: less weight for samples whose loss is among the largest."""

from typing import Any

from keras import ops

from callbacks import _checks
from callbacks._losses import LossCallback, check_loss, known_outputs, output_names


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


class NoisySampleWeighting(LossCallback):
    """Down-weights the samples of each batch that have the largest losses.

    Networks fit clean labels before they memorize wrong ones, so in the first epochs a
    wrong label shows by its large loss. The share of samples that keep their weight
    falls linearly from 1 to 1 - noise over `ramp_epochs`. Weights have mean 1, and
    multiply sample weights if there are any. Rank is within the batch, so batches of
    less than about 1 / noise samples drop too few or too many. Where classes are
    unbalanced, a rare class has large losses, too, and is dropped with the noise.

    Args:
        noise: Share of the labels that are thought to be wrong, in (0, 1).
        ramp_epochs: Epochs until that share is down-weighted, at least 1.
        floor: Weight of the down-weighted samples against the others, in [0, 1).
        output: Name of the output whose labels are noisy; None for all.

    Logged keys:
        kept_share: Share of the samples that kept their weight in this epoch.

    Cost:
        A sort of the batch's losses. On TensorFlow and two CPU cores 1.01 to 1.04 for
        a small MLP with batches of 64.

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
    ):
        super().__init__()
        self.noise = _checks.number(
            "noise", noise, 0.0, 1.0, open_low=True, open_high=True
        )
        self.ramp_epochs = _checks.integer("ramp_epochs", ramp_epochs)
        self.floor = _checks.number("floor", floor, 0.0, 1.0, open_high=True)
        self.output = output if output is None else _checks.label("output", output)
        self._kept: Any = None

    def __getstate__(self) -> dict:
        return {**super().__getstate__(), "_kept": None}

    def kept_in(self, epoch: int) -> float:
        """Share of the samples that keep their weight in an epoch, from 0."""
        return 1.0 - self.noise * min(epoch / self.ramp_epochs, 1.0)

    def on_train_begin(self, logs=None):
        """Makes a slot for the share."""
        super().on_train_begin(logs)
        check_loss(self._trained_model)
        if self.output is not None and hasattr(self._trained_model, "output_names"):
            names = output_names(self._trained_model)
            known_outputs("output", [self.output], names)
        self._kept = self._recording.slot(value=1.0)

    def on_epoch_begin(self, epoch, logs=None):
        """Moves the share."""
        self._kept.set(self.kept_in(epoch))

    def change(self, entry):
        """Inside the step: this output's loss with weights for its samples."""
        if self.output not in (None, entry.name):
            return entry
        plain = entry.loss

        def loss(y_true, y_pred, sample_weight=None):
            y_true = ops.convert_to_tensor(y_true, dtype=plain.dtype)
            y_pred = ops.convert_to_tensor(y_pred, dtype=plain.dtype)
            each = plain.call(y_true, y_pred)
            each = ops.mean(ops.reshape(each, (ops.shape(each)[0], -1)), axis=1)
            weight = small_loss_weights(each, self._kept.read(), self.floor)
            if sample_weight is not None:
                given = ops.convert_to_tensor(sample_weight, dtype=plain.dtype)
                trailing = (1,) * (len(given.shape) - 1)
                weight = given * ops.reshape(weight, (-1, *trailing))
            return plain(y_true, y_pred, weight)

        return entry._replace(loss=loss)

    def write_logs(self, epoch, logs):
        """The share, as the step held it."""
        logs["kept_share"] = float(self._kept.get())
